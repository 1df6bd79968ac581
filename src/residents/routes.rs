//! The evacuation table over HTTP. Whoever reads rows is written down first.

use super::EvacClass;
use super::keep::{self, DepartureForm, ResidentForm};
use super::model::{Resident, ResidentFlag};
use super::nights;
use super::queries::{self, Narrowing};
use crate::access::{Access, KeepResidents, ReadResidents};
use crate::db::Instant;
use crate::fields::Fields;
use crate::http::{Body, Cursor, Id, Page, Query, expected_version, limit, object, page, stored, written};
use crate::ids::{InstitutionId, ResidentId};
use crate::institutions;
use crate::refusal::{Code, Outcome, Refusal};
use crate::staff::Person;
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_resident).service(get_resident).service(put_departure).service(list_residents);
    nights::routes::routes(api);
}

/// A resident's row. Of somebody who has left nothing but the class and the day stays.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000a0", "institution_id": "0198f000-0000-7000-8000-000000000010", "label": "W.F.", "room": "305",
    "bed": "2", "building": "1号楼", "floor": 3, "fire_compartment": "3东", "evac_class": "wheeled", "flags": ["hearing_loss"],
    "device": "轮椅", "day_helper": {"name": "陈静"}, "night_helper": {"name": "李梅"}, "route": "东侧楼梯", "refuge": "3层避难间",
    "reviewed_on": "2026-03-01", "version": 1, "created_at": "2026-03-10T01:00:00Z", "updated_at": "2026-03-10T01:00:00Z"
}))]
pub struct ResidentView {
    pub id: ResidentId,
    pub institution_id: InstitutionId,
    pub label: String,
    pub room: String,
    pub bed: Option<String>,
    pub building: String,
    pub floor: i32,
    pub fire_compartment: String,
    pub evac_class: EvacClass,
    pub flags: Vec<ResidentFlag>,
    pub device: Option<String>,
    pub day_helper: Option<Person>,
    pub night_helper: Option<Person>,
    pub deputy: Option<Person>,
    pub route: Option<String>,
    pub refuge: Option<String>,
    pub reviewed_on: NaiveDate,
    pub left_on: Option<NaiveDate>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl From<Resident> for ResidentView {
    fn from(of: Resident) -> Self {
        Self {
            id: of.id,
            institution_id: of.institution_id,
            label: of.label,
            room: of.room,
            bed: of.bed,
            building: of.building,
            floor: of.floor,
            fire_compartment: of.fire_compartment,
            evac_class: of.evac_class,
            flags: of.details.flags,
            device: of.details.device,
            day_helper: of.details.day_helper,
            night_helper: of.details.night_helper,
            deputy: of.details.deputy,
            route: of.details.route,
            refuge: of.details.refuge,
            reviewed_on: of.reviewed_on,
            left_on: of.left_on,
            version: of.version,
            created_at: of.created_at,
            updated_at: of.updated_at,
        }
    }
}

/// Writes a resident's row, confirms that it is so, or changes it over a version.
#[utoipa::path(tag = "residents", params(("id" = ResidentId, Path, description = "Made by the caller, UUIDv7."),
        ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = ResidentForm, security(("bearer" = [])),
    responses((status = 201, description = "Entered.", body = ResidentView), (status = 200, description = "Changed, or already so.", body = ResidentView)))]
#[put("/residents/{id}")]
pub async fn put_resident(
    access: Access<KeepResidents>,
    req: HttpRequest,
    id: Id<ResidentId>,
    form: Body<ResidentForm>,
) -> Outcome<HttpResponse> {
    let seen = expected_version(&req, form.0.expected_version)?;
    let (came_to, found) = access.write(move |tx| keep::keep(tx, id.0, &form.0, seen)).await?;
    Ok(written(came_to, found.version, &ResidentView::from(found)))
}

/// Notes that a resident has left. The row is emptied of everything that tells who it was; that cannot be taken back.
#[utoipa::path(tag = "residents", params(("id" = ResidentId, Path, description = "The resident.")), request_body = DepartureForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Noted, and the row is empty.", body = ResidentView), (status = 200, description = "It was noted so before.", body = ResidentView)))]
#[put("/residents/{id}/departure")]
pub async fn put_departure(
    access: Access<KeepResidents>,
    id: Id<ResidentId>,
    form: Body<DepartureForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access.write(move |tx| keep::depart(tx, id.0, &form.0)).await?;
    Ok(stored(answer, found.version, &ResidentView::from(found)))
}

/// One row. The reading is written into the audit trail.
#[utoipa::path(tag = "residents", params(("id" = ResidentId, Path, description = "The resident.")), security(("bearer" = [])),
    responses((status = 200, description = "The row.", body = ResidentView)))]
#[get("/residents/{id}")]
pub async fn get_resident(access: Access<ReadResidents>, id: Id<ResidentId>) -> Outcome<HttpResponse> {
    let found = access
        .write(move |tx| {
            let found = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            keep::record_reading(tx, found.institution_id, Some(found.id), json!({ "rows": 1 }))?;
            Ok(found)
        })
        .await?;
    Ok(object(found.version, &ResidentView::from(found)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResidentFilter {
    #[param(min_length = 1, max_length = 40)]
    pub building: Option<String>,
    #[param(minimum = -5, maximum = 100)]
    pub floor: Option<i32>,
    pub evac_class: Option<EvacClass>,
    /// `true`: who needs somebody at night and has nobody named.
    pub without_night_helper: Option<bool>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The residents of a home, in the order in which they were entered. Each page that is read is written into the audit
/// trail with the number of its rows.
#[utoipa::path(tag = "residents", params(("id" = InstitutionId, Path, description = "The institution."), ResidentFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of rows.", body = Page<ResidentView>)))]
#[get("/institutions/{id}/residents")]
pub async fn list_residents(
    access: Access<ReadResidents>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<ResidentFilter>,
) -> Outcome<HttpResponse> {
    let ResidentFilter { building, floor, evac_class: class, without_night_helper, limit: asked, cursor } =
        filter.0;
    let limit = limit(asked)?;
    let after: Option<ResidentId> = Cursor::decode(cursor.as_deref())?;
    check_filter(building.as_deref(), floor)?;
    let by = Narrowing { building, floor, class, without_night_helper, after };
    let place = |of: &Resident| Cursor::encode(&of.id);
    let answer = access
        .write(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let found = queries::list(tx.conn, id.0, &by, limit + 1)?;
            let cut = Page::cut(found, limit, place, ResidentView::from);
            let content = json!({ "rows": cut.items.len(), "building": by.building, "floor": by.floor,
                "evac_class": by.class, "without_night_helper": by.without_night_helper, "after": by.after });
            keep::record_reading(tx, id.0, None, content)?;
            Ok(cut)
        })
        .await?;
    Ok(page(&req, &answer))
}

fn check_filter(building: Option<&str>, floor: Option<i32>) -> Outcome<()> {
    let mut fields = Fields::new();
    fields.optional_line("building", building, 40);
    fields.number("floor", &floor.unwrap_or_default(), -5..=100);
    fields.finish().map_err(|fault| Refusal { code: Code::InvalidQuery, ..fault }.into())
}
