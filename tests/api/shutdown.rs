//! The end of the server, told by a signal: what is in flight is finished or cleanly refused, what was
//! acknowledged is kept, and nobody is left hanging on.

use crate::support::{Office, Photo, Raw, Wire, alone, head, until};
use anlao::db::Backend;
use anlao_testbed::tally;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A client that uses its connection as long as it is let: every request must be answered, and the last
/// answer must say that it is the last.
fn goes_on_sending(base: String, token: String) -> JoinHandle<Result<u32, String>> {
    std::thread::spawn(move || {
        let mut wire = Wire::connect(&base);
        for asked in 0.. {
            wire.send(head("GET", "/api/v1/me", &token, ""));
            match wire.answer(PATIENCE) {
                Some(answer) if answer.status == 200 && answer.is_last() => {
                    wire.rest(PATIENCE);
                    return Ok(asked);
                }
                Some(answer) if answer.status == 200 => std::thread::sleep(Duration::from_millis(20)),
                other => return Err(format!("request {asked}: {other:?}")),
            }
        }
        unreachable!()
    })
}

/// An upload that is half sent when the signal comes and goes on afterwards.
fn uploads(base: String, token: String, photo: Photo, signal: Arc<Barrier>) -> JoinHandle<Option<Raw>> {
    std::thread::spawn(move || {
        let mut wire = Wire::connect(&base);
        let length = photo.bytes.len();
        let path = format!("/api/v1/evidence/{}/content", photo.id);
        let more = format!("Content-Type: image/jpeg\r\nContent-Length: {length}\r\n");
        wire.send(head("PUT", &path, &token, &more));
        let (first, second) = photo.bytes.split_at(length / 2);
        wire.send(first);
        signal.wait();
        for piece in second.chunks(second.len() / 8 + 1) {
            std::thread::sleep(Duration::from_millis(100));
            wire.send(piece);
        }
        wire.answer(PATIENCE)
    })
}

/// An upload that would take minutes: fast enough not to be slow, too large for the time that is left.
fn never_ends(base: String, token: String, photo: Photo, signal: Arc<Barrier>) -> JoinHandle<Option<Raw>> {
    std::thread::spawn(move || {
        let mut wire = Wire::connect(&base);
        let path = format!("/api/v1/evidence/{}/content", photo.id);
        let more = format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n", photo.bytes.len());
        wire.send(head("PUT", &path, &token, &more));
        signal.wait();
        for piece in photo.bytes.chunks(8 * 1024) {
            if !wire.send(piece) || wire.is_closed() {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        wire.answer(PATIENCE)
    })
}

fn long(length: usize) -> Photo {
    let mut photo = Photo::before();
    photo.bytes.resize(length, b'.');
    photo
}

/// Registers hazards until the server lets nobody in: ids that were acknowledged, and requests that were sent
/// over a connection in use and never answered.
async fn registers(office: Arc<Office>, over: Arc<AtomicBool>) -> (Vec<String>, u32) {
    let (mut acknowledged, mut unanswered) = (Vec::new(), 0);
    while !over.load(Ordering::SeqCst) {
        let id = uuid::Uuid::now_v7().to_string();
        let request = office.inspector.request(reqwest::Method::PUT, &format!("/hazards/{id}"));
        match request.json(&office.hazard(&[])).send().await {
            Ok(answer) if answer.status() == 201 => acknowledged.push(id),
            Ok(answer) => {
                assert_eq!(answer.status(), 503);
                assert!(answer.headers().contains_key("retry-after"));
            }
            Err(error) if error.is_connect() => break,
            Err(_) => unanswered += 1,
        }
    }
    (acknowledged, unanswered)
}

async fn ends_well(backend: Backend, name: &str) {
    let Some(office) = Office::open_with(backend, &[("ANLAO_SHUTDOWN_DELAY_SECONDS", "2")]).await else {
        return;
    };
    let token = office.inspector.access.clone().unwrap();
    let base = office.serving.base.clone();
    let photos: Vec<Photo> = (0..20).map(|_| long(200_000)).collect();
    let endless = long(20_000_000);
    office.register(&photos.iter().chain([&endless]).collect::<Vec<_>>()).await;

    let signal = Arc::new(Barrier::new(22));
    let uploading: Vec<_> = photos
        .iter()
        .map(|photo| uploads(base.clone(), token.clone(), photo.clone(), signal.clone()))
        .collect();
    let hopeless = never_ends(base.clone(), token.clone(), endless, signal.clone());
    let sending: Vec<_> = (0..20).map(|_| goes_on_sending(base.clone(), token.clone())).collect();
    let (office, over) = (Arc::new(office), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> =
        (0..60).map(|_| actix_web::rt::spawn(registers(office.clone(), over.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;

    office.serving.signal("TERM");
    let told = Instant::now();
    let released = signal.clone();
    std::thread::spawn(move || released.wait());
    // Not ready at once, though it still answers; alive until the end.
    let ask = |path: &str| {
        let mut wire = Wire::connect(&base);
        wire.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        wire.answer(PATIENCE).unwrap()
    };
    until("not ready", Duration::from_secs(2), || ask("/readyz").status == 503);
    let (ready, alive) = (ask("/readyz"), ask("/healthz"));
    assert_eq!((ready.status, ready.code().as_str(), alive.status), (503, "unavailable", 200));
    assert!(ready.is_last() && alive.is_last() && ready.header("retry-after").is_some());

    let (mut acknowledged, mut unanswered) = (BTreeSet::new(), 0);
    for writer in writers {
        let (ids, lost) = writer.await.unwrap();
        acknowledged.extend(ids);
        unanswered += lost;
    }
    let mut office = Arc::into_inner(office).unwrap();
    let kept_on: Vec<_> = sending.into_iter().map(|client| client.join().unwrap()).collect();
    let uploaded: Vec<_> = uploading.into_iter().map(|upload| upload.join().unwrap()).collect();
    let refused = hopeless.join().unwrap();
    until("the end", Duration::from_secs(40), || office.serving.exit_code().is_some());
    let took = told.elapsed();
    assert_eq!(office.serving.exit_code(), Some(0), "{}", office.program.log());

    office.reopen().await;
    let mut lost = 0;
    for id in &acknowledged {
        lost += u64::from(office.inspector.get(&format!("/hazards/{id}")).await.status != 200);
    }
    for photo in &photos {
        let found = office.inspector.get(&format!("/evidence/{}", photo.id)).await.expect(200);
        lost += u64::from(found.body["state"] != "stored");
    }
    let broken = kept_on.iter().filter(|client| client.is_err()).count();
    eprintln!(
        "{name}: {} acknowledged, {lost} lost, {unanswered} unanswered, ended after {took:?}",
        acknowledged.len()
    );
    tally("71", &format!("acknowledged before the end ({name})"), acknowledged.len() as u64 + 20, lost);
    tally("71", &format!("keep-alive clients let go ({name})"), 20, broken as u64);
    assert!(acknowledged.len() > 20 && lost == 0);
    assert_eq!(broken, 0, "{kept_on:?}");
    for answer in uploaded {
        let answer = answer.expect("an upload was not answered");
        assert!(answer.status == 201 && answer.is_last(), "{answer:?}");
    }
    let refused = refused.expect("the hopeless upload was not answered");
    assert_eq!((refused.status, refused.code().as_str()), (503, "unavailable"));
    assert!(refused.is_last() && refused.header("retry-after").is_some(), "{refused:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn what_is_in_flight_is_finished_or_told_to_come_again_on_sqlite() {
    alone(async || ends_well(Backend::Sqlite, "sqlite").await);
}

#[test]
fn what_is_in_flight_is_finished_or_told_to_come_again_on_postgres() {
    alone(async || ends_well(Backend::Postgres, "postgres").await);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    alone(async || {
        let mut office = Office::open_with(Backend::Sqlite, &[]).await.unwrap();
        let photo = long(20_000_000);
        office.register(&[&photo]).await;
        let mut wire = Wire::connect(&office.serving.base);
        let path = format!("/api/v1/evidence/{}/content", photo.id);
        let more = format!("Content-Type: image/jpeg\r\nContent-Length: {}\r\n", photo.bytes.len());
        wire.send(head("PUT", &path, office.inspector.access.as_deref().unwrap(), &more));
        for _ in 0..3 {
            office.serving.signal("INT");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        until("the end", Duration::from_secs(10), || office.serving.exit_code().is_some());
    });
}
