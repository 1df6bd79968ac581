//! Statements of the hottest paths, prepared once. diesel prepares every `UPDATE` anew; here the text is written
//! out, the same for both databases, and stays prepared on each connection.

use super::connection::MultiBackend;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::SingleValue;
use std::marker::PhantomData;

/// A text with `?` for each value; `Answer` is the SQL type of the rows it returns, if it does.
pub struct Statement<'a, Answer = ()> {
    text: &'static str,
    values: Vec<Box<dyn QueryFragment<MultiBackend> + 'a>>,
    answer: PhantomData<Answer>,
}

impl<'a, Answer> Statement<'a, Answer> {
    pub fn new(text: &'static str) -> Self {
        Self { text, values: Vec::with_capacity(6), answer: PhantomData }
    }

    /// Fills the next `?` with a value of the SQL type `T`.
    pub fn with<T, V>(mut self, value: V) -> Self
    where
        T: SingleValue + diesel::expression::TypedExpressionType,
        V: AsExpression<T>,
        V::Expression: QueryFragment<MultiBackend> + 'a,
    {
        self.values.push(Box::new(value.as_expression()));
        self
    }
}

impl<Answer> QueryFragment<MultiBackend> for Statement<'_, Answer> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (at, piece) in self.text.split('?').enumerate() {
            if at > 0 {
                let value = values.next().ok_or(diesel::result::Error::QueryBuilderError(
                    "a statement has more places than values".into(),
                ))?;
                value.walk_ast(out.reborrow())?;
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl<Answer> QueryId for Statement<'_, Answer> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Answer> Query for Statement<'_, Answer> {
    type SqlType = Answer;
}

impl<C, Answer> RunQueryDsl<C> for Statement<'_, Answer> {}
