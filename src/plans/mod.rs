//! Plans for fire-fighting and evacuation (灭火和应急疏散预案): edition by edition, from draft to superseded; what one lacks,
//! and what calls for its revision.

pub mod act;
pub mod action;
pub mod check;
pub mod content;
pub mod draft;
pub mod form;
pub mod model;
pub mod queries;
pub mod revision;
pub mod routes;
pub mod rules;
pub mod standing;
pub mod view;

pub use content::PlanContent;
pub use model::{Plan, PlanState};
