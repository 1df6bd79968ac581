//! Who runs the queries: threads that own their connections, fed through queues.
//!
//! SQLite has reader threads and exactly one writer. The writer takes every change that is waiting, runs them in
//! one transaction and answers only after the commit has reached the disk: one flush serves many requests. They
//! run bare at first; when one of them is refused, all are undone and run again, each in a savepoint, so that it
//! undoes nothing but itself: refusals are rare, and savepoints cost more than the changes.
//! PostgreSQL has a set of equal threads; each change is a transaction of its own.

use super::connection::{Backend, Conn, DatabaseUrl, OpenError};
use super::queue::{Queue, Ticket};
use super::worker::start;
use crate::refusal::{Failure, Outcome, Refusal};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Requests that may wait before new ones are told to come back later.
const QUEUE: usize = 4096;

/// How long somebody is kept waiting for the records. A change may still be made after that: whoever asked
/// must ask again, under the same id.
const PATIENCE: Duration = Duration::from_secs(12);

/// Runs on a connection with a snapshot open, or is told why there is none.
pub(super) type ReadJob = Box<dyn FnOnce(Outcome<&mut Conn>) + Send>;

/// How a change stands in the transaction it runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Footing {
    /// Nothing holds it: a failure undoes the whole transaction.
    Bare,
    /// In a savepoint: a failure undoes only itself.
    Savepoint,
}

/// One change: the work inside the transaction, and the answer after the commit.
pub(super) trait Change: Send {
    fn run(&mut self, conn: &mut Conn, footing: Footing) -> Verdict;
    /// Whether it was refused in a way that is to be written down.
    fn is_noteworthy(&self) -> bool;
    /// Writes down that it was refused; the change itself is undone.
    fn note(&mut self, conn: &mut Conn) -> Outcome<()>;
    fn answer(self: Box<Self>, committed: Outcome<()>);
    /// Whether nobody waits for it any more. It is then not begun; once begun it is finished.
    fn is_abandoned(&self) -> bool;
}

pub(super) type WriteJob = Box<dyn Change>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Done,
    Undone,
    Collided,
    /// The database or the disk gave an error: what else the transaction holds is in doubt.
    Failed,
    /// The disk did not do what it was told.
    DiskFault,
}

impl Verdict {
    fn on<T>(outcome: &Outcome<T>) -> Self {
        match outcome {
            Ok(_) => Self::Done,
            Err(failure) if failure.is_collision() => Self::Collided,
            Err(failure) if failure.is_disk_fault() => Self::DiskFault,
            Err(Failure::Database(_) | Failure::StorageFull | Failure::Unavailable(_)) => Self::Failed,
            Err(_) => Self::Undone,
        }
    }
}

pub(super) enum Job {
    Read(ReadJob),
    Write(WriteJob),
}

/// The door to the records. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Db {
    readers: flume::Sender<(Ticket, Job)>,
    writers: flume::Sender<(Ticket, Job)>,
    queues: Queues,
    backend: Backend,
}

/// The two waiting lines. On PostgreSQL both are served by the same threads.
#[derive(Clone)]
pub(super) struct Queues {
    pub(super) reads: Arc<Queue>,
    pub(super) writes: Arc<Queue>,
}

impl Db {
    /// Opens the database and starts its threads: `readers` of them, plus SQLite's one writer.
    pub fn open(url: &DatabaseUrl, readers: usize) -> Result<Self, OpenError> {
        let queues = Queues { reads: Arc::new(Queue::new("read")), writes: Arc::new(Queue::new("write")) };
        let (read_queue, read_jobs) = flume::bounded(QUEUE);
        Conn::open(url)?.warn_of_what_a_power_failure_loses();
        for _ in 0..readers.max(1) {
            start("records", url.clone(), Conn::open(url)?, queues.clone(), read_jobs.clone())?;
        }
        let writers = match url.backend() {
            Backend::Postgres => read_queue.clone(),
            Backend::Sqlite => {
                let (write_queue, write_jobs) = flume::bounded(QUEUE);
                start("records-writer", url.clone(), Conn::open(url)?, queues.clone(), write_jobs)?;
                write_queue
            }
        };
        Ok(Self { readers: read_queue, writers, queues, backend: url.backend() })
    }

    /// Has transactions logged that take longer than this.
    pub fn log_longer_than(&self, slow: Duration) {
        self.queues.reads.log_longer_than(slow);
        self.queues.writes.log_longer_than(slow);
    }

    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Runs `read` on a snapshot. Nothing it does is kept.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = read_job(Arc::clone(&self.queues.reads), read);
        let ticket = self.queues.reads.join()?;
        self.readers.try_send((ticket, Job::Read(job))).map_err(|_full| {
            self.queues.reads.refused();
            Failure::Busy
        })?;
        patiently(told).await
    }

    /// [`Db::read`] for background work that looks at everything and that nobody waits for.
    pub async fn read_at_leisure<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = read_job(Arc::clone(&self.queues.reads), read);
        let ticket = self.queues.reads.join_anyway();
        self.readers.send_async((ticket, Job::Read(job))).await.map_err(|_gone| Failure::Busy)?;
        told.await.unwrap_or(Err(Failure::Internal("a database thread died")))
    }

    /// Runs `change` and answers after it is durably committed. It may run more than once, so it must
    /// have no effect but on the connection it is given. What it did is undone when it fails.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        self.submit(write_job(change, NEVER, no_note)).await
    }

    /// [`Db::write`] of a change whose refusal is written down where it is `noteworthy`: `note` is then committed
    /// in its stead.
    pub async fn write_noting<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
        noteworthy: fn(&Refusal) -> bool,
        note: impl FnMut(&mut Conn, &Refusal) -> Outcome<()> + Send + 'static,
    ) -> Outcome<T> {
        self.submit(write_job(change, noteworthy, note)).await
    }

    async fn submit<T>(&self, (job, told): (WriteJob, oneshot::Receiver<Outcome<T>>)) -> Outcome<T> {
        let ticket = self.queues.writes.join()?;
        self.writers.try_send((ticket, Job::Write(job))).map_err(|_full| {
            self.queues.writes.refused();
            Failure::Busy
        })?;
        patiently(told).await
    }

    /// [`Db::write`] for threads that may wait: the command line and the demonstration.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = write_job(change, NEVER, no_note);
        let ticket = self.queues.writes.join_anyway();
        self.writers.send((ticket, Job::Write(job))).map_err(|_gone| Failure::Busy)?;
        told.blocking_recv().unwrap_or(Err(Failure::Internal("a database thread died")))
    }

    /// [`Db::read`] for threads that may wait.
    pub fn read_blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = read_job(Arc::clone(&self.queues.reads), read);
        let ticket = self.queues.reads.join_anyway();
        self.readers.send((ticket, Job::Read(job))).map_err(|_gone| Failure::Busy)?;
        told.blocking_recv().unwrap_or(Err(Failure::Internal("a database thread died")))
    }
}

async fn patiently<T>(told: oneshot::Receiver<Outcome<T>>) -> Outcome<T> {
    match tokio::time::timeout(PATIENCE, told).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_dropped)) => Err(Failure::Internal("a database thread died")),
        Err(_late) => Err(Failure::Unavailable("the database did not answer in time".into())),
    }
}

/// A read that is not begun when nobody waits for it.
fn read_job<T: Send + 'static>(
    queue: Arc<Queue>,
    read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
) -> (ReadJob, oneshot::Receiver<Outcome<T>>) {
    let (tell, told) = oneshot::channel();
    let job: ReadJob = Box::new(move |conn| {
        if tell.is_closed() {
            queue.abandoned();
        } else {
            let _ = tell.send(conn.and_then(|conn| conn.finish_snapshot(read)));
        }
    });
    (job, told)
}

const NEVER: fn(&Refusal) -> bool = |_| false;

fn no_note(_: &mut Conn, _: &Refusal) -> Outcome<()> {
    Ok(())
}

struct Pending<T, F, N> {
    change: F,
    noteworthy: fn(&Refusal) -> bool,
    note: N,
    outcome: Option<Outcome<T>>,
    tell: oneshot::Sender<Outcome<T>>,
}

impl<T, F, N> Change for Pending<T, F, N>
where
    T: Send + 'static,
    F: FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    N: FnMut(&mut Conn, &Refusal) -> Outcome<()> + Send + 'static,
{
    fn run(&mut self, conn: &mut Conn, footing: Footing) -> Verdict {
        let outcome = match footing {
            Footing::Bare => (self.change)(conn),
            Footing::Savepoint => conn.savepoint(|conn| (self.change)(conn)),
        };
        let verdict = Verdict::on(&outcome);
        self.outcome = Some(outcome);
        verdict
    }

    fn is_noteworthy(&self) -> bool {
        matches!(&self.outcome, Some(Err(Failure::Refused(refusal))) if (self.noteworthy)(refusal))
    }

    fn note(&mut self, conn: &mut Conn) -> Outcome<()> {
        match &self.outcome {
            Some(Err(Failure::Refused(refusal))) => (self.note)(conn, refusal),
            _ => Ok(()),
        }
    }

    fn answer(self: Box<Self>, committed: Outcome<()>) {
        let Self { outcome, tell, .. } = *self;
        let _ = tell.send(match (outcome, committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            // What was refused is only told when it could be written down.
            (Some(Ok(_) | Err(Failure::Database(_) | Failure::Refused(_))) | None, Err(lost)) => Err(lost),
            (Some(Err(failure)), _) => Err(failure),
            (None, Ok(())) => Err(Failure::Internal("a change left no result")),
        });
    }

    fn is_abandoned(&self) -> bool {
        self.tell.is_closed()
    }
}

fn write_job<T: Send + 'static>(
    change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    noteworthy: fn(&Refusal) -> bool,
    note: impl FnMut(&mut Conn, &Refusal) -> Outcome<()> + Send + 'static,
) -> (WriteJob, oneshot::Receiver<Outcome<T>>) {
    let (tell, told) = oneshot::channel();
    (Box::new(Pending { change, noteworthy, note, outcome: None, tell }), told)
}
