//! One-time tokens for setting a password: invitations and resets, and what cannot be done with them.

use crate::on_both_databases;
use crate::support::doors::{log_in, sql, trail};
use crate::support::{Answer, PASSWORD, Person, Program, TestApp};
use anlao::access::Role;
use anlao::users::model::ScopeForm;
use anlao_testbed::tally;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

const NEW: &str = "厨房的燃气总阀每晚十点由值班员关闭";

async fn issue(admin: &Person, id: &str) -> Answer {
    admin.send(admin.request(Method::POST, &format!("/users/{id}/password-token"))).await
}

async fn set(app: &TestApp, token: &str, password: &str) -> Answer {
    app.anonymous().post("/auth/password", &json!({ "token": token, "new_password": password })).await
}

async fn token(admin: &Person, id: &str) -> String {
    issue(admin, id).await.expect(201).body["token"].as_str().unwrap().to_owned()
}

on_both_databases! {
    /// Somebody invited sets the first password; whoever invited them never sees it.
    an_invitation, app => {
        let admin = app.person("admin", Role::Admin, ScopeForm::All).await;
        let id = uuid::Uuid::now_v7().to_string();
        let form = json!({ "username": "invited", "display_name": "新人", "role": "auditor", "scope": { "kind": "all" } });
        admin.put(&format!("/users/{id}"), &form).await.expect(201);
        log_in(app, "invited", NEW).await.expect(401);
        let made = issue(&admin, &id).await.expect(201).body;
        assert_eq!(made["reason"], "invite");
        let token = made["token"].as_str().unwrap();
        assert!(token.len() >= 43, "256 bits");
        assert_eq!(made["link"], format!("{}/set-password#{token}", app.config.public_url));
        assert_eq!(made["expires_at"], "2026-03-10T03:00:00Z", "an hour");
        let done = set(app, token, NEW).await.expect(200);
        assert_eq!(done.body["username"], "invited");
        log_in(app, "invited", NEW).await.expect(200);
        let actor = sql(app, "SELECT COUNT(*) || '' AS line FROM audit_entries WHERE action = 'user.password_set' AND actor_id = object_id").await;
        assert_eq!(actor, ["1"], "it is written down as the owner's own step");
    }

    /// A reset leaves the old password alone until it is used, then ends every login and every known device.
    a_reset, app => {
        let admin = app.person("admin", Role::Admin, ScopeForm::All).await;
        let person = app.person("auditor", Role::Auditor, ScopeForm::All).await;
        let old_device = log_in(app, "auditor", PASSWORD).await.expect(200).body["device_token"].clone();
        let token = token(&admin, &person.id.to_string()).await;
        log_in(app, "auditor", PASSWORD).await.expect(200);
        person.get("/me").await.expect(200);
        // Strangers have locked the name: the token is another proof, and its device gets in.
        for _ in 0..10 {
            log_in(app, "auditor", "窗台上的花盆每天早上要浇一次水").await.expect(401);
        }
        log_in(app, "auditor", PASSWORD).await.expect(429);
        let device = set(app, &token, NEW).await.expect(200).body["device_token"].clone();
        person.get("/me").await.expect(401);
        for _ in 0..10 {
            log_in(app, "auditor", PASSWORD).await.expect(401);
        }
        log_in(app, "auditor", NEW).await.expect(429);
        let with = |device| json!({ "username": "auditor", "password": NEW, "device_token": device });
        app.anonymous().post("/auth/login", &with(old_device)).await.expect(429);
        app.anonymous().post("/auth/login", &with(device)).await.expect(200);
        assert_eq!(trail(app, "user.password_set").await[0]["reason"], "reset");
    }

    /// Eight ways to misuse a token, and none of them works.
    abuses, app => {
        let admin = app.person("admin", Role::Admin, ScopeForm::All).await;
        let person = app.person("auditor", Role::Auditor, ScopeForm::All).await;
        let id = person.id.to_string();
        let mut worked = Vec::new();
        let mut note = |what: &'static str, answer: &Answer| {
            if answer.status != 401 || answer.code() != "password_token_refused" {
                worked.push(format!("{what}: {} {}", answer.status, answer.body));
            }
        };
        let good = token(&admin, &id).await;
        // Guessed, or nearly right.
        for guess in [String::new(), "A".repeat(43), good.to_uppercase(), good[..42].to_owned(), format!("{good} "), format!("{good}=")] {
            note("guessed", &set(app, &guess, NEW).await);
        }
        // Read from the database.
        let stored = sql(app, "SELECT hash AS line FROM password_tokens").await;
        assert!(stored.len() == 1 && !stored[0].contains(&good));
        note("from the database", &set(app, &stored[0], NEW).await);
        // A weak password uses nothing up; an earlier token ends with the next.
        set(app, &good, "passwordpassword").await.expect(422);
        let newer = token(&admin, &id).await;
        note("superseded", &set(app, &good, NEW).await);
        // Used by eight at once: one of them.
        let race = futures_util::future::join_all((0..8).map(|_| set(app, &newer, NEW))).await;
        let won = race.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(won, 1, "{race:?}");
        note("used twice", &set(app, &newer, NEW).await);
        // Too late.
        let late = token(&admin, &id).await;
        app.clock.advance(TimeDelta::minutes(60));
        note("too late", &set(app, &late, NEW).await);
        // For another account: the body has no place for one.
        let admin = crate::support::doors::entered(app, &log_in(app, "admin", PASSWORD).await.expect(200));
        let swapped = token(&admin, &id).await;
        let form = json!({ "token": swapped, "new_password": NEW, "user_id": admin.id });
        app.anonymous().post("/auth/password", &form).await.expect(422);
        log_in(app, "admin", PASSWORD).await.expect(200);
        // As another kind of token.
        let setup = json!({ "token": swapped, "username": "intruder", "display_name": "外人", "password": NEW });
        app.anonymous().post("/auth/setup", &setup).await.expect(401);
        app.anonymous().post("/auth/refresh", &json!({ "refresh_token": swapped })).await.expect(401);
        // Of an account that was disabled meanwhile, or whose password was changed otherwise.
        let version = admin.get(&format!("/users/{id}")).await.body["version"].clone();
        admin.patch(&format!("/users/{id}"), &json!({ "disabled": true, "expected_version": version })).await.expect(200);
        note("disabled", &set(app, &swapped, NEW).await);
        // A request that names another host: the link is the office's.
        let asked = admin.request(Method::POST, &format!("/users/{id}/password-token"))
            .header("host", "evil.example").header("x-forwarded-host", "evil.example").header("forwarded", "host=evil.example");
        let link = admin.send(asked).await.expect(201).body["link"].to_string();
        if link.contains("evil") {
            worked.push(link);
        }
        tally("14", &format!("misuses of a one-time token that worked ({:?})", app.backend), 8, worked.len() as u64);
        assert!(worked.is_empty(), "{worked:?}");
    }
}

/// The same at the shell, with links of the public address.
#[test]
fn at_the_shell() {
    let program = Program::new();
    let url = [("ANLAO_PUBLIC_URL", "https://anlao.example/")];
    let made = program
        .run_with(&["user", "add", "admin", "--role", "admin", "--invite", "--json"], &url, "")
        .expect(0)
        .json();
    assert!(made["link"].as_str().unwrap().starts_with("https://anlao.example/set-password#"), "{made}");
    let again = program.run_with(&["user", "invite", "admin", "--json"], &url, "").expect(0).json();
    assert_ne!(again["token"], made["token"]);
    assert!(program.run(&["user", "reset", "admin"]).expect(1).err.contains("user invite"));
    program.run(&["user", "invite", "nobody"]).expect(1);
    program.run_with(&["user", "add", "second", "--role", "auditor"], &[], PASSWORD).expect(0);
    assert!(program.run(&["user", "invite", "second"]).expect(1).err.contains("user reset"));
    assert_eq!(program.run(&["user", "reset", "second", "--json"]).expect(0).json()["reason"], "reset");
}
