//! How the evacuation table of a home stands as a whole: numbers and ids, which is not a reading of its rows.

use super::model::Resident;
use super::queries;
use super::rules::{is_without_night_helper, night_helper};
use crate::access::ReadTx;
use crate::compliance::facts::ResidentTable;
use crate::ids::StaffId;
use crate::institutions::Institution;
use crate::refusal::Outcome;
use crate::staff;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// What compliance looks at, by who works there on a day.
pub fn facts(tx: &mut ReadTx<'_>, place: &Institution, on: NaiveDate) -> Outcome<ResidentTable> {
    let present = queries::present(tx.conn, place.id)?;
    let left = left_helpers(tx, place, &present, on)?;
    let without = |one: &&Resident| is_without_night_helper(one.evac_class, night_helper(one, &left));
    Ok(ResidentTable {
        residents: u32::try_from(present.len()).unwrap_or(u32::MAX),
        without_night_helper: present.iter().filter(without).map(|one| one.id).collect(),
        oldest_review: present.iter().map(|one| one.reviewed_on).min(),
    })
}

/// Of the night helpers that the rows name by the list of staff, those who do not work here any more on a day.
pub fn left_helpers(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    present: &[Resident],
    on: NaiveDate,
) -> Outcome<BTreeSet<StaffId>> {
    let named: BTreeSet<StaffId> =
        present.iter().filter_map(|one| one.details.night_helper.as_ref()?.staff_id).collect();
    let named: Vec<StaffId> = named.into_iter().collect();
    let left = staff::queries::who_left(tx.conn, place.id, &named, on)?;
    Ok(left.into_iter().map(|(id, ..)| id).collect())
}
