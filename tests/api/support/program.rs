use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The real program with a folder of its own and nothing of the environment's.
pub struct Program {
    pub dir: TempDir,
}

/// What a finished command left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Fails the test with everything that was printed unless the exit code is this.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Program {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// The program with these arguments, in its folder and with nothing of the environment's.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_anlao"));
        command.args(args).current_dir(self.dir.path());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ANLAO_")) {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[], "")
    }

    /// Runs a command to its end with these variables and this on its standard input.
    pub fn run_with(&self, args: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
        let mut command = self.command(args);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let done = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) }
    }

    /// Serves on a free port with these variables; returns when the program says so. Rates are not limited unless they say so; the log is kept in a file.
    pub fn serve_with(&self, variables: &[(&str, &str)]) -> Serving {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        command.env("ANLAO_LOG", "error").env("ANLAO_USER_RATES", "0").envs(variables.iter().copied());
        let log = std::fs::File::create(self.dir.path().join("log.jsonl")).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}{}", self.log()));
        let base = |key: &str| said[key].as_str().map(|address| format!("http://{address}"));
        Serving { base: base("address").unwrap(), metrics: base("metrics_address"), child }
    }

    /// What the server wrote to its error stream.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log.jsonl")).unwrap_or_default()
    }
}

/// A running server; it ends with this value.
pub struct Serving {
    pub base: String,
    pub metrics: Option<String>,
    child: Child,
}

impl Serving {
    /// Megabytes that the process has in memory now.
    pub fn resident_mb(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// Forgets the highest use of memory so far.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }

    /// Megabytes at the highest since the last [`Self::forget_peak`].
    pub fn peak_mb(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Open files and connections of the process.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// The exit code, once the process has ended by itself.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
    }

    /// The value of a metric: its whole line up to the value names it.
    pub async fn metric(&self, line: &str) -> Option<f64> {
        let text = self.metrics_text().await;
        text.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' ')?.parse().ok())
    }

    pub async fn metrics_text(&self) -> String {
        let url = format!("{}/metrics", self.metrics.as_ref().unwrap());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.get(url).send().await.unwrap().text().await.unwrap()
    }

    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
