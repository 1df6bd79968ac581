//! `anlao serve` and `anlao demo`.

use super::admin::{has_users, now, office, open};
use super::console::Console;
use super::{CommandError, keys, secret_path};
use crate::app::{Parts, Server, serve_metrics};
use crate::clock::Clock;
use crate::config::Config;
use crate::demo;
use crate::jobs::Runner;
use crate::keys::Keys;
use crate::sessions::setup;
use actix_web::dev::ServerHandle;
use clap::Args;
use serde_json::json;
use std::net::TcpListener;
use std::path::PathBuf;

#[derive(Args)]
pub struct DemoArgs {
    /// How many institutions; 150 in a new folder.
    #[arg(long)]
    institutions: Option<usize>,
    /// How many hazards; 6000 in a new folder.
    #[arg(long)]
    hazards: Option<usize>,
    /// The same seed gives the same city; 20241209 in a new folder.
    #[arg(long)]
    seed: Option<u64>,
    /// Only fill the folder.
    #[arg(long)]
    no_serve: bool,
}

fn start_log(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log).unwrap_or_else(|_error| "info".into());
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

pub fn serve(config: &Config, console: &Console, may_migrate: bool) -> Result<(), CommandError> {
    start_log(config);
    let parts = open(config, may_migrate)?;
    if demo::is_half_filled(&parts)? {
        return Err(CommandError::Other(
            "this demonstration was not filled to its end; run `anlao demo` to finish it".into(),
        ));
    }
    if !has_users(&parts)? {
        announce_setup(config, console, &parts)?;
    }
    run(config, console, parts)
}

/// The first administrator's token is shown here and nowhere else.
fn announce_setup(config: &Config, console: &Console, parts: &Parts) -> Result<(), CommandError> {
    let (office, at) = (parts.office.clone(), now(parts));
    if let Some(token) = parts.db.write_blocking(move |conn| setup::token(conn, &office.keys, at))? {
        console.say(&format!(
            "There is no account yet. Make the first administrator within 24 hours:\n  \
             curl -X POST {}/api/v1/auth/setup -H 'Content-Type: application/json' \\\n    \
             -d '{{\"token\": \"{token}\", \"username\": \"admin\", \"display_name\": \"…\", \"password\": \"…\"}}'\n\
             or at this machine: anlao user add admin --role admin",
            config.public_url
        ));
    }
    Ok(())
}

fn run(config: &Config, console: &Console, parts: Parts) -> Result<(), CommandError> {
    let server = Server::bind(config.listen, parts.clone(), config.threads)?;
    let address = server.address()?;
    let metrics = config.metrics_listen.map(TcpListener::bind).transpose()?;
    let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    console.answer(
        &format!("Anlao serves http://{address} (documentation at /docs)"),
        &json!({ "address": address.to_string(), "metrics_address": metrics_address.map(|at| at.to_string()) }),
    );
    let secret = secret_path(config);
    actix_web::rt::System::new().block_on(async move {
        let keys = actix_web::rt::spawn(keys::watch(secret, parts.office.clone()));
        let Parts { db, office, clock, vault, .. } = parts.clone();
        let jobs = actix_web::rt::spawn(Runner { db, store: vault.store, office, clock }.run());
        let running = server.run()?;
        let metrics = metrics.map(serve_metrics).transpose()?;
        let told = end_when_told(parts, running.handle());
        let watched = metrics.as_ref().map(actix_web::dev::Server::handle);
        let watching = metrics.map(actix_web::rt::spawn);
        let outcome = tokio::select! {
            outcome = running => outcome,
            () = told => Ok(()),
        };
        jobs.abort();
        keys.abort();
        if let (Some(handle), Some(watching)) = (watched, watching) {
            handle.stop(false).await;
            let _ = watching.await;
        }
        outcome
    })?;
    Ok(())
}

/// On the first signal: not ready any more, after a while nobody new, and the end when all is answered. A second
/// signal cuts the while short, and one more ends it at once.
async fn end_when_told(parts: Parts, server: ServerHandle) {
    told_to_end().await;
    tracing::info!("told to end: finishing what is in flight");
    parts.draining.begin();
    tokio::select! {
        () = tokio::time::sleep(parts.limits.shutdown_delay) => {}
        () = told_to_end() => {}
    }
    let stopping = server.stop(true);
    tokio::select! {
        () = stopping => {}
        () = told_to_end() => tracing::warn!("told to end again: ending at once"),
    }
}

async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}

/// Fills a demonstration folder once and serves it.
pub fn demo(mut config: Config, console: &Console, args: &DemoArgs) -> Result<(), CommandError> {
    use_demo_folder(&mut config);
    start_log(&config);
    let size = demo::Size { institutions: args.institutions, hazards: args.hazards, seed: args.seed };
    let keys = demo_keys(&config, demo::seed(&size))?;
    let parts = Parts::open(&config, office(&config, keys)?, Clock::System, true)?;
    let password = demo::password(&config.data_dir, config.demo_password.as_deref())?;
    let ready = demo::prepare(&parts, &size, &password, &|what, total| console.progress(what, total))?;
    console.say(&announcement(&ready.accounts, &password));
    if args.no_serve {
        let json = json!({ "data_dir": config.data_dir, "password": password, "accounts": ready.accounts });
        console.answer("The demonstration is ready.", &json);
        return Ok(());
    }
    run(&config, console, parts)
}

/// The keys of the demonstration folder: a secret file like any other, so that every command works on it.
fn demo_keys(config: &Config, seed: u64) -> Result<Keys, CommandError> {
    let path = secret_path(config);
    if path.exists() {
        return Ok(Keys::read(&path)?);
    }
    std::fs::create_dir_all(&config.data_dir)?;
    Ok(Keys::create_for_demo(&path, seed)?)
}

/// Who may log in and how; the many managers of single homes in one line.
fn announcement(accounts: &[demo::Account], password: &str) -> String {
    let numbered = |one: &&demo::Account| one.username.starts_with("manager-");
    let lines: Vec<String> = accounts
        .iter()
        .filter(|one| !numbered(one))
        .map(|one| format!("  {:<22} {:<11} {}", one.username, one.role, one.display_name))
        .collect();
    let managers: Vec<&demo::Account> = accounts.iter().filter(numbered).collect();
    let others = match (managers.first(), managers.last()) {
        (Some(first), Some(last)) => {
            format!("\n  {} … {}: one for each institution", first.username, last.username)
        }
        _ => String::new(),
    };
    format!("Demo accounts, all with the password {password}\n{}{others}", lines.join("\n"))
}

/// The demonstration never mixes with real records: unless told otherwise it has a folder of its own.
fn use_demo_folder(config: &mut Config) {
    let unset = |key: &str| config.sourced.iter().any(|one| one.key == key && one.source == "default");
    if !unset("data_dir") {
        return;
    }
    let folder = PathBuf::from("./demo-data");
    if unset("database_url") {
        config.database = crate::db::DatabaseUrl::Sqlite(folder.join("anlao.db"));
    }
    if unset("evidence_url") {
        config.evidence.url = format!("file:{}", folder.join("evidence").display());
    }
    config.data_dir = folder;
}
