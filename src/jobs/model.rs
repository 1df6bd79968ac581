//! The rows of background work.

use crate::db::Instant;
use crate::db::schema::jobs;
use crate::ids::{JobId, LeaseId};
use crate::text_enum;
use diesel::prelude::*;

text_enum! {
    /// What a job does. Kinds that repeat have one job each, with an empty subject.
    pub enum JobKind {
        /// Signs the heads of all audit chains.
        Anchor = "audit.anchor",
        /// Compares the counts with the hazards they count.
        Counts = "hazards.counts",
        /// Writes a ledger to a file; one job for each export.
        Export = "ledger.export",
        /// Brings a ledger or a list in from a file; one job for each import.
        Import = "ledger.import",
        /// Removes what nobody needs any more from the records.
        Purge = "records.purge",
        /// Reads the originals again and compares them with their digests.
        Scrub = "evidence.scrub",
        /// Removes bytes from the store that no record refers to.
        Sweep = "evidence.sweep",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = jobs)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    /// What it is about; empty for work that repeats.
    pub subject: String,
    pub due_at: Instant,
    /// How far it has come: the kind's own note, for the next run to go on from.
    pub progress: String,
    pub lease: Option<LeaseId>,
    pub lease_ends_at: Option<Instant>,
    /// How often it came to its end.
    pub runs: i64,
    pub failures: i64,
    pub failures_in_a_row: i32,
    pub last_run_at: Option<Instant>,
    pub last_error: Option<String>,
    /// Set for work that happens once and has happened.
    pub done_at: Option<Instant>,
    pub created_at: Instant,
}

/// A job in the hands of one node.
#[derive(Debug, Clone)]
pub struct Lease {
    pub id: LeaseId,
    pub job: Job,
}

/// What becomes of a job whose run has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It runs again then, from this note.
    At { due: Instant, progress: String },
    /// It happened, once and for all.
    Done,
}
