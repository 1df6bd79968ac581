//! One server process, and the ways to end it.

use crate::town::Town;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. Dropped, it is killed.
pub struct Node {
    pub base: String,
    /// From the start of the process until it said that it serves.
    pub ready_after: Duration,
    child: Child,
    _out: BufReader<ChildStdout>,
}

/// How to start one.
#[derive(Clone, Default)]
pub struct Start {
    /// Program and arguments that run the server as their child or in their place.
    pub under: Vec<String>,
    pub variables: Vec<(String, String)>,
    /// Where its log goes; nowhere when absent.
    pub log: Option<std::path::PathBuf>,
}

fn command(town: &Town, start: &Start, args: &[&str]) -> Command {
    let program = env!("CARGO_BIN_EXE_anlao");
    let mut command = match start.under.split_first() {
        None => Command::new(program),
        Some((outer, rest)) => {
            let mut command = Command::new(outer);
            command.args(rest).arg(program);
            command
        }
    };
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANLAO_")) {
        command.env_remove(name);
    }
    command.args(args).current_dir(town.dir.path()).envs(town.environment()).envs(start.variables.clone());
    command.stdin(Stdio::null());
    command
}

impl Node {
    pub fn start(town: &Town) -> Self {
        Self::start_as(town, &Start::default()).expect("the server starts")
    }

    /// `None` when the process ended before it served.
    pub fn start_as(town: &Town, start: &Start) -> Option<Self> {
        let asked = Instant::now();
        let mut command = command(town, start, &["serve", "--listen", "127.0.0.1:0", "--json"]);
        match &start.log {
            None => command.stderr(Stdio::null()),
            Some(path) => {
                command.stderr(std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap())
            }
        };
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        };
        let base = format!("http://{}", said["address"].as_str().unwrap());
        Some(Self { base, ready_after: asked.elapsed(), child, _out: out })
    }

    /// SIGKILL, and it is gone when this returns.
    pub fn kill(mut self) {
        self.end();
    }

    /// The exit code, if the process ends by itself within this time.
    pub fn ended(&mut self, within: Duration) -> Option<i32> {
        let asked = Instant::now();
        while asked.elapsed() < within {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status.code().unwrap_or(-1));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a command of the program answered on its way to this exit code.
pub fn run(town: &Town, args: &[&str]) -> (i32, String) {
    let done = command(town, &Start::default(), args).output().unwrap();
    let text = [done.stdout.as_slice(), done.stderr.as_slice()].concat();
    (done.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// What `anlao verify` finds wrong with the audit chain, the photos and the counts, and SQLite with its own file.
pub fn faults(town: &Town) -> Vec<String> {
    let (code, text) = run(town, &["verify", "--json"]);
    let mut found = Vec::new();
    match serde_json::from_str::<Value>(&text) {
        Ok(said) if code == 0 && said["faults"] == serde_json::json!([]) => {}
        _ => found.push(format!("verify ended with {code}: {text}")),
    }
    if town.backend == anlao::db::Backend::Sqlite {
        let integrity = town.ask("SELECT integrity_check AS line FROM pragma_integrity_check");
        if integrity != ["ok"] {
            found.push(format!("integrity_check: {integrity:?}"));
        }
        let loose = town.ask("SELECT \"table\" AS line FROM pragma_foreign_key_check");
        if !loose.is_empty() {
            found.push(format!("foreign_key_check: {loose:?}"));
        }
    }
    found
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries.map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}
