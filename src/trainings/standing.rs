//! What compliance looks at: the trainings that were held, and who began to work without the one that is due before; and
//! the same as the status of trainings.

use super::queries;
use super::rules::{Starter, untrained};
use super::status::{Asked, TrainingStanding, standing};
use crate::access::ReadTx;
use crate::compliance::facts::{HeldTraining, NewStaff};
use crate::compliance::look_back;
use crate::db::Conn;
use crate::ids::InstitutionId;
use crate::institutions::{Institution, model::OperatingStatus, rules::applies};
use crate::refusal::Outcome;
use crate::rules::Kind;
use crate::staff::{self, Person};
use chrono::NaiveDate;

/// The trainings that an institution, which the caller has been shown to cover, held from `from` to `on`; and of those
/// who work there on that day and started in that time, who is named in no training that is due before work.
pub fn facts(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    from: NaiveDate,
    on: NaiveDate,
) -> Outcome<(Vec<HeldTraining>, Vec<NewStaff>)> {
    let held = queries::held(tx.conn, place.id, from, on)?;
    let lacking = lacking(tx, place, from, on)?;
    let facts = held.into_iter().map(|one| HeldTraining {
        id: one.id,
        topic: one.topic,
        held_on: one.held_on,
        for_staff: one.for_staff,
        attended: u32::try_from(one.attended).unwrap_or(0),
    });
    Ok((facts.collect(), lacking))
}

/// Who works there on that day, started from `from` on, and is named in no training that is due before work.
fn lacking(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    from: NaiveDate,
    on: NaiveDate,
) -> Outcome<Vec<NewStaff>> {
    let rules = tx.rules()?;
    let intervals = rules.intervals(&place.place, on)?.content;
    let before_work: Vec<&str> =
        intervals.trainings().filter(|one| one.before_work).map(|one| one.code.as_str()).collect();
    let starters = starters(tx.conn, place.id, on)?;
    let mut lacking: Vec<NewStaff> = Vec::new();
    if before_work.is_empty() || starters.iter().all(|one| one.started_on < from) {
        return Ok(lacking);
    }
    // Whoever was trained before they started, or long ago, was trained.
    let ever = queries::held(tx.conn, place.id, first_day(), on)?;
    for topic in before_work {
        let sheets = ever.iter().filter(|one| one.for_staff && one.topic == topic);
        let names: Vec<Person> = sheets.flat_map(|one| one.content.attendees.clone()).collect();
        for one in untrained(&starters, from, &names) {
            let new = NewStaff { name: one.name.clone(), started_on: one.started_on };
            if !lacking.contains(&new) {
                lacking.push(new);
            }
        }
    }
    Ok(lacking)
}

/// How the recurring trainings of an institution, which the caller has been shown to cover, stand on a day, and who lacks
/// the one that is due before work. From the same facts that compliance looks at, as far back.
pub fn status(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    on: NaiveDate,
) -> Outcome<(Vec<TrainingStanding>, Vec<NewStaff>)> {
    let (held, lacking) = facts(tx, place, look_back(on), on)?;
    let rules = tx.rules()?;
    let intervals = rules.intervals(&place.place, on)?.content;
    let registered = tx.office.date(place.created_at);
    let asked = Asked {
        on,
        since: registered.max(rules.in_force_since(Kind::Intervals, &place.place, on)),
        owing: place.status == OperatingStatus::Operating && registered <= on,
    };
    let due = intervals.trainings().filter(|interval| applies(&interval.applies_to, place.into()));
    Ok((due.map(|interval| standing(interval, &held, &asked)).collect(), lacking))
}

/// Before anything was written down.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(NaiveDate::MIN)
}

/// Everybody who works there on that day.
fn starters(conn: &mut Conn, institution: InstitutionId, on: NaiveDate) -> Outcome<Vec<Starter>> {
    let working = staff::queries::working(conn, institution, on)?;
    let one =
        |of: staff::model::StaffMember| Starter { staff_id: of.id, name: of.name, started_on: of.started_on };
    Ok(working.into_iter().map(one).collect())
}
