//! What is sent about inspections.

use super::model::{AnswerResult, DepartmentPresent, InspectionKind, InspectionTransfer, twenty_lines};
use super::model::{InstitutionSignature, Signature};
use crate::db::Instant;
use crate::evidence::DeclaredEvidence;
use crate::hazards::FoundHazard;
use crate::ids::{ExternalOrderId, HazardId, InstitutionId, UserId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::Array;

fn ten_lines() -> Array {
    super::model::lines(10)
}

/// An inspection as it is planned.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "joint", "planned_from": "2026-03-09", "planned_to": "2026-03-13",
    "inspectors": ["0198f000-0000-7000-8000-000000000020"], "departments": ["船山区民政局", "船山区消防救援大队"]
}))]
pub struct InspectionPlan {
    pub institution_id: InstitutionId,
    pub kind: InspectionKind,
    pub planned_from: NaiveDate,
    /// The last day for it.
    pub planned_to: NaiveDate,
    /// Who is to go. An inspector plans what they go to themselves.
    #[schema(min_items = 1, max_items = 20)]
    pub inspectors: Vec<UserId>,
    /// Which departments come together; for `joint` only.
    #[serde(default)]
    #[schema(schema_with = ten_lines)]
    pub departments: Vec<String>,
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

/// What to change of a plan; absent fields stay as they are.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"planned_to": "2026-03-20", "expected_version": 1}))]
pub struct InspectionChange {
    pub planned_from: Option<NaiveDate>,
    pub planned_to: Option<NaiveDate>,
    #[schema(min_items = 1, max_items = 20)]
    pub inspectors: Option<Vec<UserId>>,
    #[schema(schema_with = ten_lines)]
    pub departments: Option<Vec<String>>,
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
    pub expected_version: Option<i64>,
}

/// Why it will not be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "该院本周停电检修，改期另行安排"}))]
pub struct Cancellation {
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// What was found of one item.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"item": "E03", "result": "fail", "remark": "203室", "hazard_id": "0198f000-0000-7000-8000-000000000040"}))]
pub struct Answer {
    /// A code of the checklist.
    pub item: String,
    pub result: AnswerResult,
    #[schema(min_length = 1, max_length = 500)]
    pub remark: Option<String>,
    /// A hazard of this record, or one of the institution that is known already. Needed with `fail`.
    pub hazard_id: Option<HazardId>,
    /// Photos of this item that will follow.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// A whole inspection as it is handed in: once, in one piece.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "daily", "started_at": "2026-03-01T01:00:00Z", "ended_at": "2026-03-01T02:40:00Z",
    "inspectors": ["0198f000-0000-7000-8000-000000000020"], "institution_people": ["李强"],
    "answers": [{"item": "E01", "result": "pass"}, {"item": "E03", "result": "fail", "hazard_id": "0198f000-0000-7000-8000-000000000040"}],
    "hazards": [{"id": "0198f000-0000-7000-8000-000000000040", "category": "electricity", "checklist_item": "E03", "location": "二楼东侧203室床头",
        "description": "移动插排串接，给气垫床供电，外壳有烧痕", "severity": "general", "found_at": "2026-03-01T01:20:00Z"}],
    "inspector_signatures": [{"name": "王芳", "signed_at": "2026-03-01T02:40:00Z"}],
    "institution_signature": {"outcome": "signed", "name": "李强", "position": "院长", "signed_at": "2026-03-01T02:41:00Z"}
}))]
pub struct InspectionRecord {
    pub institution_id: InstitutionId,
    /// As planned, if it was planned.
    pub kind: InspectionKind,
    pub started_at: Instant,
    pub ended_at: Instant,
    /// The version of the checklist that was gone through; refused if another one was in force that day.
    #[schema(minimum = 1)]
    pub checklist_version: Option<u32>,
    /// Who was there, of those with accounts; an inspector who hands it in is among them.
    #[schema(min_items = 1, max_items = 20)]
    pub inspectors: Vec<UserId>,
    /// The departments that took part.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub departments: Vec<DepartmentPresent>,
    /// The institution's people who were there.
    #[serde(default)]
    #[schema(schema_with = twenty_lines)]
    pub institution_people: Vec<String>,
    /// Items that are not mentioned were not checked.
    #[schema(max_items = 300)]
    pub answers: Vec<Answer>,
    /// Hazards that were found and are not known yet.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub hazards: Vec<FoundHazard>,
    /// Other photos that will follow: of the place, of signatures.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub evidence: Vec<DeclaredEvidence>,
    #[schema(min_items = 1, max_items = 20)]
    pub inspector_signatures: Vec<Signature>,
    pub institution_signature: InstitutionSignature,
    /// What belongs to other departments.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub transfers: Vec<InspectionTransfer>,
    /// Orders of other authorities that were met with; they are recorded by themselves.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_orders: Vec<ExternalOrderId>,
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

/// Something to add to a record that was handed in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "房号写错", "text": "E03 的部位应为二楼东侧205室"}))]
pub struct AmendmentForm {
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
    /// Photos that will follow.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub evidence: Vec<DeclaredEvidence>,
}
