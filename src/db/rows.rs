//! Rows of any table as lines of JSON, the same on both databases: what backups are made of.
//!
//! A row is an array of scalars. Identifiers are 32 hexadecimal digits, instants microseconds since 1970,
//! truths 0 and 1, dates and texts texts, and reals texts too, because they must come back to the last bit.

use super::connection::{Backend, Conn};
use super::sql_types::{InstantSql, UuidSql};
use crate::refusal::Outcome;
use diesel::connection::SimpleConnection;
use diesel::expression::Expression;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Double, Integer, Nullable, Text};
use serde::{Deserialize, Serialize};

/// How a column's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Number,
    Real,
    Text,
    Truth,
    Date,
    Id,
    Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// A table and its columns, in the order of the values of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

/// The kind that stands for a column's SQL type.
pub trait HasKind {
    const KIND: Kind;
}

macro_rules! kinds {
    ($($sql_type:ty => $kind:ident,)*) => {$(
        impl HasKind for $sql_type {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

kinds! {
    Integer => Number,
    BigInt => Number,
    Double => Real,
    Text => Text,
    Bool => Truth,
    Date => Date,
    UuidSql => Id,
    InstantSql => Instant,
}

impl<T: HasKind> HasKind for Nullable<T> {
    const KIND: Kind = T::KIND;
}

/// All columns of a table, as `schema.rs` lists them.
pub trait Columns {
    fn columns() -> Vec<Column>;
}

macro_rules! columns_of_tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first: diesel::Column, $($rest: diesel::Column,)*> Columns for ($first, $($rest,)*)
        where
            <$first as Expression>::SqlType: HasKind,
            $(<$rest as Expression>::SqlType: HasKind,)*
        {
            fn columns() -> Vec<Column> {
                vec![
                    Column { name: $first::NAME.to_owned(), kind: <<$first as Expression>::SqlType as HasKind>::KIND },
                    $(Column { name: $rest::NAME.to_owned(), kind: <<$rest as Expression>::SqlType as HasKind>::KIND },)*
                ]
            }
        }
        columns_of_tuples!($($rest)*);
    };
}

columns_of_tuples!(
    A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9
    D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 G0 G1 G2 G3
);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Conn {
    /// Lets the current transaction take as long as it takes, and wait for its user in between.
    pub fn unhurried(&mut self) -> Outcome<()> {
        if let Self::Postgres(conn) = self {
            conn.batch_execute(
                "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
            )?;
        }
        Ok(())
    }

    /// Hands over every row of a table, in this order of its columns.
    pub fn each_row(
        &mut self,
        table: &Table,
        order: &str,
        each: &mut dyn FnMut(&str) -> Outcome<()>,
    ) -> Outcome<()> {
        let backend = self.backend();
        let values: Vec<String> = table.columns.iter().map(|column| written(backend, column)).collect();
        let array = match backend {
            Backend::Sqlite => format!("json_array({})", values.join(", ")),
            Backend::Postgres => format!("json_build_array({})::text", values.join(", ")),
        };
        let query = format!("SELECT {array} AS line FROM {} ORDER BY {order}", table.name);
        match self {
            Self::Sqlite(conn) => {
                for row in diesel::sql_query(query).load_iter::<Line, _>(conn)? {
                    each(&row?.line)?;
                }
            }
            Self::Postgres(conn) => {
                for row in diesel::sql_query(query).load_iter::<Line, PgRowByRowLoadingMode>(conn)? {
                    each(&row?.line)?;
                }
            }
        }
        Ok(())
    }

    /// How many rows a table has.
    pub fn row_count(&mut self, table: &str) -> Outcome<i64> {
        self.number(&format!("SELECT count(*) AS number FROM {table}"))
    }

    fn number(&mut self, query: &str) -> Outcome<i64> {
        let found: Number = match self {
            Self::Sqlite(conn) => diesel::sql_query(query).get_result(conn)?,
            Self::Postgres(conn) => diesel::sql_query(query).get_result(conn)?,
        };
        Ok(found.number)
    }

    /// Inserts rows that stand in one JSON array.
    pub fn insert_rows(&mut self, table: &Table, rows: &str) -> Outcome<()> {
        let backend = self.backend();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let values = table.columns.iter().enumerate().map(|(at, column)| read(backend, at, column.kind));
        let values: Vec<String> = values.collect();
        let source = match backend {
            Backend::Sqlite => "json_each(?)",
            Backend::Postgres => "json_array_elements($1::json) AS rows (value)",
        };
        let statement = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {source}",
            table.name,
            names.join(", "),
            values.join(", ")
        );
        match self {
            Self::Sqlite(conn) => diesel::sql_query(statement).bind::<Text, _>(rows).execute(conn)?,
            Self::Postgres(conn) => diesel::sql_query(statement).bind::<Text, _>(rows).execute(conn)?,
        };
        Ok(())
    }

    /// Takes away what a migration put into a table that is about to be filled.
    pub fn clear_table(&mut self, table: &str) -> Outcome<()> {
        Ok(self.batch_execute(&format!("DELETE FROM {table}"))?)
    }

    /// After rows were inserted with numbers of their own: the next numbers follow the highest.
    pub fn renumber(&mut self) -> Outcome<()> {
        if let Self::Postgres(conn) = self {
            conn.batch_execute(RENUMBER)?;
        }
        Ok(())
    }

    /// What the database itself finds wrong with what it holds, inside the current transaction.
    pub fn integrity_faults(&mut self) -> Outcome<Vec<String>> {
        let Self::Sqlite(conn) = self else { return Ok(Vec::new()) };
        let found: Vec<Line> = diesel::sql_query(
            "SELECT integrity_check AS line FROM pragma_integrity_check WHERE integrity_check <> 'ok' \
             UNION ALL SELECT 'a row of ' || \"table\" || ' refers to nothing' FROM pragma_foreign_key_check",
        )
        .load(conn)?;
        Ok(found.into_iter().map(|row| row.line).collect())
    }

    /// Whether a database has any table in it.
    pub fn has_tables(&mut self) -> Outcome<bool> {
        let query = match self.backend() {
            Backend::Sqlite => "SELECT count(*) AS number FROM sqlite_master",
            Backend::Postgres => {
                "SELECT count(*) AS number FROM information_schema.tables WHERE table_schema = current_schema()"
            }
        };
        Ok(self.number(query)? > 0)
    }

    /// How many other connections of this program the database has; files are asked by their locks instead.
    pub fn other_connections(&mut self) -> Outcome<i64> {
        match self.backend() {
            Backend::Sqlite => Ok(0),
            Backend::Postgres => self.number(
                "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database() \
                 AND application_name = 'anlao' AND pid <> pg_backend_pid()",
            ),
        }
    }

    /// For a file that is thrown away unless it is filled to its end: nothing in it needs undoing.
    pub fn fill_without_log(&mut self) -> Outcome<()> {
        if let Self::Sqlite(conn) = self {
            conn.batch_execute("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")?;
        }
        Ok(())
    }
}

const RENUMBER: &str = "DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT table_name AS t, column_name AS c FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_identity = 'YES'
    LOOP
        EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), coalesce((SELECT max(%I) FROM %I), 0) + 1, false)',
            one.t, one.c, one.c, one.t);
    END LOOP;
END $$";

/// A column's value as it is written into a row.
fn written(backend: Backend, column: &Column) -> String {
    let name = &column.name;
    match (backend, column.kind) {
        (Backend::Sqlite, Kind::Id) => format!("iif({name} IS NULL, NULL, lower(hex({name})))"),
        (Backend::Sqlite, Kind::Real) => format!("iif({name} IS NULL, NULL, printf('%!.17g', {name}))"),
        (Backend::Sqlite, _) => name.clone(),
        (Backend::Postgres, Kind::Id) => format!("replace({name}::text, '-', '')"),
        (Backend::Postgres, Kind::Instant) => format!("(extract(epoch FROM {name}) * 1000000)::bigint"),
        (Backend::Postgres, Kind::Truth) => format!("{name}::int"),
        (Backend::Postgres, Kind::Date) => format!("to_char({name}, 'YYYY-MM-DD')"),
        (Backend::Postgres, Kind::Real) => format!("{name}::text"),
        (Backend::Postgres, Kind::Number | Kind::Text) => name.clone(),
    }
}

/// The value at this place of a row as the column wants it.
fn read(backend: Backend, at: usize, kind: Kind) -> String {
    let value = match backend {
        Backend::Sqlite => format!("json_extract(value, '$[{at}]')"),
        Backend::Postgres => format!("(value ->> {at})"),
    };
    match (backend, kind) {
        (Backend::Sqlite, Kind::Id) => format!("unhex({value})"),
        (Backend::Sqlite, Kind::Real) => format!("CAST({value} AS REAL)"),
        (Backend::Sqlite, _) | (Backend::Postgres, Kind::Text) => value,
        (Backend::Postgres, Kind::Number) => format!("{value}::bigint"),
        (Backend::Postgres, Kind::Real) => format!("{value}::float8"),
        (Backend::Postgres, Kind::Truth) => format!("({value} = '1')"),
        (Backend::Postgres, Kind::Date) => format!("{value}::date"),
        (Backend::Postgres, Kind::Id) => format!("{value}::uuid"),
        // In two steps, because an interval is multiplied in floating point.
        (Backend::Postgres, Kind::Instant) => format!(
            "(timestamptz 'epoch' + ({value}::bigint / 1000000) * interval '1 second' \
             + ({value}::bigint % 1000000) * interval '1 microsecond')"
        ),
    }
}
