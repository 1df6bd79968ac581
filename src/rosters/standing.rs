//! How a home's roster stands, for those who judge the home as a whole.

use super::rules::{self, CommandSource};
use super::view::Departures;
use super::{queries, shifts::ShiftPattern};
use crate::access::ReadTx;
use crate::compliance::facts::Commanders;
use crate::institutions::Institution;
use crate::refusal::Outcome;
use crate::rules::kinds::drills::Shift;
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

/// The gaps of the coming seven days, and who commands tonight if somebody is named.
pub fn facts(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    pattern: &ShiftPattern,
    now_local: NaiveDateTime,
) -> Outcome<Commanders> {
    let now = tx.office.moment(now_local);
    let (to, night) = (now.plus(TimeDelta::days(7)), tx.office.moment(tonight(pattern, now_local)));
    let roster = queries::within(tx.conn, place.id, now, to)?;
    let departures = Departures::read(tx.conn, tx.office, &roster, &[])?;
    let watches = departures.watches(&roster);
    let command = rules::commander(&watches, &[], night);
    let gaps = rules::gaps(&watches, now, to);
    Ok(Commanders {
        gaps: gaps.iter().map(|gap| (tx.office.wall(gap.from), tx.office.wall(gap.to))).collect(),
        tonight: command
            .person
            .filter(|_person| command.by != CommandSource::Succession)
            .map(|person| person.name),
    })
}

/// A moment of tonight: now, where it is night, else when the next night begins, which may be after midnight.
pub fn tonight(pattern: &ShiftPattern, now: NaiveDateTime) -> NaiveDateTime {
    let is_night = pattern.at(now).is_some_and(|(times, _)| times.shift == Shift::Night);
    if is_night {
        return now;
    }
    let begins = |day: NaiveDate| pattern.times(Shift::Night).map(|times| times.on(day).0);
    let today = begins(now.date()).filter(|begins| *begins >= now);
    today.or_else(|| begins(now.date().succ_opt()?)).unwrap_or(now)
}
