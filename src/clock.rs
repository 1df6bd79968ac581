//! The clock is a value of the application; rules are handed `now` and never ask for it.

use crate::db::sql_types::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Debug, Clone)]
pub enum Clock {
    System,
    /// Stands still until moved: microseconds since 1970.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn now(&self) -> Instant {
        match self {
            Self::System => Instant::new(chrono::Utc::now()),
            Self::Fixed(micros) => Instant::from_micros(micros.load(Ordering::SeqCst))
                .unwrap_or_else(|| Instant::new(chrono::Utc::now())),
        }
    }

    pub fn fixed(at: Instant) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.micros())))
    }

    /// Moves a fixed clock on; does nothing to the system's.
    pub fn advance(&self, by: chrono::TimeDelta) {
        if let Self::Fixed(micros) = self {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
