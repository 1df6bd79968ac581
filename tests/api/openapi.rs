//! The description of the API: committed, complete, and readable without the network.

use crate::support::TestApp;
use anlao::db::Backend;
use anlao::refusal::{Code, FieldCode};
use serde_json::Value;
use std::collections::BTreeSet;

/// Operations that nobody needs to be logged in for.
const PUBLIC: [&str; 4] =
    ["POST /auth/login", "POST /auth/password", "POST /auth/refresh", "POST /auth/setup"];

fn document() -> Value {
    serde_json::from_str(&anlao::cli::openapi().unwrap()).unwrap()
}

/// Method and path below `/api/v1` with the operation.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path.strip_prefix("/api/v1").unwrap_or_else(|| panic!("{path} is not below /api/v1"));
            found.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    assert!(found.len() > 30, "{} operations", found.len());
    found
}

/// The schema that a `$ref` names.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(reference) = schema["$ref"].as_str() else { return schema };
    document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

/// Whether a body has an example: at the media type, at its schema, or item by item for a page.
fn has_example(document: &Value, media: &Value) -> bool {
    let schema = resolved(document, &media["schema"]);
    let given = |of: &Value| ["example", "examples"].iter().any(|key| !of[*key].is_null());
    let paged = || {
        let items = &schema["properties"]["items"]["items"];
        !items.is_null() && given(resolved(document, items))
    };
    given(media) || given(schema) || paged()
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let made = anlao::cli::openapi().unwrap();
    assert!(
        committed.trim_end() == made.trim_end(),
        "openapi/openapi.json is not what the program says: run `make openapi`"
    );
}

#[test]
fn every_operation_says_what_it_does() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(
            !id.is_empty() && ids.insert(id.to_owned()),
            "{name}: the operationId {id:?} is missing or used twice"
        );
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{name}: no summary");
        let own: Vec<_> =
            operation["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
        assert!(own.len() == 1 && tags.contains(own[0]), "{name}: tags {own:?}");
        let secured = operation["security"]
            .as_array()
            .is_some_and(|list| list.iter().any(|one| !one["bearer"].is_null()));
        assert_eq!(secured, !PUBLIC.contains(&name.as_str()), "{name}: security {}", operation["security"]);
        for parameter in operation["parameters"].as_array().unwrap_or(&Vec::new()) {
            if parameter["in"] == "path" {
                assert!(
                    name.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap())),
                    "{name}: {parameter}"
                );
                assert!(!parameter["description"].is_null(), "{name}: {parameter}");
            }
        }
    }
}

#[test]
fn every_body_has_an_example_and_every_operation_its_problem() {
    let document = document();
    let mut gaps = Vec::new();
    for (name, operation) in operations(&document) {
        let shown = |content: &Value| {
            content.as_object().is_none_or(|kinds| kinds.values().any(|media| has_example(&document, media)))
        };
        if !shown(&operation["requestBody"]["content"]) {
            gaps.push(format!("{name}: no example of the body"));
        }
        let writes = name.starts_with("PUT") || name.starts_with("PATCH");
        if writes && operation["requestBody"].is_null() {
            gaps.push(format!("{name}: no body is described"));
        }
        let answers = operation["responses"].as_object().unwrap();
        let good: Vec<_> = answers.iter().filter(|(status, _)| status.starts_with('2')).collect();
        if good.is_empty() {
            gaps.push(format!("{name}: no answer is described"));
        }
        for (status, answer) in good {
            if answer["description"].as_str().unwrap_or_default().is_empty() {
                gaps.push(format!("{name}: {status} is not described"));
            }
            if !shown(&answer["content"]) {
                gaps.push(format!("{name}: no example of {status}"));
            }
            if answer["content"].is_null() && status != "204" {
                gaps.push(format!("{name}: {status} has no body"));
            }
        }
        let problem = &answers["default"]["content"]["application/problem+json"];
        if problem["schema"]["$ref"] != "#/components/schemas/Problem" || !has_example(&document, problem) {
            gaps.push(format!("{name}: the problem document is missing"));
        }
    }
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn every_code_is_listed() {
    let document = document();
    let listed = |schema: &str| -> BTreeSet<String> {
        let codes = &document["components"]["schemas"][schema]["properties"]["code"]["enum"];
        codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    };
    let all: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(listed("Problem"), all);
    let all: BTreeSet<String> = FieldCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(listed("FieldProblem"), all);
}

#[test]
fn fixed_words_are_described_as_they_are_written() {
    use anlao::{access::Role, hazards::action::ActionKind, hazards::model::Status, users::model::Locale};
    let document = document();
    let described = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(described("Status"), serde_json::json!(Status::ALL));
    assert_eq!(described("Role"), serde_json::json!(Role::ALL));
    assert_eq!(described("ActionKind"), serde_json::json!(ActionKind::ALL));
    assert_eq!(described("Locale"), serde_json::json!(Locale::ALL));
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        match value {
            Value::Object(map) => {
                if map.get("$ref").is_some_and(Value::is_string) {
                    resolved(document, value);
                }
                map.values().for_each(|inner| walk(document, inner));
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(document, inner)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[test]
fn it_is_served_and_its_pages_need_no_other_server() {
    TestApp::run(Backend::Sqlite, async |app| {
        let anonymous = app.anonymous();
        let served = anonymous.get("/openapi.json").await.expect(200);
        assert_eq!(served.header("content-type"), Some("application/json"));
        assert_eq!(served.body, document());
        let page = async |path: &str| app.http.get(format!("{}{path}", app.base)).send().await.unwrap();
        let landed = page("/docs").await;
        assert_eq!((landed.status().as_u16(), landed.url().path()), (200, "/docs/"));
        let html = landed.text().await.unwrap();
        let mut files: Vec<&str> =
            html.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css")).collect();
        files.dedup();
        assert!(
            files.iter().any(|file| file.ends_with(".js")) && files.iter().any(|file| file.ends_with(".css")),
            "{html}"
        );
        assert_no_address("the page", &html);
        for file in files {
            let answer = page(&format!("/docs/{}", file.trim_start_matches("./"))).await;
            assert_eq!(answer.status().as_u16(), 200, "{file}");
            let text = answer.text().await.unwrap();
            if file.contains("initializer") {
                assert_no_address(file, &text);
                assert!(text.contains("/api/v1/openapi.json"), "{text}");
            }
        }
    });
}

fn assert_no_address(what: &str, text: &str) {
    for scheme in ["http://", "https://", "\"//", "'//"] {
        assert!(!text.contains(scheme), "{what} speaks to another server: {text}");
    }
}

/// An example that could not be sent or received would teach the wrong thing.
#[test]
fn examples_are_what_the_program_reads_and_writes() {
    fn parses<T: serde::de::DeserializeOwned>(document: &Value, name: &str) {
        let example = &document["components"]["schemas"][name]["example"];
        if let Err(error) = serde_json::from_value::<T>(example.clone()) {
            panic!("{name}: {error}: {example}");
        }
    }
    let document = document();
    parses::<anlao::hazards::register::HazardForm>(&document, "HazardForm");
    parses::<anlao::hazards::action::ActionForm>(&document, "ActionForm");
    parses::<anlao::hazards::view::HazardView>(&document, "HazardView");
    parses::<anlao::hazards::view::HazardDetail>(&document, "HazardDetail");
    parses::<anlao::notices::form::NoticeForm>(&document, "NoticeForm");
    parses::<anlao::notices::form::NoticeStepForm>(&document, "NoticeStepForm");
    parses::<anlao::notices::view::NoticeView>(&document, "NoticeView");
    parses::<anlao::notices::view::NoticeDetail>(&document, "NoticeDetail");
    parses::<anlao::evidence::DeclaredEvidence>(&document, "DeclaredEvidence");
    parses::<anlao::evidence::routes::EvidenceView>(&document, "EvidenceView");
    parses::<anlao::hazards::FoundHazard>(&document, "FoundHazard");
    parses::<anlao::inspections::forms::InspectionPlan>(&document, "InspectionPlan");
    parses::<anlao::inspections::forms::InspectionChange>(&document, "InspectionChange");
    parses::<anlao::inspections::forms::InspectionRecord>(&document, "InspectionRecord");
    parses::<anlao::inspections::forms::AmendmentForm>(&document, "AmendmentForm");
    parses::<anlao::inspections::view::InspectionDetail>(&document, "InspectionDetail");
    parses::<anlao::inspections::view::InspectionView>(&document, "InspectionView");
    parses::<anlao::plans::form::PlanForm>(&document, "PlanForm");
    parses::<anlao::plans::form::PlanChange>(&document, "PlanChange");
    parses::<anlao::plans::action::PlanAction>(&document, "PlanAction");
    parses::<anlao::plans::content::PlanContent>(&document, "PlanContent");
    parses::<anlao::plans::view::PlanView>(&document, "PlanView");
    parses::<anlao::plans::view::PlanDetail>(&document, "PlanDetail");
    parses::<anlao::plans::revision::Revision>(&document, "Revision");
    parses::<anlao::external_orders::record::ExternalOrderForm>(&document, "ExternalOrderForm");
    parses::<anlao::external_orders::routes::ExternalOrderView>(&document, "ExternalOrderView");
    parses::<anlao::self_checks::enter::SelfCheckForm>(&document, "SelfCheckForm");
    parses::<anlao::self_checks::routes::SelfCheckView>(&document, "SelfCheckView");
    parses::<anlao::self_checks::routes::SelfCheckStatusView>(&document, "SelfCheckStatusView");
    parses::<anlao::trainings::record::TrainingForm>(&document, "TrainingForm");
    parses::<anlao::trainings::routes::TrainingView>(&document, "TrainingView");
    parses::<anlao::trainings::routes::TrainingStatusView>(&document, "TrainingStatusView");
    parses::<anlao::warnings::relay::WarningForm>(&document, "WarningForm");
    parses::<anlao::warnings::act::WarningAction>(&document, "WarningAction");
    parses::<anlao::warnings::model::WarningAcknowledgement>(&document, "WarningAcknowledgement");
    parses::<anlao::warnings::report::WarningReportForm>(&document, "WarningReportForm");
    parses::<anlao::warnings::view::WarningView>(&document, "WarningView");
    parses::<anlao::warnings::view::WarningTargetView>(&document, "WarningTargetView");
    parses::<anlao::warnings::view::WarningReportView>(&document, "WarningReportView");
    parses::<anlao::staff::keep::StaffForm>(&document, "StaffForm");
    parses::<anlao::staff::routes::StaffView>(&document, "StaffView");
    parses::<anlao::residents::keep::ResidentForm>(&document, "ResidentForm");
    parses::<anlao::residents::routes::ResidentView>(&document, "ResidentView");
    parses::<anlao::rosters::arrange::ShiftsForm>(&document, "ShiftsForm");
    parses::<anlao::rosters::arrange::SuccessionForm>(&document, "SuccessionForm");
    parses::<anlao::rosters::assign::CommandForm>(&document, "CommandForm");
    parses::<anlao::rosters::assign::RosterForm>(&document, "RosterForm");
    parses::<anlao::rosters::view::AssignmentView>(&document, "AssignmentView");
    parses::<anlao::rosters::view::CommanderView>(&document, "CommanderView");
    parses::<anlao::rosters::view::RosterView>(&document, "RosterView");
    parses::<anlao::rosters::gaps::HomeWithGaps>(&document, "HomeWithGaps");
    parses::<anlao::rosters::handovers::HandoverForm>(&document, "HandoverForm");
    parses::<anlao::rosters::handovers::routes::HandoverView>(&document, "HandoverView");
    parses::<anlao::residents::nights::NightStaffingForm>(&document, "NightStaffingForm");
    parses::<anlao::residents::nights::NightView>(&document, "NightView");
    parses::<anlao::compliance::view::DrillCompliance>(&document, "DrillCompliance");
    parses::<anlao::compliance::Requirement>(&document, "Requirement");
    parses::<anlao::compliance::routes::ElementsView>(&document, "ElementsView");
    parses::<anlao::compliance::elements::ElementView>(&document, "ElementView");
    parses::<anlao::compliance::routes::HomeStanding>(&document, "HomeStanding");
    parses::<anlao::areas::routes::AreaForm>(&document, "AreaForm");
    parses::<anlao::areas::routes::AreaChange>(&document, "AreaChange");
    parses::<anlao::institutions::routes::InstitutionForm>(&document, "InstitutionForm");
    parses::<anlao::institutions::routes::InstitutionChange>(&document, "InstitutionChange");
    parses::<anlao::users::routes::UserForm>(&document, "UserForm");
    parses::<anlao::users::routes::UserChange>(&document, "UserChange");
    parses::<anlao::users::routes::UserView>(&document, "UserView");
    parses::<anlao::sessions::routes::LoginForm>(&document, "LoginForm");
    parses::<anlao::sessions::routes::TokenView>(&document, "TokenView");
    parses::<anlao::sessions::routes::SessionView>(&document, "SessionView");
    parses::<anlao::audit::routes::AuditEntryView>(&document, "AuditEntryView");
}
