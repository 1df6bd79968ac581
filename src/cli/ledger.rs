//! `anlao import` and `anlao export hazards`.

use super::CommandError;
use super::admin::{command_line, open};
use super::console::Console;
use crate::access::{Actor, ImportRecords, Scope, WriteTx};
use crate::app::Parts;
use crate::config::Config;
use crate::ids::{ImportId, InstitutionId, UserId};
use crate::jobs::Runner;
use crate::ledger::export::{self, ExportFilter, ExportForm, ExportLanguage};
use crate::ledger::import;
use crate::ledger::model::{FileFormat, Import, ImportKind, ImportState};
use crate::ledger::plan::{self, Counts, Plan};
use crate::ledger::queries;
use crate::ledger::rows::{Level, RowError};
use crate::ledger::sheet::MOST_BYTES;
use crate::refusal::{Code, Failure, Outcome};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum ImportCommand {
    /// A hazard ledger, in the usual 13 columns or in the 35 of the export.
    Hazards {
        #[command(flatten)]
        args: ImportArgs,
        /// The institution that the whole file is about, by id; else a column or the title must name it.
        #[arg(long)]
        institution: Option<uuid::Uuid>,
    },
    /// A list of institutions.
    Institutions(ImportArgs),
}

#[derive(Args)]
pub struct ImportArgs {
    /// An .xlsx or .csv file.
    file: PathBuf,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Take the good rows although others have errors.
    #[arg(long)]
    only_good: bool,
    /// The account in whose name it happens; the oldest administrator of everything when absent.
    #[arg(long)]
    user: Option<String>,
}

#[derive(Args)]
pub struct ExportArgs {
    /// Where to write: .xlsx or .csv by name; a file that is there already is left alone.
    #[arg(value_parser = exported)]
    file: PathBuf,
    /// Only this institution, by id.
    #[arg(long)]
    institution: Option<uuid::Uuid>,
    /// The language of headers and words.
    #[arg(long, default_value = "zh", value_parser = ["zh", "en"])]
    lang: String,
}

fn format(path: &Path) -> Option<FileFormat> {
    FileFormat::parse(&path.extension()?.to_str()?.to_ascii_lowercase())
}

fn exported(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if format(&path).is_some() { Ok(path) } else { Err("the name must end with .xlsx or .csv".into()) }
}

/// What an import found or did, as it is told.
struct Result_ {
    counts: Counts,
    state: ImportState,
    fault: Option<String>,
    errors: Vec<RowError>,
}

/// Exit code 1 when rows were refused without `--only-good`, or the file could not be read.
pub fn import(config: &Config, console: &Console, command: &ImportCommand) -> Result<ExitCode, CommandError> {
    let (kind, args, institution) = match command {
        ImportCommand::Hazards { args, institution } => {
            (ImportKind::Hazards, args, institution.map(InstitutionId))
        }
        ImportCommand::Institutions(args) => (ImportKind::Institutions, args, None),
    };
    let parts = open(config, true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bytes = read(&args.file)?;
    let actor = importer(&parts, args.user.clone())?;
    let import = Import {
        id: ImportId::fresh(),
        kind,
        file_name: args.file.file_name().map(|name| name.to_string_lossy().chars().take(200).collect()),
        sha256: crate::canonical::sha256_hex(&bytes),
        size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        dry_run: args.dry_run,
        only_good: args.only_good,
        institution_id: institution,
        requested_by: actor.id,
        requested_at: parts.clock.now(),
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
    let done = if args.dry_run {
        let plan = runtime.block_on(try_out(&parts, &import, &actor, bytes))?;
        Result_ { counts: plan.counts(), state: ImportState::Done, fault: None, errors: plan.errors }
    } else {
        runtime.block_on(carry_out(&parts, console, import, actor, bytes))?
    };
    tell(console, args, &done);
    let refused = done.counts.refused > 0 && !args.only_good;
    let failed = done.state != ImportState::Done || refused;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    let named = |error: std::io::Error| CommandError::Other(format!("{}: {error}", path.display()));
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(named)?.take(most).read_to_end(&mut bytes).map_err(named)?;
    if bytes.len() > MOST_BYTES { Err(Failure::from(Code::PayloadTooLarge).into()) } else { Ok(bytes) }
}

fn importer(parts: &Parts, username: Option<String>) -> Result<Actor, CommandError> {
    let found = parts.db.read_blocking(move |conn| {
        let id: Option<UserId> = match &username {
            Some(name) => crate::users::queries::find_by_username(conn, name)?.map(|user| user.id),
            None => queries::first_admin(conn)?,
        };
        id.map(|id| queries::actor::<ImportRecords>(conn, id)).transpose()
    })?;
    let text = "there is no such account; imports need a supervisor or an administrator (--user)";
    found.ok_or_else(|| CommandError::Other(text.into()))
}

/// Reads and compares, and writes nothing at all.
async fn try_out(parts: &Parts, import: &Import, actor: &Actor, bytes: Vec<u8>) -> Outcome<Plan> {
    let sheets = import::read(bytes).await?;
    let (office, scope, now) = (parts.office.clone(), actor.scope.clone(), parts.clock.now());
    let import = import.clone();
    parts
        .db
        .read_at_leisure(move |conn| match import.kind {
            ImportKind::Hazards => {
                let rules = office.rules.current(conn)?;
                let drafts = plan::read_hazards(&sheets, &rules, office.date(now))?;
                plan::hazards(conn, &office, &scope, import.institution_id, drafts)
            }
            ImportKind::Institutions => plan::lists(conn, &scope, &sheets),
        })
        .await
}

/// Does what a server would do, as a job in this process's hands: killed in the middle, a server brings it to its end.
async fn carry_out(
    parts: &Parts,
    console: &Console,
    import: Import,
    actor: Actor,
    bytes: Vec<u8>,
) -> Outcome<Result_> {
    let mut file = tempfile::tempfile().map_err(|error| Failure::Store(error.to_string()))?;
    std::io::Write::write_all(&mut file, &bytes).map_err(|error| Failure::Store(error.to_string()))?;
    parts.vault.store.put_file(&import::file_name(&import.sha256), file).await?;
    let (office, asked, now) = (parts.office.clone(), import.clone(), parts.clock.now());
    let lease = parts
        .db
        .write(move |conn| {
            let origin = export::shell();
            import::request_held(
                &mut WriteTx { conn, actor: &actor, office: &office, origin: &origin, now },
                &asked,
            )
        })
        .await?;
    let runner = Runner {
        db: parts.db.clone(),
        store: parts.vault.store.clone(),
        office: parts.office.clone(),
        clock: parts.clock.clone(),
    };
    let bar = console.progress("rows", 0);
    let moved = bar.clone();
    let told = move |done: usize, of: usize| {
        moved.set_length(u64::try_from(of).unwrap_or(u64::MAX));
        moved.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    };
    import::run(&runner, &lease, &told).await?;
    bar.finish_and_clear();
    parts.db.read(move |conn| result(conn, import.id)).await
}

fn result(conn: &mut crate::db::Conn, id: ImportId) -> Outcome<Result_> {
    let import = queries::find_import(conn, id)?.ok_or(Code::NotFound)?;
    let most = i64::try_from(plan::MOST_ERRORS).unwrap_or(i64::MAX);
    let errors = queries::errors(conn, id, -1, most)?;
    let count = |number: i64| usize::try_from(number).unwrap_or_default();
    let errors = errors.into_iter().map(|error| RowError {
        level: error.level,
        sheet: error.sheet,
        row: u32::try_from(error.row_number).unwrap_or_default(),
        cell: error.cell,
        column: error.column_name,
        code: RowError::known_code(&error.code),
        value: error.value,
    });
    Ok(Result_ {
        counts: Counts {
            rows: count(import.rows_total),
            good: count(import.good),
            duplicates: count(import.duplicates),
            changed: count(import.changed),
            refused: count(import.refused),
        },
        state: import.state,
        fault: import.fault,
        errors: errors.collect(),
    })
}

fn line(error: &RowError) -> String {
    let place = [error.sheet.as_str(), error.cell.as_str(), error.column.as_str()];
    let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let words = RowError::words(error.code).1;
    format!("row {} {}: “{}” {words}", error.row, place.join(" "), error.value.replace('\n', " "))
}

fn tell(console: &Console, args: &ImportArgs, done: &Result_) {
    let view = |level: Level| -> Vec<Value> {
        let of = done.errors.iter().filter(|error| error.level == level);
        of.map(|error| {
            json!({ "row": error.row, "column": error.column, "code": error.code, "message": line(error),
                "cell": error.cell, "sheet": error.sheet })
        })
        .collect()
    };
    let counts = &done.counts;
    let mut text: Vec<String> = done.errors.iter().map(line).collect();
    let outcome = match (done.state, args.dry_run) {
        (ImportState::Done, true) => "tried, nothing written",
        (ImportState::Done, false) => "written",
        (ImportState::Refused, _) => {
            "nothing written, because rows were refused (--only-good takes the others)"
        }
        _ => "failed",
    };
    text.extend(done.fault.iter().map(|fault| format!("the import failed: {fault}")));
    text.push(format!(
        "{}: {} rows, {} good, {} there already, {} changed, {} refused: {outcome}",
        args.file.display(),
        counts.rows,
        counts.good,
        counts.duplicates,
        counts.changed,
        counts.refused
    ));
    let json = json!({ "rows": counts.rows, "good": counts.good, "duplicates": counts.duplicates, "changed": counts.changed,
        "refused": counts.refused, "state": done.state, "dry_run": args.dry_run, "fault": done.fault,
        "errors": view(Level::Error), "notes": view(Level::Note) });
    console.answer(&text.join("\n"), &json);
}

/// Writes all hazards to a file. It appears under its name when it is whole.
pub fn export(config: &Config, console: &Console, args: &ExportArgs) -> Result<(), CommandError> {
    let format = format(&args.file).ok_or_else(|| CommandError::Other("no .xlsx or .csv".into()))?;
    let parts = open(config, false)?;
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder)?;
    let out = file.reopen()?;
    let filter =
        ExportFilter { institution_id: args.institution.map(InstitutionId), ..ExportFilter::default() };
    let form = ExportForm { format, language: ExportLanguage::parse(&args.lang), filter };
    let (office, now) = (parts.office.clone(), parts.clock.now());
    let bar = console.progress("hazards", 0);
    let moved = bar.clone();
    let rows = parts.db.read_blocking(move |conn| {
        moved.set_length(queries::hazards(conn)?);
        let told = |rows: usize| moved.set_position(u64::try_from(rows).unwrap_or(u64::MAX));
        let (rows, out) = export::write(conn, (&office, &Scope::All, now), &form, out, &told)?;
        out.sync_all().map_err(|error| Failure::Store(error.to_string()))?;
        Ok(rows)
    })?;
    bar.finish_and_clear();
    // Whoever takes records out of the house is written down before they have them.
    let office = parts.office.clone();
    parts.db.write_blocking(move |conn| {
        let (actor, origin) = command_line();
        export::note_at_shell(
            &mut WriteTx { conn, actor: &actor, office: &office, origin: &origin, now },
            rows,
            format,
        )
    })?;
    file.persist_noclobber(&args.file).map_err(|error| CommandError::Io(error.error))?;
    let text = format!("{}: {rows} hazards", args.file.display());
    console.answer(&text, &json!({ "file": args.file.display().to_string(), "rows": rows }));
    Ok(())
}
