//! The rule library over HTTP.

use super::adopt::{self, AdoptionEnd, AdoptionForm};
use super::compare::{Difference, differences};
use super::document::{Document, Head};
use super::kinds::Kind;
use super::load;
use super::model::{AdoptionRow, LoadedDocument};
use super::queries;
use super::terms::is_document_id;
use crate::access::{Access, ManageRules, ReadRules, ReadTx};
use crate::areas;
use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::http::{Body, Cursor, Id, Page, Query, expected_version, limit, object, page, stored};
use crate::ids::{AdoptionId, AreaId, UserId};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_rules)
        .service(compare_rules)
        .service(get_rule)
        .service(put_rule)
        .service(retire_rule)
        .service(list_adoptions)
        .service(put_adoption)
        .service(end_adoption);
}

/// A day that a question names; years that no record can hold are refused.
pub fn asked_day(on: Option<NaiveDate>) -> Outcome<Option<NaiveDate>> {
    if on.is_some_and(|date| !is_written_year(date.year())) {
        return Err(Refusal::new(Code::InvalidQuery).field("on", FieldCode::OutOfRange).into());
    }
    Ok(on)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RuleFilter {
    pub kind: Option<Kind>,
    /// Only what is in force on this day; every version of every document when absent.
    pub on: Option<NaiveDate>,
    /// Only what is in force in this area, on the day that is asked for or today.
    pub area_id: Option<AreaId>,
}

/// A version of a document, without its content.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "kind": "deadlines", "id": "deadline-default", "version": 2, "level": "national", "title_zh": "整改期限（产品默认）",
    "title_en": "Deadlines, product default", "source": "Product default; no national table of days was found",
    "effective_from": "2024-01-01", "verified": false, "embedded": true,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}))]
pub struct RuleView {
    #[serde(flatten)]
    pub head: Head,
    /// Comes with the program.
    pub embedded: bool,
    /// Whose it is, below the nation.
    pub owner_area_id: Option<AreaId>,
    pub sha256: String,
    pub loaded_at: Option<Instant>,
    pub retired_at: Option<Instant>,
    pub retired_because: Option<String>,
}

/// The documents: few enough to come whole.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"items": [{
    "kind": "deadlines", "id": "deadline-default", "version": 2, "level": "national", "title_zh": "整改期限（产品默认）",
    "title_en": "Deadlines, product default", "source": "Product default; no national table of days was found",
    "effective_from": "2024-01-01", "verified": false, "embedded": true,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}]}))]
pub struct RulesView {
    pub items: Vec<RuleView>,
}

/// A version with its content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "kind": "deadlines", "id": "deadline-default", "version": 2, "level": "national", "title_zh": "整改期限（产品默认）",
    "title_en": "Deadlines, product default", "source": "Product default; no national table of days was found",
    "effective_from": "2024-01-01", "verified": false, "embedded": true,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "content": {"rework": {"days": 3, "counted": "calendar"}}, "text": "kind = \"deadlines\"\n…"
}))]
pub struct RuleDetail {
    #[serde(flatten)]
    pub rule: RuleView,
    /// As the program reads it; its form depends on the kind.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
    /// The TOML exactly as it was loaded.
    pub text: String,
}

fn view(document: &Document, loaded: Option<&LoadedDocument>) -> RuleView {
    RuleView {
        head: document.head.clone(),
        embedded: loaded.is_none(),
        owner_area_id: loaded.and_then(|loaded| loaded.owner_area_id),
        sha256: document.sha256.clone(),
        loaded_at: loaded.map(|loaded| loaded.loaded_at),
        retired_at: loaded.and_then(|loaded| loaded.retired_at),
        retired_because: loaded.and_then(|loaded| loaded.retired_because.clone()),
    }
}

fn detail(document: &Document, loaded: Option<&LoadedDocument>) -> Outcome<RuleDetail> {
    let content = serde_json::to_value(&document.content);
    let content = content.map_err(|_error| Failure::Internal("a rule document cannot be written as JSON"))?;
    Ok(RuleDetail { rule: view(document, loaded), content, text: document.text.clone() })
}

/// What the caller may see of the documents: the nation's, and those of areas they know of.
struct Sight {
    loaded: HashMap<(String, u32), LoadedDocument>,
    hidden: Vec<AreaId>,
}

impl Sight {
    fn of(tx: &mut ReadTx<'_>) -> Outcome<Self> {
        let mut sight = Self { loaded: HashMap::new(), hidden: Vec::new() };
        let mut known = Vec::new();
        for document in queries::loaded(tx.conn)? {
            if let Some(owner) = document.owner_area_id.filter(|owner| !known.contains(owner)) {
                known.push(owner);
                match areas::queries::find(tx.conn, &tx.actor.scope, owner) {
                    Ok(_) => {}
                    Err(Failure::Refused(_)) => sight.hidden.push(owner),
                    Err(failure) => return Err(failure),
                }
            }
            let version = u32::try_from(document.version).unwrap_or_default();
            sight.loaded.insert((document.id.clone(), version), document);
        }
        Ok(sight)
    }

    fn loaded(&self, head: &Head) -> Option<&LoadedDocument> {
        self.loaded.get(&(head.id.clone(), head.version))
    }

    fn sees(&self, head: &Head) -> bool {
        let owner = self.loaded(head).and_then(|loaded| loaded.owner_area_id);
        owner.is_none_or(|owner| !self.hidden.contains(&owner))
    }
}

/// The rule documents: all versions, or those in force at a place on a day.
#[utoipa::path(tag = "rules", params(RuleFilter), security(("bearer" = [])),
    responses((status = 200, description = "By id and version.", body = RulesView)))]
#[get("/rules")]
pub async fn list_rules(access: Access<ReadRules>, filter: Query<RuleFilter>) -> Outcome<HttpResponse> {
    let RuleFilter { kind, on, area_id } = filter.0;
    let on = asked_day(on)?;
    let found = access
        .read(move |tx| {
            let place = match area_id {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?.place),
                None => None,
            };
            let (rules, sight) = (tx.rules()?, Sight::of(tx)?);
            let kinds = || Kind::ALL.iter().filter(|one| kind.is_none_or(|kind| kind == **one));
            let documents: Vec<&Document> = if on.is_some() || place.is_some() {
                let on = on.unwrap_or_else(|| tx.office.date(tx.now));
                kinds().filter_map(|kind| rules.in_force(*kind, place.as_ref(), on).ok()).collect()
            } else {
                let all = rules.documents().into_iter().map(AsRef::as_ref);
                all.filter(|document: &&Document| kinds().any(|kind| *kind == document.head.kind)).collect()
            };
            let seen = documents.into_iter().filter(|document| sight.sees(&document.head));
            Ok(RulesView {
                items: seen.map(|document| view(document, sight.loaded(&document.head))).collect(),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// The id in a path; what cannot be one names nothing.
fn document_id(req: &HttpRequest) -> Outcome<String> {
    let id = req.match_info().get("document").unwrap_or_default();
    if is_document_id(id) { Ok(id.to_owned()) } else { Err(Code::NotFound.into()) }
}

/// The id and version in a path.
fn document_version(req: &HttpRequest) -> Outcome<(String, u32)> {
    let version = req.match_info().get("version").and_then(|text| text.parse().ok());
    Ok((document_id(req)?, version.ok_or(Code::NotFound)?))
}

/// One version with its content and its text.
#[utoipa::path(tag = "rules", params(
        ("document" = String, Path, description = "The document's id.", pattern = "^[a-z0-9][a-z0-9.-]{1,59}$"),
        ("version" = u32, Path, description = "Its version.", minimum = 1, maximum = 100000)),
    security(("bearer" = [])),
    responses((status = 200, description = "The document.", body = RuleDetail)))]
#[get("/rules/{document}/{version}")]
pub async fn get_rule(access: Access<ReadRules>, req: HttpRequest) -> Outcome<HttpResponse> {
    let (id, version) = document_version(&req)?;
    let found = access
        .read(move |tx| {
            let (rules, sight) = (tx.rules()?, Sight::of(tx)?);
            let document = rules.document(&id, version).ok_or(Code::NotFound)?;
            if !sight.sees(&document.head) {
                return Err(Code::NotFound.into());
            }
            detail(document, sight.loaded(&document.head))
        })
        .await?;
    Ok(object(1, &found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Versions {
    /// The earlier version.
    #[param(minimum = 1, maximum = 100000)]
    pub from: u32,
    /// The later one.
    #[param(minimum = 1, maximum = 100000)]
    pub to: u32,
}

/// What differs between two versions of one document.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "deadline-default", "from": 1, "to": 2,
    "differences": [{"path": "content.recheck.general_counted", "change": "changed", "before": "calendar", "after": "working"}]
}))]
pub struct Comparison {
    pub id: String,
    pub from: u32,
    pub to: u32,
    pub differences: Vec<Difference>,
}

/// The differences between two versions, path by path: the head's, then the content's.
#[utoipa::path(tag = "rules", params(
        ("document" = String, Path, description = "The document's id.", pattern = "^[a-z0-9][a-z0-9.-]{1,59}$"), Versions),
    security(("bearer" = [])),
    responses((status = 200, description = "What was added, removed and changed.", body = Comparison)))]
#[get("/rules/{document}/compare")]
pub async fn compare_rules(
    access: Access<ReadRules>,
    req: HttpRequest,
    versions: Query<Versions>,
) -> Outcome<HttpResponse> {
    let id = document_id(&req)?;
    let Versions { from, to } = versions.0;
    let found = access
        .read(move |tx| {
            let (rules, sight) = (tx.rules()?, Sight::of(tx)?);
            let written = |version: u32| -> Outcome<serde_json::Value> {
                let document = rules.document(&id, version).filter(|document| sight.sees(&document.head));
                let document = document.ok_or(Code::NotFound)?;
                let written = serde_json::json!({ "head": document.head, "content": document.content });
                Ok(written)
            };
            let differences = differences(&written(from)?, &written(to)?);
            Ok(Comparison { id: id.clone(), from, to, differences })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// A document as it is loaded.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "kind = \"elements\"\nid = \"wu-yu-suining\"\nversion = 1\n…", "owner_area_id": "0198f000-0000-7000-8000-000000000002"}))]
pub struct RuleText {
    /// The TOML, which is kept exactly as it is.
    #[schema(min_length = 1, max_length = 240000)]
    pub text: String,
    /// Whose it is: required for provincial documents and those of an office.
    pub owner_area_id: Option<AreaId>,
}

/// In characters; a body has its limit in bytes, too.
const LONGEST_TEXT: usize = 240_000;

/// Loads a version of a document, or confirms that it is loaded so. Every fault of the text is told with its line.
#[utoipa::path(tag = "rules", params(
        ("document" = String, Path, description = "The document's id.", pattern = "^[a-z0-9][a-z0-9.-]{1,59}$"),
        ("version" = u32, Path, description = "Its version.", minimum = 1, maximum = 100000)),
    request_body = RuleText, security(("bearer" = [])),
    responses((status = 201, description = "Loaded.", body = RuleDetail), (status = 200, description = "Already loaded so.", body = RuleDetail)))]
#[put("/rules/{document}/{version}")]
pub async fn put_rule(
    access: Access<ManageRules>,
    req: HttpRequest,
    form: Body<RuleText>,
) -> Outcome<HttpResponse> {
    let (id, version) = document_version(&req)?;
    let RuleText { text, owner_area_id } = form.0;
    if text.chars().count() > LONGEST_TEXT {
        return Err(Refusal::invalid("/text", FieldCode::TooLong).into());
    }
    // Read where nobody waits to write, once it is known who asks.
    let (text, document) = access
        .read(move |_| match Document::parse(&text) {
            Ok(document) => Ok((text, document)),
            Err(problems) => Err(load::refusal("/text", problems).into()),
        })
        .await?;
    if (document.head.id.as_str(), document.head.version) != (id.as_str(), version) {
        return Err(Refusal::invalid("/text", FieldCode::Mismatch).into());
    }
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, loaded) = load::load(tx, &text, owner_area_id, &document)?;
            Ok((answer, detail(&document, loaded.as_ref())?))
        })
        .await?;
    Ok(stored(answer, 1, &detail))
}

/// Why a version is retired.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "条文有误，已发布新版"}))]
pub struct Retirement {
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// Retires a version: nobody adopts it any more. Refused while somebody goes by it.
#[utoipa::path(tag = "rules", params(
        ("document" = String, Path, description = "The document's id.", pattern = "^[a-z0-9][a-z0-9.-]{1,59}$"),
        ("version" = u32, Path, description = "Its version.", minimum = 1, maximum = 100000)),
    request_body = Retirement, security(("bearer" = [])),
    responses((status = 200, description = "Retired, now or before.", body = RuleView)))]
#[post("/rules/{document}/{version}/retire")]
pub async fn retire_rule(
    access: Access<ManageRules>,
    req: HttpRequest,
    form: Body<Retirement>,
) -> Outcome<HttpResponse> {
    let (id, version) = document_version(&req)?;
    let found = access
        .write(move |tx| {
            let loaded = load::retire(tx, &id, version, &form.0.reason)?;
            let rules = tx.rules()?;
            let document = rules.document(&id, version).ok_or(Code::NotFound)?;
            Ok(view(document, Some(&loaded)))
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// An adoption as it stands.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000a1", "area_id": "0198f000-0000-7000-8000-000000000002", "kind": "deadlines",
    "document": "deadline-default", "document_version": 2, "effective_from": "2026-04-01",
    "adopted_by": "0198f000-0000-7000-8000-000000000020", "adopted_at": "2026-03-10T02:00:00Z", "version": 1,
    "updated_at": "2026-03-10T02:00:00Z"
}))]
pub struct AdoptionView {
    pub id: AdoptionId,
    /// Whose; absent for the whole database.
    pub area_id: Option<AreaId>,
    pub kind: Kind,
    pub document: String,
    pub document_version: i32,
    pub effective_from: NaiveDate,
    pub effective_to: Option<NaiveDate>,
    pub reason: Option<String>,
    pub adopted_by: UserId,
    pub adopted_at: Instant,
    pub version: i64,
    pub updated_at: Instant,
}

impl From<AdoptionRow> for AdoptionView {
    fn from(of: AdoptionRow) -> Self {
        Self {
            id: of.id,
            area_id: of.area_id,
            kind: of.kind,
            document: of.document_id,
            document_version: of.document_version,
            effective_from: of.effective_from,
            effective_to: of.effective_to,
            reason: of.reason,
            adopted_by: of.adopted_by,
            adopted_at: of.adopted_at,
            version: of.version,
            updated_at: of.updated_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AdoptionFilter {
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What areas of the caller's, and the whole database, have adopted.
#[utoipa::path(tag = "rules", params(AdoptionFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of adoptions, the oldest first.", body = Page<AdoptionView>)))]
#[get("/rule-adoptions")]
pub async fn list_adoptions(
    access: Access<ReadRules>,
    req: HttpRequest,
    filter: Query<AdoptionFilter>,
) -> Outcome<HttpResponse> {
    let limit = limit(filter.0.limit)?;
    let after: Option<AdoptionId> = Cursor::decode(filter.0.cursor.as_deref())?;
    let found =
        access.read(move |tx| queries::list_adoptions(tx.conn, &tx.actor.scope, after, limit + 1)).await?;
    Ok(page(&req, &Page::cut(found, limit, |one| Cursor::encode(&one.id), AdoptionView::from)))
}

/// Adopts a version from a day on, for an area and all below it or for the whole database; or confirms that.
#[utoipa::path(tag = "rules", params(("id" = AdoptionId, Path, description = "Made by the caller.")), request_body = AdoptionForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Adopted.", body = AdoptionView), (status = 200, description = "Already adopted so.", body = AdoptionView)))]
#[put("/rule-adoptions/{id}")]
pub async fn put_adoption(
    access: Access<ManageRules>,
    id: Id<AdoptionId>,
    form: Body<AdoptionForm>,
) -> Outcome<HttpResponse> {
    let (answer, adoption) = access.write(move |tx| adopt::adopt(tx, id.0, &form.0)).await?;
    Ok(stored(answer, adoption.version, &AdoptionView::from(adoption)))
}

/// Ends an adoption after a last day. Needs `If-Match` or `expected_version`.
#[utoipa::path(tag = "rules", params(("id" = AdoptionId, Path, description = "The adoption."), ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
    request_body = AdoptionEnd, security(("bearer" = [])),
    responses((status = 200, description = "Ended.", body = AdoptionView)))]
#[post("/rule-adoptions/{id}/retire")]
pub async fn end_adoption(
    access: Access<ManageRules>,
    req: HttpRequest,
    id: Id<AdoptionId>,
    form: Body<AdoptionEnd>,
) -> Outcome<HttpResponse> {
    let version = expected_version(&req, form.0.expected_version)?.ok_or(Code::PreconditionRequired)?;
    let adoption = access.write(move |tx| adopt::end(tx, id.0, version, &form.0)).await?;
    Ok(object(adoption.version, &AdoptionView::from(adoption)))
}
