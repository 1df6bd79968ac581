//! Taking in what observers' phones tapped, whenever they reach the server: before the record is handed in or after it.
//!
//! Nothing here changes the drill itself. `stopwatch` makes one timeline of it; `rules.rs` proposes from it what the record
//! may say.

pub mod model;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod take;
