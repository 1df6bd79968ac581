//! Every rule of a hazard's life, one test each: deadlines and extensions, majors and listing, voids,
//! reopening, what is fixed on the spot, what is found by the institution itself.

use crate::on_both_databases;
use crate::support::{Answer, Person, Photo, Step, TestApp, World, again};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

async fn get(person: &Person, id: &str) -> Value {
    person.get(&format!("/hazards/{id}")).await.expect(200).body
}

fn buttons(hazard: &Value) -> Vec<&str> {
    hazard["allowed_actions"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect()
}

fn fault(answer: &Answer) -> (String, String) {
    let faults = answer.faults();
    assert_eq!(faults.len(), 1, "{}", answer.body);
    faults[0].clone()
}

fn pair(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

/// A general hazard that needs no photos and has seven days: until 17 March.
fn plain(world: &World) -> Value {
    let mut form = world.hazard(&[]);
    form["category"] = json!("fire");
    form["checklist_item"] = json!("F25");
    form
}

/// A major hazard that needs no photos.
fn plain_major(world: &World) -> Value {
    let mut form = plain(world);
    (form["severity"], form["criterion"]) = (json!("major"), json!("MZ-8"));
    form
}

/// A general hazard handed in by the manager, ready to be closed.
async fn handed_in(world: &World, form: &Value) -> String {
    let id = world.registered(form).await;
    world.manager.act(&id, &Step::plan("submit")).await.expect(201);
    id
}

async fn put_new(person: &Person, form: &Value) -> Answer {
    person.put(&format!("/hazards/{}", uuid::Uuid::now_v7()), form).await
}

/// Moves the clock on by whole days and minutes.
fn later(app: &TestApp, days: i64, minutes: i64) {
    app.clock.advance(TimeDelta::days(days) + TimeDelta::minutes(minutes));
}

// ── Extensions ──────────────────────────────────────────────────────────────────────────────────────────

on_both_databases! {
    /// A granted extension moves the date and is explained; the first date stays readable.
    an_extension_is_asked_granted_and_explained, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        let asked = world.manager.act(&id, &Step::request_extension("2026-03-25")).await.expect(201).body;
        assert_eq!(asked["deadline"], "2026-03-17", "asking changes nothing");
        assert_eq!(asked["details"]["extension_request"]["deadline"], "2026-03-25");
        let again = world.second_manager.act(&id, &Step::request_extension("2026-03-26")).await.expect(409);
        assert_eq!(again.code(), "extension_pending");
        let by_inspector = world.inspector.act(&id, &Step::decide("decide_extension", true)).await.expect(403);
        assert_eq!(by_inspector.code(), "step_not_yours");
        let granted = world.supervisor.act(&id, &Step::decide("decide_extension", true)).await.expect(201).body;
        assert_eq!((&granted["deadline"], &granted["original_deadline"]), (&json!("2026-03-25"), &json!("2026-03-17")));
        assert_eq!(granted["details"]["extension_request"], Value::Null);
        let extension = &granted["deadline_explained"]["extensions"][0];
        assert_eq!((&extension["from"], &extension["to"]), (&json!("2026-03-17"), &json!("2026-03-25")));
        assert_eq!(extension["decided_by"], json!(world.supervisor.id));
        assert_eq!(granted["deadline_explained"]["result"], "2026-03-17", "the rule's own date");
        let nothing = world.supervisor.act(&id, &Step::decide("decide_extension", true)).await.expect(409);
        assert_eq!(nothing.code(), "nothing_pending");
    }
}

on_both_databases! {
    /// A refused extension keeps the date, and another may be asked for.
    a_refused_extension_keeps_the_date, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        world.manager.act(&id, &Step::request_extension("2026-03-25")).await.expect(201);
        let refused = world.supervisor.act(&id, &Step::decide("decide_extension", false)).await.expect(201).body;
        assert_eq!(refused["deadline"], "2026-03-17");
        assert_eq!(refused["deadline_explained"]["extensions"], json!([]));
        world.manager.act(&id, &Step::request_extension("2026-03-20")).await.expect(201);
        let handed_in = world.manager.act(&id, &Step::submit()).await.expect(201).body;
        assert_eq!(handed_in["details"]["extension_request"], Value::Null, "handing in ends the request");
    }
}

on_both_databases! {
    /// Later than the date in force, and ninety days in all, however many are asked for.
    extensions_go_forward_and_end_after_ninety_days, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        let ask = async |date: &str| world.manager.act(&id, &Step::request_extension(date)).await;
        for early in ["2026-03-17", "2026-03-11", "1999-01-01"] {
            assert_eq!(fault(&ask(early).await.expect(422)), pair("/deadline", "too_early"));
        }
        assert_eq!(fault(&ask("2026-06-16").await.expect(422)), pair("/deadline", "too_late"));
        ask("2026-06-14").await.expect(201);
        world.supervisor.act(&id, &Step::decide("decide_extension", true)).await.expect(201);
        assert_eq!(fault(&ask("2026-06-16").await.expect(422)), pair("/deadline", "too_late"));
        ask("2026-06-15").await.expect(201);
    }
}

on_both_databases! {
    /// An extension is asked for before the last day is over in Shanghai, not after.
    an_extension_is_asked_before_the_date, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        later(app, 7, 13 * 60 + 59);
        let manager = again(app, &world.manager).await;
        manager.act(&id, &Step::request_extension("2026-03-20")).await.expect(201);
        let supervisor = again(app, &world.supervisor).await;
        supervisor.act(&id, &Step::decide("decide_extension", false)).await.expect(201);
        later(app, 0, 1);
        let late = manager.act(&id, &Step::request_extension("2026-03-20")).await.expect(409);
        assert_eq!(late.code(), "extension_late");
    }
}

on_both_databases! {
    /// A new date by hand takes the place of a request that counted from the old one.
    a_new_date_answers_a_pending_request, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        world.manager.act(&id, &Step::request_extension("2026-03-20")).await.expect(201);
        let mut judged = Step::judge_major();
        judged["deadline"] = json!("2026-06-30");
        let judged = world.supervisor.act(&id, &judged).await.expect(201).body;
        assert_eq!((&judged["deadline"], &judged["details"]["extension_request"]), (&json!("2026-06-30"), &Value::Null));
        assert!(!buttons(&judged).contains(&"decide_extension"));
    }
}

// ── Deadlines ───────────────────────────────────────────────────────────────────────────────────────────

on_both_databases! {
    /// Every deadline says which rule, which version, from which day, how many days, and what came out.
    a_deadline_is_explained, app => {
        let world = World::build(app).await;
        let cases = [
            (json!({"category": "electricity", "checklist_item": "E02"}), "item E02", 15, "2026-03-25"),
            (json!({"checklist_item": null}), "general", 7, "2026-03-17"),
            (json!({"checklist_item": null, "urgent": true}), "urgent", 1, "2026-03-11"),
            (json!({"checklist_item": null, "severity": "major", "criterion": "MZ-8"}), "major", 30, "2026-04-09"),
            (json!({"checklist_item": null, "deadline": "2026-03-20"}), "given", 10, "2026-03-20"),
        ];
        for (change, because, days, result) in cases {
            let mut form = world.hazard(&[]);
            change.as_object().unwrap().iter().for_each(|(name, value)| form[name] = value.clone());
            let hazard = put_new(&world.inspector, &form).await.expect(201).body;
            let explained = json!({ "rule": "deadline-default", "version": 2, "because": because, "start": "2026-03-10",
                "days": days, "result": result, "extensions": [] });
            assert_eq!(hazard["deadline_explained"], explained);
            assert_eq!((&hazard["deadline"], &hazard["original_deadline"]), (&json!(result), &json!(result)));
        }
    }
}

on_both_databases! {
    /// The day of a finding is the day in Shanghai: a quarter past midnight there is yesterday in London.
    the_days_are_those_of_the_office, app => {
        let world = World::build(app).await;
        let mut form = plain(&world);
        form["found_at"] = json!("2026-03-08T16:15:00Z");
        let hazard = put_new(&world.inspector, &form).await.expect(201).body;
        assert_eq!(hazard["deadline_explained"]["start"], "2026-03-09");
        form["found_at"] = json!("2026-03-08T15:59:59Z");
        let hazard = put_new(&world.inspector, &form).await.expect(201).body;
        assert_eq!(hazard["deadline_explained"]["start"], "2026-03-08");
        assert!(hazard["number"].as_str().unwrap().starts_with("YH20260308-"));
    }
}

on_both_databases! {
    /// A date by hand lies between the finding and thirty days after, a year for a major hazard.
    dates_by_hand_have_limits, app => {
        let world = World::build(app).await;
        for (severity, date, code) in [
            ("general", "2026-03-09", Some("too_early")),
            ("general", "2026-04-09", None),
            ("general", "2026-04-10", Some("too_late")),
            ("major", "2026-04-10", None),
            ("major", "2027-03-10", None),
            ("major", "2027-03-11", Some("too_late")),
        ] {
            let mut form = plain(&world);
            (form["severity"], form["deadline"]) = (json!(severity), json!(date));
            if severity == "major" {
                form["criterion"] = json!("MZ-8");
            }
            let answer = put_new(&world.inspector, &form).await;
            match code {
                None => assert_eq!(answer.expect(201).body["deadline"], date),
                Some(code) => assert_eq!(fault(&answer.expect(422)), pair("/deadline", code)),
            }
        }
    }
}

on_both_databases! {
    /// Overdue begins at midnight in Shanghai, without anybody writing, and ends when the fix is handed in.
    overdue_flips_at_local_midnight, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        later(app, 7, 13 * 60 + 59);
        app.clock.advance(TimeDelta::milliseconds(59_999));
        let manager = again(app, &world.manager).await;
        let seen = get(&manager, &id).await;
        assert_eq!((&seen["overdue"], &seen["days_overdue"]), (&json!(false), &json!(0)));
        app.clock.advance(TimeDelta::milliseconds(1));
        let seen = get(&manager, &id).await;
        assert_eq!((&seen["overdue"], &seen["days_overdue"]), (&json!(true), &json!(1)));
        assert_eq!(manager.get("/hazards?overdue=true").await.item_ids(), [id.as_str()]);
        let handed_in = manager.act(&id, &Step::submit()).await.expect(201).body;
        assert_eq!(handed_in["overdue"], false, "now it is the office's turn");
    }
}

// ── Re-checks ───────────────────────────────────────────────────────────────────────────────────────────

on_both_databases! {
    /// A failed re-check sends it back with three new days, or a date by hand, and counts.
    a_failed_recheck_sends_it_back, app => {
        let world = World::build(app).await;
        let id = handed_in(&world, &plain(&world)).await;
        let no_reason = world.inspector.act(&id, &json!({ "kind": "recheck_fail" })).await.expect(422);
        assert_eq!(fault(&no_reason), pair("/reason", "required"));
        let back = world.inspector.act(&id, &Step::because("recheck_fail")).await.expect(201).body;
        assert_eq!((&back["status"], &back["rework_count"]), (&json!("rectifying"), &json!(1)));
        assert_eq!((&back["deadline"], &back["original_deadline"]), (&json!("2026-03-13"), &json!("2026-03-17")));
        assert_eq!(back["deadline_explained"]["because"], "rework");
        assert_eq!(back["recheck_due"], Value::Null);
        world.manager.act(&id, &Step::submit()).await.expect(201);
        let mut fail = Step::because("recheck_fail");
        fail["deadline"] = json!("2026-03-09");
        assert_eq!(fault(&world.inspector.act(&id, &fail).await.expect(422)), pair("/deadline", "too_early"));
        fail["deadline"] = json!("2026-03-30");
        let back = world.inspector.act(&id, &fail).await.expect(201).body;
        assert_eq!((&back["deadline"], &back["rework_count"]), (&json!("2026-03-30"), &json!(2)));
    }
}

on_both_databases! {
    /// The office has three days to re-check, ten for a major hazard.
    the_office_has_its_own_date, app => {
        let world = World::build(app).await;
        let general = handed_in(&world, &plain(&world)).await;
        let major = handed_in(&world, &plain_major(&world)).await;
        assert_eq!(get(&world.inspector, &general).await["recheck_due"], "2026-03-13");
        assert_eq!(get(&world.inspector, &major).await["recheck_due"], "2026-03-20");
        let judged = world.inspector.act(&general, &Step::judge_major()).await.expect(201).body;
        assert_eq!(judged["recheck_due"], "2026-03-20");
    }
}

on_both_databases! {
    /// What is missing stops the closing and nothing else.
    missing_photos_block_closing_only, app => {
        let world = World::build(app).await;
        let (before, after) = (Photo::before(), Photo::after());
        let id = world.registered(&world.hazard(&[&before])).await;
        world.manager.act(&id, &json!({ "kind": "accept" })).await.expect(201);
        let mut submit = Step::submit();
        submit["evidence"] = json!([after.declared()]);
        world.manager.act(&id, &submit).await.expect(201);
        world.inspector.act(&id, &json!({ "kind": "comment", "note": "已到场" })).await.expect(201);
        after.upload(&world.manager).await.expect(201);
        let blocked = world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        assert_eq!(blocked.code(), "evidence_missing");
        assert_eq!(blocked.body["current"]["missing"], json!([before.id]));
        before.upload(&world.inspector).await.expect(201);
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

on_both_databases! {
    /// Before and after are asked for by the checklist; one of them is not enough.
    the_pictures_an_item_asks_for, app => {
        let world = World::build(app).await;
        let id = world.found().await;
        world.manager.act(&id, &Step::submit()).await.expect(201);
        let blocked = world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        let current = json!({ "photo_rule": "before_after", "before": 1, "after": 0 });
        assert_eq!((blocked.code(), &blocked.body["current"]), ("evidence_missing", &current));
        let mut form = world.hazard(&[]);
        (form["category"], form["checklist_item"]) = (json!("electricity"), json!("E13"));
        let id = handed_in(&world, &form).await;
        let blocked = world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        assert_eq!(blocked.body["current"]["photo_rule"], "document");
        let paper = Photo::of("document", 7);
        let note = json!({ "kind": "comment", "note": "检测报告", "evidence": [paper.declared()] });
        world.manager.act(&id, &note).await.expect(201);
        paper.upload(&world.manager).await.expect(201);
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
        // Somebody on duty in the control room shows it and the certificate.
        (form["category"], form["checklist_item"]) = (json!("fire"), json!("F08"));
        let id = world.registered(&form).await;
        let (room, certificate) = (Photo::after(), Photo::of("document", 9));
        let mut submit = Step::submit();
        submit["evidence"] = json!([room.declared()]);
        world.manager.act(&id, &submit).await.expect(201);
        room.upload(&world.manager).await.expect(201);
        let blocked = world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        assert_eq!(blocked.body["current"], json!({ "photo_rule": "one", "also_document": true, "documents": 0 }));
        let note = json!({ "kind": "comment", "note": "操作员证书", "evidence": [certificate.declared()] });
        world.manager.act(&id, &note).await.expect(201);
        certificate.upload(&world.manager).await.expect(201);
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

on_both_databases! {
    /// A photo sent with the closing itself would be missing from something closed: a comment brings it.
    a_closing_brings_no_photos, app => {
        let world = World::build(app).await;
        let id = handed_in(&world, &plain(&world)).await;
        let pass = json!({ "kind": "recheck_pass", "evidence": [Photo::after().declared()] });
        let refused = world.inspector.act(&id, &pass).await.expect(422);
        assert_eq!(fault(&refused), pair("/evidence", "not_allowed_here"));
    }
}

on_both_databases! {
    /// A supervisor gives up on a photo that cannot come any more; the record says so.
    a_lost_photo_is_waived_by_a_supervisor, app => {
        let world = World::build(app).await;
        let (first, lost, after) = (Photo::before(), Photo::before(), Photo::after());
        let id = world.registered(&world.hazard(&[&first, &lost])).await;
        first.upload(&world.inspector).await.expect(201);
        let mut submit = Step::submit();
        submit["evidence"] = json!([after.declared()]);
        world.manager.act(&id, &submit).await.expect(201);
        after.upload(&world.manager).await.expect(201);
        let mut waive = Step::because("waive_evidence");
        waive["evidence_id"] = json!(lost.id);
        world.inspector.act(&id, &waive).await.expect(403);
        waive["evidence_id"] = json!(first.id);
        let stored = world.supervisor.act(&id, &waive).await.expect(422);
        assert_eq!(fault(&stored), pair("/evidence_id", "unknown_reference"));
        waive["evidence_id"] = json!(lost.id);
        let waived = world.supervisor.act(&id, &waive).await.expect(201).body;
        assert_eq!((&waived["evidence"]["complete"], &waived["photos"][1]["state"]), (&json!(true), &json!("waived")));
        let nothing = world.supervisor.act(&id, &waive).await.expect(409);
        assert_eq!(nothing.code(), "nothing_pending");
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

on_both_databases! {
    /// The only picture of the moment before is lost for good: a supervisor's waiver stands in for it, but
    /// the fix must still be shown.
    a_waived_before_photo_does_not_block_closing_for_ever, app => {
        let world = World::build(app).await;
        let (lost, after) = (Photo::before(), Photo::after());
        let id = world.registered(&world.hazard(&[&lost])).await;
        let mut waive = Step::because("waive_evidence");
        waive["evidence_id"] = json!(lost.id);
        world.supervisor.act(&id, &waive).await.expect(201);
        world.manager.act(&id, &Step::submit()).await.expect(201);
        let unseen = world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        assert_eq!(unseen.code(), "evidence_missing");
        let shown = json!({ "kind": "comment", "note": "补传整改后照片", "evidence": [after.declared()] });
        world.manager.act(&id, &shown).await.expect(201);
        after.upload(&world.manager).await.expect(201);
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

// ── Major hazards ───────────────────────────────────────────────────────────────────────────────────────

on_both_databases! {
    /// Measures, funds, somebody responsible and a contingency plan stand before a major hazard is taken on.
    a_major_hazard_needs_the_five_parts, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain_major(&world)).await;
        let refused = world.manager.act(&id, &json!({ "kind": "accept", "measure": "更换" })).await.expect(409);
        assert_eq!(refused.code(), "five_parts_missing");
        let missing: Vec<String> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(missing, ["/funds_yuan", "/responsible_person", "/contingency_plan"]);
        world.manager.act(&id, &Step::submit()).await.expect(409);
        let accepted = world.manager.act(&id, &Step::plan("accept")).await.expect(201).body;
        assert_eq!(accepted["details"]["rectification"]["funds_yuan"], 2000);
        world.manager.act(&id, &json!({ "kind": "submit" })).await.expect(201);
    }
}

on_both_databases! {
    /// Judged major after it was handed in, it does not close without the five parts either.
    a_late_judgement_still_asks_for_the_five_parts, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        world.manager.act(&id, &Step::submit()).await.expect(201);
        world.inspector.act(&id, &Step::judge_major()).await.expect(201);
        let refused = world.supervisor.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        assert_eq!(refused.code(), "five_parts_missing");
        world.supervisor.act(&id, &Step::because("recheck_fail")).await.expect(201);
        world.manager.act(&id, &Step::plan("submit")).await.expect(201);
        world.supervisor.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

on_both_databases! {
    /// What a city lists, a county does not accept, delist or void.
    acceptance_by_the_listing_body, app => {
        let world = World::build(app).await;
        let general = world.registered(&plain(&world)).await;
        world.supervisor.act(&general, &Step::list()).await.expect(409);
        let id = handed_in(&world, &plain_major(&world)).await;
        let listed = world.city_supervisor.act(&id, &Step::list()).await.expect(201).body;
        assert_eq!((&listed["listed"], &listed["details"]["listing"]["level"]), (&json!(true), &json!(1)));
        world.inspector.act(&id, &Step::because("request_void")).await.expect(201);
        for step in [json!({ "kind": "recheck_pass" }), Step::because("delist"), Step::decide("decide_void", true)] {
            let refused = world.supervisor.act(&id, &step).await.expect(403);
            assert_eq!(refused.code(), "acceptance_by_lister");
        }
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(403);
        let closed = world.city_supervisor.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201).body;
        assert_eq!((&closed["status"], &closed["listed"]), (&json!("closed"), &json!(false)), "accepted and delisted");
        assert_eq!(closed["details"]["listing"]["unit"], "船山区民政局", "who listed it stays readable");
    }
}

on_both_databases! {
    /// Listed by the county, any supervisor of the county or above accepts; delisted, it is listed again.
    listing_and_delisting, app => {
        let world = World::build(app).await;
        let id = handed_in(&world, &plain_major(&world)).await;
        world.supervisor.act(&id, &Step::list()).await.expect(201);
        assert_eq!(world.manager.get("/hazards?listed=true").await.item_ids(), [id.as_str()]);
        world.supervisor.act(&id, &Step::list()).await.expect(409);
        let delisted = world.second_supervisor.act(&id, &Step::because("delist")).await.expect(201).body;
        assert_eq!(delisted["listed"], false);
        world.second_supervisor.act(&id, &Step::list()).await.expect(201);
        world.supervisor.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

// ── Handing over, voiding, reopening ────────────────────────────────────────────────────────────────────

on_both_databases! {
    /// Handed to another department it stays visible, stands still, and comes back to where it was.
    transferred_and_returned, app => {
        let world = World::build(app).await;
        let id = handed_in(&world, &plain(&world)).await;
        let away = world.inspector.act(&id, &Step::transfer()).await.expect(201).body;
        assert_eq!((&away["status"], &away["details"]["transfer"]["department"]), (&json!("transferred"), &json!("船山区消防救援大队")));
        assert_eq!(world.manager.get("/hazards?status=transferred").await.item_ids(), [id.as_str()]);
        world.supervisor.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        let back = world.supervisor.act(&id, &Step::because("return")).await.expect(201).body;
        assert_eq!((&back["status"], &back["details"]["transfer"]), (&json!("awaiting_recheck"), &Value::Null));
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

on_both_databases! {
    /// A false report takes a reason and a second person.
    voided_by_two, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        let early = world.supervisor.act(&id, &Step::decide("decide_void", true)).await.expect(409);
        assert_eq!(early.code(), "nothing_pending");
        world.manager.act(&id, &Step::because("request_void")).await.expect(403);
        world.supervisor.act(&id, &Step::because("request_void")).await.expect(201);
        let alone = world.supervisor.act(&id, &Step::decide("decide_void", true)).await.expect(409);
        assert_eq!(alone.code(), "same_person");
        let kept = world.second_supervisor.act(&id, &Step::decide("decide_void", false)).await.expect(201).body;
        assert_eq!((&kept["status"], &kept["details"]["void_request"]), (&json!("pending"), &Value::Null));
        world.inspector.act(&id, &Step::because("request_void")).await.expect(201);
        let void = world.second_supervisor.act(&id, &Step::decide("decide_void", true)).await.expect(201).body;
        assert_eq!((&void["status"], buttons(&void).len()), (&json!("void"), 0));
        assert_eq!(void["details"]["void_request"]["requested_by"], json!(world.inspector.id));
        world.supervisor.act(&id, &json!({ "kind": "comment", "note": "补充" })).await.expect(409);
    }
}

on_both_databases! {
    /// Closed is closed, but for reopening within 180 days: with a reason, from the start, with a new date.
    reopened_within_180_days, app => {
        let world = World::build(app).await;
        let (id, late) = (handed_in(&world, &plain(&world)).await, handed_in(&world, &plain(&world)).await);
        for id in [&id, &late] {
            let closed = world.inspector.act(id, &json!({ "kind": "recheck_pass" })).await.expect(201).body;
            assert_eq!(buttons(&closed), ["reopen"]);
        }
        later(app, 180, 0);
        let supervisor = again(app, &world.supervisor).await;
        let open = supervisor.act(&id, &Step::because("reopen")).await.expect(201).body;
        assert_eq!((&open["status"], &open["closed_at"], &open["closed_by"]), (&json!("pending"), &Value::Null, &Value::Null));
        assert_eq!(open["deadline"], "2026-09-09", "three days from the day it was reopened");
        later(app, 1, 0);
        let supervisor = again(app, &world.supervisor).await;
        let refused = supervisor.act(&late, &Step::because("reopen")).await.expect(409);
        assert_eq!(refused.code(), "reopen_late");
        assert!(!buttons(&get(&supervisor, &late).await).contains(&"reopen"));
    }
}

// ── Fixed on the spot, found by the institution itself ──────────────────────────────────────────────────

on_both_databases! {
    /// Put right while the inspector stood there, it closes itself with its last photo.
    fixed_on_the_spot_closes_itself, app => {
        let world = World::build(app).await;
        let (before, after) = (Photo::before(), Photo::after());
        let mut form = world.hazard(&[&before, &after]);
        form["fixed_on_spot"] = json!(true);
        let refused = put_new(&world.inspector, &form).await.expect(422);
        assert_eq!(fault(&refused), pair("/measure", "required"));
        form["measure"] = json!("当场拔除并没收插排");
        let mut major = form.clone();
        (major["severity"], major["criterion"]) = (json!("major"), json!("MZ-8"));
        assert_eq!(fault(&put_new(&world.inspector, &major).await.expect(422)), pair("/fixed_on_spot", "not_allowed_here"));
        let id = world.registered(&form).await;
        let seen = get(&world.inspector, &id).await;
        assert_eq!((&seen["status"], &seen["deadline"]), (&json!("awaiting_recheck"), &json!("2026-03-10")));
        after.upload(&world.inspector).await.expect(201);
        assert_eq!(get(&world.inspector, &id).await["status"], "awaiting_recheck");
        before.upload(&world.inspector).await.expect(201);
        let closed = get(&world.inspector, &id).await;
        assert_eq!((&closed["status"], &closed["closed_by"]), (&json!("closed"), &json!(world.inspector.id)));
        assert_eq!(closed["version"], 2);
    }
}

on_both_databases! {
    /// It closes when the last photo is given up as well, and not at all once somebody judged it major.
    on_the_spot_but_not_blindly, app => {
        let world = World::build(app).await;
        let register = async |photos: &[&Photo]| {
            let mut form = world.hazard(photos);
            (form["fixed_on_spot"], form["measure"]) = (json!(true), json!("当场拔除"));
            world.registered(&form).await
        };
        let (before, after, lost) = (Photo::before(), Photo::after(), Photo::after());
        let id = register(&[&before, &after, &lost]).await;
        before.upload(&world.inspector).await.expect(201);
        after.upload(&world.inspector).await.expect(201);
        let mut waive = Step::because("waive_evidence");
        waive["evidence_id"] = json!(lost.id);
        let closed = world.supervisor.act(&id, &waive).await.expect(201).body;
        assert_eq!(closed["status"], "closed");

        let (before, after) = (Photo::before(), Photo::after());
        let id = register(&[&before, &after]).await;
        before.upload(&world.inspector).await.expect(201);
        world.inspector.act(&id, &Step::judge_major()).await.expect(201);
        after.upload(&world.inspector).await.expect(201);
        assert_eq!(get(&world.inspector, &id).await["status"], "awaiting_recheck", "a major hazard is accepted by a supervisor");
    }
}

on_both_databases! {
    /// An institution reports and closes its own general findings, by two people; never major ones.
    self_found_and_closed_by_two_of_the_institution, app => {
        let world = World::build(app).await;
        let register = async |form: &Value| {
            let seen = put_new(&world.manager, form).await.expect(201).body;
            assert_eq!(seen["self_found"], true);
            seen["id"].as_str().unwrap().to_owned()
        };
        let id = register(&plain(&world)).await;
        world.manager.act(&id, &Step::submit()).await.expect(201);
        let alone = world.manager.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(409);
        assert_eq!(alone.code(), "same_person");
        world.second_manager.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);

        let id = register(&plain_major(&world)).await;
        world.manager.act(&id, &Step::plan("submit")).await.expect(201);
        world.second_manager.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(403);

        let found = handed_in(&world, &plain(&world)).await;
        assert_eq!(get(&world.manager, &found).await["self_found"], false);
        world.second_manager.act(&found, &json!({ "kind": "recheck_pass" })).await.expect(403);
    }
}

on_both_databases! {
    /// A manager who puts an own finding right at once has not re-checked it too.
    self_found_and_fixed_on_the_spot_needs_a_second_person, app => {
        let world = World::build(app).await;
        let mut form = plain(&world);
        (form["fixed_on_spot"], form["measure"]) = (json!(true), json!("当场培训并考核"));
        let seen = put_new(&world.manager, &form).await.expect(201).body;
        assert_eq!(seen["status"], "awaiting_recheck");
        let id = seen["id"].as_str().unwrap();
        assert_eq!(world.manager.act(id, &json!({ "kind": "recheck_pass" })).await.expect(409).code(), "same_person");
        world.second_manager.act(id, &json!({ "kind": "recheck_pass" })).await.expect(201);
    }
}

// ── Recurrence ──────────────────────────────────────────────────────────────────────────────────────────

on_both_databases! {
    /// The same item at the same place of the same institution within 180 days is a recurrence.
    recurrence_is_linked, app => {
        let world = World::build(app).await;
        let at = async |change: Value| {
            let mut form = world.hazard(&[]);
            change.as_object().unwrap().iter().for_each(|(name, value)| form[name] = value.clone());
            put_new(&world.inspector, &form).await.expect(201).body
        };
        let same_but_for_width = json!({ "location": "　二楼 东侧２０３室  床头" });
        let first = at(json!({ "found_at": "2025-09-11T02:00:00Z", "location": "二楼东侧203室床头" })).await;
        assert_eq!(first["recurrence_of"], Value::Null);
        for other in [
            json!({ "location": "二楼东侧204室床头" }),
            json!({ "checklist_item": "E01" }),
            json!({ "checklist_item": null }),
            json!({ "institution_id": world.home_a1_neighbour }),
        ] {
            assert_eq!(at(other.clone()).await["recurrence_of"], Value::Null, "{other}");
        }
        let again = at(same_but_for_width.clone()).await;
        assert_eq!(again["recurrence_of"], first["id"], "180 days later");
        assert_eq!(at(same_but_for_width).await["recurrence_of"], again["id"], "the newest one");
    }
}

on_both_databases! {
    /// False reports do not count, nor what lies too far back, unless it was closed lately.
    what_does_not_recur, app => {
        let world = World::build(app).await;
        let mut form = plain(&world);
        let void = world.registered(&form).await;
        world.inspector.act(&void, &Step::because("request_void")).await.expect(201);
        world.supervisor.act(&void, &Step::decide("decide_void", true)).await.expect(201);
        form["found_at"] = json!("2025-09-11T01:57:00Z");
        let old = handed_in(&world, &form).await;
        form["found_at"] = json!("2026-03-10T01:58:00Z");
        let fresh = put_new(&world.inspector, &form).await.expect(201).body;
        assert_eq!(fresh["recurrence_of"], Value::Null, "a minute too old");
        world.inspector.act(&old, &json!({ "kind": "recheck_pass" })).await.expect(201);
        let mut later_form = form.clone();
        later_form["found_at"] = json!("2025-09-12T00:00:00Z");
        let between = put_new(&world.inspector, &later_form).await.expect(201).body;
        assert_eq!(between["recurrence_of"], json!(old), "found a day after the old one");
    }
}

// ── What is refused ─────────────────────────────────────────────────────────────────────────────────────

on_both_databases! {
    /// Nothing new at an institution that is gone; one that merely rests goes on.
    closed_institutions_take_no_hazards, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}", world.home_a1);
        world.admin.patch(&path, &json!({ "status": "suspended", "expected_version": 1 })).await.expect(200);
        put_new(&world.inspector, &plain(&world)).await.expect(201);
        world.admin.patch(&path, &json!({ "status": "closed", "expected_version": 2 })).await.expect(200);
        let refused = put_new(&world.inspector, &plain(&world)).await.expect(409);
        assert_eq!(refused.code(), "institution_not_operating");
    }
}

on_both_databases! {
    /// Everything wrong with a registration is told at once, each by its pointer.
    a_registration_is_checked_field_by_field, app => {
        let world = World::build(app).await;
        let cases = [
            (json!({ "checklist_item": "E99" }), "/checklist_item", "unknown_reference"),
            (json!({ "category": "fire" }), "/category", "mismatch"),
            (json!({ "found_at": "2026-03-10T02:10:01Z" }), "/found_at", "in_future"),
            (json!({ "found_at": "2025-01-01T00:00:00Z" }), "/found_at", "too_early"),
            (json!({ "location": "  " }), "/location", "required"),
            (json!({ "location": "位".repeat(101) }), "/location", "too_long"),
            (json!({ "location": "二楼\n东" }), "/location", "control_character"),
            (json!({ "description": "隐".repeat(2001) }), "/description", "too_long"),
            (json!({ "measure": "先行处置" }), "/measure", "not_allowed_here"),
            (json!({ "severity": "grave" }), "/severity", "unknown_value"),
            (json!({ "status": "closed" }), "/status", "unknown_field"),
            (json!({ "institution_id": world.home_b1 }), "/institution_id", "unknown_reference"),
            (json!({ "institution_id": uuid::Uuid::now_v7() }), "/institution_id", "unknown_reference"),
        ];
        for (change, pointer, code) in cases {
            let mut form = world.hazard(&[]);
            change.as_object().unwrap().iter().for_each(|(name, value)| form[name] = value.clone());
            assert_eq!(fault(&put_new(&world.inspector, &form).await.expect(422)), pair(pointer, code));
        }
        let mut form = world.hazard(&[]);
        (form["location"], form["description"], form["checklist_item"]) = (json!(""), json!(""), json!("X1"));
        assert_eq!(put_new(&world.inspector, &form).await.expect(422).faults().len(), 3);
        let mut form = world.hazard(&[]);
        form["found_at"] = json!("2026-03-10T02:10:00Z");
        put_new(&world.inspector, &form).await.expect(201);
        form["found_at"] = json!("yesterday");
        assert_eq!(fault(&put_new(&world.inspector, &form).await.expect(422)).0, "/found_at");
    }
}

on_both_databases! {
    /// A step takes its own fields, all it needs and no others.
    a_step_is_checked_field_by_field, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        let cases = [
            (json!({ "kind": "request_extension", "reason": "缺件" }), "/deadline", "required"),
            (json!({ "kind": "accept", "approve": true }), "/approve", "not_allowed_here"),
            (json!({ "kind": "submit", "measure": "改", "funds_yuan": -1 }), "/funds_yuan", "out_of_range"),
            (json!({ "kind": "submit", "measure": "改".repeat(2001) }), "/measure", "too_long"),
            (json!({ "kind": "submit" }), "/measure", "required"),
            (json!({ "kind": "comment" }), "/note", "required"),
            (json!({ "kind": "request_extension", "deadline": "31.12.2026", "reason": "缺件" }), "/deadline", "bad_format"),
            (json!({ "kind": "explode" }), "/kind", "unknown_value"),
            (json!({ "kind": "accept", "colour": "red" }), "/colour", "unknown_field"),
        ];
        for (step, pointer, code) in cases {
            assert_eq!(fault(&world.manager.act(&id, &step).await.expect(422)), pair(pointer, code), "{step}");
        }
        let elsewhere = world.manager_b.act(&id, &json!({ "kind": "accept" })).await.expect(404);
        assert_eq!(elsewhere.code(), "not_found");
        world.manager.act(&uuid::Uuid::now_v7().to_string(), &json!({ "kind": "accept" })).await.expect(404);
    }
}

on_both_databases! {
    /// A step on something newer than the caller saw is refused, by field and by header.
    a_stale_version_is_refused, app => {
        let world = World::build(app).await;
        let id = world.registered(&plain(&world)).await;
        world.manager.act(&id, &json!({ "kind": "accept", "expected_version": 1 })).await.expect(201);
        let stale = world.manager.act(&id, &json!({ "kind": "submit", "measure": "改", "expected_version": 1 })).await.expect(412);
        assert_eq!((stale.code(), &stale.body["current"]["version"]), ("stale", &json!(2)));
        let with_header = async |value: &str, step: &Value| {
            let path = format!("/hazards/{id}/actions/{}", uuid::Uuid::now_v7());
            let request = world.manager.request(Method::PUT, &path).header("if-match", value).json(step);
            world.manager.send(request).await
        };
        with_header("\"1\"", &Step::submit()).await.expect(412);
        let mut step = Step::submit();
        step["expected_version"] = json!(1);
        assert_eq!(fault(&with_header("\"2\"", &step).await.expect(422)), pair("/expected_version", "mismatch"));
        let done = with_header("\"2\"", &Step::submit()).await.expect(201);
        assert_eq!(done.header("etag"), Some("\"3\""));
    }
}
