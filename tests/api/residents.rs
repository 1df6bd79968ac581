//! The evacuation table: who keeps it, who reads it, what every reading leaves behind, what stays of somebody who left.

use crate::on_both_databases;
use crate::support::{Person, World};
use futures_util::future::join_all;
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

pub fn row(world: &World, label: &str, class: &str) -> Value {
    json!({ "institution_id": world.home_a1, "label": label, "room": "305", "bed": "2", "building": "1号楼", "floor": 3,
        "fire_compartment": "3东", "evac_class": class, "flags": ["hearing_loss"], "device": "轮椅",
        "day_helper": { "name": "陈静" }, "night_helper": { "name": "李梅" }, "route": "东侧楼梯", "refuge": "3层避难间",
        "reviewed_on": "2026-03-01" })
}

/// What the trail says of readings of residents at home A1: who, which row, how many.
async fn readings(world: &World) -> Vec<(Value, Value, Value)> {
    let path = format!("/audit?institution_id={}&limit=200", world.home_a1);
    let trail = world.supervisor.get(&path).await.expect(200).body;
    let entries = trail["items"].as_array().unwrap().iter().filter(|one| one["action"] == "resident.read");
    entries
        .map(|one| (one["actor_id"].clone(), one["object_id"].clone(), one["content"]["rows"].clone()))
        .collect()
}

on_both_databases! {
    /// Every reading of rows leaves one entry with how many there were; writing and being refused leave none.
    every_reading_is_written_down, app => {
        let world = World::build(app).await;
        let ids = [unknown(), unknown(), unknown()];
        for id in &ids {
            world.manager.put(&format!("/residents/{id}"), &row(&world, "W.F.", "wheeled")).await.expect(201);
        }
        let (list, one) = (format!("/institutions/{}/residents", world.home_a1), format!("/residents/{}", ids[0]));
        for (person, path) in [(&world.auditor, &list), (&world.admin, &list), (&world.auditor, &one)] {
            person.get(path).await.expect(403);
        }
        for person in [&world.supervisor_b, &world.manager_b] {
            person.get(&list).await.expect(404);
            person.get(&one).await.expect(404);
        }
        assert!(readings(&world).await.is_empty());
        world.inspector.get(&one).await.expect(200);
        world.supervisor.get(&format!("{list}?limit=2")).await.expect(200);
        world.manager.get(&format!("{list}?evac_class=carried")).await.expect(200);
        let by = |person: &Person| json!(person.id);
        let told = [(by(&world.manager), json!(null), json!(0)), (by(&world.supervisor), json!(null), json!(2)),
            (by(&world.inspector), json!(ids[0]), json!(1))];
        let mut seen = readings(&world).await;
        seen.sort_by_key(|one| one.2.as_i64());
        let mut wanted = told.to_vec();
        wanted.sort_by_key(|one| one.2.as_i64());
        assert_eq!(seen, wanted);
    }

    /// The trail is for ever and holds nothing of the person; the row of somebody who left holds nothing either.
    what_stays_of_somebody, app => {
        let world = World::build(app).await;
        let path = format!("/residents/{}", unknown());
        world.manager.put(&path, &row(&world, "LABEL-0", "carried")).await.expect(201);
        let mut changed = row(&world, "LABEL-1", "carried");
        changed["expected_version"] = json!(1);
        world.manager.put(&path, &changed).await.expect(200);
        let departure = format!("{path}/departure");
        let too_early = world.manager.put(&departure, &json!({ "left_on": "2026-03-11" })).await.expect(422);
        assert_eq!(too_early.faults(), [("/left_on".to_owned(), "in_future".to_owned())]);
        for no_year in ["-262143-01-01", "0000-12-31"] {
            let answer = world.manager.put(&departure, &json!({ "left_on": no_year })).await.expect(422);
            assert_eq!(answer.faults(), [("/left_on".to_owned(), "out_of_range".to_owned())], "{no_year}");
        }
        let left = json!({ "left_on": "2026-03-09" });
        world.manager.put(&departure, &left).await.expect(201);
        assert_eq!(world.manager.put(&departure, &left).await.expect(200).header("idempotent-replay"), Some("true"));
        let answer = world.manager.put(&departure, &json!({ "left_on": "2026-03-08" })).await.expect(409);
        assert_eq!(answer.code(), "id_taken");
        assert_eq!(world.manager.put(&path, &changed).await.expect(409).code(), "resident_left");
        let rest = world.manager.get(&path).await.expect(200).body;
        let kept: Vec<&str> = rest.as_object().unwrap().iter().filter(|(_, value)| !value.is_null() && **value != json!("")
            && **value != json!([]) && **value != json!(0)).map(|(name, _)| name.as_str()).collect();
        assert_eq!(kept, ["created_at", "evac_class", "id", "institution_id", "left_on", "reviewed_on", "updated_at", "version"]);
        let list = world.manager.get(&format!("/institutions/{}/residents", world.home_a1)).await.expect(200);
        assert!(list.item_ids().is_empty());
        let trail = world.supervisor.get(&format!("/audit?institution_id={}&limit=200", world.home_a1)).await.expect(200);
        let text = String::from_utf8_lossy(&trail.bytes).into_owned();
        for word in ["LABEL-", "\"room\"", "陈静", "李梅", "东侧楼梯"] {
            assert!(!text.contains(word), "the trail holds {word}");
        }
        assert_eq!(text.matches("\"resident.").count(), 5, "entered, changed, left, read twice");
    }

    /// Rows are confirmed, changed over a version, and narrowed by what helpers ask for.
    rows_are_written_whole, app => {
        let world = World::build(app).await;
        let path = format!("/residents/{}", unknown());
        let form = row(&world, "W.F.", "wheeled");
        world.manager.put(&path, &form).await.expect(201);
        assert_eq!(world.manager.put(&path, &form).await.expect(200).header("idempotent-replay"), Some("true"));
        let mut other = form.clone();
        other["night_helper"] = json!(null);
        assert_eq!(world.manager.put(&path, &other).await.expect(409).code(), "id_taken");
        other["expected_version"] = json!(7);
        assert_eq!(world.manager.put(&path, &other).await.expect(412).code(), "stale");
        other["expected_version"] = json!(1);
        let answer = world.manager.put(&path, &other).await.expect(200);
        assert_eq!((answer.header("etag"), &answer.body["night_helper"]), (Some("\"2\""), &json!(null)));
        assert_eq!(world.manager.put(&path, &other).await.expect(200).header("idempotent-replay"), Some("true"));
        let mut able = row(&world, "L.M.", "self");
        able["night_helper"] = json!(null);
        able["floor"] = json!(1);
        world.manager.put(&format!("/residents/{}", unknown()), &able).await.expect(201);
        for (filter, count) in [("", 2), ("?without_night_helper=true", 1), ("?floor=1", 1), ("?building=2号楼", 0), ("?evac_class=wheeled&floor=3", 1)] {
            let list = world.manager.get(&format!("/institutions/{}/residents{filter}", world.home_a1)).await.expect(200);
            assert_eq!(list.item_ids().len(), count, "{filter}");
        }
        for (field, value, code) in [("label", json!("51090319450101234X"), "id_number"), ("room", json!("510903 19450101 2345"), "id_number"),
            ("reviewed_on", json!("2026-03-11"), "in_future"), ("floor", json!(101), "out_of_range"),
            ("flags", json!(["hearing_loss", "hearing_loss"]), "duplicate")] {
            let mut wrong = form.clone();
            wrong[field] = value;
            let answer = world.manager.put(&format!("/residents/{}", unknown()), &wrong).await.expect(422);
            assert_eq!(answer.faults(), [(format!("/{field}"), code.to_owned())]);
        }
    }

    /// Whoever sends the same change at the same moment is told that it is so, whoever was first.
    the_same_change_at_once, app => {
        let world = World::build(app).await;
        let (resident, member) = (format!("/residents/{}", unknown()), format!("/staff/{}", unknown()));
        let mut person = json!({ "institution_id": world.home_a1, "name": "陈静", "post": "护理员", "started_on": "2025-06-01" });
        world.manager.put(&resident, &row(&world, "W.F.", "wheeled")).await.expect(201);
        world.manager.put(&member, &person).await.expect(201);
        for version in 1..=5 {
            let mut changed = row(&world, &format!("W.{version}"), "wheeled");
            changed["expected_version"] = json!(version);
            person["post"] = json!(format!("护理员{version}"));
            person["expected_version"] = json!(version);
            let changes = (0..16).map(|n| if n % 2 == 0 { (&resident, &changed) } else { (&member, &person) });
            let answers = join_all(changes.map(|(path, form)| world.manager.put(path, form))).await;
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(statuses, [200; 16], "version {version}");
        }
        let left = json!({ "left_on": "2026-03-09" });
        let departure = format!("{resident}/departure");
        let answers = join_all((0..8).map(|_| world.manager.put(&departure, &left))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
    }

    /// A home that is closed for good takes nobody new; what it has is still changed and ended.
    a_closed_home_takes_nobody_new, app => {
        let world = World::build(app).await;
        let (resident, member) = (format!("/residents/{}", unknown()), format!("/staff/{}", unknown()));
        let mut row = row(&world, "W.F.", "wheeled");
        let mut person = json!({ "institution_id": world.home_a1, "name": "陈静", "post": "护理员", "started_on": "2025-06-01" });
        world.manager.put(&resident, &row).await.expect(201);
        world.manager.put(&member, &person).await.expect(201);
        let home = format!("/institutions/{}", world.home_a1);
        world.admin.patch(&home, &json!({ "status": "closed", "expected_version": 1 })).await.expect(200);
        for (path, form) in [("residents", &row), ("staff", &person)] {
            let answer = world.manager.put(&format!("/{path}/{}", unknown()), form).await.expect(409);
            assert_eq!(answer.code(), "institution_not_operating", "{path}");
        }
        row["expected_version"] = json!(1);
        row["room"] = json!("306");
        world.manager.put(&resident, &row).await.expect(200);
        world.manager.put(&format!("{resident}/departure"), &json!({ "left_on": "2026-03-09" })).await.expect(201);
        person["expected_version"] = json!(1);
        person["left_on"] = json!("2026-03-09");
        world.manager.put(&member, &person).await.expect(200);
    }

    /// A helper named by the list of staff is of this home's.
    helpers_are_of_the_home, app => {
        let world = World::build(app).await;
        let (own, strange) = (unknown(), unknown());
        let staff = |home: Value| json!({ "institution_id": home, "name": "陈静", "post": "护理员", "started_on": "2025-06-01" });
        world.manager.put(&format!("/staff/{own}"), &staff(json!(world.home_a1))).await.expect(201);
        world.manager_b.put(&format!("/staff/{strange}"), &staff(json!(world.home_b1))).await.expect(201);
        let mut form = row(&world, "W.F.", "wheeled");
        form["night_helper"] = json!({ "staff_id": own, "name": "陈静" });
        world.manager.put(&format!("/residents/{}", unknown()), &form).await.expect(201);
        for other in [strange, unknown()] {
            form["night_helper"]["staff_id"] = json!(other);
            let answer = world.manager.put(&format!("/residents/{}", unknown()), &form).await.expect(422);
            assert_eq!(answer.faults(), [("/night_helper/staff_id".to_owned(), "unknown_reference".to_owned())]);
        }
    }

    /// Who works there and who has left; the last day of work is a day of work.
    staff_come_and_go, app => {
        let world = World::build(app).await;
        let list = async |state: &str| {
            let path = format!("/institutions/{}/staff{state}", world.home_a1);
            world.inspector.get(&path).await.expect(200).item_ids().len()
        };
        let path = format!("/staff/{}", unknown());
        let mut form = json!({ "institution_id": world.home_a1, "name": "陈静", "post": "护理员", "started_on": "2025-06-01",
            "qualifications": [{ "name": "现场指挥官培训", "obtained_on": "2026-01-12" }] });
        world.manager.put(&path, &form).await.expect(201);
        assert_eq!((list("").await, list("?state=working").await, list("?state=left").await), (1, 1, 0));
        form["left_on"] = json!("2026-03-10");
        form["expected_version"] = json!(1);
        world.manager.put(&path, &form).await.expect(200);
        assert_eq!((list("?state=working").await, list("?state=left").await), (1, 0), "today is the last day");
        form["left_on"] = json!("2026-03-09");
        form["expected_version"] = json!(2);
        world.manager.put(&path, &form).await.expect(200);
        assert_eq!((list("").await, list("?state=working").await, list("?state=left").await), (1, 0, 1));
        form["left_on"] = json!("2025-05-31");
        form["expected_version"] = json!(3);
        let answer = world.manager.put(&path, &form).await.expect(422);
        assert_eq!(answer.faults(), [("/left_on".to_owned(), "too_early".to_owned())]);
        for account in [json!(world.manager_b.id), json!(world.supervisor.id)] {
            let form = json!({ "institution_id": world.home_a1, "name": "陈静", "post": "护理员", "started_on": "2025-06-01", "user_id": account });
            let answer = world.manager.put(&format!("/staff/{}", unknown()), &form).await.expect(422);
            assert_eq!(answer.faults(), [("/user_id".to_owned(), "unknown_reference".to_owned())]);
        }
        form = json!({ "institution_id": world.home_a1, "name": "王芳", "post": "院长", "started_on": "2025-06-01", "user_id": world.manager.id });
        world.manager.put(&format!("/staff/{}", unknown()), &form).await.expect(201);
    }
}
