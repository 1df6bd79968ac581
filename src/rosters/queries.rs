//! Rosters in the database.

use super::handovers::Handover;
use super::model::{Arrangement, Assignment, Topic};
use super::rules::{SuccessionStep, standard_succession};
use super::shifts::{ShiftPattern, ShiftTimes};
use crate::access::Scope;
use crate::db::schema::{command_assignments, handovers, home_arrangements};
use crate::db::{Conn, Instant, one_of};
use crate::ids::{CommandAssignmentId, HandoverId, InstitutionId};
use crate::institutions;
use crate::refusal::{Code, Failure, Outcome};
use diesel::prelude::*;
use serde::de::DeserializeOwned;

/// What a home has arranged about one topic.
pub fn arrangement(conn: &mut Conn, home: InstitutionId, topic: Topic) -> Outcome<Option<Arrangement>> {
    Ok(home_arrangements::table
        .find((home, topic))
        .select(Arrangement::as_select())
        .first(conn)
        .optional()?)
}

/// The same for many homes, in any order.
pub fn arrangements(conn: &mut Conn, homes: &[InstitutionId], topic: Topic) -> Outcome<Vec<Arrangement>> {
    Ok(home_arrangements::table
        .filter(one_of(home_arrangements::institution_id, homes.iter().copied()))
        .filter(home_arrangements::topic.eq(topic))
        .select(Arrangement::as_select())
        .load(conn)?)
}

/// The content of an arrangement with its version.
pub fn arranged<T: DeserializeOwned>(found: Option<Arrangement>) -> Outcome<Option<(T, i64)>> {
    let Some(found) = found else { return Ok(None) };
    let damaged = |_error| Failure::Internal("an arrangement of a home cannot be read");
    Ok(Some((serde_json::from_str(&found.content).map_err(damaged)?, found.version)))
}

pub fn insert_arrangement(conn: &mut Conn, new: &Arrangement) -> Outcome<()> {
    diesel::insert_into(home_arrangements::table).values(new.clone()).execute(conn)?;
    Ok(())
}

/// Writes it over version `new.version - 1`. Where another change came first this one begins again: it may have been the same.
pub fn update_arrangement(conn: &mut Conn, new: &Arrangement) -> Outcome<()> {
    let before = home_arrangements::table
        .filter(home_arrangements::institution_id.eq(new.institution_id))
        .filter(home_arrangements::topic.eq(new.topic))
        .filter(home_arrangements::version.eq(new.version - 1));
    let changed = diesel::update(before).set(new).execute(conn)?;
    if changed == 0 { Err(Failure::Collision) } else { Ok(()) }
}

/// The shifts of a home: its own, or the standard ones.
pub fn shift_pattern(conn: &mut Conn, home: InstitutionId) -> Outcome<ShiftPattern> {
    Ok(pattern(arrangement(conn, home, Topic::Shifts)?)?.0)
}

/// The pattern that an arrangement holds, with its version; the standard one, version 0, without.
pub fn pattern(found: Option<Arrangement>) -> Outcome<(ShiftPattern, i64)> {
    let own: Option<(Vec<ShiftTimes>, i64)> = arranged(found)?;
    let own = own.and_then(|(shifts, version)| Some((ShiftPattern::new(shifts)?, version)));
    Ok(own.unwrap_or_else(|| (ShiftPattern::standard(), 0)))
}

/// The succession of a home with its version; the standard one, version 0, where it has none.
pub fn succession(conn: &mut Conn, home: InstitutionId) -> Outcome<(Vec<SuccessionStep>, i64)> {
    let own = arranged(arrangement(conn, home, Topic::Succession)?)?;
    Ok(own.unwrap_or_else(|| (standard_succession(), 0)))
}

/// The assignment, whoever asks.
pub fn find_any(conn: &mut Conn, id: CommandAssignmentId) -> Outcome<Option<Assignment>> {
    Ok(command_assignments::table.find(id).select(Assignment::as_select()).first(conn).optional()?)
}

/// The assignment, if its institution is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: CommandAssignmentId) -> Outcome<Assignment> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.institution_id)?;
    Ok(found)
}

pub fn insert(conn: &mut Conn, new: Assignment) -> Outcome<()> {
    diesel::insert_into(command_assignments::table).values(new).execute(conn)?;
    Ok(())
}

/// Notes over version `of.version - 1` that an assignment holds no longer. Where another change came first this one begins
/// again.
pub fn cancel(conn: &mut Conn, of: &Assignment) -> Outcome<()> {
    let before =
        command_assignments::table.find(of.id).filter(command_assignments::version.eq(of.version - 1));
    let changed = diesel::update(before)
        .set((
            command_assignments::cancelled_at.eq(of.cancelled_at),
            command_assignments::cancel_reason.eq(of.cancel_reason.clone()),
            command_assignments::replaced_by.eq(of.replaced_by),
            command_assignments::version.eq(of.version),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Failure::Collision) } else { Ok(()) }
}

/// What of a home's roster holds within a stretch of time, the earliest first.
pub fn within(conn: &mut Conn, home: InstitutionId, from: Instant, to: Instant) -> Outcome<Vec<Assignment>> {
    within_all(conn, &[home], from, to)
}

/// The same for many homes.
pub fn within_all(
    conn: &mut Conn,
    homes: &[InstitutionId],
    from: Instant,
    to: Instant,
) -> Outcome<Vec<Assignment>> {
    Ok(command_assignments::table
        .filter(one_of(command_assignments::institution_id, homes.iter().copied()))
        .filter(command_assignments::cancelled_at.is_null())
        .filter(command_assignments::ends_at.gt(from).and(command_assignments::begins_at.lt(to)))
        .order((command_assignments::begins_at, command_assignments::id))
        .select(Assignment::as_select())
        .load(conn)?)
}

/// The plan of [`within`], for the tests.
pub fn explain_within(conn: &mut Conn, home: InstitutionId, from: Instant, to: Instant) -> Outcome<String> {
    conn.explain(
        command_assignments::table
            .filter(one_of(command_assignments::institution_id, [home]))
            .filter(command_assignments::cancelled_at.is_null())
            .filter(command_assignments::ends_at.gt(from).and(command_assignments::begins_at.lt(to)))
            .select(Assignment::as_select()),
    )
}

/// The entry of the hand-over log, whoever asks.
pub fn find_any_handover(conn: &mut Conn, id: HandoverId) -> Outcome<Option<Handover>> {
    Ok(handovers::table.find(id).select(Handover::as_select()).first(conn).optional()?)
}

pub fn find_handover(conn: &mut Conn, scope: &Scope, id: HandoverId) -> Outcome<Handover> {
    let found = find_any_handover(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.institution_id)?;
    Ok(found)
}

pub fn insert_handover(conn: &mut Conn, new: Handover) -> Outcome<()> {
    diesel::insert_into(handovers::table).values(new).execute(conn)?;
    Ok(())
}

/// The hand-overs of a home that the caller has been shown to cover, the latest first.
pub fn list_handovers(
    conn: &mut Conn,
    home: InstitutionId,
    after: Option<(Instant, HandoverId)>,
    limit: i64,
) -> Outcome<Vec<Handover>> {
    let mut query = handovers::table
        .select(Handover::as_select())
        .into_boxed()
        .filter(handovers::institution_id.eq(home))
        .order((handovers::at.desc(), handovers::id.desc()))
        .limit(limit);
    if let Some((at, id)) = after {
        let earlier = handovers::at.lt(at).or(handovers::at.eq(at).and(handovers::id.lt(id)));
        query = query.filter(handovers::at.le(at).and(earlier));
    }
    Ok(query.load(conn)?)
}
