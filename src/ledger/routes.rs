//! Imports and exports over HTTP: asked for, watched, fetched.

use super::export::{self, ExportForm};
use super::import;
use super::model::{Export, ExportState, FileFormat, Import, ImportError, ImportKind, ImportState};
use super::queries;
use super::rows::{Level, RowError};
use super::sheet::MOST_BYTES;
use crate::access::{Access, ExportRecords, ImportRecords, ReadTx};
use crate::db::Instant;
use crate::evidence::routes::Vault;
use crate::http::{Body, Cursor, Id, Page, Query, accepted, limit, page, prefers_english};
use crate::ids::{ExportId, ImportId, InstitutionId};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::Path;
use tokio::io::AsyncWriteExt;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_import)
        .service(get_import)
        .service(get_import_errors)
        .service(put_export)
        .service(get_export)
        .service(get_export_file);
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV: &str = "text/csv";

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportRequest {
    /// What the file holds.
    pub kind: ImportKind,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// Take the good rows although others have errors; else it is all or nothing.
    #[serde(default)]
    pub only_good: bool,
    /// The institution that a whole ledger is about; else a column or the title must name it.
    pub institution_id: Option<InstitutionId>,
    /// What the file is called, for people.
    #[param(min_length = 1, max_length = 200, pattern = r"\S")]
    pub file_name: Option<String>,
}

/// An import and how far it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000050", "kind": "hazards", "file_name": "台账.xlsx",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "size": 20351, "dry_run": true, "only_good": false,
    "requested_at": "2026-03-01T01:20:00Z", "state": "done", "rows": 13, "rows_done": 0, "good": 8, "duplicates": 1, "changed": 0,
    "refused": 4, "finished_at": "2026-03-01T01:20:04Z"
}))]
pub struct ImportView {
    pub id: ImportId,
    pub kind: ImportKind,
    pub file_name: Option<String>,
    pub sha256: String,
    pub size: i64,
    pub dry_run: bool,
    pub only_good: bool,
    pub institution_id: Option<InstitutionId>,
    pub requested_at: Instant,
    pub state: ImportState,
    /// Rows that hold a record.
    pub rows: i64,
    /// Good rows that are written.
    pub rows_done: i64,
    pub good: i64,
    /// Rows that say what is there already, or what stands above them.
    pub duplicates: i64,
    /// Rows about something that is there with other content; it was left alone.
    pub changed: i64,
    pub refused: i64,
    /// Why it failed as a whole.
    pub fault: Option<String>,
    pub finished_at: Option<Instant>,
}

impl From<Import> for ImportView {
    fn from(of: Import) -> Self {
        Self {
            id: of.id,
            kind: of.kind,
            file_name: of.file_name,
            sha256: of.sha256,
            size: of.size,
            dry_run: of.dry_run,
            only_good: of.only_good,
            institution_id: of.institution_id,
            requested_at: of.requested_at,
            state: of.state,
            rows: of.rows_total,
            rows_done: of.rows_done,
            good: of.good,
            duplicates: of.duplicates,
            changed: of.changed,
            refused: of.refused,
            fault: of.fault,
            finished_at: of.finished_at,
        }
    }
}

/// Brings a ledger or a list in. The file (.xlsx or .csv, at most 20 MiB) is the body; send `Content-Digest: sha-256=:…:` to
/// have it checked. The answer comes as soon as the file is kept: ask for the import until its `state` is final.
#[utoipa::path(tag = "ledger", params(("id" = ImportId, Path, description = "Made by the caller, UUIDv7."), ImportRequest,
        ("Content-Digest" = Option<String>, Header, description = "RFC 9530, sha-256.")),
    request_body(content((Vec<u8> = "text/csv", example = json!("(bytes)")),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    security(("bearer" = [])),
    responses((status = 202, description = "Accepted.", body = ImportView), (status = 200, description = "It was asked for before.", body = ImportView)))]
#[put("/imports/{id}")]
pub async fn put_import(
    access: Access<ImportRecords>,
    req: HttpRequest,
    id: Id<ImportId>,
    asked: Query<ImportRequest>,
    vault: web::Data<Vault>,
    body: web::Payload,
) -> Outcome<HttpResponse> {
    let asked = asked.0;
    check_headers(&req)?;
    check(&asked)?;
    // Nobody sends twenty megabytes before they are told that they may not.
    let (id, kind, institution) = (id.0, asked.kind, asked.institution_id);
    access
        .write(move |tx| {
            let there = queries::find_import(tx.conn, id)?;
            if there.is_some_and(|there| there.requested_by != tx.actor.id) {
                return Err(Code::NotFound.into());
            }
            import::check_request(tx, kind, institution)
        })
        .await?;
    let received = receive(body, &vault.spool).await?;
    if !digest_agrees(&req, &received.sha256) {
        return Err(Refusal::new(Code::DigestMismatch).field("sha256", FieldCode::Mismatch).into());
    }
    let Received { file, sha256, size } = received;
    vault.store.put_file(&import::file_name(&sha256), file).await?;
    let (answer, import) = access
        .write(move |tx| {
            let import = Import {
                id,
                kind,
                file_name: asked.file_name.clone(),
                sha256: sha256.clone(),
                size,
                dry_run: asked.dry_run,
                only_good: asked.only_good,
                institution_id: institution,
                requested_by: tx.actor.id,
                requested_at: tx.now,
                state: ImportState::Waiting,
                rows_total: 0,
                rows_done: 0,
                good: 0,
                duplicates: 0,
                changed: 0,
                refused: 0,
                fault: None,
                finished_at: None,
            };
            import::request(tx, import)
        })
        .await?;
    Ok(accepted(answer, &ImportView::from(import)))
}

fn check(asked: &ImportRequest) -> Outcome<()> {
    let mut fields = crate::fields::Fields::new();
    fields.optional_line("file_name", asked.file_name.as_deref(), 200);
    let hazards = asked.kind == ImportKind::Hazards;
    fields.check(hazards || asked.institution_id.is_none(), "institution_id", FieldCode::NotAllowedHere);
    fields.finish().map_err(|refusal| Refusal { code: Code::InvalidQuery, ..refusal })?;
    Ok(())
}

fn header<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    req.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

fn check_headers(req: &HttpRequest) -> Outcome<()> {
    let kind = header(req, "content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
    if !kind.is_some_and(|kind| [CSV, XLSX].iter().any(|one| kind.eq_ignore_ascii_case(one))) {
        return Err(Refusal::new(Code::UnsupportedMediaType).detail(format!("{CSV}, {XLSX}")).into());
    }
    let length = header(req, header::CONTENT_LENGTH.as_str()).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length <= MOST_BYTES))
        || length.is_none()
    {
        Ok(())
    } else {
        Err(Code::PayloadTooLarge.into())
    }
}

/// Whether every SHA-256 of a `Content-Digest` is this one; other algorithms are not judged.
fn digest_agrees(req: &HttpRequest, sha256: &str) -> bool {
    let members = header(req, "content-digest").unwrap_or_default().split(',');
    let mut ours = members.filter_map(|member| member.trim().strip_prefix("sha-256="));
    ours.all(|value| BASE64.decode(value.trim_matches(':')).is_ok_and(|bytes| hex::encode(bytes) == sha256))
}

struct Received {
    file: File,
    sha256: String,
    size: i64,
}

/// Streams the body into the spool, hashing it on the way.
async fn receive(mut body: web::Payload, spool: &Path) -> Outcome<Received> {
    let failed = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::StorageFull => Failure::StorageFull,
        _ => Failure::Store(error.to_string()),
    };
    let folder = spool.to_owned();
    let file = web::block(move || tempfile::tempfile_in(folder)).await.map_err(|_lost| Failure::Busy)?;
    let file = file.map_err(|error| failed(&error))?;
    let handle = file.try_clone().map_err(|error| failed(&error))?;
    let mut out = tokio::io::BufWriter::with_capacity(256 * 1024, tokio::fs::File::from_std(handle));
    let (mut hasher, mut size) = (Sha256::new(), 0_usize);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_cut| Code::MalformedRequest)?;
        size += chunk.len();
        if size > MOST_BYTES {
            return Err(Code::PayloadTooLarge.into());
        }
        hasher.update(&chunk);
        out.write_all(&chunk).await.map_err(|error| failed(&error))?;
    }
    out.flush().await.map_err(|error| failed(&error))?;
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    Ok(Received { file, sha256: hex::encode(hasher.finalize()), size })
}

/// An import of the caller's own.
fn own_import(tx: &mut ReadTx<'_>, id: ImportId) -> Outcome<Import> {
    let found = queries::find_import(tx.conn, id)?.filter(|import| import.requested_by == tx.actor.id);
    found.ok_or_else(|| Code::NotFound.into())
}

/// How far an import of one's own is, and what it found.
#[utoipa::path(tag = "ledger", params(("id" = ImportId, Path, description = "The import.")), security(("bearer" = [])),
    responses((status = 200, description = "The import.", body = ImportView)))]
#[get("/imports/{id}")]
pub async fn get_import(access: Access<ImportRecords>, id: Id<ImportId>) -> Outcome<HttpResponse> {
    let found = access.read(move |tx| own_import(tx, id.0)).await?;
    Ok(HttpResponse::Ok().json(ImportView::from(found)))
}

/// Something to be said of a row.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "level": "error", "sheet": "", "row": 11, "column": "排查时间", "cell": "B11", "code": "out_of_range",
    "message": "“2024-13-01” 超出允许范围", "value": "2024-13-01" }))]
pub struct ImportErrorView {
    /// An error keeps its row out, a note does not.
    pub level: Level,
    /// The sheet of a workbook; empty for a text file.
    pub sheet: String,
    /// As spreadsheet programs number it.
    pub row: i64,
    /// What the column is called in the file; empty where the whole row is meant.
    pub column: String,
    pub cell: String,
    pub code: String,
    /// For people, in their language.
    pub message: String,
    /// What stands there, shortened.
    pub value: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportErrorFilter {
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What is to be said of the rows of an import of one's own: errors first, then notes; at most 10,000 are kept.
#[utoipa::path(tag = "ledger", params(("id" = ImportId, Path, description = "The import."), ImportErrorFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page.", body = Page<ImportErrorView>)))]
#[get("/imports/{id}/errors")]
pub async fn get_import_errors(
    access: Access<ImportRecords>,
    req: HttpRequest,
    id: Id<ImportId>,
    filter: Query<ImportErrorFilter>,
) -> Outcome<HttpResponse> {
    let most = limit(filter.0.limit)?;
    let after: Option<i64> = Cursor::decode(filter.0.cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            let import = own_import(tx, id.0)?;
            queries::errors(tx.conn, import.id, after.unwrap_or(-1), most + 1)
        })
        .await?;
    let english = prefers_english(&req);
    let view = |of: ImportError| {
        let (zh, en) = RowError::words(&of.code);
        let words = if english { en } else { zh };
        ImportErrorView {
            level: of.level,
            message: if of.value.is_empty() {
                words.to_owned()
            } else {
                format!("“{}” {words}", of.value)
            },
            sheet: of.sheet,
            row: of.row_number,
            column: of.column_name,
            cell: of.cell,
            code: of.code,
            value: of.value,
        }
    };
    Ok(page(&req, &Page::cut(found, most, |error| Cursor::encode(&error.position), view)))
}

/// An export and how far it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000060", "format": "xlsx", "requested_at": "2026-03-01T01:20:00Z", "state": "done",
    "rows_done": 2031, "size": 420351, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "finished_at": "2026-03-01T01:20:09Z", "expires_at": "2026-03-02T01:20:09Z"
}))]
pub struct ExportView {
    pub id: ExportId,
    pub format: FileFormat,
    pub requested_at: Instant,
    pub state: ExportState,
    pub rows_done: i64,
    pub size: Option<i64>,
    pub sha256: Option<String>,
    /// Why it failed.
    pub fault: Option<String>,
    pub finished_at: Option<Instant>,
    /// Until when the file can be fetched.
    pub expires_at: Option<Instant>,
}

impl From<Export> for ExportView {
    fn from(of: Export) -> Self {
        Self {
            id: of.id,
            format: of.format,
            requested_at: of.requested_at,
            state: of.state,
            rows_done: of.rows_done,
            size: of.size,
            sha256: of.sha256,
            fault: of.fault,
            finished_at: of.finished_at,
            expires_at: of.expires_at,
        }
    }
}

/// Writes the hazards in sight to a file in the 35 columns, from one moment's records. Ask for the export until its `state`
/// is `done`, then fetch the file.
#[utoipa::path(tag = "ledger", params(("id" = ExportId, Path, description = "Made by the caller, UUIDv7.")), request_body = ExportForm,
    security(("bearer" = [])),
    responses((status = 202, description = "Accepted.", body = ExportView), (status = 200, description = "It was asked for before.", body = ExportView)))]
#[put("/exports/{id}")]
pub async fn put_export(
    access: Access<ExportRecords>,
    id: Id<ExportId>,
    form: Body<ExportForm>,
) -> Outcome<HttpResponse> {
    let (answer, export) = access.write(move |tx| export::request(tx, id.0, &form.0)).await?;
    Ok(accepted(answer, &ExportView::from(export)))
}

/// An export of the caller's own.
fn own_export(tx: &mut ReadTx<'_>, id: ExportId) -> Outcome<Export> {
    let found = queries::find_export(tx.conn, id)?.filter(|export| export.requested_by == tx.actor.id);
    found.ok_or_else(|| Code::NotFound.into())
}

/// How far an export of one's own is.
#[utoipa::path(tag = "ledger", params(("id" = ExportId, Path, description = "The export.")), security(("bearer" = [])),
    responses((status = 200, description = "The export.", body = ExportView)))]
#[get("/exports/{id}")]
pub async fn get_export(access: Access<ExportRecords>, id: Id<ExportId>) -> Outcome<HttpResponse> {
    let found = access.read(move |tx| own_export(tx, id.0)).await?;
    Ok(HttpResponse::Ok().json(ExportView::from(found)))
}

/// The file of an export of one's own, for a day after it was made. Each fetching is written into the audit trail.
#[utoipa::path(tag = "ledger", params(("id" = ExportId, Path, description = "The export.")), security(("bearer" = [])),
    responses((status = 200, description = "The file.", content(
        (Vec<u8> = "text/csv", example = json!("(bytes)")), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/exports/{id}/file")]
pub async fn get_export_file(
    access: Access<ExportRecords>,
    id: Id<ExportId>,
    vault: web::Data<Vault>,
) -> Outcome<HttpResponse> {
    let id = id.0;
    let found = access
        .write(move |tx| {
            let export = own_export(&mut tx.reading(), id)?;
            match export.state {
                ExportState::Done if export.expires_at.is_some_and(|end| end > tx.now) => {}
                ExportState::Done | ExportState::Expired => return Err(Code::FileExpired.into()),
                ExportState::Waiting | ExportState::Writing => return Err(Code::FileNotReady.into()),
                ExportState::Failed => {
                    return Err(Refusal::new(Code::FileNotReady).detail("the export failed").into());
                }
            }
            let content = json!({ "sha256": export.sha256, "rows": export.rows_done });
            crate::audit::record(tx, export::entry(id, "export.read", content))?;
            Ok(export)
        })
        .await?;
    let stream = vault.store.get_file(&export::file_name(id)).await?.ok_or(Code::FileExpired)?;
    let (kind, ending) = match found.format {
        FileFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        FileFormat::Xlsx => (XLSX, "xlsx"),
    };
    let name =
        format!("attachment; filename=\"hazards-{}.{ending}\"", found.requested_at.utc().format("%Y%m%d"));
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::ETAG, format!("\"{}\"", found.sha256.unwrap_or_default())))
        .no_chunking(u64::try_from(found.size.unwrap_or(0)).unwrap_or(0))
        .streaming(stream))
}
