//! What a home owes of plans, drills, rosters and training, as of a day: satisfied, due, overdue or not applicable, with the
//! clause and the evidence; and the next drill that would be valid.
//!
//! The engine is pure: [`requirements::assess`] looks at the documents in force and at [`facts::Facts`], nothing else.
//! `counting.rs` says which drill counts for which duty, `course.rs` how a duty stands over its periods, `standing.rs` judges
//! what is owed beside drills, `coverage.rs` draws the table of shifts and buildings, `predictable.rs` finds drills at nearly
//! the same time of day, and `proposal.rs` with `choosing.rs` proposes what comes next. `gather.rs` alone knows where facts
//! come from.

mod calendar;
mod choosing;
mod counting;
mod course;
pub mod coverage;
pub mod elements;
pub mod facts;
pub mod gather;
pub mod predictable;
pub mod proposal;
pub mod requirements;
pub mod routes;
mod standing;
pub mod view;

pub use calendar::{Span, look_back};
pub use course::Course;
pub use requirements::{Assessment, Documents, Requirement, State, assess};
