//! Plans over HTTP.

use super::action::PlanAction;
use super::form::{PlanChange, PlanForm};
use super::model::{PlanHead, PlanState};
use super::view::{self, PlanDetail, PlanView};
use super::{act, draft, queries};
use crate::access::{Access, ActOnPlans, KeepPlans, ReadPlans};
use crate::db::sql_types::is_written_year;
use crate::http::{Body, Cursor, Id, Page, Query, expected_version, limit, object, page, path_id, stored};
use crate::ids::{InstitutionId, PlanId, PlanStepId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, get, patch, put};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_plan)
        .service(patch_plan)
        .service(get_plan)
        .service(put_plan_action)
        .service(list_plans)
        .service(plan_in_force);
}

/// Drafts the next edition of a home's plan, or confirms that it was drafted so. Safe to repeat any number of times.
#[utoipa::path(tag = "plans", params(("id" = PlanId, Path, description = "Made by the caller, UUIDv7.")), request_body = PlanForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Drafted.", body = PlanDetail), (status = 200, description = "Already drafted so.", body = PlanDetail)))]
#[put("/plans/{id}")]
pub async fn put_plan(
    access: Access<KeepPlans>,
    id: Id<PlanId>,
    form: Body<PlanForm>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, plan) = draft::draft(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), plan)?))
        })
        .await?;
    Ok(stored(answer, detail.plan.version, &detail))
}

/// Changes a draft. Needs `If-Match` or `expected_version`.
#[utoipa::path(tag = "plans", params(("id" = PlanId, Path, description = "The plan."), ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = PlanChange, security(("bearer" = [])),
    responses((status = 200, description = "Changed.", body = PlanDetail)))]
#[patch("/plans/{id}")]
pub async fn patch_plan(
    access: Access<KeepPlans>,
    req: HttpRequest,
    id: Id<PlanId>,
    change: Body<PlanChange>,
) -> Outcome<HttpResponse> {
    let version = expected_version(&req, change.0.expected_version)?.ok_or(Code::PreconditionRequired)?;
    let detail = access
        .write(move |tx| {
            let plan = draft::change(tx, id.0, version, &change.0)?;
            view::detail(&mut tx.reading(), plan)
        })
        .await?;
    Ok(object(detail.plan.version, &detail))
}

/// One edition: what it says, what it lacks by the rules in force, what calls for its revision, its story.
#[utoipa::path(tag = "plans", params(("id" = PlanId, Path, description = "The plan.")), security(("bearer" = [])),
    responses((status = 200, description = "The plan.", body = PlanDetail)))]
#[get("/plans/{id}")]
pub async fn get_plan(access: Access<ReadPlans>, id: Id<PlanId>) -> Outcome<HttpResponse> {
    let detail = access
        .read(move |tx| {
            let plan = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            view::detail(tx, plan)
        })
        .await?;
    Ok(object(detail.plan.version, &detail))
}

/// Takes one step of a plan, or confirms that it was taken so: approved, put in force, filed, published, reviewed,
/// discarded. Safe to repeat any number of times.
#[utoipa::path(tag = "plans", params(("id" = PlanId, Path, description = "The plan."), ("action_id" = PlanStepId, Path, description = "Made by the caller, UUIDv7."),
        ("If-Match" = Option<String>, Header, description = "The version the caller saw.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = PlanAction, security(("bearer" = [])),
    responses((status = 201, description = "Done; the plan as it is now.", body = PlanDetail), (status = 200, description = "It was done before.", body = PlanDetail)))]
#[put("/plans/{id}/actions/{action_id}")]
pub async fn put_plan_action(
    access: Access<ActOnPlans>,
    req: HttpRequest,
    id: Id<PlanId>,
    form: Body<PlanAction>,
) -> Outcome<HttpResponse> {
    let step = path_id(&req, "action_id").map(PlanStepId).ok_or(Code::NotFound)?;
    let expected = expected_version(&req, form.0.expected_version)?;
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, plan) = act::act(tx, id.0, step, &form.0, expected)?;
            Ok((answer, view::detail(&mut tx.reading(), plan)?))
        })
        .await?;
    Ok(stored(answer, detail.plan.version, &detail))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanFilter {
    pub state: Option<PlanState>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The editions of an institution's plan, the newest first.
#[utoipa::path(tag = "plans", params(("id" = InstitutionId, Path, description = "The institution."), PlanFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of editions.", body = Page<PlanView>)))]
#[get("/institutions/{id}/plans")]
pub async fn list_plans(
    access: Access<ReadPlans>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<PlanFilter>,
) -> Outcome<HttpResponse> {
    let PlanFilter { state, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let before: Option<i32> = Cursor::decode(cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            queries::list(tx.conn, id.0, state, before, limit + 1)
        })
        .await?;
    let place = |of: &PlanHead| Cursor::encode(&of.edition);
    Ok(page(&req, &Page::cut(found, limit, place, |of| PlanView::from(&of))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DayFilter {
    /// The local day; today when absent.
    pub at: Option<NaiveDate>,
}

/// The edition that an institution goes by, or went by on a day. What it lacks and what calls for its revision is told as of
/// today.
#[utoipa::path(tag = "plans", params(("id" = InstitutionId, Path, description = "The institution."), DayFilter), security(("bearer" = [])),
    responses((status = 200, description = "The plan in force on that day.", body = PlanDetail)))]
#[get("/institutions/{id}/plan")]
pub async fn plan_in_force(
    access: Access<ReadPlans>,
    id: Id<InstitutionId>,
    filter: Query<DayFilter>,
) -> Outcome<HttpResponse> {
    let at = filter.0.at;
    if at.is_some_and(|day| !is_written_year(day.year())) {
        return Err(Refusal::new(Code::InvalidQuery).field("at", FieldCode::OutOfRange).into());
    }
    let detail = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let day = at.unwrap_or_else(|| tx.office.date(tx.now));
            let plan = queries::in_force(tx.conn, id.0, day)?.ok_or(Code::NotFound)?;
            view::detail(tx, plan)
        })
        .await?;
    Ok(object(detail.plan.version, &detail))
}
