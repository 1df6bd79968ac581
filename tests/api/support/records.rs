use super::app::TestApp;
use anlao::db::Conn;
use anlao::refusal::Outcome;
use diesel::prelude::*;
use std::collections::BTreeMap;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// Every row of every table but the audit trail and the logins, as the database itself writes it: two
/// equal dumps mean that nothing was changed.
pub async fn records(app: &TestApp) -> BTreeMap<String, Vec<String>> {
    app.db().read(dump).await.unwrap()
}

fn dump(conn: &mut Conn) -> Outcome<BTreeMap<String, Vec<String>>> {
    let tables = match conn {
        // The search index shows itself in the tables that FTS5 keeps behind it.
        Conn::Sqlite(_) => {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        }
        Conn::Postgres(_) => {
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        }
    };
    let tables = lines(conn, tables)?;
    assert!(tables.len() > 10, "{tables:?}");
    let kept = tables
        .into_iter()
        .filter(|name| !name.starts_with("audit_") && !name.starts_with("login_") && name != "sessions");
    kept.map(|table| {
        let rows = match conn {
            Conn::Sqlite(_) => {
                let columns =
                    format!("SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')");
                let columns = lines(conn, &columns)?.join(" || ',' || ");
                lines(conn, &format!("SELECT {columns} AS line FROM \"{table}\" ORDER BY 1"))?
            }
            Conn::Postgres(_) => {
                lines(conn, &format!("SELECT t::text AS line FROM \"{table}\" t ORDER BY 1"))?
            }
        };
        Ok((table, rows))
    })
    .collect()
}

/// The one text column of a query.
pub fn lines(conn: &mut Conn, query: &str) -> Outcome<Vec<String>> {
    Ok(diesel::sql_query(query).load::<Line>(conn)?.into_iter().map(|line| line.line).collect())
}
