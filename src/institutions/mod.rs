//! Elder-care institutions (养老机构): the places under supervision and what decides how they are.

pub mod credit_code;
pub mod model;
mod named;
pub mod queries;
pub mod routes;
pub mod rules;

pub use model::Institution;
pub use named::{named, named_and_not_closed};
