//! The schema: one for both databases, reached by migrations that run once, and kept durably.

use crate::on_both_databases;
use anlao::db::{Backend, Conn, DatabaseUrl, migrate};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Table, column: whether it may be null, and its family of types.
type Columns = BTreeMap<(String, String), (bool, String)>;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(conn: &mut Conn, query: &str) -> Vec<String> {
    let found: Vec<Line> = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(query).load(conn).unwrap(),
        Conn::Postgres(conn) => diesel::sql_query(query).load(conn).unwrap(),
    };
    found.into_iter().map(|row| row.line).collect()
}

/// An empty database that goes with the test.
struct Empty {
    url: DatabaseUrl,
    _dir: tempfile::TempDir,
    name: Option<String>,
}

impl Empty {
    fn new(backend: Backend) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (url, name) = match backend {
            Backend::Sqlite => (format!("sqlite:{}", dir.path().join("empty.db").display()), None),
            Backend::Postgres => {
                let name = format!("empty_{}", uuid::Uuid::now_v7().simple());
                (anlao_testbed::postgres().unwrap().create_database(&name), Some(name))
            }
        };
        Self { url: DatabaseUrl::parse(&url).unwrap(), _dir: dir, name }
    }

    fn open(&self) -> Conn {
        Conn::open(&self.url).unwrap()
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            anlao_testbed::postgres().unwrap().drop_database(name);
        }
    }
}

fn folder(backend: Backend) -> PathBuf {
    let name = match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(name)
}

fn names(backend: Backend) -> Vec<String> {
    let entries = std::fs::read_dir(folder(backend)).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<_> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The schema as the database itself describes it, text by text.
pub fn description(conn: &mut Conn) -> Vec<String> {
    let query = match conn.backend() {
        Backend::Sqlite => {
            "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master \
             WHERE name NOT LIKE '%diesel%' ORDER BY line"
        }
        Backend::Postgres => {
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%diesel%' \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '%diesel%' \
             UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '%diesel%' \
             UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
             UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY line"
        }
    };
    lines(conn, query)
}

#[test]
fn both_folders_hold_the_same_migrations() {
    assert_eq!(names(Backend::Sqlite), names(Backend::Postgres));
    for backend in [Backend::Sqlite, Backend::Postgres] {
        for name in names(backend) {
            for part in ["up.sql", "down.sql"] {
                assert!(folder(backend).join(&name).join(part).exists(), "{name}/{part} of {backend:?}");
            }
        }
    }
}

fn up_down_up(backend: Backend) {
    let empty = Empty::new(backend);
    let mut conn = empty.open();
    let ran = migrate(&mut conn).unwrap();
    assert_eq!(ran.len(), names(backend).len());
    let fresh = description(&mut conn);
    assert!(fresh.len() > 20, "{fresh:?}");
    for name in names(backend).iter().rev() {
        conn.batch_execute(&std::fs::read_to_string(folder(backend).join(name).join("down.sql")).unwrap())
            .unwrap();
    }
    assert_eq!(description(&mut conn), Vec::<String>::new(), "nothing is left after going down");
    conn.batch_execute("DELETE FROM __diesel_schema_migrations").unwrap();
    assert_eq!(migrate(&mut conn).unwrap(), ran);
    assert_eq!(description(&mut conn), fresh);
    assert_eq!(migrate(&mut conn).unwrap(), Vec::<String>::new(), "once more does nothing");
    assert_eq!(description(&mut conn), fresh);
    assert!(!anlao::db::migrations_pending(&mut conn).unwrap());
}

#[test]
fn up_down_up_on_sqlite() {
    up_down_up(Backend::Sqlite);
}

#[test]
fn up_down_up_on_postgres() {
    up_down_up(Backend::Postgres);
}

/// Several nodes that start at once on an empty database migrate it once, and all of them succeed.
fn at_once(backend: Backend) {
    let empty = Empty::new(backend);
    let start = std::sync::Barrier::new(4);
    let ran: Vec<Vec<String>> = std::thread::scope(|scope| {
        let node = || {
            let mut conn = empty.open();
            start.wait();
            migrate(&mut conn).unwrap()
        };
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(node)).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert_eq!(ran.concat().len(), names(backend).len(), "{ran:?}");
}

#[test]
fn nodes_that_start_at_once_migrate_sqlite_once() {
    at_once(Backend::Sqlite);
}

#[test]
fn nodes_that_start_at_once_migrate_postgres_once() {
    at_once(Backend::Postgres);
}

/// What `schema.rs` says, read as text.
fn declared() -> Columns {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/schema.rs")).unwrap();
    let mut found = Columns::new();
    for block in text.split("diesel::table! {").skip(1) {
        let block = block.split("\n}").next().unwrap();
        let table = block.lines().map(str::trim).find(|line| line.ends_with(") {")).unwrap();
        let table = table.split([' ', '(']).next().unwrap();
        for line in block.lines().filter(|line| line.contains(" -> ")) {
            let (column, kind) = line.trim().trim_end_matches(',').split_once(" -> ").unwrap();
            let inner = kind.strip_prefix("Nullable<").and_then(|rest| rest.strip_suffix('>'));
            let family = match inner.unwrap_or(kind) {
                "Integer" | "BigInt" => "number",
                "Text" => "text",
                "Double" => "real",
                "Bool" => "truth",
                "Date" => "date",
                "UuidSql" => "id",
                "InstantSql" => "instant",
                other => panic!("{table}.{column}: {other}"),
            };
            found.insert((table.to_owned(), column.to_owned()), (inner.is_some(), family.to_owned()));
        }
    }
    found
}

/// What the database has.
fn actual(conn: &mut Conn) -> Columns {
    let query = match conn.backend() {
        Backend::Sqlite => {
            "SELECT t.name || '|' || c.name || '|' || (c.\"notnull\" = 0 AND c.pk = 0) || '|' || c.type AS line \
             FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE '%diesel%' \
             AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'hazard_search%'"
        }
        Backend::Postgres => {
            "SELECT table_name || '|' || column_name || '|' || (is_nullable = 'YES')::int || '|' || data_type AS line \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%diesel%' \
             AND table_name NOT LIKE 'hazard_search%'"
        }
    };
    let rows = lines(conn, query).into_iter().map(|line| {
        let parts: Vec<&str> = line.split('|').collect();
        let family = family(conn_family(parts[3]), parts[1]);
        ((parts[0].to_owned(), parts[1].to_owned()), (parts[2] == "1", family))
    });
    rows.collect()
}

fn conn_family(kind: &str) -> &str {
    match kind.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => "number",
        "text" | "character varying" => "text",
        "double" | "double precision" => "real",
        "boolean" => "truth",
        "date" => "date",
        "blob" | "uuid" => "id",
        "timestamp with time zone" => "instant",
        "tsvector" => "words",
        other => panic!("an unexpected type: {other}"),
    }
}

/// SQLite keeps instants as numbers: its columns are told apart by the names that instants have.
fn family(kind: &str, column: &str) -> String {
    let instant = column == "at" || column.ends_with("_at");
    if kind == "number" && instant { "instant".into() } else { kind.into() }
}

on_both_databases! {
    /// Tables and columns are those of `schema.rs`: the same names, the same nullability, the same kinds.
    tables_and_columns_agree_with_the_schema, app => {
        let mut conn = Conn::open(&app.config.database).unwrap();
        let (mut declared, actual) = (declared(), actual(&mut conn));
        let searched = |(table, _): &(String, String)| table.starts_with("hazard_search");
        declared.retain(|name, _| !searched(name));
        let unlisted: Vec<_> = actual.keys().filter(|name| !declared.contains_key(*name)).cloned().collect();
        // The words for searching are a column of PostgreSQL's own; queries reach them through `db/search.rs`.
        let unlisted: Vec<_> = unlisted.into_iter().filter(|(_, column)| column != "words").collect();
        assert_eq!(unlisted, [], "in the database but not in schema.rs");
        for (name, declared) in &declared {
            assert_eq!(actual.get(name), Some(declared), "{}.{}", name.0, name.1);
        }
    }
}

on_both_databases! {
    /// Every connection has the settings that acknowledged writes rely on.
    connections_are_durable, app => {
        let mut conn = Conn::open(&app.config.database).unwrap();
        let setting = |conn: &mut Conn, query: &str| lines(conn, query).remove(0);
        match conn.backend() {
            Backend::Sqlite => {
                for (pragma, expected) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("trusted_schema", "0")] {
                    let query = format!("SELECT CAST({pragma} AS TEXT) AS line FROM pragma_{pragma}");
                    assert_eq!(setting(&mut conn, &query), expected, "{pragma}");
                }
                let version = setting(&mut conn, "SELECT sqlite_version() AS line");
                let numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
                assert!(numbers >= vec![3, 51, 3], "SQLite {version}");
            }
            Backend::Postgres => {
                let durable = setting(&mut conn, "SELECT current_setting('synchronous_commit') AS line");
                assert_ne!(durable, "off");
                assert_eq!(setting(&mut conn, "SELECT current_setting('TimeZone') AS line"), "UTC");
            }
        }
    }
}

#[test]
fn a_postgres_that_would_lose_acknowledged_records_is_refused() {
    let empty = Empty::new(Backend::Postgres);
    let name = empty.name.clone().unwrap();
    empty.open().batch_execute(&format!("ALTER DATABASE \"{name}\" SET synchronous_commit = off")).unwrap();
    let refused = Conn::open(&empty.url).err().unwrap().to_string();
    assert!(refused.contains("synchronous_commit"), "{refused}");
}
