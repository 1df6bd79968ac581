//! Areas in the database, and moving a branch of their tree.

use super::model::Area;
use crate::access::{AreaColumns, Scope};
use crate::db::schema::{
    areas, campaigns, drills, hazard_counts, hazards, inspections, institutions, notices, rule_adoptions,
    rule_documents, user_scopes, warnings,
};
use crate::db::{Conn, Instant, one_of};
use crate::ids::{AreaId, InstitutionId};
use crate::refusal::{Code, Outcome};
use crate::{in_area, in_area_scope};
use diesel::prelude::*;

/// The area, whoever asks: to resolve a reference before the scope is applied.
pub fn find_any(conn: &mut Conn, id: AreaId) -> Outcome<Option<Area>> {
    Ok(areas::table.find(id).select(Area::as_select()).first(conn).optional()?)
}

/// The areas that lie below no other.
pub fn roots(conn: &mut Conn) -> Outcome<Vec<AreaId>> {
    Ok(areas::table.filter(areas::parent_id.is_null()).order(areas::code).select(areas::id).load(conn)?)
}

/// The area if the caller may see it: one of theirs, one below, or one above.
pub fn find(conn: &mut Conn, scope: &Scope, id: AreaId) -> Outcome<Area> {
    let area = find_any(conn, id)?.ok_or(Code::NotFound)?;
    let visible = scope.covers_area(&area.place) || above(conn, scope)?.contains(&id);
    if visible { Ok(area) } else { Err(Code::NotFound.into()) }
}

/// The areas that lie above what the scope covers, with its own: people may know where they are. Of everything, none.
pub fn above(conn: &mut Conn, scope: &Scope) -> Outcome<Vec<AreaId>> {
    use institutions::{area_1, area_2, area_3, area_4, area_5, area_6};
    let places: Vec<AreaColumns> = match scope {
        Scope::All => Vec::new(),
        Scope::Areas(own) => areas::table
            .filter(areas::id.eq_any(own.iter().map(|area| area.id).collect::<Vec<_>>()))
            .select((
                areas::area_1,
                areas::area_2,
                areas::area_3,
                areas::area_4,
                areas::area_5,
                areas::area_6,
            ))
            .load(conn)?,
        Scope::Institutions(own) => institutions::table
            .filter(institutions::id.eq_any(own.clone()))
            .select((area_1, area_2, area_3, area_4, area_5, area_6))
            .load(conn)?,
    };
    Ok(places.iter().flat_map(AreaColumns::ids).collect())
}

/// Visible areas by code, after `after`, at most `limit`; only children of `parent` where that is given.
pub fn list(
    conn: &mut Conn,
    scope: &Scope,
    parent: Option<AreaId>,
    after: Option<String>,
    limit: i64,
) -> Outcome<Vec<Area>> {
    let above = above(conn, scope)?;
    let nothing = Scope::Areas(Vec::new());
    let of_areas = if matches!(scope, Scope::Institutions(_)) { &nothing } else { scope };
    let visible = in_area_scope!(areas, of_areas);
    let mut query = areas::table
        .filter(visible.or(areas::id.eq_any(above)))
        .select(Area::as_select())
        .order(areas::code)
        .limit(limit)
        .into_boxed();
    if let Some(parent) = parent {
        query = query.filter(areas::parent_id.assume_not_null().eq(parent));
    }
    if let Some(after) = after {
        query = query.filter(areas::code.gt(after));
    }
    Ok(query.load(conn)?)
}

pub fn code_is_taken(conn: &mut Conn, code: &str, but: AreaId) -> Outcome<bool> {
    let same = areas::table.filter(areas::code.eq(code).and(areas::id.ne(but)));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(conn)?)
}

/// Stands for the whole tree where places must not move while something is put into them.
const TREE: uuid::Uuid = uuid::Uuid::max();

/// Keeps the tree of areas still until the transaction ends.
pub fn hold_still(conn: &mut Conn) -> Outcome<()> {
    conn.lock(TREE)
}

pub fn insert(conn: &mut Conn, area: Area) -> Outcome<()> {
    let place = area.place;
    diesel::insert_into(areas::table)
        .values((
            areas::id.eq(area.id),
            areas::parent_id.eq(area.parent_id),
            areas::code.eq(area.code),
            areas::name.eq(area.name),
            areas::name_en.eq(area.name_en),
            areas::level.eq(area.level),
            areas::area_1.eq(place.area_1),
            areas::area_2.eq(place.area_2),
            areas::area_3.eq(place.area_3),
            areas::area_4.eq(place.area_4),
            areas::area_5.eq(place.area_5),
            areas::area_6.eq(place.area_6),
            areas::digest.eq(area.digest),
            areas::version.eq(area.version),
            areas::created_at.eq(area.created_at),
            areas::updated_at.eq(area.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes the changed names and code over version `area.version - 1`.
pub fn update(conn: &mut Conn, area: &Area) -> Outcome<()> {
    let changed =
        diesel::update(areas::table.filter(areas::id.eq(area.id).and(areas::version.eq(area.version - 1))))
            .set((
                areas::parent_id.eq(area.parent_id),
                areas::code.eq(&area.code),
                areas::name.eq(&area.name),
                areas::name_en.eq(area.name_en.as_deref()),
                areas::version.eq(area.version),
                areas::updated_at.eq(area.updated_at),
            ))
            .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// Writes on these rows of a table where they lie. A table with `area_1`…`area_6` has its line in [`place_institution`] or
/// [`replant`].
macro_rules! move_rows {
    ($conn:expr, $table:ident, $rows:expr, $place:expr) => {
        diesel::update($rows)
            .set((
                $table::area_1.eq($place.area_1),
                $table::area_2.eq($place.area_2),
                $table::area_3.eq($place.area_3),
                $table::area_4.eq($place.area_4),
                $table::area_5.eq($place.area_5),
                $table::area_6.eq($place.area_6),
            ))
            .execute($conn)?
    };
}

/// Gives everything at or below `area` its new place: areas, institutions, and every record that keeps its place.
pub fn replant(conn: &mut Conn, area: &Area, place: &AreaColumns, now: Instant) -> Outcome<usize> {
    let below: Vec<Area> =
        areas::table.filter(in_area!(areas, area.level, area.id)).select(Area::as_select()).load(conn)?;
    for one in &below {
        let new = super::rules::replant(&one.place, area.id, place)?;
        diesel::update(areas::table.find(one.id))
            .set((
                areas::level.eq(i32::from(new.depth())),
                areas::area_1.eq(new.area_1),
                areas::area_2.eq(new.area_2),
                areas::area_3.eq(new.area_3),
                areas::area_4.eq(new.area_4),
                areas::area_5.eq(new.area_5),
                areas::area_6.eq(new.area_6),
                areas::updated_at.eq(now),
            ))
            .execute(conn)?;
        move_rows!(conn, campaigns, campaigns::table.filter(campaigns::area_id.eq(one.id)), new);
        move_rows!(conn, warnings, warnings::table.filter(warnings::area_id.eq(one.id)), new);
        let here: Vec<InstitutionId> = institutions::table
            .filter(institutions::area_id.eq(one.id))
            .select(institutions::id)
            .load(conn)?;
        for institution in here {
            place_institution(conn, institution, &new)?;
        }
    }
    Ok(below.len())
}

/// Writes where an institution lies, on itself, on its hazards, their counts, its inspections, its drills and its notices.
pub fn place_institution(conn: &mut Conn, id: InstitutionId, place: &AreaColumns) -> Outcome<()> {
    move_rows!(conn, institutions, institutions::table.find(id), place);
    move_rows!(conn, hazards, hazards::table.filter(hazards::institution_id.eq(id)), place);
    move_rows!(conn, inspections, inspections::table.filter(inspections::institution_id.eq(id)), place);
    move_rows!(conn, drills, drills::table.filter(drills::institution_id.eq(id)), place);
    move_rows!(conn, hazard_counts, hazard_counts::table.filter(hazard_counts::institution_id.eq(id)), place);
    move_rows!(conn, notices, notices::table.filter(notices::institution_id.eq(id)), place);
    Ok(())
}

/// Whether anything still refers to the area.
pub fn is_in_use(conn: &mut Conn, id: AreaId) -> Outcome<bool> {
    use diesel::dsl::exists;
    let children = areas::table.filter(areas::parent_id.assume_not_null().eq(id));
    let homes = institutions::table.filter(institutions::area_id.eq(id));
    let rules = rule_adoptions::table.filter(rule_adoptions::area_id.assume_not_null().eq(id));
    let own_rules = rule_documents::table.filter(rule_documents::owner_area_id.assume_not_null().eq(id));
    let people = user_scopes::table.filter(user_scopes::area_id.assume_not_null().eq(id));
    let rounds = campaigns::table.filter(campaigns::area_id.eq(id));
    let relayed = warnings::table.filter(warnings::area_id.eq(id));
    let issued = notices::table.filter(notices::office_area_id.eq(id));
    Ok(diesel::select(exists(children)).get_result::<bool>(conn)?
        || diesel::select(exists(homes)).get_result::<bool>(conn)?
        || diesel::select(exists(rules)).get_result::<bool>(conn)?
        || diesel::select(exists(own_rules)).get_result::<bool>(conn)?
        || diesel::select(exists(rounds)).get_result::<bool>(conn)?
        || diesel::select(exists(relayed)).get_result::<bool>(conn)?
        || diesel::select(exists(people)).get_result::<bool>(conn)?
        // An office that has issued something keeps its area: the numbers go on there.
        || diesel::select(exists(issued)).get_result::<bool>(conn)?)
}

pub fn delete(conn: &mut Conn, id: AreaId) -> Outcome<()> {
    diesel::delete(areas::table.find(id)).execute(conn)?;
    Ok(())
}

/// Codes and names of areas that the caller has already been shown to cover.
pub fn names(conn: &mut Conn, ids: Vec<AreaId>) -> Outcome<Vec<(AreaId, String, String)>> {
    Ok(areas::table
        .filter(one_of(areas::id, ids))
        .select((areas::id, areas::code, areas::name))
        .load(conn)?)
}

/// The areas with these codes, for the command line.
pub fn by_codes(conn: &mut Conn, codes: &[String]) -> Outcome<Vec<AreaId>> {
    Ok(areas::table
        .filter(areas::code.eq_any(codes.to_vec()))
        .order(areas::code)
        .select(areas::id)
        .load(conn)?)
}
