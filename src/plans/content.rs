//! What a plan says. Pure.

use crate::residents::EvacClass;
use crate::rules::kinds::drills::Shift;
use crate::rules::kinds::plan_contents::{CallTo, GroupKind};
use crate::staff::Person;
use crate::text_enum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Which plan it is.
    pub enum PlanKind {
        /// 总预案
        General = "general",
        /// 分预案
        Partial = "partial",
        /// 现场处置方案
        OnSite = "on_site",
    }
}

/// The content of one edition. A draft may lack anything; what a plan must have before it is approved is said by the rule
/// document `plan_contents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "general", "level": 3, "title": "灭火和应急疏散预案",
    "parts": [{"code": "alarm", "text": "发现火情立即报告值班室，值班员确认后拨打119并通知现场指挥官。"}],
    "groups": [{"kind": "evacuation_guide", "members": [{"person": {"name": "陈静"}, "duty": "二楼东侧逐室清人", "phone": "13800000001"}]}],
    "scenarios": [{"code": "S1", "place": "二楼东侧203室", "shift": "night", "origin": "气垫床电源插排"}],
    "alarm_tree": [{"from": "值班员", "to": "fire_119", "name": "消防救援", "phone": "119"}],
    "roster": [{"shift": "night", "post": "夜班护理员", "duty": "敲门逐室叫醒", "person": {"name": "陈静"}}],
    "assembly_points": [{"name": "南门广场", "head_count_by": "陈静"}],
    "refuge_points": [{"name": "二楼西侧前室", "building": "主楼", "floor": 2, "holds": 12}],
    "buildings": [{"name": "主楼", "floors": 4, "beds": 80, "compartments": [{"name": "二楼东区", "floor": 2}], "refuge_rooms": [{"name": "二楼避难间", "floor": 2}], "control_room": "一楼值班室", "keys": "值班室钥匙柜"}],
    "movement": [{"class": "carried", "way": "两人用疏散床单平移至西侧前室，再由消防队转运", "helpers": 2, "device": "疏散床单"}],
    "equipment": [{"name": "疏散床单", "count": 12, "place": "二楼护理站"}],
    "handover": {"met_by": "副院长", "place": "南门", "drawings": "值班室图纸盒", "missing": "各层清点人上报失联人数"},
    "aftercare": {"transport": "福康车队", "medicines": "护理站药车随行", "families": "社工逐户电话告知", "placement": "龙凤镇中心小学"}
}))]
pub struct PlanContent {
    pub kind: PlanKind,
    /// 预案等级 by assumed severity, 1 to 5 (GB/T 38315-2019).
    #[schema(minimum = 1, maximum = 5)]
    pub level: Option<u32>,
    #[schema(min_length = 1, max_length = 100)]
    pub title: String,
    /// Texts under the codes of the rule document's parts, and under codes of one's own.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub parts: Vec<PartText>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub groups: Vec<Group>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub scenarios: Vec<Scenario>,
    /// 报警联络图: who calls whom.
    #[serde(default)]
    #[schema(max_items = 60)]
    pub alarm_tree: Vec<Call>,
    /// 各班次人员分工
    #[serde(default)]
    #[schema(max_items = 200)]
    pub roster: Vec<ShiftDuty>,
    /// 集合点
    #[serde(default)]
    #[schema(max_items = 20)]
    pub assembly_points: Vec<AssemblyPoint>,
    /// 水平疏散避难点
    #[serde(default)]
    #[schema(max_items = 100)]
    pub refuge_points: Vec<RefugePoint>,
    #[serde(default)]
    #[schema(max_items = 30)]
    pub buildings: Vec<Building>,
    /// How those are moved who do not leave alone, by class; each class once.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub movement: Vec<Movement>,
    #[serde(default)]
    #[schema(max_items = 200)]
    pub equipment: Vec<Equipment>,
    /// 与消防队交接
    pub handover: Option<BrigadeHandover>,
    /// 善后
    pub aftercare: Option<Aftercare>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartText {
    #[schema(pattern = "^[A-Za-z0-9._-]{1,30}$")]
    pub code: String,
    #[schema(min_length = 1, max_length = 20000)]
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Each kind once, but for `other`.
    pub kind: GroupKind,
    /// Needed for `other`.
    #[schema(min_length = 1, max_length = 60)]
    pub name: Option<String>,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub person: Person,
    #[schema(min_length = 1, max_length = 200)]
    pub duty: Option<String>,
    #[schema(min_length = 1, max_length = 30)]
    pub phone: Option<String>,
}

/// 假定情景
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What drills name it by.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,30}$")]
    pub code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub place: String,
    /// Any shift when absent.
    pub shift: Option<Shift>,
    /// 起火部位、原因
    #[schema(min_length = 1, max_length = 200)]
    pub origin: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub text: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// A post or a name.
    #[schema(min_length = 1, max_length = 60)]
    pub from: String,
    pub to: CallTo,
    /// Who answers.
    #[schema(min_length = 1, max_length = 60)]
    pub name: Option<String>,
    #[schema(min_length = 1, max_length = 30)]
    pub phone: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftDuty {
    pub shift: Shift,
    /// 岗位
    #[schema(min_length = 1, max_length = 60)]
    pub post: String,
    /// What whoever holds the post does.
    #[schema(min_length = 1, max_length = 200)]
    pub duty: Option<String>,
    /// Who holds it usually.
    pub person: Option<Person>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssemblyPoint {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(min_length = 1, max_length = 60)]
    pub head_count_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefugePoint {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// One of `buildings`.
    #[schema(min_length = 1, max_length = 60)]
    pub building: Option<String>,
    #[schema(minimum = -5, maximum = 100)]
    pub floor: Option<i32>,
    /// So many residents, beds and wheelchairs included.
    #[schema(minimum = 1, maximum = 10000)]
    pub holds: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Building {
    /// Each name once.
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    #[schema(minimum = 1, maximum = 100)]
    pub floors: u32,
    #[schema(minimum = 0, maximum = 100000)]
    pub beds: u32,
    /// 防火分区
    #[serde(default)]
    #[schema(max_items = 200)]
    pub compartments: Vec<Zone>,
    /// 避难间
    #[serde(default)]
    #[schema(max_items = 200)]
    pub refuge_rooms: Vec<Zone>,
    /// 消控室
    #[schema(min_length = 1, max_length = 200)]
    pub control_room: Option<String>,
    /// Where the keys are.
    #[schema(min_length = 1, max_length = 200)]
    pub keys: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    #[schema(minimum = -5, maximum = 100)]
    pub floor: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    pub class: EvacClass,
    #[schema(min_length = 1, max_length = 1000)]
    pub way: String,
    /// For each resident.
    #[schema(minimum = 0, maximum = 6)]
    pub helpers: Option<u32>,
    #[schema(min_length = 1, max_length = 60)]
    pub device: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Equipment {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    #[schema(minimum = 1, maximum = 100000)]
    pub count: u32,
    #[schema(min_length = 1, max_length = 200)]
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrigadeHandover {
    /// Who meets the fire brigade.
    #[schema(min_length = 1, max_length = 100)]
    pub met_by: String,
    #[schema(min_length = 1, max_length = 200)]
    pub place: String,
    /// Where the drawings are.
    #[schema(min_length = 1, max_length = 200)]
    pub drawings: Option<String>,
    /// How the number of the missing is told.
    #[schema(min_length = 1, max_length = 500)]
    pub missing: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Aftercare {
    #[schema(min_length = 1, max_length = 1000)]
    pub transport: Option<String>,
    #[schema(min_length = 1, max_length = 1000)]
    pub medicines: Option<String>,
    #[schema(min_length = 1, max_length = 1000)]
    pub families: Option<String>,
    /// 临时安置
    #[schema(min_length = 1, max_length = 1000)]
    pub placement: Option<String>,
}

impl PlanContent {
    /// Everybody it names who has something to do, with what that is: group or post.
    pub fn people(&self) -> impl Iterator<Item = (&Person, &str)> {
        let members = self.groups.iter().flat_map(|group| {
            let word = group.name.as_deref().unwrap_or(group_word(group.kind));
            group.members.iter().map(move |member| (&member.person, word))
        });
        let posts = self.roster.iter().filter_map(|duty| Some((duty.person.as_ref()?, duty.post.as_str())));
        members.chain(posts)
    }
}

impl PlanContent {
    /// The same people, each with its place in the body.
    pub fn named(&self) -> impl Iterator<Item = (String, &Person)> {
        let members = self.groups.iter().enumerate().flat_map(|(at, group)| {
            let place = move |of: usize| format!("/content/groups/{at}/members/{of}/person");
            group.members.iter().enumerate().map(move |(of, member)| (place(of), &member.person))
        });
        let posts =
            self.roster.iter().enumerate().filter_map(|(at, duty)| {
                Some((format!("/content/roster/{at}/person"), duty.person.as_ref()?))
            });
        members.chain(posts)
    }
}

impl Aftercare {
    /// Its four texts by the names of their fields.
    pub fn texts(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("transport", self.transport.as_deref()),
            ("medicines", self.medicines.as_deref()),
            ("families", self.families.as_deref()),
            ("placement", self.placement.as_deref()),
        ]
    }
}

/// What people call a group.
fn group_word(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Command => "应急指挥部",
        GroupKind::FireFighting => "灭火行动组",
        GroupKind::Communications => "通讯联络组",
        GroupKind::EvacuationGuide => "疏散引导组",
        GroupKind::ProtectionFirstAid => "安全防护救护组",
        GroupKind::Guard => "安全保卫组",
        GroupKind::Logistics => "后勤保障组",
        GroupKind::Other => "其他",
    }
}
