//! A drill and everything that is kept about it.

use super::forms::{Announcement, DrillRecord, EvaluationForm};
use crate::access::AreaColumns;
use crate::db::Instant;
use crate::db::schema::{drill_problems, drill_steps, drills};
use crate::ids::{DrillId, DrillStepId, HazardId, InstitutionId, PlanId, UserId};
use crate::rules::kinds::drills::{DrillKind, Shift};
use crate::staff::Person;
use crate::{json_column, text_enum};
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// Where a drill stands.
    pub enum DrillState {
        Planned = "planned",
        /// Under way, or over and not recorded yet.
        Started = "started",
        Recorded = "recorded",
        Evaluated = "evaluated",
        Cancelled = "cancelled",
    }
}

impl DrillState {
    /// Whether its record is there.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Recorded | Self::Evaluated)
    }
}

text_enum! {
    /// Which of a drill's papers tells of a problem.
    pub enum FoundIn {
        Record = "record",
        Evaluation = "evaluation",
    }
}

/// What is to be drilled, when, and who is told what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Planned {
    /// Of the plan; what is recorded tells the shift that was at work.
    pub shift: Shift,
    pub window_from: Instant,
    pub window_to: Instant,
    pub commander: Option<Person>,
    pub goals: Vec<String>,
    pub announcement: Announcement,
    pub note: Option<String>,
    pub planned_at: Instant,
    /// An office planned it, not the home.
    pub by_office: bool,
}

impl Planned {
    /// Whether the exact time is told to nobody but who planned it, until it starts.
    pub fn is_sealed(&self) -> bool {
        self.announcement.is_sealed()
    }
}

/// Why it will not be held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Cancelled {
    pub reason: String,
    pub by: UserId,
    pub at: Instant,
}

/// The record as it was handed in.
#[derive(Debug, Clone, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct Recorded(pub DrillRecord);

/// The evaluation as it was given.
#[derive(Debug, Clone, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct Evaluated(pub EvaluationForm);

json_column!(Planned, Cancelled, Recorded, Evaluated);

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = drills)]
pub struct Drill {
    pub id: DrillId,
    pub institution_id: InstitutionId,
    #[diesel(select_expression = (drills::area_1, drills::area_2, drills::area_3, drills::area_4, drills::area_5, drills::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub kind: DrillKind,
    pub shift: Shift,
    pub state: DrillState,
    pub real_event: bool,
    pub hidden: bool,
    pub on_day: NaiveDate,
    pub building: Option<String>,
    pub scenario: Option<String>,
    pub plan_id: Option<PlanId>,
    pub plan_edition: Option<i32>,
    pub plan: Option<Planned>,
    pub plan_digest: Option<String>,
    pub planned_by: Option<UserId>,
    pub started_at: Option<Instant>,
    pub started_by: Option<UserId>,
    pub alarm_at: Option<Instant>,
    pub record: Option<Recorded>,
    pub record_digest: Option<String>,
    pub recorded_at: Option<Instant>,
    pub recorded_by: Option<UserId>,
    pub evaluation: Option<Evaluated>,
    pub evaluation_digest: Option<String>,
    pub evaluated_at: Option<Instant>,
    pub evaluated_by: Option<UserId>,
    pub reported_on: Option<NaiveDate>,
    pub reported_to: Option<String>,
    pub cancelled: Option<Cancelled>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// What was held, as far as its dates and traits count.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = drills)]
pub struct Held {
    pub id: DrillId,
    pub kind: DrillKind,
    pub shift: Shift,
    pub state: DrillState,
    pub real_event: bool,
    pub on_day: NaiveDate,
    pub building: Option<String>,
    pub scenario: Option<String>,
    pub alarm_at: Option<Instant>,
    pub reported_on: Option<NaiveDate>,
}

type PlaceColumns =
    (drills::area_1, drills::area_2, drills::area_3, drills::area_4, drills::area_5, drills::area_6);

/// A step as it is kept for answering the same id again.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = drill_steps)]
pub struct StoredStep {
    pub id: DrillStepId,
    pub drill_id: DrillId,
    pub step: i32,
    pub kind: String,
    pub actor_id: UserId,
    pub at: Instant,
    pub content: String,
    pub digest: String,
}

/// What did not go well, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = drill_problems)]
pub struct StoredProblem {
    pub drill_id: DrillId,
    pub position: i32,
    pub institution_id: InstitutionId,
    pub on_day: NaiveDate,
    pub found_in: FoundIn,
    pub text: String,
    pub hazard_id: Option<HazardId>,
    pub revision: Option<String>,
}
