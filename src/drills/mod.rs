//! Drills (演练): planned, held, recorded and evaluated; real events are recorded the same way.

pub mod stopwatch;
