//! The office this server works for: its time zone, its keys, its rule library. Fixed while the program runs, but for
//! the rules that are kept in the database.

use crate::access::AccessPolicy;
use crate::db::Instant;
use crate::keys::Keys;
use crate::rules::Library;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

pub struct Office {
    pub zone: chrono_tz::Tz,
    pub keys: Keys,
    pub policy: AccessPolicy,
    pub rules: Library,
}

impl Office {
    /// The local date at this moment: deadlines end with it, at local midnight.
    pub fn date(&self, at: Instant) -> NaiveDate {
        at.utc().with_timezone(&self.zone).date_naive()
    }

    /// The time on the office's wall.
    pub fn wall(&self, at: Instant) -> NaiveDateTime {
        at.utc().with_timezone(&self.zone).naive_local()
    }

    /// The moment at which the wall shows this: the earlier of two, and where clocks jump over it, an hour later.
    pub fn moment(&self, wall: NaiveDateTime) -> Instant {
        let of = |wall: NaiveDateTime| self.zone.from_local_datetime(&wall).earliest();
        let found = of(wall).or_else(|| of(wall.checked_add_signed(TimeDelta::hours(1)).unwrap_or(wall)));
        found.map_or_else(|| Instant::new(wall.and_utc()), |at| Instant::new(at.to_utc()))
    }

    /// The moment at which a local day begins.
    pub fn midnight(&self, day: NaiveDate) -> Instant {
        self.moment(day.and_time(NaiveTime::MIN))
    }
}
