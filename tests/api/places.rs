//! Areas and institutions: a tree of six levels, codes that mean something, and things that move together.

use crate::on_both_databases;
use crate::support::{Person, World, records};
use anlao::access::Role;
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

fn id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Registers an area and returns its id.
async fn area(by: &Person, parent: &str, code: &str) -> String {
    let id = id();
    let form = json!({ "parent_id": parent, "code": code, "name": format!("区划{code}") });
    by.put(&format!("/areas/{id}"), &form).await.expect(201);
    id
}

fn home(area: impl serde::Serialize, name: &str) -> Value {
    json!({ "area_id": area, "name": name, "ownership": "private", "beds": 80 })
}

on_both_databases! {
    /// Registered once; the same again is confirmed, anything else refused.
    areas_are_registered_once, app => {
        let world = World::build(app).await;
        let path = format!("/areas/{}", id());
        let mut form = json!({ "parent_id": world.county_a, "code": "510903104", "name": "永兴镇", "name_en": "Yongxing" });
        let made = world.admin.put(&path, &form).await.expect(201);
        assert_eq!((&made.body["level"], made.header("etag")), (&json!(3), Some("\"1\"")));
        let again = world.admin.put(&path, &form).await.expect(200);
        assert_eq!((again.header("idempotent-replay"), &again.body), (Some("true"), &made.body));
        let twin = world.admin.put(&format!("/areas/{}", id()), &form).await.expect(409);
        assert_eq!((twin.code(), twin.faults()), ("code_taken", vec![("/code".into(), "duplicate".into())]));
        form["name"] = json!("永新镇");
        assert_eq!(world.admin.put(&path, &form).await.expect(409).code(), "id_taken");
        for code in ["", "5109", "51090A", "5109031040", "５１０９０３", "510903\0", "510903 "] {
            let form = json!({ "parent_id": world.county_a, "code": code, "name": "永兴镇" });
            assert_eq!(world.admin.put(&format!("/areas/{}", id()), &form).await.expect(422).faults(), [("/code".into(), "bad_format".into())]);
        }
        let nowhere = json!({ "parent_id": id(), "code": "510903105", "name": "永兴镇" });
        assert_eq!(world.admin.put(&format!("/areas/{}", id()), &nowhere).await.expect(422).faults(), [("/parent_id".into(), "unknown_reference".into())]);
    }

    /// Six levels and no seventh, neither by registering nor by moving.
    six_levels, app => {
        let world = World::build(app).await;
        let mut deepest = world.town_a1.to_string();
        for code in ["510903101001", "510903101002", "510903101003"] {
            deepest = area(&world.admin, &deepest, code).await;
        }
        let below = json!({ "parent_id": deepest, "code": "510903101004", "name": "第七级" });
        assert_eq!(world.admin.put(&format!("/areas/{}", id()), &below).await.expect(409).code(), "area_too_deep");
        let before = records(app).await;
        let down = json!({ "parent_id": world.town_a2, "expected_version": 1 });
        assert_eq!(world.admin.patch(&format!("/areas/{}", world.town_a1), &down).await.expect(409).code(), "area_too_deep");
        assert_eq!(before, records(app).await, "a move that fails half-way leaves nothing behind");
    }

    /// An area never comes to lie below itself.
    no_cycles, app => {
        let world = World::build(app).await;
        let before = records(app).await;
        for (moved, parent) in [(world.county_a, world.town_a1), (world.county_a, world.county_a), (world.city, world.town_b2)] {
            let change = json!({ "parent_id": parent, "expected_version": 1 });
            assert_eq!(world.admin.patch(&format!("/areas/{moved}"), &change).await.expect(409).code(), "area_cycle");
        }
        assert_eq!(before, records(app).await);
    }

    /// A moved area takes everything along: areas, institutions, hazards, counts and the people who cover it.
    moved_with_everything_below, app => {
        let world = World::build(app).await;
        let village = area(&world.admin, &world.town_a1.to_string(), "510903101001").await;
        let hazard = world.found().await;
        let clerk = app.person("clerk", Role::Inspector, ScopeForm::Areas { areas: vec![world.town_a1] }).await;
        let change = json!({ "parent_id": world.county_b, "expected_version": 1 });
        let moved = world.admin.patch(&format!("/areas/{}", world.town_a1), &change).await.expect(200).body;
        assert_eq!((&moved["parent_id"], &moved["version"]), (&json!(world.county_b), &json!(2)));
        for (person, hazards, homes) in [(&world.supervisor, 0, 1), (&world.supervisor_b, 1, 3), (&clerk, 1, 2), (&world.manager, 1, 1), (&world.city_supervisor, 1, 4)] {
            assert_eq!(person.get("/hazards").await.expect(200).item_ids().len(), hazards, "{}", person.username);
            assert_eq!(person.get("/institutions").await.expect(200).item_ids().len(), homes, "{}", person.username);
            assert_eq!(person.get("/overview").await.expect(200).body["totals"]["total"], hazards, "{}", person.username);
        }
        world.supervisor_b.get(&format!("/areas/{village}")).await.expect(200);
        clerk.get(&format!("/hazards/{hazard}")).await.expect(200);
        let above = clerk.get("/areas").await.expect(200).item_ids();
        assert!(above.contains(&world.county_b.to_string()) && !above.contains(&world.county_a.to_string()));
    }

    /// Only what nothing lies in and nobody answers for is removed.
    removed_only_when_unused, app => {
        let world = World::build(app).await;
        for used in [world.city, world.county_a, world.town_a1] {
            assert_eq!(world.admin.delete(&format!("/areas/{used}")).await.expect(409).code(), "area_in_use");
        }
        let path = format!("/areas/{}", world.town_b2);
        app.person("clerk", Role::Inspector, ScopeForm::Areas { areas: vec![world.town_b2] }).await;
        assert_eq!(world.admin.delete(&path).await.expect(409).code(), "area_in_use", "somebody answers for it");
        let empty = area(&world.admin, &world.county_b.to_string(), "510904103").await;
        world.admin.delete(&format!("/areas/{empty}")).await.expect(204);
        world.admin.get(&format!("/areas/{empty}")).await.expect(404);
        world.admin.delete(&format!("/areas/{empty}")).await.expect(404);
    }

    /// Roots are made only by who covers everything; others build below their own.
    roots, app => {
        let world = World::build(app).await;
        let county = app.person("county-admin", Role::Admin, ScopeForm::Areas { areas: vec![world.county_a] }).await;
        let root = json!({ "code": "510800", "name": "广元市" });
        county.put(&format!("/areas/{}", id()), &root).await.expect(403);
        world.admin.put(&format!("/areas/{}", id()), &root).await.expect(201);
        area(&county, &world.county_a.to_string(), "510903106").await;
        for foreign in [world.city, world.county_b] {
            let form = json!({ "parent_id": foreign, "code": "510903107", "name": "外镇" });
            county.put(&format!("/areas/{}", id()), &form).await.expect(422);
        }
        county.patch(&format!("/areas/{}", world.town_a1), &json!({ "parent_id": world.county_b, "expected_version": 1 })).await.expect(422);
        county.patch(&format!("/areas/{}", world.city), &json!({ "name": "市", "expected_version": 1 })).await.expect(404);
        county.patch(&format!("/areas/{}", world.town_a1), &json!({ "name": "镇" })).await.expect(428);
        county.patch(&format!("/areas/{}", world.town_a1), &json!({ "name": "镇", "expected_version": 2 })).await.expect(412);
    }

    /// Registered once; a credit code has its check character and belongs to one institution.
    institutions_are_registered_once, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}", id());
        let mut form = home(world.town_a1, "新来的养老院");
        form["credit_code"] = json!("91110000802100433B");
        let made = world.admin.put(&path, &form).await.expect(201);
        assert_eq!(world.admin.put(&path, &form).await.expect(200).body, made.body);
        let twin = world.admin.put(&format!("/institutions/{}", id()), &form).await.expect(409);
        assert_eq!((twin.code(), twin.faults()), ("code_taken", vec![("/credit_code".into(), "duplicate".into())]));
        form["beds"] = json!(81);
        assert_eq!(world.admin.put(&path, &form).await.expect(409).code(), "id_taken");
        for code in ["91110000802100433C", "9111000080210043", "91110000802100433b", "", "９1110000802100433B", "91110000802100433\0", "OOOOOOOOOOOOOOOOOO"] {
            form["credit_code"] = json!(code);
            let refused = world.admin.put(&format!("/institutions/{}", id()), &form).await.expect(422);
            assert_eq!(refused.faults(), [("/credit_code".into(), "check_character".into())], "{code:?}");
        }
        let other = format!("/institutions/{}", world.home_a2);
        let taken = json!({ "credit_code": "91110000802100433B", "expected_version": 1 });
        assert_eq!(world.admin.patch(&other, &taken).await.expect(409).code(), "code_taken");
    }

    /// Numbers and names have bounds, each fault with its field, all at once.
    institution_fields, app => {
        let world = World::build(app).await;
        let mut form = home(world.town_a1, "院");
        for (name, value) in [("beds", json!(-1)), ("residents", json!(3)), ("disabled_residents", json!(4)), ("latitude", json!(91)),
            ("phone", json!("")), ("address", json!("上\n下"))] {
            form[name] = value;
        }
        let faults = world.admin.put(&format!("/institutions/{}", id()), &form).await.expect(422).faults();
        let fields: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(fields, ["/name", "/phone", "/address", "/beds", "/disabled_residents", "/latitude", "/longitude"]);
        for beds in [json!(1.5), json!("80"), json!(99_999_999_999_i64), Value::Null] {
            let mut form = home(world.town_a1, "新来的养老院");
            form["beds"] = beds;
            world.admin.put(&format!("/institutions/{}", id()), &form).await.expect(422);
        }
    }

    /// A suspended institution still takes findings; a closed one takes no new ones, its open ones stay.
    suspended_and_closed, app => {
        let world = World::build(app).await;
        let open = world.found().await;
        let path = format!("/institutions/{}", world.home_a1);
        world.admin.patch(&path, &json!({ "status": "suspended", "expected_version": 1 })).await.expect(200);
        world.registered(&world.hazard(&[])).await;
        world.admin.patch(&path, &json!({ "status": "closed", "expected_version": 2 })).await.expect(200);
        let refused = world.inspector.put(&format!("/hazards/{}", id()), &world.hazard(&[])).await.expect(409);
        assert_eq!(refused.code(), "institution_not_operating");
        world.manager.act(&open, &json!({ "kind": "accept" })).await.expect(201);
        let closed = world.supervisor.get("/institutions?status=closed").await.expect(200).item_ids();
        assert_eq!(closed, [world.home_a1.to_string()]);
    }

    /// An institution moves only between areas that its administrator covers.
    institutions_move, app => {
        let world = World::build(app).await;
        let county = app.person("county-admin", Role::Admin, ScopeForm::Areas { areas: vec![world.county_a] }).await;
        let path = format!("/institutions/{}", world.home_a1);
        let to = |area: &dyn ToString, version: i64| json!({ "area_id": area.to_string(), "expected_version": version });
        county.patch(&path, &to(&world.town_b1, 1)).await.expect(422);
        county.patch(&path, &to(&id(), 1)).await.expect(422);
        county.patch(&path, &to(&world.town_a2, 2)).await.expect(412);
        let moved = county.patch(&path, &to(&world.town_a2, 1)).await.expect(200).body;
        assert_eq!((&moved["area_id"], &moved["version"]), (&json!(world.town_a2), &json!(2)));
        let there = county.get(&format!("/institutions?area_id={}", world.town_a2)).await.expect(200).item_ids();
        assert_eq!(there.len(), 2);
        county.patch(&format!("/institutions/{}", world.home_b1), &to(&world.town_a1, 1)).await.expect(404);
    }

    /// The list goes by name, page by page; a search takes part of a name, whatever its width and case.
    paged_and_searched, app => {
        let world = World::build(app).await;
        for at in 0..7 {
            world.admin.put(&format!("/institutions/{}", id()), &home(world.town_a1, &format!("ＡＢ_100%之家{at}"))).await.expect(201);
        }
        world.admin.put(&format!("/institutions/{}", id()), &home(world.town_a1, "同名院")).await.expect(201);
        world.admin.put(&format!("/institutions/{}", id()), &home(world.town_a1, "同名院")).await.expect(201);
        let (mut seen, mut path) = (Vec::new(), "/institutions?limit=2".to_owned());
        loop {
            let page = world.supervisor.get(&path).await.expect(200);
            seen.extend(page.item_ids());
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            path = format!("/institutions?limit=2&cursor={cursor}");
        }
        let distinct: std::collections::BTreeSet<&String> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (12, 12));
        let find = async |q: &str| {
            let request = world.supervisor.request(reqwest::Method::GET, &format!("/institutions?{}",
                url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish()));
            world.supervisor.send(request).await.expect(200).item_ids().len()
        };
        for (q, found) in [("之家", 7), ("ab_100%", 7), ("AB", 7), ("％之", 7), ("_", 7), ("%", 7), ("敬老", 2), ("同名", 2), ("没有", 0), ("\\", 0), ("'", 0), ("  ", 12)] {
            assert_eq!(find(q).await, found, "{q}");
        }
    }
}
