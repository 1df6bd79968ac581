//! The residents' evacuation table (帮扶对应表): how each resident leaves, and who helps.

pub mod evac_class;

pub use evac_class::EvacClass;
