//! Warnings over HTTP.

use super::act::{self, WarningAction};
use super::model::{Warning, WarningAcknowledgement, WarningKind, WarningLevel};
use super::queries::{self, Narrowing, Place};
use super::relay::{self, WarningForm};
use super::report::{self, WarningReportForm};
use super::rules::AckState;
use super::view::{self, HomeWarning, WarningReportView, WarningTargetView, WarningView};
use crate::access::{Access, AnswerWarnings, ReadWarnings, RelayWarnings};
use crate::areas;
use crate::http::{Body, Cursor, Id, Page, Query, expected_version, limit, page, path_id, stored};
use crate::ids::{ActionId, AreaId, InstitutionId, WarningId, WarningReportId};
use crate::institutions;
use crate::refusal::{Code, Outcome};
use actix_web::{HttpRequest, HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_warnings)
        .service(get_warning)
        .service(put_warning)
        .service(put_warning_action)
        .service(put_acknowledgement)
        .service(list_warning_targets)
        .service(list_warning_reports)
        .service(put_warning_report)
        .service(home_warnings);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WarningFilter {
    /// For this area or one below it.
    pub area_id: Option<AreaId>,
    pub kind: Option<WarningKind>,
    pub level: Option<WarningLevel>,
    /// Only those that hold now (`true`), or no more (`false`).
    pub running: Option<bool>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Warnings that concern what the caller covers, the newest first.
#[utoipa::path(tag = "warnings", params(WarningFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of warnings.", body = Page<WarningView>)))]
#[get("/warnings")]
pub async fn list_warnings(
    access: Access<ReadWarnings>,
    req: HttpRequest,
    filter: Query<WarningFilter>,
) -> Outcome<HttpResponse> {
    let WarningFilter { area_id, kind, level, running, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<Place> = Cursor::decode(cursor.as_deref())?;
    let answer = access
        .read(move |tx| {
            let area = match area_id {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
                None => None,
            };
            let running_at = running.map(|holds| (holds, tx.now));
            let by = Narrowing { area, kind, level, running_at, after };
            let found = queries::list(tx.conn, tx.actor, &by, limit + 1)?;
            let place = |one: &Warning| Cursor::encode(&Place { relayed_at: one.relayed_at, id: one.id });
            let cut = Page::cut(found, limit, place, |one| one);
            Ok(Page { items: view::views(tx, cut.items)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}

/// One warning, and how far the homes that the caller covers have come with it.
#[utoipa::path(tag = "warnings", params(("id" = WarningId, Path, description = "The warning.")), security(("bearer" = [])),
    responses((status = 200, description = "The warning.", body = WarningView)))]
#[get("/warnings/{id}")]
pub async fn get_warning(access: Access<ReadWarnings>, id: Id<WarningId>) -> Outcome<HttpResponse> {
    let found = access
        .read(move |tx| {
            let found = queries::find(tx.conn, tx.actor, id.0)?;
            view::one(tx, found)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Relays a warning to the homes that operate in the area now, or confirms that it was relayed so.
#[utoipa::path(tag = "warnings", params(("id" = WarningId, Path, description = "Made by the caller, UUIDv7.")), request_body = WarningForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Relayed.", body = WarningView), (status = 200, description = "Already relayed so.", body = WarningView)))]
#[put("/warnings/{id}")]
pub async fn put_warning(
    access: Access<RelayWarnings>,
    id: Id<WarningId>,
    form: Body<WarningForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access
        .write(move |tx| {
            let (answer, warning) = relay::relay(tx, id.0, &form.0)?;
            Ok((answer, view::one(&mut tx.reading(), warning)?))
        })
        .await?;
    Ok(stored(answer, found.version, &found))
}

/// Ends a warning: the all-clear, or that it should not have been relayed. Safe to repeat any number of times.
#[utoipa::path(tag = "warnings", params(("id" = WarningId, Path, description = "The warning."), ("action_id" = ActionId, Path, description = "Made by the caller, UUIDv7."),
        ("If-Match" = Option<String>, Header, description = "The version the caller saw.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = WarningAction, security(("bearer" = [])),
    responses((status = 201, description = "Done; the warning as it is now.", body = WarningView), (status = 200, description = "It was done before.", body = WarningView)))]
#[put("/warnings/{id}/actions/{action_id}")]
pub async fn put_warning_action(
    access: Access<RelayWarnings>,
    req: HttpRequest,
    id: Id<WarningId>,
    form: Body<WarningAction>,
) -> Outcome<HttpResponse> {
    let action = path_id(&req, "action_id").map(ActionId).ok_or(Code::NotFound)?;
    let expected = expected_version(&req, form.0.expected_version)?;
    let (answer, found) = access
        .write(move |tx| {
            let (answer, warning) = act::act(tx, id.0, action, &form.0, expected)?;
            Ok((answer, view::one(&mut tx.reading(), warning)?))
        })
        .await?;
    Ok(stored(answer, found.version, &found))
}

/// Says that a home has seen a warning. The time is the server's; late is shown, never refused.
#[utoipa::path(tag = "warnings", params(("id" = WarningId, Path, description = "The warning."), ("institution_id" = InstitutionId, Path, description = "The home.")),
    request_body = WarningAcknowledgement, security(("bearer" = [])),
    responses((status = 201, description = "Acknowledged.", body = HomeWarning), (status = 200, description = "It was acknowledged so before.", body = HomeWarning)))]
#[put("/warnings/{id}/acknowledgements/{institution_id}")]
pub async fn put_acknowledgement(
    access: Access<AnswerWarnings>,
    req: HttpRequest,
    id: Id<WarningId>,
    form: Body<WarningAcknowledgement>,
) -> Outcome<HttpResponse> {
    let home = path_id(&req, "institution_id").map(InstitutionId).ok_or(Code::NotFound)?;
    let (answer, found) = access
        .write(move |tx| {
            let (answer, warning, _) = relay::acknowledge(tx, id.0, home, &form.0)?;
            let found = view::of_home(&mut tx.reading(), vec![warning], home)?.pop().ok_or(Code::NotFound)?;
            Ok((answer, found))
        })
        .await?;
    Ok(stored(answer, 1, &found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TargetFilter {
    /// Only those that stand so.
    pub acknowledgement: Option<AckState>,
    /// Only those whose report is late (`true`), or not (`false`).
    pub report_overdue: Option<bool>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The homes that a warning went to and that the caller covers, by name: who has not acknowledged it, whose report is late.
#[utoipa::path(tag = "warnings", params(("id" = WarningId, Path, description = "The warning."), TargetFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of homes.", body = Page<WarningTargetView>)))]
#[get("/warnings/{id}/targets")]
pub async fn list_warning_targets(
    access: Access<ReadWarnings>,
    req: HttpRequest,
    id: Id<WarningId>,
    filter: Query<TargetFilter>,
) -> Outcome<HttpResponse> {
    let TargetFilter { acknowledgement, report_overdue, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<InstitutionId> = Cursor::decode(cursor.as_deref())?;
    let answer = access
        .read(move |tx| {
            let found = queries::find(tx.conn, tx.actor, id.0)?;
            let scope = &tx.actor.scope;
            let mut homes = view::targets(tx, scope, &[found])?.remove(&id.0).unwrap_or_default();
            // The list is fixed, so a place in it is whose line it is: one that the caller still sees.
            if let Some(last) = after {
                let place = homes.iter().position(|one| one.institution_id == last);
                homes.drain(..=place.ok_or(Code::InvalidCursor)?);
            }
            homes.retain(|one| {
                acknowledgement.is_none_or(|state| one.acknowledgement == state)
                    && report_overdue.is_none_or(|overdue| one.report_overdue == overdue)
            });
            let place = |one: &WarningTargetView| Cursor::encode(&one.institution_id);
            Ok(Page::cut(homes, limit, place, |one| one))
        })
        .await?;
    Ok(page(&req, &answer))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportFilter {
    pub institution_id: InstitutionId,
}

/// What one home reported on a warning, the oldest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WarningReports {
    pub items: Vec<WarningReportView>,
}

/// The reports of one home on a warning.
#[utoipa::path(tag = "warnings", params(("id" = WarningId, Path, description = "The warning."), ReportFilter), security(("bearer" = [])),
    responses((status = 200, description = "The reports, the oldest first.", body = WarningReports)))]
#[get("/warnings/{id}/reports")]
pub async fn list_warning_reports(
    access: Access<ReadWarnings>,
    id: Id<WarningId>,
    filter: Query<ReportFilter>,
) -> Outcome<HttpResponse> {
    let home = filter.0.institution_id;
    let items = access
        .read(move |tx| {
            queries::find(tx.conn, tx.actor, id.0)?;
            institutions::queries::find(tx.conn, &tx.actor.scope, home)?;
            let found = queries::reports(tx.conn, id.0, home)?;
            view::reports(tx, found)
        })
        .await?;
    Ok(HttpResponse::Ok().json(WarningReports { items }))
}

/// Reports how a home is, or confirms that it was reported so.
#[utoipa::path(tag = "warnings", params(("id" = WarningReportId, Path, description = "Made by the caller, UUIDv7.")), request_body = WarningReportForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Reported.", body = WarningReportView), (status = 200, description = "Already reported so.", body = WarningReportView)))]
#[put("/warning-reports/{id}")]
pub async fn put_warning_report(
    access: Access<AnswerWarnings>,
    id: Id<WarningReportId>,
    form: Body<WarningReportForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access
        .write(move |tx| {
            let (answer, reported) = report::report(tx, id.0, &form.0)?;
            let found = view::reports(&mut tx.reading(), vec![reported])?.pop().ok_or(Code::NotFound)?;
            Ok((answer, found))
        })
        .await?;
    Ok(stored(answer, 1, &found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HomeFilter {
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The warnings that went to a home, the newest first, and how it stands with each.
#[utoipa::path(tag = "warnings", params(("id" = InstitutionId, Path, description = "The institution."), HomeFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of warnings.", body = Page<HomeWarning>)))]
#[get("/institutions/{id}/warnings")]
pub async fn home_warnings(
    access: Access<ReadWarnings>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<HomeFilter>,
) -> Outcome<HttpResponse> {
    let limit = limit(filter.0.limit)?;
    let after: Option<Place> = Cursor::decode(filter.0.cursor.as_deref())?;
    let answer = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let found = queries::of_home(tx.conn, id.0, after, limit + 1)?;
            let place = |one: &Warning| Cursor::encode(&Place { relayed_at: one.relayed_at, id: one.id });
            let cut = Page::cut(found, limit, place, |one| one);
            Ok(Page { items: view::of_home(tx, cut.items, id.0)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}
