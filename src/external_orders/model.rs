//! The rows of external orders and their words.

use crate::db::Instant;
use crate::db::schema::external_orders;
use crate::ids::{ExternalOrderId, InstitutionId, UserId};
use crate::text_enum;
use chrono::NaiveDate;
use diesel::prelude::*;

text_enum! {
    /// What another authority orders.
    pub enum OrderKind {
        /// 责令停止使用
        StopUse = "stop_use",
        /// 责令停业
        BusinessSuspension = "business_suspension",
        /// 消防救援机构责令改正
        FireService = "fire_service",
        /// 市场监管部门责令改正
        Market = "market",
        Other = "other",
    }
}

impl OrderKind {
    /// Whether the institution, or part of it, must stand still while it is in force.
    pub fn stops_use(self) -> bool {
        matches!(self, Self::StopUse | Self::BusinessSuspension)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = external_orders)]
pub struct ExternalOrder {
    pub id: ExternalOrderId,
    pub institution_id: InstitutionId,
    pub kind: OrderKind,
    pub issuer: String,
    /// 文号
    pub number: Option<String>,
    pub issued_on: NaiveDate,
    pub valid_from: NaiveDate,
    /// The last day; open where the order names none.
    pub valid_to: Option<NaiveDate>,
    pub text: String,
    pub recorded_by: UserId,
    pub recorded_at: Instant,
    /// The first day on which it no longer binds.
    pub lifted_on: Option<NaiveDate>,
    pub lift_reason: Option<String>,
    pub lifted_by: Option<UserId>,
    pub lifted_at: Option<Instant>,
    pub digest: String,
    pub version: i64,
}
