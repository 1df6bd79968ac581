//! Inspections: planned, handed in once as a whole, amended, never rewritten.

use crate::on_both_databases;
use crate::support::{Answer, Person, Photo, World};
use anlao::access::{Role, Scope, ScopeArea};
use anlao::db::Backend;
use anlao::ids::{AreaId, CampaignId, InstitutionId};
use anlao::inspections::list::{Narrowing, Place, explain};
use anlao::inspections::{InspectionKind, PlannedVisit, cancel_for_campaign, plan_for_campaign, queries};
use anlao_testbed::{tally, tries};
use futures_util::future::join_all;
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn plan(world: &World, kind: &str) -> Value {
    json!({ "institution_id": world.home_a1, "kind": kind, "planned_from": "2026-03-09", "planned_to": "2026-03-13",
        "inspectors": [world.inspector.id] })
}

/// A visit to home_a1 on which nothing was found.
fn record(world: &World) -> Value {
    json!({ "institution_id": world.home_a1, "kind": "daily", "started_at": "2026-03-10T00:30:00Z", "ended_at": "2026-03-10T01:50:00Z",
        "inspectors": [world.inspector.id], "institution_people": ["李强"],
        "answers": [{ "item": "E01", "result": "pass" }, { "item": "E02", "result": "not_applicable" },
            { "item": "F01", "result": "not_checked" }],
        "inspector_signatures": [{ "name": "王芳", "signed_at": "2026-03-10T01:50:00Z" }],
        "institution_signature": { "outcome": "signed", "name": "李强", "position": "院长", "signed_at": "2026-03-10T01:51:00Z" } })
}

/// A hazard as it stands within a record.
fn found(item: &str, photos: &[&Photo]) -> Value {
    let evidence: Vec<Value> = photos.iter().map(|photo| photo.declared()).collect();
    json!({ "id": unknown(), "category": "electricity", "checklist_item": item, "location": "二楼东侧203室床头",
        "description": "移动插排串接，给气垫床供电，外壳有烧痕", "severity": "general", "found_at": "2026-03-10T00:58:00Z",
        "evidence": evidence })
}

/// [`record`] with one item that failed and its hazard.
fn record_with_hazard(world: &World, photos: &[&Photo]) -> Value {
    let hazard = found("E03", photos);
    let mut form = record(world);
    form["answers"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "item": "E03", "result": "fail", "remark": "203室", "hazard_id": hazard["id"] }));
    form["hazards"] = json!([hazard]);
    form
}

async fn hand_in(by: &Person, id: &str, form: &Value) -> Answer {
    by.put(&format!("/inspections/{id}/record"), form).await
}

async fn page(by: &Person, query: &str) -> Vec<String> {
    by.get(&format!("/inspections?{query}")).await.expect(200).item_ids()
}

#[track_caller]
fn refused(answer: &Answer, pointer: &str, code: &str) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.faults(), [(pointer.to_owned(), code.to_owned())], "{}", answer.body);
}

on_both_databases! {
    /// Planned by the supervisor, done by the inspector, read by the institution: one story.
    planned_done_and_read, app => {
        let world = World::build(app).await;
        let (id, photo, hand) = (unknown(), Photo::before(), Photo::of("signature", 9));
        let path = format!("/inspections/{id}");
        let planned = world.supervisor.put(&path, &plan(&world, "daily")).await.expect(201).body;
        assert_eq!(planned["state"], "planned");
        assert_eq!(planned["on_day"], "2026-03-13");
        assert_eq!(planned["inspectors"][0]["id"], json!(world.inspector.id));
        assert_eq!(page(&world.inspector, "assignee=me&state=planned").await, std::slice::from_ref(&id));
        let mut form = record_with_hazard(&world, &[&photo]);
        form["evidence"] = json!([hand.declared()]);
        form["institution_signature"]["picture"] = json!(hand.id);
        let handed_in = hand_in(&world.inspector, &id, &form).await.expect(201).body;
        assert_eq!((&handed_in["state"], &handed_in["version"]), (&json!("handed_in"), &json!(2)));
        assert_eq!(handed_in["on_day"], "2026-03-10", "the day of the visit");
        let counts = handed_in["counts"].clone();
        let items = world.inspector.get("/checklist-items").await.expect(200).body["items"].as_array().unwrap().len();
        assert_eq!(counts, json!({ "passed": 1, "failed": 1, "not_applicable": 1, "not_checked": items - 3 }));
        let hazard = &handed_in["hazards"][0];
        assert_eq!(hazard["id"], form["hazards"][0]["id"]);
        assert_eq!(hazard["inspection_id"], json!(id));
        assert_eq!(handed_in["evidence"]["missing"], json!([hand.id]));
        hand.upload(&world.inspector).await.expect(201);
        photo.upload(&world.inspector).await.expect(201);
        let seen = world.manager.get(&path).await.expect(200).body;
        assert_eq!(seen["evidence"]["complete"], true);
        assert_eq!(seen["record"]["institution_signature"]["name"], "李强");
        assert_eq!(seen["record"]["answers"].as_array().unwrap().len(), 4, "in the order they were given");
        assert_eq!(seen["record"]["answers"][3]["hazard_id"], form["hazards"][0]["id"]);
        let known = world.manager.get(&format!("/evidence/{}", hand.id)).await.expect(200).body;
        assert_eq!((&known["owner_kind"], &known["owner_id"], &known["hazard_id"]), (&json!("inspection"), &json!(id), &json!(null)));
        assert_eq!(page(&world.manager, "state=handed_in").await, [id]);
    }
}

on_both_databases! {
    /// Done without a network and sent fifty times at once: one record, its hazards once.
    handed_in_fifty_times_at_once, app => {
        let world = World::build(app).await;
        let rounds = tries(2, 20);
        let mut wrong = 0;
        for round in 0..rounds {
            let (id, photo) = (unknown(), Photo::before());
            if round % 2 == 1 {
                world.supervisor.put(&format!("/inspections/{id}"), &plan(&world, "daily")).await.expect(201);
            }
            let mut form = record_with_hazard(&world, &[&photo]);
            form["answers"][0]["evidence"] = json!([Photo::of("scene", 3).declared()]);
            let answers = join_all((0..50).map(|_| hand_in(&world.inspector, &id, &form))).await;
            let made = answers.iter().filter(|answer| answer.status == 201).count();
            let replayed = answers.iter().filter(|answer| answer.status == 200 && answer.header("idempotent-replay") == Some("true")).count();
            wrong += u64::from((made, replayed) != (1, 49));
            let list = world.supervisor.get(&format!("/hazards?institution_id={}", world.home_a1)).await.expect(200);
            wrong += u64::from(list.item_ids().len() as u64 != round + 1);
            let mut other = form.clone();
            other["note"] = json!("还有一句");
            assert_eq!(hand_in(&world.inspector, &id, &other).await.expect(409).code(), "id_taken");
        }
        assert_eq!(page(&world.supervisor, "").await.len() as u64, rounds);
        tally("49", &format!("an inspection handed in 50 times at once ({:?})", app.backend), rounds * 50, wrong);
        assert_eq!(wrong, 0);
    }
}

on_both_databases! {
    /// What fails is a hazard; what a record names exists, belongs to the institution and to the list in force.
    what_a_record_must_be, app => {
        let world = World::build(app).await;
        let elsewhere = world.registered(&{ let mut form = world.hazard(&[]); form["institution_id"] = json!(world.home_a2); form }).await;
        let long_known = world.registered(&world.hazard(&[])).await;
        let edit = |change: fn(&mut Value)| { let mut form = record_with_hazard(&world, &[]); change(&mut form); form };
        let table: [(Value, &str, &str); 17] = [
            (edit(|form| form["answers"][3]["hazard_id"] = json!(null)), "/answers/3/hazard_id", "required"),
            (edit(|form| form["answers"][3]["hazard_id"] = json!("0198f000-0000-7000-8000-0000000000aa")), "/answers/3/hazard_id", "unknown_reference"),
            (edit(|form| form["answers"][0]["item"] = json!("Z99")), "/answers/0/item", "unknown_reference"),
            (edit(|form| form["answers"][0]["item"] = json!("E02")), "/answers/1/item", "duplicate"),
            (edit(|form| form["answers"][3]["item"] = json!("E04")), "/answers/3/hazard_id", "mismatch"),
            (edit(|form| form["checklist_version"] = json!(77)), "/checklist_version", "mismatch"),
            (edit(|form| form["kind"] = json!("joint")), "/departments", "required"),
            (edit(|form| form["ended_at"] = json!("2026-03-10T00:00:00Z")), "/ended_at", "mismatch"),
            (edit(|form| { form["started_at"] = json!("2026-03-10T03:00:00Z"); form["ended_at"] = json!("2026-03-10T03:00:00Z") }), "/started_at", "in_future"),
            (edit(|form| form["inspector_signatures"] = json!([])), "/inspector_signatures", "too_short"),
            (edit(|form| form["inspector_signatures"][0]["picture"] = json!("0198f000-0000-7000-8000-0000000000e1")), "/inspector_signatures/0/picture", "unknown_reference"),
            (edit(|form| form["institution_signature"] = json!({ "outcome": "refused", "reason": " ", "noted_by": "王芳", "noted_at": "2026-03-10T01:00:00Z" })), "/institution_signature/reason", "required"),
            (edit(|form| form["inspectors"] = json!(["0198f000-0000-7000-8000-000000000020"])), "/inspectors", "mismatch"),
            (edit(|form| form["hazards"][0]["location"] = json!("")), "/hazards/0/location", "required"),
            (edit(|form| form["hazards"][0]["category"] = json!("gas")), "/hazards/0/category", "mismatch"),
            (edit(|form| form["transfers"] = json!([{ "department": "消防救援大队", "reason": "喷淋停用", "items": ["Z99"] }])), "/transfers/0/items/0", "unknown_reference"),
            (edit(|form| form["external_orders"] = json!(["0198f000-0000-7000-8000-000000000060"])), "/external_orders/0", "unknown_reference"),
        ];
        let before = crate::support::records(app).await;
        for (form, pointer, code) in &table {
            let answer = hand_in(&world.inspector, &unknown(), form).await;
            if *pointer == "/started_at" {
                assert_eq!(answer.faults()[0], ((*pointer).to_owned(), (*code).to_owned()));
                continue;
            }
            refused(&answer, pointer, code);
        }
        let mut linked = record(&world);
        linked["answers"][0] = json!({ "item": "E03", "result": "fail", "hazard_id": elsewhere });
        refused(&hand_in(&world.inspector, &unknown(), &linked).await, "/answers/0/hazard_id", "unknown_reference");
        assert_eq!(before, crate::support::records(app).await, "a refused record leaves nothing, its hazards neither");
        linked["answers"][0]["hazard_id"] = json!(long_known);
        let told = hand_in(&world.inspector, &unknown(), &linked).await.expect(201).body;
        assert_eq!(told["hazards"][0]["id"], json!(long_known));
        assert_eq!(told["hazards"][0]["inspection_id"], json!(null), "it was not found here");
    }
}

on_both_databases! {
    /// A phone may have sent the hazard before the record: then the record confirms it.
    a_hazard_that_came_first_is_confirmed, app => {
        let world = World::build(app).await;
        let mut form = record_with_hazard(&world, &[]);
        let mut alone = form["hazards"][0].clone();
        let hazard = alone.as_object_mut().unwrap().remove("id").unwrap();
        alone["institution_id"] = json!(world.home_a1);
        world.inspector.put(&format!("/hazards/{}", hazard.as_str().unwrap()), &alone).await.expect(201);
        let id = unknown();
        let told = hand_in(&world.inspector, &id, &form).await.expect(201).body;
        assert_eq!(told["hazards"][0]["inspection_id"], json!(id));
        // Found while they were there and only named by the record: it was found on that inspection as well.
        let (visit, mut named) = (unknown(), record(&world));
        let met = unknown();
        world.inspector.put(&format!("/hazards/{met}"), &alone).await.expect(201);
        named["answers"].as_array_mut().unwrap().push(json!({ "item": "E03", "result": "fail", "hazard_id": met }));
        let told = hand_in(&world.inspector, &visit, &named).await.expect(201).body;
        let said = told["hazards"].as_array().unwrap().iter().find(|one| one["id"] == json!(met)).unwrap();
        assert_eq!(said["inspection_id"], json!(visit));
        form["hazards"][0]["location"] = json!("三楼");
        let answer = hand_in(&world.inspector, &unknown(), &form).await.expect(409);
        assert_eq!(answer.faults(), [("/hazards/0/id".to_owned(), "duplicate".to_owned())]);
    }
}

on_both_databases! {
    /// The institution's person may refuse to sign: that, the transfers and the departments are part of the record.
    refusals_and_transfers_are_recorded, app => {
        let world = World::build(app).await;
        let order = unknown();
        let stop = json!({ "institution_id": world.home_a1, "kind": "stop_use", "issuer": "船山区消防救援大队", "issued_on": "2026-03-02", "text": "停用厨房" });
        world.inspector.put(&format!("/external-orders/{order}"), &stop).await.expect(201);
        let mut form = record_with_hazard(&world, &[]);
        form["kind"] = json!("joint");
        form["departments"] = json!([{ "department": "船山区民政局", "people": ["王芳"] }, { "department": "船山区消防救援大队", "people": ["周涛"] }]);
        form["institution_signature"] = json!({ "outcome": "refused", "reason": "对第三项有异议", "noted_by": "王芳", "noted_at": "2026-03-10T01:51:00Z" });
        form["transfers"] = json!([{ "department": "船山区消防救援大队", "reason": "喷淋停用", "items": ["F05"], "hazards": [form["hazards"][0]["id"]] }]);
        form["external_orders"] = json!([order]);
        let told = hand_in(&world.inspector, &unknown(), &form).await.expect(201).body;
        for part in ["departments", "institution_signature", "transfers", "external_orders"] {
            let wanted = if part == "departments" { form["departments"].clone() } else { form[part].clone() };
            assert_eq!(told["record"][part], wanted, "{part}");
        }
        assert_eq!(told["departments"], json!(["船山区民政局", "船山区消防救援大队"]));
    }
}

on_both_databases! {
    /// What was handed in stays as it is; what is said of it later stands beside it.
    a_record_is_amended_and_never_rewritten, app => {
        let world = World::build(app).await;
        let (id, step, photo) = (unknown(), unknown(), Photo::of("scene", 5));
        hand_in(&world.inspector, &id, &record(&world)).await.expect(201);
        let before = world.inspector.get(&format!("/inspections/{id}")).await.expect(200).body;
        let path = format!("/inspections/{id}/amendments/{step}");
        let said = json!({ "reason": "房号写错", "text": "应为205室", "evidence": [photo.declared()] });
        let answers = join_all((0..10).map(|_| world.inspector.put(&path, &said))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)));
        let after = world.inspector.get(&format!("/inspections/{id}")).await.expect(200).body;
        assert_eq!(after["record"], before["record"]);
        assert_eq!(after["amendments"][0]["text"], "应为205室");
        assert_eq!(after["photos"][0]["action_id"], json!(step));
        assert_eq!(world.inspector.put(&path, &json!({ "reason": "房号写错", "text": "应为206室" })).await.expect(409).code(), "id_taken");
        let planned = unknown();
        world.supervisor.put(&format!("/inspections/{planned}"), &plan(&world, "daily")).await.expect(201);
        let early = world.inspector.put(&format!("/inspections/{planned}/amendments/{}", unknown()), &json!({ "reason": "早", "text": "早" })).await.expect(409);
        assert_eq!(early.code(), "step_not_allowed");
        assert_eq!(early.body["current"]["state"], "planned");
        // Also what is handed in under the plan's id is what the plan said, and only once.
        assert_eq!(hand_in(&world.inspector, &id, &{ let mut form = record(&world); form["note"] = json!("改"); form }).await.expect(409).code(), "id_taken");
    }
}

on_both_databases! {
    /// Plans: by supervisors for others, by inspectors for themselves; changed and given up while they are plans.
    plans_are_changed_and_given_up, app => {
        let world = World::build(app).await;
        let (id, mut form) = (unknown(), plan(&world, "special"));
        let path = format!("/inspections/{id}");
        world.inspector.put(&path, &form).await.expect(201);
        world.inspector.put(&path, &form).await.expect(200);
        form["note"] = json!("别的内容");
        assert_eq!(world.inspector.put(&path, &form).await.expect(409).code(), "id_taken");
        refused(&world.second_inspector.put(&format!("/inspections/{}", unknown()), &plan(&world, "daily")).await, "/inspectors", "mismatch");
        for (who, pointer) in [(json!(world.inspector_b.id), "/inspectors/0"), (json!(world.manager.id), "/inspectors/0"), (json!(unknown()), "/inspectors/0")] {
            let mut form = plan(&world, "daily");
            form["inspectors"] = json!([who]);
            refused(&world.supervisor.put(&format!("/inspections/{}", unknown()), &form).await, pointer, "unknown_reference");
        }
        world.supervisor.patch(&path, &json!({ "planned_to": "2026-03-20" })).await.expect(428);
        assert_eq!(world.supervisor.patch(&path, &json!({ "planned_to": "2026-03-20", "expected_version": 9 })).await.expect(412).code(), "stale");
        let change = json!({ "planned_to": "2026-03-09", "inspectors": [world.second_inspector.id], "expected_version": 1 });
        let changed = world.supervisor.patch(&path, &change).await.expect(200).body;
        assert_eq!((&changed["on_day"], &changed["overdue"]), (&json!("2026-03-09"), &json!(true)));
        assert!(page(&world.inspector, "assignee=me").await.is_empty());
        assert_eq!(page(&world.second_inspector, "assignee=me").await, std::slice::from_ref(&id));
        let reason = json!({ "reason": "停电检修，改期" });
        assert_eq!(world.inspector.put(&format!("{path}/cancellation"), &reason).await.expect(403).code(), "step_not_yours");
        world.second_inspector.put(&format!("{path}/cancellation"), &reason).await.expect(201);
        world.supervisor.put(&format!("{path}/cancellation"), &reason).await.expect(200);
        assert_eq!(world.supervisor.put(&format!("{path}/cancellation"), &json!({ "reason": "别的" })).await.expect(409).code(), "step_not_allowed");
        assert_eq!(hand_in(&world.inspector, &id, &{ let mut form = record(&world); form["kind"] = json!("special"); form }).await.expect(409).code(), "step_not_allowed");
        assert_eq!(page(&world.supervisor, "state=cancelled").await, [id]);
        let joint = unknown();
        world.supervisor.put(&format!("/inspections/{joint}"), &plan(&world, "daily")).await.expect(201);
        refused(&hand_in(&world.inspector, &joint, &{ let mut form = record(&world); form["kind"] = json!("case"); form }).await, "/kind", "mismatch");
        refused(&hand_in(&world.inspector, &joint, &{ let mut form = record(&world); form["institution_id"] = json!(world.home_a2); form }).await, "/institution_id", "mismatch");
    }
}

on_both_databases! {
    /// Those of an institution learn of an unannounced visit when it has been.
    an_unannounced_visit_stays_unannounced, app => {
        let world = World::build(app).await;
        let (secret, drawn, open) = (unknown(), unknown(), unknown());
        for (id, kind) in [(&secret, "unannounced"), (&drawn, "double_random"), (&open, "daily")] {
            world.supervisor.put(&format!("/inspections/{id}"), &plan(&world, kind)).await.expect(201);
        }
        assert_eq!(page(&world.manager, "").await, std::slice::from_ref(&open));
        world.manager.get(&format!("/inspections/{secret}")).await.expect(404);
        world.manager.get(&format!("/inspections/{open}")).await.expect(200);
        let mut form = record(&world);
        form["kind"] = json!("unannounced");
        hand_in(&world.inspector, &secret, &form).await.expect(201);
        world.manager.get(&format!("/inspections/{secret}")).await.expect(200);
        let mut seen = page(&world.manager, "").await;
        seen.sort();
        let mut wanted = [secret.clone(), open.clone()];
        wanted.sort();
        assert_eq!(seen, wanted);
        let last = unknown();
        world.supervisor.put(&format!("/inspections/{last}"), &plan(&world, "unannounced")).await.expect(201);
        world.supervisor.put(&format!("/inspections/{last}/cancellation"), &json!({ "reason": "改期" })).await.expect(201);
        world.manager.get(&format!("/inspections/{last}")).await.expect(404);
        assert_eq!(page(&world.supervisor, "").await.len(), 4);
    }
}

on_both_databases! {
    /// Filters, both orders and pages: each inspection once.
    lists_are_narrowed_and_paged, app => {
        let world = World::build(app).await;
        let mut all = Vec::new();
        for (at, home) in [world.home_a1, world.home_a1_neighbour, world.home_a2, world.home_a1, world.home_a2].into_iter().enumerate() {
            let (id, mut form) = (unknown(), plan(&world, if at == 2 { "special" } else { "daily" }));
            form["institution_id"] = json!(home);
            form["planned_to"] = json!(format!("2026-03-{:02}", 11 + at % 3));
            world.supervisor.put(&format!("/inspections/{id}"), &form).await.expect(201);
            all.push(id);
        }
        let ids = |places: &[usize]| { let mut ids: Vec<String> = places.iter().map(|at| all[*at].clone()).collect(); ids.sort(); ids };
        let sorted = async |query: &str| { let mut ids = page(&world.supervisor, query).await; ids.sort(); ids };
        assert_eq!(sorted(&format!("institution_id={}", world.home_a1)).await, ids(&[0, 3]));
        assert_eq!(sorted(&format!("area_id={}", world.town_a1)).await, ids(&[0, 1, 3]));
        assert_eq!(sorted("kind=special").await, ids(&[2]));
        assert_eq!(sorted("from=2026-03-12&to=2026-03-12").await, ids(&[1, 4]));
        assert_eq!(sorted("state=handed_in").await, Vec::<String>::new());
        for sort in ["on_day", "-on_day"] {
            for extra in ["", "&assignee=me"] {
                let by = if extra.is_empty() { &world.supervisor } else { &world.inspector };
                let whole = page(by, &format!("sort={sort}{extra}")).await;
                let mut paged = Vec::new();
                let mut query = format!("sort={sort}&limit=2{extra}");
                loop {
                    let answer = by.get(&format!("/inspections?{query}")).await.expect(200);
                    paged.extend(answer.item_ids());
                    match answer.body["next_cursor"].as_str() {
                        Some(cursor) => query = format!("sort={sort}&limit=2{extra}&cursor={cursor}"),
                        None => break,
                    }
                }
                assert_eq!((paged.len(), &paged), (5, &whole), "{sort}{extra}");
            }
        }
        world.supervisor.get("/inspections?assignee=you").await.expect(400);
        assert!(page(&world.supervisor_b, "").await.is_empty());
        assert_eq!(page(&world.manager, "").await.len(), 2);
        // Whoever no longer covers the place no longer has it on the list of their own.
        let town = json!({ "scope": { "kind": "areas", "areas": [world.town_a2] }, "expected_version": 1 });
        world.admin.patch(&format!("/users/{}", world.inspector.id), &town).await.expect(200);
        let mut left = page(&world.inspector, "assignee=me").await;
        left.sort();
        assert_eq!(left, ids(&[2, 4]));
    }
}

on_both_databases! {
    /// A moved institution takes its inspections along.
    inspections_move_with_their_institution, app => {
        let world = World::build(app).await;
        let id = unknown();
        world.supervisor.put(&format!("/inspections/{id}"), &plan(&world, "daily")).await.expect(201);
        let move_it = json!({ "area_id": world.town_b1, "expected_version": 1 });
        world.admin.patch(&format!("/institutions/{}", world.home_a1), &move_it).await.expect(200);
        world.supervisor.get(&format!("/inspections/{id}")).await.expect(404);
        assert!(page(&world.supervisor, "").await.is_empty());
        assert_eq!(page(&world.supervisor_b, "").await, [id]);
    }
}

on_both_databases! {
    /// Every change is in the trail of the institution.
    every_change_is_in_the_trail, app => {
        let world = World::build(app).await;
        let (id, given_up) = (unknown(), unknown());
        world.supervisor.put(&format!("/inspections/{id}"), &plan(&world, "daily")).await.expect(201);
        world.supervisor.patch(&format!("/inspections/{id}"), &json!({ "note": "带测电笔", "expected_version": 1 })).await.expect(200);
        let form = record_with_hazard(&world, &[]);
        hand_in(&world.inspector, &id, &form).await.expect(201);
        world.inspector.put(&format!("/inspections/{id}/amendments/{}", unknown()), &json!({ "reason": "写错", "text": "二楼" })).await.expect(201);
        world.supervisor.put(&format!("/inspections/{given_up}"), &plan(&world, "daily")).await.expect(201);
        world.supervisor.put(&format!("/inspections/{given_up}/cancellation"), &json!({ "reason": "改期" })).await.expect(201);
        let trail = world.auditor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200).body;
        let of = |id: &str| -> Vec<String> {
            let items = trail["items"].as_array().unwrap().iter();
            let mut own: Vec<String> = items.filter(|one| one["object_id"] == id).map(|one| one["action"].as_str().unwrap().to_owned()).collect();
            own.sort();
            own
        };
        assert_eq!(of(&id), ["inspection.amended", "inspection.changed", "inspection.handed_in", "inspection.planned"]);
        assert_eq!(of(&given_up), ["inspection.cancelled", "inspection.planned"]);
        assert_eq!(of(form["hazards"][0]["id"].as_str().unwrap()), ["hazard.registered"]);
    }
}

on_both_databases! {
    /// What campaigns ask: visits are planned for them, counted, taken back; what was found is added up.
    campaigns_plan_count_and_take_back, app => {
        let world = World::build(app).await;
        let (campaign, home, other) = (CampaignId::fresh(), world.home_a1, world.home_a2);
        let inspectors = vec![world.inspector.id];
        let visit = move |institution_id: InstitutionId| PlannedVisit {
            campaign_id: campaign, number: 1, institution_id, kind: InspectionKind::DoubleRandom, inspectors: inspectors.clone(),
            starts_on: "2026-03-09".parse().unwrap(), ends_on: "2026-03-31".parse().unwrap(),
        };
        let ids = app.as_system(move |tx| {
            Ok([plan_for_campaign(tx, &visit(home))?.id, plan_for_campaign(tx, &visit(other))?.id])
        }).await;
        assert_eq!(page(&world.inspector, &format!("campaign_id={campaign}")).await.len(), 2);
        let mut form = record_with_hazard(&world, &[]);
        form["kind"] = json!("double_random");
        hand_in(&world.inspector, &ids[0].to_string(), &form).await.expect(201);
        let today = "2026-03-12".parse().unwrap();
        let (done, found, last) = app.as_system(move |tx| {
            cancel_for_campaign(tx, campaign, None, "专项行动结束")?;
            Ok((queries::handed_in_for(tx.conn, campaign)?, queries::found_in(tx.conn, campaign, today)?, queries::last_visitors(tx.conn, vec![home, other])?))
        }).await;
        assert_eq!(done, [(home, ids[0])]);
        assert_eq!((found[&home].hazards, found[&home].open, found[&home].overdue, found[&home].major), (1, 1, 1, 0));
        assert_eq!(last, [(home, world.inspector.id)]);
        let other = world.supervisor.get(&format!("/inspections/{}", ids[1])).await.expect(200).body;
        assert_eq!((&other["state"], &other["cancelled"]["reason"]), (&json!("cancelled"), &json!("专项行动结束")));
    }
}

fn area(id: AreaId, level: u8) -> Scope {
    Scope::Areas(vec![ScopeArea { id, level }])
}

on_both_databases! {
    /// A list is read from an index in its order, whatever was done in the past.
    lists_are_served_in_order, app => {
        let world = World::build(app).await;
        let id = unknown();
        world.supervisor.put(&format!("/inspections/{id}"), &plan(&world, "daily")).await.expect(201);
        let (backend, campaign, me) = (app.backend, CampaignId::fresh(), world.inspector.id);
        let scopes = [area(world.city, 1), area(world.county_a, 2), area(world.town_a1, 3), Scope::Institutions(vec![world.home_a1])];
        app.db().read(move |conn| {
            if backend == Backend::Postgres {
                crate::support::lines(conn, "SELECT set_config('enable_seqscan', 'off', true) || set_config('enable_sort', 'off', true) AS line")?;
            }
            let after = Some(Place { ascending: false, day: "2026-03-10".parse().unwrap(), id: anlao::ids::InspectionId::fresh() });
            for scope in &scopes {
                for by in [
                    Narrowing::default(),
                    Narrowing { after, ..Narrowing::default() },
                    Narrowing { ascending: true, kind: Some(InspectionKind::Joint), ..Narrowing::default() },
                    Narrowing { campaign: Some(campaign), ..Narrowing::default() },
                    Narrowing { assignee: Some(me), after, ..Narrowing::default() },
                    Narrowing { from: after.map(|place| place.day), ..Narrowing::default() },
                ] {
                    for plan in explain(conn, scope, &by, 51)? {
                        let sorted = plan.contains("TEMP B-TREE") || plan.contains("Sort ");
                        let scanned = plan.contains("SCAN ") || plan.contains("Seq Scan");
                        assert!(!sorted && !scanned, "{scope:?} {by:?}:\n{plan}");
                    }
                }
            }
            Ok(())
        }).await.unwrap();
    }
}

/// The roles that may hand in may plan as well, and nobody else.
#[test]
fn who_may_inspect() {
    use anlao::access::{HandInInspections, Permission, PlanInspections};
    assert_eq!(PlanInspections::ROLES, [Role::Inspector, Role::Supervisor]);
    assert_eq!(HandInInspections::ROLES, [Role::Inspector, Role::Supervisor]);
}
