//! What two homes in the United States were cited for, flagged weeks before their quarter ended.

use crate::home::{Library, US, day, full, home, of};
use anlao::compliance::State::{Due, Overdue, Satisfied};
use anlao::rules::kinds::drills::Shift;

/// Eleven of twelve: one shift was not drilled in one quarter.
#[test]
fn one_shift_missing_in_a_quarter() {
    let rules = Library::with(US);
    let mut facts = home();
    facts.profile.since = day("2025-01-01");
    // Every shift in every quarter of 2025 at changing times, but for the evening shift of the last.
    for (quarter, times) in [
        ("2025-01", ["09:10", "17:30", "23:15"]),
        ("2025-04", ["11:20", "19:10", "02:40"]),
        ("2025-07", ["14:05", "20:45", "05:20"]),
        ("2025-10", ["15:30", "", "22:05"]),
    ] {
        let held = times.iter().enumerate().filter(|(_, time)| !time.is_empty());
        facts.drills.extend(held.map(|(at, time)| full(&format!("{quarter}-1{at} {time}"))));
    }
    let weeks_before = rules.assess(&facts, "2025-11-15 08:00");
    let evening = of(&weeks_before, "drills.each-shift.evening");
    assert_eq!((evening.state, evening.due_on), (Due, Some(day("2025-12-31"))));
    for shift in ["day", "night"] {
        assert_eq!(of(&weeks_before, &format!("drills.each-shift.{shift}")).state, Satisfied);
    }
    let next = weeks_before.proposal.next_drill.expect("a drill is proposed");
    assert_eq!(next.shift, Shift::Evening);
    assert!(next.satisfies.contains(&"drills.each-shift.evening".to_owned()), "{next:?}");
    assert!(next.window.to.date() <= day("2025-12-31") && next.window.from.date() > day("2025-11-15"));
    let cell = weeks_before.coverage.cells.iter().filter(|cell| cell.period.contains(day("2025-11-15")));
    assert_eq!(
        cell.filter(|cell| cell.drills.is_empty()).map(|cell| cell.shift).collect::<Vec<_>>(),
        [Shift::Evening]
    );
    let cited = rules.assess(&facts, "2026-01-01 08:00");
    let evening = of(&cited, "drills.each-shift.evening");
    assert_eq!((evening.state, evening.missed.len()), (Overdue, 1));
}

/// Three of the four drills of one shift within twenty-five minutes.
#[test]
fn three_of_four_drills_of_a_shift_at_the_same_time_of_day() {
    let rules = Library::with(US);
    let mut facts = home();
    facts.profile.since = day("2025-01-01");
    facts.drills = vec![full("2025-02-12 10:05"), full("2025-05-14 10:20")];
    let told = rules.assess(&facts, "2025-05-15 08:00");
    let day_shift = &told.too_predictable[..];
    assert_eq!((day_shift.len(), day_shift[0].shift, day_shift[0].drills.len()), (1, Shift::Day, 2));
    assert!(day_shift[0].recent, "told the day after, six weeks before the quarter ends");
    // Had the first of the quarters not been so near: the third one tells.
    facts.drills = vec![full("2025-01-12 10:05"), full("2025-06-14 10:20"), full("2025-09-01 14:00")];
    assert_eq!(rules.assess(&facts, "2025-10-01 08:00").too_predictable, []);
    let next = rules.assess(&facts, "2025-10-01 08:00").proposal;
    assert!(next.next_drill.is_some());
    facts.drills.push(full("2025-11-03 10:30"));
    let told = rules.assess(&facts, "2025-11-04 08:00").too_predictable;
    assert_eq!((told.len(), told[0].drills.len()), (1, 3), "{told:?}");
}
