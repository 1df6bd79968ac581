//! Several phones, one stopwatch: observers tap what they see, offline, each by a clock of its own; here the taps come
//! into one order. Pure.
//!
//! `clocks` says when a tap was, in the server's time, and how surely; `merge` what the taps say together.

pub mod clocks;
pub mod merge;

pub use clocks::{Placed, Reading, Sync, TimeBasis};
pub use merge::{Tap, TapKind, Timeline, merge};
