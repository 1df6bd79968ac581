//! The end of the program, announced: everybody who works in the background or holds a connection looks here.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// From the announcement until what is still unfinished is told to come again: uploads over slow lines.
const CUT_OFF: Duration = Duration::from_secs(20);

/// Shared by all parts of one running program; cheap to clone.
#[derive(Debug, Clone)]
pub struct Draining(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: OnceLock<Instant>,
    told: watch::Sender<bool>,
}

impl Default for Draining {
    fn default() -> Self {
        Self(Arc::new(Inner { began: OnceLock::new(), told: watch::Sender::new(false) }))
    }
}

impl Draining {
    /// Announces the end. Doing so again changes nothing.
    pub fn begin(&self) {
        self.0.began.get_or_init(Instant::now);
        self.0.told.send_replace(true);
    }

    pub fn is_begun(&self) -> bool {
        self.0.began.get().is_some()
    }

    /// Waits for the announcement; work that repeats stops repeating then.
    pub async fn begun(&self) {
        let mut told = self.0.told.subscribe();
        // The sender lives in `self`, so waiting cannot fail before the announcement.
        let _ = told.wait_for(|begun| *begun).await;
    }

    /// Whether it is time to refuse what could not be finished.
    pub fn is_cut_off(&self) -> bool {
        self.0.began.get().is_some_and(|began| began.elapsed() >= CUT_OFF)
    }
}
