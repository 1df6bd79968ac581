//! The records: connections, transactions, threads and column types. Only this folder names a database.

mod connection;
mod executor;
mod explain;
mod migrate;
mod queue;
pub mod schema;
pub mod search;
pub mod sql_types;
mod text_enum;
mod transaction;

pub use connection::{Backend, Conn, DatabaseUrl, MultiBackend, OpenError};
pub use executor::Db;
pub use migrate::{migrate, migrations_pending};
pub use sql_types::Instant;
