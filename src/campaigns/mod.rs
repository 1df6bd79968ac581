//! Campaigns (专项行动): a round of inspection that every institution of an area is to get, who visits whom, and who was
//! not visited.

pub mod act;
pub mod action;
pub mod draw;
pub mod draw_record;
pub mod model;
pub mod progress;
pub mod queries;
pub mod report;
pub mod routes;
pub mod rules;
pub mod view;

pub use draw_record::DrawRecord;
pub use model::Campaign;
