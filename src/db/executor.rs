//! Who runs the queries: threads that own their connections, fed through queues.
//!
//! SQLite has reader threads and exactly one writer. The writer takes every change that is waiting, runs
//! each in a savepoint of its own inside one transaction and answers only after the commit has reached the
//! disk: one flush serves many requests, and a change that fails undoes nothing but itself.
//! PostgreSQL has a set of equal threads; each change is a transaction of its own.

use super::connection::{Backend, Conn, DatabaseUrl, OpenError};
use crate::refusal::{Failure, Outcome};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// Changes that may share one flush to disk.
const LARGEST_BATCH: usize = 128;
/// Requests that may wait before new ones are told to come back later.
const QUEUE: usize = 4096;
/// The exit code after a fault of the disk: `EX_IOERR` of sysexits.h.
const EXIT_DISK_FAULT: i32 = 74;
/// How often a change is tried when it collides with another.
const ATTEMPTS: u32 = 5;

/// How long somebody is kept waiting for the records. A change may still be made after that: whoever asked
/// must ask again, under the same id.
const PATIENCE: Duration = Duration::from_secs(12);

/// Runs on a connection with a snapshot open, or is told why there is none.
type ReadJob = Box<dyn FnOnce(Outcome<&mut Conn>) + Send>;

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
        Conn::open(url)?.warn_of_what_a_power_failure_loses();
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
        let (job, told) = read_job(read);
        self.readers.try_send(Job::Read(job)).map_err(|_full| Failure::Busy)?;
        patiently(told).await
    }

    /// Runs `change` and answers after it is durably committed. It may run more than once, so it must
    /// have no effect but on the connection it is given.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let (job, told) = write_job(change);
        self.writers.try_send(Job::Write(job)).map_err(|_full| Failure::Busy)?;
        patiently(told).await
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
        let (job, told) = read_job(read);
        self.readers.send(Job::Read(job)).map_err(|_gone| Failure::Busy)?;
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

fn read_job<T: Send + 'static>(
    read: impl FnOnce(&mut Conn) -> Outcome<T> + Send + 'static,
) -> (ReadJob, oneshot::Receiver<Outcome<T>>) {
    let (tell, told) = oneshot::channel();
    let job: ReadJob = Box::new(move |conn| {
        if !tell.is_closed() {
            let _ = tell.send(conn.and_then(|conn| conn.finish_snapshot(read)));
        }
    });
    (job, told)
}

fn write_job<T: Send + 'static>(
    mut change: impl FnMut(&mut Conn) -> Outcome<T> + Send + 'static,
) -> (WriteJob, oneshot::Receiver<Outcome<T>>) {
    let (tell, told) = oneshot::channel();
    let result = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&result);
    let run = Box::new(move |conn: &mut Conn| {
        let outcome = conn.savepoint(|conn| change(conn));
        let verdict = Verdict::on(&outcome);
        if let Ok(mut slot) = kept.lock() {
            *slot = Some(outcome);
        }
        verdict
    });
    let answer = Box::new(move |committed: Outcome<()>| {
        let outcome = result.lock().ok().and_then(|mut slot| slot.take());
        let _ = tell.send(match (outcome, committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Ok(_) | Err(Failure::Database(_))) | None, Err(lost)) => Err(lost),
            (Some(Err(refused)), _) => Err(refused),
            (None, Ok(())) => Err(Failure::Internal("a change left no result")),
        });
    });
    (WriteJob { run, answer }, told)
}

fn start(url: DatabaseUrl, conn: Conn, jobs: flume::Receiver<Job>) {
    std::thread::spawn(move || {
        let mut worker = Worker { url, conn: Some(conn), halted: false };
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
    /// The disk failed under a change: this process makes no more of them.
    halted: bool,
}

impl Worker {
    fn read(&mut self, read: ReadJob) {
        let mut conn = match self.begun(Conn::begin_snapshot) {
            Ok(conn) => conn,
            Err(failure) => return read(Err(failure)),
        };
        let work = |conn: &mut Conn| {
            read(Ok(conn));
            Ok(())
        };
        if let Err(failure) = guarded(&mut conn, work) {
            tracing::error!(%failure, "a read was lost");
        }
        self.keep(conn);
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
        match self.commit(&mut batch) {
            Ok(()) => batch.into_iter().for_each(|job| (job.answer)(Ok(()))),
            // One of them took the others down: each for itself.
            Err(Failure::Busy | Failure::StorageFull | Failure::Database(_)) if batch.len() > 1 => {
                for job in batch {
                    let mut alone = [job];
                    let outcome = self.commit(&mut alone);
                    let [job] = alone;
                    (job.answer)(outcome);
                }
            }
            Err(failure) => batch.into_iter().for_each(|job| (job.answer)(Err(failure.restated()))),
        }
    }

    /// Runs the changes in one transaction and commits it, again after a collision. On `Ok` each change's own
    /// outcome holds, on `Err` none of them was made, or nobody knows.
    fn commit(&mut self, batch: &mut [WriteJob]) -> Outcome<()> {
        let mut attempt = 1;
        loop {
            if self.halted {
                return Err(Failure::Unavailable(
                    "the disk failed; this process makes no more changes".into(),
                ));
            }
            let outcome = self.begun(Conn::begin_write).and_then(|mut conn| {
                let outcome = guarded(&mut conn, |conn| commit_together(conn, batch));
                self.keep(conn);
                outcome
            });
            match outcome {
                Ok(()) => return Ok(()),
                Err(failure) if failure.is_collision() && attempt < ATTEMPTS => {
                    std::thread::sleep(Duration::from_millis(u64::from(attempt) * 3));
                    attempt += 1;
                }
                Err(failure) => return Err(self.failed(failure)),
            }
        }
    }

    /// What is to be told of a failed commit. After a fault of the disk nothing is tried again: what was flushed and
    /// what was not is known only to the disk, and a fresh process asks it.
    fn failed(&mut self, failure: Failure) -> Failure {
        tracing::error!(%failure, "a commit failed");
        let DatabaseUrl::Sqlite(path) = &self.url else { return failure };
        if !failure.is_disk_fault() {
            return failure;
        }
        if is_full(path) {
            return Failure::StorageFull;
        }
        tracing::error!(%failure, "ALARM: the disk failed under a change; this process stops");
        self.halted = true;
        std::thread::spawn(|| {
            // Long enough for the answers that are on their way.
            std::thread::sleep(Duration::from_secs(1));
            std::process::exit(EXIT_DISK_FAULT);
        });
        failure
    }

    /// A connection with a transaction begun on it. One that was lost while nobody used it is replaced here:
    /// nothing has been asked of it yet.
    fn begun(&mut self, begin: fn(&mut Conn) -> Outcome<()>) -> Outcome<Conn> {
        if let Some(mut conn) = self.conn.take() {
            match begin(&mut conn) {
                Ok(()) => return Ok(conn),
                Err(failure) if conn.is_alive() => {
                    self.keep(conn);
                    return Err(failure);
                }
                Err(_lost) => discard(conn),
            }
        }
        let mut conn = Conn::open(&self.url).map_err(|error| Failure::Unavailable(error.to_string()))?;
        begin(&mut conn)?;
        Ok(conn)
    }

    /// Takes a connection back; one that cannot be used again is replaced before the next use.
    fn keep(&mut self, mut conn: Conn) {
        if conn.is_sound() {
            self.conn = Some(conn);
        } else {
            discard(conn);
        }
    }
}

/// Closes a connection; diesel panics where SQLite will not let it go, and that must not end the thread.
fn discard(conn: Conn) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(conn)));
}

/// Whether even a little more would not fit beside the database: SQLite cannot always tell a full disk from a bad one.
fn is_full(database: &Path) -> bool {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = tempfile::tempfile_in(folder).and_then(|mut file| {
        file.write_all(&[0x5A; 256 * 1024])?;
        file.sync_all()
    });
    probe.is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull)
}

/// A panic in the middle of a query ends the query, not the thread.
fn guarded(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Outcome<()>) -> Outcome<()> {
    catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or(Err(Failure::Internal("a query panicked")))
}

/// Runs the changes in the transaction that was begun, and commits it.
fn commit_together(conn: &mut Conn, batch: &mut [WriteJob]) -> Outcome<()> {
    let postgres = conn.backend() == Backend::Postgres;
    let alone = batch.len() == 1;
    for job in batch.iter_mut() {
        let mut verdict = (job.run)(conn);
        // On SQLite nobody else writes, so a collision is with an earlier change of the same batch and a
        // second run sees it. On PostgreSQL the whole transaction starts again with a fresh view.
        for _ in 0..2 {
            if verdict == Verdict::Collided && !postgres {
                verdict = (job.run)(conn);
            }
        }
        match verdict {
            Verdict::Collided if postgres => {
                conn.rollback()?;
                return Err(Failure::Collision);
            }
            Verdict::DiskFault => {
                let _ = conn.rollback();
                return Err(Failure::disk_fault());
            }
            Verdict::Failed => {
                let over = conn.rollback();
                if !conn.is_alive() {
                    return Err(Failure::Unavailable("the connection to the database was lost".into()));
                }
                // The change says itself what went wrong; its neighbours must start again.
                return if alone { Ok(()) } else { over.and(Err(Failure::Busy)) };
            }
            Verdict::Done | Verdict::Undone | Verdict::Collided => {}
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
