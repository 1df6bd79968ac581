//! The engine that says what a home owes, and the proposal of its next drill: tables of cases per clause, and random histories.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "tests: anything unexpected is a failure"
)]

mod citations;
mod drills;
mod home;
mod proposals;
mod standing;
