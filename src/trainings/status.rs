//! Which trainings are due and when the next one is. Pure: local days in, local days out.

use crate::compliance::Span;
use crate::ids::TrainingId;
use crate::rules::kinds::intervals::{Interval, Period};
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

text_enum! {
    /// How an institution stands with a training that is due again and again.
    pub enum TrainingState {
        /// Held often enough in the period that runs.
        Satisfied = "satisfied",
        /// Still to be held in the period that runs.
        Due = "due",
        /// The period before went by without it, and it was not held since.
        Overdue = "overdue",
        /// Nothing is owed: the institution does not operate.
        NotOwed = "not_owed",
    }
}

/// What is known for it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub on: NaiveDate,
    /// Since when the institution is on the books: nothing is owed for a period of which it missed more than half.
    pub since: NaiveDate,
    pub operating: bool,
}

/// A training that was held, as far as intervals care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub id: TrainingId,
    pub held_on: NaiveDate,
}

/// How one recurring training stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrainingStanding {
    pub topic: String,
    pub title_zh: String,
    pub title_en: String,
    pub basis: String,
    /// Whether its frequency was read in the source.
    pub verified: bool,
    pub times: u32,
    pub period: Period,
    /// The period that runs, first and last day.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// How often it was held in it.
    pub held: u32,
    pub state: TrainingState,
    pub last_held_on: Option<NaiveDate>,
    /// The record of it.
    pub last_training: Option<TrainingId>,
    /// The last day on which the next one is in time; absent when nothing is owed.
    pub next_due: Option<NaiveDate>,
}

/// How an interval stands; `held` are the trainings of its topic that were held until that day, in any order.
pub fn standing(interval: &Interval, held: &[Held], asked: &Asked) -> TrainingStanding {
    let span = Span::of(interval.period, asked.on);
    let within = |span: Span| {
        // Two on one day are one occasion.
        let days: BTreeSet<NaiveDate> =
            held.iter().map(|one| one.held_on).filter(|on| span.contains(*on) && *on <= asked.on).collect();
        u32::try_from(days.len()).unwrap_or(u32::MAX)
    };
    let now = within(span);
    let before = span.previous(interval.period);
    let missed = before.is_owed_since(asked.since) && within(before) < interval.times;
    let satisfied = now >= interval.times;
    let state = match (asked.operating, satisfied, missed && now == 0) {
        (false, ..) => TrainingState::NotOwed,
        (true, true, _) => TrainingState::Satisfied,
        (true, false, true) => TrainingState::Overdue,
        (true, false, false) => TrainingState::Due,
    };
    let next_due = match state {
        TrainingState::NotOwed => None,
        TrainingState::Satisfied => Some(span.next(interval.period).last),
        TrainingState::Due => Some(span.last),
        TrainingState::Overdue => Some(before.last),
    };
    let last = held.iter().filter(|one| one.held_on <= asked.on).max_by_key(|one| (one.held_on, one.id));
    TrainingStanding {
        topic: interval.code.clone(),
        title_zh: interval.title_zh.clone(),
        title_en: interval.title_en.clone(),
        basis: interval.basis.clone(),
        verified: interval.verified,
        times: interval.times,
        period: interval.period,
        from: span.first,
        to: span.last,
        held: now,
        state,
        last_held_on: last.map(|one| one.held_on),
        last_training: last.map(|one| one.id),
        next_due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn interval(period: Period) -> Interval {
        Interval {
            code: "fire-training".into(),
            title_zh: "消防培训".into(),
            title_en: "Fire-safety training".into(),
            applies_to: Vec::new(),
            times: 1,
            period,
            basis: "依据".into(),
            note_zh: None,
            note_en: None,
            training: true,
            before_work: false,
            verified: true,
        }
    }

    #[test]
    fn what_was_missed_is_overdue_until_it_is_held() {
        let cases = [
            // Until the end of the period it is due, then overdue, until it is held.
            ("2026-06-30", vec![], TrainingState::Due, Some("2026-06-30")),
            ("2026-07-01", vec![], TrainingState::Overdue, Some("2026-06-30")),
            ("2026-07-02", vec!["2026-07-02"], TrainingState::Satisfied, Some("2027-06-30")),
            ("2026-07-01", vec!["2026-06-30"], TrainingState::Due, Some("2026-12-31")),
            ("2026-07-01", vec!["2026-07-01"], TrainingState::Satisfied, Some("2027-06-30")),
        ];
        let asked = |on| Asked { on: day(on), since: day("2026-01-01"), operating: true };
        for (on, held, state, due) in cases {
            let held: Vec<Held> =
                held.into_iter().map(|on| Held { id: TrainingId::fresh(), held_on: day(on) }).collect();
            let told = standing(&interval(Period::HalfYear), &held, &asked(on));
            assert_eq!((told.state, told.next_due), (state, due.map(day)), "on {on}");
        }
        // On the books for less than half of it, it owes nothing for that half year.
        let late = Asked { since: day("2026-05-01"), ..asked("2026-07-01") };
        assert_eq!(standing(&interval(Period::HalfYear), &[], &late).state, TrainingState::Due);
        let idle = Asked { operating: false, ..asked("2026-07-01") };
        assert_eq!(standing(&interval(Period::HalfYear), &[], &idle).state, TrainingState::NotOwed);
    }
}
