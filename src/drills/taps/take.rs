//! Taking in phones and their taps: each once, whatever is sent again, with its entry in the same transaction.

use super::model::{KeptSync, ObserverForm, StoredObserver, StoredSync, StoredTap, TapBatch};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::canonical::digest;
use crate::drills::model::Drill;
use crate::drills::plan::record;
use crate::drills::queries as drills;
use crate::drills::stopwatch::Sync;
use crate::ids::{DrillId, ObserverId, TapId};
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use serde_json::json;
use std::collections::BTreeMap;

/// Lets a phone join, or confirms that it joined so.
pub fn join(
    tx: &mut WriteTx<'_>,
    id: DrillId,
    observer: ObserverId,
    form: &ObserverForm,
) -> Outcome<(Stored, Drill, StoredObserver)> {
    tx.conn.lock(id.0)?;
    let drill = drills::find(tx.conn, tx.actor, id)?;
    rules::check_observer(form, tx.now)?;
    let open = rules::may_join(&drill);
    let digest = digest(form);
    if let Some(known) = queries::find_observer(tx.conn, observer)? {
        // Of a drill that the caller may not know of: not found, like that drill.
        drills::find(tx.conn, tx.actor, known.drill_id)?;
        let answer = Stored::confirmed(known.drill_id == id && known.digest == digest)?;
        // An answer that was lost is given again whatever became of the drill; only while it is open is there more to keep.
        if open.is_ok() && keep_sync(tx, id, observer, form.sync)? {
            tell(tx, &drill, observer, &[], form.sync)?;
        }
        return Ok((answer, drill, known));
    }
    open?;
    if queries::observers(tx.conn, id)?.len() >= rules::MOST_OBSERVERS {
        return Err(Refusal::invalid("/name", FieldCode::TooMany).into());
    }
    let content = json!({ "observer": observer, "name": form.name, "post": form.post, "sync": form.sync });
    record(tx, &drill, "drill.observer_joined", content)?;
    let new = StoredObserver {
        id: observer,
        drill_id: id,
        name: form.name.clone(),
        post: form.post.clone(),
        digest,
        joined_at: tx.now,
        joined_by: tx.actor.id,
    };
    queries::insert_observer(tx.conn, new.clone())?;
    keep_sync(tx, id, observer, form.sync)?;
    Ok((Stored::Created, drill, new))
}

/// The entry of a batch: what is new of it.
fn tell(
    tx: &mut WriteTx<'_>,
    drill: &Drill,
    observer: ObserverId,
    taps: &[&str],
    sync: Option<Sync>,
) -> Outcome<()> {
    let content = json!({ "observer": observer, "taps": taps.len(), "digest": digest(&taps), "sync": sync });
    record(tx, drill, "drill.tapped", content)
}

/// Keeps an exchange if it is new and worth its room.
fn keep_sync(
    tx: &mut WriteTx<'_>,
    drill: DrillId,
    observer: ObserverId,
    sync: Option<Sync>,
) -> Outcome<bool> {
    let Some(sync) = sync else { return Ok(false) };
    let kept = queries::syncs_of(tx.conn, drill, observer)?;
    if !rules::is_worth_keeping(&kept, &sync) {
        return Ok(false);
    }
    let new = StoredSync {
        drill_id: drill,
        observer_id: observer,
        digest: digest(&sync),
        content: KeptSync(sync),
        received_at: tx.now,
    };
    queries::insert_sync(tx.conn, new)?;
    Ok(true)
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// How many taps are new.
    pub received: usize,
    /// How many were there already.
    pub known: usize,
}

/// Takes in a batch: what is new of it; all of it or nothing.
pub fn take(tx: &mut WriteTx<'_>, id: DrillId, batch: &TapBatch) -> Outcome<(Stored, Drill, Taken)> {
    tx.conn.lock(id.0)?;
    let drill = drills::find(tx.conn, tx.actor, id)?;
    rules::check_batch(batch, tx.now)?;
    let observer = queries::find_observer(tx.conn, batch.observer_id)?;
    if observer.is_none_or(|observer| observer.drill_id != id) {
        return Err(Refusal::invalid("/observer_id", FieldCode::UnknownReference).into());
    }
    let ids: Vec<TapId> = batch.taps.iter().map(|tap| tap.id).collect();
    let mut there: BTreeMap<TapId, String> = queries::taken(tx.conn, &ids)?.into_iter().collect();
    let mut new: Vec<StoredTap> = Vec::new();
    for tap in &batch.taps {
        // The digest names drill and phone: an id that stands for a tap elsewhere is taken.
        let digest = digest(&json!({ "drill": id, "observer": batch.observer_id, "tap": tap }));
        if let Some(known) = there.get(&tap.id) {
            Stored::confirmed(*known == digest)?;
            continue;
        }
        there.insert(tap.id, digest.clone());
        new.push(StoredTap {
            id: tap.id,
            drill_id: id,
            observer_id: batch.observer_id,
            digest,
            content: tap.clone(),
            received_at: tx.now,
            sent_by: tx.actor.id,
        });
    }
    let sync = match rules::may_tap(&drill) {
        Ok(()) => batch.sync,
        // Its answer was lost, and the drill was given up since: there is nothing more to keep.
        Err(_) if new.is_empty() && !batch.taps.is_empty() => None,
        Err(refusal) => return Err(refusal.into()),
    };
    let all = usize::try_from(queries::count_taps(tx.conn, id)?).unwrap_or(usize::MAX);
    if all.saturating_add(new.len()) > rules::MOST_TAPS {
        return Err(Refusal::invalid("/taps", FieldCode::TooMany).into());
    }
    let taken = Taken { received: new.len(), known: batch.taps.len() - new.len() };
    let kept = keep_sync(tx, id, batch.observer_id, sync)?;
    if new.is_empty() && !kept {
        return Ok((Stored::Replayed, drill, taken));
    }
    let digests: Vec<&str> = new.iter().map(|tap| tap.digest.as_str()).collect();
    tell(tx, &drill, batch.observer_id, &digests, sync.filter(|_| kept))?;
    for tap in new {
        queries::insert_tap(tx.conn, tap)?;
    }
    Ok((Stored::Created, drill, taken))
}
