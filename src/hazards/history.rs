//! Taking over what was found and perhaps closed before this program was there: a hazard out of a ledger.
//!
//! It is kept as the ledger tells it: no photos are asked for what is closed, and nobody's account is said to have found,
//! fixed or closed it. From then on it lives by the same rules as any other.

use super::deadlines::{Finding, Timetable};
use super::model::{DeadlineBasis, Details, Hazard, Imported, Rectification, Severity, Status, Transfer};
use super::queries;
use super::register::{number, record};
use crate::access::{AreaColumns, WriteTx};
use crate::checklists::{Category, ChecklistItem, PhotoRule};
use crate::db::Instant;
use crate::ids::HazardId;
use crate::institutions::Institution;
use crate::refusal::{Failure, Outcome};
use crate::rules::{Counted, Rules};
use chrono::{NaiveDate, TimeDelta, TimeZone};
use serde_json::json;

/// A hazard as a ledger tells it.
#[derive(Debug, Clone)]
pub struct Past {
    pub id: HazardId,
    /// The number it has had with this program before.
    pub number: Option<String>,
    pub category: Category,
    pub checklist_item: Option<String>,
    pub location: String,
    pub description: String,
    pub severity: Severity,
    pub found_on: NaiveDate,
    pub deadline: Option<NaiveDate>,
    pub status: Status,
    pub closed_on: Option<NaiveDate>,
    pub rectification: Rectification,
    pub imported: Imported,
    /// Over what the row says: the same row again is known by it.
    pub digest: String,
}

/// The first moment of a local day.
fn start_of(tx: &WriteTx<'_>, day: NaiveDate) -> Outcome<Instant> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    // Where clocks are put forward at midnight, the day begins later.
    let first = (0..4).find_map(|hours| {
        tx.office.zone.from_local_datetime(&(midnight + TimeDelta::hours(hours))).earliest()
    });
    let first = first.ok_or(Failure::Internal("a day has no beginning"))?;
    Ok(Instant::new(first.with_timezone(&chrono::Utc)))
}

/// The rules of the day it was found; today's where none go back so far.
fn day_of_rules(tx: &WriteTx<'_>, rules: &Rules, place: &AreaColumns, found_on: NaiveDate) -> NaiveDate {
    let known = rules.timetable(place, found_on).is_ok() && rules.checklist(place, found_on).is_ok();
    if known { found_on } else { tx.office.date(tx.now) }
}

/// Stores it, with its audit entry, its words and its count.
pub fn take_over(tx: &mut WriteTx<'_>, past: Past, institution: &Institution) -> Outcome<()> {
    let rules = tx.rules()?;
    let on = day_of_rules(tx, &rules, &institution.place, past.found_on);
    let checklist = rules.checklist(&institution.place, on)?;
    let timetable = rules.timetable(&institution.place, on)?;
    let item = past.checklist_item.as_deref().and_then(|code| checklist.content.item(code));
    let mut hazard = hazard(tx, past, institution, item, &timetable)?;
    hazard.details.checklist = item.map(|_| checklist.head.reference());
    let content = json!({ "number": hazard.number, "digest": hazard.digest, "category": hazard.category,
        "checklist_item": hazard.checklist_item, "location": hazard.location, "description": hazard.description,
        "severity": hazard.severity, "status": hazard.status, "found_at": hazard.found_at, "closed_at": hazard.closed_at,
        "deadline": hazard.deadline_basis, "details": hazard.details, "recurrence_of": hazard.recurrence_of });
    record(tx, &hazard, "hazard.imported", content)?;
    let title = item.map_or("", |item| item.title_zh.as_str());
    queries::insert(tx.conn, hazard, &institution.name, title)
}

fn hazard(
    tx: &mut WriteTx<'_>,
    past: Past,
    institution: &Institution,
    item: Option<&ChecklistItem>,
    rules: &Timetable<'_>,
) -> Outcome<Hazard> {
    let found_at = start_of(tx, past.found_on)?;
    let closed_at = past.closed_on.map(|day| start_of(tx, day)).transpose()?;
    let basis = deadline(&past, item, rules);
    let recurrence_of = match item {
        Some(item) => {
            let since = found_at.plus(-TimeDelta::days(rules.recurrence_days()));
            // Of what was found on the same day none is the earlier one.
            let until = found_at.plus(-TimeDelta::microseconds(1));
            queries::recurrence(tx.conn, institution.id, &item.code, &past.location, since, until)?
        }
        None => None,
    };
    let fixed_on = past.imported.rectified_on.unwrap_or(past.found_on);
    let awaiting = past.status == Status::AwaitingRecheck;
    let recheck = awaiting.then(|| rules.recheck_due(past.severity, fixed_on));
    let failed = past.imported.recheck.as_ref().is_some_and(|recheck| !recheck.passed);
    let transfer = (past.status == Status::Transferred).then(|| Transfer {
        department: past.imported.department.clone().unwrap_or_default(),
        reason: past.imported.remarks.clone().unwrap_or_default(),
        status_before: Status::Pending,
        transferred_at: tx.now,
    });
    let details = Details {
        rectification: past.rectification,
        transfer,
        recheck_explained: recheck.clone(),
        imported: Some(past.imported),
        ..Details::default()
    };
    Ok(Hazard {
        id: past.id,
        inspection_id: None,
        drill_id: None,
        institution_id: institution.id,
        place: institution.place,
        number: past.number.unwrap_or_else(|| number(past.id, past.found_on)),
        category: past.category,
        checklist_item: past.checklist_item,
        location: past.location,
        description: past.description,
        severity: past.severity,
        urgent: item.is_some_and(|item| item.urgent),
        status: past.status,
        self_found: false,
        fixed_on_spot: false,
        found_at,
        registered_at: tx.now,
        registered_by: tx.actor.id,
        deadline: basis.result,
        original_deadline: basis.result,
        deadline_basis: basis,
        recheck_due: recheck.map(|basis| basis.result),
        rework_count: i32::from(failed),
        recurrence_of,
        // Without a listing body of this program nobody could delist it.
        listed: false,
        submitted_by: None,
        closed_at,
        closed_by: None,
        photo_rule: item.map_or(PhotoRule::One, |item| item.photo),
        details,
        digest: past.digest,
        version: 1,
        updated_at: tx.now,
    })
}

/// The ledger's own date as it stands, however long; the policy's where it names none.
fn deadline(past: &Past, item: Option<&ChecklistItem>, rules: &Timetable<'_>) -> DeadlineBasis {
    let (urgent, found_on) = (item.is_some_and(|item| item.urgent), past.found_on);
    let finding = Finding { item, severity: past.severity, urgent, fixed_on_spot: false, found_on };
    let basis = rules.past_deadline(&finding);
    let Some(given) = past.deadline else { return basis };
    DeadlineBasis {
        rule: basis.rule,
        version: basis.version,
        because: "imported".to_owned(),
        start: found_on,
        days: (given - found_on).num_days(),
        counted: Counted::Calendar,
        result: given,
        calendar: None,
        skipped: Vec::new(),
        made_up: Vec::new(),
        unknown_years: Vec::new(),
        extensions: Vec::new(),
    }
}
