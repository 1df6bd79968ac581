//! The rows of campaigns.

use crate::access::AreaColumns;
use crate::db::Instant;
use crate::db::schema::{campaign_actions, campaign_draws, campaign_targets, campaigns};
use crate::ids::{ActionId, AreaId, CampaignId, InstitutionId, UserId};
use crate::inspections::InspectionKind;
use crate::{json_column, text_enum};
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

text_enum! {
    /// How far a campaign has come.
    pub enum CampaignState {
        /// 草拟: its words may still change.
        Draft = "draft",
        /// 进行中: who is to be visited is fixed.
        Running = "running",
        /// 已结束: with its closing report.
        Closed = "closed",
        /// 已取消: with a reason.
        Cancelled = "cancelled",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = campaigns)]
pub struct Campaign {
    pub id: CampaignId,
    pub area_id: AreaId,
    #[diesel(select_expression = (campaigns::area_1, campaigns::area_2, campaigns::area_3, campaigns::area_4, campaigns::area_5, campaigns::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub name: String,
    /// 依据: the order or notice it rests on.
    pub basis: String,
    pub starts_on: NaiveDate,
    /// The last local day.
    pub ends_on: NaiveDate,
    pub inspection_kind: InspectionKind,
    pub requires_inspection: bool,
    pub requires_drill: bool,
    /// 检查表: the rule document it goes by, in the version in force when it was drafted.
    pub checklist: String,
    pub checklist_version: i32,
    pub items: OrderedItems,
    pub note: Option<String>,
    pub state: CampaignState,
    pub started_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    /// How often lots were drawn.
    pub draws: i32,
    /// The closing report as canonical JSON.
    pub report: Option<String>,
    pub created_by: UserId,
    pub digest: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

type PlaceColumns = (
    campaigns::area_1,
    campaigns::area_2,
    campaigns::area_3,
    campaigns::area_4,
    campaigns::area_5,
    campaigns::area_6,
);

/// Items of the checklist that every visit must answer; none in particular when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct OrderedItems(pub Vec<String>);

json_column!(OrderedItems);

/// An institution of the frozen list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = campaign_targets)]
pub struct Target {
    pub campaign_id: CampaignId,
    pub institution_id: InstitutionId,
    /// False where a sample was drawn and this institution is not in it.
    pub drawn: bool,
    pub exempt_reason: Option<String>,
    pub exempted_by: Option<UserId>,
    pub exempted_at: Option<Instant>,
}

/// A draw as it was held.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = campaign_draws)]
pub struct StoredDraw {
    pub campaign_id: CampaignId,
    pub number: i32,
    pub at: Instant,
    pub drawn_by: UserId,
    pub reason: Option<String>,
    pub lots: String,
    pub visits: String,
    /// Of lots and visits together.
    pub digest: String,
}

/// A step as it is kept for answering the same id again.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = campaign_actions)]
pub struct StoredAction {
    pub id: ActionId,
    pub campaign_id: CampaignId,
    pub step: i32,
    pub kind: String,
    pub actor_id: UserId,
    pub at: Instant,
    pub content: String,
    pub digest: String,
}
