//! Institutions in the database.

use super::model::{Institution, OperatingStatus};
use crate::access::{AreaColumns, Scope};
use crate::areas::model::Area;
use crate::db::schema::institutions;
use crate::db::search::normalise;
use crate::db::{Conn, MultiBackend, one_of};
use crate::ids::InstitutionId;
use crate::refusal::{Code, Outcome};
use crate::{in_area, in_scope};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// The institution, whoever asks: to tell "taken" from "free" before the scope is applied.
pub fn find_any(conn: &mut Conn, id: InstitutionId) -> Outcome<Option<Institution>> {
    Ok(institutions::table.find(id).select(Institution::as_select()).first(conn).optional()?)
}

/// The institution within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: InstitutionId) -> Outcome<Institution> {
    let found = find_any(conn, id)?.filter(|institution| scope.covers(id, &institution.place));
    found.ok_or_else(|| Code::NotFound.into())
}

/// What a list of institutions may be narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub area: Option<Area>,
    pub status: Option<OperatingStatus>,
    pub text: Option<String>,
    pub after: Option<(String, InstitutionId)>,
}

/// Institutions in scope by name, at most `limit`.
pub fn list(conn: &mut Conn, scope: &Scope, narrowing: Narrowing, limit: i64) -> Outcome<Vec<Institution>> {
    Ok(query(scope, narrowing, limit).load(conn)?)
}

/// The plan of [`list`], for the tests.
pub fn explain(conn: &mut Conn, scope: &Scope, narrowing: Narrowing, limit: i64) -> Outcome<String> {
    conn.explain(query(scope, narrowing, limit))
}

type Query = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<institutions::table, diesel::dsl::AsSelect<Institution, MultiBackend>>,
    MultiBackend,
>;

fn query(scope: &Scope, narrowing: Narrowing, limit: i64) -> Query {
    let mut query = institutions::table
        .select(Institution::as_select())
        .into_boxed()
        .filter(in_scope!(institutions, id, scope))
        .order((institutions::name_key, institutions::id))
        .limit(limit);
    if let Some(area) = narrowing.area {
        query = query.filter(in_area!(institutions, area.level, area.id));
    }
    if let Some(status) = narrowing.status {
        query = query.filter(institutions::status.eq(status));
    }
    if let Some(text) = narrowing.text {
        query = query.filter(institutions::name_key.like(contains(&text)).escape('\\'));
    }
    if let Some((name, id)) = narrowing.after {
        let later = institutions::name_key.gt(name.clone());
        let same = institutions::name_key.eq(name.clone()).and(institutions::id.gt(id));
        query = query.filter(institutions::name_key.ge(name).and(later.or(same)));
    }
    query
}

/// The pattern that finds a normalised text anywhere.
fn contains(text: &str) -> String {
    let escaped = normalise(text).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

pub fn credit_code_is_taken(conn: &mut Conn, code: &str, but: InstitutionId) -> Outcome<bool> {
    let same = institutions::table.filter(institutions::credit_code.eq(code).and(institutions::id.ne(but)));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(conn)?)
}

pub fn insert(conn: &mut Conn, new: Institution) -> Outcome<()> {
    let place = new.place;
    diesel::insert_into(institutions::table)
        .values((
            (
                institutions::id.eq(new.id),
                institutions::area_id.eq(new.area_id),
                institutions::area_1.eq(place.area_1),
                institutions::area_2.eq(place.area_2),
                institutions::area_3.eq(place.area_3),
                institutions::area_4.eq(place.area_4),
                institutions::area_5.eq(place.area_5),
                institutions::area_6.eq(place.area_6),
            ),
            (
                institutions::name_key.eq(normalise(&new.name)),
                institutions::name.eq(new.name),
                institutions::credit_code.eq(new.credit_code),
                institutions::status.eq(new.status),
                institutions::ownership.eq(new.ownership),
                institutions::legal_representative.eq(new.legal_representative),
                institutions::principal.eq(new.principal),
                institutions::phone.eq(new.phone),
                institutions::address.eq(new.address),
                institutions::filing_number.eq(new.filing_number),
            ),
            (
                institutions::beds.eq(new.beds),
                institutions::residents.eq(new.residents),
                institutions::disabled_residents.eq(new.disabled_residents),
                institutions::meal_supply.eq(new.meal_supply),
                institutions::key_fire_unit.eq(new.key_fire_unit),
                institutions::fire_high_risk.eq(new.fire_high_risk),
                institutions::special_equipment.eq(new.special_equipment),
                institutions::risk_grade.eq(new.risk_grade),
                institutions::latitude.eq(new.latitude),
                institutions::longitude.eq(new.longitude),
            ),
            (
                institutions::digest.eq(new.digest),
                institutions::version.eq(new.version),
                institutions::created_at.eq(new.created_at),
                institutions::updated_at.eq(new.updated_at),
            ),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes everything but the place over version `new.version - 1`.
pub fn update(conn: &mut Conn, new: Institution) -> Outcome<()> {
    let before = institutions::table
        .filter(institutions::id.eq(new.id).and(institutions::version.eq(new.version - 1)));
    let changed = diesel::update(before)
        .set((
            (
                institutions::area_id.eq(new.area_id),
                institutions::name_key.eq(normalise(&new.name)),
                institutions::name.eq(new.name),
                institutions::credit_code.eq(new.credit_code),
                institutions::status.eq(new.status),
                institutions::ownership.eq(new.ownership),
                institutions::legal_representative.eq(new.legal_representative),
                institutions::principal.eq(new.principal),
                institutions::phone.eq(new.phone),
                institutions::address.eq(new.address),
                institutions::filing_number.eq(new.filing_number),
            ),
            (
                institutions::beds.eq(new.beds),
                institutions::residents.eq(new.residents),
                institutions::disabled_residents.eq(new.disabled_residents),
                institutions::meal_supply.eq(new.meal_supply),
                institutions::key_fire_unit.eq(new.key_fire_unit),
                institutions::fire_high_risk.eq(new.fire_high_risk),
                institutions::special_equipment.eq(new.special_equipment),
                institutions::risk_grade.eq(new.risk_grade),
                institutions::latitude.eq(new.latitude),
                institutions::longitude.eq(new.longitude),
                institutions::version.eq(new.version),
                institutions::updated_at.eq(new.updated_at),
            ),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// Every institution of an area that is not closed: whom a round of inspection is to visit.
pub fn to_visit(conn: &mut Conn, area: &Area) -> Outcome<Vec<Institution>> {
    Ok(institutions::table
        .filter(in_area!(institutions, area.level, area.id))
        .filter(institutions::status.ne(OperatingStatus::Closed))
        .order((institutions::name_key, institutions::id))
        .select(Institution::as_select())
        .load(conn)?)
}

/// Where these institutions lie.
pub fn places(conn: &mut Conn, ids: Vec<InstitutionId>) -> Outcome<BTreeMap<InstitutionId, AreaColumns>> {
    use institutions::{area_1, area_2, area_3, area_4, area_5, area_6};
    let mut places = BTreeMap::new();
    for some in ids.chunks(256) {
        let rows: Vec<(InstitutionId, AreaColumns)> = institutions::table
            .filter(one_of(institutions::id, some.iter().copied()))
            .select((institutions::id, (area_1, area_2, area_3, area_4, area_5, area_6)))
            .load(conn)?;
        places.extend(rows);
    }
    Ok(places)
}

/// The names of institutions that the caller has already been shown to cover.
pub fn names(conn: &mut Conn, ids: Vec<InstitutionId>) -> Outcome<HashMap<InstitutionId, String>> {
    let rows: Vec<(InstitutionId, String)> = institutions::table
        .filter(one_of(institutions::id, ids))
        .select((institutions::id, institutions::name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The name of one institution that the caller has already been shown to cover.
pub fn name(conn: &mut Conn, id: InstitutionId) -> Outcome<String> {
    Ok(institutions::table.find(id).select(institutions::name).first(conn)?)
}
