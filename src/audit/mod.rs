//! The audit trail: one chain per institution and one for the system, each entry holding the hash of the
//! one before, each head signed. What is written here is written in the same transaction as the change.

mod entry;
mod export;
mod model;
mod queries;
pub mod routes;
mod verify;
mod walker;

pub use entry::{Sealed, genesis};
pub use export::{Known, export, known_from, verify_export};
pub use model::Entry;
pub use queries::{
    anchor, explain_entries, head_lines, record, record_as, record_denied, record_refused, record_system,
};
pub use verify::{verify, verify_against};
pub use walker::Report;
