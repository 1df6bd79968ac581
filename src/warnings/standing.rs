//! What the pre-mechanism looks at: how a home answered the warnings of the last twelve months.

use super::findings::{Answered, findings};
use super::model::{Warning, WarningEnd};
use super::rules::{self, ReportStanding};
use super::{queries, view};
use crate::access::{ReadTx, Scope};
use crate::compliance::elements::Finding;
use crate::institutions::Institution;
use crate::refusal::Outcome;
use chrono::TimeDelta;

/// What is found at an institution that the caller has been shown to cover. What should not have been relayed counts for
/// nothing.
pub fn of_home(tx: &mut ReadTx<'_>, home: &Institution) -> Outcome<Vec<Finding>> {
    let year_ago = tx.now.plus(-TimeDelta::days(365));
    let mut found = queries::of_home_since(tx.conn, home.id, year_ago)?;
    found.retain(|one| one.ended_how != Some(WarningEnd::Cancelled));
    let mut standings = view::targets(tx, &Scope::Institutions(vec![home.id]), &found)?;
    let now = tx.now;
    let answered = |of: &Warning| {
        let own = standings.remove(&of.id)?.pop()?;
        let reports = ReportStanding {
            due_at: own.report_due_at,
            overdue: own.report_overdue,
            missed: own.reports_missed,
        };
        Some(Answered {
            warning: of.id,
            state: rules::state(of, now),
            acknowledgement: own.acknowledgement,
            reports: of.report_every_minutes.map(|_| reports),
        })
    };
    let all: Vec<Answered> = found.iter().filter_map(answered).collect();
    Ok(findings(&all))
}
