//! Inspections over HTTP.

use super::forms::{AmendmentForm, Cancellation, InspectionChange, InspectionPlan, InspectionRecord};
use super::list::{self, Narrowing, Place};
use super::model::{InspectionKind, InspectionState};
use super::view::{self, InspectionDetail, InspectionView};
use super::{amend, plan, queries, record};
use crate::access::{Access, HandInInspections, PlanInspections, ReadInspections, ReadTx, Role};
use crate::areas;
use crate::db::sql_types::is_written_year;
use crate::http::{
    Body, Cursor, Id, Page, Query, ascending, check_days, expected_version, invalid_query, limit, object,
    page, path_id, several, stored,
};
use crate::ids::{ActionId, AreaId, CampaignId, InspectionId, InstitutionId};
use crate::refusal::{Code, FieldCode, Outcome};
use actix_web::{HttpRequest, HttpResponse, get, patch, put};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_inspections)
        .service(get_inspection)
        .service(put_inspection)
        .service(patch_inspection)
        .service(put_cancellation)
        .service(put_record)
        .service(put_amendment);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InspectionFilter {
    pub institution_id: Option<InstitutionId>,
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    pub campaign_id: Option<CampaignId>,
    pub kind: Option<InspectionKind>,
    /// One state or several with commas: `planned`, `handed_in`, `cancelled`.
    #[param(pattern = "^(planned|handed_in|cancelled)(,(planned|handed_in|cancelled))*$")]
    pub state: Option<String>,
    /// `me`: what the caller goes to, or was at.
    #[param(pattern = "^me$")]
    pub assignee: Option<String>,
    /// Its day is this one or later.
    pub from: Option<NaiveDate>,
    /// Its day is this one or earlier.
    pub to: Option<NaiveDate>,
    /// `on_day`, or `-on_day` for the latest first, which it is when absent.
    #[param(pattern = "^-?on_day$")]
    pub sort: Option<String>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The inspections the caller may see. Those of an institution learn of an unannounced one when it has been.
#[utoipa::path(tag = "inspections", params(InspectionFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of inspections.", body = Page<InspectionView>)))]
#[get("/inspections")]
pub async fn list_inspections(
    access: Access<ReadInspections>,
    req: HttpRequest,
    filter: Query<InspectionFilter>,
) -> Outcome<HttpResponse> {
    let filter = filter.0;
    let limit = limit(filter.limit)?;
    let ascending = ascending(filter.sort.as_deref(), "on_day")?;
    let after: Option<Place> = Cursor::decode(filter.cursor.as_deref())?;
    if after.is_some_and(|place| place.ascending != ascending || !is_written_year(place.day.year())) {
        return Err(Code::InvalidCursor.into());
    }
    let answer = access
        .read(move |tx| {
            let by = Narrowing { ascending, after, ..narrowing(tx, &filter)? };
            let found = list::list(tx.conn, &tx.actor.scope, &by, limit + 1)?;
            let place = |one: &super::model::Inspection| Cursor::encode(&Place::of(one, ascending));
            let cut = Page::cut(found, limit, place, |one| one);
            Ok(Page { items: view::many(tx, cut.items)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}

fn narrowing(tx: &mut ReadTx<'_>, filter: &InspectionFilter) -> Outcome<Narrowing> {
    let states = several("state", filter.state.as_deref(), InspectionState::parse)?;
    let area = match filter.area_id {
        Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
        None => None,
    };
    if let Some(id) = filter.institution_id {
        crate::institutions::queries::find(tx.conn, &tx.actor.scope, id)?;
    }
    check_days(&[("from", filter.from), ("to", filter.to)])?;
    let assignee = match filter.assignee.as_deref() {
        None => None,
        Some("me") => Some(tx.actor.id),
        Some(_) => return Err(invalid_query("assignee", FieldCode::UnknownValue).into()),
    };
    Ok(Narrowing {
        states,
        kind: filter.kind,
        institution: filter.institution_id,
        area,
        campaign: filter.campaign_id,
        assignee,
        from: filter.from,
        to: filter.to,
        without_secrets: tx.actor.role == Role::Manager,
        ascending: false,
        after: None,
    })
}

/// One inspection with its plan, its record, what it found, its photos and what was said of it later.
#[utoipa::path(tag = "inspections", params(("id" = InspectionId, Path, description = "The inspection.")), security(("bearer" = [])),
    responses((status = 200, description = "The inspection.", body = InspectionDetail)))]
#[get("/inspections/{id}")]
pub async fn get_inspection(access: Access<ReadInspections>, id: Id<InspectionId>) -> Outcome<HttpResponse> {
    let detail = access
        .read(move |tx| {
            let found = queries::find(tx.conn, tx.actor, id.0)?;
            view::detail(tx, found)
        })
        .await?;
    Ok(object(detail.inspection.version, &detail))
}

/// Plans an inspection, or confirms that it is planned so. An inspector plans what they go to themselves.
#[utoipa::path(tag = "inspections", params(("id" = InspectionId, Path, description = "Made by the caller, UUIDv7.")), request_body = InspectionPlan,
    security(("bearer" = [])),
    responses((status = 201, description = "Planned.", body = InspectionDetail), (status = 200, description = "Already planned so.", body = InspectionDetail)))]
#[put("/inspections/{id}")]
pub async fn put_inspection(
    access: Access<PlanInspections>,
    id: Id<InspectionId>,
    form: Body<InspectionPlan>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, planned) = plan::plan(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), planned)?))
        })
        .await?;
    Ok(stored(answer, detail.inspection.version, &detail))
}

/// Changes the plan of an inspection that is not done yet. Needs `If-Match` or `expected_version`.
#[utoipa::path(tag = "inspections", params(("id" = InspectionId, Path, description = "The inspection."), ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = InspectionChange, security(("bearer" = [])),
    responses((status = 200, description = "Changed.", body = InspectionDetail)))]
#[patch("/inspections/{id}")]
pub async fn patch_inspection(
    access: Access<PlanInspections>,
    req: HttpRequest,
    id: Id<InspectionId>,
    change: Body<InspectionChange>,
) -> Outcome<HttpResponse> {
    let version = expected_version(&req, change.0.expected_version)?.ok_or(Code::PreconditionRequired)?;
    let detail = access
        .write(move |tx| {
            let changed = plan::change(tx, id.0, version, &change.0)?;
            view::detail(&mut tx.reading(), changed)
        })
        .await?;
    Ok(object(detail.inspection.version, &detail))
}

/// Gives a planned inspection up, with the reason.
#[utoipa::path(tag = "inspections", params(("id" = InspectionId, Path, description = "The inspection.")), request_body = Cancellation,
    security(("bearer" = [])),
    responses((status = 201, description = "Given up.", body = InspectionDetail), (status = 200, description = "It was given up for this reason before.", body = InspectionDetail)))]
#[put("/inspections/{id}/cancellation")]
pub async fn put_cancellation(
    access: Access<PlanInspections>,
    id: Id<InspectionId>,
    form: Body<Cancellation>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, cancelled) = plan::cancel(tx, id.0, &form.0.reason)?;
            Ok((answer, view::detail(&mut tx.reading(), cancelled)?))
        })
        .await?;
    Ok(stored(answer, detail.inspection.version, &detail))
}

/// Hands an inspection in: answers, new hazards, signatures and transfers at once, planned before or not. Safe to repeat
/// any number of times; what was handed in can be amended, not replaced.
#[utoipa::path(tag = "inspections", params(("id" = InspectionId, Path, description = "Of the plan, or made by the caller, UUIDv7.")), request_body = InspectionRecord,
    security(("bearer" = [])),
    responses((status = 201, description = "Handed in.", body = InspectionDetail), (status = 200, description = "Already handed in so.", body = InspectionDetail)))]
#[put("/inspections/{id}/record")]
pub async fn put_record(
    access: Access<HandInInspections>,
    id: Id<InspectionId>,
    form: Body<InspectionRecord>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, handed_in) = record::hand_in(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), handed_in)?))
        })
        .await?;
    Ok(stored(answer, detail.inspection.version, &detail))
}

/// Says something of a record that was handed in; the record itself stays as it is. Safe to repeat.
#[utoipa::path(tag = "inspections", params(("id" = InspectionId, Path, description = "The inspection."), ("amendment_id" = ActionId, Path, description = "Made by the caller, UUIDv7.")),
    request_body = AmendmentForm, security(("bearer" = [])),
    responses((status = 201, description = "Added.", body = InspectionDetail), (status = 200, description = "It was added before.", body = InspectionDetail)))]
#[put("/inspections/{id}/amendments/{amendment_id}")]
pub async fn put_amendment(
    access: Access<HandInInspections>,
    req: HttpRequest,
    id: Id<InspectionId>,
    form: Body<AmendmentForm>,
) -> Outcome<HttpResponse> {
    let amendment = path_id(&req, "amendment_id").map(ActionId).ok_or(Code::NotFound)?;
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, amended) = amend::amend(tx, id.0, amendment, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), amended)?))
        })
        .await?;
    Ok(stored(answer, detail.inspection.version, &detail))
}
