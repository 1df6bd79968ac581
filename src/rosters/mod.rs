//! Who commands in the first minutes (现场指挥官): shifts, assignments, succession, hand-overs.
//!
//! A stretch of time is commanded by who is assigned to it. Nobody assigned, or somebody who does not work here any more, is a
//! gap; who stands in meanwhile is said beside it: the deputies in their order, then whoever the home's succession names. What a
//! home arranges of its own (its shifts, its succession, who is there at night) is kept by topic in `home_arrangements`.

pub mod arrange;
pub mod assign;
pub mod gaps;
pub mod handovers;
pub mod model;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod shifts;
pub mod standing;
pub mod view;

pub use shifts::{ShiftPattern, ShiftTimes};
