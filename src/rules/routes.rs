//! The rule library over HTTP.

use crate::db::sql_types::is_written_year;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use chrono::{Datelike, NaiveDate};

/// A day that a question names; years that no record can hold are refused.
pub fn asked_day(on: Option<NaiveDate>) -> Outcome<Option<NaiveDate>> {
    if on.is_some_and(|date| !is_written_year(date.year())) {
        return Err(Refusal::new(Code::InvalidQuery).field("on", FieldCode::OutOfRange).into());
    }
    Ok(on)
}
