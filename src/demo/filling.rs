//! Carrying the history out: painters on every core draw the photos of batch after batch, one writer puts
//! the batches into the records in their order.

use super::deeds::{Deed, Stage, What, origin};
use super::facts;
use super::photos::{Painted, Shot, paint};
use crate::access::Actor;
use crate::app::Parts;
use crate::db::Conn;
use crate::evidence::Store;
use crate::refusal::{Failure, Outcome};
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many deeds are committed together.
pub const BATCH: usize = 100;

/// The bars a filling moves.
pub struct Bars {
    pub hazards: ProgressBar,
    pub photos: ProgressBar,
}

/// A batch with its photos drawn and stored.
struct Prepared {
    deeds: Vec<Deed>,
    painted: Vec<Vec<Painted>>,
}

/// Carries the deeds out, `first` being the number of their first batch; batches before `done` are in the
/// records already. Returns how many deeds the rules refused, which is none while the plan is right.
pub fn carry_out(
    parts: &Parts,
    actors: &Arc<Vec<Actor>>,
    deeds: Vec<Deed>,
    first: usize,
    done: usize,
    bars: &Bars,
) -> Outcome<usize> {
    let batches = Batches::of(deeds);
    let skipped = done.saturating_sub(first).min(batches.count);
    batches.skip(skipped, bars);
    let next = AtomicUsize::new(skipped);
    let painters = std::thread::available_parallelism().map_or(2, usize::from) + 1;
    let (hand_over, prepared) = flume::bounded(painters);
    std::thread::scope(|threads| {
        for _ in 0..painters {
            let (hand_over, batches, next) = (hand_over.clone(), &batches, &next);
            threads.spawn(move || painter(&parts.vault.store, batches, next, &hand_over));
        }
        drop(hand_over);
        let mut waiting = BTreeMap::new();
        let mut refused = 0;
        for number in skipped..batches.count {
            let batch = in_turn(&prepared, &mut waiting, number)?;
            refused += write(parts, actors, batch, first + number + 1, bars)?;
        }
        Ok(refused)
    })
}

/// The batches, each to be taken once.
struct Batches {
    batches: Vec<std::sync::Mutex<Vec<Deed>>>,
    count: usize,
}

impl Batches {
    fn of(deeds: Vec<Deed>) -> Self {
        let mut batches = Vec::new();
        let mut deeds = deeds.into_iter().peekable();
        while deeds.peek().is_some() {
            batches.push(std::sync::Mutex::new(deeds.by_ref().take(BATCH).collect()));
        }
        Self { count: batches.len(), batches }
    }

    fn take(&self, number: usize) -> Option<Vec<Deed>> {
        let batch = self.batches.get(number)?;
        batch.lock().ok().map(|mut deeds| std::mem::take(&mut *deeds))
    }

    /// Moves the bars over what an earlier start has done.
    fn skip(&self, batches: usize, bars: &Bars) {
        for number in 0..batches {
            let deeds = self.take(number).unwrap_or_default();
            advance(bars, &deeds);
        }
    }
}

fn advance(bars: &Bars, deeds: &[Deed]) {
    let photos: usize = deeds.iter().map(|deed| deed.shots.len()).sum();
    let hazards = deeds.iter().filter(|deed| matches!(deed.what, What::Register { .. })).count();
    bars.photos.inc(u64::try_from(photos).unwrap_or_default());
    bars.hazards.inc(u64::try_from(hazards).unwrap_or_default());
}

type Handed = (usize, Outcome<Prepared>);

/// Prepares batches until there are none left, or nobody takes them any more.
fn painter(store: &Store, batches: &Batches, next: &AtomicUsize, hand_over: &flume::Sender<Handed>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        let Some(deeds) = batches.take(number) else { return };
        let prepared = match &runtime {
            Ok(runtime) => runtime.block_on(prepare(store, deeds)),
            Err(error) => Err(Failure::Unavailable(error.to_string())),
        };
        if hand_over.send((number, prepared)).is_err() {
            return;
        }
    }
}

async fn prepare(store: &Store, deeds: Vec<Deed>) -> Outcome<Prepared> {
    let shots: Vec<Shot> = deeds.iter().flat_map(|deed| deed.shots.iter().cloned()).collect();
    let mut drawn = paint(store, &shots).await?.into_iter();
    let painted = deeds.iter().map(|deed| drawn.by_ref().take(deed.shots.len()).collect()).collect();
    Ok(Prepared { deeds, painted })
}

/// Waits for the batch whose turn it is; others that are ready first wait for theirs.
fn in_turn(
    prepared: &flume::Receiver<Handed>,
    waiting: &mut BTreeMap<usize, Outcome<Prepared>>,
    number: usize,
) -> Outcome<Prepared> {
    loop {
        if let Some(batch) = waiting.remove(&number) {
            return batch;
        }
        let (number, batch) = prepared.recv().map_err(|_gone| Failure::Internal("the painters are gone"))?;
        waiting.insert(number, batch);
    }
}

/// The same when a step was refused: each in its own savepoint, which costs more, so that only that step is
/// left out. Returns how many were.
fn one_by_one(conn: &mut Conn, stage: &Stage<'_>, batch: &Prepared) -> Outcome<usize> {
    let mut refused = 0;
    for (deed, painted) in batch.deeds.iter().zip(&batch.painted) {
        match conn.savepoint(|conn| deed.carry_out(conn, stage, painted)) {
            Err(Failure::Refused(refusal)) => {
                let (code, fields) = (refusal.code.as_str(), &refusal.fields);
                tracing::warn!(code, ?fields, "a step of the demonstration was refused");
                refused += 1;
            }
            other => other?,
        }
    }
    Ok(refused)
}

/// Commits one batch together with the note that it is done.
fn write(
    parts: &Parts,
    actors: &Arc<Vec<Actor>>,
    batch: Prepared,
    number: usize,
    bars: &Bars,
) -> Outcome<usize> {
    let (office, actors, batch) = (parts.office.clone(), actors.clone(), Arc::new(batch));
    let writing = batch.clone();
    let refused = parts.db.write_blocking(move |conn| {
        let origin = origin();
        let stage = Stage { office: &office, actors: &actors, origin: &origin };
        let together = conn.savepoint(|conn| {
            let mut deeds = writing.deeds.iter().zip(&writing.painted);
            deeds.try_for_each(|(deed, painted)| deed.carry_out(conn, &stage, painted))
        });
        let refused = match together {
            Err(Failure::Refused(_)) => one_by_one(conn, &stage, &writing)?,
            other => other.map(|()| 0)?,
        };
        facts::note_batches(conn, number)?;
        Ok(refused)
    })?;
    advance(bars, &batch.deeds);
    Ok(refused)
}
