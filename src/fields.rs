//! Checking what people type: every fault found is reported at once, each with its field.
//!
//! Texts are kept byte for byte or refused; nothing is silently trimmed or repaired.

use crate::refusal::{FieldCode, FieldError, Refusal};
use std::ops::RangeInclusive;

/// Collects the faults of one request.
#[derive(Debug, Default)]
pub struct Fields {
    faults: Vec<FieldError>,
}

impl Fields {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn fault(&mut self, pointer: impl Into<String>, code: FieldCode) {
        self.faults.push(FieldError { pointer: pointer.into(), code, spot: None });
    }

    /// Notes a fault unless `holds`.
    pub fn check(&mut self, holds: bool, pointer: impl Into<String>, code: FieldCode) {
        if !holds {
            self.fault(pointer, code);
        }
    }

    /// Of what was `given`, only what a kind uses; all of it that the kind needs (`true`).
    pub fn belonging(&mut self, uses: &[(&str, bool)], given: &[(&str, bool)]) {
        for (name, given) in given {
            let needed = uses.iter().find(|(used, _)| used == name).map(|(_, needed)| *needed);
            self.check(needed.is_some() || !given, format!("/{name}"), FieldCode::NotAllowedHere);
            self.check(*given || needed != Some(true), format!("/{name}"), FieldCode::Required);
        }
    }

    /// One line of text, of so many characters.
    pub fn line(&mut self, pointer: &str, text: &str, length: RangeInclusive<usize>) {
        self.text(pointer, text, length, |c| c.is_control());
    }

    /// Text of several lines.
    pub fn prose(&mut self, pointer: &str, text: &str, length: RangeInclusive<usize>) {
        self.text(pointer, text, length, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    }

    pub fn optional_line(&mut self, pointer: &str, text: Option<&str>, longest: usize) {
        if let Some(text) = text {
            self.line(pointer, text, 1..=longest);
        }
    }

    pub fn optional_prose(&mut self, pointer: &str, text: Option<&str>, longest: usize) {
        if let Some(text) = text {
            self.prose(pointer, text, 1..=longest);
        }
    }

    fn text(
        &mut self,
        pointer: &str,
        text: &str,
        length: RangeInclusive<usize>,
        forbidden: impl Fn(char) -> bool,
    ) {
        let count = text.chars().count();
        if *length.start() > 0 && text.trim().is_empty() {
            self.fault(pointer, FieldCode::Required);
        } else if count < *length.start() {
            self.fault(pointer, FieldCode::TooShort);
        } else if count > *length.end() {
            self.fault(pointer, FieldCode::TooLong);
        } else if text.chars().any(forbidden) {
            self.fault(pointer, FieldCode::Control);
        }
    }

    /// A number within its range.
    pub fn number<T: PartialOrd>(&mut self, pointer: &str, value: &T, range: RangeInclusive<T>) {
        self.check(range.contains(value), pointer, FieldCode::OutOfRange);
    }

    /// `Ok` when nothing was wrong.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.faults.is_empty() {
            return Ok(());
        }
        let mut refusal = Refusal::new(crate::refusal::Code::Invalid);
        refusal.fields = self.faults;
        Err(refusal)
    }
}
