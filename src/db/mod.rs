//! The records: connections, transactions, threads and column types. Only this folder names a database.

mod connection;
mod executor;
mod explain;
mod migrate;
mod one_of;
mod queue;
pub mod rows;
pub mod schema;
pub mod search;
pub mod sql_types;
mod statement;
mod text_enum;
mod transaction;
mod worker;

pub use connection::{Backend, Conn, DatabaseUrl, MultiBackend, OpenError, hold_alone};
pub use executor::Db;
pub use migrate::{SchemaError, migrate, migrate_within, migration_names, migrations_pending, revert_within};
pub use one_of::{found_by, one_of};
pub use sql_types::Instant;
pub use statement::Statement;
