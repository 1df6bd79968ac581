//! Whether a plan says what the rule document asks for, part by part. Pure.

use super::content::PlanContent;
use crate::residents::EvacClass;
use crate::rules::document::DocumentRef;
use crate::rules::kinds::drills::Shift;
use crate::rules::kinds::plan_contents::{CallTo, PlanContents, PlanPart, Shown};
use crate::rules::resolve::InForce;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContentCheck {
    /// What it was checked against.
    pub document: DocumentRef,
    /// Nothing that is required is missing.
    pub complete: bool,
    /// Required and proposed ones, in the order of the document.
    pub missing: Vec<MissingPart>,
    /// Codes of texts that the document does not ask for: a plan may say more.
    pub beyond: Vec<String>,
}

impl ContentCheck {
    /// The codes of the required parts that are missing.
    pub fn required(&self) -> Vec<String> {
        self.missing.iter().filter(|part| part.required).map(|part| part.code.clone()).collect()
    }
}

/// A part that is not there, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingPart {
    pub code: String,
    pub title_zh: String,
    pub title_en: String,
    /// Without it the plan cannot be approved; the others are proposed.
    pub required: bool,
    pub basis: String,
    pub verified: bool,
    pub lacks: Vec<Lack>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lack {
    pub what: Shown,
    /// Which of them: a group without members, a class without a way, a shift without anybody, a call that is not made.
    pub which: Option<String>,
}

/// Who does not leave alone, and so needs a way to be moved.
const NEED_A_WAY: [EvacClass; 4] =
    [EvacClass::Guided, EvacClass::Assisted, EvacClass::Wheeled, EvacClass::Carried];
/// When somebody must be there.
const NEED_SOMEBODY: [Shift; 2] = [Shift::Day, Shift::Night];

/// Compares a plan with what is asked for.
pub fn check(content: &PlanContent, asked: InForce<'_, PlanContents>) -> ContentCheck {
    let missing: Vec<MissingPart> = asked.part.iter().filter_map(|part| missing(content, part)).collect();
    let beyond = content.parts.iter().map(|text| &text.code);
    let beyond = beyond.filter(|code| !asked.part.iter().any(|part| part.code == **code));
    ContentCheck {
        document: asked.head.reference(),
        complete: !missing.iter().any(|part| part.required),
        beyond: beyond.cloned().collect(),
        missing,
    }
}

fn missing(content: &PlanContent, part: &PlanPart) -> Option<MissingPart> {
    let lacks: Vec<Lack> = part.shown_by.iter().flat_map(|shown| lacks(content, part, *shown)).collect();
    if lacks.is_empty() {
        return None;
    }
    Some(MissingPart {
        code: part.code.clone(),
        title_zh: part.title_zh.clone(),
        title_en: part.title_en.clone(),
        required: part.required,
        basis: part.basis.clone(),
        verified: part.verified,
        lacks,
    })
}

fn lacks(content: &PlanContent, part: &PlanPart, what: Shown) -> Vec<Lack> {
    let there = |there: bool| if there { Vec::new() } else { vec![Lack { what, which: None }] };
    let each = |which: Vec<&str>| -> Vec<Lack> {
        which.into_iter().map(|which| Lack { what, which: Some(which.to_owned()) }).collect()
    };
    match what {
        Shown::Text => there(content.parts.iter().any(|text| text.code == part.code)),
        Shown::Level => there(content.level.is_some()),
        Shown::Groups if part.groups.is_empty() => {
            there(content.groups.iter().any(|group| !group.members.is_empty()))
        }
        Shown::Groups => {
            let staffed = |kind| content.groups.iter().any(|one| one.kind == kind && !one.members.is_empty());
            each(part.groups.iter().filter(|kind| !staffed(**kind)).map(|kind| kind.as_str()).collect())
        }
        Shown::AlarmTree => {
            let calls = if part.calls.is_empty() { &[CallTo::Fire] } else { part.calls.as_slice() };
            let made = |to| content.alarm_tree.iter().any(|call| call.to == to);
            each(calls.iter().filter(|to| !made(**to)).map(|to| to.as_str()).collect())
        }
        Shown::Roster => {
            let held = |shift| content.roster.iter().any(|duty| duty.shift == shift);
            each(NEED_SOMEBODY.iter().filter(|shift| !held(**shift)).map(|shift| shift.as_str()).collect())
        }
        Shown::Movement => {
            let told = |class| content.movement.iter().any(|one| one.class == class);
            each(NEED_A_WAY.iter().filter(|class| !told(**class)).map(|class| class.as_str()).collect())
        }
        Shown::Scenarios => there(!content.scenarios.is_empty()),
        Shown::Buildings => there(!content.buildings.is_empty()),
        Shown::AssemblyPoints => there(!content.assembly_points.is_empty()),
        Shown::RefugePoints => there(!content.refuge_points.is_empty()),
        Shown::Equipment => there(!content.equipment.is_empty()),
        Shown::Handover => there(content.handover.is_some()),
        Shown::Aftercare => {
            let told = |one: &super::content::Aftercare| one.texts().iter().any(|(_, text)| text.is_some());
            there(content.aftercare.as_ref().is_some_and(told))
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::rules::document::Document;
    use crate::rules::kinds::Content;
    use serde_json::{Value, json};

    /// A plan that lacks nothing, as JSON.
    pub(crate) fn whole() -> Value {
        let text = |code: &str| json!({ "code": code, "text": "按程序办理" });
        let group = |kind: &str| json!({ "kind": kind, "members": [{ "person": { "name": "陈静" } }] });
        let way = |class: &str| json!({ "class": class, "way": "两人搀扶" });
        let call = |to: &str| json!({ "from": "值班员", "to": to });
        let texts = ["alarm", "evacuation", "incipient-fire", "communications", "helpers"].map(text);
        let groups =
            ["fire_fighting", "communications", "evacuation_guide", "protection_first_aid"].map(group);
        let calls = ["fire_119", "ambulance_120", "civil_affairs"].map(call);
        let ways = ["guided", "assisted", "wheeled", "carried"].map(way);
        json!({ "kind": "general", "level": 3, "title": "灭火和应急疏散预案",
            "parts": texts,
            "groups": groups,
            "scenarios": [{ "code": "S1", "place": "203室", "origin": "插排" }],
            "alarm_tree": calls,
            "roster": [{ "shift": "day", "post": "护理员" }, { "shift": "night", "post": "护理员" }],
            "assembly_points": [{ "name": "南门广场" }], "refuge_points": [{ "name": "西侧前室", "building": "主楼" }],
            "buildings": [{ "name": "主楼", "floors": 4, "beds": 80 }],
            "movement": ways,
            "equipment": [{ "name": "疏散床单", "count": 12, "place": "护理站" }],
            "handover": { "met_by": "副院长", "place": "南门" }, "aftercare": { "placement": "中心小学" } })
    }

    pub(crate) fn content(value: Value) -> PlanContent {
        serde_json::from_value(value).unwrap()
    }

    fn checked(content: &PlanContent, document: &str) -> ContentCheck {
        let document = Document::parse(document).unwrap();
        let Content::PlanContents(asked) = &document.content else { panic!("another kind") };
        check(content, InForce { head: &document.head, content: asked })
    }

    const DEFAULT: &str = include_str!("../../rules/plan_contents.toml");

    #[test]
    fn a_whole_plan_lacks_nothing() {
        let found = checked(&content(whole()), DEFAULT);
        assert_eq!((found.complete, found.missing, found.beyond), (true, vec![], vec![]));
    }

    /// Each part of the document in force: what is taken out of a whole plan, which part is then missing, whether the plan
    /// can still be approved, and what exactly it lacks.
    #[test]
    fn each_part_is_missed_by_its_code() {
        let table: [(&str, Value, &str, bool, &[&str]); 17] = [
            ("/groups/1/members", json!([]), "organisation", true, &["communications"]),
            (
                "/groups",
                json!([]),
                "organisation",
                true,
                &["fire_fighting", "communications", "evacuation_guide", "protection_first_aid"],
            ),
            ("/parts/0/code", json!("other"), "alarm", true, &[]),
            ("/parts/1/code", json!("other"), "evacuation", true, &[]),
            ("/parts/2/code", json!("other"), "incipient-fire", true, &[]),
            ("/parts/3/code", json!("other"), "communications", true, &[]),
            ("/parts/4/code", json!("other"), "helpers", true, &[]),
            ("/movement/3/class", json!("self"), "disabled-residents", true, &["carried"]),
            ("/level", json!(null), "level", false, &[]),
            ("/alarm_tree/1/to", json!("own"), "alarm-tree", false, &["ambulance_120"]),
            ("/scenarios", json!([]), "scenarios", false, &[]),
            ("/roster/1/shift", json!("evening"), "roster", false, &["night"]),
            ("/assembly_points", json!([]), "meeting-points", false, &[]),
            ("/refuge_points", json!([]), "horizontal", false, &[]),
            ("/equipment", json!([]), "equipment", false, &[]),
            ("/handover", json!(null), "handover", false, &[]),
            ("/aftercare", json!({}), "after-care", false, &[]),
        ];
        for (place, value, code, required, which) in table {
            let mut plan = whole();
            *plan.pointer_mut(place).unwrap() = value;
            let found = checked(&content(plan), DEFAULT);
            let told: Vec<(&str, bool)> =
                found.missing.iter().map(|p| (p.code.as_str(), p.required)).collect();
            assert_eq!(told, [(code, required)], "{place}");
            assert_eq!(found.complete, !required, "{place}");
            assert_eq!(found.required().len(), usize::from(required), "{place}");
            let lacks: Vec<&str> =
                found.missing[0].lacks.iter().filter_map(|one| one.which.as_deref()).collect();
            assert_eq!(lacks, which, "{place}");
            assert!(!found.missing[0].basis.is_empty());
        }
        let mut plan = whole();
        plan["buildings"] = json!([]);
        plan["refuge_points"] = json!([{ "name": "前室" }]);
        let found = checked(&content(plan), DEFAULT);
        assert_eq!(found.missing.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["building"]);
    }

    #[test]
    fn an_empty_draft_is_told_everything_at_once() {
        let found = checked(&content(json!({ "kind": "general", "title": "草稿" })), DEFAULT);
        let required = [
            "organisation",
            "alarm",
            "evacuation",
            "incipient-fire",
            "communications",
            "disabled-residents",
            "helpers",
        ];
        assert_eq!(found.required(), required);
        assert_eq!(found.missing.len(), 17);
        assert!(!found.complete);
    }

    #[test]
    fn a_document_that_says_no_more_than_before_asks_for_texts() {
        let old: String = DEFAULT
            .lines()
            .filter(|line| {
                !["shown_by", "groups =", "calls", "resident_mix"].iter().any(|word| line.starts_with(word))
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let found = checked(&content(whole()), &old);
        assert!(found.missing.iter().any(|part| part.code == "organisation"));
        assert!(found.missing.iter().all(|part| part.lacks.iter().all(|lack| lack.what == Shown::Text)));
    }

    #[test]
    fn a_plan_may_say_more_than_is_asked_for() {
        let mut plan = whole();
        plan["parts"].as_array_mut().unwrap().push(json!({ "code": "boiler-house", "text": "锅炉房" }));
        let found = checked(&content(plan), DEFAULT);
        assert_eq!((found.complete, found.beyond), (true, vec!["boiler-house".to_owned()]));
    }
}
