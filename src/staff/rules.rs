//! What may be said of somebody. Pure.

use super::keep::StaffForm;
use super::person::Person;
use crate::db::sql_types::is_written_year;
use crate::fields::Fields;
use crate::refusal::{FieldCode, Refusal};
use chrono::{Datelike, NaiveDate};

pub fn check(form: &StaffForm) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.line("/name", &form.name, 1..=60);
    fields.line("/post", &form.post, 1..=60);
    fields.optional_line("/phone", form.phone.as_deref(), 40);
    let written = |date: NaiveDate| is_written_year(date.year());
    fields.check(written(form.started_on), "/started_on", FieldCode::OutOfRange);
    fields.check(form.left_on.is_none_or(written), "/left_on", FieldCode::OutOfRange);
    fields.check(form.left_on.is_none_or(|day| day >= form.started_on), "/left_on", FieldCode::TooEarly);
    fields.check(form.qualifications.len() <= 30, "/qualifications", FieldCode::TooMany);
    for (at, one) in form.qualifications.iter().enumerate() {
        fields.line(&format!("/qualifications/{at}/name"), &one.name, 1..=60);
        let pointer = |name: &str| format!("/qualifications/{at}/{name}");
        fields.check(written(one.obtained_on), pointer("obtained_on"), FieldCode::OutOfRange);
        fields.check(one.valid_to.is_none_or(written), pointer("valid_to"), FieldCode::OutOfRange);
        fields.check(
            one.valid_to.is_none_or(|day| day >= one.obtained_on),
            pointer("valid_to"),
            FieldCode::TooEarly,
        );
    }
    fields.finish()
}

/// Whether what names a person is a name.
pub fn check_person(fields: &mut Fields, pointer: &str, person: &Person) {
    fields.line(&format!("{pointer}/name"), &person.name, 1..=60);
}
