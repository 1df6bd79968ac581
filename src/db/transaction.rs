//! How a transaction begins and ends on each database.

use super::connection::Conn;
use crate::refusal::{Failure, Outcome};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

type Sqlite = AnsiTransactionManager;
type Postgres = AnsiTransactionManager;

impl Conn {
    /// Runs `read` on one unchanging snapshot of the records.
    pub fn snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        self.begin_snapshot()?;
        self.finish_snapshot(read)
    }

    pub(super) fn begin_snapshot(&mut self) -> Outcome<()> {
        self.begin("BEGIN DEFERRED", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Runs `read` on the snapshot that was begun, and ends it.
    pub(super) fn finish_snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let outcome = read(self);
        let over = self.rollback();
        match outcome {
            Err(Failure::Database(_)) if over.is_err() || !self.is_alive() => {
                Err(Failure::Unavailable("the connection to the database was lost".into()))
            }
            outcome => outcome,
        }
    }

    /// Whether the database still answers on this connection. Asked after an error and outside of a transaction:
    /// the words of the error depend on the server's language, and its kind does not tell.
    pub(super) fn is_alive(&mut self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(conn) => diesel::sql_query("SELECT 1").execute(conn).is_ok(),
        }
    }

    /// Begins the transaction that changes records. On SQLite it takes the write lock at once: a reader
    /// that upgrades later is refused without waiting.
    pub(super) fn begin_write(&mut self) -> Outcome<()> {
        self.begin("BEGIN IMMEDIATE", "BEGIN ISOLATION LEVEL READ COMMITTED")
    }

    /// Waits until nobody else is changing the thing with this id, and keeps others waiting until the
    /// transaction ends: what is read next is what will be changed. SQLite has one writer anyway.
    pub fn lock(&mut self, id: uuid::Uuid) -> Outcome<()> {
        if let Self::Postgres(conn) = self {
            let (high, low) = id.as_u64_pair();
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>((high ^ low).cast_signed())
                .execute(conn)?;
        }
        Ok(())
    }

    /// [`Conn::lock`] for something that is known by a digest in hexadecimal.
    pub fn lock_digest(&mut self, digest: &str) -> Outcome<()> {
        // Anything else would only share a lock.
        let first = digest.get(..32).and_then(|half| u128::from_str_radix(half, 16).ok());
        self.lock(uuid::Uuid::from_u128(first.unwrap_or_default()))
    }

    /// Runs `change` inside a savepoint of the current transaction: kept on `Ok`, undone on `Err`.
    pub fn savepoint<T>(&mut self, change: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        diesel::Connection::transaction(self, change)
    }

    pub(super) fn commit(&mut self) -> Outcome<()> {
        let done = match self {
            Self::Sqlite(c) => <Sqlite as TransactionManager<SqliteConnection>>::commit_transaction(c),
            Self::Postgres(c) => <Postgres as TransactionManager<PgConnection>>::commit_transaction(c),
        };
        done.map_err(Failure::from)
    }

    pub(super) fn rollback(&mut self) -> Outcome<()> {
        let done = match self {
            Self::Sqlite(c) => <Sqlite as TransactionManager<SqliteConnection>>::rollback_transaction(c),
            Self::Postgres(c) => <Postgres as TransactionManager<PgConnection>>::rollback_transaction(c),
        };
        done.map_err(Failure::from)
    }

    fn begin(&mut self, sqlite: &str, postgres: &str) -> Outcome<()> {
        match self {
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, sqlite),
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, postgres),
        }
        .map_err(Failure::from)
    }
}
