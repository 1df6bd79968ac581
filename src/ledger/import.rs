//! Bringing a file in: asked for once, read, compared, and written in small pieces by whichever node holds the job.
//!
//! All or nothing means: before the first row is written, every row has been read and found good. From then on the import is
//! written to its last row whatever dies in between: each piece commits together with the lease, each row's id follows from
//! what it says, and a run that takes over goes on with the rows that are not there. Rows appear piece by piece: one
//! transaction of 50,000 would keep everybody else from writing.

use super::model::{Import, ImportKind, ImportState};
use super::plan::{self, Plan, Write, unreadable};
use super::queries;
use super::rows::{Draft, Drafts};
use super::sheet::{self, MOST_BYTES, Sheet, Unreadable};
use crate::access::{Actor, ImportRecords, Origin, Role, WriteTx};
use crate::audit;
use crate::canonical::sha256_hex;
use crate::db::{Conn, Instant};
use crate::hazards::history::{Past, take_over};
use crate::hazards::model::{Imported, ImportedRecheck, Rectification};
use crate::ids::{ChainId, HazardId, ImportId, InstitutionId};
use crate::institutions::{self, Institution};
use crate::jobs::model::Next;
use crate::jobs::{JobKind, Lease, Runner, queries as jobs};
use crate::refusal::{Code, Failure, Outcome, Refusal};
use crate::stored::Stored;
use futures_util::StreamExt;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of one transaction: others wait for no more than that.
const PIECE: usize = 100;
/// Errors of one transaction.
const ERRORS: usize = 500;
/// After so many failures in a row nobody tries any more.
const PATIENCE: i32 = 8;

/// Told of progress: rows done, of all.
pub type Told = dyn Fn(usize, usize) + Send + Sync;

/// The name of an import's file among the kept ones.
pub fn file_name(sha256: &str) -> String {
    format!("imports/{sha256}")
}

/// Asks for an import whose file is kept already, or confirms that it was asked for so.
pub fn request(tx: &mut WriteTx<'_>, import: Import) -> Outcome<(Stored, Import)> {
    if let Some(there) = queries::find_import(tx.conn, import.id)? {
        return confirm(there, &import);
    }
    note_request(tx, &import)?;
    jobs::ensure(tx.conn, JobKind::Import, &import.id.to_string(), tx.now, tx.now)?;
    Ok((Stored::Created, import))
}

/// Asks for an import that the caller carries out at once; should it not come to the end, a server goes on.
pub fn request_held(tx: &mut WriteTx<'_>, import: &Import) -> Outcome<Lease> {
    note_request(tx, import)?;
    jobs::put_held(tx.conn, JobKind::Import, &import.id.to_string(), tx.now)
}

/// The same id again: somebody else's is unknown, other content is refused.
pub fn confirm(there: Import, asked: &Import) -> Outcome<(Stored, Import)> {
    if there.requested_by != asked.requested_by {
        return Err(Code::NotFound.into());
    }
    let same = (there.kind, &there.sha256, there.dry_run, there.only_good, there.institution_id)
        == (asked.kind, &asked.sha256, asked.dry_run, asked.only_good, asked.institution_id);
    Ok((Stored::confirmed(same)?, there))
}

/// Whether the caller may ask for this at all.
pub fn check_request(
    tx: &mut WriteTx<'_>,
    kind: ImportKind,
    institution: Option<InstitutionId>,
) -> Outcome<()> {
    check_kind(tx.actor, kind)?;
    let Some(id) = institution else { return Ok(()) };
    institutions::queries::find(tx.conn, &tx.actor.scope, id).map(|_seen| ())
}

fn note_request(tx: &mut WriteTx<'_>, import: &Import) -> Outcome<()> {
    check_request(tx, import.kind, import.institution_id)?;
    let content = json!({ "kind": import.kind, "sha256": import.sha256, "size": import.size, "file_name": import.file_name,
        "dry_run": import.dry_run, "only_good": import.only_good, "institution_id": import.institution_id });
    audit::record(tx, entry(import.id, "import.requested", content))?;
    queries::insert_import(tx.conn, import.clone())
}

/// Institutions are registered by administrators only, from a file as from a form.
fn check_kind(actor: &Actor, kind: ImportKind) -> Outcome<()> {
    if kind == ImportKind::Institutions && actor.role != Role::Admin {
        return Err(Code::Forbidden.into());
    }
    Ok(())
}

fn entry(id: ImportId, action: &'static str, content: serde_json::Value) -> audit::Entry {
    audit::Entry { chain: ChainId::SYSTEM, action, object_kind: "import", object_id: Some(id.0), content }
}

/// Puts the jobs of imports that nobody finished back on the table: after a restore they are gone.
pub fn ensure_jobs(conn: &mut Conn, now: Instant) -> Outcome<()> {
    for id in queries::unfinished_imports(conn)? {
        jobs::ensure(conn, JobKind::Import, &id.to_string(), now, now)?;
    }
    Ok(())
}

/// Carries an import out, or goes on with it.
pub async fn run(on: &Runner, lease: &Lease, told: &Told) -> Outcome<()> {
    let id = lease
        .job
        .subject
        .parse()
        .map(ImportId)
        .map_err(|_error| Failure::Internal("an import's job names none"))?;
    let import = on.db.read(move |conn| queries::find_import(conn, id)).await?;
    let Some(import) = import.filter(|import| !import.state.is_over()) else {
        let (lease, now) = (lease.clone(), on.clock.now());
        return on.db.write(move |conn| jobs::conclude(conn, &lease, &Next::Done, now)).await;
    };
    match carry_out(on, lease, &import, told).await {
        Err(Failure::Refused(refusal)) => {
            let detail = refusal.detail.unwrap_or_else(|| refusal.code.titles().1.to_owned());
            give_up(on, lease, &import, detail).await
        }
        Err(failure) if lease.job.failures_in_a_row >= PATIENCE => {
            tracing::error!(%failure, import = %import.id, "an import is given up");
            give_up(on, lease, &import, "it was tried again and again and could not be done".to_owned()).await
        }
        outcome => outcome,
    }
}

/// Ends an import that cannot be done. What it wrote before stays, and is told.
async fn give_up(on: &Runner, lease: &Lease, import: &Import, fault: String) -> Outcome<()> {
    let (office, lease, now, import) = (on.office.clone(), lease.clone(), on.clock.now(), import.clone());
    on.db
        .write(move |conn| {
            jobs::conclude(conn, &lease, &Next::Done, now)?;
            queries::set_import(conn, import.id, ImportState::Failed, None, Some(&fault), now)?;
            let content = json!({ "import_id": import.id, "fault": fault });
            audit::record_system(conn, &office.keys, now, "import.failed", content)
        })
        .await
}

/// The requester as they may act now; a right taken away ends the import at its next piece.
fn actor(conn: &mut Conn, import: &Import) -> Outcome<Actor> {
    let actor = queries::actor::<ImportRecords>(conn, import.requested_by)?;
    check_kind(&actor, import.kind)?;
    Ok(actor)
}

fn origin(import: &Import) -> Origin {
    Origin { request_id: import.id.to_string(), device: Some("import".into()), ..Origin::default() }
}

async fn carry_out(on: &Runner, lease: &Lease, import: &Import, told: &Told) -> Outcome<()> {
    let bytes = bytes(on, &import.sha256).await?;
    if import.state == ImportState::Waiting {
        step(on, lease, import, ImportState::Reading).await?;
    }
    let plan = plan(on, import, bytes).await?;
    let resumed = import.state == ImportState::Writing;
    let (rows, good) = (plan.rows, plan.writes.len());
    // A run that takes over finds what was written before it as already there.
    let (total, before) = if resumed {
        let all = usize::try_from(import.good).unwrap_or(good);
        (all, all.saturating_sub(good))
    } else {
        if !note(on, lease, import, &plan).await? {
            told(rows, rows);
            return Ok(());
        }
        (good, 0)
    };
    let writes = Arc::new(plan.writes);
    told(before, total);
    for from in (0..good).step_by(PIECE) {
        let to = (from + PIECE).min(good);
        write(on, lease, import, Arc::clone(&writes), from..to, before + to).await?;
        told(before + to, total);
    }
    finish(on, lease, import, total).await
}

async fn bytes(on: &Runner, sha256: &str) -> Outcome<Vec<u8>> {
    let gone = || Refusal::new(Code::FileExpired).detail("the file is no longer kept; send it again");
    let mut stream = on.store.get_file(&file_name(sha256)).await?.ok_or_else(gone)?;
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| Failure::Store(error.to_string()))?);
        if bytes.len() > MOST_BYTES {
            return Err(Code::PayloadTooLarge.into());
        }
    }
    if sha256_hex(&bytes) == sha256 { Ok(bytes) } else { Err(gone().into()) }
}

/// Reads a file on a thread of its own. A reader that gives up on a strange file is a damaged file.
pub async fn read(bytes: Vec<u8>) -> Outcome<Vec<Sheet>> {
    let read = tokio::task::spawn_blocking(move || sheet::read(&bytes)).await;
    let read = read.unwrap_or_else(|_panic| Err(Unreadable::Damaged("it could not be read".into())));
    read.map_err(|fault| unreadable(&fault))
}

async fn plan(on: &Runner, import: &Import, bytes: Vec<u8>) -> Outcome<Plan> {
    let sheets = read(bytes).await?;
    let (office, import, today) = (on.office.clone(), import.clone(), on.office.date(on.clock.now()));
    match import.kind {
        ImportKind::Hazards => {
            let library = on.office.clone();
            let rules = on.db.read(move |conn| library.rules.current(conn)).await?;
            let drafts =
                tokio::task::spawn_blocking(move || plan::read_hazards(&sheets, &rules, today)).await;
            let drafts: Drafts = drafts.map_err(|_panic| Failure::Internal("a row could not be read"))??;
            on.db
                .read_at_leisure(move |conn| {
                    let scope = actor(conn, &import)?.scope;
                    plan::hazards(conn, &office, &scope, import.institution_id, drafts)
                })
                .await
        }
        ImportKind::Institutions => {
            on.db
                .read_at_leisure(move |conn| {
                    let scope = actor(conn, &import)?.scope;
                    plan::lists(conn, &scope, &sheets)
                })
                .await
        }
    }
}

async fn step(on: &Runner, lease: &Lease, import: &Import, state: ImportState) -> Outcome<()> {
    let (lease, id, now) = (lease.clone(), import.id, on.clock.now());
    on.db
        .write(move |conn| {
            jobs::keep(conn, &lease, state.as_str(), now)?;
            queries::set_import(conn, id, state, None, None, now)
        })
        .await
}

/// Writes down what was found. True when rows are to be written now; else the import is over.
async fn note(on: &Runner, lease: &Lease, import: &Import, plan: &Plan) -> Outcome<bool> {
    let state = match (import.dry_run, plan.refused > 0 && !import.only_good) {
        (true, _) => ImportState::Done,
        (false, true) => ImportState::Refused,
        (false, false) => ImportState::Writing,
    };
    let id = import.id;
    let held = lease.clone();
    let now = on.clock.now();
    on.db
        .write(move |conn| {
            jobs::keep(conn, &held, "reading", now)?;
            queries::forget_errors(conn, id)
        })
        .await?;
    for (at, some) in plan.errors.chunks(ERRORS).enumerate() {
        let some = some.to_vec();
        on.db.write(move |conn| queries::add_errors(conn, id, at * ERRORS, &some)).await?;
    }
    let counts = plan.counts();
    let (office, held, import, now) = (on.office.clone(), lease.clone(), import.clone(), on.clock.now());
    on.db
        .write(move |conn| {
            if state.is_over() {
                jobs::conclude(conn, &held, &Next::Done, now)?;
            } else {
                jobs::keep(conn, &held, "writing", now)?;
            }
            queries::note_plan(conn, id, counts, state, now)?;
            if state.is_over() {
                let content = json!({ "state": state, "dry_run": import.dry_run, "rows": counts.rows,
                    "good": counts.good, "duplicates": counts.duplicates, "changed": counts.changed,
                    "refused": counts.refused });
                as_requester(conn, &office, &import, now, |tx| {
                    audit::record(tx, entry(id, "import.finished", content.clone()))
                })?;
            }
            Ok(())
        })
        .await?;
    Ok(!state.is_over())
}

fn as_requester<T>(
    conn: &mut Conn,
    office: &crate::office::Office,
    import: &Import,
    now: Instant,
    work: impl FnOnce(&mut WriteTx<'_>) -> Outcome<T>,
) -> Outcome<T> {
    let (actor, origin) = (actor(conn, import)?, origin(import));
    work(&mut WriteTx { conn, actor: &actor, office, origin: &origin, now })
}

async fn write(
    on: &Runner,
    lease: &Lease,
    import: &Import,
    writes: Arc<Vec<Write>>,
    range: std::ops::Range<usize>,
    done: usize,
) -> Outcome<()> {
    let (office, lease, import, now) = (on.office.clone(), lease.clone(), import.clone(), on.clock.now());
    on.db
        .write(move |conn| {
            jobs::keep(conn, &lease, "writing", now)?;
            let piece = writes.get(range.clone()).unwrap_or_default();
            as_requester(conn, &office, &import, now, |tx| write_piece(tx, &import, piece))?;
            queries::set_import(conn, import.id, ImportState::Writing, Some(done), None, now)
        })
        .await
}

fn write_piece(tx: &mut WriteTx<'_>, import: &Import, piece: &[Write]) -> Outcome<()> {
    let ids = piece.iter().filter_map(|write| match write {
        Write::Hazard { id, .. } => Some(*id),
        Write::Institution { .. } => None,
    });
    // Another import may have brought them meanwhile.
    let there = queries::existing(tx.conn, ids.collect())?;
    let mut homes: HashMap<InstitutionId, Institution> = HashMap::new();
    for write in piece {
        match write {
            Write::Institution { id, form } => {
                institutions::routes::register(tx, *id, form)?;
            }
            Write::Hazard { id, .. } if there.contains(id) => {}
            Write::Hazard { id, institution, draft, digest } => {
                let home = match homes.entry(*institution) {
                    std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::hash_map::Entry::Vacant(entry) => {
                        entry.insert(institutions::queries::find(tx.conn, &tx.actor.scope, *institution)?)
                    }
                };
                take_over(tx, past(import, *id, draft, digest), home)?;
            }
        }
    }
    Ok(())
}

fn past(import: &Import, id: HazardId, draft: &Draft, digest: &str) -> Past {
    let draft = draft.clone();
    Past {
        id,
        number: draft.number,
        category: draft.category,
        checklist_item: draft.item,
        location: draft.location,
        description: draft.description,
        severity: draft.severity,
        found_on: draft.found_on,
        deadline: draft.deadline,
        status: draft.status,
        closed_on: draft.closed_on,
        rectification: Rectification {
            measure: draft.measure,
            responsible_person: draft.responsible,
            funds_yuan: draft.funds_yuan,
            contingency_plan: draft.interim,
            submitted_at: None,
        },
        imported: Imported {
            import_id: import.id,
            file_sha256: import.sha256.clone(),
            sheet: draft.sheet,
            row: draft.row,
            category_guessed: draft.category_guessed,
            found_by: draft.found_by,
            kind: draft.kind,
            unit: draft.unit,
            basis: draft.basis,
            criterion: draft.criterion,
            department: draft.department,
            phone: draft.phone,
            rectified_on: draft.rectified_on,
            rectified: draft.rectified,
            recheck: draft.recheck.map(|recheck| ImportedRecheck {
                on: recheck.on,
                by: recheck.by,
                passed: recheck.passed,
            }),
            listing_unit: draft.listing_unit,
            remarks: draft.remarks,
        },
        digest: digest.to_owned(),
    }
}

async fn finish(on: &Runner, lease: &Lease, import: &Import, total: usize) -> Outcome<()> {
    let (office, lease, import, now) = (on.office.clone(), lease.clone(), import.clone(), on.clock.now());
    on.db
        .write(move |conn| {
            jobs::conclude(conn, &lease, &Next::Done, now)?;
            queries::set_import(conn, import.id, ImportState::Done, Some(total), None, now)?;
            let content = json!({ "state": ImportState::Done, "written": total });
            as_requester(conn, &office, &import, now, |tx| {
                audit::record(tx, entry(import.id, "import.finished", content))
            })
        })
        .await
}
