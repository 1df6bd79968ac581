//! Lists by key, never by offset: the next page begins where this one ended, whatever was added meanwhile.

use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const DEFAULT_LIMIT: i64 = 50;
pub const LARGEST_LIMIT: i64 = 200;

/// One page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// How many items were asked for, within 1–200.
pub fn limit(asked: Option<i64>) -> Outcome<i64> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=LARGEST_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Refusal::new(Code::InvalidQuery).field("limit", FieldCode::OutOfRange).into())
}

/// The place in a list where a page ended, as an opaque text.
pub struct Cursor;

impl Cursor {
    pub fn encode(place: &impl Serialize) -> String {
        BASE64.encode(serde_json::to_vec(place).unwrap_or_default())
    }

    pub fn decode<T: DeserializeOwned>(text: Option<&str>) -> Outcome<Option<T>> {
        let Some(text) = text else { return Ok(None) };
        let place: Option<serde_json::Value> =
            BASE64.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let place =
            place.filter(|place| !has_null(place)).and_then(|place| serde_json::from_value(place).ok());
        place.map(Some).ok_or_else(|| Failure::from(Code::InvalidCursor))
    }
}

/// Whether a text in a forged place holds the one character that no database text can hold.
fn has_null(place: &serde_json::Value) -> bool {
    use serde_json::Value;
    match place {
        Value::String(text) => text.contains('\0'),
        Value::Array(parts) => parts.iter().any(has_null),
        Value::Object(parts) => parts.values().any(has_null),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The page as an answer, with a `Link` to the next.
pub fn page<T: Serialize>(req: &HttpRequest, page: &Page<T>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    if let Some(cursor) = &page.next_cursor {
        let kept: Vec<(String, String)> = url::form_urlencoded::parse(req.query_string().as_bytes())
            .filter(|(name, _)| name != "cursor")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("cursor", cursor)
            .finish();
        answer.insert_header((header::LINK, format!("<{}?{query}>; rel=\"next\"", req.path())));
    }
    answer.json(page)
}

impl<T> Page<T> {
    /// Cuts `found`, which holds one more than `limit` when there is a next page.
    pub fn cut<R>(
        mut found: Vec<R>,
        limit: i64,
        place: impl Fn(&R) -> String,
        view: impl Fn(R) -> T,
    ) -> Self {
        let size = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > size;
        found.truncate(size);
        let next_cursor = if more { found.last().map(place) } else { None };
        Self { items: found.into_iter().map(view).collect(), next_cursor }
    }
}
