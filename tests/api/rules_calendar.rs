//! Working days as the State Council's notices arrange them, against tables and an independent calendar.

use anlao::access::AreaColumns;
use anlao::hazards::Timetable;
use anlao::hazards::deadlines::Finding;
use anlao::hazards::model::{DeadlineBasis, Severity};
use anlao::ids::AreaId;
use anlao::rules::{Holidays, Library};
use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::path::Path;
use std::process::Command;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn anywhere() -> AreaColumns {
    AreaColumns::root(AreaId::fresh())
}

fn holidays(library: &Library) -> &Holidays {
    library.base().holidays(&anywhere(), day("2026-03-10")).unwrap().content
}

fn timetable(library: &Library) -> Timetable<'_> {
    library.base().timetable(&anywhere(), day("2026-03-10")).unwrap()
}

/// Terms that run into holidays and make-up workdays of every year that is known.
#[test]
fn terms_in_working_days() {
    let library = Library::embedded().unwrap();
    // Start, working days, last day, days left out, Saturdays and Sundays that counted.
    let cases = [
        ("2024-02-02", 3, "2024-02-06", 1, &["2024-02-04"][..]),
        ("2024-02-08", 2, "2024-02-18", 8, &["2024-02-18"]),
        ("2024-04-03", 1, "2024-04-07", 3, &["2024-04-07"]),
        ("2024-06-07", 1, "2024-06-11", 3, &[]),
        ("2024-09-13", 2, "2024-09-18", 3, &["2024-09-14"]),
        ("2024-09-30", 3, "2024-10-10", 7, &[]),
        ("2024-10-11", 1, "2024-10-12", 0, &["2024-10-12"]),
        ("2025-01-24", 3, "2025-02-05", 9, &["2025-01-26"]),
        ("2025-04-30", 1, "2025-05-06", 5, &[]),
        ("2025-09-26", 5, "2025-10-10", 9, &["2025-09-28"]),
        ("2025-12-31", 1, "2026-01-04", 3, &["2026-01-04"]),
        ("2026-02-13", 3, "2026-02-25", 9, &["2026-02-14"]),
        ("2026-03-10", 3, "2026-03-13", 0, &[]),
        ("2026-03-12", 3, "2026-03-17", 2, &[]),
        ("2026-09-30", 3, "2026-10-10", 7, &["2026-10-10"]),
        ("2026-02-16", 0, "2026-02-16", 0, &[]),
    ];
    for (start, days, last, left_out, made_up) in cases {
        let counting = holidays(&library).after(day(start), days);
        let counted: Vec<String> = counting.made_up.iter().map(ToString::to_string).collect();
        assert_eq!(
            (counting.result.to_string().as_str(), counting.skipped.len(), counted.as_slice()),
            (last, left_out, made_up.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().as_slice()),
            "{days} working days after {start}: {counting:?}"
        );
        assert!(counting.unknown_years.is_empty());
    }
}

/// A year whose notice is not there is named, and an institution's duty never rests on it.
#[test]
fn unknown_years_are_said() {
    let library = Library::embedded().unwrap();
    let counting = holidays(&library).after(day("2026-12-30"), 3);
    assert_eq!((counting.unknown_years.as_slice(), counting.result), (&[2027][..], day("2027-01-04")));
    let before = holidays(&library).after(day("2023-12-28"), 2);
    assert_eq!(before.unknown_years, [2023]);
    let recheck = timetable(&library).recheck_due(Severity::General, day("2026-12-30"));
    assert_eq!((recheck.unknown_years.as_slice(), recheck.result), (&[2027][..], day("2027-01-04")));
}

/// The explanation alone leads to the date again.
fn rederived(basis: &DeadlineBasis) -> NaiveDate {
    let left_out = i64::try_from(basis.skipped.len()).unwrap();
    basis.start + TimeDelta::days(basis.days + left_out)
}

/// Whatever the start and the length: the explanation leads to the date, tells every day that was left out and why,
/// and one more day is always later.
#[test]
fn an_explanation_leads_to_its_date() {
    let library = Library::embedded().unwrap();
    let (rules, holidays) = (timetable(&library), holidays(&library));
    let mut rng = StdRng::seed_from_u64(20_261_124);
    let tried = anlao_testbed::tries(3_000, 100_000);
    for _ in 0..tried {
        let start = day("2024-01-01") + TimeDelta::days(rng.random_range(0..1_096));
        let days = rng.random_range(0..60);
        let counting = holidays.after(start, days);
        let span = (counting.result - start).num_days();
        assert_eq!(span, i64::from(days) + i64::try_from(counting.skipped.len()).unwrap());
        let between: Vec<NaiveDate> =
            start.iter_days().skip(1).take(usize::try_from(span).unwrap()).collect();
        for date in &between {
            let off = counting.skipped.iter().find(|skipped| skipped.date == *date);
            assert_eq!(off, holidays.day_off(*date).as_ref(), "{date}");
            let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
            assert_eq!(counting.made_up.contains(date), weekend && off.is_none(), "{date}");
        }
        assert!(days == 0 || holidays.day_off(counting.result).is_none(), "a term ends on a working day");
        assert!(holidays.after(start, days + 1).result > counting.result);
        let severity = if rng.random_bool(0.5) { Severity::Major } else { Severity::General };
        let finding = Finding {
            item: None,
            severity,
            urgent: rng.random_bool(0.3),
            fixed_on_spot: false,
            found_on: start,
        };
        for basis in [
            rules.recheck_due(severity, start),
            rules.default_deadline(&finding).unwrap(),
            rules.rework_deadline(start).unwrap(),
        ] {
            assert_eq!(rederived(&basis), basis.result, "{basis:?}");
            // Written down and read again, it still leads there.
            let kept: DeadlineBasis = serde_json::from_str(&serde_json::to_string(&basis).unwrap()).unwrap();
            assert_eq!(kept, basis);
        }
    }
    anlao_testbed::tally("deadlines", "explanations that lead to their date", tried, 0);
}

/// A basis that release 0.1.0 kept is read as what it was: calendar days.
#[test]
fn an_old_explanation_is_read() {
    let old = r#"{"rule":"deadline-default","version":1,"because":"item E03","start":"2026-03-10","days":0,"result":"2026-03-10","extensions":[]}"#;
    let basis: DeadlineBasis = serde_json::from_str(old).unwrap();
    assert_eq!(rederived(&basis), basis.result);
    assert_eq!(serde_json::to_string(&basis).unwrap(), old, "and written as it was");
}

const INDEPENDENT: &str = "
import datetime
import chinese_calendar
day = datetime.date(2024, 1, 1)
while day.year < 2027:
    print(day, int(chinese_calendar.is_workday(day)))
    day += datetime.timedelta(days=1)
";

/// Day by day, the same as an independent calendar.
#[test]
fn every_day_is_as_an_independent_calendar_has_it() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/chinesecalendar");
    let ran = Command::new("python3").env("PYTHONPATH", package).args(["-c", INDEPENDENT]).output();
    let Some(told) = ran.ok().filter(|ran| ran.status.success()) else {
        // Said loudly; where nothing may be left out it is a failure.
        let may_be_left_out = std::env::var_os("CI").is_none_or(|ci| ci != "true");
        assert!(may_be_left_out && anlao_testbed::tries(0, 1) == 0, "chinesecalendar is not installed");
        eprintln!("######## NOT RUN: chinesecalendar is not installed; `make test` installs it ########");
        return;
    };
    let library = Library::embedded().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    let (mut tried, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let (date, works) = line.split_once(' ').unwrap();
        tried += 1;
        if holidays(&library).day_off(day(date)).is_none() != (works == "1") {
            wrong.push(date.to_owned());
        }
    }
    anlao_testbed::tally("deadlines", "days as an independent calendar has them", tried, wrong.len() as u64);
    assert_eq!((tried, wrong), (1_096, Vec::new()));
}
