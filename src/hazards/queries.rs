//! Hazards in the database, with their words for searching.

pub use super::counts::{NO_DEADLINE, wrong_counts};

use super::counts::CountKey;
use super::model::{Hazard, Status, StoredAction};
use crate::access::Scope;
use crate::db::schema::{hazard_actions, hazards, institutions};
use crate::db::search::{StoreWords, index_words, place_key};
use crate::db::{Conn, Instant, MultiBackend, one_of};
use crate::ids::{ActionId, DrillId, HazardId, InspectionId, InstitutionId};
use crate::refusal::{Code, Outcome};
use diesel::prelude::*;

/// The hazard, whoever asks: to tell "taken" from "free" before the scope is applied.
pub fn find_any(conn: &mut Conn, id: HazardId) -> Outcome<Option<Hazard>> {
    Ok(hazards::table.filter(hazards::id.eq(id)).select(Hazard::as_select()).first(conn).optional()?)
}

/// The hazard within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: HazardId) -> Outcome<Hazard> {
    let found = find_any(conn, id)?.filter(|hazard| scope.covers(hazard.institution_id, &hazard.place));
    found.ok_or_else(|| Code::NotFound.into())
}

/// The same item at the same place of the same institution, found or closed since `since`: the newest one.
pub fn recurrence(
    conn: &mut Conn,
    institution: InstitutionId,
    item: &str,
    location: &str,
    since: Instant,
    until: Instant,
) -> Outcome<Option<HazardId>> {
    Ok(earlier(institution, item, location, since, until).get_result(conn).optional()?)
}

/// The plan of the query behind [`recurrence`], for the tests.
pub fn explain_recurrence(conn: &mut Conn, institution: InstitutionId, at: Instant) -> Outcome<String> {
    conn.explain(earlier(institution, "E03", "二楼", at, at))
}

type Earlier =
    diesel::dsl::IntoBoxed<'static, diesel::dsl::Select<hazards::table, hazards::id>, MultiBackend>;

fn earlier(
    institution: InstitutionId,
    item: &str,
    location: &str,
    since: Instant,
    until: Instant,
) -> Earlier {
    hazards::table
        .select(hazards::id)
        .into_boxed()
        .filter(
            hazards::institution_id
                .eq(institution)
                .and(hazards::checklist_item.assume_not_null().eq(item.to_owned()))
                .and(hazards::location_key.eq(place_key(location)))
                .and(hazards::found_at.le(until))
                .and(hazards::status.ne(Status::Void))
                .and(hazards::found_at.ge(since).or(hazards::closed_at.assume_not_null().ge(since))),
        )
        .order((hazards::found_at.desc(), hazards::id.desc()))
        .limit(1)
}

/// Stores a new hazard with its search words and its count.
pub fn insert(conn: &mut Conn, hazard: Hazard, institution_name: &str, item_title: &str) -> Outcome<()> {
    let text =
        search_text(&hazard.description, &hazard.location, institution_name, item_title, &hazard.number);
    let (id, key, place) = (hazard.id, CountKey::of(&hazard), hazard.place);
    diesel::insert_into(hazards::table)
        .values((
            (
                hazards::severity_key.eq(hazard.severity_key()),
                hazards::id.eq(hazard.id),
                hazards::institution_id.eq(hazard.institution_id),
                hazards::area_1.eq(place.area_1),
                hazards::area_2.eq(place.area_2),
                hazards::area_3.eq(place.area_3),
                hazards::area_4.eq(place.area_4),
                hazards::area_5.eq(place.area_5),
                hazards::area_6.eq(place.area_6),
                hazards::number.eq(hazard.number),
            ),
            (
                hazards::category.eq(hazard.category),
                hazards::checklist_item.eq(hazard.checklist_item),
                hazards::location_key.eq(place_key(&hazard.location)),
                hazards::location.eq(hazard.location),
                hazards::description.eq(hazard.description),
                hazards::severity.eq(hazard.severity),
                hazards::urgent.eq(hazard.urgent),
                hazards::status.eq(hazard.status),
                hazards::self_found.eq(hazard.self_found),
                hazards::fixed_on_spot.eq(hazard.fixed_on_spot),
                hazards::found_at.eq(hazard.found_at),
                hazards::registered_at.eq(hazard.registered_at),
                hazards::registered_by.eq(hazard.registered_by),
            ),
            (
                hazards::deadline.eq(hazard.deadline),
                hazards::original_deadline.eq(hazard.original_deadline),
                hazards::deadline_basis.eq(hazard.deadline_basis),
                hazards::recheck_due.eq(hazard.recheck_due),
                hazards::rework_count.eq(hazard.rework_count),
                hazards::recurrence_of.eq(hazard.recurrence_of),
                hazards::listed.eq(hazard.listed),
                hazards::submitted_by.eq(hazard.submitted_by),
                hazards::closed_at.eq(hazard.closed_at),
                hazards::closed_by.eq(hazard.closed_by),
            ),
            (
                hazards::photo_rule.eq(hazard.photo_rule),
                hazards::inspection_id.eq(hazard.inspection_id),
                hazards::drill_id.eq(hazard.drill_id),
                hazards::details.eq(hazard.details),
                hazards::digest.eq(hazard.digest),
                hazards::version.eq(hazard.version),
                hazards::updated_at.eq(hazard.updated_at),
            ),
        ))
        .execute(conn)?;
    StoreWords { words: index_words(&text), hazard: id }.execute(conn)?;
    key.add(conn, &place, 1)
}

/// What people find a hazard by.
fn search_text(description: &str, location: &str, institution: &str, item: &str, number: &str) -> String {
    format!("{description} {location} {institution} {item} {number}")
}

/// Hazards are indexed anew in pages of this size.
const PAGE: i64 = 500;
type Words = (i64, HazardId, String, String, String, Option<String>, String);

/// Fills an empty search index from the records; `title` knows the checklist items.
pub fn index_anew(conn: &mut Conn, title: &dyn Fn(&str) -> String, step: &dyn Fn(u64)) -> Outcome<()> {
    let mut after = i64::MIN;
    loop {
        let page: Vec<Words> = hazards::table
            .inner_join(institutions::table)
            .filter(hazards::seq.gt(after))
            .order(hazards::seq)
            .limit(PAGE)
            .select((
                hazards::seq,
                hazards::id,
                hazards::description,
                hazards::location,
                hazards::number,
                hazards::checklist_item,
                institutions::name,
            ))
            .load(conn)?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = *last;
        step(page.len() as u64);
        for (_, id, description, location, number, item, institution) in &page {
            let item = item.as_deref().map(title).unwrap_or_default();
            let text = search_text(description, location, institution, &item, number);
            StoreWords { words: index_words(&text), hazard: *id }.execute(conn)?;
        }
    }
}

/// Writes what a step changed over version `after.version - 1`, and moves the counts.
pub fn update(conn: &mut Conn, before: &Hazard, after: &Hazard) -> Outcome<()> {
    let same = hazards::table.filter(hazards::id.eq(after.id).and(hazards::version.eq(before.version)));
    let changed = diesel::update(same)
        .set((
            hazards::severity.eq(after.severity),
            hazards::severity_key.eq(after.severity_key()),
            hazards::status.eq(after.status),
            hazards::fixed_on_spot.eq(after.fixed_on_spot),
            hazards::deadline.eq(after.deadline),
            hazards::deadline_basis.eq(after.deadline_basis.clone()),
            hazards::recheck_due.eq(after.recheck_due),
            hazards::rework_count.eq(after.rework_count),
            hazards::listed.eq(after.listed),
            hazards::submitted_by.eq(after.submitted_by),
            hazards::closed_at.eq(after.closed_at),
            hazards::closed_by.eq(after.closed_by),
            hazards::details.eq(after.details.clone()),
            hazards::version.eq(after.version),
            hazards::updated_at.eq(after.updated_at),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(Code::Stale.into());
    }
    let (old, new) = (CountKey::of(before), CountKey::of(after));
    if old != new {
        old.add(conn, &after.place, -1)?;
        new.add(conn, &after.place, 1)?;
    }
    Ok(())
}

/// The step with this id, on whichever hazard.
pub fn find_action(conn: &mut Conn, id: ActionId) -> Outcome<Option<StoredAction>> {
    Ok(hazard_actions::table.find(id).select(StoredAction::as_select()).first(conn).optional()?)
}

pub fn insert_action(conn: &mut Conn, action: StoredAction) -> Outcome<()> {
    diesel::insert_into(hazard_actions::table).values(action).execute(conn)?;
    Ok(())
}

/// The hazards with these ids, in the order of the ids.
pub fn by_ids(conn: &mut Conn, ids: Vec<HazardId>) -> Outcome<Vec<Hazard>> {
    let query = hazards::table.filter(one_of(hazards::id, ids)).order(hazards::id);
    Ok(query.select(Hazard::as_select()).load(conn)?)
}

/// What was found on an inspection, in the order of the ids.
pub fn of_inspection(conn: &mut Conn, id: InspectionId) -> Outcome<Vec<HazardId>> {
    let found = hazards::table.filter(hazards::inspection_id.assume_not_null().eq(id));
    Ok(found.order(hazards::id).select(hazards::id).load(conn)?)
}

/// Says on which inspection something was found that was registered before the inspection's record came.
pub fn say_inspection(conn: &mut Conn, hazard: HazardId, inspection: InspectionId) -> Outcome<()> {
    let unsaid = hazards::table.filter(hazards::id.eq(hazard).and(hazards::inspection_id.is_null()));
    diesel::update(unsaid).set(hazards::inspection_id.eq(inspection)).execute(conn)?;
    Ok(())
}

/// Says which drill showed something that was registered before the drill's record came.
pub fn say_drill(conn: &mut Conn, hazard: HazardId, drill: DrillId) -> Outcome<()> {
    let unsaid = hazards::table.filter(hazards::id.eq(hazard).and(hazards::drill_id.is_null()));
    diesel::update(unsaid).set(hazards::drill_id.eq(drill)).execute(conn)?;
    Ok(())
}

/// Every step of a hazard, first to last.
pub fn timeline(conn: &mut Conn, id: HazardId) -> Outcome<Vec<StoredAction>> {
    Ok(hazard_actions::table
        .filter(hazard_actions::hazard_id.eq(id))
        .order(hazard_actions::step)
        .select(StoredAction::as_select())
        .load(conn)?)
}
