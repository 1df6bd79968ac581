//! Reading requests: strict JSON, strict parameters, and what exactly was wrong with them.

use crate::refusal::{Code, Failure, FieldCode, Refusal};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::{Future, StreamExt};
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::pin::Pin;

/// The largest JSON body, in bytes. Photos do not travel in JSON.
const LARGEST_BODY: usize = 256 * 1024;

/// A JSON body without unknown, repeated or misplaced fields.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let length = req.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let too_large =
            length.is_some_and(|length| length.parse().is_ok_and(|length: usize| length > LARGEST_BODY));
        let is_json = content_type(req).is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
        let mut payload = payload.take();
        Box::pin(async move {
            if !is_json {
                return Err(Code::UnsupportedMediaType.into());
            }
            if too_large {
                return Err(Code::PayloadTooLarge.into());
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|_cut| Code::MalformedRequest)?;
                if bytes.len() + chunk.len() > LARGEST_BODY {
                    return Err(Code::PayloadTooLarge.into());
                }
                bytes.extend_from_slice(&chunk);
            }
            parse(&bytes).map(Self).map_err(Failure::from)
        })
    }
}

fn content_type(req: &HttpRequest) -> Option<&str> {
    let value = req.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim())
}

/// Parses strictly; a syntax error is malformed, a wrong field is invalid with its pointer. The whole text
/// is checked before any field, so that a wrong field never hides that it is not JSON.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_broken| Refusal::new(Code::MalformedJson))?;
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map_err(|_syntax| Refusal::new(Code::MalformedJson))?;
    if !text.trim_start().starts_with('{') {
        return Err(Refusal::invalid("", FieldCode::BadFormat));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => {
                let (pointer, code) = field_fault(pointer, &inner.to_string());
                Refusal::invalid(pointer, code)
            }
            _ => Refusal::new(Code::MalformedJson),
        }
    })?;
    reader.end().map_err(|_trailing| Refusal::new(Code::MalformedJson))?;
    Ok(value)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |text, segment| match segment {
        Segment::Seq { index } => format!("{text}/{index}"),
        Segment::Map { key } => format!("{text}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => text,
    })
}

/// Names the field and the fault from the deserializer's message.
fn field_fault(pointer: String, message: &str) -> (String, FieldCode) {
    let named = || message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        (extend(pointer, named()), FieldCode::UnknownField)
    } else if message.starts_with("missing field") {
        (format!("{pointer}/{}", named()), FieldCode::Required)
    } else if message.starts_with("duplicate field") {
        (extend(pointer, named()), FieldCode::Duplicate)
    } else if message.starts_with("unknown variant") {
        (pointer, FieldCode::UnknownValue)
    } else {
        (pointer, FieldCode::BadFormat)
    }
}

/// The path already ends with an unknown field's name in some cases.
fn extend(pointer: String, name: &str) -> String {
    if pointer.ends_with(&format!("/{name}")) { pointer } else { format!("{pointer}/{name}") }
}

/// Query parameters; unknown or repeated ones are refused.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        if has_null(req.query_string()) {
            return ready(Err(Code::InvalidQuery.into()));
        }
        let parsed = actix_web::web::Query::<T>::from_query(req.query_string());
        ready(parsed.map(|query| Self(query.into_inner())).map_err(|error| {
            let text = error.to_string();
            let message = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
            let (pointer, code) = field_fault(String::new(), message);
            let mut refusal =
                Refusal::new(Code::InvalidQuery).detail(message.chars().take(200).collect::<String>());
            if pointer.len() > 1 {
                refusal = refusal.field(pointer.trim_start_matches('/'), code);
            }
            Failure::from(refusal)
        }))
    }
}

/// Whether a value holds the one character that no database text can hold.
fn has_null(query: &str) -> bool {
    url::form_urlencoded::parse(query.as_bytes()).any(|(_, value)| value.contains('\0'))
}

/// The `{id}` of the path; anything that is not a UUID names nothing that exists.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<T: From<uuid::Uuid>> FromRequest for Id<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(path_id(req, "id").map(|id| Self(id.into())).ok_or_else(|| Code::NotFound.into()))
    }
}

/// The UUID in a part of the path. Accepts the hyphenated form only: one thing has one address.
pub fn path_id(req: &HttpRequest, part: &str) -> Option<uuid::Uuid> {
    let text = req.match_info().get(part)?;
    let id = uuid::Uuid::try_parse(text).ok()?;
    (text.len() == 36 && !id.is_nil()).then_some(id)
}
