//! Answers with versions: ETags, conditions, and "stored" against "already there".

use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::stored::{Stored, Written};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// `201` for new, `200` with `Idempotent-Replay: true` for the same again.
pub fn stored(stored: Stored, version: i64, body: &impl Serialize) -> HttpResponse {
    let mut answer = match stored {
        Stored::Created => HttpResponse::Created(),
        Stored::Replayed => HttpResponse::Ok(),
    };
    if stored == Stored::Replayed {
        answer.insert_header(("Idempotent-Replay", "true"));
    }
    answer.insert_header((header::ETAG, etag(version))).json(body)
}

/// `201` for new, `200` for another version, `200` with `Idempotent-Replay: true` for the same again.
pub fn written(written: Written, version: i64, body: &impl Serialize) -> HttpResponse {
    match written {
        Written::Created => stored(Stored::Created, version, body),
        Written::Changed => object(version, body),
        Written::Confirmed => stored(Stored::Replayed, version, body),
    }
}

/// `200` with an ETag that follows from the content; `304` without a body for whoever has it already.
pub fn kept_at_home(req: &HttpRequest, tag: &str, body: &impl Serialize) -> HttpResponse {
    let tag = format!("\"{tag}\"");
    let known = req.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let has =
        known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut answer = if has { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::ETAG, tag));
    if has { answer.finish() } else { answer.json(body) }
}

/// `202` for work that was taken on, `200` with `Idempotent-Replay: true` for the same again.
pub fn accepted(stored: Stored, body: &impl Serialize) -> HttpResponse {
    match stored {
        Stored::Created => HttpResponse::Accepted().json(body),
        Stored::Replayed => HttpResponse::Ok().insert_header(("Idempotent-Replay", "true")).json(body),
    }
}

/// `200` with the object's version as its ETag.
pub fn object(version: i64, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, etag(version))).json(body)
}

/// Marks an answer that is meant to be read as it is, by people and not by programs: the envelope leaves it alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForPeople;

/// A page of HTML with its own policy; `404` when it says that something was not found.
pub fn page_for_people(found: bool, html: String, policy: &str) -> HttpResponse {
    let mut answer = if found { HttpResponse::Ok() } else { HttpResponse::NotFound() };
    let mut answer = answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html);
    answer.extensions_mut().insert(ForPeople);
    answer
}

pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// The version the caller means to change, from `If-Match` or the body's `expected_version`.
pub fn expected_version(req: &HttpRequest, in_body: Option<i64>) -> Outcome<Option<i64>> {
    let Some(value) = req.headers().get(header::IF_MATCH) else {
        return Ok(in_body);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let version = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|v| v.parse().ok());
    let version: i64 = version.ok_or(Code::Stale)?;
    if in_body.is_some_and(|other| other != version) {
        return Err(Refusal::invalid("/expected_version", FieldCode::Mismatch).into());
    }
    Ok(Some(version))
}
