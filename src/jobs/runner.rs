//! One node's part of the background work.

use super::model::Lease;
use super::{JobKind, queries};
use super::{measures, work};
use crate::clock::Clock;
use crate::db::Db;
use crate::evidence::Store;
use crate::ledger;
use crate::office::Office;
use crate::refusal::{Failure, Outcome};
use std::sync::Arc;
use std::time::Duration;

/// How often a node looks for work.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Claims jobs that are due and does them, one after another.
#[derive(Clone)]
pub struct Runner {
    pub db: Db,
    pub store: Store,
    pub office: Arc<Office>,
    pub clock: Clock,
}

impl Runner {
    /// Works until it is dropped. A node that cannot reach the records waits and tries again.
    pub async fn run(self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut ready = false;
        loop {
            looks.tick().await;
            if !ready {
                match self.prepare().await {
                    Ok(()) => ready = true,
                    Err(failure) => tracing::error!(%failure, "the jobs could not be prepared"),
                }
            } else if let Err(failure) = self.run_due().await {
                tracing::error!(%failure, "no job could be claimed");
            }
        }
    }

    /// Puts the jobs that repeat on the table.
    pub async fn prepare(&self) -> Outcome<()> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                for kind in JobKind::ALL.iter().filter(|kind| kind.repeats()) {
                    queries::ensure(conn, *kind, "", now, now)?;
                }
                ledger::import::ensure_jobs(conn, now)
            })
            .await
    }

    /// Does everything that is due now and returns how many runs there were. A job that fails is given back and
    /// does not stop the others.
    pub async fn run_due(&self) -> Outcome<usize> {
        let mut runs = 0;
        while let Some(lease) = self.claim().await? {
            runs += 1;
            let outcome = work::perform(self, &lease).await;
            measures::ended(lease.job.kind, outcome.is_ok());
            if let Err(failure) = outcome {
                self.give_back(lease, &failure).await?;
            }
        }
        Ok(runs)
    }

    async fn claim(&self) -> Outcome<Option<Lease>> {
        let now = self.clock.now();
        if !self.db.read(move |conn| queries::any_due(conn, now)).await? {
            return Ok(None);
        }
        self.db.write(move |conn| queries::claim(conn, now)).await
    }

    async fn give_back(&self, lease: Lease, failure: &Failure) -> Outcome<()> {
        tracing::error!(%failure, kind = %lease.job.kind, "a job failed");
        let (now, error) = (self.clock.now(), failure.to_string());
        self.db.write(move |conn| queries::give_back(conn, &lease, &error, now)).await
    }
}
