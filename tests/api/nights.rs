//! Whether the night is enough: hand-computed tables, and the answer that always shows its assumptions.

use crate::on_both_databases;
use crate::residents::row;
use crate::support::World;
use anlao::residents::EvacClass;
use anlao::residents::night::{ZoneState, need, trips};
use anlao::rules::kinds::evacuation::EvacuationNumbers;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[test]
fn hands_and_trips_as_computed_by_hand() {
    let numbers = EvacuationNumbers {
        per_carried: 2,
        per_wheeled: 1,
        per_assisted: 1,
        guided_per_helper: 3,
        reach_minutes: 1,
        assumption: Vec::new(),
    };
    use ZoneState::{NotStated, NothingNeeded, Reachable, Unreachable};
    // carried, wheeled, assisted, guided, self-reliant; need; hands there; trips of each helper
    let table = [
        ([0, 0, 0, 0, 9], 0, Some(0), NothingNeeded, Some(0)),
        ([1, 0, 0, 0, 0], 2, Some(2), Reachable, Some(1)),
        ([1, 0, 0, 0, 0], 2, Some(1), Reachable, Some(2)),
        ([0, 0, 0, 1, 0], 1, Some(1), Reachable, Some(1)),
        ([0, 0, 0, 3, 0], 1, Some(1), Reachable, Some(1)),
        ([0, 0, 0, 4, 0], 2, Some(1), Reachable, Some(2)),
        ([0, 0, 0, 7, 0], 3, Some(2), Reachable, Some(2)),
        ([3, 2, 1, 4, 5], 11, Some(2), Reachable, Some(6)),
        ([3, 2, 1, 4, 5], 11, Some(11), Reachable, Some(1)),
        ([3, 2, 1, 4, 5], 11, Some(12), Reachable, Some(1)),
        ([3, 2, 1, 4, 5], 11, Some(0), Unreachable, None),
        ([3, 2, 1, 4, 5], 11, None, NotStated, None),
        ([20, 10, 5, 9, 0], 58, Some(4), Reachable, Some(15)),
    ];
    for (counts, hands, there, state, wanted) in table {
        let classes = [
            EvacClass::Carried,
            EvacClass::Wheeled,
            EvacClass::Assisted,
            EvacClass::Guided,
            EvacClass::SelfReliant,
        ];
        let mix: BTreeMap<EvacClass, u32> = classes.into_iter().zip(counts).collect();
        assert_eq!(need(&mix, &numbers), hands, "{counts:?}");
        assert_eq!(trips(hands, there), (state, wanted), "{counts:?} with {there:?}");
    }
}

on_both_databases! {
    /// A home's night, zone by zone, with helpers who cannot take everybody at once, and every assumption beside it.
    the_night_of_a_home, app => {
        let world = World::build(app).await;
        let (helper, home) = (unknown(), json!(world.home_a1));
        let mut staff = json!({ "institution_id": home, "name": "李梅", "post": "护理员", "started_on": "2025-06-01" });
        world.manager.put(&format!("/staff/{helper}"), &staff).await.expect(201);
        let people = [("carried", "3东", Some("李梅")), ("guided", "3东", Some("李梅")), ("guided", "3东", Some("李梅")),
            ("wheeled", "3西", Some("周涛")), ("self", "3西", None), ("assisted", "3西", None)];
        for (class, compartment, name) in people {
            let mut form = row(&world, "W.F.", class);
            form["fire_compartment"] = json!(compartment);
            form["night_helper"] = json!(name.map(|name| if name == "李梅" { json!({ "name": name, "staff_id": helper }) } else { json!({ "name": name }) }));
            world.manager.put(&format!("/residents/{}", unknown()), &form).await.expect(201);
        }
        let path = format!("/institutions/{}/night-sufficiency", world.home_a1);
        world.auditor.get(&path).await.expect(403);
        let zones = |body: &Value| -> Vec<(Value, Value, Value, Value)> {
            let of = |zone: &Value| ["fire_compartment", "need", "trips", "state"].map(|name| zone[name].clone());
            body["zones"].as_array().unwrap().iter().map(|zone| of(zone).into()).collect()
        };
        let row = |compartment: &str, need: u32, trips: Value, state: &str| (json!(compartment), json!(need), trips, json!(state));
        let told = world.supervisor.get(&path).await.expect(200).body;
        assert_eq!(zones(&told), [row("3东", 3, json!(null), "not_stated"), row("3西", 2, json!(null), "not_stated")]);
        let staffing = format!("/institutions/{}/night-staffing", world.home_a1);
        let zone = |compartment: &str, staff: u32| json!({ "building": "1号楼", "fire_compartment": compartment, "staff": staff });
        world.manager.put(&staffing, &json!({ "zones": [zone("3东", 2), zone("3东", 1)] })).await.expect(422);
        world.manager.put(&staffing, &json!({ "zones": [zone("3东", 2), zone("3西", 0)] })).await.expect(201);
        let told = world.manager.get(&path).await.expect(200).body;
        assert_eq!(zones(&told), [row("3东", 3, json!(2), "reachable"), row("3西", 2, json!(null), "unreachable")]);
        assert_eq!(told["zones"][0]["flags"], json!({ "hearing_loss": 3 }));
        let overloads = told["overloads"].as_array().unwrap();
        assert_eq!((overloads.len(), &overloads[0]["helper"]["name"], &overloads[0]["rounds"]), (1, &json!("李梅"), &json!(2)));
        assert_eq!((told["without_night_helper"].as_array().unwrap().len(), told["without_second"].as_array().unwrap().len()), (1, 1));
        let words: Vec<&str> = told["numbers"]["assumption"].as_array().unwrap().iter().map(|one| one["text_zh"].as_str().unwrap()).collect();
        assert!(words.iter().any(|text| text.contains("不是合格认定")), "{words:?}");
        assert!(told["numbers"]["assumption"].as_array().unwrap().iter().any(|one| one["text_en"].as_str().unwrap().contains("not a certification")));
        assert_eq!((&told["rule_document"], &told["verified"]), (&json!("evacuation-default"), &json!(false)));
        // Who has left helps nobody, and compliance counts the same rows.
        staff["left_on"] = json!("2026-03-09");
        staff["expected_version"] = json!(1);
        world.manager.put(&format!("/staff/{helper}"), &staff).await.expect(200);
        let told = world.manager.get(&path).await.expect(200).body;
        assert_eq!((told["without_night_helper"].as_array().unwrap().len(), &told["overloads"]), (4, &json!([])));
        let home = world.home_a1;
        let (facts, mix, before) = app.as_system(move |tx| {
            let place = anlao::institutions::queries::find_any(tx.conn, home)?.unwrap();
            let mix = anlao::residents::queries::mix(tx.conn, home)?;
            let today = tx.office.date(tx.now);
            let mut facts = |on| anlao::residents::standing::facts(&mut tx.reading(), &place, on);
            Ok((facts(today)?, mix, facts(today.pred_opt().unwrap())?))
        }).await;
        assert_eq!((facts.residents, facts.without_night_helper.len(), facts.oldest_review.unwrap().to_string()), (6, 4, "2026-03-01".to_owned()));
        assert_eq!(before.without_night_helper.len(), 1, "on their last day of work they still help");
        assert_eq!((mix[&EvacClass::Guided], mix[&EvacClass::Carried], mix.len()), (2, 1, 5));
        let trail = world.supervisor.get(&format!("/audit?institution_id={home}&limit=200")).await.expect(200);
        assert!(!String::from_utf8_lossy(&trail.bytes).contains("resident.read"), "numbers are no reading");
    }
}
