//! Notices over HTTP.

use super::content::Content;
use super::form::{NoticeForm, NoticeStepForm};
use super::model::{Notice, NoticeKind, NoticeState};
use super::paper::{Paper, Pictures, docx, html};
use super::queries::{self, Narrowing};
use super::view::{self, NoticeDetail, NoticeView};
use super::{content, issue, step};
use crate::access::{Access, ActOnNotices, IssueNotices, ReadNotices, ReadTx};
use crate::areas;
use crate::db::Instant;
use crate::evidence::derivatives::Copy;
use crate::evidence::routes::Vault;
use crate::http::{Body, Cursor, Id, Page, Query, limit, object, page, path_id, stored};
use crate::ids::{AreaId, HazardId, InstitutionId, NoticeId, NoticeStepId};
use crate::refusal::{Code, Failure, Outcome};
use crate::{hazards, institutions};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_notices)
        .service(get_notice)
        .service(put_notice)
        .service(put_notice_step)
        .service(notice_page)
        .service(notice_document);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeFilter {
    pub kind: Option<NoticeKind>,
    pub state: Option<NoticeState>,
    pub institution_id: Option<InstitutionId>,
    /// About institutions in this area and all below it.
    pub area_id: Option<AreaId>,
    /// On which this hazard stands.
    pub hazard_id: Option<HazardId>,
    /// The year of the number.
    pub year: Option<i32>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The notices about places the caller may see, the newest first.
#[utoipa::path(tag = "notices", params(NoticeFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of notices.", body = Page<NoticeView>)))]
#[get("/notices")]
pub async fn list_notices(
    access: Access<ReadNotices>,
    req: HttpRequest,
    filter: Query<NoticeFilter>,
) -> Outcome<HttpResponse> {
    let filter = filter.0;
    let limit = limit(filter.limit)?;
    let after: Option<(Instant, NoticeId)> = Cursor::decode(filter.cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            let narrowing = narrowing(tx, &filter, after)?;
            queries::list(tx.conn, &tx.actor.scope, narrowing, limit + 1)
        })
        .await?;
    let place = |notice: &Notice| Cursor::encode(&(notice.issued_at, notice.id));
    let cut = Page::cut(found, limit, place, |notice| notice);
    let items = cut.items.into_iter().map(view::one).collect::<Outcome<Vec<_>>>()?;
    Ok(page(&req, &Page { items, next_cursor: cut.next_cursor }))
}

/// What a caller may not see narrows to nothing they could learn from: 404.
fn narrowing(
    tx: &mut ReadTx<'_>,
    filter: &NoticeFilter,
    after: Option<(Instant, NoticeId)>,
) -> Outcome<Narrowing> {
    let area = match filter.area_id {
        Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
        None => None,
    };
    if let Some(id) = filter.institution_id {
        institutions::queries::find(tx.conn, &tx.actor.scope, id)?;
    }
    if let Some(id) = filter.hazard_id {
        hazards::queries::find(tx.conn, &tx.actor.scope, id)?;
    }
    Ok(Narrowing {
        kind: filter.kind,
        state: filter.state,
        year: filter.year,
        institution: filter.institution_id,
        hazard: filter.hazard_id,
        area,
        after,
    })
}

/// One notice with its steps, its hazards as they are now, and the steps open to the caller.
#[utoipa::path(tag = "notices", params(("id" = NoticeId, Path, description = "The notice.")), security(("bearer" = [])),
    responses((status = 200, description = "The notice.", body = NoticeDetail)))]
#[get("/notices/{id}")]
pub async fn get_notice(access: Access<ReadNotices>, id: Id<NoticeId>) -> Outcome<HttpResponse> {
    let detail = access
        .read(move |tx| {
            let notice = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            view::detail(tx, notice)
        })
        .await?;
    Ok(object(detail.notice.version, &detail))
}

/// Issues a notice under the office's next number, or confirms that it was issued so. Safe to repeat any number of times.
#[utoipa::path(tag = "notices", params(("id" = NoticeId, Path, description = "Made by the caller, UUIDv7.")), request_body = NoticeForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Issued.", body = NoticeDetail), (status = 200, description = "Already issued so.", body = NoticeDetail)))]
#[put("/notices/{id}")]
pub async fn put_notice(
    access: Access<IssueNotices>,
    id: Id<NoticeId>,
    form: Body<NoticeForm>,
) -> Outcome<HttpResponse> {
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, notice) = issue::issue(tx, id.0, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), notice)?))
        })
        .await?;
    Ok(stored(answer, detail.notice.version, &detail))
}

/// Says what became of a notice, or confirms that it was said so: served, acknowledged, answered, declared void. Safe to
/// repeat any number of times.
#[utoipa::path(tag = "notices", params(("id" = NoticeId, Path, description = "The notice."), ("step_id" = NoticeStepId, Path, description = "Made by the caller, UUIDv7.")),
    request_body = NoticeStepForm, security(("bearer" = [])),
    responses((status = 201, description = "Done; the notice as it is now.", body = NoticeDetail), (status = 200, description = "It was done before.", body = NoticeDetail)))]
#[put("/notices/{id}/steps/{step_id}")]
pub async fn put_notice_step(
    access: Access<ActOnNotices>,
    req: HttpRequest,
    id: Id<NoticeId>,
    form: Body<NoticeStepForm>,
) -> Outcome<HttpResponse> {
    let step = path_id(&req, "step_id").map(NoticeStepId).ok_or(Code::NotFound)?;
    let (answer, detail) = access
        .write(move |tx| {
            let (answer, notice) = step::take(tx, id.0, step, &form.0)?;
            Ok((answer, view::detail(&mut tx.reading(), notice)?))
        })
        .await?;
    Ok(stored(answer, detail.notice.version, &detail))
}

/// What was frozen of a notice, with the small copies of its photos.
struct Frozen {
    content: Content,
    digest: String,
    void: bool,
    pictures: Pictures,
}

impl Frozen {
    async fn read(access: &Access<ReadNotices>, id: NoticeId, vault: &Vault) -> Outcome<Self> {
        let notice = access.read(move |tx| queries::find(tx.conn, &tx.actor.scope, id)).await?;
        let content = view::content(&notice)?;
        let pictures = pictures(&content, vault).await?;
        Ok(Self { content, digest: notice.digest, void: notice.state == NoticeState::Void, pictures })
    }

    fn paper(&self) -> Paper<'_> {
        Paper { content: &self.content, digest: &self.digest, pictures: &self.pictures, void: self.void }
    }
}

/// Each photo once. One that cannot be shown is left out, and the paper says so in its place.
async fn pictures(content: &Content, vault: &Vault) -> Outcome<Pictures> {
    let photos = content.items.iter().flat_map(|item| &item.photos);
    let wanted: BTreeMap<String, i64> = photos.map(|photo| (photo.sha256.clone(), photo.pixels)).collect();
    let copies = stream::iter(wanted).map(async |(sha256, pixels)| {
        match vault.derivatives.get(&sha256, pixels, Copy::Thumbnail).await {
            Ok(jpeg) => Ok(Some((sha256, jpeg))),
            Err(Failure::Refused(refusal)) if refusal.code == Code::NoPreview => Ok(None),
            Err(failure) => Err(failure),
        }
    });
    let made: Vec<Option<_>> = copies.buffered(2).try_collect().await?;
    Ok(made.into_iter().flatten().collect())
}

/// The notice as a page that needs nothing else, for reading and for printing on A4. The same bytes every time.
#[utoipa::path(tag = "notices", params(("id" = NoticeId, Path, description = "The notice.")), security(("bearer" = [])),
    responses((status = 200, description = "HTML with its style, its photos and a QR code; nothing in it runs.", content_type = "text/html", body = String, example = json!("<!DOCTYPE html>…"))))]
#[get("/notices/{id}/page")]
pub async fn notice_page(
    access: Access<ReadNotices>,
    id: Id<NoticeId>,
    vault: web::Data<Vault>,
) -> Outcome<HttpResponse> {
    let frozen = Frozen::read(&access, id.0, &vault).await?;
    let page = html::page(&frozen.paper());
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, page.policy))
        .insert_header((header::CONTENT_DISPOSITION, "inline"))
        .body(page.html))
}

/// The notice as a DOCX file, with its photos and a QR code. The same bytes every time.
#[utoipa::path(tag = "notices", params(("id" = NoticeId, Path, description = "The notice.")), security(("bearer" = [])),
    responses((status = 200, description = "The file.", content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", body = Vec<u8>, example = json!("(bytes)"))))]
#[get("/notices/{id}/document")]
pub async fn notice_document(
    access: Access<ReadNotices>,
    id: Id<NoticeId>,
    vault: web::Data<Vault>,
) -> Outcome<HttpResponse> {
    let frozen = Frozen::read(&access, id.0, &vault).await?;
    let file = docx::document(&frozen.paper())?;
    let name = content::file_name(&frozen.content);
    Ok(HttpResponse::Ok()
        .content_type(docx::MEDIA_TYPE)
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.docx\"; filename*=UTF-8''{name}.docx", id.0),
        ))
        .body(file))
}
