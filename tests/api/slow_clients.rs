//! Clients that take their time, by the thousand: each is let go, and a normal one beside them notices nothing.

use crate::support::{Office, Photo, Wire, alone, head};
use anlao::db::Backend;
use anlao_testbed::{tally, tries};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// In which way a client is slow, with what it sends at first and then bit by bit.
struct Slow {
    what: &'static str,
    at_first: String,
    then: &'static str,
}

fn ways(token: &str, photo: &Photo) -> Vec<Slow> {
    let upload = format!("/api/v1/evidence/{}/content", photo.id);
    let length = format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n", photo.bytes.len());
    let json = |more: &str| {
        head("POST", "/api/v1/auth/login", token, &format!("Content-Type: application/json\r\n{more}"))
    };
    let me = head("GET", "/api/v1/me", token, "");
    vec![
        Slow { what: "says nothing", at_first: String::new(), then: "" },
        Slow {
            what: "a head without end",
            at_first: "GET / HTTP/1.1\r\nHost: x\r\n".into(),
            then: "X-A: b\r\n",
        },
        Slow { what: "a second head without end", at_first: format!("{me}GET / HT"), then: "T" },
        Slow { what: "a slow JSON body", at_first: json("Content-Length: 2000\r\n"), then: " " },
        Slow { what: "slow chunks", at_first: json("Transfer-Encoding: chunked\r\n"), then: "1\r\n \r\n" },
        Slow { what: "a slow upload", at_first: head("PUT", &upload, token, &length), then: "." },
        Slow { what: "a silent upload", at_first: head("PUT", &upload, token, &length), then: "" },
        Slow {
            what: "an unwanted body without end",
            at_first: head("PUT", "/api/v1/nothing", token, "Transfer-Encoding: chunked\r\n"),
            then: "1\r\n \r\n",
        },
        // Large answers asked for and never read.
        Slow {
            what: "does not read",
            at_first: head("GET", "/docs/swagger-ui-bundle.js", token, "").repeat(8),
            then: "",
        },
    ]
}

#[test]
fn slow_clients_are_let_go_and_a_normal_one_is_served_beside_them() {
    let limits = [
        ("ANLAO_CLIENT_PATIENCE_SECONDS", "2"),
        ("ANLAO_REQUEST_DEADLINE_SECONDS", "10"),
        ("ANLAO_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    alone(async || {
        let many = tries(300, 2000);
        rlimit::increase_nofile_limit(many + 500).unwrap();
        let office = Office::open_with(Backend::Sqlite, &limits).await.unwrap();
        let mut photo = Photo::before();
        photo.bytes.resize(1_000_000, b'.');
        office.register(&[&photo]).await;
        let ways = ways(office.inspector.access.as_deref().unwrap(), &photo);

        let over = Arc::new(AtomicBool::new(false));
        let (normal, stop) = (office.inspector.clone(), over.clone());
        let beside = actix_web::rt::spawn(async move {
            let mut took = Vec::new();
            let mut failed = 0_u64;
            while !stop.load(Ordering::SeqCst) {
                let began = Instant::now();
                failed += u64::from(normal.get("/hazards?limit=20").await.status != 200);
                took.push(began.elapsed());
            }
            took.sort();
            (took, failed)
        });
        let (base, patience) = (office.serving.base.clone(), Duration::from_secs(60));
        let clients = actix_web::rt::task::spawn_blocking(move || {
            let mut open: Vec<_> = (0..many as usize)
                .map(|at| {
                    let mut wire = Wire::connect(&base);
                    wire.send(&ways[at % ways.len()].at_first);
                    (at % ways.len(), wire)
                })
                .collect();
            let began = Instant::now();
            let mut lasted = vec![Duration::ZERO; ways.len()];
            // Only reading shows whether the connection is still there; who never reads does so at the very end.
            let looks = |what: &str| what != "does not read" || began.elapsed() > Duration::from_secs(15);
            while !open.is_empty() && began.elapsed() < patience {
                open.retain_mut(|(way, wire)| {
                    let then = ways[*way].then;
                    let sent = then.is_empty() || wire.send(then);
                    let closed = !sent || looks(ways[*way].what) && wire.is_closed();
                    if closed {
                        lasted[*way] = lasted[*way].max(began.elapsed());
                    }
                    !closed
                });
                std::thread::sleep(Duration::from_millis(200));
            }
            let lasted: Vec<_> = ways.iter().zip(lasted).map(|(way, lasted)| (way.what, lasted)).collect();
            let left: Vec<&str> = open.iter().map(|(way, _)| ways[*way].what).collect();
            (lasted, left)
        });
        let (lasted, left) = clients.await.unwrap();
        over.store(true, Ordering::SeqCst);
        let (took, failed) = beside.await.unwrap();
        let p99 = took[took.len() * 99 / 100];
        eprintln!(
            "{many} slow clients, let go after {lasted:?}; beside them {} requests, p99 {p99:?}",
            took.len()
        );
        tally("45", "slow clients let go", many, left.len() as u64);
        tally("45", "requests of a normal client beside them", took.len() as u64, failed);
        assert!(left.is_empty(), "still there: {left:?}");
        assert_eq!(failed, 0);
        let dropped = office.serving.metrics_text().await;
        for reason in ["slow_head", "slow_reader", "unwanted_body"] {
            assert!(dropped.contains(&format!("{{reason=\"{reason}\"}}")), "{reason}: {dropped}");
        }
    });
}

#[test]
fn a_slow_body_is_told_that_it_was_too_slow() {
    let limits = [("ANLAO_CLIENT_PATIENCE_SECONDS", "1")];
    alone(async || {
        let office = Office::open_with(Backend::Sqlite, &limits).await.unwrap();
        let photo = Photo::before();
        office.register(&[&photo]).await;
        let token = office.inspector.access.clone().unwrap();
        for (what, request) in ways(&token, &photo)
            .iter()
            .filter(|way| way.what.contains("upload"))
            .map(|way| (way.what, &way.at_first))
        {
            let mut wire = Wire::connect(&office.serving.base);
            wire.send(request);
            let answer = wire.answer(Duration::from_secs(20)).unwrap_or_else(|| panic!("{what}: no answer"));
            assert_eq!(
                (answer.status, answer.code().as_str(), answer.is_last()),
                (408, "request_timeout", true),
                "{what}"
            );
            assert_eq!(wire.rest(Duration::from_secs(20)), "", "{what}");
        }
        // A head that does not come: the protocol's own answer, in our form.
        let mut wire = Wire::connect(&office.serving.base);
        wire.send("GET / HTTP/1.1\r\n");
        let answer = wire.answer(Duration::from_secs(20)).unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (408, "request_timeout"));
        assert_eq!(answer.header("anlao-api"), Some("1"));
    });
}

#[test]
fn beyond_the_limit_of_connections_clients_are_told_and_idle_ones_make_room() {
    let limits = [("ANLAO_CONNECTIONS", "20")];
    alone(async || {
        let office = Office::open_with(Backend::Sqlite, &limits).await.unwrap();
        let base = &office.serving.base;
        let token = office.inspector.access.clone().unwrap();
        let me = head("GET", "/api/v1/me", &token, "");
        let patience = Duration::from_secs(20);
        let mut full = None;
        let mut idle = Vec::new();
        for _ in 0..40 {
            let mut wire = Wire::connect(base);
            wire.send(&me);
            let answer = wire.answer(patience).expect("an answer");
            if answer.status == 503 {
                full = Some(answer);
                break;
            }
            idle.push(wire);
        }
        let full = full.expect("everybody was let in");
        assert!(idle.len() <= 20, "{}", idle.len());
        assert_eq!(
            (full.code().as_str(), full.is_last(), full.header("retry-after")),
            ("busy", true, Some("2"))
        );
        // Those who hold a place without using it are let go, and there is room again.
        crate::support::until("there is room", patience, || {
            let mut wire = Wire::connect(base);
            wire.send(&me);
            wire.answer(patience).is_some_and(|answer| answer.status == 200)
        });
        crate::support::until("an idle one is let go", patience, || idle.iter_mut().any(Wire::is_closed));
    });
}
