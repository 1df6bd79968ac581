//! The same again is confirmed, something else under the same id is refused, and of many at once one wins.

use crate::on_both_databases;
use crate::support::{Answer, Person, Photo, Step, TestApp, World};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// What makes one thing, sent a hundred times at once.
async fn a_hundred_times(person: &Person, path: &str, body: &Value) -> Vec<Answer> {
    join_all((0..100).map(|_| person.put(path, body))).await
}

/// One made it, ninety-nine found it made, all with the same version.
#[track_caller]
fn one_made_it(answers: &[Answer], what: &str) {
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    let odd = answers.iter().find(|answer| !matches!(answer.status, 200 | 201));
    assert!(odd.is_none(), "{what}: {:?}", odd.map(|answer| (answer.status, answer.body.clone())));
    assert_eq!(made.len(), 1, "{what}");
    for answer in answers {
        let replayed = answer.header("idempotent-replay");
        assert_eq!(replayed, (answer.status == 200).then_some("true"), "{what}");
        assert_eq!(answer.header("etag"), made[0].header("etag"), "{what}");
    }
}

/// How many things were written down about an object, refusals aside.
async fn entries_about(app: &TestApp, id: &str) -> usize {
    let id: uuid::Uuid = id.parse().unwrap();
    let rows = app.db().read(move |conn| {
        use anlao::db::schema::audit_entries::dsl::{action, audit_entries, object_id, result};
        use diesel::prelude::*;
        let id = anlao::ids::ChainId(id);
        let about = audit_entries
            .filter(object_id.assume_not_null().eq(id))
            .filter(result.eq("done").and(action.ne("chain.opened")));
        Ok(about.select(result).load::<String>(conn)?)
    });
    rows.await.unwrap().len()
}

/// Sends the same a hundred times at once, then something else once, and returns where it stands.
async fn made_once(app: &TestApp, person: &Person, folder: &str, body: &Value, other: &Value) -> String {
    let id = uuid::Uuid::now_v7().to_string();
    let path = format!("{folder}/{id}");
    one_made_it(&a_hundred_times(person, &path, body).await, folder);
    assert_eq!(entries_about(app, &id).await, 1, "{folder}");
    let before = person.get(&path).await;
    let refused = person.put(&path, other).await.expect(409);
    assert_eq!(refused.code(), "id_taken", "{folder}");
    assert_eq!(person.get(&path).await.body, before.body, "{folder} changed");
    assert_eq!(entries_about(app, &id).await, 1, "{folder}");
    id
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut other = body.clone();
    other[field] = value;
    other
}

on_both_databases! {
    /// Areas, institutions and accounts are made once.
    places_and_people_are_made_once, app => {
        let world = World::build(app).await;
        let area = json!({ "parent_id": world.county_a, "code": "510903103", "name": "永兴镇" });
        made_once(app, &world.admin, "/areas", &area, &with(&area, "name", json!("永兴街道"))).await;
        let home = json!({ "area_id": world.town_a1, "name": "龙凤镇第二敬老院", "ownership": "public", "beds": 40 });
        made_once(app, &world.admin, "/institutions", &home, &with(&home, "beds", json!(41))).await;
        let user = json!({ "username": "li.qiang", "display_name": "李强", "role": "inspector",
            "scope": { "kind": "areas", "areas": [world.county_a] } });
        made_once(app, &world.admin, "/users", &user, &with(&user, "display_name", json!("李小强"))).await;
    }
}

on_both_databases! {
    /// A hazard is registered once, however often the phone repeats itself.
    a_hazard_is_registered_once, app => {
        let world = World::build(app).await;
        let form = world.hazard(&[&Photo::before()]);
        let other = with(&form, "description", json!("别的内容"));
        made_once(app, &world.inspector, "/hazards", &form, &other).await;
        let list = world.city_supervisor.get("/hazards").await.expect(200);
        assert_eq!(list.item_ids().len(), 1);
        assert_eq!(world.city_supervisor.get("/overview").await.body["totals"]["total"], 1);
    }
}

on_both_databases! {
    /// A step is taken once; its id stands for it on this hazard alone.
    a_step_is_taken_once, app => {
        let world = World::build(app).await;
        let (id, other) = (world.registered(&world.hazard(&[])).await, world.registered(&world.hazard(&[])).await);
        let action = uuid::Uuid::now_v7();
        let path = format!("/hazards/{id}/actions/{action}");
        one_made_it(&a_hundred_times(&world.manager, &path, &Step::submit()).await, "a step");
        let hazard = world.manager.get(&format!("/hazards/{id}")).await.expect(200).body;
        assert_eq!((&hazard["version"], hazard["timeline"].as_array().unwrap().len()), (&json!(2), 2));
        assert_eq!(entries_about(app, &id).await, 2, "the registration and the step");
        let changed = with(&Step::submit(), "measure", json!("别的措施"));
        assert_eq!(world.manager.put(&path, &changed).await.expect(409).code(), "id_taken");
        let elsewhere = format!("/hazards/{other}/actions/{action}");
        assert_eq!(world.manager.put(&elsewhere, &Step::submit()).await.expect(409).code(), "id_taken");
        assert_eq!(world.manager.get(&format!("/hazards/{other}")).await.body["version"], 1);
        // A phone that hears of it only after the hazard went on is told so all the same.
        let late = with(&Step::submit(), "expected_version", json!(1));
        let replay = world.manager.put(&path, &late).await.expect(200);
        assert_eq!(replay.header("idempotent-replay"), Some("true"));
    }
}

on_both_databases! {
    /// A photo's bytes are stored once.
    a_photo_is_stored_once, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        world.registered(&world.hazard(&[&photo])).await;
        let answers = join_all((0..100).map(|_| photo.upload(&world.inspector))).await;
        one_made_it(&answers, "a photo");
        assert_eq!(entries_about(app, &photo.id).await, 1);
        let other = Photo::of("before", 3);
        let refused = photo.upload_as(&world.inspector, other.bytes).await;
        assert!(refused.status == 409 || refused.status == 422, "{}", refused.body);
        assert_eq!(entries_about(app, &photo.id).await, 1);
    }
}

on_both_databases! {
    /// Sameness is of what is meant: the order of keys and the blanks between them do not matter.
    the_spelling_does_not_matter, app => {
        let world = World::build(app).await;
        let id = uuid::Uuid::now_v7();
        let one = format!(r#"{{"institution_id":"{}","category":"other","location":"东门","description":"外墙砖松动","severity":"general","found_at":"2026-03-10T01:58:00Z"}}"#, world.home_a1);
        let two = format!("{{ \"found_at\" : \"2026-03-10T09:58:00+08:00\",\n\t\"severity\":\"general\", \"description\":\"\\u5916墙砖松动\", \"location\":\"东门\", \"category\":\"other\", \"checklist_item\": null, \"evidence\": [], \"institution_id\":\"{}\" }}", world.home_a1);
        let send = async |text: String| {
            let request = world.inspector.request(Method::PUT, &format!("/hazards/{id}"));
            world.inspector.send(request.header("content-type", "application/json").body(text)).await
        };
        send(one).await.expect(201);
        send(two).await.expect(200);
    }
}

on_both_databases! {
    /// Of fifty who saw the same version one goes through; the others are told that they are late.
    one_writer_wins, app => {
        let world = World::build(app).await;
        let id = world.registered(&world.hazard(&[])).await;
        let step = json!({ "kind": "submit", "measure": "改由固定插座供电", "expected_version": 1 });
        let answers = join_all((0..50).map(|n| {
            let person = if n % 2 == 0 { &world.manager } else { &world.second_manager };
            person.act(&id, &step)
        }))
        .await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409 | 412)));
        let path = format!("/institutions/{}", world.home_a1);
        let change = json!({ "residents": 60, "expected_version": 1 });
        let answers = join_all((0..50).map(|_| world.admin.patch(&path, &change))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 49);
    }
}

on_both_databases! {
    /// Those who did not say which version they saw wait for each other: fifty comments are fifty comments.
    writers_without_a_version_wait, app => {
        let world = World::build(app).await;
        let id = world.registered(&world.hazard(&[])).await;
        let note = json!({ "kind": "comment", "note": "已电话告知" });
        let answers = join_all((0..50).map(|_| world.inspector.act(&id, &note))).await;
        let odd = answers.iter().find(|answer| answer.status != 201);
        assert!(odd.is_none(), "{:?}", odd.map(|answer| answer.body.clone()));
        assert_eq!(world.inspector.get(&format!("/hazards/{id}")).await.body["version"], 51);
    }
}

on_both_databases! {
    /// Two supervisors decide the same request at the same moment: one decides.
    one_approver_wins, app => {
        let world = World::build(app).await;
        for _ in 0..5 {
            let mut form = world.hazard(&[]);
            form["checklist_item"] = json!("E02");
            let id = world.registered(&form).await;
            world.manager.act(&id, &Step::request_extension("2026-04-01")).await.expect(201);
            let (yes, no) = (Step::decide("decide_extension", true), Step::decide("decide_extension", false));
            let answers = join_all([world.supervisor.act(&id, &yes), world.second_supervisor.act(&id, &no)]).await;
            let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409]);
            let hazard = world.manager.get(&format!("/hazards/{id}")).await.body;
            let expected = if answers[0].status == 201 { "2026-04-01" } else { "2026-03-25" };
            assert_eq!((&hazard["deadline"], &hazard["version"]), (&json!(expected), &json!(3)));
        }
    }
}
