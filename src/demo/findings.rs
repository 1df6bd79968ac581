//! What is found: by season, and fitting what the story needs.

use super::chance::{Dice, one_of};
use crate::checklists::{Checklist, ChecklistItem, PhotoRule};
use anlao_demo_world::{HazardText, hazard_text, hazard_text_for};
use chrono::{Datelike, NaiveDate};
use rand::Rng;

/// What a story needs of its item.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub least_days: u32,
    pub most_days: u32,
    /// Only items that need both pictures.
    pub both_pictures: bool,
    /// Only items that a person might judge major.
    pub candidate: bool,
}

impl Wanted {
    pub fn days(least_days: u32, most_days: u32) -> Self {
        Self { least_days, most_days, both_pictures: false, candidate: false }
    }

    fn fits(&self, item: &ChecklistItem) -> bool {
        (self.least_days..=self.most_days).contains(&item.days)
            && (!self.both_pictures || item.photo == PhotoRule::BeforeAfter)
    }
}

/// A finding in the words of an inspector, and its item.
pub struct Finding {
    pub item: ChecklistItem,
    pub text: HazardText,
}

const WINTER: &[&str] =
    &["E07", "E08", "W01", "W02", "W03", "W04", "W05", "W06", "C01", "C02", "C03", "C04", "C05", "C06"];
const CANDIDATES: &[&str] = &["F12", "F15", "G10", "C01", "C03", "C07"];
/// Items that are there in every season, by their days.
const ALWAYS: &[(u32, &str)] = &[(15, "F11"), (7, "G02"), (3, "F05"), (0, "F01")];

/// Half of what inspectors find is on paper; the texts know more of what can be seen.
const SEEN: f64 = 0.6;

fn is_winter(month: u32) -> bool {
    matches!(month, 11 | 12 | 1 | 2)
}

/// How likely this is found in that month, against its usual share.
fn in_season(code: &str, month: u32) -> f64 {
    let kind = code.chars().next();
    match (kind, month) {
        (Some('W'), month) if !is_winter(month) => 0.0,
        (Some('C'), month) if !is_winter(month) => 0.15,
        (Some('K'), 5..=9) => 1.0,
        (Some('K'), _) => 0.65,
        _ if matches!(code, "E07" | "E08") && !is_winter(month) => 0.2,
        _ => 0.9,
    }
}

/// How many findings a day of this month has, against others: before winter and feasts more is looked at.
pub fn busy(month: u32) -> f64 {
    match month {
        11 | 12 => 1.0,
        1 | 9 => 0.85,
        2 | 7 | 8 => 0.5,
        _ => 0.65,
    }
}

/// Draws a finding for that day.
pub fn find(chance: &mut Dice, checklist: &Checklist, day: NaiveDate, wanted: Wanted) -> Option<Finding> {
    for _ in 0..60 {
        let text = draw(chance, day.month(), wanted);
        let Some(item) = checklist.item(text.checklist_item) else { continue };
        let season = if wanted.candidate { 1.0 } else { in_season(text.checklist_item, day.month()) };
        let share = if item.photo == PhotoRule::BeforeAfter { season * SEEN } else { season };
        if wanted.fits(item) && chance.random_bool(share) {
            return Some(Finding { item: item.clone(), text });
        }
    }
    let (_, code) = ALWAYS.iter().find(|(days, _)| *days <= wanted.most_days.max(wanted.least_days))?;
    let text = hazard_text_for(chance, code)?;
    Some(Finding { item: checklist.item(code)?.clone(), text })
}

fn draw(chance: &mut Dice, month: u32, wanted: Wanted) -> HazardText {
    let special = match month {
        _ if wanted.candidate => CANDIDATES,
        month if is_winter(month) && chance.random_bool(0.3) => WINTER,
        _ => &[],
    };
    let code = one_of(chance, special);
    hazard_text_for(chance, code).unwrap_or_else(|| hazard_text(chance))
}
