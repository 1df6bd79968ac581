//! Drills as the API shows them.

use super::action::DrillStep;
use super::forms::{DrillRecord, EvaluationForm, Filing};
use super::model::{Cancelled, Drill, DrillState, FoundIn, Planned, StoredProblem, StoredStep};
use super::problems::Followed;
use super::timeline::Durations;
use super::{queries, record_rules, rules};
use crate::access::ReadTx;
use crate::db::Instant;
use crate::evidence::{self, OwnerKind};
use crate::hazards::model::Status;
use crate::hazards::view::{EvidenceItem, EvidenceSummary, summary};
use crate::ids::{AreaId, DrillId, DrillStepId, HazardId, InstitutionId, PlanId, UserId};
use crate::refusal::Outcome;
use crate::rules::kinds::drills::{DrillKind, Shift};
use crate::{institutions, users};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// A drill in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000d1", "institution_id": "0198f000-0000-7000-8000-000000000010", "institution_name": "船山区夕阳红养老院",
    "area_id": "0198f000-0000-7000-8000-000000000002", "kind": "full", "shift": "night", "state": "recorded", "real_event": false, "on_day": "2026-03-10",
    "overdue": false, "building": "1号楼", "scenario": "二楼床头起火", "alarm_at": "2026-03-09T18:10:00Z", "problems": 1, "open_problems": 1,
    "evidence": {"declared": 2, "stored": 2, "complete": true, "missing": []}, "version": 2,
    "created_at": "2026-03-01T02:45:00Z", "updated_at": "2026-03-10T02:45:00Z"
}))]
pub struct DrillView {
    pub id: DrillId,
    pub institution_id: InstitutionId,
    pub institution_name: String,
    /// The smallest area the institution lies in.
    pub area_id: AreaId,
    pub kind: DrillKind,
    /// As planned; of what was held, the shift that was at work at the alarm.
    pub shift: Shift,
    pub state: DrillState,
    /// 真实事件
    pub real_event: bool,
    /// The last day of the window; of what was held, the day of the alarm.
    pub on_day: NaiveDate,
    /// Planned, and its last day has passed; computed when asked.
    pub overdue: bool,
    pub building: Option<String>,
    pub scenario: Option<String>,
    pub plan_id: Option<PlanId>,
    pub plan_edition: Option<i32>,
    pub alarm_at: Option<Instant>,
    pub problems: u32,
    /// Hazards that are not closed, and changes of the plan that are not made.
    pub open_problems: u32,
    pub evidence: EvidenceSummary,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A drill with everything that is known of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000d1", "institution_id": "0198f000-0000-7000-8000-000000000010", "institution_name": "船山区夕阳红养老院",
    "area_id": "0198f000-0000-7000-8000-000000000002", "kind": "full", "shift": "night", "state": "planned", "real_event": false, "on_day": "2026-03-10",
    "overdue": false, "building": "1号楼", "scenario": "二楼床头起火", "problems": 0, "open_problems": 0,
    "evidence": {"declared": 0, "stored": 0, "complete": true, "missing": []}, "version": 1,
    "created_at": "2026-03-01T02:45:00Z", "updated_at": "2026-03-01T02:45:00Z",
    "exact_time_sealed": true, "stand_ins_note": "演练不得要求搬动体弱老人，可由工作人员或假人代替。",
    "plan": {"shift": "night", "window_from": "2026-03-09T15:00:00Z", "window_to": "2026-03-09T21:00:00Z", "goals": [],
        "announcement": {"residents_public": "informed", "staff": "window"}, "planned_at": "2026-03-01T02:45:00Z", "by_office": false},
    "frail_residents_moved": false, "followed_up": [], "photos": [], "steps": [], "allowed": ["start", "postpone", "cancel"]
}))]
pub struct DrillDetail {
    #[serde(flatten)]
    pub drill: DrillView,
    pub plan: Option<Planned>,
    pub planned_by: Option<UserId>,
    /// There is an exact time, and the caller is not shown it before the drill starts.
    pub exact_time_sealed: bool,
    /// Said with every drill, for whoever plans and whoever commands it.
    pub stand_ins_note: String,
    pub started_at: Option<Instant>,
    pub started_by: Option<UserId>,
    pub cancelled: Option<Cancelled>,
    pub record: Option<DrillRecord>,
    pub recorded_at: Option<Instant>,
    pub recorded_by: Option<UserId>,
    pub durations: Option<Durations>,
    /// Residents who have to be carried were really moved for a drill: stand-ins would have counted in full.
    pub frail_residents_moved: bool,
    pub evaluation: Option<EvaluationForm>,
    pub evaluated_at: Option<Instant>,
    pub evaluated_by: Option<UserId>,
    /// When and to whom it was reported.
    pub reported: Option<Filing>,
    /// Each problem, and how far what becomes of it has come.
    pub followed_up: Vec<ProblemView>,
    pub photos: Vec<EvidenceItem>,
    pub steps: Vec<DrillStepView>,
    /// The steps that the caller may take now.
    pub allowed: Vec<DrillStep>,
}

/// A problem, and how far what becomes of it has come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProblemView {
    pub text: String,
    pub found_in: FoundIn,
    pub hazard_id: Option<HazardId>,
    pub hazard_number: Option<String>,
    pub hazard_status: Option<Status>,
    /// The last day for putting it right.
    pub hazard_deadline: Option<NaiveDate>,
    pub hazard_overdue: Option<bool>,
    pub plan_revision_needed: bool,
    pub revision: Option<String>,
    /// Whether a plan came into force after the drill; where the plan had to be changed.
    pub plan_revised: Option<bool>,
    /// Whether anything is still to be done about it.
    pub open: bool,
}

/// A step that was taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DrillStepView {
    pub id: DrillStepId,
    pub kind: String,
    pub actor_id: UserId,
    pub actor_name: String,
    pub at: Instant,
    /// Why, where the step needs a reason.
    pub reason: Option<String>,
}

/// What is said with every drill.
pub const STAND_INS: &str = "演练不得要求搬动体弱老人，可由工作人员或假人代替。";

/// A page of drills with the names, the problems and the evidence that belong to them.
pub fn many(tx: &mut ReadTx<'_>, drills: Vec<Drill>) -> Outcome<Vec<DrillView>> {
    let followed = Followed::read(tx.conn, drills.iter().map(|one| one.id).collect())?;
    let homes = institutions::queries::names(tx.conn, drills.iter().map(|one| one.institution_id).collect())?;
    let owners = drills.iter().map(|one| one.id.into()).collect();
    let mut states: HashMap<DrillId, Vec<_>> = HashMap::new();
    for (owner, photo, state) in evidence::queries::states_of(tx.conn, OwnerKind::Drill, owners)? {
        states.entry(DrillId(owner.0)).or_default().push((photo, state));
    }
    let today = tx.office.date(tx.now);
    let view = |of: Drill| {
        let home = homes.get(&of.institution_id).cloned().unwrap_or_default();
        let photos = summary(states.get(&of.id).map_or(&[], Vec::as_slice));
        view(of, home, photos, &followed, today)
    };
    Ok(drills.into_iter().map(view).collect())
}

fn view(
    of: Drill,
    institution_name: String,
    evidence: EvidenceSummary,
    followed: &Followed,
    today: NaiveDate,
) -> DrillView {
    DrillView {
        institution_name,
        area_id: of.place.deepest(),
        overdue: of.state == DrillState::Planned && of.on_day < today,
        problems: u32::try_from(followed.problems.iter().filter(|one| one.drill_id == of.id).count())
            .unwrap_or(u32::MAX),
        open_problems: followed.open_of(of.id, of.alarm_at),
        evidence,
        id: of.id,
        institution_id: of.institution_id,
        kind: of.kind,
        shift: of.shift,
        state: of.state,
        real_event: of.real_event,
        on_day: of.on_day,
        building: of.building,
        scenario: of.scenario,
        plan_id: of.plan_id,
        plan_edition: of.plan_edition,
        alarm_at: of.alarm_at,
        version: of.version,
        created_at: of.created_at,
        updated_at: of.updated_at,
    }
}

/// One drill with all that the caller may know of it.
pub fn detail(tx: &mut ReadTx<'_>, of: Drill) -> Outcome<DrillDetail> {
    let followed = Followed::read(tx.conn, vec![of.id])?;
    let photos = evidence::queries::of_owner(tx.conn, OwnerKind::Drill, of.id.into())?;
    let steps = queries::steps(tx.conn, of.id)?;
    let names = users::queries::display_names(tx.conn, steps.iter().map(|one| one.actor_id).collect())?;
    let mut homes = institutions::queries::names(tx.conn, vec![of.institution_id])?;
    let home = homes.remove(&of.institution_id).unwrap_or_default();
    let states: Vec<_> = photos.iter().map(|one| (one.id, one.state)).collect();
    let today = tx.office.date(tx.now);
    let drill = view(of.clone(), home, summary(&states), &followed, today);
    let sealed = !rules::sees_exact_time(&of, tx.actor.id);
    let mut plan = of.plan.clone();
    if let Some(plan) = plan.as_mut().filter(|_| sealed) {
        plan.announcement.exact_at = None;
    }
    let problem = |one: &StoredProblem| told(one, &followed, of.alarm_at, today);
    let followed_up = followed.problems.iter().map(problem).collect();
    let record = of.record.as_ref().map(|one| &one.0);
    Ok(DrillDetail {
        drill,
        plan,
        planned_by: of.planned_by,
        exact_time_sealed: sealed,
        stand_ins_note: STAND_INS.into(),
        started_at: of.started_at,
        started_by: of.started_by,
        cancelled: of.cancelled.clone(),
        recorded_at: of.recorded_at,
        recorded_by: of.recorded_by,
        durations: record.map(|record| record.timeline.durations()),
        frail_residents_moved: record.is_some_and(record_rules::moved_the_frail),
        record: record.cloned(),
        evaluation: of.evaluation.as_ref().map(|one| one.0.clone()),
        evaluated_at: of.evaluated_at,
        evaluated_by: of.evaluated_by,
        reported: of.reported_on.zip(of.reported_to.clone()).map(|(on, receiver)| Filing { on, receiver }),
        followed_up,
        photos: photos.iter().map(EvidenceItem::from).collect(),
        steps: steps.into_iter().map(|one| step(one, &names)).collect(),
        allowed: rules::allowed(&of, rules::Who::of(tx.actor.role, &of)),
    })
}

fn told(
    one: &StoredProblem,
    followed: &Followed,
    alarm_at: Option<Instant>,
    today: NaiveDate,
) -> ProblemView {
    let hazard = one.hazard_id.and_then(|id| followed.hazards.get(&id));
    ProblemView {
        text: one.text.clone(),
        found_in: one.found_in,
        hazard_id: one.hazard_id,
        hazard_number: hazard.map(|hazard| hazard.number.clone()),
        hazard_status: hazard.map(|hazard| hazard.status),
        hazard_deadline: hazard.map(|hazard| hazard.deadline),
        hazard_overdue: hazard.map(|hazard| hazard.is_overdue(today)),
        plan_revision_needed: one.revision.is_some(),
        revision: one.revision.clone(),
        plan_revised: followed.is_revised(one, alarm_at),
        open: followed.is_open(one, alarm_at),
    }
}

fn step(of: StoredStep, names: &HashMap<UserId, String>) -> DrillStepView {
    let content: serde_json::Value = serde_json::from_str(&of.content).unwrap_or_default();
    DrillStepView {
        reason: content.get("reason").and_then(|reason| reason.as_str()).map(ToOwned::to_owned),
        id: of.id,
        kind: of.kind,
        actor_id: of.actor_id,
        actor_name: names.get(&of.actor_id).cloned().unwrap_or_default(),
        at: of.at,
    }
}
