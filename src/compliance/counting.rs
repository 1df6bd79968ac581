//! Which drill counts for which duty. Pure.

use super::calendar::Span;
use super::facts::HeldDrill;
use crate::rosters::ShiftPattern;
use crate::rules::kinds::drills::{DrillFrequencies, DrillKind, DrillRequirement, Shift};
use chrono::{NaiveDateTime, TimeDelta};

/// One duty to drill as it is judged: a requirement of the document, for one shift where it is owed for each.
#[derive(Debug, Clone, Copy)]
pub struct Duty<'a> {
    pub document: &'a DrillFrequencies,
    pub rule: &'a DrillRequirement,
    pub shift: Option<Shift>,
}

impl<'a> Duty<'a> {
    /// All duties of a document.
    pub fn all(document: &'a DrillFrequencies) -> Vec<Self> {
        let mut all = Vec::new();
        for rule in &document.requirement {
            match &rule.each_shift {
                Some(shifts) => {
                    all.extend(shifts.iter().map(|shift| Self { document, rule, shift: Some(*shift) }));
                }
                None => all.push(Self { document, rule, shift: None }),
            }
        }
        all
    }

    pub fn id(&self) -> String {
        match self.shift {
            Some(shift) => format!("drills.{}.{shift}", self.rule.code),
            None => format!("drills.{}", self.rule.code),
        }
    }

    /// The shifts of the home in which a drill counts; none where the home does not have such a shift.
    pub fn shifts(&self, pattern: &ShiftPattern) -> Vec<Shift> {
        let own = pattern.shifts().iter().map(|one| one.shift);
        own.filter(|shift| self.counts_in(*shift)).collect()
    }

    fn counts_in(&self, shift: Shift) -> bool {
        let among = |shifts: &Option<Vec<Shift>>| shifts.as_ref().is_none_or(|all| all.contains(&shift));
        self.shift.is_none_or(|only| only == shift) && among(&self.rule.only_shifts)
    }

    /// Whether drills of this kind count.
    pub fn takes_kind(&self, kind: DrillKind) -> bool {
        self.rule.satisfied_by.contains(&kind)
    }

    /// How many real events of one period may stand for drills.
    fn real_events(&self) -> u32 {
        let default = if self.document.real_event_counts { u32::MAX } else { 0 };
        self.rule.real_event_replaces.unwrap_or(default)
    }

    /// A real event is evidence for a duty that no shift is named for, and for the day shift's; never for the night drill.
    fn takes_real_event(&self, event: &HeldDrill) -> bool {
        let bound = self.shift.is_some() || self.rule.only_shifts.is_some();
        self.real_events() > 0 && (!bound || event.shift == Shift::Day)
    }

    /// Whether it is of the right sort, whenever it was and whether it was reported or not.
    pub fn takes(&self, drill: &HeldDrill) -> bool {
        let sort = if drill.real_event { self.takes_real_event(drill) } else { self.takes_kind(drill.kind) };
        sort && self.counts_in(drill.shift)
    }

    /// Whether it had happened by then, and was reported where it must be.
    fn counts(&self, drill: &HeldDrill, as_of: NaiveDateTime) -> bool {
        let reported = !self.rule.reported || drill.reported_on.is_some_and(|on| on <= as_of.date());
        drill.alarm_at <= as_of && reported && self.takes(drill)
    }

    /// All that count by `as_of`, the earliest first.
    pub fn counting<'d>(&self, drills: &'d [HeldDrill], as_of: NaiveDateTime) -> Vec<&'d HeldDrill> {
        let mut all: Vec<&HeldDrill> = drills.iter().filter(|drill| self.counts(drill, as_of)).collect();
        all.sort_by_key(|drill| (drill.alarm_at, drill.id));
        all
    }

    /// Of the right sort, but not reported yet, in this period.
    pub fn unreported<'d>(
        &self,
        drills: &'d [HeldDrill],
        span: Span,
        as_of: NaiveDateTime,
    ) -> Vec<&'d HeldDrill> {
        let lacks_report =
            |drill: &HeldDrill| self.takes(drill) && drill.alarm_at <= as_of && !self.counts(drill, as_of);
        let within = |drill: &HeldDrill| span.contains(drill.alarm_at.date());
        drills.iter().filter(|drill| within(drill) && lacks_report(drill)).collect()
    }

    /// Those of `counting` that count for a period, each exercise once: two of one shift within
    /// `predictable_within_minutes` of each other are one exercise recorded twice.
    pub fn in_span<'d>(&self, counting: &[&'d HeldDrill], span: Span) -> Vec<&'d HeldDrill> {
        let mut kept: Vec<&HeldDrill> = Vec::new();
        let within = TimeDelta::minutes(i64::from(self.document.predictable_within_minutes));
        let mut real = 0;
        for drill in counting.iter().filter(|drill| span.contains(drill.alarm_at.date())) {
            if drill.real_event && real >= self.real_events() {
                continue;
            }
            let again = |one: &&HeldDrill| one.shift == drill.shift && drill.alarm_at - one.alarm_at < within;
            if kept.iter().any(again) {
                continue;
            }
            real += u32::from(drill.real_event);
            kept.push(drill);
        }
        kept
    }
}
