//! What each kind of job does.

use super::model::{JobKind, Lease, Next};
use super::queries::{conclude, forget_done, keep};
use super::rules::{FORGET_SWEEPS_AFTER, HEARTBEAT, ORPHAN_AFTER, next_run};
use super::{Runner, measures};
use crate::audit;
use crate::db::Instant;
use crate::evidence::scrub::{self, Scrubbed};
use crate::evidence::{queries as evidence, sweep};
use crate::hazards::queries::wrong_counts;
use crate::ledger;
use crate::refusal::Outcome;
use crate::sessions::queries as sessions;
use serde_json::json;
use std::time::Duration;

/// Runs one job to its end and concludes it.
pub(super) async fn perform(on: &Runner, lease: &Lease) -> Outcome<()> {
    match lease.job.kind {
        JobKind::Anchor => anchor(on, lease).await,
        JobKind::Counts => counts(on, lease).await,
        JobKind::Export => ledger::export::run(on, lease).await,
        JobKind::Import => ledger::import::run(on, lease, &|_, _| {}).await,
        JobKind::Purge => purge(on, lease).await,
        JobKind::Scrub => scrub(on, lease).await,
        JobKind::Sweep => sweep(on, lease).await,
    }
}

/// A whole period later, from the beginning.
fn again(lease: &Lease, now: Instant) -> Next {
    Next::At { due: next_run(lease.job.kind, lease.job.due_at, now), progress: String::new() }
}

/// Ends a run whose effects are not in the records.
async fn end(on: &Runner, lease: &Lease, next: Next, now: Instant) -> Outcome<()> {
    let lease = lease.clone();
    on.db.write(move |conn| conclude(conn, &lease, &next, now)).await
}

/// Signs all heads, so that a later rewrite of the past is found.
async fn anchor(on: &Runner, lease: &Lease) -> Outcome<()> {
    let (office, lease, now) = (on.office.clone(), lease.clone(), on.clock.now());
    let anchor = on
        .db
        .write(move |conn| {
            conclude(conn, &lease, &again(&lease, now), now)?;
            audit::anchor(conn, &office.keys, now)
        })
        .await?;
    anchor.iter().for_each(|anchor| measures::anchored(anchor.entries));
    Ok(())
}

/// Counts that do not fit the hazards are a fault of ours: it is said aloud and written down.
async fn counts(on: &Runner, lease: &Lease) -> Outcome<()> {
    let wrong = on.db.read_at_leisure(wrong_counts).await?;
    measures::wrong_counts(wrong.len());
    for fault in &wrong {
        tracing::error!(fault, "ALARM: a count does not fit the hazards");
    }
    let (office, lease, now) = (on.office.clone(), lease.clone(), on.clock.now());
    on.db
        .write(move |conn| {
            conclude(conn, &lease, &again(&lease, now), now)?;
            if let Some(first) = wrong.first() {
                let content = json!({ "faults": wrong.len(), "first": first });
                audit::record_system(conn, &office.keys, now, "counts.wrong", content)?;
            }
            Ok(())
        })
        .await
}

async fn purge(on: &Runner, lease: &Lease) -> Outcome<()> {
    ledger::export::remove_old_files(on).await?;
    let (lease, now) = (lease.clone(), on.clock.now());
    on.db
        .write(move |conn| {
            conclude(conn, &lease, &again(&lease, now), now)?;
            let work =
                forget_done(conn, now)? + evidence::forget_sweeps(conn, now.plus(-FORGET_SWEEPS_AFTER))?;
            let forgotten = work + sessions::purge(conn, now)?;
            if forgotten > 0 {
                tracing::info!(forgotten, "what nobody needs any more was removed from the records");
            }
            Ok(())
        })
        .await
}

/// Orphans are looked for folder by folder; a store too large for one run goes on where it stopped.
async fn sweep(on: &Runner, lease: &Lease) -> Outcome<()> {
    const AT_A_TIME: Duration = Duration::from_secs(240);
    let began = std::time::Instant::now();
    let mut told = began;
    let mut removed = 0;
    let first: u16 = lease.job.progress.parse().unwrap_or(0);
    for fan in first..=255 {
        let now = on.clock.now();
        removed += sweep::sweep(&on.db, &on.store, fan.to_be_bytes()[1], now, ORPHAN_AFTER).await?;
        if began.elapsed() > AT_A_TIME && fan < 255 {
            let next = Next::At { due: now, progress: (fan + 1).to_string() };
            return end(on, lease, next, now).await;
        }
        if told.elapsed() > HEARTBEAT {
            told = std::time::Instant::now();
            let (lease, at) = (lease.clone(), fan.to_string());
            on.db.write(move |conn| keep(conn, &lease, &at, now)).await?;
        }
    }
    if removed > 0 {
        tracing::info!(removed, "bytes without a record were removed from the evidence store");
    }
    let now = on.clock.now();
    end(on, lease, again(lease, now), now).await
}

/// Reads originals for some seconds, then rests for twice as long: a pass over everything never takes the machine.
async fn scrub(on: &Runner, lease: &Lease) -> Outcome<()> {
    const AT_A_TIME: Duration = Duration::from_secs(10);
    let began = std::time::Instant::now();
    measures::damaged(on.db.read(evidence::damaged).await?);
    let mut pass = Pass::read(&lease.job.progress, on.clock.now());
    loop {
        let now = on.clock.now();
        match scrub::scrub(&on.db, &on.store, &on.office, &pass.after, now).await? {
            Scrubbed::UpTo(digest) => pass.after = digest,
            Scrubbed::All => {
                measures::damaged(on.db.read(evidence::damaged).await?);
                let due = pass.began.plus(JobKind::Scrub.every()).max(now);
                let next = Next::At { due, progress: String::new() };
                return end(on, lease, next, now).await;
            }
        }
        if began.elapsed() > AT_A_TIME {
            let rest = chrono::TimeDelta::from_std(began.elapsed() * 2).unwrap_or_default();
            let next = Next::At { due: now.plus(rest), progress: pass.write() };
            return end(on, lease, next, now).await;
        }
    }
}

/// How far a pass over all originals has come.
struct Pass {
    began: Instant,
    after: String,
}

impl Pass {
    fn read(progress: &str, now: Instant) -> Self {
        let known = progress.split_once(' ').and_then(|(began, after)| {
            let began = Instant::from_micros(began.parse().ok()?)?;
            Some(Self { began, after: after.to_owned() })
        });
        known.unwrap_or(Self { began: now, after: String::new() })
    }

    fn write(&self) -> String {
        format!("{} {}", self.began.micros(), self.after)
    }
}
