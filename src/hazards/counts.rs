//! The maintained counts behind every overview: moved with each step, never scanned together.

use super::model::{Hazard, Severity, Status};
use crate::access::AreaColumns;
use crate::checklists::Category;
use crate::db::schema::{hazard_counts, hazards};
use crate::db::sql_types::UuidSql;
use crate::db::{Conn, Statement};
use crate::ids::InstitutionId;
use crate::refusal::Outcome;
use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use std::collections::HashMap;

/// Where a hazard is counted. Writers of one institution meet here and nobody else; the deadline is part
/// of the key while the clock runs, because midnight changes "overdue" without anybody writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CountKey {
    institution: InstitutionId,
    status: Status,
    category: Category,
    severity: Severity,
    deadline: NaiveDate,
}

impl CountKey {
    pub(super) fn of(hazard: &Hazard) -> Self {
        Self {
            institution: hazard.institution_id,
            status: hazard.status,
            category: hazard.category,
            severity: hazard.severity,
            deadline: if hazard.status.is_running() { hazard.deadline } else { NO_DEADLINE },
        }
    }

    pub(super) fn add(self, conn: &mut Conn, place: &AreaColumns, hazards: i64) -> Outcome<()> {
        let changed = Statement::<()>::new(
            "UPDATE hazard_counts SET hazards = hazards + ? WHERE institution_id = ? AND status = ? \
             AND category = ? AND severity = ? AND deadline = ?",
        )
        .with::<BigInt, _>(hazards)
        .with::<UuidSql, _>(self.institution)
        .with::<Text, _>(self.status)
        .with::<Text, _>(self.category)
        .with::<Text, _>(self.severity)
        .with::<Date, _>(self.deadline)
        .execute(conn)?;
        if hazards < 0 {
            // Past deadlines must not pile up: what is read adds to the cost of every overview.
            let key = (
                self.institution,
                self.status.as_str(),
                self.category.as_str(),
                self.severity.as_str(),
                self.deadline,
            );
            let empty = hazard_counts::table.find(key).filter(hazard_counts::hazards.eq(0));
            diesel::delete(empty).execute(conn)?;
        }
        if changed == 0 {
            diesel::insert_into(hazard_counts::table)
                .values((
                    hazard_counts::institution_id.eq(self.institution),
                    hazard_counts::area_1.eq(place.area_1),
                    hazard_counts::area_2.eq(place.area_2),
                    hazard_counts::area_3.eq(place.area_3),
                    hazard_counts::area_4.eq(place.area_4),
                    hazard_counts::area_5.eq(place.area_5),
                    hazard_counts::area_6.eq(place.area_6),
                    hazard_counts::status.eq(self.status.as_str()),
                    hazard_counts::category.eq(self.category.as_str()),
                    hazard_counts::severity.eq(self.severity.as_str()),
                    hazard_counts::deadline.eq(self.deadline),
                    hazard_counts::hazards.eq(hazards),
                ))
                .execute(conn)?;
        }
        Ok(())
    }
}

/// Stands for "no clock is running" in the counts.
pub const NO_DEADLINE: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

type Key = (InstitutionId, Status, Category, Severity);

/// Compares the maintained counts with the hazards themselves: one line for each that is wrong.
pub fn wrong_counts(conn: &mut Conn) -> Outcome<Vec<String>> {
    let mut off: HashMap<(Key, NaiveDate), i64> = HashMap::new();
    for (key, deadline, hazards) in counted(conn)? {
        *off.entry((key, deadline)).or_default() += hazards;
    }
    let kept: Vec<(Key, NaiveDate, i64)> = hazard_counts::table
        .select((
            (
                hazard_counts::institution_id,
                hazard_counts::status,
                hazard_counts::category,
                hazard_counts::severity,
            ),
            hazard_counts::deadline,
            hazard_counts::hazards,
        ))
        .load(conn)?;
    for (key, deadline, hazards) in kept {
        *off.entry((key, deadline)).or_default() -= hazards;
    }
    let wrong = off.into_iter().filter(|(_, off)| *off != 0);
    Ok(wrong
        .map(|(((at, status, category, severity), deadline), off)| {
            format!(
                "count of {status} {category} {severity} due {deadline} at institution {at}: off by {off}"
            )
        })
        .collect())
}

/// The hazards counted afresh: by deadline only while the clock runs, so that history stays small.
fn counted(conn: &mut Conn) -> Outcome<Vec<(Key, NaiveDate, i64)>> {
    let key = (hazards::institution_id, hazards::status, hazards::category, hazards::severity);
    let running = hazards::status.eq_any([Status::Pending, Status::Rectifying]);
    let mut counted: Vec<(Key, NaiveDate, i64)> = hazards::table
        .filter(running)
        .group_by((
            hazards::institution_id,
            hazards::status,
            hazards::category,
            hazards::severity,
            hazards::deadline,
        ))
        .select((key, hazards::deadline, count_star()))
        .load(conn)?;
    let still: Vec<(Key, i64)> = hazards::table
        .filter(hazards::status.ne_all([Status::Pending, Status::Rectifying]))
        .group_by(key)
        .select((key, count_star()))
        .load(conn)?;
    counted.extend(still.into_iter().map(|(key, hazards)| (key, NO_DEADLINE, hazards)));
    Ok(counted)
}
