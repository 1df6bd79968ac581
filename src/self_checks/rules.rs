//! How often an institution checks itself, for which day an entry counts, and what is odd about it. Pure.

use super::enter::SelfCheckForm;
use super::model::SelfCheckKind;
use crate::checklists::Checklist;
use crate::db::Instant;
use crate::evidence::rules::check_each;
use crate::fields::Fields;
use crate::institutions::Institution;
use crate::institutions::rules::applies;
use crate::refusal::{FieldCode, Refusal};
use crate::rules::kinds::intervals::{Intervals, Period};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// How often what is done, and what counts as a night: a rule document's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"fire_patrols_a_day": 1, "night_patrols_a_night": 2, "checks_a_month": 1,
    "night_from": "22:00:00", "night_to": "06:00:00", "back_dated_after_hours": 24, "identical_within_days": 30}))]
pub struct StandingIntervals {
    /// 防火巡查, each day at least.
    pub fire_patrols_a_day: u32,
    /// 夜间防火巡查, each night at least.
    pub night_patrols_a_night: u32,
    /// 月检查, each calendar month at least.
    pub checks_a_month: u32,
    /// Local times between which it is night.
    #[schema(value_type = String)]
    pub night_from: NaiveTime,
    #[schema(value_type = String)]
    pub night_to: NaiveTime,
    /// An entry that comes later than this after it was done is flagged.
    pub back_dated_after_hours: u32,
    /// An entry that says the same as one of so many days before is flagged.
    pub identical_within_days: u32,
}

impl StandingIntervals {
    /// The numbers of a rule document, with the night and the flags as they are everywhere.
    pub fn new(fire_patrols_a_day: u32, night_patrols_a_night: u32, checks_a_month: u32) -> Self {
        let night = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        Self {
            fire_patrols_a_day,
            night_patrols_a_night,
            checks_a_month,
            night_from: night(22),
            night_to: night(6),
            back_dated_after_hours: 24,
            identical_within_days: 30,
        }
    }

    /// The numbers of a rule document, as far as its duties hold for an institution. Of a duty that it does not name,
    /// nothing is missed.
    pub fn of(document: &Intervals, home: &Institution) -> Self {
        let times = |code: &str, period: Period| {
            let duty = document.find(code).filter(|duty| duty.period == period);
            duty.filter(|duty| applies(&duty.applies_to, home.into())).map_or(0, |duty| duty.times)
        };
        let night = times("night-patrol", Period::Night);
        Self::new(times("fire-patrol", Period::Day), night, times("fire-check", Period::Month))
    }

    /// How many of a kind each of its periods needs.
    pub fn least(&self, kind: SelfCheckKind) -> u32 {
        match kind {
            SelfCheckKind::FirePatrol => self.fire_patrols_a_day,
            SelfCheckKind::NightPatrol => self.night_patrols_a_night,
            SelfCheckKind::MonthlyCheck => self.checks_a_month,
        }
    }

    /// The day that something done at this local time counts for. A night has the date of the evening it begins on;
    /// a night patrol by day counts for no night.
    pub fn counts_for(&self, kind: SelfCheckKind, local: NaiveDateTime) -> Option<NaiveDate> {
        if kind != SelfCheckKind::NightPatrol {
            return Some(local.date());
        }
        let (time, day) = (local.time(), local.date());
        let over_midnight = self.night_from > self.night_to;
        match (over_midnight, time >= self.night_from, time < self.night_to) {
            (true, true, _) | (false, true, true) => Some(day),
            (true, false, true) => day.pred_opt(),
            _ => None,
        }
    }

    /// When the night of this day's evening is over.
    pub fn night_ends(&self, day: NaiveDate) -> NaiveDateTime {
        let over_midnight = self.night_from > self.night_to;
        let last = if over_midnight { day.succ_opt().unwrap_or(day) } else { day };
        last.and_time(self.night_to)
    }
}

/// A phone's clock may run ahead by this much.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);
/// Older entries belong into an import; beyond the other end a clock says nothing.
const OLDEST: TimeDelta = TimeDelta::days(400);
const NEWEST: TimeDelta = TimeDelta::days(400);

/// What is odd about the times of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd {
    /// It came long after it was done.
    pub back_dated: bool,
    /// It came before it was done.
    pub ahead_of_time: bool,
}

pub fn odd(intervals: &StandingIntervals, performed_at: Instant, received_at: Instant) -> Odd {
    let late = TimeDelta::hours(i64::from(intervals.back_dated_after_hours));
    Odd {
        back_dated: performed_at.plus(late) < received_at,
        ahead_of_time: performed_at > received_at.plus(CLOCK_TOLERANCE),
    }
}

pub fn check(form: &SelfCheckForm, checklist: &Checklist, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(form.performed_at >= now.plus(-OLDEST), "/performed_at", FieldCode::TooEarly);
    fields.check(form.performed_at <= now.plus(NEWEST), "/performed_at", FieldCode::TooLate);
    fields.line("/performed_by", &form.performed_by, 1..=60);
    fields.optional_prose("/route", form.route.as_deref(), 500);
    fields.optional_prose("/remark", form.remark.as_deref(), 2000);
    fields.check(form.answers.len() <= 300, "/answers", FieldCode::TooMany);
    let mut answered = HashSet::new();
    for (at, one) in form.answers.iter().enumerate() {
        let pointer = |name: &str| format!("/answers/{at}/{name}");
        fields.check(checklist.item(&one.item).is_some(), pointer("item"), FieldCode::UnknownReference);
        fields.check(answered.insert(one.item.as_str()), pointer("item"), FieldCode::Duplicate);
        fields.optional_prose(&pointer("remark"), one.remark.as_deref(), 500);
    }
    fields.check(form.hazards.len() <= 50, "/hazards", FieldCode::TooMany);
    fields.check(form.known_hazards.len() <= 50, "/known_hazards", FieldCode::TooMany);
    let mut ids = HashSet::new();
    for (at, hazard) in form.hazards.iter().enumerate() {
        fields.check(ids.insert(hazard.id), format!("/hazards/{at}/id"), FieldCode::Duplicate);
    }
    for (at, hazard) in form.known_hazards.iter().enumerate() {
        fields.check(ids.insert(*hazard), format!("/known_hazards/{at}"), FieldCode::Duplicate);
    }
    fields.check(form.evidence.len() <= 30, "/evidence", FieldCode::TooMany);
    check_each(&mut fields, "/evidence", &form.evidence);
    fields.finish()
}
