//! The checklist catalogue (检查事项): what an inspector looks for, as data an office can change.

mod model;
pub mod routes;

pub use model::{Category, Checklist, ChecklistItem, ItemSeverity, PhotoRule};
