//! Stretches of the calendar that duties are counted by, and what they are called. Pure.

use super::facts::Words;
use crate::rules::kinds::intervals::Period;
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// From a day to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"first": "2026-01-01", "last": "2026-06-30"}))]
pub struct Span {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Span {
    /// The period that a day lies in. What happens counts for the period of its local date, whenever its shift began.
    pub fn of(period: Period, day: NaiveDate) -> Self {
        let from_month = |month: u32, months: u32| {
            let first = NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
            let next = first.checked_add_months(Months::new(months)).unwrap_or(first);
            Self { first, last: next.pred_opt().unwrap_or(first) }
        };
        match period {
            Period::Day | Period::Night => Self { first: day, last: day },
            Period::Week => {
                let since_monday = u64::from(day.weekday().num_days_from_monday());
                let first = day.checked_sub_days(Days::new(since_monday)).unwrap_or(day);
                Self { first, last: first.checked_add_days(Days::new(6)).unwrap_or(first) }
            }
            Period::Month => from_month(day.month(), 1),
            Period::Quarter => from_month(day.month0() / 3 * 3 + 1, 3),
            Period::HalfYear => from_month(day.month0() / 6 * 6 + 1, 6),
            Period::Year => from_month(1, 12),
        }
    }

    pub fn next(self, period: Period) -> Self {
        Self::of(period, self.last.succ_opt().unwrap_or(self.last))
    }

    pub fn previous(self, period: Period) -> Self {
        Self::of(period, self.first.pred_opt().unwrap_or(self.first))
    }

    pub fn contains(self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }

    pub fn days(self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// Whether anything is owed for it by whom it concerns since `since`: for at least half of its days. Who is registered
    /// late in a half year begins with the next one.
    pub fn is_owed_since(self, since: NaiveDate) -> bool {
        let days = (self.last - since.max(self.first)).num_days() + 1;
        days * 2 >= self.days()
    }

    /// What people call it.
    pub fn name(self, period: Period) -> Words {
        let (year, month) = (self.first.year(), self.first.month());
        match period {
            Period::Year => Words::new(format!("{year}年"), format!("{year}")),
            Period::HalfYear if month == 1 => {
                Words::new(format!("{year}年上半年"), format!("the first half of {year}"))
            }
            Period::HalfYear => Words::new(format!("{year}年下半年"), format!("the second half of {year}")),
            Period::Quarter => {
                let quarter = self.first.month0() / 3 + 1;
                Words::new(format!("{year}年第{quarter}季度"), format!("quarter {quarter} of {year}"))
            }
            Period::Month => Words::new(format!("{year}年{month}月"), format!("{year}-{month:02}")),
            Period::Week => {
                Words::new(format!("{}起的一周", self.first), format!("the week from {}", self.first))
            }
            Period::Day | Period::Night => Words::new(self.first.to_string(), self.first.to_string()),
        }
    }
}

/// How long a period is at most, to tell which of two is the stricter.
pub fn longest_days(period: Period) -> u32 {
    match period {
        Period::Day | Period::Night => 1,
        Period::Week => 7,
        Period::Month => 31,
        Period::Quarter => 92,
        Period::HalfYear => 184,
        Period::Year => 366,
    }
}

/// Several periods in one breath.
pub fn names(spans: &[Span], period: Period) -> Words {
    let all: Vec<Words> = spans.iter().map(|span| span.name(period)).collect();
    let join = |pick: fn(&Words) -> &str, by: &str| all.iter().map(pick).collect::<Vec<_>>().join(by);
    Words { zh: join(|words| &words.zh, "、"), en: join(|words| &words.en, ", ") }
}

/// The first day of which anything is looked at: that of the year which began more than two years ago.
pub fn look_back(on: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(on.year() - 3, 1, 1).unwrap_or(on)
}

/// A day so many months earlier.
pub fn months_before(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN)
}

/// A day so many months later.
pub fn months_after(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}
