//! When people work: offices on working days, homes every day.

use crate::db::Instant;
use chrono::{Datelike, Days, NaiveDate, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;

/// How long the city's records go back.
pub const HISTORY_DAYS: i64 = 548;

/// The clock of the demonstration: the office's zone and the moment its story ends.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    pub zone: Tz,
    pub now: Instant,
}

impl Calendar {
    pub fn date(&self, at: Instant) -> NaiveDate {
        at.utc().with_timezone(&self.zone).date_naive()
    }

    pub fn today(&self) -> NaiveDate {
        self.date(self.now)
    }

    pub fn days_ago(&self, days: i64) -> NaiveDate {
        self.today() - TimeDelta::days(days)
    }

    /// So many minutes after midnight of that day, local time.
    pub fn at(&self, date: NaiveDate, minutes: u32) -> Instant {
        let local = date.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minutes.into());
        let utc = self.zone.from_local_datetime(&local).earliest();
        Instant::new(utc.map_or_else(|| local.and_utc(), |time| time.to_utc()))
    }

    /// Minutes since local midnight.
    pub fn minutes(&self, at: Instant) -> i64 {
        (at.utc() - self.at(self.date(at), 0).utc()).num_minutes()
    }
}

/// Whether an office is open: no weekends, none of the fixed holidays.
fn is_office_day(date: NaiveDate) -> bool {
    let holiday = matches!((date.month(), date.day()), (1, 1) | (5, 1..=3) | (10, 1..=7));
    !holiday && !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// That day, or the next one on which an office is open.
pub fn office_day_from(date: NaiveDate) -> NaiveDate {
    (0..20).map(|days| date + Days::new(days)).find(|day| is_office_day(*day)).unwrap_or(date)
}

/// That day, or the last one before it on which an office was open.
pub fn office_day_until(date: NaiveDate) -> NaiveDate {
    (0..20).map(|days| date - Days::new(days)).find(|day| is_office_day(*day)).unwrap_or(date)
}
