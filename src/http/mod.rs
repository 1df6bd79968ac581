//! The machine between the domain and the wire: problems, bodies, pages, headers. Knows no domain word.

mod answer;
mod assets;
mod body;
mod client;
mod connection;
mod deadline;
mod envelope;
mod limits;
mod measures;
pub mod openapi;
mod pagination;
mod problem;
mod query;
mod rates;
mod raw;
mod serving;

pub use crate::stored::{Stored, Written};
pub use answer::{
    accepted, expected_version, kept_at_home, no_content, object, page_for_people, stored, written,
};
pub use assets::{asset, docs_redirect};
pub use body::{Body, Id, Query, path_id};
pub use client::{TrustedProxies, client_address, client_network, client_of};
pub use connection::{Connection, Connections, Line};
pub use envelope::{envelope, fallback};
pub use limits::{Class, Limits, Rates};
pub use pagination::{Cursor, DEFAULT_LIMIT, LARGEST_LIMIT, Page, limit, page};
pub use problem::{FieldProblem, Problem, prefers_english};
pub use query::{ascending, check_days, invalid_query, several};
pub use rates::{RateLimits, Standing};
pub use serving::{Caller, Serving, admit};
