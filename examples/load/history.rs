//! Years of closed hazards, written by SQL: going through the rules two million times would take an hour.
//!
//! The closed hazards that were registered by the rules are copied, each time further back in the past, with
//! ids, numbers and dates of their own. What hangs on a hazard (photos, steps, audit entries) and its words for
//! searching are not copied: neither overview, list nor a read by id goes through them for closed hazards. The
//! indexes are taken away meanwhile and built anew, so they are as dense as after a restore.

use super::office::Bench;
use anlao::db::Conn;
use anlao::hazards::queries::wrong_counts;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl, SqliteConnection, sql_query};

/// Copies of every closed hazard written in one transaction.
const BATCH: usize = 10;

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn texts(conn: &mut SqliteConnection, query: &str) -> Vec<String> {
    let rows: Vec<Named> = sql_query(query).load(conn).unwrap();
    rows.into_iter().map(|row| row.text).collect()
}

fn number(conn: &mut SqliteConnection, query: &str) -> i64 {
    sql_query(query).get_result::<Number>(conn).unwrap().number
}

/// Copies closed hazards until there are about `total` hazards, moves the counts and compares them.
pub fn grow(bench: &Bench, total: usize) {
    let began = std::time::Instant::now();
    let mut opened = Conn::open(&bench.config.database).unwrap();
    let Conn::Sqlite(conn) = &mut opened else { panic!("history is written into SQLite") };
    conn.batch_execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000").unwrap();
    let by_rules = bench.registered();
    let there = number(conn, "SELECT count(*) AS number FROM hazards");
    let closed = number(
        conn,
        &format!("SELECT count(*) AS number FROM hazards WHERE seq <= {by_rules} AND status = 'closed'"),
    );
    let copies = (total as i64 - there).max(0) / closed.max(1);
    let indexes = "FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'hazards' AND sql IS NOT NULL";
    let definitions = texts(conn, &format!("SELECT sql AS text {indexes}"));
    for name in texts(conn, &format!("SELECT name AS text {indexes}")) {
        conn.batch_execute(&format!("DROP INDEX {name}")).unwrap();
    }
    let copy = copy_statement(conn, by_rules);
    let first = there / closed.max(1);
    for batch in (first..first + copies).collect::<Vec<_>>().chunks(BATCH) {
        let statements: String =
            batch.iter().map(|round| copy.replace("$round", &round.to_string())).collect();
        conn.batch_execute(&format!("BEGIN IMMEDIATE; {statements} COMMIT;")).unwrap();
    }
    definitions.iter().for_each(|definition| conn.batch_execute(definition).unwrap());
    conn.batch_execute(&format!(
        "UPDATE hazard_counts SET hazards = hazard_counts.hazards + {copies} * copied.n FROM \
         (SELECT institution_id, category, severity, count(*) AS n FROM hazards \
          WHERE seq <= {by_rules} AND status = 'closed' GROUP BY 1, 2, 3) AS copied \
         WHERE hazard_counts.status = 'closed' AND hazard_counts.institution_id = copied.institution_id \
         AND hazard_counts.category = copied.category AND hazard_counts.severity = copied.severity; \
         PRAGMA wal_checkpoint(TRUNCATE);"
    ))
    .unwrap();
    let there = number(conn, "SELECT count(*) AS number FROM hazards");
    let wrong = wrong_counts(&mut opened).unwrap();
    assert!(wrong.is_empty(), "{} counts are wrong, like: {:?}", wrong.len(), wrong.first());
    eprintln!("{there} hazards after {:.1} s; every maintained count fits", began.elapsed().as_secs_f64());
}

/// Copies every closed hazard once; `$round` moves it into the past.
fn copy_statement(conn: &mut SqliteConnection, by_rules: usize) -> String {
    let columns = texts(conn, "SELECT name AS text FROM pragma_table_info('hazards') WHERE name <> 'seq'");
    let days = "(($round * 37 + seq * 13) % 3650 + 1)";
    let value = |column: &String| match column.as_str() {
        // Version 7: the time, then randomness.
        "id" => format!(
            "unhex(printf('%012x', found_at / 1000 - {days} * 86400000) || '7' || substr(hex(randomblob(2)), 2) \
             || '8' || substr(hex(randomblob(8)), 2))"
        ),
        "number" => format!(
            "'YH' || strftime('%Y%m%d', found_at / 1000000 - {days} * 86400, 'unixepoch') || '-' || hex(randomblob(4))"
        ),
        "found_at" | "registered_at" | "closed_at" | "updated_at" => {
            format!("{column} - {days} * 86400000000")
        }
        "deadline" | "original_deadline" | "recheck_due" => format!("date({column}, -{days} || ' days')"),
        _ => column.clone(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    format!(
        "INSERT INTO hazards ({}) SELECT {} FROM hazards WHERE seq <= {by_rules} AND status = 'closed';",
        columns.join(", "),
        values.join(", ")
    )
}
