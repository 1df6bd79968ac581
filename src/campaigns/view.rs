//! Campaigns as the API shows them.

use super::action::CampaignStep;
use super::model::{Campaign, CampaignState, Target};
use super::progress::{Progress, TargetFacts, TargetState, sum};
use super::queries::{self, Place};
use super::rules::{self, Who};
use crate::access::{Actor, ReadTx};
use crate::areas;
use crate::db::Instant;
use crate::drills;
use crate::ids::{ActionId, AreaId, CampaignId, InspectionId, InstitutionId, UserId};
use crate::inspections::{self, Found, InspectionKind};
use crate::refusal::Outcome;
use crate::users;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// A campaign in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000060", "area_id": "0198f000-0000-7000-8000-000000000001", "name": "岁末年初安全隐患排查",
    "basis": "市民政局2024年12月17日会议要求：开展一轮隐患排查", "starts_on": "2026-12-01", "ends_on": "2026-12-31",
    "inspection_kind": "special", "requires_inspection": true, "requires_drill": false,
    "checklist": "checklist-2024-core", "checklist_version": 2, "items": ["E03"], "state": "draft", "draws": 0,
    "version": 1, "created_at": "2026-11-24T01:00:00Z", "updated_at": "2026-11-24T01:00:00Z"
}))]
pub struct CampaignView {
    pub id: CampaignId,
    pub area_id: AreaId,
    pub name: String,
    /// 依据
    pub basis: String,
    pub starts_on: NaiveDate,
    /// The last local day.
    pub ends_on: NaiveDate,
    pub inspection_kind: InspectionKind,
    pub requires_inspection: bool,
    pub requires_drill: bool,
    /// The rule document it goes by, and its version.
    pub checklist: String,
    pub checklist_version: i32,
    /// Items that every visit must answer.
    pub items: Vec<String>,
    pub note: Option<String>,
    pub state: CampaignState,
    pub started_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    /// How often lots were drawn.
    pub draws: i32,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl From<&Campaign> for CampaignView {
    fn from(of: &Campaign) -> Self {
        Self {
            id: of.id,
            area_id: of.area_id,
            name: of.name.clone(),
            basis: of.basis.clone(),
            starts_on: of.starts_on,
            ends_on: of.ends_on,
            inspection_kind: of.inspection_kind,
            requires_inspection: of.requires_inspection,
            requires_drill: of.requires_drill,
            checklist: of.checklist.clone(),
            checklist_version: of.checklist_version,
            items: of.items.0.clone(),
            note: of.note.clone(),
            state: of.state,
            started_at: of.started_at,
            ended_at: of.ended_at,
            draws: of.draws,
            version: of.version,
            created_at: of.created_at,
            updated_at: of.updated_at,
        }
    }
}

/// A campaign with how far it has come in what the caller covers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000060", "area_id": "0198f000-0000-7000-8000-000000000001", "name": "岁末年初安全隐患排查",
    "basis": "市民政局2024年12月17日会议要求：开展一轮隐患排查", "starts_on": "2026-12-01", "ends_on": "2026-12-31",
    "inspection_kind": "special", "requires_inspection": true, "requires_drill": false,
    "checklist": "checklist-2024-core", "checklist_version": 2, "items": ["E03"], "state": "running", "draws": 1,
    "started_at": "2026-11-30T01:00:00Z", "version": 3, "created_at": "2026-11-24T01:00:00Z", "updated_at": "2026-11-30T01:05:00Z",
    "progress": {"targets": 30, "visited": 12, "not_visited": 17, "exempt": 1, "not_drawn": 0, "drilled": 0, "not_drilled": 0, "found": {"hazards": 31, "major": 1, "open": 20, "overdue": 2}},
    "coverage_percent": 41,
    "by_area": [{"area_id": "0198f000-0000-7000-8000-000000000002", "code": "510903", "name": "船山区",
        "progress": {"targets": 30, "visited": 12, "not_visited": 17, "exempt": 1, "not_drawn": 0, "drilled": 0, "not_drilled": 0, "found": {"hazards": 31, "major": 1, "open": 20, "overdue": 2}}, "coverage_percent": 41}],
    "steps": [{"id": "0198f000-0000-7000-8000-000000000061", "kind": "start", "at": "2026-11-30T01:00:00Z", "actor_id": "0198f000-0000-7000-8000-000000000020", "actor_name": "王芳", "content": {"kind": "start"}}],
    "allowed_actions": ["exempt", "draw", "assign", "close", "cancel"]
}))]
pub struct CampaignDetail {
    #[serde(flatten)]
    pub campaign: CampaignView,
    pub progress: Progress,
    /// Visited of those that must be, in whole per cent rounded down; absent when nobody must be.
    pub coverage_percent: Option<i64>,
    /// The areas just below the campaign's, by code.
    pub by_area: Vec<AreaProgress>,
    pub steps: Vec<StepView>,
    /// The steps this caller may take now.
    pub allowed_actions: Vec<CampaignStep>,
    /// What it came to, once it is closed; for those who cover the whole area only.
    #[schema(value_type = Option<Object>)]
    pub report: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AreaProgress {
    pub area_id: AreaId,
    pub code: String,
    pub name: String,
    pub progress: Progress,
    pub coverage_percent: Option<i64>,
}

/// One step of its story.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    pub id: ActionId,
    pub kind: String,
    pub at: Instant,
    pub actor_id: UserId,
    pub actor_name: String,
    /// What was sent with the step; for those who cover the whole area only.
    #[schema(value_type = Option<Object>)]
    pub content: Option<serde_json::Value>,
}

/// An institution of the list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "institution_name": "船山区夕阳红养老院", "area_id": "0198f000-0000-7000-8000-000000000002",
    "state": "visited", "latitude": 30.53, "longitude": 105.59, "inspectors": [{"id": "0198f000-0000-7000-8000-000000000020", "name": "王芳"}],
    "inspections": ["0198f000-0000-7000-8000-000000000070"], "items_left": ["E03"], "found": {"hazards": 3, "major": 0, "open": 2, "overdue": 0}
}))]
pub struct TargetView {
    pub institution_id: InstitutionId,
    pub institution_name: String,
    /// The smallest area the institution lies in.
    pub area_id: AreaId,
    pub state: TargetState,
    pub exempt_reason: Option<String>,
    pub exempted_by: Option<UserId>,
    pub exempted_at: Option<Instant>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// Who visits it.
    pub inspectors: Vec<Visitor>,
    /// What was handed in, the earliest first.
    pub inspections: Vec<InspectionId>,
    /// Whether it held a drill that counts on the campaign's days; absent where none is required.
    pub drilled: Option<bool>,
    /// Of the items that every visit must answer, those that none has answered yet; of visited institutions only.
    pub items_left: Vec<String>,
    pub found: Found,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Visitor {
    pub id: UserId,
    pub name: String,
}

/// One institution of the list with all that is known of it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub place: Place,
    pub target: Target,
    pub facts: TargetFacts,
    pub inspections: Vec<InspectionId>,
}

impl Listed {
    /// Where it stands in the list.
    pub fn key(&self) -> (&str, InstitutionId) {
        (&self.place.name_key, self.place.id)
    }
}

/// The list as far as the caller covers it, by name.
pub fn listed(tx: &mut ReadTx<'_>, campaign: &Campaign) -> Outcome<Vec<Listed>> {
    let today = tx.office.date(tx.now);
    let below = campaign.place.depth() + 1;
    let targets = queries::targets(tx.conn, campaign.id)?;
    let mut targets: BTreeMap<InstitutionId, Target> =
        targets.into_iter().map(|target| (target.institution_id, target)).collect();
    let mut visits: BTreeMap<InstitutionId, Vec<InspectionId>> = BTreeMap::new();
    for (institution, inspection) in inspections::queries::handed_in_for(tx.conn, campaign.id)? {
        visits.entry(institution).or_default().push(inspection);
    }
    let found = inspections::queries::found_in(tx.conn, campaign.id, today)?;
    let drilled = match campaign.requires_drill {
        true => {
            let days = (campaign.starts_on, campaign.ends_on);
            Some(drills::queries::drilled_for(tx.conn, campaign.id, days.0, days.1)?)
        }
        false => None,
    };
    let places = queries::places(tx.conn, &tx.actor.scope, campaign.id)?;
    let one = |place: Place| {
        let target = targets.remove(&place.id)?;
        let inspections = visits.remove(&place.id).unwrap_or_default();
        let facts = TargetFacts {
            institution: place.id,
            area: place.place.at_level(below),
            exempt: target.exempt_reason.is_some(),
            drawn: target.drawn,
            inspections: i64::try_from(inspections.len()).unwrap_or(i64::MAX),
            drilled: drilled.as_ref().map(|held| held.contains(&place.id)),
            found: found.get(&place.id).copied().unwrap_or_default(),
        };
        Some(Listed { place, target, facts, inspections })
    };
    let mut listed: Vec<Listed> = places.into_iter().filter_map(one).collect();
    listed.sort_by(|a, b| a.key().cmp(&b.key()));
    Ok(listed)
}

/// Who asks, for the rules.
pub fn who(actor: &Actor, campaign: &Campaign) -> Who {
    Who { role: actor.role, covers: actor.scope.covers_area(&campaign.place) }
}

pub fn detail(tx: &mut ReadTx<'_>, campaign: &Campaign) -> Outcome<CampaignDetail> {
    let facts: Vec<TargetFacts> = listed(tx, campaign)?.into_iter().map(|one| one.facts).collect();
    let sums = sum(&facts);
    Ok(CampaignDetail {
        campaign: CampaignView::from(campaign),
        coverage_percent: sums.all.coverage_percent(),
        by_area: by_area(tx, sums.by_area)?,
        progress: sums.all,
        steps: steps(tx, campaign)?,
        allowed_actions: rules::allowed(campaign, who(tx.actor, campaign)),
        report: report_for(tx.actor, campaign),
    })
}

/// The closing report names every institution of the list: it is for those who cover the whole area.
fn report_for(actor: &Actor, campaign: &Campaign) -> Option<serde_json::Value> {
    let text = campaign.report.as_deref().filter(|_| who(actor, campaign).covers)?;
    serde_json::from_str(text).ok()
}

pub fn by_area(tx: &mut ReadTx<'_>, mut sums: BTreeMap<AreaId, Progress>) -> Outcome<Vec<AreaProgress>> {
    let mut names = areas::queries::names(tx.conn, sums.keys().copied().collect())?;
    names.sort_by(|a, b| a.1.cmp(&b.1));
    let one = |(area_id, code, name)| {
        let progress = sums.remove(&area_id)?;
        Some(AreaProgress { area_id, code, name, coverage_percent: progress.coverage_percent(), progress })
    };
    Ok(names.into_iter().filter_map(one).collect())
}

/// The steps taken. They name institutions and reasons that are not for everybody whom the campaign touches.
fn steps(tx: &mut ReadTx<'_>, campaign: &Campaign) -> Outcome<Vec<StepView>> {
    let covers = who(tx.actor, campaign).covers;
    let taken = queries::actions(tx.conn, campaign.id)?;
    let names = users::queries::display_names(tx.conn, taken.iter().map(|step| step.actor_id).collect())?;
    let view = |step: super::model::StoredAction| StepView {
        id: step.id,
        kind: step.kind,
        at: step.at,
        actor_id: step.actor_id,
        actor_name: names.get(&step.actor_id).cloned().unwrap_or_default(),
        content: serde_json::from_str(&step.content).ok().filter(|_| covers),
    };
    Ok(taken.into_iter().map(view).collect())
}

/// Institutions of the list with the names of who visits them.
pub fn targets(
    tx: &mut ReadTx<'_>,
    campaign: &Campaign,
    listed: Vec<Listed>,
    mut visitors: BTreeMap<InstitutionId, Vec<UserId>>,
) -> Outcome<Vec<TargetView>> {
    let visits = listed.iter().flat_map(|one| one.inspections.iter().copied()).collect();
    let answered = match campaign.items.0.as_slice() {
        [] => BTreeSet::new(),
        _ => inspections::queries::answered(tx.conn, visits)?.into_iter().collect(),
    };
    let left = |visits: &[InspectionId]| -> Vec<String> {
        let open = |code: &&String| !visits.iter().any(|visit| answered.contains(&(*visit, (*code).clone())));
        let ordered = campaign.items.0.iter().filter(|_| !visits.is_empty());
        ordered.filter(open).cloned().collect()
    };
    let people = listed.iter().filter_map(|one| visitors.get(&one.place.id)).flatten().copied().collect();
    let names = users::queries::display_names(tx.conn, people)?;
    let visitor = |id: UserId| Visitor { id, name: names.get(&id).cloned().unwrap_or_default() };
    let view = |one: Listed| TargetView {
        institution_id: one.place.id,
        area_id: one.place.place.deepest(),
        state: one.facts.state(),
        exempt_reason: one.target.exempt_reason,
        exempted_by: one.target.exempted_by,
        exempted_at: one.target.exempted_at,
        latitude: one.place.latitude,
        longitude: one.place.longitude,
        inspectors: visitors.remove(&one.place.id).unwrap_or_default().into_iter().map(visitor).collect(),
        institution_name: one.place.name,
        drilled: one.facts.drilled,
        items_left: left(&one.inspections),
        inspections: one.inspections,
        found: one.facts.found,
    };
    Ok(listed.into_iter().map(view).collect())
}
