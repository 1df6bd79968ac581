//! What a home owes, over HTTP: judged by the documents in force, seen by those who cover it.

use crate::on_both_databases;
use crate::support::World;
use serde_json::{Value, json};

fn ids(told: &Value) -> Vec<String> {
    let all = told["requirements"].as_array().unwrap();
    all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn of<'a>(told: &'a Value, id: &str) -> &'a Value {
    let all = told["requirements"].as_array().unwrap();
    all.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("no {id} in {told}"))
}

on_both_databases! {
    /// The requirements of the documents in force, the traits of the home, and another document looked through.
    one_home, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/drill-compliance", world.home_a1);
        let told = world.manager.get(&path).await.expect(200).body;
        assert_eq!((&told["rules"]["id"], &told["coverage_period"]), (&json!("drills-cn"), &json!("half_year")));
        assert_eq!(of(&told, "drills.high-risk")["state"], "not_applicable");
        assert_eq!(of(&told, "plan.in_force")["state"], "overdue");
        for part in ["clause", "source", "verified", "why", "due_on", "evidence"] {
            assert!(of(&told, "drills.hands-on").get(part).is_some(), "{part}");
        }
        assert!(told["coverage"].as_array().unwrap().len() >= 3, "{told}");
        // What kind of home it is decides what it owes.
        let change = json!({ "fire_high_risk": true, "expected_version": 1 });
        let home = world.admin.patch(&format!("/institutions/{}", world.home_a1), &change).await.expect(200).body;
        assert_eq!((&home["fire_high_risk"], &home["special_equipment"]), (&json!(true), &json!(false)));
        let told = world.supervisor.get(&format!("{path}?as_of=2026-12-31")).await.expect(200).body;
        assert_ne!(of(&told, "drills.high-risk")["state"], "not_applicable");
        assert_eq!(told["coverage_period"], "quarter");
        assert_eq!(told["as_of"], "2026-12-31T15:59:59Z", "the end of the day, by the office's clock");
        let next = &told["next_drill"];
        assert!(next["satisfies"].as_array().is_some_and(|met| !met.is_empty()), "{told}");
        assert!(next["window"]["from"].as_str().unwrap() > "2026-12-31T15:59", "{next}");
        let us = world.auditor.get(&format!("{path}?rules=drills-us-k712&as_of=2026-12-31")).await.expect(200).body;
        assert!(ids(&us).contains(&"drills.each-shift.night".to_owned()), "{us}");
        assert_eq!(us["rules"], json!({ "id": "drills-us-k712", "version": 2 }));
        for wrong in ["rules=nothing", "rules=drills-none", "rules=checklist-2024-core", "rules=", "as_of=0003-01-01", "as_of=9999-01-01", "as_of=x", "q=1"] {
            let answer = world.manager.get(&format!("{path}?{wrong}")).await;
            assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
        }
        world.manager.get(&format!("/institutions/{}/drill-compliance", world.home_b1)).await.expect(404);
        let change = json!({ "status": "suspended", "expected_version": 2 });
        world.admin.patch(&format!("/institutions/{}", world.home_a1), &change).await.expect(200);
        let told = world.manager.get(&path).await.expect(200).body;
        assert!(told["requirements"].as_array().unwrap().iter().all(|one| one["state"] == "not_applicable"));
        assert_eq!(told["next_drill"], json!(null));
    }
}

on_both_databases! {
    /// The office's list is of its own homes, by name, page by page.
    the_offices_list, app => {
        let world = World::build(app).await;
        let all = world.supervisor.get("/compliance").await.expect(200);
        let homes: Vec<String> = all.body["items"].as_array().unwrap().iter().map(|one| one["institution_id"].as_str().unwrap().to_owned()).collect();
        assert!(homes.contains(&world.home_a1.to_string()) && !homes.contains(&world.home_b1.to_string()), "{homes:?}");
        assert!(all.body["items"].as_array().unwrap().iter().all(|one| one["overdue"].as_u64() > Some(0)));
        let (mut paged, mut path) = (Vec::new(), "/compliance?limit=1&state=overdue&requirement=plan.in_force".to_owned());
        loop {
            let page = world.supervisor.get(&path).await.expect(200);
            for one in page.body["items"].as_array().unwrap() {
                assert_eq!(ids(one), ["plan.in_force"]);
                paged.push(one["institution_id"].as_str().unwrap().to_owned());
            }
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            path = format!("/compliance?limit=1&state=overdue&requirement=plan.in_force&cursor={cursor}");
        }
        assert_eq!(paged, homes);
        let none = world.supervisor.get("/compliance?requirement=drills.none").await.expect(200).body;
        assert_eq!(none["items"], json!([]));
        let own = world.manager.get("/compliance").await.expect(200).body;
        assert_eq!(own["items"].as_array().unwrap().len(), 1, "{own}");
        world.supervisor.get(&format!("/compliance?area_id={}", world.county_b)).await.expect(404);
        for wrong in ["limit=0", "limit=51", "state=late", "cursor=x", "area=1"] {
            world.supervisor.get(&format!("/compliance?{wrong}")).await.expect(400);
        }
    }
}

on_both_databases! {
    /// The elements of the document in force, each with what is missing.
    the_elements, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/elements", world.home_a1);
        let told = world.inspector.get(&path).await.expect(200).body;
        let codes: Vec<&str> = told["elements"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["prevention", "foresight", "warning", "plans", "drills"], "pre-position is offered, not used");
        let finding = |told: &Value, element: usize, code: &str| -> Value {
            let all = told["elements"][element]["findings"].as_array().unwrap();
            all.iter().find(|one| one["code"] == code).cloned().unwrap_or_else(|| panic!("no {code} in {told}"))
        };
        assert_eq!(finding(&told, 0, "hazards.overdue")["state"], "satisfied");
        assert_eq!((&finding(&told, 3, "plan.in_force")["state"], &told["elements"][3]["state"]), (&json!("overdue"), &json!("overdue")));
        assert_eq!(finding(&told, 4, "drills.problems_closed")["state"], "satisfied");
        let hazard = world.registered(&world.hazard(&[])).await;
        app.clock.advance(chrono::TimeDelta::days(60));
        let inspector = crate::support::again(app, &world.inspector).await;
        let told = inspector.get(&path).await.expect(200).body;
        let overdue = finding(&told, 0, "hazards.overdue");
        assert_eq!((&overdue["state"], &overdue["links"][0]["id"]), (&json!("overdue"), &json!(hazard)));
    }
}
