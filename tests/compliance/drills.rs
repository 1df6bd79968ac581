//! Clause by clause: which drills count for what, in which period, and what is missed.

use crate::home::{CN, Library, US, at, day, full, held, home, is, of, state};
use anlao::compliance::State::{Due, NotApplicable, Overdue, Satisfied};
use anlao::compliance::coverage::CellState;
use anlao::compliance::{Span, State};
use anlao::ids::DrillId;
use anlao::rosters::{ShiftPattern, ShiftTimes};
use anlao::rules::kinds::drills::{DrillKind, Shift};
use chrono::NaiveTime;

/// 国办函〔2026〕14号: one hands-on drill in each half year.
#[test]
fn a_hands_on_drill_is_owed_in_every_half_year() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    for (drills, as_of, expected) in [
        (vec![], "2026-01-01 00:00", is(Due, "2026-06-30")),
        (vec![], "2026-06-30 23:59", is(Due, "2026-06-30")),
        (vec![], "2026-07-01 00:00", is(Overdue, "2026-06-30")),
        (vec![full("2026-02-03 09:30")], "2026-06-30 12:00", is(Satisfied, "2026-12-31")),
        (vec![full("2026-02-03 09:30")], "2026-07-01 08:00", is(Due, "2026-12-31")),
        (vec![full("2026-02-03 09:30")], "2027-01-01 08:00", is(Overdue, "2026-12-31")),
        // Made good in the next half year, and counted for that one as well.
        (vec![full("2026-07-20 09:30")], "2026-07-21 08:00", is(Satisfied, "2027-06-30")),
        // What lies ahead does not count.
        (vec![full("2026-03-20 09:30")], "2026-03-19 08:00", is(Due, "2026-06-30")),
        (vec![full("2026-03-20 09:30")], "2026-03-20 09:29", is(Due, "2026-06-30")),
        (vec![full("2026-03-20 09:30")], "2026-03-20 09:30", is(Satisfied, "2026-12-31")),
        // A table-top exercise and a call-out are not hands-on.
        (vec![held(DrillKind::Tabletop, "2026-03-20 09:30")], "2026-03-21 08:00", is(Due, "2026-06-30")),
        (vec![held(DrillKind::CallOut, "2026-03-20 09:30")], "2026-03-21 08:00", is(Due, "2026-06-30")),
        (
            vec![held(DrillKind::Functional, "2026-03-20 09:30")],
            "2026-03-21 08:00",
            is(Satisfied, "2026-12-31"),
        ),
    ] {
        facts.drills = drills;
        let told = rules.assess(&facts, as_of);
        assert_eq!(state(&told, "drills.hands-on"), expected, "{as_of} {:?}", facts.drills);
    }
}

#[test]
fn missed_periods_are_told_two_years_back_and_no_further_than_the_home_goes() {
    let rules = Library::with(CN);
    let mut facts = home();
    let missed = |facts: &_, as_of: &str| -> Vec<String> {
        let told = rules.assess(facts, as_of);
        of(&told, "drills.hands-on").missed.iter().map(|span| span.first.to_string()).collect()
    };
    // The document is in force from 2024 on.
    assert_eq!(missed(&facts, "2025-03-10 08:00"), ["2024-01-01", "2024-07-01"]);
    assert_eq!(missed(&facts, "2027-03-10 08:00"), ["2025-01-01", "2025-07-01", "2026-01-01", "2026-07-01"]);
    facts.profile.since = day("2026-03-01");
    assert_eq!(missed(&facts, "2027-03-10 08:00"), ["2026-01-01", "2026-07-01"]);
    facts.drills = vec![full("2026-09-09 10:00")];
    assert_eq!(missed(&facts, "2027-03-10 08:00"), [""; 0], "the first half was made good in the second");
}

/// Of a period in which the home was there for less than half of the days nothing is owed.
#[test]
fn a_home_that_comes_late_in_a_period_begins_with_the_next() {
    let rules = Library::with(CN);
    let mut facts = home();
    for (since, as_of, expected) in [
        ("2026-04-01", "2026-05-01 08:00", is(Due, "2026-06-30")),
        ("2026-04-02", "2026-05-01 08:00", is(NotApplicable, "2026-12-31")),
        ("2026-04-02", "2026-07-01 08:00", is(Due, "2026-12-31")),
        ("2026-04-01", "2026-07-01 08:00", is(Overdue, "2026-06-30")),
    ] {
        facts.profile.since = day(since);
        assert_eq!(state(&rules.assess(&facts, as_of), "drills.hands-on"), expected, "{since} {as_of}");
    }
    facts.profile.since = day("2026-06-01");
    let before = rules.assess(&facts, "2026-05-01 08:00");
    assert!(before.requirements.iter().all(|one| one.state == NotApplicable), "not on the books yet");
}

#[test]
fn a_suspended_home_owes_nothing_and_nothing_is_proposed() {
    let mut facts = home();
    facts.profile.operating = false;
    facts.plan = None;
    let told = Library::with(CN).assess(&facts, "2026-07-01 08:00");
    assert!(
        told.requirements.iter().all(|one| one.state == NotApplicable && one.due_on.is_none()),
        "{told:#?}"
    );
    assert_eq!(told.proposal.next_drill, None);
    assert!(told.proposal.no_drill.is_some());
}

/// 公安部令第61号, GB/T 38315: who owes what more.
#[test]
fn duties_hold_for_the_kind_of_home_they_name() {
    let rules = Library::with(CN);
    let mut facts = home();
    let states = |facts: &_| -> Vec<State> {
        let told = rules.assess(facts, "2026-02-01 08:00");
        ["drills.key-unit", "drills.high-risk", "drills.yearly"].map(|id| of(&told, id).state).into()
    };
    facts.profile.since = day("2026-01-01");
    assert_eq!(states(&facts), [NotApplicable, NotApplicable, Due]);
    facts.profile.key_fire_unit = true;
    assert_eq!(states(&facts), [Due, NotApplicable, Due]);
    facts.profile.fire_high_risk = true;
    assert_eq!(states(&facts), [Due, Due, Due]);
    let told = rules.assess(&facts, "2026-04-01 08:00");
    assert_eq!(state(&told, "drills.high-risk"), is(Overdue, "2026-03-31"), "quarterly");
    assert_eq!(state(&told, "drills.key-unit"), is(Due, "2026-06-30"));
}

/// 生产安全事故应急条例 第八条: the drill is reported.
#[test]
fn a_drill_that_must_be_reported_counts_from_its_report_on() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    let mut drill = held(DrillKind::Tabletop, "2026-02-03 09:30");
    facts.drills = vec![drill.clone()];
    let told = rules.assess(&facts, "2026-02-04 08:00");
    let reported = of(&told, "drills.reported");
    assert_eq!((reported.state, reported.to_report.as_slice()), (Due, [drill.id].as_slice()));
    drill.reported_on = Some(day("2026-02-10"));
    facts.drills = vec![drill];
    assert_eq!(of(&rules.assess(&facts, "2026-02-09 08:00"), "drills.reported").state, Due);
    let told = rules.assess(&facts, "2026-02-10 08:00");
    assert_eq!(of(&told, "drills.reported").state, Satisfied, "a table-top exercise is enough for this one");
    assert_eq!(of(&told, "drills.hands-on").state, Due, "and for this one it is not");
}

/// One of a period that was missed is told as well: reporting it clears that period.
#[test]
fn what_was_held_and_never_reported_is_named_even_after_its_period() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2025-01-01");
    let mut drill = full("2025-10-14 09:30");
    facts.drills = vec![drill.clone()];
    let told = rules.assess(&facts, "2026-03-10 08:00");
    let reported = of(&told, "drills.reported");
    assert_eq!((reported.state, reported.to_report.as_slice()), (Overdue, [drill.id].as_slice()));
    assert!(reported.why.zh.contains("报告后即计入"), "{:?}", reported.why);
    drill.reported_on = Some(day("2026-03-10"));
    facts.drills = vec![drill];
    let told = rules.assess(&facts, "2026-03-10 08:00");
    let reported = of(&told, "drills.reported");
    assert_eq!((reported.state, reported.to_report.as_slice()), (Due, [].as_slice()));
}

/// A real event is evidence, never the night drill.
#[test]
fn a_real_event_stands_for_a_drill_as_the_document_says() {
    let (cn, us) = (Library::with(CN), Library::with(US));
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    let mut event = full("2026-02-03 10:00");
    event.real_event = true;
    facts.drills = vec![event.clone()];
    let told = cn.assess(&facts, "2026-02-04 08:00");
    assert_eq!(of(&told, "drills.hands-on").state, Satisfied);
    assert_eq!(of(&told, "drills.night").state, Due);
    let told = us.assess(&facts, "2026-02-04 08:00");
    assert_eq!(of(&told, "drills.each-shift.day").state, Due, "K712 lets none stand for its drills");
    assert_eq!(of(&told, "drills.exercise-full").state, Satisfied, "42 CFR 483.73(d) does");
    let mut at_night = full("2026-02-03 23:00");
    at_night.real_event = true;
    facts.drills = vec![at_night];
    let told = cn.assess(&facts, "2026-02-04 08:00");
    assert_eq!((of(&told, "drills.night").state, of(&told, "drills.hands-on").state), (Due, Satisfied));
}

/// The night drill of the year: by night only.
#[test]
fn a_drill_by_day_is_no_night_drill() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    for (when, expected) in [
        ("2026-02-03 21:59", Due),
        ("2026-02-03 22:00", Satisfied),
        ("2026-02-03 07:59", Satisfied),
        ("2026-02-03 08:00", Due),
    ] {
        facts.drills = vec![full(when)];
        assert_eq!(of(&rules.assess(&facts, "2026-02-04 09:00"), "drills.night").state, expected, "{when}");
    }
}

/// K712: for each shift that the home has.
#[test]
fn a_shift_that_the_home_does_not_have_is_not_drilled() {
    let rules = Library::with(US);
    let mut facts = home();
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    let two = vec![
        ShiftTimes { shift: Shift::Day, from: time(7), to: time(19) },
        ShiftTimes { shift: Shift::Night, from: time(19), to: time(7) },
    ];
    facts.profile.shifts = ShiftPattern::new(two).unwrap();
    facts.profile.since = day("2026-01-01");
    let told = rules.assess(&facts, "2026-02-04 09:00");
    let states =
        ["day", "evening", "night"].map(|shift| of(&told, &format!("drills.each-shift.{shift}")).state);
    assert_eq!(states, [Due, NotApplicable, Due]);
    assert_eq!(of(&told, "drills.each-shift.night").shift, Some(Shift::Night));
}

/// 42 CFR 483.73(d), as data only: two exercises a year, one of them full-scale or functional.
#[test]
fn two_exercises_a_year_of_which_one_may_be_table_top() {
    let rules = Library::with(US);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    let table = |when: &str| held(DrillKind::Tabletop, when);
    let event = |when: &str| {
        let mut event = full(when);
        event.real_event = true;
        event
    };
    for (drills, one, two) in [
        (vec![], Due, Due),
        (vec![table("2026-02-03 10:00")], Due, Due),
        (vec![table("2026-02-03 10:00"), table("2026-05-03 10:00")], Due, Satisfied),
        (vec![full("2026-02-03 10:00"), table("2026-05-03 10:00")], Satisfied, Satisfied),
        (vec![full("2026-02-03 10:00"), full("2026-02-03 10:40")], Satisfied, Due),
        (vec![event("2026-02-03 10:00"), table("2026-05-03 10:00")], Satisfied, Satisfied),
        (vec![event("2026-02-03 10:00"), event("2026-05-03 10:00")], Satisfied, Due),
    ] {
        facts.drills = drills;
        let told = rules.assess(&facts, "2026-08-01 08:00");
        let states = (of(&told, "drills.exercise-full").state, of(&told, "drills.exercise-two").state);
        assert_eq!(states, (one, two), "{:#?}", facts.drills);
    }
}

/// Two of one shift within the hour are one exercise recorded twice; an hour apart they are two.
#[test]
fn the_same_exercise_counts_once() {
    let twice = CN.replace("code = \"hands-on\"", "code = \"twice\"").replacen("times = 1", "times = 2", 1);
    let rules = Library::with(&twice);
    let mut facts = home();
    facts.profile.since = day("2026-01-01");
    for (second, held) in [("2026-02-03 09:59", 1), ("2026-02-03 10:00", 2), ("2026-02-04 09:00", 2)] {
        facts.drills = vec![full(second), full("2026-02-03 09:00")];
        assert_eq!(
            of(&rules.assess(&facts, "2026-03-01 08:00"), "drills.twice").held,
            Some(held),
            "{second}"
        );
    }
}

/// Shift × period × building.
#[test]
fn the_table_shows_what_was_drilled_where() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2025-07-01");
    facts.profile.buildings = vec!["1号楼".into(), "2号楼".into()];
    let mut one = full("2026-02-03 10:00");
    one.building = Some("2号楼".into());
    let everywhere = full("2025-09-03 23:00");
    let mut event = full("2026-02-04 10:00");
    event.real_event = true;
    facts.drills =
        vec![one.clone(), everywhere.clone(), event, held(DrillKind::Tabletop, "2026-02-05 10:00")];
    let told = rules.assess(&facts, "2026-03-10 09:00");
    assert_eq!(told.coverage.period.as_str(), "half_year");
    let cell = |first: &str, shift: Shift, building: &str| -> (CellState, Vec<DrillId>) {
        let found = told.coverage.cells.iter().find(|cell| {
            cell.period.first == day(first)
                && cell.shift == shift
                && cell.building.as_deref() == Some(building)
        });
        let found = found.unwrap();
        (found.state, found.drills.clone())
    };
    assert_eq!(cell("2026-01-01", Shift::Day, "2号楼"), (CellState::Filled, vec![one.id]));
    assert_eq!(cell("2026-01-01", Shift::Day, "1号楼"), (CellState::Open, vec![]));
    assert_eq!(cell("2025-07-01", Shift::Night, "1号楼"), (CellState::Filled, vec![everywhere.id]));
    assert_eq!(cell("2025-07-01", Shift::Night, "2号楼"), (CellState::Filled, vec![everywhere.id]));
    assert_eq!(cell("2025-07-01", Shift::Evening, "1号楼"), (CellState::Empty, vec![]));
    assert_eq!(cell("2025-01-01", Shift::Day, "1号楼"), (CellState::NotOwed, vec![]));
    assert_eq!(told.coverage.cells.len(), 3 * 3 * 2);
    facts.profile.fire_high_risk = true;
    assert_eq!(rules.assess(&facts, "2026-03-10 09:00").coverage.period.as_str(), "quarter", "the strictest");
}

/// By the clock on the wall, midnight or not.
#[test]
fn drills_at_nearly_the_same_time_of_day_are_too_predictable() {
    let rules = Library::with(CN);
    let mut facts = home();
    let alike = |facts: &_, as_of: &str| -> Vec<(Shift, usize, bool)> {
        let told = rules.assess(facts, as_of).too_predictable;
        told.iter().map(|one| (one.shift, one.drills.len(), one.recent)).collect()
    };
    for (drills, expected) in [
        // Thirty minutes apart over midnight.
        (vec!["2026-01-05 23:50", "2026-02-07 00:20"], vec![(Shift::Night, 2, true)]),
        (vec!["2026-01-05 23:50", "2026-02-07 00:50"], vec![]),
        (vec!["2026-01-05 23:50", "2026-02-07 00:49"], vec![(Shift::Night, 2, true)]),
        // Another shift is another matter.
        (vec!["2026-01-05 16:50", "2026-02-07 17:10"], vec![]),
        // Two alike more than four months apart are none; three in a year are.
        (vec!["2025-04-05 09:00", "2026-02-07 09:10"], vec![]),
        (vec!["2025-04-05 09:00", "2025-09-01 09:20", "2026-02-07 09:10"], vec![(Shift::Day, 3, true)]),
        (vec!["2025-04-05 09:00", "2025-09-01 09:59", "2026-02-07 09:30"], vec![(Shift::Day, 3, true)]),
        (vec!["2025-04-05 09:00", "2025-09-01 10:00", "2026-02-07 09:30"], vec![]),
        // Longer ago than a year is forgotten.
        (vec!["2025-01-05 09:00", "2025-02-05 09:00"], vec![]),
        (vec!["2025-04-05 09:00", "2025-05-05 09:00"], vec![(Shift::Day, 2, false)]),
    ] {
        facts.drills = drills.iter().map(|when| full(when)).collect();
        assert_eq!(alike(&facts, "2026-03-10 09:00"), expected, "{drills:?}");
    }
    facts.drills = vec![full("2026-01-05 09:00"), held(DrillKind::Tabletop, "2026-02-05 09:00")];
    facts.drills.push(full("2026-03-02 09:00"));
    facts.drills[2].real_event = true;
    assert_eq!(
        alike(&facts, "2026-03-10 09:00"),
        [],
        "neither an exercise at a table nor a real event chose the time"
    );
}

#[test]
fn every_requirement_names_its_clause_and_source() {
    for (text, id) in [(CN, "drills-cn"), (US, "drills-us-k712")] {
        let told = Library::with(text).assess(&home(), "2026-03-10 09:00");
        for one in &told.requirements {
            assert!(!one.clause.is_empty() && !one.why.zh.is_empty() && !one.why.en.is_empty(), "{one:?}");
            if one.id.starts_with("drills.") {
                assert_eq!(
                    one.source.as_ref().map(|source| (source.id.as_str(), source.version)),
                    Some((id, 2))
                );
            }
        }
    }
}

/// What cannot overflow must not: the ends of the calendar.
#[test]
fn the_last_days_that_can_be_written_are_judged_as_well() {
    let mut facts = home();
    facts.drills = vec![full("2026-02-03 10:00")];
    let rules = Library::with(CN);
    for as_of in ["1951-01-01 00:00", "9990-12-31 23:59"] {
        let told = rules.assess(&facts, as_of);
        assert_eq!(told.as_of, at(as_of));
        let span: Option<Span> = of(&told, "drills.hands-on").period;
        assert_eq!(span.is_none(), as_of < "2020");
    }
}
