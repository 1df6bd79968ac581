//! Hazards (隐患): found, put right, re-checked, closed. The loop that everything else serves.
//!
//! `lifecycle.rs` decides what may happen, `follow.rs` what it leads to, `deadlines.rs` by when; all pure. `register.rs` and
//! `act.rs` carry a decision out in one transaction with its audit entry and its counts.

pub mod act;
pub mod action;
mod counts;
pub mod deadlines;
pub mod follow;
pub mod found;
pub mod history;
pub mod lifecycle;
pub mod list;
pub mod model;
pub mod queries;
pub mod register;
pub mod routes;
mod sort;
pub mod view;

pub use deadlines::{DeadlineRules, Timetable};
pub use found::FoundHazard;
