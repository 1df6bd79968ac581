//! What may be sent at all: sizes to the byte, and requests that are not quite HTTP. One request never gets two
//! answers, and nothing that is refused is read on for long.

use crate::support::{Office, Wire, alone, head};
use anlao::db::Backend;
use anlao_testbed::tally;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const LOGIN: &str = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
/// Bytes of JSON that are read.
const LARGEST: usize = 256 * 1024;

/// A login of exactly this many bytes.
fn login_of(length: usize) -> String {
    let (start, end) = ("{\"username\":\"a\",\"password\":\"", "\"}");
    format!("{start}{}{end}", "x".repeat(length - start.len() - end.len()))
}

#[test]
fn sizes_are_held_to_the_byte() {
    alone(async || {
        let office = Office::open().await;
        let token = office.inspector.access.clone().unwrap();
        let ask = |request: String| {
            let mut wire = Wire::connect(&office.serving.base);
            wire.send(request);
            wire.answer(PATIENCE).expect("an answer")
        };
        let login = |body: &str, length: usize| ask(format!("{LOGIN}Content-Length: {length}\r\n\r\n{body}"));
        let chunked = |body: &str| {
            ask(format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()))
        };
        let address =
            |length: usize| ask(head("GET", &format!("/api/v1/{}", "a".repeat(length - 8)), &token, ""));
        let query = |length: usize| {
            ask(head("GET", &format!("/api/v1/hazards?q={}", "a".repeat(length - 18)), &token, ""))
        };
        let header = |length: usize| {
            ask(head("GET", "/api/v1/me", &token, &format!("X-Long: {}\r\n", "a".repeat(length))))
        };
        let many = |number: usize| ask(head("GET", "/api/v1/me", &token, &"X-A: b\r\n".repeat(number)));
        let page = |limit: i64| ask(head("GET", &format!("/api/v1/hazards?limit={limit}"), &token, ""));
        let cases = [
            ("a body at the limit", login(&login_of(LARGEST), LARGEST), 401, "bad_credentials"),
            ("a body beyond", login(&login_of(LARGEST + 1), LARGEST + 1), 413, "payload_too_large"),
            ("chunks at the limit", chunked(&login_of(LARGEST)), 401, "bad_credentials"),
            ("chunks beyond", chunked(&login_of(LARGEST + 1)), 413, "payload_too_large"),
            ("a promise beyond, and nothing more", login("", LARGEST + 1), 413, "payload_too_large"),
            ("a promise beyond all numbers", login("", usize::MAX), 413, "payload_too_large"),
            ("an address at the limit", address(8192), 404, "not_found"),
            ("an address beyond", address(8193), 414, "address_too_long"),
            ("a query at the limit", query(8192), 400, "invalid_query"),
            ("a query beyond", query(8193), 414, "address_too_long"),
            ("a long header", header(30_000), 200, ""),
            ("headers beyond", header(33_000), 431, "headers_too_large"),
            ("a head beyond all buffers", header(300_000), 431, "headers_too_large"),
            ("many headers", many(80), 200, ""),
            ("too many headers", many(200), 431, "headers_too_large"),
            ("a page at the limit", page(200), 200, ""),
            ("a page beyond", page(201), 400, "invalid_query"),
            ("a page of nothing", page(0), 400, "invalid_query"),
        ];
        let wrong: Vec<_> = cases
            .iter()
            .filter(|(_, answer, status, code)| (answer.status, answer.code().as_str()) != (*status, *code))
            .collect();
        tally("43", "sizes at and beyond their limits", cases.len() as u64, wrong.len() as u64);
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn a_body_beyond_the_limit_is_not_read_on() {
    alone(async || {
        let metrics = [("ANLAO_METRICS_LISTEN", "127.0.0.1:0")];
        let office = Office::open_with(Backend::Sqlite, &metrics).await.unwrap();
        let token = office.inspector.access.clone().unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
        let hazards = format!("/api/v1/hazards/{}", uuid::Uuid::now_v7());
        let json = "Content-Type: application/json\r\n";
        let cases = [
            ("chunks without end", format!("{LOGIN}Transfer-Encoding: chunked\r\n\r\n"), 413),
            ("a large length", format!("{LOGIN}Content-Length: 900000000\r\n\r\n"), 413),
            (
                "nobody's body",
                head("PUT", &hazards, "rubbish", &format!("{json}Transfer-Encoding: chunked\r\n")),
                401,
            ),
            (
                "no such address",
                head("PUT", "/api/v1/x", &token, &format!("{json}Transfer-Encoding: chunked\r\n")),
                404,
            ),
        ];
        for (what, start, status) in cases {
            let before = office.serving.metric("anlao_http_received_bytes_total").await.unwrap();
            let mut wire = Wire::connect(&office.serving.base);
            wire.send(&start);
            wire.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
            for _ in 0..2000 {
                if !wire.send(&chunk) {
                    break;
                }
            }
            let answer = wire.answer(PATIENCE);
            let read = office.serving.metric("anlao_http_received_bytes_total").await.unwrap() - before;
            eprintln!("{what}: {read} bytes were read");
            let most = (LARGEST + 64 * 1024) as f64;
            tally(
                "43",
                "an endless body is read no further than its limit and 64 KiB",
                1,
                u64::from(read > most),
            );
            assert!(read <= most, "{what}: {read} bytes");
            // Sending on after the answer may cost the client the answer; when it sees one, it is this.
            assert!(answer.is_none_or(|answer| answer.status == status && answer.is_last()), "{what}");
        }
    });
}

#[test]
fn a_length_that_lies_is_noticed() {
    alone(async || {
        let office = Office::open().await;
        let body = "{\"username\":\"a\",\"password\":\"b\"}";
        // Too short: the rest of the body is not taken for a request.
        let mut wire = Wire::connect(&office.serving.base);
        wire.send(format!("{LOGIN}Content-Length: 10\r\n\r\n{body}"));
        assert_eq!(wire.answer(PATIENCE).unwrap().status, 400);
        let rest = wire.rest(PATIENCE);
        assert!(!rest.contains(" 200 ") && rest.matches("HTTP/1.1").count() <= 1, "{rest}");
        // Too long, and the client is gone.
        let mut wire = Wire::connect(&office.serving.base);
        wire.send(format!("{LOGIN}Content-Length: 100\r\n\r\n{body}"));
        wire.stream.shutdown(std::net::Shutdown::Write).unwrap();
        let rest = wire.rest(PATIENCE);
        assert!(!rest.contains(" 200 ") && rest.matches("HTTP/1.1").count() <= 1, "{rest}");
    });
}

/// Requests that two programs might read differently. Behind each stands another request, which must never be
/// taken for one of its own right.
fn ambiguous() -> Vec<(&'static str, String)> {
    let hidden = "GET /api/v1/checklists?hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    let post = |more: &str| {
        format!("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{more}\r\n")
    };
    let length = hidden.len();
    let chunks = format!("0\r\n\r\n{hidden}");
    let get = |line: &str| format!("{line}\r\nHost: x\r\n\r\n");
    vec![
        (
            "length and chunks",
            post(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n")) + &chunks,
        ),
        ("chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") + &chunks),
        ("two lengths", post("Content-Length: 0\r\nContent-Length: 44\r\n") + hidden),
        (
            "the same length twice",
            post(&format!("Content-Length: {length}\r\nContent-Length: {length}\r\n")) + hidden,
        ),
        ("a list of lengths", post(&format!("Content-Length: {length}, {length}\r\n")) + hidden),
        ("a signed length", post("Content-Length: +0\r\n") + hidden),
        ("a negative length", post("Content-Length: -1\r\n") + hidden),
        ("a hexadecimal length", post("Content-Length: 0x10\r\n") + hidden),
        ("a length with a space in it", post("Content-Length: 1 0\r\n") + hidden),
        ("an empty length", post("Content-Length: \r\n") + hidden),
        ("a length beyond all numbers", post("Content-Length: 99999999999999999999999\r\n") + hidden),
        ("a length in other digits", post("Content-Length: ١\r\n") + hidden),
        ("chunks, misspelt", post("Transfer-Encoding: xchunked\r\n") + &chunks),
        ("chunks, then something", post("Transfer-Encoding: chunked, identity\r\n") + &chunks),
        ("something, then chunks", post("Transfer-Encoding: gzip, chunked\r\n") + &chunks),
        ("chunks twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + &chunks),
        (
            "chunks and nothing",
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n") + &chunks,
        ),
        ("chunks with a tab", post("Transfer-Encoding:\x0bchunked\r\n") + &chunks),
        ("chunks with a quote", post("Transfer-Encoding: \"chunked\"\r\n") + &chunks),
        (
            "chunks in old HTTP",
            format!(
                "POST /api/v1/auth/login HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
            ),
        ),
        ("a space before the colon", post("Content-Length : 44\r\n") + hidden),
        ("a space before the coding's colon", post("Transfer-Encoding : chunked\r\n") + &chunks),
        ("a folded coding", post("Transfer-Encoding:\r\n chunked\r\n") + &chunks),
        ("a folded header", post("X-A: b\r\n\tc\r\nContent-Length: 0\r\n") + hidden),
        ("a header that begins with a space", post(" Content-Length: 44\r\n") + hidden),
        ("a header without a colon", post("Content-Length\r\n") + hidden),
        ("a header without a name", post(": 44\r\n") + hidden),
        ("a NUL in a header", post("X-A: b\0c\r\n") + hidden),
        ("a NUL in a name", post("X\0A: b\r\n") + hidden),
        ("a bare return in a header", post("X-A: b\rContent-Length: 44\r\n") + hidden),
        ("a chunk size that is none", post("Transfer-Encoding: chunked\r\n") + "zz\r\n" + hidden),
        ("a negative chunk", post("Transfer-Encoding: chunked\r\n") + "-1\r\n" + hidden),
        (
            "a chunk size beyond all numbers",
            post("Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\n" + hidden,
        ),
        ("a chunk with 0x", post("Transfer-Encoding: chunked\r\n") + "0x0\r\n\r\n" + hidden),
        (
            "a chunk longer than said",
            post("Transfer-Encoding: chunked\r\n") + "1\r\n{}\r\n0\r\n\r\n" + hidden,
        ),
        ("chunks with bare line feeds", post("Transfer-Encoding: chunked\r\n") + "2\n{}\n0\n\n" + hidden),
        ("no version", format!("GET /api/v1/me\r\n\r\n{hidden}")),
        ("a version of the future", get("GET /api/v1/me HTTP/2.0") + hidden),
        ("a version that is none", get("GET /api/v1/me HTTP/1.a") + hidden),
        ("a space in the address", get("GET /api/v1/me HTTP/1.1 HTTP/1.1") + hidden),
        ("two spaces", get("GET  /api/v1/me HTTP/1.1") + hidden),
        ("no host", format!("GET /api/v1/me HTTP/1.1\r\n\r\n{hidden}")),
        ("two hosts", format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n{hidden}")),
        ("no method", get(" /api/v1/me HTTP/1.1") + hidden),
        ("TLS", format!("\x16\x03\x01\x02\x00\x01\r\n\r\n{hidden}")),
    ]
}

#[test]
fn a_request_that_can_be_read_in_two_ways_gets_one_answer_and_the_connection_ends() {
    alone(async || {
        let office = Office::open().await;
        let cases = ambiguous();
        assert!(cases.len() >= 40);
        let mut wrong = Vec::new();
        for (what, request) in &cases {
            let mut wire = Wire::connect(&office.serving.base);
            wire.send(request);
            let answers = wire.rest(PATIENCE);
            let statuses: Vec<&str> =
                answers.split("HTTP/1.1 ").skip(1).map(|answer| answer.get(..3).unwrap_or("")).collect();
            let one = statuses.len() <= 1
                && statuses.iter().all(|status| ["400", "405", "413", "415", "501"].contains(status));
            let form = statuses.is_empty()
                || answers.contains("application/problem+json") && answers.contains("anlao-api");
            if !one || !form {
                wrong.push((what, answers));
            }
        }
        tally("47", "requests that can be read in two ways", cases.len() as u64, wrong.len() as u64);
        assert!(wrong.is_empty(), "{wrong:#?}");
        office.inspector.get("/me").await.expect(200);
    });
}

#[test]
fn unusual_but_clear_requests_get_one_answer_each() {
    alone(async || {
        let office = Office::open().await;
        let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        // What each says, and what follows it on the same connection as a request of its own.
        let cases = [
            ("TRACE", "TRACE /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n", vec![405, 200]),
            (
                "TRACE with a body",
                "TRACE /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
                vec![405],
            ),
            ("CONNECT", "CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\n\r\n", vec![405]),
            (
                "an absolute address",
                "GET http://elsewhere/api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n",
                vec![401, 200],
            ),
            ("everything", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", vec![404, 200]),
            (
                "websocket",
                "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                vec![401],
            ),
            (
                "another protocol",
                "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                vec![401, 200],
            ),
            (
                "a GET with a body",
                "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
                vec![401, 200],
            ),
            ("old HTTP", "GET /api/v1/me HTTP/1.0\r\n\r\n", vec![401, 200]),
            (
                "an expectation",
                "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
                vec![422, 200],
            ),
        ];
        let mut wrong = Vec::new();
        for (what, request, wanted) in &cases {
            let mut wire = Wire::connect(&office.serving.base);
            wire.send(format!("{request}{hidden}"));
            let mut statuses = Vec::new();
            while let Some(answer) = wire.answer(PATIENCE) {
                statuses.push(answer.status);
                if answer.is_last() {
                    break;
                }
            }
            // Ending the connection early is always allowed.
            if statuses.is_empty() || !wanted.starts_with(&statuses) {
                wrong.push((what, statuses));
            }
        }
        tally("47", "unusual requests", cases.len() as u64, wrong.len() as u64);
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}
