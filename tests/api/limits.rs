//! How often somebody may ask: exactly that often, told in headers, and nobody else is touched by it.

use crate::support::{Office, Wire, alone, head};
use anlao::db::Backend;
use anlao_testbed::tally;
use futures_util::future::join_all;
use std::time::{Duration, Instant};

#[test]
fn fifty_clients_of_one_account_get_exactly_what_it_may_have() {
    let limits = [("ANLAO_USER_RATES", "read=300 write=60"), ("ANLAO_METRICS_LISTEN", "127.0.0.1:0")];
    alone(async || {
        let office = Office::open_with(Backend::Sqlite, &limits).await.unwrap();
        let began = Instant::now();
        let all = (0..50).map(|_| {
            let person = office.inspector.clone();
            async move {
                let mut answers = Vec::new();
                for _ in 0..20 {
                    answers.push(person.get("/me").await);
                }
                answers
            }
        });
        let answers: Vec<_> = join_all(all).await.into_iter().flatten().collect();
        let allowed = answers.iter().filter(|answer| answer.status == 200).count() as f64;
        // A minute's worth at once, and five more every second.
        let may_have = began.elapsed().as_secs_f64().mul_add(5.0, 300.0);
        eprintln!("{allowed} of 1000 were allowed, {may_have} may be");
        let wrong = u64::from(!(285.0..=may_have * 1.05).contains(&allowed));
        tally("44", "1000 requests of 50 clients against a limit of 300", 1, wrong);
        assert_eq!(wrong, 0);
        let refused = answers.iter().find(|answer| answer.status != 200).unwrap();
        assert_eq!((refused.status, refused.code()), (429, "too_many_requests"));
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(refused.header("ratelimit-policy"), Some("\"user-read\";q=300;w=60"));
        assert!(refused.header("ratelimit").unwrap().starts_with("\"user-read\";r=0;t="));
        let warned =
            answers.iter().filter(|answer| answer.status == 200 && answer.header("ratelimit").is_some());
        assert!(warned.count() > 100, "whoever has used half is told");
        let counted = office.serving.metric("anlao_rate_limited_total{scope=\"user\",class=\"read\"}").await;
        assert_eq!(counted, Some(1000.0 - allowed));

        // Writing is counted for itself, and other accounts too.
        office.register(&[]).await;
        let other = office.colleague().await;
        other.get("/me").await.expect(200);
        // As long as was said, and not longer.
        tokio::time::sleep(Duration::from_secs(wait)).await;
        office.inspector.get("/me").await.expect(200);
    });
}

#[test]
fn whoever_watches_is_never_limited_and_zero_is_no_limit() {
    let limits = [("ANLAO_USER_RATES", "write=60"), ("ANLAO_ADDRESS_RATES", "read=1 write=1")];
    alone(async || {
        // From this machine no address is limited, so that a proxy beside the server is not.
        let office = Office::open_with(Backend::Sqlite, &limits).await.unwrap();
        let mut wire = Wire::connect(&office.serving.base);
        for path in ["/healthz", "/readyz", "/api/v1/me"] {
            for _ in 0..100 {
                wire.send(head("GET", path, office.inspector.access.as_deref().unwrap(), ""));
                assert_eq!(wire.answer(Duration::from_secs(20)).unwrap().status, 200);
            }
        }
    });
}

#[test]
fn a_wrong_limit_is_said_at_the_start() {
    let program = crate::support::Program::new();
    for (name, value) in [
        ("ANLAO_USER_RATES", "read=many"),
        ("ANLAO_REQUEST_DEADLINE_SECONDS", "0"),
        ("ANLAO_CONNECTIONS", "1"),
        ("ANLAO_METRICS_LISTEN", "everywhere"),
        ("ANLAO_SHUTDOWN_DELAY_SECONDS", "11"),
    ] {
        let ran = program.run_with(&["config"], &[(name, value)], "");
        assert!(ran.code != 0 && ran.err.contains(name), "{name}: {ran:?}");
    }
}
