//! Orders of other authorities (外部指令): written down here because they bind the institution and its colour.

pub mod model;
pub mod queries;
pub mod record;
pub mod routes;
pub mod rules;

pub use model::{ExternalOrder, OrderKind};
