//! Warnings (预警): relayed to the homes of an area as they are then, acknowledged, reported on until the all-clear.

use crate::on_both_databases;
use crate::support::{Person, Photo, TestApp, World, again};
use chrono::TimeDelta;
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// An orange warning of county A with a report every hour.
fn rainstorm(world: &World) -> Value {
    json!({ "area_id": world.county_a, "source": "遂宁市气象台", "kind": "rainstorm", "level": "orange", "text": "暴雨橙色预警",
        "issued_at": "2026-03-10T01:30:00Z", "valid_to": "2026-03-10T14:00:00Z", "report_every_minutes": 60 })
}

async fn relayed(world: &World) -> String {
    let path = format!("/warnings/{}", unknown());
    world.supervisor.put(&path, &rainstorm(world)).await.expect(201);
    path
}

/// How the homes stand, as somebody sees them: name and state, by name.
async fn homes(by: &Person, path: &str) -> Vec<(String, String)> {
    let page = by.get(&format!("{path}/targets")).await.expect(200).body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |one: &Value| (text(&one["institution_name"]), text(&one["acknowledgement"]));
    page["items"].as_array().unwrap().iter().map(line).collect()
}

/// So many minutes later, everybody logged in anew: that is longer than a login.
async fn later(app: &TestApp, world: &mut World, minutes: i64) {
    app.clock.advance(TimeDelta::minutes(minutes));
    world.manager = again(app, &world.manager).await;
    world.supervisor = again(app, &world.supervisor).await;
    world.inspector = again(app, &world.inspector).await;
    world.manager_b = again(app, &world.manager_b).await;
}

fn report(world: &World, path: &str, situation: &str) -> Value {
    json!({ "warning_id": path.trim_start_matches("/warnings/"), "institution_id": world.home_a1, "situation": situation, "moved": 3 })
}

on_both_databases! {
    /// Whom a warning went to is fixed when it is relayed: homes that come later are not on its list.
    the_list_is_fixed_when_it_is_relayed, app => {
        let world = World::build(app).await;
        let closed = json!({ "status": "suspended", "expected_version": 1 });
        world.admin.patch(&format!("/institutions/{}", world.home_a1_neighbour), &closed).await.expect(200);
        let path = format!("/warnings/{}", unknown());
        let form = rainstorm(&world);
        let answers = futures_util::future::join_all((0..5).map(|_| world.supervisor.put(&path, &form))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)));
        let late = json!({ "area_id": world.town_a1, "name": "后来的养老院", "ownership": "public", "principal": "王芳", "beds": 80,
            "residents": 61, "disabled_residents": 22, "key_fire_unit": true });
        world.admin.put(&format!("/institutions/{}", unknown()), &late).await.expect(201);
        world.supervisor.put(&path, &form).await.expect(200);
        let mut names: Vec<String> = homes(&world.supervisor, &path).await.into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["仁里镇敬老院", "龙凤镇敬老院"], "neither the suspended one nor the one that came later");
        let mut other = form.clone();
        other["level"] = json!("red");
        assert_eq!(world.supervisor.put(&path, &other).await.expect(409).code(), "id_taken");
        world.manager.put(&format!("/warnings/{}", unknown()), &form).await.expect(403);
        other["valid_to"] = json!("2026-03-10T01:59:00Z");
        let answer = world.supervisor.put(&format!("/warnings/{}", unknown()), &other).await.expect(422);
        assert_eq!(answer.faults(), [("/valid_to".to_owned(), "too_early".to_owned())], "what is over need not be told");
    }

    /// Thirty minutes by the rule in force; later is late, is shown as late, and is never refused.
    acknowledged_in_time_or_late, app => {
        let mut world = World::build(app).await;
        let path = relayed(&world).await;
        let told = world.manager.get(&path).await.expect(200).body;
        assert_eq!((&told["acknowledge_by"], &told["homes"]), (&json!("2026-03-10T02:30:00Z"), &json!(1)), "its own home only");
        let own = format!("{path}/acknowledgements/{}", world.home_a1);
        let seen = json!({ "by": "陈静", "measures": "已通知夜班" });
        later(app, &mut world, 31).await;
        assert!(homes(&world.supervisor, &path).await.iter().all(|(_, state)| state == "overdue"));
        let standing = world.manager.put(&own, &seen).await.expect(201).body["standing"].clone();
        assert_eq!((&standing["acknowledgement"], &standing["acknowledged_by"]), (&json!("late"), &json!("陈静")));
        world.manager.put(&own, &seen).await.expect(200);
        assert_eq!(world.manager.put(&own, &json!({ "by": "李强" })).await.expect(409).code(), "id_taken");
        let told = world.supervisor.get(&path).await.expect(200).body;
        assert_eq!([&told["homes"], &told["acknowledged"], &told["unacknowledged_late"]], [3, 1, 2]);
        let missing = world.supervisor.get(&format!("{path}/targets?acknowledgement=overdue&limit=1")).await.expect(200).body;
        assert_eq!(missing["items"].as_array().unwrap().len(), 1);
        assert!(missing["next_cursor"].is_string());
        // A place in the list that the caller does not see is none: page one again would never end.
        let mut page = format!("{path}/targets?limit=1");
        for _ in 0..2 {
            let told = world.supervisor.get(&page).await.expect(200).body;
            page = format!("{path}/targets?limit=1&cursor={}", told["next_cursor"].as_str().unwrap());
            if told["items"][0]["institution_id"] != json!(world.home_a1) {
                assert_eq!(world.manager.get(&page).await.expect(400).code(), "invalid_cursor");
            }
        }
        let again = relayed(&world).await;
        let own = format!("{again}/acknowledgements/{}", world.home_a1);
        later(app, &mut world, 30).await;
        let standing = world.manager.put(&own, &seen).await.expect(201).body["standing"].clone();
        assert_eq!(standing["acknowledgement"], "on_time", "exactly then is in time");
    }

    /// One report each hour until it is over; what is due and what was missed is told.
    reports_are_due_until_it_is_over, app => {
        let mut world = World::build(app).await;
        let path = relayed(&world).await;
        let list = format!("/institutions/{}/warnings", world.home_a1);
        let standing = async |by: &Person| by.get(&list).await.expect(200).body["items"][0]["standing"].clone();
        assert_eq!(standing(&world.manager).await["report_due_at"], "2026-03-10T03:00:00Z");
        let photo = Photo::of("before", 3);
        let (id, mut form) = (unknown(), report(&world, &path, "watching"));
        form["evidence"] = json!([photo.declared()]);
        world.manager.put(&format!("/warning-reports/{id}"), &form).await.expect(201);
        photo.upload(&world.manager).await.expect(201);
        let told = world.manager.put(&format!("/warning-reports/{id}"), &form).await.expect(200).body;
        assert_eq!((&told["situation"], &told["photos"][0]["state"]), (&json!("watching"), &json!("stored")));
        assert_eq!(standing(&world.manager).await["report_due_at"], "2026-03-10T04:00:00Z");
        later(app, &mut world, 121).await;
        let late = standing(&world.manager).await;
        assert_eq!([&late["report_overdue"], &late["reports_missed"], &late["reports"]], [&json!(true), &json!(1), &json!(1)]);
        world.manager.put(&format!("/warning-reports/{}", unknown()), &report(&world, &path, "moved")).await.expect(201);
        assert_eq!(standing(&world.manager).await["report_overdue"], false);
        let told = world.inspector.get(&format!("{path}/reports?institution_id={}", world.home_a1)).await.expect(200).body;
        let said: Vec<&Value> = told["items"].as_array().unwrap().iter().map(|one| &one["situation"]).collect();
        assert_eq!(said, ["watching", "moved"]);
        let answer = world.manager_b.put(&format!("/warning-reports/{}", unknown()), &report(&world, &path, "moved")).await.expect(422);
        assert_eq!(answer.faults(), [("/institution_id".to_owned(), "unknown_reference".to_owned())]);
    }

    /// The all-clear ends it once, and nothing more is due; a cancelled one says why.
    ended_once_by_all_clear_or_cancelled, app => {
        let mut world = World::build(app).await;
        let path = relayed(&world).await;
        let step = format!("{path}/actions/{}", unknown());
        let clear = json!({ "kind": "all_clear", "expected_version": 1 });
        let told = world.supervisor.put(&step, &clear).await.expect(201).body;
        assert_eq!((&told["state"], &told["version"]), (&json!("all_clear"), &json!(2)));
        world.supervisor.put(&step, &clear).await.expect(200);
        let cancel = json!({ "kind": "cancel", "reason": "发错区域" });
        let answer = world.supervisor.put(&format!("{path}/actions/{}", unknown()), &cancel).await.expect(409);
        assert_eq!(answer.code(), "step_not_allowed");
        later(app, &mut world, 121).await;
        let told = world.supervisor.get(&path).await.expect(200).body;
        assert_eq!([&told["unacknowledged_late"], &told["reports_overdue"]], [0, 0], "it was over before either was due");
        assert_eq!(world.supervisor.get("/warnings?running=true").await.expect(200).body["items"], json!([]));
        let over = async || world.supervisor.get("/warnings?running=false").await.expect(200).item_ids();
        let ended = over().await;
        assert_eq!(ended, [path.trim_start_matches("/warnings/")]);
        let wrong = relayed(&world).await;
        let answer = world.supervisor.put(&format!("{wrong}/actions/{}", unknown()), &json!({ "kind": "cancel" })).await.expect(422);
        assert_eq!(answer.faults(), [("/reason".to_owned(), "required".to_owned())]);
        let stale = json!({ "kind": "cancel", "reason": "发错区域", "expected_version": 7 });
        assert_eq!(world.supervisor.put(&format!("{wrong}/actions/{}", unknown()), &stale).await.expect(412).code(), "stale");
        let told = world.supervisor.put(&format!("{wrong}/actions/{}", unknown()), &cancel).await.expect(201).body;
        assert_eq!(told["state"], "cancelled");
        assert_eq!(over().await.len(), 2);
        let running = relayed(&world).await;
        assert_eq!(over().await.len(), 2, "what holds is not over");
        later(app, &mut world, 31).await;
        let told = world.supervisor.get(&wrong).await.expect(200).body;
        assert_eq!(told["unacknowledged_late"], 0, "nothing was expected of it");
        assert_eq!(world.supervisor.get(&running).await.expect(200).body["unacknowledged_late"], 3);
    }

    /// What is counted for lists is what the homes' own lines say.
    counts_and_lines_agree, app => {
        let mut world = World::build(app).await;
        let path = relayed(&world).await;
        let own = format!("{path}/acknowledgements/{}", world.home_a1);
        world.manager.put(&own, &json!({ "by": "陈静" })).await.expect(201);
        for minutes in [20, 50, 61, 60] {
            world.manager.put(&format!("/warning-reports/{}", unknown()), &report(&world, &path, "watching")).await.expect(201);
            later(app, &mut world, minutes).await;
            for by in [&world.city_supervisor, &world.supervisor, &world.manager] {
                let by = again(app, by).await;
                let told = by.get(&path).await.expect(200).body;
                let lines = by.get(&format!("{path}/targets")).await.expect(200).body["items"].as_array().unwrap().clone();
                let count = |is: &dyn Fn(&Value) -> bool| json!(lines.iter().filter(|one| is(one)).count());
                assert_eq!(told["homes"], json!(lines.len()));
                assert_eq!(told["acknowledged"], count(&|one| one["acknowledged_at"].is_string()));
                assert_eq!(told["unacknowledged_late"], count(&|one| one["acknowledgement"] == "overdue"));
                assert_eq!(told["reports_overdue"], count(&|one| one["report_overdue"] == true), "{told} {lines:?}");
                assert_eq!(by.get("/warnings").await.expect(200).body["items"][0], told);
            }
        }
    }

    /// The element 预警 of a home says what of its warnings is due, late or done.
    the_element_says_how_warnings_were_answered, app => {
        let mut world = World::build(app).await;
        let element = async |by: &Person| {
            let told = by.get(&format!("/institutions/{}/elements", world.home_a1)).await.expect(200).body;
            let of = told["elements"].as_array().unwrap().iter().find(|one| one["code"] == "warning").unwrap().clone();
            let state = |at: usize| of["findings"][at]["state"].as_str().unwrap().to_owned();
            (of["state"].as_str().unwrap().to_owned(), state(0), state(1), of["findings"][0]["links"].clone())
        };
        let told = |element: &str, acknowledged: &str, reported: &str, links: Value| {
            (element.to_owned(), acknowledged.to_owned(), reported.to_owned(), links)
        };
        let nothing = told("not_applicable", "not_applicable", "not_applicable", json!([]));
        assert_eq!(element(&world.manager).await, nothing);
        let path = relayed(&world).await;
        let link = json!([{ "kind": "warning", "id": path.trim_start_matches("/warnings/") }]);
        assert_eq!(element(&world.manager).await, told("due", "due", "due", link.clone()));
        app.clock.advance(TimeDelta::minutes(61));
        let manager = again(app, &world.manager).await;
        assert_eq!(element(&manager).await, told("overdue", "overdue", "overdue", link));
        manager.put(&format!("{path}/acknowledgements/{}", world.home_a1), &json!({ "by": "陈静" })).await.expect(201);
        assert_eq!(element(&manager).await, told("overdue", "satisfied", "overdue", json!([])));
        manager.put(&format!("/warning-reports/{}", unknown()), &report(&world, &path, "watching")).await.expect(201);
        assert_eq!(element(&manager).await, told("due", "satisfied", "due", json!([])));
        world.supervisor = again(app, &world.supervisor).await;
        let cancel = json!({ "kind": "cancel", "reason": "发错区域" });
        world.supervisor.put(&format!("{path}/actions/{}", unknown()), &cancel).await.expect(201);
        assert_eq!(element(&manager).await, nothing);
    }

    /// A warning of the whole city shows each office its own homes only; one of county A is nothing to county B, and its
    /// own offices end it, not those it came down to.
    everybody_sees_their_own_homes, app => {
        let world = World::build(app).await;
        let mut form = rainstorm(&world);
        form["area_id"] = json!(world.city);
        let path = format!("/warnings/{}", unknown());
        assert_eq!(world.supervisor.put(&path, &form).await.expect(422).faults()[0].1, "unknown_reference", "not the county's to relay");
        world.city_supervisor.put(&path, &form).await.expect(201);
        for (person, count) in [(&world.city_supervisor, 4), (&world.supervisor, 3), (&world.supervisor_b, 1), (&world.manager, 1)] {
            assert_eq!(person.get(&path).await.expect(200).body["homes"], count, "{}", person.username);
            assert_eq!(homes(person, &path).await.len(), count, "{}", person.username);
        }
        let clear = json!({ "kind": "all_clear" });
        let answer = world.supervisor.put(&format!("{path}/actions/{}", unknown()), &clear).await.expect(403);
        assert_eq!(answer.code(), "step_not_yours");
        let foreign = format!("{path}/acknowledgements/{}", world.home_a1_neighbour);
        world.manager.put(&foreign, &json!({ "by": "陈静" })).await.expect(404);
        let own = relayed(&world).await;
        world.supervisor_b.get(&own).await.expect(404);
        world.manager_b.get(&own).await.expect(404);
        assert_eq!(world.supervisor.get("/warnings").await.expect(200).item_ids().len(), 2);
        assert_eq!(world.supervisor_b.get("/warnings").await.expect(200).item_ids().len(), 1);
    }
}
