//! The calls of the matrix about drills.

use super::{Fixture, unknown};
use crate::support::{Person, World};
use anlao::ids::InstitutionId;
use serde_json::{Value, json};

/// What there is of drills at one institution.
pub struct Drills {
    planned: String,
    plan: Value,
    recorded: String,
    record: Value,
    evaluation: Value,
    observer: String,
}

/// A phone that observes.
fn observer() -> Value {
    json!({ "name": "周涛", "post": "东侧楼梯口" })
}

/// A batch of nothing: what a phone sends to hear the server's time.
fn taps(observer: &str) -> Value {
    json!({ "observer_id": observer, "taps": [] })
}

pub fn plan(home: &Value, note: &str) -> Value {
    json!({ "institution_id": home, "kind": "full", "shift": "night", "window_from": "2026-03-12T14:00:00Z",
        "window_to": "2026-03-12T22:00:00Z", "announcement": { "residents_public": "informed", "staff": "window" }, "note": note })
}

pub fn record(home: &Value, note: &str) -> Value {
    json!({ "institution_id": home, "kind": "full", "timeline": { "alarm_at": "2026-03-09T18:10:00Z" },
        "commander": { "name": "陈静" }, "note": note })
}

fn evaluation(summary: &str) -> Value {
    json!({ "evaluator": { "name": "李强" }, "evaluated_on": "2026-03-10", "suitability": "executable", "sufficiency": "full",
        "people_in_place": "in_time", "supplies_in_place": "in_time", "coordination": "smooth", "effect": "reached", "summary": summary })
}

impl Drills {
    pub async fn build(world: &World, name: &str, home: InstitutionId) -> Self {
        let said = if name == "elsewhere" { "CANARY-DRILL 金丝雀己" } else { "一切照常" };
        let (plan, record) = (plan(&json!(home), said), record(&json!(home), said));
        let (planned, recorded, evaluation) = (unknown(), unknown(), evaluation(said));
        let by = &world.city_supervisor;
        by.put(&format!("/drills/{planned}"), &plan).await.expect(201);
        by.put(&format!("/drills/{recorded}/record"), &record).await.expect(201);
        by.put(&format!("/drills/{recorded}/evaluation"), &evaluation).await.expect(201);
        let observer = unknown();
        by.put(&format!("/drills/{recorded}/observers/{observer}"), &self::observer()).await.expect(201);
        Self { planned, plan, recorded, record, evaluation, observer }
    }

    pub fn ids(&self) -> [String; 3] {
        [self.planned.clone(), self.recorded.clone(), self.observer.clone()]
    }

    /// Whether an operation is one of these.
    pub fn concern(operation: &str) -> bool {
        operation.contains("drills")
    }
}

/// The path and the body of an operation about the drills of one relation.
pub async fn call(fixture: &Fixture, target: &str, operation: &str, sent: &mut Option<Value>) -> String {
    let (world, place) = (&fixture.world, fixture.places.get(target));
    let drills = place.map(|place| &place.drills);
    let home = place.map_or_else(unknown, |place| place.institution.to_string());
    let of = |id: fn(&Drills) -> &String| drills.map_or_else(unknown, |drills| id(drills).clone());
    let own = json!(world.home_a1);
    let (path, body) = match operation {
        "GET /drills" => (format!("/drills?institution_id={home}"), None),
        "GET /institutions/{id}/drills" => (format!("/institutions/{home}/drills"), None),
        "GET /drills/{id}" => (format!("/drills/{}", of(|d| &d.recorded)), None),
        "GET /drills/{id}/file" => (format!("/drills/{}/file", of(|d| &d.recorded)), None),
        "GET /drills/{id}/timeline" => (format!("/drills/{}/timeline", of(|d| &d.recorded)), None),
        "PUT /drills/{id}/observers/{observer}" => {
            (format!("/drills/{}/observers/{}", of(|d| &d.recorded), of(|d| &d.observer)), Some(observer()))
        }
        "PUT /drills/{id}/taps" => {
            (format!("/drills/{}/taps", of(|d| &d.recorded)), Some(taps(&of(|d| &d.observer))))
        }
        "PUT /drills/{id}" => {
            let form = drills.map_or_else(|| plan(&own, "夜间演练"), |drills| drills.plan.clone());
            (format!("/drills/{}", of(|d| &d.planned)), Some(form))
        }
        "PUT /drills/{id}/actions/{action_id}" => {
            let id = unknown();
            if let Some(place) = place {
                let spare = plan(&json!(place.institution), "待开始");
                world.city_supervisor.put(&format!("/drills/{id}"), &spare).await.expect(201);
            }
            (format!("/drills/{id}/actions/{}", unknown()), Some(json!({ "kind": "start" })))
        }
        "PUT /drills/{id}/evaluation" => {
            let form = drills.map_or_else(|| evaluation("好"), |drills| drills.evaluation.clone());
            (format!("/drills/{}/evaluation", of(|d| &d.recorded)), Some(form))
        }
        "PUT /drills/{id}/record" => {
            let form = drills.map_or_else(|| record(&own, "好"), |drills| drills.record.clone());
            (format!("/drills/{}/record", of(|d| &d.recorded)), Some(form))
        }
        other => panic!("{other} is not called here"),
    };
    *sent = body;
    path
}

/// A valid write for each of these operations: who sends it, where to, what. In this order each finds what it needs.
pub async fn writes(world: &World) -> Vec<(&'static str, &Person, String, Value)> {
    let home = json!(world.home_a1);
    let (drill, recorded) = (format!("/drills/{}", unknown()), format!("/drills/{}", unknown()));
    let (tapped, phone) = (format!("/drills/{}", unknown()), unknown());
    world.manager.put(&format!("{tapped}/record"), &record(&home, "好")).await.expect(201);
    world.manager.put(&format!("{tapped}/observers/{phone}"), &observer()).await.expect(201);
    vec![
        ("PUT /drills/{id}", &world.manager, drill.clone(), plan(&home, "夜间演练")),
        (
            "PUT /drills/{id}/actions/{action_id}",
            &world.manager,
            format!("{drill}/actions/{}", unknown()),
            json!({ "kind": "start" }),
        ),
        (
            "PUT /drills/{id}/observers/{observer}",
            &world.manager,
            format!("{tapped}/observers/{}", unknown()),
            observer(),
        ),
        ("PUT /drills/{id}/taps", &world.manager, format!("{tapped}/taps"), taps(&phone)),
        ("PUT /drills/{id}/record", &world.manager, format!("{recorded}/record"), record(&home, "好")),
        ("PUT /drills/{id}/evaluation", &world.manager, format!("{recorded}/evaluation"), evaluation("好")),
    ]
}
