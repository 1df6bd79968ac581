//! Saying something of a record after it was handed in. The record itself stays as it is.

use super::forms::AmendmentForm;
use super::model::{Inspection, InspectionState, StoredAmendment};
use super::plan::record;
use super::record::owner;
use super::{queries, rules};
use crate::access::WriteTx;
use crate::canonical::digest;
use crate::evidence::{self, Owner, OwnerKind};
use crate::ids::{ActionId, InspectionId};
use crate::refusal::Outcome;
use crate::stored::Stored;
use serde_json::json;

/// Adds `form` under `amendment`, or confirms that it was added so.
pub fn amend(
    tx: &mut WriteTx<'_>,
    id: InspectionId,
    amendment: ActionId,
    form: &AmendmentForm,
) -> Outcome<(Stored, Inspection)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, tx.actor, id)?;
    let digest = digest(form);
    if let Some(taken) = queries::find_amendment(tx.conn, amendment)? {
        // Whoever cannot see that inspection is not told that the id stands for something.
        queries::find(tx.conn, tx.actor, taken.inspection_id)?;
        return Ok((Stored::confirmed(taken.inspection_id == id && taken.digest == digest)?, before));
    }
    rules::must_be(&before, InspectionState::HandedIn)?;
    let photos = evidence::queries::of_owner(tx.conn, OwnerKind::Inspection, id.into())?.len();
    rules::check_amendment(form, photos)?;
    let after = Inspection { version: before.version + 1, updated_at: tx.now, ..before };
    let content = json!({ "amendment": amendment, "said": form, "version": after.version });
    record(tx, &after, "inspection.amended", content)?;
    queries::update(tx.conn, &after, None)?;
    let stored = StoredAmendment {
        id: amendment,
        inspection_id: id,
        step: i32::try_from(after.version).unwrap_or(i32::MAX),
        reason: form.reason.clone(),
        text: form.text.clone(),
        actor_id: tx.actor.id,
        at: tx.now,
        digest,
    };
    queries::insert_amendment(tx.conn, stored)?;
    let owner = Owner { action: Some(amendment), ..owner(&after) };
    evidence::queries::declare(tx, &owner, &form.evidence, photos)?;
    Ok((Stored::Created, after))
}
