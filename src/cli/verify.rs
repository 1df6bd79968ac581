//! `anlao verify`: does everything still hold?

use super::CommandError;
use super::admin::open;
use super::console::Console;
use crate::app::Parts;
use crate::audit;
use crate::config::Config;
use crate::evidence::queries::stored_digests;
use crate::hazards::queries::wrong_counts;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct VerifyArgs {
    /// Check this export instead of the database; needs nothing else.
    #[arg(long)]
    export: Option<PathBuf>,
    /// Also check that the database still holds everything that this older export says it held.
    #[arg(long, conflicts_with = "export")]
    against: Option<PathBuf>,
    /// The public key the office published; an export that names another is refused.
    #[arg(long)]
    public_key: Option<String>,
    /// Do not read the photos again.
    #[arg(long)]
    no_evidence: bool,
}

#[derive(Default, Serialize)]
struct Findings {
    chains: u64,
    entries: u64,
    anchors: u64,
    photos: u64,
    /// The present life of the database; none when an export is checked.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    epoch: serde_json::Value,
    faults: Vec<String>,
}

/// Exit code 0 only when all holds; otherwise the first fault is named.
pub fn verify(config: &Config, console: &Console, args: &VerifyArgs) -> Result<ExitCode, CommandError> {
    let findings = match &args.export {
        Some(path) => {
            let file = std::io::BufReader::new(std::fs::File::open(path)?);
            from(audit::verify_export(file, args.public_key.as_deref()).map_err(CommandError::Other)?)
        }
        None => of_database(&open(config, false)?, console, args)?,
    };
    let text = match findings.faults.first() {
        None => format!(
            "all holds: {} entries in {} chains, {} anchors, {} photos",
            findings.entries, findings.chains, findings.anchors, findings.photos
        ),
        Some(first) => format!("{} faults; the first: {first}", findings.faults.len()),
    };
    console.answer(&text, &findings);
    Ok(if findings.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn from(report: audit::Report) -> Findings {
    let audit::Report { chains, entries, anchors, faults } = report;
    Findings { chains, entries, anchors, faults, ..Findings::default() }
}

fn of_database(parts: &Parts, console: &Console, args: &VerifyArgs) -> Result<Findings, CommandError> {
    let public = args.public_key.clone().unwrap_or_else(|| parts.office.keys.audit_public());
    let known = match &args.against {
        Some(path) => {
            let file = std::io::BufReader::new(std::fs::File::open(path)?);
            audit::known_from(file, &public).map_err(CommandError::Other)?
        }
        None => audit::Known::default(),
    };
    let bar = console.progress("audit entries", 0);
    let moving = bar.clone();
    let report = parts.db.read_blocking(move |conn| {
        audit::verify_against(conn, &public, &known, |entries| {
            moving.set_length(entries);
            moving.set_position(entries);
        })
    })?;
    bar.finish_and_clear();
    let mut findings = from(report);
    findings.epoch = super::backup::epoch(parts)?;
    findings.faults.extend(parts.db.read_blocking(wrong_counts)?);
    if !args.no_evidence {
        verify_photos(parts, console, &mut findings)?;
    }
    Ok(findings)
}

fn verify_photos(parts: &Parts, console: &Console, findings: &mut Findings) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bar = console.progress("photos", 0);
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = parts.db.read_blocking(move |conn| stored_digests(conn, &from, 500))?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        for (sha256, _) in &page {
            findings.photos += 1;
            bar.inc_length(1);
            bar.inc(1);
            if !runtime.block_on(parts.vault.store.is_intact(sha256)).unwrap_or(false) {
                findings.faults.push(format!("photo {sha256}: it is missing or no longer has its digest"));
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}
