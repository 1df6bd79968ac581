//! A home's plan from draft to superseded: what it lacks, who approves it, which one is in force, what calls for a revision.

use crate::on_both_databases;
use crate::support::{Answer, Person, Photo, TestApp, World, again};
use anlao::access::Role;
use anlao::db::Conn;
use anlao::users::model::ScopeForm;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A plan that lacks nothing.
pub fn whole() -> Value {
    let text = |code: &str| json!({ "code": code, "text": "发现火情立即呼喊并报告值班室，\n按程序办理。" });
    let group = |kind: &str| json!({ "kind": kind, "members": [{ "person": { "name": "陈静" }, "duty": "逐室清人", "phone": "13800000001" }] });
    let way = |class: &str| json!({ "class": class, "way": "两人搀扶至西侧前室", "helpers": 2 });
    let call = |to: &str| json!({ "from": "值班员", "to": to, "phone": "119" });
    let texts = ["alarm", "evacuation", "incipient-fire", "communications", "helpers"].map(text);
    let groups = ["fire_fighting", "communications", "evacuation_guide", "protection_first_aid"].map(group);
    let calls = ["fire_119", "ambulance_120", "civil_affairs"].map(call);
    let ways = ["guided", "assisted", "wheeled", "carried"].map(way);
    json!({ "kind": "general", "level": 3, "title": "灭火和应急疏散预案",
        "parts": texts,
        "groups": groups,
        "scenarios": [{ "code": "S1", "place": "二楼东侧203室", "shift": "night", "origin": "气垫床电源插排" }],
        "alarm_tree": calls,
        "roster": [{ "shift": "day", "post": "护理员" }, { "shift": "night", "post": "护理员", "person": { "name": "陈静" } }],
        "assembly_points": [{ "name": "南门广场" }], "refuge_points": [{ "name": "西侧前室", "building": "主楼", "floor": 2 }],
        "buildings": [{ "name": "主楼", "floors": 4, "beds": 80, "compartments": [{ "name": "二楼东区", "floor": 2 }] }],
        "movement": ways,
        "equipment": [{ "name": "疏散床单", "count": 12, "place": "护理站" }],
        "handover": { "met_by": "副院长", "place": "南门" }, "aftercare": { "placement": "中心小学" } })
}

fn form(world: &World) -> Value {
    json!({ "institution_id": world.home_a1, "content": whole() })
}

async fn drafted(by: &Person, form: &Value) -> String {
    let id = fresh();
    by.put(&format!("/plans/{id}"), form).await.expect(201);
    id
}

async fn step(by: &Person, id: &str, step: &Value) -> Answer {
    by.put(&format!("/plans/{id}/actions/{}", fresh()), step).await
}

fn approve(on: &str) -> Value {
    json!({ "kind": "approve", "on": on, "by": { "name": "李强" }, "post": "院长" })
}

fn put_in_force(on: &str) -> Value {
    json!({ "kind": "put_in_force", "on": on })
}

/// Approved and in force since that day.
async fn in_force(world: &World, form: &Value, on: &str) -> String {
    let id = drafted(&world.manager, form).await;
    step(&world.second_manager, &id, &approve(on)).await.expect(201);
    step(&world.manager, &id, &put_in_force(on)).await.expect(201);
    id
}

async fn shown(by: &Person, id: &str) -> Value {
    by.get(&format!("/plans/{id}")).await.expect(200).body
}

fn codes(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect()
}

on_both_databases! {
    /// Drafted with gaps, completed, approved by another, in force, filed, published; then its second edition takes its place.
    a_plan_from_draft_to_superseded, app => {
        let world = World::build(app).await;
        let sketch = json!({ "institution_id": world.home_a1, "content": { "kind": "general", "title": "草稿" } });
        let first = drafted(&world.manager, &sketch).await;
        let draft = shown(&world.inspector, &first).await;
        assert_eq!((&draft["state"], &draft["edition"], &draft["allowed_actions"]), (&json!("draft"), &json!(1), &json!([])));
        assert_eq!((&draft["check"]["complete"], draft["check"]["missing"].as_array().unwrap().len()), (&json!(false), 17));
        let organisation = &draft["check"]["missing"][0];
        assert_eq!((&organisation["code"], &organisation["required"], &organisation["basis"]), (&json!("organisation"), &json!(true), &json!("公安部令第61号")));
        assert_eq!(organisation["lacks"][0], json!({ "what": "groups", "which": "fire_fighting" }));
        let refused = step(&world.second_manager, &first, &approve("2026-03-02")).await.expect(409);
        let lacking = json!(["organisation", "alarm", "evacuation", "incipient-fire", "communications", "disabled-residents", "helpers"]);
        assert_eq!((refused.code(), &refused.body["current"]["missing"]), ("plan_parts_missing", &lacking));

        let path = format!("/plans/{first}");
        world.manager.patch(&path, &json!({ "content": whole() })).await.expect(428);
        world.manager.patch(&path, &json!({ "content": whole(), "expected_version": 7 })).await.expect(412);
        let written = world.manager.patch(&path, &json!({ "content": whole(), "expected_version": 1 })).await.expect(200).body;
        assert_eq!((&written["version"], &written["title"], &written["check"]["complete"]), (&json!(2), &json!("灭火和应急疏散预案"), &json!(true)));
        assert_eq!(step(&world.manager, &first, &approve("2026-03-02")).await.expect(409).code(), "same_person");
        let approved = step(&world.second_manager, &first, &approve("2026-03-02")).await.expect(201).body;
        assert_eq!(approved["approval"], json!({ "on": "2026-03-02", "by": { "name": "李强" }, "post": "院长", "note": null, "entered_by_writer": false }));
        let late = world.manager.patch(&path, &json!({ "content": whole(), "expected_version": 3 })).await.expect(409);
        assert_eq!(late.code(), "step_not_allowed");
        world.inspector.get(&format!("/institutions/{}/plan", world.home_a1)).await.expect(404);
        step(&world.manager, &first, &put_in_force("2026-03-05")).await.expect(201);
        let receipt = json!({ "kind": "file", "on": "2026-03-06", "department": "船山区民政局", "number": "船民预备〔2026〕12号" });
        step(&world.supervisor, &first, &receipt).await.expect(201);
        assert_eq!(step(&world.supervisor, &first, &put_in_force("2026-03-06")).await.expect(403).code(), "step_not_yours");
        let told = json!({ "kind": "publish", "on": "2026-03-05", "how": "全体员工会议宣读，值班室张贴" });
        let now = step(&world.manager, &first, &told).await.expect(201).body;
        assert_eq!((&now["state"], &now["filing"]["number"], &now["publication"]["on"]), (&json!("in_force"), &receipt["number"], &json!("2026-03-05")));
        assert_eq!((&now["allowed_actions"], &now["review_by"], &now["revisions"]), (&json!(["file", "publish", "review"]), &json!("2027-03-05"), &json!([])));

        let second = drafted(&world.manager, &json!({ "institution_id": world.home_a1, "based_on": first })).await;
        let copy = shown(&world.manager, &second).await;
        assert_eq!((&copy["edition"], &copy["based_on"], &copy["content"]), (&json!(2), &json!(first), &now["content"]));
        step(&world.second_manager, &second, &approve("2026-03-08")).await.expect(201);
        let same_day = step(&world.manager, &second, &put_in_force("2026-03-05")).await.expect(422);
        assert_eq!(same_day.faults(), [("/on".to_owned(), "too_early".to_owned())]);
        step(&world.manager, &second, &put_in_force("2026-03-09")).await.expect(201);
        let old = shown(&world.auditor, &first).await;
        assert_eq!((&old["state"], &old["superseded_on"], &old["superseded_by"]), (&json!("superseded"), &json!("2026-03-09"), &json!(second)));
        let steps: Vec<_> = old["steps"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
        assert_eq!(steps, ["approve", "put_in_force", "file", "publish", "supersede"]);
        for (at, edition) in [("", 2), ("?at=2026-03-09", 2), ("?at=2026-03-08", 1), ("?at=2026-03-05", 1)] {
            let plan = world.manager.get(&format!("/institutions/{}/plan{at}", world.home_a1)).await.expect(200).body;
            assert_eq!(plan["edition"], edition, "{at}");
        }
        world.manager.get(&format!("/institutions/{}/plan?at=2026-03-04", world.home_a1)).await.expect(404);

        let list = |query: &str| format!("/institutions/{}/plans{query}", world.home_a1);
        assert_eq!(world.manager.get(&list("")).await.expect(200).item_ids(), [second.clone(), first.clone()]);
        assert_eq!(world.manager.get(&list("?state=superseded")).await.expect(200).item_ids(), std::slice::from_ref(&first));
        let page = world.manager.get(&list("?limit=1")).await.expect(200);
        let cursor = page.body["next_cursor"].as_str().unwrap();
        let next = world.manager.get(&list(&format!("?limit=1&cursor={cursor}"))).await.expect(200);
        assert_eq!((page.item_ids(), next.item_ids(), &next.body["next_cursor"]), (vec![second], vec![first], &json!(null)));
        let trail = world.supervisor.get(&format!("/audit?institution_id={}&limit=50", world.home_a1)).await.expect(200).body;
        let mut entries: Vec<_> = trail["items"].as_array().unwrap().iter().filter_map(|one| one["action"].as_str()?.strip_prefix("plan.")).collect();
        entries.sort_unstable();
        assert_eq!(entries, ["approved", "approved", "changed", "drafted", "drafted", "filed", "published", "put_in_force", "put_in_force", "superseded"]);
    }

    /// Where a home has one account, whoever wrote the plan enters its approval, and the plan says so.
    a_home_of_one_approves_its_own, app => {
        let world = World::build(app).await;
        let scope = ScopeForm::Institutions { institutions: vec![world.home_a2] };
        let only = app.person("only-manager", Role::Manager, scope).await;
        let id = drafted(&only, &json!({ "institution_id": world.home_a2, "content": whole() })).await;
        let approved = step(&only, &id, &approve("2026-03-02")).await.expect(201).body;
        assert_eq!(approved["approval"]["entered_by_writer"], true);
        let discarded = step(&only, &id, &json!({ "kind": "discard", "reason": "并入总预案" })).await.expect(201).body;
        assert_eq!((&discarded["state"], &discarded["discarded_because"], &discarded["allowed_actions"]), (&json!("discarded"), &json!("并入总预案"), &json!([])));
        let next = drafted(&only, &json!({ "institution_id": world.home_a2, "content": whole() })).await;
        assert_eq!(shown(&only, &next).await["edition"], 2, "a number is not given twice");
    }

    /// The same again is confirmed, whoever else sends it at the same time; other content under the same id is refused.
    sent_twice_is_done_once, app => {
        let world = World::build(app).await;
        let (id, action) = (fresh(), fresh());
        let (path, form) = (format!("/plans/{id}"), form(&world));
        let answers = futures_util::future::join_all((0..8).map(|_| world.manager.put(&path, &form))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)));
        let mut other = form.clone();
        other["content"]["title"] = json!("另一预案");
        assert_eq!(world.manager.put(&path, &other).await.expect(409).code(), "id_taken");
        let (step, body) = (format!("{path}/actions/{action}"), approve("2026-03-02"));
        world.second_manager.put(&step, &body).await.expect(201);
        world.second_manager.put(&step, &body).await.expect(200);
        assert_eq!(world.second_manager.put(&step, &approve("2026-03-01")).await.expect(409).code(), "id_taken");
        let mut stale = put_in_force("2026-03-05");
        stale["expected_version"] = json!(1);
        world.manager.put(&format!("{path}/actions/{}", fresh()), &stale).await.expect(412);
        assert_eq!(shown(&world.manager, &id).await["version"], 2);
    }

    /// Two editions that are put in force at once: one is, and the other is told that it came too early.
    one_is_in_force, app => {
        let world = World::build(app).await;
        let mut waiting = Vec::new();
        for _ in 0..4 {
            let id = drafted(&world.manager, &form(&world)).await;
            step(&world.second_manager, &id, &approve("2026-03-02")).await.expect(201);
            waiting.push(id);
        }
        let day = put_in_force("2026-03-05");
        let answers = futures_util::future::join_all(waiting.iter().map(|id| step(&world.manager, id, &day))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422, 422, 422]);
        let path = format!("/institutions/{}/plans?state=in_force", world.home_a1);
        assert_eq!(world.manager.get(&path).await.expect(200).item_ids().len(), 1);
        let editions = world.manager.get(&format!("/institutions/{}/plans", world.home_a1)).await.expect(200).body;
        let editions: Vec<_> = editions["items"].as_array().unwrap().iter().map(|one| one["edition"].clone()).collect();
        assert_eq!(editions, [4, 3, 2, 1]);
    }

    /// What was approved cannot be changed by anybody who reaches the table either.
    what_was_approved_stays, app => {
        let world = World::build(app).await;
        let id = in_force(&world, &form(&world), "2026-03-05").await;
        let mut conn = Conn::open(&app.config.database).unwrap();
        for statement in ["UPDATE plans SET content = '{}'", "UPDATE plans SET edition = 7", "DELETE FROM plans"] {
            let refused = match &mut conn {
                Conn::Sqlite(conn) => conn.batch_execute(statement).is_err(),
                Conn::Postgres(conn) => conn.batch_execute(statement).is_err(),
            };
            assert!(refused, "{statement} was carried out");
        }
        assert_eq!(shown(&world.manager, &id).await["edition"], 1);
    }

    /// The drawings of the floors are evidence like any other, and go along into the next edition without being sent again.
    floor_plans_are_evidence, app => {
        let world = World::build(app).await;
        let (drawing, late) = (Photo::of("document", 3), Photo::of("document", 4));
        let mut with = form(&world);
        with["floor_plans"] = json!([{ "building": "主楼", "floor": 2, "evidence": [drawing.declared()] },
            { "building": "主楼", "evidence": [late.declared()] }]);
        let first = drafted(&world.manager, &with).await;
        drawing.upload(&world.manager).await.expect(201);
        let plan = shown(&world.inspector, &first).await;
        let parts: Vec<_> = plan["floor_plans"].as_array().unwrap().iter().map(|one| (&one["part"], &one["state"])).collect();
        assert_eq!(parts, [(&json!("主楼/2"), &json!("stored")), (&json!("主楼"), &json!("declared"))]);
        assert_eq!(plan["evidence"], json!({ "declared": 2, "stored": 1, "complete": false, "missing": [late.id] }));
        let more = Photo::of("document", 5);
        let change = json!({ "floor_plans": [{ "building": "主楼", "floor": 3, "evidence": [more.declared()] }], "expected_version": 1 });
        let plan = world.manager.patch(&format!("/plans/{first}"), &change).await.expect(200).body;
        assert_eq!(plan["floor_plans"].as_array().unwrap().len(), 3);
        let second = drafted(&world.manager, &json!({ "institution_id": world.home_a1, "based_on": first })).await;
        let copy = shown(&world.manager, &second).await;
        assert_eq!(copy["evidence"], json!({ "declared": 1, "stored": 1, "complete": true, "missing": [] }));
        let picture = &copy["floor_plans"][0];
        assert_eq!((&picture["part"], &picture["sha256"]), (&json!("主楼/2"), &json!(drawing.sha256())));
        assert_ne!(picture["id"], json!(drawing.id));
        let answer = world.inspector.get(&format!("/evidence/{}/original", picture["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(answer.bytes, drawing.bytes);
    }

    /// Whoever adds a picture, or sends what stands there, does not take over the text: its writer still cannot approve it.
    a_picture_makes_no_author, app => {
        let world = World::build(app).await;
        let id = drafted(&world.manager, &form(&world)).await;
        let path = format!("/plans/{id}");
        let picture = json!([{ "building": "主楼", "floor": 2, "evidence": [Photo::of("document", 3).declared()] }]);
        let changes = [json!({}), json!({ "floor_plans": picture }), json!({ "content": whole() })];
        for (version, mut change) in (1..).zip(changes) {
            change["expected_version"] = json!(version);
            let after = world.second_manager.patch(&path, &change).await.expect(200).body;
            assert_eq!((&after["written_by"], &after["version"]), (&json!(world.manager.id), &json!(version + 1)));
        }
        assert_eq!(step(&world.manager, &id, &approve("2026-03-02")).await.expect(409).code(), "same_person");
        let mut content = whole();
        content["title"] = json!("灭火和应急疏散预案（修订）");
        let after = world.second_manager.patch(&path, &json!({ "content": content, "expected_version": 4 })).await.expect(200).body;
        assert_eq!(after["written_by"], json!(world.second_manager.id));
        assert_eq!(step(&world.second_manager, &id, &approve("2026-03-02")).await.expect(409).code(), "same_person");
        step(&world.manager, &id, &approve("2026-03-02")).await.expect(201);
    }

    /// The pictures that go along into the next edition count like those that are sent.
    pictures_that_go_along_count, app => {
        let world = World::build(app).await;
        let picture = || json!({ "id": fresh(), "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "role": "document", "media_type": "image/png", "size": 203_511 });
        let floor = |floor: i32, pictures: u32| json!({ "building": "主楼", "floor": floor,
            "evidence": (0..pictures).map(|_| picture()).collect::<Vec<_>>() });
        let mut full = form(&world);
        full["floor_plans"] = (1..=20).map(|n| floor(n, 10)).collect();
        let first = drafted(&world.manager, &full).await;
        let more = json!({ "institution_id": world.home_a1, "based_on": first, "floor_plans": [floor(21, 1)] });
        drafted(&world.manager, &more).await;
        let mut conn = Conn::open(&app.config.database).unwrap();
        let arrived = format!("UPDATE evidence SET state = 'stored' WHERE part <> '{}'", "主楼/21");
        match &mut conn {
            Conn::Sqlite(conn) => conn.batch_execute(&arrived).unwrap(),
            Conn::Postgres(conn) => conn.batch_execute(&arrived).unwrap(),
        }
        let answer = world.manager.put(&format!("/plans/{}", fresh()), &more).await.expect(422);
        assert_eq!(answer.faults(), [("/floor_plans".to_owned(), "too_many".to_owned())]);
        let anew = json!({ "institution_id": world.home_a1, "based_on": first, "content": whole(), "floor_plans": [floor(22, 1)] });
        drafted(&world.manager, &anew).await;
        let copy = drafted(&world.manager, &json!({ "institution_id": world.home_a1, "based_on": first })).await;
        assert_eq!(shown(&world.manager, &copy).await["evidence"]["stored"], 200);
    }

    /// Every limit of the form is checked, each fault with its place.
    what_cannot_be_meant_is_refused, app => {
        let world = World::build(app).await;
        let table: [(&str, Value, &str, &str); 22] = [
            ("/content/level", json!(6), "/content/level", "out_of_range"),
            ("/content/title", json!(" "), "/content/title", "required"),
            ("/content/title", json!("预".repeat(101)), "/content/title", "too_long"),
            ("/content/parts/0/code", json!("报警"), "/content/parts/0/code", "bad_format"),
            ("/content/parts/0/code", json!("evacuation"), "/content/parts/1/code", "duplicate"),
            ("/content/parts/0/text", json!("\u{7}"), "/content/parts/0/text", "control_character"),
            ("/content/groups/0/kind", json!("communications"), "/content/groups/1/kind", "duplicate"),
            ("/content/groups/0/kind", json!("other"), "/content/groups/0/name", "required"),
            ("/content/groups/0/members/0/person/name", json!(""), "/content/groups/0/members/0/person/name", "required"),
            ("/content/groups/0/members/0/phone", json!("1".repeat(31)), "/content/groups/0/members/0/phone", "too_long"),
            ("/content/scenarios/0/origin", json!(""), "/content/scenarios/0/origin", "required"),
            ("/content/alarm_tree/0/from", json!("\n"), "/content/alarm_tree/0/from", "required"),
            ("/content/roster/1/post", json!(""), "/content/roster/1/post", "required"),
            ("/content/refuge_points/0/building", json!("副楼"), "/content/refuge_points/0/building", "unknown_reference"),
            ("/content/refuge_points/0/floor", json!(101), "/content/refuge_points/0/floor", "out_of_range"),
            ("/content/buildings/0/floors", json!(0), "/content/buildings/0/floors", "out_of_range"),
            ("/content/movement/0/class", json!("carried"), "/content/movement/3/class", "duplicate"),
            ("/content/equipment/0/count", json!(0), "/content/equipment/0/count", "out_of_range"),
            ("/content/aftercare/placement", json!(""), "/content/aftercare/placement", "required"),
            ("/institution_id", json!(fresh()), "/institution_id", "unknown_reference"),
            ("/based_on", json!(fresh()), "/based_on", "unknown_reference"),
            ("/content", json!(null), "/content", "required"),
        ];
        let path = || format!("/plans/{}", fresh());
        for (place, value, pointer, code) in table {
            let mut form = form(&world);
            form["based_on"] = json!(null);
            *form.pointer_mut(place).unwrap() = value;
            let answer = world.manager.put(&path(), &form).await.expect(422);
            assert_eq!(answer.faults(), [(pointer.to_owned(), code.to_owned())], "{place}");
        }
        let photo = Photo::before();
        for (floor, fault) in [(json!({ "building": "主楼", "evidence": [photo.declared()] }), ("/floor_plans/0/evidence/0/role", "not_allowed_here")),
            (json!({ "building": "副楼", "evidence": [Photo::of("document", 3).declared()] }), ("/floor_plans/0/building", "unknown_reference")),
            (json!({ "building": "主楼", "evidence": [] }), ("/floor_plans/0/evidence", "required"))] {
            let mut form = form(&world);
            form["floor_plans"] = json!([floor]);
            let answer = world.manager.put(&path(), &form).await.expect(422);
            assert_eq!(answer.faults(), [(fault.0.to_owned(), fault.1.to_owned())]);
        }
        let elsewhere = in_force(&world, &form(&world), "2026-03-05").await;
        let scope = ScopeForm::Institutions { institutions: vec![world.home_a2] };
        let neighbour = app.person("neighbour", Role::Manager, scope).await;
        let copied = json!({ "institution_id": world.home_a2, "based_on": elsewhere });
        let answer = neighbour.put(&path(), &copied).await.expect(422);
        assert_eq!(answer.faults(), [("/based_on".to_owned(), "unknown_reference".to_owned())]);
        world.manager.get(&format!("/institutions/{}/plan?at=0000-01-01", world.home_a1)).await.expect(400);
        world.manager.get(&format!("/institutions/{}/plans?cursor=IjEi", world.home_a1)).await.expect(400);
    }

    /// A year later, with more beds and under other rules: each is told with its facts, and a review answers them.
    what_calls_for_a_revision, app => {
        let world = World::build(app).await;
        let id = in_force(&world, &form(&world), "2026-03-05").await;
        let home = format!("/institutions/{}", world.home_a1);
        world.admin.patch(&home, &json!({ "beds": 95, "expected_version": 1 })).await.expect(200);
        let plan = shown(&world.manager, &id).await;
        assert_eq!(codes(&plan["revisions"]), ["beds_changed"]);
        assert!(plan["revisions"][0]["reason_zh"].as_str().unwrap().contains("变为95张"), "{plan}");
        adopt(&world, |text| text.to_owned(), 1, "2026-03-10").await;
        assert_eq!(codes(&shown(&world.manager, &id).await["revisions"]), ["beds_changed", "rules_changed"]);
        let review = |on: &str| json!({ "kind": "review", "on": on, "by": { "name": "李强" } });
        let reviewed = step(&world.manager, &id, &review("2026-03-10")).await.expect(201).body;
        assert_eq!((&reviewed["revisions"], &reviewed["review_by"], &reviewed["compared_with"]["beds"]), (&json!([]), &json!("2027-03-10"), &json!(95)));
        assert_eq!(reviewed["compared_with"]["document"], json!({ "id": "plan-contents-own", "version": 1 }));
        app.clock.advance(TimeDelta::days(365));
        let (manager, supervisor) = (again(app, &world.manager).await, again(app, &world.supervisor).await);
        let due = supervisor.get(&format!("{home}/plan")).await.expect(200).body;
        assert_eq!((codes(&due["revisions"]), &due["revisions"][0]["since"]), (vec!["review_due"], &json!("2027-03-10")));
        let stricter = |text: &str| text.replacen("code = \"equipment\"", "code = \"gas\"", 1)
            .replacen("shown_by = [\"equipment\"]\n", "", 1)
            .replacen("title_en = \"Equipment list\"\nrequired = false", "title_en = \"Gas\"\nrequired = true", 1);
        let world = World { manager: manager.clone(), supervisor, admin: again(app, &world.admin).await, ..world };
        adopt(&world, stricter, 2, "2027-03-10").await;
        let refused = step(&manager, &id, &review("2027-03-10")).await.expect(409);
        assert_eq!((refused.code(), &refused.body["current"]["missing"]), ("plan_parts_missing", &json!(["gas"])));
        assert_eq!(codes(&shown(&manager, &id).await["revisions"]), ["review_due", "rules_changed"]);
    }

    /// Who is named must be on the list of staff; who leaves and who moves in is seen in the plan.
    who_left_and_who_moved_in, app => {
        let world = World::build(app).await;
        let (guide, resident) = (fresh(), |class: &str, room: u32| json!({ "institution_id": world.home_a1, "label": "张某", "room": room.to_string(),
            "building": "主楼", "floor": 2, "fire_compartment": "二楼东区", "evac_class": class, "reviewed_on": "2026-03-01" }));
        let mut member = json!({ "institution_id": world.home_a1, "name": "陈静", "post": "护理员", "started_on": "2025-01-01" });
        let mut form = form(&world);
        form["content"]["groups"][2]["members"][0]["person"]["staff_id"] = json!(guide);
        let answer = world.manager.put(&format!("/plans/{}", fresh()), &form).await.expect(422);
        assert_eq!(answer.faults(), [("/content/groups/2/members/0/person/staff_id".to_owned(), "unknown_reference".to_owned())]);
        world.manager.put(&format!("/staff/{guide}"), &member).await.expect(201);
        for room in 0..9 {
            world.manager.put(&format!("/residents/{}", fresh()), &resident("self", 200 + room)).await.expect(201);
        }
        let id = in_force(&world, &form, "2026-03-05").await;
        let calm = shown(&world.manager, &id).await;
        assert_eq!((&calm["revisions"], &calm["compared_with"]["residents"]), (&json!([]), &json!({ "self": 9 })));
        world.manager.put(&format!("/residents/{}", fresh()), &resident("carried", 209)).await.expect(201);
        assert_eq!(shown(&world.manager, &id).await["revisions"], json!([]), "one of ten is ten points, and not more");
        world.manager.put(&format!("/residents/{}", fresh()), &resident("carried", 210)).await.expect(201);
        member["left_on"] = json!("2026-03-09");
        member["expected_version"] = json!(1);
        world.manager.put(&format!("/staff/{guide}"), &member).await.expect(200);
        let told = shown(&world.manager, &id).await;
        assert_eq!(codes(&told["revisions"]), ["key_person_left", "residents_changed"]);
        assert_eq!(told["revisions"][0]["reason_zh"], "预案所列陈静（疏散引导组）已于2026-03-09离岗");
        assert_eq!(told["revisions"][1]["classes"][1], json!({ "class": "carried", "was": 0, "was_of": 9, "is": 2, "is_of": 11 }));
    }

    /// A drill finds that the plan does not work: the plan in force is called for revision, and its next edition is the answer.
    a_drill_calls_for_a_revision, app => {
        let world = World::build(app).await;
        let first = in_force(&world, &form(&world), "2026-03-05").await;
        let drill = fresh();
        let record = json!({ "institution_id": world.home_a1, "kind": "full", "plan_id": first,
            "timeline": { "alarm_at": "2026-03-09T18:10:00Z", "first_action_at": "2026-03-09T18:10:40Z", "emergency_call_at": "2026-03-09T18:11:05Z",
                "evacuation_began_at": "2026-03-09T18:12:30Z", "last_out_at": "2026-03-09T18:21:00Z", "head_count_at": "2026-03-09T18:23:20Z" },
            "emergency_call": "simulated", "weather": "晴", "staff_on_duty": { "count": 3 }, "staff_taking_part": { "names": [{ "name": "陈静" }] },
            "residents": [{ "class": "carried", "present": 6, "taken_part": 0, "simulated": 4, "stayed": 2, "stayed_because": "吸氧" }],
            "commander": { "name": "陈静" }, "handovers": [{ "to": { "name": "周涛" }, "at": "2026-03-09T18:20:00Z", "told": "缺一人" }],
            "head_count": { "expected": 42, "counted": 42 },
            "problems": [{ "text": "夜班两人搬不动", "plan_revision_needed": true, "revision": "夜间二楼改为水平疏散" }] });
        world.manager.put(&format!("/drills/{drill}/record"), &record).await.expect(201);
        let told = shown(&world.manager, &first).await;
        assert_eq!(codes(&told["revisions"]), ["drill_problem"]);
        assert_eq!((&told["revisions"][0]["drill_id"], &told["revisions"][0]["since"]), (&json!(drill), &json!("2026-03-10")));
        assert_eq!(told["revisions"][0]["reason_zh"], "2026-03-10演练发现预案问题：夜间二楼改为水平疏散");
        let review = json!({ "kind": "review", "on": "2026-03-10", "by": { "name": "李强" } });
        let reviewed = step(&world.manager, &first, &review).await.expect(201).body;
        assert_eq!(codes(&reviewed["revisions"]), ["drill_problem"], "a review is no answer to it");
        let second = drafted(&world.manager, &json!({ "institution_id": world.home_a1, "based_on": first })).await;
        step(&world.second_manager, &second, &approve("2026-03-10")).await.expect(201);
        let revised = step(&world.manager, &second, &put_in_force("2026-03-10")).await.expect(201).body;
        assert_eq!(revised["revisions"], json!([]));
    }

    /// What the compliance engine is told: the plan of the day, and nothing that was not known then.
    what_others_go_by, app => {
        let world = World::build(app).await;
        let first = in_force(&world, &form(&world), "2026-02-05").await;
        let file = json!({ "kind": "file", "on": "2026-03-06", "department": "船山区民政局" });
        step(&world.supervisor, &first, &file).await.expect(201);
        let facts = async |on: &str| facts(app, world.home_a1, on).await;
        assert_eq!(facts("2026-02-04").await, (None, Vec::new(), Vec::new()));
        let (plan, buildings, scenarios) = facts("2026-03-05").await;
        let plan = plan.unwrap();
        assert_eq!((plan.id.to_string(), plan.edition, plan.approved_by.as_deref()), (first, 1, Some("李强（院长）")));
        assert_eq!((plan.filed_on, plan.missing_parts, plan.revision_called_for_by), (None, Vec::new(), Vec::new()));
        assert_eq!((buildings, plan.reviewed_on), (vec!["主楼".to_owned()], "2026-02-05".parse().unwrap()));
        assert_eq!(scenarios, [("S1".to_owned(), "二楼东侧203室：气垫床电源插排".to_owned())]);
        let later = facts("2027-02-05").await.0.unwrap();
        assert_eq!((later.filed_on, later.revision_called_for_by), (Some("2026-03-06".parse().unwrap()), vec!["review_due".to_owned()]));
    }
}

async fn facts(
    app: &TestApp,
    home: anlao::ids::InstitutionId,
    on: &str,
) -> (Option<anlao::compliance::facts::PlanInForce>, Vec<String>, Vec<(String, String)>) {
    use anlao::plans::standing;
    let on = on.parse().unwrap();
    app.as_system(move |tx| {
        let place = anlao::institutions::queries::find_any(tx.conn, home)?.unwrap();
        let tx = &mut tx.reading();
        let plan = anlao::plans::queries::in_force(tx.conn, home, on)?;
        let scenarios = standing::scenarios(plan.as_ref()).into_iter();
        let scenarios = scenarios.map(|one| (one.code, one.title.zh)).collect();
        Ok((standing::facts(tx, &place, plan.as_ref(), on)?, standing::buildings(plan.as_ref()), scenarios))
    })
    .await
}

/// The county goes by a version of its own from a day on.
async fn adopt(world: &World, change: impl Fn(&str) -> String, version: u32, from: &str) {
    let text = change(include_str!("../../rules/plan_contents.toml"))
        .replace("id = \"plan-contents-default\"", "id = \"plan-contents-own\"")
        .replace("\nversion = 1\n", &format!("\nversion = {version}\n"))
        .replace("level = \"national\"", "level = \"office\"");
    let document = json!({ "text": text, "owner_area_id": world.county_a });
    world.admin.put(&format!("/rules/plan-contents-own/{version}"), &document).await.expect(201);
    let adoption = json!({ "document": "plan-contents-own", "version": version, "area_id": world.county_a, "effective_from": from });
    world.admin.put(&format!("/rule-adoptions/{}", fresh()), &adoption).await.expect(201);
}
