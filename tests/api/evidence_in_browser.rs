//! Stored files in a real browser, where one is installed: whatever is in them, none of it runs.

use crate::support::{Photo, TestApp, World};
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use anlao::db::Backend;
use anlao_test_pictures::{Case, Expected, disguises, exif_traps};
use anlao_testbed::tally;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A gate in front of the server that logs in for the browser, serves pages of its own, and counts scripts that run.
struct Gate {
    base: String,
    token: String,
    http: reqwest::Client,
    page: String,
    ran: AtomicU64,
    fetched: AtomicU64,
}

const CONTROL: &str = "<!doctype html><script>fetch('/run?control')</script>";

async fn through(gate: web::Data<Gate>, req: HttpRequest) -> HttpResponse {
    match req.path() {
        "/run" => {
            gate.ran.fetch_add(1, Ordering::Relaxed);
            return HttpResponse::NoContent().finish();
        }
        "/control" => return HttpResponse::Ok().content_type("text/html").body(CONTROL),
        "/page" => return HttpResponse::Ok().content_type("text/html").body(gate.page.clone()),
        _ => {}
    }
    let asked = gate.http.get(format!("{}{}", gate.base, req.path())).bearer_auth(&gate.token);
    let Ok(answer) = asked.send().await else { return HttpResponse::BadGateway().finish() };
    let mut out = HttpResponse::build(answer.status().as_u16().try_into().unwrap());
    for (name, value) in
        answer.headers().iter().filter(|(name, _)| *name != "content-length" && *name != "connection")
    {
        out.append_header((name.as_str(), value.as_bytes()));
    }
    gate.fetched.fetch_add(1, Ordering::Relaxed);
    out.body(answer.bytes().await.unwrap_or_default())
}

/// Opens an address as people do and waits until the page has settled.
async fn open(browser: &'static str, address: String) {
    let done = web::block(move || {
        let profile = tempfile::tempdir().unwrap();
        Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--no-proxy-server",
                "--dump-dom",
            ])
            .args(["--virtual-time-budget=4000", "--timeout=30000"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(address)
            .output()
            .unwrap()
    });
    done.await.unwrap();
}

fn browser() -> Option<&'static str> {
    let known = ["chromium", "chromium-browser", "google-chrome"];
    known
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|ran| ran.status.success()))
}

#[test]
fn no_stored_file_runs_in_a_browser() {
    let Some(browser) = browser() else {
        // A browser is part of judging a release; every run checks the headers.
        assert!(anlao_testbed::tries(0, 1) == 0, "no Chromium is installed");
        eprintln!("######## NOT RUN: no Chromium is installed; `make accept` installs one ########");
        return;
    };
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let speaks = |case: &Case| {
            case.name.contains("HTML") || case.name.contains("script") || case.name.contains("markup")
        };
        let cases = disguises().into_iter().chain(exif_traps().into_iter().filter(speaks));
        let cases: Vec<Case> = cases.filter(|case| !matches!(case.expected, Expected::Refused(_))).collect();
        let photos: Vec<Photo> =
            cases.iter().map(|case| Photo::of_type(case.media_type, case.bytes())).collect();
        for some in photos.chunks(30) {
            world.registered(&world.hazard(&some.iter().collect::<Vec<_>>())).await;
        }
        let mut page = String::from("<!doctype html>");
        let mut addresses = Vec::new();
        for photo in &photos {
            photo.upload(&world.inspector).await.expect(201);
            for which in ["original", "preview", "thumbnail"] {
                let at = format!("/api/v1/evidence/{}/{which}", photo.id);
                page.push_str(&format!("<iframe src='{at}'></iframe><img src='{at}'><object data='{at}'></object><embed src='{at}'><script src='{at}'></script>"));
                addresses.push(at);
            }
        }
        let gate = web::Data::from(Arc::new(Gate {
            base: app.base.clone(),
            token: world.inspector.access.clone().unwrap(),
            http: app.http.clone(),
            page,
            ran: AtomicU64::new(0),
            fetched: AtomicU64::new(0),
        }));
        let data = gate.clone();
        let server = HttpServer::new(move || {
            actix_web::App::new().app_data(data.clone()).default_service(web::to(through))
        });
        let server = server.workers(1).bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        // First of all: would we notice?
        open(browser, format!("{base}/control")).await;
        let control = gate.ran.swap(0, Ordering::Relaxed);
        open(browser, format!("{base}/page")).await;
        for at in addresses.iter().take(6) {
            open(browser, format!("{base}{at}")).await;
        }
        let (ran, fetched) = (gate.ran.load(Ordering::Relaxed), gate.fetched.load(Ordering::Relaxed));
        handle.stop(false).await;
        eprintln!("{} addresses in {browser}: fetched {fetched} times, {ran} scripts ran", addresses.len());
        assert_eq!(control, 1, "a script that may run is noticed");
        assert!(fetched >= addresses.len() as u64, "{fetched}");
        tally(
            "40",
            "stored files in a browser, as page, frame, image, object and script: scripts that ran",
            fetched,
            ran,
        );
        assert_eq!(ran, 0);
    });
}
