//! How the evacuation table of a home stands as a whole: numbers and ids, which is not a reading of its rows.

use super::model::Resident;
use super::queries;
use super::rules::is_without_night_helper;
use crate::access::ReadTx;
use crate::compliance::facts::ResidentTable;
use crate::ids::StaffId;
use crate::institutions::Institution;
use crate::refusal::Outcome;
use crate::staff;
use std::collections::BTreeSet;

/// What compliance looks at. Who has left helps nobody.
pub fn facts(tx: &mut ReadTx<'_>, place: &Institution) -> Outcome<ResidentTable> {
    let present = queries::present(tx.conn, place.id)?;
    let left = left_helpers(tx, place, &present)?;
    let without = |one: &&Resident| {
        let helper = one.details.night_helper.as_ref();
        let helper = helper.filter(|person| person.staff_id.is_none_or(|id| !left.contains(&id)));
        is_without_night_helper(one.evac_class, helper)
    };
    Ok(ResidentTable {
        residents: u32::try_from(present.len()).unwrap_or(u32::MAX),
        without_night_helper: present.iter().filter(without).map(|one| one.id).collect(),
        oldest_review: present.iter().map(|one| one.reviewed_on).min(),
    })
}

/// Of the night helpers that the rows name by the list of staff, those who do not work here any more.
pub fn left_helpers(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    present: &[Resident],
) -> Outcome<BTreeSet<StaffId>> {
    let named: BTreeSet<StaffId> =
        present.iter().filter_map(|one| one.details.night_helper.as_ref()?.staff_id).collect();
    let named: Vec<StaffId> = named.into_iter().collect();
    let today = tx.office.date(tx.now);
    let left = staff::queries::who_left(tx.conn, place.id, &named, today)?;
    Ok(left.into_iter().map(|(id, ..)| id).collect())
}
