//! Drills (演练): planned or not, started, recorded once as a whole, evaluated; and real events recorded the same way.
//!
//! `rules.rs`, `record_rules.rs` and `timeline.rs` decide; pure. `plan.rs`, `act.rs`, `record.rs` and `evaluate.rs` carry
//! it out, each in one transaction. Every problem becomes a hazard, a change of the plan, or both (`problems.rs`).
//! `stopwatch` merges what several phones tap, `taps` takes it in.
//! `standing.rs` tells the compliance engine what was held and what is planned.

pub mod act;
pub mod action;
pub mod evaluate;
pub mod file;
pub mod forms;
pub mod list;
pub mod model;
mod people;
pub mod plan;
mod plans;
pub mod problems;
pub mod queries;
pub mod record;
pub mod record_rules;
pub mod routes;
pub mod rules;
pub mod standing;
pub mod stopwatch;
pub mod taps;
pub mod timeline;
pub mod view;

pub use plans::answers as plan_answers;
