//! `anlao backup` and `anlao restore`.

use super::admin::{office, open};
use super::console::Console;
use super::{CommandError, office_keys};
use crate::backup::{self, Checked, Restored, Source, Target};
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::Keys;
use clap::Args;
use serde_json::json;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct BackupArgs {
    /// Where to write; a file that is there already is left alone.
    file: PathBuf,
    /// Protect the backup with the passphrase that is in this file.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

#[derive(Args)]
pub struct RestoreArgs {
    /// The backup.
    file: PathBuf,
    /// Only check the backup, to its last byte; nothing is restored and nothing is needed.
    #[arg(long, conflicts_with_all = ["replace", "yes"])]
    verify: bool,
    /// Put the backup in the place of the records that are there.
    #[arg(long)]
    replace: bool,
    /// Do not ask before replacing.
    #[arg(long)]
    yes: bool,
    /// The public key of the office; a backup signed with another is refused.
    #[arg(long)]
    public_key: Option<String>,
    /// The file with the passphrase that protects the backup.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

/// Exit code 1 when photos were missing: the backup is whole but for them.
pub fn create(config: &Config, console: &Console, args: &BackupArgs) -> Result<ExitCode, CommandError> {
    let parts = open(config, false)?;
    let passphrase = passphrase(args.passphrase_file.as_deref())?;
    let (office, now) = (parts.office.clone(), parts.clock.now());
    // The trail as it is now is signed first, so that the backup holds what it can be compared with.
    parts.db.write_blocking(move |conn| crate::audit::anchor(conn, &office.keys, now))?;
    let from = backup::Office {
        database: &config.database,
        store: &parts.vault.store,
        keys: &parts.office.keys,
        now,
    };
    let progress = |what: &str, total| console.progress(what, total);
    let made = backup::create(&from, &args.file, passphrase.as_deref(), &progress)
        .map_err(|error| CommandError::Other(error.to_string()))?;
    let manifest = &made.manifest;
    let mut text = format!(
        "{}: {} rows in {} tables, {} photos, {} bytes; sha256 {}",
        args.file.display(),
        manifest.rows(),
        manifest.tables.len(),
        manifest.photos,
        made.bytes,
        made.sha256
    );
    for sha256 in &manifest.missing {
        text.push_str(&format!("\nMISSING: the photo {sha256} is lost or no longer has its digest"));
    }
    console.answer(&text, &made);
    Ok(if manifest.missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Restores, or with `--verify` only checks. Exit code 1 also when the trail in it does not hold.
pub fn restore(config: &Config, console: &Console, args: &RestoreArgs) -> Result<ExitCode, CommandError> {
    let passphrase = passphrase(args.passphrase_file.as_deref())?;
    let own = own_keys(config, args.verify)?;
    let trusted = args.public_key.clone().or_else(|| own.as_ref().map(Keys::audit_public));
    let source = Source { path: args.file.clone(), passphrase, trusted };
    let progress = |what: &str, total| console.progress(what, total);
    let Some(keys) = own.filter(|_| !args.verify) else {
        let checked = source
            .check(&progress)
            .map_err(|error| CommandError::Other(format!("{}: {error}", args.file.display())))?;
        console.answer(&told_of_check(&checked, source.trusted.is_some()), &checked);
        return Ok(ExitCode::SUCCESS);
    };
    if args.replace {
        confirm(console, args)?;
    }
    let office = office(config, keys)?;
    let target = Target {
        database: &config.database,
        evidence: &config.evidence,
        folder: &config.data_dir,
        office: &office,
        replace: args.replace,
        now: Clock::System.now(),
    };
    let restored = backup::restore(&source, &target, &progress)
        .map_err(|error| CommandError::Other(format!("nothing was restored: {error}")))?;
    console.answer(&told_of_restore(&restored), &restored);
    Ok(if restored.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The office's keys; for checking only, they may be absent.
fn own_keys(config: &Config, verify: bool) -> Result<Option<Keys>, CommandError> {
    match office_keys(config, false) {
        Ok(keys) => Ok(Some(keys)),
        Err(CommandError::Other(_)) if verify => Ok(None),
        Err(error) => Err(error),
    }
}

fn told_of_check(checked: &Checked, trusted: bool) -> String {
    let manifest = &checked.manifest;
    let whose = if trusted { "the office's" } else { "its own, which nobody vouched for" };
    let lost = match manifest.missing.len() {
        0 => String::new(),
        lost => format!("; {lost} photos were lost before it was made"),
    };
    format!(
        "the backup of {} is whole: {} rows, {} photos, schema {}, program {}; signed with the key {} ({whose}){lost}",
        manifest.header.created_at,
        manifest.rows(),
        manifest.photos,
        manifest.header.schema,
        manifest.header.program,
        manifest.header.public_key
    )
}

fn told_of_restore(restored: &Restored) -> String {
    let manifest = &restored.manifest;
    let mut text = format!(
        "restored the backup of {}: {} rows, {} photos; {} logins ended; epoch {}",
        manifest.header.created_at,
        manifest.rows(),
        manifest.photos,
        restored.sessions_ended,
        restored.epoch.id
    );
    if let Some(aside) = &restored.kept_aside {
        text.push_str(&format!("\nthe database that was there is kept as {}", aside.display()));
    }
    for sha256 in &manifest.missing {
        text.push_str(&format!("\nMISSING: the photo {sha256} was lost before the backup was made"));
    }
    for fault in &restored.faults {
        text.push_str(&format!("\nFAULT of the trail, as it was backed up: {fault}"));
    }
    text
}

/// Replacing records is asked for twice: by the flag, and by a word at the terminal or `--yes`.
fn confirm(console: &Console, args: &RestoreArgs) -> Result<(), CommandError> {
    if args.yes {
        return Ok(());
    }
    let not = |why: &str| Err(CommandError::Other(format!("nothing was restored: {why}")));
    if !std::io::stdin().is_terminal() {
        return not("say --yes to replace the records without being asked");
    }
    console.say(&format!(
        "All records that are there will be replaced by {}. Type `replace` to go on:",
        args.file.display()
    ));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    if line.trim() == "replace" { Ok(()) } else { not("it was not confirmed") }
}

fn passphrase(file: Option<&Path>) -> Result<Option<String>, CommandError> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| CommandError::Other(format!("{}: {error}", file.display())))?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The life of the database, for `anlao verify`.
pub fn epoch(parts: &crate::app::Parts) -> Result<serde_json::Value, CommandError> {
    Ok(json!(parts.db.read_blocking(backup::current_epoch)?))
}
