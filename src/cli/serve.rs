//! `anlao serve` and `anlao demo`.

use super::CommandError;
use super::admin::{has_users, now, office, open};
use super::console::Console;
use crate::app::{Parts, Server};
use crate::audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::demo;
use crate::keys::Keys;
use crate::sessions::setup;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct DemoArgs {
    /// How many institutions.
    #[arg(long, default_value_t = 150)]
    institutions: usize,
    /// How many hazards.
    #[arg(long, default_value_t = 6000)]
    hazards: usize,
    /// The same seed gives the same city.
    #[arg(long, default_value_t = 20_241_209)]
    seed: u64,
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
    console.answer(
        &format!("Anlao serves http://{address} (documentation at /docs)"),
        &json!({ "address": address.to_string() }),
    );
    actix_web::rt::System::new().block_on(async move {
        let anchors = actix_web::rt::spawn(anchor_hourly(parts));
        let outcome = server.run()?.await;
        anchors.abort();
        outcome
    })?;
    Ok(())
}

/// Signs all heads every hour, so that a later rewrite of the past is found.
async fn anchor_hourly(parts: Parts) {
    let mut hours = actix_web::rt::time::interval(std::time::Duration::from_secs(3600));
    loop {
        hours.tick().await;
        let office = parts.office.clone();
        let at = parts.clock.now();
        if let Err(failure) = parts.db.write(move |conn| audit::anchor(conn, &office.keys, at)).await {
            tracing::error!(%failure, "the audit trail could not be anchored");
        }
    }
}

/// Fills a demonstration folder once and serves it.
pub fn demo(mut config: Config, console: &Console, args: &DemoArgs) -> Result<(), CommandError> {
    use_demo_folder(&mut config);
    start_log(&config);
    let keys = Keys::for_demo(args.seed);
    let parts = Parts::open(&config, office(&config, keys)?, Clock::System, true)?;
    let size = demo::Size { institutions: args.institutions, hazards: args.hazards, seed: args.seed };
    let password = demo::password(&config)?;
    demo::fill(&parts, console_progress(console), &size, &password)?;
    let accounts = demo::accounts(&parts)?;
    let lines: Vec<String> = accounts
        .iter()
        .map(|one| format!("  {:<22} {:<11} {}", one.username, one.role, one.display_name))
        .collect();
    console.say(&format!("Demo accounts, all with the password {password}\n{}", lines.join("\n")));
    if args.no_serve {
        console.answer("the demonstration is ready", &json!({ "data_dir": config.data_dir }));
        return Ok(());
    }
    run(&config, console, parts)
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

fn console_progress(console: &Console) -> impl Fn(&str, u64) -> indicatif::ProgressBar + '_ {
    |what, total| console.progress(what, total)
}
