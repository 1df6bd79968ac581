//! Who commands in the first minutes (现场指挥官): shifts, rosters, hand-overs.

pub mod shifts;

pub use shifts::{ShiftPattern, ShiftTimes};
