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
    /// 培训: it is done by holding a training of this topic.
    pub training: bool,
    /// Whoever begins to work must have had it before.
    pub before_work: bool,
    pub verified: bool,
}

/// Something that trainings are about and that nothing says how often.
#[derive(Debug, Clone, Serialize)]
pub struct Topic {
    pub code: String,
    pub title_zh: String,
    pub title_en: String,
}

/// The recurring duties.
#[derive(Debug, Clone, Serialize)]
pub struct Intervals {
    pub interval: Vec<Interval>,
    /// 培训、宣传教育: topics beside those of the recurring duties.
    pub topic: Vec<Topic>,
}

impl Intervals {
    pub fn find(&self, code: &str) -> Option<&Interval> {
        self.interval.iter().find(|interval| interval.code == code)
    }

    /// The duties that are done by trainings.
    pub fn trainings(&self) -> impl Iterator<Item = &Interval> {
        self.interval.iter().filter(|interval| interval.training)
    }

    /// Whether trainings can be of this topic.
    pub fn has_topic(&self, code: &str) -> bool {
        self.trainings().any(|one| one.code == code) || self.topic.iter().any(|one| one.code == code)
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
            // Documents that say nothing of it were written before trainings were kept: their codes tell.
            let named = |parts: &[&str]| {
                code.as_ref().is_ok_and(|code| parts.iter().any(|part| code.ends_with(part)))
            };
            let training = one.optional_flag("training", named(&["-training", "-education"]));
            let before_work = one.optional_flag("before_work", named(&["fire-training"]));
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
                training: training?,
                before_work: before_work?,
                verified: verified?,
            })
        });
        let topic = root.optional_list("topic", "code", |one| {
            let (code, title_zh) = (one.code("code"), one.text("title_zh", 60));
            let title_en = one.text("title_en", 120);
            Ok(Topic { code: code?, title_zh: title_zh?, title_en: title_en? })
        });
        Ok(Self { interval: interval?, topic: topic? })
    }
}
