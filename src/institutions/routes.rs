//! Institutions over HTTP.

use super::credit_code;
use super::model::{Institution, MealSupply, OperatingStatus, Ownership, RiskGrade};
use super::queries::{self, Narrowing};
use crate::access::{Access, ManageInstitutions, ReadInstitutions, WriteTx};
use crate::areas::{self, model::Area};
use crate::audit;
use crate::canonical::digest;
use crate::db::Instant;
use crate::fields::Fields;
use crate::http::{Body, Cursor, Id, Page, Query, Stored, expected_version, limit, object, page, stored};
use crate::ids::{AreaId, InstitutionId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, get, patch, put};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_institutions)
        .service(get_institution)
        .service(put_institution)
        .service(patch_institution);
}

/// An institution as it is registered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "area_id": "0198f000-0000-7000-8000-000000000002", "name": "船山区夕阳红养老院", "credit_code": "52510903MJQ1234569",
    "ownership": "private", "principal": "王芳", "phone": "0825-5550101", "address": "船山区滨江路12号",
    "beds": 80, "residents": 61, "disabled_residents": 22, "meal_supply": "own_canteen", "key_fire_unit": true
}))]
pub struct InstitutionForm {
    pub area_id: AreaId,
    #[schema(min_length = 2, max_length = 100)]
    pub name: String,
    /// 统一社会信用代码, 18 characters with its check character.
    #[schema(min_length = 18, max_length = 18)]
    pub credit_code: Option<String>,
    #[serde(default = "operating")]
    pub status: OperatingStatus,
    pub ownership: Ownership,
    /// 法定代表人
    #[schema(min_length = 1, max_length = 60)]
    pub legal_representative: Option<String>,
    /// 主要负责人
    #[schema(min_length = 1, max_length = 60)]
    pub principal: Option<String>,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub address: Option<String>,
    /// 备案号
    #[schema(min_length = 1, max_length = 60)]
    pub filing_number: Option<String>,
    #[schema(minimum = 0, maximum = 20000)]
    pub beds: i32,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 20000)]
    pub residents: i32,
    /// Residents who cannot leave by themselves (失能).
    #[serde(default)]
    #[schema(minimum = 0, maximum = 20000)]
    pub disabled_residents: i32,
    #[serde(default = "own_canteen")]
    pub meal_supply: MealSupply,
    /// 消防安全重点单位
    #[serde(default)]
    pub key_fire_unit: bool,
    /// 火灾高危单位
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fire_high_risk: bool,
    /// Lifts, boilers and other special equipment (特种设备).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub special_equipment: bool,
    pub risk_grade: Option<RiskGrade>,
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
}

fn operating() -> OperatingStatus {
    OperatingStatus::Operating
}

fn own_canteen() -> MealSupply {
    MealSupply::OwnCanteen
}

/// What to change; absent fields stay as they are. A new `area_id` moves the institution.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "suspended", "residents": 0, "expected_version": 1}))]
pub struct InstitutionChange {
    pub area_id: Option<AreaId>,
    #[schema(min_length = 2, max_length = 100)]
    pub name: Option<String>,
    #[schema(min_length = 18, max_length = 18)]
    pub credit_code: Option<String>,
    pub status: Option<OperatingStatus>,
    pub ownership: Option<Ownership>,
    #[schema(min_length = 1, max_length = 60)]
    pub legal_representative: Option<String>,
    #[schema(min_length = 1, max_length = 60)]
    pub principal: Option<String>,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub address: Option<String>,
    #[schema(min_length = 1, max_length = 60)]
    pub filing_number: Option<String>,
    #[schema(minimum = 0, maximum = 20000)]
    pub beds: Option<i32>,
    #[schema(minimum = 0, maximum = 20000)]
    pub residents: Option<i32>,
    #[schema(minimum = 0, maximum = 20000)]
    pub disabled_residents: Option<i32>,
    pub meal_supply: Option<MealSupply>,
    pub key_fire_unit: Option<bool>,
    pub fire_high_risk: Option<bool>,
    pub special_equipment: Option<bool>,
    pub risk_grade: Option<RiskGrade>,
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    pub expected_version: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000010", "area_id": "0198f000-0000-7000-8000-000000000002",
    "name": "船山区夕阳红养老院", "status": "operating", "ownership": "private", "beds": 80, "residents": 61,
    "disabled_residents": 22, "meal_supply": "own_canteen", "key_fire_unit": true, "fire_high_risk": false, "special_equipment": true, "version": 1,
    "created_at": "2026-01-05T01:00:00Z", "updated_at": "2026-01-05T01:00:00Z"
}))]
pub struct InstitutionView {
    pub id: InstitutionId,
    pub area_id: AreaId,
    pub name: String,
    pub credit_code: Option<String>,
    pub status: OperatingStatus,
    pub ownership: Ownership,
    pub legal_representative: Option<String>,
    pub principal: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub filing_number: Option<String>,
    pub beds: i32,
    pub residents: i32,
    pub disabled_residents: i32,
    pub meal_supply: MealSupply,
    pub key_fire_unit: bool,
    pub fire_high_risk: bool,
    pub special_equipment: bool,
    pub risk_grade: Option<RiskGrade>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl From<Institution> for InstitutionView {
    fn from(of: Institution) -> Self {
        Self {
            id: of.id,
            area_id: of.area_id,
            name: of.name,
            credit_code: of.credit_code,
            status: of.status,
            ownership: of.ownership,
            legal_representative: of.legal_representative,
            principal: of.principal,
            phone: of.phone,
            address: of.address,
            filing_number: of.filing_number,
            beds: of.beds,
            residents: of.residents,
            disabled_residents: of.disabled_residents,
            meal_supply: of.meal_supply,
            key_fire_unit: of.key_fire_unit,
            fire_high_risk: of.fire_high_risk,
            special_equipment: of.special_equipment,
            risk_grade: of.risk_grade,
            latitude: of.latitude,
            longitude: of.longitude,
            version: of.version,
            created_at: of.created_at,
            updated_at: of.updated_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InstitutionFilter {
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    pub status: Option<OperatingStatus>,
    /// Part of the name.
    pub q: Option<String>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The institutions the caller may see, by name.
#[utoipa::path(tag = "institutions", params(InstitutionFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of institutions.", body = Page<InstitutionView>)))]
#[get("/institutions")]
pub async fn list_institutions(
    access: Access<ReadInstitutions>,
    req: HttpRequest,
    filter: Query<InstitutionFilter>,
) -> Outcome<HttpResponse> {
    let InstitutionFilter { area_id, status, q, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after = Cursor::decode(cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            let area = match area_id {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
                None => None,
            };
            let text = q.filter(|text| !text.trim().is_empty());
            queries::list(tx.conn, &tx.actor.scope, Narrowing { area, status, text, after }, limit + 1)
        })
        .await?;
    let place = |of: &Institution| Cursor::encode(&(crate::db::search::normalise(&of.name), of.id));
    Ok(page(&req, &Page::cut(found, limit, place, InstitutionView::from)))
}

/// One institution.
#[utoipa::path(tag = "institutions", params(("id" = InstitutionId, Path, description = "The institution.")), security(("bearer" = [])),
    responses((status = 200, description = "The institution.", body = InstitutionView)))]
#[get("/institutions/{id}")]
pub async fn get_institution(
    access: Access<ReadInstitutions>,
    id: Id<InstitutionId>,
) -> Outcome<HttpResponse> {
    let found = access.read(move |tx| queries::find(tx.conn, &tx.actor.scope, id.0)).await?;
    Ok(object(found.version, &InstitutionView::from(found)))
}

/// Registers an institution, or confirms that it is registered so.
#[utoipa::path(tag = "institutions", params(("id" = InstitutionId, Path, description = "Made by the caller.")),
    request_body = InstitutionForm, security(("bearer" = [])),
    responses((status = 201, description = "Registered.", body = InstitutionView), (status = 200, description = "Already registered so.", body = InstitutionView)))]
#[put("/institutions/{id}")]
pub async fn put_institution(
    access: Access<ManageInstitutions>,
    id: Id<InstitutionId>,
    form: Body<InstitutionForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access.write(move |tx| register(tx, id.0, &form.0)).await?;
    Ok(stored(answer, found.version, &InstitutionView::from(found)))
}

/// Registers an institution in an area that the caller covers.
pub fn register(
    tx: &mut WriteTx<'_>,
    id: InstitutionId,
    form: &InstitutionForm,
) -> Outcome<(Stored, Institution)> {
    let digest = digest(form);
    if let Some(existing) = queries::find_any(tx.conn, id)? {
        if !tx.actor.scope.covers_area(&existing.place) {
            return Err(Code::NotFound.into());
        }
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    let area = area(tx, form.area_id)?;
    let form = form.clone();
    let new = Institution {
        id,
        area_id: area.id,
        place: area.place,
        name: form.name,
        credit_code: form.credit_code,
        status: form.status,
        ownership: form.ownership,
        legal_representative: form.legal_representative,
        principal: form.principal,
        phone: form.phone,
        address: form.address,
        filing_number: form.filing_number,
        beds: form.beds,
        residents: form.residents,
        disabled_residents: form.disabled_residents,
        meal_supply: form.meal_supply,
        key_fire_unit: form.key_fire_unit,
        fire_high_risk: form.fire_high_risk,
        special_equipment: form.special_equipment,
        risk_grade: form.risk_grade,
        latitude: form.latitude,
        longitude: form.longitude,
        digest,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    check(tx, &new)?;
    record(tx, "institution.registered", &new)?;
    queries::insert(tx.conn, new.clone())?;
    Ok((Stored::Created, new))
}

fn area(tx: &mut WriteTx<'_>, id: AreaId) -> Outcome<Area> {
    areas::queries::hold_still(tx.conn)?;
    match areas::queries::find_any(tx.conn, id)? {
        Some(area) if tx.actor.scope.covers_area(&area.place) => Ok(area),
        _ => Err(Refusal::invalid("/area_id", FieldCode::UnknownReference).into()),
    }
}

fn check(tx: &mut WriteTx<'_>, of: &Institution) -> Outcome<()> {
    let mut fields = Fields::new();
    fields.line("/name", &of.name, 2..=100);
    fields.optional_line("/legal_representative", of.legal_representative.as_deref(), 60);
    fields.optional_line("/principal", of.principal.as_deref(), 60);
    fields.optional_line("/phone", of.phone.as_deref(), 40);
    fields.optional_line("/address", of.address.as_deref(), 200);
    fields.optional_line("/filing_number", of.filing_number.as_deref(), 60);
    fields.number("/beds", &of.beds, 0..=20_000);
    fields.number("/residents", &of.residents, 0..=20_000);
    fields.check(of.disabled_residents <= of.residents, "/disabled_residents", FieldCode::Mismatch);
    fields.number("/disabled_residents", &of.disabled_residents, 0..=20_000);
    fields.number("/latitude", &of.latitude.unwrap_or(0.0), -90.0..=90.0);
    fields.number("/longitude", &of.longitude.unwrap_or(0.0), -180.0..=180.0);
    fields.check(of.latitude.is_some() == of.longitude.is_some(), "/longitude", FieldCode::Mismatch);
    let code = of.credit_code.as_deref();
    fields.check(code.is_none_or(credit_code::is_valid), "/credit_code", FieldCode::CheckCharacter);
    fields.finish()?;
    if let Some(code) = code
        && queries::credit_code_is_taken(tx.conn, code, of.id)?
    {
        return Err(Refusal::new(Code::CodeTaken).field("/credit_code", FieldCode::Duplicate).into());
    }
    Ok(())
}

fn record(tx: &mut WriteTx<'_>, action: &'static str, of: &Institution) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.id.into(),
        action,
        object_kind: "institution",
        object_id: Some(of.id.0),
        content: json!(InstitutionView::from(of.clone())),
    };
    audit::record(tx, entry)
}

/// Changes an institution, suspends or closes it, or moves it to another area. Needs `If-Match` or `expected_version`.
#[utoipa::path(tag = "institutions", params(("id" = InstitutionId, Path, description = "The institution."), ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = InstitutionChange, security(("bearer" = [])),
    responses((status = 200, description = "Changed.", body = InstitutionView)))]
#[patch("/institutions/{id}")]
pub async fn patch_institution(
    access: Access<ManageInstitutions>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    change: Body<InstitutionChange>,
) -> Outcome<HttpResponse> {
    let version = expected_version(&req, change.0.expected_version)?.ok_or(Code::PreconditionRequired)?;
    let found = access.write(move |tx| revise(tx, id.0, version, change.0.clone())).await?;
    Ok(object(found.version, &InstitutionView::from(found)))
}

/// Carries out a change of an institution the caller covers, over the version they saw.
pub fn revise(
    tx: &mut WriteTx<'_>,
    id: InstitutionId,
    version: i64,
    change: InstitutionChange,
) -> Outcome<Institution> {
    let before = queries::find(tx.conn, &tx.actor.scope, id)?;
    if before.version != version {
        return Err(Code::Stale.into());
    }
    let moved = match change.area_id.filter(|area| *area != before.area_id) {
        Some(id) => Some(area(tx, id)?),
        None => None,
    };
    let mut after = apply(before, change);
    after.version += 1;
    after.updated_at = tx.now;
    if let Some(area) = &moved {
        after.area_id = area.id;
        after.place = area.place;
    }
    check(tx, &after)?;
    record(tx, "institution.changed", &after)?;
    queries::update(tx.conn, after.clone())?;
    if moved.is_some() {
        areas::queries::place_institution(tx.conn, id, &after.place)?;
    }
    Ok(after)
}

fn apply(before: Institution, change: InstitutionChange) -> Institution {
    Institution {
        name: change.name.unwrap_or(before.name),
        credit_code: change.credit_code.or(before.credit_code),
        status: change.status.unwrap_or(before.status),
        ownership: change.ownership.unwrap_or(before.ownership),
        legal_representative: change.legal_representative.or(before.legal_representative),
        principal: change.principal.or(before.principal),
        phone: change.phone.or(before.phone),
        address: change.address.or(before.address),
        filing_number: change.filing_number.or(before.filing_number),
        beds: change.beds.unwrap_or(before.beds),
        residents: change.residents.unwrap_or(before.residents),
        disabled_residents: change.disabled_residents.unwrap_or(before.disabled_residents),
        meal_supply: change.meal_supply.unwrap_or(before.meal_supply),
        key_fire_unit: change.key_fire_unit.unwrap_or(before.key_fire_unit),
        fire_high_risk: change.fire_high_risk.unwrap_or(before.fire_high_risk),
        special_equipment: change.special_equipment.unwrap_or(before.special_equipment),
        risk_grade: change.risk_grade.or(before.risk_grade),
        latitude: change.latitude.or(before.latitude),
        longitude: change.longitude.or(before.longitude),
        ..before
    }
}
