//! Inspections as the API shows them.

use super::model::{
    AnswerResult, Cancelled, Counts, DepartmentPresent, Inspection, InspectionKind, InspectionState,
    InspectionTransfer, InstitutionSignature, Plan, Record, Signature, StoredAmendment, StoredAnswer,
};
use super::{queries, rules};
use crate::access::ReadTx;
use crate::db::Instant;
use crate::evidence::{self, OwnerKind};
use crate::hazards::view::{EvidenceItem, EvidenceSummary, HazardView, many as hazard_views, summary};
use crate::hazards::{self};
use crate::ids::{
    ActionId, AreaId, CampaignId, ExternalOrderId, HazardId, InspectionId, InstitutionId, UserId,
};
use crate::refusal::Outcome;
use crate::{institutions, users};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// An inspection in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000050", "institution_id": "0198f000-0000-7000-8000-000000000010",
    "institution_name": "船山区夕阳红养老院", "area_id": "0198f000-0000-7000-8000-000000000002", "kind": "daily", "state": "handed_in",
    "on_day": "2026-03-01", "overdue": false, "inspectors": [{"id": "0198f000-0000-7000-8000-000000000020", "name": "王芳"}], "departments": [],
    "counts": {"passed": 41, "failed": 1, "not_applicable": 6, "not_checked": 40},
    "handed_in_at": "2026-03-01T02:45:00Z", "handed_in_by": "0198f000-0000-7000-8000-000000000020",
    "evidence": {"declared": 2, "stored": 2, "complete": true, "missing": []}, "version": 1,
    "created_at": "2026-03-01T02:45:00Z", "updated_at": "2026-03-01T02:45:00Z"
}))]
pub struct InspectionView {
    pub id: InspectionId,
    pub institution_id: InstitutionId,
    pub institution_name: String,
    /// The smallest area the institution lies in.
    pub area_id: AreaId,
    pub kind: InspectionKind,
    pub campaign_id: Option<CampaignId>,
    pub state: InspectionState,
    /// The last day of the plan; of what was handed in, the day of the visit.
    pub on_day: NaiveDate,
    /// Planned, and its last day has passed; computed when asked.
    pub overdue: bool,
    /// Who is to go; of what was handed in, who was there.
    pub inspectors: Vec<InspectorView>,
    pub departments: Vec<String>,
    /// Of what was handed in.
    pub counts: Option<Counts>,
    pub handed_in_at: Option<Instant>,
    pub handed_in_by: Option<UserId>,
    pub evidence: EvidenceSummary,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// Somebody who inspects.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InspectorView {
    pub id: UserId,
    pub name: String,
}

/// An inspection with everything that is known of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000050", "institution_id": "0198f000-0000-7000-8000-000000000010",
    "institution_name": "船山区夕阳红养老院", "area_id": "0198f000-0000-7000-8000-000000000002", "kind": "daily", "state": "handed_in",
    "on_day": "2026-03-01", "overdue": false, "inspectors": [{"id": "0198f000-0000-7000-8000-000000000020", "name": "王芳"}], "departments": [],
    "counts": {"passed": 41, "failed": 1, "not_applicable": 6, "not_checked": 40},
    "handed_in_at": "2026-03-01T02:45:00Z", "handed_in_by": "0198f000-0000-7000-8000-000000000020",
    "evidence": {"declared": 0, "stored": 0, "complete": true, "missing": []}, "version": 1,
    "created_at": "2026-03-01T02:45:00Z", "updated_at": "2026-03-01T02:45:00Z",
    "record": {"started_at": "2026-03-01T01:00:00Z", "ended_at": "2026-03-01T02:40:00Z", "checklist": "core", "checklist_version": 1, "departments": [],
        "institution_people": ["李强"], "inspector_signatures": [{"name": "王芳", "signed_at": "2026-03-01T02:40:00Z"}],
        "institution_signature": {"outcome": "signed", "name": "李强", "position": "院长", "signed_at": "2026-03-01T02:41:00Z"},
        "transfers": [], "external_orders": [], "answers": [{"item": "E01", "result": "pass"}]},
    "hazards": [], "photos": [], "amendments": []
}))]
pub struct InspectionDetail {
    #[serde(flatten)]
    pub inspection: InspectionView,
    pub plan: Option<Plan>,
    pub cancelled: Option<Cancelled>,
    pub record: Option<RecordView>,
    /// What it found, and known hazards that it met with.
    pub hazards: Vec<HazardView>,
    pub photos: Vec<EvidenceItem>,
    pub amendments: Vec<AmendmentView>,
}

/// What was handed in, as it was handed in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RecordView {
    pub started_at: Instant,
    pub ended_at: Instant,
    pub checklist: String,
    pub checklist_version: i32,
    pub departments: Vec<DepartmentPresent>,
    pub institution_people: Vec<String>,
    pub inspector_signatures: Vec<Signature>,
    pub institution_signature: InstitutionSignature,
    pub transfers: Vec<InspectionTransfer>,
    pub external_orders: Vec<ExternalOrderId>,
    pub note: Option<String>,
    pub answers: Vec<AnswerView>,
}

/// What was found of one item.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerView {
    pub item: String,
    pub result: AnswerResult,
    pub remark: Option<String>,
    pub hazard_id: Option<HazardId>,
}

/// What was said of the record later.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AmendmentView {
    pub id: ActionId,
    pub reason: String,
    pub text: String,
    pub actor_id: UserId,
    pub actor_name: String,
    pub at: Instant,
}

impl From<StoredAnswer> for AnswerView {
    fn from(of: StoredAnswer) -> Self {
        Self { item: of.item, result: of.result, remark: of.remark, hazard_id: of.hazard_id }
    }
}

/// A page of inspections with the names and the evidence that belong to them.
pub fn many(tx: &mut ReadTx<'_>, inspections: Vec<Inspection>) -> Outcome<Vec<InspectionView>> {
    let ids: Vec<InspectionId> = inspections.iter().map(|one| one.id).collect();
    let homes =
        institutions::queries::names(tx.conn, inspections.iter().map(|one| one.institution_id).collect())?;
    let people = queries::people_of(tx.conn, ids.clone())?;
    let names = users::queries::display_names(tx.conn, people.iter().map(|(_, user)| *user).collect())?;
    let owners = ids.iter().map(|id| (*id).into()).collect();
    let photos = evidence::queries::states_of(tx.conn, OwnerKind::Inspection, owners)?;
    let mut inspectors: HashMap<InspectionId, Vec<InspectorView>> = HashMap::new();
    for (inspection, user) in people {
        let name = names.get(&user).cloned().unwrap_or_default();
        inspectors.entry(inspection).or_default().push(InspectorView { id: user, name });
    }
    let mut states: HashMap<InspectionId, Vec<_>> = HashMap::new();
    for (owner, photo, state) in photos {
        states.entry(InspectionId(owner.0)).or_default().push((photo, state));
    }
    let today = tx.office.date(tx.now);
    let view = |of: Inspection| InspectionView {
        institution_name: homes.get(&of.institution_id).cloned().unwrap_or_default(),
        inspectors: inspectors.remove(&of.id).unwrap_or_default(),
        evidence: summary(states.get(&of.id).map_or(&[], Vec::as_slice)),
        overdue: rules::is_overdue(&of, today),
        departments: departments(&of),
        counts: (of.state == InspectionState::HandedIn).then_some(Counts {
            passed: of.passed,
            failed: of.failed,
            not_applicable: of.not_applicable,
            not_checked: of.not_checked,
        }),
        id: of.id,
        institution_id: of.institution_id,
        area_id: of.place.deepest(),
        kind: of.kind,
        campaign_id: of.campaign_id,
        state: of.state,
        on_day: of.on_day,
        handed_in_at: of.handed_in_at,
        handed_in_by: of.handed_in_by,
        version: of.version,
        created_at: of.created_at,
        updated_at: of.updated_at,
    };
    Ok(inspections.into_iter().map(view).collect())
}

fn departments(of: &Inspection) -> Vec<String> {
    match (&of.record, &of.plan) {
        (Some(record), _) => record.departments.iter().map(|one| one.department.clone()).collect(),
        (None, Some(plan)) => plan.departments.clone(),
        (None, None) => Vec::new(),
    }
}

/// One inspection with all that is known of it.
pub fn detail(tx: &mut ReadTx<'_>, of: Inspection) -> Outcome<InspectionDetail> {
    let answers = queries::answers(tx.conn, of.id)?;
    let mut ids: BTreeSet<HazardId> = hazards::queries::of_inspection(tx.conn, of.id)?.into_iter().collect();
    ids.extend(answers.iter().filter_map(|one| one.hazard_id));
    let found = hazards::queries::by_ids(tx.conn, ids.into_iter().collect())?;
    let photos = evidence::queries::of_owner(tx.conn, OwnerKind::Inspection, of.id.into())?;
    let amendments = queries::amendments(tx.conn, of.id)?;
    let names = users::queries::display_names(tx.conn, amendments.iter().map(|one| one.actor_id).collect())?;
    let hazards = hazard_views(tx, found)?;
    let checklist = (of.checklist.clone().unwrap_or_default(), of.checklist_version.unwrap_or_default());
    let (plan, cancelled, record) = (of.plan.clone(), of.cancelled.clone(), of.record.clone());
    let inspection = many(tx, vec![of])?.pop().ok_or(crate::refusal::Code::NotFound)?;
    Ok(InspectionDetail {
        inspection,
        plan,
        cancelled,
        record: record.map(|record| told(record, checklist, answers)),
        hazards,
        photos: photos.iter().map(EvidenceItem::from).collect(),
        amendments: amendments.into_iter().map(|one| amendment(one, &names)).collect(),
    })
}

fn told(
    record: Record,
    (checklist, checklist_version): (String, i32),
    answers: Vec<StoredAnswer>,
) -> RecordView {
    RecordView {
        started_at: record.started_at,
        ended_at: record.ended_at,
        checklist,
        checklist_version,
        departments: record.departments,
        institution_people: record.institution_people,
        inspector_signatures: record.inspector_signatures,
        institution_signature: record.institution_signature,
        transfers: record.transfers,
        external_orders: record.external_orders,
        note: record.note,
        answers: answers.into_iter().map(AnswerView::from).collect(),
    }
}

fn amendment(of: StoredAmendment, names: &HashMap<UserId, String>) -> AmendmentView {
    AmendmentView {
        id: of.id,
        reason: of.reason,
        text: of.text,
        actor_id: of.actor_id,
        actor_name: names.get(&of.actor_id).cloned().unwrap_or_default(),
        at: of.at,
    }
}
