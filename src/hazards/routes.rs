//! Hazards over HTTP.

use super::action::ActionForm;
use super::list::{self, Narrowing, Place, Sort};
use super::model::{Severity, Status};
use super::register::HazardForm;
use super::view::{self, HazardDetail, HazardView};
use super::{act, queries, register};
use crate::access::{Access, ActOnHazards, ReadHazards, ReadTx, RegisterHazards};
use crate::areas;
use crate::checklists::Category;
use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::http::{Body, Cursor, Id, Page, Query, expected_version, limit, object, page, path_id, stored};
use crate::ids::{ActionId, AreaId, HazardId, InstitutionId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_hazards).service(get_hazard).service(put_hazard).service(put_action);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HazardFilter {
    /// One state or several with commas: `pending`, `rectifying`, `awaiting_recheck`, `closed`, `transferred`, `void`.
    #[param(
        pattern = "^(pending|rectifying|awaiting_recheck|closed|transferred|void)(,(pending|rectifying|awaiting_recheck|closed|transferred|void))*$"
    )]
    pub status: Option<String>,
    /// `true`: only what is past its deadline while it is the institution's turn; `false`: only the rest.
    pub overdue: Option<bool>,
    pub category: Option<Category>,
    pub severity: Option<Severity>,
    pub urgent: Option<bool>,
    /// Under listed supervision.
    pub listed: Option<bool>,
    /// Found and reported by the institution itself.
    pub self_found: Option<bool>,
    pub checklist_item: Option<String>,
    pub institution_id: Option<InstitutionId>,
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    /// Words of the description, place, number, item or institution; two Chinese characters are enough.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Deadline before this date.
    pub due_before: Option<NaiveDate>,
    pub found_from: Option<Instant>,
    pub found_before: Option<Instant>,
    /// `deadline`, `found_at` or `severity` (the most severe first); a hyphen before it turns it round. `-found_at` when absent.
    #[param(pattern = "^-?(deadline|found_at|severity)$")]
    pub sort: Option<String>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

fn invalid(parameter: &str, code: FieldCode) -> Refusal {
    Refusal::new(Code::InvalidQuery).field(parameter, code)
}

/// The hazards the caller may see.
#[utoipa::path(tag = "hazards", params(HazardFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of hazards.", body = Page<HazardView>)))]
#[get("/hazards")]
pub async fn list_hazards(
    access: Access<ReadHazards>,
    req: HttpRequest,
    filter: Query<HazardFilter>,
) -> Outcome<HttpResponse> {
    let filter = filter.0;
    let limit = limit(filter.limit)?;
    let sort = Sort::parse(filter.sort.as_deref().unwrap_or("-found_at"))
        .ok_or_else(|| invalid("sort", FieldCode::UnknownValue))?;
    let after: Option<Place> = Cursor::decode(filter.cursor.as_deref())?;
    if after.is_some_and(|place| place.sort != sort) {
        return Err(Code::InvalidCursor.into());
    }
    let answer = access
        .read(move |tx| {
            let narrowing = narrowing(tx, filter, after)?;
            let found = list::list(tx.conn, &tx.actor.scope, &narrowing, sort, limit + 1)?;
            let cut =
                Page::cut(found, limit, |hazard| Cursor::encode(&list::place(hazard, sort)), |hazard| hazard);
            Ok(Page { items: view::many(tx, cut.items)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}

fn narrowing(tx: &mut ReadTx<'_>, filter: HazardFilter, after: Option<Place>) -> Outcome<Narrowing> {
    let statuses = filter.status.as_deref().map_or(Ok(Vec::new()), |text| {
        let parsed = text.split(',').map(Status::parse).collect::<Option<Vec<_>>>();
        parsed.ok_or_else(|| invalid("status", FieldCode::UnknownValue))
    })?;
    let area = match filter.area_id {
        Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
        None => None,
    };
    if let Some(id) = filter.institution_id {
        crate::institutions::queries::find(tx.conn, &tx.actor.scope, id)?;
    }
    if filter.q.as_deref().is_some_and(|q| q.chars().count() > 100 || q.contains('\0')) {
        return Err(invalid("q", FieldCode::TooLong).into());
    }
    if filter.due_before.is_some_and(|date| !is_written_year(date.year())) {
        return Err(invalid("due_before", FieldCode::OutOfRange).into());
    }
    let mut statuses = statuses;
    statuses.sort_unstable();
    statuses.dedup();
    Ok(Narrowing {
        statuses,
        overdue_on: (filter.overdue == Some(true)).then(|| tx.office.date(tx.now)),
        not_overdue_on: (filter.overdue == Some(false)).then(|| tx.office.date(tx.now)),
        category: filter.category,
        severity: filter.severity,
        urgent: filter.urgent,
        listed: filter.listed,
        self_found: filter.self_found,
        checklist_item: filter.checklist_item,
        institution: filter.institution_id,
        area,
        text: filter.q.filter(|q| !q.trim().is_empty()),
        due_before: filter.due_before,
        found_from: filter.found_from,
        found_before: filter.found_before,
        after,
    })
}

/// One hazard with its timeline, evidence, explained deadline and the steps open to the caller.
#[utoipa::path(tag = "hazards", params(("id" = HazardId, Path, description = "The hazard.")), security(("bearer" = [])),
    responses((status = 200, description = "The hazard.", body = HazardDetail)))]
#[get("/hazards/{id}")]
pub async fn get_hazard(access: Access<ReadHazards>, id: Id<HazardId>) -> Outcome<HttpResponse> {
    let detail = access
        .read(move |tx| {
            let hazard = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            view::detail(tx, hazard)
        })
        .await?;
    Ok(object(detail.hazard.version, &detail))
}

/// Registers a hazard, or confirms that it is registered so. Safe to repeat any number of times.
#[utoipa::path(tag = "hazards", params(("id" = HazardId, Path, description = "Made by the caller, UUIDv7.")), request_body = HazardForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Registered.", body = HazardDetail), (status = 200, description = "Already registered so.", body = HazardDetail)))]
#[put("/hazards/{id}")]
pub async fn put_hazard(
    access: Access<RegisterHazards>,
    id: Id<HazardId>,
    form: Body<HazardForm>,
) -> Outcome<HttpResponse> {
    let (registered, actor) = access
        .write(move |tx| {
            let registered = register::register(tx, id.0, &form.0)?;
            Ok((registered, tx.actor.clone()))
        })
        .await?;
    // Told here, after the commit: whoever waits to write does not wait for this.
    let register::Registered { answer, hazard, story, rules } = registered;
    let detail = view::told(access.office(), &rules, &actor, access.now(), hazard, story);
    Ok(stored(answer, detail.hazard.version, &detail))
}

/// Takes one step in a hazard's life, or confirms that it was taken so. Safe to repeat any number of times.
#[utoipa::path(tag = "hazards", params(("id" = HazardId, Path, description = "The hazard."), ("action_id" = ActionId, Path, description = "Made by the caller, UUIDv7."),
        ("If-Match" = Option<String>, Header, description = "The version the caller saw.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = ActionForm, security(("bearer" = [])),
    responses((status = 201, description = "Done; the hazard as it is now.", body = HazardDetail), (status = 200, description = "It was done before.", body = HazardDetail)))]
#[put("/hazards/{id}/actions/{action_id}")]
pub async fn put_action(
    access: Access<ActOnHazards>,
    req: HttpRequest,
    id: Id<HazardId>,
    form: Body<ActionForm>,
) -> Outcome<HttpResponse> {
    let action = path_id(&req, "action_id").map(ActionId).ok_or(Code::NotFound)?;
    let expected = expected_version(&req, form.0.expected_version)?;
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, hazard) = act::act(tx, id.0, action, &form.0, expected)?;
            Ok((answer, view::detail(&mut tx.reading(), hazard)?))
        })
        .await?;
    Ok(stored(answer, detail.hazard.version, &detail))
}
