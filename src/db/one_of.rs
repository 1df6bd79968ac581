//! "This column is one of these ids", in a form whose statements stay prepared.
//!
//! A list of values makes a new statement text for each length, and each text has to be prepared: for a page of
//! fifty that costs more than finding its rows. Here the list is filled up to one of a few lengths by repeating its
//! last value, so there are few texts.

use super::connection::MultiBackend;
use super::sql_types::UuidSql;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::Bool;

/// See [`one_of`].
#[derive(Debug, Clone)]
pub struct OneOf<C, T> {
    column: C,
    values: Vec<T>,
}

/// The lengths there are statements for; longer lists are taken as they are.
const LENGTHS: [usize; 6] = [1, 4, 16, 64, 128, 256];

/// The condition that `column` is one of `ids`. With no ids nothing fits.
pub fn one_of<C, T: Copy + Ord>(column: C, ids: impl IntoIterator<Item = T>) -> OneOf<C, T> {
    let mut values: Vec<T> = ids.into_iter().collect();
    values.sort_unstable();
    values.dedup();
    if let Some(last) = values.last().copied() {
        let length = LENGTHS.into_iter().find(|length| *length >= values.len()).unwrap_or(values.len());
        values.resize(length, last);
    }
    OneOf { column, values }
}

impl<C, T> QueryFragment<MultiBackend> for OneOf<C, T>
where
    C: QueryFragment<MultiBackend>,
    T: ToSql<UuidSql, MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.values.is_empty() {
            out.push_sql("1 = 0");
            return Ok(());
        }
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for (at, value) in self.values.iter().enumerate() {
            if at > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<UuidSql, _>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<C, T> QueryId for OneOf<C, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, T> Expression for OneOf<C, T> {
    type SqlType = Bool;
}

impl<C, T> ValidGrouping<()> for OneOf<C, T> {
    type IsAggregate = is_aggregate::No;
}

impl<C, T, QS> SelectableExpression<QS> for OneOf<C, T> where Self: AppearsOnTable<QS> {}

impl<C: AppearsOnTable<QS>, T, QS> AppearsOnTable<QS> for OneOf<C, T> {}

/// See [`found_by`].
#[derive(Debug, Clone)]
pub struct FoundBy<C, Q> {
    column: C,
    query: Q,
}

/// The condition that `column` is among what `query` finds. diesel's own `eq_any` wants a query that each database can
/// read alone; this one takes those that hold parts of ours, as a scope or [`one_of`].
pub fn found_by<C, Q>(column: C, query: Q) -> FoundBy<C, Q> {
    FoundBy { column, query }
}

impl<C, Q> QueryFragment<MultiBackend> for FoundBy<C, Q>
where
    C: QueryFragment<MultiBackend>,
    Q: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C, Q> QueryId for FoundBy<C, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, Q> Expression for FoundBy<C, Q> {
    type SqlType = Bool;
}

impl<C, Q> ValidGrouping<()> for FoundBy<C, Q> {
    type IsAggregate = is_aggregate::No;
}

impl<C, Q, QS> SelectableExpression<QS> for FoundBy<C, Q> where Self: AppearsOnTable<QS> {}

impl<C: AppearsOnTable<QS>, Q, QS> AppearsOnTable<QS> for FoundBy<C, Q> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_filled_up_to_few_lengths() {
        let lengths: Vec<usize> = (0..=300).map(|n| one_of((), 0..n).values.len()).collect();
        let mut distinct = lengths.clone();
        distinct.dedup();
        assert_eq!(distinct[..7], [0, 1, 4, 16, 64, 128, 256]);
        assert_eq!(lengths[300], 300);
    }

    #[test]
    fn what_is_filled_up_is_what_is_there() {
        let values = one_of((), [7, 3, 7, 5, 9]).values;
        assert_eq!(values.len(), 4);
        assert!(values.iter().all(|value| [3, 5, 7, 9].contains(value)));
    }
}
