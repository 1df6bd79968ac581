//! When jobs run, and how long they may take. Pure.

use super::model::JobKind;
use crate::db::Instant;
use chrono::TimeDelta;

/// A node that has not been heard of for so long has lost its job. Longer than any two clocks differ.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);
/// After so much of it a long run says that it is still there, and how far it has come.
pub const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(60);
/// Bytes without a record are an upload in flight until they are so old.
pub const ORPHAN_AFTER: TimeDelta = TimeDelta::minutes(30);
/// Marks of removed orphans are kept longer than any upload takes.
pub const FORGET_SWEEPS_AFTER: TimeDelta = TimeDelta::days(1);
/// Work that happened once is remembered for so long.
pub const FORGET_DONE_AFTER: TimeDelta = TimeDelta::days(30);

const LONGEST_WAIT: i64 = 3600;

impl JobKind {
    /// From the beginning of one run to the beginning of the next.
    pub fn every(self) -> TimeDelta {
        match self {
            Self::Anchor => TimeDelta::hours(1),
            Self::Sweep => TimeDelta::minutes(20),
            Self::Scrub | Self::Counts | Self::Purge | Self::Export | Self::Import => TimeDelta::hours(24),
        }
    }

    /// Whether one job of the kind is always on the table; the others come with what they are about.
    pub fn repeats(self) -> bool {
        !matches!(self, Self::Export | Self::Import)
    }
}

/// When a job that failed so many times in a row is tried again: after 10 s, 20 s, 40 s … at most an hour.
pub fn retry_at(now: Instant, failures_in_a_row: i32) -> Instant {
    let doublings = u32::try_from(failures_in_a_row.clamp(1, 12) - 1).unwrap_or(0);
    let seconds = (10_i64 << doublings).min(LONGEST_WAIT);
    now.plus(TimeDelta::seconds(seconds))
}

/// When work that repeats runs again: a whole period after it was due, or after now if it is late. What was missed
/// while nothing ran is not made up for: each of these kinds looks at everything anyway.
pub fn next_run(kind: JobKind, was_due: Instant, now: Instant) -> Instant {
    was_due.plus(kind.every()).max(now.plus(kind.every() / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros((1_750_000_000 + seconds) * 1_000_000).unwrap()
    }

    #[test]
    fn failures_are_tried_again_ever_more_slowly() {
        let waits: Vec<i64> =
            (1..=11).map(|n| (retry_at(at(0), n).micros() - at(0).micros()) / 1_000_000).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(retry_at(at(0), i32::MAX), at(3600));
    }

    #[test]
    fn a_late_run_does_not_call_for_the_next_at_once() {
        assert_eq!(next_run(JobKind::Anchor, at(0), at(5)), at(3600));
        assert_eq!(next_run(JobKind::Anchor, at(0), at(90_000)), at(90_000 + 1800));
    }
}
