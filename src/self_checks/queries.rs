//! Self-checks in the database.

use super::model::{SelfCheck, SelfCheckKind};
use super::status::Counted;
use crate::access::Scope;
use crate::db::schema::self_checks;
use crate::db::{Conn, Instant};
use crate::ids::{InstitutionId, SelfCheckId};
use crate::institutions;
use crate::refusal::{Code, Outcome};
use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// The entry, whoever asks.
pub fn find_any(conn: &mut Conn, id: SelfCheckId) -> Outcome<Option<SelfCheck>> {
    Ok(self_checks::table.find(id).select(SelfCheck::as_select()).first(conn).optional()?)
}

/// The entry, if its institution is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: SelfCheckId) -> Outcome<SelfCheck> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.institution_id)?;
    Ok(found)
}

pub fn insert(conn: &mut Conn, new: SelfCheck) -> Outcome<()> {
    diesel::insert_into(self_checks::table).values(new).execute(conn)?;
    Ok(())
}

/// The latest entry that says the same and was done from `since` on, but not later than `until`.
pub fn same_content(
    conn: &mut Conn,
    institution: InstitutionId,
    digest: &str,
    since: Instant,
    until: Instant,
) -> Outcome<Option<SelfCheckId>> {
    Ok(self_checks::table
        .filter(self_checks::institution_id.eq(institution).and(self_checks::content_digest.eq(digest)))
        .filter(self_checks::performed_at.ge(since).and(self_checks::performed_at.le(until)))
        .order((self_checks::performed_at.desc(), self_checks::id.desc()))
        .select(self_checks::id)
        .first(conn)
        .optional()?)
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub performed_at: Instant,
    pub id: SelfCheckId,
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Narrowing {
    pub kind: Option<SelfCheckKind>,
    pub from: Option<Instant>,
    pub before: Option<Instant>,
    pub after: Option<Place>,
}

type Query = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<self_checks::table, diesel::dsl::AsSelect<SelfCheck, crate::db::MultiBackend>>,
    crate::db::MultiBackend,
>;

fn query(institution: InstitutionId, by: &Narrowing, limit: i64) -> Query {
    let mut query = self_checks::table
        .select(SelfCheck::as_select())
        .into_boxed()
        .filter(self_checks::institution_id.eq(institution))
        .order((self_checks::performed_at.desc(), self_checks::id.desc()))
        .limit(limit);
    if let Some(kind) = by.kind {
        query = query.filter(self_checks::kind.eq(kind));
    }
    if let Some(from) = by.from {
        query = query.filter(self_checks::performed_at.ge(from));
    }
    if let Some(before) = by.before {
        query = query.filter(self_checks::performed_at.lt(before));
    }
    if let Some(place) = by.after {
        let same = self_checks::performed_at.eq(place.performed_at).and(self_checks::id.lt(place.id));
        let earlier = self_checks::performed_at.lt(place.performed_at).or(same);
        query = query.filter(self_checks::performed_at.le(place.performed_at).and(earlier));
    }
    query
}

/// The entries of an institution that the caller has been shown to cover, the newest first, at most `limit`.
pub fn list(
    conn: &mut Conn,
    institution: InstitutionId,
    by: &Narrowing,
    limit: i64,
) -> Outcome<Vec<SelfCheck>> {
    Ok(query(institution, by, limit).load(conn)?)
}

/// The plan of [`list`], for the tests.
pub fn explain(conn: &mut Conn, institution: InstitutionId, by: &Narrowing, limit: i64) -> Outcome<String> {
    conn.explain(query(institution, by, limit))
}

/// How many entries count for each day from `first` to `last`.
pub fn counted(
    conn: &mut Conn,
    institution: InstitutionId,
    first: NaiveDate,
    last: NaiveDate,
) -> Outcome<Counted> {
    let day = self_checks::counts_for.assume_not_null();
    let rows: Vec<(SelfCheckKind, Option<NaiveDate>, i64)> = self_checks::table
        .filter(self_checks::institution_id.eq(institution))
        .filter(self_checks::kind.eq_any(SelfCheckKind::ALL.to_vec()))
        .filter(day.ge(first).and(day.le(last)))
        .group_by((self_checks::kind, self_checks::counts_for))
        .select((self_checks::kind, self_checks::counts_for, count_star()))
        .load(conn)?;
    let one = |(kind, day, count): (SelfCheckKind, Option<NaiveDate>, i64)| {
        Some(((kind, day?), u32::try_from(count).unwrap_or(u32::MAX)))
    };
    Ok(rows.into_iter().filter_map(one).collect())
}
