//! What an operator sees: whether the node is ready, what it counts, what it logs, and who may see it.

use crate::support::{Office, Photo, Wire, alone, head, until};
use anlao::db::Backend;
use serde_json::Value;
use std::time::Duration;

const METRICS: (&str, &str) = ("ANLAO_METRICS_LISTEN", "127.0.0.1:0");

#[test]
fn metrics_tell_of_requests_records_photos_and_the_process() {
    alone(async || {
        let office = Office::open_with(Backend::Sqlite, &[METRICS]).await.unwrap();
        let photo = Photo::before();
        office.register(&[&photo]).await;
        photo.upload(&office.inspector).await.expect(201);
        office.inspector.get(&format!("/evidence/{}/thumbnail", photo.id)).await.expect(200);
        office.inspector.get("/me").await.expect(200);
        office.inspector.get("/nothing").await.expect(404);
        let brew = reqwest::Method::from_bytes(b"BREW").unwrap();
        office.inspector.send(office.inspector.request(brew, "/me")).await.expect(405);
        let text = office.serving.metrics_text().await;
        let size = photo.bytes.len();
        for line in [
            "anlao_http_requests_total{method=\"GET\",route=\"/api/v1/me\",status=\"200\"} 1",
            "anlao_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
            "anlao_http_requests_total{method=\"other\",route=\"/api/v1/me\",status=\"405\"} 1",
            "anlao_http_request_duration_seconds_count{route=\"/api/v1/me\"} 2",
            "anlao_http_requests_in_flight 0",
            &format!("anlao_evidence_received_bytes_total {size}"),
            &format!("anlao_evidence_stored_bytes_total {size}"),
            "anlao_evidence_copies_total{outcome=\"made\"} 1",
            "anlao_db_queue_depth{queue=\"write\"} 0",
            "anlao_db_threads_busy 0",
            &format!("anlao_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is missing:\n{text}");
        }
        for name in [
            "anlao_audit_entries_total ",
            "anlao_db_write_batch_size_bucket{le=\"1.0\"} ",
            "anlao_db_commit_duration_seconds_count ",
            "anlao_db_threads ",
            "anlao_db_transaction_seconds_count{kind=\"read\"} ",
            "anlao_http_connections ",
            "anlao_process_resident_memory_bytes ",
            "anlao_process_open_fds ",
        ] {
            let value = text.lines().find_map(|line| line.strip_prefix(name));
            assert!(value.is_some_and(|value| value.parse::<f64>().unwrap() > 0.0), "{name}:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    });
}

#[test]
fn metrics_are_not_on_the_address_that_everybody_uses() {
    alone(async || {
        let office = Office::open_with(Backend::Sqlite, &[METRICS]).await.unwrap();
        let mut wire = Wire::connect(&office.serving.base);
        wire.send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let seen = wire.rest(Duration::from_secs(20));
        assert!(!seen.contains("anlao_http") && !seen.contains("process"), "{seen}");
        let silent = Office::open().await;
        assert!(silent.serving.metrics.is_none());
    });
}

#[test]
fn a_node_without_its_store_is_not_ready_but_alive() {
    alone(async || {
        let office = Office::open_with(Backend::Sqlite, &[]).await.unwrap();
        let ask = |path: &str| {
            let mut wire = Wire::connect(&office.serving.base);
            wire.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
            wire.answer(Duration::from_secs(20)).unwrap()
        };
        assert_eq!(ask("/readyz").status, 200);
        // The folder's place is taken by a file: nothing can be written below it, by nobody.
        let store = office.program.dir.path().join("data/evidence");
        let aside = office.program.dir.path().join("aside");
        std::fs::rename(&store, &aside).unwrap();
        std::fs::write(&store, "in the way").unwrap();
        until("not ready", Duration::from_secs(20), || ask("/readyz").status == 503);
        let answer = ask("/readyz");
        assert_eq!((answer.code().as_str(), answer.header("retry-after")), ("unavailable", Some("2")));
        assert!(!answer.body.contains("evidence") && !answer.body.contains("data"), "{}", answer.body);
        assert_eq!(ask("/healthz").status, 200);
        std::fs::remove_file(&store).unwrap();
        std::fs::rename(&aside, &store).unwrap();
        until("ready again", Duration::from_secs(20), || ask("/readyz").status == 200);
    });
}

#[test]
fn each_request_has_one_line_that_nobody_can_forge() {
    alone(async || {
        let office = Office::open_with(Backend::Sqlite, &[("ANLAO_LOG", "info"), ("ANLAO_SLOW_MS", "1")])
            .await
            .unwrap();
        let forged = "/nothing/%0a{\"status\":200,\"request_id\":\"forged\"}%0d%0a\u{1b}[2J";
        let token = office.inspector.access.clone().unwrap();
        let mut wire = Wire::connect(&office.serving.base);
        wire.send(head("GET", &format!("/api/v1{forged}"), &token, "User-Agent: a\tb\"}{\r\n"));
        let answer = wire.answer(Duration::from_secs(20)).unwrap();
        let me = office.inspector.get("/me").await.expect(200);
        let refused = office.inspector.get("/users").await.expect(403);
        let id = |answer: &crate::support::Answer| answer.header("x-request-id").unwrap().to_owned();
        let (me, refused) = (id(&me), id(&refused));
        let found = |id: &str| {
            let log = office.program.log();
            let lines = log
                .lines()
                .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
            let own = |line: &Value| line["request_id"] == id && line["message"] == "request";
            lines.filter(own).collect::<Vec<Value>>()
        };
        until("the lines are written", Duration::from_secs(10), || !found(&refused).is_empty());
        let [line] = &found(&me)[..] else { panic!("{}", office.program.log()) };
        assert_eq!((&line["route"], &line["status"]), (&"/api/v1/me".into(), &200.into()));
        assert!(line["micros"].as_u64().unwrap() > 0 && line["caller"].is_string() && line["code"].is_null());
        let [line] = &found(&refused)[..] else { panic!() };
        assert_eq!((&line["status"], &line["code"]), (&403.into(), &"forbidden".into()));
        let given = answer.header("x-request-id").unwrap();
        if let [line] = &found(given)[..] {
            assert_eq!(line["status"], answer.status);
        }
        assert!(
            !office.program.log().contains('\u{1b}')
                && !office.program.log().contains("\"request_id\":\"forged\"")
        );
        assert!(!office.program.log().contains(&token));
        // Storing flushes to disk, which takes its time: such lines name the request.
        let slow = office
            .program
            .log()
            .lines()
            .any(|line| line.contains("a slow transaction") && line.contains("request_id"));
        assert!(slow, "{}", office.program.log());
    });
}
