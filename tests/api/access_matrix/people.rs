//! The calls of the matrix about staff, commanders and residents.

use super::{Fixture, unknown};
use crate::support::{Person, TestApp, World};
use anlao::access::Role;
use anlao::ids::InstitutionId;
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

/// What there is of each kind at one institution.
pub struct People {
    /// Answers for it.
    keeper: Person,
    staff: String,
    staff_form: Value,
    resident: String,
    resident_form: Value,
}

pub fn staff(home: &Value, name: &str) -> Value {
    json!({ "institution_id": home, "name": name, "post": "护理员", "phone": "13900000001", "started_on": "2025-06-01" })
}

pub fn resident(home: &Value, label: &str) -> Value {
    json!({ "institution_id": home, "label": label, "room": "305", "building": "1号楼", "floor": 3, "fire_compartment": "3东",
        "evac_class": "wheeled", "night_helper": { "name": "李梅" }, "reviewed_on": "2026-03-01" })
}

impl People {
    pub async fn build(app: &TestApp, name: &str, home: InstitutionId) -> Self {
        let at = json!(home);
        let said = |text: &str| if name == "elsewhere" { format!("CANARY {text}") } else { text.to_owned() };
        let scope = ScopeForm::Institutions { institutions: vec![home] };
        let keeper = app.person(&format!("keeper-of-{name}"), Role::Manager, scope).await;
        let (staff, staff_form) = (unknown(), staff(&at, &said("陈静")));
        keeper.put(&format!("/staff/{staff}"), &staff_form).await.expect(201);
        let (resident, resident_form) = (unknown(), resident(&at, &said("W.F.")));
        keeper.put(&format!("/residents/{resident}"), &resident_form).await.expect(201);
        Self { keeper, staff, staff_form, resident, resident_form }
    }

    pub fn ids(&self) -> [String; 2] {
        [&self.staff, &self.resident].map(Clone::clone)
    }

    /// Whether an operation is one of these.
    pub fn concern(operation: &str) -> bool {
        ["/staff", "/residents"].iter().any(|word| operation.contains(word))
    }
}

/// The path and the body of an operation about the things of one relation.
pub async fn call(fixture: &Fixture, target: &str, operation: &str, sent: &mut Option<Value>) -> String {
    let place = fixture.places.get(target);
    let people = place.map(|place| &place.people);
    let home = place.map_or_else(unknown, |place| place.institution.to_string());
    let of = |id: fn(&People) -> &String| people.map_or_else(unknown, |people| id(people).clone());
    let own = json!(fixture.world.home_a1);
    let (path, body) = match operation {
        "GET /institutions/{id}/staff" => (format!("/institutions/{home}/staff"), None),
        "GET /staff/{id}" => (format!("/staff/{}", of(|p| &p.staff)), None),
        "PUT /staff/{id}" => {
            let form = people.map_or_else(|| staff(&own, "李梅"), |people| people.staff_form.clone());
            (format!("/staff/{}", of(|p| &p.staff)), Some(form))
        }
        "GET /institutions/{id}/residents" => (format!("/institutions/{home}/residents"), None),
        "GET /residents/{id}" => (format!("/residents/{}", of(|p| &p.resident)), None),
        "PUT /residents/{id}" => {
            let form = people.map_or_else(|| resident(&own, "L.M."), |people| people.resident_form.clone());
            (format!("/residents/{}", of(|p| &p.resident)), Some(form))
        }
        "PUT /residents/{id}/departure" => {
            let id = unknown();
            if let (Some(place), Some(people)) = (place, people) {
                let spare = resident(&json!(place.institution), "Z.Q.");
                people.keeper.put(&format!("/residents/{id}"), &spare).await.expect(201);
            }
            (format!("/residents/{id}/departure"), Some(json!({ "left_on": "2026-03-09" })))
        }
        other => panic!("{other} is not called here"),
    };
    *sent = body;
    path
}

/// A valid write for each of these operations: who sends it, where to, what.
pub fn writes(world: &World) -> Vec<(&'static str, &Person, String, Value)> {
    let home = json!(world.home_a1);
    let somebody = format!("/residents/{}", unknown());
    vec![
        ("PUT /staff/{id}", &world.manager, format!("/staff/{}", unknown()), staff(&home, "李梅")),
        ("PUT /residents/{id}", &world.manager, somebody.clone(), resident(&home, "L.M.")),
        (
            "PUT /residents/{id}/departure",
            &world.manager,
            format!("{somebody}/departure"),
            json!({ "left_on": "2026-03-09" }),
        ),
    ]
}
