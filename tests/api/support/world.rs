use super::app::TestApp;
use super::people::Person;
use super::photo::Photo;
use anlao::access::Role;
use anlao::areas::routes::{AreaForm, register as register_area};
use anlao::ids::{AreaId, InstitutionId};
use anlao::institutions::model::{MealSupply, OperatingStatus, Ownership};
use anlao::institutions::routes::{InstitutionForm, register as register_institution};
use anlao::users::model::ScopeForm;
use serde_json::{Value, json};

/// A city with two counties of two townships each, institutions, and people of every role.
///
/// ```text
/// city ─┬─ county_a ─┬─ town_a1: home_a1, home_a1_neighbour
///       │            └─ town_a2: home_a2
///       └─ county_b ─┬─ town_b1: home_b1
///                    └─ town_b2
/// ```
pub struct World {
    pub city: AreaId,
    pub county_a: AreaId,
    pub county_b: AreaId,
    pub town_a1: AreaId,
    pub town_a2: AreaId,
    pub town_b1: AreaId,
    pub town_b2: AreaId,
    pub home_a1: InstitutionId,
    pub home_a1_neighbour: InstitutionId,
    pub home_a2: InstitutionId,
    pub home_b1: InstitutionId,
    /// Supervises the city.
    pub city_supervisor: Person,
    /// Everybody else without a letter belongs to county A.
    pub supervisor: Person,
    pub second_supervisor: Person,
    pub inspector: Person,
    pub second_inspector: Person,
    /// Answers for home_a1.
    pub manager: Person,
    pub second_manager: Person,
    pub auditor: Person,
    /// Manages everything.
    pub admin: Person,
    pub supervisor_b: Person,
    pub inspector_b: Person,
    pub manager_b: Person,
}

impl World {
    pub async fn build(app: &TestApp) -> Self {
        let city = area(app, None, "510900", "遂宁市").await;
        let county_a = area(app, Some(city), "510903", "船山区").await;
        let county_b = area(app, Some(city), "510904", "安居区").await;
        let town_a1 = area(app, Some(county_a), "510903101", "龙凤镇").await;
        let town_a2 = area(app, Some(county_a), "510903102", "仁里镇").await;
        let town_b1 = area(app, Some(county_b), "510904101", "安居镇").await;
        let town_b2 = area(app, Some(county_b), "510904102", "东禅镇").await;
        let home_a1 = institution(app, town_a1, "龙凤镇敬老院").await;
        let home_a1_neighbour = institution(app, town_a1, "龙凤镇夕阳红养老院").await;
        let home_a2 = institution(app, town_a2, "仁里镇敬老院").await;
        let home_b1 = institution(app, town_b1, "安居镇敬老院").await;
        let areas = |id| ScopeForm::Areas { areas: vec![id] };
        let homes = |id| ScopeForm::Institutions { institutions: vec![id] };
        Self {
            city_supervisor: app.person("city-supervisor", Role::Supervisor, areas(city)).await,
            supervisor: app.person("supervisor", Role::Supervisor, areas(county_a)).await,
            second_supervisor: app.person("second-supervisor", Role::Supervisor, areas(county_a)).await,
            inspector: app.person("inspector", Role::Inspector, areas(county_a)).await,
            second_inspector: app.person("second-inspector", Role::Inspector, areas(county_a)).await,
            manager: app.person("manager", Role::Manager, homes(home_a1)).await,
            second_manager: app.person("second-manager", Role::Manager, homes(home_a1)).await,
            auditor: app.person("auditor", Role::Auditor, areas(county_a)).await,
            admin: app.person("admin", Role::Admin, ScopeForm::All).await,
            supervisor_b: app.person("supervisor-b", Role::Supervisor, areas(county_b)).await,
            inspector_b: app.person("inspector-b", Role::Inspector, areas(county_b)).await,
            manager_b: app.person("manager-b", Role::Manager, homes(home_b1)).await,
            city,
            county_a,
            county_b,
            town_a1,
            town_a2,
            town_b1,
            town_b2,
            home_a1,
            home_a1_neighbour,
            home_a2,
            home_b1,
        }
    }

    /// A hazard at home_a1 as an inspector would register it, with these photos declared.
    pub fn hazard(&self, photos: &[&Photo]) -> Value {
        let evidence: Vec<Value> = photos.iter().map(|photo| photo.declared()).collect();
        json!({ "institution_id": self.home_a1, "category": "electricity", "checklist_item": "E03",
            "location": "二楼东侧203室床头", "description": "移动插排串接，给气垫床供电，外壳有烧痕",
            "severity": "general", "found_at": "2026-03-10T01:58:00Z", "evidence": evidence })
    }

    /// A major hazard at home_a1 without photos and without a checklist item.
    pub fn major_hazard(&self) -> Value {
        let mut form = self.hazard(&[]);
        (form["severity"], form["criterion"]) = (json!("major"), json!("MZ-8"));
        form["checklist_item"] = Value::Null;
        form
    }

    /// A rectification notice of county A to home_a1 about these hazards.
    pub fn notice(&self, hazards: &[&str]) -> Value {
        let listed: Vec<Value> = hazards.iter().map(|id| json!({ "hazard_id": id })).collect();
        json!({ "kind": "rectification_notice", "office_area_id": self.county_a, "institution_id": self.home_a1,
            "inspected_on": "2026-03-10", "inspectors": "王芳（川J0012）、李强（川J0013）",
            "reply_to": "遂宁市船山区民政局养老服务科", "hazards": listed })
    }

    /// Issues a notice and returns its id.
    pub async fn issued(&self, form: &Value) -> String {
        let id = uuid::Uuid::now_v7().to_string();
        self.supervisor.put(&format!("/notices/{id}"), form).await.expect(201);
        id
    }

    /// Registers a hazard and returns its id.
    pub async fn registered(&self, form: &Value) -> String {
        let id = uuid::Uuid::now_v7().to_string();
        self.inspector.put(&format!("/hazards/{id}"), form).await.expect(201);
        id
    }

    /// A registered general hazard whose before-photo is stored.
    pub async fn found(&self) -> String {
        let photo = Photo::before();
        let id = self.registered(&self.hazard(&[&photo])).await;
        photo.upload(&self.inspector).await.expect(201);
        id
    }

    /// A hazard whose fix was handed in by the manager, with every photo stored.
    pub async fn fixed(&self) -> String {
        let id = self.found().await;
        let photo = Photo::after();
        let step = json!({ "kind": "submit", "measure": "拆除插排，改由墙面插座供电", "responsible_person": "李强",
            "evidence": [photo.declared()] });
        self.manager.act(&id, &step).await.expect(201);
        photo.upload(&self.manager).await.expect(201);
        id
    }
}

async fn area(app: &TestApp, parent_id: Option<AreaId>, code: &str, name: &str) -> AreaId {
    let id = AreaId::fresh();
    let form = AreaForm { parent_id, code: code.to_owned(), name: name.to_owned(), name_en: None };
    app.as_system(move |tx| register_area(tx, id, &form).map(|_| ())).await;
    id
}

async fn institution(app: &TestApp, area_id: AreaId, name: &str) -> InstitutionId {
    let id = InstitutionId::fresh();
    let form = InstitutionForm {
        area_id,
        name: name.to_owned(),
        credit_code: None,
        status: OperatingStatus::Operating,
        ownership: Ownership::Public,
        legal_representative: None,
        principal: Some("王芳".to_owned()),
        phone: None,
        address: None,
        filing_number: None,
        beds: 80,
        residents: 61,
        disabled_residents: 22,
        meal_supply: MealSupply::OwnCanteen,
        key_fire_unit: true,
        fire_high_risk: false,
        special_equipment: false,
        risk_grade: None,
        latitude: None,
        longitude: None,
    };
    app.as_system(move |tx| register_institution(tx, id, &form).map(|_| ())).await;
    id
}
