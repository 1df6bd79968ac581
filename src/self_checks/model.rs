//! An entry of an institution's own checks.

use crate::db::Instant;
use crate::db::schema::self_checks;
use crate::ids::{HazardId, InstitutionId, SelfCheckId, UserId};
use crate::inspections::model::AnswerResult;
use crate::{json_column, text_enum};
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What an institution does by itself at standing intervals.
    pub enum SelfCheckKind {
        /// 防火巡查
        FirePatrol = "fire_patrol",
        /// 夜间防火巡查
        NightPatrol = "night_patrol",
        /// 月检查
        MonthlyCheck = "monthly_check",
    }
}

/// What was done and seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Content {
    /// Where it went along.
    pub route: Option<String>,
    pub answers: Vec<SelfCheckAnswer>,
    /// Hazards that it found or met with.
    pub hazards: Vec<HazardId>,
    pub remark: Option<String>,
}

/// What was seen of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"item": "F01", "result": "pass"}))]
pub struct SelfCheckAnswer {
    /// A code of the checklist.
    pub item: String,
    pub result: AnswerResult,
    #[schema(min_length = 1, max_length = 500)]
    pub remark: Option<String>,
}

json_column!(Content);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = self_checks)]
pub struct SelfCheck {
    pub id: SelfCheckId,
    pub institution_id: InstitutionId,
    pub kind: SelfCheckKind,
    pub performed_at: Instant,
    /// The local day it counts for; of a night the day on whose evening it begins, `None` for a night patrol by day.
    pub counts_for: Option<NaiveDate>,
    pub performed_by: String,
    pub content: Content,
    pub content_digest: String,
    pub received_at: Instant,
    pub received_from: UserId,
    pub identical_to: Option<SelfCheckId>,
    pub back_dated: bool,
    pub ahead_of_time: bool,
    pub digest: String,
}
