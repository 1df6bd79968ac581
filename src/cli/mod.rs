//! The command line: serving, the demonstration, and what an administrator does at the shell.
//!
//! Exit codes: 0 done, 1 it was tried and failed (or a verification found faults), 2 wrongly asked.

mod admin;
mod backup;
mod campaign;
mod console;
mod keys;
mod ledger;
mod rule_documents;
mod serve;
mod verify;

use crate::config::{Config, ConfigError};
use crate::keys::{KeyError, Keys};
use crate::users::password_tokens::Reason;
use clap::{Args, Parser, Subcommand};
use console::Console;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Hazard inspection and emergency drills for elder-care institutions.
#[derive(Parser)]
#[command(name = "anlao", version, about)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Flags that override the configuration file and the environment.
#[derive(Args)]
struct Settings {
    /// The configuration file; `anlao.toml` here when absent.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Address and port to serve on.
    #[arg(long, global = true)]
    listen: Option<String>,
    /// Folder for the database, the photos and the secret.
    #[arg(long, global = true)]
    data_dir: Option<String>,
    /// `sqlite:PATH` or `postgres://…`.
    #[arg(long, global = true)]
    database_url: Option<String>,
    /// `file:PATH` or `s3://bucket/prefix`.
    #[arg(long, global = true)]
    evidence_url: Option<String>,
    /// The file with the office's keys.
    #[arg(long, global = true)]
    secret_file: Option<String>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, the pages and the documentation.
    Serve {
        /// Refuse to start on an older database instead of migrating it.
        #[arg(long)]
        no_migrate: bool,
    },
    /// Fill a folder with a believable city once, then serve it.
    Demo(serve::DemoArgs),
    /// Accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// The keys that sign access tokens.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Rule documents.
    #[command(subcommand)]
    Rules(rule_documents::RulesCommand),
    /// Bring the database to this program's schema.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
    /// Print the settings in force and where each came from.
    Config,
    /// Campaigns.
    #[command(subcommand)]
    Campaign(campaign::CampaignCommand),
    /// Check the audit trail, the evidence digests and the counts.
    Verify(verify::VerifyArgs),
    /// Write all records and photos into one signed file, while the server runs.
    Backup(backup::BackupArgs),
    /// Check a backup, or put it into empty or replaced records.
    Restore(backup::RestoreArgs),
    /// Bring records in from a spreadsheet.
    #[command(subcommand)]
    Import(ledger::ImportCommand),
    /// Write records out.
    #[command(subcommand)]
    Export(ExportCommand),
}

#[derive(Subcommand)]
enum UserCommand {
    /// Create an account; the password is read from standard input or `--password-file`.
    Add(admin::UserAddArgs),
    /// Print a one-time link with which somebody without a password sets the first one.
    Invite { username: String },
    /// Print a one-time link with which somebody who forgot their password sets a new one.
    Reset { username: String },
}

#[derive(Subcommand)]
enum ExportCommand {
    /// The audit trail with its anchors, one JSON object a line.
    Audit {
        /// Where to write; `-` for standard output.
        file: PathBuf,
    },
    /// The hazard ledger in 35 columns.
    Hazards(ledger::ExportArgs),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Keys(#[from] KeyError),
    #[error("{0}")]
    Start(#[from] crate::app::StartError),
    #[error("{}", refused(.0))]
    Failure(#[from] crate::refusal::Failure),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Other(String),
}

fn refused(failure: &crate::refusal::Failure) -> String {
    let crate::refusal::Failure::Refused(refusal) = failure else { return failure.to_string() };
    let fields: Vec<String> =
        refusal.fields.iter().map(|field| format!("{} {}", field.pointer, field.code.words().1)).collect();
    let detail = refusal.detail.as_deref().unwrap_or_default();
    let text =
        format!("{}: {} {detail} {}", refusal.code.as_str(), refusal.code.titles().1, fields.join(", "));
    text.trim_end().to_owned()
}

impl Settings {
    fn load(&self) -> Result<Config, CommandError> {
        let environment: BTreeMap<String, String> = std::env::vars().collect();
        let mut flags = BTreeMap::new();
        let given = [
            ("listen", &self.listen),
            ("data_dir", &self.data_dir),
            ("database_url", &self.database_url),
            ("evidence_url", &self.evidence_url),
            ("secret_file", &self.secret_file),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                flags.insert(key, value.clone());
            }
        }
        Ok(Config::load(self.config.as_deref(), &environment, &flags)?)
    }
}

/// Runs the command line and says how it went.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.settings.json);
    match dispatch(&cli, &console) {
        Ok(code) => code,
        Err(error) => {
            console.error(&error.to_string());
            if matches!(error, CommandError::Config(_)) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn dispatch(cli: &Cli, console: &Console) -> Result<ExitCode, CommandError> {
    let config = cli.settings.load()?;
    match &cli.command {
        Command::Serve { no_migrate } => serve::serve(&config, console, !no_migrate)?,
        Command::Demo(args) => serve::demo(config, console, args)?,
        Command::User(UserCommand::Add(args)) => admin::add_user(&config, console, args)?,
        Command::User(UserCommand::Invite { username }) => {
            admin::hand_over(&config, console, username, Reason::Invite)?;
        }
        Command::User(UserCommand::Reset { username }) => {
            admin::hand_over(&config, console, username, Reason::Reset)?;
        }
        Command::Keys(command) => keys::run(&config, console, command)?,
        Command::Rules(command) => return rule_documents::run(&config, console, command),
        Command::Migrate => admin::migrate_database(&config, console)?,
        Command::Openapi => console.line(&openapi()?),
        Command::Config => admin::show_config(&config, console),
        Command::Campaign(command) => return campaign::run(&config, console, command),
        Command::Verify(args) => return verify::verify(&config, console, args),
        Command::Backup(args) => return backup::create(&config, console, args),
        Command::Restore(args) => return backup::restore(&config, console, args),
        Command::Import(command) => return ledger::import(&config, console, command),
        Command::Export(ExportCommand::Hazards(args)) => ledger::export(&config, console, args)?,
        Command::Export(ExportCommand::Audit { file }) => admin::export_audit(&config, console, file)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The committed form of the OpenAPI document.
pub fn openapi() -> Result<String, CommandError> {
    crate::app::document().to_pretty_json().map_err(|error| CommandError::Other(error.to_string()))
}

fn secret_path(config: &Config) -> PathBuf {
    config.secret_file.clone().unwrap_or_else(|| config.data_dir.join("secret.toml"))
}

/// The office's keys. Only a first start with the embedded database may make them: several nodes must be
/// given one file, and records that exist were signed with a key that must be found, not replaced.
fn office_keys(config: &Config, first_start: bool) -> Result<Keys, CommandError> {
    let path = secret_path(config);
    let embedded = config.database.backend() == crate::db::Backend::Sqlite;
    if path.exists() || config.secret_file.is_some() || !embedded || !first_start {
        if !path.exists() {
            return Err(CommandError::Other(format!(
                "there is no secret file at {}; set ANLAO_SECRET_FILE to the office's keys",
                path.display()
            )));
        }
        return Ok(Keys::read(&path)?);
    }
    std::fs::create_dir_all(&config.data_dir)?;
    Ok(Keys::create(&path)?)
}
