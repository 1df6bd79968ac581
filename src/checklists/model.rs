//! The words of a checklist item.

use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

text_enum! {
    /// The four key areas (用电, 用火, 用气, 食品) and everything else.
    pub enum Category {
        Electricity = "electricity",
        Fire = "fire",
        Gas = "gas",
        Food = "food",
        Other = "other",
    }
}

text_enum! {
    /// Which pictures show that a finding was put right.
    pub enum PhotoRule {
        BeforeAfter = "before_after",
        One = "one",
        Document = "document",
        None = "none",
    }
}

text_enum! {
    /// What an item usually is. A candidate is only ever judged major by a person.
    pub enum ItemSeverity {
        General = "general",
        CandidateMajor = "candidate_major",
    }
}

/// One thing to check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "E03", "category": "electricity", "pack": "core", "title_zh": "移动插排串接或无3C", "title_en": "Power strips chained or uncertified",
    "violation_zh": "插排串接、无3C标志、烧痕，固定在床上或木质上，压在被褥下", "violation_en": "Strip into strip, no CCC mark, burnt, fixed on bed or wood",
    "basis": "消防法第二十七条", "verified": true, "severity": "general", "urgent": true, "days": 0, "photo": "before_after"
}))]
pub struct ChecklistItem {
    pub code: String,
    pub category: Category,
    /// `core`, `extended` or `winter`.
    pub pack: String,
    pub title_zh: String,
    pub title_en: String,
    pub violation_zh: String,
    pub violation_en: String,
    pub basis: String,
    /// Whether the basis was read in its source; show a badge where not.
    pub verified: bool,
    pub severity: ItemSeverity,
    /// Needs an interim measure the same day.
    pub urgent: bool,
    pub candidate_note: Option<String>,
    /// Default days to rectify; 0 is the same day.
    pub days: u32,
    pub days_note: Option<String>,
    pub photo: PhotoRule,
}

#[derive(Deserialize)]
struct Document {
    id: String,
    version: u32,
    effective_from: NaiveDate,
    item: Vec<ChecklistItem>,
}

/// The catalogue in force, by code.
pub struct Checklist {
    pub id: String,
    pub version: u32,
    pub effective_from: NaiveDate,
    items: Vec<ChecklistItem>,
    by_code: HashMap<String, usize>,
}

impl Checklist {
    /// The catalogue that comes with the program.
    pub fn embedded() -> Result<Self, String> {
        Self::parse(include_str!("../../rules/checklist.toml"))
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| format!("checklist: {error}"))?;
        let by_code: HashMap<String, usize> =
            document.item.iter().enumerate().map(|(at, item)| (item.code.clone(), at)).collect();
        if by_code.len() != document.item.len() {
            return Err("checklist: a code stands twice".into());
        }
        let Document { id, version, effective_from, item: items } = document;
        Ok(Self { id, version, effective_from, items, by_code })
    }

    pub fn item(&self, code: &str) -> Option<&ChecklistItem> {
        self.items.get(*self.by_code.get(code)?)
    }

    pub fn items(&self) -> &[ChecklistItem] {
        &self.items
    }
}
