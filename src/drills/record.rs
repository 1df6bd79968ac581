//! Recording a drill, or a real event: the whole record in one body and one transaction, planned before or not.

use super::forms::DrillRecord;
use super::model::{Drill, DrillState, FoundIn, Recorded};
use super::plan::{empty, record};
use super::{people, plans, problems, queries, record_rules, rules, standing};
use crate::access::WriteTx;
use crate::canonical::digest;
use crate::evidence::{self, Owner, OwnerKind};
use crate::ids::{DrillId, HazardId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::rosters;
use crate::staff;
use crate::stored::Stored;
use serde_json::{Value, json};

/// The part of a drill's evidence that shows who signed in.
pub const SIGN_IN: &str = "sign_in";

/// Records `form` under `id`, or confirms that it was recorded so.
pub fn hand_in(tx: &mut WriteTx<'_>, id: DrillId, form: &DrillRecord) -> Outcome<(Stored, Drill)> {
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
        if existing.record_digest.is_some() {
            return Err(Code::IdTaken.into());
        }
        rules::may_record(existing)?;
    }
    record_rules::check_record(form, tx.now)?;
    let home = institutions::named_and_not_closed(tx, form.institution_id)?;
    let named = plans::check(tx.conn, home.id, form.plan_id, form.plan_edition)?;
    staff::check_belong(tx.conn, home.id, &people::of_record(form))?;
    if let Some(planned) = &existing {
        check_as_planned(planned, form)?;
    }
    let alarm_at = form.timeline.alarm_at;
    let held_on = tx.office.date(alarm_at);
    if let Some(report) = &form.report {
        record_rules::check_filing(report.on, "/report/on", held_on, tx.office.date(tx.now))?;
    }
    let pattern = rosters::queries::shift_pattern(tx.conn, home.id)?;
    let shift = standing::shift_at(tx.office, &pattern, alarm_at)?;
    let before = existing.clone().unwrap_or_else(|| empty(tx, id, &home, form.kind, shift));
    let (plan_id, plan_edition) = named.unzip();
    let after = Drill {
        shift,
        state: DrillState::Recorded,
        real_event: form.real_event,
        on_day: held_on,
        building: form.building.clone().or(before.building),
        scenario: form.scenario.clone().or(before.scenario),
        plan_id: plan_id.or(before.plan_id),
        plan_edition: plan_edition.or(before.plan_edition),
        started_at: before.started_at.or(Some(alarm_at)),
        started_by: before.started_by.or(Some(tx.actor.id)),
        alarm_at: Some(alarm_at),
        record: Some(Recorded(form.clone())),
        record_digest: Some(digest),
        recorded_at: Some(tx.now),
        recorded_by: Some(tx.actor.id),
        reported_on: form.report.as_ref().map(|report| report.on),
        reported_to: form.report.as_ref().map(|report| report.receiver.clone()),
        version: if existing.is_some() { before.version + 1 } else { 1 },
        updated_at: tx.now,
        ..before
    };
    let content = json!({ "record": told(form), "digest": after.record_digest, "shift": after.shift, "version": after.version });
    record(tx, &after, "drill.recorded", content)?;
    match existing {
        Some(_) => queries::update(tx.conn, &after)?,
        None => queries::insert(tx.conn, &after)?,
    }
    problems::follow_up(tx, &after, FoundIn::Record, &form.problems)?;
    declare(tx, &after, form)?;
    Ok((Stored::Created, after))
}

fn check_as_planned(planned: &Drill, form: &DrillRecord) -> Outcome<()> {
    let faults = [
        (planned.institution_id == form.institution_id, "/institution_id"),
        (planned.kind == form.kind, "/kind"),
        // Nobody plans an accident.
        (!form.real_event, "/real_event"),
    ];
    match faults.into_iter().find(|(holds, _)| !holds) {
        Some((_, pointer)) => Err(Refusal::invalid(pointer, FieldCode::Mismatch).into()),
        None => Ok(()),
    }
}

/// The entry holds the whole record; its hazards have entries of their own.
fn told(form: &DrillRecord) -> Value {
    let mut told = json!(form);
    if let Some(list) = told.get_mut("problems") {
        *list = problems::told(&form.problems);
    }
    told
}

fn declare(tx: &mut WriteTx<'_>, of: &Drill, form: &DrillRecord) -> Outcome<()> {
    let owner = owner(of);
    evidence::queries::declare(tx, &owner, &form.evidence, 0)?;
    let sheet = Owner { part: Some(SIGN_IN), ..owner };
    evidence::queries::declare_at(tx, &sheet, "/sign_in", &form.sign_in.evidence, form.evidence.len())?;
    Ok(())
}

/// The drill as the owner of its photos.
pub(super) fn owner(of: &Drill) -> Owner<'static> {
    Owner {
        kind: OwnerKind::Drill,
        id: of.id.into(),
        institution: of.institution_id,
        action: None,
        part: None,
    }
}

/// The hazards that a record or an evaluation names.
pub(super) fn hazard_ids(problems: &[super::forms::Problem]) -> Vec<HazardId> {
    problems.iter().filter_map(|one| Some(one.hazard.as_ref()?.id)).collect()
}
