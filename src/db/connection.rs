//! The one place that names a database: which back ends exist and how each is opened.

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

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
const OLDEST_SOUND_SQLITE: [u32; 3] = [3, 51, 3];

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
    #[error("cannot start a database thread: {0}")]
    Thread(std::io::Error),
    #[error("cannot open the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("cannot prepare the database connection: {0}")]
    Prepare(#[from] diesel::result::Error),
    #[error("SQLite {0} is older than 3.51.3 and can corrupt its write-ahead log; it is not used")]
    OldSqlite(String),
    #[error("the database does not keep to {0}; acknowledged records would not survive a power failure")]
    NotDurable(&'static str),
}

fn open_sqlite(path: &std::path::Path) -> Result<Conn, OpenError> {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA mmap_size = 268435456; \
         PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY; PRAGMA recursive_triggers = ON; \
         PRAGMA trusted_schema = OFF;",
    )?;
    let (version, journal, synchronous, foreign_keys): (String, String, i32, i32) = diesel::select((
        sql::<Text>("sqlite_version()"),
        sql::<Text>("(SELECT journal_mode FROM pragma_journal_mode)"),
        sql::<Integer>("(SELECT synchronous FROM pragma_synchronous)"),
        sql::<Integer>("(SELECT foreign_keys FROM pragma_foreign_keys)"),
    ))
    .get_result(&mut conn)?;
    if !is_sound(&version) {
        return Err(OpenError::OldSqlite(version));
    }
    // SQLite does not refuse a setting that it cannot keep: it says so only when asked.
    match (journal.as_str(), synchronous, foreign_keys) {
        ("wal", 2, 1) => Ok(Conn::Sqlite(conn)),
        ("wal", 2, _) => Err(OpenError::NotDurable("foreign_keys=ON")),
        ("wal", ..) => Err(OpenError::NotDurable("synchronous=FULL")),
        _ => Err(OpenError::NotDurable("journal_mode=WAL")),
    }
}

fn is_sound(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    [next(), next(), next()] >= OLDEST_SOUND_SQLITE
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

/// A server that is gone without a word must not be waited for: unless the URL says otherwise, connecting takes
/// at most five seconds, and a line that carries nothing for ten is dead.
const LINE: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "4"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in LINE {
        if !url.contains(&format!("{name}=")) {
            let joint = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{joint}{name}={value}"));
        }
    }
    url
}

fn open_postgres(url: &str) -> Result<Conn, OpenError> {
    let mut conn = PgConnection::establish(&with_timeouts(url))?;
    conn.batch_execute("SET application_name = 'anlao'; SET TIME ZONE 'UTC'; SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '60s';")?;
    conn.batch_execute(PATIENCE)?;
    if setting(&mut conn, "synchronous_commit")? == "off" {
        return Err(OpenError::NotDurable("synchronous_commit=on"));
    }
    Ok(Conn::Postgres(conn))
}

fn setting(conn: &mut PgConnection, name: &'static str) -> QueryResult<String> {
    diesel::select(sql::<Text>("current_setting(").bind::<Text, _>(name).sql(")")).get_result(conn)
}

impl Conn {
    /// Says loudly what a whole PostgreSQL server was told not to flush. It is not refused: that is a server for
    /// tests, or somebody's decision about more than these records.
    pub(super) fn warn_of_what_a_power_failure_loses(&mut self) {
        let Self::Postgres(conn) = self else { return };
        for name in ["fsync", "full_page_writes"] {
            if setting(conn, name).is_ok_and(|value| value == "off") {
                tracing::warn!(
                    "ALARM: PostgreSQL runs with {name}=off: a power failure may destroy every record"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsound_sqlite_is_known_by_its_version() {
        assert!(is_sound("3.51.3") && is_sound("3.53.0") && is_sound("4.0.0"));
        assert!(!is_sound("3.51.2") && !is_sound("3.9.0") && !is_sound("3.40.1") && !is_sound(""));
    }

    #[test]
    fn a_line_has_timeouts_unless_its_url_sets_them() {
        let url = with_timeouts("postgres://a@h/d?connect_timeout=9");
        assert!(
            url.contains("connect_timeout=9&keepalives_idle=4") && url.ends_with("&tcp_user_timeout=10000")
        );
        assert_eq!(url.matches('?').count(), 1);
        assert!(with_timeouts("postgres://h1,h2/d").starts_with("postgres://h1,h2/d?connect_timeout=5&"));
    }
}
