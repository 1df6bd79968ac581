//! Background work: a table of jobs, each claimed with a lease, so that any number of nodes may run and each
//! effect happens once, whatever dies.
//!
//! A node claims a job that is due and holds it under a lease of a few minutes. What the job changes in the
//! records is committed together with the end of the lease ([`queries::conclude`]), and only while the lease is
//! still the node's own: one that slept too long and comes back changes nothing. Effects outside the records
//! (removing an orphan from the store) may be repeated without harm.

mod measures;
pub mod model;
pub mod queries;
pub mod routes;
pub mod rules;
mod runner;
mod work;

pub use model::{Job, JobKind, Lease};
pub use runner::Runner;
