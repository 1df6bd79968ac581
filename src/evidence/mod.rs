//! Evidence: photos and documents that must stand up after an accident. The original is kept as it came,
//! named by its SHA-256; people look at upright copies without metadata.

pub mod arrival;
pub mod derivatives;
pub mod intake;
mod measures;
pub mod model;
pub mod queries;
pub mod routes;
pub mod rules;
pub mod scrub;
pub mod store;
pub mod sweep;

pub use model::{DeclaredEvidence, Evidence, EvidenceRole, EvidenceStateKind, Owner, OwnerKind};
pub use store::Store;
