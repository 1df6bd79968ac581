//! Real servers that the tests start for themselves, so that no test depends on what happens to run on the machine.
//!
//! * [`postgres`]: one PostgreSQL cluster per test process; databases are cheap to make and to clone.
//! * [`postgres_to_break`]: one of a test's own, to be restarted in the middle of its work.
//! * [`postgres_that_flushes`]: one that waits for the disk, for measurements.
//! * [`S3`]: an S3-compatible store that checks signatures; as many as a test wants.
//!
//! Nothing here has a fixed port or path, so any number of test processes may run at once, and everything is gone
//! when the process is, however it ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "test servers: a failure to start is a failed test"
)]

mod cluster;
mod postgres;
mod s3;
mod tally;

pub use postgres::{Missing, Postgres, postgres, postgres_or_skip, postgres_that_flushes, postgres_to_break};
pub use s3::S3;
pub use tally::{tally, tries};
