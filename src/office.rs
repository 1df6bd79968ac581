//! The office this server works for: its time zone, its keys, its rule library. Fixed while the program runs, but for
//! the rules that are kept in the database.

use crate::access::AccessPolicy;
use crate::db::Instant;
use crate::keys::Keys;
use crate::rules::Library;
use chrono::NaiveDate;

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
}
