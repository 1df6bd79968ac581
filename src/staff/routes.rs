//! Staff over HTTP.

use super::keep::{self, StaffForm};
use super::model::{Qualification, StaffMember};
use super::queries::{self, Narrowing};
use crate::access::{Access, KeepStaff, ReadStaff};
use crate::db::Instant;
use crate::http::{Body, Cursor, Id, Page, Query, expected_version, limit, object, page, written};
use crate::ids::{InstitutionId, StaffId, UserId};
use crate::institutions;
use crate::refusal::Outcome;
use crate::text_enum;
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_staff).service(get_staff).service(list_staff);
}

/// Somebody who works, or worked, in a home.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000090", "institution_id": "0198f000-0000-7000-8000-000000000010", "name": "陈静", "post": "护理员",
    "phone": "13900000001", "started_on": "2025-06-01", "qualifications": [{"name": "现场指挥官培训", "obtained_on": "2026-01-12"}],
    "version": 1, "created_at": "2026-03-10T01:00:00Z", "updated_at": "2026-03-10T01:00:00Z"
}))]
pub struct StaffView {
    pub id: StaffId,
    pub institution_id: InstitutionId,
    pub name: String,
    pub post: String,
    pub phone: Option<String>,
    pub user_id: Option<UserId>,
    pub started_on: NaiveDate,
    /// The last day of work.
    pub left_on: Option<NaiveDate>,
    pub qualifications: Vec<Qualification>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl From<StaffMember> for StaffView {
    fn from(of: StaffMember) -> Self {
        Self {
            id: of.id,
            institution_id: of.institution_id,
            name: of.name,
            post: of.post,
            phone: of.phone,
            user_id: of.user_id,
            started_on: of.started_on,
            left_on: of.left_on,
            qualifications: of.qualifications.0,
            version: of.version,
            created_at: of.created_at,
            updated_at: of.updated_at,
        }
    }
}

/// Writes somebody into a home's list of staff, confirms that they are there so, or changes them over a version.
#[utoipa::path(tag = "staff", params(("id" = StaffId, Path, description = "Made by the caller, UUIDv7."),
        ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = StaffForm, security(("bearer" = [])),
    responses((status = 201, description = "Entered.", body = StaffView), (status = 200, description = "Changed, or already so.", body = StaffView)))]
#[put("/staff/{id}")]
pub async fn put_staff(
    access: Access<KeepStaff>,
    req: HttpRequest,
    id: Id<StaffId>,
    form: Body<StaffForm>,
) -> Outcome<HttpResponse> {
    let seen = expected_version(&req, form.0.expected_version)?;
    let (came_to, found) = access.write(move |tx| keep::keep(tx, id.0, &form.0, seen)).await?;
    Ok(written(came_to, found.version, &StaffView::from(found)))
}

/// One person.
#[utoipa::path(tag = "staff", params(("id" = StaffId, Path, description = "The person.")), security(("bearer" = [])),
    responses((status = 200, description = "The person.", body = StaffView)))]
#[get("/staff/{id}")]
pub async fn get_staff(access: Access<ReadStaff>, id: Id<StaffId>) -> Outcome<HttpResponse> {
    let found = access.read(move |tx| queries::find(tx.conn, &tx.actor.scope, id.0)).await?;
    Ok(object(found.version, &StaffView::from(found)))
}

text_enum! {
    /// Whether somebody works in the home today.
    pub enum StaffState {
        Working = "working",
        Left = "left",
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StaffFilter {
    /// Who works there today, or who has left; everybody when absent.
    #[param(inline)]
    pub state: Option<StaffState>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The people of a home, in the order in which they were entered.
#[utoipa::path(tag = "staff", params(("id" = InstitutionId, Path, description = "The institution."), StaffFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of people.", body = Page<StaffView>)))]
#[get("/institutions/{id}/staff")]
pub async fn list_staff(
    access: Access<ReadStaff>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<StaffFilter>,
) -> Outcome<HttpResponse> {
    let StaffFilter { state, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<StaffId> = Cursor::decode(cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let today = tx.office.date(tx.now);
            let by = Narrowing {
                working_on: (state == Some(StaffState::Working)).then_some(today),
                left_before: (state == Some(StaffState::Left)).then_some(today),
                after,
            };
            queries::list(tx.conn, id.0, &by, limit + 1)
        })
        .await?;
    let place = |of: &StaffMember| Cursor::encode(&of.id);
    Ok(page(&req, &Page::cut(found, limit, place, StaffView::from)))
}
