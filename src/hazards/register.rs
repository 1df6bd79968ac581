//! Registering a hazard: checked, dated, linked to what was there before, stored once.

use super::deadlines::Finding;
use super::follow::judgement;
use super::lifecycle::{RulesHere, close, closes_on_spot};
use super::model::{Details, FoundIn, Hazard, Rectification, Severity, Status};
use super::queries;
use super::view::Story;
use crate::access::{AreaColumns, Role, WriteTx};
use crate::audit;
use crate::canonical::digest;
use crate::checklists::{Category, Checklist, ChecklistItem, ItemSeverity, PhotoRule};
use crate::db::Instant;
use crate::evidence::{self, DeclaredEvidence, Owner};
use crate::fields::Fields;
use crate::ids::{HazardId, InstitutionId};
use crate::institutions::{self, Institution};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use crate::rules::{InForce, Rules};
use crate::stored::Stored;
use crate::users;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// A hazard as it is registered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "category": "electricity", "checklist_item": "E03",
    "location": "二楼东侧203室床头", "description": "移动插排串接，给气垫床供电，外壳有烧痕", "severity": "general", "urgent": true,
    "found_at": "2026-03-01T01:20:00Z",
    "evidence": [{"id": "0198f000-0000-7000-8000-0000000000e1", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "role": "before", "media_type": "image/jpeg", "size": 203511, "captured_at": "2026-03-01T01:20:00Z"}]
}))]
pub struct HazardForm {
    pub institution_id: InstitutionId,
    pub category: Category,
    /// A code of the checklist; absent for what no list foresees.
    pub checklist_item: Option<String>,
    /// 隐患部位
    #[schema(min_length = 1, max_length = 100)]
    pub location: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub description: String,
    pub severity: Severity,
    /// Needs an interim measure today; the checklist's own word when absent.
    pub urgent: Option<bool>,
    pub found_at: Instant,
    /// By when; the rule table's date when absent.
    pub deadline: Option<NaiveDate>,
    /// 立行立改: put right while the inspector stood there. Needs a measure and an after-photo.
    #[serde(default)]
    pub fixed_on_spot: bool,
    /// What was done, for `fixed_on_spot`.
    #[schema(min_length = 1, max_length = 2000)]
    pub measure: Option<String>,
    /// For `major`: the code of a criterion that is in force there on that day (重大隐患判定依据).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 30)]
    pub criterion: Option<String>,
    /// For `general`, where the checklist item is a candidate for a major hazard: why no criterion applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 500)]
    pub no_criterion_because: Option<String>,
    /// Photos that will follow.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// A phone's clock may run ahead by this much.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);
/// Older findings belong into an import, not into a registration.
const OLDEST: TimeDelta = TimeDelta::days(400);

/// A hazard that stands as its form says.
#[derive(Debug)]
pub struct Registered {
    pub answer: Stored,
    pub hazard: Hazard,
    /// What is told with it; of a hazard registered just now it is known without asking the records.
    pub story: Story,
    /// As they stood in the same transaction.
    pub rules: Arc<Rules>,
}

/// Registers `form` under `id`, or confirms that it stands so.
pub fn register(tx: &mut WriteTx<'_>, id: HazardId, form: &HazardForm) -> Outcome<Registered> {
    register_found_in(tx, id, form, FoundIn::Nothing)
}

/// [`register`] of what was found on an inspection or in a drill.
pub fn register_found_in(
    tx: &mut WriteTx<'_>,
    id: HazardId,
    form: &HazardForm,
    found_in: FoundIn,
) -> Outcome<Registered> {
    let digest = digest(form);
    if let Some(existing) = queries::find_any(tx.conn, id)? {
        return confirm(tx, existing, &digest);
    }
    let rules = tx.rules()?;
    let found_on = tx.office.date(form.found_at);
    // What is wrong with the form is told before that its institution is not known.
    let institution = institutions::named_and_not_closed(tx, form.institution_id);
    let here = match &institution {
        Ok(institution) => Some(Here::of(&rules, &institution.place, found_on)?),
        Err(_) => None,
    };
    let item = check(tx, form, here.as_ref())?;
    let institution = institution?;
    let here = here.ok_or(Failure::Internal("an institution lies nowhere"))?;
    let mut hazard = draft(tx, id, form, item, &institution, &here, digest)?;
    match found_in {
        FoundIn::Nothing => {}
        FoundIn::Inspection(inspection) => hazard.inspection_id = Some(inspection),
        FoundIn::Drill(drill) => hazard.drill_id = Some(drill),
    }
    let content = json!({ "hazard": form, "number": hazard.number, "deadline": hazard.deadline_basis,
        "self_found": hazard.self_found, "recurrence_of": hazard.recurrence_of, "inspection": hazard.inspection_id, "drill": hazard.drill_id,
        "checklist": hazard.details.checklist, "major": hazard.details.major });
    record(tx, &hazard, "hazard.registered", content)?;
    let title = item.map_or("", |item| item.title_zh.as_str());
    queries::insert(tx.conn, hazard.clone(), &institution.name, title)?;
    let evidence = evidence::queries::declare(tx, &Owner::hazard(&hazard, None), &form.evidence, 0)?;
    let names = users::queries::display_name(tx.conn, tx.actor.id)?.map(|name| (tx.actor.id, name));
    let story = Story {
        institution_name: institution.name,
        evidence,
        steps: Vec::new(),
        names: names.into_iter().collect(),
    };
    let hazard = settle(tx, hazard)?;
    Ok(Registered { answer: Stored::Created, hazard, story, rules })
}

/// The rules in force where and when something was found.
struct Here<'a> {
    checklist: InForce<'a, Checklist>,
    rules: RulesHere<'a>,
    found_on: NaiveDate,
}

impl<'a> Here<'a> {
    fn of(rules: &'a Rules, place: &AreaColumns, found_on: NaiveDate) -> Result<Self, Refusal> {
        let checklist = rules.checklist(place, found_on)?;
        Ok(Self { checklist, rules: RulesHere::of(rules, place, found_on)?, found_on })
    }
}

/// The same id again: the same content is confirmed, other content refused, another's id unknown.
fn confirm(tx: &mut WriteTx<'_>, existing: Hazard, digest: &str) -> Outcome<Registered> {
    if !tx.actor.scope.covers(existing.institution_id, &existing.place) {
        return Err(Code::NotFound.into());
    }
    if existing.digest != digest {
        return Err(Code::IdTaken.into());
    }
    let story = Story::read(tx.conn, &existing)?;
    Ok(Registered { answer: Stored::Replayed, hazard: existing, story, rules: tx.rules()? })
}

fn check<'a>(
    tx: &WriteTx<'_>,
    form: &HazardForm,
    here: Option<&Here<'a>>,
) -> Outcome<Option<&'a ChecklistItem>> {
    let mut fields = Fields::new();
    fields.line("/location", &form.location, 1..=100);
    fields.prose("/description", &form.description, 1..=2000);
    fields.optional_prose("/measure", form.measure.as_deref(), 2000);
    fields.check(form.found_at <= tx.now.plus(CLOCK_TOLERANCE), "/found_at", FieldCode::InFuture);
    fields.check(form.found_at >= tx.now.plus(-OLDEST), "/found_at", FieldCode::TooEarly);
    let item = match (form.checklist_item.as_deref(), here) {
        (Some(code), Some(here)) => {
            let item = here.checklist.content.item(code);
            fields.check(item.is_some(), "/checklist_item", FieldCode::UnknownReference);
            item
        }
        _ => None,
    };
    fields.check(item.is_none_or(|item| item.category == form.category), "/category", FieldCode::Mismatch);
    check_criterion(&mut fields, form, item);
    if let (Some(code), Some(here)) = (form.criterion.as_deref(), here) {
        let known = here.rules.choose(code, "/criterion").is_ok();
        fields.check(known, "/criterion", FieldCode::UnknownReference);
    }
    if form.fixed_on_spot {
        fields.check(form.measure.is_some(), "/measure", FieldCode::Required);
        fields.check(form.severity == Severity::General, "/fixed_on_spot", FieldCode::NotAllowedHere);
        fields.check(form.deadline.is_none(), "/deadline", FieldCode::NotAllowedHere);
    } else {
        fields.check(form.measure.is_none(), "/measure", FieldCode::NotAllowedHere);
    }
    evidence::rules::check_declared(&mut fields, &form.evidence, 0);
    fields.finish()?;
    Ok(item)
}

/// Judging is a person's: major needs a criterion, and a candidate that is called general needs the reason why none
/// applies.
fn check_criterion(fields: &mut Fields, form: &HazardForm, item: Option<&ChecklistItem>) {
    fields.optional_line("/criterion", form.criterion.as_deref(), 30);
    fields.optional_prose("/no_criterion_because", form.no_criterion_because.as_deref(), 500);
    let major = form.severity == Severity::Major;
    fields.check(!major || form.criterion.is_some(), "/criterion", FieldCode::Required);
    fields.check(major || form.criterion.is_none(), "/criterion", FieldCode::NotAllowedHere);
    let considered = form.no_criterion_because.is_some();
    let candidate = item.is_some_and(|item| item.severity == ItemSeverity::CandidateMajor);
    let may_become = item.is_some_and(|item| item.candidate_note.is_some());
    fields.check(major || !candidate || considered, "/no_criterion_because", FieldCode::Required);
    let belongs = !major && may_become;
    fields.check(belongs || !considered, "/no_criterion_because", FieldCode::NotAllowedHere);
}

fn draft(
    tx: &mut WriteTx<'_>,
    id: HazardId,
    form: &HazardForm,
    item: Option<&ChecklistItem>,
    institution: &Institution,
    here: &Here<'_>,
    digest: String,
) -> Outcome<Hazard> {
    let urgent = form.urgent.unwrap_or(item.is_some_and(|item| item.urgent));
    let found_on = here.found_on;
    let finding =
        Finding { item, severity: form.severity, urgent, fixed_on_spot: form.fixed_on_spot, found_on };
    let rules = &here.rules.timetable;
    let basis = match form.deadline {
        Some(given) => rules.given_deadline(given, form.severity, found_on)?,
        None => rules.default_deadline(&finding)?,
    };
    let status = if form.fixed_on_spot { Status::AwaitingRecheck } else { Status::Pending };
    let recheck = form.fixed_on_spot.then(|| rules.recheck_due(form.severity, found_on));
    let recurrence_of = match item {
        Some(item) => {
            let since = form.found_at.plus(-TimeDelta::days(rules.recurrence_days()));
            queries::recurrence(tx.conn, institution.id, &item.code, &form.location, since, form.found_at)?
        }
        None => None,
    };
    // An institution that fixed its own finding on the spot is not its own re-checker.
    let rectifier = (form.fixed_on_spot && tx.actor.role == Role::Manager).then_some(tx.actor.id);
    let chosen = form.criterion.as_deref().map(|code| here.rules.choose(code, "/criterion")).transpose()?;
    let details = Details {
        rectification: Rectification { measure: form.measure.clone(), ..Rectification::default() },
        checklist: item.map(|_| here.checklist.head.reference()),
        also_document: item.is_some_and(|item| item.also_document),
        no_criterion_because: form.no_criterion_because.clone(),
        major: chosen.map(|chosen| judgement(&chosen, tx.actor.id, tx.now)),
        recheck_explained: recheck.clone(),
        ..Details::default()
    };
    Ok(Hazard {
        id,
        institution_id: institution.id,
        place: institution.place,
        number: number(id, found_on),
        category: form.category,
        checklist_item: form.checklist_item.clone(),
        location: form.location.clone(),
        description: form.description.clone(),
        severity: form.severity,
        urgent,
        status,
        self_found: tx.actor.role == Role::Manager,
        fixed_on_spot: form.fixed_on_spot,
        found_at: form.found_at,
        registered_at: tx.now,
        registered_by: tx.actor.id,
        deadline: basis.result,
        original_deadline: basis.result,
        deadline_basis: basis,
        recheck_due: recheck.map(|basis| basis.result),
        rework_count: 0,
        recurrence_of,
        listed: false,
        submitted_by: rectifier,
        closed_at: None,
        closed_by: None,
        photo_rule: item.map_or(PhotoRule::One, |item| item.photo),
        inspection_id: None,
        drill_id: None,
        details,
        digest,
        version: 1,
        updated_at: tx.now,
    })
}

/// The number people say (隐患编号): the day it was found and the end of its id.
pub(super) fn number(id: HazardId, found_on: NaiveDate) -> String {
    let hex = id.0.simple().to_string().to_uppercase();
    let tail = hex.get(24..).unwrap_or_default();
    format!("YH{}-{tail}", found_on.format("%Y%m%d"))
}

/// Closes what was put right on the spot as soon as its last photo is verified.
pub fn settle(tx: &mut WriteTx<'_>, hazard: Hazard) -> Outcome<Hazard> {
    if !hazard.fixed_on_spot || hazard.status != Status::AwaitingRecheck {
        return Ok(hazard);
    }
    let state = evidence::rules::state(&evidence::queries::of_hazard(tx.conn, hazard.id)?);
    if !closes_on_spot(&hazard, &state) {
        return Ok(hazard);
    }
    let mut closed = hazard.clone();
    close(&mut closed, hazard.registered_by, tx.now);
    closed.version += 1;
    closed.updated_at = tx.now;
    record(
        tx,
        &closed,
        "hazard.closed_on_spot",
        json!({ "closed_by": closed.closed_by, "version": closed.version }),
    )?;
    queries::update(tx.conn, &hazard, &closed)?;
    Ok(closed)
}

/// Adds an entry about a hazard to its institution's chain.
pub fn record(
    tx: &mut WriteTx<'_>,
    hazard: &Hazard,
    action: &'static str,
    content: serde_json::Value,
) -> Outcome<()> {
    let entry = audit::Entry {
        chain: hazard.institution_id.into(),
        action,
        object_kind: "hazard",
        object_id: Some(hazard.id.0),
        content,
    };
    audit::record(tx, entry)
}
