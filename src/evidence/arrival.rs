//! What follows when the last byte of a photo is on disk: its record, its entry, and perhaps a hazard closed.

use super::intake::has_preview;
use super::model::{Evidence, OwnerKind, PhotoFacts, PreviewState};
use super::queries;
use crate::access::WriteTx;
use crate::audit;
use crate::hazards::queries as hazard_queries;
use crate::hazards::register::settle;
use crate::ids::{EvidenceId, HazardId};
use crate::refusal::Outcome;
use crate::stored::Stored;
use serde_json::{Value, json};

/// Says that the declared photo is stored and verified, or confirms that it was said before.
pub fn arrive(tx: &mut WriteTx<'_>, id: EvidenceId, facts: &PhotoFacts) -> Outcome<Stored> {
    let declared = queries::find(tx.conn, &tx.actor.scope, id)?;
    let preview =
        if has_preview(&declared.media_type) { PreviewState::Available } else { PreviewState::None };
    if !queries::mark_stored(tx.conn, id, tx.actor.id, facts, preview, tx.now)? {
        return Ok(Stored::Replayed);
    }
    let content = json!({ "evidence": id, (declared.owner_kind.as_str()): declared.owner_id,
        "sha256": declared.sha256, "size": declared.size, "facts": facts });
    record(tx, &declared, "evidence.stored", content)?;
    if declared.owner_kind == OwnerKind::Hazard {
        let hazard = hazard_queries::find(tx.conn, &tx.actor.scope, HazardId(declared.owner_id.0))?;
        settle(tx, hazard)?;
    }
    Ok(Stored::Created)
}

/// Says that a stored photo turned out to be damaged inside, or of a kind that is not shown: the original stays.
pub(super) fn without_preview(tx: &mut WriteTx<'_>, of: &Evidence) -> Outcome<()> {
    if queries::mark_without_preview(tx.conn, of.id)? {
        let content = json!({ "evidence": of.id, "sha256": of.sha256 });
        record(tx, of, "evidence.without_preview", content)?;
    }
    Ok(())
}

/// Adds an entry about a photo to its institution's chain.
pub(super) fn record(
    tx: &mut WriteTx<'_>,
    of: &Evidence,
    action: &'static str,
    content: Value,
) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.institution_id.into(),
        action,
        object_kind: "evidence",
        object_id: Some(of.id.0),
        content,
    };
    audit::record(tx, entry)
}
