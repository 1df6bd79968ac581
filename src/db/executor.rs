//! Who runs the queries: threads that own their connections, fed through queues.
//!
//! SQLite has reader threads and exactly one writer. The writer takes every change that is waiting, runs
//! each in a savepoint of its own inside one transaction and answers only after the commit has reached the
//! disk: one flush serves many requests, and a change that fails undoes nothing but itself.
//! PostgreSQL has a set of equal threads; each change is a transaction of its own.

use super::connection::{Backend, Conn, DatabaseUrl, OpenError};
use super::queue::{Queue, Thread, Ticket, batch_lost, batch_of, committed};
use crate::refusal::{Failure, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Changes that may share one flush to disk.
const LARGEST_BATCH: usize = 128;
/// Requests that may wait before new ones are told to come back later.
const QUEUE: usize = 4096;
/// How often a change is tried when it collides with another.
const ATTEMPTS: u32 = 5;

type ReadJob = Box<dyn FnOnce(Option<&mut Conn>) -> Outcome<()> + Send>;

/// One change, in two halves: the work inside the transaction, and the answer after the commit.
trait Change: Send {
    fn run(&mut self, conn: &mut Conn) -> Verdict;
    fn answer(self: Box<Self>, committed: Outcome<()>);
    /// Whether nobody waits for it any more. It is then not begun; once begun it is finished.
    fn is_abandoned(&self) -> bool;
}

type WriteJob = Box<dyn Change>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Done,
    Undone,
    Collided,
}

enum Job {
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
struct Queues {
    reads: Arc<Queue>,
    writes: Arc<Queue>,
}

impl Db {
    /// Opens the database and starts its threads: `readers` of them, plus SQLite's one writer.
    pub fn open(url: &DatabaseUrl, readers: usize) -> Result<Self, OpenError> {
        let queues = Queues { reads: Arc::new(Queue::new("read")), writes: Arc::new(Queue::new("write")) };
        let (read_queue, read_jobs) = flume::bounded(QUEUE);
        for _ in 0..readers.max(1) {
            start(url.clone(), Conn::open(url)?, queues.clone(), read_jobs.clone());
        }
        let writers = match url.backend() {
            Backend::Postgres => read_queue.clone(),
            Backend::Sqlite => {
                let (write_queue, write_jobs) = flume::bounded(QUEUE);
                start(url.clone(), Conn::open(url)?, queues.clone(), write_jobs);
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
        told.await.unwrap_or(Err(Failure::Internal("a database thread died")))
    }

    /// Runs `change` and answers after it is durably committed. It may run more than once, so it must
    /// have no effect but on the connection it is given.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = write_job(change);
        let ticket = self.queues.writes.join()?;
        self.writers.try_send((ticket, Job::Write(job))).map_err(|_full| {
            self.queues.writes.refused();
            Failure::Busy
        })?;
        told.await.unwrap_or(Err(Failure::Internal("a database thread died")))
    }

    /// [`Db::write`] for threads that may wait: the command line and the demonstration.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = write_job(change);
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

/// A read that is not begun when nobody waits for it. Without a connection it says that there is none.
fn read_job<T: Send + 'static>(
    queue: Arc<Queue>,
    read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
) -> (ReadJob, oneshot::Receiver<Outcome<T>>) {
    let (tell, told) = oneshot::channel();
    let job: ReadJob = Box::new(move |conn| {
        let Some(conn) = conn else {
            let _ = tell.send(Err(Failure::Unavailable("there is no connection to the database".into())));
            return Ok(());
        };
        if tell.is_closed() {
            queue.abandoned();
            return Ok(());
        }
        let _ = tell.send(conn.snapshot(read));
        Ok(())
    });
    (job, told)
}

struct Pending<T, F> {
    change: F,
    outcome: Option<Outcome<T>>,
    tell: oneshot::Sender<Outcome<T>>,
}

impl<T, F> Change for Pending<T, F>
where
    T: Send + 'static,
    F: FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
{
    fn run(&mut self, conn: &mut Conn) -> Verdict {
        let outcome = conn.savepoint(|conn| (self.change)(conn));
        let verdict = match &outcome {
            Ok(_) => Verdict::Done,
            Err(failure) if failure.is_collision() => Verdict::Collided,
            Err(_) => Verdict::Undone,
        };
        self.outcome = Some(outcome);
        verdict
    }

    fn answer(self: Box<Self>, committed: Outcome<()>) {
        let Self { outcome, tell, .. } = *self;
        let _ = tell.send(match (outcome, committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(refused)), _) => Err(refused),
            (_, Err(lost)) => Err(lost),
            (None, Ok(())) => Err(Failure::Internal("a change left no result")),
        });
    }

    fn is_abandoned(&self) -> bool {
        self.tell.is_closed()
    }
}

fn write_job<T: Send + 'static>(
    change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
) -> (WriteJob, oneshot::Receiver<Outcome<T>>) {
    let (tell, told) = oneshot::channel();
    (Box::new(Pending { change, outcome: None, tell }), told)
}

fn start(url: DatabaseUrl, conn: Conn, queues: Queues, jobs: flume::Receiver<(Ticket, Job)>) {
    std::thread::spawn(move || {
        let _counted = Thread::started();
        let mut worker = Worker { url, conn: Some(conn), queues };
        while let Ok((ticket, job)) = jobs.recv() {
            match job {
                Job::Read(read) => worker.read(ticket, read),
                Job::Write(first) => worker.write_batch(ticket, first, &jobs),
            }
        }
    });
}

struct Worker {
    url: DatabaseUrl,
    conn: Option<Conn>,
    queues: Queues,
}

impl Worker {
    fn read(&mut self, ticket: Ticket, read: ReadJob) {
        let queue = Arc::clone(&self.queues.reads);
        queue.taken(ticket);
        let mut read = Some(read);
        let outcome = queue
            .timed(ticket, 0, || self.guarded(|conn| read.take().map_or(Ok(()), |read| read(Some(conn)))));
        if let Err(failure) = outcome {
            tracing::error!(%failure, "a read was lost");
            // It never got a connection, and says so to whoever waits.
            let _ = read.map(|read| read(None));
        }
    }

    fn write_batch(&mut self, ticket: Ticket, first: WriteJob, jobs: &flume::Receiver<(Ticket, Job)>) {
        let queue = Arc::clone(&self.queues.writes);
        queue.taken(ticket);
        let mut batch = vec![first];
        if self.url.backend() == Backend::Sqlite {
            let waiting = jobs.try_iter().take(LARGEST_BATCH - 1);
            batch.extend(waiting.filter_map(|(ticket, job)| match job {
                Job::Write(write) => {
                    queue.taken(ticket);
                    Some(write)
                }
                Job::Read(_) => None,
            }));
        }
        queue.timed(ticket, batch.len(), || self.commit(batch, &queue));
    }

    fn commit(&mut self, mut batch: Vec<WriteJob>, queue: &Queue) {
        for attempt in 1..=ATTEMPTS {
            // Nothing of it is begun yet, or all of it was undone.
            let before = batch.len();
            batch.retain(|job| !job.is_abandoned());
            (batch.len()..before).for_each(|_| queue.abandoned());
            if batch.is_empty() {
                return;
            }
            let runs = &mut batch;
            let outcome = self.guarded(|conn| commit_together(conn, runs));
            match outcome {
                Ok(()) => {
                    batch_of(batch.len());
                    return batch.into_iter().for_each(|job| job.answer(Ok(())));
                }
                Err(failure) if failure.is_collision() && attempt < ATTEMPTS => {
                    std::thread::sleep(Duration::from_millis(u64::from(attempt) * 3));
                }
                Err(failure) => {
                    tracing::error!(%failure, "a commit failed");
                    batch_lost();
                    for job in batch {
                        job.answer(Err(failure.restated()));
                    }
                    return;
                }
            }
        }
    }

    /// Lends the connection out; one that panicked or broke is replaced before the next use.
    fn guarded(&mut self, work: impl FnOnce(&mut Conn) -> Outcome<()>) -> Outcome<()> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => Conn::open(&self.url).map_err(|error| Failure::Unavailable(error.to_string()))?,
        };
        match catch_unwind(AssertUnwindSafe(|| work(&mut conn))) {
            Ok(outcome) => {
                if conn.is_sound() {
                    self.conn = Some(conn);
                }
                outcome
            }
            Err(_panic) => Err(Failure::Internal("a query panicked")),
        }
    }
}

fn commit_together(conn: &mut Conn, batch: &mut [WriteJob]) -> Outcome<()> {
    conn.begin_write()?;
    let postgres = conn.backend() == Backend::Postgres;
    // Beginning may have taken long: somebody else's program held the lock.
    for job in batch.iter_mut().filter(|job| !job.is_abandoned()) {
        let mut verdict = job.run(conn);
        // On SQLite nobody else writes, so a collision is with an earlier change of the same batch and a
        // second run sees it. On PostgreSQL the whole transaction starts again with a fresh view.
        for _ in 0..2 {
            if verdict == Verdict::Collided && !postgres {
                verdict = job.run(conn);
            }
        }
        if verdict == Verdict::Collided && postgres {
            conn.rollback()?;
            return Err(Failure::Collision);
        }
    }
    let began = Instant::now();
    conn.commit().inspect(|()| committed(began)).inspect_err(|_| {
        let _ = conn.rollback();
    })
}

impl Conn {
    /// Whether this connection can be used again: alive, and outside any transaction.
    fn is_sound(&mut self) -> bool {
        use diesel::connection::{Connection, TransactionManager};
        let idle = matches!(
            <Self as Connection>::TransactionManager::transaction_manager_status_mut(self)
                .transaction_depth(),
            Ok(None)
        );
        idle && !<Self as Connection>::TransactionManager::is_broken_transaction_manager(self)
    }
}
