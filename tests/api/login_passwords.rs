//! What a password may be, over the whole path, and how long a login lives.

use crate::on_both_databases;
use crate::support::doors::{entered, log_in};
use crate::support::{PASSWORD, Person, World};
use anlao::access::Role;
use anlao::users::model::ScopeForm;
use anlao_testbed::tally;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

const COMMON: &str = include_str!("../../rules/common_passwords.txt");

fn fresh() -> String {
    format!("/users/{}", uuid::Uuid::now_v7())
}

async fn reset_token(admin: &Person, person: &Person) -> Value {
    admin
        .send(admin.request(Method::POST, &format!("/users/{}/password-token", person.id)))
        .await
        .expect(201)
        .body["token"]
        .clone()
}

on_both_databases! {
    /// Every listed password is refused where an account is made, where it is changed, by an administrator and
    /// with a one-time token; so are the names of the user, the product and the institution.
    listed_passwords_are_refused_everywhere, app => {
        let world = World::build(app).await;
        let person = &world.manager;
        let token = reset_token(&world.admin, person).await;
        let (mut tried, mut accepted) = (0, Vec::new());
        let context = ["manager", "anlao", "安老", "龙凤镇敬老院", "manager 同志"];
        for word in COMMON.lines().chain(context) {
            let password = word.repeat(15_usize.div_ceil(word.chars().count()));
            let scope = json!({ "kind": "institutions", "institutions": [world.home_a1] });
            let form = json!({ "username": "manager", "display_name": "manager 同志", "role": "manager", "scope": scope, "password": password });
            let answers = [
                world.admin.put(&fresh(), &form).await,
                person.post("/me/password", &json!({ "current_password": PASSWORD, "new_password": password })).await,
                world.admin.patch(&format!("/users/{}", person.id), &json!({ "password": password, "expected_version": 1 })).await,
                app.anonymous().post("/auth/password", &json!({ "token": token, "new_password": password })).await,
            ];
            for answer in answers {
                tried += 1;
                if answer.status != 422 || answer.code() != "weak_password" {
                    accepted.push(format!("{password} {} {}", answer.status, answer.body));
                }
                assert!(!String::from_utf8_lossy(&answer.bytes).contains(&password), "a password is never repeated");
            }
        }
        tally("2", &format!("listed passwords accepted ({:?})", app.backend), tried, accepted.len() as u64);
        assert!(accepted.is_empty(), "of {tried}: {accepted:?}");
        person.get("/me").await.expect(200);
    }

    /// One password whatever the keyboard: composed or not, full or half width. Nothing is cut off.
    one_password_in_every_form, app => {
        let admin = app.person("admin", Role::Admin, ScopeForm::All).await;
        let form = json!({ "username": "tuer", "display_name": "同志", "role": "auditor", "scope": { "kind": "all" },
            "password": "Tür schließt nicht, 3. Stock" });
        admin.put(&fresh(), &form).await.expect(201);
        for same in ["Tür schließt nicht, 3. Stock", "Tu\u{308}r schließt nicht, 3. Stock", "Tür schließt nicht, ３. Stock"] {
            log_in(app, "tuer", same).await.expect(200);
        }
        for other in ["Tur schließt nicht, 3. Stock", "Tür schließt nicht, 3. Stoc", "tür schließt nicht, 3. Stock"] {
            log_in(app, "tuer", other).await.expect(401);
        }
    }

    /// A hash that the first release made of an unnormalised password still opens the door.
    passwords_of_the_first_release, app => {
        use argon2::password_hash::{PasswordHasher, SaltString};
        let person = app.person("auditor", Role::Auditor, ScopeForm::All).await;
        let typed = "四楼东侧（消防栓）在走廊尽头左转";
        let params = argon2::Params::new(19_456, 2, 1, None).unwrap();
        let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let old = argon.hash_password(typed.as_bytes(), &SaltString::encode_b64(&[7; 16]).unwrap()).unwrap().to_string();
        let id = person.id;
        app.as_system(move |tx| anlao::users::queries::rehash(tx.conn, id, &old)).await;
        log_in(app, "auditor", typed).await.expect(200);
        log_in(app, "auditor", PASSWORD).await.expect(401);
    }

    /// Kilobytes are refused before they are hashed, wherever they come.
    huge_passwords, app => {
        let world = World::build(app).await;
        let huge = "长".repeat(1000);
        log_in(app, "auditor", &huge).await.expect(401);
        let form = json!({ "username": "somebody", "display_name": "同志", "role": "auditor", "scope": { "kind": "all" }, "password": huge });
        assert_eq!(world.admin.put(&fresh(), &form).await.expect(422).faults()[0].1, "too_long");
        let change = json!({ "current_password": huge, "new_password": "厨房的燃气总阀每晚十点由值班员关闭" });
        assert_eq!(world.auditor.post("/me/password", &change).await.expect(422).faults()[0].1, "mismatch");
        let megabyte = json!({ "username": "auditor", "password": "长".repeat(400_000) });
        app.anonymous().post("/auth/login", &megabyte).await.expect(413);
    }

    /// An administrator's login ends after half an hour without renewal; others' after fourteen days.
    administrators_are_logged_out_sooner, app => {
        let admin = app.person("admin", Role::Admin, ScopeForm::All).await;
        let auditor = app.person("auditor", Role::Auditor, ScopeForm::All).await;
        let renew = async |token: &str| app.anonymous().post("/auth/refresh", &json!({ "refresh_token": token })).await;
        let mut token = admin.refresh.clone().unwrap();
        for _ in 0..3 {
            app.clock.advance(TimeDelta::minutes(29));
            token = renew(&token).await.expect(200).body["refresh_token"].as_str().unwrap().to_owned();
        }
        app.clock.advance(TimeDelta::minutes(30));
        assert_eq!(renew(&token).await.expect(401).code(), "refresh_refused");
        renew(auditor.refresh.as_deref().unwrap()).await.expect(200);
    }
}

on_both_databases! { under [("password_profile", "mlps")];
    /// After ninety days a login still succeeds, but opens nothing except the change of the password.
    passwords_expire_under_mlps, app => {
        let world = World::build(app).await;
        let simple = json!({ "current_password": PASSWORD, "new_password": "厨房的燃气总阀每晚十点由值班员关闭" });
        assert_eq!(world.inspector.post("/me/password", &simple).await.expect(422).faults()[0].1, "too_simple");
        app.clock.advance(TimeDelta::days(90) - TimeDelta::seconds(1));
        let before = log_in(app, "inspector", PASSWORD).await.expect(200);
        assert_eq!(before.body["due"], Value::Null);
        let person = entered(app, &before);
        person.get("/hazards").await.expect(200);
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(person.get("/hazards").await.expect(403).code(), "password_expired");
        assert_eq!(person.put(&format!("/hazards/{}", uuid::Uuid::now_v7()), &world.hazard(&[])).await.expect(403).code(), "password_expired");
        let after = log_in(app, "inspector", PASSWORD).await.expect(200);
        assert_eq!(after.body["due"], "password_expired");
        let person = entered(app, &after);
        person.get("/me").await.expect(200);
        let same = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
        person.post("/me/password", &same).await.expect(422);
        let change = json!({ "current_password": PASSWORD, "new_password": "Gas-valve closes at 22" });
        person.post("/me/password", &change).await.expect(204);
        let renewed = log_in(app, "inspector", "Gas-valve closes at 22").await.expect(200);
        assert_eq!(renewed.body["due"], Value::Null);
        entered(app, &renewed).get("/hazards").await.expect(200);
    }
}
