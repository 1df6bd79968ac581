//! What waits for a database thread: counted, refused when the waiting is too long, and logged when the work is.

use crate::metrics::{Counter, Family, Gauge, Histogram, counter, family, gauge, histogram, registered};
use crate::refusal::{Failure, Outcome};
use crate::request_id::RequestId;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Work that has waited this long is in the way of what comes next, which is refused at once: better a quick
/// "come back later" for some than a late one for everybody.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

type ByKind<M> = Family<[(&'static str, &'static str); 1], M>;
type Durations = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

static DEPTH: LazyLock<ByKind<Gauge>> =
    LazyLock::new(|| family("db_queue_depth", "Work that waits for a database thread"));
static REFUSED: LazyLock<ByKind<Counter>> =
    LazyLock::new(|| family("db_refused", "Work refused because too much was waiting, or for too long"));
static ABANDONED: LazyLock<ByKind<Counter>> =
    LazyLock::new(|| family("db_abandoned", "Work not begun because nobody waited for it any more"));
static TRANSACTIONS: LazyLock<Durations> = LazyLock::new(|| {
    let durations = Family::new_with_constructor(crate::metrics::seconds as fn() -> Histogram);
    registered("db_transaction_seconds", "Time on a database thread, by kind", durations)
});
static BATCHES: LazyLock<Histogram> = LazyLock::new(|| {
    let sizes = Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]);
    registered("db_write_batch_size", "Changes that shared one commit", sizes)
});
static COMMITS: LazyLock<Histogram> =
    LazyLock::new(|| histogram("db_commit_duration_seconds", "From the word to commit until it is on disk"));
static THREADS: LazyLock<Gauge> = LazyLock::new(|| gauge("db_threads", "Threads with a database connection"));
static BUSY: LazyLock<Gauge> = LazyLock::new(|| gauge("db_threads_busy", "Database threads at work"));
static LOST: LazyLock<Counter> =
    LazyLock::new(|| counter("db_failed_batches", "Transactions that could not be committed"));

/// One kind of work with its waiting line; shared by those who bring it and those who do it.
pub(super) struct Queue {
    kind: &'static str,
    epoch: Instant,
    waiting: AtomicU64,
    /// Microseconds after the epoch: no work that waits now is older than the later of these two.
    filled_at: AtomicU64,
    taken_of: AtomicU64,
    slow_micros: AtomicU64,
    depth: Gauge,
    durations: Histogram,
}

/// A piece of work in the line: since when, and on whose behalf.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    at: Instant,
    request: Option<RequestId>,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Queue {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            epoch: Instant::now(),
            waiting: AtomicU64::new(0),
            filled_at: AtomicU64::new(0),
            taken_of: AtomicU64::new(0),
            slow_micros: AtomicU64::new(u64::MAX),
            depth: DEPTH.get_or_create_owned(&[("queue", kind)]),
            durations: TRANSACTIONS.get_or_create_owned(&[("kind", kind)]),
        }
    }

    pub(super) fn log_longer_than(&self, slow: Duration) {
        self.slow_micros.store(micros(slow), Ordering::Relaxed);
    }

    /// A place at the end of the line, unless the line has stood for too long.
    pub(super) fn join(&self) -> Outcome<Ticket> {
        let ticket = self.join_anyway();
        let oldest = self.filled_at.load(Ordering::Relaxed).max(self.taken_of.load(Ordering::Relaxed));
        let age = micros(ticket.at.saturating_duration_since(self.epoch)).saturating_sub(oldest);
        if age > micros(LONGEST_WAIT) {
            self.refused();
            return Err(Failure::Busy);
        }
        Ok(ticket)
    }

    /// The same for those who may wait: the command line.
    pub(super) fn join_anyway(&self) -> Ticket {
        let at = Instant::now();
        // First the time, then the number: whoever sees somebody waiting sees since when.
        if self.waiting.load(Ordering::Acquire) == 0 {
            self.filled_at.fetch_max(micros(at.saturating_duration_since(self.epoch)), Ordering::Release);
        }
        self.waiting.fetch_add(1, Ordering::AcqRel);
        self.depth.inc();
        Ticket { at, request: RequestId::current() }
    }

    /// There was no place after all.
    pub(super) fn refused(&self) {
        self.leave();
        REFUSED.get_or_create(&[("queue", self.kind)]).inc();
    }

    fn leave(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.depth.dec();
    }

    /// A thread takes this work out of the line.
    pub(super) fn taken(&self, ticket: Ticket) {
        self.leave();
        let of = micros(ticket.at.saturating_duration_since(self.epoch));
        self.taken_of.fetch_max(of, Ordering::Relaxed);
    }

    pub(super) fn abandoned(&self) {
        ABANDONED.get_or_create(&[("queue", self.kind)]).inc();
    }

    /// Measures work on a thread, and logs it when it was slow.
    pub(super) fn timed<T>(&self, ticket: Ticket, changes: usize, work: impl FnOnce() -> T) -> T {
        BUSY.inc();
        let began = Instant::now();
        let done = work();
        let took = began.elapsed();
        BUSY.dec();
        self.durations.observe(took.as_secs_f64());
        if micros(took) > self.slow_micros.load(Ordering::Relaxed) {
            tracing::warn!(
                request_id = ticket.request.map(|id| id.to_string()),
                kind = self.kind,
                changes,
                waited_micros = micros(began.saturating_duration_since(ticket.at)),
                micros = micros(took),
                "a slow transaction"
            );
        }
        done
    }
}

pub(super) fn batch_of(changes: usize) {
    BATCHES.observe(f64::from(u32::try_from(changes).unwrap_or(u32::MAX)));
}

pub(super) fn committed(began: Instant) {
    COMMITS.observe(began.elapsed().as_secs_f64());
}

pub(super) fn batch_lost() {
    LOST.inc();
}

/// A database thread, for as long as it lives.
pub(super) struct Thread;

impl Thread {
    pub(super) fn started() -> Self {
        THREADS.inc();
        Self
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        THREADS.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock of a line that began so long ago.
    fn line_of_age(seconds: u64) -> Queue {
        let mut queue = Queue::new("test");
        queue.epoch = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        queue
    }

    #[test]
    fn a_line_that_stands_refuses_at_once_and_recovers_when_it_moves() {
        let queue = line_of_age(10);
        let first = queue.join().unwrap();
        let second = queue.join().unwrap();
        // As if both had come at the epoch and nobody had been served since.
        queue.filled_at.store(0, Ordering::Relaxed);
        assert!(matches!(queue.join(), Err(Failure::Busy)));
        assert_eq!(queue.waiting.load(Ordering::Relaxed), 2, "the refused one does not wait");
        queue.taken(first);
        assert!(queue.join().is_ok());
        queue.taken(second);
    }

    #[test]
    fn an_empty_line_is_never_old() {
        let queue = line_of_age(3600);
        for _ in 0..3 {
            let ticket = queue.join().unwrap();
            queue.taken(ticket);
        }
    }
}
