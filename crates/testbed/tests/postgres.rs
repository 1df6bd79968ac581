//! The cluster: databases, clones, and its end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use anlao_testbed::{Postgres, postgres, postgres_or_skip};

/// Set for the child that [`a_killed_process_leaves_nothing`] kills: where to write the cluster's URL.
const HOLD: &str = "ANLAO_TESTBED_HOLD";

fn sql(url: &str, statement: &str) -> String {
    let psql = Command::new("psql")
        .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        .output();
    let answer = psql.unwrap();
    assert!(answer.status.success(), "{statement}: {}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).unwrap().trim().to_owned()
}

fn databases(cluster: &Postgres) -> String {
    sql(&cluster.admin_url(), "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database")
}

#[test]
fn is_set_up_as_anlao_expects() {
    let Some(cluster) = postgres_or_skip() else { return };
    assert!(std::ptr::eq(cluster, postgres().unwrap()), "one cluster for the whole process");
    let url = cluster.create_database("settings");
    let settings = [
        ("synchronous_commit", "on"),
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("max_connections", "300"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", "127.0.0.1"),
    ];
    for (name, value) in settings {
        assert_eq!(sql(&url, &format!("SHOW {name}")), value, "{name}");
    }
    assert_eq!(sql(&url, "SELECT current_user || ' ' || current_database()"), "anlao settings");
}

#[test]
fn a_clone_holds_what_its_template_held_and_no_more() {
    let Some(cluster) = postgres_or_skip() else { return };
    let template = cluster.create_database("template_of_clones");
    sql(&template, "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2)");
    let clone = cluster.create_from_template("template_of_clones", "a_clone");
    sql(&clone, "INSERT INTO t VALUES (3)");
    assert_eq!(sql(&clone, "SELECT sum(x) FROM t"), "6");
    assert_eq!(sql(&template, "SELECT sum(x) FROM t"), "3");
}

#[test]
fn many_threads_may_clone_at_once() {
    let Some(cluster) = postgres_or_skip() else { return };
    cluster.create_database("template_of_many");
    scope(|threads| {
        for n in 0..8 {
            threads.spawn(move || {
                let url = cluster.create_from_template("template_of_many", &format!("many_{n}"));
                assert_eq!(sql(&url, "SELECT current_database()"), format!("many_{n}"));
            });
        }
    });
}

#[test]
fn a_dropped_database_is_gone_though_somebody_was_connected() {
    let Some(cluster) = postgres_or_skip() else { return };
    let url = cluster.create_database("short_lived");
    let mut busy = Command::new("psql")
        .args(["-X", "-d", &url, "-c", "SELECT pg_sleep(60)"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'short_lived'";
    wait_until("psql is connected", || sql(&cluster.admin_url(), connected) == "1");
    cluster.drop_database("short_lived");
    assert!(!databases(cluster).contains("short_lived"));
    assert!(!busy.wait().unwrap().success());
    cluster.drop_database("short_lived");
}

#[test]
fn a_killed_process_leaves_nothing() {
    if postgres_or_skip().is_none() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    let note = temporary.path().join("url");
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_cluster_until_it_is_killed"])
        .env(HOLD, &note)
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the child has its cluster", || note.exists());
    let url = fs::read_to_string(&note).unwrap();
    let address = url.split(['@', '/']).nth(3).unwrap();
    assert!(TcpStream::connect(address).is_ok(), "{address} answers");
    assert_eq!(clusters_in(temporary.path()), 1);

    holder.kill().unwrap(); // SIGKILL: the child itself can clean up nothing
    holder.wait().unwrap();
    wait_until("the server is gone", || TcpStream::connect(address).is_err());
    wait_until("its folder is gone", || clusters_in(temporary.path()) == 0);
}

/// Not a test of its own: the child of the test above.
#[test]
fn holds_a_cluster_until_it_is_killed() {
    let Some(note) = std::env::var_os(HOLD) else { return };
    let url = postgres().unwrap().admin_url();
    let draft = Path::new(&note).with_extension("draft");
    fs::write(&draft, url).unwrap();
    fs::rename(draft, note).unwrap();
    sleep(Duration::from_secs(60));
}

fn clusters_in(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("anlao-pg-")).count()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let asked = Instant::now();
    while !done() {
        assert!(asked.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        sleep(Duration::from_millis(20));
    }
}
