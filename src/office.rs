//! The office this server works for: its time zone, its rules, its keys. Fixed while the program runs.

use crate::access::AccessPolicy;
use crate::checklists::Checklist;
use crate::db::Instant;
use crate::hazards::DeadlineRules;
use crate::keys::Keys;
use chrono::NaiveDate;

pub struct Office {
    pub zone: chrono_tz::Tz,
    pub keys: Keys,
    pub policy: AccessPolicy,
    pub checklist: Checklist,
    pub deadlines: DeadlineRules,
}

impl Office {
    /// The local date at this moment: deadlines end with it, at local midnight.
    pub fn date(&self, at: Instant) -> NaiveDate {
        at.utc().with_timezone(&self.zone).date_naive()
    }
}
