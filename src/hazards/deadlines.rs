//! By when: deadlines, re-check dates and their limits, from a rule table. Pure; every date says where it
//! came from.

use super::model::{DeadlineBasis, Severity};
use crate::checklists::ChecklistItem;
use crate::refusal::{FieldCode, Refusal};
use chrono::{Days, NaiveDate};
use serde::Deserialize;

/// The rule table (`rules/deadlines.toml`).
#[derive(Debug, Clone, Deserialize)]
pub struct DeadlineRules {
    pub id: String,
    pub version: u32,
    days: DefaultDays,
    recheck: Recheck,
    rework: Rework,
    extension: Extension,
    reopen: Within,
    recurrence: Within,
    longest: Longest,
}

#[derive(Debug, Clone, Deserialize)]
struct DefaultDays {
    fixed_on_spot: u32,
    urgent: u32,
    general: u32,
    major: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Recheck {
    general_days: u32,
    major_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Rework {
    days: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Extension {
    max_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Within {
    within_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
struct Longest {
    general_days: u32,
    major_days: u32,
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

impl DeadlineRules {
    /// The table that comes with the program.
    pub fn embedded() -> Result<Self, String> {
        toml::from_str(include_str!("../../rules/deadlines.toml"))
            .map_err(|error| format!("deadlines: {error}"))
    }

    fn basis(&self, because: String, start: NaiveDate, days: u32) -> DeadlineBasis {
        DeadlineBasis {
            rule: self.id.clone(),
            version: self.version,
            because,
            start,
            days: days.into(),
            result: after(start, days),
            extensions: Vec::new(),
        }
    }

    /// The default deadline: the item's own days, or the table's by severity; never longer than the
    /// severity's default where the hazard is major.
    pub fn default_deadline(&self, finding: &Finding<'_>) -> DeadlineBasis {
        let (because, days) = match finding.item {
            _ if finding.fixed_on_spot => ("fixed_on_spot".to_owned(), self.days.fixed_on_spot),
            Some(item) => (format!("item {}", item.code), item.days),
            None if finding.severity == Severity::Major => ("major".to_owned(), self.days.major),
            None if finding.urgent => ("urgent".to_owned(), self.days.urgent),
            None => ("general".to_owned(), self.days.general),
        };
        self.basis(because, finding.found_on, days)
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
        let mut basis = self.basis("given".to_owned(), start, 0);
        basis.days = (given - start).num_days();
        basis.result = given;
        Ok(basis)
    }

    fn longest_days(&self, severity: Severity) -> u32 {
        match severity {
            Severity::General => self.longest.general_days,
            Severity::Major => self.longest.major_days,
        }
    }

    /// The short new deadline after a failed re-check.
    pub fn rework_deadline(&self, today: NaiveDate) -> DeadlineBasis {
        self.basis("rework".to_owned(), today, self.rework.days)
    }

    /// By when the office must re-check a fix handed in today: its own duty, not the institution's.
    pub fn recheck_due(&self, severity: Severity, today: NaiveDate) -> NaiveDate {
        match severity {
            Severity::General => after(today, self.recheck.general_days),
            Severity::Major => after(today, self.recheck.major_days),
        }
    }

    /// Refuses an extension that is not later than the date in force, or that would make all extensions
    /// of a deadline together longer than the table allows.
    pub fn check_extension(
        &self,
        basis: &DeadlineBasis,
        in_force: NaiveDate,
        new: NaiveDate,
    ) -> Result<(), Refusal> {
        if new <= in_force {
            return Err(Refusal::invalid("/deadline", FieldCode::TooEarly));
        }
        if new > after(basis.result, self.extension.max_days) {
            return Err(Refusal::invalid("/deadline", FieldCode::TooLate));
        }
        Ok(())
    }

    /// Whether something closed on that date may still be reopened.
    pub fn may_reopen(&self, closed_on: NaiveDate, today: NaiveDate) -> bool {
        today <= after(closed_on, self.reopen.within_days)
    }

    /// How many days back the same item at the same place counts as a recurrence.
    pub fn recurrence_days(&self) -> i64 {
        self.recurrence.within_days.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklists::Checklist;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn default_deadlines_by_item_and_severity() {
        let rules = DeadlineRules::embedded().unwrap();
        let checklist = Checklist::embedded().unwrap();
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
            let basis = rules.default_deadline(&finding);
            assert_eq!((basis.because.as_str(), basis.result), (*because, day(result)));
            assert_eq!(basis.start + Days::new(u64::try_from(basis.days).unwrap()), basis.result);
        }
    }

    #[test]
    fn a_deadline_by_hand_has_limits() {
        let rules = DeadlineRules::embedded().unwrap();
        let given =
            |date, severity| rules.given_deadline(day(date), severity, day("2026-03-01")).map(|b| b.days);
        assert_eq!(given("2026-03-31", Severity::General), Ok(30));
        assert!(given("2026-04-01", Severity::General).is_err());
        assert_eq!(given("2026-04-01", Severity::Major), Ok(31));
        assert!(given("2026-02-28", Severity::General).is_err());
    }

    #[test]
    fn extensions_go_forward_and_not_for_ever() {
        let rules = DeadlineRules::embedded().unwrap();
        let basis = rules.given_deadline(day("2026-03-01"), Severity::General, day("2026-03-01")).unwrap();
        let check = |in_force, new| rules.check_extension(&basis, day(in_force), day(new));
        assert!(check("2026-03-01", "2026-03-01").is_err());
        assert!(check("2026-03-01", "2026-05-30").is_ok());
        assert!(check("2026-03-01", "2026-05-31").is_err());
        assert!(check("2026-05-30", "2026-05-31").is_err(), "ninety days in all");
    }

    #[test]
    fn reopening_ends_after_180_days() {
        let rules = DeadlineRules::embedded().unwrap();
        assert!(rules.may_reopen(day("2026-01-01"), day("2026-06-30")));
        assert!(!rules.may_reopen(day("2026-01-01"), day("2026-07-01")));
    }
}
