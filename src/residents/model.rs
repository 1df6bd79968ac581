//! The rows of the evacuation table.

use super::EvacClass;
use crate::db::Instant;
use crate::db::schema::residents;
use crate::ids::{InstitutionId, ResidentId};
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
    /// What helpers must know beforehand.
    pub enum ResidentFlag {
        /// 认知障碍
        CognitiveImpairment = "cognitive_impairment",
        /// 依赖吸氧
        OxygenDependent = "oxygen_dependent",
        /// 听力障碍
        HearingLoss = "hearing_loss",
        /// 体重过重，须多人搬运
        Bariatric = "bariatric",
        /// 可能拒绝转移或折返
        RefusesToMove = "refuses_to_move",
    }
}

/// How somebody is helped out.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = Text)]
pub struct Details {
    pub flags: Vec<ResidentFlag>,
    /// 轮椅、疏散床单、担架…
    pub device: Option<String>,
    pub day_helper: Option<Person>,
    pub night_helper: Option<Person>,
    pub deputy: Option<Person>,
    pub route: Option<String>,
    /// 避难间、安全区
    pub refuge: Option<String>,
}

json_column!(Details);

/// A resident's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = residents, treat_none_as_null = true)]
pub struct Resident {
    pub id: ResidentId,
    pub institution_id: InstitutionId,
    pub label: String,
    pub room: String,
    pub bed: Option<String>,
    pub building: String,
    pub floor: i32,
    pub fire_compartment: String,
    pub evac_class: EvacClass,
    pub details: Details,
    pub without_night_helper: bool,
    pub reviewed_on: NaiveDate,
    pub left_on: Option<NaiveDate>,
    pub digest: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}
