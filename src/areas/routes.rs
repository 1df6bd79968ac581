//! Areas over HTTP.

use super::model::Area;
use super::{queries, rules};
use crate::access::{Access, ManageAreas, ReadAreas, Scope, WriteTx};
use crate::audit;
use crate::canonical::digest;
use crate::db::Instant;
use crate::fields::Fields;
use crate::http::{
    Body, Cursor, Id, Page, Query, Stored, expected_version, limit, no_content, object, page, stored,
};
use crate::ids::{AreaId, ChainId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, put};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_areas).service(get_area).service(put_area).service(patch_area).service(delete_area);
}

/// An area as it is registered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent_id": "0198f000-0000-7000-8000-000000000001", "code": "510903", "name": "船山区", "name_en": "Chuanshan"}))]
pub struct AreaForm {
    /// The area it lies in; absent for a root.
    pub parent_id: Option<AreaId>,
    /// GB/T 2260, 6 digits; 9 or 12 for townships and villages.
    #[schema(pattern = "^([0-9]{6}|[0-9]{9}|[0-9]{12})$")]
    pub code: String,
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    #[schema(min_length = 1, max_length = 100)]
    pub name_en: Option<String>,
}

/// What to change of an area; a new `parent_id` moves it with everything below.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "船山区", "expected_version": 1}))]
pub struct AreaChange {
    pub parent_id: Option<AreaId>,
    #[schema(pattern = "^([0-9]{6}|[0-9]{9}|[0-9]{12})$")]
    pub code: Option<String>,
    #[schema(min_length = 1, max_length = 60)]
    pub name: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    pub name_en: Option<String>,
    pub expected_version: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000002", "parent_id": "0198f000-0000-7000-8000-000000000001",
    "code": "510903", "name": "船山区", "name_en": "Chuanshan", "level": 2, "version": 1, "updated_at": "2026-01-05T01:00:00Z"
}))]
pub struct AreaView {
    pub id: AreaId,
    pub parent_id: Option<AreaId>,
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    /// 1 at the root, 6 at most.
    pub level: i32,
    pub version: i64,
    pub updated_at: Instant,
}

impl From<Area> for AreaView {
    fn from(area: Area) -> Self {
        let Area { id, parent_id, code, name, name_en, level, version, updated_at, .. } = area;
        Self { id, parent_id, code, name, name_en, level, version, updated_at }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreaFilter {
    /// Only the children of this area.
    pub parent_id: Option<AreaId>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The areas the caller may see, by code.
#[utoipa::path(tag = "areas", params(AreaFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of areas.", body = Page<AreaView>)))]
#[get("/areas")]
pub async fn list_areas(
    access: Access<ReadAreas>,
    req: HttpRequest,
    filter: Query<AreaFilter>,
) -> Outcome<HttpResponse> {
    let limit = limit(filter.0.limit)?;
    let after: Option<String> = Cursor::decode(filter.0.cursor.as_deref())?;
    let parent = filter.0.parent_id;
    let found =
        access.read(move |tx| queries::list(tx.conn, &tx.actor.scope, parent, after, limit + 1)).await?;
    Ok(page(&req, &Page::cut(found, limit, |area| Cursor::encode(&area.code), AreaView::from)))
}

/// One area.
#[utoipa::path(tag = "areas", params(("id" = AreaId, Path, description = "The area.")), security(("bearer" = [])),
    responses((status = 200, description = "The area.", body = AreaView)))]
#[get("/areas/{id}")]
pub async fn get_area(access: Access<ReadAreas>, id: Id<AreaId>) -> Outcome<HttpResponse> {
    let area = access.read(move |tx| queries::find(tx.conn, &tx.actor.scope, id.0)).await?;
    Ok(object(area.version, &AreaView::from(area)))
}

/// Registers an area, or confirms that it is registered so.
#[utoipa::path(tag = "areas", params(("id" = AreaId, Path, description = "Made by the caller.")), request_body = AreaForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Registered.", body = AreaView), (status = 200, description = "Already registered so.", body = AreaView)))]
#[put("/areas/{id}")]
pub async fn put_area(
    access: Access<ManageAreas>,
    id: Id<AreaId>,
    form: Body<AreaForm>,
) -> Outcome<HttpResponse> {
    let (answer, area) = access.write(move |tx| register(tx, id.0, &form.0)).await?;
    Ok(stored(answer, area.version, &AreaView::from(area)))
}

/// Registers an area below one that the caller covers.
pub fn register(tx: &mut WriteTx<'_>, id: AreaId, form: &AreaForm) -> Outcome<(Stored, Area)> {
    check(&form.code, &form.name, form.name_en.as_deref())?;
    let digest = digest(form);
    if let Some(existing) = queries::find_any(tx.conn, id)? {
        if !tx.actor.scope.covers_area(&existing.place) {
            return Err(Code::NotFound.into());
        }
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    queries::hold_still(tx.conn)?;
    let parent = parent(tx, form.parent_id)?;
    if queries::code_is_taken(tx.conn, &form.code, id)? {
        return Err(Refusal::new(Code::CodeTaken).field("/code", FieldCode::Duplicate).into());
    }
    let place = rules::place(id, parent.as_ref())?;
    let area = Area {
        id,
        parent_id: form.parent_id,
        code: form.code.clone(),
        name: form.name.clone(),
        name_en: form.name_en.clone(),
        level: i32::from(place.depth()),
        place,
        digest,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    record(tx, "area.registered", id, json!({ "area": form }))?;
    queries::insert(tx.conn, area.clone())?;
    Ok((Stored::Created, area))
}

fn check(code: &str, name: &str, name_en: Option<&str>) -> Outcome<()> {
    let mut fields = Fields::new();
    fields.check(rules::is_code(code), "/code", FieldCode::BadFormat);
    fields.line("/name", name, 1..=60);
    fields.optional_line("/name_en", name_en, 100);
    Ok(fields.finish()?)
}

/// The parent within the caller's scope; a root needs a caller who covers everything.
fn parent(tx: &mut WriteTx<'_>, id: Option<AreaId>) -> Outcome<Option<Area>> {
    let Some(id) = id else {
        return if tx.actor.scope == Scope::All { Ok(None) } else { Err(Code::Forbidden.into()) };
    };
    match queries::find_any(tx.conn, id)? {
        Some(area) if tx.actor.scope.covers_area(&area.place) => Ok(Some(area)),
        _ => Err(Refusal::invalid("/parent_id", FieldCode::UnknownReference).into()),
    }
}

fn record(tx: &mut WriteTx<'_>, action: &'static str, id: AreaId, content: serde_json::Value) -> Outcome<()> {
    let entry =
        audit::Entry { chain: ChainId::SYSTEM, action, object_kind: "area", object_id: Some(id.0), content };
    audit::record(tx, entry)
}

/// Renames or moves an area. Needs `If-Match` or `expected_version`.
#[utoipa::path(tag = "areas", params(("id" = AreaId, Path, description = "The area."), ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = AreaChange, security(("bearer" = [])),
    responses((status = 200, description = "Changed.", body = AreaView)))]
#[patch("/areas/{id}")]
pub async fn patch_area(
    access: Access<ManageAreas>,
    req: HttpRequest,
    id: Id<AreaId>,
    change: Body<AreaChange>,
) -> Outcome<HttpResponse> {
    let version = expected_version(&req, change.0.expected_version)?.ok_or(Code::PreconditionRequired)?;
    let area = access.write(move |tx| revise(tx, id.0, version, &change.0)).await?;
    Ok(object(area.version, &AreaView::from(area)))
}

fn revise(tx: &mut WriteTx<'_>, id: AreaId, version: i64, change: &AreaChange) -> Outcome<Area> {
    queries::hold_still(tx.conn)?;
    let mut area = managed(tx, id)?;
    if area.version != version {
        return Err(Code::Stale.into());
    }
    let moves = change.parent_id.is_some() && change.parent_id != area.parent_id;
    area.code = change.code.clone().unwrap_or(area.code);
    area.name = change.name.clone().unwrap_or(area.name);
    area.name_en = change.name_en.clone().or(area.name_en);
    check(&area.code, &area.name, area.name_en.as_deref())?;
    if queries::code_is_taken(tx.conn, &area.code, id)? {
        return Err(Refusal::new(Code::CodeTaken).field("/code", FieldCode::Duplicate).into());
    }
    area.version += 1;
    area.updated_at = tx.now;
    record(tx, "area.changed", id, json!({ "change": change, "version": area.version }))?;
    if moves {
        let parent = parent(tx, change.parent_id)?;
        let place = rules::place(id, parent.as_ref())?;
        area.parent_id = change.parent_id;
        queries::update(tx.conn, &area)?;
        queries::replant(tx.conn, &area, &place, tx.now)?;
        return queries::find_any(tx.conn, id)?.ok_or_else(|| Code::NotFound.into());
    }
    queries::update(tx.conn, &area)?;
    Ok(area)
}

/// The area if the caller manages it.
fn managed(tx: &mut WriteTx<'_>, id: AreaId) -> Outcome<Area> {
    let area = queries::find_any(tx.conn, id)?.ok_or(Code::NotFound)?;
    if tx.actor.scope.covers_area(&area.place) { Ok(area) } else { Err(Code::NotFound.into()) }
}

/// Removes an area that nothing lies in and nobody answers for.
#[utoipa::path(tag = "areas", params(("id" = AreaId, Path, description = "The area.")), security(("bearer" = [])),
    responses((status = 204, description = "Removed.")))]
#[delete("/areas/{id}")]
pub async fn delete_area(access: Access<ManageAreas>, id: Id<AreaId>) -> Outcome<HttpResponse> {
    access
        .write(move |tx| {
            let area = managed(tx, id.0)?;
            if queries::is_in_use(tx.conn, area.id)? {
                return Err(Code::AreaInUse.into());
            }
            record(tx, "area.removed", area.id, json!({ "code": area.code, "name": area.name }))?;
            queries::delete(tx.conn, area.id)
        })
        .await?;
    Ok(no_content())
}
