//! Photos in the database: declared, stored, given up.

use super::model::{DeclaredEvidence, Evidence, EvidenceStateKind, PhotoFacts, PreviewState};
use crate::access::{Scope, WriteTx};
use crate::db::schema::evidence;
use crate::db::{Conn, Instant, one_of};
use crate::hazards::model::Hazard;
use crate::hazards::queries as hazard_queries;
use crate::ids::{ActionId, EvidenceId, HazardId, UserId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use diesel::prelude::*;

/// All evidence of one hazard, in the order it was declared.
pub fn of_hazard(conn: &mut Conn, hazard: HazardId) -> Outcome<Vec<Evidence>> {
    Ok(evidence::table
        .filter(evidence::hazard_id.eq(hazard))
        .order(evidence::position)
        .select(Evidence::as_select())
        .load(conn)?)
}

/// How far each photo of the hazards of a page has come, in the order they were declared.
pub fn states_of(
    conn: &mut Conn,
    hazards: Vec<HazardId>,
) -> Outcome<Vec<(HazardId, EvidenceId, EvidenceStateKind)>> {
    Ok(evidence::table
        .filter(one_of(evidence::hazard_id, hazards))
        .order((evidence::hazard_id, evidence::position))
        .select((evidence::hazard_id, evidence::id, evidence::state))
        .load(conn)?)
}

/// The evidence and its hazard, if the hazard is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: EvidenceId) -> Outcome<(Evidence, Hazard)> {
    let found: Option<Evidence> =
        evidence::table.find(id).select(Evidence::as_select()).first(conn).optional()?;
    let found = found.ok_or(Code::NotFound)?;
    let hazard = hazard_queries::find(conn, scope, found.hazard_id)?;
    Ok((found, hazard))
}

/// Writes down that these photos are to come, and returns their rows. An id that already stands for something is refused.
pub fn declare(
    tx: &mut WriteTx<'_>,
    hazard: &Hazard,
    action: Option<ActionId>,
    declared: &[DeclaredEvidence],
    first: usize,
) -> Outcome<Vec<Evidence>> {
    for (at, one) in declared.iter().enumerate() {
        let taken: Option<EvidenceId> =
            evidence::table.find(one.id).select(evidence::id).first(tx.conn).optional()?;
        if taken.is_some() {
            let refusal =
                Refusal::new(Code::IdTaken).field(format!("/evidence/{at}/id"), FieldCode::Duplicate);
            return Err(refusal.into());
        }
    }
    let mut rows = Vec::with_capacity(declared.len());
    for (position, one) in (first..).zip(declared) {
        let row = Evidence {
            id: one.id,
            hazard_id: hazard.id,
            institution_id: hazard.institution_id,
            action_id: action,
            position: i32::try_from(position).unwrap_or(i32::MAX),
            role: one.role,
            sha256: one.sha256.clone(),
            media_type: one.media_type.clone(),
            size: one.size,
            captured_at: one.captured_at,
            declared_by: tx.actor.id,
            declared_at: tx.now,
            state: EvidenceStateKind::Declared,
            stored_at: None,
            stored_by: None,
            width: None,
            height: None,
            exif_captured_at: None,
            latitude: None,
            longitude: None,
            device: None,
            preview: PreviewState::Unknown,
        };
        diesel::insert_into(evidence::table).values(row.clone()).execute(tx.conn)?;
        rows.push(row);
    }
    Ok(rows)
}

/// Says that every byte is on disk and verified. False if it was said before.
pub fn mark_stored(
    conn: &mut Conn,
    id: EvidenceId,
    by: UserId,
    facts: &PhotoFacts,
    preview: PreviewState,
    now: Instant,
) -> Outcome<bool> {
    let awaited =
        evidence::table.filter(evidence::id.eq(id).and(evidence::state.ne(EvidenceStateKind::Stored)));
    let changed = diesel::update(awaited)
        .set((
            evidence::state.eq(EvidenceStateKind::Stored),
            evidence::stored_at.eq(now),
            evidence::stored_by.eq(by),
            evidence::width.eq(facts.width),
            evidence::height.eq(facts.height),
            evidence::exif_captured_at.eq(facts.exif_captured_at.as_deref()),
            evidence::latitude.eq(facts.latitude),
            evidence::longitude.eq(facts.longitude),
            evidence::device.eq(facts.device.as_deref()),
            evidence::preview.eq(preview),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Says that no copy can be made of a stored photo. False if it was said before.
pub fn mark_without_preview(conn: &mut Conn, id: EvidenceId) -> Outcome<bool> {
    let hopeful = evidence::table.filter(evidence::id.eq(id).and(evidence::preview.ne(PreviewState::None)));
    Ok(diesel::update(hopeful).set(evidence::preview.eq(PreviewState::None)).execute(conn)? == 1)
}

/// Gives up on a photo that has not come.
pub fn waive(conn: &mut Conn, hazard: HazardId, id: EvidenceId) -> Outcome<bool> {
    let awaited = evidence::table.filter(
        evidence::id
            .eq(id)
            .and(evidence::hazard_id.eq(hazard))
            .and(evidence::state.eq(EvidenceStateKind::Declared)),
    );
    Ok(diesel::update(awaited).set(evidence::state.eq(EvidenceStateKind::Waived)).execute(conn)? == 1)
}

/// The digests of stored evidence after `after`, for re-hashing: at most `limit`.
pub fn stored_digests(conn: &mut Conn, after: &str, limit: i64) -> Outcome<Vec<(String, i64)>> {
    Ok(evidence::table
        .filter(evidence::state.eq(EvidenceStateKind::Stored).and(evidence::sha256.gt(after)))
        .select((evidence::sha256, evidence::size))
        .distinct()
        .order(evidence::sha256)
        .limit(limit)
        .load(conn)?)
}
