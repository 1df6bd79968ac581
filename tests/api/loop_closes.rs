//! The main job, end to end: found, put right, re-checked, closed.

use crate::on_both_databases;
use crate::support::{Photo, World};
use serde_json::json;

on_both_databases! {
    /// An inspector finds it, the manager fixes it, somebody else closes it.
    found_fixed_rechecked_closed, app => {
        let world = World::build(app).await;
        let before = Photo::before();
        let id = world.registered(&world.hazard(&[&before])).await;
        let seen = world.supervisor.get(&format!("/hazards/{id}")).await.expect(200).body;
        assert_eq!(seen["status"], "pending");
        assert_eq!(seen["evidence"]["missing"], json!([before.id]));
        assert_eq!(seen["deadline"], "2026-03-10", "E03 is stopped the same day");
        before.upload(&world.inspector).await.expect(201);

        let after = Photo::after();
        let accept = json!({ "kind": "accept", "expected_version": 1 });
        world.manager.act(&id, &accept).await.expect(201);
        let submit = json!({ "kind": "submit", "measure": "改由固定插座供电", "evidence": [after.declared()] });
        let handed_in = world.manager.act(&id, &submit).await.expect(201).body;
        assert_eq!(handed_in["status"], "awaiting_recheck");
        assert_eq!(handed_in["recheck_due"], "2026-03-13");

        let too_soon = world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        assert_eq!(too_soon.code(), "evidence_missing");
        assert_eq!(too_soon.body["current"]["missing"], json!([after.id]));
        after.upload(&world.manager).await.expect(201);
        let closed = world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201).body;
        assert_eq!(closed["status"], "closed");
        assert_eq!(closed["evidence"]["complete"], true);
        let kinds: Vec<_> = closed["timeline"].as_array().unwrap().iter().map(|step| step["kind"].clone()).collect();
        assert_eq!(kinds, ["registered", "accept", "submit", "recheck_pass"]);
    }
}
