//! Row 62: PostgreSQL is restarted under the server, its connections are ended, the line to it is cut or goes dead.

use crate::cases::{People, compare_list};
use crate::load::Load;
use crate::node::{Node, Start, faults};
use crate::seeds::Wrongs;
use crate::town::Town;
use anlao_testbed::tries;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Sends writes while `trouble` goes on, then looks whether the server heals and what it kept.
fn under_load(town: &Town, node: &Node, row: &str, time: Duration, trouble: impl FnOnce(&AtomicBool) + Send) {
    let people = People::at(&node.base, &town.logins());
    let over = AtomicBool::new(false);
    let mut wrongs = Wrongs::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut tried, mut healed) = (0, Duration::ZERO);
    std::thread::scope(|scope| {
        let trouble = scope.spawn(|| trouble(&over));
        runtime.block_on(async {
            let load = Load::lasting(town, 1, time);
            load.run(std::slice::from_ref(&people)).await;
            over.store(true, Ordering::Relaxed);
            trouble.join().unwrap();
            healed = heal(&people).await;
            eprintln!(
                "{row}: {} acknowledged, {} times 503, longest wait {:?}, healed after {healed:?}",
                load.acknowledged.get(),
                load.busy.get(),
                load.slowest.get()
            );
            // Fifteen seconds are promised; the rest is for a machine that has other things to do.
            let slowest = load.slowest.get();
            anlao_testbed::tally(
                "62",
                &format!("{row}: every answer within 15 s"),
                load.acknowledged.get() as u64,
                u64::from(slowest > Duration::from_secs(15)),
            );
            if slowest > Duration::from_secs(30) {
                wrongs.add(1, [format!("an answer took {slowest:?}")]);
            }
            tried = load.acknowledged.get() as u64;
            let (cases, wrong) = load.into_parts();
            wrongs.add(1, wrong);
            for case in &cases {
                wrongs.add(1, case.compare(&people).await);
            }
            wrongs.add(1, compare_list(&people.inspector, &cases).await);
        });
    });
    anlao_testbed::tally(
        "62",
        &format!("{row}: healed within 5 s"),
        1,
        u64::from(healed > Duration::from_secs(5)),
    );
    if healed > Duration::from_secs(60) {
        wrongs.add(1, [format!("healed only after {healed:?}")]);
    }
    wrongs.add(1, faults(town));
    wrongs.settle("62", row, tried);
}

/// How long until a hundred readings in a row are answered: every connection of the pool is sound again.
async fn heal(people: &People) -> Duration {
    let asked = Instant::now();
    let mut good = 0;
    while good < 100 && asked.elapsed() < Duration::from_secs(90) {
        match people.inspector.get("/hazards?limit=1").await {
            Some(reply) if reply.status == 200 => good += 1,
            _ => good = 0,
        }
    }
    asked.elapsed()
}

#[test]
fn postgres_restarted_and_its_connections_ended_loses_nothing() {
    let Some(cluster) = anlao_testbed::postgres_to_break() else { return };
    let town = Town::build_in(None, Some(cluster));
    let name = town.database.as_ref().unwrap().1.clone();
    let node = Node::start(&town);
    let time = Duration::from_secs(tries(8, 600));
    under_load(&town, &node, "restarts and ended connections (postgres)", time, |over| {
        let mut round = 0;
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_secs(1));
            round += 1;
            if round % 3 == 0 {
                cluster.restart_immediately();
            } else {
                cluster.cut_connections(&name);
            }
        }
    });
}

const PASS: u8 = 0;
const DELAY: u8 = 1;
const HALF_OPEN: u8 = 2;

/// A line to PostgreSQL that can be cut, slowed and silenced.
struct Line {
    port: u16,
    manner: AtomicU8,
    open: Mutex<Vec<TcpStream>>,
}

impl Line {
    fn to(port: u16) -> Arc<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let here = listener.local_addr().unwrap().port();
        let line = Arc::new(Self { port: here, manner: AtomicU8::new(PASS), open: Mutex::default() });
        let accepting = Arc::clone(&line);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
                let copy = |of: &TcpStream| of.try_clone().unwrap();
                accepting.open.lock().unwrap().extend([copy(&near), copy(&far)]);
                for (from, to) in [(copy(&near), copy(&far)), (far, near)] {
                    let line = Arc::clone(&accepting);
                    std::thread::spawn(move || line.carry(from, to));
                }
            }
        });
        line
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = from.read(&mut piece).unwrap_or(0);
            if read == 0 {
                let _ = to.shutdown(Shutdown::Both);
                return;
            }
            match self.manner.load(Ordering::Relaxed) {
                // Swallowed: each end believes that the other is there and says nothing.
                HALF_OPEN => continue,
                DELAY => std::thread::sleep(Duration::from_secs(2)),
                _ => {}
            }
            if to.write_all(&piece[..read]).is_err() {
                let _ = from.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn cut(&self) {
        for end in self.open.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

#[test]
fn a_line_to_postgres_that_is_cut_slow_or_dead_loses_nothing() {
    let Some(cluster) = anlao_testbed::postgres_or_skip() else { return };
    let town = Town::build_in(None, Some(cluster));
    let line = Line::to(cluster.port());
    let url = town.database_url.replace(&format!(":{}/", cluster.port()), &format!(":{}/", line.port));
    let start = Start { variables: vec![("ANLAO_DATABASE_URL".into(), url)], ..Start::default() };
    let node = Node::start_as(&town, &start).unwrap();
    let time = Duration::from_secs(tries(24, 600));
    under_load(&town, &node, "a line cut, slow and dead (postgres)", time, |over| {
        let for_a_while = |manner: u8, seconds: u64| {
            line.manner.store(manner, Ordering::Relaxed);
            std::thread::sleep(Duration::from_secs(seconds));
            line.manner.store(PASS, Ordering::Relaxed);
        };
        while !over.load(Ordering::Relaxed) {
            for_a_while(PASS, 1);
            line.cut();
            for_a_while(DELAY, 3);
            for_a_while(HALF_OPEN, 17);
            // What was swallowed does not come back: a dead line is found out when it is cut at last.
            line.cut();
        }
    });
}
