//! Staff in the database.

use super::model::StaffMember;
use crate::access::Scope;
use crate::db::schema::staff;
use crate::db::{Conn, MultiBackend, one_of};
use crate::ids::{InstitutionId, StaffId};
use crate::institutions;
use crate::refusal::{Code, Failure, Outcome};
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::BTreeSet;

/// The person, whoever asks.
pub fn find_any(conn: &mut Conn, id: StaffId) -> Outcome<Option<StaffMember>> {
    Ok(staff::table.find(id).select(StaffMember::as_select()).first(conn).optional()?)
}

/// The person, if their institution is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: StaffId) -> Outcome<StaffMember> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.institution_id)?;
    Ok(found)
}

pub fn insert(conn: &mut Conn, new: StaffMember) -> Outcome<()> {
    diesel::insert_into(staff::table).values(new).execute(conn)?;
    Ok(())
}

/// Writes all of it over version `new.version - 1`. Where another change came first this one begins again: it may have been
/// the same.
pub fn update(conn: &mut Conn, new: &StaffMember) -> Outcome<()> {
    let before = staff::table.filter(staff::id.eq(new.id).and(staff::version.eq(new.version - 1)));
    let changed = diesel::update(before).set(new).execute(conn)?;
    if changed == 0 { Err(Failure::Collision) } else { Ok(()) }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Narrowing {
    /// Who works on this day.
    pub working_on: Option<NaiveDate>,
    /// Whose last day lies before this one.
    pub left_before: Option<NaiveDate>,
    pub after: Option<StaffId>,
}

type Query = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<staff::table, diesel::dsl::AsSelect<StaffMember, MultiBackend>>,
    MultiBackend,
>;

fn query(institution: InstitutionId, by: &Narrowing) -> Query {
    let mut query = staff::table
        .select(StaffMember::as_select())
        .into_boxed()
        .filter(staff::institution_id.eq(institution))
        .order(staff::id);
    if let Some(day) = by.working_on {
        let stays = staff::left_on.is_null().or(staff::left_on.assume_not_null().ge(day));
        query = query.filter(staff::started_on.le(day).and(stays));
    }
    if let Some(day) = by.left_before {
        query = query.filter(staff::left_on.assume_not_null().lt(day));
    }
    if let Some(after) = by.after {
        query = query.filter(staff::id.gt(after));
    }
    query
}

/// The people of an institution that the caller has been shown to cover, in the order in which they were entered.
pub fn list(
    conn: &mut Conn,
    institution: InstitutionId,
    by: &Narrowing,
    limit: i64,
) -> Outcome<Vec<StaffMember>> {
    Ok(query(institution, by).limit(limit).load(conn)?)
}

/// The plan of [`list`], for the tests.
pub fn explain(conn: &mut Conn, institution: InstitutionId, by: &Narrowing, limit: i64) -> Outcome<String> {
    conn.explain(query(institution, by).limit(limit))
}

/// Everybody who works in an institution on a day.
pub fn working(conn: &mut Conn, institution: InstitutionId, on: NaiveDate) -> Outcome<Vec<StaffMember>> {
    Ok(query(institution, &Narrowing { working_on: Some(on), ..Narrowing::default() }).load(conn)?)
}

/// Of these people of an institution those whose last day of work lies before `on`, with their name and that day.
pub fn who_left(
    conn: &mut Conn,
    institution: InstitutionId,
    ids: &[StaffId],
    on: NaiveDate,
) -> Outcome<Vec<(StaffId, String, NaiveDate)>> {
    Ok(staff::table
        .filter(one_of(staff::id, ids.iter().copied()))
        .filter(staff::institution_id.eq(institution))
        .filter(staff::left_on.assume_not_null().lt(on))
        .order(staff::id)
        .select((staff::id, staff::name, staff::left_on.assume_not_null()))
        .load(conn)?)
}

/// The last days of work of these people, where one is known: of any institution.
pub fn last_days(conn: &mut Conn, ids: &[StaffId]) -> Outcome<Vec<(StaffId, NaiveDate)>> {
    Ok(staff::table
        .filter(one_of(staff::id, ids.iter().copied()))
        .filter(staff::left_on.is_not_null())
        .select((staff::id, staff::left_on.assume_not_null()))
        .load(conn)?)
}

/// Of these ids those that are not of this institution's staff, each once.
pub fn belong(conn: &mut Conn, institution: InstitutionId, ids: &[StaffId]) -> Outcome<Vec<StaffId>> {
    let own: Vec<StaffId> = staff::table
        .filter(one_of(staff::id, ids.iter().copied()))
        .filter(staff::institution_id.eq(institution))
        .select(staff::id)
        .load(conn)?;
    let strange: BTreeSet<StaffId> = ids.iter().copied().filter(|id| !own.contains(id)).collect();
    Ok(strange.into_iter().collect())
}
