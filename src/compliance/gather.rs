//! Where the facts come from: one function per source, and the documents in force.

use super::calendar::look_back;
use super::facts::{Facts, Profile};
use super::requirements::Documents;
use crate::access::ReadTx;
use crate::institutions::{Institution, model::MealSupply, model::OperatingStatus};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::residents;
use crate::rules::kinds::drills::DrillFrequencies;
use crate::rules::{self, Content, Head, InForce, Kind, Rules};
use crate::{drills, plans};
use crate::{rosters, trainings};
use chrono::{NaiveDate, NaiveDateTime};

/// The drill frequencies to look through: those in force, or the newest version of a document that is named.
fn frequencies<'a>(
    tx: &mut ReadTx<'_>,
    rules: &'a Rules,
    of: &Institution,
    on: NaiveDate,
    named: Option<&str>,
) -> Outcome<(InForce<'a, DrillFrequencies>, NaiveDate)> {
    let Some(id) = named else {
        return Ok((rules.drills(&of.place, on)?, rules.in_force_since(Kind::Drills, &of.place, on)));
    };
    let unknown = || Refusal::new(Code::InvalidQuery).field("rules", FieldCode::UnknownReference);
    let versions = rules.documents().into_iter().filter(|one| one.head.id == id && one.head.covers(on));
    let document = versions.max_by_key(|one| one.head.version).ok_or_else(unknown)?;
    let Content::Drills(content) = &document.content else { return Err(unknown().into()) };
    // Another area's own document is nobody else's business.
    let owner = rules::queries::find(tx.conn, id, document.head.version)?.and_then(|one| one.owner_area_id);
    if owner.is_some_and(|owner| !of.place.contains(owner)) {
        return Err(unknown().into());
    }
    let head: &Head = &document.head;
    Ok((InForce { head, content }, head.effective_from))
}

/// The documents that a home is judged by on a day.
pub fn documents<'a>(
    tx: &mut ReadTx<'_>,
    rules: &'a Rules,
    of: &Institution,
    on: NaiveDate,
    named: Option<&str>,
) -> Outcome<Documents<'a>> {
    let (frequencies, drills_since) = frequencies(tx, rules, of, on, named)?;
    Ok(Documents {
        drills: frequencies,
        drills_since,
        plan_contents: rules.plan_contents(&of.place, on).ok(),
        intervals: rules.intervals(&of.place, on).ok(),
        intervals_since: rules.in_force_since(Kind::Intervals, &of.place, on),
        colours: rules.colours(&of.place, on).ok(),
    })
}

/// All that is known of a home that the caller has been shown to cover.
pub fn facts(tx: &mut ReadTx<'_>, of: &Institution, as_of: NaiveDateTime) -> Outcome<Facts> {
    let on = as_of.date();
    // A year that began two years ago, and what was held in it.
    let from = look_back(on);
    let (held, planned) = drills::standing::facts(tx, of, from, on)?;
    let (sessions, untrained_new_staff) = trainings::standing::facts(tx, of, from, on)?;
    let plan = plans::queries::in_force(tx.conn, of.id, on)?;
    let shifts = rosters::queries::shift_pattern(tx.conn, of.id)?;
    Ok(Facts {
        commanders: rosters::standing::facts(tx, of, &shifts, as_of)?,
        profile: Profile {
            key_fire_unit: of.key_fire_unit,
            fire_high_risk: of.fire_high_risk,
            own_canteen: of.meal_supply == MealSupply::OwnCanteen,
            special_equipment: of.special_equipment,
            operating: of.status == OperatingStatus::Operating,
            since: tx.office.date(of.created_at),
            shifts,
            buildings: plans::standing::buildings(plan.as_ref()),
        },
        plan: plans::standing::facts(tx, of, plan.as_ref(), on)?,
        scenarios: plans::standing::scenarios(plan.as_ref()),
        drills: held,
        planned,
        residents: residents::standing::facts(tx, of, on)?,
        trainings: sessions,
        untrained_new_staff,
    })
}
