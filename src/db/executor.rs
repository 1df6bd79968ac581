//! Who runs the queries: threads that own their connections, fed through queues.
//!
//! SQLite has reader threads and exactly one writer. The writer takes every change that is waiting, runs
//! each in a savepoint of its own inside one transaction and answers only after the commit has reached the
//! disk: one flush serves many requests, and a change that fails undoes nothing but itself.
//! PostgreSQL has a set of equal threads; each change is a transaction of its own.

use super::connection::{Backend, Conn, DatabaseUrl, OpenError};
use crate::refusal::{Failure, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// Changes that may share one flush to disk.
const LARGEST_BATCH: usize = 128;
/// Requests that may wait before new ones are told to come back later.
const QUEUE: usize = 4096;
/// How often a change is tried when it collides with another.
const ATTEMPTS: u32 = 5;

type ReadJob = Box<dyn FnOnce(&mut Conn) + Send>;

/// One change, in two halves: the work inside the transaction, and the answer after the commit.
struct WriteJob {
    run: Box<dyn FnMut(&mut Conn) -> Verdict + Send>,
    answer: Box<dyn FnOnce(Outcome<()>) + Send>,
}

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
    readers: flume::Sender<Job>,
    writers: flume::Sender<Job>,
    backend: Backend,
}

impl Db {
    /// Opens the database and starts its threads: `readers` of them, plus SQLite's one writer.
    pub fn open(url: &DatabaseUrl, readers: usize) -> Result<Self, OpenError> {
        let (read_queue, read_jobs) = flume::bounded(QUEUE);
        for _ in 0..readers.max(1) {
            start(url.clone(), Conn::open(url)?, read_jobs.clone());
        }
        let writers = match url.backend() {
            Backend::Postgres => read_queue.clone(),
            Backend::Sqlite => {
                let (write_queue, write_jobs) = flume::bounded(QUEUE);
                start(url.clone(), Conn::open(url)?, write_jobs);
                write_queue
            }
        };
        Ok(Self { readers: read_queue, writers, backend: url.backend() })
    }

    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Runs `read` on a snapshot. Nothing it does is kept.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (tell, told) = oneshot::channel();
        let job: ReadJob = Box::new(move |conn| {
            if !tell.is_closed() {
                let _ = tell.send(conn.snapshot(read));
            }
        });
        self.readers.try_send(Job::Read(job)).map_err(|_full| Failure::Busy)?;
        told.await.unwrap_or(Err(Failure::Internal("a database thread died")))
    }

    /// Runs `change` and answers after it is durably committed. It may run more than once, so it must
    /// have no effect but on the connection it is given.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = write_job(change);
        self.writers.try_send(Job::Write(job)).map_err(|_full| Failure::Busy)?;
        told.await.unwrap_or(Err(Failure::Internal("a database thread died")))
    }

    /// [`Db::write`] for threads that may wait: the command line and the demonstration.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = write_job(change);
        self.writers.send(Job::Write(job)).map_err(|_gone| Failure::Busy)?;
        told.blocking_recv().unwrap_or(Err(Failure::Internal("a database thread died")))
    }

    /// [`Db::read`] for threads that may wait.
    pub fn read_blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (tell, told) = oneshot::channel();
        let job: ReadJob = Box::new(move |conn| {
            let _ = tell.send(conn.snapshot(read));
        });
        self.readers.send(Job::Read(job)).map_err(|_gone| Failure::Busy)?;
        told.blocking_recv().unwrap_or(Err(Failure::Internal("a database thread died")))
    }
}

fn write_job<T: Send + 'static>(
    mut change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
) -> (WriteJob, oneshot::Receiver<Outcome<T>>) {
    let (tell, told) = oneshot::channel();
    let result = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&result);
    let run = Box::new(move |conn: &mut Conn| {
        let outcome = conn.savepoint(|conn| change(conn));
        let verdict = match &outcome {
            Ok(_) => Verdict::Done,
            Err(failure) if failure.is_collision() => Verdict::Collided,
            Err(_) => Verdict::Undone,
        };
        if let Ok(mut slot) = kept.lock() {
            *slot = Some(outcome);
        }
        verdict
    });
    let answer = Box::new(move |committed: Outcome<()>| {
        let outcome = result.lock().ok().and_then(|mut slot| slot.take());
        let outcome = outcome.unwrap_or(Err(Failure::Internal("a change left no result")));
        let _ = tell.send(match (outcome, committed) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(lost)) => Err(lost),
            (Err(refused), _) => Err(refused),
        });
    });
    (WriteJob { run, answer }, told)
}

fn start(url: DatabaseUrl, conn: Conn, jobs: flume::Receiver<Job>) {
    std::thread::spawn(move || {
        let mut worker = Worker { url, conn: Some(conn) };
        while let Ok(job) = jobs.recv() {
            match job {
                Job::Read(read) => worker.read(read),
                Job::Write(first) => worker.write_batch(first, &jobs),
            }
        }
    });
}

struct Worker {
    url: DatabaseUrl,
    conn: Option<Conn>,
}

impl Worker {
    fn read(&mut self, read: ReadJob) {
        self.guarded(|conn| {
            read(conn);
            Ok(())
        })
        .unwrap_or_else(|failure| tracing::error!(%failure, "a read was lost"));
    }

    fn write_batch(&mut self, first: WriteJob, jobs: &flume::Receiver<Job>) {
        let mut batch = vec![first];
        if self.url.backend() == Backend::Sqlite {
            let waiting = jobs.try_iter().take(LARGEST_BATCH - 1);
            batch.extend(waiting.filter_map(|job| match job {
                Job::Write(write) => Some(write),
                Job::Read(_) => None,
            }));
        }
        let mut batch = batch;
        for attempt in 1..=ATTEMPTS {
            let runs = &mut batch;
            let outcome = self.guarded(|conn| commit_together(conn, runs));
            match outcome {
                Ok(()) => return batch.into_iter().for_each(|job| (job.answer)(Ok(()))),
                Err(failure) if failure.is_collision() && attempt < ATTEMPTS => {
                    std::thread::sleep(std::time::Duration::from_millis(u64::from(attempt) * 3));
                }
                Err(failure) => {
                    tracing::error!(%failure, "a commit failed");
                    for job in batch {
                        (job.answer)(Err(failure.restated()));
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
    for job in batch.iter_mut() {
        let mut verdict = (job.run)(conn);
        // On SQLite nobody else writes, so a collision is with an earlier change of the same batch and a
        // second run sees it. On PostgreSQL the whole transaction starts again with a fresh view.
        for _ in 0..2 {
            if verdict == Verdict::Collided && !postgres {
                verdict = (job.run)(conn);
            }
        }
        if verdict == Verdict::Collided && postgres {
            conn.rollback()?;
            return Err(Failure::Collision);
        }
    }
    conn.commit().inspect_err(|_| {
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
