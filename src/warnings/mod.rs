//! Warnings (预警): received by an office, relayed to the homes of the area at that moment, acknowledged by each, reported
//! on until the all-clear.

pub mod act;
pub mod findings;
pub mod model;
pub mod queries;
pub mod relay;
pub mod report;
pub mod routes;
pub mod rules;
pub mod standing;
pub mod view;
