//! One database thread: its connection, the changes it commits together, and what becomes of a fault.

use super::connection::{Backend, Conn, DatabaseUrl, OpenError};
use super::executor::{Footing, Job, Queues, ReadJob, Verdict, WriteJob};
use super::queue::{Queue, Thread, Ticket, batch_lost, batch_of, committed};
use crate::refusal::{Failure, Outcome};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::slice::from_mut;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Changes that may share one flush to disk.
const LARGEST_BATCH: usize = 128;
/// How often a change is tried when it collides with another.
const ATTEMPTS: u32 = 5;
/// The exit code after a fault of the disk: `EX_IOERR` of sysexits.h.
const EXIT_DISK_FAULT: i32 = 74;

/// Starts a thread of this name that serves `jobs` until their senders are gone.
pub(super) fn start(
    name: &str,
    url: DatabaseUrl,
    conn: Conn,
    queues: Queues,
    jobs: flume::Receiver<(Ticket, Job)>,
) -> Result<(), OpenError> {
    let serve = move || {
        let _counted = Thread::started();
        let mut worker = Worker { url, conn: Some(conn), queues, halted: false };
        while let Ok((ticket, job)) = jobs.recv() {
            match job {
                Job::Read(read) => worker.read(ticket, read),
                Job::Write(first) => worker.write_batch(ticket, first, &jobs),
            }
        }
    };
    std::thread::Builder::new().name(name.into()).spawn(serve).map(|_thread| ()).map_err(OpenError::Thread)
}

struct Worker {
    url: DatabaseUrl,
    conn: Option<Conn>,
    queues: Queues,
    /// The disk failed under a change: this process makes no more of them.
    halted: bool,
}

/// What became of one transaction of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    Committed,
    /// Something in it was refused, and all of it undone.
    Undone,
}

impl Worker {
    fn read(&mut self, ticket: Ticket, read: ReadJob) {
        let queue = Arc::clone(&self.queues.reads);
        queue.taken(ticket);
        queue.timed(ticket, 0, || {
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
        });
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
        let mut batch = still_wanted(batch, &queue);
        queue.timed(ticket, batch.len(), || match batch.len() {
            0 => {}
            1 => batch.into_iter().for_each(|job| self.alone(job)),
            _ => {
                let outcome = self.together(&mut batch);
                self.answer(batch, outcome);
            }
        });
    }

    fn answer(&mut self, batch: Vec<WriteJob>, outcome: Outcome<()>) {
        match outcome {
            Ok(()) => {
                batch_of(batch.len());
                batch.into_iter().for_each(|job| job.answer(Ok(())));
            }
            // One of them took the others down: each for itself.
            Err(Failure::Busy | Failure::StorageFull | Failure::Database(_)) => {
                batch.into_iter().for_each(|job| self.alone(job));
            }
            Err(failure) => {
                batch_lost();
                batch.into_iter().for_each(|job| job.answer(Err(failure.restated())));
            }
        }
    }

    /// Many changes in one transaction: bare first, and each in its savepoint when something was refused. On `Ok`
    /// each change's own outcome holds, on `Err` none of them was made, or nobody knows.
    fn together(&mut self, batch: &mut [WriteJob]) -> Outcome<()> {
        match self.commit(batch, Footing::Bare)? {
            Round::Committed => Ok(()),
            Round::Undone => self.commit(batch, Footing::Savepoint).map(|_committed| ()),
        }
    }

    /// One change in a transaction of its own; what is to be written down of a refusal follows in another.
    fn alone(&mut self, mut job: WriteJob) {
        let outcome = match self.commit(from_mut(&mut job), Footing::Bare) {
            Ok(Round::Undone) if job.is_noteworthy() => self.note(&mut job),
            Ok(_) => Ok(()),
            Err(failure) => Err(failure),
        };
        match &outcome {
            Ok(()) => batch_of(1),
            Err(_) => batch_lost(),
        }
        job.answer(outcome.map_err(|failure| failure.restated()));
    }

    fn note(&mut self, job: &mut WriteJob) -> Outcome<()> {
        self.transaction(|conn| {
            job.note(conn).inspect_err(|_| {
                let _ = conn.rollback();
            })?;
            commit(conn)
        })
    }

    fn commit(&mut self, batch: &mut [WriteJob], footing: Footing) -> Outcome<Round> {
        self.transaction(|conn| run_all(conn, batch, footing))
    }

    /// Runs `work`, which ends the transaction it is given, again after a collision.
    fn transaction<T>(&mut self, mut work: impl FnMut(&mut Conn) -> Outcome<T>) -> Outcome<T> {
        let mut attempt = 1;
        loop {
            if self.halted {
                return Err(Failure::Unavailable(
                    "the disk failed; this process makes no more changes".into(),
                ));
            }
            let outcome = self.begun(Conn::begin_write).and_then(|mut conn| {
                let outcome = guarded(&mut conn, &mut work);
                self.keep(conn);
                outcome
            });
            match outcome {
                Err(failure) if failure.is_collision() && attempt < ATTEMPTS => {
                    std::thread::sleep(Duration::from_millis(u64::from(attempt) * 3));
                    attempt += 1;
                }
                Err(failure) => return Err(self.failed(failure)),
                done => return done,
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
fn guarded<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or(Err(Failure::Internal("a query panicked")))
}

/// The changes that somebody still waits for.
fn still_wanted(mut batch: Vec<WriteJob>, queue: &Queue) -> Vec<WriteJob> {
    batch.retain(|job| {
        let abandoned = job.is_abandoned();
        if abandoned {
            queue.abandoned();
        }
        !abandoned
    });
    batch
}

/// Runs the changes in the transaction that was begun, and ends it.
fn run_all(conn: &mut Conn, batch: &mut [WriteJob], footing: Footing) -> Outcome<Round> {
    let postgres = conn.backend() == Backend::Postgres;
    let alone = batch.len() == 1;
    // Beginning may have taken long: somebody else's program held the lock.
    for job in batch.iter_mut().filter(|job| !job.is_abandoned()) {
        let mut verdict = job.run(conn, footing);
        // Nobody else writes to SQLite, so a collision is with an earlier change of the same batch and a second
        // run sees it.
        for _ in 0..2 {
            if verdict == Verdict::Collided && footing == Footing::Savepoint && !postgres {
                verdict = job.run(conn, footing);
            }
        }
        match (verdict, footing) {
            (Verdict::Done, _) => {}
            (Verdict::Collided, _) if postgres || alone => {
                conn.rollback()?;
                return Err(Failure::Collision);
            }
            (Verdict::DiskFault, _) => {
                let _ = conn.rollback();
                return Err(Failure::disk_fault());
            }
            (Verdict::Failed, _) => {
                let over = conn.rollback();
                if !conn.is_alive() {
                    return Err(Failure::Unavailable("the connection to the database was lost".into()));
                }
                // The change says itself what went wrong; its neighbours must start again.
                return if alone { Ok(Round::Undone) } else { over.and(Err(Failure::Busy)) };
            }
            (Verdict::Undone | Verdict::Collided, Footing::Bare) => {
                conn.rollback()?;
                return Ok(Round::Undone);
            }
            (Verdict::Undone, Footing::Savepoint) if job.is_noteworthy() => {
                if let Err(failure) = conn.savepoint(|conn| job.note(conn)) {
                    conn.rollback()?;
                    return Err(if failure.is_disk_fault() { failure } else { Failure::Busy });
                }
            }
            (Verdict::Undone | Verdict::Collided, Footing::Savepoint) => {}
        }
    }
    commit(conn).map(|()| Round::Committed)
}

fn commit(conn: &mut Conn) -> Outcome<()> {
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
