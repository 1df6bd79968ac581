//! An inspection and everything that is kept about it.

use crate::access::AreaColumns;
use crate::db::Instant;
use crate::db::schema::{inspection_amendments, inspection_answers, inspections};
use crate::ids::{
    ActionId, CampaignId, EvidenceId, ExternalOrderId, HazardId, InspectionId, InstitutionId, UserId,
};
use crate::{json_column, text_enum};
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

text_enum! {
    /// Why and how it is done.
    pub enum InspectionKind {
        /// 日常检查
        Daily = "daily",
        /// 专项检查
        Special = "special",
        /// 个案检查: after a complaint or an event.
        Case = "case",
        /// 联合检查: several departments with one list.
        Joint = "joint",
        /// 回头看: whether what was put right stayed so.
        LookBack = "look_back",
        /// 四不两直: without notice.
        Unannounced = "unannounced",
        /// 双随机: place and people drawn.
        DoubleRandom = "double_random",
    }
}

impl InspectionKind {
    /// Whether the institution must not know before somebody stands at its door.
    pub fn comes_unannounced(self) -> bool {
        matches!(self, Self::Unannounced | Self::DoubleRandom)
    }
}

text_enum! {
    /// Where an inspection stands.
    pub enum InspectionState {
        Planned = "planned",
        HandedIn = "handed_in",
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What was found of one item (合格, 不合格, 不适用, 未查).
    pub enum AnswerResult {
        Pass = "pass",
        Fail = "fail",
        NotApplicable = "not_applicable",
        NotChecked = "not_checked",
    }
}

/// What is to be done, when and by which departments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Plan {
    pub planned_from: NaiveDate,
    /// The last day for it.
    pub planned_to: NaiveDate,
    /// Which departments come together.
    pub departments: Vec<String>,
    pub note: Option<String>,
    pub planned_by: UserId,
    pub planned_at: Instant,
}

/// Why it will not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Cancelled {
    pub reason: String,
    pub by: UserId,
    pub at: Instant,
}

/// What was recorded on the spot, beyond the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Record {
    pub started_at: Instant,
    pub ended_at: Instant,
    pub departments: Vec<DepartmentPresent>,
    /// The institution's people who were there.
    pub institution_people: Vec<String>,
    pub inspector_signatures: Vec<Signature>,
    pub institution_signature: InstitutionSignature,
    pub transfers: Vec<InspectionTransfer>,
    /// Orders of other authorities that were met with.
    pub external_orders: Vec<ExternalOrderId>,
    pub note: Option<String>,
}

/// The schema of a list of names.
pub(super) fn lines(most: usize) -> Array {
    let line = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(60));
    ArrayBuilder::new().items(line.pattern(Some(r"\S"))).max_items(Some(most)).build()
}

pub(super) fn twenty_lines() -> Array {
    lines(20)
}

/// A department that took part, with its people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "船山区消防救援大队", "people": ["周涛"]}))]
pub struct DepartmentPresent {
    #[schema(min_length = 1, max_length = 60)]
    pub department: String,
    #[serde(default)]
    #[schema(schema_with = twenty_lines)]
    pub people: Vec<String>,
}

/// A typed name and when it was given, with the hand's picture if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "王芳", "signed_at": "2026-03-01T02:40:00Z"}))]
pub struct Signature {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    pub signed_at: Instant,
    /// One of the record's `evidence`, with the role `signature`.
    pub picture: Option<EvidenceId>,
}

/// The hand of the institution's person, or that it was refused, by whom noted and why (安全生产法 art. 68).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"outcome": "signed", "name": "李强", "position": "院长", "signed_at": "2026-03-01T02:41:00Z"}))]
pub enum InstitutionSignature {
    Signed {
        #[schema(min_length = 1, max_length = 60)]
        name: String,
        #[schema(min_length = 1, max_length = 60)]
        position: Option<String>,
        signed_at: Instant,
        /// One of the record's `evidence`, with the role `signature`.
        picture: Option<EvidenceId>,
    },
    Refused {
        #[schema(min_length = 1, max_length = 500)]
        reason: String,
        #[schema(min_length = 1, max_length = 60)]
        noted_by: String,
        noted_at: Instant,
    },
}

/// What belongs to another department and was handed to it (安全生产法 art. 69).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department": "船山区消防救援大队", "reason": "自动喷水灭火系统停用", "items": ["F05"]}))]
pub struct InspectionTransfer {
    #[schema(min_length = 1, max_length = 60)]
    pub department: String,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// Codes of the checklist.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub items: Vec<String>,
    /// Of this record or of the institution.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub hazards: Vec<HazardId>,
}

json_column!(Plan, Cancelled, Record);

/// How many items came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    pub passed: i32,
    pub failed: i32,
    pub not_applicable: i32,
    /// Said to be unchecked, or not mentioned.
    pub not_checked: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = inspections)]
pub struct Inspection {
    pub id: InspectionId,
    pub institution_id: InstitutionId,
    #[diesel(select_expression = (inspections::area_1, inspections::area_2, inspections::area_3, inspections::area_4, inspections::area_5, inspections::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub kind: InspectionKind,
    pub campaign_id: Option<CampaignId>,
    pub state: InspectionState,
    pub on_day: NaiveDate,
    pub plan: Option<Plan>,
    pub plan_digest: Option<String>,
    pub record: Option<Record>,
    pub record_digest: Option<String>,
    pub cancelled: Option<Cancelled>,
    pub checklist: Option<String>,
    pub checklist_version: Option<i32>,
    pub passed: i32,
    pub failed: i32,
    pub not_applicable: i32,
    pub not_checked: i32,
    pub handed_in_at: Option<Instant>,
    pub handed_in_by: Option<UserId>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

type PlaceColumns = (
    inspections::area_1,
    inspections::area_2,
    inspections::area_3,
    inspections::area_4,
    inspections::area_5,
    inspections::area_6,
);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = inspection_answers)]
pub struct StoredAnswer {
    pub inspection_id: InspectionId,
    pub position: i32,
    pub item: String,
    pub result: AnswerResult,
    pub remark: Option<String>,
    pub hazard_id: Option<HazardId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = inspection_amendments)]
pub struct StoredAmendment {
    pub id: ActionId,
    pub inspection_id: InspectionId,
    pub step: i32,
    pub reason: String,
    pub text: String,
    pub actor_id: UserId,
    pub at: Instant,
    pub digest: String,
}

/// What inspections found, and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    pub hazards: i64,
    pub major: i64,
    pub open: i64,
    pub overdue: i64,
}

impl Found {
    pub fn join(&mut self, other: &Self) {
        self.hazards += other.hazards;
        self.major += other.major;
        self.open += other.open;
        self.overdue += other.overdue;
    }
}
