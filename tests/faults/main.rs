//! The program under fire: killed, cut off, out of disk, out of luck. It runs as the real binary, seen only from
//! outside, and what it acknowledged is compared with what it kept.
//!
//! `ANLAO_SEED=7` tries one seed; without it each run tries the seeds from 1 on, as many as [`anlao_testbed::tries`]
//! says. A failure names its seed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "tests: anything unexpected is a failure"
)]

mod cases;
mod cut_uploads;
mod failing_disk;
mod full_disk;
mod killed;
mod load;
mod locked;
mod lost_database;
mod node;
mod phone;
mod seeds;
mod strace;
#[allow(dead_code, unused_imports, unused_macros, reason = "the other tests use the rest")]
#[path = "../api/support/mod.rs"]
mod support;
mod town;
mod two_nodes;
