//! One PostgreSQL cluster per test process.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::cluster::{Server, find_programs, major_version};

/// PostgreSQL is not installed; the text says what to install.
#[derive(Debug, Clone)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// The cluster of this test process: started by the first call, stopped and removed when the process ends.
///
/// # Errors
/// When PostgreSQL is not installed. A PostgreSQL that is there and does not start is a panic.
pub fn postgres() -> Result<&'static Postgres, Missing> {
    static CLUSTER: OnceLock<Option<Postgres>> = OnceLock::new();
    CLUSTER.get_or_init(|| find_programs().map(|bin| Postgres::start(bin, &[]))).as_ref().ok_or_else(|| {
        Missing(
            "PostgreSQL's server programs were not found: install them (Debian: apt-get install postgresql)"
                .into(),
        )
    })
}

/// A cluster that no other test uses, for a test that breaks it; it lives as long as the process. `None` where
/// [`postgres_or_skip`] says so.
pub fn postgres_to_break() -> Option<&'static Postgres> {
    postgres_or_skip()?;
    let programs = find_programs()?;
    Some(Box::leak(Box::new(Postgres::start(programs, &[]))))
}

/// A cluster that waits for the disk as one with real records does, for measurements; `None` where PostgreSQL is
/// not installed.
pub fn postgres_that_flushes() -> Option<Postgres> {
    let settings = ["fsync=on", "full_page_writes=on", "autovacuum=on", "shared_buffers=256MB"];
    find_programs().map(|programs| Postgres::start(programs, &settings))
}

/// [`postgres`] for tests that may be left out on a machine without PostgreSQL.
///
/// # Panics
/// When PostgreSQL is missing and `CI=true`: there nothing is left out.
pub fn postgres_or_skip() -> Option<&'static Postgres> {
    match postgres() {
        Ok(cluster) => Some(cluster),
        Err(missing) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{missing}"),
        Err(missing) => {
            eprintln!("NOT TESTED on PostgreSQL: {missing}");
            None
        }
    }
}

/// A running cluster. Everybody on this machine may connect, as the superuser `anlao`, without a password.
pub struct Postgres {
    programs: PathBuf,
    version: u32,
    server: Server,
    cloning: Mutex<()>,
}

impl Postgres {
    fn start(programs: PathBuf, settings: &[&str]) -> Self {
        let version = major_version(&programs);
        let server = Server::start(&programs, settings);
        Self { programs, version, server, cloning: Mutex::new(()) }
    }

    /// Ends the server in the middle of whatever it does and starts it again; returns when it is ready.
    pub fn restart_immediately(&self) {
        self.server.restart_immediately();
    }

    /// Ends every connection to a database but the one that asks.
    pub fn cut_connections(&self, database: &str) {
        let named = database.replace('\'', "''");
        self.admin(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{named}'"
        ));
    }

    /// Where the server listens on this machine.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The folder of its programs.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Makes an empty database and tells its URL.
    pub fn create_database(&self, name: &str) -> String {
        self.create_from_template("template0", name)
    }

    /// Makes a copy of a database that nobody is connected to and tells the copy's URL.
    pub fn create_from_template(&self, template: &str, name: &str) -> String {
        // One at a time: PostgreSQL refuses a template that is in use, and another clone is a use.
        let _turn = self.cloning.lock().unwrap_or_else(PoisonError::into_inner);
        let strategy = if self.version >= 15 { " STRATEGY file_copy" } else { "" };
        self.admin(&format!("CREATE DATABASE {} TEMPLATE {}{strategy}", quoted(name), quoted(template)));
        self.url(name)
    }

    /// Removes a database, if it is there, and ends the connections to it.
    pub fn drop_database(&self, name: &str) {
        self.admin(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name)));
    }

    /// The URL of the database that is always there.
    pub fn admin_url(&self) -> String {
        self.url("postgres")
    }

    /// The cluster's major version.
    pub fn major_version(&self) -> u32 {
        self.version
    }

    fn url(&self, name: &str) -> String {
        format!("postgres://anlao@127.0.0.1:{}/{name}", self.server.port)
    }

    fn admin(&self, statement: &str) {
        let answer = Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", &self.admin_url()])
            .args(["--command", statement])
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .output()
            .expect("psql");
        assert!(answer.status.success(), "{statement}: {}", String::from_utf8_lossy(&answer.stderr));
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
