//! Taking a step: looked up by its id first, decided by the rules, stored with its entry.

use super::action::{DrillAction, Step};
use super::model::{Cancelled, Drill, DrillState, StoredStep};
use super::plan::record;
use super::{queries, record_rules, rules};
use crate::access::WriteTx;
use crate::canonical::{canonical, digest};
use crate::db::Instant;
use crate::fields::Fields;
use crate::ids::{DrillId, DrillStepId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use serde_json::{Value, json};

/// Takes the step `form` under `action`, or confirms that it was taken so.
pub fn act(
    tx: &mut WriteTx<'_>,
    id: DrillId,
    action: DrillStepId,
    form: &DrillAction,
    expected: Option<i64>,
) -> Outcome<(Stored, Drill)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, tx.actor, id)?;
    let step = form.parse()?;
    let digest = digest(form);
    if let Some(taken) = queries::find_step(tx.conn, action)? {
        queries::find(tx.conn, tx.actor, taken.drill_id)?;
        // A new exact time is not found out by trying it.
        let own = taken.actor_id == tx.actor.id || form.exact_at.is_none();
        let same = own && taken.drill_id == id && taken.digest == digest;
        return Ok((Stored::confirmed(same)?, before));
    }
    if expected.is_some_and(|version| version != before.version) {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": before.version })).into());
    }
    rules::may(&before, rules::Who::of(tx.actor.role, &before), form.kind)?;
    let mut after = before.clone();
    after.version += 1;
    after.updated_at = tx.now;
    let (name, told) = match step {
        Step::Start { at } => start(tx, &mut after, at)?,
        Step::Postpone { reason, window, exact_at } => postpone(tx, &mut after, &reason, window, exact_at)?,
        Step::Cancel { reason } => cancel(tx, &mut after, reason),
        Step::Report { on, receiver } => {
            record_rules::check_filing(on, "/reported_on", after.on_day, tx.office.date(tx.now))?;
            let told = json!({ "on": on, "receiver": receiver });
            (after.reported_on, after.reported_to) = (Some(on), Some(receiver));
            ("drill.reported", told)
        }
    };
    let content = json!({ "step": action, "told": told, "version": after.version });
    record(tx, &after, name, content)?;
    queries::update(tx.conn, &after)?;
    let stored = StoredStep {
        id: action,
        drill_id: id,
        step: i32::try_from(after.version).unwrap_or(i32::MAX),
        kind: form.kind.to_string(),
        actor_id: tx.actor.id,
        at: tx.now,
        content: canonical(form),
        digest,
    };
    queries::insert_step(tx.conn, stored)?;
    Ok((Stored::Created, after))
}

type Told = (&'static str, Value);

/// What was sealed and what was hidden is told from now on.
fn start(tx: &WriteTx<'_>, drill: &mut Drill, at: Option<Instant>) -> Outcome<Told> {
    let at = at.unwrap_or(tx.now);
    let mut fields = Fields::new();
    fields.check(at <= tx.now.plus(rules::CLOCK_TOLERANCE), "/at", FieldCode::InFuture);
    fields.check(at >= drill.created_at, "/at", FieldCode::TooEarly);
    fields.finish()?;
    drill.state = DrillState::Started;
    drill.started_at = Some(at);
    drill.started_by = Some(tx.actor.id);
    let planned = drill.plan.as_ref().and_then(|plan| plan.announcement.exact_at);
    Ok(("drill.started", json!({ "at": at, "planned_at": planned })))
}

fn postpone(
    tx: &WriteTx<'_>,
    drill: &mut Drill,
    reason: &str,
    window: (Instant, Instant),
    exact_at: Option<Instant>,
) -> Outcome<Told> {
    let mut fields = Fields::new();
    rules::check_window(&mut fields, window, exact_at.map(|at| ("/exact_at", at)), tx.now);
    let plan = drill.plan.as_mut().ok_or(Code::StepNotAllowed)?;
    let exactly_told = plan.announcement.staff == super::forms::StaffTold::Exact;
    fields.check(!exactly_told || exact_at.is_some(), "/exact_at", FieldCode::Required);
    fields.finish()?;
    (plan.window_from, plan.window_to) = window;
    plan.announcement.exact_at = exact_at;
    let sealed = plan.is_sealed();
    // A sealed time is its planner's: whoever sets another is the planner of what is sealed now.
    if sealed {
        drill.planned_by = Some(tx.actor.id);
    }
    drill.on_day = tx.office.date(window.1);
    let shown = exact_at.map(|at| if sealed { json!("sealed") } else { json!(at) });
    let told = json!({ "reason": reason, "window_from": window.0, "window_to": window.1, "exact_at": shown });
    Ok(("drill.postponed", told))
}

fn cancel(tx: &WriteTx<'_>, drill: &mut Drill, reason: String) -> Told {
    let told = json!({ "reason": reason });
    drill.state = DrillState::Cancelled;
    drill.cancelled = Some(Cancelled { reason, by: tx.actor.id, at: tx.now });
    ("drill.cancelled", told)
}
