//! Nights over HTTP.

use super::{NightStaffingForm, NightView, judged, staffing, state};
use crate::access::{Access, KeepResidents, ReadResidents};
use crate::http::{Body, Id, expected_version, object, written};
use crate::ids::InstitutionId;
use crate::institutions;
use crate::refusal::Outcome;
use crate::residents::night::ZoneStaff;
use actix_web::{HttpRequest, HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_night_staffing).service(put_night_staffing).service(get_night_sufficiency);
}

/// Who is there at night, zone by zone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"institution_id": "0198f000-0000-7000-8000-000000000010",
    "zones": [{"building": "1号楼", "fire_compartment": "3东", "staff": 2}], "version": 1}))]
pub struct NightStaffingView {
    pub institution_id: InstitutionId,
    pub zones: Vec<ZoneStaff>,
    /// 0 while the home has said nothing.
    pub version: i64,
}

/// Who is there at night, as the home has stated it.
#[utoipa::path(tag = "residents", params(("id" = InstitutionId, Path, description = "The institution.")), security(("bearer" = [])),
    responses((status = 200, description = "The night's staff by zone.", body = NightStaffingView)))]
#[get("/institutions/{id}/night-staffing")]
pub async fn get_night_staffing(
    access: Access<ReadResidents>,
    id: Id<InstitutionId>,
) -> Outcome<HttpResponse> {
    let (zones, version) = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            staffing(tx, id.0)
        })
        .await?;
    Ok(object(version, &NightStaffingView { institution_id: id.0, zones, version }))
}

/// States how many of the night's staff reach each zone in time.
#[utoipa::path(tag = "residents", params(("id" = InstitutionId, Path, description = "The institution."),
        ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = NightStaffingForm, security(("bearer" = [])),
    responses((status = 201, description = "Stated for the first time.", body = NightStaffingView), (status = 200, description = "Changed, or already so.", body = NightStaffingView)))]
#[put("/institutions/{id}/night-staffing")]
pub async fn put_night_staffing(
    access: Access<KeepResidents>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    form: Body<NightStaffingForm>,
) -> Outcome<HttpResponse> {
    let seen = expected_version(&req, form.0.expected_version)?;
    let zones = form.0.zones.clone();
    let (came_to, version) = access.write(move |tx| state(tx, id.0, &form.0, seen)).await?;
    Ok(written(came_to, version, &NightStaffingView { institution_id: id.0, zones, version }))
}

/// Whether the night is enough for the residents, zone by zone: an estimate with everything it takes for granted, not a
/// certification.
#[utoipa::path(tag = "residents", params(("id" = InstitutionId, Path, description = "The institution.")), security(("bearer" = [])),
    responses((status = 200, description = "The night.", body = NightView)))]
#[get("/institutions/{id}/night-sufficiency")]
pub async fn get_night_sufficiency(
    access: Access<ReadResidents>,
    id: Id<InstitutionId>,
) -> Outcome<HttpResponse> {
    let found = access
        .read(move |tx| {
            let place = institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            judged(tx, &place)
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}
