//! What did not go well: each problem becomes a hazard with its own deadline, a change of the plan, or both.

use super::forms::Problem;
use super::model::{Drill, FoundIn, StoredProblem};
use super::{plans, queries};
use crate::access::WriteTx;
use crate::db::{Conn, Instant};
use crate::hazards;
use crate::hazards::model as hazard;
use crate::hazards::model::Status;
use crate::ids::{DrillId, HazardId, InstitutionId};
use crate::plans::model::PlanHead;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Registers the hazards of `problems` and writes down what becomes of each, after what is written down already.
pub(super) fn follow_up(
    tx: &mut WriteTx<'_>,
    of: &Drill,
    found_in: FoundIn,
    problems: &[Problem],
) -> Outcome<()> {
    let first = queries::count_problems(tx.conn, of.id)?;
    for (at, one) in problems.iter().enumerate() {
        let hazard_id = match &one.hazard {
            None => None,
            Some(found) => {
                let place = format!("/problems/{at}/hazard");
                let within = hazard::FoundIn::Drill(of.id);
                let done = hazards::found::register_at(tx, of.institution_id, within, &place, found)?;
                // What was taken back is no answer to a problem.
                if done.status == Status::Void {
                    let pointer = format!("{place}/id");
                    return Err(Refusal::invalid(pointer, FieldCode::UnknownReference).into());
                }
                Some(done.id)
            }
        };
        let stored = StoredProblem {
            drill_id: of.id,
            position: i32::try_from(at).unwrap_or(i32::MAX).saturating_add(first),
            institution_id: of.institution_id,
            on_day: of.on_day,
            found_in,
            text: one.text.clone(),
            hazard_id,
            revision: one.revision.clone(),
        };
        queries::insert_problem(tx.conn, stored)?;
    }
    Ok(())
}

/// Problems as the trail tells of them: hazards by their ids, for they have entries of their own.
pub(super) fn told(problems: &[Problem]) -> Value {
    let one = |problem: &Problem| {
        json!({ "text": problem.text, "hazard": problem.hazard.as_ref().map(|hazard| hazard.id),
            "plan_revision_needed": problem.plan_revision_needed, "revision": problem.revision })
    };
    problems.iter().map(one).collect()
}

/// What is known of the problems of some drills.
pub struct Followed {
    pub problems: Vec<StoredProblem>,
    pub hazards: HashMap<HazardId, hazard::Hazard>,
    /// The plan that each of the institutions goes by.
    pub in_force: HashMap<InstitutionId, PlanHead>,
}

impl Followed {
    /// Everything about these drills, in a fixed number of queries.
    pub fn read(conn: &mut Conn, drills: Vec<DrillId>) -> Outcome<Self> {
        let problems = queries::problems_of(conn, drills)?;
        let ids: Vec<HazardId> = problems.iter().filter_map(|one| one.hazard_id).collect();
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(256) {
            found.extend(hazards::queries::by_ids(conn, some.to_vec())?);
        }
        let mut homes: Vec<InstitutionId> =
            problems.iter().filter(|one| one.revision.is_some()).map(|one| one.institution_id).collect();
        homes.sort_unstable();
        homes.dedup();
        let in_force = plans::in_force(conn, homes)?;
        Ok(Self { problems, hazards: found.into_iter().map(|one| (one.id, one)).collect(), in_force })
    }

    /// Whether the plan was changed since the drill, where it had to be.
    pub fn is_revised(&self, problem: &StoredProblem, alarm_at: Option<Instant>) -> Option<bool> {
        problem.revision.as_ref()?;
        let plan = self.in_force.get(&problem.institution_id);
        Some(plan.is_some_and(|plan| plans::answers(plan, problem.on_day, alarm_at)))
    }

    /// Whether something is still to be done about it.
    pub fn is_open(&self, problem: &StoredProblem, alarm_at: Option<Instant>) -> bool {
        let hazard = problem.hazard_id.and_then(|id| self.hazards.get(&id));
        hazard.is_some_and(|one| one.status.is_open()) || self.is_revised(problem, alarm_at) == Some(false)
    }

    pub fn open_of(&self, drill: DrillId, alarm_at: Option<Instant>) -> u32 {
        let open = |one: &&StoredProblem| one.drill_id == drill && self.is_open(one, alarm_at);
        u32::try_from(self.problems.iter().filter(open).count()).unwrap_or(u32::MAX)
    }
}

/// The record of a drill that is past recording.
pub(super) fn record_of(drill: &Drill) -> Outcome<&super::forms::DrillRecord> {
    Ok(&drill.record.as_ref().ok_or(Code::StepNotAllowed)?.0)
}
