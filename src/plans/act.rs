//! Taking a step: looked up by its id first, decided by the rules, stored with its entry.

use super::action::{PlanAction, Step};
use super::draft::record;
use super::model::{Approval, Filing, Plan, PlanHead, PlanState, Publication, Review, StoredStep};
use super::{queries, rules, standing};
use crate::access::WriteTx;
use crate::canonical::{canonical, digest};
use crate::ids::{PlanId, PlanStepId};
use crate::institutions::{self, Institution};
use crate::refusal::{Code, Outcome, Refusal};
use crate::staff;
use crate::stored::Stored;
use crate::users;
use serde_json::json;

/// The word for the step that a plan does not take itself: another one takes its place.
const SUPERSEDE: &str = "supersede";

/// Takes the step `form` under `step`, or confirms that it was taken so.
pub fn act(
    tx: &mut WriteTx<'_>,
    id: PlanId,
    step: PlanStepId,
    form: &PlanAction,
    expected: Option<i64>,
) -> Outcome<(Stored, Plan)> {
    let before = queries::hold(tx.conn, &tx.actor.scope, id)?;
    let asked = form.parse()?;
    let digest = digest(form);
    if let Some(taken) = queries::find_step(tx.conn, step)? {
        // Whoever cannot see that plan is not told that the id stands for something.
        queries::find(tx.conn, &tx.actor.scope, taken.plan_id)?;
        return Ok((Stored::confirmed(taken.plan_id == id && taken.digest == digest)?, before));
    }
    if expected.is_some_and(|version| version != before.head.version) {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": before.head.version })).into());
    }
    rules::may(&before.head, tx.actor.role, form.kind)?;
    let place = institutions::queries::find(tx.conn, &tx.actor.scope, before.head.institution_id)?;
    let earlier = queries::current(tx.conn, place.id)?;
    let began = earlier.as_ref().and_then(|plan| plan.in_force_on);
    rules::check_day(&before.head, &asked, tx.office.date(tx.now), began)?;
    let mut after = before;
    after.head.version += 1;
    after.head.updated_at = tx.now;
    let name = follow(tx, &mut after, &place, asked, earlier)?;
    let content = json!({ "step": step, "form": form, "edition": after.head.edition, "state": after.head.state,
        "content": after.head.content_digest, "version": after.head.version });
    record(tx, &after.head, name, content)?;
    queries::update(tx.conn, &after.head)?;
    let stored = StoredStep {
        id: step,
        plan_id: id,
        step: i32::try_from(after.head.version).unwrap_or(i32::MAX),
        kind: form.kind.to_string(),
        actor_id: tx.actor.id,
        at: tx.now,
        content: canonical(form),
        digest,
    };
    queries::insert_step(tx.conn, stored)?;
    Ok((Stored::Created, after))
}

/// What comes of a step that is allowed, and the name of its entry.
fn follow(
    tx: &mut WriteTx<'_>,
    plan: &mut Plan,
    place: &Institution,
    step: Step,
    earlier: Option<PlanHead>,
) -> Outcome<&'static str> {
    Ok(match step {
        Step::Approve { on, by, post, note } => {
            staff::check_belong(tx.conn, place.id, &[("/by".to_owned(), &by)])?;
            rules::must_be_complete(&standing::check(&mut tx.reading(), place, plan)?)?;
            let others = users::queries::has_other_manager(tx.conn, place.id, tx.actor.id)?;
            rules::may_approve(&plan.head, tx.actor.id, others)?;
            let entered_by_writer = plan.head.written_by == tx.actor.id;
            plan.head.approval = Some(Approval { on, by, post, note, entered_by_writer });
            plan.head.state = PlanState::Approved;
            "plan.approved"
        }
        Step::PutInForce { on } => {
            // It may have waited while another version of the rules came into force.
            let check = standing::check(&mut tx.reading(), place, plan)?;
            rules::must_be_complete(&check)?;
            if let Some(earlier) = earlier {
                supersede(tx, earlier, plan, on)?;
            }
            plan.head.snapshot = Some(standing::snapshot(&mut tx.reading(), place, check)?);
            plan.head.in_force_on = Some(on);
            plan.head.state = PlanState::InForce;
            "plan.put_in_force"
        }
        Step::File { on, department, number } => {
            plan.head.filing = Some(Filing { on, department, number });
            "plan.filed"
        }
        Step::Publish { on, how } => {
            plan.head.publication = Some(Publication { on, how });
            "plan.published"
        }
        Step::Review { on, by, note } => {
            staff::check_belong(tx.conn, place.id, &[("/by".to_owned(), &by)])?;
            let check = standing::check(&mut tx.reading(), place, plan)?;
            rules::must_be_complete(&check)?;
            // Whoever finds it right has seen how things are now.
            plan.head.snapshot = Some(standing::snapshot(&mut tx.reading(), place, check)?);
            plan.head.review = Some(Review { on, by, note });
            "plan.reviewed"
        }
        Step::Discard { reason } => {
            plan.head.discarded_because = Some(reason);
            plan.head.state = PlanState::Discarded;
            "plan.discarded"
        }
    })
}

/// Ends the edition that was in force until now.
fn supersede(tx: &mut WriteTx<'_>, mut earlier: PlanHead, by: &Plan, on: chrono::NaiveDate) -> Outcome<()> {
    earlier.state = PlanState::Superseded;
    earlier.superseded_on = Some(on);
    earlier.superseded_by = Some(by.head.id);
    earlier.version += 1;
    earlier.updated_at = tx.now;
    let told = json!({ "on": on, "by": by.head.id, "edition": by.head.edition });
    record(tx, &earlier, "plan.superseded", json!({ "superseded": told, "version": earlier.version }))?;
    queries::update(tx.conn, &earlier)?;
    let stored = StoredStep {
        id: PlanStepId::fresh(),
        plan_id: earlier.id,
        step: i32::try_from(earlier.version).unwrap_or(i32::MAX),
        kind: SUPERSEDE.into(),
        actor_id: tx.actor.id,
        at: tx.now,
        content: canonical(&told),
        digest: digest(&told),
    };
    queries::insert_step(tx.conn, stored)
}
