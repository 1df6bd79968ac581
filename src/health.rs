//! Whether this node can do its work now: asked by balancers, often, so that answers are kept for a moment.

use crate::draining::Draining;
use crate::evidence::Store;
use crate::metrics::{Gauge, gauge};
use crate::refusal::{Failure, Outcome};
use std::future::Future;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A node that needs longer to say so is not ready.
const PATIENCE: Duration = Duration::from_secs(2);
/// Writing to the store costs something; it is tried once in this time.
const KEPT: Duration = Duration::from_secs(5);

static READY: LazyLock<Gauge> =
    LazyLock::new(|| gauge("ready", "Whether the node was ready when last asked"));

/// Looks after the evidence store and the announcement of the end; the records are the caller's to ask.
pub struct Readiness {
    store: Store,
    draining: Draining,
    seen: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    pub fn new(store: Store, draining: Draining) -> Self {
        Self { store, draining, seen: Mutex::new(None) }
    }

    /// Ready when the records answer, photos can be written, and the end is not announced.
    pub async fn check(&self, records: impl Future<Output = Outcome<()>>) -> Outcome<()> {
        let outcome = self.all(records).await;
        READY.set(i64::from(outcome.is_ok()));
        outcome
    }

    async fn all(&self, records: impl Future<Output = Outcome<()>>) -> Outcome<()> {
        if self.draining.is_begun() {
            return Err(Failure::Unavailable("the server is about to end".into()));
        }
        let asked = tokio::time::timeout(PATIENCE, records).await;
        asked.map_err(|_passed| Failure::Unavailable("the records do not answer".into()))??;
        if self.store_takes_bytes().await {
            return Ok(());
        }
        Err(Failure::Unavailable("the evidence store takes no bytes".into()))
    }

    async fn store_takes_bytes(&self) -> bool {
        // Whoever asks meanwhile waits for the same attempt.
        let mut seen = self.seen.lock().await;
        match *seen {
            Some((at, good)) if at.elapsed() < KEPT => good,
            _ => {
                let tried = tokio::time::timeout(PATIENCE, self.store.probe()).await;
                let good = matches!(tried, Ok(Ok(())));
                *seen = Some((Instant::now(), good));
                good
            }
        }
    }
}
