//! Drills of one shift that begin at nearly the same time of day: whoever works there learns when the alarm will sound. Pure.
//!
//! Too predictable are two drills of a shift less than the document's minutes apart by the clock on the wall, at most
//! four months after each other; or three of them within so many minutes in twelve months, however far apart they are.

use super::calendar::{months_after, months_before};
use super::facts::{HeldDrill, Words};
use crate::ids::DrillId;
use crate::rosters::ShiftTimes;
use crate::rules::kinds::drills::{DrillKind, Shift};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use std::collections::BTreeSet;

/// How far back drills are compared at all.
pub const YEAR_MONTHS: u32 = 12;
/// So soon after each other, two alike are enough.
pub const SOON_MONTHS: u32 = 4;

const DAY: i64 = 86_400;

/// Drills of one shift that are too much alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predictable {
    pub shift: Shift,
    pub within_minutes: u32,
    /// The earliest first.
    pub drills: Vec<Alike>,
    /// One of them was held in the last four months.
    pub recent: bool,
    pub why: Words,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alike {
    pub id: DrillId,
    /// The alarm, by the office's clock on the wall.
    pub at: NaiveDateTime,
}

/// Whether a drill can make others predictable: a real event chose its own time, a table-top exercise sounds no alarm.
fn sounds(drill: &HeldDrill) -> bool {
    !drill.real_event && drill.kind != DrillKind::Tabletop
}

fn seconds(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight())
}

/// How far apart two times of day are, whichever way round the clock is shorter.
fn apart(one: i64, other: i64) -> i64 {
    let way = (one - other).rem_euclid(DAY);
    way.min(DAY - way)
}

/// The drills of a shift in the twelve months before `as_of`, the earliest first.
fn of_shift(drills: &[HeldDrill], shift: Shift, as_of: NaiveDateTime) -> Vec<&HeldDrill> {
    let since = months_before(as_of.date(), YEAR_MONTHS);
    let mut all: Vec<&HeldDrill> = drills
        .iter()
        .filter(|drill| drill.shift == shift && sounds(drill))
        .filter(|drill| drill.alarm_at <= as_of && drill.alarm_at.date() >= since)
        .collect();
    all.sort_by_key(|drill| (drill.alarm_at, drill.id));
    all
}

/// Times of day in their order round the clock, each with the one after the next: three in so short an arc are alike.
fn triples<T: Copy>(round: &[(i64, T)]) -> Vec<(i64, [T; 3])> {
    let after = |by: usize| round.iter().cycle().skip(by);
    let all = round.iter().zip(after(1)).zip(after(2)).take(round.len());
    let on = |one: &(i64, T), two: &(i64, T)| (two.0 - one.0).rem_euclid(DAY);
    all.map(|((one, two), three)| (on(one, two) + on(two, three), [one.1, two.1, three.1])).collect()
}

/// What is too predictable as of a moment, by shift.
pub fn predictable(drills: &[HeldDrill], within_minutes: u32, as_of: NaiveDateTime) -> Vec<Predictable> {
    let within = i64::from(within_minutes) * 60;
    let mut told = Vec::new();
    for shift in Shift::ALL {
        let all = of_shift(drills, *shift, as_of);
        let mut alike: BTreeSet<DrillId> = BTreeSet::new();
        for (at, later) in all.iter().enumerate() {
            for earlier in all.iter().take(at) {
                let soon = later.alarm_at.date() <= months_after(earlier.alarm_at.date(), SOON_MONTHS);
                if soon && apart(seconds(later.alarm_at.time()), seconds(earlier.alarm_at.time())) < within {
                    alike.extend([earlier.id, later.id]);
                }
            }
        }
        let mut round: Vec<(i64, DrillId)> =
            all.iter().map(|drill| (seconds(drill.alarm_at.time()), drill.id)).collect();
        round.sort_unstable();
        if round.len() > 2 {
            let near = triples(&round).into_iter().filter(|(arc, _)| *arc < within);
            alike.extend(near.flat_map(|(_, ids)| ids));
        }
        let listed: Vec<Alike> = all
            .iter()
            .filter(|drill| alike.contains(&drill.id))
            .map(|drill| Alike { id: drill.id, at: drill.alarm_at })
            .collect();
        if let Some(last) = listed.last() {
            let recent = last.at.date() >= months_before(as_of.date(), SOON_MONTHS);
            let times: Vec<String> =
                listed.iter().map(|one| one.at.format("%Y-%m-%d %H:%M").to_string()).collect();
            let why = Words::new(
                format!("同班次演练钟点相差不足{within_minutes}分钟：{}", times.join("、")),
                format!("Less than {within_minutes} minutes apart by the clock: {}", times.join(", ")),
            );
            told.push(Predictable { shift: *shift, within_minutes, drills: listed, recent, why });
        }
    }
    told
}

/// A stretch of time in which an alarm may sound; both ends may be used.
pub type Stretch = (NaiveDateTime, NaiveDateTime);

/// What else keeps a time of day from being used: a planned drill of the same shift, from and to by the clock.
pub type Kept = (NaiveTime, NaiveTime);

/// The stretches of `day` that lie within the shift, from `earliest` on, and would not be too predictable after the drills held.
pub fn free_on(
    day: NaiveDate,
    shift: &ShiftTimes,
    earliest: NaiveDateTime,
    held: &[HeldDrill],
    kept: &[Kept],
    within_minutes: u32,
) -> Vec<Stretch> {
    let within = i64::from(within_minutes) * 60;
    let mut taken: Vec<(i64, i64)> = Vec::new();
    let mut round: Vec<(i64, ())> = Vec::new();
    let since = months_before(day, YEAR_MONTHS);
    let of_shift = held.iter().filter(|drill| drill.shift == shift.shift && sounds(drill));
    for drill in of_shift.filter(|drill| drill.alarm_at.date() >= since) {
        let at = seconds(drill.alarm_at.time());
        round.push((at, ()));
        if day <= months_after(drill.alarm_at.date(), SOON_MONTHS) {
            taken.push((at - within, at + within));
        }
    }
    // A third one between two that are near to each other, or near to both.
    round.sort_unstable();
    for ((one, ()), (next, ())) in round.iter().zip(round.iter().cycle().skip(1)) {
        let arc = (next - one).rem_euclid(DAY);
        if round.len() > 1 && arc < within {
            taken.push((one + arc - within, one + within));
        }
    }
    for (from, to) in kept {
        let length = (seconds(*to) - seconds(*from)).rem_euclid(DAY);
        taken.push((seconds(*from) - within, seconds(*from) + length + within));
    }
    let again: Vec<(i64, i64)> =
        taken.iter().flat_map(|(from, to)| [-DAY, 0, DAY].map(|by| (from + by, to + by))).collect();
    let earliest = (earliest - day.and_time(NaiveTime::MIN)).num_seconds().max(0);
    let (from, to) = (seconds(shift.from), seconds(shift.to));
    let parts = if from < to { vec![(from, to)] } else { vec![(0, to), (from, DAY)] };
    let parts = parts.into_iter().map(|(from, to)| (from.max(earliest), to));
    parts.flat_map(|part| gaps(part, again.clone())).filter_map(|gap| whole_minutes(day, gap)).collect()
}

/// What open stretches leave of one that does not have its end.
fn gaps((from, to): (i64, i64), mut taken: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    taken.retain(|(begins, ends)| begins < ends);
    taken.sort_unstable();
    let mut free = Vec::new();
    let mut at = from;
    // The end itself belongs to the next shift.
    let last = to - 1;
    for (begins, ends) in taken {
        if ends <= at {
            continue;
        }
        if begins >= at {
            free.push((at, begins.min(last)));
        }
        at = ends;
    }
    free.push((at, last));
    free.retain(|(begins, ends)| begins <= ends);
    free
}

fn whole_minutes(day: NaiveDate, (from, to): (i64, i64)) -> Option<Stretch> {
    let (from, to) = ((from + 59).div_euclid(60), to.div_euclid(60));
    let at = |minute: i64| day.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(minute));
    if from > to { None } else { Some((at(from)?, at(to)?)) }
}
