//! What should have been done, what was, and what is missing: computed for each day, night and month. Pure.

use super::model::SelfCheckKind;
use super::rules::StandingIntervals;
use crate::text_enum;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// How a day, a night or a month stands.
    pub enum PeriodState {
        /// As much was done as must be.
        Done = "done",
        /// It is over, and something is missing.
        Missing = "missing",
        /// It is not over yet.
        Running = "running",
        /// Nothing was to be done: the institution was not there yet, or is not at work.
        NotExpected = "not_expected",
    }
}

/// A day, a night or a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"day": "2026-03-08", "expected": 2, "present": 1, "missing": 1, "state": "missing"}))]
pub struct Period {
    /// The day; of a night the day on whose evening it begins, of a month its first.
    pub day: NaiveDate,
    pub expected: u32,
    pub present: u32,
    /// Of what is over.
    pub missing: u32,
    pub state: PeriodState,
}

/// One kind of check over the time asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"kind": "night_patrol", "expected": 4, "present": 3, "missing": 1, "periods": [
    {"day": "2026-03-08", "expected": 2, "present": 1, "missing": 1, "state": "missing"},
    {"day": "2026-03-09", "expected": 2, "present": 2, "missing": 0, "state": "done"}]}))]
pub struct KindStatus {
    pub kind: SelfCheckKind,
    /// Of the periods that are over.
    pub expected: u32,
    pub present: u32,
    pub missing: u32,
    /// The earliest first.
    pub periods: Vec<Period>,
}

/// How many entries count for each day, by kind.
pub type Counted = BTreeMap<(SelfCheckKind, NaiveDate), u32>;

/// Whose status is computed, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The day on which the institution was registered: nothing is expected of what began before.
    pub registered_on: NaiveDate,
    pub operating: bool,
    /// Now, by the office's clock on the wall.
    pub now: NaiveDateTime,
}

/// The days, nights and months that touch the time asked for, each with what is missing.
pub fn status(intervals: &StandingIntervals, asked: &Asked, counted: &Counted) -> Vec<KindStatus> {
    SelfCheckKind::ALL.iter().map(|kind| of_kind(intervals, *kind, asked, counted)).collect()
}

fn of_kind(
    intervals: &StandingIntervals,
    kind: SelfCheckKind,
    asked: &Asked,
    counted: &Counted,
) -> KindStatus {
    let mut sum = KindStatus { kind, expected: 0, present: 0, missing: 0, periods: Vec::new() };
    for span in spans(intervals, kind, asked) {
        let present = counted.range((kind, span.first)..=(kind, span.last)).map(|(_, count)| *count).sum();
        let due = span.first >= asked.registered_on && asked.operating;
        let expected = if due { intervals.least(kind) } else { 0 };
        let over = asked.now >= span.ends;
        let missing = if over { expected.saturating_sub(present) } else { 0 };
        let state = match (due, present >= expected, over) {
            (false, ..) => PeriodState::NotExpected,
            (true, true, _) => PeriodState::Done,
            (true, false, true) => PeriodState::Missing,
            (true, false, false) => PeriodState::Running,
        };
        sum.expected += if over { expected } else { 0 };
        sum.present += present;
        sum.missing += missing;
        sum.periods.push(Period { day: span.first, expected, present, missing, state });
    }
    sum
}

/// A period: the days whose entries count for it, and when it is over.
struct Span {
    first: NaiveDate,
    last: NaiveDate,
    ends: NaiveDateTime,
}

fn spans(intervals: &StandingIntervals, kind: SelfCheckKind, asked: &Asked) -> Vec<Span> {
    let midnight_after = |day: NaiveDate| day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
    let mut spans = Vec::new();
    let mut day = if kind == SelfCheckKind::MonthlyCheck { first_of_month(asked.from) } else { asked.from };
    while day <= asked.to {
        let (last, ends) = match kind {
            SelfCheckKind::FirePatrol => (day, midnight_after(day)),
            SelfCheckKind::NightPatrol => (day, intervals.night_ends(day)),
            SelfCheckKind::MonthlyCheck => (last_of_month(day), midnight_after(last_of_month(day))),
        };
        spans.push(Span { first: day, last, ends });
        match last.succ_opt() {
            Some(next) => day = next,
            None => break,
        }
    }
    spans
}

/// The days whose entries can matter for the time asked for.
pub fn days_that_count(from: NaiveDate, to: NaiveDate) -> (NaiveDate, NaiveDate) {
    (first_of_month(from), last_of_month(to))
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn last_of_month(day: NaiveDate) -> NaiveDate {
    let first = first_of_month(day);
    let next = first.checked_add_months(chrono::Months::new(1));
    next.and_then(|next| next.pred_opt()).unwrap_or(day)
}
