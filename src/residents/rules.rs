//! What may stand in the evacuation table, and what of it stays. Pure.

use super::EvacClass;
use super::keep::{DepartureForm, ResidentForm};
use super::model::{Details, Resident};
use crate::db::sql_types::is_written_year;
use crate::fields::Fields;
use crate::ids::StaffId;
use crate::refusal::{FieldCode, Refusal};
use crate::staff::Person;
use crate::staff::rules::check_person;
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeSet;

/// From so many digits in a row on it may be the number of an identity card (15 or 18).
const ID_NUMBER: usize = 15;

/// Whether a text holds what looks like an identity number, however its digits are spaced or widened.
pub fn holds_id_number(text: &str) -> bool {
    let mut run = 0;
    for c in text.chars() {
        match u32::from(c) {
            0x30..=0x39 | 0xFF10..=0xFF19 => run += 1,
            _ if c.is_whitespace() || matches!(c, '-' | '－' | '.' | '·' | '_') => {}
            _ => run = 0,
        }
        if run >= ID_NUMBER {
            return true;
        }
    }
    false
}

/// The night helper whom a row names, unless they are one of those who `left`: who has left helps nobody.
pub fn night_helper<'a>(of: &'a Resident, left: &BTreeSet<StaffId>) -> Option<&'a Person> {
    let named = of.details.night_helper.as_ref();
    named.filter(|person| person.staff_id.is_none_or(|id| !left.contains(&id)))
}

/// Whether a row needs somebody at night and names nobody.
pub fn is_without_night_helper(class: EvacClass, night_helper: Option<&Person>) -> bool {
    class != EvacClass::SelfReliant && night_helper.is_none()
}

pub fn check(form: &ResidentForm, today: NaiveDate) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.line("/label", &form.label, 1..=20);
    fields.line("/room", &form.room, 1..=20);
    fields.optional_line("/bed", form.bed.as_deref(), 20);
    fields.line("/building", &form.building, 1..=40);
    fields.number("/floor", &form.floor, -5..=100);
    fields.line("/fire_compartment", &form.fire_compartment, 1..=40);
    fields.optional_line("/device", form.device.as_deref(), 40);
    fields.optional_line("/route", form.route.as_deref(), 200);
    fields.optional_line("/refuge", form.refuge.as_deref(), 100);
    let texts = [
        ("/label", Some(&form.label)),
        ("/room", Some(&form.room)),
        ("/bed", form.bed.as_ref()),
        ("/building", Some(&form.building)),
        ("/fire_compartment", Some(&form.fire_compartment)),
        ("/device", form.device.as_ref()),
        ("/route", form.route.as_ref()),
        ("/refuge", form.refuge.as_ref()),
    ];
    for (pointer, text) in texts {
        fields.check(!text.is_some_and(|text| holds_id_number(text)), pointer, FieldCode::IdNumber);
    }
    for (pointer, person) in form.helpers() {
        check_person(&mut fields, &pointer, person);
        fields.check(!holds_id_number(&person.name), format!("{pointer}/name"), FieldCode::IdNumber);
    }
    let mut flags = form.flags.clone();
    flags.sort_unstable();
    flags.dedup();
    fields.check(flags.len() == form.flags.len(), "/flags", FieldCode::Duplicate);
    fields.check(is_written_year(form.reviewed_on.year()), "/reviewed_on", FieldCode::OutOfRange);
    fields.check(form.reviewed_on <= today, "/reviewed_on", FieldCode::InFuture);
    fields.finish()
}

pub fn check_departure(form: &DepartureForm, today: NaiveDate) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(is_written_year(form.left_on.year()), "/left_on", FieldCode::OutOfRange);
    fields.check(form.left_on <= today, "/left_on", FieldCode::InFuture);
    fields.finish()
}

/// The row of somebody who has left: nothing that tells who it was.
pub fn emptied(before: Resident, left_on: NaiveDate) -> Resident {
    Resident {
        label: String::new(),
        room: String::new(),
        bed: None,
        building: String::new(),
        floor: 0,
        fire_compartment: String::new(),
        details: Details::default(),
        without_night_helper: false,
        left_on: Some(left_on),
        version: before.version + 1,
        ..before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_are_seen_through_their_spelling() {
        for text in [
            "510903194501012345",
            "51090319450101234X",
            "510903450101234",
            "510903 19450101 2345",
            "张某510903-19450101-234X",
            "５１０９０３１９４５０１０１２３４５",
        ] {
            assert!(holds_id_number(text), "{text}");
        }
        for text in ["W.F.", "王某某 3楼305", "13900000001", "0825-5550101", "305-2", "2026-03-10 至 03-12"]
        {
            assert!(!holds_id_number(text), "{text}");
        }
    }
}
