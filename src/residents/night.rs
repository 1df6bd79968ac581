//! Whether the night is enough for the residents: hands needed and hands there, zone by zone. An estimate, shown with
//! everything it takes for granted; not a certification. Pure.

use super::EvacClass;
use super::model::{Resident, ResidentFlag};
use super::rules::{is_without_night_helper, night_helper};
use crate::fields::Fields;
use crate::ids::{ResidentId, StaffId};
use crate::refusal::{FieldCode, Refusal};
use crate::rules::kinds::evacuation::EvacuationNumbers;
use crate::staff::Person;
use crate::text_enum;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// How many of the night's staff reach a zone in time. One person may count for several zones, but not at once: what stands
/// here is what the home answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"building": "1号楼", "fire_compartment": "3东", "staff": 2}))]
pub struct ZoneStaff {
    #[schema(min_length = 1, max_length = 40)]
    pub building: String,
    /// 防火分区
    #[schema(min_length = 1, max_length = 40)]
    pub fire_compartment: String,
    #[schema(minimum = 0, maximum = 200)]
    pub staff: u32,
}

text_enum! {
    /// How a zone stands.
    pub enum ZoneState {
        /// Everybody leaves by themselves.
        NothingNeeded = "nothing_needed",
        /// With so many trips.
        Reachable = "reachable",
        /// Somebody needs help and nobody is there in time.
        Unreachable = "unreachable",
        /// The home has not said who is there at night.
        NotStated = "not_stated",
    }
}

/// One zone: a fire compartment of a building.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"building": "1号楼", "fire_compartment": "3东", "residents": {"carried": 3, "guided": 4, "wheeled": 2},
    "flags": {"oxygen_dependent": 1}, "need": 10, "available": 2, "trips": 5, "state": "reachable"}))]
pub struct NightZone {
    pub building: String,
    pub fire_compartment: String,
    /// How many of each class.
    pub residents: BTreeMap<EvacClass, u32>,
    /// How many with each flag; they add no hands.
    pub flags: BTreeMap<ResidentFlag, u32>,
    /// Hands that are needed.
    pub need: u32,
    /// Hands that are there in time; absent while the home has not said.
    pub available: Option<u32>,
    /// Times that each helper goes; absent where nobody is there, or nobody knows.
    pub trips: Option<u32>,
    pub state: ZoneState,
}

/// Somebody who is named for more than they can take at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"helper": {"name": "李梅"}, "residents": ["0198f000-0000-7000-8000-0000000000a0", "0198f000-0000-7000-8000-0000000000a1"], "rounds": 2}))]
pub struct Overload {
    pub helper: Person,
    pub residents: Vec<ResidentId>,
    /// Times that they would have to go.
    pub rounds: u32,
}

/// The night as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    pub zones: Vec<NightZone>,
    pub overloads: Vec<Overload>,
    /// Who needs somebody at night and has nobody named who still works here.
    pub without_night_helper: Vec<ResidentId>,
    /// Who is carried and has no second pair of hands named.
    pub without_second: Vec<ResidentId>,
}

/// Hands for so many residents of each class.
pub fn need(of: &BTreeMap<EvacClass, u32>, numbers: &EvacuationNumbers) -> u32 {
    let count = |class| of.get(&class).copied().unwrap_or(0);
    numbers
        .per_carried
        .saturating_mul(count(EvacClass::Carried))
        .saturating_add(numbers.per_wheeled.saturating_mul(count(EvacClass::Wheeled)))
        .saturating_add(numbers.per_assisted.saturating_mul(count(EvacClass::Assisted)))
        .saturating_add(count(EvacClass::Guided).div_ceil(numbers.guided_per_helper.max(1)))
}

/// How a zone stands, and how often each helper goes.
pub fn trips(need: u32, available: Option<u32>) -> (ZoneState, Option<u32>) {
    match (need, available) {
        (0, _) => (ZoneState::NothingNeeded, Some(0)),
        (_, None) => (ZoneState::NotStated, None),
        (_, Some(0)) => (ZoneState::Unreachable, None),
        (need, Some(hands)) => (ZoneState::Reachable, Some(need.div_ceil(hands))),
    }
}

/// Judges a night: `present` live here, `staffing` is there, `left` do not work here any more.
pub fn judge(
    present: &[Resident],
    staffing: &[ZoneStaff],
    left: &BTreeSet<StaffId>,
    numbers: &EvacuationNumbers,
) -> Night {
    let without = |one: &&Resident| is_without_night_helper(one.evac_class, night_helper(one, left));
    let alone = |one: &&Resident| one.evac_class == EvacClass::Carried && one.details.deputy.is_none();
    Night {
        zones: zones(present, staffing, numbers),
        overloads: overloads(present, left, numbers),
        without_night_helper: present.iter().filter(without).map(|one| one.id).collect(),
        without_second: present.iter().filter(alone).map(|one| one.id).collect(),
    }
}

fn zones(present: &[Resident], staffing: &[ZoneStaff], numbers: &EvacuationNumbers) -> Vec<NightZone> {
    type Counts = (BTreeMap<EvacClass, u32>, BTreeMap<ResidentFlag, u32>);
    let mut counted: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
    for one in staffing {
        counted.entry((&one.building, &one.fire_compartment)).or_default();
    }
    for one in present {
        let (classes, flags) = counted.entry((&one.building, &one.fire_compartment)).or_default();
        *classes.entry(one.evac_class).or_default() += 1;
        for flag in &one.details.flags {
            *flags.entry(*flag).or_default() += 1;
        }
    }
    let zone = |((building, compartment), (residents, flags)): ((&str, &str), Counts)| {
        let stated = staffing
            .iter()
            .find(|one| (one.building.as_str(), one.fire_compartment.as_str()) == (building, compartment));
        let available = stated.map(|one| one.staff);
        let need = need(&residents, numbers);
        let (state, trips) = trips(need, available);
        NightZone {
            building: building.to_owned(),
            fire_compartment: compartment.to_owned(),
            residents,
            flags,
            need,
            available,
            trips,
            state,
        }
    };
    counted.into_iter().map(zone).collect()
}

/// Who would have to go more than once: one helper takes one resident who is carried (with another helper), wheeled or
/// assisted, or as many who are guided as one helper guides.
fn overloads(present: &[Resident], left: &BTreeSet<StaffId>, numbers: &EvacuationNumbers) -> Vec<Overload> {
    let mut named: BTreeMap<&Person, Vec<&Resident>> = BTreeMap::new();
    for one in present.iter().filter(|one| one.evac_class != EvacClass::SelfReliant) {
        if let Some(person) = night_helper(one, left) {
            named.entry(person).or_default().push(one);
        }
    }
    let judged = named.into_iter().map(|(helper, residents)| {
        let guided = residents.iter().filter(|one| one.evac_class == EvacClass::Guided).count();
        let guided = u32::try_from(guided).unwrap_or(u32::MAX);
        let others = u32::try_from(residents.len()).unwrap_or(u32::MAX).saturating_sub(guided);
        let rounds = others.saturating_add(guided.div_ceil(numbers.guided_per_helper.max(1)));
        Overload { helper: helper.clone(), residents: residents.iter().map(|one| one.id).collect(), rounds }
    });
    judged.filter(|one| one.rounds > 1).collect()
}

/// Zones of a night's staffing: each named once.
pub fn check_staffing(zones: &[ZoneStaff]) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(zones.len() <= 200, "/zones", FieldCode::TooMany);
    let mut seen = BTreeSet::new();
    for (at, one) in zones.iter().enumerate() {
        let pointer = |name: &str| format!("/zones/{at}/{name}");
        fields.line(&pointer("building"), &one.building, 1..=40);
        fields.line(&pointer("fire_compartment"), &one.fire_compartment, 1..=40);
        fields.number(&pointer("staff"), &one.staff, 0..=200);
        let again = !seen.insert((&one.building, &one.fire_compartment));
        fields.check(!again, pointer("fire_compartment"), FieldCode::Duplicate);
    }
    fields.finish()
}
