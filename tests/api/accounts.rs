//! Accounts: who may be made, by whom, over which places, and that somebody can always log in.

use crate::on_both_databases;
use crate::support::{Person, World, records};
use anlao::access::Role;
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

fn fresh() -> String {
    format!("/users/{}", uuid::Uuid::now_v7())
}

fn account(username: &str, role: &str, scope: Value) -> Value {
    json!({ "username": username, "display_name": "王芳", "role": role, "scope": scope })
}

fn all() -> Value {
    json!({ "kind": "all" })
}

on_both_databases! {
    /// Created once; the same again is confirmed, other content under the id refused. The password takes no part.
    created_once, app => {
        let world = World::build(app).await;
        let (path, mut form) = (fresh(), account("wang.fang", "inspector", json!({ "kind": "areas", "areas": [world.town_a1] })));
        form["phone"] = json!("138 0000 0000");
        let made = world.admin.put(&path, &form).await.expect(201);
        assert_eq!((made.header("etag"), &made.body["has_password"]), (Some("\"1\""), &json!(false)));
        for name in ["password", "password_hash", "digest"] {
            assert!(made.body.get(name).is_none());
        }
        let again = world.admin.put(&path, &form).await.expect(200);
        assert_eq!((again.header("idempotent-replay"), &again.body), (Some("true"), &made.body));
        form["password"] = json!("窗台上的花盆每天早上要浇一次水");
        assert_eq!(world.admin.put(&path, &form).await.expect(200).body["has_password"], false);
        let before = records(app).await;
        form["display_name"] = json!("王方");
        assert_eq!(world.admin.put(&path, &form).await.expect(409).code(), "id_taken");
        let taken = world.admin.put(&fresh(), &form).await.expect(409);
        assert_eq!((taken.code(), taken.faults()), ("username_taken", vec![("/username".into(), "duplicate".into())]));
        assert_eq!(before, records(app).await);
        assert_eq!(world.admin.get(&path).await.expect(200).body, made.body);
    }

    /// User names are plain, so that two never look alike.
    usernames, app => {
        let world = World::build(app).await;
        for name in ["wf", "Wang", "2wang", ".wang", "wang fang", "wаng.fang", "王芳芳", "", "wang\u{200b}", "wang\0", "admin ", &"w".repeat(41)] {
            let refused = world.admin.put(&fresh(), &account(name, "auditor", all())).await.expect(422);
            assert_eq!(refused.faults(), [("/username".to_owned(), "bad_format".to_owned())], "{name:?}");
        }
        for name in ["wan", "wang.fang-2_b", &"w".repeat(40)] {
            world.admin.put(&fresh(), &account(name, "auditor", all())).await.expect(201);
        }
    }

    /// A manager answers for institutions, an inspector never for everything, an administrator never for single institutions.
    scopes_fit_roles, app => {
        let world = World::build(app).await;
        let areas = json!({ "kind": "areas", "areas": [world.county_a] });
        let homes = json!({ "kind": "institutions", "institutions": [world.home_a1] });
        let cases = [("manager", [422, 422, 201]), ("inspector", [422, 201, 201]), ("supervisor", [201, 201, 201]),
            ("auditor", [201, 201, 201]), ("admin", [201, 201, 422])];
        for (role, expected) in cases {
            for (scope, (at, status)) in [&all(), &areas, &homes].into_iter().zip(expected.into_iter().enumerate()) {
                let answer = world.admin.put(&fresh(), &account(&format!("{role}-{at}"), role, scope.clone())).await.expect(status);
                if status == 422 {
                    assert_eq!(answer.faults(), [("/scope/kind".to_owned(), "mismatch".to_owned())], "{role} {scope}");
                }
            }
        }
        let change = json!({ "role": "manager", "expected_version": 1 });
        world.admin.patch(&format!("/users/{}", world.inspector.id), &change).await.expect(422);
    }

    /// A scope names places that exist, each once, at least one and at most five hundred.
    scopes_are_checked, app => {
        let world = World::build(app).await;
        let nothing = uuid::Uuid::now_v7();
        let many: Vec<String> = (0..501).map(|_| uuid::Uuid::now_v7().to_string()).collect();
        for (scope, code) in [
            (json!({ "kind": "areas", "areas": [] }), "required"),
            (json!({ "kind": "areas", "areas": [nothing] }), "unknown_reference"),
            (json!({ "kind": "areas", "areas": [world.home_a1] }), "unknown_reference"),
            (json!({ "kind": "areas", "areas": [world.town_a1, world.town_a1] }), "duplicate"),
            (json!({ "kind": "areas", "areas": many }), "too_many"),
            (json!({ "kind": "institutions", "institutions": [world.home_a1, nothing] }), "unknown_reference"),
        ] {
            let answer = world.admin.put(&fresh(), &account("somebody", "auditor", scope.clone())).await.expect(422);
            assert!(answer.faults().iter().any(|(_, fault)| fault == code), "{scope} {}", answer.body);
        }
        for scope in [json!({ "kind": "nowhere" }), json!({}), json!("all"), json!({ "kind": "areas" }), json!({ "kind": "all", "areas": [] })] {
            world.admin.put(&fresh(), &account("somebody", "auditor", scope)).await.expect(422);
        }
    }

    /// An administrator of a county makes and changes accounts of that county only, and cannot make themselves greater.
    administrators_stay_within_their_scope, app => {
        let world = World::build(app).await;
        let own = ScopeForm::Areas { areas: vec![world.county_a] };
        let county = app.person("county-admin", Role::Admin, own).await;
        let town = json!({ "kind": "areas", "areas": [world.town_a1] });
        county.put(&fresh(), &account("town-admin", "admin", town)).await.expect(201);
        for scope in [all(), json!({ "kind": "areas", "areas": [world.city] }), json!({ "kind": "areas", "areas": [world.town_a1, world.town_b1] }),
            json!({ "kind": "institutions", "institutions": [world.home_b1] })] {
            let refused = county.put(&fresh(), &account("too-great", "supervisor", scope.clone())).await.expect(422);
            assert!(refused.faults().iter().all(|(_, code)| code == "unknown_reference"), "{scope}");
            let change = json!({ "scope": scope, "expected_version": 1 });
            county.patch(&format!("/users/{}", county.id), &change).await.expect(422);
        }
        for other in [&world.city_supervisor, &world.supervisor_b, &world.manager_b, &world.admin] {
            let path = format!("/users/{}", other.id);
            county.get(&path).await.expect(404);
            county.patch(&path, &json!({ "disabled": true, "expected_version": 1 })).await.expect(404);
            county.patch(&path, &json!({ "password": "窗台上的花盆每天早上要浇一次水", "expected_version": 1 })).await.expect(404);
            county.get(&format!("{path}/sessions")).await.expect(404);
            county.delete(&format!("{path}/sessions")).await.expect(404);
            other.get("/me").await.expect(200);
        }
        let seen: Vec<String> = county.get("/users?limit=200").await.expect(200).item_ids();
        let everyone = world.admin.get("/users?limit=200").await.expect(200).item_ids();
        assert_eq!(everyone.len() - seen.len(), 5);
    }

    /// Somebody can always administer: the last administrator who can log in is neither disabled nor demoted.
    the_last_administrator_stays, app => {
        let world = World::build(app).await;
        let path = format!("/users/{}", world.admin.id);
        let unready = fresh();
        world.admin.put(&unready, &account("unready", "admin", all())).await.expect(201);
        let before = records(app).await;
        for change in [json!({ "disabled": true }), json!({ "role": "auditor" }), json!({ "role": "supervisor", "disabled": true })] {
            let mut change = change;
            change["expected_version"] = json!(1);
            assert_eq!(world.admin.patch(&path, &change).await.expect(409).code(), "last_admin");
        }
        assert_eq!(before, records(app).await, "an administrator without a password does not count");
        world.admin.get("/me").await.expect(200);
        let second = app.person("second-admin", Role::Admin, ScopeForm::All).await;
        second.patch(&path, &json!({ "disabled": true, "expected_version": 1 })).await.expect(200);
        world.admin.get("/me").await.expect(401);
        let own = format!("/users/{}", second.id);
        assert_eq!(second.patch(&own, &json!({ "disabled": true, "expected_version": 1 })).await.expect(409).code(), "last_admin");
    }

    /// Two administrators who disable each other at the same moment: one of them stays.
    two_administrators_at_once, app => {
        let pair = [app.person("admin-a", Role::Admin, ScopeForm::All).await, app.person("admin-b", Role::Admin, ScopeForm::All).await];
        let disable = json!({ "disabled": true, "expected_version": 1 });
        let paths = [format!("/users/{}", pair[1].id), format!("/users/{}", pair[0].id)];
        let (a, b) = futures_util::future::join(pair[0].patch(&paths[0], &disable), pair[1].patch(&paths[1], &disable)).await;
        let done = [a.status, b.status].iter().filter(|status| **status == 200).count();
        assert_eq!(done, 1, "{} {}", a.body, b.body);
        let me = [pair[0].get("/me").await.status, pair[1].get("/me").await.status];
        assert!(me.contains(&200), "{me:?}");
    }

    /// A change says which version it is of: nothing said is 428, an old one 412, two that disagree 422.
    changes_need_a_version, app => {
        let world = World::build(app).await;
        let path = format!("/users/{}", world.inspector.id);
        let patch = async |by: &Person, if_match: Option<&str>, body: Value| {
            let request = by.request(reqwest::Method::PATCH, &path).json(&body);
            by.send(match if_match {
                Some(tag) => request.header("if-match", tag),
                None => request,
            }).await
        };
        let name = json!({ "display_name": "王芳" });
        assert_eq!(patch(&world.admin, None, name.clone()).await.expect(428).code(), "precondition_required");
        for stale in ["\"2\"", "\"0\"", "1", "W/\"1\"", "*", "\"1\", \"2\"", "\"rubbish\""] {
            assert_eq!(patch(&world.admin, Some(stale), name.clone()).await.expect(412).code(), "stale", "{stale}");
        }
        let both = json!({ "display_name": "王芳", "expected_version": 7 });
        patch(&world.admin, Some("\"1\""), both).await.expect(422);
        let done = patch(&world.admin, Some("\"1\""), name.clone()).await.expect(200);
        assert_eq!((done.header("etag"), &done.body["version"]), (Some("\"2\""), &json!(2)));
        patch(&world.admin, Some("\"1\""), name).await.expect(412);
        world.inspector.get("/me").await.expect(200);
    }

    /// The list goes by user name, page by page, each account once.
    paged_by_username, app => {
        let world = World::build(app).await;
        let (mut seen, mut path) = (Vec::new(), "/users?limit=5".to_owned());
        loop {
            let page = world.admin.get(&path).await.expect(200);
            seen.extend(page.body["items"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()));
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            path = format!("/users?limit=5&cursor={cursor}");
        }
        assert_eq!(seen.len(), 12);
        assert!(seen.is_sorted());
        let managers = world.admin.get("/users?role=manager").await.expect(200);
        assert_eq!(managers.item_ids().len(), 3);
        for wrong in ["limit=0", "limit=201", "role=king", "disabled=maybe", "cursor=rubbish", "cursor=IlwwMDAi", "sort=name", "role=manager&role=admin"] {
            world.admin.get(&format!("/users?{wrong}")).await.expect(400);
        }
    }
}
