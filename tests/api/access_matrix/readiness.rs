//! The calls of the matrix about trainings.

use super::{Fixture, unknown};
use crate::support::{Person, TestApp, World};
use anlao::access::Role;
use anlao::ids::InstitutionId;
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

/// What there is of each kind at one institution.
pub struct Readiness {
    training: String,
    training_form: Value,
}

pub fn training(home: &Value, trainer: &str) -> Value {
    json!({ "institution_id": home, "topic": "fire-training", "audience": ["staff"], "started_at": "2026-03-09T06:30:00Z",
        "minutes": 60, "place": "一楼活动室", "trainer": trainer, "attended": 12 })
}

impl Readiness {
    pub async fn build(app: &TestApp, name: &str, home: InstitutionId) -> Self {
        let said = if name == "elsewhere" { "CANARY-TRAINER" } else { "李强" };
        let scope = ScopeForm::Institutions { institutions: vec![home] };
        let keeper = app.person(&format!("trainer-of-{name}"), Role::Manager, scope).await;
        let (training, training_form) = (unknown(), training(&json!(home), said));
        keeper.put(&format!("/trainings/{training}"), &training_form).await.expect(201);
        Self { training, training_form }
    }

    pub fn ids(&self) -> [String; 1] {
        [self.training.clone()]
    }

    /// Whether an operation is one of these.
    pub fn concern(operation: &str) -> bool {
        operation.contains("/training")
    }
}

/// The path and the body of an operation about the things of one relation.
pub fn call(fixture: &Fixture, target: &str, operation: &str, sent: &mut Option<Value>) -> String {
    let place = fixture.places.get(target);
    let own = json!(fixture.world.home_a1);
    let home = place.map_or_else(unknown, |place| place.institution.to_string());
    let training = place.map_or_else(unknown, |place| place.readiness.training.clone());
    match operation {
        "GET /institutions/{id}/trainings" => format!("/institutions/{home}/trainings"),
        "GET /institutions/{id}/training-status" => format!("/institutions/{home}/training-status"),
        "GET /trainings/{id}" => format!("/trainings/{training}"),
        "PUT /trainings/{id}" => {
            let form = place.map(|place| place.readiness.training_form.clone());
            *sent = Some(form.unwrap_or_else(|| self::training(&own, "李强")));
            format!("/trainings/{training}")
        }
        other => panic!("{other} is not called here"),
    }
}

/// A valid write for each of these operations: who sends it, where to, what.
pub fn writes(world: &World) -> Vec<(&'static str, &Person, String, Value)> {
    let home = json!(world.home_a1);
    vec![(
        "PUT /trainings/{id}",
        &world.manager,
        format!("/trainings/{}", unknown()),
        training(&home, "李强"),
    )]
}
