//! What a plan for fire-fighting and evacuation must contain (domain 1.2).

use super::Readable;
use crate::rules::reader::{Read, Section};
use serde::Serialize;

/// One part of a plan.
#[derive(Debug, Clone, Serialize)]
pub struct PlanPart {
    pub code: String,
    pub title_zh: String,
    pub title_en: String,
    /// Without it the plan is not complete; the others are proposed.
    pub required: bool,
    pub basis: String,
    pub verified: bool,
}

/// A level of plan by the severity that is assumed.
#[derive(Debug, Clone, Serialize)]
pub struct PlanLevel {
    pub level: u32,
    pub meaning_zh: String,
    pub meaning_en: String,
    pub verified: bool,
}

/// The parts and levels of plans.
#[derive(Debug, Clone, Serialize)]
pub struct PlanContents {
    /// A plan is reviewed after so many months at the latest.
    pub review_months: u32,
    pub part: Vec<PlanPart>,
    pub grade: Vec<PlanLevel>,
}

impl Readable for PlanContents {
    fn read(root: &Section<'_>) -> Read<Self> {
        let review_months = root.number("review_months", 1..=60);
        let part = root.list("part", "code", |one| {
            let code = one.code("code");
            let (title_zh, title_en) = (one.text("title_zh", 150), one.text("title_en", 250));
            let required = one.flag("required");
            let (basis, verified) = (one.text("basis", 200), one.flag("verified"));
            Ok(PlanPart {
                code: code?,
                title_zh: title_zh?,
                title_en: title_en?,
                required: required?,
                basis: basis?,
                verified: verified?,
            })
        });
        let grade = root.list("grade", "level", |one| {
            let level = one.number("level", 1..=9);
            let (meaning_zh, meaning_en) = (one.text("meaning_zh", 150), one.text("meaning_en", 250));
            let verified = one.flag("verified");
            Ok(PlanLevel {
                level: level?,
                meaning_zh: meaning_zh?,
                meaning_en: meaning_en?,
                verified: verified?,
            })
        });
        Ok(Self { review_months: review_months?, part: part?, grade: grade? })
    }
}
