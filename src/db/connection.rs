//! The one place that names a database: which back ends exist and how each is opened.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// A connection to whichever database the configuration names. All query code is written once against it.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Where the records are kept, parsed from `ANLAO_DATABASE_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(std::path::PathBuf),
    Postgres(String),
}

impl DatabaseUrl {
    /// Accepts `sqlite:PATH` and `postgres://…` only. A mistyped scheme must never silently become an
    /// empty SQLite file, so everything else is refused.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("the database URL `sqlite:` names no file".into());
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let scheme = text.split(':').next().unwrap_or_default();
        Err(format!("the database URL must begin with `sqlite:` or `postgres://`, not `{scheme}:`"))
    }

    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }
}

/// SQLite before this version can corrupt a write-ahead log that two connections checkpoint at once.
const OLDEST_SOUND_SQLITE: i32 = 3_051_003;

impl Conn {
    /// Opens one connection with the durability settings that every acknowledged write relies on.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path),
            DatabaseUrl::Postgres(url) => open_postgres(url),
        }
    }

    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("cannot prepare the database connection: {0}")]
    Prepare(#[from] diesel::result::Error),
    #[error("SQLite {0} is older than 3.51.3 and can corrupt its write-ahead log; it is not used")]
    OldSqlite(i32),
    #[error("PostgreSQL has {0} switched off; acknowledged records would not survive a power failure")]
    NotDurable(&'static str),
}

fn open_sqlite(path: &std::path::Path) -> Result<Conn, OpenError> {
    let version = sqlite_version();
    if version < OLDEST_SOUND_SQLITE {
        return Err(OpenError::OldSqlite(version));
    }
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA mmap_size = 268435456; \
         PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY; \
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(Conn::Sqlite(conn))
}

fn sqlite_version() -> i32 {
    libsqlite3_sys::SQLITE_VERSION_NUMBER
}

/// Opens a SQLite file so that nobody else can until the connection is dropped, and folds its log into it: then
/// the one file is all there is. Fails while somebody else has it open.
pub fn hold_alone(path: &std::path::Path) -> Result<Conn, OpenError> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 2000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; \
         BEGIN EXCLUSIVE; COMMIT;",
    )?;
    Ok(Conn::Sqlite(conn))
}

/// How long a PostgreSQL statement may wait for others, and run.
pub(super) const PATIENCE: &str = "SET lock_timeout = '10s'; SET statement_timeout = '30s'";

fn open_postgres(url: &str) -> Result<Conn, OpenError> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute("SET application_name = 'anlao'; SET TIME ZONE 'UTC'; SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '60s';")?;
    conn.batch_execute(PATIENCE)?;
    let durable: String =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("current_setting('synchronous_commit')"))
            .get_result(&mut conn)?;
    if durable == "off" {
        return Err(OpenError::NotDurable("synchronous_commit"));
    }
    Ok(Conn::Postgres(conn))
}
