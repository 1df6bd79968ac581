//! The real program, as it is built for use, in a process of its own.

use super::client::Line;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// `anlao serve` on a folder; it ends with this value.
pub struct Program {
    child: Child,
    pub address: String,
    /// Tokens of the two people who ask.
    pub supervisor: String,
    pub inspector: String,
    began: Instant,
}

impl Program {
    /// Starts it on a free port; returns when it says that it serves.
    pub fn start(folder: &Path, database_url: &str, supervisor: String, inspector: String) -> Self {
        let began = Instant::now();
        let mut command = Command::new(std::env::current_exe().unwrap().with_file_name("../anlao"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANLAO_")) {
            command.env_remove(name);
        }
        // One account asks all there is to ask: what it may ask in a minute is not what is measured.
        let mut child = command
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--database-url", database_url])
            .args(["--data-dir".as_ref(), folder.as_os_str()])
            .env("ANLAO_SECRET_FILE", folder.join("secret.toml"))
            .envs([("ANLAO_LOG", "error"), ("ANLAO_USER_RATES", "0"), ("ANLAO_ADDRESS_RATES", "0")])
            .env("ANLAO_SHUTDOWN_DELAY_SECONDS", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("build target/release/anlao first, as `make bench` does: {error}")
            });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = said["address"].as_str().unwrap().to_owned();
        Self { child, address, supervisor, inspector, began }
    }

    /// Asks once; how long it has been since the process was started.
    pub fn first_answer(&self, request: &str) -> Duration {
        Line::to(&self.address).ask_well(request, &self.supervisor);
        self.began.elapsed()
    }

    /// Waits until what a start sets going (the first run of each job) is done.
    pub fn settle(&self) {
        let (mut last, mut quiet) = (self.cpu(), 0);
        for _ in 0..480 {
            std::thread::sleep(Duration::from_millis(250));
            let now = self.cpu();
            quiet = if now - last <= Duration::from_millis(10) { quiet + 1 } else { 0 };
            last = now;
            if quiet == 6 {
                return;
            }
        }
        eprintln!("the server did not come to rest within two minutes");
    }

    /// Processor time so far.
    pub fn cpu(&self) -> Duration {
        let [own, _] = cpu(&self.child.id().to_string());
        own
    }

    /// `VmRSS`, `VmHWM` or `RssAnon` in MiB.
    pub fn memory(&self, field: &str) -> f64 {
        memory(self.child.id(), field)
    }

    /// Does something and tells the most memory of its own that the program had meanwhile, as far as looking
    /// a hundred times a second shows; the kernel keeps a peak only of all that is resident.
    pub fn own_peak<T>(&self, work: impl FnOnce() -> T) -> (T, f64) {
        let (id, done) = (self.child.id(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut peak = 0.0_f64;
                while !done.load(Ordering::Relaxed) {
                    peak = peak.max(memory(id, "RssAnon"));
                    std::thread::sleep(Duration::from_millis(10));
                }
                peak
            });
            let outcome = work();
            done.store(true, Ordering::Relaxed);
            (outcome, watching.join().unwrap())
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        for _ in 0..500 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn memory(process: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_matches([':', ' ', '\t', 'k', 'B']).parse::<f64>().unwrap() / 1024.0
}

/// Processor time of a process, and of those of its children that have ended.
pub fn cpu(process: &str) -> [Duration; 2] {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let words: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| words[at].parse::<u64>().unwrap() + words[at + 1].parse::<u64>().unwrap();
    [11, 13].map(|at| Duration::from_millis(ticks(at) * 10))
}
