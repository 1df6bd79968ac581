//! What kind of home it is, and which duties hold for it. Pure.

use super::model::{Institution, MealSupply};
use crate::rules::kinds::intervals::AppliesTo;

/// What decides whether a duty holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traits {
    pub key_fire_unit: bool,
    pub fire_high_risk: bool,
    pub own_canteen: bool,
    pub special_equipment: bool,
}

impl From<&Institution> for Traits {
    fn from(home: &Institution) -> Self {
        Self {
            key_fire_unit: home.key_fire_unit,
            fire_high_risk: home.fire_high_risk,
            own_canteen: home.meal_supply == MealSupply::OwnCanteen,
            special_equipment: home.special_equipment,
        }
    }
}

/// Whether a duty that is owed by any of these is owed by such a home. What the authority owes no home does.
pub fn applies(to: &[AppliesTo], home: Traits) -> bool {
    to.iter().any(|one| match one {
        // Fire Law art. 73: a home is a crowded place.
        AppliesTo::All | AppliesTo::CrowdedPlace => true,
        AppliesTo::KeyFireUnit => home.key_fire_unit,
        AppliesTo::FireHighRisk => home.fire_high_risk,
        AppliesTo::OwnCanteen => home.own_canteen,
        AppliesTo::SpecialEquipment => home.special_equipment,
        AppliesTo::Authority => false,
    })
}
