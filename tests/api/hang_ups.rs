//! Clients that hang up in the middle, by the thousand: nothing of them stays, and others are served meanwhile.

use crate::support::{Office, Photo, Wire, alone, head, lines, until};
use anlao::db::{Backend, Conn, DatabaseUrl};
use anlao_testbed::{tally, tries};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether all of it was sent is of no interest.
fn gone(_sent: bool) {}

/// What a client does before it is gone.
fn hangs_up(base: &str, token: &str, photo: &Photo, form: &str, kind: u64) {
    let mut wire = Wire::connect(base);
    let id = uuid::Uuid::now_v7();
    let length = form.len();
    let json = |length: usize| format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
    match kind % 6 {
        0 => gone(wire.send("GET /api/v1/haz")),
        1 => {
            gone(wire.send(head("PUT", &format!("/api/v1/hazards/{id}"), token, &json(length)) + &form[..40]))
        }
        2 => gone(wire.send(head("PUT", &format!("/api/v1/hazards/{id}"), token, &json(length)) + form)),
        3 => gone(wire.send(head("GET", "/api/v1/hazards?limit=200", token, ""))),
        4 => {
            let path = format!("/api/v1/evidence/{}/content", photo.id);
            let more = format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n", photo.bytes.len());
            wire.send(head("PUT", &path, token, &more));
            wire.send(&photo.bytes[..photo.bytes.len() / 2]);
        }
        _ => {
            wire.send(head("GET", "/docs/swagger-ui-bundle.js", token, ""));
            let _ = std::io::Read::read(&mut wire.stream, &mut [0; 100]);
        }
    }
}

async fn nothing_stays(backend: Backend, name: &str) {
    let Some(office) = Office::open_with(backend, &[("ANLAO_METRICS_LISTEN", "127.0.0.1:0")]).await else {
        return;
    };
    let mut photo = Photo::before();
    photo.bytes.resize(600_000, b'.');
    office.register(&[&photo]).await;
    let form = serde_json::to_string(&office.hazard(&[])).unwrap();
    let token = office.inspector.access.clone().unwrap();
    let (files, memory) = (office.serving.open_files(), office.serving.resident_mb());

    let over = Arc::new(AtomicBool::new(false));
    let (other, stop) = (office.inspector.clone(), over.clone());
    let beside = actix_web::rt::spawn(async move {
        let (mut asked, mut failed) = (0_u64, 0_u64);
        while !stop.load(Ordering::SeqCst) {
            asked += 1;
            failed += u64::from(other.get("/hazards?limit=20").await.status != 200);
        }
        (asked, failed)
    });
    let (many, base) = (tries(400, 2000), office.serving.base.clone());
    let leaving: Vec<_> = (0..8)
        .map(|part| {
            let (base, token, photo, form) = (base.clone(), token.clone(), photo.clone(), form.clone());
            actix_web::rt::task::spawn_blocking(move || {
                (part..many).step_by(8).for_each(|at| hangs_up(&base, &token, &photo, &form, at));
            })
        })
        .collect();
    for client in leaving {
        client.await.unwrap();
    }
    over.store(true, Ordering::SeqCst);
    let (asked, failed) = beside.await.unwrap();

    // The keep-alive connection of the one beside may stay, and a file of the store may be open for a moment.
    until("the files are closed", Duration::from_secs(20), || office.serving.open_files() <= files + 3);
    let idle = || {
        let mut conn = Conn::open(&DatabaseUrl::parse(&office.database_url).unwrap()).unwrap();
        let query = "SELECT state AS line FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
        backend == Backend::Sqlite || lines(&mut conn, query).unwrap().is_empty()
    };
    until("no transaction is left open", Duration::from_secs(10), idle);
    let in_flight = office.serving.metric("anlao_http_requests_in_flight").await;
    let grown = office.serving.resident_mb().saturating_sub(memory);
    eprintln!("{name}: {many} hung up, {asked} others asked and {failed} failed; memory grew by {grown} MB");
    tally("46", &format!("hang-ups that left nothing behind ({name})"), many, 0);
    tally("46", &format!("others beside hang-ups ({name})"), asked, failed);
    assert_eq!((in_flight, failed), (Some(0.0), 0));
    assert!(asked > 0 && grown < 150, "{grown} MB");
    photo.upload(&office.inspector).await.expect(201);
    let fresh = format!("/hazards/{}", uuid::Uuid::now_v7());
    assert_eq!(
        office.inspector.put(&fresh, &office.hazard(&[])).await.expect(201).body["status"],
        json!("pending")
    );
}

#[test]
fn clients_that_hang_up_leave_nothing_behind_on_sqlite() {
    alone(async || nothing_stays(Backend::Sqlite, "sqlite").await);
}

#[test]
fn clients_that_hang_up_leave_nothing_behind_on_postgres() {
    alone(async || nothing_stays(Backend::Postgres, "postgres").await);
}
