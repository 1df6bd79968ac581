//! Removing bytes that no record refers to: what an upload left behind that died between storing and saying so.
//!
//! An upload may come for the very bytes that are being removed. So a digest is marked in the records before its
//! bytes go, and an upload that finds the mark changed since it began ([`mark_of`]) is told to send again: it never
//! says "stored" of something that was just taken away.

use super::store::{Kept, Store};
use crate::db::schema::{database_epochs, evidence, evidence_sweeps};
use crate::db::{Conn, Db, Instant};
use crate::evidence::EvidenceStateKind;
use crate::refusal::{Failure, Outcome};
use chrono::TimeDelta;
use diesel::prelude::*;
use std::collections::HashSet;

/// What the sweep has done to the bytes of one digest: marked them, removed them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Mark {
    pub marked_at: Instant,
    pub removed_at: Option<Instant>,
}

/// The mark of a digest, if the sweep has come by lately.
pub fn mark_of(conn: &mut Conn, sha256: &str) -> Outcome<Option<Mark>> {
    Ok(evidence_sweeps::table
        .find(sha256)
        .select((evidence_sweeps::marked_at, evidence_sweeps::removed_at))
        .first(conn)
        .optional()?)
}

/// Refuses to go on with an upload whose bytes the sweep has touched since it began, or is touching now.
pub fn check_untouched(conn: &mut Conn, sha256: &str, at_start: Option<&Mark>) -> Outcome<()> {
    conn.lock_digest(sha256)?;
    let now = mark_of(conn, sha256)?;
    let touching = now.as_ref().is_some_and(|mark| mark.removed_at.is_none());
    if touching || now.as_ref() != at_start { Err(Failure::Busy) } else { Ok(()) }
}

/// Removes the orphans among the digests that begin with `fan`: originals and copies older than `age` without a
/// stored photo, and half-written files of that age. Returns how many were removed.
pub async fn sweep(db: &Db, store: &Store, fan: u8, now: Instant, age: TimeDelta) -> Outcome<usize> {
    let before = now.plus(-age).utc();
    let old = |kept: Vec<Kept>| kept.into_iter().filter(|kept| kept.since < before).collect::<Vec<_>>();
    let (originals, copies) = (old(store.originals(fan).await?), old(store.copies(fan).await?));
    let mut removed = store.remove_unfinished(fan, before)?;
    if originals.is_empty() && copies.is_empty() {
        return Ok(removed);
    }
    let (wanted, restored) = db.read(move |conn| Ok((referred(conn, fan)?, last_restore(conn)?))).await?;
    let unwanted = |kept: &Kept| !wanted.contains(&kept.sha256);
    for kept in originals.into_iter().filter(unwanted) {
        if restored.is_none_or(|at| kept.since > at) && remove(db, store, kept.sha256, now).await? {
            removed += 1;
        }
    }
    // Copies can be made again: those whose original no record has need no mark.
    for kept in copies.into_iter().filter(unwanted) {
        store.remove(&kept.key).await?;
        removed += 1;
    }
    Ok(removed)
}

/// Marks an original, removes it, and notes that it is gone; false if a photo with it was stored meanwhile.
async fn remove(db: &Db, store: &Store, sha256: String, now: Instant) -> Outcome<bool> {
    let name = sha256.clone();
    if !db.write(move |conn| mark(conn, &name, now)).await? {
        return Ok(false);
    }
    store.remove_original(&sha256).await?;
    db.write(move |conn| removed_now(conn, &sha256, now)).await?;
    Ok(true)
}

/// When these records were last put back to a backup. Bytes from before may be all that is left of what the backup
/// does not know: they are not the sweep's to remove.
fn last_restore(conn: &mut Conn) -> Outcome<Option<chrono::DateTime<chrono::Utc>>> {
    let restored = database_epochs::table
        .filter(database_epochs::because.eq("restored"))
        .order(database_epochs::number.desc())
        .select(database_epochs::began_at);
    Ok(restored.first::<Instant>(conn).optional()?.map(Instant::utc))
}

/// Marks a digest for removal, unless a photo with it was stored meanwhile.
fn mark(conn: &mut Conn, sha256: &str, now: Instant) -> Outcome<bool> {
    conn.lock_digest(sha256)?;
    let stored = evidence::table
        .filter(evidence::sha256.eq(sha256).and(evidence::state.eq(EvidenceStateKind::Stored)))
        .select(evidence::id);
    if stored.first::<crate::ids::EvidenceId>(conn).optional()?.is_some() {
        return Ok(false);
    }
    diesel::delete(evidence_sweeps::table.find(sha256)).execute(conn)?;
    diesel::insert_into(evidence_sweeps::table)
        .values((
            evidence_sweeps::sha256.eq(sha256),
            evidence_sweeps::marked_at.eq(now),
            evidence_sweeps::removed_at.eq(None::<Instant>),
        ))
        .execute(conn)?;
    Ok(true)
}

fn removed_now(conn: &mut Conn, sha256: &str, now: Instant) -> Outcome<()> {
    diesel::update(evidence_sweeps::table.find(sha256))
        .set(evidence_sweeps::removed_at.eq(Some(now)))
        .execute(conn)?;
    Ok(())
}

/// The digests of stored photos that begin with `fan`.
fn referred(conn: &mut Conn, fan: u8) -> Outcome<HashSet<String>> {
    let (from, past) =
        (format!("{fan:02x}"), fan.checked_add(1).map_or("g".into(), |next| format!("{next:02x}")));
    let found: Vec<String> = evidence::table
        .filter(evidence::sha256.ge(from).and(evidence::sha256.lt(past)))
        .filter(evidence::state.eq(EvidenceStateKind::Stored))
        .select(evidence::sha256)
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// Forgets marks of what was removed before `before`. Returns how many.
pub fn forget(conn: &mut Conn, before: Instant) -> Outcome<usize> {
    Ok(diesel::delete(evidence_sweeps::table.filter(evidence_sweeps::removed_at.lt(before))).execute(conn)?)
}
