//! Removing bytes that no record refers to: what an upload left behind that died between storing and saying so.
//!
//! An upload may come for the very bytes that are being removed. So a digest is marked in the records before its
//! bytes go, and an upload that finds the mark changed since it began is told to send again: it never says "stored"
//! of something that was just taken away.

use super::model::SweepMark;
use super::queries;
use super::store::{Kept, Store};
use crate::db::{Conn, Db, Instant};
use crate::refusal::{Failure, Outcome};
use chrono::TimeDelta;

/// Refuses to go on with an upload whose bytes the sweep has touched since it began, or is touching now.
pub fn check_untouched(conn: &mut Conn, sha256: &str, at_start: Option<&SweepMark>) -> Outcome<()> {
    conn.lock_digest(sha256)?;
    let now = queries::sweep_mark(conn, sha256)?;
    let touching = now.as_ref().is_some_and(|mark| mark.removed_at.is_none());
    if touching || now.as_ref() != at_start { Err(Failure::Busy) } else { Ok(()) }
}

/// Removes the orphans among the digests that begin with `fan`: originals and copies older than `age` without a
/// stored photo, and half-written files of that age. Returns how many were removed.
///
/// Originals from before the last restore stay: they may be all that is left of what the backup does not know.
pub async fn sweep(db: &Db, store: &Store, fan: u8, now: Instant, age: TimeDelta) -> Outcome<usize> {
    let before = now.plus(-age).utc();
    let old = |kept: Vec<Kept>| kept.into_iter().filter(|kept| kept.since < before).collect::<Vec<_>>();
    let (originals, copies) = (old(store.originals(fan).await?), old(store.copies(fan).await?));
    let mut removed = store.remove_unfinished(fan, before)?;
    if originals.is_empty() && copies.is_empty() {
        return Ok(removed);
    }
    let (wanted, restored) =
        db.read(move |conn| Ok((queries::stored_within(conn, fan)?, queries::last_restore(conn)?))).await?;
    let unwanted = |kept: &Kept| !wanted.contains(&kept.sha256);
    for kept in originals.into_iter().filter(unwanted) {
        let ours = restored.is_none_or(|at| kept.since > at.utc());
        if ours && remove(db, store, kept.sha256, now).await? {
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
    if !db.write(move |conn| queries::mark_orphan(conn, &name, now)).await? {
        return Ok(false);
    }
    store.remove_original(&sha256).await?;
    db.write(move |conn| queries::note_removed(conn, &sha256, now)).await?;
    Ok(true)
}
