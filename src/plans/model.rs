//! The rows of plans.

use super::content::{PlanContent, PlanKind};
use super::revision::Snapshot;
use crate::db::Instant;
use crate::db::schema::{plan_steps, plans};
use crate::ids::{InstitutionId, PlanId, PlanStepId, UserId};
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
    /// How far an edition has come.
    pub enum PlanState {
        /// 草拟: its words may still change.
        Draft = "draft",
        /// 已批准
        Approved = "approved",
        /// 实施中: the one that the home goes by.
        InForce = "in_force",
        /// 已被新版替代
        Superseded = "superseded",
        /// 已废弃, without ever having been in force.
        Discarded = "discarded",
    }
}

/// 批准
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Approval {
    pub on: NaiveDate,
    pub by: Person,
    pub post: String,
    pub note: Option<String>,
    /// Whoever wrote it also entered the approval: the home has no second account that could.
    pub entered_by_writer: bool,
}

/// 复审
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Review {
    pub on: NaiveDate,
    pub by: Person,
    pub note: Option<String>,
}

/// 备案
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Filing {
    pub on: NaiveDate,
    pub department: String,
    pub number: Option<String>,
}

/// 公布
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Publication {
    pub on: NaiveDate,
    pub how: String,
}

/// What an edition says, as its column keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct StoredContent(pub PlanContent);

/// What an edition is compared with, as its column keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct StoredSnapshot(pub Snapshot);

json_column!(Approval, Review, Filing, Publication, StoredContent, StoredSnapshot);

/// Everything about an edition but what it says.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = plans)]
pub struct PlanHead {
    pub id: PlanId,
    pub institution_id: InstitutionId,
    /// 1, 2, … of its institution.
    pub edition: i32,
    pub based_on: Option<PlanId>,
    pub state: PlanState,
    pub kind: PlanKind,
    pub level: Option<i32>,
    pub title: String,
    pub content_digest: String,
    pub approval: Option<Approval>,
    pub in_force_on: Option<NaiveDate>,
    pub snapshot: Option<StoredSnapshot>,
    pub review: Option<Review>,
    pub filing: Option<Filing>,
    pub publication: Option<Publication>,
    /// The first day on which another one was in force.
    pub superseded_on: Option<NaiveDate>,
    pub superseded_by: Option<PlanId>,
    pub discarded_because: Option<String>,
    pub created_by: UserId,
    /// Who wrote its content last.
    pub written_by: UserId,
    pub digest: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl PlanHead {
    /// The last day, no later than `on`, on which a plan that was in force was found to be right: that of its review, or
    /// the one on which it came into force.
    pub fn reviewed_on(&self, on: NaiveDate) -> Option<NaiveDate> {
        let reviewed = self.review.as_ref().map(|review| review.on).filter(|day| *day <= on);
        reviewed.max(self.in_force_on)
    }
}

/// An edition.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = plans)]
pub struct Plan {
    #[diesel(embed)]
    pub head: PlanHead,
    pub content: StoredContent,
}

/// A step as it is kept for the story and for answering the same id again.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = plan_steps)]
pub struct StoredStep {
    pub id: PlanStepId,
    pub plan_id: PlanId,
    pub step: i32,
    pub kind: String,
    pub actor_id: UserId,
    pub at: Instant,
    pub content: String,
    pub digest: String,
}
