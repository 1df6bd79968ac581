//! The words of a checklist item.

use crate::refusal::FieldCode;
use crate::rules::kinds::Readable;
use crate::rules::{Read, Section};
use crate::text_enum;
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
    "basis": "消防法第二十七条", "verified": true, "severity": "general", "urgent": true, "days": 0, "photo": "before_after", "also_document": false
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
    /// A document is needed beside the pictures.
    #[serde(default)]
    pub also_document: bool,
}

/// The catalogue of one document, by code.
#[derive(Debug, Clone, Serialize)]
pub struct Checklist {
    item: Vec<ChecklistItem>,
    #[serde(skip)]
    by_code: HashMap<String, usize>,
}

impl Checklist {
    pub fn item(&self, code: &str) -> Option<&ChecklistItem> {
        self.item.get(*self.by_code.get(code)?)
    }

    pub fn items(&self) -> &[ChecklistItem] {
        &self.item
    }
}

impl Readable for Checklist {
    fn read(root: &Section<'_>) -> Read<Self> {
        let item = root.list("item", "code", read_item)?;
        let by_code = item.iter().enumerate().map(|(at, item)| (item.code.clone(), at)).collect();
        Ok(Self { item, by_code })
    }
}

fn read_item(one: &Section<'_>) -> Read<ChecklistItem> {
    let (code, category) = (one.code("code"), one.choice("category", Category::parse));
    let pack =
        one.choice("pack", |text| ["core", "extended", "winter"].contains(&text).then(|| text.to_owned()));
    let (title_zh, title_en) = (one.text("title_zh", 60), one.text("title_en", 120));
    let (violation_zh, violation_en) = (one.text("violation_zh", 300), one.text("violation_en", 500));
    let (basis, verified) = (one.text("basis", 300), one.flag("verified"));
    let (severity, urgent) = (one.choice("severity", ItemSeverity::parse), one.flag("urgent"));
    let candidate_note = one.optional_text("candidate_note", 200);
    let (days, days_note) = (one.number("days", 0..=365), one.optional_text("days_note", 100));
    let photo = one.choice("photo", PhotoRule::parse);
    let also_document = one.optional_flag("also_document", false);
    if let (Ok(ItemSeverity::CandidateMajor), Ok(None)) = (&severity, &candidate_note) {
        let reason = "a candidate for a major hazard says under which condition";
        return Err(one.refuse("candidate_note", FieldCode::Required, reason));
    }
    Ok(ChecklistItem {
        code: code?,
        category: category?,
        pack: pack?,
        title_zh: title_zh?,
        title_en: title_en?,
        violation_zh: violation_zh?,
        violation_en: violation_en?,
        basis: basis?,
        verified: verified?,
        severity: severity?,
        urgent: urgent?,
        candidate_note: candidate_note?,
        days: days?,
        days_note: days_note?,
        photo: photo?,
        also_document: also_document?,
    })
}
