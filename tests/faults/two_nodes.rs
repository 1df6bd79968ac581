//! Two servers, one PostgreSQL, one S3-compatible store, one secret file: they are one service.

use crate::cases::{Case, Known, People, compare_list};
use crate::load::Load;
use crate::node::{Node, Start, faults};
use crate::phone::Phone;
use crate::seeds::{Wrongs, chance, seeds};
use crate::town::Town;
use anlao_testbed::S3;
use rand::Rng;
use reqwest::Method;

fn on_store(town: &mut Town, s3: &S3) {
    let told = [
        ("ANLAO_EVIDENCE_URL", format!("s3://{}/evidence", s3.bucket)),
        ("AWS_ENDPOINT_URL", s3.endpoint.clone()),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", s3.access_key.clone()),
        ("AWS_SECRET_ACCESS_KEY", s3.secret_key.clone()),
        ("AWS_REGION", s3.region.clone()),
    ];
    town.variables = told.map(|(name, value)| (name.to_owned(), value)).to_vec();
}

/// A server with a folder of its own: nothing is shared but what a network would share.
fn node(town: &Town, name: &str) -> Node {
    let folder = town.dir.path().join(name).display().to_string();
    let start = Start { variables: vec![("ANLAO_DATA_DIR".into(), folder)], ..Start::default() };
    Node::start_as(town, &start).expect("the server starts")
}

/// Every write of a case to both servers at the same time: each says yes, and it happened once.
async fn sent_to_both(town: &Town, people: &[People; 2], seed: u64) -> (Case, Vec<String>) {
    let mut case = Case::draw(town, &mut chance(seed));
    let mut wrong = Vec::new();
    for (write, known) in &mut case.writes {
        let (one, other) = tokio::join!(people[0].send(&case.id, write), people[1].send(&case.id, write));
        let mut statuses: Vec<u16> =
            [&one, &other].iter().map(|reply| reply.as_ref().map_or(0, |reply| reply.status)).collect();
        statuses.sort_unstable();
        if statuses != [200, 201] {
            wrong.push(format!("{} sent to both: {one:?} {other:?}", write.name()));
        }
        *known = Known::Acknowledged;
    }
    (case, wrong)
}

async fn status(phone: &Phone) -> u16 {
    phone.get("/me").await.map_or(0, |reply| reply.status)
}

/// Sessions hold on both servers, and end on both at once.
async fn sessions(town: &Town, bases: [&str; 2]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (ending, asking) in [(0, 1), (1, 0)] {
        let token = town.logins().manager;
        let (ender, asker) = (Phone::new(bases[ending], &token), Phone::new(bases[asking], &token));
        let before = (status(&ender).await, status(&asker).await);
        let logout = ender.send(ender.request(Method::POST, "/auth/logout")).await;
        let after = (status(&ender).await, status(&asker).await);
        if before != (200, 200) || after != (401, 401) {
            wrong.push(format!("a session was {before:?}, then {after:?} after {logout:?}"));
        }
    }
    wrong
}

#[test]
fn two_servers_are_one_service_even_when_one_is_killed() {
    let Some(cluster) = anlao_testbed::postgres_or_skip() else { return };
    let seeds = seeds(2, 50);
    let mut wrongs = Wrongs::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let s3 = S3::start();
    for seed in &seeds {
        let mut town = Town::build_in(None, Some(cluster));
        on_store(&mut town, &s3);
        let nodes = [node(&town, "one"), node(&town, "two")];
        let wrong = runtime.block_on(async {
            let at = |node: &Node| People::at(&node.base, &town.logins());
            let people = [at(&nodes[0]), at(&nodes[1])];
            let mut wrong = sessions(&town, [&nodes[0].base, &nodes[1].base]).await;
            let mut all = Vec::new();
            for number in 0..4 {
                let (case, found) = sent_to_both(&town, &people, seed * 100 + number).await;
                wrong.extend(found);
                all.push(case);
            }
            let after = chance(*seed).random_range(50..200);
            let load = Load::of(&town, *seed, 300, after).insisting();
            let [doomed, other] = nodes;
            tokio::join!(load.run(&people), async {
                load.reached.notified().await;
                doomed.kill();
            });
            let (cases, found) = load.into_parts();
            wrong.extend(found);
            all.extend(cases);
            let left = at(&other);
            for case in &all {
                wrong.extend(case.compare(&left).await);
            }
            wrong.extend(compare_list(&left.inspector, &all).await);
            wrong.extend(faults(&town));
            wrong
        });
        wrongs.add(*seed, wrong);
    }
    wrongs.settle("49", "two nodes, one of them killed (postgres, s3)", seeds.len() as u64);
}
