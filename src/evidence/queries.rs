//! Photos in the database: declared, stored, given up.

use super::model::{
    DeclaredEvidence, Evidence, EvidenceStateKind, Owner, OwnerKind, PhotoFacts, PreviewState, SweepMark,
};
use crate::access::{AreaColumns, Scope, WriteTx};
use crate::db::schema::{database_epochs, evidence, evidence_damage, evidence_sweeps, institutions};
use crate::db::{Conn, Instant, one_of};
use crate::ids::{EvidenceId, HazardId, InstitutionId, OwnerId, UserId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use diesel::prelude::*;
use std::collections::HashSet;

/// All evidence of one hazard, in the order it was declared.
pub fn of_hazard(conn: &mut Conn, hazard: HazardId) -> Outcome<Vec<Evidence>> {
    of_owner(conn, OwnerKind::Hazard, hazard.into())
}

/// All evidence of one record, in the order it was declared.
pub fn of_owner(conn: &mut Conn, kind: OwnerKind, id: OwnerId) -> Outcome<Vec<Evidence>> {
    Ok(evidence::table
        .filter(evidence::owner_id.eq(id).and(evidence::owner_kind.eq(kind)))
        .order(evidence::position)
        .select(Evidence::as_select())
        .load(conn)?)
}

/// All evidence of the records of a page, in the order it was declared.
pub fn of_owners(conn: &mut Conn, kind: OwnerKind, owners: Vec<OwnerId>) -> Outcome<Vec<Evidence>> {
    Ok(evidence::table
        .filter(one_of(evidence::owner_id, owners).and(evidence::owner_kind.eq(kind)))
        .order((evidence::owner_id, evidence::position))
        .select(Evidence::as_select())
        .load(conn)?)
}

/// How far each photo of the records of a page has come, in the order they were declared.
pub fn states_of(
    conn: &mut Conn,
    kind: OwnerKind,
    owners: Vec<OwnerId>,
) -> Outcome<Vec<(OwnerId, EvidenceId, EvidenceStateKind)>> {
    Ok(evidence::table
        .filter(one_of(evidence::owner_id, owners).and(evidence::owner_kind.eq(kind)))
        .order((evidence::owner_id, evidence::position))
        .select((evidence::owner_id, evidence::id, evidence::state))
        .load(conn)?)
}

/// The evidence, if its institution is within the caller's scope, whatever record it belongs to.
pub fn find(conn: &mut Conn, scope: &Scope, id: EvidenceId) -> Outcome<Evidence> {
    let found: Option<(Evidence, AreaColumns)> = evidence::table
        .inner_join(institutions::table)
        .filter(evidence::id.eq(id))
        .select((
            Evidence::as_select(),
            (
                institutions::area_1,
                institutions::area_2,
                institutions::area_3,
                institutions::area_4,
                institutions::area_5,
                institutions::area_6,
            ),
        ))
        .first(conn)
        .optional()?;
    let found = found.filter(|(evidence, place)| scope.covers(evidence.institution_id, place));
    found.map(|(evidence, _)| evidence).ok_or_else(|| Code::NotFound.into())
}

/// Writes down that these photos are to come, and returns their rows; `first` is the place of the first among all of
/// the record. An id that already stands for something is refused.
pub fn declare(
    tx: &mut WriteTx<'_>,
    owner: &Owner<'_>,
    declared: &[DeclaredEvidence],
    first: usize,
) -> Outcome<Vec<Evidence>> {
    declare_at(tx, owner, "", declared, first)
}

/// [`declare`] of a list that stands at `place` in the body.
pub fn declare_at(
    tx: &mut WriteTx<'_>,
    owner: &Owner<'_>,
    place: &str,
    declared: &[DeclaredEvidence],
    first: usize,
) -> Outcome<Vec<Evidence>> {
    for (at, one) in declared.iter().enumerate() {
        let taken: Option<EvidenceId> =
            evidence::table.find(one.id).select(evidence::id).first(tx.conn).optional()?;
        if taken.is_some() {
            let refusal =
                Refusal::new(Code::IdTaken).field(format!("{place}/evidence/{at}/id"), FieldCode::Duplicate);
            return Err(refusal.into());
        }
    }
    let mut rows = Vec::with_capacity(declared.len());
    for (position, one) in (first..).zip(declared) {
        let row = Evidence {
            id: one.id,
            owner_kind: owner.kind,
            owner_id: owner.id,
            part: owner.part.map(ToOwned::to_owned),
            institution_id: owner.institution,
            action_id: owner.action,
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

/// Gives another record of the same institution the stored photos of one, each under an id of its own: the bytes are there.
pub fn copy_stored(
    tx: &mut WriteTx<'_>,
    from: (OwnerKind, OwnerId),
    to: &Owner<'_>,
) -> Outcome<Vec<Evidence>> {
    let mut stored = of_owner(tx.conn, from.0, from.1)?;
    stored.retain(|one| one.state == EvidenceStateKind::Stored && one.institution_id == to.institution);
    let mut copies = Vec::with_capacity(stored.len());
    for (position, one) in (0_i32..).zip(stored) {
        let copy = Evidence {
            id: EvidenceId::fresh(),
            owner_kind: to.kind,
            owner_id: to.id,
            action_id: to.action,
            position,
            declared_by: tx.actor.id,
            declared_at: tx.now,
            ..one
        };
        diesel::insert_into(evidence::table).values(copy.clone()).execute(tx.conn)?;
        copies.push(copy);
    }
    Ok(copies)
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
            .and(evidence::owner_id.eq(OwnerId::from(hazard)))
            .and(evidence::owner_kind.eq(OwnerKind::Hazard))
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

/// What the sweep has done to the bytes of a digest, if it has come by lately.
pub fn sweep_mark(conn: &mut Conn, sha256: &str) -> Outcome<Option<SweepMark>> {
    Ok(evidence_sweeps::table.find(sha256).select(SweepMark::as_select()).first(conn).optional()?)
}

/// Marks a digest for removal, unless a photo with it is stored.
pub fn mark_orphan(conn: &mut Conn, sha256: &str, now: Instant) -> Outcome<bool> {
    conn.lock_digest(sha256)?;
    let stored = evidence::table
        .filter(evidence::sha256.eq(sha256).and(evidence::state.eq(EvidenceStateKind::Stored)))
        .select(evidence::id);
    if stored.first::<EvidenceId>(conn).optional()?.is_some() {
        return Ok(false);
    }
    diesel::delete(evidence_sweeps::table.find(sha256)).execute(conn)?;
    diesel::insert_into(evidence_sweeps::table)
        .values((evidence_sweeps::sha256.eq(sha256), evidence_sweeps::marked_at.eq(now)))
        .execute(conn)?;
    Ok(true)
}

/// Notes that the bytes of a marked digest are gone.
pub fn note_removed(conn: &mut Conn, sha256: &str, now: Instant) -> Outcome<()> {
    diesel::update(evidence_sweeps::table.find(sha256))
        .set(evidence_sweeps::removed_at.eq(Some(now)))
        .execute(conn)?;
    Ok(())
}

/// Forgets marks of what was removed before `before`. Returns how many.
pub fn forget_sweeps(conn: &mut Conn, before: Instant) -> Outcome<usize> {
    Ok(diesel::delete(evidence_sweeps::table.filter(evidence_sweeps::removed_at.lt(before))).execute(conn)?)
}

/// The digests of stored photos that begin with this byte.
pub fn stored_within(conn: &mut Conn, fan: u8) -> Outcome<HashSet<String>> {
    let (from, past) =
        (format!("{fan:02x}"), fan.checked_add(1).map_or("g".into(), |next| format!("{next:02x}")));
    let found: Vec<String> = evidence::table
        .filter(evidence::sha256.ge(from).and(evidence::sha256.lt(past)))
        .filter(evidence::state.eq(EvidenceStateKind::Stored))
        .select(evidence::sha256)
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// When these records were last put back to a backup.
pub fn last_restore(conn: &mut Conn) -> Outcome<Option<Instant>> {
    Ok(database_epochs::table
        .filter(database_epochs::because.eq("restored"))
        .order(database_epochs::number.desc())
        .select(database_epochs::began_at)
        .first(conn)
        .optional()?)
}

/// The digests of originals that are known to be missing or altered: few, or the alarm is long overdue.
pub fn open_damage(conn: &mut Conn) -> Outcome<HashSet<String>> {
    let open = evidence_damage::table.filter(evidence_damage::mended_at.is_null());
    Ok(open.select(evidence_damage::sha256).load(conn)?.into_iter().collect())
}

/// How many originals are missing or altered and were not mended.
pub fn damaged(conn: &mut Conn) -> Outcome<i64> {
    Ok(evidence_damage::table.filter(evidence_damage::mended_at.is_null()).count().get_result(conn)?)
}

/// Notes what is wrong with an original, or with `None` that it is mended. False if that is known already.
pub fn note_damage(conn: &mut Conn, sha256: &str, fault: Option<&str>, now: Instant) -> Outcome<bool> {
    let open = evidence_damage::table.find(sha256).filter(evidence_damage::mended_at.is_null());
    let known = open.select(evidence_damage::sha256).first::<String>(conn).optional()?.is_some();
    match fault {
        Some(fault) if !known => {
            diesel::delete(evidence_damage::table.find(sha256)).execute(conn)?;
            diesel::insert_into(evidence_damage::table)
                .values((
                    evidence_damage::sha256.eq(sha256),
                    evidence_damage::fault.eq(fault),
                    evidence_damage::found_at.eq(now),
                ))
                .execute(conn)?;
        }
        None if known => {
            diesel::update(evidence_damage::table.find(sha256))
                .set(evidence_damage::mended_at.eq(Some(now)))
                .execute(conn)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Every photo that has these bytes, and whose it is.
pub fn with_digest(conn: &mut Conn, sha256: &str) -> Outcome<Vec<(EvidenceId, InstitutionId)>> {
    Ok(evidence::table
        .filter(evidence::sha256.eq(sha256))
        .order(evidence::id)
        .select((evidence::id, evidence::institution_id))
        .load(conn)?)
}
