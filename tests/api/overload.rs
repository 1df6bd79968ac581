//! When there is more to do than can be done: a quick "come again" instead of a late nothing, work that nobody
//! waits for is not begun, and afterwards all is as before.

use crate::support::{Answer, Office, Person, alone};
use anlao::db::{Backend, Conn, DatabaseUrl};
use anlao_testbed::{tally, tries};
use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Stands in everybody's way, as somebody's own program at the database might, until told to go.
struct InTheWay(Conn);

impl InTheWay {
    fn stand(database_url: &str) -> Self {
        let mut conn = Conn::open(&DatabaseUrl::parse(database_url).unwrap()).unwrap();
        conn.batch_execute(match conn {
            Conn::Sqlite(_) => "BEGIN IMMEDIATE",
            Conn::Postgres(_) => "BEGIN; LOCK TABLE hazards, users IN ACCESS EXCLUSIVE MODE",
        })
        .unwrap();
        Self(conn)
    }

    fn go(mut self) {
        self.0.batch_execute("ROLLBACK").unwrap();
    }
}

async fn register(person: &Person, id: &str, form: &Value) -> (Answer, Duration) {
    let began = Instant::now();
    let request = person.request(Method::PUT, &format!("/hazards/{id}")).json(form);
    (person.send(request).await, began.elapsed())
}

/// A 503 of ours that tells when to come again.
#[track_caller]
fn assert_come_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", String::from_utf8_lossy(&answer.bytes));
    assert_eq!((answer.code(), answer.header("content-type")), ("busy", Some("application/problem+json")));
    assert!(answer.header("retry-after").is_some());
}

async fn locked_from_outside(backend: Backend, name: &str) {
    let limits = [
        ("ANLAO_REQUEST_DEADLINE_SECONDS", "2"),
        ("ANLAO_METRICS_LISTEN", "127.0.0.1:0"),
        ("ANLAO_DATABASE_THREADS", "4"),
    ];
    let Some(office) = Office::open_with(backend, &limits).await else { return };
    let person = &office.inspector;
    let form = office.hazard(&[]);
    let many = tries(50, 1000) as usize;
    let ids: Vec<String> = (0..many).map(|_| uuid::Uuid::now_v7().to_string()).collect();

    let in_the_way = InTheWay::stand(&office.database_url);
    let first = join_all(ids.iter().map(|id| register(person, id, &form))).await;
    let slowest = first.iter().map(|(_, took)| *took).max().unwrap();
    let unwell = first.iter().filter(|(answer, _)| answer.status != 503).count();
    eprintln!("{name}: {many} writes against a lock, the slowest answer after {slowest:?}");
    tally(
        "46",
        &format!("answered within the deadline of a locked database ({name})"),
        many as u64,
        unwell as u64,
    );
    first.iter().for_each(|(answer, _)| assert_come_again(answer));
    // By now the line has stood for so long that nobody is let into it: refused at once, counted as such.
    let (answer, took) = register(person, &ids[0], &form).await;
    assert_come_again(&answer);
    eprintln!("{name}: the next was refused after {took:?}");
    let refused = office.serving.metric("anlao_db_refused_total{queue=\"write\"}").await;
    assert!(refused.is_some_and(|refused| refused >= 1.0), "{refused:?}");
    if backend == Backend::Sqlite {
        // Readers need no lock here.
        person.get("/hazards").await.expect(200);
    }
    in_the_way.go();

    let recovered = Instant::now();
    let deadline = recovered + Duration::from_secs(10);
    while register(person, &ids[0], &form).await.0.status == 503 {
        assert!(Instant::now() < deadline, "{name}: it did not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eprintln!("{name}: recovered after {:?}", recovered.elapsed());
    let mut begun = 0;
    for id in &ids[1..] {
        begun += u64::from(person.get(&format!("/hazards/{id}")).await.status == 200);
    }
    // On PostgreSQL each thread was inside one change when its caller left, and finished it.
    let allowed = if backend == Backend::Sqlite { 0 } else { 4 };
    eprintln!("{name}: {begun} changes were done after their callers had been sent away");
    assert!(begun <= allowed, "{begun}");
    for id in &ids {
        let (answer, _) = register(person, id, &form).await;
        assert!([200, 201].contains(&answer.status), "{}", String::from_utf8_lossy(&answer.bytes));
    }
}

#[test]
fn a_locked_database_is_answered_in_time_and_recovers_on_sqlite() {
    alone(async || locked_from_outside(Backend::Sqlite, "sqlite").await);
}

#[test]
fn a_locked_database_is_answered_in_time_and_recovers_on_postgres() {
    alone(async || locked_from_outside(Backend::Postgres, "postgres").await);
}

/// Far more clients than the server has hands: everybody is answered, most are served, and the memory stays.
#[test]
fn a_crowd_is_served_or_sent_away_but_never_left_standing() {
    alone(async || {
        let office = Office::open().await;
        let (person, form) = (&office.inspector, office.hazard(&[]));
        register(person, &uuid::Uuid::now_v7().to_string(), &form).await.0.expect(201);
        let before = office.serving.resident_mb();
        let rounds = tries(2, 20);
        let (mut served, mut refused) = (0_u64, 0_u64);
        for _ in 0..rounds {
            let all = (0..300).map(|at| {
                let form = &form;
                async move {
                    if at % 3 == 0 {
                        register(person, &uuid::Uuid::now_v7().to_string(), form).await.0
                    } else {
                        person.get("/hazards?limit=50").await
                    }
                }
            });
            for answer in join_all(all).await {
                match answer.status {
                    200 | 201 => served += 1,
                    _ => {
                        assert_come_again(&answer);
                        refused += 1;
                    }
                }
            }
        }
        let grown = office.serving.resident_mb().saturating_sub(before);
        eprintln!("{served} served, {refused} sent away, memory grew by {grown} MB");
        tally("46", "a crowd is served or told to come again", served + refused, 0);
        assert!(served > 0 && grown < 300, "{served} {grown}");
        person.get("/hazards?limit=1").await.expect(200);
    });
}
