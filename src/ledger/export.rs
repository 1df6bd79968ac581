//! Writing a ledger out: the 35 columns, by the day of the finding, from one snapshot of the records.
//!
//! One snapshot means that the file is what the records said at one moment. It holds one reading thread (and on SQLite keeps
//! the log from being folded in) for as long as the rows are read, not for as long as somebody downloads them.

use super::export_rows::{Language, Rows};
use super::model::{Export, ExportState, FileFormat};
use super::queries;
use super::writer::TableWriter;
use crate::access::{ExportRecords, Origin, Scope, WriteTx};
use crate::areas;
use crate::audit;
use crate::canonical::canonical;
use crate::checklists::Category;
use crate::db::{Conn, Instant};
use crate::hazards::list::{Narrowing, Sort, SortKey, Walk};
use crate::hazards::model::{Severity, Status};
use crate::ids::{AreaId, ChainId, ExportId, InstitutionId};
use crate::institutions;
use crate::jobs::model::Next;
use crate::jobs::{JobKind, Lease, Runner, queries as jobs};
use crate::office::Office;
use crate::refusal::{Failure, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use crate::text_enum;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use utoipa::ToSchema;

/// So long a file can be fetched.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// So long the files of imports are kept, for runs that take over and for whoever asks what it was.
const IMPORTS_KEPT: TimeDelta = TimeDelta::days(30);
/// Hazards of a page.
const PAGE: usize = 500;
const PATIENCE: i32 = 8;

text_enum! {
    /// The language of the headers and words.
    pub enum ExportLanguage {
        Chinese = "zh",
        English = "en",
    }
}

/// What to export.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "format": "xlsx", "filter": { "statuses": ["closed"], "found_from": "2026-01-01T00:00:00Z" } }))]
pub struct ExportForm {
    pub format: FileFormat,
    /// `zh` when absent.
    pub language: Option<ExportLanguage>,
    #[serde(default)]
    pub filter: ExportFilter,
}

/// Which hazards; everything in sight when empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportFilter {
    #[serde(default)]
    #[schema(max_items = 6)]
    pub statuses: Vec<Status>,
    /// Only what is past its deadline while it is the institution's turn, or only the rest.
    pub overdue: Option<bool>,
    pub category: Option<Category>,
    pub severity: Option<Severity>,
    pub institution_id: Option<InstitutionId>,
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    pub found_from: Option<Instant>,
    pub found_before: Option<Instant>,
}

fn narrowing(conn: &mut Conn, scope: &Scope, filter: &ExportFilter, today: NaiveDate) -> Outcome<Narrowing> {
    let area = match filter.area_id {
        Some(id) => {
            let found = areas::queries::find(conn, scope, id);
            Some(found.map_err(|_hidden| Refusal::invalid("/filter/area_id", FieldCode::UnknownReference))?)
        }
        None => None,
    };
    if let Some(id) = filter.institution_id {
        let found = institutions::queries::find(conn, scope, id);
        found.map_err(|_hidden| Refusal::invalid("/filter/institution_id", FieldCode::UnknownReference))?;
    }
    if filter.statuses.len() > Status::ALL.len() {
        return Err(Refusal::invalid("/filter/statuses", FieldCode::TooMany).into());
    }
    let mut statuses = filter.statuses.clone();
    statuses.sort_unstable();
    statuses.dedup();
    Ok(Narrowing {
        statuses,
        overdue_on: (filter.overdue == Some(true)).then_some(today),
        not_overdue_on: (filter.overdue == Some(false)).then_some(today),
        category: filter.category,
        severity: filter.severity,
        institution: filter.institution_id,
        area,
        found_from: filter.found_from,
        found_before: filter.found_before,
        ..Narrowing::default()
    })
}

/// Asks for an export, or confirms that it was asked for so.
pub fn request(tx: &mut WriteTx<'_>, id: ExportId, form: &ExportForm) -> Outcome<(Stored, Export)> {
    use crate::refusal::Code;
    let filter = canonical(form);
    if let Some(there) = queries::find_export(tx.conn, id)? {
        return match (there.requested_by == tx.actor.id, there.filter == filter) {
            (false, _) => Err(Code::NotFound.into()),
            (true, false) => Err(Code::IdTaken.into()),
            (true, true) => Ok((Stored::Replayed, there)),
        };
    }
    let today = tx.office.date(tx.now);
    narrowing(tx.conn, &tx.actor.scope, &form.filter, today)?;
    let export = Export {
        id,
        format: form.format,
        filter,
        requested_by: tx.actor.id,
        requested_at: tx.now,
        state: ExportState::Waiting,
        rows_done: 0,
        size: None,
        sha256: None,
        fault: None,
        finished_at: None,
        expires_at: None,
    };
    audit::record(tx, entry(id, "export.requested", json!({ "asked": form })))?;
    queries::insert_export(tx.conn, export.clone())?;
    jobs::ensure(tx.conn, JobKind::Export, &id.to_string(), tx.now, tx.now)?;
    Ok((Stored::Created, export))
}

/// An entry about an export in the system's chain.
pub fn entry(id: ExportId, action: &'static str, content: serde_json::Value) -> audit::Entry {
    audit::Entry { chain: ChainId::SYSTEM, action, object_kind: "export", object_id: Some(id.0), content }
}

/// Writes the hazards in sight to `out`; `told` hears of the rows written so far. Returns their number and the file.
pub fn write<W: Write + Seek + Send>(
    conn: &mut Conn,
    (office, scope, now): (&Office, &Scope, Instant),
    form: &ExportForm,
    out: W,
    told: &dyn Fn(usize),
) -> Outcome<(usize, W)> {
    let today = office.date(now);
    let language = match form.language {
        Some(ExportLanguage::English) => Language::English,
        Some(ExportLanguage::Chinese) | None => Language::Chinese,
    };
    let narrowing = narrowing(conn, scope, &form.filter, today)?;
    let sort = Sort { key: SortKey::FoundAt, descending: false };
    let mut walk = Walk::begin(conn, scope, narrowing, sort)?;
    let mut table = TableWriter::begin(form.format, out, "隐患排查治理台账", &language.header())?;
    let rules = office.rules.current(conn)?;
    let mut rows = Rows::new(office, &rules, today, language);
    let mut written = 0;
    loop {
        let page = walk.next(conn, PAGE)?;
        if page.is_empty() {
            return Ok((written, table.finish()?));
        }
        for row in rows.of(conn, &page)? {
            table.row(&row)?;
        }
        written += page.len();
        told(written);
    }
}

/// The name of an export's file among the kept ones.
pub fn file_name(id: ExportId) -> String {
    format!("exports/{id}")
}

/// Carries an export out.
pub async fn run(on: &Runner, lease: &Lease) -> Outcome<()> {
    let id = lease
        .job
        .subject
        .parse()
        .map(ExportId)
        .map_err(|_error| Failure::Internal("an export's job names none"))?;
    let export = on.db.read(move |conn| queries::find_export(conn, id)).await?;
    let open = |export: &Export| matches!(export.state, ExportState::Waiting | ExportState::Writing);
    let Some(export) = export.filter(open) else {
        let (lease, now) = (lease.clone(), on.clock.now());
        return on.db.write(move |conn| jobs::conclude(conn, &lease, &Next::Done, now)).await;
    };
    match carry_out(on, lease, &export).await {
        Err(Failure::Refused(refusal)) => {
            let fault = refusal.detail.unwrap_or_else(|| refusal.code.titles().1.to_owned());
            end(on, lease, Export { state: ExportState::Failed, fault: Some(fault), ..export }).await
        }
        Err(failure) if lease.job.failures_in_a_row >= PATIENCE => {
            tracing::error!(%failure, export = %export.id, "an export is given up");
            let fault = Some("it was tried again and again and could not be done".to_owned());
            end(on, lease, Export { state: ExportState::Failed, fault, ..export }).await
        }
        outcome => outcome,
    }
}

async fn carry_out(on: &Runner, lease: &Lease, export: &Export) -> Outcome<()> {
    let form: ExportForm = serde_json::from_str(&export.filter)
        .map_err(|_error| Failure::Internal("an export's request cannot be read"))?;
    let rows = Arc::new(AtomicUsize::new(0));
    let (office, asked, now, counter) =
        (on.office.clone(), export.clone(), on.clock.now(), Arc::clone(&rows));
    let reading = on.db.read_at_leisure(move |conn| {
        let actor = queries::actor::<ExportRecords>(conn, asked.requested_by)?;
        let out = tempfile::tempfile().map_err(|error| Failure::Store(error.to_string()))?;
        let told = |rows: usize| counter.store(rows, Ordering::Relaxed);
        write(conn, (&office, &actor.scope, now), &form, out, &told)
    });
    let (written, file) = watched(on, lease, export, &rows, reading).await?;
    let (sha256, size, file) = tokio::task::spawn_blocking(move || measure(file))
        .await
        .map_err(|_lost| Failure::Busy)?
        .map_err(|error| Failure::Store(error.to_string()))?;
    on.store.put_file(&file_name(export.id), file).await?;
    let now = on.clock.now();
    let done = Export {
        state: ExportState::Done,
        rows_done: i64::try_from(written).unwrap_or(i64::MAX),
        size: Some(size),
        sha256: Some(sha256),
        expires_at: Some(now.plus(KEPT)),
        ..export.clone()
    };
    end(on, lease, done).await
}

/// Waits for the rows, and now and then says how many there are and that this node is still at it.
async fn watched<T>(
    on: &Runner,
    lease: &Lease,
    export: &Export,
    rows: &AtomicUsize,
    work: impl Future<Output = Outcome<T>>,
) -> Outcome<T> {
    const EVERY: std::time::Duration = std::time::Duration::from_secs(2);
    let mut work = std::pin::pin!(work);
    loop {
        if let Ok(outcome) = tokio::time::timeout(EVERY, &mut work).await {
            return outcome;
        }
        let (lease, now) = (lease.clone(), on.clock.now());
        let rows_done = i64::try_from(rows.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        let export = Export { state: ExportState::Writing, rows_done, ..export.clone() };
        on.db
            .write(move |conn| {
                jobs::keep(conn, &lease, "writing", now)?;
                queries::update_export(conn, &export)
            })
            .await?;
    }
}

fn measure(mut file: File) -> std::io::Result<(String, i64, File)> {
    file.rewind()?;
    let (mut hasher, mut size, mut piece) = (Sha256::new(), 0_i64, vec![0; 256 * 1024]);
    loop {
        let read = file.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        size += i64::try_from(read).unwrap_or_default();
    }
    file.rewind()?;
    Ok((hex::encode(hasher.finalize()), size, file))
}

async fn end(on: &Runner, lease: &Lease, export: Export) -> Outcome<()> {
    let (office, lease, now) = (on.office.clone(), lease.clone(), on.clock.now());
    let export = Export { finished_at: Some(now), ..export };
    on.db
        .write(move |conn| {
            jobs::conclude(conn, &lease, &Next::Done, now)?;
            queries::update_export(conn, &export)?;
            let content = json!({ "export_id": export.id, "requested_by": export.requested_by, "state": export.state,
                "rows": export.rows_done, "sha256": export.sha256, "fault": export.fault });
            audit::record_system(conn, &office.keys, now, "export.finished", content)
        })
        .await
}

/// Removes what nobody may fetch any more: files of exports after a day, files of imports after a month.
pub async fn remove_old_files(on: &Runner) -> Outcome<()> {
    let now = on.clock.now();
    for id in on.db.read(move |conn| queries::expired_exports(conn, now)).await? {
        on.store.remove_file(&file_name(id)).await?;
        on.db
            .write(move |conn| {
                let Some(export) = queries::find_export(conn, id)? else { return Ok(()) };
                queries::update_export(conn, &Export { state: ExportState::Expired, ..export })
            })
            .await?;
    }
    for (folder, kept) in [("imports", IMPORTS_KEPT), ("exports", KEPT + KEPT)] {
        for (name, since) in on.store.files(folder).await? {
            if since < now.plus(-kept).utc() {
                on.store.remove_file(&name).await?;
            }
        }
    }
    Ok(())
}

/// What is written down of an export at the shell.
pub fn note_at_shell(tx: &mut WriteTx<'_>, rows: usize, format: FileFormat) -> Outcome<()> {
    let content = json!({ "rows": rows, "format": format });
    audit::record(tx, entry(ExportId::fresh(), "export.written", content))
}

/// Where something at the shell comes from.
pub fn shell() -> Origin {
    Origin { device: Some("command line".into()), ..Origin::default() }
}
