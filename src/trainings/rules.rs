//! What makes a record of a training sound, and who still lacks the one that is due before they work. Pure.

use super::record::TrainingForm;
use crate::db::Instant;
use crate::evidence::rules::check_each;
use crate::fields::Fields;
use crate::ids::StaffId;
use crate::refusal::{FieldCode, Refusal};
use crate::rules::kinds::intervals::Intervals;
use crate::staff::Person;
use crate::staff::rules::check_person;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeSet, HashSet};

/// More people than this are not in one training.
pub const MOST_ATTENDED: u32 = 10_000;
/// Names on one sheet.
pub const MOST_NAMES: usize = 500;
/// A day and a half.
pub const LONGEST_MINUTES: u32 = 2160;

/// Checks a record; `intervals` are those in force there on the day it was held.
pub fn check(form: &TrainingForm, intervals: &Intervals, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(intervals.has_topic(&form.topic), "/topic", FieldCode::UnknownReference);
    fields.check(form.started_at <= now, "/started_at", FieldCode::InFuture);
    fields.check(form.started_at.utc().year() >= 2000, "/started_at", FieldCode::TooEarly);
    fields.check(!form.audience.is_empty(), "/audience", FieldCode::Required);
    let audience: BTreeSet<_> = form.audience.iter().collect();
    fields.check(audience.len() == form.audience.len(), "/audience", FieldCode::Duplicate);
    fields.line("/place", &form.place, 1..=100);
    fields.line("/trainer", &form.trainer, 1..=60);
    fields.number("/minutes", &form.minutes, 1..=LONGEST_MINUTES);
    fields.check(form.attendees.len() <= MOST_NAMES, "/attendees", FieldCode::TooMany);
    check_people(&mut fields, "/attendees", &form.attendees);
    match form.attended {
        Some(count) => {
            fields.number("/attended", &count, 1..=MOST_ATTENDED);
            let named = u32::try_from(form.attendees.len()).unwrap_or(u32::MAX);
            fields.check(named <= count, "/attended", FieldCode::Mismatch);
        }
        None => fields.check(!form.attendees.is_empty(), "/attended", FieldCode::Required),
    }
    fields.optional_prose("/material", form.material.as_deref(), 500);
    fields.optional_prose("/remark", form.remark.as_deref(), 2000);
    fields.check(form.evidence.len() <= 30, "/evidence", FieldCode::TooMany);
    check_each(&mut fields, "/evidence", &form.evidence);
    fields.finish()
}

/// Names are sound, and nobody of the staff stands there twice.
pub fn check_people(fields: &mut Fields, list: &str, people: &[Person]) {
    let mut seen = HashSet::new();
    for (at, one) in people.iter().enumerate() {
        check_person(fields, &format!("{list}/{at}"), one);
        if let Some(id) = one.staff_id {
            fields.check(seen.insert(id), format!("{list}/{at}/staff_id"), FieldCode::Duplicate);
        }
    }
}

/// Somebody who works in an institution, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    pub staff_id: StaffId,
    pub name: String,
    pub started_on: NaiveDate,
}

/// Who of those who started from `from` on is named in none of these trainings: by the list of staff, or by name where
/// only the name was written. The same name twice on the list of staff proves nothing for either.
pub fn untrained<'a>(starters: &'a [Starter], from: NaiveDate, attendees: &[Person]) -> Vec<&'a Starter> {
    let named = |one: &Starter| {
        let alone = starters.iter().filter(|other| other.name == one.name).count() == 1;
        attendees.iter().any(|person| match person.staff_id {
            Some(id) => id == one.staff_id,
            None => alone && person.name == one.name,
        })
    };
    starters.iter().filter(|one| one.started_on >= from && !named(one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starter(name: &str, started_on: &str) -> Starter {
        Starter { staff_id: StaffId::fresh(), name: name.into(), started_on: started_on.parse().unwrap() }
    }

    #[test]
    fn a_name_proves_a_training_only_where_nobody_else_has_it() {
        let all = [
            starter("陈静", "2026-03-01"),
            starter("李敏", "2026-03-01"),
            starter("李敏", "2026-02-01"),
            starter("周强", "2025-01-01"),
        ];
        let by_name = |name: &str| Person { staff_id: None, name: name.into() };
        let sheet = [by_name("陈静"), by_name("李敏")];
        let lacking = untrained(&all, "2026-01-01".parse().unwrap(), &sheet);
        assert_eq!(lacking, [&all[1], &all[2]], "one of two of that name was there, and nobody knows which");
        let by_id = Person { staff_id: Some(all[2].staff_id), name: "小李".into() };
        assert_eq!(untrained(&all, "2026-01-01".parse().unwrap(), &[by_name("陈静"), by_id]), [&all[1]]);
    }
}
