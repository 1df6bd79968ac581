//! The evacuation table in the database.

use super::EvacClass;
use super::model::Resident;
use crate::access::Scope;
use crate::db::schema::residents;
use crate::db::{Conn, MultiBackend};
use crate::ids::{InstitutionId, ResidentId};
use crate::institutions;
use crate::refusal::{Code, Failure, Outcome};
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// The row, whoever asks.
pub fn find_any(conn: &mut Conn, id: ResidentId) -> Outcome<Option<Resident>> {
    Ok(residents::table.find(id).select(Resident::as_select()).first(conn).optional()?)
}

/// The row, if its institution is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: ResidentId) -> Outcome<Resident> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.institution_id)?;
    Ok(found)
}

pub fn insert(conn: &mut Conn, new: Resident) -> Outcome<()> {
    diesel::insert_into(residents::table).values(new).execute(conn)?;
    Ok(())
}

/// Writes all of it over version `new.version - 1`. Where another change came first this one begins again: it may have been
/// the same.
pub fn update(conn: &mut Conn, new: &Resident) -> Outcome<()> {
    let before =
        residents::table.filter(residents::id.eq(new.id).and(residents::version.eq(new.version - 1)));
    let changed = diesel::update(before).set(new).execute(conn)?;
    if changed == 0 { Err(Failure::Collision) } else { Ok(()) }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub building: Option<String>,
    pub floor: Option<i32>,
    pub class: Option<EvacClass>,
    pub without_night_helper: Option<bool>,
    pub after: Option<ResidentId>,
}

type Query = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<residents::table, diesel::dsl::AsSelect<Resident, MultiBackend>>,
    MultiBackend,
>;

fn query(institution: InstitutionId, by: &Narrowing) -> Query {
    let mut query = residents::table
        .select(Resident::as_select())
        .into_boxed()
        .filter(residents::institution_id.eq(institution).and(residents::left_on.is_null()))
        .order(residents::id);
    if let Some(building) = by.building.clone() {
        query = query.filter(residents::building.eq(building));
    }
    if let Some(floor) = by.floor {
        query = query.filter(residents::floor.eq(floor));
    }
    if let Some(class) = by.class {
        query = query.filter(residents::evac_class.eq(class));
    }
    if let Some(without) = by.without_night_helper {
        query = query.filter(residents::without_night_helper.eq(without));
    }
    if let Some(after) = by.after {
        query = query.filter(residents::id.gt(after));
    }
    query
}

/// The residents of an institution that the caller has been shown to cover, in the order in which they were entered.
pub fn list(
    conn: &mut Conn,
    institution: InstitutionId,
    by: &Narrowing,
    limit: i64,
) -> Outcome<Vec<Resident>> {
    Ok(query(institution, by).limit(limit).load(conn)?)
}

/// The plan of [`list`], for the tests.
pub fn explain(conn: &mut Conn, institution: InstitutionId, by: &Narrowing, limit: i64) -> Outcome<String> {
    conn.explain(query(institution, by).limit(limit))
}

/// Everybody who lives in an institution: to count and to compare, not to show.
pub fn present(conn: &mut Conn, institution: InstitutionId) -> Outcome<Vec<Resident>> {
    Ok(query(institution, &Narrowing::default()).load(conn)?)
}

/// How many residents of each class live in an institution.
pub fn mix(conn: &mut Conn, institution: InstitutionId) -> Outcome<BTreeMap<EvacClass, u32>> {
    let rows: Vec<(EvacClass, i64)> = residents::table
        .filter(residents::institution_id.eq(institution).and(residents::left_on.is_null()))
        .group_by(residents::evac_class)
        .select((residents::evac_class, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().map(|(class, count)| (class, u32::try_from(count).unwrap_or(u32::MAX))).collect())
}
