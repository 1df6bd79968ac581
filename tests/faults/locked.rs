//! Row 51: other processes use the same SQLite file. Nobody loses anything by that, and nobody is told of it.

use crate::cases::{People, compare_list};
use crate::load::Load;
use crate::node::{Node, faults, run};
use crate::seeds::Wrongs;
use crate::town::{PASSWORD, Town};
use anlao::db::{Backend, Conn};
use anlao_testbed::tries;
use diesel::connection::SimpleConnection;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Holds the write lock for a while, again and again, as a careless script would.
fn hold_the_lock(town: &Town, over: &AtomicBool) {
    let mut conn = Conn::open(&town.url()).unwrap();
    for held in [1500, 100, 3000, 700].into_iter().cycle() {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let Conn::Sqlite(conn) = &mut conn else { panic!("not SQLite") };
        // The server may hold it for as long as it likes, too.
        if conn.batch_execute("BEGIN IMMEDIATE").is_ok() {
            std::thread::sleep(Duration::from_millis(held));
            conn.batch_execute("UPDATE users SET display_name = display_name; COMMIT").unwrap();
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// An administrator at the shell, while the server runs.
fn administrate(town: &Town, over: &AtomicBool) -> Vec<String> {
    let mut wrong = Vec::new();
    let password = town.dir.path().join("password");
    std::fs::write(&password, format!("{PASSWORD}二")).unwrap();
    let password = password.display().to_string();
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("clerk-{number}");
        let add = run(town, &["user", "add", &name, "--role", "admin", "--password-file", &password]);
        let verify = run(town, &["verify", "--no-evidence", "--json"]);
        for (code, text) in [add, verify] {
            if code != 0 {
                wrong.push(format!("a command ended with {code}: {text}"));
            }
        }
    }
    wrong
}

async fn read(people: &People, over: &AtomicBool, wrong: &RefCell<Vec<String>>, reads: &Cell<u64>) {
    while !over.load(Ordering::Relaxed) {
        for path in ["/hazards?limit=20", "/overview", "/hazards?q=插排&limit=5"] {
            let reply = people.inspector.get(path).await;
            if reply.as_ref().is_none_or(|reply| reply.status != 200) {
                wrong.borrow_mut().push(format!("GET {path}: {reply:?}"));
            }
            reads.set(reads.get() + 1);
        }
    }
}

#[test]
fn other_processes_on_the_same_file_cost_time_and_nothing_else() {
    let town = Town::build(Backend::Sqlite).unwrap();
    let node = Node::start(&town);
    let people = People::at(&node.base, &town.logins());
    let time = Duration::from_secs(tries(5, 600));
    let (over, reading, reads) = (AtomicBool::new(false), RefCell::default(), Cell::new(0));
    let mut wrongs = Wrongs::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tried = std::thread::scope(|scope| {
        let holder = scope.spawn(|| hold_the_lock(&town, &over));
        let shell = scope.spawn(|| administrate(&town, &over));
        let tried = runtime.block_on(async {
            let load = Load::lasting(&town, 1, time);
            let began = Instant::now();
            let readers =
                futures_util::future::join_all((0..8).map(|_| read(&people, &over, &reading, &reads)));
            tokio::join!(readers, async {
                load.run(std::slice::from_ref(&people)).await;
                over.store(true, Ordering::Relaxed);
            });
            eprintln!(
                "locks: {} writes and {} reads in {:?}, {} times busy, longest wait {:?}",
                load.acknowledged.get(),
                reads.get(),
                began.elapsed(),
                load.busy.get(),
                load.slowest.get()
            );
            let tried = load.acknowledged.get() as u64;
            let (cases, wrong) = load.into_parts();
            wrongs.add(1, wrong);
            for case in &cases {
                wrongs.add(1, case.compare(&people).await);
            }
            wrongs.add(1, compare_list(&people.inspector, &cases).await);
            tried
        });
        holder.join().unwrap();
        wrongs.add(1, shell.join().unwrap());
        tried
    });
    wrongs.add(1, reading.into_inner());
    wrongs.add(1, faults(&town));
    wrongs.settle("51", "writes while other processes lock the file (sqlite)", tried);
}
