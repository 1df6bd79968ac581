//! What is known of a home, as plain values in the office's local time: everything the engine looks at. Pure.

use crate::ids::{DrillId, PlanId, ResidentId, TrainingId};
use crate::institutions::rules::Traits;
use crate::rosters::ShiftPattern;
use crate::rules::kinds::drills::{DrillKind, Shift};
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of home it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub key_fire_unit: bool,
    /// 火灾高危单位
    pub fire_high_risk: bool,
    pub own_canteen: bool,
    pub special_equipment: bool,
    /// At work: one that is suspended owes nothing meanwhile.
    pub operating: bool,
    /// Since when it is on the books: nothing is owed for the time before.
    pub since: NaiveDate,
    pub shifts: ShiftPattern,
    /// The buildings that residents live in, as its plan in force names them.
    pub buildings: Vec<String>,
}

impl Profile {
    /// What decides which duties hold for it.
    pub fn traits(&self) -> Traits {
        Traits {
            key_fire_unit: self.key_fire_unit,
            fire_high_risk: self.fire_high_risk,
            own_canteen: self.own_canteen,
            special_equipment: self.special_equipment,
        }
    }
}

/// A drill that was held, or a real event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldDrill {
    pub id: DrillId,
    pub kind: DrillKind,
    pub shift: Shift,
    pub building: Option<String>,
    /// The alarm, t0.
    pub alarm_at: NaiveDateTime,
    /// The code of its scenario in the plan, or its words.
    pub scenario: Option<String>,
    /// When it was reported to the supervising department.
    pub reported_on: Option<NaiveDate>,
    /// 真实事件
    pub real_event: bool,
    /// The record is handed in and evaluated.
    pub evaluated: bool,
    /// Problems of it that are still open.
    pub open_problems: u32,
}

/// A drill that is planned and not held yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDrill {
    pub id: DrillId,
    pub kind: DrillKind,
    pub shift: Shift,
    pub building: Option<String>,
    /// The first and the last moment at which it may start.
    pub window: (NaiveDateTime, NaiveDateTime),
}

/// The plan in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanInForce {
    pub id: PlanId,
    /// 1 for the first.
    pub edition: u32,
    pub in_force_on: NaiveDate,
    /// The last day on which it was found to be right without a change, or `in_force_on`.
    pub reviewed_on: NaiveDate,
    /// Codes of parts that the rule document requires and it lacks.
    pub missing_parts: Vec<String>,
    pub approved_by: Option<String>,
    pub filed_on: Option<NaiveDate>,
    pub published_on: Option<NaiveDate>,
    /// Codes of what calls for its revision (`key_person_left`, `residents_changed`, …), as the plans name them.
    pub revision_called_for_by: Vec<String>,
}

/// Who commands in the coming days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Commanders {
    /// Stretches within the coming seven days that nobody commands.
    pub gaps: Vec<(NaiveDateTime, NaiveDateTime)>,
    pub tonight: Option<String>,
}

/// The residents' evacuation table as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResidentTable {
    pub residents: u32,
    /// Those who need somebody at night and have nobody named.
    pub without_night_helper: Vec<ResidentId>,
    /// The oldest day on which a row was last looked over.
    pub oldest_review: Option<NaiveDate>,
}

/// A training that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldTraining {
    pub id: TrainingId,
    /// What it was about, by the code of the topic (`fire-training`, `co-poisoning`, …).
    pub topic: String,
    pub held_on: NaiveDate,
    /// Not only for residents and families.
    pub for_staff: bool,
    pub attended: u32,
}

/// Somebody who began to work here and has not had the training that is due before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStaff {
    pub name: String,
    pub started_on: NaiveDate,
}

/// A scenario that can be drilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    pub code: String,
    pub title: Words,
    /// Fits these shifts only; every one when empty.
    pub shifts: Vec<Shift>,
}

/// The same said twice: to the field, and to whoever reads English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"zh": "2026年上半年尚未演练", "en": "None held yet in the first half of 2026"}))]
pub struct Words {
    pub zh: String,
    pub en: String,
}

impl Words {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub profile: Profile,
    pub plan: Option<PlanInForce>,
    /// The scenarios of the plan in force; those of the rule document are proposed where there are none.
    pub scenarios: Vec<Scenario>,
    /// In any order.
    pub drills: Vec<HeldDrill>,
    pub planned: Vec<PlannedDrill>,
    pub commanders: Commanders,
    pub residents: ResidentTable,
    pub trainings: Vec<HeldTraining>,
    pub untrained_new_staff: Vec<NewStaff>,
}
