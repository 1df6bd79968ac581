//! The institution that a body names.

use super::model::{Institution, OperatingStatus};
use super::queries;
use crate::access::WriteTx;
use crate::ids::InstitutionId;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};

/// The institution, if the caller covers it; one that they do not cover is refused like one that does not exist.
pub fn named(tx: &mut WriteTx<'_>, id: InstitutionId) -> Outcome<Institution> {
    let found = queries::find_any(tx.conn, id)?;
    let found = found.filter(|institution| tx.actor.scope.covers(id, &institution.place));
    found.ok_or_else(|| Refusal::invalid("/institution_id", FieldCode::UnknownReference).into())
}

/// The same for what is new, which one that is gone for good can no longer have.
pub fn named_and_not_closed(tx: &mut WriteTx<'_>, id: InstitutionId) -> Outcome<Institution> {
    let found = named(tx, id)?;
    if found.status == OperatingStatus::Closed {
        return Err(Code::InstitutionNotOperating.into());
    }
    Ok(found)
}
