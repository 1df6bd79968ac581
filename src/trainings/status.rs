//! Which trainings are due and when the next one is: what the engine says of them (`compliance::Course`), in words of its
//! own. Pure: local days in, local days out.

use crate::compliance::facts::HeldTraining;
use crate::compliance::{Course, State};
use crate::ids::TrainingId;
use crate::rules::kinds::intervals::{Interval, Period};
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// How an institution stands with a training that is due again and again.
    pub enum TrainingState {
        /// Held often enough in the period that runs.
        Satisfied = "satisfied",
        /// Still to be held in the period that runs.
        Due = "due",
        /// A period went by without it, and it was not held since.
        Overdue = "overdue",
        /// Nothing is owed: the institution does not operate, or was there for less than half of the period.
        NotOwed = "not_owed",
    }
}

/// What is known for it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub on: NaiveDate,
    /// Since when the institution is on the books and the document is in force: nothing is owed for a period of which
    /// either missed more than half.
    pub since: NaiveDate,
    /// It operates, and was on the books by then.
    pub owing: bool,
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

/// How an interval stands; `trainings` are those that were held, in any order.
pub fn standing(interval: &Interval, trainings: &[HeldTraining], asked: &Asked) -> TrainingStanding {
    let (course, held) = Course::of_training(interval, trainings, asked.since, asked.on);
    let state = match (asked.owing, course.state) {
        (false, _) | (true, State::NotApplicable) => TrainingState::NotOwed,
        (true, State::Satisfied) => TrainingState::Satisfied,
        (true, State::Due) => TrainingState::Due,
        (true, State::Overdue) => TrainingState::Overdue,
    };
    let last = held.last();
    TrainingStanding {
        topic: interval.code.clone(),
        title_zh: interval.title_zh.clone(),
        title_en: interval.title_en.clone(),
        basis: interval.basis.clone(),
        verified: interval.verified,
        times: interval.times,
        period: interval.period,
        from: course.current.first,
        to: course.current.last,
        held: course.held,
        state,
        last_held_on: last.map(|one| one.held_on),
        last_training: last.map(|one| one.id),
        next_due: (state != TrainingState::NotOwed).then_some(course.due_on),
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

    fn training(on: &str) -> HeldTraining {
        let (id, topic) = (TrainingId::fresh(), "fire-training".to_owned());
        HeldTraining { id, topic, held_on: day(on), for_staff: true, attended: 12 }
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
        let asked = |on| Asked { on: day(on), since: day("2026-01-01"), owing: true };
        for (on, held, state, due) in cases {
            let held: Vec<HeldTraining> = held.into_iter().map(training).collect();
            let told = standing(&interval(Period::HalfYear), &held, &asked(on));
            assert_eq!((told.state, told.next_due), (state, due.map(day)), "on {on}");
        }
        // On the books for less than half of it, it owes nothing for that half year.
        let late = Asked { since: day("2026-05-01"), ..asked("2026-07-01") };
        assert_eq!(standing(&interval(Period::HalfYear), &[], &late).state, TrainingState::Due);
        let idle = Asked { owing: false, ..asked("2026-07-01") };
        assert_eq!(standing(&interval(Period::HalfYear), &[], &idle).state, TrainingState::NotOwed);
    }
}
