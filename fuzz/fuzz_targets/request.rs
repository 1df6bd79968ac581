//! What is read from requests: bodies, query parameters, cursors, headers. Whatever comes is taken or refused, and never
//! the server's own fault. The first byte says what the rest is.

#![no_main]

use actix_web::test::TestRequest;
use actix_web::{FromRequest, ResponseError};
use anlao::canonical::canonical;
use anlao::hazards::list::Place;
use anlao::http::{Body, Cursor, Query, TrustedProxies, client_address, client_network, expected_version};
use anlao::{areas, audit, checklists, hazards, institutions, sessions, supervision, users};
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::LazyLock;

static WORLD: LazyLock<()> = LazyLock::new(|| anlao_fuzz::seeds(seeds()));

/// The examples of the API's own description, and queries in its words.
fn seeds() -> Vec<Vec<u8>> {
    let document: serde_json::Value =
        anlao::cli::openapi().ok().and_then(|text| serde_json::from_str(&text).ok()).expect("a description");
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let example = |name: &str| schemas.get(name).map(|schema| schema["example"].to_string());
    let bodies =
        BODIES.iter().filter_map(|(kind, name)| Some([&[*kind], example(name)?.as_bytes()].concat()));
    let hazards = "status=pending,closed&overdue=true&category=electricity&q=%E6%8F%92&due_before=2026-03-01\
        &found_from=2026-03-01T01:20:00Z&sort=-deadline&limit=3";
    let place = r#"{"sort":{"key":"deadline","descending":true},"value":1,"id":"0198f000-0000-7000-8000-000000000001"}"#;
    let cursor = Cursor::encode(&serde_json::from_str::<serde_json::Value>(place).expect("a place"));
    let others = [
        (16, hazards),
        (17, "from=2026-03-01T01:20:00Z&limit=3"),
        (18, "area_id=0198f000-0000-7000-8000-000000000001"),
        (19, &cursor),
        (20, "[2001:db8::7]:443, 198.51.100.1"),
        (21, "\"7\""),
        (22, "移动插排串接 203室"),
    ];
    bodies.chain(others.map(|(kind, text)| [&[kind], text.as_bytes()].concat())).collect()
}

const BODIES: [(u8, &str); 14] = [
    (0, "HazardForm"),
    (1, "ActionForm"),
    (2, "InstitutionForm"),
    (3, "InstitutionChange"),
    (4, "AreaForm"),
    (5, "AreaChange"),
    (6, "UserForm"),
    (7, "UserChange"),
    (8, "LoginForm"),
    (9, "RefreshForm"),
    (10, "SetupForm"),
    (11, "CodeForm"),
    (12, "PasswordChange"),
    (13, "PasswordSetting"),
];

fn not_ours(error: &impl ResponseError) {
    assert!(error.status_code().is_client_error(), "{error}");
}

fn body<T: DeserializeOwned + 'static>(bytes: &[u8]) -> Option<T> {
    let request = TestRequest::default().insert_header(("content-type", "application/json"));
    let (request, mut payload) = request.set_payload(bytes.to_vec()).to_http_parts();
    let read = Body::<T>::from_request(&request, &mut payload).now_or_never().expect("it is all there");
    read.map_err(|error| not_ours(&error)).ok().map(|body| body.0)
}

/// What is compared to know a repeated request must survive its own text.
fn stable<T: Serialize + DeserializeOwned + 'static>(bytes: &[u8]) -> Option<T> {
    let form: T = body(bytes)?;
    let text = serde_json::to_vec(&form).expect("a form can be written");
    let again: T = body(&text).expect("and read again");
    assert_eq!(canonical(&form), canonical(&again));
    Some(form)
}

fn query<T: DeserializeOwned>(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(uri) = format!("/api/v1/x?{text}").parse::<actix_web::http::Uri>() else { return };
    let (request, mut payload) = TestRequest::default().uri(&uri.to_string()).to_http_parts();
    let read = Query::<T>::from_request(&request, &mut payload).now_or_never().expect("at once");
    let _ = read.map_err(|error| not_ours(&error));
}

fn header(name: &'static str, bytes: &[u8]) -> Option<actix_web::HttpRequest> {
    let value = actix_web::http::header::HeaderValue::from_bytes(bytes).ok()?;
    Some(TestRequest::default().insert_header((name, value)).to_http_request())
}

fn rest_of(kind: u8, rest: &[u8]) {
    match kind {
        16 => query::<hazards::routes::HazardFilter>(rest),
        17 => query::<audit::routes::AuditFilter>(rest),
        18 => {
            query::<areas::routes::AreaFilter>(rest);
            query::<checklists::routes::ItemFilter>(rest);
            query::<institutions::routes::InstitutionFilter>(rest);
            query::<supervision::routes::OverviewFilter>(rest);
            query::<users::routes::UserFilter>(rest);
        }
        19 => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            let _ = Cursor::decode::<Place>(Some(text)).map_err(|error| not_ours(&error));
            let _ = Cursor::decode::<serde_json::Value>(Some(text)).map_err(|error| not_ours(&error));
        }
        20 => {
            let Some(request) = header("x-forwarded-for", rest) else { return };
            let everybody = TrustedProxies::parse("0.0.0.0/0,::/0").expect("networks");
            let peer = "10.0.0.1".parse().ok();
            let client = client_address(peer, request.headers(), &everybody).expect("there is a peer");
            assert!(client_network(client).contains(&client));
            assert_eq!(client_address(peer, request.headers(), &TrustedProxies::default()), peer);
        }
        21 => {
            let Some(request) = header("if-match", rest) else { return };
            let _ = expected_version(&request, Some(7)).map_err(|error| not_ours(&error));
        }
        _ => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            for backend in [anlao::db::Backend::Sqlite, anlao::db::Backend::Postgres] {
                let words = anlao::db::search::query_words(text, backend).unwrap_or_default();
                assert!(words.is_ascii(), "searched words are spelt so that no database parses them");
            }
            let _ = anlao::db::search::index_words(text);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    LazyLock::force(&WORLD);
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 23 {
        0 => drop(stable::<hazards::register::HazardForm>(rest)),
        1 => {
            if let Some(form) = body::<hazards::action::ActionForm>(rest) {
                let _ = form.parse();
            }
        }
        2 => drop(stable::<institutions::routes::InstitutionForm>(rest)),
        3 => drop(body::<institutions::routes::InstitutionChange>(rest)),
        4 => drop(stable::<areas::routes::AreaForm>(rest)),
        5 => drop(body::<areas::routes::AreaChange>(rest)),
        6 => drop(body::<users::routes::UserForm>(rest)),
        7 => drop(body::<users::routes::UserChange>(rest)),
        8 => drop(body::<sessions::routes::LoginForm>(rest)),
        9 => drop(body::<sessions::routes::RefreshForm>(rest)),
        10 => drop(body::<sessions::routes::SetupForm>(rest)),
        11 => drop(body::<users::second_factor::routes::CodeForm>(rest)),
        12 => drop(body::<users::own::routes::PasswordChange>(rest)),
        13 => drop(body::<users::password_tokens::routes::PasswordSetting>(rest)),
        kind => rest_of(kind, rest),
    }
});
