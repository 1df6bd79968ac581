//! The program under fire: killed, cut off, out of disk, out of luck. It runs as the real binary, seen only from
//! outside, and what it acknowledged is compared with what it kept.

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
