//! Every error, whoever made it, in one form: a problem document with a stable code, in the reader's
//! language, with the request's id, and without a word about how the server is made.
//!
//! What actix answers before any of our code sees the request cannot have that form: it is an empty 400
//! (a broken head or chunk), 408 (a head that does not arrive) or 413 (a head beyond its buffer). Clients
//! tell it by the missing `Anlao-Api` header. [`before_us`] holds exactly these.

use crate::on_both_databases;
use crate::support::{Answer, Photo, TestApp, World, lines};
use anlao::refusal::{Code, FieldCode};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Read, Write};

async fn raw_async(app: &TestApp, request: Vec<u8>) -> String {
    let base = app.base.clone();
    let address = base.strip_prefix("http://").unwrap().to_owned();
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let _ = tell.send(String::from_utf8_lossy(&answer).into_owned());
    });
    told.await.unwrap()
}

const SECURITY: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("anlao-api", "1"),
];

/// The fixed headers that every answer has.
#[track_caller]
fn assert_headers(what: &str, answer: &Answer) {
    for (name, value) in SECURITY {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("script-src 'unsafe"),
        "{what}: {policy}"
    );
    assert!(uuid::Uuid::try_parse(answer.header("x-request-id").unwrap()).is_ok(), "{what}");
    for revealing in ["server", "x-powered-by", "via"] {
        assert!(answer.header(revealing).is_none(), "{what}: {revealing}");
    }
}

/// Words that would tell how the server is made or where it stands.
const REVEALING: [&str; 16] = [
    "/work",
    "/src/",
    ".rs:",
    "SELECT",
    "INSERT",
    "sqlite",
    "postgres",
    "diesel",
    "actix",
    "serde",
    "panicked",
    "thread '",
    "anlao::",
    "rusqlite",
    "0.1.0",
    "invalid type",
];

#[track_caller]
fn assert_problem(what: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{what}: {}", String::from_utf8_lossy(&answer.bytes));
    assert_headers(what, answer);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    let body = &answer.body;
    assert_eq!((&body["type"], &body["status"]), (&json!("about:blank"), &json!(status)), "{what}");
    assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"), "{what}");
    let code = Code::ALL
        .iter()
        .find(|code| code.as_str() == answer.code())
        .unwrap_or_else(|| panic!("{what}: {body}"));
    assert!([code.titles().0, code.titles().1].contains(&body["title"].as_str().unwrap()), "{what}: {body}");
    let text = String::from_utf8_lossy(&answer.bytes);
    for word in REVEALING {
        assert!(!text.contains(word), "{what}: the answer says {word}: {text}");
    }
}

on_both_databases! {
    /// Whatever is wrong with a request, the answer is a problem document, in Chinese unless English is wanted.
    every_error_is_a_problem, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let hazard = world.registered(&world.hazard(&[&photo])).await;
        let person = &world.inspector;
        let ask = |method: Method, path: &str| person.request(method, path);
        let login = |body: &str| person.request(Method::POST, "/auth/login").header("content-type", "application/json").body(body.to_owned());
        let big = "x".repeat(300 * 1024);
        let chunked = || reqwest::Body::wrap_stream(futures_util::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 16 * 1024]))));
        let page = format!("/hazards/{hazard}");
        let cases = || vec![
            ("404 route", ask(Method::GET, "/nothing"), 404), ("404 root", ask(Method::GET, ""), 404), ("404 slash", ask(Method::GET, "/me/"), 404),
            ("404 double slash", ask(Method::GET, "//me"), 404), ("404 dots", ask(Method::GET, "/..%2f..%2fetc/passwd"), 404),
            ("404 id", ask(Method::GET, &format!("/hazards/{}", uuid::Uuid::now_v7())), 404), ("404 not an id", ask(Method::GET, "/hazards/1"), 404),
            ("404 nil", ask(Method::GET, "/hazards/00000000-0000-0000-0000-000000000000"), 404),
            ("405 method", ask(Method::POST, &page), 405), ("405 delete", ask(Method::DELETE, "/me"), 405), ("405 head", ask(Method::HEAD, "/me"), 405),
            ("405 options", ask(Method::OPTIONS, "/me"), 405), ("405 trace", ask(Method::TRACE, "/me"), 405),
            ("405 connect", ask(Method::from_bytes(b"QUERY").unwrap(), "/hazards"), 405), ("405 unknown", ask(Method::from_bytes(b"BREW").unwrap(), &page), 405),
            ("405 document", ask(Method::POST, "/openapi.json"), 405),
            ("401", app.anonymous().request(Method::GET, "/me"), 401), ("403", ask(Method::GET, "/users"), 403),
            ("415 none", ask(Method::POST, "/auth/login").body("{}"), 415), ("415 form", ask(Method::POST, "/auth/login").header("content-type", "text/plain").body("{}"), 415),
            ("415 photo", ask(Method::PUT, &format!("/evidence/{}/content", photo.id)).header("content-type", "image/gif").body("GIF89a"), 415),
            ("413 with length", login(&big), 413), ("413 chunked", ask(Method::POST, "/auth/login").header("content-type", "application/json").body(chunked()), 413),
            ("400 empty", login(""), 400), ("400 half", login("{\"username\": \"a"), 400), ("400 trailing", login("{\"username\":\"a\",\"password\":\"b\"} x"), 400),
            ("400 late", login("{\"username\":1,\"password\":"), 400), ("400 deep", login(&"[".repeat(100_000)), 400),
            ("400 UTF-8", person.request(Method::POST, "/auth/login").header("content-type", "application/json").body(b"{\"username\":\"\xff\xfe\",\"password\":\"b\"}".to_vec()), 400),
            ("400 UTF-8 unknown", person.request(Method::POST, "/auth/login").header("content-type", "application/json").body(b"{\"x\":\"\xc3\x28\"}".to_vec()), 400),
            ("400 UTF-16", person.request(Method::POST, "/auth/login").header("content-type", "application/json").body(b"\xff\xfe{\0}\0".to_vec()), 400),
            ("422 array", login("[\"inspector\",\"x\"]"), 422), ("422 string", login("\"x\""), 422), ("422 twice", login("{\"username\":\"a\",\"username\":\"b\",\"password\":\"c\"}"), 422),
            ("422 type", login("{\"username\":1,\"password\":\"b\"}"), 422), ("422 missing", login("{\"username\":\"a\"}"), 422), ("422 null", login("{\"username\":null,\"password\":\"b\"}"), 422),
            ("400 query", ask(Method::GET, "/hazards?nothing=1"), 400), ("400 query here", ask(Method::GET, "/me?nothing=1"), 400), ("400 query there", ask(Method::GET, &format!("{page}?full=1")), 400),
            ("400 twice", ask(Method::GET, "/hazards?limit=1&limit=2"), 400), ("400 limit", ask(Method::GET, "/hazards?limit=many"), 400), ("400 big", ask(Method::GET, "/hazards?limit=99999999999999999999"), 400),
            ("400 id", ask(Method::GET, "/hazards?institution_id=1"), 400), ("400 sort", ask(Method::GET, "/hazards?sort=id;DROP"), 400), ("400 status", ask(Method::GET, "/hazards?status=open"), 400),
            ("400 cursor", ask(Method::GET, "/hazards?cursor=AAAA"), 400), ("400 NUL", ask(Method::GET, "/hazards?checklist_item=%00"), 400), ("400 NUL q", ask(Method::GET, "/institutions?q=a%00b"), 400),
            ("400 date", ask(Method::GET, "/hazards?due_before=2026-13-01"), 400), ("400 year", ask(Method::GET, "/hazards?due_before=-4800-01-01"), 400), ("400 far", ask(Method::GET, "/hazards?due_before=%2B99999-01-01"), 400),
            ("400 instant", ask(Method::GET, "/hazards?found_from=-9999-01-01T00:00:00Z"), 400), ("400 late", ask(Method::GET, "/hazards?found_before=%2B262000-01-01T00:00:00Z"), 400),
            ("412", ask(Method::PUT, &format!("{page}/actions/{}", uuid::Uuid::now_v7())).header("if-match", "rubbish").json(&json!({ "kind": "comment", "note": "x" })), 412),
            ("409", ask(Method::PUT, &page).json(&world.hazard(&[])), 409),
        ];
        for (what, request, status) in cases() {
            let head = request.try_clone().and_then(|one| one.build().ok()).is_some_and(|one| one.method() == Method::HEAD);
            let answer = person.send(request.header("accept-language", "fr, zh-CN;q=0.9, en;q=0.8")).await;
            if head {
                assert_eq!(answer.status, status, "{what}");
                assert_headers(what, &answer);
                assert!(answer.bytes.is_empty() && answer.header("allow").is_some());
                continue;
            }
            assert_problem(what, &answer, status);
            assert!(!answer.body["title"].as_str().unwrap().is_ascii(), "{what}: Chinese");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
            assert_eq!(status == 405, answer.header("allow").is_some(), "{what}: {:?}", answer.headers);
            assert_eq!(status == 401, answer.header("www-authenticate").is_some(), "{what}");
        }
        for (what, request, status) in cases() {
            let answer = person.send(request.header("accept-language", "zh;q=0.5, EN-gb")).await;
            if !answer.bytes.is_empty() {
                assert_problem(what, &answer, status);
                assert!(answer.body["title"].as_str().unwrap().is_ascii(), "{what}: English");
            }
        }
        let text = lines_of_trail(app).await;
        assert!(!text.contains("passwd"));
    }

    /// A forged cursor is a bad cursor, whatever is in it: no fault of ours, on either database.
    forged_cursors, app => {
        use base64::Engine;
        let world = World::build(app).await;
        world.found().await;
        let places = [
            json!(null), json!(1), json!(-1), json!(i64::MIN), json!(i64::MAX), json!("x"), json!("\0"), json!("x\0y"), json!([]), json!({}),
            json!(["\0", uuid::Uuid::now_v7()]), json!(["名", uuid::Uuid::nil()]), json!(["名", "x"]),
        ];
        let mut cursors: Vec<Value> = places.to_vec();
        for key in ["deadline", "found_at", "severity"] {
            for value in [i64::MIN, -1_000_000_000, -2_500_000, 0, 2_932_897, 100_000_000, i64::MAX] {
                cursors.push(json!({ "sort": { "key": key, "descending": false }, "value": value, "id": uuid::Uuid::nil() }));
            }
        }
        for cursor in cursors {
            let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(cursor.to_string());
            for path in ["/hazards?sort=deadline", "/hazards?sort=found_at", "/hazards?sort=severity", "/institutions?limit=5", "/users?limit=5", "/areas?limit=5",
                "/audit?limit=5"] {
                let person = if path.starts_with("/audit") { &world.city_supervisor } else { &world.admin };
                let answer = person.get(&format!("{path}&cursor={text}")).await;
                assert!([200, 400, 404].contains(&answer.status), "{path} {cursor}: {}", answer.body);
            }
        }
    }

    /// Methods that a path has stand in `Allow`, and the fixed headers on every answer, good or bad, of every kind.
    allow_and_fixed_headers, app => {
        let world = World::build(app).await;
        let allow = async |path: &str| {
            let answer = world.admin.send(world.admin.request(Method::from_bytes(b"BREW").unwrap(), path)).await;
            answer.expect(405).header("allow").unwrap().to_owned()
        };
        assert_eq!(allow("/hazards").await, "GET");
        assert_eq!(allow(&format!("/areas/{}", world.city)).await, "DELETE, GET, PATCH, PUT");
        assert_eq!(allow("/auth/login").await, "POST");
        for path in ["/", "/hazards/somewhere", "/docs/", "/docs/openapi.json", "/healthz", "/readyz", "/api/v1/openapi.json", "/api/v1/me", "/nothing.js", "/api/v2/me"] {
            let response = app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.unwrap().to_vec();
            assert!(status < 500, "{path}");
            let answer = Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default(), bytes };
            assert_headers(path, &answer);
            if status >= 400 {
                assert_problem(path, &answer, status);
            }
        }
        for path in ["/healthz", "/readyz", "/api/v1/openapi.json", "/docs"] {
            let answer = app.http.post(format!("{}{path}", app.base)).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()), (405, "GET"), "{path}");
        }
        for path in ["/", "/healthz"] {
            let answer = app.http.head(format!("{}{path}", app.base)).send().await.unwrap();
            assert!([200, 405].contains(&answer.status().as_u16()), "HEAD {path}: {}", answer.status());
        }
    }

    /// Long addresses and headers, odd lengths, two requests in one: an error of the form, or one of those
    /// that actix makes before us; never a 5xx, never a second answer.
    odd_requests, app => {
        let long = "a".repeat(60_000);
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("a long address", format!("GET /api/v1/hazards?q={long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into()),
            ("a long header", format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {long}\r\nConnection: close\r\n\r\n").into()),
            ("a long name", format!("GET /api/v1/hazards/{long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into()),
            ("a broken escape", "GET /api/v1/hazards/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".into()),
            ("a broken UTF-8 escape", "GET /api/v1/hazards?q=%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".into()),
            ("an absolute address", "GET http://elsewhere/api/v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".into()),
            ("old HTTP", "GET /api/v1/me HTTP/1.0\r\n\r\n".into()),
            ("an unfinished body", "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{}   ".into()),
        ];
        for (what, request) in cases {
            let answer = raw_async(app, request).await;
            assert_eq!(answer.matches("HTTP/1.").count(), 1, "{what}: {answer}");
            let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
            assert!((400..500).contains(&status), "{what}: {answer}");
            assert!(answer.to_lowercase().contains("anlao-api: 1") && answer.contains("problem+json"), "{what}: {answer}");
        }
    }

    /// What never reaches our code: a head that is not HTTP. The answer is empty and has no header of ours.
    before_us, app => {
        let many: String = (0..200).map(|at| format!("X-{at}: y\r\n")).collect();
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("a bad length", "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n".into()),
            ("a negative length", "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".into()),
            ("two lengths", "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}".into()),
            ("length and chunks", "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n".into()),
            ("an unknown coding", "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: cow\r\n\r\n".into()),
            ("a NUL in the head", b"GET /api/v1/me HTTP/1.1\r\nHost: x\0y\r\n\r\n".to_vec()),
            ("rubbish", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
            ("no host", "GET /api/v1/me HTTP/1.1\r\n\r\n".into()), ("no version", "GET /api/v1/me\r\n\r\n".into()), ("a folded header", "GET /api/v1/me HTTP/1.1\r\nHost: x\r\n y: z\r\n\r\n".into()),
            ("too many headers", format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\n{many}\r\n").into()),
            ("a huge head", format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(300_000)).into()),
        ];
        for (what, request) in cases {
            let answer = raw_async(app, request).await;
            assert!(answer.matches("HTTP/1.").count() <= 1, "{what}: {answer}");
            let status: u16 = answer.split(' ').nth(1).map_or(400, |status| status.parse().unwrap());
            assert!([400, 413, 431].contains(&status), "{what}: {answer}");
            let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
            assert!(body.is_empty() || answer.contains("anlao-api"), "{what}: {answer}");
        }
        app.anonymous().get("/me").await.expect(401);
    }
}

/// What the trail says, as one text.
async fn lines_of_trail(app: &TestApp) -> String {
    app.db().read(|conn| lines(conn, "SELECT content AS line FROM audit_entries")).await.unwrap().join("\n")
}

/// A panic ends one request with a problem document, and no other.
#[test]
fn a_panic_in_a_handler() {
    use actix_web::{App, HttpResponse, HttpServer, middleware::from_fn, web};
    async fn panics() -> HttpResponse {
        panic!("planted: secret /srv/path")
    }
    actix_web::rt::System::new().block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = || {
            let app = App::new().wrap(from_fn(anlao::http::envelope));
            app.route("/api/v1/panics", web::get().to(panics))
                .route("/api/v1/fine", web::get().to(HttpResponse::Ok))
        };
        let server = HttpServer::new(app).workers(1).listen(listener).unwrap().run();
        let handle = server.handle();
        let serving = actix_web::rt::spawn(server);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for language in ["", "en"] {
            let response = http
                .get(format!("{base}/api/v1/panics"))
                .header("accept-language", language)
                .send()
                .await
                .unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.unwrap().to_vec();
            let answer = Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap(), bytes };
            assert_problem("a panic", &answer, 500);
            assert_eq!(answer.body["title"].as_str().unwrap().is_ascii(), language == "en");
            assert_eq!(http.get(format!("{base}/api/v1/fine")).send().await.unwrap().status(), 200);
        }
        handle.stop(false).await;
        serving.await.unwrap().unwrap();
    });
}

/// Every code there is stands in the document, is unique, and has words in both languages.
#[test]
fn every_code_is_documented() {
    let document = serde_json::to_value(anlao::app::document()).unwrap();
    let listed =
        |schema: &str| document["components"]["schemas"][schema]["properties"]["code"]["enum"].clone();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed("Problem"), json!(codes));
    let fields: Vec<&str> = FieldCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed("FieldProblem"), json!(fields));
    for list in [&codes, &fields] {
        let distinct: std::collections::BTreeSet<&&str> = list.iter().collect();
        assert_eq!(distinct.len(), list.len());
    }
    for code in Code::ALL {
        let (zh, en) = code.titles();
        assert!(!zh.is_ascii() && en.is_ascii() && !en.is_empty(), "{}", code.as_str());
    }
}
