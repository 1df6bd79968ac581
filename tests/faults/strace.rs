//! System calls seen, and made to fail, from outside.

use crate::node::Start;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether strace can be used here; if not, that is said loudly, and under `CI=true` it is a failure.
pub fn is_here() -> bool {
    let works = || {
        Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|s| s.success())
    };
    if works() {
        return true;
    }
    let _ = Command::new("scripts/ensure").arg("strace").current_dir(env!("CARGO_MANIFEST_DIR")).status();
    if works() {
        return true;
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "strace is needed and cannot be used");
    eprintln!("NOT TESTED: strace cannot be used here (Debian: apt-get install strace)");
    false
}

/// Starts a server under strace: the server is the child, strace a bystander.
pub fn under(options: &[String], log: &Path) -> Start {
    let mut under: Vec<String> = ["strace", "-D", "-f", "-qq"].map(str::to_owned).to_vec();
    under.extend(["-o".into(), log.display().to_string()]);
    under.extend(options.iter().cloned());
    Start { under, ..Start::default() }
}

/// Fails the `nth` of these calls of each thread on these files.
pub fn failing(call: &str, nth: usize, paths: &[PathBuf], log: &Path) -> Start {
    let mut options = vec!["-y".into(), "-e".into(), format!("inject={call}:error=EIO:when={nth}")];
    options.extend(paths.iter().flat_map(|path| ["-P".to_owned(), path.display().to_string()]));
    under(&options, log)
}
