//! The one place where drills ask the plans (预案) that they go by.

use crate::db::{Conn, Instant};
use crate::ids::{InstitutionId, PlanId};
use crate::refusal::{FieldCode, Outcome, Refusal};
use std::collections::HashMap;

/// A plan that a drill names must be the institution's own.
pub(super) fn check(_conn: &mut Conn, _institution: InstitutionId, plan: Option<PlanId>) -> Outcome<()> {
    match plan {
        // No plan is kept yet: there is none to go by.
        Some(_) => Err(Refusal::invalid("/plan_id", FieldCode::UnknownReference).into()),
        None => Ok(()),
    }
}

/// Since when the plan is in force that each of these institutions goes by.
pub(super) fn in_force(
    _conn: &mut Conn,
    _institutions: Vec<InstitutionId>,
) -> Outcome<HashMap<InstitutionId, Instant>> {
    Ok(HashMap::new())
}
