//! Jobs in the database: claimed by one node at a time, concluded together with their effect.

use super::model::{Job, JobKind, Lease, Next};
use super::rules::{FORGET_DONE_AFTER, LEASE, retry_at};
use crate::db::schema::jobs;
use crate::db::{Conn, Instant};
use crate::ids::{JobId, LeaseId};
use crate::refusal::{Failure, Outcome};
use diesel::prelude::*;

/// Jobs looked at in one claim: so many nodes do not all reach for the same one.
const CANDIDATES: i64 = 16;

/// Puts a job on the table that is in this node's hands from the beginning; nobody else has it unless the lease ends.
pub fn put_held(conn: &mut Conn, kind: JobKind, subject: &str, now: Instant) -> Outcome<Lease> {
    let lease = LeaseId::fresh();
    let job =
        Job { lease: Some(lease), lease_ends_at: Some(now.plus(LEASE)), ..new(kind, subject, now, now) };
    diesel::insert_into(jobs::table).values(job.clone()).execute(conn)?;
    Ok(Lease { id: lease, job })
}

/// Puts a job on the table unless one of this kind and subject is there. True if it was put there now.
pub fn ensure(conn: &mut Conn, kind: JobKind, subject: &str, due_at: Instant, now: Instant) -> Outcome<bool> {
    let known: Option<JobId> = jobs::table
        .filter(jobs::kind.eq(kind).and(jobs::subject.eq(subject)))
        .select(jobs::id)
        .first(conn)
        .optional()?;
    if known.is_some() {
        return Ok(false);
    }
    diesel::insert_into(jobs::table).values(new(kind, subject, due_at, now)).execute(conn)?;
    Ok(true)
}

fn new(kind: JobKind, subject: &str, due_at: Instant, now: Instant) -> Job {
    Job {
        id: JobId::fresh(),
        kind,
        subject: subject.to_owned(),
        due_at,
        progress: String::new(),
        lease: None,
        lease_ends_at: None,
        runs: 0,
        failures: 0,
        failures_in_a_row: 0,
        last_run_at: None,
        last_error: None,
        done_at: None,
        created_at: now,
    }
}

/// The ids of jobs that are due and free, the longest due first.
fn free(conn: &mut Conn, now: Instant) -> Outcome<Vec<JobId>> {
    Ok(jobs::table
        .filter(jobs::done_at.is_null().and(jobs::due_at.le(now)))
        .filter(jobs::lease_ends_at.is_null().or(jobs::lease_ends_at.le(now)))
        .order((jobs::due_at, jobs::id))
        .select(jobs::id)
        .limit(CANDIDATES)
        .load(conn)?)
}

/// Whether anything is due and free: a cheap look before a claim.
pub fn any_due(conn: &mut Conn, now: Instant) -> Outcome<bool> {
    Ok(!free(conn, now)?.is_empty())
}

/// Takes one job that is due, if there is one that nobody else takes at this moment.
pub fn claim(conn: &mut Conn, now: Instant) -> Outcome<Option<Lease>> {
    for id in free(conn, now)? {
        let lease = LeaseId::fresh();
        let still_free = jobs::table.filter(
            jobs::id
                .eq(id)
                .and(jobs::done_at.is_null())
                .and(jobs::due_at.le(now))
                .and(jobs::lease_ends_at.is_null().or(jobs::lease_ends_at.le(now))),
        );
        let taken = diesel::update(still_free)
            .set((jobs::lease.eq(Some(lease)), jobs::lease_ends_at.eq(Some(now.plus(LEASE)))))
            .execute(conn)?;
        if taken == 1 {
            let job = jobs::table.find(id).select(Job::as_select()).first(conn)?;
            return Ok(Some(Lease { id: lease, job }));
        }
    }
    Ok(None)
}

fn lost() -> Failure {
    Failure::Unavailable("the lease of a job was lost to another node".into())
}

/// Says that the work goes on, and how far it has come.
pub fn keep(conn: &mut Conn, lease: &Lease, progress: &str, now: Instant) -> Outcome<()> {
    let kept = diesel::update(jobs::table.filter(jobs::id.eq(lease.job.id).and(jobs::lease.eq(lease.id))))
        .set((jobs::progress.eq(progress), jobs::lease_ends_at.eq(Some(now.plus(LEASE)))))
        .execute(conn)?;
    if kept == 1 { Ok(()) } else { Err(lost()) }
}

/// Ends a run. To be called first in the transaction of its effect: with the lease lost, nothing is kept of it.
pub fn conclude(conn: &mut Conn, lease: &Lease, next: &Next, now: Instant) -> Outcome<()> {
    let (due_at, progress, done_at) = match next {
        Next::At { due, progress } => (*due, progress.as_str(), None),
        Next::Done => (lease.job.due_at, "", Some(now)),
    };
    let ended = diesel::update(jobs::table.filter(jobs::id.eq(lease.job.id).and(jobs::lease.eq(lease.id))))
        .set((
            jobs::due_at.eq(due_at),
            jobs::progress.eq(progress),
            jobs::lease.eq(None::<LeaseId>),
            jobs::lease_ends_at.eq(None::<Instant>),
            jobs::runs.eq(jobs::runs + 1),
            jobs::failures_in_a_row.eq(0),
            jobs::last_run_at.eq(Some(now)),
            jobs::last_error.eq(None::<String>),
            jobs::done_at.eq(done_at),
        ))
        .execute(conn)?;
    if ended == 1 { Ok(()) } else { Err(lost()) }
}

/// Gives a job back that could not be done; it is tried again later. Nothing happens if the lease is lost.
pub fn give_back(conn: &mut Conn, lease: &Lease, error: &str, now: Instant) -> Outcome<()> {
    let in_a_row = lease.job.failures_in_a_row.saturating_add(1);
    diesel::update(jobs::table.filter(jobs::id.eq(lease.job.id).and(jobs::lease.eq(lease.id))))
        .set((
            jobs::due_at.eq(retry_at(now, in_a_row)),
            jobs::lease.eq(None::<LeaseId>),
            jobs::lease_ends_at.eq(None::<Instant>),
            jobs::failures.eq(jobs::failures + 1),
            jobs::failures_in_a_row.eq(in_a_row),
            jobs::last_run_at.eq(Some(now)),
            jobs::last_error.eq(Some(error)),
        ))
        .execute(conn)?;
    Ok(())
}

/// All jobs that are not done, by kind and subject: at most 200.
pub fn open(conn: &mut Conn) -> Outcome<Vec<Job>> {
    Ok(jobs::table
        .filter(jobs::done_at.is_null())
        .order((jobs::kind, jobs::subject))
        .select(Job::as_select())
        .limit(200)
        .load(conn)?)
}

/// Forgets work that happened once, a good while ago. Returns how many.
pub fn forget_done(conn: &mut Conn, now: Instant) -> Outcome<usize> {
    Ok(diesel::delete(jobs::table.filter(jobs::done_at.lt(now.plus(-FORGET_DONE_AFTER)))).execute(conn)?)
}
