//! Who may do what to whose: every operation × role × relation, from `access_matrix.csv`.
//!
//! A cell is the status that a role gets for an object that is its own, its neighbour's (the same area,
//! another institution), elsewhere (another county) or unknown. Whatever is refused changes nothing, and
//! no answer to somebody of county A holds anything of county B.

mod bodies;
mod drills;
mod leaks;
mod people;
mod plans;
mod readiness;
mod visits;

use crate::on_both_databases;
use crate::support::{Answer, Person, Photo, TestApp, World, records};
use anlao::access::Role;
use anlao::ids::{AreaId, InstitutionId, SessionId};
use anlao::users::model::ScopeForm;
use drills::Drills;
use people::People;
use plans::Plans;
use readiness::Readiness;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use visits::Visits;

const MATRIX: &str = include_str!("access_matrix.csv");
const ROLES: [&str; 6] = ["anonymous", "inspector", "manager", "supervisor", "auditor", "admin"];
const TARGETS: [&str; 4] = ["own", "neighbour", "elsewhere", "unknown"];

/// One line of the matrix: an operation, a relation, and a status for each role.
struct Row {
    operation: String,
    target: String,
    expected: Vec<u16>,
}

fn matrix() -> Vec<Row> {
    let lines = MATRIX.lines().skip(1).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut cells = line.split(',');
            let mut next = || cells.next().unwrap().to_owned();
            let (operation, target) = (next(), next());
            let expected: Vec<u16> = cells.map(|cell| cell.parse().unwrap()).collect();
            assert_eq!(expected.len(), ROLES.len(), "a cell is missing: {line}");
            Row { operation, target, expected }
        })
        .collect()
}

fn document() -> Value {
    serde_json::to_value(anlao::app::document()).unwrap()
}

/// Every operation of the document: `GET /areas/{id}` and its description.
fn operations() -> BTreeMap<String, Value> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let path = path.strip_prefix("/api/v1").unwrap();
        let methods = item.as_object().unwrap().iter();
        methods
            .map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation.clone()))
    });
    all.collect()
}

/// The names of an operation's parameters that say which object is meant.
fn references(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let names =
        parameters.iter().filter(|one| one["in"] != "header").map(|one| one["name"].as_str().unwrap());
    names.filter(|name| *name == "id" || name.ends_with("_id")).map(str::to_owned).collect()
}

/// Nothing can be forgotten: the matrix names exactly the operations there are, each with every relation.
#[test]
fn the_matrix_is_complete() {
    let operations = operations();
    let mut cells = BTreeSet::new();
    for row in matrix() {
        assert!(operations.contains_key(&row.operation), "there is no operation {}", row.operation);
        assert!(
            cells.insert((row.operation.clone(), row.target.clone())),
            "twice: {} {}",
            row.operation,
            row.target
        );
    }
    for (name, operation) in &operations {
        let wanted: &[&str] = if references(operation).is_empty() { &["-"] } else { &TARGETS };
        for target in wanted {
            assert!(cells.remove(&(name.clone(), (*target).to_owned())), "no cells for {name}, {target}");
        }
    }
    assert!(cells.is_empty(), "rows for relations that do not exist: {cells:?}");
}

/// The objects of one relation.
struct Place {
    area: AreaId,
    institution: InstitutionId,
    hazard: String,
    hazard_form: Value,
    campaign: String,
    notice: String,
    notice_form: Value,
    photo: Photo,
    user: String,
    user_form: Value,
    session: SessionId,
    visits: Visits,
    people: People,
    plans: Plans,
    drills: Drills,
    readiness: Readiness,
}

/// The world of the matrix: county A's people, and objects of their own, their neighbour's and of county B.
struct Fixture {
    world: World,
    county_admin: Person,
    places: BTreeMap<&'static str, Place>,
    canaries: Vec<String>,
}

impl Fixture {
    async fn build(app: &TestApp) -> Self {
        let world = World::build(app).await;
        let county = ScopeForm::Areas { areas: vec![world.county_a] };
        let county_admin = app.person("county-admin", Role::Admin, county).await;
        let mut places = BTreeMap::new();
        let own = place(app, &world, "own", world.town_a1, world.home_a1).await;
        let neighbour = place(app, &world, "neighbour", world.town_a2, world.home_a1_neighbour).await;
        let elsewhere = place(app, &world, "elsewhere", world.town_b1, world.home_b1).await;
        let canaries = canaries(&world, &elsewhere).await;
        places.insert("own", own);
        places.insert("neighbour", neighbour);
        places.insert("elsewhere", elsewhere);
        Self { world, county_admin, places, canaries }
    }

    fn person(&self, app: &TestApp, role: &str) -> Person {
        match role {
            "inspector" => self.world.inspector.clone(),
            "manager" => self.world.manager.clone(),
            "supervisor" => self.world.supervisor.clone(),
            "auditor" => self.world.auditor.clone(),
            "admin" => self.county_admin.clone(),
            _ => app.anonymous(),
        }
    }

    /// Nothing of county B is in an answer to somebody of county A.
    #[track_caller]
    fn assert_no_leak(&self, what: &str, answer: &Answer) {
        let headers = format!("{:?}", answer.headers);
        let body = String::from_utf8_lossy(&answer.bytes);
        for canary in &self.canaries {
            assert!(!body.contains(canary.as_str()), "{what}: the body holds {canary}: {body}");
            assert!(!headers.contains(canary.as_str()), "{what}: the headers hold {canary}: {headers}");
        }
    }
}

/// Somebody logged in once more as an existing account.
async fn again(app: &TestApp, person: &Person) -> Person {
    let id = person.id;
    let tokens = app
        .as_system(move |tx| {
            anlao::sessions::login::start(tx.conn, &tx.office.keys, id, None, tx.origin, tx.now)
        })
        .await;
    Person::new(app, id, &person.username, Some(tokens.access), Some(tokens.refresh))
}

fn session_of(app: &TestApp, person: &Person) -> SessionId {
    let token = person.access.as_deref().unwrap();
    app.office().keys.verify_access(token, app.clock.now()).unwrap().session
}

async fn place(app: &TestApp, world: &World, name: &str, area: AreaId, home: InstitutionId) -> Place {
    // Different pictures, so that a digest tells whose it is.
    let photo = Photo::of(
        "before",
        if name == "own" {
            3
        } else if name == "neighbour" {
            5
        } else {
            7
        },
    );
    let mut hazard_form = world.hazard(&[&photo]);
    hazard_form["institution_id"] = json!(home);
    if name == "elsewhere" {
        hazard_form["description"] = json!("CANARY-DESCRIPTION 金丝雀甲");
        hazard_form["location"] = json!("CANARY-LOCATION 金丝雀乙");
    }
    let hazard = uuid::Uuid::now_v7().to_string();
    world.city_supervisor.put(&format!("/hazards/{hazard}"), &hazard_form).await.expect(201);
    photo.upload(&world.city_supervisor).await.expect(201);
    let campaign = unknown();
    let form = campaign_form(
        &json!(area),
        if name == "elsewhere" { "CANARY-CAMPAIGN 金丝雀戊" } else { "岁末排查" },
    );
    world.city_supervisor.put(&format!("/campaigns/{campaign}"), &form).await.expect(201);
    let (notice, mut notice_form) = (unknown(), world.notice(&[&hazard]));
    notice_form["office_area_id"] = json!(world.city);
    notice_form["institution_id"] = json!(home);
    if name == "elsewhere" {
        notice_form["reply_to"] = json!("CANARY-REPLY 金丝雀丁");
    }
    // What the matrix sends again must be confirmed, whoever sends it.
    world.city_supervisor.put(&format!("/notices/{notice}"), &notice_form).await.expect(201);
    let user = uuid::Uuid::now_v7().to_string();
    let user_form = json!({ "username": format!("target-{name}"), "display_name": if name == "elsewhere" { "CANARY-NAME" } else { "目标" },
        "role": "manager", "scope": { "kind": "institutions", "institutions": [home] } });
    world.admin.put(&format!("/users/{user}"), &user_form).await.expect(201);
    let owner = Person::new(app, anlao::ids::UserId(user.parse().unwrap()), name, None, None);
    let session = session_of(app, &again(app, &owner).await);
    let visits = Visits::build(app, world, name, home).await;
    let people = People::build(app, name, home).await;
    let plans = Plans::build(app, name, home).await;
    let drills = Drills::build(world, name, home).await;
    let readiness = Readiness::build(app, world, name, area, home).await;
    Place {
        area,
        institution: home,
        hazard,
        hazard_form,
        campaign,
        notice,
        notice_form,
        photo,
        user,
        user_form,
        session,
        visits,
        people,
        plans,
        drills,
        readiness,
    }
}

/// Texts, numbers and ids of county B that nobody of county A may ever see.
async fn canaries(world: &World, there: &Place) -> Vec<String> {
    let mut canaries = vec!["CANARY".to_owned(), "金丝雀".to_owned()];
    let area = json!({ "name": "CANARY-AREA", "name_en": "Canary Area CANARY", "expected_version": 1 });
    world.admin.patch(&format!("/areas/{}", there.area), &area).await.expect(200);
    let home = json!({ "name": "CANARY-HOME 金丝雀丙", "credit_code": "91110000802100433B", "legal_representative": "CANARY-LEGAL",
        "principal": "CANARY-PRINCIPAL", "phone": "CANARY-PHONE", "address": "CANARY-ADDRESS", "filing_number": "CANARY-FILING",
        "beds": 17731, "residents": 16613, "disabled_residents": 15511, "latitude": 12.345_678, "longitude": 98.765_432,
        "expected_version": 1 });
    world.admin.patch(&format!("/institutions/{}", there.institution), &home).await.expect(200);
    let comment = json!({ "kind": "comment", "note": "CANARY-NOTE" });
    let hazard = world.supervisor_b.act(&there.hazard, &comment).await.expect(201).body;
    let plan = json!({ "kind": "accept", "measure": "CANARY-MEASURE", "responsible_person": "CANARY-PERSON",
        "funds_yuan": 770_131, "contingency_plan": "CANARY-PLAN" });
    world.manager_b.act(&there.hazard, &plan).await.expect(201);
    for person in [&world.supervisor_b, &world.inspector_b, &world.manager_b] {
        let change =
            json!({ "display_name": "CANARY-PEOPLE", "phone": "CANARY-PHONE", "expected_version": 1 });
        world.admin.patch(&format!("/users/{}", person.id), &change).await.expect(200);
        canaries.extend([person.id.to_string(), format!("\"{}\"", person.username)]);
    }
    for number in ["91110000802100433B", ":17731", ":16613", ":15511", "12.345678", "98.765432", ":770131"] {
        canaries.push(number.to_owned());
    }
    canaries.extend([there.notice.clone(), there.campaign.clone()]);
    canaries.extend([there.hazard.clone(), there.photo.id.clone(), there.photo.sha256(), there.user.clone()]);
    canaries.extend([there.area, world.county_b, world.town_b2].iter().map(ToString::to_string));
    canaries.extend([there.institution.to_string(), there.session.to_string()]);
    canaries.extend(there.visits.ids());
    canaries.extend(there.people.ids());
    canaries.extend(there.plans.ids());
    canaries.extend(there.drills.ids());
    canaries.extend(there.readiness.ids());
    canaries.extend(["510904101", "安居区", "东禅镇", "target-elsewhere"].map(str::to_owned));
    canaries.push(hazard["number"].as_str().unwrap().to_owned());
    canaries.push(hazard["timeline"][1]["id"].as_str().unwrap().to_owned());
    canaries
}

/// One request of the matrix.
struct Call {
    by: Person,
    method: Method,
    path: String,
    body: Option<Value>,
    photo: Option<Photo>,
    file: Option<&'static str>,
}

impl Call {
    async fn send(&self) -> Answer {
        let mut request = self.by.request(self.method.clone(), &self.path);
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if let Some(photo) = &self.photo {
            let header = photo.digest_header();
            request = request.header("content-type", photo.media_type).header("content-digest", header);
            request = request.body(photo.bytes.clone());
        }
        if let Some(file) = self.file {
            request = request.header("content-type", "text/csv").body(file);
        }
        self.by.send(request).await
    }
}

/// A ledger of one row.
const LEDGER: &str = "排查时间,排查人,隐患部位,隐患名称,隐患等级\n2025-01-06,周一一,一层,杂物堆放,一般\n";

/// What is asked about a file that somebody brought in or had written.
fn is_of_files(operation: &str) -> bool {
    operation.starts_with("GET /exports/") || operation.starts_with("GET /imports/")
}

/// An import or export of the caller, of somebody else of the county, of county B, or of nobody.
async fn asked_for(fixture: &Fixture, what: &str, by: &Person, target: &str) -> String {
    let id = unknown();
    let owner = match target {
        "own" => by,
        "neighbour" => &fixture.world.second_supervisor,
        "elsewhere" => &fixture.world.supervisor_b,
        _ => return id,
    };
    if what == "exports" {
        owner.put(&format!("/exports/{id}"), &json!({ "format": "csv" })).await;
    } else {
        let request = owner.request(Method::PUT, &format!("/imports/{id}?kind=hazards"));
        owner.send(request.header("content-type", "text/csv").body(LEDGER)).await;
    }
    id
}

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The version of an object as its administrator of everything reads it; 1 for what does not exist.
async fn version(fixture: &Fixture, path: &str) -> i64 {
    fixture.world.admin.get(path).await.body["version"].as_i64().unwrap_or(1)
}

/// An empty area next to the place, for removing.
async fn spare_area(fixture: &Fixture, parent: AreaId) -> String {
    let id = unknown();
    let code = format!("{:09}", rand::random::<u32>() % 900_000_000);
    let form = json!({ "parent_id": parent, "code": code, "name": "一时之地" });
    fixture.world.admin.put(&format!("/areas/{id}"), &form).await.expect(201);
    id
}

fn institution_form(area: AreaId, name: &str) -> Value {
    json!({ "area_id": area, "name": name, "ownership": "public", "principal": "王芳", "beds": 80, "residents": 61,
        "disabled_residents": 22, "key_fire_unit": true })
}

/// A document of an office's own.
pub(crate) fn office_document(id: &str) -> String {
    include_str!("../../rules/elements.toml")
        .replace("id = \"pre-mechanism-default\"", &format!("id = \"{id}\""))
        .replace("level = \"national\"", "level = \"office\"")
}

/// What is sent to operations that concern nobody else's things.
fn fixed_body(operation: &str) -> Option<Value> {
    const FRESH: &str = "窗台上的花盆每天早上要浇一次水";
    Some(match operation {
        "POST /auth/password" => json!({ "token": "A".repeat(43), "new_password": FRESH }),
        "POST /auth/setup" => {
            json!({ "token": "0".repeat(40), "username": "intruder", "display_name": "外人",
            "password": FRESH })
        }
        "POST /me/second-factor" => json!({ "current_password": crate::support::PASSWORD }),
        "POST /me/second-factor/confirmation" | "POST /me/second-factor/proof" => json!({ "totp": "123456" }),
        _ => return None,
    })
}

fn campaign_form(area: &Value, name: &str) -> Value {
    json!({ "area_id": area, "name": name, "basis": "市民政局通知", "starts_on": "2026-03-01", "ends_on": "2026-03-31",
        "inspection_kind": "special" })
}

/// Path and body of an operation on campaigns.
fn campaign_request(operation: &str, place: Option<&Place>, own: &Place) -> (String, Option<Value>) {
    let campaign = place.map_or_else(unknown, |place| place.campaign.clone());
    let (_, template) = operation.split_once(' ').unwrap();
    let path = template.replace("{id}", &campaign).replace("{action_id}", &unknown());
    match operation {
        "GET /campaigns" => {
            let area = place.map_or_else(unknown, |place| place.area.to_string());
            (format!("/campaigns?area_id={area}"), None)
        }
        "PUT /campaigns/{id}" => (path, Some(campaign_form(&json!(place.unwrap_or(own).area), "岁末排查"))),
        "PATCH /campaigns/{id}" => (path, Some(json!({ "note": "补充说明", "expected_version": 1 }))),
        "PUT /campaigns/{id}/actions/{action_id}" => {
            (path, Some(json!({ "kind": "cancel", "reason": "并入市级专项" })))
        }
        _ => (path, None),
    }
}

/// Path and body of an operation on notices.
fn notice_request(
    fixture: &Fixture,
    operation: &str,
    place: Option<&Place>,
    home: &str,
    notice: &str,
) -> (String, Option<Value>) {
    match operation {
        "GET /notices" => (format!("/notices?institution_id={home}"), None),
        "PUT /notices/{id}" => {
            let fresh = || fixture.world.notice(&[fixture.places["own"].hazard.as_str()]);
            let form = place.map_or_else(fresh, |place| place.notice_form.clone());
            (format!("/notices/{notice}"), Some(form))
        }
        "PUT /notices/{id}/steps/{step_id}" => {
            let step = json!({ "kind": "serve", "how": "post", "recipient": "王芳", "served_at": "2026-03-10T02:00:00Z" });
            (format!("/notices/{notice}/steps/{}", unknown()), Some(step))
        }
        other => (other.trim_start_matches("GET ").replace("{id}", notice), None),
    }
}

/// Path and body of an operation on areas.
async fn area_request(
    fixture: &Fixture,
    operation: &str,
    place: Option<&Place>,
    own: &Place,
    area: &str,
) -> (String, Option<Value>) {
    let mut sent = None;
    let path = match operation {
        "GET /areas" => format!("/areas?parent_id={area}"),
        "GET /areas/{id}" => format!("/areas/{area}"),
        "PUT /areas/{id}" => {
            let id = match place {
                Some(place) => spare_area(fixture, place.area).await,
                None => unknown(),
            };
            let at = fixture.world.admin.get(&format!("/areas/{id}")).await.body;
            let code = if place.is_some() { at["code"].clone() } else { json!("510903199") };
            let parent = place.unwrap_or(own).area;
            sent = Some(json!({ "parent_id": parent, "code": code, "name": "一时之地" }));
            format!("/areas/{id}")
        }
        "PATCH /areas/{id}" => {
            let path = match place {
                Some(place) => format!("/areas/{}", spare_area(fixture, place.area).await),
                None => format!("/areas/{area}"),
            };
            sent = Some(json!({ "name": "改名之地", "expected_version": 1 }));
            path
        }
        "DELETE /areas/{id}" => match place {
            Some(place) => format!("/areas/{}", spare_area(fixture, place.area).await),
            None => format!("/areas/{area}"),
        },
        other => panic!("no request for {other}"),
    };
    (path, sent)
}

/// Path and body of an operation on institutions themselves.
async fn institution_request(
    fixture: &Fixture,
    operation: &str,
    target: &str,
    area: &str,
    home: &str,
) -> (String, Option<Value>) {
    let mut sent = None;
    let path = match operation {
        "GET /institutions" => format!("/institutions?area_id={area}"),
        "PUT /institutions/{id}" => {
            let name = match target {
                "own" => "龙凤镇敬老院",
                "neighbour" => "龙凤镇夕阳红养老院",
                "elsewhere" => "安居镇敬老院",
                _ => "新来的养老院",
            };
            let area = if target == "elsewhere" { fixture.world.town_b1 } else { fixture.world.town_a1 };
            sent = Some(institution_form(area, name));
            format!("/institutions/{home}")
        }
        "PATCH /institutions/{id}" => {
            let path = format!("/institutions/{home}");
            sent = Some(json!({ "residents": 60, "expected_version": version(fixture, &path).await }));
            path
        }
        other => panic!("no request for {other}"),
    };
    (path, sent)
}

/// Somebody of this role whose password may change without harm to the others.
async fn leaver(app: &TestApp, own: &Place, role: &str) -> Person {
    let (id, scope) =
        (format!("leaver-{role}-{}", &unknown()[24..]), ScopeForm::Areas { areas: vec![own.area] });
    let kind = Role::parse(role).unwrap();
    let homes = ScopeForm::Institutions { institutions: vec![own.institution] };
    app.person(&id, kind, if kind == Role::Manager { homes } else { scope }).await
}

/// Path and body of an operation on hazards.
fn hazard_request(
    fixture: &Fixture,
    operation: &str,
    place: Option<&Place>,
    home: &str,
    hazard: &str,
) -> (String, Option<Value>) {
    let mut sent = None;
    let path = match operation {
        "GET /hazards" => format!("/hazards?institution_id={home}"),
        "PUT /hazards/{id}" => {
            let form = place.map_or_else(|| fixture.world.hazard(&[]), |place| place.hazard_form.clone());
            sent = Some(form);
            format!("/hazards/{hazard}")
        }
        "PUT /hazards/{id}/actions/{action_id}" => {
            sent = Some(json!({ "kind": "comment", "note": "看过了" }));
            format!("/hazards/{hazard}/actions/{}", unknown())
        }
        other => panic!("no request for {other}"),
    };
    (path, sent)
}

/// Path and body of an operation on rule documents.
async fn rule_request(
    fixture: &Fixture,
    operation: &str,
    own: &Place,
    role: &str,
    area: &str,
) -> (String, Option<Value>) {
    let mut sent = None;
    let path = match operation {
        "GET /rules" => format!("/rules?area_id={area}"),
        "GET /rules/{document}/compare" => "/rules/deadline-default/compare?from=1&to=2".to_owned(),
        "GET /rules/{document}/{version}" => "/rules/deadline-default/2".to_owned(),
        "PUT /rules/{document}/{version}" => {
            let document = format!("wu-yu-{role}");
            sent = Some(json!({ "text": office_document(&document), "owner_area_id": own.area }));
            format!("/rules/{document}/1")
        }
        "POST /rules/{document}/{version}/retire" => {
            let document = format!("retired-{role}");
            let form = json!({ "text": office_document(&document), "owner_area_id": own.area });
            fixture.world.admin.put(&format!("/rules/{document}/1"), &form).await.expect(201);
            sent = Some(json!({ "reason": "条文有误" }));
            format!("/rules/{document}/1/retire")
        }
        other => panic!("no request for {other}"),
    };
    (path, sent)
}

/// The request of an operation, by a role, about the object of a relation.
async fn call(app: &TestApp, fixture: &Fixture, operation: &str, role: &str, target: &str) -> Call {
    let mut by = fixture.person(app, role);
    let (method, template) = operation.split_once(' ').unwrap();
    let (mut body, mut photo, mut file) = (None, None, None);
    let place = fixture.places.get(target);
    let area = place.map_or_else(unknown, |place| place.area.to_string());
    let home = place.map_or_else(unknown, |place| place.institution.to_string());
    let hazard = place.map_or_else(unknown, |place| place.hazard.clone());
    let notice = place.map_or_else(unknown, |place| place.notice.clone());
    let user = place.map_or_else(unknown, |place| place.user.clone());
    let evidence = place.map_or_else(unknown, |place| place.photo.id.clone());
    let own = &fixture.places["own"];
    let path = match operation {
        about if about.contains(" /areas") => {
            let (path, sent) = area_request(fixture, about, place, own, &area).await;
            body = sent;
            path
        }
        "GET /audit" => format!("/audit?institution_id={home}"),
        "POST /auth/login" => {
            let password = crate::support::PASSWORD;
            body = Some(json!({ "username": by.username, "password": password }));
            "/auth/login".to_owned()
        }
        "POST /auth/logout" => {
            if by.access.is_some() {
                by = again(app, &by).await;
            }
            "/auth/logout".to_owned()
        }
        fixed if fixed_body(fixed).is_some() => {
            body = fixed_body(fixed);
            template.to_owned()
        }
        "POST /auth/refresh" => {
            let token =
                if by.access.is_some() { again(app, &by).await.refresh.unwrap() } else { "AAAA".into() };
            body = Some(json!({ "refresh_token": token }));
            "/auth/refresh".to_owned()
        }
        "PUT /evidence/{id}/content" => {
            photo = Some(place.map_or_else(Photo::before, |place| place.photo.clone()));
            format!("/evidence/{evidence}/content")
        }
        "PUT /exports/{id}" => {
            body = Some(json!({ "format": "csv", "filter": { "institution_id": home } }));
            format!("/exports/{}", unknown())
        }
        "PUT /imports/{id}" => {
            file = Some(LEDGER);
            format!("/imports/{}?kind=hazards&institution_id={home}", unknown())
        }
        files if is_of_files(files) => template
            .replace("{id}", &asked_for(fixture, template.split('/').nth(1).unwrap(), &by, target).await),
        "GET /hazards" | "PUT /hazards/{id}" | "PUT /hazards/{id}/actions/{action_id}" => {
            let (path, sent) = hazard_request(fixture, operation, place, &home, &hazard);
            body = sent;
            path
        }
        "GET /institutions" | "PUT /institutions/{id}" | "PATCH /institutions/{id}" => {
            let (path, sent) = institution_request(fixture, operation, target, &area, &home).await;
            body = sent;
            path
        }
        about if about.contains(" /campaigns") => {
            let (path, sent) = campaign_request(about, place, own);
            body = sent;
            path
        }
        about if about.contains(" /notices") => {
            let (path, sent) = notice_request(fixture, about, place, &home, &notice);
            body = sent;
            path
        }
        "POST /me/password" => {
            if by.access.is_some() {
                by = leaver(app, own, role).await;
            }
            body = Some(
                json!({ "current_password": crate::support::PASSWORD, "new_password": "窗台上的花盆每天早上要浇一次水" }),
            );
            "/me/password".to_owned()
        }
        "DELETE /me/sessions/{id}" => {
            let session = match (target, by.access.is_some()) {
                ("own", true) => session_of(app, &again(app, &by).await).to_string(),
                _ => place.map_or_else(unknown, |place| place.session.to_string()),
            };
            format!("/me/sessions/{session}")
        }
        "GET /compliance" => format!("/compliance?area_id={area}"),
        "GET /overview" => format!("/overview?area_id={area}"),
        "GET /checklist-items" => format!("/checklist-items?area_id={area}"),
        about if about.contains(" /rules") => {
            let (path, sent) = rule_request(fixture, about, own, role, &area).await;
            body = sent;
            path
        }
        "PUT /rule-adoptions/{id}" | "POST /rule-adoptions/{id}/retire" => {
            let id = unknown();
            let form = json!({ "document": "drills-us-k712", "version": 1, "area_id": place.unwrap_or(own).area,
                "effective_from": "2026-03-10" });
            if place.is_some() {
                fixture.world.admin.put(&format!("/rule-adoptions/{id}"), &form).await.expect(201);
            }
            let end = json!({ "last_day": "2026-03-10", "reason": "改用新版", "expected_version": 1 });
            body = Some(if method == "PUT" { form } else { end });
            template.replace("{id}", &id)
        }
        "PUT /users/{id}" => {
            let scope = json!({ "kind": "institutions", "institutions": [own.institution] });
            let fresh = json!({ "username": format!("u{}", &unknown()[24..]), "display_name": "新人", "role": "manager", "scope": scope });
            body = Some(place.map_or(fresh, |place| place.user_form.clone()));
            format!("/users/{user}")
        }
        "PATCH /users/{id}" => {
            let path = format!("/users/{user}");
            body = Some(json!({ "locale": "en", "expected_version": version(fixture, &path).await }));
            path
        }
        people if People::concern(people) => people::call(fixture, target, people, &mut body).await,
        plan if Plans::concern(plan) => plans::call(fixture, target, plan, &mut body).await,
        drill if Drills::concern(drill) => drills::call(fixture, target, drill, &mut body).await,
        ready if Readiness::concern(ready) => readiness::call(fixture, target, ready, &mut body),
        visit if Visits::concern(visit) => visits::call(fixture, target, visit, &mut body).await,
        other => {
            let id = match other.split('/').nth(1).unwrap() {
                "evidence" => evidence,
                "hazards" => hazard,
                "institutions" => home,
                "users" => user,
                _ => String::new(),
            };
            template.replace("{id}", &id)
        }
    };
    Call { by, method: method.parse().unwrap(), path, body, photo, file }
}

on_both_databases! {
    /// The whole matrix: every cell answers as written; what is refused changes nothing; nothing leaks.
    every_cell, app => {
        let fixture = Fixture::build(app).await;
        let (mut cells, mut wrong) = (0, Vec::new());
        for row in matrix() {
            for (role, expected) in ROLES.iter().zip(&row.expected) {
                let call = call(app, &fixture, &row.operation, role, &row.target).await;
                let before = if *expected >= 400 { Some(records(app).await) } else { None };
                let answer = call.send().await;
                let cell = format!("{} {} by {role}", row.operation, row.target);
                cells += 1;
                if answer.status != *expected {
                    wrong.push(format!("{cell}: {} instead of {expected}: {}", answer.status, answer.body));
                }
                fixture.assert_no_leak(&cell, &answer);
                if let Some(before) = before {
                    assert_eq!(before, records(app).await, "{cell}: a refused call changed something");
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {cells} cells:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(cells, matrix().len() * ROLES.len());
        eprintln!("access matrix: {cells} cells on {:?}", app.backend);
    }
}
