//! The API's description: completed here with what holds for every operation, then published once.

use crate::refusal::{Code, FieldCode};
use std::sync::OnceLock;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Deprecated, OpenApi, Ref, RefOr, ResponseBuilder, Schema};

static DOCUMENT: OnceLock<OpenApi> = OnceLock::new();

/// What is served beside the described operations, for reading only.
const BESIDE: [&str; 4] = ["/api/v1/openapi.json", "/healthz", "/readyz", "/docs"];

/// Makes the finished document the one that is served and that 405 answers are made from.
pub fn publish(document: OpenApi) -> &'static OpenApi {
    DOCUMENT.get_or_init(|| document)
}

/// Adds to a collected document: problems as the default answer of every operation, the codes, the tokens.
pub fn complete(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            add_problem(operation);
        }
    }
    let components = document.components.get_or_insert_default();
    components.schemas.values_mut().for_each(forbid_blank);
    components.schemas.values_mut().for_each(close_variants);
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    list_codes(components.schemas.get_mut("Problem"), Code::ALL.iter().map(|code| code.as_str()));
    list_codes(components.schemas.get_mut("FieldProblem"), FieldCode::ALL.iter().map(|code| code.as_str()));
    document
}

/// The methods of one path with their operations.
pub fn operations(item: &mut PathItem) -> Vec<(&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)];
    all.into_iter().filter_map(|(name, operation)| Some((name, operation.as_mut()?))).collect()
}

fn add_problem(operation: &mut Operation) {
    operation.deprecated = operation.deprecated.take().filter(|deprecated| *deprecated == Deprecated::True);
    let content = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build();
    let response = ResponseBuilder::new()
        .description("A problem document; decide by its `code`.")
        .content("application/problem+json", content);
    operation.responses.responses.insert("default".into(), RefOr::T(response.build()));
}

/// A text that must have characters must have one that is seen.
fn forbid_blank(schema: &mut RefOr<Schema>) {
    let objects = match schema {
        RefOr::T(Schema::OneOf(variants)) => variants.items.iter_mut().collect(),
        whole => vec![whole],
    };
    let texts = objects.into_iter().filter_map(|object| match object {
        RefOr::T(Schema::Object(object)) => Some(object.properties.values_mut()),
        _ => None,
    });
    for property in texts.flatten() {
        if let RefOr::T(Schema::Object(text)) = property
            && text.min_length.is_some_and(|least| least > 0)
            && text.pattern.is_none()
        {
            text.pattern = Some(r"\S".into());
        }
    }
}

/// What is one of several forms takes no fields of the others.
fn close_variants(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::OneOf(variants)) = schema else { return };
    for variant in &mut variants.items {
        if let RefOr::T(Schema::Object(object)) = variant
            && !object.properties.is_empty()
        {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

/// Writes every code into the schema, so that a client can be generated with all of them.
fn list_codes<'a>(schema: Option<&mut RefOr<Schema>>, codes: impl Iterator<Item = &'a str>) {
    if let Some(RefOr::T(Schema::Object(object))) = schema
        && let Some(RefOr::T(Schema::Object(code))) = object.properties.get_mut("code")
    {
        code.enum_values = Some(codes.map(|code| serde_json::Value::String(code.into())).collect());
    }
}

/// The methods that a concrete path takes, for `Allow`.
pub fn methods_at(path: &str) -> Vec<&'static str> {
    if BESIDE.contains(&path) {
        return vec!["GET"];
    }
    let Some(document) = DOCUMENT.get() else { return Vec::new() };
    let mut methods: Vec<&'static str> = document
        .paths
        .paths
        .iter()
        .filter(|(template, _)| matches(template, path))
        .flat_map(|(_, item)| methods_of(item))
        .collect();
    methods.sort_unstable();
    methods
}

/// Whether the operation at a path template takes query parameters; what is not described may.
pub fn takes_query(template: Option<&str>, method: &str) -> bool {
    let item = DOCUMENT.get().and_then(|document| document.paths.paths.get(template?));
    let operation = item.and_then(|item| match method {
        "GET" => item.get.as_ref(),
        "PUT" => item.put.as_ref(),
        "POST" => item.post.as_ref(),
        "DELETE" => item.delete.as_ref(),
        "PATCH" => item.patch.as_ref(),
        _ => None,
    });
    operation.is_none_or(|operation| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|one| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Query))
    })
}

fn methods_of(item: &PathItem) -> Vec<&'static str> {
    let all = [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("DELETE", item.delete.is_some()),
        ("PATCH", item.patch.is_some()),
    ];
    all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given))
                if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}
