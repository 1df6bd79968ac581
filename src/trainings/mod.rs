//! Trainings and safety education (培训、宣传教育) that were held: of staff, of residents, of families. Records are only
//! ever added; a correction is a record that names the one it replaces. What is due follows from the standing intervals.

pub mod model;
pub mod queries;
pub mod record;
pub mod routes;
pub mod rules;
pub mod standing;
pub mod status;
