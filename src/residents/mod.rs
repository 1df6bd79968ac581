//! The residents' evacuation table (帮扶对应表): how each resident leaves, and who helps.
//!
//! Personal data is as little as the table can do with: a label (initials), a room, and how somebody leaves. The trail names rows
//! by their id only. Each reading of rows is written into the trail; what is counted of them is not a reading. When a
//! resident leaves, the row is emptied at once and keeps only class and day.

pub mod evac_class;
pub mod keep;
pub mod model;
pub mod night;
pub mod nights;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod standing;

pub use evac_class::EvacClass;
