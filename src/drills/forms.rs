//! What is sent about drills.

use super::timeline::Timeline;
use crate::db::Instant;
use crate::evidence::DeclaredEvidence;
use crate::hazards::FoundHazard;
use crate::ids::{InstitutionId, PlanId};
use crate::residents::EvacClass;
use crate::rules::kinds::drills::{DrillKind, Shift};
use crate::staff::Person;
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

/// The schema of a list of goals.
fn goals() -> Array {
    let line = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(200));
    ArrayBuilder::new().items(line.pattern(Some(r"\S"))).max_items(Some(10)).build()
}

text_enum! {
    /// What residents and the public are told beforehand.
    pub enum PublicTold {
        /// 已告知: the people in the area know that there will be a drill (公安部令第61号).
        Informed = "informed",
        /// Only by signs when it starts: for drills that come unannounced.
        AtTheStart = "at_the_start",
    }
}

text_enum! {
    /// What the staff are told beforehand (GB/T 38315-2019, 7.3.2.2).
    pub enum StaffTold {
        Exact = "exact",
        /// Roughly when, not exactly.
        Window = "window",
        None = "none",
    }
}

/// Who is told what before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"residents_public": "informed", "staff": "window", "exact_at": "2026-03-09T18:10:00Z"}))]
pub struct Announcement {
    pub residents_public: PublicTold,
    pub staff: StaffTold,
    /// Within the window. Unless the staff are told exactly, it is shown to nobody but who planned it until it starts.
    #[serde(default)]
    pub exact_at: Option<Instant>,
}

impl Announcement {
    /// Whether there is an exact time that the staff are not told.
    pub fn is_sealed(&self) -> bool {
        self.exact_at.is_some() && self.staff != StaffTold::Exact
    }
}

/// A drill as it is planned.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "full", "shift": "night", "building": "1号楼", "scenario": "二楼床头起火",
    "window_from": "2026-03-09T15:00:00Z", "window_to": "2026-03-09T21:00:00Z", "commander": {"name": "陈静"}, "goals": ["3分钟内到场"],
    "announcement": {"residents_public": "informed", "staff": "window", "exact_at": "2026-03-09T18:10:00Z"}
}))]
pub struct DrillPlan {
    pub institution_id: InstitutionId,
    pub kind: DrillKind,
    pub shift: Shift,
    #[schema(min_length = 1, max_length = 60)]
    pub building: Option<String>,
    /// A code of the plan's scenarios, or words.
    #[schema(min_length = 1, max_length = 200)]
    pub scenario: Option<String>,
    /// The plan (预案) it goes by.
    pub plan_id: Option<PlanId>,
    /// Which edition of it.
    #[schema(minimum = 1, maximum = 100000)]
    pub plan_edition: Option<u32>,
    /// It starts not before.
    pub window_from: Instant,
    /// It starts not after; at most 31 days later.
    pub window_to: Instant,
    /// 现场指挥官
    pub commander: Option<Person>,
    #[serde(default)]
    #[schema(schema_with = goals)]
    pub goals: Vec<String>,
    pub announcement: Announcement,
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

text_enum! {
    /// Whether 119 was really called.
    pub enum EmergencyCall {
        Real = "real",
        Simulated = "simulated",
    }
}

/// Some people, by number or by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"count": 3, "names": [{"name": "陈静"}]}))]
pub struct People {
    /// At least as many as are named; as many as are named when absent.
    #[schema(minimum = 0, maximum = 10000)]
    pub count: Option<u32>,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub names: Vec<Person>,
}

impl People {
    pub fn number(&self) -> u32 {
        self.count.unwrap_or(u32::try_from(self.names.len()).unwrap_or(u32::MAX))
    }
}

/// What the residents of one evacuation class did. Nobody who is frail has to be carried for a drill: staff or dummies
/// stand in for them, and that counts in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"class": "carried", "present": 6, "taken_part": 0, "simulated": 4, "stayed": 2, "stayed_because": "两位吸氧，不宜移动"}))]
pub struct ResidentsOfClass {
    pub class: EvacClass,
    /// How many were there; the other three add up to it where it is given.
    #[schema(minimum = 0, maximum = 10000)]
    pub present: Option<u32>,
    #[schema(minimum = 0, maximum = 10000)]
    pub taken_part: u32,
    /// For whom staff or dummies stood in.
    #[schema(minimum = 0, maximum = 10000)]
    pub simulated: u32,
    #[schema(minimum = 0, maximum = 10000)]
    pub stayed: u32,
    /// Needed where some stayed.
    #[schema(min_length = 1, max_length = 500)]
    pub stayed_because: Option<String>,
}

/// That somebody else took command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": {"name": "李强"}, "at": "2026-03-09T18:20:00Z", "told": "二楼已清空，缺1人，电已断"}))]
pub struct CommandHandover {
    pub to: Person,
    pub at: Option<Instant>,
    /// What was handed over: head count, missing, seat of the fire, gas and power.
    #[schema(min_length = 1, max_length = 500)]
    pub told: Option<String>,
}

/// One of the groups (灭火行动组, 通讯联络组, 疏散引导组, 安全防护救护组, …) and how it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"group": "疏散引导组", "people": {"count": 2}, "in_place": true}))]
pub struct GroupReport {
    #[schema(min_length = 1, max_length = 60)]
    pub group: String,
    #[serde(default)]
    pub people: People,
    /// Whether it was where it had to be in time.
    pub in_place: Option<bool>,
    #[schema(min_length = 1, max_length = 500)]
    pub remark: Option<String>,
}

/// Somebody who watched and noted what people did (GB/T 38315-2019, 7.3.2.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"person": {"name": "周涛"}, "post": "二楼楼梯口"}))]
pub struct Observer {
    pub person: Person,
    #[schema(min_length = 1, max_length = 100)]
    pub post: Option<String>,
}

/// Equipment that was used, and what was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "疏散床单", "defect": "一条搭扣断裂"}))]
pub struct EquipmentUsed {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(min_length = 1, max_length = 500)]
    pub defect: Option<String>,
}

/// What the head count came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expected": 42, "counted": 41, "missing": "203室一人，三分钟后在卫生间找到"}))]
pub struct HeadCount {
    #[schema(minimum = 0, maximum = 10000)]
    pub expected: u32,
    #[schema(minimum = 0, maximum = 10000)]
    pub counted: u32,
    /// Needed where the two differ.
    #[schema(min_length = 1, max_length = 500)]
    pub missing: Option<String>,
}

/// The sheet that people signed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInSheet {
    /// Photos of it that will follow, with the role `document` or `signature`.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// That the department was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"on": "2026-03-11", "receiver": "船山区民政局"}))]
pub struct Filing {
    pub on: NaiveDate,
    #[schema(min_length = 1, max_length = 60)]
    pub receiver: String,
}

/// What did not go well. It becomes a hazard with its own deadline, a change of the plan, or both; never nothing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrillProblem, example = json!({"text": "夜班两人不足以搬动二楼卧床老人", "plan_revision_needed": true, "revision": "夜间二楼改为水平疏散至东侧防火分区"}))]
pub struct Problem {
    #[schema(min_length = 1, max_length = 1000)]
    pub text: String,
    /// To be put right: registered with the record, found in this drill.
    pub hazard: Option<FoundHazard>,
    /// The plan must change.
    #[serde(default)]
    pub plan_revision_needed: bool,
    /// What of it; needed with `plan_revision_needed`, and only then.
    #[schema(min_length = 1, max_length = 1000)]
    pub revision: Option<String>,
}

/// A whole drill, or a real event, as it is recorded: once, in one piece.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "full", "building": "1号楼", "scenario": "二楼床头起火",
    "timeline": {"alarm_at": "2026-03-09T18:10:00Z", "first_action_at": "2026-03-09T18:10:40Z", "evacuation_began_at": "2026-03-09T18:12:30Z",
        "last_out_at": "2026-03-09T18:21:00Z", "head_count_at": "2026-03-09T18:23:20Z"},
    "staff_on_duty": {"count": 3}, "staff_taking_part": {"count": 3}, "commander": {"name": "陈静"},
    "residents": [{"class": "carried", "present": 6, "taken_part": 0, "simulated": 4, "stayed": 2, "stayed_because": "两位吸氧，不宜移动"}],
    "head_count": {"expected": 42, "counted": 42},
    "problems": [{"text": "夜班两人不足以搬动二楼卧床老人", "plan_revision_needed": true, "revision": "夜间二楼改为水平疏散至东侧防火分区"}]
}))]
pub struct DrillRecord {
    pub institution_id: InstitutionId,
    /// As planned, if it was planned. Of a real event, the kind of drill that it came closest to.
    pub kind: DrillKind,
    /// 真实事件: evidence like a drill, and never the night drill. It is recorded without having been planned.
    #[serde(default)]
    pub real_event: bool,
    /// As planned when absent.
    #[schema(min_length = 1, max_length = 60)]
    pub building: Option<String>,
    /// A code of the plan's scenarios, or words; as planned when absent.
    #[schema(min_length = 1, max_length = 200)]
    pub scenario: Option<String>,
    /// The plan (预案) it went by; as planned when absent.
    pub plan_id: Option<PlanId>,
    #[schema(minimum = 1, maximum = 100000)]
    pub plan_edition: Option<u32>,
    pub timeline: Timeline,
    /// Needed with `emergency_call_at`, and only then.
    pub emergency_call: Option<EmergencyCall>,
    #[schema(min_length = 1, max_length = 100)]
    pub weather: Option<String>,
    /// How it went.
    #[schema(min_length = 1, max_length = 4000)]
    pub course: Option<String>,
    #[serde(default)]
    pub staff_on_duty: People,
    #[serde(default)]
    pub staff_taking_part: People,
    /// Each class once.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub residents: Vec<ResidentsOfClass>,
    /// Who commanded first.
    pub commander: Option<Person>,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub handovers: Vec<CommandHandover>,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub groups: Vec<GroupReport>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub observers: Vec<Observer>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub equipment: Vec<EquipmentUsed>,
    pub head_count: Option<HeadCount>,
    /// How many were hurt.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000)]
    pub injured: u32,
    /// Who was hurt and how; needed where anybody was.
    #[schema(min_length = 1, max_length = 1000)]
    pub injuries: Option<String>,
    #[serde(default)]
    #[schema(max_items = 30)]
    pub problems: Vec<Problem>,
    /// Photos of the drill that will follow, with the role `scene`, `document` or `signature`.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub evidence: Vec<DeclaredEvidence>,
    #[serde(default)]
    pub sign_in: SignInSheet,
    /// If the department was told already.
    pub report: Option<Filing>,
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

text_enum! {
    /// 适宜性: whether the plan could be carried out.
    pub enum Suitability {
        /// 全部能够执行
        Executable = "executable",
        /// 执行过程不够顺利
        NotSmooth = "not_smooth",
        /// 明显不适宜
        Unsuitable = "unsuitable",
    }
}

text_enum! {
    /// 充分性: whether the plan says enough.
    pub enum Sufficiency {
        /// 完全满足应急要求
        Full = "full",
        /// 基本满足
        Mostly = "mostly",
        /// 不充分，必须修改
        Insufficient = "insufficient",
    }
}

text_enum! {
    /// 人员、物资到位: whether people and supplies were in place.
    pub enum InPlace {
        InTime = "in_time",
        Mostly = "mostly",
        Lacking = "lacking",
    }
}

text_enum! {
    /// 协调组织: how people worked together.
    pub enum Coordination {
        Smooth = "smooth",
        Mostly = "mostly",
        Poor = "poor",
    }
}

text_enum! {
    /// 实战效果: what it came to.
    pub enum Effect {
        /// 达到预期目标
        Reached = "reached",
        /// 基本达到
        Mostly = "mostly",
        /// 没有达到，须重新演练
        Missed = "missed",
    }
}

/// The evaluation of a drill (AQ/T 9007 practice), with its written summary.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "evaluator": {"name": "李强"}, "evaluated_on": "2026-03-10", "suitability": "not_smooth", "sufficiency": "mostly", "people_in_place": "in_time",
    "supplies_in_place": "mostly", "coordination": "smooth", "effect": "reached", "comments": "首次处置快，交接不清",
    "summary": "夜间二楼起火演练，42人全部到达安全区。交接时未说明缺员，今后由指挥官口头复述。"
}))]
pub struct EvaluationForm {
    /// Not somebody who commanded.
    pub evaluator: Person,
    /// The local day.
    pub evaluated_on: NaiveDate,
    /// Where it is unsuitable, a problem of the drill must call for a change of the plan.
    pub suitability: Suitability,
    /// The same where it is insufficient.
    pub sufficiency: Sufficiency,
    pub people_in_place: InPlace,
    pub supplies_in_place: InPlace,
    pub coordination: Coordination,
    pub effect: Effect,
    #[schema(min_length = 1, max_length = 2000)]
    pub comments: Option<String>,
    /// 演练总结: outline, problems, lessons, advice.
    #[schema(min_length = 1, max_length = 8000)]
    pub summary: String,
    /// What the record does not tell of yet.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub problems: Vec<Problem>,
}
