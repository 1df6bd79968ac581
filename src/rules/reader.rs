//! Reads the text of a rule document so that every fault is found at once, each with its line and the reason. Pure.

use crate::refusal::FieldCode;
use chrono::NaiveDate;
use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Where in the document: `item[E03].days`.
    pub path: String,
    pub code: FieldCode,
    /// In words, for whoever writes the document.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "line {}: {}", self.line, self.reason),
            path => write!(f, "line {}: {path}: {}", self.line, self.reason),
        }
    }
}

/// Stands where a value would be: what is wrong with it has been noted.
#[derive(Debug, Clone, Copy)]
pub struct Noted;

pub type Read<T> = Result<T, Noted>;

type Value<'a> = Spanned<DeValue<'a>>;

/// What was found wrong so far.
struct Notes {
    line_starts: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

impl Notes {
    fn of(text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { line_starts: [0].into_iter().chain(starts).collect(), problems: RefCell::default() }
    }

    fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    fn note(&self, at: usize, path: String, code: FieldCode, reason: impl Into<String>) -> Noted {
        self.problems.borrow_mut().push(Problem { line: self.line(at), path, code, reason: reason.into() });
        Noted
    }
}

/// A table of the document. Whoever reads it asks for every key it may hold; the others are faults.
pub struct Section<'a> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
    path: String,
    notes: &'a Notes,
    asked: RefCell<HashSet<&'static str>>,
}

/// Reads a whole document, or says everything that is wrong with it, by line.
pub fn read<T>(text: &str, read: impl FnOnce(&Section<'_>) -> Read<T>) -> Result<T, Vec<Problem>> {
    let notes = Notes::of(text);
    let (table, faults) = DeTable::parse_recoverable(text);
    for fault in &faults {
        let at = fault.span().map_or(0, |span| span.start);
        let code =
            if fault.message().contains("duplicate") { FieldCode::Duplicate } else { FieldCode::BadFormat };
        notes.note(at, String::new(), code, fault.message());
    }
    // What cannot be read at all is not judged by what is left of it.
    let value = match faults.is_empty() {
        true => {
            let root = Section::new(table.get_ref(), 0..0, String::new(), &notes);
            let value = read(&root);
            root.finish();
            value
        }
        false => Err(Noted),
    };
    let mut problems = notes.problems.into_inner();
    problems.sort_by_key(|problem| problem.line);
    match value {
        Ok(value) if problems.is_empty() => Ok(value),
        _ => Err(problems),
    }
}

impl<'a> Section<'a> {
    fn new(table: &'a DeTable<'a>, span: Range<usize>, path: String, notes: &'a Notes) -> Self {
        Self { table, span, path, notes, asked: RefCell::default() }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn value(&self, key: &'static str) -> Option<&'a Value<'a>> {
        self.asked.borrow_mut().insert(key);
        self.table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    fn required(&self, key: &'static str) -> Read<&'a Value<'a>> {
        self.value(key).ok_or_else(|| {
            let reason = format!("`{key}` is missing");
            self.notes.note(self.span.start, self.path_of(key), FieldCode::Required, reason)
        })
    }

    /// Whether the key stands there.
    pub fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Notes a fault of `key`, at its line.
    pub fn refuse(&self, key: &'static str, code: FieldCode, reason: impl Into<String>) -> Noted {
        let at = self.value(key).map_or(self.span.start, |value| value.span().start);
        self.notes.note(at, self.path_of(key), code, reason)
    }

    fn wrong_type(&self, key: &'static str, value: &DeValue<'_>, wanted: &str) -> Noted {
        let reason = format!("`{key}` must be {wanted}, not {}", with_article(value.type_str()));
        self.refuse(key, FieldCode::BadFormat, reason)
    }

    /// Notes every key that nobody asked for.
    fn finish(&self) {
        for (name, _) in self.table {
            if !self.asked.borrow().contains(name.get_ref().as_ref()) {
                let reason = format!("`{}` is not known here", name.get_ref());
                let path = self.path_of(name.get_ref());
                self.notes.note(name.span().start, path, FieldCode::UnknownField, reason);
            }
        }
    }

    fn text_of(&self, key: &'static str, value: &DeValue<'_>, longest: usize) -> Read<String> {
        let Some(text) = value.as_str() else { return Err(self.wrong_type(key, value, "text")) };
        if text.trim().is_empty() {
            return Err(self.refuse(key, FieldCode::Required, format!("`{key}` is empty")));
        }
        if text.chars().count() > longest {
            let reason = format!("`{key}` is longer than {longest} characters");
            return Err(self.refuse(key, FieldCode::TooLong, reason));
        }
        if text.chars().any(char::is_control) {
            let reason = format!("`{key}` holds a control character");
            return Err(self.refuse(key, FieldCode::Control, reason));
        }
        Ok(text.to_owned())
    }

    /// One line of text.
    pub fn text(&self, key: &'static str, longest: usize) -> Read<String> {
        let value = self.required(key)?;
        self.text_of(key, value.get_ref(), longest)
    }

    pub fn optional_text(&self, key: &'static str, longest: usize) -> Read<Option<String>> {
        self.value(key).map(|value| self.text_of(key, value.get_ref(), longest)).transpose()
    }

    /// A short word of small letters, digits, dots and hyphens: an id.
    pub fn id(&self, key: &'static str) -> Read<String> {
        let text = self.text(key, 60)?;
        if super::terms::is_document_id(&text) {
            return Ok(text);
        }
        let reason =
            format!("`{key}` must be small letters, digits, dots and hyphens, like `checklist-2024-core`");
        Err(self.refuse(key, FieldCode::BadFormat, reason))
    }

    /// What a record names one entry of the document by.
    pub fn code(&self, key: &'static str) -> Read<String> {
        let text = self.text(key, 30)?;
        if text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')) {
            return Ok(text);
        }
        let reason = format!("`{key}` must be letters, digits, dots and hyphens");
        Err(self.refuse(key, FieldCode::BadFormat, reason))
    }

    pub fn flag(&self, key: &'static str) -> Read<bool> {
        let value = self.required(key)?.get_ref();
        value.as_bool().ok_or_else(|| self.wrong_type(key, value, "true or false"))
    }

    pub fn optional_flag(&self, key: &'static str, otherwise: bool) -> Read<bool> {
        if self.has(key) { self.flag(key) } else { Ok(otherwise) }
    }

    pub fn number(&self, key: &'static str, range: RangeInclusive<u32>) -> Read<u32> {
        let value = self.required(key)?.get_ref();
        let Some(number) = value.as_integer() else {
            return Err(self.wrong_type(key, value, "a whole number"));
        };
        let number = u32::from_str_radix(number.as_str(), number.radix()).ok();
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let reason = format!("`{key}` must be from {} to {}", range.start(), range.end());
            self.refuse(key, FieldCode::OutOfRange, reason)
        })
    }

    pub fn optional_number(&self, key: &'static str, range: RangeInclusive<u32>) -> Read<Option<u32>> {
        self.value(key).map(|_| self.number(key, range)).transpose()
    }

    fn date_of(&self, key: &'static str, value: &DeValue<'_>) -> Read<NaiveDate> {
        let Some(text) = value.as_str() else { return Err(self.wrong_type(key, value, "a date as text")) };
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let plausible = NaiveDate::from_ymd_opt(1949, 10, 1)..=NaiveDate::from_ymd_opt(2199, 12, 31);
        date.filter(|date| text.len() == 10 && plausible.contains(&Some(*date))).ok_or_else(|| {
            let reason = format!("`{text}` is not a date written like 2026-03-10");
            self.refuse(key, FieldCode::BadFormat, reason)
        })
    }

    pub fn date(&self, key: &'static str) -> Read<NaiveDate> {
        let value = self.required(key)?;
        self.date_of(key, value.get_ref())
    }

    pub fn optional_date(&self, key: &'static str) -> Read<Option<NaiveDate>> {
        self.value(key).map(|value| self.date_of(key, value.get_ref())).transpose()
    }

    /// A word of a fixed list.
    pub fn choice<T>(&self, key: &'static str, parse: fn(&str) -> Option<T>) -> Read<T> {
        let value = self.required(key)?;
        self.choice_of(key, value.get_ref(), parse)
    }

    pub fn optional_choice<T>(&self, key: &'static str, parse: fn(&str) -> Option<T>) -> Read<Option<T>> {
        self.value(key).map(|value| self.choice_of(key, value.get_ref(), parse)).transpose()
    }

    fn choice_of<T>(&self, key: &'static str, value: &DeValue<'_>, parse: fn(&str) -> Option<T>) -> Read<T> {
        let Some(text) = value.as_str() else { return Err(self.wrong_type(key, value, "text")) };
        parse(text).ok_or_else(|| {
            let reason = format!("`{text}` is not one of the values that `{key}` can have");
            self.refuse(key, FieldCode::UnknownValue, reason)
        })
    }

    fn array(&self, key: &'static str, value: &'a DeValue<'a>) -> Read<&'a [Value<'a>]> {
        value.as_array().map(|array| &**array).ok_or_else(|| self.wrong_type(key, value, "a list"))
    }

    fn each<T>(&self, key: &'static str, read: impl Fn(&DeValue<'_>) -> Read<T>) -> Read<Vec<T>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let all: Vec<Read<T>> =
            self.array(key, value.get_ref())?.iter().map(|one| read(one.get_ref())).collect();
        all.into_iter().collect()
    }

    /// A list of dates; empty when absent.
    pub fn dates(&self, key: &'static str) -> Read<Vec<NaiveDate>> {
        self.each(key, |value| self.date_of(key, value))
    }

    /// A list of words of a fixed list, each at most once; at least one of them.
    pub fn choices<T: PartialEq>(&self, key: &'static str, parse: fn(&str) -> Option<T>) -> Read<Vec<T>> {
        self.required(key)?;
        let all = self.each(key, |value| self.choice_of(key, value, parse))?;
        let twice = all.iter().enumerate().any(|(at, one)| all.iter().skip(at + 1).any(|other| one == other));
        if twice {
            return Err(self.refuse(key, FieldCode::Duplicate, format!("`{key}` names something twice")));
        }
        if all.is_empty() {
            return Err(self.refuse(key, FieldCode::Required, format!("`{key}` is empty")));
        }
        Ok(all)
    }

    pub fn optional_choices<T: PartialEq>(
        &self,
        key: &'static str,
        parse: fn(&str) -> Option<T>,
    ) -> Read<Option<Vec<T>>> {
        self.value(key).map(|_| self.choices(key, parse)).transpose()
    }

    /// A table of its own: `[key]`.
    pub fn section<T>(&self, key: &'static str, read: impl FnOnce(&Section<'a>) -> Read<T>) -> Read<T> {
        let value = self.required(key)?;
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.wrong_type(key, value.get_ref(), "a table"));
        };
        let section = Section::new(table, value.span(), self.path_of(key), self.notes);
        let read = read(&section);
        section.finish();
        read
    }

    /// Tables that stand several times, at least once: `[[key]]`. Each is told from the others by its `by`.
    pub fn list<T>(
        &self,
        key: &'static str,
        by: &'static str,
        read: impl FnMut(&Section<'a>) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.required(key)?;
        let all = self.optional_list(key, by, read)?;
        if all.is_empty() {
            Err(self.refuse(key, FieldCode::Required, format!("`{key}` is empty")))
        } else {
            Ok(all)
        }
    }

    pub fn optional_list<T>(
        &self,
        key: &'static str,
        by: &'static str,
        mut read: impl FnMut(&Section<'a>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for (at, one) in self.array(key, value.get_ref())?.iter().enumerate() {
            let Some(table) = one.get_ref().as_table() else {
                all.push(Err(self.wrong_type(key, one.get_ref(), "tables")));
                continue;
            };
            let name = table.iter().find(|(name, _)| name.get_ref().as_ref() == by);
            let name = name.and_then(|(_, value)| spelt(value.get_ref()));
            let path =
                format!("{}[{}]", self.path_of(key), name.clone().unwrap_or_else(|| (at + 1).to_string()));
            let section = Section::new(table, one.span(), path, self.notes);
            let mut entry = read(&section);
            section.finish();
            if let Some(name) = name
                && !seen.insert(name.clone())
            {
                entry = Err(section.refuse(by, FieldCode::Duplicate, format!("`{name}` stands twice")));
            }
            all.push(entry);
        }
        all.into_iter().collect()
    }
}

/// A text or number as it is written.
fn spelt(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_integer().map(|number| number.as_str().to_owned()))
}

fn with_article(type_name: &str) -> String {
    let article = if type_name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {type_name}")
}
