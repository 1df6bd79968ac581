//! Phones at a drill: whatever their clocks say and however often they send, one timeline, and the record can be filled from it.

use crate::on_both_databases;
use crate::support::World;
use anlao::db::Instant;
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// 2026-03-10T01:00:00Z, an hour before the tests' now, and so many milliseconds.
fn at(ms: i64) -> Value {
    json!(Instant::from_micros(1_773_104_400_000_000 + ms * 1000).unwrap())
}

/// What a phone whose face is wrong by `skew` reads at a true time; its stopwatch was started at the full hour.
fn reading(skew: i64, ms: i64) -> Value {
    json!({ "run": 1, "elapsed_ms": ms, "wall": at(ms + skew) })
}

fn sync(skew: i64, ms: i64) -> Value {
    json!({ "sent": reading(skew, ms), "received_elapsed_ms": ms + 200, "server_at": at(ms + 100) })
}

fn tap(skew: i64, ms: i64, kind: &str) -> Value {
    json!({ "id": unknown(), "kind": kind, "reading": reading(skew, ms) })
}

fn record(world: &World) -> Value {
    json!({ "institution_id": world.home_a1, "kind": "full", "timeline": { "alarm_at": "2026-03-10T01:00:00Z" }, "commander": { "name": "陈静" } })
}

fn plan(world: &World) -> Value {
    json!({ "institution_id": world.home_a1, "kind": "full", "shift": "night", "window_from": "2026-03-12T14:00:00Z",
        "window_to": "2026-03-12T22:00:00Z", "announcement": { "residents_public": "informed", "staff": "window" } })
}

const FAST: i64 = 90_000;
const SLOW: i64 = -90_000;

on_both_databases! {
    /// One phone is ninety seconds fast, the other ninety slow; both send twice and out of order.
    two_phones_one_timeline_and_the_record_takes_it, app => {
        let world = World::build(app).await;
        let (path, one, two) = (format!("/drills/{}", unknown()), unknown(), unknown());
        world.manager.put(&path, &plan(&world)).await.expect(201);
        for (phone, name, skew) in [(&one, "周涛", FAST), (&two, "李强", SLOW)] {
            let form = json!({ "name": name, "post": "东侧楼梯口", "sync": sync(skew, 1000) });
            let joined = world.manager.put(&format!("{path}/observers/{phone}"), &form).await.expect(201).body;
            assert_eq!((&joined["observer"]["id"], &joined["server_at"]), (&json!(phone), &json!("2026-03-10T02:00:00Z")));
            world.manager.put(&format!("{path}/observers/{phone}"), &form).await.expect(200);
            let other = json!({ "name": name, "post": "西侧" });
            assert_eq!(world.manager.put(&format!("{path}/observers/{phone}"), &other).await.expect(409).code(), "id_taken");
        }
        let first = [tap(FAST, 10_400, "alarm"), tap(FAST, 70_000, "call_119"), tap(FAST, 500_000, "last_person_out")];
        let second = [tap(SLOW, 40_000, "first_action"), tap(SLOW, 100_000, "evacuation_began"), tap(SLOW, 600_900, "headcount_complete")];
        let late = json!({ "observer_id": one, "taps": [first[2], first[0]] });
        assert_eq!(world.manager.put(&format!("{path}/taps"), &late).await.expect(409).code(), "step_not_allowed", "not before it starts");
        let start = json!({ "kind": "start" });
        world.manager.put(&format!("{path}/actions/{}", unknown()), &start).await.expect(201);
        let batches = [
            (late, 2, 0),
            (json!({ "observer_id": two, "sync": sync(SLOW, 700_000), "taps": [second[2], second[1], second[0]] }), 3, 0),
            (json!({ "observer_id": one, "taps": [first[1], first[2], first[0]] }), 1, 2),
        ];
        for (batch, received, known) in &batches {
            let taken = world.manager.put(&format!("{path}/taps"), batch).await.expect(201).body;
            assert_eq!((&taken["received"], &taken["known"]), (&json!(received), &json!(known)));
            let again = world.inspector.put(&format!("{path}/taps"), batch).await.expect(200);
            assert_eq!((&again.body["received"], again.header("idempotent-replay")), (&json!(0), Some("true")));
        }
        let told = world.auditor.get(&format!("{path}/timeline")).await.expect(200).body;
        let kinds: Vec<&str> = told["merged"]["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["alarm", "first_action", "call_119", "evacuation_began", "last_person_out", "headcount_complete"]);
        assert!(told["merged"]["entries"].as_array().unwrap().iter().all(|entry| entry["order_certain"] == true));
        assert_eq!(told["proposed"], json!({ "alarm_at": "2026-03-10T01:00:10Z", "first_action_at": "2026-03-10T01:00:40Z",
            "emergency_call_at": "2026-03-10T01:01:10Z", "micro_station_at": null, "evacuation_began_at": "2026-03-10T01:01:40Z",
            "last_out_at": "2026-03-10T01:08:20Z", "head_count_at": "2026-03-10T01:10:00Z" }));
        assert_eq!((&told["moved"], told["observers"].as_array().unwrap().len()), (&json!([]), 2));
        let mut form = record(&world);
        (form["timeline"], form["emergency_call"]) = (told["proposed"].clone(), json!("simulated"));
        world.manager.put(&format!("{path}/record"), &form).await.expect(201);
        // A phone that was offline until now.
        let mut straggler = tap(SLOW, 300_000, "other");
        straggler["note"] = json!("二楼东侧门锁着");
        world.manager.put(&format!("{path}/taps"), &json!({ "observer_id": two, "taps": [straggler] })).await.expect(201);
        let trail = world.auditor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200).body;
        let count = |action: &str| trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == action).count();
        assert_eq!((count("drill.observer_joined"), count("drill.tapped")), (2, 4), "what was sent again leaves no entry");
    }

    /// An id stands for one tap of one phone at one drill; a batch is taken whole or not at all.
    a_tap_id_stands_for_one_tap, app => {
        let world = World::build(app).await;
        let (path, phone, other) = (format!("/drills/{}", unknown()), unknown(), unknown());
        world.manager.put(&format!("{path}/record"), &record(&world)).await.expect(201);
        for phone in [&phone, &other] {
            world.manager.put(&format!("{path}/observers/{phone}"), &json!({ "name": "周涛" })).await.expect(201);
        }
        let alarm = tap(0, 10_000, "alarm");
        let send = async |phone: &str, taps: Value| world.manager.put(&format!("{path}/taps"), &json!({ "observer_id": phone, "taps": taps })).await;
        send(&phone, json!([alarm])).await.expect(201);
        let mut changed = alarm.clone();
        changed["reading"]["elapsed_ms"] = json!(11_000);
        let fresh = tap(0, 20_000, "first_action");
        assert_eq!(send(&phone, json!([fresh, changed])).await.expect(409).code(), "id_taken");
        assert_eq!(send(&other, json!([alarm])).await.expect(409).code(), "id_taken");
        let told = world.manager.get(&format!("{path}/timeline")).await.expect(200).body;
        assert_eq!(told["merged"]["entries"].as_array().unwrap().len(), 1);
        assert_eq!(told["merged"]["entries"][0]["basis"], "wall_only");
        let refused = send(&unknown(), json!([fresh])).await.expect(422);
        assert_eq!(refused.faults(), [("/observer_id".to_owned(), "unknown_reference".to_owned())]);
        let many: Vec<Value> = (0..501).map(|ms| tap(0, ms, "person_out")).collect();
        assert_eq!(send(&phone, json!(many)).await.expect(422).faults(), [("/taps".to_owned(), "too_many".to_owned())]);
        let most: Vec<Value> = many.into_iter().skip(1).collect();
        assert_eq!(send(&phone, json!(most)).await.expect(201).body["received"], 500);
        let mut wrong = tap(0, 5, "compartment_clear");
        (wrong["count"], wrong["reading"]["run"]) = (json!(2), json!(0));
        let faults = send(&phone, json!([wrong])).await.expect(422).faults();
        for (field, code) in [("compartment", "required"), ("count", "not_allowed_here"), ("reading/run", "out_of_range")] {
            assert!(faults.contains(&(format!("/taps/0/{field}"), code.to_owned())), "{field}: {faults:?}");
        }
    }

    /// What was taken in is confirmed whatever became of the drill, so that a phone whose answer was lost comes to rest; what is
    /// new is refused.
    a_lost_answer_is_given_again_after_the_drill_was_given_up, app => {
        let world = World::build(app).await;
        let (id, phone) = (unknown(), unknown());
        let path = format!("/drills/{id}");
        let join = json!({ "name": "周涛", "sync": sync(FAST, 1000) });
        let batch = json!({ "observer_id": phone, "sync": sync(FAST, 20_000), "taps": [tap(FAST, 10_400, "alarm"), tap(FAST, 11_000, "first_action")] });
        world.manager.put(&path, &plan(&world)).await.expect(201);
        world.manager.put(&format!("{path}/observers/{phone}"), &join).await.expect(201);
        world.manager.put(&format!("{path}/actions/{}", unknown()), &json!({ "kind": "start" })).await.expect(201);
        world.manager.put(&format!("{path}/taps"), &batch).await.expect(201);
        let cancel = json!({ "kind": "cancel", "reason": "真实火警" });
        world.manager.put(&format!("{path}/actions/{}", unknown()), &cancel).await.expect(201);
        let mut later = batch.clone();
        later["sync"] = sync(FAST, 90_000);
        let told = world.manager.get(&format!("{path}/timeline")).await.expect(200).body;
        for again in [&batch, &later] {
            let taken = world.manager.put(&format!("{path}/taps"), again).await.expect(200);
            assert_eq!((&taken.body["received"], &taken.body["known"], taken.header("idempotent-replay")), (&json!(0), &json!(2), Some("true")));
        }
        world.manager.put(&format!("{path}/observers/{phone}"), &join).await.expect(200);
        let mut more = batch.clone();
        more["taps"].as_array_mut().unwrap().push(tap(FAST, 30_000, "call_119"));
        for new in [&more, &json!({ "observer_id": phone, "taps": [] }), &json!({ "observer_id": phone, "taps": [], "sync": sync(FAST, 95_000) })] {
            assert_eq!(world.manager.put(&format!("{path}/taps"), new).await.expect(409).code(), "step_not_allowed", "{new}");
        }
        let fresh = world.manager.put(&format!("{path}/observers/{}", unknown()), &join).await.expect(409);
        assert_eq!(fresh.code(), "step_not_allowed");
        assert_eq!(world.manager.get(&format!("{path}/timeline")).await.expect(200).body, told, "nothing was added");
        let trail = world.auditor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200).body;
        let count = |action: &str| trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == action).count();
        assert_eq!((count("drill.observer_joined"), count("drill.tapped")), (1, 1));
    }

    /// Another home's drill, the office's surprise and no drill at all are answered alike; what was cancelled takes no phone.
    hidden_drills_stay_hidden, app => {
        let world = World::build(app).await;
        let (surprise, phone) = (unknown(), unknown());
        let mut hidden = plan(&world);
        hidden["announcement"] = json!({ "residents_public": "informed", "staff": "none" });
        world.supervisor.put(&format!("/drills/{surprise}"), &hidden).await.expect(201);
        world.supervisor.put(&format!("/drills/{surprise}/observers/{phone}"), &json!({ "name": "李强" })).await.expect(201);
        let own = unknown();
        world.manager.put(&format!("/drills/{own}/record"), &record(&world)).await.expect(201);
        for (by, drill) in [(&world.manager, &surprise), (&world.manager_b, &own), (&world.manager, &unknown())] {
            let path = format!("/drills/{drill}");
            by.get(&format!("{path}/timeline")).await.expect(404);
            by.put(&format!("{path}/observers/{}", unknown()), &json!({ "name": "周涛" })).await.expect(404);
            by.put(&format!("{path}/taps"), &json!({ "observer_id": phone, "taps": [tap(0, 1, "alarm")] })).await.expect(404);
        }
        world.manager.put(&format!("/drills/{own}/observers/{phone}"), &json!({ "name": "李强" })).await.expect(404);
        let cancel = json!({ "kind": "cancel", "reason": "暴雨" });
        world.supervisor.put(&format!("/drills/{surprise}/actions/{}", unknown()), &cancel).await.expect(201);
        let late = world.supervisor.put(&format!("/drills/{surprise}/observers/{}", unknown()), &json!({ "name": "周涛" })).await.expect(409);
        assert_eq!(late.code(), "step_not_allowed");
    }
}
