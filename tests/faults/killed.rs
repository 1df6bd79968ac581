//! Row 56: killed in the middle of a thousand writes. What was acknowledged is there, what was not can be sent again.

use crate::cases::{Case, People, compare_list};
use crate::load::{Load, PHONES, WRITES};
use crate::node::{Node, faults, files};
use crate::seeds::{Wrongs, chance, seeds};
use crate::town::{Logins, Town};
use anlao::db::Backend;
use futures_util::future::join_all;
use rand::Rng;
use std::collections::BTreeSet;
use std::time::Duration;

/// Rounds on one folder, before a fresh one: its checking takes longer the more it holds.
const ROUNDS: usize = 10;

/// One round: load, the kill, what is left; the cases come back with everything acknowledged.
async fn round(town: &Town, seed: u64, logins: &Logins, ready: &mut Duration) -> (Vec<Case>, Vec<String>) {
    let mut moment = chance(seed ^ 0x6B69_6C6C);
    // Early moments rather more often than late ones, and now and then after the last write.
    let after = moment
        .random_range(1..=WRITES)
        .min(moment.random_range(1..=WRITES))
        .min(moment.random_range(1..=2 * WRITES));
    let jitter = Duration::from_micros(moment.random_range(0..4000));
    let load = Load::of(town, seed, WRITES, after);

    let node = Node::start(town);
    let people = People::at(&node.base, logins);
    let killer = async {
        load.reached.notified().await;
        tokio::time::sleep(jitter).await;
        node.kill();
    };
    tokio::join!(load.run(std::slice::from_ref(&people)), killer);
    let (mut cases, mut wrong) = load.into_parts();

    let node = Node::start(town);
    *ready = (*ready).max(node.ready_after);
    if node.ready_after > Duration::from_secs(30) {
        wrong.push(format!("ready only after {:?}", node.ready_after));
    }
    let people = people.moved(&node.base);
    wrong.extend(faults(town));
    let left = orphans(town).len();
    if left > PHONES {
        wrong.push(format!("{left} photos without a record, where {PHONES} phones sent one at a time"));
    }
    for found in join_all(cases.iter().map(|case| case.compare(&people))).await {
        wrong.extend(found);
    }
    let open = cases.iter_mut().filter(|case| case.is_open());
    let again = open.map(async |case| [case.send_again(&people).await, case.compare(&people).await].concat());
    for found in join_all(again).await {
        wrong.extend(found);
    }
    // Bytes that came before the kill and their record after it: sent again, they are nobody's no more. What nobody
    // sends again, and files that never got their name, are for the sweep.
    let left = orphans(town);
    if !left.is_empty() {
        wrong.push(format!("photos without a record after all was sent again: {left:?}"));
    }
    (cases, wrong)
}

/// Originals in the store that no record says are stored.
fn orphans(town: &Town) -> BTreeSet<String> {
    let recorded: BTreeSet<String> =
        town.ask("SELECT DISTINCT sha256 AS line FROM evidence WHERE state = 'stored'").into_iter().collect();
    let names = files(&town.data.join("evidence/originals")).into_iter();
    let names = names.map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    names.filter(|name| !name.contains('#') && !recorded.contains(name)).collect()
}

fn killed(backend: Backend, name: &str) {
    let seeds = seeds(20, 200);
    let began = std::time::Instant::now();
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
    eprintln!("{name}: {acknowledged} writes acknowledged, slowest start {slowest:?}, {:?}", began.elapsed());
    anlao_testbed::tally(
        "56",
        &format!("start after a kill within 5 s ({name})"),
        seeds.len() as u64,
        u64::from(slowest > Duration::from_secs(5)),
    );
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
