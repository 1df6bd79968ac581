//! The one place where drills ask the plans (预案) that they go by.

use crate::db::{Conn, Instant};
use crate::ids::{InstitutionId, PlanId};
use crate::plans;
use crate::plans::model::PlanHead;
use crate::refusal::{FieldCode, Outcome, Refusal};
use chrono::NaiveDate;
use std::collections::HashMap;

/// The plan that a drill names, which must be the institution's own, and its edition: one plan is one edition, so another
/// number with it is an error.
pub(super) fn check(
    conn: &mut Conn,
    institution: InstitutionId,
    plan: Option<PlanId>,
    edition: Option<u32>,
) -> Outcome<Option<(PlanId, i32)>> {
    let Some(plan) = plan else { return Ok(None) };
    let found = plans::queries::find_any(conn, plan)?.map(|one| one.head);
    let Some(head) = found.filter(|head| head.institution_id == institution) else {
        return Err(Refusal::invalid("/plan_id", FieldCode::UnknownReference).into());
    };
    if edition.is_some_and(|edition| i32::try_from(edition) != Ok(head.edition)) {
        return Err(Refusal::invalid("/plan_edition", FieldCode::Mismatch).into());
    }
    Ok(Some((head.id, head.edition)))
}

/// The plan that each of these institutions goes by.
pub(super) fn in_force(
    conn: &mut Conn,
    institutions: Vec<InstitutionId>,
) -> Outcome<HashMap<InstitutionId, PlanHead>> {
    let found = plans::queries::current_of(conn, institutions)?;
    Ok(found.into_iter().map(|head| (head.institution_id, head)).collect())
}

/// Whether a plan answers what a drill with this alarm on this day showed: it came into force on a later day, or on the
/// same day and was drafted after the alarm.
pub fn answers(plan: &PlanHead, held_on: NaiveDate, alarm_at: Option<Instant>) -> bool {
    let Some(day) = plan.in_force_on else { return false };
    day > held_on || (day == held_on && Some(plan.created_at) > alarm_at)
}
