//! The night of a home: who is there, which the home states, and whether that is enough.

pub mod routes;

use super::night::{self, NightZone, Overload, ZoneStaff};
use super::{queries, standing};
use crate::access::{ReadTx, WriteTx};
use crate::ids::{InstitutionId, ResidentId};
use crate::institutions::{self, Institution};
use crate::refusal::Outcome;
use crate::rosters::model::Topic;
use crate::rosters::{arrange, queries as rosters};
use crate::rules::kinds::evacuation::EvacuationNumbers;
use crate::stored::Written;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who is there at night.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"zones": [{"building": "1号楼", "fire_compartment": "3东", "staff": 2}]}))]
pub struct NightStaffingForm {
    /// Each zone once.
    #[schema(max_items = 200)]
    pub zones: Vec<ZoneStaff>,
    /// To change what is there: the version the caller saw. `If-Match` does as well.
    pub expected_version: Option<i64>,
}

/// The night of a home: an estimate with everything it takes for granted, not a certification.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "rule_document": "evacuation-default", "rule_version": 1, "verified": false,
    "numbers": {"per_carried": 2, "per_wheeled": 1, "per_assisted": 1, "guided_per_helper": 3, "reach_minutes": 1, "assumption": [
        {"code": "not-a-certification", "text_zh": "本结果仅为估算，不是合格认定。", "text_en": "This is an estimate, not a certification."}]},
    "zones": [{"building": "1号楼", "fire_compartment": "3东", "residents": {"carried": 3}, "flags": {}, "need": 6, "available": 2, "trips": 3,
        "state": "reachable"}],
    "overloads": [], "without_night_helper": [], "without_second": []
}))]
pub struct NightView {
    pub institution_id: InstitutionId,
    /// Where the numbers stand.
    pub rule_document: String,
    pub rule_version: u32,
    /// Whether they were verified against a source.
    pub verified: bool,
    /// The numbers and assumptions: to be shown with the result, always.
    pub numbers: EvacuationNumbers,
    pub zones: Vec<NightZone>,
    /// Night helpers who would have to go more than once.
    pub overloads: Vec<Overload>,
    /// Who needs somebody at night and has nobody named who still works here.
    pub without_night_helper: Vec<ResidentId>,
    /// Who is carried and has no second pair of hands named.
    pub without_second: Vec<ResidentId>,
}

/// What a home has stated about its nights, with the version: nothing, version 0, while it has said nothing.
pub fn staffing(tx: &mut ReadTx<'_>, home: InstitutionId) -> Outcome<(Vec<ZoneStaff>, i64)> {
    let stated = rosters::arranged(rosters::arrangement(tx.conn, home, Topic::NightStaffing)?)?;
    Ok(stated.unwrap_or_default())
}

/// States who is there at night.
pub fn state(
    tx: &mut WriteTx<'_>,
    home: InstitutionId,
    form: &NightStaffingForm,
    seen: Option<i64>,
) -> Outcome<(Written, i64)> {
    institutions::queries::find(tx.conn, &tx.actor.scope, home)?;
    night::check_staffing(&form.zones)?;
    arrange::keep(tx, home, (Topic::NightStaffing, "night_staffing.arranged"), &form.zones, seen)
}

/// Judges the night of a home that the caller has been shown to cover. Numbers and ids: not a reading of rows.
pub fn judged(tx: &mut ReadTx<'_>, place: &Institution) -> Outcome<NightView> {
    let present = queries::present(tx.conn, place.id)?;
    let (staffing, _version) = staffing(tx, place.id)?;
    let (rules, today) = (tx.rules()?, tx.office.date(tx.now));
    let left = standing::left_helpers(tx, place, &present, today)?;
    let in_force = rules.evacuation(&place.place, today)?;
    let night = night::judge(&present, &staffing, &left, in_force.content);
    Ok(NightView {
        institution_id: place.id,
        rule_document: in_force.head.id.clone(),
        rule_version: in_force.head.version,
        verified: in_force.head.verified,
        numbers: in_force.content.clone(),
        zones: night.zones,
        overloads: night.overloads,
        without_night_helper: night.without_night_helper,
        without_second: night.without_second,
    })
}
