//! What a plan for fire-fighting and evacuation must contain (domain 1.2).

use super::Readable;
use crate::rules::reader::{Read, Section};
use crate::text_enum;
use serde::Serialize;

text_enum! {
    /// The groups of a home's emergency organisation.
    pub enum GroupKind {
        /// 应急指挥部
        Command = "command",
        /// 灭火行动组
        FireFighting = "fire_fighting",
        /// 通讯联络组
        Communications = "communications",
        /// 疏散引导组
        EvacuationGuide = "evacuation_guide",
        /// 安全防护救护组
        ProtectionFirstAid = "protection_first_aid",
        /// 安全保卫组
        Guard = "guard",
        /// 后勤保障组
        Logistics = "logistics",
        /// With a name of its own.
        Other = "other",
    }
}

text_enum! {
    /// Who is called.
    pub enum CallTo {
        /// Somebody of the home.
        Own = "own",
        /// 119
        Fire = "fire_119",
        /// 120
        Ambulance = "ambulance_120",
        /// 民政值班电话
        CivilAffairs = "civil_affairs",
        /// A neighbour who comes to help, the community, the police, the gas works.
        Other = "other",
    }
}

text_enum! {
    /// What of a plan shows that a part is there.
    pub enum Shown {
        /// The text under the part's own code.
        Text = "text",
        Level = "level",
        /// Each of the part's `groups` has somebody in it; any group, where it names none.
        Groups = "groups",
        /// Each of the part's `calls` is made; that to 119, where it names none.
        AlarmTree = "alarm_tree",
        Scenarios = "scenarios",
        Buildings = "buildings",
        /// Somebody by day and somebody by night.
        Roster = "roster",
        /// A way for each class of residents that does not leave alone.
        Movement = "movement",
        AssemblyPoints = "assembly_points",
        RefugePoints = "refuge_points",
        Equipment = "equipment",
        Handover = "handover",
        Aftercare = "aftercare",
    }
}

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
    /// It is there when all of these are; its text when the document does not say.
    pub shown_by: Vec<Shown>,
    /// Which groups must have somebody in them.
    pub groups: Vec<GroupKind>,
    /// Who must be called.
    pub calls: Vec<CallTo>,
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
    /// By more than so many percentage points a class's share of the residents may not change; 10 when the document does
    /// not say.
    pub resident_mix_points: u32,
    pub part: Vec<PlanPart>,
    pub grade: Vec<PlanLevel>,
}

/// What holds where a document says nothing (product default).
const RESIDENT_MIX_POINTS: u32 = 10;

impl Readable for PlanContents {
    fn read(root: &Section<'_>) -> Read<Self> {
        let review_months = root.number("review_months", 1..=60);
        let resident_mix_points = root.optional_number("resident_mix_points", 1..=100);
        let part = root.list("part", "code", |one| {
            let code = one.code("code");
            let (title_zh, title_en) = (one.text("title_zh", 150), one.text("title_en", 250));
            let required = one.flag("required");
            let (basis, verified) = (one.text("basis", 200), one.flag("verified"));
            let shown_by = one.optional_choices("shown_by", Shown::parse);
            let groups = one.optional_choices("groups", GroupKind::parse);
            let calls = one.optional_choices("calls", CallTo::parse);
            Ok(PlanPart {
                code: code?,
                title_zh: title_zh?,
                title_en: title_en?,
                required: required?,
                basis: basis?,
                verified: verified?,
                shown_by: shown_by?.unwrap_or_else(|| vec![Shown::Text]),
                groups: groups?.unwrap_or_default(),
                calls: calls?.unwrap_or_default(),
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
        Ok(Self {
            review_months: review_months?,
            resident_mix_points: resident_mix_points?.unwrap_or(RESIDENT_MIX_POINTS),
            part: part?,
            grade: grade?,
        })
    }
}
