//! The calls of the matrix about inspections, external orders and self-checks.

use super::{Fixture, unknown, version};
use crate::support::{Person, TestApp, World};
use anlao::access::Role;
use anlao::ids::InstitutionId;
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

/// What there is of each kind at one institution.
pub struct Visits {
    planned: String,
    plan: Value,
    visited: String,
    record: Value,
    order: String,
    order_form: Value,
    check: String,
    check_form: Value,
}

/// Who goes where: the people of its own county.
fn inspector(world: &World, name: &str) -> Value {
    json!(if name == "elsewhere" { world.inspector_b.id } else { world.inspector.id })
}

pub fn plan(home: &Value, inspector: &Value) -> Value {
    json!({ "institution_id": home, "kind": "daily", "planned_from": "2026-03-09", "planned_to": "2026-03-13",
        "inspectors": [inspector] })
}

pub fn record(home: &Value, inspector: &Value, note: &str) -> Value {
    json!({ "institution_id": home, "kind": "daily", "started_at": "2026-03-10T00:30:00Z", "ended_at": "2026-03-10T01:50:00Z",
        "inspectors": [inspector], "answers": [{ "item": "E01", "result": "pass" }], "note": note,
        "inspector_signatures": [{ "name": "王芳", "signed_at": "2026-03-10T01:50:00Z" }],
        "institution_signature": { "outcome": "refused", "reason": "负责人不在场", "noted_by": "王芳", "noted_at": "2026-03-10T01:50:00Z" } })
}

pub fn order(home: &Value, text: &str) -> Value {
    json!({ "institution_id": home, "kind": "stop_use", "issuer": "船山区消防救援大队", "issued_on": "2026-03-02", "text": text })
}

pub fn check(home: &Value, remark: &str) -> Value {
    json!({ "institution_id": home, "kind": "fire_patrol", "performed_at": "2026-03-10T00:00:00Z", "performed_by": "陈静",
        "remark": remark })
}

impl Visits {
    pub async fn build(app: &TestApp, world: &World, name: &str, home: InstitutionId) -> Self {
        let (at, inspector) = (json!(home), inspector(world, name));
        let said = if name == "elsewhere" { "CANARY-VISIT 金丝雀丁" } else { "一切照常" };
        let mut plan = plan(&at, &inspector);
        plan["note"] = json!(said);
        let (record, order_form) = (record(&at, &inspector, said), order(&at, said));
        let check_form = check(&at, said);
        let (planned, visited, order, check) = (unknown(), unknown(), unknown(), unknown());
        let by = &world.city_supervisor;
        by.put(&format!("/inspections/{planned}"), &plan).await.expect(201);
        by.put(&format!("/inspections/{visited}/record"), &record).await.expect(201);
        by.put(&format!("/external-orders/{order}"), &order_form).await.expect(201);
        let scope = ScopeForm::Institutions { institutions: vec![home] };
        let manager = app.person(&format!("manager-of-{name}"), Role::Manager, scope).await;
        manager.put(&format!("/self-checks/{check}"), &check_form).await.expect(201);
        Self { planned, plan, visited, record, order, order_form, check, check_form }
    }

    pub fn ids(&self) -> [String; 4] {
        [&self.planned, &self.visited, &self.order, &self.check].map(Clone::clone)
    }

    /// Whether an operation is one of these.
    pub fn concern(operation: &str) -> bool {
        ["inspections", "external-orders", "self-check"].iter().any(|word| operation.contains(word))
    }
}

/// The path and the body of an operation about the things of one relation.
pub async fn call(fixture: &Fixture, target: &str, operation: &str, sent: &mut Option<Value>) -> String {
    let (world, place) = (&fixture.world, fixture.places.get(target));
    let visits = place.map(|place| &place.visits);
    let home = place.map_or_else(unknown, |place| place.institution.to_string());
    let of = |id: fn(&Visits) -> &String| visits.map_or_else(unknown, |visits| id(visits).clone());
    let (own, me) = (json!(world.home_a1), json!(world.inspector.id));
    let (path, body) = match operation {
        "GET /inspections" => (format!("/inspections?institution_id={home}"), None),
        "GET /inspections/{id}" => (format!("/inspections/{}", of(|v| &v.planned)), None),
        "PUT /inspections/{id}" => {
            let form = visits.map_or_else(|| plan(&own, &me), |visits| visits.plan.clone());
            (format!("/inspections/{}", of(|v| &v.planned)), Some(form))
        }
        "PATCH /inspections/{id}" => {
            let path = format!("/inspections/{}", of(|v| &v.planned));
            let version = version(fixture, &path).await;
            (path, Some(json!({ "planned_to": "2026-03-20", "expected_version": version })))
        }
        "PUT /inspections/{id}/amendments/{amendment_id}" => {
            let path = format!("/inspections/{}/amendments/{}", of(|v| &v.visited), unknown());
            (path, Some(json!({ "reason": "写错了", "text": "应为二楼" })))
        }
        "PUT /inspections/{id}/cancellation" => {
            let id = unknown();
            if let Some(place) = place {
                let spare = plan(&json!(place.institution), &inspector(world, target));
                world.city_supervisor.put(&format!("/inspections/{id}"), &spare).await.expect(201);
            }
            (format!("/inspections/{id}/cancellation"), Some(json!({ "reason": "改期" })))
        }
        "PUT /inspections/{id}/record" => {
            let form = visits.map_or_else(|| record(&own, &me, "看过了"), |visits| visits.record.clone());
            (format!("/inspections/{}/record", of(|v| &v.visited)), Some(form))
        }
        "GET /external-orders" => (format!("/external-orders?institution_id={home}"), None),
        "GET /external-orders/{id}" => (format!("/external-orders/{}", of(|v| &v.order)), None),
        "PUT /external-orders/{id}" => {
            let form = visits.map_or_else(|| order(&own, "停用"), |visits| visits.order_form.clone());
            (format!("/external-orders/{}", of(|v| &v.order)), Some(form))
        }
        "PUT /external-orders/{id}/lift" => {
            let path = format!("/external-orders/{}/lift", of(|v| &v.order));
            (path, Some(json!({ "lifted_on": "2026-03-09", "reason": "复查合格" })))
        }
        "GET /institutions/{id}/self-checks" => (format!("/institutions/{home}/self-checks"), None),
        "GET /institutions/{id}/self-check-status" => {
            (format!("/institutions/{home}/self-check-status"), None)
        }
        "GET /self-checks/{id}" => (format!("/self-checks/{}", of(|v| &v.check)), None),
        "PUT /self-checks/{id}" => {
            let form = visits.map_or_else(|| check(&own, "无异常"), |visits| visits.check_form.clone());
            (format!("/self-checks/{}", of(|v| &v.check)), Some(form))
        }
        other => panic!("{other} is not called here"),
    };
    *sent = body;
    path
}

/// A valid write for each of these operations: who sends it, where to, what.
pub fn writes(world: &World) -> Vec<(&'static str, &Person, String, Value)> {
    let (home, me) = (json!(world.home_a1), json!(world.inspector.id));
    let (inspection, order) =
        (format!("/inspections/{}", unknown()), format!("/external-orders/{}", unknown()));
    vec![
        ("PUT /external-orders/{id}", &world.supervisor, order.clone(), self::order(&home, "停用")),
        (
            "PUT /external-orders/{id}/lift",
            &world.supervisor,
            format!("{order}/lift"),
            json!({ "lifted_on": "2026-03-09", "reason": "复查合格" }),
        ),
        ("PUT /inspections/{id}", &world.inspector, inspection.clone(), plan(&home, &me)),
        (
            "PATCH /inspections/{id}",
            &world.supervisor,
            inspection.clone(),
            json!({ "note": "带好测电笔", "expected_version": 1 }),
        ),
        (
            "PUT /inspections/{id}/cancellation",
            &world.supervisor,
            format!("{inspection}/cancellation"),
            json!({ "reason": "改期" }),
        ),
        (
            "PUT /inspections/{id}/record",
            &world.inspector,
            format!("/inspections/{}/record", unknown()),
            record(&home, &me, "看过了"),
        ),
        (
            "PUT /inspections/{id}/amendments/{amendment_id}",
            &world.inspector,
            format!("{inspection}/amendments/{}", unknown()),
            json!({ "reason": "写错了", "text": "应为二楼" }),
        ),
        (
            "PUT /self-checks/{id}",
            &world.manager,
            format!("/self-checks/{}", unknown()),
            check(&home, "无异常"),
        ),
    ]
}
