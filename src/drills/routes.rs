//! Drills over HTTP.

use super::action::DrillAction;
use super::forms::{DrillPlan, DrillRecord, EvaluationForm};
use super::list::{self, Narrowing, Place};
use super::model::{Drill, DrillState};
use super::view::{self, DrillDetail, DrillView};
use super::{act, evaluate, plan, queries, record};
use crate::access::{Access, PlanDrills, ReadDrills, ReadTx, RecordDrills, Role};
use crate::areas;
use crate::db::sql_types::is_written_year;
use crate::http::{
    Body, Cursor, Id, Page, Query, ascending, check_days, expected_version, invalid_query, limit, object,
    page, path_id, several, stored,
};
use crate::ids::{AreaId, DrillId, DrillStepId, InstitutionId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome};
use crate::rules::kinds::drills::{DrillKind, Shift};
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_drills)
        .service(list_institution_drills)
        .service(get_drill)
        .service(put_drill)
        .service(put_drill_action)
        .service(put_drill_record)
        .service(put_drill_evaluation)
        .configure(super::taps::routes::routes)
        .configure(super::file::routes::routes);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DrillFilter {
    pub institution_id: Option<InstitutionId>,
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    pub kind: Option<DrillKind>,
    pub shift: Option<Shift>,
    /// One state or several with commas: `planned`, `started`, `recorded`, `evaluated`, `cancelled`.
    #[param(
        pattern = "^(planned|started|recorded|evaluated|cancelled)(,(planned|started|recorded|evaluated|cancelled))*$"
    )]
    pub state: Option<String>,
    /// Only real events, or only drills.
    pub real_event: Option<bool>,
    /// `true`: planned, not held, and the last day has passed.
    pub overdue: Option<bool>,
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

/// What the drills of one institution can be narrowed by.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstitutionDrillFilter {
    pub kind: Option<DrillKind>,
    pub shift: Option<Shift>,
    /// One state or several with commas: `planned`, `started`, `recorded`, `evaluated`, `cancelled`.
    #[param(
        pattern = "^(planned|started|recorded|evaluated|cancelled)(,(planned|started|recorded|evaluated|cancelled))*$"
    )]
    pub state: Option<String>,
    /// Its day is this one or later.
    pub from: Option<NaiveDate>,
    /// Its day is this one or earlier.
    pub to: Option<NaiveDate>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The drills the caller may see. Those of an institution learn of the office's surprises when they start.
#[utoipa::path(tag = "drills", params(DrillFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of drills.", body = Page<DrillView>)))]
#[get("/drills")]
pub async fn list_drills(
    access: Access<ReadDrills>,
    req: HttpRequest,
    filter: Query<DrillFilter>,
) -> Outcome<HttpResponse> {
    answer(access, req, filter.0).await
}

/// The drills of an institution, the latest first.
#[utoipa::path(tag = "drills", params(("id" = InstitutionId, Path, description = "The institution."), InstitutionDrillFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of drills.", body = Page<DrillView>)))]
#[get("/institutions/{id}/drills")]
pub async fn list_institution_drills(
    access: Access<ReadDrills>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<InstitutionDrillFilter>,
) -> Outcome<HttpResponse> {
    let InstitutionDrillFilter { kind, shift, state, from, to, limit, cursor } = filter.0;
    let filter = DrillFilter {
        institution_id: Some(id.0),
        area_id: None,
        kind,
        shift,
        state,
        real_event: None,
        overdue: None,
        from,
        to,
        sort: None,
        limit,
        cursor,
    };
    answer(access, req, filter).await
}

async fn answer(access: Access<ReadDrills>, req: HttpRequest, filter: DrillFilter) -> Outcome<HttpResponse> {
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
            let place = |one: &Drill| Cursor::encode(&Place::of(one, ascending));
            let cut = Page::cut(found, limit, place, |one| one);
            Ok(Page { items: view::many(tx, cut.items)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}

fn narrowing(tx: &mut ReadTx<'_>, filter: &DrillFilter) -> Outcome<Narrowing> {
    let mut states = several("state", filter.state.as_deref(), DrillState::parse)?;
    let area = match filter.area_id {
        Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
        None => None,
    };
    if let Some(id) = filter.institution_id {
        institutions::queries::find(tx.conn, &tx.actor.scope, id)?;
    }
    check_days(&[("from", filter.from), ("to", filter.to)])?;
    let mut to = filter.to;
    if filter.overdue == Some(true) {
        // Overdue is a stretch of what is planned: everything before today.
        if !states.is_empty() && states != [DrillState::Planned] {
            return Err(invalid_query("overdue", FieldCode::NotAllowedHere).into());
        }
        states = vec![DrillState::Planned];
        let yesterday = tx.office.date(tx.now).pred_opt();
        to = to.map_or(yesterday, |to| yesterday.map(|day| day.min(to)));
    } else if filter.overdue == Some(false) {
        return Err(invalid_query("overdue", FieldCode::UnknownValue).into());
    }
    Ok(Narrowing {
        states,
        kind: filter.kind,
        shift: filter.shift,
        institution: filter.institution_id,
        area,
        real_event: filter.real_event,
        from: filter.from,
        to,
        without_secrets: tx.actor.role == Role::Manager,
        ascending: false,
        after: None,
    })
}

/// One drill with its plan, its record, its evaluation, what becomes of its problems, and its photos.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "The drill.")), security(("bearer" = [])),
    responses((status = 200, description = "The drill.", body = DrillDetail)))]
#[get("/drills/{id}")]
pub async fn get_drill(access: Access<ReadDrills>, id: Id<DrillId>) -> Outcome<HttpResponse> {
    let detail = access
        .read(move |tx| {
            let found = queries::find(tx.conn, tx.actor, id.0)?;
            view::detail(tx, found)
        })
        .await?;
    Ok(object(detail.drill.version, &detail))
}

/// Plans a drill, or confirms that it is planned so. A sealed exact time is shown to nobody but its planner before the
/// drill starts; what the office plans as a surprise is not shown to the home at all.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "Made by the caller, UUIDv7.")), request_body = DrillPlan,
    security(("bearer" = [])),
    responses((status = 201, description = "Planned.", body = DrillDetail), (status = 200, description = "Already planned so.", body = DrillDetail)))]
#[put("/drills/{id}")]
pub async fn put_drill(
    access: Access<PlanDrills>,
    id: Id<DrillId>,
    form: Body<DrillPlan>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, planned) = plan::plan(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), planned)?))
        })
        .await?;
    Ok(stored(answer, detail.drill.version, &detail))
}

/// Starts, postpones or cancels a drill, or says that it was reported. Safe to repeat.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "The drill."), ("action_id" = DrillStepId, Path, description = "Made by the caller, UUIDv7."),
    ("If-Match" = Option<String>, Header, description = "The version the caller saw.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = DrillAction, security(("bearer" = [])),
    responses((status = 201, description = "Done.", body = DrillDetail), (status = 200, description = "It was done before.", body = DrillDetail)))]
#[put("/drills/{id}/actions/{action_id}")]
pub async fn put_drill_action(
    access: Access<RecordDrills>,
    req: HttpRequest,
    id: Id<DrillId>,
    form: Body<DrillAction>,
) -> Outcome<HttpResponse> {
    let action = path_id(&req, "action_id").map(DrillStepId).ok_or(Code::NotFound)?;
    let expected = expected_version(&req, form.0.expected_version)?;
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, drill) = act::act(tx, id.0, action, &form.0, expected)?;
            Ok((answer, view::detail(&mut tx.reading(), drill)?))
        })
        .await?;
    Ok(stored(answer, detail.drill.version, &detail))
}

/// Records a drill that was planned, one that was not, or a real event: everything at once, with its problems and the
/// hazards that they become. Safe to repeat any number of times.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "Of the plan, or made by the caller, UUIDv7.")), request_body = DrillRecord,
    security(("bearer" = [])),
    responses((status = 201, description = "Recorded.", body = DrillDetail), (status = 200, description = "Already recorded so.", body = DrillDetail)))]
#[put("/drills/{id}/record")]
pub async fn put_drill_record(
    access: Access<RecordDrills>,
    id: Id<DrillId>,
    form: Body<DrillRecord>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, recorded) = record::hand_in(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), recorded)?))
        })
        .await?;
    Ok(stored(answer, detail.drill.version, &detail))
}

/// Evaluates a drill that is recorded: by somebody who did not command it. Safe to repeat.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "The drill.")), request_body = EvaluationForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Evaluated.", body = DrillDetail), (status = 200, description = "Already evaluated so.", body = DrillDetail)))]
#[put("/drills/{id}/evaluation")]
pub async fn put_drill_evaluation(
    access: Access<RecordDrills>,
    id: Id<DrillId>,
    form: Body<EvaluationForm>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, evaluated) = evaluate::evaluate(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), evaluated)?))
        })
        .await?;
    Ok(stored(answer, detail.drill.version, &detail))
}
