//! The next drill that would be valid: when, in which shift and building, of which kind, and what it would satisfy. Pure.
//!
//! The most urgent duty that no planned drill will meet decides. What is proposed is then tried: the engine judges the home
//! once more as if the drill had been held at the first and at the last moment of its window, and only what is met both
//! times is named.

use super::counting::Duty;
use super::facts::{Facts, HeldDrill, PlannedDrill, Words};
use super::requirements::{Documents, Requirement, State, judge};
use crate::ids::DrillId;
use crate::rules::kinds::drills::{DrillKind, Shift};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// When the alarm may sound, by the office's clock on the wall; both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: NaiveDateTime,
    pub to: NaiveDateTime,
}

/// What is assumed to have happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposedScenario {
    /// Its code in the plan in force, or in the rule document.
    pub code: String,
    pub title: Words,
}

/// A drill that is proposed, or planned already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextDrill {
    /// The most urgent requirement, which decided.
    pub requirement: String,
    /// The planned drill that it is, when it is planned already.
    pub planned: Option<DrillId>,
    pub window: Window,
    pub shift: Shift,
    pub kind: DrillKind,
    pub scenario: Option<ProposedScenario>,
    pub building: Option<String>,
    /// Requirements that are met as soon as it was held.
    pub satisfies: Vec<String>,
    /// Those that are met when it was reported as well.
    pub satisfies_once_reported: Vec<String>,
    /// Those that need more than this one.
    pub counts_towards: Vec<String>,
    pub why: Words,
}

/// A planned drill and the requirements that it will meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCover {
    pub id: DrillId,
    pub window: Window,
    pub requirements: Vec<String>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proposal {
    pub next_drill: Option<NextDrill>,
    /// Why there is none.
    pub no_drill: Option<Words>,
    /// Planned drills, and what they will meet.
    pub planned: Vec<PlannedCover>,
    /// Requirements for which no valid time is left before they are due.
    pub no_window_for: Vec<String>,
}

/// A duty that a drill may be held for, and when.
pub(super) struct Target<'a> {
    pub duty: &'a Duty<'a>,
    pub one: &'a Requirement,
    /// Overdue, due, or to be met again in the next period.
    pub rank: u8,
    pub opens: NaiveDate,
    pub closes: NaiveDate,
}

/// What the proposal is made from.
pub(super) struct Asking<'a> {
    pub rules: &'a Documents<'a>,
    pub facts: &'a Facts,
    pub as_of: NaiveDateTime,
    pub duties: &'a [(Duty<'a>, Requirement)],
}

/// The next drill, given how the duties stand.
pub fn propose<'a>(
    rules: &'a Documents<'a>,
    facts: &'a Facts,
    as_of: NaiveDateTime,
    duties: &'a [(Duty<'a>, Requirement)],
) -> Proposal {
    let asking = Asking { rules, facts, as_of, duties };
    let mut proposal = Proposal::default();
    let targets = asking.targets();
    let (covered, open): (Vec<Target<'_>>, Vec<Target<'_>>) =
        targets.into_iter().partition(|target| asking.is_covered(target));
    proposal.planned = asking.planned_covers(&covered);
    let pressing = |target: &&Target<'_>| target.rank < 2;
    let will_do = covered.iter().any(|target| target.rank < 2);
    let tried: Vec<&Target<'_>> = match (open.iter().any(|target| target.rank < 2), will_do) {
        (true, _) => open.iter().filter(pressing).collect(),
        (false, true) => Vec::new(),
        (false, false) => open.iter().collect(),
    };
    for target in &tried {
        match asking.for_target(target, &tried) {
            Some(next) => {
                proposal.next_drill = Some(next);
                break;
            }
            None => proposal.no_window_for.push(target.one.id.clone()),
        }
    }
    if proposal.next_drill.is_none() && (will_do || tried.is_empty()) {
        proposal.next_drill = asking.planned_already(&proposal.planned);
    }
    if proposal.next_drill.is_none() {
        proposal.no_drill = Some(match proposal.no_window_for.is_empty() {
            true => Words::new("目前没有需要的演练", "No drill is owed at present"),
            false => Words::new(
                "在期限前的班次时间内，没有一个时刻既未过去、又与近期同班次演练错开足够时间",
                "No moment of the shifts that count is left before it is due that is far enough by the clock from the recent drills",
            ),
        });
    }
    proposal
}

/// A drill as it would stand on record.
pub(super) fn as_held(
    at: NaiveDateTime,
    kind: DrillKind,
    shift: Shift,
    building: Option<String>,
    reported: bool,
) -> HeldDrill {
    HeldDrill {
        id: DrillId(Uuid::nil()),
        kind,
        shift,
        building,
        alarm_at: at,
        scenario: None,
        reported_on: reported.then(|| at.date()),
        real_event: false,
        evaluated: true,
        open_problems: 0,
    }
}

fn end_of(day: NaiveDate) -> NaiveDateTime {
    day.and_hms_opt(23, 59, 59).unwrap_or(day.and_time(NaiveTime::MIN))
}

impl<'a> Asking<'a> {
    fn targets(&self) -> Vec<Target<'a>> {
        let today = self.as_of.date();
        let mut targets: Vec<Target<'a>> = Vec::new();
        for (duty, one) in self.duties {
            let (Some(current), Some(due_on)) = (one.period, one.due_on) else { continue };
            let next = current.next(duty.rule.period);
            let (rank, opens, closes) = match one.state {
                State::Overdue => (0, today, current.last),
                State::Due => (1, today, due_on),
                State::Satisfied | State::NotApplicable => (2, next.first, next.last),
            };
            if rank < 2 && self.waits_for_report(duty, one) {
                continue;
            }
            targets.push(Target { duty, one, rank, opens, closes });
        }
        targets.sort_by_key(|target| (target.rank, target.one.due_on, target.closes));
        targets
    }

    /// Whether the drills that are held already suffice once they are reported.
    fn waits_for_report(&self, duty: &Duty<'_>, one: &Requirement) -> bool {
        if one.to_report.is_empty() {
            return false;
        }
        let mut drills = self.facts.drills.clone();
        for drill in drills.iter_mut().filter(|drill| one.to_report.contains(&drill.id)) {
            drill.reported_on = Some(self.as_of.date());
        }
        judge(self.rules, duty, &drills, self.facts, self.as_of).state == State::Satisfied
    }

    /// The planned drills that are still ahead, count for it, and are sure to be held in time.
    fn planned_for(&self, target: &Target<'_>) -> Vec<&'a PlannedDrill> {
        let shifts = target.duty.shifts(&self.facts.profile.shifts);
        let in_time = |plan: &&PlannedDrill| {
            let (from, to) = (plan.window.0.max(self.as_of), plan.window.1);
            from <= to && from.date() >= target.opens && to.date() <= target.closes
        };
        let planned = self.facts.planned.iter().filter(in_time);
        planned.filter(|plan| target.duty.takes_kind(plan.kind) && shifts.contains(&plan.shift)).collect()
    }

    fn is_covered(&self, target: &Target<'_>) -> bool {
        let planned = self.planned_for(target);
        if planned.is_empty() {
            return false;
        }
        let mut drills = self.facts.drills.clone();
        drills.extend(
            planned
                .iter()
                .map(|plan| as_held(plan.window.1, plan.kind, plan.shift, plan.building.clone(), true)),
        );
        let then = end_of(target.closes);
        judge(self.rules, target.duty, &drills, self.facts, then).state == State::Satisfied
    }

    fn planned_covers(&self, covered: &[Target<'_>]) -> Vec<PlannedCover> {
        let ahead = self.facts.planned.iter().filter(|plan| plan.window.1 >= self.as_of);
        let mut covers: Vec<PlannedCover> = ahead
            .map(|plan| PlannedCover {
                id: plan.id,
                window: Window { from: plan.window.0.max(self.as_of), to: plan.window.1 },
                requirements: covered
                    .iter()
                    .filter(|target| self.planned_for(target).iter().any(|one| one.id == plan.id))
                    .map(|target| target.one.id.clone())
                    .collect(),
            })
            .collect();
        covers.sort_by_key(|cover| (cover.window.from, cover.id));
        covers
    }

    /// The earliest planned drill that meets anything.
    fn planned_already(&self, covers: &[PlannedCover]) -> Option<NextDrill> {
        let cover = covers.iter().find(|cover| !cover.requirements.is_empty())?;
        let plan = self.facts.planned.iter().find(|plan| plan.id == cover.id)?;
        let reported = |id: &&String| {
            let of = self.duties.iter().find(|(duty, _)| duty.id() == **id);
            of.is_some_and(|(duty, _)| duty.rule.reported)
        };
        let (once_reported, satisfies): (Vec<&String>, Vec<&String>) =
            cover.requirements.iter().partition(reported);
        Some(NextDrill {
            requirement: cover.requirements.first().cloned().unwrap_or_default(),
            planned: Some(plan.id),
            window: cover.window,
            shift: plan.shift,
            kind: plan.kind,
            scenario: None,
            building: plan.building.clone(),
            satisfies: satisfies.into_iter().cloned().collect(),
            satisfies_once_reported: once_reported.into_iter().cloned().collect(),
            counts_towards: Vec::new(),
            why: Words::new(
                format!("已有演练计划，按计划进行即可满足：{}", cover.requirements.join("、")),
                format!("Planned already; held as planned it meets {}", cover.requirements.join(", ")),
            ),
        })
    }
}
