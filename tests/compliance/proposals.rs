//! The proposal of the next drill: always a valid one, or none.

use crate::home::{CN, Library, US, at, day, full, held, home, planned};
use anlao::compliance::facts::{Facts, HeldDrill, PlannedDrill};
use anlao::compliance::proposal::NextDrill;
use anlao::compliance::requirements::Documents;
use anlao::compliance::{State, assess};
use anlao::ids::DrillId;
use anlao::rosters::{ShiftPattern, ShiftTimes};
use anlao::rules::kinds::drills::{DrillFrequencies, DrillKind, DrillRequirement, Shift};
use anlao::rules::kinds::intervals::{AppliesTo, Period};
use anlao::rules::{Content, Document, Head, InForce, Level};
use anlao_testbed::tries;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{TestCaseError, TestRunner};
use std::cell::Cell;

#[test]
fn the_next_drill_is_by_night_when_the_night_was_not_drilled() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    facts.profile.buildings = vec!["1号楼".into(), "2号楼".into()];
    let mut before = full("2026-02-03 23:00");
    (before.building, before.kind, before.scenario) =
        (Some("1号楼".into()), DrillKind::Tabletop, Some("bedroom-fire".into()));
    facts.drills = vec![before];
    let next = rules.assess(&facts, "2026-03-10 09:00").proposal.next_drill.unwrap();
    assert_eq!((next.shift, next.building.as_deref()), (Shift::Night, Some("2号楼")));
    assert_eq!(next.satisfies, ["drills.hands-on", "drills.yearly", "drills.night"]);
    assert_eq!(next.satisfies_once_reported, ["drills.reported"]);
    assert!(
        next.window.from >= at("2026-03-11 00:00") && next.window.to < at("2026-07-01 00:00"),
        "{next:?}"
    );
    let scenario = next.scenario.unwrap();
    assert_ne!(scenario.code, "bedroom-fire", "it was used lately");
    assert_ne!(scenario.code, "kitchen-fire", "nobody cooks at night");
}

#[test]
fn a_planned_drill_that_will_do_is_the_next_one() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    let plan = planned(DrillKind::Full, Shift::Night, "2026-03-20 22:30", "2026-03-20 23:30");
    facts.planned = vec![plan.clone()];
    let told = rules.assess(&facts, "2026-03-10 09:00").proposal;
    assert_eq!(told.next_drill.as_ref().unwrap().planned, Some(plan.id));
    assert_eq!(told.planned[0].requirements.len(), 4, "{told:#?}");
    // Too late, of the wrong shift, or over: another one is proposed.
    for other in [
        planned(DrillKind::Tabletop, Shift::Night, "2026-03-20 22:30", "2026-03-20 23:30"),
        planned(DrillKind::Full, Shift::Night, "2027-03-20 22:30", "2027-03-20 23:30"),
        planned(DrillKind::Full, Shift::Night, "2026-03-09 22:30", "2026-03-09 23:30"),
    ] {
        facts.planned = vec![other];
        let told = rules.assess(&facts, "2026-03-10 09:00").proposal;
        assert_eq!(told.next_drill.unwrap().planned, None);
    }
    // By day it meets the half year, and the night is proposed.
    facts.planned = vec![planned(DrillKind::Full, Shift::Day, "2026-03-20 10:30", "2026-03-20 11:30")];
    let next = rules.assess(&facts, "2026-03-10 09:00").proposal.next_drill.unwrap();
    assert_eq!((next.planned, next.shift, next.requirement.as_str()), (None, Shift::Night, "drills.night"));
}

#[test]
fn what_only_lacks_its_report_is_not_drilled_again() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    facts.drills = vec![full("2026-02-03 23:00")];
    let told = rules.assess(&facts, "2026-03-10 09:00");
    let next = told.proposal.next_drill.unwrap();
    assert!(next.window.from >= at("2026-07-01 00:00"), "nothing is open but the report: {next:?}");
}

/// The evening shift is full of recent drills, an hour around each.
#[test]
fn where_no_valid_moment_is_left_it_says_so() {
    let text = US.split("[[requirement]]").take(2).collect::<Vec<_>>().join("[[requirement]]");
    let text =
        text.replace("times = 1", "times = 9").replace("\"day\", \"evening\", \"night\"", "\"evening\"");
    let rules = Library::with(&text);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    facts.drills = ["17:30", "18:40", "19:30", "20:20", "21:10"]
        .iter()
        .enumerate()
        .map(|(at, time)| full(&format!("2026-02-0{} {time}", at + 1)))
        .collect();
    let told = rules.assess(&facts, "2026-03-10 09:00").proposal;
    assert_eq!(told.next_drill, None, "{told:#?}");
    assert_eq!(told.no_window_for, ["drills.each-shift.evening"]);
    assert!(told.no_drill.is_some());
    facts.drills.pop();
    let next = rules.assess(&facts, "2026-03-10 09:00").proposal.next_drill.unwrap();
    assert_eq!((next.window.from.time(), next.window.to.time()), (time("21:20"), time("21:59")));
    assert_eq!(
        (next.satisfies.len(), next.counts_towards.len()),
        (0, 1),
        "one more, and four are missing still"
    );
}

#[test]
fn a_table_top_exercise_may_be_proposed_where_nothing_else_counts() {
    let text = CN.split("[[requirement]]").take(2).collect::<Vec<_>>().join("[[requirement]]");
    let text = text.replace("[\"functional\", \"full\", \"unannounced\", \"joint\"]", "[\"tabletop\"]");
    let next = Library::with(&text).assess(&home(), "2026-03-10 09:00").proposal.next_drill.unwrap();
    assert_eq!(next.kind, DrillKind::Tabletop);
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

/// A history with the rules it is judged by, small enough to be read when it fails.
#[derive(Debug, Clone)]
struct History {
    document: DrillFrequencies,
    facts: Facts,
    as_of: NaiveDateTime,
    /// When in the window the drill is held, in thousandths.
    within: i64,
}

fn shift_patterns() -> impl Strategy<Value = ShiftPattern> {
    let hour = |hour: u32| NaiveTime::from_hms_opt(hour % 24, 0, 0).unwrap();
    (select(vec![1_usize, 2, 3]), 0_u32..24, 1_u32..11, 1_u32..11).prop_map(
        move |(count, from, first, second)| {
            let one = |shift, from, to| ShiftTimes { shift, from: hour(from), to: hour(to) };
            let ends = [from, from + first, from + first + second];
            let shifts = match count {
                1 => vec![one(Shift::Night, from, from)],
                2 => vec![one(Shift::Day, ends[0], ends[1]), one(Shift::Night, ends[1], ends[0])],
                _ => vec![
                    one(Shift::Day, ends[0], ends[1]),
                    one(Shift::Evening, ends[1], ends[2]),
                    one(Shift::Night, ends[2], ends[0]),
                ],
            };
            ShiftPattern::new(shifts).unwrap_or_else(ShiftPattern::standard)
        },
    )
}

fn some<T: Clone + std::fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = Vec<T>> + use<T> {
    subsequence(all.to_vec(), 1..=all.len())
}

fn requirements() -> impl Strategy<Value = DrillRequirement> {
    let applies = some(&[AppliesTo::All, AppliesTo::KeyFireUnit, AppliesTo::FireHighRisk]);
    let periods = [Period::Year, Period::HalfYear, Period::Quarter, Period::Month, Period::Week];
    let shifts = (0_u32..3, some(Shift::ALL));
    let real = proptest::option::of(0_u32..3);
    (applies, 1_u32..4, select(periods.to_vec()), shifts, some(DrillKind::ALL), any::<bool>(), real).prop_map(
        |(applies_to, times, period, (bound, shifts), satisfied_by, reported, real_event_replaces)| {
            DrillRequirement {
                code: String::new(),
                title_zh: "要求".into(),
                title_en: "Requirement".into(),
                applies_to,
                times,
                period,
                each_shift: (bound == 1).then(|| shifts.clone()),
                only_shifts: (bound == 2).then_some(shifts),
                satisfied_by,
                real_event_replaces,
                reported,
                basis: "test".into(),
                clause: None,
                verified: false,
            }
        },
    )
}

fn shipped(text: &str) -> DrillFrequencies {
    match Document::parse(text).unwrap().content {
        Content::Drills(drills) => drills,
        _ => panic!("another kind"),
    }
}

fn documents() -> impl Strategy<Value = DrillFrequencies> {
    let random = (0_u32..=180, any::<bool>(), proptest::collection::vec(requirements(), 1..4)).prop_map(
        |(predictable_within_minutes, real_event_counts, mut requirement)| {
            for (at, one) in requirement.iter_mut().enumerate() {
                one.code = format!("r{at}");
            }
            DrillFrequencies {
                predictable_within_minutes,
                real_event_counts,
                requirement,
                scenario: Vec::new(),
            }
        },
    );
    prop_oneof![Just(shipped(CN)), Just(shipped(US)), random]
}

/// When, of which kind, in which building; whether it was real, and after how many days it was reported.
type Seed = (i64, DrillKind, Option<usize>, bool, Option<u64>);

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    // Up to two and a half years back in minutes, and a few ahead; many at a few times of day.
    let when = prop_oneof![
        -1_300_000_i64..20_000,
        (-800_i64..10, select(vec![0_i64, 20, 45, 90, 600, 1000]))
            .prop_map(|(day, minute)| day * 1440 + minute),
    ];
    let building = proptest::option::of(0_usize..3);
    let report = proptest::option::of(0_u64..40);
    let one = (when, select(DrillKind::ALL.to_vec()), building, proptest::bool::weighted(0.1), report);
    proptest::collection::vec(one, 0..16)
}

fn histories() -> impl Strategy<Value = History> {
    let buildings = 0_usize..3;
    let flags = (any::<bool>(), any::<bool>(), 0_i64..1500);
    let planned =
        proptest::collection::vec((0_i64..200_000, 0_i64..600, select(DrillKind::ALL.to_vec())), 0..3);
    let as_of = 0_i64..1_000_000;
    (documents(), shift_patterns(), seeds(), buildings, flags, planned, as_of, 0_i64..=1000).prop_map(
        |(document, shifts, seeds, buildings, (key, risk, since), planned, as_of, within)| {
            let as_of = at("2025-01-01 00:00") + TimeDelta::minutes(as_of);
            let mut facts = home();
            facts.profile.since = as_of.date() - TimeDelta::days(since);
            (facts.profile.key_fire_unit, facts.profile.fire_high_risk) = (key, risk);
            facts.profile.buildings = (0..buildings).map(|at| format!("{at}号楼")).collect();
            facts.drills = seeds.into_iter().map(|seed| drilled(seed, as_of, &shifts)).collect();
            facts.planned = planned
                .into_iter()
                .map(|(from, long, kind)| {
                    let from = as_of + TimeDelta::minutes(from);
                    let shift = shifts.at(from).unwrap().0.shift;
                    let window = (from, from + TimeDelta::minutes(long));
                    PlannedDrill { id: DrillId::fresh(), kind, shift, building: None, window }
                })
                .collect();
            facts.profile.shifts = shifts;
            History { document, facts, as_of, within }
        },
    )
}

fn drilled(
    (minutes, kind, building, real_event, report): Seed,
    as_of: NaiveDateTime,
    shifts: &ShiftPattern,
) -> HeldDrill {
    let alarm_at = as_of + TimeDelta::minutes(minutes);
    HeldDrill {
        id: DrillId::fresh(),
        kind,
        shift: shifts.at(alarm_at).unwrap().0.shift,
        building: building.map(|at| format!("{at}号楼")),
        alarm_at,
        scenario: None,
        reported_on: report.map(|days| alarm_at.date() + chrono::Days::new(days)),
        real_event,
        evaluated: true,
        open_problems: 0,
    }
}

fn head() -> Head {
    Head {
        kind: anlao::rules::Kind::Drills,
        id: "random".into(),
        version: 1,
        level: Level::Office,
        title_zh: "随机".into(),
        title_en: "Random".into(),
        source: "test".into(),
        clause: None,
        effective_from: day("2020-01-01"),
        effective_to: None,
        verified: false,
    }
}

fn judged(history: &History, drills: &[HeldDrill], as_of: NaiveDateTime) -> anlao::compliance::Assessment {
    let head = head();
    let rules = Documents {
        drills: InForce { head: &head, content: &history.document },
        drills_since: head.effective_from,
        plan_contents: None,
        intervals: None,
        intervals_since: NaiveDate::MIN,
        colours: None,
    };
    let facts = Facts { drills: drills.to_vec(), ..history.facts.clone() };
    assess(&rules, &facts, as_of)
}

/// The proposal keeps its word: whenever in its window the drill is held.
fn keeps_its_word(history: &History, next: &NextDrill) -> Result<(), TestCaseError> {
    let (from, to) = (next.window.from, next.window.to);
    prop_assert!(from <= to && from >= history.as_of, "in the past, or empty");
    let moment = from + TimeDelta::seconds((to - from).num_seconds() * history.within / 1000);
    for one in [from, moment, to] {
        prop_assert_eq!(
            history.facts.profile.shifts.at(one).unwrap().0.shift,
            next.shift,
            "outside the shift"
        );
    }
    let before = judged(history, &history.facts.drills, history.as_of);
    let target = before.requirements.iter().find(|one| one.id == next.requirement).unwrap();
    let in_time = target.due_on.is_some_and(|due| to.date() <= due);
    prop_assert!(target.state == State::Overdue || in_time, "after its day: {:?}", target);
    let drill = |reported: bool| HeldDrill {
        id: DrillId::fresh(),
        kind: next.kind,
        shift: next.shift,
        building: next.building.clone(),
        alarm_at: moment,
        scenario: None,
        reported_on: reported.then(|| moment.date()),
        real_event: false,
        evaluated: false,
        open_problems: 0,
    };
    let with = |drill: HeldDrill| {
        let mut drills = history.facts.drills.clone();
        drills.push(drill);
        judged(history, &drills, moment)
    };
    let unheld = judged(history, &history.facts.drills, moment);
    let (plain, reported) = (drill(false), drill(true));
    let (id, plain, reported) = (plain.id, with(plain), with(reported));
    let of = |told: &anlao::compliance::Assessment, id: &str| {
        told.requirements.iter().find(|one| one.id == id).cloned().unwrap()
    };
    for met in &next.satisfies {
        prop_assert_eq!(of(&plain, met).state, State::Satisfied, "{}", met);
        prop_assert_ne!(of(&unheld, met).state, State::Satisfied, "{} was met without it", met);
    }
    for met in &next.satisfies_once_reported {
        prop_assert_eq!(of(&reported, met).state, State::Satisfied, "{}", met);
    }
    for more in &next.counts_towards {
        prop_assert!(of(&reported, more).held > of(&unheld, more).held, "{} has no more than before", more);
    }
    let named = [&next.satisfies, &next.satisfies_once_reported, &next.counts_towards];
    prop_assert!(
        named.iter().any(|all| all.contains(&next.requirement)),
        "it does not serve its own requirement"
    );
    let alike = plain.too_predictable.iter().flat_map(|one| &one.drills).any(|one| one.id == id);
    prop_assert!(!alike, "too predictable: {:?}", plain.too_predictable);
    Ok(())
}

#[test]
fn the_proposed_drill_once_held_makes_the_requirement_satisfied() {
    let config = ProptestConfig {
        cases: tries(10_000, 100_000) as u32,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (proposed, planned, none) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    let found = TestRunner::new(config).run(&histories(), |history| {
        let told = judged(&history, &history.facts.drills, history.as_of).proposal;
        match &told.next_drill {
            Some(next) if next.planned.is_none() => {
                proposed.set(proposed.get() + 1);
                keeps_its_word(&history, next)?;
            }
            Some(next) => {
                planned.set(planned.get() + 1);
                prop_assert!(history.facts.planned.iter().any(|plan| Some(plan.id) == next.planned));
            }
            None => {
                none.set(none.get() + 1);
                prop_assert!(told.no_drill.is_some(), "silence");
            }
        }
        Ok(())
    });
    found.unwrap_or_else(|failure| panic!("{failure}"));
    let (proposed, planned, none) = (proposed.get(), planned.get(), none.get());
    println!("proposed {proposed}, planned already {planned}, none {none}");
    assert!(
        proposed > (proposed + planned + none) / 2 && planned > 0 && none > 0,
        "{proposed} {planned} {none}"
    );
}

/// What is held is not asked for again: from proposal to proposal a home comes to have everything.
#[test]
fn a_home_that_follows_the_proposals_comes_to_owe_nothing() {
    for text in [CN, US] {
        let rules = Library::with(text);
        let mut facts = home();
        facts.profile.since = day("2024-01-01");
        (facts.profile.key_fire_unit, facts.profile.fire_high_risk) = (true, true);
        let mut now = at("2026-01-05 08:00");
        for step in 0.. {
            let told = rules.assess_at(&facts, now);
            let open = told.requirements.iter().filter(|one| one.id.starts_with("drills."));
            let open = open.filter(|one| matches!(one.state, State::Due | State::Overdue)).count();
            if open == 0 {
                break;
            }
            assert!(step < 10, "{told:#?}");
            let next = told.proposal.next_drill.expect("a drill");
            now = next.window.to;
            let mut drill = held(next.kind, "2026-01-01 00:00");
            (drill.alarm_at, drill.shift, drill.reported_on) = (now, next.shift, Some(now.date()));
            facts.drills.push(drill);
        }
        assert!(rules.assess_at(&facts, now).too_predictable.is_empty());
    }
}
