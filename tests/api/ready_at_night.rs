//! From what is due to what is done, in the demonstration city: the proposed night drill is planned, told by two phones and
//! recorded; what went wrong becomes a hazard and a better plan; each clause then names its evidence.

use crate::demonstration::{DEMO_PASSWORD, SMALL, fill};
use crate::on_both_databases;
use crate::support::doors::{entered, log_in};
use crate::support::{Person, TestApp};
use anlao::db::Instant;
use chrono::TimeDelta;
use serde_json::{Value, json};

fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn person(app: &TestApp, username: &str) -> Person {
    entered(app, &log_in(app, username, DEMO_PASSWORD).await)
}

async fn owed(by: &Person, home: &str) -> Value {
    by.get(&format!("/institutions/{home}/drill-compliance")).await.expect(200).body
}

fn of<'a>(told: &'a Value, id: &str) -> &'a Value {
    let all = told["requirements"].as_array().unwrap();
    all.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("no {id} in {told}"))
}

fn has_evidence(requirement: &Value, id: &str) -> bool {
    requirement["evidence"].as_array().unwrap().iter().any(|one| one["id"] == id)
}

/// The username of the home's other manager: nobody approves what they wrote themselves.
async fn second_manager(app: &TestApp, home: &str) -> String {
    let admin = person(app, "admin").await;
    let all = admin.get("/users?role=manager&limit=200").await.expect(200).body;
    let of_home = |one: &&Value| {
        one["username"] != "manager"
            && one["scope"]["institutions"].as_array().is_some_and(|ids| ids.contains(&json!(home)))
    };
    all["items"].as_array().unwrap().iter().find(of_home).unwrap()["username"].as_str().unwrap().to_owned()
}

/// What one phone tapped, so many seconds after the alarm; its clock is wrong by so many.
fn taps(phone: &str, alarm: Instant, skew: i64, tapped: &[(&str, i64)]) -> Value {
    let reading = |after: i64| {
        let wall = alarm.plus(TimeDelta::seconds(after + skew));
        json!({ "run": 1, "elapsed_ms": after * 1000 + 600_000, "wall": wall })
    };
    let taps: Vec<Value> = tapped
        .iter()
        .map(|(kind, after)| json!({ "id": fresh(), "kind": kind, "reading": reading(*after) }))
        .collect();
    let sync = json!({ "sent": reading(900), "received_elapsed_ms": 1_500_200, "server_at": alarm.plus(TimeDelta::milliseconds(900_100)) });
    json!({ "observer_id": phone, "sync": sync, "taps": taps })
}

on_both_databases! {
    from_due_to_done, app => {
        fill(app, SMALL, DEMO_PASSWORD).await;
        let manager = person(app, "manager").await;
        let home = manager.get("/institutions?limit=1").await.expect(200).item_ids()[0].clone();
        let before = owed(&manager, &home).await;
        assert_ne!(of(&before, "drills.night")["state"], "satisfied", "{before}");
        let next = &before["next_drill"];
        assert_eq!(next["shift"], "night", "{next}");
        assert!(next["satisfies"].as_array().unwrap().contains(&json!("drills.night")), "{next}");

        let drill = format!("/drills/{}", fresh());
        let plan = json!({ "institution_id": home, "kind": next["kind"], "shift": "night", "window_from": next["window"]["from"],
            "window_to": next["window"]["to"], "announcement": { "residents_public": "informed", "staff": "window" } });
        manager.put(&drill, &plan).await.expect(201);
        assert_eq!(owed(&manager, &home).await["next_drill"]["planned"], json!(drill.rsplit('/').next().unwrap()));

        let alarm: Instant = serde_json::from_value(next["window"]["from"].clone()).unwrap();
        app.clock.advance(alarm.utc() - app.clock.now().utc());
        let manager = person(app, "manager").await;
        manager.put(&format!("{drill}/actions/{}", fresh()), &json!({ "kind": "start" })).await.expect(201);
        let (one, two) = (fresh(), fresh());
        for (phone, name) in [(&one, "周涛"), (&two, "李强")] {
            manager.put(&format!("{drill}/observers/{phone}"), &json!({ "name": name })).await.expect(201);
        }
        app.clock.advance(TimeDelta::minutes(20));
        let manager = person(app, "manager").await;
        let first = taps(&one, alarm, 80, &[("alarm", 0), ("call_119", 55), ("last_person_out", 560)]);
        let second = taps(&two, alarm, -75, &[("first_action", 35), ("evacuation_began", 130), ("headcount_complete", 700)]);
        for batch in [second, first] {
            manager.put(&format!("{drill}/taps"), &batch).await.expect(201);
        }
        let proposed = manager.get(&format!("{drill}/timeline")).await.expect(200).body["proposed"].clone();
        assert_eq!(proposed["last_out_at"], json!(alarm.plus(TimeDelta::seconds(560))));

        let locked = fresh();
        let hazard = json!({ "id": locked, "category": "fire", "checklist_item": "F01", "location": "二楼东侧安全出口",
            "description": "夜间上锁，演练中无法打开", "severity": "general", "found_at": alarm });
        let record = json!({ "institution_id": home, "kind": next["kind"], "timeline": proposed, "emergency_call": "simulated",
            "commander": { "name": "陈静" }, "problems": [
                { "text": "二楼安全出口夜间上锁", "hazard": hazard },
                { "text": "预案未写明夜间钥匙由谁保管", "plan_revision_needed": true, "revision": "写明夜间钥匙随班交接" }] });
        manager.put(&format!("{drill}/record"), &record).await.expect(201);
        let found = manager.get(&format!("/hazards/{locked}")).await.expect(200).body;
        assert_eq!(drill.rsplit('/').next(), found["drill_id"].as_str());
        assert!(found["deadline"].is_string(), "{found}");
        let evaluation = json!({ "evaluator": { "name": "李强" }, "evaluated_on": app.office().date(app.clock.now()), "suitability": "not_smooth",
            "sufficiency": "mostly", "people_in_place": "in_time", "supplies_in_place": "mostly", "coordination": "smooth", "effect": "reached",
            "summary": "全部到达安全区；出口上锁，钥匙不在岗。" });
        manager.put(&format!("{drill}/evaluation"), &evaluation).await.expect(201);

        let told = owed(&manager, &home).await;
        let id = drill.rsplit('/').next().unwrap();
        assert_eq!(of(&told, "drills.night")["state"], "satisfied", "{told}");
        assert!(has_evidence(of(&told, "drills.night"), id));
        assert_ne!(of(&told, "plan.revised")["state"], "satisfied", "the drill calls for a better plan: {told}");

        let old = manager.get(&format!("/institutions/{home}/plan")).await.expect(200).body;
        let better = fresh();
        let path = format!("/plans/{better}");
        manager.put(&path, &json!({ "institution_id": home, "based_on": old["id"] })).await.expect(201);
        let other = person(app, &second_manager(app, &home).await).await;
        let today = app.office().date(app.clock.now());
        let step = async |by: &Person, form: Value| by.put(&format!("{path}/actions/{}", fresh()), &form).await.expect(201);
        step(&other, json!({ "kind": "approve", "on": today, "by": { "name": "李强" }, "post": "院长" })).await;
        step(&manager, json!({ "kind": "put_in_force", "on": today })).await;
        step(&manager, json!({ "kind": "publish", "on": today, "how": "班前会宣读" })).await;
        step(&manager, json!({ "kind": "file", "on": today, "department": "船山区民政局" })).await;
        let told = owed(&manager, &home).await;
        for id in ["plan.in_force", "plan.complete", "plan.revised", "plan.published", "plan.filed"] {
            assert_eq!(of(&told, id)["state"], "satisfied", "{id}: {told}");
            assert!(has_evidence(of(&told, id), &better), "{id}: {told}");
        }
    }
}
