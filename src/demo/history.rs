//! Eighteen months at one home: visits, what was found on them, and how each of it went.

use super::calendar::{Calendar, HISTORY_DAYS, office_day_until};
use super::chance::{Dice, dice};
use super::deeds::{Deed, What};
use super::findings::{Finding, Wanted, busy, find};
use super::papers;
use super::people::{ADMIN, Staff};
use super::places::{County, Home, Standing};
use super::plots::{ages, begins, wanted};
use super::readiness;
use super::scripts::Script;
use super::story::{Scene, Story};
use super::visits;
use crate::checklists::Checklist;
use crate::db::Instant;
use crate::hazards::deadlines::Timetable;
use crate::institutions::model::OperatingStatus;
use chrono::{Datelike, NaiveDate, TimeDelta};
use rand::Rng;
use rand::seq::IndexedRandom;
use std::collections::HashMap;

/// Everything the history of a home is made from.
pub struct Source<'a> {
    pub seed: u64,
    pub calendar: Calendar,
    pub checklist: &'a Checklist,
    pub rules: Timetable<'a>,
    pub home: &'a Home,
    pub county: &'a County,
    pub staff: Staff,
}

struct Plan {
    script: Script,
    day: NaiveDate,
    finding: Finding,
}

/// What happens at this home, in order.
pub fn of_home(source: &Source<'_>, scripts: &[Script]) -> Vec<Deed> {
    let mut chance = dice(source.seed, "home", source.home.number);
    let visits = visits(source, &mut chance, scripts.len() / 3 + 3);
    let mut plans: Vec<Plan> =
        scripts.iter().filter_map(|script| plan(source, &mut chance, &visits, *script)).collect();
    plans.sort_by_key(|plan| plan.day);
    let mut found: Vec<(NaiveDate, Finding)> = Vec::new();
    let mut slots: HashMap<NaiveDate, u32> = HashMap::new();
    let mut deeds = Vec::new();
    for mut plan in plans {
        come_back(source, &mut chance, &mut plan, &found);
        let slot = slots.entry(plan.day).or_default();
        *slot += 1;
        found.push((plan.day, Finding { item: plan.finding.item.clone(), text: plan.finding.text.clone() }));
        deeds.extend(told(source, &mut chance, plan, *slot));
    }
    let beside = visits::of_home(source, &deeds);
    deeds.extend(beside);
    let papers = papers::of_home(source, &deeds, end(source));
    deeds.extend(papers);
    deeds.extend(standing(source));
    deeds.extend(readiness::of_home(source));
    in_order(deeds)
}

/// How long ago anything at this home can have been found: nothing is left open where nobody lives any more.
fn quiet_since(home: &Home) -> i64 {
    match home.standing {
        Standing::Operating => 0,
        Standing::Suspended { days } | Standing::Closed { days } => days + 60,
    }
}

/// The days on which somebody came, as days ago.
fn visits(source: &Source<'_>, chance: &mut Dice, count: usize) -> Vec<i64> {
    let quiet = quiet_since(source.home) + 1;
    let mut days = Vec::new();
    while days.len() < count {
        let ago = chance.random_range(quiet..HISTORY_DAYS);
        if chance.random_bool(busy(source.calendar.days_ago(ago).month())) {
            days.push(ago);
        }
    }
    days
}

fn plan(source: &Source<'_>, chance: &mut Dice, visits: &[i64], script: Script) -> Option<Plan> {
    let calendar = &source.calendar;
    let past = !script.is_running() || matches!(script, Script::Transferred | Script::ReopenedOpen);
    if past {
        let (least, most) = ages(script);
        let least = least.max(quiet_since(source.home));
        let fitting: Vec<i64> = visits.iter().copied().filter(|ago| (least..=most).contains(ago)).collect();
        let ago = fitting.choose(chance).copied().unwrap_or_else(|| chance.random_range(least..=most));
        let day = office_day_until(calendar.days_ago(ago));
        let finding = find(chance, source.checklist, day, wanted(script, ago))?;
        return Some(Plan { script, day, finding });
    }
    let finding = find(chance, source.checklist, calendar.today(), wanted(script, 0))?;
    let day = begins(script, chance, calendar, finding.item.days.into());
    Some(Plan { script, day, finding })
}

/// Some things turn up again at the same place within half a year (重复隐患), more at troubled homes.
fn come_back(source: &Source<'_>, chance: &mut Dice, plan: &mut Plan, found: &[(NaiveDate, Finding)]) {
    let likely = if source.home.troubled { 0.22 } else { 0.07 };
    if !matches!(plan.script, Script::Ordinary | Script::OnSpot | Script::OpenRectifying)
        || !chance.random_bool(likely)
    {
        return;
    }
    let age = (source.calendar.today() - plan.day).num_days();
    let Wanted { least_days, most_days, .. } = wanted(plan.script, age);
    let earlier: Vec<&(NaiveDate, Finding)> = found
        .iter()
        .filter(|(day, one)| {
            (40..=170).contains(&(plan.day - *day).num_days())
                && (least_days..=most_days).contains(&one.item.days)
        })
        .collect();
    if let Some((_, again)) = earlier.choose(chance) {
        let mut text = again.text.clone();
        if !text.description_zh.starts_with("再次出现") {
            text.description_zh = format!("再次出现：{}", text.description_zh);
        }
        plan.finding = Finding { item: again.item.clone(), text };
    }
}

/// Nothing happens after this.
fn end(source: &Source<'_>) -> Instant {
    source.calendar.now.plus(TimeDelta::minutes(-2))
}

/// Tells one story and cuts it off at today.
fn told(source: &Source<'_>, chance: &mut Dice, plan: Plan, slot: u32) -> Vec<Deed> {
    let Source { calendar, rules, home, county, staff, .. } = source;
    let scene = Scene { calendar: *calendar, rules: *rules, home, county, staff };
    let visit = home.number + usize::try_from(plan.day.num_days_from_ce()).unwrap_or_default();
    let morning = visit % 3 != 0;
    let start = if morning { 9 * 60 + 5 } else { 14 * 60 + 5 } + u32::try_from(visit * 7 % 41).unwrap_or(0);
    let minutes = (start + slot.saturating_sub(1) * 9).min(17 * 60 + 30) + chance.random_range(0..6);
    let found_at = calendar.at(plan.day, minutes).plus(TimeDelta::seconds(chance.random_range(0..60)));
    let own = dice(source.seed, "story", chance.random_range(0..usize::MAX >> 1));
    let mut story = Story::begin(scene, own, plan.finding, found_at, visit);
    story.self_found = can_be_self_found(plan.script) && chance.random_bool(0.15);
    story.tell(plan.script);
    let end = end(source);
    story.deeds.into_iter().take_while(|deed| deed.at <= end).collect()
}

fn can_be_self_found(script: Script) -> bool {
    use Script as S;
    matches!(
        script,
        S::Ordinary
            | S::SentBack
            | S::Extended
            | S::OpenPending
            | S::OpenRectifying
            | S::OpenAwaiting
            | S::OverdueRectifying
    )
}

/// The administrator writes down that a home is shut for a while or for good.
fn standing(source: &Source<'_>) -> Option<Deed> {
    let (days, status) = match source.home.standing {
        Standing::Operating => return None,
        Standing::Suspended { days } => (days, OperatingStatus::Suspended),
        Standing::Closed { days } => (days, OperatingStatus::Closed),
    };
    let at = source.calendar.at(office_day_until(source.calendar.days_ago(days)), 10 * 60);
    Some(Deed { at, who: ADMIN, what: What::Standing { home: source.home.id, status }, shots: Vec::new() })
}

/// By time, and never two at once: a home's chain of entries is written in order.
fn in_order(mut deeds: Vec<Deed>) -> Vec<Deed> {
    deeds.sort_by_key(|deed| deed.at);
    let mut free = None;
    for deed in &mut deeds {
        deed.at = free.map_or(deed.at, |free| deed.at.max(free));
        let photos = i64::try_from(deed.shots.len()).unwrap_or_default();
        free = Some(deed.at.plus(TimeDelta::seconds(1 + 4 * photos)));
    }
    deeds
}
