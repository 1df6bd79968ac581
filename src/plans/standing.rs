//! How a home's plan stands: what it lacks, what calls for its revision, and what of it others go by. The one place where
//! the plans ask staff, residents and drills.

use super::check::{self, ContentCheck};
use super::content::PlanContent;
use super::model::{Plan, PlanHead, PlanState, StoredSnapshot};
use super::revision::{self, Known, Left, PlanProblem, ResidentMix, Revision, Snapshot};
use crate::access::ReadTx;
use crate::compliance::facts::{PlanInForce, Scenario, Words};
use crate::drills;
use crate::ids::StaffId;
use crate::institutions::Institution;
use crate::refusal::{Failure, Outcome};
use crate::residents;
use crate::rules::kinds::Kind;
use crate::staff::{self};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// What a plan lacks by the rule document in force at its home today.
pub fn check(tx: &mut ReadTx<'_>, place: &Institution, plan: &Plan) -> Outcome<ContentCheck> {
    let today = tx.office.date(tx.now);
    check_on(tx, place, plan, today)
}

fn check_on(tx: &mut ReadTx<'_>, place: &Institution, plan: &Plan, on: NaiveDate) -> Outcome<ContentCheck> {
    let rules = tx.rules()?;
    Ok(check::check(&plan.content.0, rules.plan_contents(&place.place, on)?))
}

/// How things are now, to be compared with later.
pub fn snapshot(tx: &mut ReadTx<'_>, place: &Institution, check: ContentCheck) -> Outcome<StoredSnapshot> {
    Ok(StoredSnapshot(Snapshot {
        taken_on: tx.office.date(tx.now),
        document: check.document,
        beds: place.beds,
        residents: residents(tx, place)?,
    }))
}

/// What calls for a revision of the plan in force, as of a day; nothing of one that is not in force.
pub fn revisions(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    plan: &Plan,
    on: NaiveDate,
) -> Outcome<Vec<Revision>> {
    let (Some(snapshot), Some(reviewed_on)) = (&plan.head.snapshot, plan.head.reviewed_on(on)) else {
        return Ok(Vec::new());
    };
    // Whatever was wrong with one that another has followed, the other answers it.
    if plan.head.state != PlanState::InForce {
        return Ok(Vec::new());
    }
    let rules = tx.rules()?;
    let asked = rules.plan_contents(&place.place, on)?;
    let adopted = rules.adoption(Kind::PlanContents, Some(&place.place), on);
    let known = Known {
        on,
        document: asked.head.reference(),
        document_since: adopted.map_or(asked.head.effective_from, |adoption| adoption.effective_from),
        review_months: asked.review_months,
        resident_mix_points: asked.resident_mix_points,
        beds: place.beds,
        residents: residents(tx, place)?,
        left: left(tx, place, &plan.content.0, on)?,
        problems: problems(tx, place, &plan.head)?,
    };
    Ok(revision::revisions(&plan.content.0, &snapshot.0, reviewed_on, &known))
}

/// The day by which the plan in force is to be looked over again.
pub fn review_by(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    plan: &Plan,
    on: NaiveDate,
) -> Outcome<Option<NaiveDate>> {
    let reviewed_on = plan.head.reviewed_on(on).filter(|_| plan.head.state == PlanState::InForce);
    let Some(reviewed_on) = reviewed_on else { return Ok(None) };
    let rules = tx.rules()?;
    let months = rules.plan_contents(&place.place, on)?.review_months;
    Ok(Some(revision::review_by(reviewed_on, months)))
}

/// The plan that a home goes by on a day, as the compliance engine looks at it; `plan` is the one in force then.
pub fn facts(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    plan: Option<&Plan>,
    on: NaiveDate,
) -> Outcome<Option<PlanInForce>> {
    let Some(plan) = plan else { return Ok(None) };
    let (Some(in_force_on), Some(reviewed_on)) = (plan.head.in_force_on, plan.head.reviewed_on(on)) else {
        return Ok(None);
    };
    let (missing_parts, mut reasons) = match check_on(tx, place, plan, on) {
        Ok(check) => (check.required(), revisions(tx, place, plan, on)?),
        // Where no document was in force nothing was asked for.
        Err(Failure::Refused(_)) => (Vec::new(), Vec::new()),
        Err(failure) => return Err(failure),
    };
    reasons.dedup_by_key(|reason| reason.code);
    let head = &plan.head;
    Ok(Some(PlanInForce {
        id: head.id,
        edition: u32::try_from(head.edition).unwrap_or_default(),
        in_force_on,
        reviewed_on,
        missing_parts,
        approved_by: head
            .approval
            .as_ref()
            .map(|approval| format!("{}（{}）", approval.by.name, approval.post)),
        filed_on: head.filing.as_ref().map(|filing| filing.on).filter(|day| *day <= on),
        published_on: head.publication.as_ref().map(|publication| publication.on).filter(|day| *day <= on),
        revision_called_for_by: reasons.iter().map(|reason| reason.code.to_string()).collect(),
    }))
}

/// The buildings that residents live in, as the plan in force names them; none where there is no plan.
pub fn buildings(plan: Option<&Plan>) -> Vec<String> {
    let buildings = plan.into_iter().flat_map(|plan| &plan.content.0.buildings);
    buildings.filter(|building| building.beds > 0).map(|building| building.name.clone()).collect()
}

/// The scenarios of the plan in force; none where there is no plan. A home writes them in its own language.
pub fn scenarios(plan: Option<&Plan>) -> Vec<Scenario> {
    let scenarios = plan.into_iter().flat_map(|plan| &plan.content.0.scenarios);
    let one = |of: &super::content::Scenario| Scenario {
        title: Words::new(format!("{}：{}", of.place, of.origin), format!("{}: {}", of.place, of.origin)),
        code: of.code.clone(),
        shifts: of.shift.into_iter().collect(),
    };
    scenarios.map(one).collect()
}

// ---- What others know. Each function below asks one neighbour. ----

/// Those of the plan who are on the list of staff and left.
fn left(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    content: &PlanContent,
    on: NaiveDate,
) -> Outcome<Vec<Left>> {
    let named: BTreeSet<StaffId> = content.people().filter_map(|(person, _)| person.staff_id).collect();
    let named: Vec<StaffId> = named.into_iter().collect();
    let left = staff::queries::who_left(tx.conn, place.id, &named, on)?;
    Ok(left.into_iter().map(|(staff_id, _, left_on)| Left { staff_id, left_on }).collect())
}

/// How many residents there are of each class; `None` where the home keeps no table of them.
fn residents(tx: &mut ReadTx<'_>, place: &Institution) -> Outcome<Option<ResidentMix>> {
    let mix = residents::queries::mix(tx.conn, place.id)?;
    Ok(Some(mix).filter(|mix| !mix.is_empty()))
}

/// Problems of the plan itself that drills found since it came into force: a later edition is the answer to them.
fn problems(tx: &mut ReadTx<'_>, place: &Institution, plan: &PlanHead) -> Outcome<Vec<PlanProblem>> {
    let Some(since) = plan.in_force_on else { return Ok(Vec::new()) };
    let found = drills::queries::plan_problems_since(tx.conn, place.id, since)?.into_iter();
    // The drills say of their problems themselves which plan answers them.
    let open = found.filter(|(_, found_on, alarm_at, _)| !drills::plan_answers(plan, *found_on, *alarm_at));
    Ok(open.map(|(drill_id, found_on, _, text)| PlanProblem { drill_id, found_on, text }).collect())
}
