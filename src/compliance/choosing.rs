//! Choosing shift, kind, day, building and scenario of the next drill, and trying what it would meet. Pure.

use super::calendar::Span;
use super::counting::Duty;
use super::coverage::covers;
use super::facts::{HeldDrill, Scenario, Words};
use super::predictable::{Stretch, free_on};
use super::proposal::{Asking, NextDrill, ProposedScenario, Target, Window, as_held};
use super::requirements::{State, judge, shift_name, strictest_period};
use crate::rosters::ShiftTimes;
use crate::rules::kinds::drills::{DrillKind, Shift};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use std::cmp::Reverse;

impl<'a> Asking<'a> {
    /// A valid drill for one duty, if there is any; `others` are met with it where that is possible.
    pub(super) fn for_target(&self, target: &Target<'a>, others: &[&Target<'a>]) -> Option<NextDrill> {
        self.choices(target, others).into_iter().find_map(|(shift, kind)| self.in_shift(target, &shift, kind))
    }

    /// Shifts and kinds in the order of preference: what meets most duties, fills an empty cell, was drilled longest ago.
    fn choices(&self, target: &Target<'a>, others: &[&Target<'a>]) -> Vec<(ShiftTimes, DrillKind)> {
        let pattern = &self.facts.profile.shifts;
        let mut choices = Vec::new();
        for shift in target.duty.shifts(pattern) {
            let Some(times) = pattern.times(shift) else { continue };
            for kind in &target.duty.rule.satisfied_by {
                let met = others
                    .iter()
                    .filter(|one| one.duty.takes_kind(*kind) && one.duty.shifts(pattern).contains(&shift));
                let last = self.last_drill(|drill| drill.shift == shift && covers(drill));
                let used = self.last_drill(|drill| drill.kind == *kind && !drill.real_event);
                let moves = !matches!(kind, DrillKind::Tabletop | DrillKind::CallOut);
                let filled = !self.has_empty_cell(shift, target.opens);
                let key = (Reverse(met.count()), Reverse(moves), filled, last, used, order(*kind));
                choices.push((key, (*times, *kind)));
            }
        }
        choices.sort_by_key(|(key, _)| *key);
        choices.into_iter().map(|(_, choice)| choice).collect()
    }

    /// When such a drill was last held.
    fn last_drill(&self, which: impl Fn(&HeldDrill) -> bool) -> Option<NaiveDateTime> {
        let held = self.facts.drills.iter().filter(|drill| drill.alarm_at <= self.as_of && which(drill));
        held.map(|drill| drill.alarm_at).max()
    }

    fn has_empty_cell(&self, shift: Shift, day: NaiveDate) -> bool {
        let buildings = &self.facts.profile.buildings;
        buildings.is_empty() && self.is_empty_cell(shift, None, day)
            || buildings.iter().any(|one| self.is_empty_cell(shift, Some(one), day))
    }

    fn is_empty_cell(&self, shift: Shift, building: Option<&str>, day: NaiveDate) -> bool {
        let span = Span::of(strictest_period(self.rules.drills.content, self.facts), day);
        let there = |drill: &HeldDrill| {
            drill.shift == shift
                && covers(drill)
                && span.contains(drill.alarm_at.date())
                && (building.is_none() || drill.building.is_none() || drill.building.as_deref() == building)
        };
        self.last_drill(there).is_none()
    }

    fn in_shift(&self, target: &Target<'a>, shift: &ShiftTimes, kind: DrillKind) -> Option<NextDrill> {
        // What is overdue may also be made good after the running period, if nothing is left of it.
        let next = Span { first: target.opens, last: target.closes }.next(target.duty.rule.period);
        let later = (target.rank == 0).then_some((next.first, next.last));
        let times = [Some((target.opens, target.closes)), later];
        // Away from what is planned, if possible.
        let kept: Vec<(NaiveTime, NaiveTime)> = self
            .facts
            .planned
            .iter()
            .filter(|plan| plan.shift == shift.shift && plan.window.1 >= self.as_of)
            .filter(|plan| plan.window.1 - plan.window.0 <= TimeDelta::hours(3))
            .map(|plan| (plan.window.0.time(), plan.window.1.time()))
            .collect();
        for (opens, closes) in times.into_iter().flatten() {
            for kept in [kept.as_slice(), &[]] {
                let found = self.find_day(target, shift, (opens, closes), kept);
                if let Some(next) = found.and_then(|window| self.tried(target, window, shift.shift, kind)) {
                    return Some(next);
                }
            }
        }
        None
    }

    /// The best day between two for the shift, with its longest free stretch: with time to prepare, not long after, and on a
    /// day of the week that was not used lately.
    fn find_day(
        &self,
        target: &Target<'_>,
        shift: &ShiftTimes,
        (opens, closes): (NaiveDate, NaiveDate),
        kept: &[(NaiveTime, NaiveTime)],
    ) -> Option<Stretch> {
        let today = self.as_of.date();
        let hurry = target.rank == 0 || (closes - today).num_days() <= 30;
        let prepared = today.checked_add_days(Days::new(if hurry { 1 } else { 7 })).unwrap_or(today);
        let wanted = prepared.max(opens);
        let within = self.rules.drills.predictable_within_minutes;
        let earliest = self.earliest(within);
        let used = self.weekdays_used(shift.shift);
        let mut best: Option<((u8, i64, bool, NaiveDate), Stretch)> = None;
        let mut day = opens.max(today);
        while day <= closes {
            let haste = if day >= wanted { 0 } else { 1 + u8::from(day == today) };
            let fortnight = (day - wanted).num_days().max(0) / 14;
            let key = (haste, fortnight, used.contains(&day.weekday()), day);
            // Later days are worse than one that was found in an earlier fortnight.
            if best.is_some_and(|(found, _)| found.0 == 0 && found.1 < fortnight) {
                break;
            }
            let free = free_on(day, shift, earliest, &self.facts.drills, kept, within);
            if let Some(longest) = free.into_iter().max_by_key(|(from, to)| (*to - *from, Reverse(*from)))
                && best.is_none_or(|(found, _)| key < found)
            {
                best = Some((key, longest));
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        best.map(|(_, stretch)| stretch)
    }

    /// From when on another drill is not the same exercise as one that was just held.
    fn earliest(&self, within: u32) -> NaiveDateTime {
        let apart = TimeDelta::minutes(i64::from(within));
        let just = self.last_drill(|_| true).map(|last| last + apart);
        just.map_or(self.as_of, |then| then.max(self.as_of))
    }

    fn weekdays_used(&self, shift: Shift) -> Vec<Weekday> {
        let mut held: Vec<NaiveDateTime> = self
            .facts
            .drills
            .iter()
            .filter(|drill| drill.shift == shift)
            .map(|drill| drill.alarm_at)
            .collect();
        held.sort_unstable_by_key(|at| Reverse(*at));
        held.into_iter().take(4).map(|at| at.weekday()).collect()
    }

    /// The drill with what it would meet, if it brings the target forward wherever in the window it is held.
    fn tried(
        &self,
        target: &Target<'a>,
        (from, to): Stretch,
        shift: Shift,
        kind: DrillKind,
    ) -> Option<NextDrill> {
        let building = self.building(shift, from.date());
        let (mut satisfies, mut once_reported, mut towards) = (Vec::new(), Vec::new(), Vec::new());
        let judged = |duty: &Duty<'_>, at: NaiveDateTime, held: Option<bool>| {
            let mut drills = self.facts.drills.clone();
            drills.extend(held.map(|reported| as_held(at, kind, shift, building.clone(), reported)));
            judge(self.rules, duty, &drills, self.facts, at)
        };
        let takers = self.duties.iter().filter(|(duty, _)| duty.takes_kind(kind));
        for (duty, one) in takers {
            let ends = [from, to];
            let before = ends.map(|at| judged(duty, at, None));
            if before.iter().any(|one| one.period.is_none() || one.state == State::Satisfied) {
                continue;
            }
            let met =
                |reported| ends.iter().all(|at| judged(duty, *at, Some(reported)).state == State::Satisfied);
            let more = || {
                ends.iter().zip(&before).all(|(at, before)| judged(duty, *at, Some(true)).held > before.held)
            };
            if met(false) {
                satisfies.push(one.id.clone());
            } else if duty.rule.reported && met(true) {
                once_reported.push(one.id.clone());
            } else if more() {
                towards.push(one.id.clone());
            }
        }
        let id = &target.one.id;
        if ![&satisfies, &once_reported, &towards].iter().any(|all| all.contains(id)) {
            return None;
        }
        Some(NextDrill {
            requirement: id.clone(),
            planned: None,
            window: Window { from, to },
            shift,
            kind,
            scenario: self.scenario(shift),
            why: self.why(target, shift, building.as_deref(), from.date(), &satisfies, &once_reported),
            building,
            satisfies,
            satisfies_once_reported: once_reported,
            counts_towards: towards,
        })
    }

    /// A building whose cell is empty before others, then the one drilled longest ago.
    fn building(&self, shift: Shift, day: NaiveDate) -> Option<String> {
        let all = self.facts.profile.buildings.iter();
        all.min_by_key(|one| {
            let here = |drill: &HeldDrill| drill.building.as_ref().is_none_or(|building| building == *one);
            let in_shift = self.last_drill(|drill| drill.shift == shift && here(drill));
            (!self.is_empty_cell(shift, Some(one), day), in_shift, self.last_drill(here))
        })
        .cloned()
    }

    /// The scenario that fits the shift and was not drilled for longest.
    fn scenario(&self, shift: Shift) -> Option<ProposedScenario> {
        let own = &self.facts.scenarios;
        let of_document: Vec<Scenario> = self
            .rules
            .drills
            .scenario
            .iter()
            .map(|one| Scenario {
                code: one.code.clone(),
                title: Words::new(one.title_zh.as_str(), one.title_en.as_str()),
                shifts: one.shifts.clone().unwrap_or_default(),
            })
            .collect();
        let all = if own.is_empty() { &of_document } else { own };
        let fitting = all.iter().filter(|one| one.shifts.is_empty() || one.shifts.contains(&shift));
        let chosen = fitting.min_by_key(|one| {
            let said = |drill: &HeldDrill| {
                drill.scenario.as_ref().is_some_and(|text| *text == one.code || *text == one.title.zh)
            };
            self.last_drill(said)
        })?;
        Some(ProposedScenario { code: chosen.code.clone(), title: chosen.title.clone() })
    }

    fn why(
        &self,
        target: &Target<'_>,
        shift: Shift,
        building: Option<&str>,
        day: NaiveDate,
        satisfies: &[String],
        once_reported: &[String],
    ) -> Words {
        let one = target.one;
        let mut why = Words::new(
            format!("{}：{}", one.title_zh, one.why.zh),
            format!("{}: {}", one.title_en, one.why.en),
        );
        let name = shift_name(shift);
        if self.is_empty_cell(shift, building, day) {
            let place = building.unwrap_or_default();
            why.zh.push_str(&format!("；{place}{}本周期尚未演练", name.zh));
            why.en.push_str(&format!("; nothing in this period yet for the {} {place}", name.en));
        }
        let within = self.rules.drills.predictable_within_minutes;
        why.zh.push_str(&format!("；与近期{}演练钟点错开至少{within}分钟", name.zh));
        why.en.push_str(&format!(
            "; at least {within} minutes by the clock from recent drills of the {}",
            name.en
        ));
        let all: Vec<&str> = satisfies.iter().map(String::as_str).collect();
        if !all.is_empty() {
            why.zh.push_str(&format!("；可满足{}", all.join("、")));
            why.en.push_str(&format!("; meets {}", all.join(", ")));
        }
        if !once_reported.is_empty() {
            why.zh.push_str(&format!("；报告后还可满足{}", once_reported.join("、")));
            why.en.push_str(&format!("; once reported also {}", once_reported.join(", ")));
        }
        why
    }
}

/// Where nothing else decides: the smaller effort first.
fn order(kind: DrillKind) -> u8 {
    match kind {
        DrillKind::Functional => 0,
        DrillKind::Full => 1,
        DrillKind::Unannounced => 2,
        DrillKind::Joint => 3,
        DrillKind::CallOut => 4,
        DrillKind::Tabletop => 5,
    }
}
