//! The holiday calendar (节假日安排): days off, make-up workdays (调休), and counting in working days.

use super::Readable;
use crate::refusal::FieldCode;
use crate::rules::reader::{Read, Section};
use crate::text_enum;
use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// Which days a term is counted in.
    pub enum Counted {
        /// 自然日
        Calendar = "calendar",
        /// 工作日
        Working = "working",
    }
}

impl Counted {
    pub fn is_calendar(&self) -> bool {
        *self == Self::Calendar
    }
}

text_enum! {
    /// Why a day does not count as a working day.
    pub enum DayOff {
        Weekend = "weekend",
        Holiday = "holiday",
    }
}

/// A day that was left out of the count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedDay {
    pub date: NaiveDate,
    pub why: DayOff,
    /// The holiday's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holiday: Option<String>,
}

/// A holiday with the days that are worked for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Holiday {
    pub name_zh: String,
    pub name_en: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Saturdays and Sundays that are worked (调休上班).
    pub workdays: Vec<NaiveDate>,
}

/// A year as one notice of the State Council arranges it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HolidayYear {
    pub year: u32,
    /// The notice.
    pub source: String,
    pub verified: bool,
    pub holiday: Vec<Holiday>,
}

/// The years that are known.
#[derive(Debug, Clone, Serialize)]
pub struct Holidays {
    pub year: Vec<HolidayYear>,
    #[serde(skip)]
    off: BTreeMap<NaiveDate, String>,
    #[serde(skip)]
    made_up: BTreeMap<NaiveDate, String>,
}

/// How a term in working days came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    pub result: NaiveDate,
    pub skipped: Vec<SkippedDay>,
    /// Saturdays and Sundays that counted, because they are worked.
    pub made_up: Vec<NaiveDate>,
    /// Years that the count reached and the calendar does not know: there only weekends were left out.
    pub unknown_years: Vec<i32>,
}

impl Holidays {
    /// A calendar that knows no year.
    pub fn none() -> Self {
        Self { year: Vec::new(), off: BTreeMap::new(), made_up: BTreeMap::new() }
    }

    pub fn knows(&self, year: i32) -> bool {
        self.year.iter().any(|known| i32::try_from(known.year).is_ok_and(|known| known == year))
    }

    /// Why this day is off; `None` for a working day.
    pub fn day_off(&self, date: NaiveDate) -> Option<SkippedDay> {
        if let Some(name) = self.off.get(&date) {
            return Some(SkippedDay { date, why: DayOff::Holiday, holiday: Some(name.clone()) });
        }
        let weekend = is_weekend(date) && !self.made_up.contains_key(&date);
        weekend.then_some(SkippedDay { date, why: DayOff::Weekend, holiday: None })
    }

    /// The day that ends a term of so many working days after `start`, which itself does not count.
    pub fn after(&self, start: NaiveDate, days: u32) -> Counting {
        let mut counting =
            Counting { result: start, skipped: Vec::new(), made_up: Vec::new(), unknown_years: Vec::new() };
        let mut left = days;
        while left > 0 {
            let Some(next) = counting.result.succ_opt() else { break };
            counting.result = next;
            if !self.knows(next.year()) && !counting.unknown_years.contains(&next.year()) {
                counting.unknown_years.push(next.year());
            }
            match self.day_off(next) {
                Some(off) => counting.skipped.push(off),
                None => {
                    left -= 1;
                    if is_weekend(next) {
                        counting.made_up.push(next);
                    }
                }
            }
        }
        counting
    }
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The most days one holiday can have; more is a slip of the pen.
const LONGEST: i64 = 15;

fn read_holiday(one: &Section<'_>, year: Read<u32>) -> Read<Holiday> {
    let (name_zh, name_en) = (one.text("name_zh", 30), one.text("name_en", 60));
    let (from, to, workdays) = (one.date("from"), one.date("to"), one.dates("workdays"));
    let within = |date: NaiveDate, year: u32| {
        i32::try_from(year)
            .is_ok_and(|year| date.year() == year || (date.year() == year - 1 && date.month() == 12))
    };
    let mut sound = Ok(());
    if let Ok(year) = year {
        for (key, date) in [("from", from), ("to", to)] {
            if date.is_ok_and(|date| !within(date, year)) {
                sound =
                    Err(one.refuse(key, FieldCode::OutOfRange, format!("`{key}` does not lie in {year}")));
            }
        }
        if workdays.as_ref().is_ok_and(|days| days.iter().any(|day| !within(*day, year))) {
            sound = Err(one.refuse(
                "workdays",
                FieldCode::OutOfRange,
                format!("a workday does not lie in {year}"),
            ));
        }
    }
    if let (Ok(from), Ok(to)) = (from, to)
        && !(0..LONGEST).contains(&(to - from).num_days())
    {
        sound = Err(one.refuse("to", FieldCode::OutOfRange, format!("a holiday has 1 to {LONGEST} days")));
    }
    if let Some(day) = workdays.as_ref().ok().and_then(|days| days.iter().find(|day| !is_weekend(**day))) {
        let reason = format!("{day} is no Saturday or Sunday, so nothing is made up on it");
        sound = Err(one.refuse("workdays", FieldCode::Mismatch, reason));
    }
    sound?;
    Ok(Holiday { name_zh: name_zh?, name_en: name_en?, from: from?, to: to?, workdays: workdays? })
}

/// The days of all years by what they are; a day that stands twice is a fault.
fn lay_out(root: &Section<'_>, years: &[HolidayYear]) -> Read<Laid> {
    let (mut off, mut made_up) = (BTreeMap::new(), BTreeMap::new());
    for holiday in years.iter().flat_map(|year| &year.holiday) {
        let days = holiday.from.iter_days().take_while(|day| *day <= holiday.to);
        let all = days.map(|day| (day, true)).chain(holiday.workdays.iter().map(|day| (*day, false)));
        for (day, free) in all {
            if off.contains_key(&day) || made_up.contains_key(&day) {
                return Err(root.refuse("year", FieldCode::Duplicate, format!("{day} stands twice")));
            }
            if free { &mut off } else { &mut made_up }.insert(day, holiday.name_zh.clone());
        }
    }
    Ok((off, made_up))
}

type Laid = (BTreeMap<NaiveDate, String>, BTreeMap<NaiveDate, String>);

impl Readable for Holidays {
    fn read(root: &Section<'_>) -> Read<Self> {
        let years = root.list("year", "year", |one| {
            let (year, source) = (one.number("year", 1949..=2199), one.text("source", 200));
            let verified = one.flag("verified");
            let holiday = one.list("holiday", "name_zh", |holiday| read_holiday(holiday, year));
            Ok(HolidayYear { year: year?, source: source?, verified: verified?, holiday: holiday? })
        })?;
        let (off, made_up) = lay_out(root, &years)?;
        Ok(Self { year: years, off, made_up })
    }
}
