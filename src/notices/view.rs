//! Notices as the API shows them.

use super::content::Content;
use super::model::{Notice, NoticeKind, NoticeState, NoticeStepKind, ServiceMethod, StoredStep};
use super::rules::{self, ItemCounts};
use super::{form::NoticeStepForm, queries};
use crate::access::ReadTx;
use crate::db::Instant;
use crate::hazards::model::Status;
use crate::ids::{AreaId, HazardId, InstitutionId, NoticeId, NoticeStepId, UserId};
use crate::refusal::{Failure, Outcome};
use crate::users;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A notice in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000070", "kind": "rectification_notice", "number": "船民安责改〔2026〕12号", "title": "责令限期整改通知书",
    "year": 2026, "office_area_id": "0198f000-0000-7000-8000-000000000001", "office": "遂宁市船山区民政局",
    "institution_id": "0198f000-0000-7000-8000-000000000010", "institution": "船山区夕阳红养老院", "state": "served", "sample": true,
    "items": 3, "first_deadline": "2026-03-02", "last_deadline": "2026-03-16",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "issued_at": "2026-03-01T02:00:00Z", "issued_by": "0198f000-0000-7000-8000-000000000020", "served_at": "2026-03-02T02:10:00Z",
    "version": 2, "updated_at": "2026-03-02T02:12:00Z"
}))]
pub struct NoticeView {
    pub id: NoticeId,
    pub kind: NoticeKind,
    /// 文号
    pub number: String,
    pub title: String,
    pub year: i32,
    pub office_area_id: AreaId,
    pub office: String,
    pub institution_id: InstitutionId,
    /// The institution's name as it was printed.
    pub institution: String,
    pub state: NoticeState,
    /// Whether its words were samples.
    pub sample: bool,
    pub items: usize,
    pub first_deadline: Option<NaiveDate>,
    pub last_deadline: Option<NaiveDate>,
    /// SHA-256 of what was printed.
    pub digest: String,
    pub issued_at: Instant,
    pub issued_by: UserId,
    pub served_at: Option<Instant>,
    pub acknowledged_at: Option<Instant>,
    pub answered_at: Option<Instant>,
    pub voided_at: Option<Instant>,
    pub version: i64,
    pub updated_at: Instant,
}

/// A notice with its story.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000070", "kind": "rectification_notice", "number": "船民安责改〔2026〕12号", "title": "责令限期整改通知书",
    "year": 2026, "office_area_id": "0198f000-0000-7000-8000-000000000001", "office": "遂宁市船山区民政局",
    "institution_id": "0198f000-0000-7000-8000-000000000010", "institution": "船山区夕阳红养老院", "state": "issued", "sample": true,
    "items": 1, "first_deadline": "2026-03-02", "last_deadline": "2026-03-02",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "issued_at": "2026-03-01T02:00:00Z", "issued_by": "0198f000-0000-7000-8000-000000000020", "version": 1, "updated_at": "2026-03-01T02:00:00Z",
    "template": "rectification-notice", "template_version": 1,
    "listed": [{"hazard_id": "0198f000-0000-7000-8000-000000000040", "number": "YH20260301-0000000A", "deadline": "2026-03-02", "status_now": "pending", "deadline_now": "2026-03-02"}],
    "counts": {"items": 1, "closed": 0, "open": 1, "overdue": 0, "void": 0}, "steps": [], "allowed_steps": ["serve"],
    "live_address": "https://anlao.example/n/0198f000-0000-7000-8000-000000000070?d=9f86d081884c7d659a2feaa0c55ad015"
}))]
pub struct NoticeDetail {
    #[serde(flatten)]
    pub notice: NoticeView,
    pub template: String,
    pub template_version: u32,
    /// Its hazards as they were printed, and as they are now.
    pub listed: Vec<ListedView>,
    pub counts: ItemCounts,
    pub steps: Vec<StepView>,
    /// The steps this caller may take now.
    pub allowed_steps: Vec<NoticeStepKind>,
    /// What the QR code opens.
    pub live_address: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ListedView {
    pub hazard_id: HazardId,
    pub number: String,
    /// As printed.
    pub deadline: NaiveDate,
    pub status_now: Status,
    pub deadline_now: NaiveDate,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    pub id: NoticeStepId,
    pub at: Instant,
    pub actor_id: UserId,
    pub actor_name: String,
    pub actor_role: String,
    pub state_after: NoticeState,
    pub kind: NoticeStepKind,
    pub how: Option<ServiceMethod>,
    pub served_at: Option<Instant>,
    pub recipient: Option<String>,
    pub refused: Option<bool>,
    pub text: Option<String>,
}

/// What was frozen, read back.
pub fn content(notice: &Notice) -> Outcome<Content> {
    serde_json::from_str(&notice.content)
        .map_err(|_unreadable| Failure::Internal("the frozen content of a notice cannot be read"))
}

pub fn one(notice: Notice) -> Outcome<NoticeView> {
    let content = content(&notice)?;
    Ok(view(notice, &content))
}

fn view(notice: Notice, content: &Content) -> NoticeView {
    let deadlines = || content.items.iter().map(|item| item.deadline);
    NoticeView {
        id: notice.id,
        kind: notice.kind,
        number: notice.number_text,
        title: content.title.clone(),
        year: notice.year,
        office_area_id: notice.office_area_id,
        office: content.office.clone(),
        institution_id: notice.institution_id,
        institution: content.institution.clone(),
        state: notice.state,
        sample: content.mark.is_some(),
        items: content.items.len(),
        first_deadline: deadlines().min(),
        last_deadline: deadlines().max(),
        digest: notice.digest,
        issued_at: notice.issued_at,
        issued_by: notice.issued_by,
        served_at: notice.served_at,
        acknowledged_at: notice.acknowledged_at,
        answered_at: notice.answered_at,
        voided_at: notice.voided_at,
        version: notice.version,
        updated_at: notice.updated_at,
    }
}

/// One notice with its steps, its hazards as they are now and what the caller may do next.
pub fn detail(tx: &mut ReadTx<'_>, notice: Notice) -> Outcome<NoticeDetail> {
    let content = content(&notice)?;
    let now = queries::hazards_of(tx.conn, notice.id)?;
    let steps = queries::steps(tx.conn, notice.id)?;
    let names = users::queries::display_names(tx.conn, steps.iter().map(|step| step.actor_id).collect())?;
    let states: Vec<(Status, NaiveDate)> = now.iter().map(|(_, status, day)| (*status, *day)).collect();
    let listed = content.items.iter().zip(&now).map(|(item, (id, status, deadline))| ListedView {
        hazard_id: *id,
        number: item.number.clone(),
        deadline: item.deadline,
        status_now: *status,
        deadline_now: *deadline,
    });
    let taken = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    Ok(NoticeDetail {
        template: content.template.id.clone(),
        template_version: content.template.version,
        listed: listed.collect(),
        counts: rules::count(&states, tx.office.date(tx.now)),
        steps: steps.into_iter().map(|step| told(step, &names)).collect::<Outcome<_>>()?,
        allowed_steps: rules::allowed(&notice, taken, tx.actor),
        live_address: super::paper::live_address(&content, &notice.digest),
        notice: view(notice, &content),
    })
}

fn told(step: StoredStep, names: &std::collections::HashMap<UserId, String>) -> Outcome<StepView> {
    let form: NoticeStepForm = serde_json::from_str(&step.content)
        .map_err(|_unreadable| Failure::Internal("a step of a notice cannot be read"))?;
    Ok(StepView {
        id: step.id,
        at: step.at,
        actor_id: step.actor_id,
        actor_name: names.get(&step.actor_id).cloned().unwrap_or_default(),
        actor_role: step.actor_role,
        state_after: step.state_after,
        kind: form.kind,
        how: form.how,
        served_at: form.served_at,
        recipient: form.recipient,
        refused: form.refused,
        text: form.text,
    })
}
