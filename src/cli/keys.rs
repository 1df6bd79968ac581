//! `anlao keys`: changing the token keys while servers run, and the watch that makes servers notice.

use super::console::Console;
use super::{CommandError, secret_path};
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::file;
use crate::office::Office;
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Add a token key that will sign new tokens; the old ones go on being accepted.
    Rotate {
        /// Seconds until it signs: time for every server to read the file.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(0..=86_400))]
        delay: i64,
    },
    /// Remove a token key: what it signed is refused from now on.
    Retire { id: String },
    /// Name the token keys, the newest first.
    List,
}

pub fn run(config: &Config, console: &Console, command: &KeysCommand) -> Result<(), CommandError> {
    let (path, now) = (secret_path(config), Clock::System.now().utc().timestamp());
    match command {
        KeysCommand::Rotate { delay } => {
            let id = file::rotate(&path, now, *delay)?;
            console.answer(
                &format!(
                    "added {id}; it signs in {delay} seconds. Retire the old key a quarter of an hour later."
                ),
                &json!({ "id": id, "signs_in_seconds": delay }),
            );
        }
        KeysCommand::Retire { id } => {
            file::retire(&path, id, now)?;
            console.answer(&format!("retired {id}"), &json!({ "retired": id }));
        }
        KeysCommand::List => {
            let keys = file::token_keys(&path, now)?;
            let line =
                |key: &file::TokenKeyInfo| format!("{}{}", key.id, if key.signs { "  signs" } else { "" });
            console.answer(&keys.iter().map(line).collect::<Vec<_>>().join("\n"), &json!({ "keys": keys }));
        }
    }
    Ok(())
}

/// How often a running server looks whether the secret file was changed.
const EVERY: Duration = Duration::from_secs(2);

/// Takes over token keys from a changed secret file without a restart.
pub async fn watch(path: PathBuf, office: Arc<Office>) {
    let mut seen = stamp(&path);
    let mut ticks = actix_web::rt::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let now = stamp(&path);
        if now == seen {
            continue;
        }
        match office.keys.reload_tokens(&path) {
            Ok(differs) => {
                seen = now;
                tracing::info!("the token keys were read again");
                if differs {
                    tracing::warn!(
                        "the refresh key or the audit key in the secret file differs; these are only read at the start"
                    );
                }
            }
            // Half written, or not there for a moment: the keys in use stay, and it is tried again.
            Err(error) => tracing::warn!(%error, "the changed secret file cannot be used"),
        }
    }
}

/// What tells one writing of a file from the next.
fn stamp(path: &std::path::Path) -> Option<(SystemTime, u64, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&meta);
    #[cfg(not(unix))]
    let inode = 0;
    Some((meta.modified().ok()?, meta.len(), inode))
}
