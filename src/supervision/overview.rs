//! Adding up the maintained counts. Pure.

use crate::checklists::Category;
use crate::hazards::model::{Severity, Status};
use crate::ids::{AreaId, InstitutionId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// One maintained count with the place it belongs to.
#[derive(Debug, Clone)]
pub struct Count {
    pub institution: InstitutionId,
    /// The child of the asked area that the institution lies in.
    pub area: Option<AreaId>,
    pub status: Status,
    pub category: Category,
    pub severity: Severity,
    pub deadline: NaiveDate,
    pub hazards: i64,
}

/// How long something is overdue, in days.
pub const BUCKETS: &[(&str, i64, i64)] =
    &[("1-3", 1, 3), ("4-7", 4, 7), ("8-15", 8, 15), ("16-30", 16, 30), ("31+", 31, i64::MAX)];

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    pub total: i64,
    /// Neither closed nor void.
    pub open: i64,
    pub overdue: i64,
    /// Open and major.
    pub open_major: i64,
}

impl Totals {
    fn add(&mut self, count: &Count, today: NaiveDate) {
        self.total += count.hazards;
        if count.status.is_open() {
            self.open += count.hazards;
            if count.severity == Severity::Major {
                self.open_major += count.hazards;
            }
        }
        if days_overdue(count, today) > 0 {
            self.overdue += count.hazards;
        }
    }

    fn join(&mut self, part: &Self) {
        self.total += part.total;
        self.open += part.open;
        self.overdue += part.overdue;
        self.open_major += part.open_major;
    }
}

fn days_overdue(count: &Count, today: NaiveDate) -> i64 {
    if count.status.is_running() { (today - count.deadline).num_days() } else { 0 }
}

/// Everything added up.
#[derive(Debug, Default)]
pub struct Sums {
    pub totals: Totals,
    pub by_status: BTreeMap<String, i64>,
    pub by_category: BTreeMap<String, Totals>,
    pub by_severity: BTreeMap<String, Totals>,
    pub overdue_by_days: BTreeMap<String, i64>,
    pub by_area: HashMap<AreaId, Totals>,
    pub by_institution: HashMap<InstitutionId, Totals>,
}

/// Adds the counts up as of `today`.
pub fn sum(counts: &[Count], today: NaiveDate) -> Sums {
    let mut sums = Sums::default();
    for status in Status::ALL {
        sums.by_status.insert(status.to_string(), 0);
    }
    for (name, ..) in BUCKETS {
        sums.overdue_by_days.insert((*name).to_owned(), 0);
    }
    let mut by_status: HashMap<Status, i64> = HashMap::new();
    let mut by_category: HashMap<Category, Totals> = HashMap::new();
    let mut by_severity: HashMap<Severity, Totals> = HashMap::new();
    for count in counts {
        *by_status.entry(count.status).or_default() += count.hazards;
        by_category.entry(count.category).or_default().add(count, today);
        by_severity.entry(count.severity).or_default().add(count, today);
        sums.by_institution.entry(count.institution).or_default().add(count, today);
        if let Some(area) = count.area {
            sums.by_area.entry(area).or_default().add(count, today);
        }
        let days = days_overdue(count, today);
        if days > 0
            && let Some((name, ..)) = BUCKETS.iter().find(|(_, from, to)| (*from..=*to).contains(&days))
        {
            *sums.overdue_by_days.entry((*name).to_owned()).or_default() += count.hazards;
        }
    }
    // Every count has one category: together they are everything.
    by_category.values().for_each(|part| sums.totals.join(part));
    sums.by_status.extend(by_status.into_iter().map(|(status, hazards)| (status.to_string(), hazards)));
    sums.by_category = by_category.into_iter().map(|(of, totals)| (of.to_string(), totals)).collect();
    sums.by_severity = by_severity.into_iter().map(|(of, totals)| (of.to_string(), totals)).collect();
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overdue_is_counted_by_date_and_only_while_the_clock_runs() {
        let today: NaiveDate = "2026-03-10".parse().unwrap();
        let count = |status, deadline: &str, hazards| Count {
            institution: InstitutionId(uuid::Uuid::nil()),
            area: None,
            status,
            category: Category::Fire,
            severity: Severity::General,
            deadline: deadline.parse().unwrap(),
            hazards,
        };
        let counts = [
            count(Status::Pending, "2026-03-10", 1),
            count(Status::Pending, "2026-03-09", 2),
            count(Status::Rectifying, "2026-02-01", 4),
            count(Status::AwaitingRecheck, "0001-01-01", 8),
            count(Status::Closed, "0001-01-01", 16),
        ];
        let sums = sum(&counts, today);
        assert_eq!(sums.totals, Totals { total: 31, open: 15, overdue: 6, open_major: 0 });
        assert_eq!((sums.overdue_by_days["1-3"], sums.overdue_by_days["31+"]), (2, 4));
    }
}
