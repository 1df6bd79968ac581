//! What documents and adoptions may be. Pure.

use super::document::Head;
use crate::fields::Fields;
use crate::refusal::FieldCode;
use chrono::NaiveDate;

/// Whether it can stand in a path and a record: small letters, digits, dots and hyphens.
pub fn is_document_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let begins = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (2..=60).contains(&text.len()) && text.starts_with(begins) && text.chars().all(fits)
}

/// From when to when something is adopted.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
    /// Whether a reason is given.
    pub explained: bool,
}

/// An adoption lies within the dates of its document, and begins in the past only with a reason.
pub fn check_term(fields: &mut Fields, head: &Head, term: &Term, today: NaiveDate) {
    fields.check(term.from >= head.effective_from, "/effective_from", FieldCode::TooEarly);
    fields.check(term.from >= today || term.explained, "/reason", FieldCode::Required);
    if let Some(to) = term.to {
        fields.check(to >= term.from, "/effective_to", FieldCode::TooEarly);
    }
    if let Some(end) = head.effective_to {
        fields.check(term.from <= end, "/effective_from", FieldCode::TooLate);
        fields.check(term.to.is_some(), "/effective_to", FieldCode::Required);
        fields.check(term.to.is_none_or(|to| to <= end), "/effective_to", FieldCode::TooLate);
    }
}

/// An adoption ends yesterday at the earliest, and never later than it was going to.
pub fn check_end(fields: &mut Fields, end: Option<NaiveDate>, last_day: NaiveDate, today: NaiveDate) {
    fields.check(
        today.pred_opt().is_none_or(|yesterday| last_day >= yesterday),
        "/last_day",
        FieldCode::TooEarly,
    );
    fields.check(end.is_none_or(|end| last_day <= end), "/last_day", FieldCode::TooLate);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_documents() {
        for sound in ["checklist-2024-core", "gb-35181-2025", "a1", "0.1"] {
            assert!(is_document_id(sound), "{sound}");
        }
        for wrong in ["", "a", "A1", "-a", "a b", "a/b", "隐患", &"a".repeat(61)] {
            assert!(!is_document_id(wrong), "{wrong}");
        }
    }
}
