//! The kinds of rule documents: one line each, and one struct that can be read from a text. Pure.

pub mod colours;
pub mod criteria;
pub mod drills;
pub mod elements;
pub mod evacuation;
pub mod holidays;
pub mod intervals;
pub mod plan_contents;

use super::reader::{Read, Section};
use super::resolve::{InForce, Rules};
use crate::access::AreaColumns;
use crate::checklists::Checklist;
use crate::hazards::DeadlineRules;
use crate::notices::NoticeTemplates;
use crate::refusal::Refusal;
use crate::text_enum;
use chrono::NaiveDate;
use colours::ColourRules;
use criteria::Criteria;
use drills::DrillFrequencies;
use elements::PreMechanism;
use evacuation::EvacuationNumbers;
use holidays::Holidays;
use intervals::Intervals;
use plan_contents::PlanContents;
use serde::Serialize;

/// What a kind of document holds.
pub trait Readable: Sized {
    /// Reads everything beside the head.
    fn read(root: &Section<'_>) -> Read<Self>;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:tt, $asked:ident: $content:ty;)*) => {
        text_enum! {
            /// What a rule document is about.
            pub enum Kind { $($(#[$doc])* $name = $text,)* }
        }

        /// The content of a document, by its kind.
        #[derive(Debug, Clone, Serialize)]
        #[serde(untagged)]
        #[allow(clippy::large_enum_variant, reason = "one of each document, kept for as long as the program runs")]
        pub enum Content { $($name($content),)* }

        impl Content {
            pub(super) fn read(kind: Kind, root: &Section<'_>) -> Read<Self> {
                match kind { $(Kind::$name => <$content>::read(root).map(Self::$name),)* }
            }
        }

        impl Rules {
            $($(#[$doc])* pub fn $asked(&self, place: &AreaColumns, on: NaiveDate) -> Result<InForce<'_, $content>, Refusal> {
                let document = self.in_force(Kind::$name, Some(place), on)?;
                match &document.content {
                    Content::$name(content) => Ok(InForce { head: &document.head, content }),
                    _ => Err(Self::nothing_in_force(Kind::$name, on)),
                }
            })*
        }
    };
}

kinds! {
    /// What there is to check (检查事项).
    Checklist = "checklist", checklist: Checklist;
    /// By when, and how long anything may last (整改期限).
    Deadlines = "deadlines", deadlines: DeadlineRules;
    /// What makes a hazard a major accident hazard (重大事故隐患判定).
    MajorAccidentCriteria = "major_accident_criteria", major_accident_criteria: Criteria;
    /// What makes a hazard a major fire hazard (重大火灾隐患判定): another legal object, decided by the fire services.
    MajorFireCriteria = "major_fire_criteria", major_fire_criteria: Criteria;
    /// The days off and the make-up workdays (节假日安排).
    Holidays = "holidays", holidays: Holidays;
    /// What has to be done how often (巡查、检查、培训等周期).
    Intervals = "intervals", intervals: Intervals;
    /// Which drills, how often (演练频次).
    Drills = "drills", drills: DrillFrequencies;
    /// When a home is red, yellow, grey or green (机构安全状态码).
    Colours = "colours", colours: ColourRules;
    /// The elements of the pre-mechanism (五预).
    Elements = "elements", elements: PreMechanism;
    /// What a plan must contain (预案内容).
    PlanContents = "plan_contents", plan_contents: PlanContents;
    /// How many hands a night evacuation takes (夜间疏散人手估算).
    Evacuation = "evacuation", evacuation: EvacuationNumbers;
    /// The words and numbers of papers to institutions (文书模板).
    NoticeTemplates = "notice_templates", notice_templates: NoticeTemplates;
}
