//! Plans as the API shows them.

use super::action::PlanStep;
use super::check::ContentCheck;
use super::content::{PlanContent, PlanKind};
use super::model::{Approval, Filing, Plan, PlanHead, PlanState, Publication, Review, StoredStep};
use super::revision::{Revision, Snapshot};
use super::{queries, rules, standing};
use crate::access::ReadTx;
use crate::db::Instant;
use crate::evidence::{self, OwnerKind};
use crate::hazards::view::{EvidenceItem, EvidenceSummary, summary};
use crate::ids::{InstitutionId, PlanId, PlanStepId, UserId};
use crate::institutions;
use crate::refusal::Outcome;
use crate::users;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An edition in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000a0", "institution_id": "0198f000-0000-7000-8000-000000000010", "edition": 1,
    "state": "in_force", "kind": "general", "level": 3, "title": "灭火和应急疏散预案",
    "content_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "approval": {"on": "2026-03-02", "by": {"name": "李强"}, "post": "院长", "entered_by_writer": false}, "in_force_on": "2026-03-05",
    "filing": {"on": "2026-03-06", "department": "船山区民政局", "number": "船民预备〔2026〕12号"},
    "publication": {"on": "2026-03-05", "how": "全体员工会议宣读，值班室张贴"},
    "created_by": "0198f000-0000-7000-8000-000000000021", "written_by": "0198f000-0000-7000-8000-000000000021", "version": 5,
    "created_at": "2026-03-01T01:00:00Z", "updated_at": "2026-03-06T02:00:00Z"
}))]
pub struct PlanView {
    pub id: PlanId,
    pub institution_id: InstitutionId,
    /// 1, 2, … of its institution; a draft that was discarded keeps its number.
    pub edition: i32,
    /// The edition it was copied from or written after.
    pub based_on: Option<PlanId>,
    pub state: PlanState,
    pub kind: PlanKind,
    /// 预案等级, 1 to 5.
    pub level: Option<i32>,
    pub title: String,
    /// SHA-256 of what it says, as canonical JSON: the audit trail names it.
    pub content_digest: String,
    pub approval: Option<Approval>,
    pub in_force_on: Option<NaiveDate>,
    pub review: Option<Review>,
    pub filing: Option<Filing>,
    pub publication: Option<Publication>,
    /// The first day on which another edition was in force.
    pub superseded_on: Option<NaiveDate>,
    pub superseded_by: Option<PlanId>,
    pub discarded_because: Option<String>,
    pub created_by: UserId,
    /// Who wrote its content last.
    pub written_by: UserId,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl From<&PlanHead> for PlanView {
    fn from(of: &PlanHead) -> Self {
        let of = of.clone();
        Self {
            id: of.id,
            institution_id: of.institution_id,
            edition: of.edition,
            based_on: of.based_on,
            state: of.state,
            kind: of.kind,
            level: of.level,
            title: of.title,
            content_digest: of.content_digest,
            approval: of.approval,
            in_force_on: of.in_force_on,
            review: of.review,
            filing: of.filing,
            publication: of.publication,
            superseded_on: of.superseded_on,
            superseded_by: of.superseded_by,
            discarded_because: of.discarded_because,
            created_by: of.created_by,
            written_by: of.written_by,
            version: of.version,
            created_at: of.created_at,
            updated_at: of.updated_at,
        }
    }
}

/// An edition with what it says, what it lacks, and what calls for its revision.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000a0", "institution_id": "0198f000-0000-7000-8000-000000000010", "edition": 1,
    "state": "in_force", "kind": "general", "level": 3, "title": "灭火和应急疏散预案",
    "content_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "approval": {"on": "2026-03-02", "by": {"name": "李强"}, "post": "院长", "entered_by_writer": false}, "in_force_on": "2026-03-05",
    "created_by": "0198f000-0000-7000-8000-000000000021", "written_by": "0198f000-0000-7000-8000-000000000021", "version": 3,
    "created_at": "2026-03-01T01:00:00Z", "updated_at": "2026-03-05T02:00:00Z",
    "content": {"kind": "general", "level": 3, "title": "灭火和应急疏散预案",
        "parts": [{"code": "alarm", "text": "发现火情立即报告值班室，值班员确认后拨打119并通知现场指挥官。"}],
        "buildings": [{"name": "主楼", "floors": 4, "beds": 80}]},
    "check": {"document": {"id": "plan-contents-default", "version": 1}, "complete": true, "beyond": [], "missing": [
        {"code": "equipment", "title_zh": "器材清单", "title_en": "Equipment list", "required": false, "basis": "产品建议", "verified": false,
            "lacks": [{"what": "equipment"}]}]},
    "revisions": [{"code": "beds_changed", "reason_zh": "床位数由80张（2026-03-05）变为90张", "reason_en": "90 beds instead of 80 on 2026-03-05"}],
    "review_by": "2027-03-05",
    "compared_with": {"taken_on": "2026-03-05", "document": {"id": "plan-contents-default", "version": 1}, "beds": 80, "residents": {"self": 20, "carried": 30}},
    "floor_plans": [{"id": "0198f000-0000-7000-8000-0000000000e2", "role": "document", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "media_type": "image/png", "size": 203511, "state": "stored", "stored_at": "2026-03-01T01:02:00Z", "part": "主楼/2"}],
    "evidence": {"declared": 1, "stored": 1, "complete": true, "missing": []},
    "steps": [{"id": "0198f000-0000-7000-8000-0000000000a1", "kind": "approve", "at": "2026-03-02T01:00:00Z", "actor_id": "0198f000-0000-7000-8000-000000000022",
        "actor_name": "李强", "content": {"kind": "approve", "on": "2026-03-02", "by": {"name": "李强"}, "post": "院长"}}],
    "allowed_actions": ["file", "publish", "review"]
}))]
pub struct PlanDetail {
    #[serde(flatten)]
    pub plan: PlanView,
    pub content: PlanContent,
    /// Against the rule document in force today; absent of what is superseded or discarded.
    pub check: Option<ContentCheck>,
    /// What calls for a revision today; of the plan in force.
    pub revisions: Vec<Revision>,
    /// The day by which the plan in force is to be looked over again.
    pub review_by: Option<NaiveDate>,
    /// What the revisions are told by.
    pub compared_with: Option<Snapshot>,
    /// The pictures of the floors; each `part` is a building and a floor.
    pub floor_plans: Vec<EvidenceItem>,
    pub evidence: EvidenceSummary,
    pub steps: Vec<PlanStepView>,
    /// The steps this caller may take now.
    pub allowed_actions: Vec<PlanStep>,
}

/// One step of its story.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlanStepView {
    pub id: PlanStepId,
    /// One of the steps, or `supersede`.
    pub kind: String,
    pub at: Instant,
    pub actor_id: UserId,
    pub actor_name: String,
    /// What was sent with the step.
    #[schema(value_type = Option<Object>)]
    pub content: Option<serde_json::Value>,
}

/// An edition of a home that the caller covers.
pub fn detail(tx: &mut ReadTx<'_>, plan: Plan) -> Outcome<PlanDetail> {
    let today = tx.office.date(tx.now);
    let place = institutions::queries::find(tx.conn, &tx.actor.scope, plan.head.institution_id)?;
    let over = matches!(plan.head.state, PlanState::Superseded | PlanState::Discarded);
    let check = if over { None } else { Some(standing::check(tx, &place, &plan)?) };
    let revisions = standing::revisions(tx, &place, &plan, today)?;
    let review_by = standing::review_by(tx, &place, &plan, today)?;
    let photos = evidence::queries::of_owner(tx.conn, OwnerKind::Plan, plan.head.id.into())?;
    let states: Vec<_> = photos.iter().map(|one| (one.id, one.state)).collect();
    Ok(PlanDetail {
        plan: PlanView::from(&plan.head),
        check,
        revisions,
        review_by,
        floor_plans: photos.iter().map(EvidenceItem::from).collect(),
        evidence: summary(&states),
        steps: steps(tx, plan.head.id)?,
        allowed_actions: rules::allowed(&plan.head, tx.actor.role),
        compared_with: plan.head.snapshot.map(|snapshot| snapshot.0),
        content: plan.content.0,
    })
}

fn steps(tx: &mut ReadTx<'_>, id: PlanId) -> Outcome<Vec<PlanStepView>> {
    let taken = queries::steps(tx.conn, id)?;
    let names = users::queries::display_names(tx.conn, taken.iter().map(|step| step.actor_id).collect())?;
    let view = |step: StoredStep| PlanStepView {
        id: step.id,
        kind: step.kind,
        at: step.at,
        actor_id: step.actor_id,
        actor_name: names.get(&step.actor_id).cloned().unwrap_or_default(),
        content: serde_json::from_str(&step.content).ok(),
    };
    Ok(taken.into_iter().map(view).collect())
}
