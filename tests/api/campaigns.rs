//! A round of inspection (开展一轮隐患排查): everybody on the list, drawn lots, who was not visited.

use crate::on_both_databases;
use crate::support::{Answer, Person, World};
use anlao::campaigns::DrawRecord;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn form(area: impl serde::Serialize) -> Value {
    json!({ "area_id": area, "name": "岁末年初安全隐患排查", "basis": "市民政局2024年12月17日会议要求：开展一轮隐患排查",
        "starts_on": "2026-03-01", "ends_on": "2026-03-31", "inspection_kind": "special" })
}

fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn drafted(by: &Person, area: impl serde::Serialize) -> String {
    let id = fresh();
    by.put(&format!("/campaigns/{id}"), &form(area)).await.expect(201);
    id
}

async fn step(by: &Person, id: &str, step: &Value) -> Answer {
    by.put(&format!("/campaigns/{id}/actions/{}", fresh()), step).await
}

async fn started(world: &World) -> String {
    let id = drafted(&world.supervisor, world.county_a).await;
    step(&world.supervisor, &id, &json!({ "kind": "start" })).await.expect(201);
    id
}

fn lots(world: &World) -> Value {
    json!({ "kind": "draw", "inspectors": [world.inspector.id, world.second_inspector.id], "per_visit": 1 })
}

/// The institutions of the list in a state, as somebody sees them.
async fn targets(by: &Person, id: &str, state: &str) -> BTreeSet<String> {
    let page = by.get(&format!("/campaigns/{id}/targets?state={state}&limit=200")).await.expect(200).body;
    let of = |item: &Value| item["institution_id"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(of).collect()
}

fn set<T: ToString>(ids: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

/// The planned inspection of an institution.
async fn planned(by: &Person, id: &str, institution: impl std::fmt::Display) -> Value {
    let path = format!("/inspections?campaign_id={id}&institution_id={institution}&state=planned");
    let page = by.get(&path).await.expect(200).body;
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{page}");
    items[0].clone()
}

/// A visit on which so many items failed.
fn record(by: &Person, institution: anlao::ids::InstitutionId, faults: usize) -> Value {
    let items = ["E01", "E03", "E05"];
    let hazards: Vec<Value> = items.iter().take(faults).map(|item| json!({ "id": fresh(), "category": "electricity", "checklist_item": item,
        "location": "二楼", "description": "现场发现的问题", "severity": "general", "found_at": "2026-03-10T00:58:00Z" })).collect();
    let mut answers = vec![json!({ "item": "F01", "result": "pass" })];
    answers.extend(
        hazards
            .iter()
            .map(|one| json!({ "item": one["checklist_item"], "result": "fail", "hazard_id": one["id"] })),
    );
    json!({ "institution_id": institution, "kind": "special", "started_at": "2026-03-10T00:30:00Z", "ended_at": "2026-03-10T01:50:00Z",
        "inspectors": [by.id], "answers": answers, "hazards": hazards,
        "inspector_signatures": [{ "name": "王芳", "signed_at": "2026-03-10T01:50:00Z" }],
        "institution_signature": { "outcome": "signed", "name": "李强", "position": "院长", "signed_at": "2026-03-10T01:51:00Z" } })
}

/// Hands in a visit that found `faults` hazards.
async fn visit(world: &World, id: &str, institution: anlao::ids::InstitutionId, faults: usize) -> Answer {
    let inspection = planned(&world.supervisor, id, institution).await;
    let by = [&world.inspector, &world.second_inspector]
        .into_iter()
        .find(|one| inspection["inspectors"].to_string().contains(&one.id.to_string()))
        .unwrap();
    let path = format!("/inspections/{}/record", inspection["id"].as_str().unwrap());
    by.put(&path, &record(by, institution, faults)).await
}

/// `targets`, `visited`, `not_visited`, `exempt`, `not_drawn` as somebody sees them.
async fn progress(by: &Person, id: &str) -> [i64; 5] {
    let seen = by.get(&format!("/campaigns/{id}")).await.expect(200).body;
    ["targets", "visited", "not_visited", "exempt", "not_drawn"]
        .map(|name| seen["progress"][name].as_i64().unwrap())
}

async fn draws(by: &Person, id: &str) -> Vec<DrawRecord> {
    let seen = by.get(&format!("/campaigns/{id}/draws")).await.expect(200).body;
    serde_json::from_value(seen["items"].clone()).unwrap()
}

on_both_databases! {
    /// Drafted, started, drawn, visited, closed: at each step it is right who was visited and who was not.
    a_round_from_draft_to_closing_report, app => {
        let world = World::build(app).await;
        let all = set([world.home_a1, world.home_a1_neighbour, world.home_a2]);
        let id = drafted(&world.supervisor, world.county_a).await;
        let draft = world.supervisor.get(&format!("/campaigns/{id}")).await.expect(200).body;
        assert_eq!(draft["state"], "draft");
        assert_eq!(draft["allowed_actions"], json!(["start", "cancel"]));

        let exempt = json!([{ "institution_id": world.home_a2, "reason": "整体搬迁，暂无老人入住" }]);
        let running = step(&world.supervisor, &id, &json!({ "kind": "start", "exemptions": exempt })).await.expect(201).body;
        assert_eq!(running["state"], "running");
        assert_eq!(progress(&world.supervisor, &id).await, [3, 0, 2, 1, 0]);
        assert_eq!(targets(&world.supervisor, &id, "exempt").await, set([world.home_a2]));

        step(&world.supervisor, &id, &lots(&world)).await.expect(201);
        let drawn = draws(&world.supervisor, &id).await;
        assert_eq!(drawn.len(), 1);
        assert_eq!(drawn[0].verify(), Ok(()));
        let visited: BTreeSet<String> = set(drawn[0].visits.iter().map(|visit| visit.institution_id));
        assert_eq!(visited, &all - &set([world.home_a2]));

        visit(&world, &id, world.home_a1, 2).await.expect(201);
        assert_eq!(progress(&world.supervisor, &id).await, [3, 1, 1, 1, 0]);
        assert_eq!(targets(&world.supervisor, &id, "visited").await, set([world.home_a1]));
        assert_eq!(targets(&world.supervisor, &id, "not_visited").await, set([world.home_a1_neighbour]));
        let seen = world.supervisor.get(&format!("/campaigns/{id}")).await.expect(200).body;
        assert_eq!(seen["coverage_percent"], 50);
        assert_eq!(seen["progress"]["found"], json!({ "hazards": 2, "major": 0, "open": 2, "overdue": 0 }));
        let town = seen["by_area"].as_array().unwrap().iter().find(|area| area["area_id"] == json!(world.town_a1)).unwrap();
        assert_eq!((&town["progress"]["visited"], &town["progress"]["not_visited"]), (&json!(1), &json!(1)));

        let closed = step(&world.supervisor, &id, &json!({ "kind": "close", "reason": "到期" })).await.expect(201).body;
        assert_eq!((&closed["state"], &closed["allowed_actions"]), (&json!("closed"), &json!([])));
        let report = &closed["report"];
        assert_eq!(report["coverage_percent"], 50);
        assert_eq!(report["not_visited"][0]["institution_id"], json!(world.home_a1_neighbour));
        assert_eq!(report["exempt"][0]["reason"], "整体搬迁，暂无老人入住");
        assert_eq!(report["visited"][0]["found"]["hazards"], 2);
        let left = world.supervisor.get(&format!("/inspections?campaign_id={id}&state=planned")).await.expect(200).body;
        assert_eq!(left["items"], json!([]), "nobody goes on because of a campaign that ended");
    }

    /// The round has its own items: a visit that left one out is a visit, and says what is left.
    every_visit_answers_the_items_of_the_round, app => {
        let world = World::build(app).await;
        let id = fresh();
        let mut winter = form(world.county_a);
        winter["items"] = json!(["E01", "E03", "XX9", "E01"]);
        let refused = world.supervisor.put(&format!("/campaigns/{id}"), &winter).await.expect(422);
        let faults = [("/items/2".to_owned(), "unknown_reference".to_owned()), ("/items/3".to_owned(), "duplicate".to_owned())];
        assert_eq!(refused.faults(), faults);
        winter["items"] = json!(["E01", "E03", "F01"]);
        let drafted = world.supervisor.put(&format!("/campaigns/{id}"), &winter).await.expect(201).body;
        assert_eq!((&drafted["checklist"], &drafted["items"]), (&json!("checklist-2024-core"), &json!(["E01", "E03", "F01"])));
        step(&world.supervisor, &id, &json!({ "kind": "start" })).await.expect(201);
        step(&world.supervisor, &id, &lots(&world)).await.expect(201);
        visit(&world, &id, world.home_a1, 1).await.expect(201);
        let seen = world.supervisor.get(&format!("/campaigns/{id}/targets")).await.expect(200).body;
        let left = |home| {
            let all = seen["items"].as_array().unwrap();
            all.iter().find(|one| one["institution_id"] == json!(home)).unwrap()["items_left"].clone()
        };
        assert_eq!(left(world.home_a1), json!(["E03"]), "E01 failed and F01 passed: both were answered");
        assert_eq!(left(world.home_a2), json!([]), "nobody was there yet");
    }

    /// What is on the list when it starts is on it for good; what comes later is not.
    the_list_is_frozen_at_the_start, app => {
        let world = World::build(app).await;
        let suspend = json!({ "status": "suspended", "expected_version": 1 });
        world.admin.patch(&format!("/institutions/{}", world.home_a2), &suspend).await.expect(200);
        let id = started(&world).await;
        assert_eq!(progress(&world.supervisor, &id).await, [3, 0, 2, 1, 0]);
        let seen = world.supervisor.get(&format!("/campaigns/{id}/targets?state=exempt")).await.expect(200).body;
        assert_eq!(seen["items"][0]["exempt_reason"], "停业（suspended）");

        let late = json!({ "area_id": world.town_a1, "name": "新开的养老院", "ownership": "private", "beds": 10 });
        world.admin.put(&format!("/institutions/{}", fresh()), &late).await.expect(201);
        let close = json!({ "status": "closed", "expected_version": 1 });
        world.admin.patch(&format!("/institutions/{}", world.home_a1), &close).await.expect(200);
        assert_eq!(progress(&world.supervisor, &id).await, [3, 0, 2, 1, 0]);
        let again = step(&world.supervisor, &id, &json!({ "kind": "start" })).await.expect(409);
        assert_eq!((again.code(), &again.body["current"]["state"]), ("step_not_allowed", &json!("running")));
        let exempt = json!({ "kind": "exempt", "institution_id": world.home_a1, "reason": "已注销" });
        step(&world.supervisor, &id, &exempt).await.expect(201);
        assert_eq!(progress(&world.supervisor, &id).await, [3, 0, 1, 2, 0]);
        step(&world.supervisor, &id, &exempt).await.expect(422);
    }

    /// Lots can be drawn again for those not yet visited, with a reason, and every draw stays.
    drawing_again_needs_a_reason_and_leaves_the_visited_alone, app => {
        let world = World::build(app).await;
        let id = started(&world).await;
        step(&world.supervisor, &id, &lots(&world)).await.expect(201);
        visit(&world, &id, world.home_a1, 0).await.expect(201);
        let refused = step(&world.supervisor, &id, &lots(&world)).await.expect(422);
        assert_eq!(refused.faults(), [("/reason".to_owned(), "required".to_owned())]);
        let mut again = lots(&world);
        again["reason"] = json!("一名检查员病休");
        again["inspectors"] = json!([world.second_inspector.id]);
        again["seed"] = json!("ab".repeat(32));
        step(&world.supervisor, &id, &again).await.expect(201);
        let drawn = draws(&world.supervisor, &id).await;
        assert_eq!(drawn.iter().map(|draw| draw.number).collect::<Vec<_>>(), [2, 1]);
        assert!(drawn.iter().all(|draw| draw.verify() == Ok(())));
        assert_eq!(drawn[0].lots.seed, "ab".repeat(32));
        assert_eq!(set(&drawn[0].lots.institutions), set([world.home_a1_neighbour, world.home_a2]));
        for home in [world.home_a1_neighbour, world.home_a2] {
            let planned = planned(&world.supervisor, &id, home).await;
            assert!(planned["inspectors"].to_string().contains(&world.second_inspector.id.to_string()), "{planned}");
        }
        assert_eq!(progress(&world.supervisor, &id).await, [3, 1, 2, 0, 0]);
    }

    /// Only some institutions are drawn; the others are on the list and need not be visited.
    a_sample_is_drawn_too, app => {
        let world = World::build(app).await;
        let id = started(&world).await;
        let mut some = lots(&world);
        some["sample"] = json!(1);
        step(&world.supervisor, &id, &some).await.expect(201);
        assert_eq!(progress(&world.supervisor, &id).await, [3, 0, 1, 0, 2]);
        let drawn = draws(&world.supervisor, &id).await;
        assert_eq!(targets(&world.supervisor, &id, "not_visited").await, set([drawn[0].visits[0].institution_id]));
        // Somebody can still be sent elsewhere by hand.
        let other = targets(&world.supervisor, &id, "not_drawn").await.into_iter().next().unwrap();
        let send = json!({ "kind": "assign", "institution_id": other, "inspectors": [world.inspector.id], "reason": "群众举报" });
        step(&world.supervisor, &id, &send).await.expect(201);
        assert_eq!(progress(&world.supervisor, &id).await, [3, 0, 2, 0, 1]);
    }

    /// Nobody is sent where they must not go: declared, not in their charge, or the last to have been there.
    who_must_avoid_whom, app => {
        let world = World::build(app).await;
        let id = started(&world).await;
        let mut wish = lots(&world);
        wish["avoid"] = json!([{ "inspector_id": world.inspector.id, "institution_id": world.home_a1, "reason": "其母入住该院" }]);
        step(&world.supervisor, &id, &wish).await.expect(201);
        let drawn = draws(&world.supervisor, &id).await;
        let to_a1 = drawn[0].visits.iter().find(|visit| visit.institution_id == world.home_a1).unwrap();
        assert_eq!(to_a1.inspectors, [world.second_inspector.id]);
        let published = world.manager.get(&format!("/campaigns/{id}/draws")).await.expect(200);
        assert!(!String::from_utf8_lossy(&published.bytes).contains("其母"), "the reason is not published");

        visit(&world, &id, world.home_a1, 0).await.expect(201);
        let next = started(&world).await;
        let mut wish = lots(&world);
        wish["avoid_last_visitor"] = json!(true);
        step(&world.supervisor, &next, &wish).await.expect(201);
        let drawn = draws(&world.supervisor, &next).await;
        let to_a1 = drawn[0].visits.iter().find(|visit| visit.institution_id == world.home_a1).unwrap();
        assert_eq!(to_a1.inspectors, [world.inspector.id], "the other one was there last time");

        let mut wish = lots(&world);
        wish["reason"] = json!("再抽一次");
        wish["inspectors"] = json!([world.inspector.id, world.inspector_b.id]);
        wish["per_visit"] = json!(2);
        let refused = step(&world.supervisor, &next, &wish).await.expect(409);
        assert_eq!((refused.code(), &refused.body["current"]["inspectors"]), ("too_few_inspectors", &json!(1)));
        wish["inspectors"] = json!([world.inspector.id, world.manager.id]);
        let refused = step(&world.supervisor, &next, &wish).await.expect(422);
        assert_eq!(refused.faults(), [("/inspectors/1".to_owned(), "unknown_reference".to_owned())]);
    }

    /// Everybody whom it touches sees it, and of it what they cover; only its own office runs it.
    who_sees_and_who_runs_a_campaign, app => {
        let world = World::build(app).await;
        let city = drafted(&world.city_supervisor, world.city).await;
        step(&world.city_supervisor, &city, &json!({ "kind": "start" })).await.expect(201);
        assert_eq!(progress(&world.city_supervisor, &city).await[0], 4);
        for (who, count) in [(&world.supervisor, 3), (&world.inspector, 3), (&world.auditor, 3), (&world.manager, 1), (&world.supervisor_b, 1)] {
            assert_eq!(progress(who, &city).await[0], count, "{}", who.username);
            let seen = who.get(&format!("/campaigns/{city}")).await.expect(200).body;
            assert_eq!(seen["allowed_actions"], json!([]), "{}", who.username);
            assert!(seen["steps"][0]["content"].is_null(), "{}", who.username);
        }
        let above = step(&world.supervisor, &city, &json!({ "kind": "close" })).await.expect(403);
        assert_eq!(above.code(), "step_not_yours");
        let county = started(&world).await;
        for who in [&world.supervisor_b, &world.inspector_b, &world.manager_b] {
            who.get(&format!("/campaigns/{county}")).await.expect(404);
            who.get(&format!("/campaigns/{county}/draws")).await.expect(404);
            assert_eq!(who.get("/campaigns").await.expect(200).item_ids(), std::slice::from_ref(&city), "{}", who.username);
        }
        step(&world.supervisor_b, &county, &json!({ "kind": "close" })).await.expect(404);
        step(&world.inspector, &county, &json!({ "kind": "close" })).await.expect(403);
        world.supervisor.put(&format!("/campaigns/{}", fresh()), &form(world.city)).await.expect(422);
        world.supervisor.put(&format!("/campaigns/{}", fresh()), &form(world.county_b)).await.expect(422);
    }

    /// Sent fifty times at once, it happens once.
    every_step_happens_once, app => {
        let world = World::build(app).await;
        let (id, action) = (fresh(), fresh());
        let form = form(world.county_a);
        let path = format!("/campaigns/{id}");
        let made = futures_util::future::join_all((0..20).map(|_| world.supervisor.put(&path, &form))).await;
        assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(made.iter().all(|answer| matches!(answer.status, 200 | 201)));
        let other = json!({ "area_id": world.county_a, "name": "另一个专项", "basis": "另一份文件", "starts_on": "2026-03-01",
            "ends_on": "2026-03-31", "inspection_kind": "special" });
        assert_eq!(world.supervisor.put(&path, &other).await.expect(409).code(), "id_taken");

        let path = format!("/campaigns/{id}/actions/{action}");
        let start = json!({ "kind": "start", "expected_version": 1 });
        let answers = futures_util::future::join_all((0..50).map(|_| world.supervisor.put(&path, &start))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)), "{answers:?}");
        assert_eq!(progress(&world.supervisor, &id).await, [3, 0, 3, 0, 0]);
        assert_eq!(world.supervisor.put(&path, &json!({ "kind": "close" })).await.expect(409).code(), "id_taken");
        let stale = json!({ "kind": "close", "expected_version": 1 });
        assert_eq!(step(&world.supervisor, &id, &stale).await.expect(412).body["current"]["version"], 2);
    }

    /// A draft may change; what runs keeps its words and its beginning.
    what_may_still_change, app => {
        let world = World::build(app).await;
        let id = drafted(&world.supervisor, world.county_a).await;
        let path = format!("/campaigns/{id}");
        world.supervisor.patch(&path, &json!({ "name": "改名" })).await.expect(428);
        let renamed = world.supervisor.patch(&path, &json!({ "name": "改名的专项", "expected_version": 1 })).await.expect(200).body;
        assert_eq!((&renamed["name"], &renamed["version"]), (&json!("改名的专项"), &json!(2)));
        world.supervisor.patch(&path, &json!({ "ends_on": "2026-02-01", "expected_version": 2 })).await.expect(422);
        step(&world.supervisor, &id, &json!({ "kind": "start" })).await.expect(201);
        let words = json!({ "name": "又改名", "expected_version": 3 });
        assert_eq!(world.supervisor.patch(&path, &words).await.expect(409).code(), "step_not_allowed");
        let longer = json!({ "ends_on": "2026-04-30", "expected_version": 3 });
        assert_eq!(world.supervisor.patch(&path, &longer).await.expect(200).body["ends_on"], "2026-04-30");
        step(&world.supervisor, &id, &json!({ "kind": "cancel", "reason": "与省级专项合并" })).await.expect(201);
        let gone = json!({ "ends_on": "2026-05-30", "expected_version": 5 });
        assert_eq!(world.supervisor.patch(&path, &gone).await.expect(409).code(), "step_not_allowed");
    }

    /// 四不两直: no institution learns from a campaign that somebody is coming; when it is over, it may be read.
    institutions_do_not_know_of_visits_without_notice, app => {
        let world = World::build(app).await;
        let id = fresh();
        let mut secret = form(world.county_a);
        secret["inspection_kind"] = json!("unannounced");
        world.supervisor.put(&format!("/campaigns/{id}"), &secret).await.expect(201);
        step(&world.supervisor, &id, &json!({ "kind": "start" })).await.expect(201);
        step(&world.supervisor, &id, &lots(&world)).await.expect(201);
        for path in ["", "/targets", "/draws"] {
            world.manager.get(&format!("/campaigns/{id}{path}")).await.expect(404);
            world.inspector.get(&format!("/campaigns/{id}{path}")).await.expect(200);
        }
        assert_eq!(world.manager.get("/campaigns").await.expect(200).item_ids(), Vec::<String>::new());
        step(&world.supervisor, &id, &json!({ "kind": "close" })).await.expect(201);
        let seen = world.manager.get(&format!("/campaigns/{id}")).await.expect(200);
        assert!(seen.body["report"].is_null(), "the report names everybody else, too: {}", seen.body);
        let read = world.supervisor.get(&format!("/campaigns/{id}")).await.expect(200).body;
        assert_eq!(read["report"]["progress"]["targets"], 3);
        assert_eq!(world.manager.get("/campaigns").await.expect(200).item_ids(), [id]);
    }

    /// An area that moves takes its campaigns along: its new county runs them, the old one knows nothing of them.
    a_campaign_moves_with_its_area, app => {
        let world = World::build(app).await;
        let id = drafted(&world.supervisor, world.town_a1).await;
        world.supervisor_b.get(&format!("/campaigns/{id}")).await.expect(404);
        let away = json!({ "parent_id": world.county_b, "expected_version": 1 });
        world.admin.patch(&format!("/areas/{}", world.town_a1), &away).await.expect(200);
        world.supervisor.get(&format!("/campaigns/{id}")).await.expect(404);
        step(&world.supervisor_b, &id, &json!({ "kind": "start" })).await.expect(201);
        assert_eq!(progress(&world.supervisor_b, &id).await, [2, 0, 2, 0, 0]);
    }
}
