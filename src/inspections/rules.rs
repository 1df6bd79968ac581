//! What a plan and a record of an inspection must be. Pure.

use super::forms::{AmendmentForm, Answer, InspectionRecord};
use super::model::{
    AnswerResult, Counts, Inspection, InspectionKind, InspectionState, InstitutionSignature, Plan,
};
use crate::access::{Actor, Role};
use crate::checklists::Checklist;
use crate::db::Instant;
use crate::evidence::{EvidenceRole, rules as evidence_rules};
use crate::fields::Fields;
use crate::ids::{EvidenceId, HazardId, UserId};
use crate::refusal::{Code, FieldCode, Refusal};
use crate::rules::InForce;
use chrono::{Datelike, NaiveDate, TimeDelta};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// Photos that one record can hold beside those of its hazards.
pub const MOST_PHOTOS: usize = 150;
/// A phone's clock may run ahead by this much.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);
/// Older visits belong into an import.
const OLDEST: TimeDelta = TimeDelta::days(400);
/// No visit takes longer.
const LONGEST: TimeDelta = TimeDelta::days(7);
/// The longest time that a plan leaves.
const WIDEST_PLAN: i64 = 366;

/// Whether somebody who covers the institution may know of the inspection: those of the institution learn of an
/// unannounced one when it has been.
pub fn is_visible(inspection: &Inspection, role: Role) -> bool {
    let secret = inspection.kind.comes_unannounced() && inspection.state != InspectionState::HandedIn;
    role != Role::Manager || !secret
}

/// A step that needs the inspection to stand at `state`.
pub fn must_be(inspection: &Inspection, state: InspectionState) -> Result<(), Refusal> {
    if inspection.state == state {
        return Ok(());
    }
    let current = json!({ "state": inspection.state, "version": inspection.version });
    Err(Refusal::new(Code::StepNotAllowed).current(current))
}

/// Checks a plan. Whether the people exist and cover the place is asked elsewhere.
pub fn check_plan(
    kind: InspectionKind,
    plan: &Plan,
    inspectors: &[UserId],
    actor: &Actor,
) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    let days = plan.planned_to.signed_duration_since(plan.planned_from).num_days();
    fields.check(plan.planned_from.year() >= 2000, "/planned_from", FieldCode::TooEarly);
    fields.check(plan.planned_from.year() <= 2999, "/planned_from", FieldCode::TooLate);
    fields.check(days >= 0, "/planned_to", FieldCode::Mismatch);
    fields.check(days <= WIDEST_PLAN, "/planned_to", FieldCode::TooLate);
    check_inspectors(&mut fields, inspectors, actor);
    check_lines(&mut fields, "/departments", &plan.departments, 10);
    let joint = kind == InspectionKind::Joint;
    fields.check(!joint || !plan.departments.is_empty(), "/departments", FieldCode::Required);
    fields.check(joint || plan.departments.is_empty(), "/departments", FieldCode::NotAllowedHere);
    fields.optional_prose("/note", plan.note.as_deref(), 1000);
    fields.finish()
}

fn check_inspectors(fields: &mut Fields, inspectors: &[UserId], actor: &Actor) {
    fields.check(!inspectors.is_empty(), "/inspectors", FieldCode::TooShort);
    fields.check(inspectors.len() <= 20, "/inspectors", FieldCode::TooMany);
    let mut known = HashSet::new();
    for (at, one) in inspectors.iter().enumerate() {
        fields.check(known.insert(*one), format!("/inspectors/{at}"), FieldCode::Duplicate);
    }
    let own = actor.role != Role::Inspector || inspectors.contains(&actor.id);
    fields.check(own, "/inspectors", FieldCode::Mismatch);
}

fn check_lines(fields: &mut Fields, list: &str, lines: &[String], most: usize) {
    fields.check(lines.len() <= most, list, FieldCode::TooMany);
    for (at, line) in lines.iter().enumerate() {
        fields.line(&format!("{list}/{at}"), line, 1..=60);
    }
}

/// What a record is held against.
pub struct Visit<'a> {
    /// In force there on the day of the visit.
    pub checklist: InForce<'a, Checklist>,
    pub actor: &'a Actor,
    pub now: Instant,
}

/// Checks everything of a record that can be seen without asking the records.
pub fn check_record(form: &InspectionRecord, visit: &Visit<'_>) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    let latest = visit.now.plus(CLOCK_TOLERANCE);
    fields.check(form.started_at <= latest, "/started_at", FieldCode::InFuture);
    fields.check(form.started_at >= visit.now.plus(-OLDEST), "/started_at", FieldCode::TooEarly);
    fields.check(form.ended_at <= latest, "/ended_at", FieldCode::InFuture);
    let within = form.ended_at >= form.started_at && form.ended_at <= form.started_at.plus(LONGEST);
    fields.check(within, "/ended_at", FieldCode::Mismatch);
    let version = form.checklist_version.is_none_or(|version| version == visit.checklist.head.version);
    fields.check(version, "/checklist_version", FieldCode::Mismatch);
    check_inspectors(&mut fields, &form.inspectors, visit.actor);
    check_departments(&mut fields, form);
    check_lines(&mut fields, "/institution_people", &form.institution_people, 20);
    check_answers(&mut fields, form, visit.checklist.content);
    check_hazards(&mut fields, form);
    check_photos(&mut fields, form);
    check_signatures(&mut fields, form, latest);
    check_transfers(&mut fields, form, visit.checklist.content);
    fields.check(form.external_orders.len() <= 20, "/external_orders", FieldCode::TooMany);
    fields.optional_prose("/note", form.note.as_deref(), 2000);
    fields.finish()
}

fn check_departments(fields: &mut Fields, form: &InspectionRecord) {
    fields.check(form.departments.len() <= 10, "/departments", FieldCode::TooMany);
    for (at, one) in form.departments.iter().enumerate() {
        fields.line(&format!("/departments/{at}/department"), &one.department, 1..=60);
        check_lines(fields, &format!("/departments/{at}/people"), &one.people, 20);
    }
    let joint = form.kind == InspectionKind::Joint;
    fields.check(!joint || !form.departments.is_empty(), "/departments", FieldCode::Required);
}

fn check_answers(fields: &mut Fields, form: &InspectionRecord, checklist: &Checklist) {
    fields.check(form.answers.len() <= 300, "/answers", FieldCode::TooMany);
    let found: HashMap<HazardId, Option<&str>> =
        form.hazards.iter().map(|one| (one.id, one.checklist_item.as_deref())).collect();
    let mut answered = HashSet::new();
    for (at, answer) in form.answers.iter().enumerate() {
        let pointer = |name: &str| format!("/answers/{at}/{name}");
        fields.check(checklist.item(&answer.item).is_some(), pointer("item"), FieldCode::UnknownReference);
        fields.check(answered.insert(answer.item.as_str()), pointer("item"), FieldCode::Duplicate);
        fields.optional_prose(&pointer("remark"), answer.remark.as_deref(), 500);
        // What failed is a hazard: found now, or known already.
        let told = answer.result != AnswerResult::Fail || answer.hazard_id.is_some();
        fields.check(told, pointer("hazard_id"), FieldCode::Required);
        let item = answer.hazard_id.and_then(|id| found.get(&id).copied().flatten());
        fields.check(item.is_none_or(|item| item == answer.item), pointer("hazard_id"), FieldCode::Mismatch);
        fields.check(answer.evidence.len() <= 10, pointer("evidence"), FieldCode::TooMany);
        evidence_rules::check_each(fields, &pointer("evidence"), &answer.evidence);
    }
}

fn check_hazards(fields: &mut Fields, form: &InspectionRecord) {
    fields.check(form.hazards.len() <= 50, "/hazards", FieldCode::TooMany);
    let mut ids = HashSet::new();
    for (at, hazard) in form.hazards.iter().enumerate() {
        fields.check(ids.insert(hazard.id), format!("/hazards/{at}/id"), FieldCode::Duplicate);
    }
}

fn check_photos(fields: &mut Fields, form: &InspectionRecord) {
    fields.check(form.evidence.len() <= 30, "/evidence", FieldCode::TooMany);
    evidence_rules::check_each(fields, "/evidence", &form.evidence);
    let count = form.evidence.len() + form.answers.iter().map(|one| one.evidence.len()).sum::<usize>();
    fields.check(count <= MOST_PHOTOS, "/answers", FieldCode::TooMany);
    let mut ids: HashSet<EvidenceId> = form.evidence.iter().map(|one| one.id).collect();
    for (at, answer) in form.answers.iter().enumerate() {
        for (place, photo) in answer.evidence.iter().enumerate() {
            fields.check(
                ids.insert(photo.id),
                format!("/answers/{at}/evidence/{place}/id"),
                FieldCode::Duplicate,
            );
        }
    }
}

fn check_signatures(fields: &mut Fields, form: &InspectionRecord, latest: Instant) {
    let hands: HashSet<EvidenceId> =
        form.evidence.iter().filter(|one| one.role == EvidenceRole::Signature).map(|one| one.id).collect();
    let hand = |fields: &mut Fields, place: &str, name: &str, at: Instant, picture: Option<EvidenceId>| {
        fields.line(&format!("{place}/name"), name, 1..=60);
        fields.check(at <= latest, format!("{place}/signed_at"), FieldCode::InFuture);
        let shown = picture.is_none_or(|id| hands.contains(&id));
        fields.check(shown, format!("{place}/picture"), FieldCode::UnknownReference);
    };
    fields.check(!form.inspector_signatures.is_empty(), "/inspector_signatures", FieldCode::TooShort);
    fields.check(form.inspector_signatures.len() <= 20, "/inspector_signatures", FieldCode::TooMany);
    for (at, one) in form.inspector_signatures.iter().enumerate() {
        hand(fields, &format!("/inspector_signatures/{at}"), &one.name, one.signed_at, one.picture);
    }
    let place = "/institution_signature";
    match &form.institution_signature {
        InstitutionSignature::Signed { name, position, signed_at, picture } => {
            hand(fields, place, name, *signed_at, *picture);
            fields.optional_line(&format!("{place}/position"), position.as_deref(), 60);
        }
        InstitutionSignature::Refused { reason, noted_by, noted_at } => {
            fields.prose(&format!("{place}/reason"), reason, 1..=500);
            fields.line(&format!("{place}/noted_by"), noted_by, 1..=60);
            fields.check(*noted_at <= latest, format!("{place}/noted_at"), FieldCode::InFuture);
        }
    }
}

fn check_transfers(fields: &mut Fields, form: &InspectionRecord, checklist: &Checklist) {
    fields.check(form.transfers.len() <= 10, "/transfers", FieldCode::TooMany);
    for (at, one) in form.transfers.iter().enumerate() {
        let pointer = |name: &str| format!("/transfers/{at}/{name}");
        fields.line(&pointer("department"), &one.department, 1..=60);
        fields.prose(&pointer("reason"), &one.reason, 1..=500);
        fields.check(one.items.len() <= 100, pointer("items"), FieldCode::TooMany);
        fields.check(one.hazards.len() <= 50, pointer("hazards"), FieldCode::TooMany);
        for (place, item) in one.items.iter().enumerate() {
            let known = checklist.item(item).is_some();
            fields.check(known, pointer(&format!("items/{place}")), FieldCode::UnknownReference);
        }
    }
}

/// How the items of a checklist came out; what is not mentioned was not checked.
pub fn counts(checklist: &Checklist, answers: &[Answer]) -> Counts {
    let of = |result: AnswerResult| {
        let count = answers.iter().filter(|answer| answer.result == result).count();
        i32::try_from(count).unwrap_or(i32::MAX)
    };
    let items = i32::try_from(checklist.items().len()).unwrap_or(i32::MAX);
    let (passed, failed) = (of(AnswerResult::Pass), of(AnswerResult::Fail));
    let not_applicable = of(AnswerResult::NotApplicable);
    Counts { passed, failed, not_applicable, not_checked: items - passed - failed - not_applicable }
}

pub fn check_amendment(form: &AmendmentForm, photos: usize) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.prose("/reason", &form.reason, 1..=500);
    fields.prose("/text", &form.text, 1..=2000);
    fields.check(form.evidence.len() <= 10, "/evidence", FieldCode::TooMany);
    fields.check(photos + form.evidence.len() <= MOST_PHOTOS, "/evidence", FieldCode::TooMany);
    evidence_rules::check_each(&mut fields, "/evidence", &form.evidence);
    fields.finish()
}

pub fn check_cancellation(reason: &str) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.prose("/reason", reason, 1..=500);
    fields.finish()
}

/// Whether a plan that is not done yet is late.
pub fn is_overdue(inspection: &Inspection, today: NaiveDate) -> bool {
    inspection.state == InspectionState::Planned && inspection.on_day < today
}
