//! The shifts of an institution by the local clock. Pure.

use crate::rules::kinds::drills::Shift;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One shift: from a time of day until another; one that ends at or before its beginning goes on past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"shift": "night", "from": "22:00:00", "to": "08:00:00"}))]
pub struct ShiftTimes {
    pub shift: Shift,
    pub from: NaiveTime,
    pub to: NaiveTime,
}

impl ShiftTimes {
    /// Whether `time` falls into it: its beginning does, its end does not.
    pub fn covers(&self, time: NaiveTime) -> bool {
        if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            time >= self.from || time < self.to
        }
    }

    /// From when to when it lasts, when it begins on `day`.
    pub fn on(&self, day: NaiveDate) -> (NaiveDateTime, NaiveDateTime) {
        let begins = day.and_time(self.from);
        let ends = if self.from < self.to { day } else { day.succ_opt().unwrap_or(day) };
        (begins, ends.and_time(self.to))
    }
}

/// The shifts of a day; together they cover it without overlapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ShiftPattern(Vec<ShiftTimes>);

impl ShiftPattern {
    /// Shifts in the order of the day, if they cover all of it once and each is named once.
    pub fn new(mut shifts: Vec<ShiftTimes>) -> Option<Self> {
        shifts.sort_by_key(|one| one.from);
        let named: std::collections::BTreeSet<_> = shifts.iter().map(|one| one.shift).collect();
        let follow = shifts.iter().zip(shifts.iter().cycle().skip(1)).all(|(one, next)| one.to == next.from);
        // Joined end to end they may still go round twice only if one is named twice or wraps without need.
        let wrap = shifts.iter().filter(|one| one.from >= one.to).count();
        let whole = !shifts.is_empty() && named.len() == shifts.len() && follow && wrap == 1;
        whole.then_some(Self(shifts))
    }

    /// What holds where an institution has not said otherwise: day 08–17, evening 17–22, night 22–08 (product default).
    pub fn standard() -> Self {
        let time = |hour: i64| NaiveTime::MIN.overflowing_add_signed(TimeDelta::hours(hour)).0;
        let one = |shift, from, to| ShiftTimes { shift, from: time(from), to: time(to) };
        Self(vec![one(Shift::Day, 8, 17), one(Shift::Evening, 17, 22), one(Shift::Night, 22, 8)])
    }

    pub fn shifts(&self) -> &[ShiftTimes] {
        &self.0
    }

    /// The times of a shift; `None` where the institution has no such shift.
    pub fn times(&self, shift: Shift) -> Option<&ShiftTimes> {
        self.0.iter().find(|one| one.shift == shift)
    }

    /// The shift at work at a time of day, and the day on which it began.
    pub fn at(&self, local: NaiveDateTime) -> Option<(ShiftTimes, NaiveDate)> {
        let one = self.0.iter().find(|one| one.covers(local.time()))?;
        let began_before = one.from >= one.to && local.time() < one.to;
        let day = if began_before { local.date().pred_opt()? } else { local.date() };
        Some((*one, day))
    }
}
