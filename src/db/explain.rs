//! Asking a database how it would run a query: for the tests that hold lists to their indexes.

use super::connection::{Backend, Conn, MultiBackend};
use crate::refusal::Outcome;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Text;

struct Explained<Q> {
    how: &'static str,
    query: Q,
}

impl<Q> QueryId for Explained<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        pass.push_sql(self.how);
        self.query.walk_ast(pass)
    }
}

/// SQLite answers with four columns of which the last is the plan; PostgreSQL with the plan alone.
struct ExplainedSqlite<Q>(Explained<Q>);

impl<Q> Query for ExplainedSqlite<Q> {
    type SqlType = (diesel::sql_types::Integer, diesel::sql_types::Integer, diesel::sql_types::Integer, Text);
}

impl<Q> Query for Explained<Q> {
    type SqlType = Text;
}

impl<Q> QueryId for ExplainedSqlite<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for ExplainedSqlite<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
}

impl<Q> RunQueryDsl<Conn> for Explained<Q> {}
impl<Q> RunQueryDsl<Conn> for ExplainedSqlite<Q> {}

impl Conn {
    /// The plan of a query as text, one step a line.
    pub fn explain(&mut self, query: impl QueryFragment<MultiBackend>) -> Outcome<String> {
        match self.backend() {
            Backend::Sqlite => {
                let explained = ExplainedSqlite(Explained { how: "EXPLAIN QUERY PLAN ", query });
                let rows: Vec<(i32, i32, i32, String)> = explained.load(self)?;
                Ok(rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join("\n"))
            }
            Backend::Postgres => {
                let rows: Vec<String> = Explained { how: "EXPLAIN ", query }.load(self)?;
                Ok(rows.join("\n"))
            }
        }
    }
}
