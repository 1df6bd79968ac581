//! Bringing the database to the schema this program expects.

use super::connection::Conn;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// One number for all nodes: whoever holds this PostgreSQL lock migrates, the others wait.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7310579)";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(7310579)";

/// Runs what has not run yet and returns the names of it. Safe when several nodes start at once.
pub fn migrate(conn: &mut Conn) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    use diesel::connection::SimpleConnection;
    let names = match conn {
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE)?.iter().map(ToString::to_string).collect(),
        Conn::Postgres(conn) => {
            conn.batch_execute(MIGRATION_LOCK)?;
            let outcome = conn
                .run_pending_migrations(POSTGRES)
                .map(|ran| ran.iter().map(ToString::to_string).collect());
            conn.batch_execute(MIGRATION_UNLOCK)?;
            outcome?
        }
    };
    Ok(names)
}

/// Whether the database is older than this program.
pub fn migrations_pending(conn: &mut Conn) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    match conn {
        Conn::Sqlite(conn) => conn.has_pending_migration(SQLITE),
        Conn::Postgres(conn) => conn.has_pending_migration(POSTGRES),
    }
}
