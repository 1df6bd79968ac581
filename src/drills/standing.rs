//! What was held and what is planned, as plain facts in the office's local time.

use super::model::{Drill, DrillState, Held};
use super::problems::Followed;
use super::timeline::LONGEST;
use super::{queries, rules};
use crate::access::ReadTx;
use crate::compliance::facts::{HeldDrill, PlannedDrill};
use crate::db::Instant;
use crate::institutions::Institution;
use crate::office::Office;
use crate::refusal::{Failure, Outcome};
use crate::rosters::ShiftPattern;
use crate::rules::kinds::drills::Shift;
use chrono::NaiveDate;

/// The shift that is at work at this moment.
pub(super) fn shift_at(office: &Office, pattern: &ShiftPattern, at: Instant) -> Outcome<Shift> {
    let found = pattern.at(office.wall(at));
    found.map(|(one, _)| one.shift).ok_or(Failure::Internal("shifts do not cover the day"))
}

/// The drills and real events of an institution with an alarm from `from` to `on`, and the drills that are planned for
/// `on` and later, those that have begun and are not recorded among them; of both only what the caller may know of.
///
/// The shift of what was held is the one that was at work then: a home that changes its shifts later does not change
/// what it has drilled.
pub fn facts(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    from: NaiveDate,
    on: NaiveDate,
) -> Outcome<(Vec<HeldDrill>, Vec<PlannedDrill>)> {
    let held = queries::held_at(tx.conn, place.id, from, on)?;
    let followed = Followed::read(tx.conn, held.iter().map(|one| one.id).collect())?;
    let planned = queries::planned_at(tx.conn, place.id, on, tx.now.plus(-LONGEST))?;
    let (office, now) = (tx.office, tx.now);
    let as_held = |one: Held| {
        Some(HeldDrill {
            id: one.id,
            kind: one.kind,
            shift: one.shift,
            alarm_at: office.wall(one.alarm_at?),
            reported_on: one.reported_on,
            real_event: one.real_event,
            evaluated: one.state == DrillState::Evaluated,
            open_problems: followed.open_of(one.id, one.alarm_at),
            building: one.building,
            scenario: one.scenario,
        })
    };
    let as_planned = |one: Drill| {
        let plan = one.plan.as_ref()?;
        // What runs is held now, however long ago it was to be over.
        let running = one.state == DrillState::Started;
        let until = if running { plan.window_to.max(now) } else { plan.window_to };
        Some(PlannedDrill {
            id: one.id,
            kind: one.kind,
            shift: one.shift,
            window: (office.wall(plan.window_from), office.wall(until)),
            building: one.building,
        })
    };
    let role = tx.actor.role;
    let planned = planned.into_iter().filter(|one| rules::is_visible(one, role)).filter_map(as_planned);
    let planned = planned.collect();
    Ok((held.into_iter().filter_map(as_held).collect(), planned))
}
