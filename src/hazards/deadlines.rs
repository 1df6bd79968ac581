//! By when: deadlines, re-check dates and their limits, from a rule document and the calendar it counts by. Pure;
//! every date says where it came from, day by day where days were left out.

use super::model::{DeadlineBasis, Severity};
use crate::checklists::ChecklistItem;
use crate::refusal::{Code, FieldCode, Refusal};
use crate::rules::kinds::Readable;
use crate::rules::{Counted, Holidays, InForce, Read, Section};
use chrono::{Days, NaiveDate};
use serde::Serialize;

/// A deadline policy (`rules/deadlines.toml`).
#[derive(Debug, Clone, Serialize)]
pub struct DeadlineRules {
    days: DefaultDays,
    recheck: Recheck,
    rework: Rework,
    extension: Extension,
    reopen: Within,
    recurrence: Within,
    longest: Longest,
}

/// What people are told about a part of the policy.
#[derive(Debug, Clone, Serialize)]
struct Notes {
    note_zh: String,
    note_en: String,
}

#[derive(Debug, Clone, Serialize)]
struct DefaultDays {
    fixed_on_spot: u32,
    urgent: u32,
    general: u32,
    works: u32,
    major: u32,
    /// Also of the days that checklist items name.
    counted: Counted,
    #[serde(flatten)]
    notes: Notes,
}

#[derive(Debug, Clone, Serialize)]
struct Recheck {
    general_days: u32,
    general_counted: Counted,
    major_days: u32,
    major_counted: Counted,
    #[serde(flatten)]
    notes: Notes,
}

#[derive(Debug, Clone, Serialize)]
struct Rework {
    days: u32,
    counted: Counted,
    #[serde(flatten)]
    notes: Notes,
}

#[derive(Debug, Clone, Serialize)]
struct Extension {
    max_days: u32,
    #[serde(flatten)]
    notes: Notes,
}

#[derive(Debug, Clone, Serialize)]
struct Within {
    within_days: u32,
    #[serde(flatten)]
    notes: Notes,
}

#[derive(Debug, Clone, Serialize)]
struct Longest {
    general_days: u32,
    major_days: u32,
    #[serde(flatten)]
    notes: Notes,
}

/// The longest term that any policy may set.
const TERM: std::ops::RangeInclusive<u32> = 0..=730;

fn notes(of: &Section<'_>) -> Read<Notes> {
    let (note_zh, note_en) = (of.text("note_zh", 300), of.text("note_en", 500));
    Ok(Notes { note_zh: note_zh?, note_en: note_en? })
}

/// Calendar days where nothing is said.
fn counted(of: &Section<'_>, key: &'static str) -> Read<Counted> {
    Ok(of.optional_choice(key, Counted::parse)?.unwrap_or(Counted::Calendar))
}

fn within(of: &Section<'_>) -> Read<Within> {
    let (within_days, notes) = (of.number("within_days", TERM), notes(of));
    Ok(Within { within_days: within_days?, notes: notes? })
}

fn default_days(of: &Section<'_>) -> Read<DefaultDays> {
    let (fixed_on_spot, urgent) = (of.number("fixed_on_spot", TERM), of.number("urgent", TERM));
    let (general, works, major) =
        (of.number("general", TERM), of.number("works", TERM), of.number("major", TERM));
    let (counted, notes) = (counted(of, "counted"), notes(of));
    Ok(DefaultDays {
        fixed_on_spot: fixed_on_spot?,
        urgent: urgent?,
        general: general?,
        works: works?,
        major: major?,
        counted: counted?,
        notes: notes?,
    })
}

fn recheck(of: &Section<'_>) -> Read<Recheck> {
    let (general_days, general_counted) = (of.number("general_days", TERM), counted(of, "general_counted"));
    let (major_days, major_counted) = (of.number("major_days", TERM), counted(of, "major_counted"));
    let notes = notes(of);
    Ok(Recheck {
        general_days: general_days?,
        general_counted: general_counted?,
        major_days: major_days?,
        major_counted: major_counted?,
        notes: notes?,
    })
}

impl Readable for DeadlineRules {
    fn read(root: &Section<'_>) -> Read<Self> {
        let days = root.section("days", default_days);
        let recheck = root.section("recheck", recheck);
        let rework = root.section("rework", |of| {
            let (days, counted, notes) = (of.number("days", TERM), counted(of, "counted"), notes(of));
            Ok(Rework { days: days?, counted: counted?, notes: notes? })
        });
        let extension = root.section("extension", |of| {
            let (max_days, notes) = (of.number("max_days", TERM), notes(of));
            Ok(Extension { max_days: max_days?, notes: notes? })
        });
        let (reopen, recurrence) = (root.section("reopen", within), root.section("recurrence", within));
        let longest = root.section("longest", |of| {
            let (general_days, major_days) = (of.number("general_days", TERM), of.number("major_days", TERM));
            let notes = notes(of);
            Ok(Longest { general_days: general_days?, major_days: major_days?, notes: notes? })
        });
        Ok(Self {
            days: days?,
            recheck: recheck?,
            rework: rework?,
            extension: extension?,
            reopen: reopen?,
            recurrence: recurrence?,
            longest: longest?,
        })
    }
}

/// What a deadline is made from.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    pub item: Option<&'a ChecklistItem>,
    pub severity: Severity,
    pub urgent: bool,
    pub fixed_on_spot: bool,
    /// The local date it was found on.
    pub found_on: NaiveDate,
}

fn after(start: NaiveDate, days: u32) -> NaiveDate {
    start.checked_add_days(Days::new(days.into())).unwrap_or(start)
}

/// A deadline policy with the calendar that it counts working days by.
#[derive(Debug, Clone, Copy)]
pub struct Timetable<'a> {
    pub policy: InForce<'a, DeadlineRules>,
    /// Absent where no calendar is in force: then no year is known.
    pub holidays: Option<InForce<'a, Holidays>>,
}

impl Timetable<'_> {
    /// A term as the policy counts it. Where the calendar does not know a year, the basis says so.
    fn basis(&self, because: String, start: NaiveDate, days: u32, counted: Counted) -> DeadlineBasis {
        let mut basis = DeadlineBasis {
            rule: self.policy.head.id.clone(),
            version: self.policy.head.version,
            because,
            start,
            days: days.into(),
            counted,
            result: after(start, days),
            calendar: None,
            skipped: Vec::new(),
            made_up: Vec::new(),
            unknown_years: Vec::new(),
            extensions: Vec::new(),
        };
        if counted == Counted::Working {
            let counting = match self.holidays {
                Some(holidays) => holidays.after(start, days),
                None => Holidays::none().after(start, days),
            };
            basis.calendar = self.holidays.map(|holidays| holidays.head.reference());
            basis.result = counting.result;
            basis.skipped = counting.skipped;
            basis.made_up = counting.made_up;
            basis.unknown_years = counting.unknown_years;
        }
        basis
    }

    /// The default deadline: the item's own days, or the policy's by severity. Refused where it counts working days
    /// in a year whose holidays are not known: somebody's duty must not rest on a guess.
    pub fn default_deadline(&self, finding: &Finding<'_>) -> Result<DeadlineBasis, Refusal> {
        certain(self.past_deadline(finding))
    }

    /// The same for what a ledger tells of: history is not refused for want of a calendar, its basis names the years in
    /// which only weekends were left out.
    pub fn past_deadline(&self, finding: &Finding<'_>) -> DeadlineBasis {
        let table = &self.policy.days;
        let (because, days) = match finding.item {
            _ if finding.fixed_on_spot => ("fixed_on_spot".to_owned(), table.fixed_on_spot),
            Some(item) => (format!("item {}", item.code), item.days),
            None if finding.severity == Severity::Major => ("major".to_owned(), table.major),
            None if finding.urgent => ("urgent".to_owned(), table.urgent),
            None => ("general".to_owned(), table.general),
        };
        self.basis(because, finding.found_on, days, table.counted)
    }

    /// A deadline set by hand: not before the finding, not beyond what the severity allows.
    pub fn given_deadline(
        &self,
        given: NaiveDate,
        severity: Severity,
        start: NaiveDate,
    ) -> Result<DeadlineBasis, Refusal> {
        if given < start {
            return Err(Refusal::invalid("/deadline", FieldCode::TooEarly));
        }
        if given > after(start, self.longest_days(severity)) {
            return Err(Refusal::invalid("/deadline", FieldCode::TooLate));
        }
        let mut basis = self.basis("given".to_owned(), start, 0, Counted::Calendar);
        basis.days = (given - start).num_days();
        basis.result = given;
        Ok(basis)
    }

    fn longest_days(&self, severity: Severity) -> u32 {
        match severity {
            Severity::General => self.policy.longest.general_days,
            Severity::Major => self.policy.longest.major_days,
        }
    }

    /// The short new deadline after a failed re-check.
    pub fn rework_deadline(&self, today: NaiveDate) -> Result<DeadlineBasis, Refusal> {
        let rework = &self.policy.rework;
        certain(self.basis("rework".to_owned(), today, rework.days, rework.counted))
    }

    /// By when the office must re-check a fix handed in today: its own duty, not the institution's. Handing in is
    /// never refused for want of a calendar: the basis then names the years in which only weekends were left out.
    pub fn recheck_due(&self, severity: Severity, today: NaiveDate) -> DeadlineBasis {
        let recheck = &self.policy.recheck;
        let (days, counted) = match severity {
            Severity::General => (recheck.general_days, recheck.general_counted),
            Severity::Major => (recheck.major_days, recheck.major_counted),
        };
        self.basis("recheck".to_owned(), today, days, counted)
    }

    /// Refuses an extension that is not later than the date in force, or that would make all extensions
    /// of a deadline together longer than the policy allows.
    pub fn check_extension(
        &self,
        basis: &DeadlineBasis,
        in_force: NaiveDate,
        new: NaiveDate,
    ) -> Result<(), Refusal> {
        if new <= in_force {
            return Err(Refusal::invalid("/deadline", FieldCode::TooEarly));
        }
        if new > after(basis.result, self.policy.extension.max_days) {
            return Err(Refusal::invalid("/deadline", FieldCode::TooLate));
        }
        Ok(())
    }

    /// Whether something closed on that date may still be reopened.
    pub fn may_reopen(&self, closed_on: NaiveDate, today: NaiveDate) -> bool {
        today <= after(closed_on, self.policy.reopen.within_days)
    }

    /// How many days back the same item at the same place counts as a recurrence.
    pub fn recurrence_days(&self) -> i64 {
        self.policy.recurrence.within_days.into()
    }
}

/// The deadline, unless it rests on a year whose holidays are not known.
fn certain(basis: DeadlineBasis) -> Result<DeadlineBasis, Refusal> {
    if basis.unknown_years.is_empty() {
        return Ok(basis);
    }
    let years: Vec<String> = basis.unknown_years.iter().map(ToString::to_string).collect();
    let state = serde_json::json!({ "unknown_years": basis.unknown_years, "rule": basis.rule, "version": basis.version });
    Err(Refusal::new(Code::HolidaysUnknown).detail(years.join(", ")).current(state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AreaColumns;
    use crate::ids::AreaId;
    use crate::rules::Library;

    fn timetable(library: &Library) -> Timetable<'_> {
        let place = AreaColumns::root(AreaId::fresh());
        library.base().timetable(&place, day("2026-03-01")).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn default_deadlines_by_item_and_severity() {
        let library = Library::embedded().unwrap();
        let rules = timetable(&library);
        let place = AreaColumns::root(AreaId::fresh());
        let checklist = library.base().checklist(&place, day("2026-03-01")).unwrap();
        type Case = (Option<&'static str>, Severity, bool, bool, &'static str, &'static str);
        let cases: &[Case] = &[
            (None, Severity::General, false, false, "general", "2026-03-08"),
            (None, Severity::General, true, false, "urgent", "2026-03-02"),
            (None, Severity::Major, false, false, "major", "2026-03-31"),
            (Some("E03"), Severity::General, true, false, "item E03", "2026-03-01"),
            (Some("E02"), Severity::General, false, false, "item E02", "2026-03-16"),
            (Some("E02"), Severity::General, false, true, "fixed_on_spot", "2026-03-01"),
        ];
        for (item, severity, urgent, fixed_on_spot, because, result) in cases {
            let finding = Finding {
                item: item.and_then(|code| checklist.item(code)),
                severity: *severity,
                urgent: *urgent,
                fixed_on_spot: *fixed_on_spot,
                found_on: day("2026-03-01"),
            };
            let basis = rules.default_deadline(&finding).unwrap();
            assert_eq!((basis.because.as_str(), basis.result), (*because, day(result)));
            assert_eq!(basis.start + Days::new(u64::try_from(basis.days).unwrap()), basis.result);
        }
    }

    #[test]
    fn a_deadline_by_hand_has_limits() {
        let library = Library::embedded().unwrap();
        let rules = timetable(&library);
        let given =
            |date, severity| rules.given_deadline(day(date), severity, day("2026-03-01")).map(|b| b.days);
        assert_eq!(given("2026-03-31", Severity::General), Ok(30));
        assert!(given("2026-04-01", Severity::General).is_err());
        assert_eq!(given("2026-04-01", Severity::Major), Ok(31));
        assert!(given("2026-02-28", Severity::General).is_err());
    }

    #[test]
    fn extensions_go_forward_and_not_for_ever() {
        let library = Library::embedded().unwrap();
        let rules = timetable(&library);
        let basis = rules.given_deadline(day("2026-03-01"), Severity::General, day("2026-03-01")).unwrap();
        let check = |in_force, new| rules.check_extension(&basis, day(in_force), day(new));
        assert!(check("2026-03-01", "2026-03-01").is_err());
        assert!(check("2026-03-01", "2026-05-30").is_ok());
        assert!(check("2026-03-01", "2026-05-31").is_err());
        assert!(check("2026-05-30", "2026-05-31").is_err(), "ninety days in all");
    }

    #[test]
    fn reopening_ends_after_180_days() {
        let library = Library::embedded().unwrap();
        let rules = timetable(&library);
        assert!(rules.may_reopen(day("2026-01-01"), day("2026-06-30")));
        assert!(!rules.may_reopen(day("2026-01-01"), day("2026-07-01")));
    }
}
