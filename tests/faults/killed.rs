//! Row 56: killed in the middle of a thousand writes. What was acknowledged is there, what was not can be sent again.

use crate::cases::{Case, Known, People, compare_list};
use crate::node::{Node, faults};
use crate::seeds::{Wrongs, chance, seeds};
use crate::town::{Logins, Town};
use anlao::db::Backend;
use futures_util::future::join_all;
use rand::Rng;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::sync::Notify;

/// Phones that send at the same time.
pub const PHONES: usize = 64;
/// Writes that one round would send if nobody ended it.
pub const WRITES: usize = 1000;
/// Rounds on one folder, before a fresh one: its checking takes longer the more it holds.
const ROUNDS: usize = 20;

/// Many phones at once, until the writes are through or the server does not answer any more.
pub struct Load<'a> {
    town: &'a Town,
    chance: RefCell<rand_chacha::ChaCha8Rng>,
    left: Cell<usize>,
    /// Writes acknowledged so far, and the count at which somebody wants to be told.
    acknowledged: Cell<usize>,
    tell_at: usize,
    pub reached: Notify,
    cases: RefCell<Vec<Case>>,
    pub wrong: RefCell<Vec<String>>,
}

impl<'a> Load<'a> {
    pub fn new(town: &'a Town, seed: u64, tell_at: usize) -> Self {
        Self {
            town,
            chance: RefCell::new(chance(seed)),
            left: Cell::new(WRITES),
            acknowledged: Cell::new(0),
            tell_at,
            reached: Notify::new(),
            cases: RefCell::default(),
            wrong: RefCell::default(),
        }
    }

    pub async fn run(&self, people: &People) {
        join_all((0..PHONES).map(|_| self.phone(people))).await;
        self.reached.notify_one();
    }

    async fn phone(&self, people: &People) {
        while self.left.get() > 0 {
            let mut case = Case::draw(self.town, &mut self.chance.borrow_mut());
            let lost = self.send(people, &mut case).await;
            self.cases.borrow_mut().push(case);
            if lost {
                return;
            }
        }
    }

    /// Sends a case's writes in order; `true` when one got no answer.
    async fn send(&self, people: &People, case: &mut Case) -> bool {
        for (write, known) in &mut case.writes {
            if self.left.get() == 0 {
                return false;
            }
            self.left.set(self.left.get() - 1);
            *known = Known::Unknown;
            match people.send(&case.id, write).await {
                Some(reply) if reply.acknowledges() => *known = Known::Acknowledged,
                Some(reply) => {
                    self.wrong.borrow_mut().push(format!("{}: {}", write.name(), reply.told()));
                    return true;
                }
                None => return true,
            }
            self.acknowledged.set(self.acknowledged.get() + 1);
            if self.acknowledged.get() == self.tell_at {
                self.reached.notify_one();
            }
        }
        false
    }

    pub fn into_cases(self) -> Vec<Case> {
        self.cases.into_inner()
    }
}

/// One round: load, the kill, what is left; the cases come back with everything acknowledged.
async fn round(town: &Town, seed: u64, logins: &Logins, ready: &mut Duration) -> (Vec<Case>, Vec<String>) {
    let mut moment = chance(seed ^ 0x6B69_6C6C);
    // Early and late moments alike, and now and then after the last write.
    let after = moment.random_range(1..=WRITES);
    let jitter = Duration::from_micros(moment.random_range(0..4000));
    let load = Load::new(town, seed, after);

    let node = Node::start(town);
    let people = People::at(&node.base, logins);
    let killer = async {
        load.reached.notified().await;
        tokio::time::sleep(jitter).await;
        node.kill();
    };
    tokio::join!(load.run(&people), killer);
    let mut wrong: Vec<String> = load.wrong.borrow_mut().drain(..).collect();
    let mut cases = load.into_cases();

    let node = Node::start(town);
    *ready = (*ready).max(node.ready_after);
    if node.ready_after > Duration::from_secs(30) {
        wrong.push(format!("ready only after {:?}", node.ready_after));
    }
    let people = people.moved(&node.base);
    wrong.extend(faults(town));
    // Here belongs the check for objects that no record names, once there is a job that sweeps them.
    for found in join_all(cases.iter().map(|case| case.compare(&people))).await {
        wrong.extend(found);
    }
    for found in join_all(cases.iter_mut().map(|case| case.send_again(&people))).await {
        wrong.extend(found);
    }
    for found in join_all(cases.iter().map(|case| case.compare(&people))).await {
        wrong.extend(found);
    }
    (cases, wrong)
}

fn killed(backend: Backend, name: &str) {
    let seeds = seeds(20, 200);
    let (mut wrongs, mut acknowledged, mut slowest) = (Wrongs::default(), 0, Duration::ZERO);
    for rounds in seeds.chunks(ROUNDS) {
        let Some(town) = Town::build(backend) else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut all = Vec::new();
            for seed in rounds {
                let (cases, wrong) = round(&town, *seed, &town.logins(), &mut slowest).await;
                acknowledged += cases.iter().map(Case::acknowledged).sum::<usize>();
                wrongs.add(*seed, wrong);
                all.extend(cases);
            }
            let node = Node::start(&town);
            let people = People::at(&node.base, &town.logins());
            let last = rounds[rounds.len() - 1];
            wrongs.add(last, compare_list(&people.inspector, &all).await);
            wrongs.add(last, faults(&town));
        });
    }
    eprintln!("{name}: {acknowledged} writes acknowledged, slowest start {slowest:?}");
    anlao_testbed::tally("56", &format!("start after a kill within 5 s ({name})"), seeds.len() as u64, u64::from(slowest > Duration::from_secs(5)));
    wrongs.settle("56", &format!("kill -9 in a thousand writes with photos ({name})"), seeds.len() as u64);
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged_sqlite() {
    killed(Backend::Sqlite, "sqlite");
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged_postgres() {
    killed(Backend::Postgres, "postgres");
}
