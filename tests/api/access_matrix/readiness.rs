//! The calls of the matrix about trainings and warnings.

use super::{Fixture, unknown};
use crate::support::{Person, TestApp, World};
use anlao::access::Role;
use anlao::ids::{AreaId, InstitutionId};
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

/// What there is of each kind at one institution.
pub struct Readiness {
    training: String,
    training_form: Value,
    warning: String,
    warning_form: Value,
    /// The home on the warning's list.
    warned: InstitutionId,
    seen: Value,
    report: String,
    report_form: Value,
}

pub fn training(home: &Value, trainer: &str) -> Value {
    json!({ "institution_id": home, "topic": "fire-training", "audience": ["staff"], "started_at": "2026-03-09T06:30:00Z",
        "minutes": 60, "place": "一楼活动室", "trainer": trainer, "attended": 12 })
}

pub fn warning(area: &Value, text: &str) -> Value {
    json!({ "area_id": area, "source": "遂宁市气象台", "kind": "cold_wave", "level": "blue", "text": text,
        "issued_at": "2026-03-10T00:30:00Z", "valid_to": "2026-03-12T00:30:00Z", "report_every_minutes": 720 })
}

fn report(warning: &str, home: &Value, text: &str) -> Value {
    json!({ "warning_id": warning, "institution_id": home, "situation": "watching", "moved": 0, "text": text })
}

impl Readiness {
    pub async fn build(app: &TestApp, world: &World, name: &str, area: AreaId, home: InstitutionId) -> Self {
        // The neighbour's warning went to another town: what comes to the same town concerns both homes.
        let warned = if name == "neighbour" { world.home_a2 } else { home };
        let said = if name == "elsewhere" { "CANARY-TRAINER" } else { "李强" };
        let scope = ScopeForm::Institutions {
            institutions: if warned == home { vec![home] } else { vec![home, warned] },
        };
        let keeper = app.person(&format!("trainer-of-{name}"), Role::Manager, scope).await;
        let (training, training_form) = (unknown(), training(&json!(home), said));
        keeper.put(&format!("/trainings/{training}"), &training_form).await.expect(201);
        let (warning, warning_form) = (unknown(), self::warning(&json!(area), said));
        world.city_supervisor.put(&format!("/warnings/{warning}"), &warning_form).await.expect(201);
        let seen = json!({ "by": said, "measures": said });
        keeper.put(&format!("/warnings/{warning}/acknowledgements/{warned}"), &seen).await.expect(201);
        let (report, report_form) = (unknown(), self::report(&warning, &json!(warned), said));
        keeper.put(&format!("/warning-reports/{report}"), &report_form).await.expect(201);
        Self { training, training_form, warning, warning_form, warned, seen, report, report_form }
    }

    pub fn ids(&self) -> [String; 3] {
        [self.training.clone(), self.warning.clone(), self.report.clone()]
    }

    /// Whether an operation is one of these.
    pub fn concern(operation: &str) -> bool {
        operation.contains("/training") || operation.contains("/warning")
    }
}

/// The path and the body of an operation about the things of one relation.
pub fn call(fixture: &Fixture, target: &str, operation: &str, sent: &mut Option<Value>) -> String {
    let place = fixture.places.get(target);
    let own = json!(fixture.world.home_a1);
    let home = place.map_or_else(unknown, |place| place.institution.to_string());
    let training = place.map_or_else(unknown, |place| place.readiness.training.clone());
    let ready = place.map(|place| &place.readiness);
    let warning = ready.map_or_else(unknown, |ready| ready.warning.clone());
    let warned = ready.map_or_else(unknown, |ready| ready.warned.to_string());
    match operation {
        "GET /warnings" => {
            format!("/warnings?area_id={}", place.map_or_else(unknown, |place| place.area.to_string()))
        }
        "GET /warnings/{id}" => format!("/warnings/{warning}"),
        "GET /warnings/{id}/targets" => format!("/warnings/{warning}/targets"),
        "GET /warnings/{id}/reports" => format!("/warnings/{warning}/reports?institution_id={warned}"),
        "GET /institutions/{id}/warnings" => format!("/institutions/{home}/warnings"),
        "PUT /warnings/{id}" => {
            let area = json!(fixture.world.town_a1);
            *sent =
                Some(ready.map_or_else(|| self::warning(&area, "寒潮"), |ready| ready.warning_form.clone()));
            format!("/warnings/{warning}")
        }
        "PUT /warnings/{id}/actions/{action_id}" => {
            *sent = Some(json!({ "kind": "all_clear" }));
            format!("/warnings/{warning}/actions/{}", unknown())
        }
        "PUT /warnings/{id}/acknowledgements/{institution_id}" => {
            *sent = Some(ready.map_or_else(|| json!({ "by": "陈静" }), |ready| ready.seen.clone()));
            format!("/warnings/{warning}/acknowledgements/{warned}")
        }
        "PUT /warning-reports/{id}" => {
            let known = &fixture.places["own"].readiness.warning;
            *sent = Some(ready.map_or_else(|| report(known, &own, "好"), |ready| ready.report_form.clone()));
            format!("/warning-reports/{}", ready.map_or_else(unknown, |ready| ready.report.clone()))
        }
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
pub async fn writes(world: &World) -> Vec<(&'static str, &Person, String, Value)> {
    let (home, area) = (json!(world.home_a1), json!(world.town_a1));
    let relayed = unknown();
    world.supervisor.put(&format!("/warnings/{relayed}"), &warning(&area, "寒潮")).await.expect(201);
    vec![
        ("PUT /trainings/{id}", &world.manager, format!("/trainings/{}", unknown()), training(&home, "李强")),
        (
            "PUT /warnings/{id}",
            &world.supervisor,
            format!("/warnings/{}", unknown()),
            warning(&area, "大风降温"),
        ),
        (
            "PUT /warnings/{id}/actions/{action_id}",
            &world.supervisor,
            format!("/warnings/{relayed}/actions/{}", unknown()),
            json!({ "kind": "all_clear" }),
        ),
        (
            "PUT /warnings/{id}/acknowledgements/{institution_id}",
            &world.manager,
            format!("/warnings/{relayed}/acknowledgements/{}", world.home_a1),
            json!({ "by": "陈静" }),
        ),
        (
            "PUT /warning-reports/{id}",
            &world.manager,
            format!("/warning-reports/{}", unknown()),
            report(&relayed, &home, "好"),
        ),
    ]
}
