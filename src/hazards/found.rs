//! Hazards that come within another record, such as an inspection's: registered by the same use case as any other.

use super::model::{FoundIn, Hazard, Severity};
use super::queries;
use super::register::{HazardForm, register_found_in};
use crate::access::WriteTx;
use crate::checklists::Category;
use crate::db::Instant;
use crate::evidence::DeclaredEvidence;
use crate::ids::{HazardId, InstitutionId};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A hazard within the record that tells of it: a [`HazardForm`] with its own id; the institution is the record's.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000040", "category": "electricity", "checklist_item": "E03",
    "location": "二楼东侧203室床头", "description": "移动插排串接，给气垫床供电，外壳有烧痕", "severity": "general",
    "found_at": "2026-03-01T01:20:00Z"
}))]
pub struct FoundHazard {
    /// Made by the caller, UUIDv7.
    pub id: HazardId,
    pub category: Category,
    /// A code of the checklist; absent for what no list foresees.
    pub checklist_item: Option<String>,
    /// 隐患部位
    #[schema(min_length = 1, max_length = 100)]
    pub location: String,
    #[schema(min_length = 1, max_length = 2000)]
    pub description: String,
    pub severity: Severity,
    /// Needs an interim measure today; the checklist's own word when absent.
    pub urgent: Option<bool>,
    pub found_at: Instant,
    /// By when; the rule table's date when absent.
    pub deadline: Option<NaiveDate>,
    /// 立行立改: put right while the inspector stood there. Needs a measure and an after-photo.
    #[serde(default)]
    pub fixed_on_spot: bool,
    /// What was done, for `fixed_on_spot`.
    #[schema(min_length = 1, max_length = 2000)]
    pub measure: Option<String>,
    /// For `major`: the code of a criterion that is in force there on that day (重大隐患判定依据).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 30)]
    pub criterion: Option<String>,
    /// For `general`, where the checklist item is a candidate for a major hazard: why no criterion applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 500)]
    pub no_criterion_because: Option<String>,
    /// Photos that will follow.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub evidence: Vec<DeclaredEvidence>,
}

impl FoundHazard {
    fn form(&self, institution: InstitutionId) -> HazardForm {
        let Self { id: _, category, checklist_item, location, description, severity, urgent, .. } =
            self.clone();
        HazardForm {
            institution_id: institution,
            category,
            checklist_item,
            location,
            description,
            severity,
            urgent,
            found_at: self.found_at,
            deadline: self.deadline,
            fixed_on_spot: self.fixed_on_spot,
            measure: self.measure.clone(),
            criterion: self.criterion.clone(),
            no_criterion_because: self.no_criterion_because.clone(),
            evidence: self.evidence.clone(),
        }
    }
}

/// Registers what a record found; what is registered so already is confirmed. Faults are told with their place in
/// the record.
pub fn register_all(
    tx: &mut WriteTx<'_>,
    institution: InstitutionId,
    found_in: FoundIn,
    found: &[FoundHazard],
) -> Outcome<Vec<Hazard>> {
    let places = (0..).map(|at| format!("/hazards/{at}"));
    places.zip(found).map(|(place, one)| register_at(tx, institution, found_in, &place, one)).collect()
}

/// [`register_all`] of one that stands at `place` in its record.
pub fn register_at(
    tx: &mut WriteTx<'_>,
    institution: InstitutionId,
    found_in: FoundIn,
    place: &str,
    one: &FoundHazard,
) -> Outcome<Hazard> {
    let result = register_found_in(tx, one.id, &one.form(institution), found_in);
    let mut done = result.map_err(|failure| within(failure, place))?;
    if done.answer == Stored::Replayed {
        match found_in {
            FoundIn::Inspection(inspection) if done.hazard.inspection_id.is_none() => {
                queries::say_inspection(tx.conn, one.id, inspection)?;
                done.hazard.inspection_id = Some(inspection);
            }
            FoundIn::Drill(drill) if done.hazard.drill_id.is_none() => {
                queries::say_drill(tx.conn, one.id, drill)?;
                done.hazard.drill_id = Some(drill);
            }
            _ => {}
        }
    }
    Ok(done.hazard)
}

/// The same refusal, with pointers into the record.
fn within(failure: Failure, place: &str) -> Failure {
    let Failure::Refused(mut refusal) = failure else { return failure };
    if refusal.code == Code::NotFound {
        return Refusal::invalid(format!("{place}/id"), FieldCode::UnknownReference).into();
    }
    for field in &mut refusal.fields {
        field.pointer = format!("{place}{}", field.pointer);
    }
    if refusal.fields.is_empty() && refusal.code == Code::IdTaken {
        refusal = refusal.field(format!("{place}/id"), FieldCode::Duplicate);
    }
    refusal.into()
}
