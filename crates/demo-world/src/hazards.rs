//! Findings in the words of an inspector.

use rand::Rng;

use crate::hazard_texts::{Template, all};
use crate::places::{location, room};

/// The text side of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HazardText {
    pub checklist_item: &'static str,
    pub category: &'static str,
    pub location_zh: String,
    pub description_zh: String,
    pub measure_zh: String,
    pub recheck_note_zh: String,
}

/// A finding of any kind, the common ones more often.
pub fn hazard_text(rng: &mut impl Rng) -> HazardText {
    let total: u32 = all().map(|template| template.weight).sum();
    let mut draw = rng.random_range(0..total.max(1));
    for template in all() {
        if draw < template.weight {
            return write(rng, template);
        }
        draw -= template.weight;
    }
    write(rng, &crate::hazard_texts::FALLBACK)
}

/// A finding of one checklist item, if there are texts for it.
pub fn hazard_text_for(rng: &mut impl Rng, checklist_item: &str) -> Option<HazardText> {
    all().find(|template| template.item == checklist_item).map(|template| write(rng, template))
}

fn write(rng: &mut impl Rng, template: &Template) -> HazardText {
    let place = crate::pick(rng, template.places);
    let room = room(rng);
    let which = rng.random_range(0..template.descriptions.len().max(1));
    let answer = template.answers.get(which).copied().unwrap_or_default();
    HazardText {
        checklist_item: template.item,
        category: template.category,
        location_zh: location(rng, place, &room),
        description_zh: phrase(rng, template.descriptions, which, &room),
        measure_zh: phrase(rng, template.measures, answer, &room),
        recheck_note_zh: phrase(rng, template.rechecks, answer, &room),
    }
}

/// One of the patterns (the first if there are not so many) with its blanks filled: `{n}` a few, `{m}` some dozens,
/// `{d}` a month and day, `{r}` the room of the finding.
fn phrase(rng: &mut impl Rng, patterns: &[&'static str], which: usize, room: &str) -> String {
    let pattern = patterns.get(which).or_else(|| patterns.first()).copied().unwrap_or_default();
    let mut text = pattern.replace("{r}", room);
    while text.contains("{n}") {
        text = text.replacen("{n}", &rng.random_range(2..=6).to_string(), 1);
    }
    while text.contains("{m}") {
        text = text.replacen("{m}", &rng.random_range(12..=45).to_string(), 1);
    }
    while text.contains("{d}") {
        text =
            text.replacen("{d}", &format!("{}月{}日", rng.random_range(1..=12), rng.random_range(1..=28)), 1);
    }
    text
}
