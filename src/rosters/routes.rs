//! Rosters over HTTP.

use super::arrange::{self, ShiftsForm, SuccessionForm};
use super::assign::{self, AssignmentCancellation, CommandForm, RosterForm};
use super::gaps::{self, HomeWithGaps, Horizon};
use super::handovers;
use super::model::Topic;
use super::queries;
use super::rules::SuccessionStep;
use super::shifts::{ShiftPattern, ShiftTimes};
use super::view::{self, AssignmentView, CommanderView, RosterView};
use crate::access::{Access, KeepCommanders, ReadCommandGaps, ReadCommanders};
use crate::areas;
use crate::canonical::digest;
use crate::db::Instant;
use crate::http::{
    Body, Cursor, Id, Page, Query, expected_version, kept_at_home, limit, object, page, stored, written,
};
use crate::ids::{AreaId, CommandAssignmentId, InstitutionId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_shifts)
        .service(put_shifts)
        .service(get_succession)
        .service(put_succession)
        .service(get_assignment)
        .service(put_assignment)
        .service(put_assignment_cancellation)
        .service(put_command_roster)
        .service(get_command_roster)
        .service(get_commander)
        .service(list_command_gaps);
    handovers::routes::routes(api);
}

/// The shifts of a day in a home.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"institution_id": "0198f000-0000-7000-8000-000000000010", "shifts": [{"shift": "day", "from": "07:30:00", "to": "19:30:00"},
    {"shift": "night", "from": "19:30:00", "to": "07:30:00"}], "is_standard": false, "version": 1}))]
pub struct ShiftsView {
    pub institution_id: InstitutionId,
    /// In the order of the day.
    pub shifts: Vec<ShiftTimes>,
    /// The home has not said otherwise.
    pub is_standard: bool,
    /// 0 while the home has said nothing.
    pub version: i64,
}

fn shifts_view(institution_id: InstitutionId, pattern: &ShiftPattern, version: i64) -> ShiftsView {
    ShiftsView { institution_id, shifts: pattern.shifts().to_vec(), is_standard: version == 0, version }
}

/// The shifts of a home: its own, or the standard ones.
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution.")), security(("bearer" = [])),
    responses((status = 200, description = "The shifts.", body = ShiftsView)))]
#[get("/institutions/{id}/shifts")]
pub async fn get_shifts(access: Access<ReadCommanders>, id: Id<InstitutionId>) -> Outcome<HttpResponse> {
    let (pattern, version) = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            queries::pattern(queries::arrangement(tx.conn, id.0, Topic::Shifts)?)
        })
        .await?;
    Ok(object(version, &shifts_view(id.0, &pattern, version)))
}

/// Says which shifts a home works in. What is on the roster keeps its hours.
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution."),
        ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = ShiftsForm, security(("bearer" = [])),
    responses((status = 201, description = "Said for the first time.", body = ShiftsView), (status = 200, description = "Changed, or already so.", body = ShiftsView)))]
#[put("/institutions/{id}/shifts")]
pub async fn put_shifts(
    access: Access<KeepCommanders>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    form: Body<ShiftsForm>,
) -> Outcome<HttpResponse> {
    let seen = expected_version(&req, form.0.expected_version)?;
    let (came_to, version, pattern) =
        access.write(move |tx| arrange::shifts(tx, id.0, &form.0, seen)).await?;
    Ok(written(came_to, version, &shifts_view(id.0, &pattern, version)))
}

/// Who takes command where the roster names nobody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"institution_id": "0198f000-0000-7000-8000-000000000010", "steps": [{"post": "夜班责任护士"}, {"post": "院长"}],
    "is_standard": false, "version": 1}))]
pub struct SuccessionView {
    pub institution_id: InstitutionId,
    pub steps: Vec<SuccessionStep>,
    /// The home has not said otherwise.
    pub is_standard: bool,
    /// 0 while the home has said nothing.
    pub version: i64,
}

/// The succession of a home: its own, or the standard one.
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution.")), security(("bearer" = [])),
    responses((status = 200, description = "The succession.", body = SuccessionView)))]
#[get("/institutions/{id}/succession")]
pub async fn get_succession(access: Access<ReadCommanders>, id: Id<InstitutionId>) -> Outcome<HttpResponse> {
    let (steps, version) = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            queries::succession(tx.conn, id.0)
        })
        .await?;
    let view = SuccessionView { institution_id: id.0, steps, is_standard: version == 0, version };
    Ok(object(version, &view))
}

/// Says who takes command where the roster names nobody, in this order.
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution."),
        ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = SuccessionForm, security(("bearer" = [])),
    responses((status = 201, description = "Said for the first time.", body = SuccessionView), (status = 200, description = "Changed, or already so.", body = SuccessionView)))]
#[put("/institutions/{id}/succession")]
pub async fn put_succession(
    access: Access<KeepCommanders>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    form: Body<SuccessionForm>,
) -> Outcome<HttpResponse> {
    let seen = expected_version(&req, form.0.expected_version)?;
    let steps = form.0.steps.clone();
    let (came_to, version) = access.write(move |tx| arrange::succession(tx, id.0, &form.0, seen)).await?;
    let view = SuccessionView { institution_id: id.0, steps, is_standard: false, version };
    Ok(written(came_to, version, &view))
}

/// Assigns the command of a stretch of time, or confirms that it was assigned so. What overlaps must be named to be replaced.
#[utoipa::path(tag = "rosters", params(("id" = CommandAssignmentId, Path, description = "Made by the caller, UUIDv7.")), request_body = CommandForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Assigned.", body = AssignmentView), (status = 200, description = "Already assigned so.", body = AssignmentView)))]
#[put("/command-assignments/{id}")]
pub async fn put_assignment(
    access: Access<KeepCommanders>,
    id: Id<CommandAssignmentId>,
    form: Body<CommandForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access.write(move |tx| assign::assign(tx, id.0, &form.0)).await?;
    Ok(stored(answer, found.version, &AssignmentView::from(found)))
}

/// One assignment.
#[utoipa::path(tag = "rosters", params(("id" = CommandAssignmentId, Path, description = "The assignment.")), security(("bearer" = [])),
    responses((status = 200, description = "The assignment.", body = AssignmentView)))]
#[get("/command-assignments/{id}")]
pub async fn get_assignment(
    access: Access<ReadCommanders>,
    id: Id<CommandAssignmentId>,
) -> Outcome<HttpResponse> {
    let found = access.read(move |tx| queries::find(tx.conn, &tx.actor.scope, id.0)).await?;
    Ok(object(found.version, &AssignmentView::from(found)))
}

/// Takes an assignment back, with the reason. What it covered becomes a gap.
#[utoipa::path(tag = "rosters", params(("id" = CommandAssignmentId, Path, description = "The assignment.")), request_body = AssignmentCancellation,
    security(("bearer" = [])),
    responses((status = 201, description = "Taken back.", body = AssignmentView), (status = 200, description = "It was taken back for this reason before.", body = AssignmentView)))]
#[put("/command-assignments/{id}/cancellation")]
pub async fn put_assignment_cancellation(
    access: Access<KeepCommanders>,
    id: Id<CommandAssignmentId>,
    form: Body<AssignmentCancellation>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access.write(move |tx| assign::cancel(tx, id.0, &form.0)).await?;
    Ok(stored(answer, found.version, &AssignmentView::from(found)))
}

/// What was entered at once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"assignments": []}))]
pub struct RosterEntered {
    /// In the order in which they were sent.
    pub assignments: Vec<AssignmentView>,
}

/// Enters many assignments at once, a week for example: all of them, or none. Lines that were entered before are confirmed.
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution.")), request_body = RosterForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Entered.", body = RosterEntered), (status = 200, description = "All of them were entered so before.", body = RosterEntered)))]
#[put("/institutions/{id}/command-roster")]
pub async fn put_command_roster(
    access: Access<KeepCommanders>,
    id: Id<InstitutionId>,
    form: Body<RosterForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access.write(move |tx| assign::assign_all(tx, id.0, &form.0)).await?;
    let entered = RosterEntered { assignments: found.into_iter().map(AssignmentView::from).collect() };
    Ok(stored(answer, 1, &entered))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RosterFilter {
    /// The first day; today when absent.
    pub from: Option<NaiveDate>,
    /// The last day; six days after the first when absent. At most 92 days are told at once.
    pub to: Option<NaiveDate>,
}

/// Days asked for at once.
const MOST_DAYS: i64 = 92;
/// Rosters are asked for this far around today.
const AROUND: i64 = 1000;

/// The roster of a home between two days, with its gaps.
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution."), RosterFilter), security(("bearer" = [])),
    responses((status = 200, description = "The roster.", body = RosterView)))]
#[get("/institutions/{id}/command-roster")]
pub async fn get_command_roster(
    access: Access<ReadCommanders>,
    id: Id<InstitutionId>,
    filter: Query<RosterFilter>,
) -> Outcome<HttpResponse> {
    let filter = filter.0;
    let found = access
        .read(move |tx| {
            let place = institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let today = tx.office.date(tx.now);
            let from = filter.from.unwrap_or(today);
            let near = |day: NaiveDate| (day - today).num_days().abs() <= AROUND;
            if !near(from) {
                return Err(invalid("from", FieldCode::OutOfRange));
            }
            let to = filter.to.unwrap_or(from + TimeDelta::days(6));
            if from > to || (to - from).num_days() >= MOST_DAYS {
                return Err(invalid("to", FieldCode::Mismatch));
            }
            view::roster(tx, &place, from, to)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MomentFilter {
    /// The moment asked about; now when absent. At most 366 days away.
    pub at: Option<Instant>,
}

/// Who commands: name, phone, deputies, authority, succession, and the roster and its gaps for the coming seven days. Keep the
/// answer, and "who commands tonight" can be told without a network; its ETag says whether it is still right (`If-None-Match`).
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution."), MomentFilter,
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the answer that the caller has.")),
    security(("bearer" = [])),
    responses((status = 200, description = "Who commands.", body = CommanderView), (status = 304, description = "What the caller has is still right.")))]
#[get("/institutions/{id}/commander")]
pub async fn get_commander(
    access: Access<ReadCommanders>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<MomentFilter>,
) -> Outcome<HttpResponse> {
    let asked = filter.0.at;
    let found = access
        .read(move |tx| {
            let place = institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let at = asked.unwrap_or(tx.now);
            if (at.utc() - tx.now.utc()).abs() > TimeDelta::days(366) {
                return Err(invalid("at", FieldCode::OutOfRange));
            }
            view::commander(tx, &place, at)
        })
        .await?;
    Ok(kept_at_home(&req, &digest(&found), &found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GapFilter {
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    /// How far ahead; the week when absent.
    #[param(inline)]
    pub within: Option<Horizon>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Operating homes that nobody commands for some time, by name. A page may hold fewer than asked for, and none at all, while
/// there is a next one: at most 2,000 homes are looked at for one.
#[utoipa::path(tag = "rosters", params(GapFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of homes.", body = Page<HomeWithGaps>)))]
#[get("/command-gaps")]
pub async fn list_command_gaps(
    access: Access<ReadCommandGaps>,
    req: HttpRequest,
    filter: Query<GapFilter>,
) -> Outcome<HttpResponse> {
    let GapFilter { area_id, within, limit: asked, cursor } = filter.0;
    let most = usize::try_from(limit(asked)?).unwrap_or(1);
    let after: Option<gaps::Place> = Cursor::decode(cursor.as_deref())?;
    let (items, stopped) = access
        .read(move |tx| {
            let area = match area_id {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
                None => None,
            };
            gaps::search(tx, area, within.unwrap_or(Horizon::Week), after, most)
        })
        .await?;
    Ok(page(&req, &Page { items, next_cursor: stopped.map(|place| Cursor::encode(&place)) }))
}

fn invalid(parameter: &str, code: FieldCode) -> crate::refusal::Failure {
    Refusal::new(Code::InvalidQuery).field(parameter, code).into()
}
