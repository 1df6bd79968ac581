//! A rule document: what all kinds have in common, and the text it is read from. Pure.

use super::kinds::{Content, Kind};
use super::reader::{Problem, Read, Section, read};
use crate::canonical::sha256_hex;
use crate::refusal::FieldCode;
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Whose rule it is.
    pub enum Level {
        National = "national",
        Provincial = "provincial",
        /// An office's own.
        Office = "office",
    }
}

/// What every document says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Head {
    pub kind: Kind,
    pub id: String,
    pub version: u32,
    pub level: Level,
    pub title_zh: String,
    pub title_en: String,
    /// Where it comes from.
    pub source: String,
    pub clause: Option<String>,
    pub effective_from: NaiveDate,
    /// The last day; absent while no end is known.
    pub effective_to: Option<NaiveDate>,
    /// Whether all of it was read in its source; show a badge where not.
    pub verified: bool,
}

impl Head {
    fn read(root: &Section<'_>) -> Read<Self> {
        let kind = root.choice("kind", Kind::parse);
        let id = root.id("id");
        let version = root.number("version", 1..=100_000);
        let level = root.choice("level", Level::parse);
        let (title_zh, title_en) = (root.text("title_zh", 100), root.text("title_en", 150));
        let source = root.text("source", 300);
        let clause = root.optional_text("clause", 200);
        let effective_from = root.date("effective_from");
        let effective_to = root.optional_date("effective_to");
        let verified = root.flag("verified");
        if let (Ok(from), Ok(Some(to))) = (effective_from, effective_to)
            && to < from
        {
            return Err(root.refuse(
                "effective_to",
                FieldCode::TooEarly,
                "`effective_to` lies before `effective_from`",
            ));
        }
        Ok(Self {
            kind: kind?,
            id: id?,
            version: version?,
            level: level?,
            title_zh: title_zh?,
            title_en: title_en?,
            source: source?,
            clause: clause?,
            effective_from: effective_from?,
            effective_to: effective_to?,
            verified: verified?,
        })
    }

    /// Whether its own dates include that day.
    pub fn covers(&self, on: NaiveDate) -> bool {
        self.effective_from <= on && self.effective_to.is_none_or(|to| on <= to)
    }

    pub fn reference(&self) -> DocumentRef {
        DocumentRef { id: self.id.clone(), version: self.version }
    }
}

/// One version of one document, as records keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentRef {
    pub id: String,
    pub version: u32,
}

/// A document that was read and found sound.
#[derive(Debug, Clone)]
pub struct Document {
    pub head: Head,
    pub content: Content,
    /// Exactly as it was loaded.
    pub text: String,
    pub sha256: String,
}

impl Document {
    /// Reads a text, or says everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let (head, content) = read(text, |root| {
            // A kind that can be read has its content judged too, whatever else the head lacks.
            let kind = root.choice("kind", Kind::parse);
            let head = Head::read(root);
            let content = kind.and_then(|kind| Content::read(kind, root));
            Ok((head?, content?))
        })
        .map_err(without_repetition)?;
        Ok(Self { head, content, text: text.to_owned(), sha256: sha256_hex(text.as_bytes()) })
    }
}

/// The kind is asked for twice.
fn without_repetition(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.dedup();
    problems
}
