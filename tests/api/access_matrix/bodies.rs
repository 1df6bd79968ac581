//! What may stand in a body: no reference to another tenant's things, no property that is not ours to set.

use super::{
    campaign_form, document, drills, institution_form, office_document, operations, people, plans, readiness,
    unknown, visits,
};
use crate::on_both_databases;
use crate::support::{Answer, PASSWORD, Person, Photo, TestApp, World, records};
use anlao::access::Role;
use anlao::users::model::ScopeForm;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The properties of a schema, references and `allOf` followed.
fn properties(document: &Value, schema: &Value) -> BTreeSet<String> {
    if let Some(name) = schema["$ref"].as_str() {
        return properties(document, document.pointer(name.trim_start_matches('#')).unwrap());
    }
    let parts = schema["allOf"].as_array().cloned().unwrap_or_default();
    let own = schema["properties"].as_object().cloned().unwrap_or_default();
    parts
        .iter()
        .flat_map(|part| properties(document, part))
        .chain(own.into_iter().map(|(name, _)| name))
        .collect()
}

fn written(document: &Value, operation: &Value) -> Option<BTreeSet<String>> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    (!schema.is_null()).then(|| properties(document, schema))
}

fn read(document: &Value, operation: &Value) -> BTreeSet<String> {
    let answers = operation["responses"].as_object().unwrap();
    let schemas = answers.iter().filter(|(status, _)| status.starts_with('2'));
    schemas
        .flat_map(|(_, answer)| properties(document, &answer["content"]["application/json"]["schema"]))
        .collect()
}

/// A write that would succeed: who sends it, where to, what.
struct Write {
    by: Person,
    path: String,
    body: Value,
}

impl Write {
    async fn send(&self, operation: &str, body: &Value) -> Answer {
        let method: Method = operation.split(' ').next().unwrap().parse().unwrap();
        self.by.send(self.by.request(method, &self.path).json(body)).await
    }
}

/// What an office orders, writes and decides: campaigns, notices, rules.
async fn of_the_office<'a>(
    world: &'a World,
    admin: &'a Person,
    hazard: &str,
) -> Vec<(&'static str, &'a Person, String, Value)> {
    let campaign = unknown();
    let form = campaign_form(&json!(world.county_a), "岁末排查");
    world.supervisor.put(&format!("/campaigns/{campaign}"), &form).await.expect(201);
    let start = format!("/campaigns/{campaign}/actions/{}", unknown());
    world.supervisor.put(&start, &json!({ "kind": "start" })).await.expect(201);
    let notice = world.issued(&world.notice(&[hazard])).await;
    vec![
        (
            "PUT /campaigns/{id}",
            &world.supervisor,
            format!("/campaigns/{}", unknown()),
            campaign_form(&json!(world.county_a), "岁末排查"),
        ),
        (
            "PATCH /campaigns/{id}",
            &world.supervisor,
            format!("/campaigns/{campaign}"),
            json!({ "note": "补充说明", "expected_version": 2 }),
        ),
        (
            "PUT /campaigns/{id}/actions/{action_id}",
            &world.supervisor,
            format!("/campaigns/{campaign}/actions/{}", unknown()),
            json!({ "kind": "exempt", "institution_id": world.home_a2, "reason": "整体搬迁" }),
        ),
        ("PUT /notices/{id}", &world.supervisor, format!("/notices/{}", unknown()), world.notice(&[hazard])),
        (
            "PUT /notices/{id}/steps/{step_id}",
            &world.supervisor,
            format!("/notices/{notice}/steps/{}", unknown()),
            json!({ "kind": "void", "text": "事实有误" }),
        ),
        (
            "PUT /rule-adoptions/{id}",
            admin,
            format!("/rule-adoptions/{}", unknown()),
            json!({ "document": "drills-us-k712", "version": 1, "area_id": world.town_a1, "effective_from": "2026-03-10" }),
        ),
        (
            "POST /rule-adoptions/{id}/retire",
            admin,
            format!("/rule-adoptions/{}/retire", unknown()),
            json!({ "last_day": "2026-03-10", "reason": "改用新版", "expected_version": 1 }),
        ),
        (
            "PUT /rules/{document}/{version}",
            admin,
            "/rules/wu-yu/1".into(),
            json!({ "text": office_document("wu-yu"), "owner_area_id": world.town_a1 }),
        ),
        (
            "POST /rules/{document}/{version}/retire",
            admin,
            "/rules/wu-yu/1/retire".into(),
            json!({ "reason": "条文有误" }),
        ),
    ]
}

/// A valid write for each operation that takes a JSON body.
async fn writes(app: &TestApp, world: &World) -> BTreeMap<String, Write> {
    let county = ScopeForm::Areas { areas: vec![world.county_a] };
    let admin = app.person("county-admin", Role::Admin, county).await;
    let hazard = world.registered(&world.hazard(&[])).await;
    let photo = Photo::before();
    let homes = json!({ "kind": "institutions", "institutions": [world.home_a1] });
    let scope = json!({ "kind": "areas", "areas": [world.town_a1] });
    let all = [
        (
            "PUT /areas/{id}",
            &admin,
            format!("/areas/{}", unknown()),
            json!({ "parent_id": world.county_a, "code": "510903777", "name": "新镇" }),
        ),
        (
            "PATCH /areas/{id}",
            &admin,
            format!("/areas/{}", world.town_a2),
            json!({ "name": "新名", "expected_version": 1 }),
        ),
        (
            "POST /auth/login",
            &world.inspector,
            "/auth/login".into(),
            json!({ "username": "inspector", "password": PASSWORD }),
        ),
        (
            "POST /auth/password",
            &world.inspector,
            "/auth/password".into(),
            json!({ "token": "0", "new_password": "窗台上的花盆每天早上要浇一次水" }),
        ),
        (
            "POST /me/second-factor",
            &world.inspector,
            "/me/second-factor".into(),
            json!({ "current_password": PASSWORD }),
        ),
        (
            "POST /me/second-factor/confirmation",
            &world.inspector,
            "/me/second-factor/confirmation".into(),
            json!({ "totp": "123456" }),
        ),
        (
            "POST /me/second-factor/proof",
            &world.inspector,
            "/me/second-factor/proof".into(),
            json!({ "totp": "123456" }),
        ),
        (
            "POST /auth/refresh",
            &world.inspector,
            "/auth/refresh".into(),
            json!({ "refresh_token": world.inspector.refresh }),
        ),
        (
            "POST /auth/setup",
            &world.inspector,
            "/auth/setup".into(),
            json!({ "token": "0", "username": "first",
            "display_name": "首位", "password": "窗台上的花盆每天早上要浇一次水" }),
        ),
        (
            "PUT /exports/{id}",
            &world.supervisor,
            format!("/exports/{}", unknown()),
            json!({ "format": "csv" }),
        ),
        ("PUT /hazards/{id}", &world.inspector, format!("/hazards/{}", unknown()), world.hazard(&[&photo])),
        (
            "PUT /hazards/{id}/actions/{action_id}",
            &world.supervisor,
            format!("/hazards/{hazard}/actions/{}", unknown()),
            json!({ "kind": "comment", "note": "看过了" }),
        ),
        (
            "PUT /institutions/{id}",
            &admin,
            format!("/institutions/{}", unknown()),
            institution_form(world.town_a1, "新院"),
        ),
        (
            "PATCH /institutions/{id}",
            &admin,
            format!("/institutions/{}", world.home_a2),
            json!({ "beds": 90, "expected_version": 1 }),
        ),
        (
            "POST /me/password",
            &world.second_inspector,
            "/me/password".into(),
            json!({ "current_password": PASSWORD, "new_password": "窗台上的花盆每天早上要浇一次水" }),
        ),
        (
            "PUT /users/{id}",
            &admin,
            format!("/users/{}", unknown()),
            json!({ "username": "new-person", "display_name": "新人", "role": "manager", "scope": homes }),
        ),
        (
            "PATCH /users/{id}",
            &admin,
            format!("/users/{}", world.auditor.id),
            json!({ "scope": scope, "expected_version": 1 }),
        ),
    ];
    let write = |(operation, by, path, body): (&str, &Person, String, Value)| {
        (operation.to_owned(), Write { by: by.clone(), path, body })
    };
    let office = of_the_office(world, &admin, &hazard).await;
    all.into_iter()
        .chain(office)
        .chain(visits::writes(world))
        .chain(people::writes(world))
        .chain(plans::writes(world))
        .chain(drills::writes(world).await)
        .chain(readiness::writes(world).await)
        .map(write)
        .collect()
}

/// What a property of an answer could look like in a body.
fn value_of(name: &str) -> Value {
    match name {
        "id" | "registered_by" | "closed_by" | "recurrence_of" => json!(unknown()),
        "version" | "level" | "rework_count" | "days_overdue" | "expires_in" => json!(7),
        "disabled" | "listed" | "overdue" | "self_found" | "has_password" => json!(true),
        "role" => json!("admin"),
        "status" => json!("closed"),
        _ => json!("2026-03-10T00:00:00Z"),
    }
}

/// The same value with ids that stand for nothing.
fn unknown_ids(value: &Value) -> Value {
    match value {
        Value::String(text) if uuid::Uuid::try_parse(text).is_ok() => json!(unknown()),
        Value::Array(items) => items.iter().map(unknown_ids).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), unknown_ids(value))).collect(),
        other => other.clone(),
    }
}

on_both_databases! {
    /// A property that only answers have is refused by name, and so are the usual ones to try; nothing changes.
    no_mass_assignment, app => {
        let world = World::build(app).await;
        let (document, operations) = (document(), operations());
        let writes = writes(app, &world).await;
        let mut tried = 0;
        for (name, operation) in &operations {
            let Some(written) = written(&document, operation) else { continue };
            let write = writes.get(name).unwrap_or_else(|| panic!("no valid write for {name}"));
            let mut extra = read(&document, operation);
            let usual = ["id", "role", "tenant", "tenant_id", "created_at", "sha256", "status", "is_admin", "password_hash", "__proto__"];
            extra.extend(usual.map(str::to_owned));
            let before = records(app).await;
            for property in extra.difference(&written) {
                let mut body = write.body.clone();
                body[property.as_str()] = value_of(property);
                let answer = write.send(name, &body).await.expect(422);
                assert_eq!(answer.code(), "invalid", "{name} {property}");
                assert_eq!(answer.faults(), [(format!("/{property}"), "unknown_field".to_owned())], "{name}");
                tried += 1;
            }
            assert_eq!(before, records(app).await, "{name}: a refused property changed something");
        }
        assert!(tried > 150, "only {tried} properties were tried");
        eprintln!("mass assignment: {tried} properties on {:?}", app.backend);
    }

    /// The same below the top: declared photos cannot say that they are stored, a scope cannot hide a list.
    no_mass_assignment_below_the_top, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let document = document();
        let item = properties(&document, &json!({ "$ref": "#/components/schemas/EvidenceView" }));
        let declared = properties(&document, &json!({ "$ref": "#/components/schemas/DeclaredEvidence" }));
        let before = records(app).await;
        for property in item.difference(&declared) {
            let mut form = world.hazard(&[&photo]);
            form["evidence"][0][property.as_str()] = value_of(property);
            let answer = world.inspector.put(&format!("/hazards/{}", unknown()), &form).await.expect(422);
            let pointer = format!("/evidence/0/{property}");
            assert_eq!(answer.faults(), [(pointer, "unknown_field".to_owned())]);
        }
        let scopes = [
            json!({ "kind": "all", "areas": [world.county_a] }),
            json!({ "kind": "areas", "areas": [world.county_a], "institutions": [world.home_a1] }),
            json!({ "kind": "areas", "areas": [world.county_a], "kind_of": "all" }),
        ];
        for scope in scopes {
            let user = json!({ "username": "hidden-scope", "display_name": "新人", "role": "auditor", "scope": scope });
            world.admin.put(&format!("/users/{}", unknown()), &user).await.expect(422);
        }
        assert_eq!(before, records(app).await);
    }

    /// Every `*_id` of every write and every query, set to something of county B, is refused like something
    /// that does not exist, word for word.
    references_do_not_cross, app => {
        let world = World::build(app).await;
        let writes = writes(app, &world).await;
        let there = world.home_b1;
        let foreign: BTreeMap<&str, Value> = BTreeMap::from([
            ("PUT /areas/{id} parent_id", json!(world.county_b)),
            ("PATCH /areas/{id} parent_id", json!(world.county_b)),
            ("PUT /institutions/{id} area_id", json!(world.town_b1)),
            ("PATCH /institutions/{id} area_id", json!(world.town_b1)),
            ("PUT /hazards/{id} institution_id", json!(there)),
            ("PUT /campaigns/{id} area_id", json!(world.county_b)),
            ("PUT /campaigns/{id}/actions/{action_id} institution_id", json!(there)),
            ("PUT /notices/{id} institution_id", json!(there)),
            ("PUT /notices/{id} office_area_id", json!(world.county_b)),
            ("PUT /plans/{id} institution_id", json!(there)),
            ("PUT /rule-adoptions/{id} area_id", json!(world.town_b1)),
            ("PUT /rules/{document}/{version} owner_area_id", json!(world.county_b)),
            ("PUT /drills/{id} institution_id", json!(there)),
            ("PUT /drills/{id} plan_id", json!(unknown())),
            ("PUT /drills/{id}/record institution_id", json!(there)),
            ("PUT /drills/{id}/record plan_id", json!(unknown())),
            ("PUT /drills/{id}/taps observer_id", json!(unknown())),
            ("PUT /inspections/{id} institution_id", json!(there)),
            ("PUT /inspections/{id}/record institution_id", json!(there)),
            ("PUT /external-orders/{id} institution_id", json!(there)),
            ("PUT /self-checks/{id} institution_id", json!(there)),
            ("PUT /trainings/{id} institution_id", json!(there)),
            ("PUT /warnings/{id} area_id", json!(world.county_b)),
            ("PUT /warning-reports/{id} institution_id", json!(there)),
            ("PUT /warning-reports/{id} warning_id", json!(unknown())),
            ("PUT /staff/{id} institution_id", json!(there)),
            ("PUT /staff/{id} user_id", json!(world.manager_b.id)),
            ("PUT /residents/{id} institution_id", json!(there)),
            ("PUT /command-assignments/{id} institution_id", json!(there)),
            ("PUT /handovers/{id} institution_id", json!(there)),
            ("PUT /users/{id} scope", json!({ "kind": "institutions", "institutions": [there] })),
            ("PATCH /users/{id} scope", json!({ "kind": "areas", "areas": [world.county_b] })),
        ]);
        let (document, operations) = (document(), operations());
        let mut tried = 0;
        for (name, operation) in &operations {
            let Some(written) = written(&document, operation) else { continue };
            let ids = written.iter().filter(|property| property.ends_with("_id") || *property == "scope");
            for property in ids.filter(|property| *property != "evidence_id") {
                let cell = format!("{name} {property}");
                let foreign = foreign.get(cell.as_str()).unwrap_or_else(|| panic!("nothing foreign for {cell}"));
                let (write, before) = (&writes[name], records(app).await);
                let mut body = write.body.clone();
                body[property.as_str()] = foreign.clone();
                let answer = write.send(name, &body).await.expect(422);
                assert!(answer.faults().iter().all(|(_, code)| code == "unknown_reference"), "{cell}: {}", answer.body);
                body[property.as_str()] = unknown_ids(foreign);
                let other = write.send(name, &body).await.expect(422);
                assert_eq!(other.body["errors"], answer.body["errors"], "{cell}");
                assert_eq!(before, records(app).await, "{cell}");
                tried += 1;
            }
        }
        assert_eq!(tried, foreign.len());
        let queries = [
            format!("/hazards?institution_id={there}"), format!("/hazards?area_id={}", world.county_b),
            format!("/institutions?area_id={}", world.town_b1), format!("/overview?area_id={}", world.county_b),
            format!("/audit?institution_id={there}"), format!("/checklist-items?area_id={}", world.county_b),
            format!("/rules?area_id={}", world.county_b),
            format!("/drills?institution_id={there}"), format!("/drills?area_id={}", world.county_b),
            format!("/institutions/{there}/drills"),
            format!("/inspections?institution_id={there}"),
            format!("/inspections?area_id={}", world.county_b), format!("/external-orders?institution_id={there}"),
            format!("/campaigns?area_id={}", world.county_b),
            format!("/warnings?area_id={}", world.county_b),
            format!("/notices?institution_id={there}"),
            format!("/notices?area_id={}", world.county_b),
            format!("/command-gaps?area_id={}", world.county_b),
        ];
        for query in queries {
            world.supervisor.get(&query).await.expect(404);
        }
        for query in [format!("/areas?parent_id={}", world.county_b),
            format!("/audit?institution_id={}&object_id={there}", world.home_a1)] {
            assert_eq!(world.supervisor.get(&query).await.expect(200).body["items"], json!([]), "{query}");
        }
    }

    /// Photos, steps and hazards of county B cannot be taken over by naming their ids.
    ids_of_others_are_taken, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let mut form = world.hazard(&[&photo]);
        form["institution_id"] = json!(world.home_b1);
        let (hazard, step) = (unknown(), unknown());
        world.inspector_b.put(&format!("/hazards/{hazard}"), &form).await.expect(201);
        let comment = json!({ "kind": "comment", "note": "看过了" });
        world.inspector_b.put(&format!("/hazards/{hazard}/actions/{step}"), &comment).await.expect(201);
        let mine = world.registered(&world.hazard(&[])).await;
        let before = records(app).await;
        world.inspector.put(&format!("/hazards/{}", unknown()), &world.hazard(&[&photo])).await.expect(409);
        let with_photo = json!({ "kind": "comment", "note": "看过了", "evidence": [photo.declared()] });
        world.inspector.act(&mine, &with_photo).await.expect(409);
        world.inspector.put(&format!("/hazards/{mine}/actions/{step}"), &comment).await.expect(404);
        world.inspector.put(&format!("/hazards/{hazard}"), &world.hazard(&[])).await.expect(404);
        let waive = json!({ "kind": "waive_evidence", "evidence_id": photo.id, "reason": "照片丢失" });
        let waived = world.supervisor.act(&mine, &waive).await;
        assert!([409, 422].contains(&waived.status), "{}", waived.body);
        photo.upload(&world.inspector).await.expect(404);
        assert_eq!(before, records(app).await);
    }
}
