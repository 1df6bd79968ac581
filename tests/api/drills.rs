//! Drills: planned in secret where that is asked, recorded once as a whole, every problem followed up.

use crate::on_both_databases;
use crate::support::{Answer, Person, Photo, World, records};
use anlao::access::{Actor, ReadTx, Role, Scope, ScopeArea};
use anlao::canonical::sha256_hex;
use anlao::compliance::facts::{HeldDrill, PlannedDrill};
use anlao::db::Backend;
use anlao::drills::list::{Narrowing, Place, explain};
use anlao::drills::model::DrillState;
use anlao::drills::queries::plan_problems_since;
use anlao::drills::standing;
use anlao::ids::{AreaId, DrillId, InstitutionId};
use anlao::rules::kinds::drills::{DrillKind, Shift};
use anlao_test_pictures::disguises;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn plan(world: &World, kind: &str) -> Value {
    json!({ "institution_id": world.home_a1, "kind": kind, "shift": "night", "building": "1号楼", "scenario": "二楼床头起火",
        "window_from": "2026-03-12T14:00:00Z", "window_to": "2026-03-12T22:00:00Z", "commander": { "name": "陈静" },
        "goals": ["3分钟内到场"], "announcement": { "residents_public": "informed", "staff": "window" } })
}

const EXACT: &str = "2026-03-12T18:10:00Z";

fn sealed(world: &World) -> Value {
    let mut form = plan(world, "full");
    form["announcement"]["exact_at"] = json!(EXACT);
    form
}

/// A night drill at home_a1, held at ten past two.
fn record(world: &World) -> Value {
    json!({ "institution_id": world.home_a1, "kind": "full",
        "timeline": { "alarm_at": "2026-03-09T18:10:00Z", "first_action_at": "2026-03-09T18:10:40Z", "emergency_call_at": "2026-03-09T18:11:05Z",
            "evacuation_began_at": "2026-03-09T18:12:30Z", "last_out_at": "2026-03-09T18:21:00Z", "head_count_at": "2026-03-09T18:23:20Z" },
        "emergency_call": "simulated", "weather": "晴", "staff_on_duty": { "count": 3 }, "staff_taking_part": { "names": [{ "name": "陈静" }] },
        "residents": [{ "class": "carried", "present": 6, "taken_part": 0, "simulated": 4, "stayed": 2, "stayed_because": "吸氧" }],
        "commander": { "name": "陈静" }, "handovers": [{ "to": { "name": "周涛" }, "at": "2026-03-09T18:20:00Z", "told": "缺一人" }],
        "head_count": { "expected": 42, "counted": 42 } })
}

fn found(photos: &[&Photo]) -> Value {
    let evidence: Vec<Value> = photos.iter().map(|photo| photo.declared()).collect();
    json!({ "id": unknown(), "category": "electricity", "checklist_item": "E03", "location": "二楼东侧203室床头",
        "description": "疏散时发现移动插排串接", "severity": "general", "found_at": "2026-03-09T18:15:00Z", "evidence": evidence })
}

fn with_problems(world: &World, hazard: &Value) -> Value {
    let mut form = record(world);
    form["problems"] = json!([{ "text": "插排挡住疏散床单", "hazard": hazard },
        { "text": "夜班两人搬不动", "plan_revision_needed": true, "revision": "夜间二楼改为水平疏散" }]);
    form
}

fn evaluation() -> Value {
    json!({ "evaluator": { "name": "李强" }, "evaluated_on": "2026-03-10", "suitability": "not_smooth", "sufficiency": "mostly",
        "people_in_place": "in_time", "supplies_in_place": "mostly", "coordination": "smooth", "effect": "reached",
        "summary": "四十二人全部到达安全区。" })
}

async fn hand_in(by: &Person, id: &str, form: &Value) -> Answer {
    by.put(&format!("/drills/{id}/record"), form).await
}

async fn act(by: &Person, id: &str, form: &Value) -> Answer {
    by.put(&format!("/drills/{id}/actions/{}", unknown()), form).await
}

async fn page(by: &Person, query: &str) -> Vec<String> {
    by.get(&format!("/drills?{query}")).await.expect(200).item_ids()
}

on_both_databases! {
    /// Planned by the home, started, recorded, evaluated, reported: one story, and every step in the trail.
    planned_held_and_evaluated, app => {
        let world = World::build(app).await;
        let (id, scene, sheet) = (unknown(), Photo::of("scene", 3), Photo::of("signature", 9));
        let path = format!("/drills/{id}");
        let planned = world.manager.put(&path, &plan(&world, "full")).await.expect(201).body;
        assert_eq!((&planned["state"], &planned["on_day"], &planned["shift"]), (&json!("planned"), &json!("2026-03-13"), &json!("night")));
        assert_eq!(planned["allowed"], json!(["start", "postpone", "cancel"]));
        assert_eq!(world.manager.put(&path, &plan(&world, "full")).await.expect(200).header("idempotent-replay"), Some("true"));
        let mut other = plan(&world, "full");
        other["note"] = json!("另一份");
        assert_eq!(world.manager.put(&path, &other).await.expect(409).code(), "id_taken");
        let started = act(&world.inspector, &id, &json!({ "kind": "start", "expected_version": 1 })).await.expect(201).body;
        assert_eq!((&started["state"], &started["started_at"]), (&json!("started"), &json!("2026-03-10T02:00:00Z")));
        let mut form = record(&world);
        form["evidence"] = json!([scene.declared()]);
        form["sign_in"] = json!({ "evidence": [sheet.declared()] });
        let recorded = hand_in(&world.manager, &id, &form).await.expect(201).body;
        assert_eq!((&recorded["state"], &recorded["on_day"], &recorded["version"]), (&json!("recorded"), &json!("2026-03-10"), &json!(3)));
        assert_eq!(recorded["durations"], json!({ "alarm_to_first_action": 40, "alarm_to_emergency_call": 65, "alarm_to_micro_station": null,
            "evacuation": 510, "total_evacuation": 660, "alarm_to_head_count": 800 }));
        assert_eq!((&recorded["building"], &recorded["scenario"]), (&json!("1号楼"), &json!("二楼床头起火")), "as planned");
        assert_eq!(recorded["frail_residents_moved"], false);
        assert!(recorded["stand_ins_note"].as_str().unwrap().contains("不得要求搬动"));
        assert_eq!(recorded["evidence"]["missing"], json!([scene.id, sheet.id]));
        sheet.upload(&world.manager).await.expect(201);
        scene.upload(&world.manager).await.expect(201);
        let parts: Vec<Value> = world.supervisor.get(&path).await.expect(200).body["photos"].as_array().unwrap().iter().map(|one| one["part"].clone()).collect();
        assert_eq!(parts, [json!(null), json!("sign_in")]);
        let mut by_commander = evaluation();
        by_commander["evaluator"]["name"] = json!("周涛");
        let refused = world.supervisor.put(&format!("{path}/evaluation"), &by_commander).await.expect(422);
        assert_eq!(refused.faults(), [("/evaluator".to_owned(), "mismatch".to_owned())], "who took command does not evaluate");
        for expected in [201, 200] {
            let done = world.supervisor.put(&format!("{path}/evaluation"), &evaluation()).await.expect(expected).body;
            assert_eq!((&done["state"], &done["evaluation"]["effect"]), (&json!("evaluated"), &json!("reached")));
        }
        let report = json!({ "kind": "report", "reported_on": "2026-03-10", "receiver": "船山区民政局" });
        assert_eq!(act(&world.inspector, &id, &report).await.expect(403).code(), "step_not_yours");
        let reported = act(&world.manager, &id, &report).await.expect(201).body;
        assert_eq!(reported["reported"], json!({ "on": "2026-03-10", "receiver": "船山区民政局" }));
        assert_eq!(act(&world.manager, &id, &report).await.expect(409).code(), "step_not_allowed");
        let kinds: Vec<&str> = reported["steps"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["start", "report"]);
        let trail = world.auditor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200).body;
        let mut told: Vec<&str> = trail["items"].as_array().unwrap().iter().filter(|one| one["object_id"] == json!(id))
            .map(|one| one["action"].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, ["drill.evaluated", "drill.planned", "drill.recorded", "drill.reported", "drill.started"]);
    }

    /// A sealed time is nobody's but its planner's: not in views, lists, the trail or by guessing, until it starts.
    a_sealed_time_is_sealed, app => {
        let world = World::build(app).await;
        for (planner, home_planned, clock) in [(&world.manager, true, "18:10"), (&world.supervisor, false, "19:20")] {
            let (id, exact, mut form) = (unknown(), format!("2026-03-12T{clock}:00Z"), sealed(&world));
            form["announcement"]["exact_at"] = json!(exact);
            let path = format!("/drills/{id}");
            let own = planner.put(&path, &form).await.expect(201).body;
            assert_eq!((&own["plan"]["announcement"]["exact_at"], &own["exact_time_sealed"]), (&json!(exact), &json!(false)));
            let others = [&world.manager, &world.supervisor, &world.inspector, &world.auditor, &world.admin, &world.city_supervisor];
            for other in others.into_iter().filter(|other| other.id != planner.id) {
                let seen = other.get(&path).await.expect(200).body;
                assert_eq!((&seen["plan"]["announcement"]["exact_at"], &seen["exact_time_sealed"]), (&json!(null), &json!(true)));
                for view in ["/drills".to_owned(), format!("/institutions/{}/drills", world.home_a1), format!("/audit?institution_id={}&limit=200", world.home_a1)] {
                    assert!(!other.get(&view).await.body.to_string().contains(clock), "{} {view}", other.username);
                }
            }
            // The right guess and a wrong one are answered alike.
            let guesser = if home_planned { &world.supervisor } else { &world.manager };
            let mut wrong = sealed(&world);
            wrong["announcement"]["exact_at"] = json!("2026-03-12T18:11:00Z");
            for guess in [form, wrong] {
                assert_eq!(guesser.put(&path, &guess).await.expect(409).code(), "id_taken");
            }
            let started = act(guesser, &id, &json!({ "kind": "start" })).await.expect(201).body;
            assert_eq!((&started["plan"]["announcement"]["exact_at"], &started["exact_time_sealed"]), (&json!(exact), &json!(false)));
            let trail = world.auditor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200).body;
            assert!(trail.to_string().contains(&exact), "told from now on");
        }
    }

    /// Moved without a new exact time nothing is sealed any more, and the old one is still nobody else's to find out.
    a_sealed_time_that_was_given_up_is_not_guessed, app => {
        let world = World::build(app).await;
        let (id, form) = (unknown(), sealed(&world));
        let path = format!("/drills/{id}");
        world.manager.put(&path, &form).await.expect(201);
        let later = json!({ "kind": "postpone", "reason": "暴雨预警", "window_from": "2026-03-16T14:00:00Z", "window_to": "2026-03-16T22:00:00Z" });
        let moved = act(&world.supervisor, &id, &later).await.expect(201).body;
        assert_eq!(moved["exact_time_sealed"], false);
        let mut wrong = form.clone();
        wrong["announcement"]["exact_at"] = json!("2026-03-12T18:11:00Z");
        for guess in [&form, &wrong] {
            assert_eq!(world.supervisor.put(&path, guess).await.expect(409).code(), "id_taken");
        }
        world.manager.put(&path, &form).await.expect(200);
        act(&world.supervisor, &id, &json!({ "kind": "start" })).await.expect(201);
        world.supervisor.put(&path, &form).await.expect(200);
    }

    /// A plan is one edition: what a drill goes by is a plan and its own edition, whatever was planned before.
    a_drill_goes_by_one_edition, app => {
        let world = World::build(app).await;
        let (first, second) = (unknown(), unknown());
        for id in [&first, &second] {
            let draft = json!({ "institution_id": world.home_a1, "content": crate::plans::whole() });
            world.manager.put(&format!("/plans/{id}"), &draft).await.expect(201);
        }
        let named = |mut form: Value, of: Option<&String>, edition: Option<u32>| {
            (form["plan_id"], form["plan_edition"]) = (json!(of), json!(edition));
            form
        };
        let planned = |of, edition| named(plan(&world, "full"), of, edition);
        let held = |of, edition| named(record(&world), of, edition);
        for (path, form) in [("", planned(Some(&first), Some(2))), ("/record", held(Some(&first), Some(2)))] {
            let refused = world.manager.put(&format!("/drills/{}{path}", unknown()), &form).await.expect(422);
            assert_eq!(refused.faults(), [("/plan_edition".to_owned(), "mismatch".to_owned())]);
        }
        for (named, recorded, edition) in [(None, &first, 1), (Some(&first), &first, 1), (Some(&second), &second, 2)] {
            let id = unknown();
            let told = world.manager.put(&format!("/drills/{id}"), &planned(Some(&first), None)).await.expect(201).body;
            assert_eq!((&told["plan_id"], &told["plan_edition"]), (&json!(first), &json!(1)));
            let told = hand_in(&world.manager, &id, &held(named, None)).await.expect(201).body;
            assert_eq!((&told["plan_id"], &told["plan_edition"]), (&json!(recorded), &json!(edition)));
        }
        let alone = hand_in(&world.manager, &unknown(), &held(None, Some(1))).await.expect(422);
        assert_eq!(alone.faults(), [("/plan_edition".to_owned(), "not_allowed_here".to_owned())]);
    }

    /// Told exactly, it is not sealed.
    an_announced_time_is_told, app => {
        let world = World::build(app).await;
        let (id, mut form) = (unknown(), sealed(&world));
        form["announcement"]["staff"] = json!("exact");
        world.supervisor.put(&format!("/drills/{id}"), &form).await.expect(201);
        let seen = world.manager.get(&format!("/drills/{id}")).await.expect(200).body;
        assert_eq!((&seen["plan"]["announcement"]["exact_at"], &seen["exact_time_sealed"]), (&json!(EXACT), &json!(false)));
    }

    /// What the office plans as a surprise the home does not learn of, in no way, until it starts.
    surprises_are_hidden_from_the_home, app => {
        let world = World::build(app).await;
        let mut secrets = Vec::new();
        for (kind, staff) in [("unannounced", "window"), ("call_out", "none"), ("full", "none")] {
            let (id, mut form) = (unknown(), plan(&world, kind));
            form["announcement"]["staff"] = json!(staff);
            world.supervisor.put(&format!("/drills/{id}"), &form).await.expect(201);
            world.manager.get(&format!("/drills/{id}")).await.expect(404);
            world.manager.put(&format!("/drills/{id}"), &form).await.expect(404);
            hand_in(&world.manager, &id, &record(&world)).await.expect(404);
            act(&world.manager, &id, &json!({ "kind": "start" })).await.expect(404);
            world.inspector.get(&format!("/drills/{id}")).await.expect(200);
            secrets.push(id);
        }
        assert_eq!(page(&world.supervisor, "").await.len(), 3);
        assert!(page(&world.manager, "").await.is_empty());
        assert!(facts(app, &world, Role::Manager).await.1.is_empty());
        assert_eq!(facts(app, &world, Role::Supervisor).await.1.len(), 3);
        act(&world.inspector, &secrets[0], &json!({ "kind": "start" })).await.expect(201);
        act(&world.supervisor, &secrets[1], &json!({ "kind": "cancel", "reason": "暴雨" })).await.expect(201);
        assert_eq!(page(&world.manager, "").await, [secrets[0].clone()], "it has begun; what was given up stays unknown");
        let mut form = record(&world);
        form["kind"] = json!("unannounced");
        hand_in(&world.manager, &secrets[0], &form).await.expect(201);
        // What a home plans for itself it sees.
        let own = unknown();
        world.manager.put(&format!("/drills/{own}"), &plan(&world, "unannounced")).await.expect(201);
        world.manager.get(&format!("/drills/{own}")).await.expect(200);
    }

    /// The home does not move what the office planned; a new sealed time is the new planner's.
    moved_and_given_up, app => {
        let world = World::build(app).await;
        let id = unknown();
        world.supervisor.put(&format!("/drills/{id}"), &plan(&world, "full")).await.expect(201);
        let later = json!({ "kind": "postpone", "reason": "暴雨预警", "window_from": "2026-03-16T14:00:00Z", "window_to": "2026-03-16T22:00:00Z",
            "exact_at": "2026-03-16T18:10:00Z" });
        assert_eq!(act(&world.manager, &id, &later).await.expect(403).code(), "step_not_yours");
        let step = unknown();
        let path = format!("/drills/{id}/actions/{step}");
        let moved = world.supervisor.put(&path, &later).await.expect(201).body;
        assert_eq!((&moved["on_day"], &moved["plan"]["announcement"]["exact_at"]), (&json!("2026-03-17"), &json!("2026-03-16T18:10:00Z")));
        world.supervisor.put(&path, &later).await.expect(200);
        world.city_supervisor.put(&path, &later).await.expect(409);
        let seen = world.manager.get(&format!("/drills/{id}")).await.expect(200).body;
        assert_eq!((&seen["plan"]["announcement"]["exact_at"], &seen["steps"][0]["reason"]), (&json!(null), &json!("暴雨预警")));
        let stale = json!({ "kind": "cancel", "reason": "停办", "expected_version": 1 });
        assert_eq!(act(&world.supervisor, &id, &stale).await.expect(412).code(), "stale");
        let given_up = act(&world.supervisor, &id, &json!({ "kind": "cancel", "reason": "停办" })).await.expect(201).body;
        assert_eq!((&given_up["state"], &given_up["cancelled"]["reason"]), (&json!("cancelled"), &json!("停办")));
        assert_eq!(hand_in(&world.manager, &id, &record(&world)).await.expect(409).code(), "step_not_allowed");
    }

    /// Sent fifty times at once: one record, each problem one hazard, and none without what becomes of it.
    one_problem_becomes_one_hazard, app => {
        let world = World::build(app).await;
        let (id, photo) = (unknown(), Photo::before());
        let form = with_problems(&world, &found(&[&photo]));
        let answers = join_all((0..50).map(|_| hand_in(&world.manager, &id, &form))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 49);
        let hazard = form["problems"][0]["hazard"]["id"].clone();
        assert_eq!(json!(world.supervisor.get("/hazards").await.expect(200).item_ids()), json!([hazard]));
        let seen = world.manager.get(&format!("/hazards/{}", hazard.as_str().unwrap())).await.expect(200).body;
        assert_eq!((&seen["drill_id"], &seen["inspection_id"]), (&json!(id), &json!(null)));
        let drill = world.manager.get(&format!("/drills/{id}")).await.expect(200).body;
        assert_eq!((&drill["problems"], &drill["open_problems"]), (&json!(2), &json!(2)));
        let first = &drill["followed_up"][0];
        assert_eq!((&first["hazard_status"], &first["hazard_deadline"], &first["plan_revision_needed"]), (&seen["status"], &seen["deadline"], &json!(false)));
        let second = &drill["followed_up"][1];
        assert_eq!((&second["hazard_id"], &second["plan_revised"], &second["open"]), (&json!(null), &json!(false), &json!(true)));
        // What the evaluation adds is followed up alike; what the record told is not told twice.
        let mut again = evaluation();
        again["problems"] = json!([form["problems"][0]]);
        let refused = world.supervisor.put(&format!("/drills/{id}/evaluation"), &again).await.expect(422);
        assert_eq!(refused.faults(), [("/problems/0/hazard/id".to_owned(), "duplicate".to_owned())]);
        again["problems"] = json!([{ "text": "对讲机没电", "hazard": found(&[]) }]);
        for status in [201, 200] {
            world.supervisor.put(&format!("/drills/{id}/evaluation"), &again).await.expect(status);
        }
        let drill = world.manager.get(&format!("/drills/{id}")).await.expect(200).body;
        assert_eq!((drill["followed_up"].as_array().unwrap().len(), &drill["followed_up"][2]["found_in"]), (3, &json!("evaluation")));
        let (home, since) = (world.home_a1, "2026-03-10".parse().unwrap());
        let told = app.as_system(move |tx| plan_problems_since(tx.conn, home, since)).await.into_iter();
        let told: Vec<_> = told.map(|(drill, on, _alarm_at, words)| (drill, on, words)).collect();
        assert_eq!(told, [(DrillId(id.parse().unwrap()), since, "夜间二楼改为水平疏散".to_owned())]);
        let after = "2026-03-11".parse().unwrap();
        assert!(app.as_system(move |tx| plan_problems_since(tx.conn, home, after)).await.is_empty());
    }

    /// A record with a fault leaves nothing, and says where the fault is, also within a problem's hazard.
    a_refused_record_leaves_nothing, app => {
        let world = World::build(app).await;
        let before = records(app).await;
        let id = unknown();
        let mut form = with_problems(&world, &found(&[]));
        form["problems"][0]["hazard"]["location"] = json!("");
        let refused = hand_in(&world.manager, &id, &form).await.expect(422);
        assert_eq!(refused.faults(), [("/problems/0/hazard/location".to_owned(), "required".to_owned())]);
        let mut form = record(&world);
        form["timeline"]["first_action_at"] = json!("2026-03-09T18:09:00Z");
        let refused = hand_in(&world.manager, &id, &form).await.expect(422);
        assert_eq!(refused.faults(), [("/timeline/first_action_at".to_owned(), "too_early".to_owned())]);
        let mut elsewhere = record(&world);
        elsewhere["institution_id"] = json!(world.home_b1);
        hand_in(&world.manager, &id, &elsewhere).await.expect(422);
        assert_eq!(before, records(app).await);
    }

    /// A real event is recorded in one call, and is not what was planned.
    a_real_event, app => {
        let world = World::build(app).await;
        let (event, drill) = (unknown(), unknown());
        let mut form = record(&world);
        form["real_event"] = json!(true);
        form["emergency_call"] = json!("real");
        let seen = hand_in(&world.manager, &event, &form).await.expect(201).body;
        assert_eq!((&seen["state"], &seen["real_event"], &seen["plan"]), (&json!("recorded"), &json!(true), &json!(null)));
        world.manager.put(&format!("/drills/{drill}"), &plan(&world, "full")).await.expect(201);
        let refused = hand_in(&world.manager, &drill, &form).await.expect(422);
        assert_eq!(refused.faults(), [("/real_event".to_owned(), "mismatch".to_owned())]);
        assert_eq!(page(&world.manager, "real_event=true").await, std::slice::from_ref(&event));
        assert_eq!(page(&world.manager, "real_event=false").await, [drill]);
        let (held, planned) = facts(app, &world, Role::Supervisor).await;
        assert_eq!((held.len(), planned.len()), (1, 1));
        assert!(held[0].real_event && held[0].id == DrillId(event.parse().unwrap()));
    }

    /// The facts for compliance: local time, the shift at the alarm, what is open.
    facts_are_in_local_time, app => {
        let world = World::build(app).await;
        let (night, day, later) = (unknown(), unknown(), unknown());
        hand_in(&world.manager, &night, &with_problems(&world, &found(&[]))).await.expect(201);
        let mut form = record(&world);
        form["kind"] = json!("functional");
        form["timeline"] = json!({ "alarm_at": "2026-03-10T00:00:00Z" });
        form["emergency_call"] = json!(null);
        form["handovers"] = json!([]);
        form["report"] = json!({ "on": "2026-03-10", "receiver": "民政局" });
        hand_in(&world.manager, &day, &form).await.expect(201);
        world.manager.put(&format!("/drills/{later}"), &plan(&world, "full")).await.expect(201);
        world.supervisor.put(&format!("/drills/{night}/evaluation"), &evaluation()).await.expect(201);
        let (held, planned) = facts(app, &world, Role::Manager).await;
        let expected = HeldDrill {
            id: DrillId(night.parse().unwrap()), kind: DrillKind::Full, shift: Shift::Night, building: None,
            alarm_at: "2026-03-10T02:10:00".parse().unwrap(), scenario: None, reported_on: None, real_event: false,
            evaluated: true, open_problems: 2,
        };
        assert_eq!(held.iter().filter(|one| one.id == expected.id).collect::<Vec<_>>(), [&expected]);
        let other = held.iter().find(|one| one.id != expected.id).unwrap();
        assert_eq!((other.shift, other.evaluated, other.open_problems), (Shift::Day, false, 0), "eight o'clock is the day's");
        assert_eq!(other.reported_on, Some("2026-03-10".parse().unwrap()));
        assert_eq!(planned, [PlannedDrill {
            id: DrillId(later.parse().unwrap()), kind: DrillKind::Full, shift: Shift::Night, building: Some("1号楼".into()),
            window: ("2026-03-12T22:00:00".parse().unwrap(), "2026-03-13T06:00:00".parse().unwrap()),
        }]);
    }

    /// While a drill runs nobody is told to hold another: it is planned until it is recorded or given up, however late it is.
    a_drill_that_runs_is_still_planned, app => {
        let world = World::build(app).await;
        let (id, other) = (unknown(), unknown());
        let mut form = plan(&world, "full");
        (form["window_from"], form["window_to"]) = (json!("2026-03-10T01:00:00Z"), json!("2026-03-10T03:00:00Z"));
        for one in [&id, &other] {
            world.manager.put(&format!("/drills/{one}"), &form).await.expect(201);
            act(&world.manager, one, &json!({ "kind": "start" })).await.expect(201);
        }
        act(&world.manager, &other, &json!({ "kind": "cancel", "reason": "暴雨" })).await.expect(201);
        let path = format!("/institutions/{}/drill-compliance", world.home_a1);
        let told = world.manager.get(&path).await.expect(200).body;
        assert_eq!((told["planned"].as_array().unwrap().len(), &told["planned"][0]["id"]), (1, &json!(id)));
        let window = async || {
            let (_, planned) = facts(app, &world, Role::Manager).await;
            planned.iter().map(|one| (one.id.to_string(), one.window.0.to_string(), one.window.1.to_string())).collect::<Vec<_>>()
        };
        let (from, to) = ("2026-03-10 09:00:00".to_owned(), "2026-03-10 11:00:00".to_owned());
        assert_eq!(window().await, [(id.clone(), from.clone(), to)]);
        app.clock.advance(chrono::TimeDelta::hours(2));
        assert_eq!(window().await, [(id.clone(), from, "2026-03-10 12:00:00".to_owned())], "over time, and under way");
        let manager = crate::support::again(app, &world.manager).await;
        hand_in(&manager, &id, &record(&world)).await.expect(201);
        assert!(window().await.is_empty());
    }

    /// Filters, both orders and pages: each drill once, and what is late.
    lists_are_narrowed_and_paged, app => {
        let world = World::build(app).await;
        let mut all = Vec::new();
        for (at, home) in [world.home_a1, world.home_a1_neighbour, world.home_a2, world.home_a1, world.home_a2].into_iter().enumerate() {
            let (id, mut form) = (unknown(), plan(&world, if at == 2 { "joint" } else { "full" }));
            form["institution_id"] = json!(home);
            form["shift"] = json!(if at < 2 { "day" } else { "night" });
            form["window_from"] = json!(format!("2026-03-{:02}T01:00:00Z", 11 + at % 3));
            form["window_to"] = json!(format!("2026-03-{:02}T03:00:00Z", 11 + at % 3));
            world.supervisor.put(&format!("/drills/{id}"), &form).await.expect(201);
            all.push(id);
        }
        let ids = |places: &[usize]| { let mut ids: Vec<String> = places.iter().map(|at| all[*at].clone()).collect(); ids.sort(); ids };
        let sorted = async |query: &str| { let mut ids = page(&world.supervisor, query).await; ids.sort(); ids };
        assert_eq!(sorted(&format!("institution_id={}", world.home_a1)).await, ids(&[0, 3]));
        assert_eq!(sorted(&format!("area_id={}", world.town_a1)).await, ids(&[0, 1, 3]));
        assert_eq!(sorted("kind=joint").await, ids(&[2]));
        assert_eq!(sorted("shift=day").await, ids(&[0, 1]));
        assert_eq!(sorted("from=2026-03-12&to=2026-03-12").await, ids(&[1, 4]));
        assert_eq!(sorted("state=recorded,evaluated").await, Vec::<String>::new());
        let of_home = world.manager.get(&format!("/institutions/{}/drills?shift=night", world.home_a1)).await.expect(200);
        assert_eq!(of_home.item_ids(), [all[3].clone()]);
        for sort in ["on_day", "-on_day"] {
            let whole = page(&world.supervisor, &format!("sort={sort}")).await;
            let (mut paged, mut query) = (Vec::new(), format!("sort={sort}&limit=2"));
            loop {
                let answer = world.supervisor.get(&format!("/drills?{query}")).await.expect(200);
                paged.extend(answer.item_ids());
                match answer.body["next_cursor"].as_str() {
                    Some(cursor) => query = format!("sort={sort}&limit=2&cursor={cursor}"),
                    None => break,
                }
            }
            assert_eq!((paged.len(), &paged), (5, &whole), "{sort}");
        }
        assert!(page(&world.supervisor_b, "").await.is_empty());
        assert_eq!(page(&world.manager, "").await.len(), 2);
        assert_eq!(sorted("overdue=true").await, Vec::<String>::new());
        app.clock.advance(chrono::TimeDelta::days(2));
        // Logged in anew: a day is longer than a login.
        let supervisor = crate::support::again(app, &world.supervisor).await;
        let mut late = page(&supervisor, "overdue=true").await;
        late.sort();
        assert_eq!(late, ids(&[0, 3]), "their last day was the eleventh");
        supervisor.get("/drills?overdue=true&state=recorded").await.expect(400);
        supervisor.get("/drills?overdue=false").await.expect(400);
    }

    /// The file holds what the record holds, its digests are right, an original that has not come is named, and the same
    /// drill gives the same bytes.
    the_file_of_a_drill, app => {
        let world = World::build(app).await;
        let (id, scene, awaited) = (unknown(), Photo::scene(640, 480, &[]), Photo::of("document", 9));
        let path = format!("/drills/{id}/file");
        world.manager.put(&format!("/drills/{id}"), &plan(&world, "full")).await.expect(201);
        assert_eq!(world.manager.get(&path).await.expect(409).code(), "file_not_ready");
        let mut form = with_problems(&world, &found(&[]));
        let mut shown = scene.declared();
        shown["role"] = json!("scene");
        form["evidence"] = json!([shown]);
        form["sign_in"] = json!({ "evidence": [awaited.declared()] });
        form["course"] = json!("<script>alert(1)</script> 按预案展开");
        hand_in(&world.manager, &id, &form).await.expect(201);
        world.supervisor.put(&format!("/drills/{id}/evaluation"), &evaluation()).await.expect(201);
        scene.upload(&world.manager).await.expect(201);
        let answer = world.manager.get(&path).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("application/zip"));
        assert_eq!(answer.bytes, world.manager.get(&path).await.expect(200).bytes, "the same again");
        let files = unpacked(&answer.bytes);
        let copy = format!("photos/01-{}.jpg", scene.id);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["1-plan.html", "2-record.html", "3-evaluation.html", "4-summary.html", "digests.txt", "drill.json", "manifest.json", &copy]);
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let listed = manifest["files"].as_array().unwrap();
        assert_eq!(listed.len(), files.len() - 2, "all but itself and the digests");
        for one in listed {
            let bytes = &files[one["path"].as_str().unwrap()];
            assert_eq!((&one["sha256"], &one["size"]), (&json!(sha256_hex(bytes)), &json!(bytes.len())), "{one}");
        }
        let digests = String::from_utf8(files["digests.txt"].clone()).unwrap();
        for line in digests.lines().filter(|line| !line.starts_with('#')) {
            let (digest, name) = line.split_once("  ").unwrap();
            assert_eq!(digest, sha256_hex(&files[name]), "{name}");
        }
        assert!(digests.contains(&format!("# original {} declared {}", awaited.sha256(), awaited.id)));
        let photos = &manifest["photos"];
        assert_eq!((&photos[0]["sha256"], &photos[0]["copy"]), (&json!(scene.sha256()), &json!(copy)));
        assert_eq!((&photos[1]["sha256"], &photos[1]["without_copy"]), (&json!(awaited.sha256()), &json!("not_arrived")));
        let page = String::from_utf8(files["2-record.html"].clone()).unwrap();
        for words in ["2026-03-10 02:10:00", "报警后0分40秒", "吸氧", "夜间二楼改为水平疏散", "&lt;script&gt;"] {
            assert!(page.contains(words), "{words}");
        }
        assert!(!page.contains("<script"));
        let trail = world.auditor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200).body;
        assert!(trail.to_string().contains("drill.file_read"));
    }

    /// A photo that is lost or cannot be shown is named, and withholds nothing else; that it cannot be shown is found once.
    the_file_names_what_is_damaged, app => {
        let world = World::build(app).await;
        let (id, scene, lost) = (unknown(), Photo::scene(640, 480, &[]), Photo::scene(320, 240, &[]));
        let cut = disguises().into_iter().find(|case| case.name == "JPEG cut in its pixels").unwrap();
        let broken = Photo::jpeg("scene", cut.bytes());
        let mut form = record(&world);
        form["evidence"] = [&lost, &broken, &scene].map(|photo| { let mut one = photo.declared(); one["role"] = json!("scene"); one }).into();
        hand_in(&world.manager, &id, &form).await.expect(201);
        for photo in [&lost, &broken, &scene] {
            photo.upload(&world.manager).await.expect(201);
        }
        let original = format!("originals/{}/{}", &lost.sha256()[..2], lost.sha256());
        for path in crate::support::stored_files(app).into_keys().filter(|path| path.contains(&original)) {
            std::fs::remove_file(path).unwrap();
        }
        for _ in 0..2 {
            let files = unpacked(&world.manager.get(&format!("/drills/{id}/file")).await.expect(200).bytes);
            let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
            let why: Vec<&Value> = manifest["photos"].as_array().unwrap().iter().map(|one| &one["without_copy"]).collect();
            assert_eq!(why, [&json!("damaged"), &json!("no_copy_possible"), &json!(null)]);
            assert_eq!(files.keys().filter(|name| name.starts_with("photos/")).count(), 1);
        }
        assert_eq!(world.manager.get(&format!("/evidence/{}", broken.id)).await.expect(200).body["preview"], "none");
        let trail = world.auditor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200).body;
        let found = trail["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "evidence.without_preview");
        assert_eq!(found.count(), 1);
    }

    /// A campaign that asks for a drill counts the homes that held one that counts, on its days.
    a_campaign_counts_drills, app => {
        let world = World::build(app).await;
        let campaign = unknown();
        let path = format!("/campaigns/{campaign}");
        let draft = json!({ "area_id": world.county_a, "name": "岁末年初演练", "basis": "会议要求", "starts_on": "2026-03-09", "ends_on": "2026-03-31",
            "inspection_kind": "special", "requires_drill": true });
        world.supervisor.put(&path, &draft).await.expect(201);
        world.supervisor.put(&format!("{path}/actions/{}", unknown()), &json!({ "kind": "start" })).await.expect(201);
        let held = async |home: InstitutionId, changes: Value| {
            let mut form = record(&world);
            form["institution_id"] = json!(home);
            for (key, value) in changes.as_object().unwrap() {
                form[key] = value.clone();
            }
            hand_in(&world.city_supervisor, &unknown(), &form).await.expect(201);
        };
        let counts = async || {
            let progress = world.supervisor.get(&path).await.expect(200).body["progress"].clone();
            (progress["drilled"].as_i64().unwrap(), progress["drilled"].as_i64().unwrap() + progress["not_drilled"].as_i64().unwrap() - progress["targets"].as_i64().unwrap())
        };
        held(world.home_a1, json!({ "real_event": true })).await;
        held(world.home_a1, json!({ "kind": "tabletop" })).await;
        held(world.home_a1, json!({ "timeline": { "alarm_at": "2026-03-08T01:00:00Z" }, "emergency_call": null })).await;
        assert_eq!(counts().await, (0, 0), "a fire, a talk at the table, a drill of the day before");
        held(world.home_a1, json!({})).await;
        held(world.home_a1, json!({ "kind": "joint" })).await;
        assert_eq!(counts().await, (1, 0), "a home counts once");
        let targets = world.supervisor.get(&format!("{path}/targets?limit=200")).await.expect(200).body;
        let of = |home: InstitutionId| targets["items"].as_array().unwrap().iter().find(|one| one["institution_id"] == json!(home)).unwrap()["drilled"].clone();
        assert_eq!((of(world.home_a1), of(world.home_a2)), (json!(true), json!(false)));
    }

    /// A moved institution takes its drills along.
    drills_move_with_their_institution, app => {
        let world = World::build(app).await;
        let id = unknown();
        world.supervisor.put(&format!("/drills/{id}"), &plan(&world, "full")).await.expect(201);
        let move_it = json!({ "area_id": world.town_b1, "expected_version": 1 });
        world.admin.patch(&format!("/institutions/{}", world.home_a1), &move_it).await.expect(200);
        world.supervisor.get(&format!("/drills/{id}")).await.expect(404);
        assert_eq!(page(&world.supervisor_b, "").await, [id]);
    }

    /// Every list is read from an index in the order wanted, whatever was held in the past.
    lists_keep_to_their_indexes, app => {
        let world = World::build(app).await;
        world.supervisor.put(&format!("/drills/{}", unknown()), &plan(&world, "full")).await.expect(201);
        let backend = app.backend;
        let scopes = [area(world.city, 1), area(world.county_a, 2), area(world.town_a1, 3), Scope::Institutions(vec![world.home_a1])];
        app.db().read(move |conn| {
            if backend == Backend::Postgres {
                crate::support::lines(conn, "SELECT set_config('enable_seqscan', 'off', true) || set_config('enable_sort', 'off', true) AS line")?;
            }
            let day = "2026-03-10".parse().unwrap();
            let narrowings = [
                Narrowing::default(),
                Narrowing { without_secrets: true, states: vec![DrillState::Planned], to: Some(day), ..Narrowing::default() },
                Narrowing { kind: Some(DrillKind::Full), shift: Some(Shift::Night), from: Some(day), ..Narrowing::default() },
                Narrowing { after: Some(Place { ascending: true, day, id: DrillId::fresh() }), ascending: true, ..Narrowing::default() },
            ];
            for scope in &scopes {
                for by in &narrowings {
                    for plan in explain(conn, scope, by, 51)? {
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

fn area(id: AreaId, level: u8) -> Scope {
    Scope::Areas(vec![ScopeArea { id, level }])
}

/// What compliance is told of home_a1 from the first of the year, as somebody of this role.
async fn facts(
    app: &crate::support::TestApp,
    world: &World,
    role: Role,
) -> (Vec<HeldDrill>, Vec<PlannedDrill>) {
    let home = world.home_a1;
    app.as_system(move |tx| {
        let place = anlao::institutions::queries::find(tx.conn, &Scope::All, home)?;
        let actor = Actor { role, ..tx.actor.clone() };
        let mut reading = ReadTx { conn: tx.conn, actor: &actor, office: tx.office, now: tx.now };
        let (from, on) = ("2026-01-01".parse().unwrap(), "2026-03-10".parse().unwrap());
        standing::facts(&mut reading, &place, from, on)
    })
    .await
}

/// Every file of a ZIP by its name.
fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    files
}
