//! Planning an inspection, changing the plan, giving it up.

use super::forms::{InspectionChange, InspectionPlan};
use super::model::{Cancelled, Inspection, InspectionKind, InspectionState, Plan};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::ids::{CampaignId, InspectionId, InstitutionId, UserId};
use crate::institutions::{self, Institution};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use crate::users;
use chrono::NaiveDate;
use serde_json::{Value, json};

/// Plans an inspection under `id`, or confirms that it was planned so.
pub fn plan(tx: &mut WriteTx<'_>, id: InspectionId, form: &InspectionPlan) -> Outcome<(Stored, Inspection)> {
    let digest = digest(form);
    if let Some(existing) = queries::find_any(tx.conn, id)? {
        if !queries::sees(tx.actor, &existing) {
            return Err(Code::NotFound.into());
        }
        return Ok((Stored::confirmed(existing.plan_digest.as_deref() == Some(digest.as_str()))?, existing));
    }
    let plan = Plan {
        planned_from: form.planned_from,
        planned_to: form.planned_to,
        departments: form.departments.clone(),
        note: form.note.clone(),
        planned_by: tx.actor.id,
        planned_at: tx.now,
    };
    rules::check_plan(form.kind, &plan, &form.inspectors, tx.actor)?;
    let institution = institutions::named_and_not_closed(tx, form.institution_id)?;
    check_people(tx, &institution, &form.inspectors)?;
    let inspection = Inspection { plan_digest: Some(digest), ..draft(tx, id, &institution, form.kind, plan) };
    record(tx, &inspection, "inspection.planned", json!({ "plan": form }))?;
    queries::insert(tx.conn, &inspection, &form.inspectors)?;
    Ok((Stored::Created, inspection))
}

fn draft(
    tx: &WriteTx<'_>,
    id: InspectionId,
    institution: &Institution,
    kind: InspectionKind,
    plan: Plan,
) -> Inspection {
    Inspection { on_day: plan.planned_to, plan: Some(plan), ..empty(tx, id, institution, kind) }
}

/// An inspection of which nothing is known yet.
pub(super) fn empty(
    tx: &WriteTx<'_>,
    id: InspectionId,
    institution: &Institution,
    kind: InspectionKind,
) -> Inspection {
    Inspection {
        id,
        institution_id: institution.id,
        place: institution.place,
        kind,
        campaign_id: None,
        state: InspectionState::Planned,
        on_day: tx.office.date(tx.now),
        plan: None,
        plan_digest: None,
        record: None,
        record_digest: None,
        cancelled: None,
        checklist: None,
        checklist_version: None,
        passed: 0,
        failed: 0,
        not_applicable: 0,
        not_checked: 0,
        handed_in_at: None,
        handed_in_by: None,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// Everybody named must be able to inspect there.
pub(super) fn check_people(tx: &mut WriteTx<'_>, at: &Institution, people: &[UserId]) -> Outcome<()> {
    use crate::access::Role;
    for (place, id) in people.iter().enumerate() {
        let user = match users::queries::get(tx.conn, *id) {
            Err(Failure::Refused(_)) => None,
            other => Some(other?),
        };
        let user = user.filter(|one| !one.disabled && matches!(one.role, Role::Inspector | Role::Supervisor));
        let covers = match user {
            Some(user) => users::queries::scope(tx.conn, *id, user.scope_kind)?.covers(at.id, &at.place),
            None => false,
        };
        if !covers {
            return Err(Refusal::invalid(format!("/inspectors/{place}"), FieldCode::UnknownReference).into());
        }
    }
    Ok(())
}

/// Changes a plan that is not done yet, over the version the caller saw.
pub fn change(
    tx: &mut WriteTx<'_>,
    id: InspectionId,
    version: i64,
    change: &InspectionChange,
) -> Outcome<Inspection> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, tx.actor, id)?;
    if before.version != version {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": before.version })).into());
    }
    rules::must_be(&before, InspectionState::Planned)?;
    let Some(plan) = before.plan.clone() else { return Err(Code::StepNotAllowed.into()) };
    let plan = Plan {
        planned_from: change.planned_from.unwrap_or(plan.planned_from),
        planned_to: change.planned_to.unwrap_or(plan.planned_to),
        departments: change.departments.clone().unwrap_or(plan.departments),
        note: change.note.clone().or(plan.note),
        ..plan
    };
    let known = queries::people_of(tx.conn, vec![id])?.into_iter().map(|(_, user)| user).collect();
    let people: Vec<UserId> = change.inspectors.clone().unwrap_or(known);
    rules::check_plan(before.kind, &plan, &people, tx.actor)?;
    if change.inspectors.is_some() {
        let institution = institutions::named_and_not_closed(tx, before.institution_id)?;
        check_people(tx, &institution, &people)?;
    }
    let after = Inspection {
        on_day: plan.planned_to,
        plan: Some(plan),
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    record(tx, &after, "inspection.changed", json!({ "change": change, "version": after.version }))?;
    queries::update(tx.conn, &after, change.inspectors.is_some().then_some(people.as_slice()))?;
    Ok(after)
}

/// Gives a planned inspection up, or confirms that it was given up for this reason.
pub fn cancel(tx: &mut WriteTx<'_>, id: InspectionId, reason: &str) -> Outcome<(Stored, Inspection)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, tx.actor, id)?;
    rules::check_cancellation(reason)?;
    if before.cancelled.as_ref().is_some_and(|cancelled| cancelled.reason == reason) {
        return Ok((Stored::Replayed, before));
    }
    rules::must_be(&before, InspectionState::Planned)?;
    let people = queries::people_of(tx.conn, vec![id])?;
    let own = people.iter().any(|(_, user)| *user == tx.actor.id);
    if tx.actor.role == crate::access::Role::Inspector && !own {
        return Err(Code::StepNotYours.into());
    }
    let after = take_back(tx, before, reason)?;
    Ok((Stored::Created, after))
}

fn take_back(tx: &mut WriteTx<'_>, before: Inspection, reason: &str) -> Outcome<Inspection> {
    let after = Inspection {
        state: InspectionState::Cancelled,
        cancelled: Some(Cancelled { reason: reason.to_owned(), by: tx.actor.id, at: tx.now }),
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    record(tx, &after, "inspection.cancelled", json!({ "reason": reason, "version": after.version }))?;
    queries::update(tx.conn, &after, None)?;
    Ok(after)
}

/// A visit that a campaign drew.
#[derive(Debug, Clone)]
pub struct PlannedVisit {
    pub campaign_id: CampaignId,
    /// The draw it comes from.
    pub number: i32,
    pub institution_id: InstitutionId,
    pub kind: InspectionKind,
    pub inspectors: Vec<UserId>,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
}

/// Plans a visit of a campaign; that its people may go there was seen when they were drawn.
pub fn plan_for_campaign(tx: &mut WriteTx<'_>, visit: &PlannedVisit) -> Outcome<Inspection> {
    let institution = institutions::named_and_not_closed(tx, visit.institution_id)?;
    let plan = Plan {
        planned_from: visit.starts_on,
        planned_to: visit.ends_on,
        departments: Vec::new(),
        note: None,
        planned_by: tx.actor.id,
        planned_at: tx.now,
    };
    let draft = draft(tx, InspectionId::fresh(), &institution, visit.kind, plan);
    let inspection = Inspection { campaign_id: Some(visit.campaign_id), ..draft };
    let content = json!({ "campaign": visit.campaign_id, "draw": visit.number, "kind": visit.kind,
        "inspectors": visit.inspectors, "plan": inspection.plan });
    record(tx, &inspection, "inspection.planned", content)?;
    queries::insert(tx.conn, &inspection, &visit.inspectors)?;
    Ok(inspection)
}

/// Takes back what a campaign has planned and nobody has done yet: everywhere, or at one institution.
pub fn cancel_for_campaign(
    tx: &mut WriteTx<'_>,
    campaign: CampaignId,
    at: Option<InstitutionId>,
    reason: &str,
) -> Outcome<()> {
    for planned in queries::planned_for(tx.conn, campaign, at)? {
        take_back(tx, planned, reason)?;
    }
    Ok(())
}

/// Adds an entry about an inspection to its institution's chain.
pub(super) fn record(
    tx: &mut WriteTx<'_>,
    of: &Inspection,
    action: &'static str,
    content: Value,
) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.institution_id.into(),
        action,
        object_kind: "inspection",
        object_id: Some(of.id.0),
        content,
    };
    audit::record(tx, entry)
}
