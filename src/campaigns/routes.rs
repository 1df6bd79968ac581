//! Campaigns over HTTP.

use super::action::CampaignAction;
use super::draw_record::DrawRecord;
use super::model::{Campaign, CampaignState, OrderedItems};
use super::progress::TargetState;
use super::queries::{self, Narrowing};
use super::view::{self, CampaignDetail, CampaignView, TargetView};
use super::{act, rules};
use crate::access::{Access, ReadCampaigns, RunCampaigns, WriteTx};
use crate::areas;
use crate::canonical::digest;
use crate::db::sql_types::is_written_year;
use crate::http::{
    Body, Cursor, Id, Page, Query, Stored, expected_version, limit, object, page, path_id, stored,
};
use crate::ids::{ActionId, AreaId, CampaignId, InstitutionId, UserId};
use crate::inspections::InspectionKind;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, get, patch, put};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_campaigns)
        .service(get_campaign)
        .service(put_campaign)
        .service(patch_campaign)
        .service(put_campaign_action)
        .service(list_targets)
        .service(list_draws);
}

/// A campaign as it is drafted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "area_id": "0198f000-0000-7000-8000-000000000002", "name": "岁末年初安全隐患排查", "basis": "市民政局2024年12月17日会议要求：开展一轮隐患排查",
    "starts_on": "2026-12-01", "ends_on": "2026-12-31", "inspection_kind": "special"
}))]
pub struct CampaignForm {
    pub area_id: AreaId,
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
    /// 依据: the order or notice it rests on.
    #[schema(min_length = 1, max_length = 1000)]
    pub basis: String,
    pub starts_on: NaiveDate,
    /// The last local day; at most 366 days after the first.
    pub ends_on: NaiveDate,
    pub inspection_kind: InspectionKind,
    #[serde(default = "yes")]
    pub requires_inspection: bool,
    #[serde(default)]
    pub requires_drill: bool,
    /// Codes of the checklist in force there on the first day that every visit must answer; none in particular when absent.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub items: Vec<String>,
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
}

fn yes() -> bool {
    true
}

/// What to change; absent fields stay as they are. Once it runs, only the last day and the note may change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ends_on": "2027-01-15", "expected_version": 1}))]
pub struct CampaignChange {
    #[schema(min_length = 2, max_length = 100)]
    pub name: Option<String>,
    #[schema(min_length = 1, max_length = 1000)]
    pub basis: Option<String>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
    pub expected_version: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CampaignFilter {
    pub state: Option<CampaignState>,
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    /// Going on on this day.
    pub on: Option<NaiveDate>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Campaigns that touch what the caller covers, the latest first.
#[utoipa::path(tag = "campaigns", params(CampaignFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of campaigns.", body = Page<CampaignView>)))]
#[get("/campaigns")]
pub async fn list_campaigns(
    access: Access<ReadCampaigns>,
    req: HttpRequest,
    filter: Query<CampaignFilter>,
) -> Outcome<HttpResponse> {
    let CampaignFilter { state, area_id, on, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<(NaiveDate, CampaignId)> = Cursor::decode(cursor.as_deref())?;
    let dates = [on, after.map(|(start, _)| start)];
    if !dates.into_iter().flatten().all(|date| is_written_year(date.year())) {
        return Err(Refusal::new(Code::InvalidQuery).field("on", FieldCode::OutOfRange).into());
    }
    let found = access
        .read(move |tx| {
            let area = match area_id {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
                None => None,
            };
            queries::list(tx.conn, tx.actor, &Narrowing { state, area, on, after }, limit + 1)
        })
        .await?;
    let place = |of: &Campaign| Cursor::encode(&(of.starts_on, of.id));
    Ok(page(&req, &Page::cut(found, limit, place, |of| CampaignView::from(&of))))
}

/// One campaign, and how far it has come in what the caller covers.
#[utoipa::path(tag = "campaigns", params(("id" = CampaignId, Path, description = "The campaign.")), security(("bearer" = [])),
    responses((status = 200, description = "The campaign.", body = CampaignDetail)))]
#[get("/campaigns/{id}")]
pub async fn get_campaign(access: Access<ReadCampaigns>, id: Id<CampaignId>) -> Outcome<HttpResponse> {
    let detail = access
        .read(move |tx| {
            let campaign = queries::find(tx.conn, tx.actor, id.0)?;
            view::detail(tx, &campaign)
        })
        .await?;
    Ok(object(detail.campaign.version, &detail))
}

/// Drafts a campaign, or confirms that it is drafted so.
#[utoipa::path(tag = "campaigns", params(("id" = CampaignId, Path, description = "Made by the caller, UUIDv7.")), request_body = CampaignForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Drafted.", body = CampaignDetail), (status = 200, description = "Already drafted so.", body = CampaignDetail)))]
#[put("/campaigns/{id}")]
pub async fn put_campaign(
    access: Access<RunCampaigns>,
    id: Id<CampaignId>,
    form: Body<CampaignForm>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, campaign) = register(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), &campaign)?))
        })
        .await?;
    Ok(stored(answer, detail.campaign.version, &detail))
}

/// Drafts a campaign for an area that the caller covers.
pub fn register(tx: &mut WriteTx<'_>, id: CampaignId, form: &CampaignForm) -> Outcome<(Stored, Campaign)> {
    let digest = digest(form);
    if let Some(existing) = queries::find_any(tx.conn, id)? {
        queries::find(tx.conn, tx.actor, id)?;
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    areas::queries::hold_still(tx.conn)?;
    let area = areas::queries::find_any(tx.conn, form.area_id)?;
    let area = area.filter(|area| tx.actor.scope.covers_area(&area.place));
    let area = area.ok_or_else(|| Refusal::invalid("/area_id", FieldCode::UnknownReference))?;
    let form = form.clone();
    let in_force = tx.rules()?;
    let checklist = in_force.checklist(&area.place, form.starts_on)?;
    rules::check_items(&form.items, &checklist)?;
    let new = Campaign {
        id,
        area_id: area.id,
        place: area.place,
        name: form.name,
        basis: form.basis,
        starts_on: form.starts_on,
        ends_on: form.ends_on,
        inspection_kind: form.inspection_kind,
        requires_inspection: form.requires_inspection,
        requires_drill: form.requires_drill,
        checklist: checklist.head.id.clone(),
        checklist_version: i32::try_from(checklist.head.version).unwrap_or(i32::MAX),
        items: OrderedItems(form.items),
        note: form.note,
        state: CampaignState::Draft,
        started_at: None,
        ended_at: None,
        draws: 0,
        report: None,
        created_by: tx.actor.id,
        digest,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    rules::check(&new)?;
    act::record(tx, "campaign.drafted", &new, json!(CampaignView::from(&new)))?;
    queries::insert(tx.conn, new.clone())?;
    Ok((Stored::Created, new))
}

/// Changes a draft; of a campaign that runs, its last day and its note. Needs `If-Match` or `expected_version`.
#[utoipa::path(tag = "campaigns", params(("id" = CampaignId, Path, description = "The campaign."), ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = CampaignChange, security(("bearer" = [])),
    responses((status = 200, description = "Changed.", body = CampaignDetail)))]
#[patch("/campaigns/{id}")]
pub async fn patch_campaign(
    access: Access<RunCampaigns>,
    req: HttpRequest,
    id: Id<CampaignId>,
    change: Body<CampaignChange>,
) -> Outcome<HttpResponse> {
    let version = expected_version(&req, change.0.expected_version)?.ok_or(Code::PreconditionRequired)?;
    let detail = access
        .write(move |tx| {
            let campaign = revise(tx, id.0, version, change.0.clone())?;
            view::detail(&mut tx.reading(), &campaign)
        })
        .await?;
    Ok(object(detail.campaign.version, &detail))
}

fn revise(tx: &mut WriteTx<'_>, id: CampaignId, version: i64, change: CampaignChange) -> Outcome<Campaign> {
    tx.conn.lock(id.0)?;
    let mut campaign = queries::find(tx.conn, tx.actor, id)?;
    if !view::who(tx.actor, &campaign).covers {
        return Err(Code::StepNotYours.into());
    }
    if campaign.version != version {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": campaign.version })).into());
    }
    let fixed = change.name.is_some() || change.basis.is_some() || change.starts_on.is_some();
    let may = match campaign.state {
        CampaignState::Draft => true,
        CampaignState::Running => !fixed,
        CampaignState::Closed | CampaignState::Cancelled => false,
    };
    if !may {
        let state = json!({ "state": campaign.state, "version": campaign.version });
        return Err(Refusal::new(Code::StepNotAllowed).current(state).into());
    }
    let content = json!({ "change": change });
    campaign.name = change.name.unwrap_or(campaign.name);
    campaign.basis = change.basis.unwrap_or(campaign.basis);
    campaign.starts_on = change.starts_on.unwrap_or(campaign.starts_on);
    campaign.ends_on = change.ends_on.unwrap_or(campaign.ends_on);
    campaign.note = change.note.or(campaign.note);
    campaign.version += 1;
    campaign.updated_at = tx.now;
    rules::check(&campaign)?;
    act::record(tx, "campaign.changed", &campaign, content)?;
    queries::update(tx.conn, &campaign)?;
    Ok(campaign)
}

/// Takes one step of a campaign, or confirms that it was taken so. Safe to repeat any number of times.
#[utoipa::path(tag = "campaigns", params(("id" = CampaignId, Path, description = "The campaign."), ("action_id" = ActionId, Path, description = "Made by the caller, UUIDv7."),
        ("If-Match" = Option<String>, Header, description = "The version the caller saw.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = CampaignAction, security(("bearer" = [])),
    responses((status = 201, description = "Done; the campaign as it is now.", body = CampaignDetail), (status = 200, description = "It was done before.", body = CampaignDetail)))]
#[put("/campaigns/{id}/actions/{action_id}")]
pub async fn put_campaign_action(
    access: Access<RunCampaigns>,
    req: HttpRequest,
    id: Id<CampaignId>,
    form: Body<CampaignAction>,
) -> Outcome<HttpResponse> {
    let action = path_id(&req, "action_id").map(ActionId).ok_or(Code::NotFound)?;
    let expected = expected_version(&req, form.0.expected_version)?;
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, campaign) = act::act(tx, id.0, action, &form.0, expected)?;
            Ok((answer, view::detail(&mut tx.reading(), &campaign)?))
        })
        .await?;
    Ok(stored(answer, detail.campaign.version, &detail))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TargetFilter {
    pub state: Option<TargetState>,
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    /// Whom this inspector visits.
    pub inspector_id: Option<UserId>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The institutions of a campaign that the caller covers, by name: who was visited, who was not, who was left out and why.
/// With their positions it is the coverage map.
#[utoipa::path(tag = "campaigns", params(("id" = CampaignId, Path, description = "The campaign."), TargetFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of institutions.", body = Page<TargetView>)))]
#[get("/campaigns/{id}/targets")]
pub async fn list_targets(
    access: Access<ReadCampaigns>,
    req: HttpRequest,
    filter: Query<TargetFilter>,
) -> Outcome<HttpResponse> {
    let id = path_id(&req, "id").map(CampaignId).ok_or(Code::NotFound)?;
    let TargetFilter { state, area_id, inspector_id, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<(String, InstitutionId)> = Cursor::decode(cursor.as_deref())?;
    let answer = access
        .read(move |tx| {
            let campaign = queries::find(tx.conn, tx.actor, id)?;
            if let Some(area) = area_id {
                areas::queries::find(tx.conn, &tx.actor.scope, area)?;
            }
            let visitors = queries::visitors(tx.conn, id)?;
            let sent = |to: InstitutionId, who| visitors.get(&to).is_some_and(|people| people.contains(&who));
            let mut listed = view::listed(tx, &campaign)?;
            listed.retain(|one| {
                state.is_none_or(|state| one.facts.state() == state)
                    && area_id.is_none_or(|area| one.place.place.contains(area))
                    && inspector_id.is_none_or(|who| sent(one.place.id, who))
                    && after.as_ref().is_none_or(|(name, id)| one.key() > (name.as_str(), *id))
            });
            let place = |one: &view::Listed| Cursor::encode(&one.key());
            let cut = Page::cut(listed, limit, place, |one| one);
            Ok(Page {
                items: view::targets(tx, &campaign, cut.items, visitors)?,
                next_cursor: cut.next_cursor,
            })
        })
        .await?;
    Ok(page(&req, &answer))
}

/// The draws of a campaign, the last first: with it anybody can hold the draw again (`anlao campaign draw --file`).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Draws {
    pub items: Vec<DrawRecord>,
}

/// How it was drawn who visits whom, as it can be published.
#[utoipa::path(tag = "campaigns", params(("id" = CampaignId, Path, description = "The campaign.")), security(("bearer" = [])),
    responses((status = 200, description = "The draws, the last first.", body = Draws)))]
#[get("/campaigns/{id}/draws")]
pub async fn list_draws(access: Access<ReadCampaigns>, id: Id<CampaignId>) -> Outcome<HttpResponse> {
    let items = access
        .read(move |tx| {
            queries::find(tx.conn, tx.actor, id.0)?;
            queries::draws(tx.conn, id.0)
        })
        .await?;
    Ok(HttpResponse::Ok().json(Draws { items }))
}
