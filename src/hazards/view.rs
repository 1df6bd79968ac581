//! Hazards as the API shows them.

use super::act::situation;
use super::action::ActionKind;
use super::lifecycle::allowed;
use super::model::{DeadlineBasis, Details, Hazard, Severity, Status, StoredAction};
use super::queries;
use crate::access::{Actor, ReadTx};
use crate::checklists::Category;
use crate::db::{Conn, Instant};
use crate::evidence::{self, Evidence, EvidenceRole, EvidenceStateKind, OwnerKind};
use crate::ids::{ActionId, AreaId, DrillId, EvidenceId, HazardId, InspectionId, InstitutionId, UserId};
use crate::office::Office;
use crate::refusal::Outcome;
use crate::rules::Rules;
use crate::users;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// A hazard in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000040", "number": "YH20260301-0000000A", "institution_id": "0198f000-0000-7000-8000-000000000010",
    "institution_name": "船山区夕阳红养老院", "area_id": "0198f000-0000-7000-8000-000000000002", "category": "electricity", "checklist_item": "E03",
    "location": "二楼东侧203室床头", "description": "移动插排串接，给气垫床供电，外壳有烧痕", "severity": "general", "urgent": true,
    "status": "pending", "overdue": true, "days_overdue": 2, "listed": false, "self_found": false, "fixed_on_spot": false,
    "found_at": "2026-03-01T01:20:00Z", "registered_at": "2026-03-01T01:21:00Z", "registered_by": "0198f000-0000-7000-8000-000000000020",
    "deadline": "2026-03-01", "original_deadline": "2026-03-01", "rework_count": 0,
    "evidence": {"declared": 1, "stored": 1, "complete": true, "missing": []}, "version": 1, "updated_at": "2026-03-01T01:21:00Z"
}))]
pub struct HazardView {
    pub id: HazardId,
    /// 隐患编号
    pub number: String,
    pub institution_id: InstitutionId,
    pub institution_name: String,
    /// The smallest area the institution lies in.
    pub area_id: AreaId,
    pub category: Category,
    pub checklist_item: Option<String>,
    pub location: String,
    pub description: String,
    pub severity: Severity,
    pub urgent: bool,
    pub status: Status,
    /// Past the deadline while it is the institution's turn; computed when asked.
    pub overdue: bool,
    pub days_overdue: i64,
    /// 挂牌督办中
    pub listed: bool,
    /// 自查自报
    pub self_found: bool,
    /// 立行立改
    pub fixed_on_spot: bool,
    pub found_at: Instant,
    pub registered_at: Instant,
    pub registered_by: UserId,
    /// The last local day for the fix.
    pub deadline: NaiveDate,
    pub original_deadline: NaiveDate,
    /// The office's own date for the re-check, while it is the office's turn.
    pub recheck_due: Option<NaiveDate>,
    pub rework_count: i32,
    /// An earlier hazard of the same item at the same place (重复隐患).
    pub recurrence_of: Option<HazardId>,
    /// The inspection that found it.
    pub inspection_id: Option<InspectionId>,
    /// The drill that showed it.
    pub drill_id: Option<DrillId>,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<UserId>,
    pub evidence: EvidenceSummary,
    pub version: i64,
    pub updated_at: Instant,
}

/// How complete the declared evidence is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct EvidenceSummary {
    pub declared: usize,
    pub stored: usize,
    /// Only ever true when every declared byte is verified on disk (or given up by a supervisor).
    pub complete: bool,
    /// Still awaited.
    pub missing: Vec<EvidenceId>,
}

/// A hazard with its whole story.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000040", "number": "YH20260301-0000000A", "institution_id": "0198f000-0000-7000-8000-000000000010",
    "institution_name": "船山区夕阳红养老院", "area_id": "0198f000-0000-7000-8000-000000000002", "category": "electricity", "checklist_item": "E03",
    "location": "二楼东侧203室床头", "description": "移动插排串接，给气垫床供电，外壳有烧痕", "severity": "general", "urgent": true,
    "status": "pending", "overdue": false, "days_overdue": 0, "listed": false, "self_found": false, "fixed_on_spot": false,
    "found_at": "2026-03-01T01:20:00Z", "registered_at": "2026-03-01T01:21:00Z", "registered_by": "0198f000-0000-7000-8000-000000000020",
    "deadline": "2026-03-01", "original_deadline": "2026-03-01", "rework_count": 0,
    "evidence": {"declared": 1, "stored": 0, "complete": false, "missing": ["0198f000-0000-7000-8000-0000000000e1"]},
    "version": 1, "updated_at": "2026-03-01T01:21:00Z",
    "deadline_explained": {"rule": "deadline-default", "version": 1, "because": "item E03", "start": "2026-03-01", "days": 0, "result": "2026-03-01", "extensions": []},
    "details": {"rectification": {}},
    "photos": [{"id": "0198f000-0000-7000-8000-0000000000e1", "role": "before", "state": "declared", "media_type": "image/jpeg", "size": 203511,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "captured_at": "2026-03-01T01:20:00Z"}],
    "timeline": [{"kind": "registered", "at": "2026-03-01T01:21:00Z", "actor_id": "0198f000-0000-7000-8000-000000000020", "actor_name": "王芳",
        "actor_role": "inspector", "status_after": "pending"}],
    "allowed_actions": ["comment", "request_void"]
}))]
pub struct HazardDetail {
    #[serde(flatten)]
    pub hazard: HazardView,
    /// Where the deadline came from.
    pub deadline_explained: DeadlineBasis,
    pub details: Details,
    pub photos: Vec<EvidenceItem>,
    pub timeline: Vec<TimelineEntry>,
    /// The steps this caller may take now.
    pub allowed_actions: Vec<ActionKind>,
}

/// One declared photo.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EvidenceItem {
    pub id: EvidenceId,
    pub role: EvidenceRole,
    pub sha256: String,
    pub media_type: String,
    pub size: i64,
    pub state: EvidenceStateKind,
    pub captured_at: Option<Instant>,
    pub stored_at: Option<Instant>,
    pub action_id: Option<ActionId>,
    /// The part of its record that it shows, such as an item of the checklist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl From<&Evidence> for EvidenceItem {
    fn from(of: &Evidence) -> Self {
        Self {
            id: of.id,
            role: of.role,
            sha256: of.sha256.clone(),
            media_type: of.media_type.clone(),
            size: of.size,
            state: of.state,
            captured_at: of.captured_at,
            stored_at: of.stored_at,
            action_id: of.action_id,
            part: of.part.clone(),
        }
    }
}

/// One step of the story.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// The step's id; absent for the registration itself.
    pub id: Option<ActionId>,
    /// `registered`, or the kind of the step.
    pub kind: String,
    pub at: Instant,
    pub actor_id: UserId,
    pub actor_name: String,
    pub actor_role: Option<String>,
    pub status_before: Option<String>,
    pub status_after: String,
    /// What was sent with the step.
    #[schema(value_type = Option<Object>)]
    pub content: Option<serde_json::Value>,
}

/// How far these photos have come, taken together.
pub fn summary(photos: &[(EvidenceId, EvidenceStateKind)]) -> EvidenceSummary {
    let of = |state| photos.iter().filter(move |(_, one)| *one == state);
    let missing: Vec<EvidenceId> = of(EvidenceStateKind::Declared).map(|(id, _)| *id).collect();
    EvidenceSummary {
        declared: photos.len(),
        stored: of(EvidenceStateKind::Stored).count(),
        complete: missing.is_empty(),
        missing,
    }
}

fn one(hazard: Hazard, institution_name: String, evidence: EvidenceSummary, today: NaiveDate) -> HazardView {
    let overdue = hazard.is_overdue(today);
    HazardView {
        id: hazard.id,
        number: hazard.number,
        institution_id: hazard.institution_id,
        institution_name,
        area_id: hazard.place.deepest(),
        category: hazard.category,
        checklist_item: hazard.checklist_item,
        location: hazard.location,
        description: hazard.description,
        severity: hazard.severity,
        urgent: hazard.urgent,
        status: hazard.status,
        overdue,
        days_overdue: if overdue { (today - hazard.deadline).num_days() } else { 0 },
        listed: hazard.listed,
        self_found: hazard.self_found,
        fixed_on_spot: hazard.fixed_on_spot,
        found_at: hazard.found_at,
        registered_at: hazard.registered_at,
        registered_by: hazard.registered_by,
        deadline: hazard.deadline,
        original_deadline: hazard.original_deadline,
        recheck_due: hazard.recheck_due,
        rework_count: hazard.rework_count,
        recurrence_of: hazard.recurrence_of,
        inspection_id: hazard.inspection_id,
        drill_id: hazard.drill_id,
        closed_at: hazard.closed_at,
        closed_by: hazard.closed_by,
        evidence,
        version: hazard.version,
        updated_at: hazard.updated_at,
    }
}

/// A page of hazards with the names and the evidence that belong to them, in two queries.
pub fn many(tx: &mut ReadTx<'_>, hazards: Vec<Hazard>) -> Outcome<Vec<HazardView>> {
    let names =
        crate::institutions::queries::names(tx.conn, hazards.iter().map(|h| h.institution_id).collect())?;
    let owners = hazards.iter().map(|hazard| hazard.id.into()).collect();
    let photos = evidence::queries::states_of(tx.conn, OwnerKind::Hazard, owners)?;
    let mut by_hazard: HashMap<HazardId, Vec<(EvidenceId, EvidenceStateKind)>> = HashMap::new();
    for (hazard, photo, state) in photos {
        by_hazard.entry(HazardId(hazard.0)).or_default().push((photo, state));
    }
    let today = tx.office.date(tx.now);
    let view = |hazard: Hazard| {
        let name = names.get(&hazard.institution_id).cloned().unwrap_or_default();
        let summary = summary(by_hazard.get(&hazard.id).map_or(&[], Vec::as_slice));
        one(hazard, name, summary, today)
    };
    Ok(hazards.into_iter().map(view).collect())
}

/// What is told with a hazard: everything that [`HazardDetail`] needs and the hazard's row does not hold.
#[derive(Debug, Clone)]
pub struct Story {
    pub institution_name: String,
    pub evidence: Vec<Evidence>,
    pub steps: Vec<StoredAction>,
    /// Of everybody who did something.
    pub names: HashMap<UserId, String>,
}

impl Story {
    /// Asks the records.
    pub fn read(conn: &mut Conn, hazard: &Hazard) -> Outcome<Self> {
        let steps = queries::timeline(conn, hazard.id)?;
        let people = steps.iter().map(|step| step.actor_id).chain([hazard.registered_by]).collect();
        Ok(Self {
            institution_name: crate::institutions::queries::name(conn, hazard.institution_id)?,
            evidence: evidence::queries::of_hazard(conn, hazard.id)?,
            names: users::queries::display_names(conn, people)?,
            steps,
        })
    }
}

/// One hazard with its evidence, its timeline and what the caller may do next.
pub fn detail(tx: &mut ReadTx<'_>, hazard: Hazard) -> Outcome<HazardDetail> {
    let story = Story::read(tx.conn, &hazard)?;
    let rules = tx.rules()?;
    Ok(told(tx.office, &rules, tx.actor, tx.now, hazard, story))
}

/// [`detail`] of a hazard whose story is known.
pub fn told(
    office: &Office,
    rules: &Rules,
    actor: &Actor,
    now: Instant,
    hazard: Hazard,
    story: Story,
) -> HazardDetail {
    let state = evidence::rules::state(&story.evidence);
    // Where no rule is in force, nothing can be decided.
    let situation = situation(office, rules, actor, &hazard, &state, now);
    let allowed_actions = situation.map(|situation| allowed(&situation)).unwrap_or_default();
    HazardDetail {
        deadline_explained: hazard.deadline_basis.clone(),
        details: hazard.details.clone(),
        photos: story.evidence.iter().map(EvidenceItem::from).collect(),
        allowed_actions,
        timeline: timeline(&hazard, story.steps, &story.names),
        hazard: one(
            hazard,
            story.institution_name,
            summary(&story.evidence.iter().map(|one| (one.id, one.state)).collect::<Vec<_>>()),
            office.date(now),
        ),
    }
}

fn timeline(
    hazard: &Hazard,
    steps: Vec<StoredAction>,
    names: &HashMap<UserId, String>,
) -> Vec<TimelineEntry> {
    let name = |id: UserId| names.get(&id).cloned().unwrap_or_default();
    let registered = TimelineEntry {
        id: None,
        kind: "registered".into(),
        at: hazard.registered_at,
        actor_id: hazard.registered_by,
        actor_name: name(hazard.registered_by),
        actor_role: None,
        status_before: None,
        status_after: steps
            .first()
            .map_or_else(|| hazard.status.to_string(), |step| step.status_before.clone()),
        content: None,
    };
    let taken = steps.into_iter().map(|step| TimelineEntry {
        id: Some(step.id),
        kind: step.kind,
        at: step.at,
        actor_id: step.actor_id,
        actor_name: name(step.actor_id),
        actor_role: Some(step.actor_role),
        status_before: Some(step.status_before),
        status_after: step.status_after,
        content: serde_json::from_str(&step.content).ok(),
    });
    [registered].into_iter().chain(taken).collect()
}
