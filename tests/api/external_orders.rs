//! Orders of other authorities: written down, in force for a time, lifted.

use crate::on_both_databases;
use crate::support::{Photo, World};
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn order(world: &World) -> Value {
    json!({ "institution_id": world.home_a1, "kind": "fire_service", "issuer": "船山区消防救援大队", "number": "船消限字〔2026〕第0012号",
        "issued_on": "2026-03-02", "valid_to": "2026-03-20", "text": "自动喷水灭火系统末端压力不足，责令限期改正。" })
}

on_both_databases! {
    /// Written down with its paper, binding until it is lifted.
    written_down_and_lifted, app => {
        let world = World::build(app).await;
        let (id, paper, proof) = (unknown(), Photo::of("document", 3), Photo::of("document", 5));
        let path = format!("/external-orders/{id}");
        let mut form = order(&world);
        form["evidence"] = json!([paper.declared()]);
        let told = world.supervisor.put(&path, &form).await.expect(201).body;
        assert_eq!((&told["in_force"], &told["valid_from"]), (&json!(true), &json!("2026-03-02")));
        world.supervisor.put(&path, &form).await.expect(200);
        paper.upload(&world.supervisor).await.expect(201);
        let read = world.manager.get(&path).await.expect(200).body;
        assert_eq!(read["photos"][0]["state"], "stored");
        form["text"] = json!("别的内容");
        assert_eq!(world.supervisor.put(&path, &form).await.expect(409).code(), "id_taken");
        let lift = json!({ "lifted_on": "2026-03-09", "reason": "复查合格", "evidence": [proof.declared()] });
        let lifted = world.inspector.put(&format!("{path}/lift"), &lift).await.expect(201).body;
        assert_eq!((&lifted["in_force"], &lifted["version"], &lifted["lifted_on"]), (&json!(false), &json!(2), &json!("2026-03-09")));
        assert_eq!(lifted["photos"].as_array().unwrap().len(), 2);
        world.supervisor.put(&format!("{path}/lift"), &lift).await.expect(200);
        let shown = json!({ "lifted_on": "2026-03-09", "reason": "复查合格", "evidence": [Photo::of("document", 9).declared()] });
        assert_eq!(world.inspector.put(&format!("{path}/lift"), &shown).await.expect(409).code(), "step_not_allowed");
        let other = json!({ "lifted_on": "2026-03-08", "reason": "复查合格" });
        assert_eq!(world.supervisor.put(&format!("{path}/lift"), &other).await.expect(409).code(), "step_not_allowed");
        let trail = world.auditor.get(&format!("/audit?institution_id={}&object_id={id}", world.home_a1)).await.expect(200).body;
        let actions: Vec<_> = trail["items"].as_array().unwrap().iter().map(|one| one["action"].clone()).collect();
        assert_eq!(actions.len(), 2, "{actions:?}");
    }
}

on_both_databases! {
    /// Dates must make sense.
    what_an_order_must_be, app => {
        let world = World::build(app).await;
        for (field, value, code) in [
            ("issued_on", "2026-03-11", "in_future"), ("issued_on", "1200-01-01", "too_early"), ("valid_from", "2026-03-01", "mismatch"),
            ("valid_to", "2026-03-01", "mismatch"), ("valid_to", "2999-03-01", "too_late"), ("issuer", " ", "required"), ("text", "", "required"),
        ] {
            let mut form = order(&world);
            form[field] = json!(value);
            let answer = world.supervisor.put(&format!("/external-orders/{}", unknown()), &form).await.expect(422);
            assert!(answer.faults().contains(&(format!("/{field}"), code.to_owned())), "{field}: {}", answer.body);
        }
        let id = unknown();
        world.supervisor.put(&format!("/external-orders/{id}"), &order(&world)).await.expect(201);
        for (day, code) in [("2026-03-01", "too_early"), ("2026-03-11", "in_future")] {
            let answer = world.supervisor.put(&format!("/external-orders/{id}/lift"), &json!({ "lifted_on": day, "reason": "合格" })).await.expect(422);
            assert_eq!(answer.faults(), [("/lifted_on".to_owned(), code.to_owned())]);
        }
    }
}

on_both_databases! {
    /// The list of an institution: the newest first, page by page.
    the_list_of_an_institution, app => {
        let world = World::build(app).await;
        let mut ids = Vec::new();
        for day in [2, 5, 3] {
            let (id, mut form) = (unknown(), order(&world));
            form["issued_on"] = json!(format!("2026-03-{day:02}"));
            world.supervisor.put(&format!("/external-orders/{id}"), &form).await.expect(201);
            ids.push(id);
        }
        let list = format!("/external-orders?institution_id={}", world.home_a1);
        let wanted = [ids[1].clone(), ids[2].clone(), ids[0].clone()];
        assert_eq!(world.manager.get(&list).await.expect(200).item_ids(), wanted);
        let first = world.manager.get(&format!("{list}&limit=2")).await.expect(200);
        let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        let second = world.manager.get(&format!("{list}&limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!([first.item_ids(), second.item_ids()].concat(), wanted);
        let home = world.home_a1;
        let bound = app.db().read(move |conn| {
            anlao::external_orders::queries::in_force_on(conn, home, "2026-03-04".parse().unwrap())
        });
        assert_eq!(bound.await.unwrap().len(), 2);
        world.manager.get("/external-orders").await.expect(400);
    }
}
