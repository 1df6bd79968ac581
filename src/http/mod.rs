//! The machine between the domain and the wire: problems, bodies, pages, headers. Knows no domain word.

mod answer;
mod assets;
mod body;
mod client;
mod envelope;
pub mod openapi;
mod pagination;
mod problem;

pub use crate::stored::Stored;
pub use answer::{expected_version, no_content, object, stored};
pub use assets::{asset, docs_redirect};
pub use body::{Body, Id, Query, path_id};
pub use client::{TrustedProxies, client_address, client_network, client_of};
pub use envelope::{Caller, RequestId, envelope, fallback};
pub use pagination::{Cursor, DEFAULT_LIMIT, LARGEST_LIMIT, Page, limit, page};
pub use problem::{FieldProblem, Problem};
