//! Handing an inspection in: the whole record in one body and one transaction, planned before or not.

use super::forms::{Answer, InspectionRecord};
use super::model::{Inspection, InspectionState, Record, StoredAnswer};
use super::plan::{check_people, empty, record};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::canonical::digest;
use crate::evidence::{self, DeclaredEvidence, Owner, OwnerKind};
use crate::external_orders;
use crate::hazards;
use crate::hazards::model::{FoundIn, Hazard, Status};
use crate::ids::{HazardId, InspectionId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use serde_json::json;
use std::collections::HashSet;

/// Hands `form` in under `id`, or confirms that it was handed in so.
pub fn hand_in(
    tx: &mut WriteTx<'_>,
    id: InspectionId,
    form: &InspectionRecord,
) -> Outcome<(Stored, Inspection)> {
    tx.conn.lock(id.0)?;
    let digest = digest(form);
    let existing = queries::find_any(tx.conn, id)?;
    if let Some(existing) = &existing {
        if !queries::sees(tx.actor, existing) {
            return Err(Code::NotFound.into());
        }
        if existing.record_digest.as_deref() == Some(digest.as_str()) {
            return Ok((Stored::Replayed, existing.clone()));
        }
        if existing.state == InspectionState::HandedIn {
            return Err(Code::IdTaken.into());
        }
        rules::must_be(existing, InspectionState::Planned)?;
    }
    let place = institutions::named_and_not_closed(tx, form.institution_id)?;
    let rules_now = tx.rules()?;
    let checklist = rules_now.checklist(&place.place, tx.office.date(form.started_at))?;
    rules::check_record(form, &rules::Visit { checklist, actor: tx.actor, now: tx.now })?;
    check_people(tx, &place, &form.inspectors)?;
    check_orders(tx, form)?;
    if let Some(planned) = &existing {
        check_as_planned(planned, form)?;
    }
    let before = existing.clone().unwrap_or_else(|| empty(tx, id, &place, form.kind));
    let counts = rules::counts(checklist.content, &form.answers);
    let after = Inspection {
        state: InspectionState::HandedIn,
        on_day: tx.office.date(form.started_at),
        record: Some(kept(form)),
        record_digest: Some(digest),
        checklist: Some(checklist.head.id.clone()),
        checklist_version: Some(i32::try_from(checklist.head.version).unwrap_or(i32::MAX)),
        passed: counts.passed,
        failed: counts.failed,
        not_applicable: counts.not_applicable,
        not_checked: counts.not_checked,
        handed_in_at: Some(tx.now),
        handed_in_by: Some(tx.actor.id),
        version: if existing.is_some() { before.version + 1 } else { 1 },
        updated_at: tx.now,
        ..before
    };
    tell(tx, &after, form)?;
    match existing {
        Some(_) => queries::update(tx.conn, &after, Some(&form.inspectors))?,
        None => queries::insert(tx.conn, &after, &form.inspectors)?,
    }
    hazards::found::register_all(tx, place.id, FoundIn::Inspection(id), &form.hazards)?;
    link(tx, &after, form)?;
    answer(tx, &after, &form.answers)?;
    declare(tx, &after, form)?;
    Ok((Stored::Created, after))
}

fn check_as_planned(planned: &Inspection, form: &InspectionRecord) -> Outcome<()> {
    if planned.institution_id != form.institution_id {
        return Err(Refusal::invalid("/institution_id", FieldCode::Mismatch).into());
    }
    if planned.kind != form.kind {
        return Err(Refusal::invalid("/kind", FieldCode::Mismatch).into());
    }
    Ok(())
}

fn check_orders(tx: &mut WriteTx<'_>, form: &InspectionRecord) -> Outcome<()> {
    for (at, id) in form.external_orders.iter().enumerate() {
        let known = external_orders::queries::find_any(tx.conn, *id)?;
        if known.is_none_or(|order| order.institution_id != form.institution_id) {
            let pointer = format!("/external_orders/{at}");
            return Err(Refusal::invalid(pointer, FieldCode::UnknownReference).into());
        }
    }
    Ok(())
}

/// What answers and transfers name must be hazards of this institution, and not have been taken back. What was found
/// during the visit by somebody who was there, and sent before the record, was found on this inspection.
fn link(tx: &mut WriteTx<'_>, of: &Inspection, form: &InspectionRecord) -> Outcome<()> {
    let answers = form.answers.iter().enumerate();
    let answered = answers.filter_map(|(at, one)| Some((format!("/answers/{at}/hazard_id"), one.hazard_id?)));
    let transferred = form.transfers.iter().enumerate().flat_map(|(at, one)| {
        let ids = one.hazards.iter().enumerate();
        ids.map(move |(place, id)| (format!("/transfers/{at}/hazards/{place}"), *id))
    });
    let named: Vec<(String, HazardId)> = answered.chain(transferred).collect();
    let ids = named.iter().map(|(_, id)| *id).collect();
    let found = hazards::queries::by_ids(tx.conn, ids)?;
    let good: HashSet<HazardId> = found
        .iter()
        .filter(|one| one.institution_id == of.institution_id && one.status != Status::Void)
        .map(|one| one.id)
        .collect();
    if let Some((pointer, _)) = named.into_iter().find(|(_, id)| !good.contains(id)) {
        return Err(Refusal::invalid(pointer, FieldCode::UnknownReference).into());
    }
    let here = |one: &&Hazard| {
        one.inspection_id.is_none()
            && form.inspectors.contains(&one.registered_by)
            && (form.started_at..=form.ended_at).contains(&one.found_at)
    };
    for one in found.iter().filter(here) {
        hazards::queries::say_inspection(tx.conn, one.id, of.id)?;
    }
    Ok(())
}

fn kept(form: &InspectionRecord) -> Record {
    Record {
        started_at: form.started_at,
        ended_at: form.ended_at,
        departments: form.departments.clone(),
        institution_people: form.institution_people.clone(),
        inspector_signatures: form.inspector_signatures.clone(),
        institution_signature: form.institution_signature.clone(),
        transfers: form.transfers.clone(),
        external_orders: form.external_orders.clone(),
        note: form.note.clone(),
    }
}

/// The entry holds the whole record; its hazards have entries of their own.
fn tell(tx: &mut WriteTx<'_>, of: &Inspection, form: &InspectionRecord) -> Outcome<()> {
    let mut told = json!(form);
    if let Some(told) = told.as_object_mut() {
        let ids: Vec<HazardId> = form.hazards.iter().map(|one| one.id).collect();
        told.insert("hazards".into(), json!(ids));
    }
    let content = json!({ "record": told, "digest": of.record_digest, "checklist": of.checklist,
        "checklist_version": of.checklist_version, "version": of.version });
    record(tx, of, "inspection.handed_in", content)
}

fn answer(tx: &mut WriteTx<'_>, of: &Inspection, answers: &[Answer]) -> Outcome<()> {
    for (position, one) in (0_i32..).zip(answers) {
        let stored = StoredAnswer {
            inspection_id: of.id,
            position,
            item: one.item.clone(),
            result: one.result,
            remark: one.remark.clone(),
            hazard_id: one.hazard_id,
        };
        queries::insert_answer(tx.conn, stored)?;
    }
    Ok(())
}

fn declare(tx: &mut WriteTx<'_>, of: &Inspection, form: &InspectionRecord) -> Outcome<()> {
    let owner = owner(of);
    let mut first = 0;
    let mut lists: Vec<(Option<&str>, String, &[DeclaredEvidence])> =
        vec![(None, String::new(), &form.evidence)];
    for (at, one) in form.answers.iter().enumerate() {
        lists.push((Some(&one.item), format!("/answers/{at}"), &one.evidence));
    }
    for (part, place, photos) in lists {
        evidence::queries::declare_at(tx, &Owner { part, ..owner }, &place, photos, first)?;
        first += photos.len();
    }
    Ok(())
}

/// The inspection as the owner of its photos.
pub(super) fn owner(of: &Inspection) -> Owner<'static> {
    Owner {
        kind: OwnerKind::Inspection,
        id: of.id.into(),
        institution: of.institution_id,
        action: None,
        part: None,
    }
}
