//! Bringing the database to the schema this program expects.

use super::connection::{Conn, PATIENCE};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// One number for all nodes: whoever holds this PostgreSQL lock migrates, the others wait as long as it
/// takes. A migration itself may take long, but not keep others from a table for long.
const MIGRATION_LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0; \
    SELECT pg_advisory_lock(7310579); SET lock_timeout = '5s'";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(7310579)";

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the database cannot be brought to this program's schema.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It holds a migration that this program does not know.
    #[error(
        "the database is newer than this program: it has the migration {0}; \
         run the newer program, or restore a backup from before the upgrade"
    )]
    Newer(String),
    /// A migration did not run; nothing of it was kept.
    #[error("cannot migrate the database: {0}")]
    Failed(Cause),
}

impl From<Cause> for SchemaError {
    fn from(cause: Cause) -> Self {
        Self::Failed(cause)
    }
}

impl From<diesel::result::Error> for SchemaError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs what has not run yet and returns the versions of it. Safe when several nodes start at once: all
/// that is to run runs while the others wait, and is kept as a whole or not at all on SQLite, step by step
/// on PostgreSQL.
pub fn migrate(conn: &mut Conn) -> Result<Vec<String>, SchemaError> {
    match conn {
        Conn::Sqlite(conn) => conn.immediate_transaction(|conn| pending(conn, SQLITE, None)),
        Conn::Postgres(conn) => {
            conn.batch_execute(MIGRATION_LOCK)?;
            let outcome = pending(conn, POSTGRES, None);
            conn.batch_execute(MIGRATION_UNLOCK)?;
            conn.batch_execute(PATIENCE)?;
            outcome
        }
    }
}

/// Runs what has not run yet inside the current transaction, up to the migration of this name if one is
/// given: for filling a database that is not in use.
pub fn migrate_within(conn: &mut Conn, last: Option<&str>) -> Result<(), SchemaError> {
    match conn {
        Conn::Sqlite(conn) => pending(conn, SQLITE, last)?,
        Conn::Postgres(conn) => pending(conn, POSTGRES, last)?,
    };
    Ok(())
}

/// Takes every table away, inside the current transaction.
pub fn revert_within(conn: &mut Conn) -> Result<(), SchemaError> {
    match conn {
        Conn::Sqlite(conn) => revert(conn, SQLITE),
        Conn::Postgres(conn) => revert(conn, POSTGRES),
    }
}

/// Whether the database is older than this program; an error when it is newer.
pub fn migrations_pending(conn: &mut Conn) -> Result<bool, SchemaError> {
    match conn {
        Conn::Sqlite(conn) => {
            refuse_newer(conn, &SQLITE)?;
            Ok(conn.has_pending_migration(SQLITE)?)
        }
        Conn::Postgres(conn) => {
            refuse_newer(conn, &POSTGRES)?;
            Ok(conn.has_pending_migration(POSTGRES)?)
        }
    }
}

/// The names of this program's migrations in their order; both databases have the same.
pub fn migration_names() -> Vec<String> {
    let migrations: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> =
        MigrationSource::migrations(&SQLITE).unwrap_or_default();
    let mut names: Vec<String> = migrations.iter().map(|one| one.name().to_string()).collect();
    names.sort_unstable();
    names
}

fn known<DB: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
) -> Result<Vec<MigrationVersion<'static>>, Cause> {
    let migrations: Vec<Box<dyn Migration<DB>>> = MigrationSource::migrations(source)?;
    Ok(migrations.iter().map(|one| one.name().version().as_owned()).collect())
}

fn refuse_newer<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: &EmbeddedMigrations,
) -> Result<(), SchemaError> {
    let known = known::<DB>(source)?;
    let applied = conn.applied_migrations()?;
    match applied.into_iter().filter(|version| !known.contains(version)).max() {
        None => Ok(()),
        Some(strange) => Err(SchemaError::Newer(strange.to_string())),
    }
}

fn pending<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
    last: Option<&str>,
) -> Result<Vec<String>, SchemaError> {
    refuse_newer(conn, &source)?;
    let mut ran = Vec::new();
    for migration in conn.pending_migrations(source)? {
        if last.is_some_and(|last| migration.name().to_string().as_str() > last) {
            break;
        }
        ran.push(conn.run_migration(&migration)?.to_string());
    }
    Ok(ran)
}

fn revert<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: EmbeddedMigrations,
) -> Result<(), SchemaError> {
    refuse_newer(conn, &source)?;
    conn.revert_all_migrations(source)?;
    Ok(())
}
