//! The rule library over HTTP and at the shell: loaded, compared, adopted, retired; and what follows for records.

use crate::access_matrix::office_document;
use crate::on_both_databases;
use crate::support::{Answer, Person, Program, Step, TestApp, World, again};
use anlao::rules::Library;
use chrono::TimeDelta;
use serde_json::{Value, json};

fn id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The deadline policy under another id, with these lines in the place of others.
fn policy(id: &str, version: u32, changes: &[(&str, &str)]) -> String {
    let text = include_str!("../../rules/deadlines.toml")
        .replace("id = \"deadline-default\"", &format!("id = \"{id}\""))
        .replace("version = 2", &format!("version = {version}"))
        .replace("level = \"national\"", "level = \"office\"");
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

async fn load(person: &Person, id: &str, version: u32, text: &str, owner: impl serde::Serialize) -> Answer {
    person.put(&format!("/rules/{id}/{version}"), &json!({ "text": text, "owner_area_id": owner })).await
}

async fn adopt(
    person: &Person,
    document: &str,
    version: u32,
    area: impl serde::Serialize,
    from: &str,
) -> Answer {
    let form = json!({ "document": document, "version": version, "area_id": area, "effective_from": from });
    person.put(&format!("/rule-adoptions/{}", id()), &form).await
}

async fn register(person: &Person, form: &Value) -> Answer {
    person.put(&format!("/hazards/{}", id()), form).await
}

/// A finding without an item at that home on that day.
fn finding(home: impl serde::Serialize, on: &str) -> Value {
    json!({ "institution_id": home, "category": "other", "location": "一楼大厅", "description": "地面湿滑",
        "severity": "general", "found_at": format!("{on}T01:00:00Z") })
}

fn days(answer: &Answer) -> (String, i64, i64) {
    let told = &answer.body["deadline_explained"];
    (told["rule"].as_str().unwrap().into(), told["version"].as_i64().unwrap(), told["days"].as_i64().unwrap())
}

on_both_databases! {
    /// A version is loaded once: the same again is confirmed, other content is refused, every fault has its line.
    a_version_never_changes, app => {
        let world = World::build(app).await;
        let text = policy("suining", 1, &[("general = 7", "general = 5")]);
        let loaded = load(&world.admin, "suining", 1, &text, world.city).await.expect(201).body;
        assert_eq!((&loaded["content"]["days"]["general"], &loaded["text"]), (&json!(5), &json!(text)));
        let again = load(&world.admin, "suining", 1, &text, world.city).await.expect(200);
        assert_eq!(again.header("idempotent-replay"), Some("true"));
        for (changed, owner) in [(text.replace("general = 5", "general = 6"), world.city), (text.clone(), world.county_a)] {
            assert_eq!(load(&world.admin, "suining", 1, &changed, owner).await.expect(409).code(), "id_taken");
        }
        assert_eq!(load(&world.admin, "other", 1, &text, world.city).await.expect(422).faults(), [("/text".into(), "mismatch".into())]);
        assert_eq!(load(&world.admin, "suining", 1, &text, Value::Null).await.expect(422).faults(), [("/owner_area_id".into(), "required".into())]);
        // What comes with the program is confirmed, and nobody else's text takes its place.
        let own = include_str!("../../rules/deadlines.toml");
        load(&world.admin, "deadline-default", 2, own, Value::Null).await.expect(200);
        let other = own.replace("general = 7", "general = 8");
        assert_eq!(load(&world.admin, "deadline-default", 2, &other, Value::Null).await.expect(409).code(), "id_taken");
        // An id stands for one kind.
        let elements = office_document("suining").replace("version = 1", "version = 9");
        assert_eq!(load(&world.admin, "suining", 9, &elements, world.city).await.expect(409).code(), "id_taken");

        let broken = text.replace("general = 5", "general = 5000").replace("[rework]", "[rework]\nnonsense = 1");
        let refused = load(&world.admin, "suining", 2, &broken, world.city).await.expect(422).body;
        let line = |needle: &str| broken.lines().position(|line| line == needle).unwrap() + 1;
        let told: Vec<(&Value, &Value, &Value)> =
            refused["errors"].as_array().unwrap().iter().map(|one| (&one["line"], &one["path"], &one["code"])).collect();
        assert_eq!(told, [
            (&json!(line("general = 5000")), &json!("days.general"), &json!("out_of_range")),
            (&json!(line("nonsense = 1")), &json!("rework.nonsense"), &json!("unknown_field")),
        ]);
        assert_eq!(refused["errors"][0]["message"], "`general` must be from 0 to 730");
    }
}

on_both_databases! {
    /// What an area adopts holds there and below from its day on; nearer goes before farther; past records stay.
    adopting_changes_what_comes_and_not_what_was, app => {
        let world = World::build(app).await;
        let before = register(&world.inspector, &finding(world.home_a1, "2026-03-10")).await.expect(201);
        assert_eq!(days(&before), ("deadline-default".into(), 2, 7));
        let hazard = before.body["id"].as_str().unwrap();
        load(&world.admin, "city-rule", 1, &policy("city-rule", 1, &[("general = 7", "general = 6")]), world.city).await.expect(201);
        load(&world.admin, "town-rule", 3, &policy("town-rule", 3, &[("general = 7", "general = 4")]), world.county_a).await.expect(201);
        adopt(&world.admin, "city-rule", 1, world.city, "2026-03-11").await.expect(201);
        adopt(&world.admin, "town-rule", 3, world.town_a1, "2026-03-11").await.expect(201);

        // Not yet in force on the day of the finding.
        let still = register(&world.inspector, &finding(world.home_a1, "2026-03-10")).await.expect(201);
        assert_eq!(days(&still), ("deadline-default".into(), 2, 7));
        app.clock.advance(TimeDelta::days(1));
        let (inspector, inspector_b, admin) =
            (again(app, &world.inspector).await, again(app, &world.inspector_b).await, again(app, &world.admin).await);
        let near = register(&inspector, &finding(world.home_a1, "2026-03-11")).await.expect(201);
        assert_eq!(days(&near), ("town-rule".into(), 3, 4));
        let far = register(&inspector_b, &finding(world.home_b1, "2026-03-11")).await.expect(201);
        assert_eq!(days(&far), ("city-rule".into(), 1, 6));
        // Found yesterday, registered today: by the rule of yesterday.
        let late = register(&inspector, &finding(world.home_a1, "2026-03-10")).await.expect(201);
        assert_eq!(days(&late), ("deadline-default".into(), 2, 7));

        let in_force = |on: &str, area: String| format!("/rules?kind=deadlines&on={on}&area_id={area}");
        for (on, area, wanted) in [
            ("2026-03-10", world.town_a1, "deadline-default"), ("2026-03-11", world.town_a1, "town-rule"),
            ("2026-03-11", world.town_a2, "city-rule"), ("2026-03-11", world.city, "city-rule"),
        ] {
            assert_eq!(admin.get(&in_force(on, area.to_string())).await.expect(200).item_ids(), [wanted], "{on}");
        }
        let seen = inspector.get(&format!("/hazards/{hazard}")).await.expect(200).body;
        assert_eq!(seen["deadline_explained"], before.body["deadline_explained"], "a past record stays as it was");
    }
}

on_both_databases! {
    /// An adoption begins in the past only with a reason, lies within its document's dates, ends with its version named.
    adoptions_have_their_rules, app => {
        let world = World::build(app).await;
        let text = policy("old-rule", 1, &[("effective_from = \"2024-01-01\"", "effective_from = \"2026-01-01\"\neffective_to = \"2026-12-31\"")]);
        load(&world.admin, "old-rule", 1, &text, world.county_a).await.expect(201);
        let put = async |change: Value| {
            let mut form = json!({ "document": "old-rule", "version": 1, "area_id": world.county_a,
                "effective_from": "2026-03-10", "effective_to": "2026-12-31" });
            change.as_object().unwrap().iter().for_each(|(name, value)| form[name] = value.clone());
            world.admin.put(&format!("/rule-adoptions/{}", id()), &form).await
        };
        let faults = [
            (json!({"effective_from": "2026-03-09"}), "/reason", "required"),
            (json!({"effective_from": "2025-12-31", "reason": "补录"}), "/effective_from", "too_early"),
            (json!({"effective_to": null}), "/effective_to", "required"),
            (json!({"effective_to": "2027-01-01"}), "/effective_to", "too_late"),
            (json!({"effective_to": "2026-03-09"}), "/effective_to", "too_early"),
            (json!({"version": 2}), "/document", "unknown_reference"),
            (json!({"area_id": world.county_b}), "/area_id", "mismatch"),
            (json!({"area_id": id()}), "/area_id", "unknown_reference"),
            (json!({"area_id": null}), "/area_id", "mismatch"),
        ];
        for (change, pointer, code) in faults {
            let answer = put(change.clone()).await.expect(422);
            assert_eq!(answer.faults(), [(pointer.to_owned(), code.to_owned())], "{change}");
        }
        let adopted = put(json!({"effective_from": "2026-03-09", "reason": "补录上月决定"})).await.expect(201).body;
        let path = format!("/rule-adoptions/{}/retire", adopted["id"].as_str().unwrap());
        let end = |day: &str, version: i64| json!({ "last_day": day, "reason": "改用新版", "expected_version": version });
        assert_eq!(world.admin.post(&path, &end("2026-06-30", 2)).await.expect(412).code(), "stale");
        assert_eq!(world.admin.post(&path, &end("2026-03-08", 1)).await.expect(422).faults()[0].1, "too_early");
        // While it is adopted it is not retired.
        let retire = json!({ "reason": "条文有误" });
        assert_eq!(world.admin.post("/rules/old-rule/1/retire", &retire).await.expect(409).code(), "rule_in_use");
        assert_eq!(world.admin.post("/rules/deadline-default/2/retire", &retire).await.expect(409).code(), "rule_in_use");
        let ended = world.admin.post(&path, &end("2026-03-09", 1)).await.expect(200).body;
        assert_eq!((&ended["effective_to"], &ended["version"]), (&json!("2026-03-09"), &json!(2)));
        world.admin.post(&path, &end("2026-03-09", 1)).await.expect(200);
        let hazard = register(&world.inspector, &finding(world.home_a1, "2026-03-10")).await.expect(201);
        assert_eq!(days(&hazard).0, "deadline-default", "it has ended");
        let retired = world.admin.post("/rules/old-rule/1/retire", &retire).await.expect(200).body;
        assert_eq!(retired["retired_because"], "条文有误");
        world.admin.post("/rules/old-rule/1/retire", &retire).await.expect(200);
        assert_eq!(put(json!({})).await.expect(409).code(), "rule_retired");
        let listed = world.supervisor.get("/rule-adoptions").await.expect(200).item_ids();
        assert_eq!(listed, [adopted["id"].as_str().unwrap()]);
        assert_eq!(world.supervisor_b.get("/rule-adoptions").await.expect(200).item_ids(), Vec::<String>::new());
        world.supervisor_b.get("/rules/old-rule/1").await.expect(404);
        world.supervisor.get("/rules/old-rule/1").await.expect(200);
    }
}

on_both_databases! {
    /// Two versions are compared entry by entry, and an entry keeps its titles.
    versions_are_compared, app => {
        let world = World::build(app).await;
        let told = world.auditor.get("/rules/deadline-default/compare?from=1&to=2").await.expect(200).body;
        let paths: Vec<&str> = told["differences"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["content.recheck.general_counted", "head.effective_from", "head.version"]);
        let next = include_str!("../../rules/checklist.toml").replace("version = 2", "version = 3")
            .replace("basis = \"消防法第二十七条第二款\"\nverified = true\nseverity = \"general\"\nurgent = true\ndays = 1\n",
                "basis = \"消防法第二十七条第二款\"\nverified = true\nseverity = \"general\"\nurgent = true\ndays = 2\n");
        load(&world.admin, "checklist-2024-core", 3, &next, Value::Null).await.expect(201);
        let told = world.auditor.get("/rules/checklist-2024-core/compare?from=2&to=3").await.expect(200).body;
        let item = told["differences"].as_array().unwrap().iter().find(|one| one["path"] == "content.item[E01].days").unwrap();
        assert_eq!((&item["before"], &item["after"]), (&json!(1), &json!(2)));
        assert_eq!((&item["title_zh"], &item["title_en"]), (&json!("私拉乱接电线"), &json!("Unauthorised wiring")));
        // Loading is not adopting.
        assert_eq!(world.inspector.get("/checklist-items").await.expect(200).body["version"], 2);
        adopt(&world.admin, "checklist-2024-core", 3, Value::Null, "2026-03-12").await.expect(201);
        assert_eq!(world.inspector.get("/checklist-items?on=2026-03-11").await.expect(200).body["version"], 2);
        assert_eq!(world.inspector.get("/checklist-items?on=2026-03-12").await.expect(200).body["version"], 3);
        world.auditor.get("/rules/deadline-default/compare?from=1&to=99").await.expect(404);
    }
}

on_both_databases! {
    /// The program never judges: major needs a criterion in force, and a candidate called general needs the reason.
    a_person_chooses_the_criterion, app => {
        let world = World::build(app).await;
        let mut form = world.hazard(&[]);
        form["severity"] = json!("major");
        let fault = async |form: &Value| register(&world.inspector, form).await.expect(422).faults();
        let pair = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(fault(&form).await, pair("/criterion", "required"));
        form["criterion"] = json!("MZ-6-1");
        assert_eq!(fault(&form).await, pair("/criterion", "unknown_reference"));
        form["criterion"] = json!("MZ-4-2");
        let major = register(&world.inspector, &form).await.expect(201).body;
        let judged = &major["details"]["major"];
        assert_eq!((&judged["criterion"], &judged["document"]), (&json!("MZ-4-2"), &json!({"id": "major-accident-2023", "version": 1})));
        assert_eq!(major["details"]["checklist"], json!({"id": "checklist-2024-core", "version": 2}));
        // A major fire hazard is another legal object.
        form["criterion"] = json!("GB35181-D");
        let fire = register(&world.inspector, &form).await.expect(201).body;
        assert_eq!(fire["details"]["major"]["document"]["id"], "gb-35181-2025");
        (form["severity"], form["no_criterion_because"]) = (json!("general"), json!("无"));
        form.as_object_mut().unwrap().remove("criterion");
        assert_eq!(fault(&form).await, pair("/no_criterion_because", "not_allowed_here"));

        let mut candidate = world.hazard(&[]);
        (candidate["category"], candidate["checklist_item"]) = (json!("fire"), json!("F12"));
        assert_eq!(fault(&candidate).await, pair("/no_criterion_because", "required"));
        candidate["no_criterion_because"] = json!("夹芯材料经检测为不燃");
        let general = register(&world.inspector, &candidate).await.expect(201).body;
        assert_eq!(general["details"]["no_criterion_because"], "夹芯材料经检测为不燃");
        // Judged later, by a criterion that is in force then.
        let id = general["id"].as_str().unwrap();
        let judge = |criterion: &str| json!({ "kind": "judge_major", "criterion": criterion });
        let wrong = world.inspector.act(id, &judge("第四条")).await.expect(422);
        assert_eq!(wrong.faults(), pair("/criterion", "unknown_reference"));
        let judged = world.inspector.act(id, &judge("MZ-4-3")).await.expect(201).body;
        assert_eq!(judged["details"]["major"]["document"], json!({"id": "major-accident-2023", "version": 1}));
        assert!(judged["details"].get("no_criterion_because").is_none());
    }
}

on_both_databases! {
    /// The office re-checks a general finding within three working days; the days that were left out are told.
    the_recheck_counts_working_days, app => {
        let world = World::build(app).await;
        app.clock.advance(TimeDelta::days(2));
        let (inspector, manager) = (again(app, &world.inspector).await, again(app, &world.manager).await);
        let hazard = register(&inspector, &finding(world.home_a1, "2026-03-12")).await.expect(201).body;
        let id = hazard["id"].as_str().unwrap();
        let handed_in = manager.act(id, &Step::submit()).await.expect(201).body;
        assert_eq!(handed_in["recheck_due"], "2026-03-17");
        let told = &handed_in["details"]["recheck_explained"];
        assert_eq!((&told["counted"], &told["days"], &told["calendar"]), (&json!("working"), &json!(3), &json!({"id": "holidays-cn", "version": 1})));
        assert_eq!(told["skipped"], json!([{"date": "2026-03-14", "why": "weekend"}, {"date": "2026-03-15", "why": "weekend"}]));
    }
}

on_both_databases! {
    /// Without the holidays of a year no duty is put on a home by counting in it; by hand it can be, and handing in
    /// is never refused for it.
    unknown_holidays_are_said, app => {
        let world = World::build(app).await;
        let text = policy("working", 1, &[("counted = \"calendar\"\nnote_zh = \"立行", "counted = \"working\"\nnote_zh = \"立行")]);
        load(&world.admin, "working", 1, &text, world.county_a).await.expect(201);
        adopt(&world.admin, "working", 1, world.county_a, "2026-03-10").await.expect(201);
        app.clock.advance(TimeDelta::days(290));
        let (inspector, manager, admin) = (again(app, &world.inspector).await, again(app, &world.manager).await, again(app, &world.admin).await);
        let mut form = finding(world.home_a1, "2026-12-25");
        let refused = register(&inspector, &form).await.expect(409);
        assert_eq!((refused.code(), &refused.body["current"]["unknown_years"]), ("holidays_unknown", &json!([2027])));
        form["deadline"] = json!("2026-12-30");
        let by_hand = register(&inspector, &form).await.expect(201).body;
        app.clock.advance(TimeDelta::days(4));
        let manager = again(app, &manager).await;
        let handed_in = manager.act(by_hand["id"].as_str().unwrap(), &Step::submit()).await.expect(201).body;
        assert_eq!(handed_in["details"]["recheck_explained"]["unknown_years"], json!([2027]));
        // The notice of 2027, as a new version that is adopted.
        let calendar = include_str!("../../rules/holidays.toml").replace("version = 1", "version = 2")
            + "\n[[year]]\nyear = 2027\nsource = \"（试验用）\"\nverified = false\n\n[[year.holiday]]\nname_zh = \"元旦\"\nname_en = \"New Year\"\nfrom = \"2027-01-01\"\nto = \"2027-01-03\"\nworkdays = []\n";
        let admin = again(app, &admin).await;
        load(&admin, "holidays-cn", 2, &calendar, Value::Null).await.expect(201);
        adopt(&admin, "holidays-cn", 2, Value::Null, "2026-12-29").await.expect(201);
        form.as_object_mut().unwrap().remove("deadline");
        form["found_at"] = json!("2026-12-29T01:00:00Z");
        let counted = register(&again(app, &inspector).await, &form).await.expect(201).body;
        assert_eq!(counted["deadline"], "2027-01-08", "30, 31 December, then 4 to 8 January");
        assert_eq!(counted["deadline_explained"]["calendar"]["version"], 2);
    }
}

on_both_databases! {
    /// Another node with a memory of its own sees a change with its next question.
    every_node_sees_a_change, app => {
        let world = World::build(app).await;
        let other = std::sync::Arc::new(Library::embedded().unwrap());
        let ask = async |app: &TestApp| {
            let other = other.clone();
            app.db().read(move |conn| Ok(other.current(conn)?.documents().len())).await.unwrap()
        };
        let before = ask(app).await;
        load(&world.admin, "wu-yu", 1, &office_document("wu-yu"), world.city).await.expect(201);
        assert_eq!(ask(app).await, before + 1);
        load(&world.admin, "wu-yu", 1, &office_document("wu-yu"), world.city).await.expect(200);
        assert_eq!(ask(app).await, before + 1);
    }
}

on_both_databases! {
    /// Whoever manages a county loads and adopts there, and neither for the nation nor for others.
    rules_are_managed_within_the_scope, app => {
        let world = World::build(app).await;
        let areas = anlao::users::model::ScopeForm::Areas { areas: vec![world.county_a] };
        let county = app.person("county-admin", anlao::access::Role::Admin, areas).await;
        let national = office_document("nation").replace("level = \"office\"", "level = \"national\"");
        load(&county, "nation", 1, &national, Value::Null).await.expect(403);
        load(&county, "wu-yu", 1, &office_document("wu-yu"), world.city).await.expect(422);
        load(&county, "wu-yu", 1, &office_document("wu-yu"), world.county_a).await.expect(201);
        adopt(&county, "wu-yu", 1, Value::Null, "2026-03-10").await.expect(403);
        adopt(&county, "wu-yu", 1, world.town_b1, "2026-03-10").await.expect(422);
        adopt(&county, "wu-yu", 1, world.town_a1, "2026-03-10").await.expect(201);
        // An area that goes by a document of its own is not removed.
        let spare = id();
        let form = json!({ "parent_id": world.county_a, "code": "510903777", "name": "新镇" });
        world.admin.put(&format!("/areas/{spare}"), &form).await.expect(201);
        adopt(&county, "wu-yu", 1, &spare, "2026-03-10").await.expect(201);
        assert_eq!(world.admin.delete(&format!("/areas/{spare}")).await.expect(409).code(), "area_in_use");
    }
}

#[test]
fn the_shell_checks_and_loads() {
    let program = Program::new();
    let file = program.dir.path().join("wu-yu.toml");
    let path = file.to_str().unwrap();
    let national = office_document("wu-yu").replace("level = \"office\"", "level = \"national\"");
    std::fs::write(
        &file,
        national.replace("acknowledge_within_minutes = 30", "acknowledge_within_minutes = 0\nnonsense = 1"),
    )
    .unwrap();
    let ran = program.run(&["rules", "check", path, "--json"]).expect(1).json();
    let lines: Vec<(&Value, &Value)> =
        ran["problems"].as_array().unwrap().iter().map(|one| (&one["line"], &one["code"])).collect();
    let at = national.lines().position(|line| line.starts_with("acknowledge")).unwrap() + 1;
    assert_eq!(lines, [(&json!(at), &json!("out_of_range")), (&json!(at + 1), &json!("unknown_field"))]);
    program.run(&["rules", "load", path]).expect(1);
    assert!(!program.dir.path().join("data").exists(), "checking and refusing touch no database");

    std::fs::write(&file, &national).unwrap();
    let sound = program.run(&["rules", "check", path]).expect(0);
    assert!(sound.out.contains("wu-yu version 1 is sound"), "{sound:?}");
    assert_eq!(program.run(&["rules", "load", path, "--json"]).expect(0).json()["created"], true);
    assert_eq!(program.run(&["rules", "load", path, "--json"]).expect(0).json()["created"], false);
    std::fs::write(
        &file,
        national.replace("acknowledge_within_minutes = 30", "acknowledge_within_minutes = 45"),
    )
    .unwrap();
    let refused = program.run(&["rules", "load", path]).expect(1);
    assert!(refused.err.contains("id_taken"), "{refused:?}");
    assert!(program.run(&["rules", "check", "no-such-file"]).expect(1).err.contains("no-such-file"));
    program.run(&["verify"]).expect(0);
}
