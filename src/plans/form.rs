//! What is sent to draft or to change a plan, and whether it can be meant. Pure.

use super::content::PlanContent;
use crate::evidence::{DeclaredEvidence, EvidenceRole, rules::check_each};
use crate::fields::Fields;
use crate::ids::{InstitutionId, PlanId};
use crate::refusal::{FieldCode, Refusal};
use crate::rules::kinds::plan_contents::GroupKind;
use crate::staff::rules::check_person;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A plan as it is drafted: written anew, or copied from an earlier edition.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010",
    "content": {"kind": "general", "level": 3, "title": "灭火和应急疏散预案",
        "parts": [{"code": "alarm", "text": "发现火情立即报告值班室，值班员确认后拨打119并通知现场指挥官。"}],
        "buildings": [{"name": "主楼", "floors": 4, "beds": 80}]},
    "floor_plans": [{"building": "主楼", "floor": 2, "evidence": [{
        "id": "0198f000-0000-7000-8000-0000000000e2", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "role": "document", "media_type": "image/png", "size": 203511}]}]
}))]
pub struct PlanForm {
    pub institution_id: InstitutionId,
    /// Another edition of the same institution, whatever became of it.
    pub based_on: Option<PlanId>,
    /// That of `based_on` when absent, with its pictures.
    pub content: Option<PlanContent>,
    /// Pictures of the floors that will follow.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub floor_plans: Vec<FloorPlan>,
}

/// What to change of a draft.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "content": {"kind": "general", "level": 3, "title": "灭火和应急疏散预案（修订）", "buildings": [{"name": "主楼", "floors": 4, "beds": 80}]},
    "expected_version": 1
}))]
pub struct PlanChange {
    /// All of it as it is to be; as it was when absent.
    pub content: Option<PlanContent>,
    /// More pictures of the floors.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub floor_plans: Vec<FloorPlan>,
    #[serde(skip_serializing)]
    pub expected_version: Option<i64>,
}

/// Everything that can be said of a content and its drawings by themselves.
pub fn check(content: &PlanContent, floor_plans: &[FloorPlan], already: usize) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    content.check(&mut fields);
    check_floor_plans(&mut fields, floor_plans, content, already);
    fields.finish()
}

/// The drawings of one floor, or of a whole building: pictures that will follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FloorPlan {
    /// One of the plan's `buildings`.
    #[schema(min_length = 1, max_length = 60)]
    pub building: String,
    #[schema(minimum = -5, maximum = 100)]
    pub floor: Option<i32>,
    /// Each of the role `document`.
    #[schema(min_items = 1, max_items = 10)]
    pub evidence: Vec<DeclaredEvidence>,
}

impl FloorPlan {
    /// What the pictures say that they show: `主楼/2`.
    pub fn part(&self) -> String {
        match self.floor {
            Some(floor) => format!("{}/{floor}", self.building),
            None => self.building.clone(),
        }
    }
}

/// More pictures of one plan are not looked at by anybody at three in the morning.
const MOST_PICTURES: usize = 200;
/// The storeys a building can have.
const FLOORS: std::ops::RangeInclusive<i32> = -5..=100;

/// Whether the drawings can be those of this plan.
fn check_floor_plans(fields: &mut Fields, plans: &[FloorPlan], content: &PlanContent, already: usize) {
    let pictures = plans.iter().map(|plan| plan.evidence.len()).sum::<usize>();
    fields.check(
        plans.len() <= 100 && already + pictures <= MOST_PICTURES,
        "/floor_plans",
        FieldCode::TooMany,
    );
    let mut ids = BTreeSet::new();
    for (at, plan) in plans.iter().enumerate() {
        let place = format!("/floor_plans/{at}");
        known_building(fields, &format!("{place}/building"), Some(&plan.building), content);
        floor(fields, &format!("{place}/floor"), plan.floor);
        let list = format!("{place}/evidence");
        fields.check(!plan.evidence.is_empty(), list.clone(), FieldCode::Required);
        fields.check(plan.evidence.len() <= 10, list.clone(), FieldCode::TooMany);
        check_each(fields, &list, &plan.evidence);
        for (of, one) in plan.evidence.iter().enumerate() {
            fields.check(
                one.role == EvidenceRole::Document,
                format!("{list}/{of}/role"),
                FieldCode::NotAllowedHere,
            );
            let twice = !ids.insert(one.id) && plan.evidence.iter().take(of).all(|other| other.id != one.id);
            fields.check(!twice, format!("{list}/{of}/id"), FieldCode::Duplicate);
        }
    }
}

fn known_building(fields: &mut Fields, pointer: &str, name: Option<&String>, content: &PlanContent) {
    let Some(name) = name else { return };
    let known = content.buildings.iter().any(|building| building.name == *name);
    fields.check(known, pointer, FieldCode::UnknownReference);
}

fn floor(fields: &mut Fields, pointer: &str, floor: Option<i32>) {
    fields.number(pointer, &floor.unwrap_or(1), FLOORS);
}

fn code(fields: &mut Fields, pointer: &str, text: &str) {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    fields.check((1..=30).contains(&text.len()) && text.chars().all(good), pointer, FieldCode::BadFormat);
}

impl PlanContent {
    /// Everything that is wrong with it, each with its place below `/content`.
    fn check(&self, fields: &mut Fields) {
        fields.number("/content/level", &self.level.unwrap_or(1), 1..=5);
        fields.line("/content/title", &self.title, 1..=100);
        self.check_sizes(fields);
        self.check_texts(fields);
        self.check_people(fields);
        self.check_places(fields);
        self.check_rest(fields);
    }

    fn check_sizes(&self, fields: &mut Fields) {
        let sizes = [
            ("parts", self.parts.len(), 60),
            ("groups", self.groups.len(), 20),
            ("scenarios", self.scenarios.len(), 50),
            ("alarm_tree", self.alarm_tree.len(), 60),
            ("roster", self.roster.len(), 200),
            ("assembly_points", self.assembly_points.len(), 20),
            ("refuge_points", self.refuge_points.len(), 100),
            ("buildings", self.buildings.len(), 30),
            ("movement", self.movement.len(), 5),
            ("equipment", self.equipment.len(), 200),
        ];
        for (name, size, most) in sizes {
            fields.check(size <= most, format!("/content/{name}"), FieldCode::TooMany);
        }
    }

    fn check_texts(&self, fields: &mut Fields) {
        let mut codes = BTreeSet::new();
        for (at, part) in self.parts.iter().enumerate() {
            let pointer = |name: &str| format!("/content/parts/{at}/{name}");
            code(fields, &pointer("code"), &part.code);
            fields.check(codes.insert(&part.code), pointer("code"), FieldCode::Duplicate);
            fields.prose(&pointer("text"), &part.text, 1..=20_000);
        }
        let mut codes = BTreeSet::new();
        for (at, one) in self.scenarios.iter().enumerate() {
            let pointer = |name: &str| format!("/content/scenarios/{at}/{name}");
            code(fields, &pointer("code"), &one.code);
            fields.check(codes.insert(&one.code), pointer("code"), FieldCode::Duplicate);
            fields.line(&pointer("place"), &one.place, 1..=200);
            fields.line(&pointer("origin"), &one.origin, 1..=200);
            fields.optional_prose(&pointer("text"), one.text.as_deref(), 2000);
        }
        let mut classes = BTreeSet::new();
        for (at, one) in self.movement.iter().enumerate() {
            let pointer = |name: &str| format!("/content/movement/{at}/{name}");
            fields.check(classes.insert(one.class), pointer("class"), FieldCode::Duplicate);
            fields.prose(&pointer("way"), &one.way, 1..=1000);
            fields.number(&pointer("helpers"), &one.helpers.unwrap_or(0), 0..=6);
            fields.optional_line(&pointer("device"), one.device.as_deref(), 60);
        }
    }

    fn check_people(&self, fields: &mut Fields) {
        let mut kinds = BTreeSet::new();
        for (at, group) in self.groups.iter().enumerate() {
            let place = format!("/content/groups/{at}");
            let twice = group.kind != GroupKind::Other && !kinds.insert(group.kind);
            fields.check(!twice, format!("{place}/kind"), FieldCode::Duplicate);
            let named = group.kind != GroupKind::Other || group.name.is_some();
            fields.check(named, format!("{place}/name"), FieldCode::Required);
            fields.optional_line(&format!("{place}/name"), group.name.as_deref(), 60);
            fields.check(group.members.len() <= 100, format!("{place}/members"), FieldCode::TooMany);
            for (of, member) in group.members.iter().enumerate() {
                let place = format!("{place}/members/{of}");
                check_person(fields, &format!("{place}/person"), &member.person);
                fields.optional_line(&format!("{place}/duty"), member.duty.as_deref(), 200);
                fields.optional_line(&format!("{place}/phone"), member.phone.as_deref(), 30);
            }
        }
        for (at, call) in self.alarm_tree.iter().enumerate() {
            let pointer = |name: &str| format!("/content/alarm_tree/{at}/{name}");
            fields.line(&pointer("from"), &call.from, 1..=60);
            fields.optional_line(&pointer("name"), call.name.as_deref(), 60);
            fields.optional_line(&pointer("phone"), call.phone.as_deref(), 30);
        }
        for (at, duty) in self.roster.iter().enumerate() {
            let pointer = |name: &str| format!("/content/roster/{at}/{name}");
            fields.line(&pointer("post"), &duty.post, 1..=60);
            fields.optional_line(&pointer("duty"), duty.duty.as_deref(), 200);
            if let Some(who) = &duty.person {
                check_person(fields, &pointer("person"), who);
            }
        }
    }

    fn check_places(&self, fields: &mut Fields) {
        for (at, point) in self.assembly_points.iter().enumerate() {
            let pointer = |name: &str| format!("/content/assembly_points/{at}/{name}");
            fields.line(&pointer("name"), &point.name, 1..=100);
            fields.optional_line(&pointer("head_count_by"), point.head_count_by.as_deref(), 60);
        }
        for (at, point) in self.refuge_points.iter().enumerate() {
            let pointer = |name: &str| format!("/content/refuge_points/{at}/{name}");
            fields.line(&pointer("name"), &point.name, 1..=100);
            known_building(fields, &pointer("building"), point.building.as_ref(), self);
            floor(fields, &pointer("floor"), point.floor);
            fields.number(&pointer("holds"), &point.holds.unwrap_or(1), 1..=10_000);
        }
        let mut names = BTreeSet::new();
        for (at, building) in self.buildings.iter().enumerate() {
            let pointer = |name: &str| format!("/content/buildings/{at}/{name}");
            fields.line(&pointer("name"), &building.name, 1..=60);
            fields.check(names.insert(&building.name), pointer("name"), FieldCode::Duplicate);
            fields.number(&pointer("floors"), &building.floors, 1..=100);
            fields.number(&pointer("beds"), &building.beds, 0..=100_000);
            for (list, zones) in
                [("compartments", &building.compartments), ("refuge_rooms", &building.refuge_rooms)]
            {
                fields.check(zones.len() <= 200, pointer(list), FieldCode::TooMany);
                for (of, zone) in zones.iter().enumerate() {
                    fields.line(&format!("{}/{of}/name", pointer(list)), &zone.name, 1..=60);
                    floor(fields, &format!("{}/{of}/floor", pointer(list)), zone.floor);
                }
            }
            fields.optional_line(&pointer("control_room"), building.control_room.as_deref(), 200);
            fields.optional_line(&pointer("keys"), building.keys.as_deref(), 200);
        }
    }

    fn check_rest(&self, fields: &mut Fields) {
        for (at, one) in self.equipment.iter().enumerate() {
            let pointer = |name: &str| format!("/content/equipment/{at}/{name}");
            fields.line(&pointer("name"), &one.name, 1..=60);
            fields.number(&pointer("count"), &one.count, 1..=100_000);
            fields.line(&pointer("place"), &one.place, 1..=200);
        }
        if let Some(one) = &self.handover {
            fields.line("/content/handover/met_by", &one.met_by, 1..=100);
            fields.line("/content/handover/place", &one.place, 1..=200);
            fields.optional_line("/content/handover/drawings", one.drawings.as_deref(), 200);
            fields.optional_prose("/content/handover/missing", one.missing.as_deref(), 500);
        }
        if let Some(one) = &self.aftercare {
            for (name, text) in one.texts() {
                fields.optional_prose(&format!("/content/aftercare/{name}"), text, 1000);
            }
        }
    }
}
