//! Logging in and staying logged in: what a password, a token and a session are worth, and when no more.

use crate::on_both_databases;
use crate::support::{Answer, PASSWORD, Person, TestApp, World, lines};
use anlao::access::Role;
use anlao::app::{Parts, Server};
use anlao::db::{Db, Instant};
use anlao::ids::{SessionId, UserId};
use anlao::keys::Keys;
use anlao::users::model::ScopeForm;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use hmac::Mac;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OTHER_PASSWORD: &str = "窗台上的花盆每天早上要浇一次水";

async fn log_in(app: &TestApp, username: &str, password: &str) -> Answer {
    app.anonymous().post("/auth/login", &json!({ "username": username, "password": password })).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/auth/refresh", &json!({ "refresh_token": token })).await
}

/// Somebody who has just logged in with the password.
async fn session(app: &TestApp, username: &str, password: &str) -> Person {
    let tokens = log_in(app, username, password).await.expect(200).body;
    let text = |name: &str| tokens[name].as_str().map(str::to_owned);
    let id = UserId(tokens["user"]["id"].as_str().unwrap().parse().unwrap());
    Person::new(app, id, username, text("access_token"), text("refresh_token"))
}

async fn sql(app: &TestApp, query: &'static str) -> Vec<String> {
    app.db().read(move |conn| lines(conn, query)).await.unwrap()
}

async fn admin(app: &TestApp) -> Person {
    app.person("admin", Role::Admin, ScopeForm::All).await
}

async fn auditor(app: &TestApp) -> Person {
    app.person("auditor", Role::Auditor, ScopeForm::All).await
}

/// The last part of an answer that must be the same for every refusal.
fn sameness(answer: &Answer) -> (u16, Value, BTreeSet<String>) {
    let mut body = answer.body.clone();
    body["request_id"] = Value::Null;
    (answer.status, body, answer.headers.keys().map(ToString::to_string).collect())
}

on_both_databases! {
    /// Every password is hashed with argon2id at the strength of the OWASP sheet, each with a salt of its own.
    passwords_are_hashed_well, app => {
        let admin = admin(app).await;
        for name in ["first", "second"] {
            let form = json!({ "username": name, "display_name": "同志", "role": "auditor", "scope": { "kind": "all" }, "password": OTHER_PASSWORD });
            admin.put(&format!("/users/{}", uuid::Uuid::now_v7()), &form).await.expect(201);
        }
        let hashes = sql(app, "SELECT password_hash AS line FROM users WHERE password_hash IS NOT NULL").await;
        assert_eq!(hashes.len(), 3);
        let mut salts = BTreeSet::new();
        for hash in &hashes {
            let parts: Vec<&str> = hash.split('$').collect();
            assert_eq!(parts[1..4], ["argon2id", "v=19", "m=19456,t=2,p=1"], "{hash}");
            assert!(parts[4].len() >= 22, "a salt of 16 bytes: {hash}");
            assert!(salts.insert(parts[4].to_owned()), "the same salt twice");
        }
    }

    /// A hash with old parameters still opens the door, once: the login replaces it.
    old_parameters_are_replaced, app => {
        use argon2::password_hash::{PasswordHasher, SaltString};
        let person = auditor(app).await;
        let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, argon2::Params::new(64, 1, 1, None).unwrap());
        let old = weak.hash_password(PASSWORD.as_bytes(), &SaltString::encode_b64(&[7; 16]).unwrap()).unwrap().to_string();
        let id = person.id;
        app.as_system(move |tx| {
            use anlao::db::schema::users;
            use diesel::prelude::*;
            diesel::update(users::table.find(id)).set(users::password_hash.eq(&old)).execute(tx.conn)?;
            Ok(())
        }).await;
        log_in(app, "auditor", OTHER_PASSWORD).await.expect(401);
        let before = sql(app, "SELECT password_hash AS line FROM users").await;
        assert!(before[0].contains("m=64,"), "a wrong password replaces nothing");
        log_in(app, "auditor", PASSWORD).await.expect(200);
        let after = sql(app, "SELECT password_hash AS line FROM users").await;
        assert!(after[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", after[0]);
        log_in(app, "auditor", PASSWORD).await.expect(200);
    }

    /// Unknown name, wrong password, disabled account, no password yet: one answer.
    one_answer_for_every_failed_login, app => {
        let admin = admin(app).await;
        let person = auditor(app).await;
        app.person("disabled", Role::Auditor, ScopeForm::All).await;
        let form = json!({ "username": "unready", "display_name": "同志", "role": "auditor", "scope": { "kind": "all" } });
        admin.put(&format!("/users/{}", uuid::Uuid::now_v7()), &form).await.expect(201);
        let users = admin.get("/users").await.body;
        let disabled = users["items"].as_array().unwrap().iter().find(|user| user["username"] == "disabled").unwrap();
        let path = format!("/users/{}", disabled["id"].as_str().unwrap());
        admin.patch(&path, &json!({ "disabled": true, "expected_version": 1 })).await.expect(200);
        let wrong = log_in(app, &person.username, OTHER_PASSWORD).await.expect(401);
        assert_eq!(wrong.code(), "bad_credentials");
        let long = "长".repeat(5000);
        for (username, password) in [("nobody", PASSWORD), ("disabled", PASSWORD), ("disabled", OTHER_PASSWORD), ("unready", PASSWORD),
            ("auditor", ""), ("", ""), ("auditor", long.as_str()), (long.as_str(), PASSWORD), ("auditor\0", PASSWORD), ("' OR 1=1 --", PASSWORD),
            ("auditor", "四楼东侧的消防栓在走廊尽头左"), ("auditor", "四楼东侧的消防栓在走廊尽头左转 ")] {
            assert_eq!(sameness(&log_in(app, username, password).await), sameness(&wrong), "{username:.20}");
        }
        log_in(app, " AUDITOR ", PASSWORD).await.expect(200);
    }

    /// A short, common or self-repeating password is refused where it is created, changed and reset.
    weak_passwords, app => {
        let admin = admin(app).await;
        let person = auditor(app).await;
        let own = format!("/users/{}", person.id);
        let weak = ["tiny7", "十四个字的密码不够长哦对不对", "aaaaaaaaaaaaaaaaaaaaaaaa", "passwordpassword", "123456789012345", "qwertyuiopasdfghjkl"];
        for password in weak.into_iter().chain(["auditor 同志auditor 同志", "anlao-auditor 同志", "anlao-anlao-anlao", "安老安老安老安老安老安老安老安老"]) {
            let form = json!({ "username": "auditor-2", "display_name": "auditor 同志", "role": "auditor", "scope": { "kind": "all" }, "password": password });
            let created = admin.put(&format!("/users/{}", uuid::Uuid::now_v7()), &form).await.expect(422);
            let change = json!({ "current_password": PASSWORD, "new_password": password });
            let changed = person.post("/me/password", &change).await.expect(422);
            let reset = admin.patch(&own, &json!({ "password": password, "expected_version": 1 })).await.expect(422);
            for (answer, pointer) in [(created, "/password"), (changed, "/new_password"), (reset, "/password")] {
                assert_eq!(answer.code(), "weak_password", "{password}");
                assert_eq!(answer.faults()[0].0, pointer);
                assert!(!String::from_utf8_lossy(&answer.bytes).contains(password), "a password is never repeated");
            }
        }
        let same = json!({ "current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD });
        assert_eq!(person.post("/me/password", &same).await.expect(422).code(), "invalid");
        person.get("/me").await.expect(200);
    }

    /// Passwords count whole: the last of 256 characters matters, and 257 are refused rather than cut.
    long_passwords, app => {
        let admin = admin(app).await;
        let person = auditor(app).await;
        let own = format!("/users/{}", person.id);
        let long: String = (0..256).map(|at| char::from_u32(0x4E00 + at).unwrap()).collect();
        let change = |password: &str| json!({ "password": password, "expected_version": 1 });
        admin.patch(&own, &change(&format!("{long}长"))).await.expect(422);
        admin.patch(&own, &change(&long)).await.expect(200);
        log_in(app, "auditor", &long).await.expect(200);
        let shorter: String = long.chars().take(255).collect();
        log_in(app, "auditor", &shorter).await.expect(401);
        log_in(app, "auditor", &format!("{shorter}差")).await.expect(401);
    }
}

/// A compact token with any header and claims, signed by any HMAC key.
fn forge(secret: &[u8], header: &str, claims: &str) -> String {
    let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

const SECRET: &[u8] = b"a secret of thirty-two bytes ...";

/// Tokens that must not open anything, beside the claims and header of one that would.
fn forgeries(now: Instant, user: UserId, session: SessionId) -> Vec<(&'static str, String)> {
    let iat = now.utc().timestamp();
    let header = r#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#;
    let claims =
        json!({ "iss": "anlao", "aud": "anlao", "sub": user, "sid": session, "iat": iat, "exp": iat + 900 });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        forge(SECRET, header, &claims.to_string())
    };
    let headed = |header: &str| forge(SECRET, header, &claims.to_string());
    let good = forge(SECRET, header, &claims.to_string());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let unsigned = |alg: &str| {
        format!(
            "{}.{}.",
            BASE64.encode(format!(r#"{{"alg":"{alg}","kid":"k1","typ":"at+jwt"}}"#)),
            BASE64.encode(claims.to_string())
        )
    };
    let twice = claims.to_string().replace("\"exp\"", "\"exp\":99999999999,\"exp\"");
    // One token in four has neither of the two characters.
    let plus = good.replace(['-', '_'], "+");
    let plus = if plus == good { format!("{good}+") } else { plus };
    let mut without = claims.clone();
    without.as_object_mut().unwrap().remove("exp");
    vec![
        ("alg none", unsigned("none")),
        ("alg NoNe", unsigned("NoNe")),
        ("alg NONE", unsigned("NONE")),
        ("alg empty", unsigned("")),
        ("none, signed", headed(r#"{"alg":"none","kid":"k1","typ":"at+jwt"}"#)),
        ("alg hs256", headed(r#"{"alg":"hs256","kid":"k1","typ":"at+jwt"}"#)),
        ("alg HS512", headed(r#"{"alg":"HS512","kid":"k1","typ":"at+jwt"}"#)),
        ("alg RS256", headed(r#"{"alg":"RS256","kid":"k1","typ":"at+jwt"}"#)),
        ("another key", forge(b"another secret of thirty-two byt", header, &claims.to_string())),
        ("empty key", forge(b"", header, &claims.to_string())),
        (
            "the public audit key",
            forge(Keys::with_token_key("k1", SECRET).audit_public().as_bytes(), header, &claims.to_string()),
        ),
        ("wrong kid", headed(r#"{"alg":"HS256","kid":"k2","typ":"at+jwt"}"#)),
        ("no kid", headed(r#"{"alg":"HS256","typ":"at+jwt"}"#)),
        ("kid a path", headed(r#"{"alg":"HS256","kid":"../../dev/null","typ":"at+jwt"}"#)),
        ("jku", headed(r#"{"alg":"HS256","kid":"k1","typ":"at+jwt","jku":"http://127.0.0.1:9/"}"#)),
        ("jwk", headed(r#"{"alg":"HS256","kid":"k1","typ":"at+jwt","jwk":{"kty":"oct","k":"AA"}}"#)),
        ("x5u", headed(r#"{"alg":"HS256","kid":"k1","typ":"at+jwt","x5u":"http://127.0.0.1:9/"}"#)),
        ("crit", headed(r#"{"alg":"HS256","kid":"k1","typ":"at+jwt","crit":["b64"],"b64":false}"#)),
        ("typ JWT", headed(r#"{"alg":"HS256","kid":"k1","typ":"JWT"}"#)),
        ("no typ", headed(r#"{"alg":"HS256","kid":"k1"}"#)),
        ("alg twice", headed(r#"{"alg":"none","alg":"HS256","kid":"k1","typ":"at+jwt"}"#)),
        ("empty signature", format!("{message}.")),
        ("no signature", message.to_owned()),
        ("half a signature", format!("{message}.{}", &signature[..20])),
        ("two dots more", format!("{good}..")),
        ("padding", format!("{good}=")),
        ("a blank", good.replacen('.', " .", 1)),
        ("plus for minus", plus),
        ("string exp", with("exp", json!((iat + 900).to_string()))),
        ("float exp", with("exp", json!(iat as f64 + 900.5))),
        ("huge exp", with("exp", json!(1e30))),
        ("far exp", with("exp", json!(iat + 90_000))),
        ("expired", with("exp", json!(iat))),
        ("exp twice", forge(SECRET, header, &twice)),
        ("no exp", forge(SECRET, header, &without.to_string())),
        ("string nbf", with("nbf", json!("0"))),
        ("issued later", with("iat", json!(iat + 3600))),
        ("other aud", with("aud", json!("elsewhere"))),
        ("aud a list", with("aud", json!(["anlao"]))),
        ("other iss", with("iss", json!("elsewhere"))),
        ("another user", with("sub", json!(UserId::fresh()))),
        ("another session", with("sid", json!(SessionId::fresh()))),
        ("a role", with("role", json!("admin"))),
        ("not JSON", forge(SECRET, header, "anlao")),
        ("a list", forge(SECRET, header, "[]")),
        ("rubbish", "rubbish".into()),
        ("dots", "..".into()),
        ("a novel", "A".repeat(5000)),
    ]
}

/// The same records behind another front door: what a second process is.
async fn beside(
    app: &TestApp,
    office: std::sync::Arc<anlao::office::Office>,
    test: impl AsyncFnOnce(String),
) {
    let db = Db::open(&app.config.database, 2).unwrap();
    let parts = Parts { db, office, ..app.parts.clone() };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), parts, 1).unwrap();
    let base = format!("http://{}", server.address().unwrap());
    let running = server.run().unwrap();
    let handle = running.handle();
    let serving = actix_web::rt::spawn(running);
    test(base).await;
    handle.stop(false).await;
    serving.await.unwrap().unwrap();
}

/// An office with one known token key.
fn office_with(secret: &[u8]) -> std::sync::Arc<anlao::office::Office> {
    std::sync::Arc::new(anlao::office::Office {
        zone: chrono_tz::Asia::Shanghai,
        keys: Keys::with_token_key("k1", secret),
        policy: anlao::access::AccessPolicy::default(),
        rules: anlao::rules::Library::embedded().unwrap(),
    })
}

async fn me_at(app: &TestApp, base: &str, token: &str) -> (u16, Value) {
    let answer = app
        .http
        .get(format!("{base}/api/v1/me"))
        .header("authorization", format!("Bearer {token}"))
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let mut body: Value = answer.json().await.unwrap();
    body["request_id"] = Value::Null;
    (status, body)
}

on_both_databases! {
    /// Forged tokens are all refused with the same words, and so is everything else that is not a token.
    forged_tokens, app => {
        let person = auditor(app).await;
        let other_server = person.access.clone().unwrap();
        let refresh_token = person.refresh.clone().unwrap();
        let office = office_with(SECRET);
        let id = person.id;
        let keys = office.clone();
        let session = app.as_system(move |tx| {
            let tokens = anlao::sessions::login::start(tx.conn, &keys.keys, id, None, tx.origin, tx.now)?;
            keys.keys.verify_access(&tokens.access, tx.now)
        }).await.session;
        let forged = forgeries(app.clock.now(), id, session);
        let good = office.keys.issue_access(id, session, app.clock.now()).unwrap();
        assert!(forged.len() >= 30);
        beside(app, office, async |base| {
            let (status, expected) = me_at(app, &base, "").await;
            assert_eq!((status, expected["code"].as_str()), (401, Some("unauthenticated")));
            assert_eq!(me_at(app, &base, &good).await.0, 200, "the one that was not forged");
            for (what, token) in forged.into_iter().chain([("another server's", other_server), ("a refresh token", refresh_token)]) {
                assert_eq!(me_at(app, &base, &token).await, (401, expected.clone()), "{what}");
            }
            for header in [format!("Basic {good}"), format!("bearer{good}"), good.clone(), format!("Bearer  {good}"), format!("Bearer {good} {good}")] {
                let answer = app.http.get(format!("{base}/api/v1/me")).header("authorization", header).send().await.unwrap();
                assert_eq!(answer.status(), 401);
                assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            }
        }).await;
    }

    /// An access token is heard for fifteen minutes and not a second longer.
    access_ends_after_fifteen_minutes, app => {
        let person = auditor(app).await;
        app.clock.advance(TimeDelta::seconds(899));
        person.get("/me").await.expect(200);
        app.clock.advance(TimeDelta::seconds(1));
        person.get("/me").await.expect(401);
        let renewed = refresh(app, person.refresh.as_deref().unwrap()).await.expect(200).body;
        assert_eq!(renewed["expires_in"], 900);
        Person::new(app, person.id, "auditor", renewed["access_token"].as_str().map(str::to_owned), None).get("/me").await.expect(200);
    }

    /// A refresh token is good for fourteen idle days, a session for ninety in all.
    sessions_end_by_themselves, app => {
        let person = auditor(app).await;
        let mut token = person.refresh.clone().unwrap();
        for _ in 0..6 {
            app.clock.advance(TimeDelta::days(13));
            token = refresh(app, &token).await.expect(200).body["refresh_token"].as_str().unwrap().to_owned();
        }
        app.clock.advance(TimeDelta::days(12));
        assert_eq!(refresh(app, &token).await.expect(401).code(), "refresh_refused");
        let idle = session(app, "auditor", PASSWORD).await;
        app.clock.advance(TimeDelta::days(14));
        refresh(app, idle.refresh.as_deref().unwrap()).await.expect(401);
    }

    /// A lost answer may be asked for again within ten seconds; later, or after the next one, the family ends.
    refresh_tokens_are_spent_once, app => {
        let reader = auditor(app).await;
        let person = session(app, "auditor", PASSWORD).await;
        let first = person.refresh.clone().unwrap();
        let given = refresh(app, &first).await.expect(200).body;
        app.clock.advance(TimeDelta::seconds(9));
        let repeated = refresh(app, &first).await.expect(200).body;
        assert_eq!(repeated["refresh_token"], given["refresh_token"], "the same pair, not a second one");
        let second = given["refresh_token"].as_str().unwrap().to_owned();
        let third = refresh(app, &second).await.expect(200).body;
        refresh(app, &first).await.expect(401);
        refresh(app, third["refresh_token"].as_str().unwrap()).await.expect(401);
        let newest = Person::new(app, person.id, "auditor", third["access_token"].as_str().map(str::to_owned), None);
        newest.get("/me").await.expect(401);
        let trail = reader.get("/audit?limit=200").await.expect(200).body;
        let reuse: Vec<&Value> = trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "token.reuse").collect();
        assert_eq!(reuse.len(), 1);
        assert_eq!(reuse[0]["content"]["generation"], 1);
        reader.get("/me").await.expect(200);

        let late = session(app, "auditor", PASSWORD).await;
        let next = refresh(app, late.refresh.as_deref().unwrap()).await.expect(200).body;
        app.clock.advance(TimeDelta::seconds(10));
        refresh(app, late.refresh.as_deref().unwrap()).await.expect(401);
        refresh(app, next["refresh_token"].as_str().unwrap()).await.expect(401);
    }

    /// Fifty at once get one new pair between them.
    fifty_refreshes_at_once, app => {
        let person = auditor(app).await;
        let token = person.refresh.clone().unwrap();
        let all = futures_util::future::join_all((0..50).map(|_| refresh(app, &token))).await;
        let pairs: BTreeSet<String> = all.into_iter().map(|answer| answer.expect(200).body["refresh_token"].to_string()).collect();
        assert_eq!(pairs.len(), 1);
        assert_eq!(sql(app, "SELECT CAST(generation AS text) AS line FROM sessions").await, ["2"]);
        let next: String = serde_json::from_str(pairs.first().unwrap()).unwrap();
        refresh(app, &next).await.expect(200);
    }

    /// Tampered refresh tokens end nobody's session.
    forged_refresh_tokens, app => {
        let person = auditor(app).await;
        let good = person.refresh.clone().unwrap();
        let bytes = BASE64.decode(&good).unwrap();
        for at in [0, 15, 16, 23, 24, 55] {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert_eq!(refresh(app, &BASE64.encode(&wrong)).await.expect(401).code(), "refresh_refused", "byte {at}");
        }
        for wrong in ["", "AAAA", &good[..good.len() - 1], &format!("{good}="), &format!("{good}A"), person.access.as_deref().unwrap()] {
            refresh(app, wrong).await.expect(401);
        }
        refresh(app, &good).await.expect(200);
    }

    /// Logout, a new password, a new role, a new scope and being disabled hold with the next request, on
    /// every server that shares the records; the refresh token is dead too.
    changes_take_effect_at_once, app => {
        let world = World::build(app).await;
        let path = |person: &Person| format!("/users/{}", person.id);
        let hazard = format!("/hazards/{}", world.found().await);
        beside(app, app.office().clone(), async |base| {
            let there = |person: &Person| {
                let request = app.http.get(format!("{base}/api/v1{hazard}")).bearer_auth(person.access.as_deref().unwrap());
                async move { request.send().await.unwrap().status().as_u16() }
            };
            let people = [&world.inspector, &world.second_inspector, &world.supervisor, &world.second_supervisor, &world.manager];
            for person in people {
                assert_eq!(there(person).await, 200, "{}", person.username);
            }
            world.inspector.send(world.inspector.request(Method::POST, "/auth/logout")).await.expect(204);
            let change = json!({ "current_password": PASSWORD, "new_password": OTHER_PASSWORD });
            world.second_inspector.post("/me/password", &change).await.expect(204);
            world.admin.patch(&path(&world.supervisor), &json!({ "role": "auditor", "expected_version": 1 })).await.expect(200);
            world.admin.patch(&path(&world.second_supervisor), &json!({ "disabled": true, "expected_version": 1 })).await.expect(200);
            let reset = json!({ "password": OTHER_PASSWORD, "expected_version": 1 });
            world.admin.patch(&path(&world.manager), &reset).await.expect(200);
            for person in people {
                assert_eq!(there(person).await, 401, "{}", person.username);
                person.get("/me").await.expect(401);
                refresh(app, person.refresh.as_deref().unwrap()).await.expect(401);
            }
            let narrower = json!({ "scope": { "kind": "areas", "areas": [world.town_a2] }, "expected_version": 1 });
            assert_eq!(there(&world.auditor).await, 200);
            world.admin.patch(&path(&world.auditor), &narrower).await.expect(200);
            assert_eq!(there(&world.auditor).await, 404);
            world.auditor.get(&hazard).await.expect(404);
        }).await;
        log_in(app, "second-inspector", PASSWORD).await.expect(401);
        log_in(app, "second-inspector", OTHER_PASSWORD).await.expect(200);
        log_in(app, "second-supervisor", PASSWORD).await.expect(401);
        world.admin.patch(&path(&world.second_supervisor), &json!({ "disabled": false, "expected_version": 2 })).await.expect(200);
        world.second_supervisor.get("/me").await.expect(401);
        log_in(app, "second-supervisor", PASSWORD).await.expect(200);
    }

    /// People see where they are logged in and end it; an administrator can do so for the accounts they manage.
    sessions_are_listed_and_ended, app => {
        let world = World::build(app).await;
        let phone = session(app, "inspector", PASSWORD).await;
        let list = phone.get("/me/sessions").await.expect(200).body;
        let sessions = list["items"].as_array().unwrap();
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions.iter().filter(|one| one["current"] == true).count(), 1);
        let other = sessions.iter().find(|one| one["current"] == false).unwrap()["id"].as_str().unwrap();
        world.manager.delete(&format!("/me/sessions/{other}")).await.expect(404);
        phone.delete(&format!("/me/sessions/{other}")).await.expect(204);
        world.inspector.get("/me").await.expect(401);
        refresh(app, world.inspector.refresh.as_deref().unwrap()).await.expect(401);
        assert_eq!(phone.get("/me/sessions").await.expect(200).item_ids().len(), 1);
        let path = format!("/users/{}/sessions", phone.id);
        assert_eq!(world.admin.get(&path).await.expect(200).item_ids().len(), 1);
        world.admin.delete(&path).await.expect(204);
        phone.get("/me").await.expect(401);
        assert!(world.admin.get(&path).await.expect(200).item_ids().is_empty());
    }

    /// The first administrator is made with a token from the console: once, within a day, while there is nobody.
    first_administrator, app => {
        let anyone = app.anonymous();
        let fresh = async || {
            let now = app.clock.now();
            app.as_system(move |tx| anlao::sessions::setup::token(tx.conn, &tx.office.keys, now)).await
        };
        let form = |token: &str, username: &str| json!({ "token": token, "username": username, "display_name": "首位管理员", "password": OTHER_PASSWORD });
        let first = fresh().await.unwrap();
        let second = fresh().await.unwrap();
        assert!(second.len() >= 32, "at least 128 bits");
        let stored = sql(app, "SELECT hash AS line FROM setup_tokens").await;
        assert!(stored.len() == 1 && stored[0] != second, "only the newest, and only as a hash");
        for token in ["", "0", &first, &second.to_uppercase()] {
            assert_eq!(anyone.post("/auth/setup", &form(token, "chief")).await.expect(401).code(), "setup_token_refused");
        }
        let mut weak = form(&second, "chief");
        weak["password"] = json!("chief-chief-chief");
        anyone.post("/auth/setup", &weak).await.expect(422);
        app.clock.advance(TimeDelta::hours(24));
        anyone.post("/auth/setup", &form(&second, "chief")).await.expect(401);
        let third = fresh().await.unwrap();
        let bodies: Vec<Value> = (0..8).map(|at| form(&third, &format!("chief-{at}"))).collect();
        let race = bodies.iter().map(|body| anyone.post("/auth/setup", body));
        let mut statuses: Vec<u16> = futures_util::future::join_all(race).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 401, 401, 401, 401, 401, 401, 401]);
        assert_eq!(sql(app, "SELECT role || ' ' || scope_kind AS line FROM users").await, ["admin all"]);
        assert_eq!(fresh().await, None, "there is an account now");
        anyone.post("/auth/setup", &form(&third, "chief")).await.expect(401);
    }
}

/// The program as an operator starts it; it is given ten seconds to refuse.
fn serve(settings: &[(&str, &str)], dir: &std::path::Path) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_anlao"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(dir)
        .env_clear()
        .envs(settings.iter().copied());
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// There is no default secret: PostgreSQL without a secret file does not start, and says so in one line.
#[test]
fn no_secret_no_server() {
    let dir = tempfile::tempdir().unwrap();
    let url = ("ANLAO_DATABASE_URL", "postgres://nobody@127.0.0.1:9/none");
    let (code, said) = serve(&[url], dir.path());
    assert_eq!(code, Some(1));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("secret file") && said.contains("ANLAO_SECRET_FILE"), "{said}");
    let (code, said) = serve(&[url, ("ANLAO_SECRET_FILE", "missing.toml")], dir.path());
    assert!(code == Some(1) && said.contains("missing.toml"), "{said}");
}

/// A secret file that others can read is refused, and so is one with a weak key; a lost one is not replaced.
#[test]
fn a_secret_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret.toml");
    anlao::keys::Keys::create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let settings = [("ANLAO_SECRET_FILE", "secret.toml"), ("ANLAO_DATA_DIR", "data")];
    for mode in [0o640, 0o604, 0o644, 0o660] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let (code, said) = serve(&settings, dir.path());
        assert_eq!(code, Some(1), "mode {mode:o}");
        assert!(said.lines().count() == 1 && said.contains("0600"), "{said}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let short = "token_keys = [{ id = \"k1\", secret = \"c2hvcnQ\" }]\nrefresh_key = \"c2hvcnQ\"\naudit_key = \"c2hvcnQ\"\n";
    std::fs::write(&path, short).unwrap();
    let (code, said) = serve(&settings, dir.path());
    assert!(code == Some(1) && said.contains("32 bytes") && !said.contains("c2hvcnQ"), "{said}");
    std::fs::create_dir(dir.path().join("old")).unwrap();
    std::fs::write(dir.path().join("old/anlao.db"), "").unwrap();
    let (code, said) = serve(&[("ANLAO_DATA_DIR", "old")], dir.path());
    assert!(code == Some(1) && said.contains("secret file"), "{said}");
    assert!(!dir.path().join("old/secret.toml").exists(), "a lost key is never quietly replaced");
}
