//! How a duty that returns with every period stands: this period, and those that passed without. Pure.

use super::calendar::{Span, months_before, names};
use super::facts::{HeldTraining, Words};
use super::requirements::{Requirement, State};
use crate::rules::kinds::intervals::{Interval, Period};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// How far back missed periods are told, in months.
const BACK_MONTHS: u32 = 24;
/// So many are told by name; of more the first and how many.
const MOST_NAMED: usize = 6;

/// One duty over its periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    pub period: Period,
    pub times: u32,
    pub current: Span,
    /// In the current period.
    pub held: u32,
    /// Over, owed, too little, and nothing since; the earliest first.
    pub missed: Vec<Span>,
    pub state: State,
    pub due_on: NaiveDate,
}

impl Course {
    /// `since` is from when anything is owed, `last` when it was last done, and `count` says how often in a period.
    pub fn of(
        period: Period,
        times: u32,
        since: NaiveDate,
        today: NaiveDate,
        last: Option<NaiveDate>,
        count: impl Fn(Span) -> u32,
    ) -> Self {
        let current = Span::of(period, today);
        let horizon = months_before(today, BACK_MONTHS).max(since);
        let mut missed = Vec::new();
        let mut span = current.previous(period);
        while span.last >= horizon && last.is_none_or(|done| done <= span.last) {
            if span.is_owed_since(since) && count(span) < times {
                missed.push(span);
            }
            span = span.previous(period);
        }
        missed.reverse();
        let held = count(current);
        let next = current.next(period);
        let (state, due_on) = match missed.first() {
            Some(first) => (State::Overdue, first.last),
            None if held >= times => (State::Satisfied, next.last),
            None if !current.is_owed_since(since) => (State::NotApplicable, next.last),
            None => (State::Due, current.last),
        };
        Self { period, times, current, held, missed, state, due_on }
    }

    /// How a recurring training stands, and those of `trainings` that count for it by that day, the earliest first. The one
    /// answer for the engine and for the status of trainings.
    pub fn of_training<'t>(
        interval: &Interval,
        trainings: &'t [HeldTraining],
        since: NaiveDate,
        today: NaiveDate,
    ) -> (Self, Vec<&'t HeldTraining>) {
        let counts = |one: &&HeldTraining| {
            one.topic == interval.code && one.held_on <= today && (one.for_staff || !interval.before_work)
        };
        let mut held: Vec<&HeldTraining> = trainings.iter().filter(counts).collect();
        held.sort_by_key(|one| (one.held_on, one.id));
        let last = held.last().map(|one| one.held_on);
        let course = Self::of(interval.period, interval.times, since, today, last, |span| {
            // Two on one day are one occasion.
            let days: BTreeSet<NaiveDate> =
                held.iter().map(|one| one.held_on).filter(|on| span.contains(*on)).collect();
            u32::try_from(days.len()).unwrap_or(u32::MAX)
        });
        (course, held)
    }

    /// Writes it into a requirement; `what` is what is counted.
    pub fn enter(self, one: &mut Requirement, what: Words) {
        one.why = self.explained(&what);
        one.state = self.state;
        one.due_on = Some(self.due_on);
        one.period = Some(self.current);
        one.times = Some(self.times);
        one.held = Some(self.held);
        one.missed = self.missed;
    }

    fn explained(&self, what: &Words) -> Words {
        let now = self.current.name(self.period);
        match (self.state, self.missed.first()) {
            (State::Overdue, Some(first)) if self.missed.len() > MOST_NAMED => {
                let (first, count) = (first.name(self.period), self.missed.len());
                Words::new(
                    format!("自{}起有{count}个周期{}不足，之后也未补做", first.zh, what.zh),
                    format!("Too few {} in {count} periods since {}, and none since", what.en, first.en),
                )
            }
            (State::Overdue, _) => {
                let past = names(&self.missed, self.period);
                Words::new(
                    format!("{}{}不足，之后也未补做", past.zh, what.zh),
                    format!("Too few {} in {}, and none since", what.en, past.en),
                )
            }
            (State::NotApplicable, _) => {
                let next = self.current.next(self.period).name(self.period);
                Words::new(
                    format!("在本周期内不足一半时间，自{}起计", next.zh),
                    format!("There for less than half of the period: owed from {} on", next.en),
                )
            }
            _ => Words::new(
                format!("{}应有{}{}次，已有{}次", now.zh, what.zh, self.times, self.held),
                format!("{} of {} {} in {}", self.held, self.times, what.en, now.en),
            ),
        }
    }
}
