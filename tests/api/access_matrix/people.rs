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
    assignment: String,
    assignment_form: Value,
    handover: String,
    handover_form: Value,
}

pub fn staff(home: &Value, name: &str) -> Value {
    json!({ "institution_id": home, "name": name, "post": "护理员", "phone": "13900000001", "started_on": "2025-06-01" })
}

pub fn resident(home: &Value, label: &str) -> Value {
    json!({ "institution_id": home, "label": label, "room": "305", "building": "1号楼", "floor": 3, "fire_compartment": "3东",
        "evac_class": "wheeled", "night_helper": { "name": "李梅" }, "reviewed_on": "2026-03-01" })
}

/// The night of this March day, or of another.
pub fn command(home: &Value, day: u32, name: &str) -> Value {
    json!({ "institution_id": home, "day": format!("2026-03-{day}"), "shift": "night", "person": { "name": name },
        "phone": "13900000001", "authority": { "authorised_by": "王芳" } })
}

pub fn roster(day: u32, name: &str) -> Value {
    json!({ "authority": { "authorised_by": "王芳" }, "assignments": [{ "id": unknown(), "day": format!("2026-04-{day}"),
        "shift": "night", "person": { "name": name }, "phone": "13900000001" }] })
}

pub fn handover(home: &Value, name: &str) -> Value {
    json!({ "institution_id": home, "real_event": false, "at": "2026-03-09T19:12:00Z", "to": { "name": name } })
}

fn shifts() -> Value {
    json!({ "shifts": [{ "shift": "day", "from": "08:00:00", "to": "20:00:00" }, { "shift": "night", "from": "20:00:00", "to": "08:00:00" }] })
}

fn succession() -> Value {
    json!({ "steps": [{ "post": "院长" }] })
}

fn staffing() -> Value {
    json!({ "zones": [{ "building": "1号楼", "fire_compartment": "3东", "staff": 2 }] })
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
        for (what, form) in
            [("shifts", shifts()), ("succession", succession()), ("night-staffing", staffing())]
        {
            keeper.put(&format!("/institutions/{home}/{what}"), &form).await.expect(201);
        }
        let (assignment, assignment_form) = (unknown(), command(&at, 11, &said("陈静")));
        keeper.put(&format!("/command-assignments/{assignment}"), &assignment_form).await.expect(201);
        let (handover, handover_form) = (unknown(), handover(&at, &said("陈静")));
        keeper.put(&format!("/handovers/{handover}"), &handover_form).await.expect(201);
        Self {
            keeper,
            staff,
            staff_form,
            resident,
            resident_form,
            assignment,
            assignment_form,
            handover,
            handover_form,
        }
    }

    pub fn ids(&self) -> [String; 4] {
        [&self.staff, &self.resident, &self.assignment, &self.handover].map(Clone::clone)
    }

    /// Whether an operation is one of these.
    pub fn concern(operation: &str) -> bool {
        const WORDS: [&str; 9] = [
            "/staff",
            "/residents",
            "/shifts",
            "/succession",
            "/command",
            "/handovers",
            "/night-staffing",
            "/night-sufficiency",
            "/command-gaps",
        ];
        WORDS.iter().any(|word| operation.contains(word))
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
        "GET /institutions/{id}/commander"
        | "GET /institutions/{id}/command-roster"
        | "GET /institutions/{id}/handovers"
        | "GET /institutions/{id}/shifts"
        | "GET /institutions/{id}/succession"
        | "GET /institutions/{id}/night-staffing"
        | "GET /institutions/{id}/night-sufficiency" => {
            (operation.trim_start_matches("GET ").replace("{id}", &home), None)
        }
        "PUT /institutions/{id}/shifts" => (format!("/institutions/{home}/shifts"), Some(shifts())),
        "PUT /institutions/{id}/succession" => {
            (format!("/institutions/{home}/succession"), Some(succession()))
        }
        "PUT /institutions/{id}/night-staffing" => {
            (format!("/institutions/{home}/night-staffing"), Some(staffing()))
        }
        "PUT /institutions/{id}/command-roster" => {
            (format!("/institutions/{home}/command-roster"), Some(roster(20, "李梅")))
        }
        "GET /command-assignments/{id}" => (format!("/command-assignments/{}", of(|p| &p.assignment)), None),
        "PUT /command-assignments/{id}" => {
            let form =
                people.map_or_else(|| command(&own, 14, "李梅"), |people| people.assignment_form.clone());
            (format!("/command-assignments/{}", of(|p| &p.assignment)), Some(form))
        }
        "PUT /command-assignments/{id}/cancellation" => {
            let id = unknown();
            if let (Some(place), Some(people)) = (place, people) {
                // Called by every role in turn: what the one before left there is named.
                let spare = command(&json!(place.institution), 16, "李梅");
                let path = format!("/command-assignments/{id}");
                let answer = people.keeper.put(&path, &spare).await;
                if answer.status == 409 {
                    let mut over = spare.clone();
                    over["replaces"] = json!([answer.body["current"]["assignments"][0]["id"]]);
                    people.keeper.put(&path, &over).await.expect(201);
                }
            }
            (format!("/command-assignments/{id}/cancellation"), Some(json!({ "reason": "临时调班" })))
        }
        "GET /command-gaps" => {
            let area = place.map_or_else(unknown, |place| place.area.to_string());
            (format!("/command-gaps?area_id={area}"), None)
        }
        "GET /handovers/{id}" => (format!("/handovers/{}", of(|p| &p.handover)), None),
        "PUT /handovers/{id}" => {
            let form = people.map_or_else(|| handover(&own, "李梅"), |people| people.handover_form.clone());
            (format!("/handovers/{}", of(|p| &p.handover)), Some(form))
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
    let assigned = format!("/command-assignments/{}", unknown());
    let of_home = |what: &str| format!("/institutions/{}/{what}", world.home_a1);
    vec![
        ("PUT /institutions/{id}/shifts", &world.manager, of_home("shifts"), shifts()),
        ("PUT /institutions/{id}/succession", &world.manager, of_home("succession"), succession()),
        ("PUT /institutions/{id}/night-staffing", &world.manager, of_home("night-staffing"), staffing()),
        (
            "PUT /institutions/{id}/command-roster",
            &world.manager,
            of_home("command-roster"),
            roster(21, "李梅"),
        ),
        ("PUT /command-assignments/{id}", &world.manager, assigned.clone(), command(&home, 22, "李梅")),
        (
            "PUT /command-assignments/{id}/cancellation",
            &world.manager,
            format!("{assigned}/cancellation"),
            json!({ "reason": "临时调班" }),
        ),
        ("PUT /handovers/{id}", &world.manager, format!("/handovers/{}", unknown()), handover(&home, "李梅")),
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
