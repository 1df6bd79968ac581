//! The calls of the matrix about plans.

use super::{Fixture, unknown, version};
use crate::plans::whole;
use crate::support::{Person, TestApp, World};
use anlao::access::Role;
use anlao::ids::InstitutionId;
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

/// What there is of plans at one institution.
pub struct Plans {
    draft: String,
    form: Value,
    in_force: String,
}

pub fn form(home: &Value, title: &str) -> Value {
    let mut content = whole();
    content["title"] = json!(title);
    json!({ "institution_id": home, "content": content })
}

impl Plans {
    pub async fn build(app: &TestApp, name: &str, home: InstitutionId) -> Self {
        let title =
            if name == "elsewhere" { "CANARY-TITLE 金丝雀己" } else { "灭火和应急疏散预案" };
        let form = form(&json!(home), title);
        let scope = ScopeForm::Institutions { institutions: vec![home] };
        let writer = app.person(&format!("writer-of-{name}"), Role::Manager, scope.clone()).await;
        let approver = app.person(&format!("approver-of-{name}"), Role::Manager, scope).await;
        let (draft, in_force) = (unknown(), unknown());
        for id in [&draft, &in_force] {
            writer.put(&format!("/plans/{id}"), &form).await.expect(201);
        }
        let approve =
            json!({ "kind": "approve", "on": "2026-03-02", "by": { "name": "李强" }, "post": "院长" });
        for step in [approve, json!({ "kind": "put_in_force", "on": "2026-03-05" })] {
            approver.put(&format!("/plans/{in_force}/actions/{}", unknown()), &step).await.expect(201);
        }
        Self { draft, form, in_force }
    }

    pub fn ids(&self) -> [String; 2] {
        [self.draft.clone(), self.in_force.clone()]
    }

    /// Whether an operation is one of these.
    pub fn concern(operation: &str) -> bool {
        operation.contains("/plan")
    }
}

/// The path and the body of an operation about the things of one relation.
pub async fn call(fixture: &Fixture, target: &str, operation: &str, sent: &mut Option<Value>) -> String {
    let place = fixture.places.get(target);
    let plans = place.map(|place| &place.plans);
    let home = place.map_or_else(unknown, |place| place.institution.to_string());
    let draft = plans.map_or_else(unknown, |plans| plans.draft.clone());
    let in_force = plans.map_or_else(unknown, |plans| plans.in_force.clone());
    let (path, body) = match operation {
        "GET /plans/{id}" => (format!("/plans/{in_force}"), None),
        "PUT /plans/{id}" => {
            let own = || form(&json!(fixture.world.home_a1), "灭火和应急疏散预案");
            (format!("/plans/{draft}"), Some(plans.map_or_else(own, |plans| plans.form.clone())))
        }
        "PATCH /plans/{id}" => {
            let path = format!("/plans/{draft}");
            let version = version(fixture, &path).await;
            (path, Some(json!({ "content": whole(), "expected_version": version })))
        }
        "PUT /plans/{id}/actions/{action_id}" => {
            let step = json!({ "kind": "file", "on": "2026-03-06", "department": "民政局" });
            (format!("/plans/{in_force}/actions/{}", unknown()), Some(step))
        }
        "GET /institutions/{id}/plan" => (format!("/institutions/{home}/plan"), None),
        "GET /institutions/{id}/plans" => (format!("/institutions/{home}/plans"), None),
        other => panic!("{other} is not called here"),
    };
    *sent = body;
    path
}

/// A valid write for each of these operations: who sends it, where to, what.
pub fn writes(world: &World) -> Vec<(&'static str, &Person, String, Value)> {
    let plan = format!("/plans/{}", unknown());
    vec![
        ("PUT /plans/{id}", &world.manager, plan.clone(), form(&json!(world.home_a1), "灭火和应急疏散预案")),
        (
            "PATCH /plans/{id}",
            &world.manager,
            plan.clone(),
            json!({ "content": whole(), "expected_version": 1 }),
        ),
        (
            "PUT /plans/{id}/actions/{action_id}",
            &world.manager,
            format!("{plan}/actions/{}", unknown()),
            json!({ "kind": "discard", "reason": "重写" }),
        ),
    ]
}
