//! Drills in the database.

use super::model::{Drill, DrillState, Held, StoredProblem, StoredStep};
use super::rules::is_visible;
use crate::access::{Actor, AreaColumns};
use crate::db::schema::{campaign_targets, drill_problems, drill_steps, drills};
use crate::db::{Conn, Instant, one_of};
use crate::ids::{CampaignId, DrillId, DrillStepId, InstitutionId};
use crate::refusal::{Code, Outcome};
use crate::rules::kinds::drills::DrillKind;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// The drill, whoever asks: to tell "taken" from "free" before the scope is applied.
pub fn find_any(conn: &mut Conn, id: DrillId) -> Outcome<Option<Drill>> {
    Ok(drills::table.find(id).select(Drill::as_select()).first(conn).optional()?)
}

/// Whether the caller may know of it.
pub fn sees(actor: &Actor, drill: &Drill) -> bool {
    actor.scope.covers(drill.institution_id, &drill.place) && is_visible(drill, actor.role)
}

/// The drill, if the caller may know of it.
pub fn find(conn: &mut Conn, actor: &Actor, id: DrillId) -> Outcome<Drill> {
    let found = find_any(conn, id)?.filter(|drill| sees(actor, drill));
    found.ok_or_else(|| Code::NotFound.into())
}

/// These drills, which the caller has been shown to cover.
pub fn by_ids(conn: &mut Conn, ids: &[DrillId]) -> Outcome<HashMap<DrillId, Drill>> {
    let mut found = HashMap::new();
    for some in ids.chunks(256) {
        let these = drills::table.filter(one_of(drills::id, some.iter().copied()));
        let these: Vec<Drill> = these.select(Drill::as_select()).load(conn)?;
        found.extend(these.into_iter().map(|one| (one.id, one)));
    }
    Ok(found)
}

/// What `insert` and `update` both write.
macro_rules! told {
    ($new:expr) => {
        (
            (
                drills::shift.eq($new.shift),
                drills::state.eq($new.state),
                drills::real_event.eq($new.real_event),
                drills::hidden.eq($new.hidden),
                drills::on_day.eq($new.on_day),
                drills::building.eq($new.building.clone()),
                drills::scenario.eq($new.scenario.clone()),
                drills::plan_id.eq($new.plan_id),
                drills::plan_edition.eq($new.plan_edition),
                drills::plan.eq($new.plan.clone()),
                drills::planned_by.eq($new.planned_by),
            ),
            (
                drills::started_at.eq($new.started_at),
                drills::started_by.eq($new.started_by),
                drills::alarm_at.eq($new.alarm_at),
                drills::record.eq($new.record.clone()),
                drills::record_digest.eq($new.record_digest.clone()),
                drills::recorded_at.eq($new.recorded_at),
                drills::recorded_by.eq($new.recorded_by),
                drills::evaluation.eq($new.evaluation.clone()),
                drills::evaluation_digest.eq($new.evaluation_digest.clone()),
            ),
            (
                drills::evaluated_at.eq($new.evaluated_at),
                drills::evaluated_by.eq($new.evaluated_by),
                drills::reported_on.eq($new.reported_on),
                drills::reported_to.eq($new.reported_to.clone()),
                drills::cancelled.eq($new.cancelled.clone()),
                drills::version.eq($new.version),
                drills::updated_at.eq($new.updated_at),
            ),
        )
    };
}

pub fn insert(conn: &mut Conn, new: &Drill) -> Outcome<()> {
    let place: &AreaColumns = &new.place;
    diesel::insert_into(drills::table)
        .values((
            (
                drills::id.eq(new.id),
                drills::institution_id.eq(new.institution_id),
                drills::area_1.eq(place.area_1),
                drills::area_2.eq(place.area_2),
                drills::area_3.eq(place.area_3),
                drills::area_4.eq(place.area_4),
                drills::area_5.eq(place.area_5),
                drills::area_6.eq(place.area_6),
                drills::kind.eq(new.kind),
                drills::plan_digest.eq(new.plan_digest.clone()),
                drills::created_at.eq(new.created_at),
            ),
            told!(new),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes everything but place and kind over version `new.version - 1`.
pub fn update(conn: &mut Conn, new: &Drill) -> Outcome<()> {
    let before = drills::table.filter(drills::id.eq(new.id).and(drills::version.eq(new.version - 1)));
    let changed = diesel::update(before).set(told!(new)).execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// The step with this id, of whichever drill.
pub fn find_step(conn: &mut Conn, id: DrillStepId) -> Outcome<Option<StoredStep>> {
    Ok(drill_steps::table.find(id).select(StoredStep::as_select()).first(conn).optional()?)
}

pub fn insert_step(conn: &mut Conn, step: StoredStep) -> Outcome<()> {
    diesel::insert_into(drill_steps::table).values(step).execute(conn)?;
    Ok(())
}

/// The steps of a drill, first to last.
pub fn steps(conn: &mut Conn, id: DrillId) -> Outcome<Vec<StoredStep>> {
    let own = drill_steps::table.filter(drill_steps::drill_id.eq(id));
    Ok(own.order(drill_steps::step).select(StoredStep::as_select()).load(conn)?)
}

pub fn insert_problem(conn: &mut Conn, problem: StoredProblem) -> Outcome<()> {
    diesel::insert_into(drill_problems::table).values(problem).execute(conn)?;
    Ok(())
}

/// The problems of these drills, in the order in which they were told.
pub fn problems_of(conn: &mut Conn, ids: Vec<DrillId>) -> Outcome<Vec<StoredProblem>> {
    let mut found = Vec::new();
    for some in ids.chunks(256) {
        let own = drill_problems::table.filter(one_of(drill_problems::drill_id, some.iter().copied()));
        let ordered = own.order((drill_problems::drill_id, drill_problems::position));
        found.extend(ordered.select(StoredProblem::as_select()).load::<StoredProblem>(conn)?);
    }
    Ok(found)
}

/// How many problems of a drill were told so far.
pub fn count_problems(conn: &mut Conn, id: DrillId) -> Outcome<i32> {
    let own = drill_problems::table.filter(drill_problems::drill_id.eq(id));
    let told: i64 = own.count().get_result(conn)?;
    Ok(i32::try_from(told).unwrap_or(i32::MAX))
}

/// Which drill, on which local day, after which alarm, in which words.
pub type PlanProblem = (DrillId, NaiveDate, Option<Instant>, String);

/// What drills of an institution since `since`, that day included, say must change of its plan, the earliest first.
pub fn plan_problems_since(
    conn: &mut Conn,
    institution: InstitutionId,
    since: NaiveDate,
) -> Outcome<Vec<PlanProblem>> {
    Ok(drill_problems::table
        .inner_join(drills::table)
        .filter(drill_problems::institution_id.eq(institution))
        .filter(drill_problems::on_day.ge(since).and(drill_problems::revision.is_not_null()))
        .order((drill_problems::on_day, drill_problems::drill_id, drill_problems::position))
        .select((
            drill_problems::drill_id,
            drill_problems::on_day,
            drills::alarm_at,
            drill_problems::revision.assume_not_null(),
        ))
        .load(conn)?)
}

/// The states of what was held.
const HELD: [DrillState; 2] = [DrillState::Recorded, DrillState::Evaluated];

/// What was held at an institution on these days, the earliest first.
pub fn held_at(
    conn: &mut Conn,
    institution: InstitutionId,
    from: NaiveDate,
    to: NaiveDate,
) -> Outcome<Vec<Held>> {
    let mut held = Vec::new();
    // State by state, each a stretch of the index.
    for state in HELD {
        let own = drills::table.filter(drills::institution_id.eq(institution).and(drills::state.eq(state)));
        let days = own.filter(drills::on_day.ge(from).and(drills::on_day.le(to)));
        held.extend(days.select(Held::as_select()).load::<Held>(conn)?);
    }
    held.sort_by_key(|one| (one.on_day, one.alarm_at, one.id));
    Ok(held)
}

/// What is planned at an institution for this day or later, begun or not, and what began since `running`, the earliest first.
pub fn planned_at(
    conn: &mut Conn,
    institution: InstitutionId,
    on: NaiveDate,
    running: Instant,
) -> Outcome<Vec<Drill>> {
    let of =
        |state| drills::table.filter(drills::institution_id.eq(institution).and(drills::state.eq(state)));
    let planned = of(DrillState::Planned).filter(drills::on_day.ge(on));
    let mut found: Vec<Drill> = planned.select(Drill::as_select()).load(conn)?;
    let begun = of(DrillState::Started)
        .filter(drills::on_day.ge(on).or(drills::started_at.assume_not_null().ge(running)));
    found.extend(begun.select(Drill::as_select()).load::<Drill>(conn)?);
    found.sort_by_key(|one| (one.on_day, one.id));
    Ok(found)
}

/// Which institutions of a campaign's list held a drill on these days that counts: recorded, hands-on, and not a real
/// event.
pub fn drilled_for(
    conn: &mut Conn,
    campaign: CampaignId,
    from: NaiveDate,
    to: NaiveDate,
) -> Outcome<BTreeSet<InstitutionId>> {
    let found: Vec<InstitutionId> = campaign_targets::table
        .inner_join(drills::table.on(drills::institution_id.eq(campaign_targets::institution_id)))
        .filter(campaign_targets::campaign_id.eq(campaign))
        .filter(drills::state.eq_any(HELD.to_vec()))
        .filter(drills::on_day.ge(from).and(drills::on_day.le(to)))
        .filter(drills::real_event.eq(false).and(drills::kind.ne(DrillKind::Tabletop)))
        .select(drills::institution_id)
        .distinct()
        .load(conn)?;
    Ok(found.into_iter().collect())
}
