//! `anlao campaign draw`: holding a draw again, from the records or from what was published.

use super::CommandError;
use super::admin::open;
use super::console::Console;
use crate::campaigns::{DrawRecord, queries};
use crate::config::Config;
use crate::ids::CampaignId;
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum CampaignCommand {
    /// The draw of who visits whom.
    Draw(DrawArgs),
}

#[derive(Args)]
pub struct DrawArgs {
    /// Hold every draw of this campaign again and compare it with the records.
    #[arg(long, value_name = "ID", required_unless_present = "file")]
    verify: Option<uuid::Uuid>,
    /// The same for a draw that was published, as `GET /campaigns/{id}/draws` gives it; needs nothing else.
    #[arg(long, conflicts_with = "verify")]
    file: Option<PathBuf>,
}

pub fn run(config: &Config, console: &Console, command: &CampaignCommand) -> Result<ExitCode, CommandError> {
    let CampaignCommand::Draw(args) = command;
    match (&args.file, args.verify) {
        (Some(path), _) => Ok(say(console, &published(path)?, &[])),
        (None, Some(id)) => of_records(config, console, CampaignId(id)),
        (None, None) => Err(CommandError::Other("name a campaign or a file".into())),
    }
}

/// One draw, or the list of draws that the API gives.
fn published(path: &PathBuf) -> Result<Vec<DrawRecord>, CommandError> {
    let value: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)
        .map_err(|error| CommandError::Other(format!("{} is not JSON: {error}", path.display())))?;
    let list = match value.get("items") {
        Some(items) => items.clone(),
        None => json!([value]),
    };
    serde_json::from_value(list)
        .map_err(|error| CommandError::Other(format!("{} holds no draw: {error}", path.display())))
}

/// Beside each draw itself, the last must be what the inspectors were sent by, but for whom somebody reassigned by hand.
fn of_records(config: &Config, console: &Console, id: CampaignId) -> Result<ExitCode, CommandError> {
    let parts = open(config, false)?;
    let (draws, sent, by_hand) = parts.db.read_blocking(move |conn| {
        queries::find_any(conn, id)?.ok_or(crate::refusal::Code::NotFound)?;
        Ok((queries::draws(conn, id)?, queries::visitors(conn, id)?, queries::reassigned(conn, id)?))
    })?;
    let mut faults = Vec::new();
    for visit in draws.first().map(|last| last.visits.as_slice()).unwrap_or_default() {
        let mut drawn = visit.inspectors.clone();
        drawn.sort();
        let institution = visit.institution_id;
        if !by_hand.contains(&institution) && sent.get(&institution) != Some(&drawn) {
            faults.push(format!("institution {institution} is visited by others than were drawn"));
        }
    }
    Ok(say(console, &draws, &faults))
}

fn say(console: &Console, draws: &[DrawRecord], more: &[String]) -> ExitCode {
    let checked = draws.iter().map(|draw| (draw, draw.verify()));
    let wrong = checked
        .filter_map(|(draw, checked)| checked.err().map(|fault| format!("draw {}: {fault}", draw.number)));
    let faults: Vec<String> = wrong.chain(more.iter().cloned()).collect();
    let text = match faults.first() {
        None if draws.is_empty() => "nothing was drawn yet".to_owned(),
        None => format!("all {} draws come out the same again", draws.len()),
        Some(first) => format!("{} faults; the first: {first}", faults.len()),
    };
    let seeds: Vec<&str> = draws.iter().map(|draw| draw.lots.seed.as_str()).collect();
    console.answer(&text, &json!({ "draws": draws.len(), "seeds": seeds, "faults": faults }));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
