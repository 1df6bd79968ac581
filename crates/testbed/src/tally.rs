//! What an acceptance run tried, for the table at its end.
//!
//! A test asks [`tries`] how often to do what it does, and says with [`tally`] how often it was done and how often
//! it failed. In an ordinary run the numbers are small and nothing is written.

use std::io::Write;

/// How often to try: `commit` times in every run, `release` times when `ANLAO_ACCEPT` is set.
pub fn tries(commit: u64, release: u64) -> u64 {
    if std::env::var_os("ANLAO_ACCEPT").is_some() { release } else { commit }
}

/// Adds a line to the file that `ANLAO_TALLY` names: a row of the acceptance table, what was done (with the database,
/// where both are tried), how often, and how often it went wrong. Call it before asserting that nothing did.
pub fn tally(row: &str, what: &str, tried: u64, failed: u64) {
    let Some(path) = std::env::var_os("ANLAO_TALLY") else { return };
    let line = serde_json::json!({ "row": row, "what": what, "tried": tried, "failed": failed });
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    // One write, so that tests side by side do not mix their lines.
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}
