//! Planning a drill.

use super::forms::DrillPlan;
use super::model::{Drill, DrillState, Planned};
use super::{plans, queries, rules};
use crate::access::{Role, WriteTx};
use crate::audit;
use crate::canonical::digest;
use crate::ids::DrillId;
use crate::institutions::{self, Institution};
use crate::refusal::{Code, Outcome};
use crate::rules::kinds::drills::{DrillKind, Shift};
use crate::staff;
use crate::stored::Stored;
use serde_json::{Value, json};

/// Plans a drill under `id`, or confirms that it was planned so.
pub fn plan(tx: &mut WriteTx<'_>, id: DrillId, form: &DrillPlan) -> Outcome<(Stored, Drill)> {
    tx.conn.lock(id.0)?;
    let digest = digest(form);
    if let Some(existing) = queries::find_any(tx.conn, id)? {
        if !queries::sees(tx.actor, &existing) {
            return Err(Code::NotFound.into());
        }
        // Whoever must not see the exact time cannot find it out by trying either.
        let known = rules::may_confirm(&existing, &form.announcement, tx.actor.id);
        let same = known && existing.plan_digest.as_deref() == Some(digest.as_str());
        return Ok((Stored::confirmed(same)?, existing));
    }
    rules::check_plan(form, tx.now)?;
    let home = institutions::named_and_not_closed(tx, form.institution_id)?;
    let (plan_id, plan_edition) = plans::check(tx.conn, home.id, form.plan_id, form.plan_edition)?.unzip();
    let named: Vec<_> = form.commander.iter().map(|one| ("/commander".to_owned(), one)).collect();
    staff::check_belong(tx.conn, home.id, &named)?;
    let planned = Planned {
        shift: form.shift,
        window_from: form.window_from,
        window_to: form.window_to,
        commander: form.commander.clone(),
        goals: form.goals.clone(),
        announcement: form.announcement.clone(),
        note: form.note.clone(),
        planned_at: tx.now,
        by_office: tx.actor.role != Role::Manager,
    };
    let drill = Drill {
        hidden: rules::is_hidden(form.kind, form.announcement.staff, tx.actor.role),
        on_day: tx.office.date(form.window_to),
        building: form.building.clone(),
        scenario: form.scenario.clone(),
        plan_id,
        plan_edition,
        plan: Some(planned),
        plan_digest: Some(digest),
        planned_by: Some(tx.actor.id),
        ..empty(tx, id, &home, form.kind, form.shift)
    };
    record(tx, &drill, "drill.planned", json!({ "plan": told(&drill, form), "hidden": drill.hidden }))?;
    queries::insert(tx.conn, &drill)?;
    Ok((Stored::Created, drill))
}

/// The plan as the trail tells of it: a sealed time is told there when it starts.
fn told(drill: &Drill, form: &DrillPlan) -> Value {
    let mut told = json!(form);
    if drill.plan.as_ref().is_some_and(Planned::is_sealed)
        && let Some(exact) = told.pointer_mut("/announcement/exact_at")
    {
        *exact = json!("sealed");
    }
    told
}

/// A drill of which nothing is known yet.
pub(super) fn empty(
    tx: &WriteTx<'_>,
    id: DrillId,
    home: &Institution,
    kind: DrillKind,
    shift: Shift,
) -> Drill {
    Drill {
        id,
        institution_id: home.id,
        place: home.place,
        kind,
        shift,
        state: DrillState::Planned,
        real_event: false,
        hidden: false,
        on_day: tx.office.date(tx.now),
        building: None,
        scenario: None,
        plan_id: None,
        plan_edition: None,
        plan: None,
        plan_digest: None,
        planned_by: None,
        started_at: None,
        started_by: None,
        alarm_at: None,
        record: None,
        record_digest: None,
        recorded_at: None,
        recorded_by: None,
        evaluation: None,
        evaluation_digest: None,
        evaluated_at: None,
        evaluated_by: None,
        reported_on: None,
        reported_to: None,
        cancelled: None,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// Adds an entry about a drill to its institution's chain.
pub(super) fn record(tx: &mut WriteTx<'_>, of: &Drill, action: &'static str, content: Value) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.institution_id.into(),
        action,
        object_kind: "drill",
        object_id: Some(of.id.0),
        content,
    };
    audit::record(tx, entry)
}
