//! The wordings findings are made of, by area. An inspector's habit is kept: short, concrete, what was seen.

mod carbon_monoxide;
mod electrical_devices;
mod electricity;
mod escape_routes;
mod fire_duty;
mod fire_equipment;
mod food;
mod gas;
mod meals;
mod winter;

use crate::places::Place;

/// How one checklist item is usually found, put right and accepted.
pub(crate) struct Template {
    pub item: &'static str,
    pub category: &'static str,
    /// How often it turns up, against the others.
    pub weight: u32,
    pub places: &'static [Place],
    pub descriptions: &'static [&'static str],
    /// Which measure and which re-check answer each description.
    pub answers: &'static [usize],
    pub measures: &'static [&'static str],
    pub rechecks: &'static [&'static str],
}

/// Never drawn as long as there are weights; it keeps the draw total.
pub(crate) const FALLBACK: Template = Template {
    item: "F01",
    category: "fire",
    weight: 0,
    places: &[Place::Corridor],
    descriptions: &["疏散通道堆放杂物。"],
    answers: &[0],
    measures: &["清空通道。"],
    rechecks: &["通道畅通。"],
};

pub(crate) fn all() -> impl Iterator<Item = &'static Template> {
    [
        electricity::ELECTRICITY,
        electrical_devices::ELECTRICAL_DEVICES,
        escape_routes::ESCAPE_ROUTES,
        fire_equipment::FIRE_EQUIPMENT,
        fire_duty::FIRE_DUTY,
        gas::GAS,
        carbon_monoxide::CARBON_MONOXIDE,
        food::FOOD,
        meals::MEALS,
        winter::WINTER,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_description_has_its_measure_and_recheck() {
        let mut items = HashSet::new();
        for template in all() {
            assert!(items.insert(template.item), "{} stands twice", template.item);
            assert_eq!(template.answers.len(), template.descriptions.len(), "{}", template.item);
            let last = template.answers.iter().max().copied().unwrap_or_default();
            assert!(last < template.measures.len() && last < template.rechecks.len(), "{}", template.item);
        }
    }
}
