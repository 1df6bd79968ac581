//! The rows of warnings.

use crate::access::AreaColumns;
use crate::db::Instant;
use crate::db::schema::{warning_actions, warning_reports, warning_targets, warnings};
use crate::ids::{ActionId, AreaId, InstitutionId, UserId, WarningId, WarningReportId};
use crate::{json_column, text_enum};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What a warning is of.
    pub enum WarningKind {
        /// 暴雨
        Rainstorm = "rainstorm",
        /// 高温
        Heat = "heat",
        /// 寒潮
        ColdWave = "cold_wave",
        /// 大风
        Wind = "wind",
        /// 暴雪
        Snow = "snow",
        /// 道路结冰
        Ice = "ice",
        /// 雷电
        Thunder = "thunder",
        /// 洪水
        Flood = "flood",
        /// 地质灾害
        Geological = "geological",
        /// 火险
        FireRisk = "fire_risk",
        /// Told by its text.
        Other = "other",
    }
}

text_enum! {
    /// The four levels, from the least to the worst.
    pub enum WarningLevel {
        /// 蓝色
        Blue = "blue",
        /// 黄色
        Yellow = "yellow",
        /// 橙色
        Orange = "orange",
        /// 红色
        Red = "red",
    }
}

text_enum! {
    /// How a warning ended before its time.
    pub enum WarningEnd {
        /// 解除
        AllClear = "all_clear",
        /// 撤销: it should not have been relayed.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// How a home is, as it reports.
    pub enum HomeSituation {
        /// 无影响
        Unaffected = "unaffected",
        /// 有影响，可控
        Watching = "watching",
        /// 正在转移
        Moving = "moving",
        /// 已转移
        Moved = "moved",
        /// 需要支援
        NeedsHelp = "needs_help",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = warnings)]
pub struct Warning {
    pub id: WarningId,
    pub area_id: AreaId,
    #[diesel(select_expression = (warnings::area_1, warnings::area_2, warnings::area_3, warnings::area_4, warnings::area_5, warnings::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub source: String,
    pub kind: WarningKind,
    pub level: WarningLevel,
    pub text: String,
    pub issued_at: Instant,
    #[diesel(column_name = begins_at)]
    pub valid_from: Instant,
    #[diesel(column_name = ends_at)]
    pub valid_to: Instant,
    pub report_every_minutes: Option<i32>,
    /// Of the rule document in force there when it was relayed.
    pub acknowledge_within_minutes: i32,
    pub relayed_at: Instant,
    pub relayed_by: UserId,
    pub ended_how: Option<WarningEnd>,
    pub ended_at: Option<Instant>,
    pub end_reason: Option<String>,
    pub digest: String,
    pub version: i64,
}

type PlaceColumns = (
    warnings::area_1,
    warnings::area_2,
    warnings::area_3,
    warnings::area_4,
    warnings::area_5,
    warnings::area_6,
);

/// What a home says when it has seen a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"by": "陈静", "measures": "已通知夜班，检查排水，备好应急灯"}))]
pub struct WarningAcknowledgement {
    /// Who saw it, by name.
    #[schema(min_length = 1, max_length = 60)]
    pub by: String,
    /// What is done about it.
    #[schema(min_length = 1, max_length = 1000)]
    pub measures: Option<String>,
}

/// An institution of the frozen list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = warning_targets)]
pub struct Target {
    pub warning_id: WarningId,
    pub institution_id: InstitutionId,
    pub relayed_at: Instant,
    pub acknowledged_at: Option<Instant>,
    pub acknowledged_by: Option<UserId>,
    pub acknowledgement: Option<WarningAcknowledgement>,
    pub digest: Option<String>,
}

/// What a home reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct ReportContent {
    pub situation: HomeSituation,
    /// How many residents were moved, in all.
    pub moved: Option<u32>,
    pub needs: Option<String>,
    pub text: Option<String>,
}

json_column!(WarningAcknowledgement, ReportContent);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = warning_reports)]
pub struct Report {
    pub id: WarningReportId,
    pub warning_id: WarningId,
    pub institution_id: InstitutionId,
    pub reported_at: Instant,
    pub reported_by: UserId,
    pub content: ReportContent,
    pub digest: String,
}

/// A step as it is kept for answering the same id again.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = warning_actions)]
pub struct StoredAction {
    pub id: ActionId,
    pub warning_id: WarningId,
    pub step: i32,
    pub kind: String,
    pub actor_id: UserId,
    pub at: Instant,
    pub content: String,
    pub digest: String,
}
