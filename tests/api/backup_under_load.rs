//! A backup made while people work is one consistent moment of their work.

use crate::support::{DEMO_PASSWORD, Photo, Place};
use anlao::db::Backend;
use anlao::db::schema::{evidence, hazards};
use anlao::ids::{EvidenceId, HazardId};
use anlao_testbed::{tally, tries};
use diesel::prelude::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// What the server has said yes to: hazards, and stored photos with their digests.
#[derive(Debug, Default, Clone)]
struct Acknowledged {
    hazards: Vec<HazardId>,
    photos: Vec<(EvidenceId, String)>,
}

/// People at work: each registers a hazard and sends its photo, over and over.
struct Work {
    acknowledged: Arc<Mutex<Acknowledged>>,
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Work {
    fn begin(base: &str, people: usize) -> Self {
        let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let (kept, halt, base) = (acknowledged.clone(), stop.clone(), base.to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let all = (0..people).map(|_| work(&base, &kept, &halt));
                futures_util::future::join_all(all).await;
            });
        });
        Self { acknowledged, stop, thread }
    }

    fn so_far(&self) -> Acknowledged {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until so many more were acknowledged.
    fn wait_for(&self, more: usize) {
        let goal = self.so_far().photos.len() + more;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
        while self.so_far().photos.len() < goal {
            assert!(!self.thread.is_finished(), "the work broke off");
            assert!(std::time::Instant::now() < deadline, "the work is stuck");
            std::thread::yield_now();
        }
    }

    fn end(self) -> Acknowledged {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap();
        self.acknowledged.lock().unwrap().clone()
    }
}

async fn work(base: &str, acknowledged: &Mutex<Acknowledged>, stop: &AtomicBool) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let api = format!("{base}/api/v1");
    let login = json!({ "username": "inspector", "password": DEMO_PASSWORD });
    let answer = http.post(format!("{api}/auth/login")).json(&login).send().await.unwrap();
    let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
    let homes = http.get(format!("{api}/institutions?limit=1")).bearer_auth(&token).send().await.unwrap();
    let home = homes.json::<Value>().await.unwrap()["items"][0]["id"].clone();
    while !stop.load(Ordering::SeqCst) {
        let pixels: Vec<u8> = (0..32 * 24 * 3).map(|_| rand::random()).collect();
        let photo = Photo::jpeg("before", anlao_imaging::encode_jpeg(&pixels, 32, 24, 80).unwrap());
        let id = HazardId::fresh();
        let form = json!({ "institution_id": home, "category": "electricity", "checklist_item": "E03",
            "location": "二楼东侧203室床头", "description": "移动插排串接，给气垫床供电", "severity": "general",
            "found_at": chrono::Utc::now(), "evidence": [photo.declared()] });
        let put =
            http.put(format!("{api}/hazards/{id}")).bearer_auth(&token).json(&form).send().await.unwrap();
        let status = put.status();
        assert_eq!(status, 201, "{}", put.text().await.unwrap());
        acknowledged.lock().unwrap().hazards.push(id);
        let put = http.put(format!("{api}/evidence/{}/content", photo.id)).bearer_auth(&token);
        let put = put.header("content-type", "image/jpeg").body(photo.bytes.clone()).send().await.unwrap();
        assert_eq!(put.status(), 201);
        let id = EvidenceId(photo.id.parse().unwrap());
        acknowledged.lock().unwrap().photos.push((id, photo.sha256()));
    }
}

/// What of the acknowledged is not in the restored records.
fn lost(place: &Place, acknowledged: &Acknowledged) -> usize {
    let mut conn = place.open();
    let kept: Vec<HazardId> = hazards::table.select(hazards::id).load(&mut conn).unwrap();
    let stored = evidence::table.filter(evidence::state.eq("stored"));
    let stored: Vec<(EvidenceId, String)> =
        stored.select((evidence::id, evidence::sha256)).load(&mut conn).unwrap();
    let hazards = acknowledged.hazards.iter().filter(|id| !kept.contains(id)).count();
    hazards + acknowledged.photos.iter().filter(|photo| !stored.contains(photo)).count()
}

fn under_load(from: Backend, into: Backend) {
    let source = Place::demo(from, 2, 6);
    let serving = source.serve();
    let work = Work::begin(&serving.base, 4);
    let tried = tries(2, 20);
    let (mut failed, mut told) = (0, Vec::new());
    for round in 0..tried {
        work.wait_for(20);
        let before = work.so_far();
        let file = source.path(&format!("{round}.anlao"));
        let made = source.run(&["backup", &file, "--json"]);
        let after = work.so_far();
        if made.code != 0 {
            failed += 1;
            told.push(format!("{made:?}"));
            continue;
        }
        let target = Place::of_office(into, &source);
        let restored = target.run(&["restore", &file, "--json"]);
        let verified = target.run(&["verify", "--json"]);
        // Whole: chains, counts and photos agree with each other, and all that was promised before is there.
        let lost = if restored.code == 0 { lost(&target, &before) } else { usize::MAX };
        if restored.code != 0 || verified.code != 0 || lost > 0 {
            failed += 1;
            told.push(format!("lost {lost}; {restored:?}; {verified:?}"));
        }
        assert!(after.photos.len() >= before.photos.len());
        std::fs::remove_file(file).unwrap();
    }
    let all = work.end();
    drop(serving);
    assert_eq!(lost(&source, &all), 0, "the source itself lost nothing");
    source.run(&["verify"]).expect(0);
    tally(
        "66",
        &format!("backup under load is a consistent point ({from:?} to {into:?})").to_lowercase(),
        tried,
        failed,
    );
    assert_eq!(failed, 0, "{told:#?}");
}

#[test]
fn sqlite_to_sqlite() {
    under_load(Backend::Sqlite, Backend::Sqlite);
}

#[test]
fn sqlite_to_postgres() {
    under_load(Backend::Sqlite, Backend::Postgres);
}

#[test]
fn postgres_to_sqlite() {
    under_load(Backend::Postgres, Backend::Sqlite);
}

#[test]
fn postgres_to_postgres() {
    under_load(Backend::Postgres, Backend::Postgres);
}
