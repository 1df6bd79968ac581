//! Photos over HTTP: sent once, read by role, never replaced.

use super::derivatives::{Copy, Derivatives};
use super::model::{Evidence, EvidenceRole, EvidenceStateKind, OwnerKind, PreviewState};
use super::store::{Store, altered};
use super::{arrival, intake, measures, queries, sweep};
use crate::access::{Access, Permission, ReadEvidence, ReadOriginals, Role, UploadEvidence};
use crate::db::Instant;
use crate::http::{Id, Stored, stored};
use crate::ids::{ActionId, EvidenceId, HazardId, InstitutionId, OwnerId};
use crate::refusal::{Code, Failure, Outcome};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_evidence).service(put_content).service(original).service(preview).service(thumbnail);
}

/// Where evidence bytes go. It holds no records, so handlers may have it without a permission; every
/// handler here asks the records first.
#[derive(Clone)]
pub struct Vault {
    pub store: Store,
    pub derivatives: Derivatives,
    pub spool: Arc<PathBuf>,
}

/// A photo and what is known of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000e1", "owner_kind": "hazard", "owner_id": "0198f000-0000-7000-8000-000000000040",
    "hazard_id": "0198f000-0000-7000-8000-000000000040",
    "institution_id": "0198f000-0000-7000-8000-000000000010", "role": "before", "state": "stored",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "media_type": "image/jpeg", "size": 203511,
    "declared_at": "2026-03-01T01:21:00Z", "stored_at": "2026-03-01T01:21:09Z", "width": 4032, "height": 3024,
    "exif_captured_at": "2026-03-01T09:20:00+08:00", "device": "HUAWEI P60", "preview": "available"
}))]
pub struct EvidenceView {
    pub id: EvidenceId,
    /// Which kind of record it belongs to.
    pub owner_kind: OwnerKind,
    pub owner_id: OwnerId,
    /// The hazard, if it belongs to one.
    pub hazard_id: Option<HazardId>,
    /// The part of the record it shows, such as an item of the checklist.
    pub part: Option<String>,
    pub institution_id: InstitutionId,
    pub action_id: Option<ActionId>,
    pub role: EvidenceRole,
    pub state: EvidenceStateKind,
    pub sha256: String,
    pub media_type: String,
    pub size: i64,
    /// What the phone's clock said when it was declared.
    pub captured_at: Option<Instant>,
    pub declared_at: Instant,
    pub stored_at: Option<Instant>,
    /// As the original stores it, before turning.
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// The camera's own time, with its offset where it wrote one.
    pub exif_captured_at: Option<String>,
    /// Where the camera says it was; for inspectors, supervisors and auditors only.
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub device: Option<String>,
    pub preview: PreviewState,
}

fn view(of: Evidence, role: Role) -> EvidenceView {
    let precise = matches!(role, Role::Inspector | Role::Supervisor | Role::Auditor);
    EvidenceView {
        id: of.id,
        owner_kind: of.owner_kind,
        owner_id: of.owner_id,
        hazard_id: (of.owner_kind == OwnerKind::Hazard).then_some(HazardId(of.owner_id.0)),
        part: of.part,
        institution_id: of.institution_id,
        action_id: of.action_id,
        role: of.role,
        state: of.state,
        sha256: of.sha256,
        media_type: of.media_type,
        size: of.size,
        captured_at: of.captured_at,
        declared_at: of.declared_at,
        stored_at: of.stored_at,
        width: of.width,
        height: of.height,
        exif_captured_at: of.exif_captured_at,
        latitude: of.latitude.filter(|_| precise),
        longitude: of.longitude.filter(|_| precise),
        device: of.device.filter(|_| precise),
        preview: of.preview,
    }
}

/// What is known of a photo: whether it has arrived, and what the camera wrote into it.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path, description = "The photo.")), security(("bearer" = [])),
    responses((status = 200, description = "The photo's record.", body = EvidenceView)))]
#[get("/evidence/{id}")]
pub async fn get_evidence(access: Access<ReadEvidence>, id: Id<EvidenceId>) -> Outcome<HttpResponse> {
    let found = access
        .read(move |tx| {
            let evidence = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            Ok(view(evidence, tx.actor.role))
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Uploads the bytes of a declared photo. Send `Content-Digest: sha-256=:…:` to have them checked on the way.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path, description = "The declared photo."), ("Content-Digest" = Option<String>, Header, description = "RFC 9530, sha-256.")),
    request_body(content(
        (Vec<u8> = "image/jpeg", example = json!("(bytes)")),
        (Vec<u8> = "image/png"),
        (Vec<u8> = "image/webp"),
        (Vec<u8> = "image/heic"),
    )),
    security(("bearer" = [])),
    responses((status = 201, description = "Stored and verified.", body = EvidenceView), (status = 200, description = "It was stored before.", body = EvidenceView)))]
#[put("/evidence/{id}/content")]
pub async fn put_content(
    access: Access<UploadEvidence>,
    req: HttpRequest,
    id: Id<EvidenceId>,
    vault: web::Data<Vault>,
    body: web::Payload,
) -> Outcome<HttpResponse> {
    let id = id.0;
    let (declared, mark) = access
        .read(move |tx| {
            let declared = queries::find(tx.conn, &tx.actor.scope, id)?;
            let mark = queries::sweep_mark(tx.conn, &declared.sha256)?;
            Ok((declared, mark))
        })
        .await?;
    let received = match intake::check_headers(&req, &declared) {
        Ok(()) => intake::receive(body, &declared, &vault.spool).await,
        Err(failure) => Err(failure),
    };
    let received = match received {
        Err(failure) if is_replacement(&failure, &declared) => {
            access.write(|_| -> Outcome<()> { Err(Code::EvidenceStored.into()) }).await?;
            return Err(failure);
        }
        other => other?,
    };
    let bytes = u64::try_from(declared.size).unwrap_or(0);
    measures::RECEIVED.inc_by(bytes);
    vault.store.put_original(&declared.sha256, received.file).await?;
    let facts = received.facts;
    let (answer, found) = access
        .write(move |tx| {
            // The last photo may close the hazard: not while a step is being taken.
            tx.conn.lock(declared.owner_id.0)?;
            sweep::check_untouched(tx.conn, &declared.sha256, mark.as_ref())?;
            let answer = arrival::arrive(tx, id, &facts)?;
            let after = queries::find(tx.conn, &tx.actor.scope, id)?;
            Ok((answer, view(after, tx.actor.role)))
        })
        .await?;
    if answer == Stored::Created {
        measures::STORED.inc_by(bytes);
    }
    Ok(stored(answer, 1, &found))
}

/// Whether other bytes were sent for what is stored already: refused, and written into the trail.
fn is_replacement(failure: &Failure, declared: &Evidence) -> bool {
    let other = matches!(failure, Failure::Refused(refusal) if refusal.code == Code::DigestMismatch);
    other && declared.state == EvidenceStateKind::Stored
}

/// The untouched original, as an attachment. Each reading is written into the audit trail.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path, description = "The photo.")), security(("bearer" = [])),
    responses((status = 200, description = "The bytes as they were received.", content(
        (Vec<u8> = "image/jpeg", example = json!("(bytes)")), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp"), (Vec<u8> = "image/heic")))))]
#[get("/evidence/{id}/original")]
pub async fn original(
    access: Access<ReadOriginals>,
    id: Id<EvidenceId>,
    vault: web::Data<Vault>,
) -> Outcome<HttpResponse> {
    let found = access
        .write(move |tx| {
            let found = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            if found.state != EvidenceStateKind::Stored {
                return Err(Code::EvidenceNotStored.into());
            }
            arrival::record(
                tx,
                &found,
                "evidence.original_read",
                json!({ "evidence": found.id, "sha256": found.sha256 }),
            )?;
            Ok(found)
        })
        .await?;
    if !vault.store.is_intact(&found.sha256).await? {
        return Err(altered(&found.sha256));
    }
    let stream = vault.store.stream(&found.sha256).await?;
    let extension = anlao_imaging::MediaType::parse(&found.media_type).map_or("bin", |kind| kind.extension());
    Ok(HttpResponse::Ok()
        .content_type(found.media_type.as_str())
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.{extension}\"", found.id),
        ))
        .insert_header((header::ETAG, format!("\"{}\"", found.sha256)))
        .no_chunking(u64::try_from(found.size).unwrap_or(0))
        .streaming(stream))
}

/// An upright copy of at most 1600 px without metadata.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path, description = "The photo.")), security(("bearer" = [])),
    responses((status = 200, description = "A JPEG.", content_type = "image/jpeg", body = Vec<u8>, example = json!("(bytes)"))))]
#[get("/evidence/{id}/preview")]
pub async fn preview(
    access: Access<ReadEvidence>,
    id: Id<EvidenceId>,
    vault: web::Data<Vault>,
) -> Outcome<HttpResponse> {
    copy(access, id.0, &vault, Copy::Preview).await
}

/// An upright copy of at most 320 px without metadata.
#[utoipa::path(tag = "evidence", params(("id" = EvidenceId, Path, description = "The photo.")), security(("bearer" = [])),
    responses((status = 200, description = "A JPEG.", content_type = "image/jpeg", body = Vec<u8>, example = json!("(bytes)"))))]
#[get("/evidence/{id}/thumbnail")]
pub async fn thumbnail(
    access: Access<ReadEvidence>,
    id: Id<EvidenceId>,
    vault: web::Data<Vault>,
) -> Outcome<HttpResponse> {
    copy(access, id.0, &vault, Copy::Thumbnail).await
}

async fn copy(
    access: Access<ReadEvidence>,
    id: EvidenceId,
    vault: &Vault,
    copy: Copy,
) -> Outcome<HttpResponse> {
    let found = access.read(move |tx| queries::find(tx.conn, &tx.actor.scope, id)).await?;
    let jpeg = jpeg_of(&access, vault, &found, copy).await?;
    Ok(HttpResponse::Ok()
        .content_type("image/jpeg")
        .insert_header((header::CONTENT_DISPOSITION, "inline"))
        .insert_header((header::CACHE_CONTROL, "private, max-age=86400, immutable"))
        .body(jpeg))
}

/// The copy of a photo that the caller has been shown to cover.
pub async fn jpeg_of<P: Permission>(
    access: &Access<P>,
    vault: &Vault,
    found: &Evidence,
    copy: Copy,
) -> Outcome<Bytes> {
    if found.state != EvidenceStateKind::Stored {
        return Err(Code::EvidenceNotStored.into());
    }
    if found.preview == PreviewState::None {
        return Err(Code::NoPreview.into());
    }
    let pixels = i64::from(found.width.unwrap_or(0)) * i64::from(found.height.unwrap_or(0));
    let made = vault.derivatives.get(&found.sha256, pixels, copy).await;
    if made.as_ref().is_err_and(is_without_preview) {
        // The bytes never change, so neither will this: the record says it from now on.
        let found = found.clone();
        access.write(move |tx| arrival::without_preview(tx, &found)).await?;
    }
    made
}

fn is_without_preview(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(refusal) if refusal.code == Code::NoPreview)
}
