//! The running program: its token keys change without a restart, and a flood of logins does not fill memory.

use crate::support::{Answer, Person, Program, Serving};
use anlao_testbed::{tally, tries};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PASSWORD: &str = "四楼东侧的消防栓在走廊尽头左转";

fn add_admin(program: &Program) {
    program.run_with(&["user", "add", "admin", "--role", "admin"], &[], PASSWORD).expect(0);
}

async fn log_in(base: &str) -> Answer {
    Person::at(base, None).post("/auth/login", &json!({ "username": "admin", "password": PASSWORD })).await
}

fn kid(token: &str) -> String {
    let header: Value =
        serde_json::from_slice(&BASE64.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn text(answer: &Answer, name: &str) -> String {
    answer.body[name].as_str().unwrap().to_owned()
}

/// A fresh pair for each renewal until the server signs with this key; fails after ten seconds.
async fn until_signed_by(base: &str, mut refresh: String, key: &str) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = Person::at(base, None)
            .post("/auth/refresh", &json!({ "refresh_token": refresh }))
            .await
            .expect(200);
        if kid(&text(&answer, "access_token")) == key {
            return answer;
        }
        assert!(Instant::now() < deadline, "the server does not sign with {key}");
        refresh = text(&answer, "refresh_token");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Fifty people work on while keys are added and retired: nobody's request fails, and what the retired key
/// signed is refused within five seconds.
#[test]
fn keys_rotate_under_load() {
    let program = Program::new();
    add_admin(&program);
    let serving = program.serve_with(&[]);
    actix_web::rt::System::new().block_on(async {
        let first = log_in(&serving.base).await.expect(200);
        let old = text(&first, "access_token");
        assert_eq!(kid(&old), "k1");
        let (stop, done, failed) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let mut clients = Vec::new();
        for _ in 0..tries(50, 50) {
            let (base, token) = (serving.base.clone(), old.clone());
            let (stop, done, failed) = (stop.clone(), done.clone(), failed.clone());
            clients.push(actix_web::rt::spawn(async move {
                let person = Person::at(&base, Some(token));
                while !stop.load(Ordering::SeqCst) {
                    let status = person.get("/me").await.status;
                    done.fetch_add(1, Ordering::SeqCst);
                    failed.fetch_add(u64::from(status != 200), Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }));
        }
        let made = program.run(&["keys", "rotate", "--delay", "1", "--json"]).expect(0).json();
        assert_eq!(made["id"], "k2");
        let renewed = until_signed_by(&serving.base, text(&first, "refresh_token"), "k2").await;
        let fresh = Person::at(&serving.base, Some(text(&renewed, "access_token")));
        fresh.get("/me").await.expect(200);
        // Until all of them have been heard after the rotation too.
        let so_far = done.load(Ordering::SeqCst);
        while done.load(Ordering::SeqCst) < so_far + 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.store(true, Ordering::SeqCst);
        futures_util::future::join_all(clients).await;
        let (done, failed) = (done.load(Ordering::SeqCst), failed.load(Ordering::SeqCst));
        tally("5", "requests of fifty clients that failed during a key rotation", done, failed);
        assert!(done > 50 && failed == 0, "{failed} of {done}");

        assert!(program.run(&["keys", "retire", "k2"]).expect(1).err.contains("signs now"));
        assert!(program.run(&["keys", "retire", "k9"]).expect(1).err.contains("k9"));
        program.run(&["keys", "retire", "k1"]).expect(0);
        let deadline = Instant::now() + Duration::from_secs(5);
        let stale = Person::at(&serving.base, Some(old));
        while stale.get("/me").await.status != 401 {
            assert!(Instant::now() < deadline, "a retired key is heard for more than five seconds");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        fresh.get("/me").await.expect(200);
        assert_eq!(
            program.run(&["keys", "list", "--json"]).expect(0).json()["keys"],
            json!([{ "id": "k2", "signs": true }])
        );
    });
    use std::os::unix::fs::PermissionsExt;
    let secret = program.dir.path().join("data/secret.toml");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    // The secrets are nowhere but in their file.
    let kept = std::fs::read(program.dir.path().join("data/anlao.db")).unwrap();
    let file: toml::Table = std::fs::read_to_string(&secret).unwrap().parse().unwrap();
    for key in file["token_keys"].as_array().unwrap() {
        let key = key["secret"].as_str().unwrap().as_bytes();
        assert!(!kept.windows(key.len()).any(|window| window == key));
    }
}

async fn flood(serving: &Serving, logins: u64) -> Vec<u16> {
    let anyone = Person::at(&serving.base, None);
    let one = async |number: u64| {
        let form = json!({ "username": format!("user-{number}"), "password": PASSWORD });
        let answer = anyone.post("/auth/login", &form).await;
        if answer.status == 503 || answer.status == 429 {
            assert!(answer.header("retry-after").is_some());
        }
        answer.status
    };
    futures_util::future::join_all((0..logins).map(one)).await
}

/// Five hundred logins at once: a bounded number waits, the rest is told to come back, and memory holds still.
#[test]
fn a_flood_of_logins_is_bounded() {
    let program = Program::new();
    add_admin(&program);
    let serving = program.serve_with(&[]);
    actix_web::rt::System::new().block_on(async {
        log_in(&serving.base).await.expect(200);
        let before = serving.resident_mb();
        serving.forget_peak();
        let statuses = flood(&serving, 500).await;
        let rise = serving.peak_mb().saturating_sub(before);
        let count = |wanted: &[u16]| statuses.iter().filter(|status| wanted.contains(status)).count();
        let bound = std::thread::available_parallelism().map_or(2, usize::from) as u64 * 20 + 64;
        let odd = 500 - count(&[401, 429, 503]) as u64;
        tally("10", "logins of five hundred at once answered with neither 401 nor come back", 500, odd);
        tally(
            "10",
            "floods of logins that took more memory than the gate allows",
            1,
            u64::from(rise > bound),
        );
        assert_eq!(odd, 0, "{statuses:?}");
        assert!(count(&[401]) >= 1 && count(&[503]) >= 1, "{statuses:?}");
        assert!(rise <= bound, "{rise} MiB more, {bound} allowed");
        // A minute later nothing of it is left: the owner gets in, once the network's window has passed.
        assert!([200, 429].contains(&log_in(&serving.base).await.status));
    });
}
