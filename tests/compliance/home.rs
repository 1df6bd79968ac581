//! A home made for a test, and the documents it is judged by.

use anlao::compliance::facts::{
    Commanders, Facts, HeldDrill, PlanInForce, PlannedDrill, Profile, ResidentTable,
};
use anlao::compliance::requirements::Documents;
use anlao::compliance::{Assessment, Requirement, State, assess};
use anlao::ids::{DrillId, PlanId};
use anlao::rosters::ShiftPattern;
use anlao::rules::kinds::drills::{DrillKind, Shift};
use anlao::rules::{Content, Document, InForce};
use chrono::{NaiveDate, NaiveDateTime};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A local moment, written like `2026-03-10 09:00`.
pub fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

pub const CN: &str = include_str!("../../rules/drills.toml");
pub const US: &str = include_str!("../../rules/drills-us-k712.toml");

/// The documents that come with the program, with these drill frequencies.
pub struct Library {
    drills: Document,
    plan_contents: Document,
    intervals: Document,
    colours: Document,
}

impl Library {
    pub fn with(drills: &str) -> Self {
        let read = |text: &str| Document::parse(text).unwrap_or_else(|faults| panic!("{faults:?}"));
        Self {
            drills: read(drills),
            plan_contents: read(include_str!("../../rules/plan_contents.toml")),
            intervals: read(include_str!("../../rules/intervals.toml")),
            colours: read(include_str!("../../rules/colours.toml")),
        }
    }

    pub fn documents(&self) -> Documents<'_> {
        let (Content::Drills(drills), Content::PlanContents(contents)) =
            (&self.drills.content, &self.plan_contents.content)
        else {
            panic!("another kind")
        };
        let (Content::Intervals(intervals), Content::Colours(colours)) =
            (&self.intervals.content, &self.colours.content)
        else {
            panic!("another kind")
        };
        Documents {
            drills: InForce { head: &self.drills.head, content: drills },
            drills_since: self.drills.head.effective_from,
            plan_contents: Some(InForce { head: &self.plan_contents.head, content: contents }),
            intervals: Some(InForce { head: &self.intervals.head, content: intervals }),
            intervals_since: self.intervals.head.effective_from,
            colours: Some(InForce { head: &self.colours.head, content: colours }),
        }
    }

    pub fn assess(&self, facts: &Facts, as_of: &str) -> Assessment {
        self.assess_at(facts, at(as_of))
    }

    pub fn assess_at(&self, facts: &Facts, as_of: NaiveDateTime) -> Assessment {
        assess(&self.documents(), facts, as_of)
    }
}

/// A home that has everything but drills and training.
pub fn home() -> Facts {
    Facts {
        profile: Profile {
            key_fire_unit: false,
            fire_high_risk: false,
            own_canteen: true,
            special_equipment: false,
            operating: true,
            since: day("2020-01-01"),
            shifts: ShiftPattern::standard(),
            buildings: Vec::new(),
        },
        plan: Some(PlanInForce {
            id: PlanId::fresh(),
            edition: 2,
            in_force_on: day("2026-01-10"),
            reviewed_on: day("2026-01-10"),
            missing_parts: Vec::new(),
            approved_by: Some("王芳".into()),
            filed_on: Some(day("2026-01-15")),
            published_on: Some(day("2026-01-12")),
            revision_called_for_by: Vec::new(),
        }),
        scenarios: Vec::new(),
        drills: Vec::new(),
        planned: Vec::new(),
        commanders: Commanders { gaps: Vec::new(), tonight: Some("陈静".into()) },
        residents: ResidentTable {
            residents: 40,
            without_night_helper: Vec::new(),
            oldest_review: Some(day("2026-03-01")),
        },
        trainings: Vec::new(),
        untrained_new_staff: Vec::new(),
    }
}

/// A drill that was held, in the shift of the standard pattern.
pub fn held(kind: DrillKind, when: &str) -> HeldDrill {
    let alarm_at = at(when);
    HeldDrill {
        id: DrillId::fresh(),
        kind,
        shift: ShiftPattern::standard().at(alarm_at).unwrap().0.shift,
        building: None,
        alarm_at,
        scenario: None,
        reported_on: None,
        real_event: false,
        evaluated: true,
        open_problems: 0,
    }
}

pub fn full(when: &str) -> HeldDrill {
    held(DrillKind::Full, when)
}

pub fn planned(kind: DrillKind, shift: Shift, from: &str, to: &str) -> PlannedDrill {
    PlannedDrill { id: DrillId::fresh(), kind, shift, building: None, window: (at(from), at(to)) }
}

/// The requirement of that id.
#[track_caller]
pub fn of<'a>(assessment: &'a Assessment, id: &str) -> &'a Requirement {
    let found = assessment.requirements.iter().find(|one| one.id == id);
    found.unwrap_or_else(|| {
        let known: Vec<&str> = assessment.requirements.iter().map(|one| one.id.as_str()).collect();
        panic!("no {id} among {known:?}")
    })
}

#[track_caller]
pub fn state(assessment: &Assessment, id: &str) -> (State, Option<String>) {
    let one = of(assessment, id);
    (one.state, one.due_on.map(|day| day.to_string()))
}

/// One state with its day, to be compared.
pub fn is(state: State, day: &str) -> (State, Option<String>) {
    (state, Some(day.to_owned()))
}
