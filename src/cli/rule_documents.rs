//! Rule documents at the shell: checking a text, and loading it.

use super::CommandError;
use super::admin::{command_line, open};
use super::console::Console;
use crate::access::WriteTx;
use crate::areas;
use crate::config::Config;
use crate::refusal::{FieldCode, Refusal};
use crate::rules::{Document, Problem, load};
use crate::stored::Stored;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum RulesCommand {
    /// Read a rule document and tell everything that is wrong with it, by line. Needs no database.
    Check { file: PathBuf },
    /// Load a version of a rule document; the same again is confirmed.
    Load(LoadArgs),
}

#[derive(Args)]
pub struct LoadArgs {
    file: PathBuf,
    /// The area whose document it is, by GB/T 2260 code; required below the national level.
    #[arg(long)]
    area: Option<String>,
}

pub fn run(config: &Config, console: &Console, command: &RulesCommand) -> Result<ExitCode, CommandError> {
    match command {
        RulesCommand::Check { file } => check(console, file),
        RulesCommand::Load(args) => load_file(config, console, args),
    }
}

/// The text of a file, or why it cannot be read as one.
fn text(file: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(file)
        .map_err(|error| CommandError::Other(format!("cannot read {}: {error}", file.display())))
}

fn check(console: &Console, file: &Path) -> Result<ExitCode, CommandError> {
    match Document::parse(&text(file)?) {
        Ok(document) => {
            let head = &document.head;
            let words = format!("{} version {} is sound ({})", head.id, head.version, head.kind);
            console.answer(
                &words,
                &json!({ "ok": true, "document": head, "sha256": document.sha256, "problems": [] }),
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => Ok(faulty(console, file, &problems)),
    }
}

fn faulty(console: &Console, file: &Path, problems: &[Problem]) -> ExitCode {
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{}: {problem}", file.display())).collect();
    let told: Vec<Value> = problems
        .iter()
        .map(|one| json!({ "line": one.line, "path": one.path, "code": one.code.as_str(), "reason": one.reason }))
        .collect();
    console.answer(&lines.join("\n"), &json!({ "ok": false, "problems": told }));
    ExitCode::FAILURE
}

fn load_file(config: &Config, console: &Console, args: &LoadArgs) -> Result<ExitCode, CommandError> {
    let text = text(&args.file)?;
    let document = match Document::parse(&text) {
        Ok(document) => document,
        Err(problems) => return Ok(faulty(console, &args.file, &problems)),
    };
    let parts = open(config, true)?;
    let (office, clock, area) = (parts.office.clone(), parts.clock.clone(), args.area.clone());
    let head = document.head.clone();
    let answer = parts.db.write_blocking(move |conn| {
        let owner = match &area {
            None => None,
            Some(code) => {
                let found = areas::queries::by_codes(conn, std::slice::from_ref(code))?.first().copied();
                Some(found.ok_or_else(|| Refusal::invalid("--area", FieldCode::UnknownReference))?)
            }
        };
        let (actor, origin) = command_line();
        let mut tx = WriteTx { conn, actor: &actor, office: &office, origin: &origin, now: clock.now() };
        load::load(&mut tx, &text, owner, &document).map(|(answer, _)| answer)
    })?;
    let done = if answer == Stored::Created { "loaded" } else { "already loaded" };
    let words = format!("{done}: {} version {}", head.id, head.version);
    console.answer(&words, &json!({ "ok": true, "document": head, "created": answer == Stored::Created }));
    Ok(ExitCode::SUCCESS)
}
