//! What the record of a drill and its evaluation must be. Pure.

use super::forms::{DrillRecord, EvaluationForm, People, Problem, Sufficiency, Suitability};
use super::rules::CLOCK_TOLERANCE;
use crate::db::Instant;
use crate::evidence::{DeclaredEvidence, EvidenceRole, rules as evidence_rules};
use crate::fields::Fields;
use crate::ids::HazardId;
use crate::refusal::{FieldCode, Refusal};
use crate::residents::EvacClass;
use crate::rules::kinds::drills::DrillKind;
use crate::staff::Person;
use crate::staff::rules::check_person;
use chrono::{NaiveDate, TimeDelta};
use std::collections::HashSet;

/// Older drills belong into an import.
const OLDEST: TimeDelta = TimeDelta::days(800);
/// The most that anything is counted to.
const MOST: u32 = 10_000;

/// Checks everything of a record that can be seen without asking the records.
pub fn check_record(form: &DrillRecord, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.optional_line("/building", form.building.as_deref(), 60);
    fields.optional_line("/scenario", form.scenario.as_deref(), 200);
    fields.number("/plan_edition", &form.plan_edition.unwrap_or(1), 1..=100_000);
    let named = form.plan_edition.is_none() || form.plan_id.is_some();
    fields.check(named, "/plan_edition", FieldCode::NotAllowedHere);
    let happened = !form.real_event || form.kind != DrillKind::Tabletop;
    fields.check(happened, "/kind", FieldCode::Mismatch);
    let oldest = form.timeline.alarm_at >= now.plus(-OLDEST);
    fields.check(oldest, "/timeline/alarm_at", FieldCode::TooEarly);
    form.timeline.check(&mut fields, "/timeline", now.plus(CLOCK_TOLERANCE));
    let called = form.timeline.emergency_call_at.is_some();
    fields.check(!called || form.emergency_call.is_some(), "/emergency_call", FieldCode::Required);
    fields.check(called || form.emergency_call.is_none(), "/emergency_call", FieldCode::NotAllowedHere);
    fields.optional_line("/weather", form.weather.as_deref(), 100);
    fields.optional_prose("/course", form.course.as_deref(), 4000);
    check_people(&mut fields, "/staff_on_duty", &form.staff_on_duty);
    check_people(&mut fields, "/staff_taking_part", &form.staff_taking_part);
    check_residents(&mut fields, form);
    check_command(&mut fields, form);
    check_means(&mut fields, form);
    fields.number("/injured", &form.injured, 0..=MOST);
    fields.optional_prose("/injuries", form.injuries.as_deref(), 1000);
    fields.check((form.injured > 0) <= form.injuries.is_some(), "/injuries", FieldCode::Required);
    fields.check(form.injured > 0 || form.injuries.is_none(), "/injuries", FieldCode::NotAllowedHere);
    check_problems(&mut fields, &form.problems);
    check_photos(&mut fields, form);
    if let Some(report) = &form.report {
        fields.line("/report/receiver", &report.receiver, 1..=60);
    }
    fields.optional_prose("/note", form.note.as_deref(), 2000);
    fields.finish()
}

fn check_people(fields: &mut Fields, pointer: &str, people: &People) {
    fields.check(people.names.len() <= 100, format!("{pointer}/names"), FieldCode::TooMany);
    for (at, one) in people.names.iter().enumerate() {
        check_person(fields, &format!("{pointer}/names/{at}"), one);
    }
    if let Some(count) = people.count {
        let named = u32::try_from(people.names.len()).unwrap_or(u32::MAX);
        fields.number(&format!("{pointer}/count"), &count, 0..=MOST);
        fields.check(count >= named, format!("{pointer}/count"), FieldCode::Mismatch);
    }
}

fn check_residents(fields: &mut Fields, form: &DrillRecord) {
    let mut known = HashSet::new();
    for (at, one) in form.residents.iter().enumerate() {
        let pointer = |name: &str| format!("/residents/{at}/{name}");
        fields.check(known.insert(one.class), pointer("class"), FieldCode::Duplicate);
        for (name, number) in
            [("taken_part", one.taken_part), ("simulated", one.simulated), ("stayed", one.stayed)]
        {
            fields.number(&pointer(name), &number, 0..=MOST);
        }
        let sum = one.taken_part.saturating_add(one.simulated).saturating_add(one.stayed);
        if let Some(present) = one.present {
            fields.number(&pointer("present"), &present, 0..=MOST);
            fields.check(present == sum, pointer("present"), FieldCode::Mismatch);
        }
        fields.optional_prose(&pointer("stayed_because"), one.stayed_because.as_deref(), 500);
        let explained = one.stayed == 0 || one.stayed_because.is_some();
        fields.check(explained, pointer("stayed_because"), FieldCode::Required);
    }
}

fn check_command(fields: &mut Fields, form: &DrillRecord) {
    if let Some(commander) = &form.commander {
        check_person(fields, "/commander", commander);
    }
    fields.check(form.handovers.len() <= 10, "/handovers", FieldCode::TooMany);
    for (at, one) in form.handovers.iter().enumerate() {
        check_person(fields, &format!("/handovers/{at}/to"), &one.to);
        fields.optional_prose(&format!("/handovers/{at}/told"), one.told.as_deref(), 500);
        let later = one.at.is_none_or(|moment| moment >= form.timeline.alarm_at);
        fields.check(later, format!("/handovers/{at}/at"), FieldCode::TooEarly);
    }
    fields.check(form.groups.len() <= 10, "/groups", FieldCode::TooMany);
    for (at, one) in form.groups.iter().enumerate() {
        fields.line(&format!("/groups/{at}/group"), &one.group, 1..=60);
        check_people(fields, &format!("/groups/{at}/people"), &one.people);
        fields.optional_prose(&format!("/groups/{at}/remark"), one.remark.as_deref(), 500);
    }
    fields.check(form.observers.len() <= 20, "/observers", FieldCode::TooMany);
    for (at, one) in form.observers.iter().enumerate() {
        check_person(fields, &format!("/observers/{at}/person"), &one.person);
        fields.optional_line(&format!("/observers/{at}/post"), one.post.as_deref(), 100);
    }
}

fn check_means(fields: &mut Fields, form: &DrillRecord) {
    fields.check(form.equipment.len() <= 50, "/equipment", FieldCode::TooMany);
    for (at, one) in form.equipment.iter().enumerate() {
        fields.line(&format!("/equipment/{at}/name"), &one.name, 1..=100);
        fields.optional_prose(&format!("/equipment/{at}/defect"), one.defect.as_deref(), 500);
    }
    if let Some(count) = &form.head_count {
        fields.number("/head_count/expected", &count.expected, 0..=MOST);
        fields.number("/head_count/counted", &count.counted, 0..=MOST);
        fields.optional_prose("/head_count/missing", count.missing.as_deref(), 500);
        let explained = count.expected == count.counted || count.missing.is_some();
        fields.check(explained, "/head_count/missing", FieldCode::Required);
    }
}

/// No problem without something that becomes of it.
fn check_problems(fields: &mut Fields, problems: &[Problem]) {
    fields.check(problems.len() <= 30, "/problems", FieldCode::TooMany);
    let mut hazards: HashSet<HazardId> = HashSet::new();
    for (at, one) in problems.iter().enumerate() {
        let pointer = |name: &str| format!("/problems/{at}/{name}");
        fields.prose(&pointer("text"), &one.text, 1..=1000);
        let followed = one.hazard.is_some() || one.plan_revision_needed;
        fields.check(followed, pointer("hazard"), FieldCode::Required);
        fields.optional_prose(&pointer("revision"), one.revision.as_deref(), 1000);
        let said = one.revision.is_some();
        fields.check(said || !one.plan_revision_needed, pointer("revision"), FieldCode::Required);
        fields.check(!said || one.plan_revision_needed, pointer("revision"), FieldCode::NotAllowedHere);
        if let Some(hazard) = &one.hazard {
            fields.check(hazards.insert(hazard.id), pointer("hazard/id"), FieldCode::Duplicate);
        }
    }
}

fn check_photos(fields: &mut Fields, form: &DrillRecord) {
    let mut check = |list: &str, photos: &[DeclaredEvidence], most: usize, roles: &[EvidenceRole]| {
        fields.check(photos.len() <= most, list, FieldCode::TooMany);
        evidence_rules::check_each(fields, list, photos);
        for (at, one) in photos.iter().enumerate() {
            fields.check(roles.contains(&one.role), format!("{list}/{at}/role"), FieldCode::NotAllowedHere);
        }
    };
    let papers = [EvidenceRole::Document, EvidenceRole::Signature];
    check(
        "/evidence",
        &form.evidence,
        30,
        &[EvidenceRole::Scene, EvidenceRole::Document, EvidenceRole::Signature],
    );
    check("/sign_in/evidence", &form.sign_in.evidence, 10, &papers);
    let known: HashSet<_> = form.evidence.iter().map(|one| one.id).collect();
    for (at, one) in form.sign_in.evidence.iter().enumerate() {
        let fresh = !known.contains(&one.id);
        fields.check(fresh, format!("/sign_in/evidence/{at}/id"), FieldCode::Duplicate);
    }
}

/// Whether residents who have to be carried were really moved. No drill asks for that: stand-ins count in full.
pub fn moved_the_frail(form: &DrillRecord) -> bool {
    let carried = |one: &&super::forms::ResidentsOfClass| one.class == EvacClass::Carried;
    !form.real_event && form.residents.iter().filter(carried).any(|one| one.taken_part > 0)
}

/// What an evaluation is held against.
pub struct Held<'a> {
    pub record: &'a DrillRecord,
    /// The local day of the drill.
    pub on_day: NaiveDate,
    pub today: NaiveDate,
}

/// Checks an evaluation.
pub fn check_evaluation(form: &EvaluationForm, held: &Held<'_>) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    check_person(&mut fields, "/evaluator", &form.evaluator);
    let commanded = held.record.commander.iter().chain(held.record.handovers.iter().map(|one| &one.to));
    let independent = commanded.into_iter().all(|one| !is_same(one, &form.evaluator));
    fields.check(independent, "/evaluator", FieldCode::Mismatch);
    fields.check(form.evaluated_on >= held.on_day, "/evaluated_on", FieldCode::TooEarly);
    fields.check(form.evaluated_on <= held.today, "/evaluated_on", FieldCode::InFuture);
    fields.optional_prose("/comments", form.comments.as_deref(), 2000);
    fields.prose("/summary", &form.summary, 1..=8000);
    check_problems(&mut fields, &form.problems);
    let must_revise =
        form.suitability == Suitability::Unsuitable || form.sufficiency == Sufficiency::Insufficient;
    let mut problems = held.record.problems.iter().chain(&form.problems);
    let revised = problems.any(|one| one.plan_revision_needed);
    fields.check(!must_revise || revised, "/problems", FieldCode::Required);
    fields.finish()
}

/// The same person: by the list of staff where both are on it, else by name.
fn is_same(one: &Person, other: &Person) -> bool {
    match (one.staff_id, other.staff_id) {
        (Some(one), Some(other)) => one == other,
        _ => one.name.trim() == other.name.trim(),
    }
}

/// That the department was told: not before the drill, not in the future.
pub fn check_filing(
    on: NaiveDate,
    pointer: &str,
    held_on: NaiveDate,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(on >= held_on, pointer, FieldCode::TooEarly);
    fields.check(on <= today, pointer, FieldCode::InFuture);
    fields.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn at() -> Instant {
        serde_json::from_value(json!("2026-03-10T00:00:00Z")).unwrap()
    }

    fn base() -> Value {
        json!({ "institution_id": uuid::Uuid::now_v7(), "kind": "full",
            "timeline": { "alarm_at": "2026-03-09T18:10:00Z", "last_out_at": "2026-03-09T18:20:00Z" },
            "commander": { "name": "陈静" },
            "residents": [{ "class": "carried", "present": 6, "taken_part": 0, "simulated": 4, "stayed": 2, "stayed_because": "吸氧" }],
            "problems": [{ "text": "交接不清", "plan_revision_needed": true, "revision": "交接时复述缺员" }] })
    }

    fn changed(base: &Value, changes: Value) -> Value {
        let mut form = base.clone();
        for (key, value) in changes.as_object().unwrap() {
            form[key] = value.clone();
        }
        form
    }

    fn faults(refused: Result<(), Refusal>) -> Vec<(String, FieldCode)> {
        refused
            .err()
            .map(|one| one.fields)
            .unwrap_or_default()
            .into_iter()
            .map(|f| (f.pointer, f.code))
            .collect()
    }

    #[test]
    fn what_a_record_must_be() {
        use FieldCode as F;
        let photo = json!({ "id": uuid::Uuid::now_v7(), "sha256": "a".repeat(64), "role": "scene", "media_type": "image/jpeg", "size": 3 });
        let paper = changed(&photo, json!({ "role": "document" }));
        let table = [
            (json!({}), vec![]),
            (
                json!({ "timeline": { "alarm_at": "2026-03-09T18:10:00Z", "first_action_at": "2026-03-09T18:09:59Z" } }),
                vec![("/timeline/first_action_at", F::TooEarly)],
            ),
            (
                json!({ "timeline": { "alarm_at": "2026-03-10T00:11:00Z" } }),
                vec![("/timeline/alarm_at", F::InFuture)],
            ),
            (
                json!({ "timeline": { "alarm_at": "2023-03-10T00:11:00Z" } }),
                vec![("/timeline/alarm_at", F::TooEarly)],
            ),
            (
                json!({ "timeline": { "alarm_at": "2026-03-09T18:10:00Z", "emergency_call_at": "2026-03-09T18:11:00Z" } }),
                vec![("/emergency_call", F::Required)],
            ),
            (json!({ "plan_edition": 1 }), vec![("/plan_edition", F::NotAllowedHere)]),
            (json!({ "emergency_call": "real" }), vec![("/emergency_call", F::NotAllowedHere)]),
            (json!({ "kind": "tabletop", "real_event": true }), vec![("/kind", F::Mismatch)]),
            (
                json!({ "residents": [{ "class": "wheeled", "present": 5, "taken_part": 2, "simulated": 2, "stayed": 0 }] }),
                vec![("/residents/0/present", F::Mismatch)],
            ),
            (
                json!({ "residents": [{ "class": "wheeled", "taken_part": 2, "simulated": 2, "stayed": 1 }] }),
                vec![("/residents/0/stayed_because", F::Required)],
            ),
            (
                json!({ "residents": [{ "class": "self", "taken_part": 2, "simulated": 0, "stayed": 0 }, { "class": "self", "taken_part": 1, "simulated": 0, "stayed": 0 }] }),
                vec![("/residents/1/class", F::Duplicate)],
            ),
            (
                json!({ "staff_on_duty": { "count": 1, "names": [{ "name": "陈静" }, { "name": "李强" }] } }),
                vec![("/staff_on_duty/count", F::Mismatch)],
            ),
            (
                json!({ "head_count": { "expected": 42, "counted": 41 } }),
                vec![("/head_count/missing", F::Required)],
            ),
            (json!({ "injured": 1 }), vec![("/injuries", F::Required)]),
            (json!({ "injuries": "擦伤" }), vec![("/injuries", F::NotAllowedHere)]),
            (json!({ "problems": [{ "text": "慢" }] }), vec![("/problems/0/hazard", F::Required)]),
            (
                json!({ "problems": [{ "text": "慢", "plan_revision_needed": true }] }),
                vec![("/problems/0/revision", F::Required)],
            ),
            (
                json!({ "problems": [{ "text": "慢", "revision": "改" }] }),
                vec![("/problems/0/hazard", F::Required), ("/problems/0/revision", F::NotAllowedHere)],
            ),
            (
                json!({ "evidence": [changed(&photo, json!({ "role": "before" }))] }),
                vec![("/evidence/0/role", F::NotAllowedHere)],
            ),
            (
                json!({ "sign_in": { "evidence": [photo] } }),
                vec![("/sign_in/evidence/0/role", F::NotAllowedHere)],
            ),
            (
                json!({ "evidence": [photo], "sign_in": { "evidence": [paper] } }),
                vec![("/sign_in/evidence/0/id", F::Duplicate)],
            ),
            (
                json!({ "handovers": [{ "to": { "name": "李强" }, "at": "2026-03-09T18:00:00Z" }] }),
                vec![("/handovers/0/at", F::TooEarly)],
            ),
        ];
        for (changes, expected) in table {
            let form: DrillRecord = serde_json::from_value(changed(&base(), changes.clone())).unwrap();
            let expected: Vec<(String, FieldCode)> =
                expected.into_iter().map(|(p, c)| (p.to_owned(), c)).collect();
            assert_eq!(faults(check_record(&form, at())), expected, "{changes}");
        }
    }

    #[test]
    fn stand_ins_count_and_moving_the_frail_is_flagged() {
        let of = |taken_part: u32, class: &str, real: bool| {
            let residents =
                json!([{ "class": class, "taken_part": taken_part, "simulated": 4, "stayed": 0 }]);
            let form = changed(&base(), json!({ "residents": residents, "real_event": real }));
            moved_the_frail(&serde_json::from_value(form).unwrap())
        };
        assert!(!of(0, "carried", false), "stand-ins only");
        assert!(of(1, "carried", false));
        assert!(!of(1, "wheeled", false));
        assert!(!of(1, "carried", true), "in a real event they are carried out");
    }

    #[test]
    fn what_an_evaluation_must_be() {
        use FieldCode as F;
        let evaluation = json!({ "evaluator": { "name": "李强" }, "evaluated_on": "2026-03-10", "suitability": "executable",
            "sufficiency": "full", "people_in_place": "in_time", "supplies_in_place": "mostly", "coordination": "smooth",
            "effect": "reached", "summary": "一切顺利" });
        let without =
            changed(&base(), json!({ "problems": [], "handovers": [{ "to": { "name": "周涛" } }] }));
        let revision = json!([{ "text": "不够", "plan_revision_needed": true, "revision": "补上" }]);
        let table = [
            (base(), json!({}), vec![]),
            (base(), json!({ "evaluator": { "name": "陈静" } }), vec![("/evaluator", F::Mismatch)]),
            (without.clone(), json!({ "evaluator": { "name": "周涛" } }), vec![("/evaluator", F::Mismatch)]),
            (base(), json!({ "evaluated_on": "2026-03-09" }), vec![("/evaluated_on", F::TooEarly)]),
            (base(), json!({ "evaluated_on": "2026-03-12" }), vec![("/evaluated_on", F::InFuture)]),
            (base(), json!({ "summary": " " }), vec![("/summary", F::Required)]),
            (base(), json!({ "sufficiency": "insufficient" }), vec![]),
            (without.clone(), json!({ "sufficiency": "insufficient" }), vec![("/problems", F::Required)]),
            (without.clone(), json!({ "suitability": "unsuitable" }), vec![("/problems", F::Required)]),
            (without, json!({ "suitability": "unsuitable", "problems": revision }), vec![]),
        ];
        for (record, changes, expected) in table {
            let record: DrillRecord = serde_json::from_value(record).unwrap();
            let form: EvaluationForm = serde_json::from_value(changed(&evaluation, changes.clone())).unwrap();
            let day = |text: &str| text.parse::<NaiveDate>().unwrap();
            let held = Held { record: &record, on_day: day("2026-03-10"), today: day("2026-03-11") };
            let expected: Vec<(String, FieldCode)> =
                expected.into_iter().map(|(p, c)| (p.to_owned(), c)).collect();
            assert_eq!(faults(check_evaluation(&form, &held)), expected, "{changes}");
        }
    }
}
