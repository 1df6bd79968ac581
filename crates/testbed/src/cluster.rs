//! Finding PostgreSQL's programs and keeping one server process.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// The folder of the newest PostgreSQL that has everything the tests need.
pub(crate) fn find_programs() -> Option<PathBuf> {
    let mut packaged: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    packaged.sort_by(|a, b| b.cmp(a));

    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| resolve(&folder));
    let complete =
        |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    packaged.into_iter().map(|(_, folder)| folder).chain(on_path).find(complete)
}

/// A folder of links to PostgreSQL's programs stands for the folder where they really are.
fn resolve(folder: &Path) -> PathBuf {
    let real = fs::canonicalize(folder.join("postgres")).ok();
    real.as_deref().and_then(Path::parent).unwrap_or(folder).to_path_buf()
}

/// The major version of the programs in `bin`.
pub(crate) fn major_version(bin: &Path) -> u32 {
    let answer = Command::new(bin.join("postgres")).arg("--version").output().expect("postgres --version");
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    let digits = answer.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty());
    digits
        .and_then(|part| part.parse().ok())
        .unwrap_or_else(|| panic!("cannot read the version in {answer:?}"))
}

/// A running server. Its watcher ends it when this process ends, because the pipe inside `_watcher` closes then.
pub(crate) struct Server {
    pub(crate) port: u16,
    folder: PathBuf,
    _watcher: Child,
}

impl Server {
    /// Starts a cluster; `settings` like `fsync=on` win over those of the tests.
    pub(crate) fn start(bin: &Path, settings: &[&str]) -> Self {
        let mut last = String::new();
        for _ in 0..5 {
            match Self::try_start(bin, free_port(), settings) {
                Ok(server) => return server,
                // Between asking for a free port and using it, somebody else may have taken it.
                Err(log) if log.contains("Address already in use") => last = log,
                Err(log) => panic!("PostgreSQL did not start:\n{log}"),
            }
        }
        panic!("PostgreSQL found no free port:\n{last}")
    }

    fn try_start(bin: &Path, port: u16, settings: &[&str]) -> Result<Self, String> {
        let folder =
            tempfile::Builder::new().prefix("anlao-pg-").tempdir_in(base_folder()).expect("temporary folder");
        let mut command = Command::new("sh");
        command
            .args(["-c", include_str!("watch.sh"), "watch"])
            .args([bin, folder.path()])
            .arg(port.to_string())
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .current_dir(folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("LC_ALL", "C")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        if is_root() {
            let (uid, gid) = unprivileged_user();
            chown(folder.path(), Some(uid), Some(gid)).expect("give the folder away");
            command.uid(uid).gid(gid);
        }
        let mut watcher = command.spawn().expect("sh");
        let folder = folder.keep(); // from here on the watcher removes it

        let asked = Instant::now();
        while !is_ready(&folder) {
            if watcher.try_wait().expect("watcher").is_some() {
                let mut log = String::new();
                watcher.stderr.take().expect("pipe").read_to_string(&mut log).expect("log of PostgreSQL");
                return Err(log);
            }
            assert!(asked.elapsed() < PATIENCE, "PostgreSQL was not ready after {PATIENCE:?}");
            sleep(Duration::from_millis(10));
        }
        Ok(Self { port, folder, _watcher: watcher })
    }

    /// What the server has logged so far.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).expect("log of PostgreSQL");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// What `pg_ctl restart -m immediate` does: every process of the server is ended without a word, and the next
    /// server recovers from the log. Returns when that one is ready.
    pub(crate) fn restart_immediately(&self) {
        fs::write(self.folder.join("restart"), "").expect("note for the watcher");
        let first_line = || {
            let lock = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
            lock.lines().next().map(str::to_owned)
        };
        let old = first_line().expect("a running server");
        let ended = Command::new("kill").args(["-QUIT", &old]).status().expect("kill");
        assert!(ended.success(), "PostgreSQL could not be ended");
        let asked = Instant::now();
        while first_line().as_ref() == Some(&old) || !is_ready(&self.folder) {
            assert!(asked.elapsed() < PATIENCE, "PostgreSQL was not back after {PATIENCE:?}");
            sleep(Duration::from_millis(10));
        }
    }
}

/// The server says so itself, in the eighth line of its lock file.
fn is_ready(folder: &Path) -> bool {
    let lock = fs::read_to_string(folder.join("data/postmaster.pid"));
    lock.is_ok_and(|text| text.lines().nth(7).is_some_and(|status| status.trim_end() == "ready"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("address").port()
}

/// PostgreSQL refuses to run as root.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|facts| facts.uid() == 0)
}

/// The usual temporary folder, unless the unprivileged user who is to own the cluster cannot use that one.
fn base_folder() -> PathBuf {
    let usual = std::env::temp_dir();
    let allows =
        |folder: &Path, bits| folder.metadata().is_ok_and(|facts| facts.permissions().mode() & bits == bits);
    let open = allows(&usual, 0o003) && usual.ancestors().all(|folder| allows(folder, 0o001));
    if open || !is_root() { usual } else { PathBuf::from("/tmp") }
}

/// User and group of `postgres`, or of `nobody`.
fn unprivileged_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("list of users");
    let ids = |name: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [user, _, uid, gid, ..] = fields.as_slice() else { return None };
            (*user == name).then(|| Some((uid.parse().ok()?, gid.parse().ok()?))).flatten()
        })
    };
    ids("postgres").or_else(|| ids("nobody")).expect("a user postgres or nobody")
}
