//! Which drills, how often, and which kinds of drill count for which duty (domain 1.5).

use super::Readable;
use super::intervals::{AppliesTo, Period};
use crate::refusal::FieldCode;
use crate::rules::reader::{Read, Section};
use crate::text_enum;
use serde::Serialize;

text_enum! {
    /// Kinds of drill.
    pub enum DrillKind {
        /// 桌面推演
        Tabletop = "tabletop",
        /// 单项、局部演练
        Functional = "functional",
        /// 全要素综合演练
        Full = "full",
        /// 双盲、突击演练
        Unannounced = "unannounced",
        /// 拉动
        CallOut = "call_out",
        /// 与消防队联勤联动
        Joint = "joint",
    }
}

text_enum! {
    /// When it is held.
    pub enum Shift {
        Day = "day",
        Evening = "evening",
        Night = "night",
    }
}

/// One duty to drill.
#[derive(Debug, Clone, Serialize)]
pub struct DrillRequirement {
    pub code: String,
    pub title_zh: String,
    pub title_en: String,
    pub applies_to: Vec<AppliesTo>,
    pub times: u32,
    pub period: Period,
    /// Counted for each of these shifts; for the home as a whole when absent.
    pub each_shift: Option<Vec<Shift>>,
    /// Only drills in these shifts count; all when absent.
    pub only_shifts: Option<Vec<Shift>>,
    /// Which kinds count.
    pub satisfied_by: Vec<DrillKind>,
    /// So many real events of a period may stand for drills; as `real_event_counts` says when absent. Never of another
    /// shift than the day's where the shift matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_event_replaces: Option<u32>,
    /// Whether it must be reported to the supervising department.
    pub reported: bool,
    pub basis: String,
    pub clause: Option<String>,
    pub verified: bool,
}

/// A scenario that is proposed where a plan names none.
#[derive(Debug, Clone, Serialize)]
pub struct DrillScenario {
    pub code: String,
    pub title_zh: String,
    pub title_en: String,
    /// Only in these shifts; in all when absent.
    pub shifts: Option<Vec<Shift>>,
}

/// The duties to drill, and when drills are too alike.
#[derive(Debug, Clone, Serialize)]
pub struct DrillFrequencies {
    /// Drills of one shift that start within so many minutes of each other by the clock are too predictable.
    pub predictable_within_minutes: u32,
    /// Whether a real event counts as evidence for a duty of the day shift.
    pub real_event_counts: bool,
    pub requirement: Vec<DrillRequirement>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenario: Vec<DrillScenario>,
}

impl Readable for DrillFrequencies {
    fn read(root: &Section<'_>) -> Read<Self> {
        let predictable_within_minutes = root.number("predictable_within_minutes", 0..=720);
        let real_event_counts = root.flag("real_event_counts");
        let requirement = root.list("requirement", "code", |one| {
            let code = one.code("code");
            let (title_zh, title_en) = (one.text("title_zh", 80), one.text("title_en", 150));
            let applies_to = one.choices("applies_to", AppliesTo::parse);
            let (times, period) = (one.number("times", 1..=100), one.choice("period", Period::parse));
            let each_shift = one.optional_choices("each_shift", Shift::parse);
            let only_shifts = one.optional_choices("only_shifts", Shift::parse);
            if one.has("each_shift") && one.has("only_shifts") {
                one.refuse("only_shifts", FieldCode::NotAllowedHere, "either `each_shift` or `only_shifts`");
            }
            let satisfied_by = one.choices("satisfied_by", DrillKind::parse);
            let real_event_replaces = one.optional_number("real_event_replaces", 0..=100);
            let reported = one.flag("reported");
            let (basis, clause) = (one.text("basis", 300), one.optional_text("clause", 100));
            let verified = one.flag("verified");
            Ok(DrillRequirement {
                code: code?,
                title_zh: title_zh?,
                title_en: title_en?,
                applies_to: applies_to?,
                times: times?,
                period: period?,
                each_shift: each_shift?,
                only_shifts: only_shifts?,
                satisfied_by: satisfied_by?,
                real_event_replaces: real_event_replaces?,
                reported: reported?,
                basis: basis?,
                clause: clause?,
                verified: verified?,
            })
        });
        let scenario = root.optional_list("scenario", "code", |one| {
            let code = one.code("code");
            let (title_zh, title_en) = (one.text("title_zh", 80), one.text("title_en", 150));
            let shifts = one.optional_choices("shifts", Shift::parse);
            Ok(DrillScenario { code: code?, title_zh: title_zh?, title_en: title_en?, shifts: shifts? })
        });
        Ok(Self {
            predictable_within_minutes: predictable_within_minutes?,
            real_event_counts: real_event_counts?,
            requirement: requirement?,
            scenario: scenario?,
        })
    }
}
