//! Trainings and safety education: written down once, corrected by a later record; what is due is computed.

use crate::on_both_databases;
use crate::support::{Photo, World};
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn training(world: &World, topic: &str, at: &str) -> Value {
    json!({ "institution_id": world.home_a1, "topic": topic, "audience": ["staff", "families"], "started_at": at, "minutes": 60,
        "place": "一楼活动室", "trainer": "李强", "attended": 12 })
}

fn standing(status: &Value, topic: &str) -> Value {
    status["trainings"].as_array().unwrap().iter().find(|one| one["topic"] == topic).unwrap().clone()
}

on_both_databases! {
    /// A record stays as it was written; what was wrong about it is put right by one that names it, once.
    corrected_by_a_later_record, app => {
        let world = World::build(app).await;
        let sheet = Photo::of("document", 3);
        let (first, second) = (unknown(), unknown());
        let mut form = training(&world, "co-poisoning", "2026-03-09T06:30:00Z");
        form["evidence"] = json!([sheet.declared()]);
        let path = format!("/trainings/{first}");
        let answers = futures_util::future::join_all((0..5).map(|_| world.manager.put(&path, &form))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)));
        sheet.upload(&world.manager).await.expect(201);
        let told = world.inspector.get(&path).await.expect(200).body;
        assert_eq!((&told["held_on"], &told["photos"][0]["state"]), (&json!("2026-03-09"), &json!("stored")));
        form["evidence"] = json!([]);
        form["attended"] = json!(38);
        assert_eq!(world.manager.put(&path, &form).await.expect(409).code(), "id_taken");
        form["replaces"] = json!(first);
        world.manager.put(&format!("/trainings/{second}"), &form).await.expect(201);
        assert_eq!(world.manager.get(&path).await.expect(200).body["replaced_by"], json!(second));
        let list = format!("/institutions/{}/trainings", world.home_a1);
        assert_eq!(world.manager.get(&list).await.expect(200).item_ids(), std::slice::from_ref(&second));
        assert_eq!(world.manager.get(&format!("{list}?replaced=true")).await.expect(200).item_ids(), [second, first]);
        assert_eq!(world.manager.put(&format!("/trainings/{}", unknown()), &form).await.expect(409).code(), "step_not_allowed");
        world.inspector.put(&format!("/trainings/{}", unknown()), &form).await.expect(403);
    }
}

on_both_databases! {
    /// A training is of a topic of the rules, was held, and had people in it.
    what_a_record_must_say, app => {
        let world = World::build(app).await;
        let wrong = async |change: (&str, Value)| {
            let mut form = training(&world, "fire-training", "2026-03-09T06:30:00Z");
            form[change.0] = change.1;
            world.manager.put(&format!("/trainings/{}", unknown()), &form).await.expect(422).faults()
        };
        let fault = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(wrong(("topic", json!("fire-patrol"))).await, fault("/topic", "unknown_reference"), "a patrol is no training");
        assert_eq!(wrong(("started_at", json!("2026-03-20T06:30:00Z"))).await, fault("/started_at", "in_future"));
        assert_eq!(wrong(("audience", json!(["staff", "staff"]))).await, fault("/audience", "duplicate"));
        assert_eq!(wrong(("attended", Value::Null)).await, fault("/attended", "required"));
        let (one, other) = (json!({ "name": "陈静" }), json!({ "name": "李敏" }));
        let mut form = training(&world, "gas-safety", "2026-03-09T06:30:00Z");
        form["attendees"] = json!([one, other]);
        form["attended"] = json!(1);
        let answer = world.manager.put(&format!("/trainings/{}", unknown()), &form).await.expect(422);
        assert_eq!(answer.faults(), fault("/attended", "mismatch"));
        form["attended"] = Value::Null;
        let told = world.manager.put(&format!("/trainings/{}", unknown()), &form).await.expect(201).body;
        assert_eq!(told["attended"], 2, "as many as signed");
        form["attendees"] = json!([{ "name": "陈静", "staff_id": unknown() }]);
        let answer = world.manager.put(&format!("/trainings/{}", unknown()), &form).await.expect(422);
        assert_eq!(answer.faults(), fault("/attendees/0/staff_id", "unknown_reference"));
        let list = format!("/institutions/{}/trainings", world.home_a1);
        let held = world.manager.put(&format!("/trainings/{}", unknown()), &training(&world, "fire-training", "2026-03-01T06:30:00Z")).await.expect(201);
        for (query, count) in [("topic=gas-safety", 1), ("audience=residents", 0), ("to=2026-03-08", 1), ("from=2026-03-09&audience=staff", 1)] {
            assert_eq!(world.auditor.get(&format!("{list}?{query}")).await.expect(200).item_ids().len(), count, "{query}");
        }
        let page = world.auditor.get(&format!("{list}?limit=1")).await.expect(200).body;
        let next = format!("{list}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        assert_eq!(world.auditor.get(&next).await.expect(200).body["items"][0]["id"], held.body["id"]);
    }
}

on_both_databases! {
    /// What is due follows from the intervals in force; who began to work must be named in a fire training.
    due_and_new_staff, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/training-status", world.home_a1);
        let before = world.manager.get(&path).await.expect(200).body;
        let fire = standing(&before, "fire-training");
        assert_eq!((&fire["state"], &fire["next_due"], &fire["held"]), (&json!("due"), &json!("2026-06-30"), &json!(0)));
        assert_eq!(standing(&before, "co-poisoning")["next_due"], "2026-12-31");
        let staff = unknown();
        let form = json!({ "institution_id": world.home_a1, "name": "李敏", "post": "护理员", "started_on": "2026-03-02" });
        world.manager.put(&format!("/staff/{staff}"), &form).await.expect(201);
        let lacking = json!([{ "name": "李敏", "started_on": "2026-03-02" }]);
        let status = async || world.supervisor.get(&path).await.expect(200).body;
        assert_eq!(status().await["untrained_new_staff"], lacking);
        // A training without her name proves nothing for her.
        let mut held = training(&world, "fire-training", "2026-03-05T06:30:00Z");
        world.manager.put(&format!("/trainings/{}", unknown()), &held).await.expect(201);
        let told = status().await;
        assert_eq!(told["untrained_new_staff"], lacking);
        let fire = standing(&told, "fire-training");
        assert_eq!((&fire["state"], &fire["last_held_on"], &fire["next_due"]), (&json!("satisfied"), &json!("2026-03-05"), &json!("2026-12-31")));
        held["attendees"] = json!([{ "name": "李敏", "staff_id": staff }]);
        world.manager.put(&format!("/trainings/{}", unknown()), &held).await.expect(201);
        assert_eq!(status().await["untrained_new_staff"], json!([]));
        let then = world.supervisor.get(&format!("{path}?on=2027-01-02")).await.expect(200).body;
        assert_eq!(standing(&then, "fire-training")["state"], "overdue", "the second half of 2026 went by");
    }
}

on_both_databases! {
    /// The status of trainings and the engine say the same of a home, on every day.
    the_status_and_compliance_agree, app => {
        let world = World::build(app).await;
        let staff = json!({ "institution_id": world.home_a1, "name": "李敏", "post": "护理员", "started_on": "2024-05-06" });
        world.manager.put(&format!("/staff/{}", unknown()), &staff).await.expect(201);
        // For families alone: it is none that staff have before they start.
        let mut fire = training(&world, "fire-training", "2026-03-05T06:30:00Z");
        fire["audience"] = json!(["families"]);
        world.manager.put(&format!("/trainings/{}", unknown()), &fire).await.expect(201);
        world.manager.put(&format!("/trainings/{}", unknown()), &training(&world, "co-poisoning", "2026-03-06T06:30:00Z")).await.expect(201);
        let (mut seen, mut compared) = (std::collections::BTreeSet::new(), 0);
        for on in ["2026-03-09", "2026-03-10", "2026-07-02", "2027-01-02", "2028-02-01", "2030-07-01"] {
            let status = world.manager.get(&format!("/institutions/{}/training-status?on={on}", world.home_a1)).await.expect(200).body;
            let judged = world.manager.get(&format!("/institutions/{}/drill-compliance?as_of={on}", world.home_a1)).await.expect(200).body;
            let of = |id: String| judged["requirements"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
            for one in status["trainings"].as_array().unwrap() {
                let engine = of(format!("training.{}", one["topic"].as_str().unwrap()));
                let state = if one["state"] == "not_owed" { json!("not_applicable") } else { one["state"].clone() };
                assert_eq!(engine["state"], state, "{on}: {one} {engine}");
                if one["state"] != "not_owed" {
                    assert_eq!((&engine["due_on"], &engine["held"]), (&one["next_due"], &one["held"]), "{on}: {one}");
                }
                seen.insert(state.as_str().unwrap().to_owned());
                compared += 1;
            }
            let lacking = !status["untrained_new_staff"].as_array().unwrap().is_empty();
            assert_eq!(lacking, matches!(on.get(..4), Some("2026" | "2027")), "{on}: not of the three years before");
            let state = of("training.new_staff".to_owned())["state"].clone();
            if on > "2026-03-09" {
                assert_eq!(lacking, state == "overdue", "{on}");
            }
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["due", "not_applicable", "overdue", "satisfied"]);
        assert!(compared > 10, "{compared}");
    }
}
