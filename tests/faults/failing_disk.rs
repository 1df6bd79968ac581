//! Rows 57 and 63: the disk fails at the Nth call, for every N; and what is flushed before anybody is told.
//!
//! Power loss is not simulated here. What stands in for it: the order of the flushes before the answer, and that a
//! flush that failed is never followed by a yes.

use crate::cases::{Case, Known, People, Write};
use crate::node::{Node, faults};
use crate::seeds::{Wrongs, chance};
use crate::strace;
use crate::town::Town;
use anlao::db::Backend;
use anlao_testbed::tries;
use rand::Rng;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The calls by which bytes come to the disk.
const CALLS: [&str; 7] = ["fsync", "fdatasync", "pwrite64", "write", "rename", "openat", "ftruncate"];
/// More of one call than the whole scenario makes.
const ENOUGH: usize = 60;

fn database_files(town: &Town) -> Vec<PathBuf> {
    ["anlao.db", "anlao.db-wal", "anlao.db-shm"].map(|name| town.data.join(name)).to_vec()
}

/// Where the photos of a case will lie, with the names they have until they are whole.
fn photo_files(town: &Town, case: &Case) -> Vec<PathBuf> {
    let originals = town.data.join("evidence/originals");
    let mut paths = vec![originals.clone()];
    for (write, _) in &case.writes {
        let Write::Upload { photo } = write else { continue };
        let sha256 = photo.sha256();
        let fan = originals.join(&sha256[..2]);
        paths.extend([fan.join(format!("{sha256}#1")), fan.join(&sha256), fan]);
    }
    paths
}

struct Trial {
    wrong: Vec<String>,
    /// Whether the disk failed at all.
    hit: bool,
}

/// Takes a case through a server whose disk fails once in every thread, then starts a sound one and compares.
async fn trial(town: &Town, seed: u64, call: &str, nth: usize) -> Trial {
    let mut case = Case::draw(town, &mut chance(seed));
    let logins = town.logins();
    let log = town.dir.path().join("strace.log");
    let paths = [database_files(town), photo_files(town, &case)].concat();
    let mut wrong = Vec::new();
    if let Some(mut node) = Node::start_as(town, &strace::failing(call, nth, &paths, &log)) {
        let people = People::at(&node.base, &logins);
        let mut refused = false;
        for (write, known) in &mut case.writes {
            *known = Known::Unknown;
            match people.send(&case.id, write).await {
                Some(reply) if reply.acknowledges() => *known = Known::Acknowledged,
                Some(reply) if matches!(reply.status, 503 | 507) && reply.is_problem() => refused = true,
                Some(reply) => wrong.push(format!("{}: {}", write.name(), reply.told())),
                None => refused = true,
            }
            if *known != Known::Acknowledged {
                break;
            }
        }
        let database_failed = injected(&log).iter().any(|line| line.contains("anlao.db") && is_flush(line));
        if refused && database_failed {
            // A flush of the records failed under a change: no second try, but an end.
            let open = case.writes.iter().find(|(_, known)| *known == Known::Unknown).unwrap();
            if people.send(&case.id, &open.0).await.is_some_and(|reply| reply.acknowledges()) {
                wrong.push(format!("{} was acknowledged after a flush had failed", open.0.name()));
            }
            match node.ended(Duration::from_secs(30)) {
                Some(74) => {}
                other => wrong.push(format!("after a failed flush the process ended with {other:?}")),
            }
        }
        node.kill();
    }
    let lines = injected(&log);

    let node = Node::start(town);
    let people = People::at(&node.base, &logins);
    wrong.extend(faults(town));
    wrong.extend(case.compare(&people).await);
    wrong.extend(case.send_again(&people).await);
    wrong.extend(case.compare(&people).await);
    let context = |what| format!("{call} number {nth}: {what}; injected: {lines:?}");
    Trial { wrong: wrong.into_iter().map(context).collect(), hit: !lines.is_empty() }
}

fn injected(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().filter(|line| line.contains("(INJECTED)")).map(str::to_owned).collect()
}

fn is_flush(line: &str) -> bool {
    line.contains("fsync") || line.contains("fdatasync")
}

/// A failing call of every kind; on a commit a few of them, for a release each one that the scenario makes.
#[test]
fn whatever_call_the_disk_fails_nothing_is_acknowledged_that_is_not_kept() {
    if !strace::is_here() {
        return;
    }
    let town = Town::build(Backend::Sqlite).unwrap();
    let sample = tries(2, ENOUGH as u64) as usize;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut wrongs, mut hits) = (Wrongs::default(), 0);
    let seed: u64 = std::env::var("ANLAO_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut drawn = chance(seed);
    for call in CALLS {
        // The first of its kind always; the others by chance among the early ones, which are surely made.
        let mut numbers: Vec<usize> = match sample {
            ENOUGH => (1..=ENOUGH).collect(),
            _ => [1].into_iter().chain((0..sample).map(|_| drawn.random_range(2..8))).collect(),
        };
        numbers.sort_unstable();
        numbers.dedup();
        for nth in numbers {
            let trial = runtime.block_on(trial(&town, seed * 1000 + nth as u64, call, nth));
            hits += u64::from(trial.hit);
            wrongs.add(seed, trial.wrong);
            if !trial.hit {
                break;
            }
        }
    }
    assert!(hits >= CALLS.len() as u64 - 2, "strace failed hardly anything: {hits}");
    wrongs.settle("57", "the Nth call of the disk fails (sqlite)", hits);
}

/// The lines of a trace, in the order in which calls began (`true`) and ended.
fn place(lines: &[&str], from: usize, what: &str, holds: impl Fn(&str) -> bool) -> usize {
    let found = lines[from..].iter().position(|line| holds(line));
    from + found.unwrap_or_else(|| panic!("no {what} from line {from} on in:\n{}", lines[from..].join("\n")))
}

/// Everything of an upload is on the disk before its answer begins.
#[test]
fn photo_folder_and_record_are_flushed_before_the_answer() {
    if !strace::is_here() {
        return;
    }
    let town = Town::build(Backend::Sqlite).unwrap();
    let logins = town.logins();
    let log = town.dir.path().join("strace.log");
    let calls = "trace=fsync,fdatasync,rename,renameat,renameat2,openat,sendto,write,writev,pwrite64";
    let start = strace::under(&["-y".into(), "-s".into(), "40".into(), "-e".into(), calls.into()], &log);
    let node = Node::start_as(&town, &start).expect("strace lets the server start");
    let people = People::at(&node.base, &logins);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let case = Case::draw(&town, &mut chance(1));
    let (before, sha256) = runtime.block_on(async {
        assert!(people.send(&case.id, &case.writes[0].0).await.is_some_and(|reply| reply.status == 201));
        let before = std::fs::read_to_string(&log).unwrap().lines().count();
        assert!(people.send(&case.id, &case.writes[1].0).await.is_some_and(|reply| reply.status == 201));
        let Write::Upload { photo } = &case.writes[1].0 else { panic!("not a photo") };
        (before, photo.sha256())
    });
    node.kill();
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();

    // A call that another thread interrupted stands on two lines; it is done at the second, which lacks its arguments.
    let done = |line: &str, calls: &[&str], path: &str| {
        calls.iter().any(|call| line.contains(&format!("{call}(")))
            && line.contains(path)
            && !line.contains(" = -1")
    };
    let fan = format!("originals/{}", &sha256[..2]);
    let photo =
        place(&lines, before, "flush of the photo", |line| done(line, &["fsync", "fdatasync"], &sha256));
    let named = place(&lines, photo, "rename", |line| line.contains("rename") && line.contains(&sha256));
    let folder = place(&lines, named, "flush of its folder", |line| {
        done(line, &["fsync"], &fan) && !line.contains(&sha256)
    });
    let logged = place(&lines, folder, "write to the log", |line| done(line, &["pwrite64"], "anlao.db-wal"));
    let record =
        place(&lines, logged, "flush of the log", |line| done(line, &["fsync", "fdatasync"], "anlao.db-wal"));
    let answer = place(&lines, before, "answer", |line| line.contains("HTTP/1.1 201"));
    let ended = |began: usize| {
        if !lines[began].contains("<unfinished") {
            return began;
        }
        let thread = lines[began].split_whitespace().next().unwrap();
        place(&lines, began + 1, "end of a call", |line| line.starts_with(thread) && line.contains("resumed"))
    };
    for flush in [photo, folder, record] {
        assert!(ended(flush) < answer, "the answer came before {}", lines[flush]);
    }
    anlao_testbed::tally("63", "order of flushes and answer of an upload", 1, 0);
}

/// What SQLite was told is what it keeps to, on every connection there can be.
#[test]
fn every_sqlite_connection_flushes_every_commit() {
    let town = Town::build(Backend::Sqlite).unwrap();
    let settings = "SELECT (SELECT journal_mode FROM pragma_journal_mode) || ' ' || (SELECT synchronous FROM \
        pragma_synchronous) || ' ' || (SELECT foreign_keys FROM pragma_foreign_keys) AS line";
    for _ in 0..10 {
        assert_eq!(town.ask(settings), ["wal 2 1"]);
    }
    let version = town.ask("SELECT sqlite_version() AS line").remove(0);
    let numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(numbers >= vec![3, 51, 3], "{version}");
    anlao_testbed::tally("63", "settings of SQLite's connections", 10, 0);
}

/// A database that would take what SQLite promises and not keep it is refused, not used.
#[test]
fn a_database_that_cannot_keep_a_log_is_refused() {
    let Err(refused) = anlao::db::Conn::open(&anlao::db::DatabaseUrl::Sqlite(":memory:".into())) else {
        panic!("a database in memory was accepted");
    };
    assert!(refused.to_string().contains("journal_mode=WAL"), "{refused}");
}

/// The tests' own server flushes nothing, and it is said so; one that answers before its disk is refused.
#[test]
fn postgres_without_flushes_is_told_of_and_without_commits_refused() {
    let Some(town) = Town::build(Backend::Postgres) else { return };
    let log = town.dir.path().join("server.log");
    let mut start = crate::node::Start { log: Some(log.clone()), ..Default::default() };
    start.variables.push(("ANLAO_LOG".into(), "warn".into()));
    Node::start_as(&town, &start).expect("it serves all the same").kill();
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains("fsync=off") && said.contains("full_page_writes=off"), "{said}");

    let asynchronous = format!("{}?options=-csynchronous_commit%3Doff", town.database_url);
    start.variables.push(("ANLAO_DATABASE_URL".into(), asynchronous));
    assert!(Node::start_as(&town, &start).is_none(), "it served on asynchronous commits");
    let said = crate::node::run(&town, &["migrate"]);
    assert_eq!(said.0, 0, "{}", said.1);
    anlao_testbed::tally("63", "settings of PostgreSQL at the start", 2, 0);
}
