//! Bringing the database to the schema this program expects.

use super::connection::{Conn, PATIENCE};
use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// One number for all nodes: whoever holds this PostgreSQL lock migrates, the others wait as long as it
/// takes. A migration itself may take long, but not keep others from a table for long.
const MIGRATION_LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0; \
    SELECT pg_advisory_lock(7310579); SET lock_timeout = '5s'";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(7310579)";

/// Runs what has not run yet and returns the names of it. Safe when several nodes start at once.
pub fn migrate(conn: &mut Conn) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    match conn {
        Conn::Sqlite(conn) => conn.immediate_transaction(|conn| pending(conn, SQLITE)),
        Conn::Postgres(conn) => {
            conn.batch_execute(MIGRATION_LOCK)?;
            let outcome = pending(conn, POSTGRES);
            conn.batch_execute(MIGRATION_UNLOCK)?;
            conn.batch_execute(PATIENCE)?;
            outcome
        }
    }
}

fn pending<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    Ok(conn.run_pending_migrations(migrations)?.iter().map(ToString::to_string).collect())
}

/// Whether the database is older than this program.
pub fn migrations_pending(conn: &mut Conn) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    match conn {
        Conn::Sqlite(conn) => conn.has_pending_migration(SQLITE),
        Conn::Postgres(conn) => conn.has_pending_migration(POSTGRES),
    }
}
