//! One-time codes: setting them up, logging in with them, losing the phone, and showing them again.

use crate::on_both_databases;
use crate::support::doors::{entered, log_in, sql, trail};
use crate::support::{Answer, PASSWORD, Person, TestApp};
use anlao::access::Role;
use anlao::users::model::ScopeForm;
use anlao::users::second_factor::rules::code;
use anlao_testbed::tally;
use chrono::TimeDelta;
use data_encoding::BASE32_NOPAD;
use reqwest::Method;
use serde_json::{Value, json};

const WRONG: &str = "窗台上的花盆每天早上要浇一次水";

/// A phone with the secret.
struct Phone(Vec<u8>);

impl Phone {
    /// The code it shows so many steps from now.
    fn shows(&self, app: &TestApp, off: i64) -> String {
        let step = app.clock.now().utc().timestamp() / 30 + off;
        format!("{:06}", code(&self.0, step, 6).unwrap())
    }
}

/// Sets a second factor up; returns the phone and the recovery codes.
async fn set_up(app: &TestApp, person: &Person) -> (Phone, Vec<String>) {
    let begun =
        person.post("/me/second-factor", &json!({ "current_password": PASSWORD })).await.expect(201).body;
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["otpauth_uri"].as_str().unwrap().contains(&format!("secret={secret}&issuer=Anlao")));
    let phone = Phone(BASE32_NOPAD.decode(secret.as_bytes()).unwrap());
    let confirmed = person
        .post("/me/second-factor/confirmation", &json!({ "totp": phone.shows(app, 0) }))
        .await
        .expect(201)
        .body;
    let codes: Vec<String> = serde_json::from_value(confirmed["recovery_codes"].clone()).unwrap();
    app.clock.advance(TimeDelta::seconds(60));
    (phone, codes)
}

async fn log_in_with(app: &TestApp, username: &str, password: &str, totp: &str) -> Answer {
    app.anonymous()
        .post("/auth/login", &json!({ "username": username, "password": password, "totp": totp }))
        .await
}

async fn remove(by: &Person, path: &str) -> Answer {
    by.send(by.request(Method::DELETE, path)).await
}

on_both_databases! { under [("second_factor", "optional")];
    /// Whoever set one up needs it at each login; a code works once, near its time, and never twice.
    codes_at_login, app => {
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        person.post("/me/second-factor", &json!({ "current_password": WRONG })).await.expect(422);
        person.post("/me/second-factor/confirmation", &json!({ "totp": "123456" })).await.expect(409);
        let (phone, codes) = set_up(app, &person).await;
        assert_eq!(codes.len(), 10);
        assert_eq!(person.get("/me").await.expect(200).body["second_factor"], true);
        assert_eq!(person.post("/me/second-factor", &json!({ "current_password": PASSWORD })).await.expect(409).code(), "second_factor_set");

        assert_eq!(log_in(app, "supervisor", WRONG).await.expect(401).code(), "bad_credentials");
        assert_eq!(log_in_with(app, "supervisor", WRONG, &phone.shows(app, 0)).await.expect(401).code(), "bad_credentials");
        assert_eq!(log_in(app, "supervisor", PASSWORD).await.expect(401).code(), "second_factor_needed");
        let good = phone.shows(app, 0);
        let mut accepted_wrongly = 0;
        for off in [-3, -2, 2, 3] {
            accepted_wrongly += u64::from(log_in_with(app, "supervisor", PASSWORD, &phone.shows(app, off)).await.status != 401);
        }
        log_in_with(app, "supervisor", PASSWORD, &good).await.expect(200);
        let again = log_in_with(app, "supervisor", PASSWORD, &good).await;
        assert_eq!(again.code(), "second_factor_wrong");
        accepted_wrongly += u64::from(again.status != 401);
        // The one before is older than the one used.
        accepted_wrongly += u64::from(log_in_with(app, "supervisor", PASSWORD, &phone.shows(app, -1)).await.status != 401);
        tally("12", &format!("stale or repeated codes accepted ({:?})", app.backend), 6, accepted_wrongly);
        assert_eq!(accepted_wrongly, 0);
        app.clock.advance(TimeDelta::seconds(60));
        log_in_with(app, "supervisor", PASSWORD, &phone.shows(app, -1)).await.expect(200);
        log_in_with(app, "supervisor", PASSWORD, &phone.shows(app, 1)).await.expect(200);
    }

    /// One code shown by ten at once lets one in.
    one_code_at_once, app => {
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        let (phone, _) = set_up(app, &person).await;
        let shown = phone.shows(app, 0);
        let all = futures_util::future::join_all((0..8).map(|_| log_in_with(app, "supervisor", PASSWORD, &shown))).await;
        assert_eq!(all.iter().filter(|answer| answer.status == 200).count(), 1, "{all:?}");
    }

    /// Guessed codes are slowed like guessed passwords, although the password is right.
    codes_are_not_guessed, app => {
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        let (phone, _) = set_up(app, &person).await;
        let mut checked = 0;
        for guess in 0..30 {
            checked += u64::from(log_in_with(app, "supervisor", PASSWORD, &format!("{guess:06}")).await.status == 401);
        }
        assert_eq!(checked, 10);
        assert_eq!(log_in_with(app, "supervisor", PASSWORD, &phone.shows(app, 0)).await.expect(429).code(), "login_throttled");
    }

    /// Each recovery code works once, however it is typed; nothing secret is kept in clear.
    recovery_codes, app => {
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        let (phone, codes) = set_up(app, &person).await;
        log_in_with(app, "supervisor", PASSWORD, &codes[0]).await.expect(200);
        log_in_with(app, "supervisor", PASSWORD, &codes[0]).await.expect(401);
        log_in_with(app, "supervisor", PASSWORD, &codes[1].to_lowercase().replace('-', " ")).await.expect(200);
        let kept = [sql(app, "SELECT hash AS line FROM recovery_codes").await, sql(app, "SELECT salt AS line FROM second_factors").await].concat().join(" ");
        assert!(!kept.contains(&codes[2]) && !kept.contains(&codes[2].replace('-', "")));
        assert!(!kept.to_uppercase().contains(&BASE32_NOPAD.encode(&phone.0)) && !kept.contains(&hex::encode(&phone.0)));
        let other = app.person("other", Role::Supervisor, ScopeForm::All).await;
        set_up(app, &other).await;
        log_in_with(app, "other", PASSWORD, &codes[3]).await.expect(401);
    }

    /// A phone is lost: an administrator removes the second factor; all logins end, and the password is due.
    a_lost_phone, app => {
        let admin = app.person("admin", Role::Admin, ScopeForm::All).await;
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        set_up(app, &person).await;
        let path = format!("/users/{}/second-factor", person.id);
        person.send(person.request(Method::DELETE, &path)).await.expect(403);
        remove(&admin, &path).await.expect(204);
        assert_eq!(remove(&admin, &path).await.expect(409).code(), "second_factor_absent");
        person.get("/me").await.expect(401);
        let back = log_in(app, "supervisor", PASSWORD).await.expect(200);
        assert_eq!(back.body["due"], "password_expired");
        let back = entered(app, &back);
        assert_eq!(back.get("/hazards").await.expect(403).code(), "password_expired");
        back.post("/me/password", &json!({ "current_password": PASSWORD, "new_password": WRONG })).await.expect(204);
        entered(app, &log_in(app, "supervisor", WRONG).await.expect(200)).get("/hazards").await.expect(200);
        let removed = trail(app, "user.second_factor_removed").await;
        assert_eq!(removed, [json!({ "by": "admin" })]);
    }

    /// A grave step of somebody with a second factor asks for one shown within ten minutes.
    shown_again_for_grave_steps, app => {
        let admin = app.person("admin", Role::Admin, ScopeForm::All).await;
        let target = app.person("target", Role::Auditor, ScopeForm::All).await;
        let path = format!("/users/{}", target.id);
        let (phone, _) = set_up(app, &admin).await;
        let admin = entered(app, &log_in_with(app, "admin", PASSWORD, &phone.shows(app, 0)).await.expect(200));
        app.clock.advance(TimeDelta::minutes(10));
        let role = |version: i64| json!({ "role": "supervisor", "expected_version": version });
        assert_eq!(admin.patch(&path, &role(1)).await.expect(403).code(), "proof_needed");
        admin.send(admin.request(Method::POST, &format!("{path}/password-token"))).await.expect(403);
        remove(&admin, "/me/second-factor").await.expect(403);
        admin.patch(&path, &json!({ "password": WRONG, "expected_version": 1 })).await.expect(403);
        let second = json!({ "username": "second", "display_name": "同志", "role": "admin", "scope": { "kind": "all" } });
        admin.put(&format!("/users/{}", uuid::Uuid::now_v7()), &second).await.expect(403);
        admin.patch(&path, &json!({ "locale": "en", "expected_version": 1 })).await.expect(200);
        assert_eq!(admin.post("/me/second-factor/proof", &json!({ "totp": "000000" })).await.expect(401).code(), "second_factor_wrong");
        let shown = phone.shows(app, 0);
        admin.post("/me/second-factor/proof", &json!({ "totp": shown })).await.expect(204);
        admin.post("/me/second-factor/proof", &json!({ "totp": shown })).await.expect(401);
        admin.patch(&path, &role(2)).await.expect(200);
        remove(&admin, "/me/second-factor").await.expect(204);
        assert_eq!(admin.get("/users").await.expect(403).code(), "password_expired");
    }

    /// Beside a second factor eight characters are enough; alone they are not.
    shorter_passwords_beside_a_code, app => {
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        let short = json!({ "current_password": PASSWORD, "new_password": "Lantern-over-9" });
        person.post("/me/password", &short).await.expect(422);
        set_up(app, &person).await;
        person.post("/me/password", &short).await.expect(204);
    }
}

on_both_databases! { under [("second_factor", "required")];
    /// Supervisors and administrators set one up before anything else; the others are not asked.
    required_of_some, app => {
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        let auditor = app.person("auditor", Role::Auditor, ScopeForm::All).await;
        auditor.get("/hazards").await.expect(200);
        assert_eq!(person.get("/hazards").await.expect(403).code(), "second_factor_missing");
        let answer = log_in(app, "supervisor", PASSWORD).await.expect(200);
        assert_eq!(answer.body["due"], "second_factor_missing");
        set_up(app, &person).await;
        person.get("/hazards").await.expect(200);
    }
}

on_both_databases! {
    /// Switched off: nobody can begin, nobody is asked.
    switched_off, app => {
        let person = app.person("supervisor", Role::Supervisor, ScopeForm::All).await;
        assert_eq!(person.post("/me/second-factor", &json!({ "current_password": PASSWORD })).await.expect(409).code(), "second_factor_off");
        assert_eq!(log_in_with(app, "supervisor", PASSWORD, "123456").await.expect(200).body["due"], Value::Null);
    }
}
