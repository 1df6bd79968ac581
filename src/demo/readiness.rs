//! How ready a home is: who works there and who is helped by whom, its plan and its roster, the drills and trainings of
//! eighteen months. Most homes do well; some are late, some hold the same drill at the same hour, a few do next to nothing.

use super::chance::{Dice, dice};
use super::deeds::{Deed, What};
use super::history::Source;
use super::homefolk::Folk;
use super::places::Standing;
use super::{homefolk, plans, rehearsals};
use crate::access::WriteTx;
use crate::drills::action::DrillAction;
use crate::drills::forms::{DrillPlan, DrillRecord, EvaluationForm};
use crate::evidence::DeclaredEvidence;
use crate::ids::{DrillId, DrillStepId, InstitutionId, PlanId, PlanStepId, ResidentId, StaffId, TrainingId};
use crate::plans::action::PlanAction;
use crate::plans::form::PlanForm;
use crate::refusal::Outcome;
use crate::residents::keep::ResidentForm;
use crate::rosters::assign::RosterForm;
use crate::staff::keep::StaffForm;
use crate::trainings::record::TrainingForm;
use crate::{drills, residents, rosters, staff, trainings};
use chrono::TimeDelta;
use rand::Rng;

/// What is done to be ready.
pub enum Ready {
    Staff { staff: StaffId, form: Box<StaffForm> },
    Resident { resident: ResidentId, form: Box<ResidentForm> },
    Roster { home: InstitutionId, form: Box<RosterForm> },
    Draft { plan: PlanId, form: Box<PlanForm> },
    Plan { plan: PlanId, step: PlanStepId, form: Box<PlanAction> },
    Drill { drill: DrillId, form: Box<DrillPlan> },
    DrillStep { drill: DrillId, step: DrillStepId, form: Box<DrillAction> },
    Record { drill: DrillId, form: Box<DrillRecord> },
    Evaluate { drill: DrillId, form: Box<EvaluationForm> },
    Training { training: TrainingId, form: Box<TrainingForm> },
}

impl Ready {
    pub fn carry_out(&self, tx: &mut WriteTx<'_>, evidence: Vec<DeclaredEvidence>) -> Outcome<()> {
        match self {
            Self::Staff { staff, form } => staff::keep::keep(tx, *staff, form, None).map(|_| ()),
            Self::Resident { resident, form } => residents::keep::keep(tx, *resident, form, None).map(|_| ()),
            Self::Roster { home, form } => rosters::assign::assign_all(tx, *home, form).map(|_| ()),
            Self::Draft { plan, form } => crate::plans::draft::draft(tx, *plan, form).map(|_| ()),
            Self::Plan { plan, step, form } => {
                crate::plans::act::act(tx, *plan, *step, form, None).map(|_| ())
            }
            Self::Drill { drill, form } => drills::plan::plan(tx, *drill, form).map(|_| ()),
            Self::DrillStep { drill, step, form } => {
                drills::act::act(tx, *drill, *step, form, None).map(|_| ())
            }
            Self::Record { drill, form } => {
                let form = DrillRecord { evidence, ..(**form).clone() };
                drills::record::hand_in(tx, *drill, &form).map(|_| ())
            }
            Self::Evaluate { drill, form } => drills::evaluate::evaluate(tx, *drill, form).map(|_| ()),
            Self::Training { training, form } => {
                let form = TrainingForm { evidence, ..(**form).clone() };
                trainings::record::record(tx, *training, &form).map(|_| ())
            }
        }
    }
}

/// How a home keeps itself ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// All of it, in time.
    Careful,
    /// All of it, but never at night.
    NeverAtNight,
    /// A drill each half year, always at the same hour.
    Predictable,
    /// The plan is old and the last half year went by without a drill.
    Late,
    /// On paper only: a table-top exercise a year.
    OnPaper,
}

impl Habit {
    fn of(source: &Source<'_>, chance: &mut Dice) -> Self {
        if source.home.troubled {
            return Self::OnPaper;
        }
        // The first home of `manager` has everything but this year's drill at night: the tour holds it.
        if source.staff.managers.len() > 1 {
            return Self::NeverAtNight;
        }
        match chance.random_range(0..20) {
            0..11 => Self::Careful,
            11..14 => Self::NeverAtNight,
            14..16 => Self::Predictable,
            16..19 => Self::Late,
            _ => Self::OnPaper,
        }
    }
}

/// A home that gets itself ready.
pub struct Home<'a> {
    pub source: &'a Source<'a>,
    pub habit: Habit,
    pub folk: Folk,
    /// Who of the cast does it.
    pub manager: usize,
}

impl Home<'_> {
    /// Something done at so many minutes of a day, by the home's manager.
    pub fn deed(&self, days_ago: i64, minutes: u32, what: Ready) -> Deed {
        let calendar = &self.source.calendar;
        let at = calendar.at(calendar.days_ago(days_ago), minutes);
        Deed { at, who: self.manager, what: What::Ready(what), shots: Vec::new() }
    }
}

/// Everything that is done to be ready at this home.
pub fn of_home(source: &Source<'_>) -> Vec<Deed> {
    let mut chance = dice(source.seed, "readiness", source.home.number);
    let habit = Habit::of(source, &mut chance);
    let folk = Folk::of(source, &mut chance);
    let home =
        Home { source, habit, folk, manager: source.staff.managers.last().copied().unwrap_or_default() };
    let mut deeds = homefolk::deeds(&home, &mut chance);
    deeds.extend(plans::deeds(&home, &mut chance));
    deeds.extend(rehearsals::deeds(&home, &mut chance));
    let last = match source.home.standing {
        Standing::Operating => source.calendar.now.plus(TimeDelta::minutes(-2)),
        Standing::Suspended { days } | Standing::Closed { days } => {
            source.calendar.at(source.calendar.days_ago(days + 1), 0)
        }
    };
    deeds.retain(|deed| deed.at <= last);
    deeds
}
