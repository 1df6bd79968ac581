//! What calls for the revision of the plan in force (domain 1.7). Pure.

use super::content::PlanContent;
use crate::ids::{DrillId, StaffId};
use crate::residents::EvacClass;
use crate::rules::document::DocumentRef;
use crate::staff::Person;
use crate::text_enum;
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// Why a plan must be looked at again.
    pub enum RevisionCode {
        /// It was not looked over for as many months as the rule document allows.
        ReviewDue = "review_due",
        /// Somebody whom it names no longer works there.
        KeyPersonLeft = "key_person_left",
        /// The shares of the residents' evacuation classes are others by more than the rule document allows.
        ResidentsChanged = "residents_changed",
        BedsChanged = "beds_changed",
        /// Another version of the rule document is in force than it was checked against.
        RulesChanged = "rules_changed",
        /// A drill found a problem of the plan itself.
        DrillProblem = "drill_problem",
    }
}

/// How many residents there are of each class.
pub type ResidentMix = BTreeMap<EvacClass, u32>;

/// What was the case when a plan came into force, or was last found right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    pub taken_on: NaiveDate,
    /// The rule document that its content was checked against.
    pub document: DocumentRef,
    pub beds: i32,
    /// By evacuation class; absent where the home had no table of them.
    pub residents: Option<ResidentMix>,
}

/// Somebody on the list of staff who left, and the last day of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub staff_id: StaffId,
    pub left_on: NaiveDate,
}

/// A problem that a drill found in the plan, and that no later edition has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    pub drill_id: DrillId,
    pub found_on: NaiveDate,
    pub text: String,
}

/// How things are on the day that is asked about.
#[derive(Debug, Clone)]
pub struct Known {
    pub on: NaiveDate,
    /// The document in force, since when, and its numbers.
    pub document: DocumentRef,
    pub document_since: NaiveDate,
    pub review_months: u32,
    pub resident_mix_points: u32,
    pub beds: i32,
    pub residents: Option<ResidentMix>,
    pub left: Vec<Left>,
    pub problems: Vec<PlanProblem>,
}

/// One reason to revise the plan, with the facts it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "key_person_left", "since": "2026-02-28", "reason_zh": "预案所列陈静（疏散引导组）已于2026-02-28离岗",
    "reason_en": "陈静 (疏散引导组), whom the plan names, left on 2026-02-28", "person": {"staff_id": "0198f000-0000-7000-8000-000000000090", "name": "陈静"}
}))]
pub struct Revision {
    pub code: RevisionCode,
    /// Since when, where the day is known: how many live there is counted when it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NaiveDate>,
    pub reason_zh: String,
    pub reason_en: String,
    /// Who left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Which drill found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill_id: Option<DrillId>,
    /// The classes whose share moved by more than is allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassShare>,
}

/// So many of so many residents, then and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassShare {
    pub class: EvacClass,
    pub was: u32,
    pub was_of: u32,
    pub is: u32,
    pub is_of: u32,
}

impl Revision {
    fn of(code: RevisionCode, since: Option<NaiveDate>, zh: String, en: String) -> Self {
        Self { code, since, reason_zh: zh, reason_en: en, person: None, drill_id: None, classes: Vec::new() }
    }
}

/// Everything that calls for a revision of a plan that was last found right on `reviewed_on`.
pub fn revisions(
    content: &PlanContent,
    snapshot: &Snapshot,
    reviewed_on: NaiveDate,
    known: &Known,
) -> Vec<Revision> {
    let mut found = Vec::new();
    found.extend(review_due(reviewed_on, known));
    found.extend(people_left(content, known));
    found.extend(residents_changed(snapshot, known));
    found.extend(beds_changed(snapshot, known));
    found.extend(rules_changed(snapshot, known));
    found.extend(drill_problems(known));
    found
}

/// The day by which a plan is to be looked over again.
pub fn review_by(reviewed_on: NaiveDate, months: u32) -> NaiveDate {
    reviewed_on.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

fn review_due(reviewed_on: NaiveDate, known: &Known) -> Option<Revision> {
    let by = review_by(reviewed_on, known.review_months);
    let months = known.review_months;
    (by <= known.on).then(|| {
        let zh = format!("自{reviewed_on}起已满{months}个月未复审");
        let en = format!("Not looked over for {months} months, since {reviewed_on}");
        Revision::of(RevisionCode::ReviewDue, Some(by), zh, en)
    })
}

/// One for each person, with everything they had to do.
fn people_left(content: &PlanContent, known: &Known) -> Vec<Revision> {
    let mut named: BTreeMap<StaffId, (&Person, Vec<&str>)> = BTreeMap::new();
    for (person, duty) in content.people() {
        if let Some(id) = person.staff_id {
            let (_, duties) = named.entry(id).or_insert((person, Vec::new()));
            if !duties.contains(&duty) {
                duties.push(duty);
            }
        }
    }
    let one = |left: &Left| {
        let (person, duties) = named.remove(&left.staff_id).filter(|_| left.left_on <= known.on)?;
        let (name, duties, day) = (&person.name, duties.join("、"), left.left_on);
        let zh = format!("预案所列{name}（{duties}）已于{day}离岗");
        let en = format!("{name} ({duties}), whom the plan names, left on {day}");
        let person = Some(person.clone());
        Some(Revision { person, ..Revision::of(RevisionCode::KeyPersonLeft, Some(day), zh, en) })
    };
    known.left.iter().filter_map(one).collect()
}

fn residents_changed(snapshot: &Snapshot, known: &Known) -> Option<Revision> {
    let (was, is) = (snapshot.residents.as_ref()?, known.residents.as_ref()?);
    let (was_of, is_of): (u32, u32) = (was.values().sum(), is.values().sum());
    // Of nobody there are no shares.
    if was_of == 0 || is_of == 0 {
        return None;
    }
    let share = |class: EvacClass| ClassShare {
        class,
        was: was.get(&class).copied().unwrap_or(0),
        was_of,
        is: is.get(&class).copied().unwrap_or(0),
        is_of,
    };
    let moved = |one: &ClassShare| one.moved_more_than(known.resident_mix_points);
    let classes: Vec<ClassShare> = EvacClass::ALL.iter().map(|class| share(*class)).filter(moved).collect();
    if classes.is_empty() {
        return None;
    }
    let (day, points) = (snapshot.taken_on, known.resident_mix_points);
    let told: Vec<String> = classes.iter().map(ClassShare::words).collect();
    let zh = format!("住养老人疏散分类构成较{day}变化超过{points}个百分点：{}", told.join("；"));
    let en =
        format!("Residents' classes moved by more than {points} points since {day}: {}", told.join("; "));
    Some(Revision { classes, ..Revision::of(RevisionCode::ResidentsChanged, None, zh, en) })
}

impl ClassShare {
    /// Whether the share moved by more than so many percentage points; exact, without fractions.
    fn moved_more_than(&self, points: u32) -> bool {
        let [was, was_of, is, is_of] = [self.was, self.was_of, self.is, self.is_of].map(u128::from);
        let (before, after) = (was * is_of, is * was_of);
        before.abs_diff(after) * 100 > u128::from(points) * was_of * is_of
    }

    fn words(&self) -> String {
        let Self { class, was, was_of, is, is_of } = self;
        format!("{class} {was}/{was_of} → {is}/{is_of}")
    }
}

fn beds_changed(snapshot: &Snapshot, known: &Known) -> Option<Revision> {
    let (was, is, day) = (snapshot.beds, known.beds, snapshot.taken_on);
    (was != is).then(|| {
        let zh = format!("床位数由{was}张（{day}）变为{is}张");
        let en = format!("{is} beds instead of {was} on {day}");
        Revision::of(RevisionCode::BedsChanged, None, zh, en)
    })
}

fn rules_changed(snapshot: &Snapshot, known: &Known) -> Option<Revision> {
    let (was, is) = (&snapshot.document, &known.document);
    (was != is).then(|| {
        let since = known.document_since.max(snapshot.taken_on);
        let (was, is) = (format!("{} v{}", was.id, was.version), format!("{} v{}", is.id, is.version));
        let zh = format!("预案内容规则已由{was}改为{is}");
        let en = format!("The rules for the content of plans are now {is}, no longer {was}");
        Revision::of(RevisionCode::RulesChanged, Some(since), zh, en)
    })
}

fn drill_problems(known: &Known) -> Vec<Revision> {
    let one = |problem: &PlanProblem| {
        let PlanProblem { drill_id, found_on, text } = problem;
        let zh = format!("{found_on}演练发现预案问题：{text}");
        let en = format!("The drill of {found_on} found a problem of the plan: {text}");
        let code = RevisionCode::DrillProblem;
        Revision { drill_id: Some(*drill_id), ..Revision::of(code, Some(*found_on), zh, en) }
    };
    known.problems.iter().filter(|problem| problem.found_on <= known.on).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::check::tests::{content, whole};
    use super::*;
    use rand::{Rng, SeedableRng};
    use serde_json::json;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn document(version: u32) -> DocumentRef {
        DocumentRef { id: "plan-contents-default".into(), version }
    }

    fn mix(counts: [u32; 5]) -> ResidentMix {
        EvacClass::ALL.iter().copied().zip(counts).collect()
    }

    /// A plan in force since 10 March 2025, nothing changed a year less a day later.
    fn calm() -> (PlanContent, Snapshot, Known) {
        let mut plan = whole();
        let staff = StaffId(uuid::Uuid::from_u128(7));
        plan["groups"][2]["members"][0]["person"]["staff_id"] = json!(staff);
        plan["roster"][1]["person"] = json!({ "staff_id": staff, "name": "陈静" });
        let residents = Some(mix([20, 10, 10, 30, 30]));
        let snapshot = Snapshot {
            taken_on: day("2025-03-10"),
            document: document(1),
            beds: 80,
            residents: residents.clone(),
        };
        let known = Known {
            on: day("2026-03-09"),
            document: document(1),
            document_since: day("2024-01-01"),
            review_months: 12,
            resident_mix_points: 10,
            beds: 80,
            residents,
            left: Vec::new(),
            problems: Vec::new(),
        };
        (content(plan), snapshot, known)
    }

    fn found(change: fn(&mut Known)) -> Vec<Revision> {
        let (plan, snapshot, mut known) = calm();
        change(&mut known);
        revisions(&plan, &snapshot, day("2025-03-10"), &known)
    }

    type Row = (&'static str, fn(&mut Known), Option<(RevisionCode, Option<&'static str>, &'static str)>);

    /// Each trigger: what changed, and the code, the day and the fact that come of it. Right beside each stands what is not
    /// yet enough.
    #[test]
    fn each_trigger_has_its_code_its_day_and_its_facts() {
        use RevisionCode as C;
        let table: [Row; 17] = [
            ("nothing", |_| {}, None),
            (
                "a year",
                |k| k.on = day("2026-03-10"),
                Some((C::ReviewDue, Some("2026-03-10"), "2025-03-10起已满12个月")),
            ),
            (
                "half a year is allowed",
                |k| k.review_months = 6,
                Some((C::ReviewDue, Some("2025-09-10"), "6个月")),
            ),
            (
                "two years are allowed",
                |k| {
                    k.review_months = 24;
                    k.on = day("2027-03-09");
                },
                None,
            ),
            (
                "a key person",
                |k| k.left = vec![left(7, "2026-02-28")],
                Some((C::KeyPersonLeft, Some("2026-02-28"), "陈静（疏散引导组、护理员）已于2026-02-28离岗")),
            ),
            ("somebody it does not name", |k| k.left = vec![left(8, "2026-02-28")], None),
            ("who leaves tomorrow", |k| k.left = vec![left(7, "2026-03-10")], None),
            (
                "11 points",
                |k| k.residents = Some(mix([31, 10, 10, 30, 19])),
                Some((C::ResidentsChanged, None, "self 20/100 → 31/100；carried 30/100 → 19/100")),
            ),
            ("10 points", |k| k.residents = Some(mix([30, 10, 10, 30, 20])), None),
            ("the same shares of fewer", |k| k.residents = Some(mix([2, 1, 1, 3, 3])), None),
            (
                "5 points are allowed",
                |k| {
                    k.resident_mix_points = 5;
                    k.residents = Some(mix([26, 10, 10, 30, 24]));
                },
                Some((C::ResidentsChanged, None, "5个百分点")),
            ),
            ("nobody counted", |k| k.residents = None, None),
            ("nobody there", |k| k.residents = Some(mix([0; 5])), None),
            ("a bed more", |k| k.beds = 81, Some((C::BedsChanged, None, "80张（2025-03-10）变为81张"))),
            (
                "another version",
                |k| {
                    k.document = document(2);
                    k.document_since = day("2026-01-01");
                },
                Some((C::RulesChanged, Some("2026-01-01"), "plan-contents-default v2")),
            ),
            (
                "a drill",
                |k| k.problems = vec![problem("2026-01-20")],
                Some((C::DrillProblem, Some("2026-01-20"), "西侧楼梯担架转不过弯")),
            ),
            ("a drill to come", |k| k.problems = vec![problem("2026-03-10")], None),
        ];
        for (what, change, expected) in table {
            let found = found(change);
            let told: Vec<_> = found.iter().map(|one| (one.code, one.since)).collect();
            let wanted: Vec<_> = expected.iter().map(|(code, since, _)| (*code, since.map(day))).collect();
            assert_eq!(told, wanted, "{what}");
            if let Some((_, _, fact)) = expected {
                assert!(found[0].reason_zh.contains(fact), "{what}: {}", found[0].reason_zh);
                assert!(!found[0].reason_en.is_empty());
            }
        }
    }

    fn left(id: u128, on: &str) -> Left {
        Left { staff_id: StaffId(uuid::Uuid::from_u128(id)), left_on: day(on) }
    }

    fn problem(on: &str) -> PlanProblem {
        PlanProblem {
            drill_id: DrillId::fresh(), found_on: day(on), text: "西侧楼梯担架转不过弯".into()
        }
    }

    #[test]
    fn all_of_them_are_told_at_once() {
        let all = found(|k| {
            k.on = day("2026-04-01");
            k.left = vec![left(7, "2026-02-28")];
            k.residents = Some(mix([0, 0, 0, 0, 9]));
            k.beds = 60;
            k.document = document(2);
            k.problems = vec![problem("2026-01-20")];
        });
        assert_eq!(all.iter().map(|one| one.code).collect::<Vec<_>>(), RevisionCode::ALL);
    }

    #[test]
    fn a_home_that_had_no_table_is_not_told_that_it_changed() {
        let (plan, mut snapshot, known) = calm();
        snapshot.residents = None;
        assert!(revisions(&plan, &snapshot, day("2025-03-10"), &known).is_empty());
    }

    #[test]
    fn the_end_of_the_calendar_is_no_panic() {
        assert_eq!(review_by(NaiveDate::MAX, 60), NaiveDate::MAX);
        assert_eq!(review_by(day("2024-02-29"), 12), day("2025-02-28"));
    }

    /// Shares are compared exactly: the same answer as fractions in floating point give wherever those are not at the edge.
    #[test]
    fn shares_move_as_fractions_say() {
        let mut dice = rand::rngs::StdRng::seed_from_u64(38315);
        for _ in 0..20_000 {
            let (was_of, is_of) = (dice.random_range(1..=400), dice.random_range(1..=400));
            let (was, is) = (dice.random_range(0..=was_of), dice.random_range(0..=is_of));
            let share = ClassShare { class: EvacClass::Carried, was, was_of, is, is_of };
            let points = dice.random_range(1..=100);
            let moved = (f64::from(was) / f64::from(was_of) - f64::from(is) / f64::from(is_of)).abs() * 100.0;
            if (moved - f64::from(points)).abs() > 1e-9 {
                assert_eq!(share.moved_more_than(points), moved > f64::from(points), "{share:?} {points}");
            }
        }
    }
}
