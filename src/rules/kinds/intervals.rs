//! What has to be done how often: patrols, checks, tests, training, inspections by the authority (domain 2.6).

use super::Readable;
use crate::rules::reader::{Read, Section};
use crate::text_enum;
use serde::Serialize;

text_enum! {
    /// A stretch of the calendar.
    pub enum Period {
        Day = "day",
        Night = "night",
        Week = "week",
        Month = "month",
        Quarter = "quarter",
        HalfYear = "half_year",
        Year = "year",
    }
}

text_enum! {
    /// Which homes a duty holds for.
    pub enum AppliesTo {
        All = "all",
        /// 消防安全重点单位
        KeyFireUnit = "key_fire_unit",
        /// 火灾高危单位
        FireHighRisk = "fire_high_risk",
        /// 人员密集场所
        CrowdedPlace = "crowded_place",
        /// With a canteen of its own.
        OwnCanteen = "own_canteen",
        /// With lifts, boilers and the like.
        SpecialEquipment = "special_equipment",
        /// The authority, not the home.
        Authority = "authority",
    }
}

/// One recurring duty.
#[derive(Debug, Clone, Serialize)]
pub struct Interval {
    pub code: String,
    pub title_zh: String,
    pub title_en: String,
    pub applies_to: Vec<AppliesTo>,
    /// So many times at least…
    pub times: u32,
    /// …in each of these.
    pub period: Period,
    pub basis: String,
    pub note_zh: Option<String>,
    pub note_en: Option<String>,
    pub verified: bool,
}

/// The recurring duties.
#[derive(Debug, Clone, Serialize)]
pub struct Intervals {
    pub interval: Vec<Interval>,
}

impl Intervals {
    pub fn find(&self, code: &str) -> Option<&Interval> {
        self.interval.iter().find(|interval| interval.code == code)
    }
}

impl Readable for Intervals {
    fn read(root: &Section<'_>) -> Read<Self> {
        let interval = root.list("interval", "code", |one| {
            let code = one.code("code");
            let (title_zh, title_en) = (one.text("title_zh", 60), one.text("title_en", 120));
            let applies_to = one.choices("applies_to", AppliesTo::parse);
            let (times, period) = (one.number("times", 1..=100), one.choice("period", Period::parse));
            let basis = one.text("basis", 300);
            let (note_zh, note_en) = (one.optional_text("note_zh", 300), one.optional_text("note_en", 400));
            let verified = one.flag("verified");
            Ok(Interval {
                code: code?,
                title_zh: title_zh?,
                title_en: title_en?,
                applies_to: applies_to?,
                times: times?,
                period: period?,
                basis: basis?,
                note_zh: note_zh?,
                note_en: note_en?,
                verified: verified?,
            })
        });
        Ok(Self { interval: interval? })
    }
}
