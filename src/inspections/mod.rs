//! Inspections (检查): planned or not, done with or without a network, handed in once as a whole.
//!
//! `rules.rs` decides what a plan and a record must be; pure. `plan.rs`, `record.rs` and `amend.rs` carry it out, each in
//! one transaction. A record is never rewritten: what is said of it later is an amendment.

pub mod amend;
pub mod forms;
pub mod list;
pub mod model;
pub mod plan;
pub mod queries;
pub mod record;
pub mod routes;
pub mod rules;
pub mod view;

pub use model::{Found, InspectionKind};
pub use plan::{PlannedVisit, cancel_for_campaign, plan_for_campaign};
