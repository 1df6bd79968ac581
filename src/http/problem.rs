//! Refusals and faults as RFC 9457 problem documents, in the reader's language.

use crate::refusal::{Code, Failure, Kind, Refusal};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

/// An error answer (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "about:blank", "title": "填写内容有误", "status": 422, "code": "invalid",
    "errors": [{"pointer": "/location", "code": "required", "message": "必填"}],
    "request_id": "0198f2a0-5e11-7c3a-9b77-1f0d5d6a7b21"
}))]
pub struct Problem {
    /// Always `about:blank`; decide by `code`.
    pub r#type: &'static str,
    /// For people, in the language of `Accept-Language`.
    pub title: String,
    pub status: u16,
    /// Stable; see the list of codes.
    #[schema(value_type = String)]
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// The state that stands in the way of a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub current: Option<serde_json::Value>,
    pub request_id: String,
}

/// One field at fault.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// JSON pointer into the body, or the name of a parameter.
    pub pointer: String,
    #[schema(value_type = String)]
    pub code: &'static str,
    pub message: String,
    /// In a text of many lines: which one, counted from 1…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// …and where in its structure, like `item[E03].days`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

pub(super) fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        Kind::Timeout => StatusCode::REQUEST_TIMEOUT,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::AddressTooLong => StatusCode::URI_TOO_LONG,
        Kind::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Kind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// The code for an error answer that the framework made by itself.
pub(super) fn code_for_status(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        408 => Code::RequestTimeout,
        413 => Code::PayloadTooLarge,
        414 => Code::AddressTooLong,
        415 => Code::UnsupportedMediaType,
        429 => Code::TooManyRequests,
        431 => Code::HeadersTooLarge,
        503 => Code::Busy,
        400..500 => Code::MalformedRequest,
        _ => Code::Internal,
    }
}

/// What of a failure may be told; the rest is for the log.
pub(super) fn told(failure: &Failure) -> Refusal {
    use diesel::result::{DatabaseErrorKind, Error};
    match failure {
        Failure::Refused(refusal) => refusal.clone(),
        Failure::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Code::IdTaken.into()
        }
        Failure::Database(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
            Code::Invalid.into()
        }
        Failure::Database(Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _))
        | Failure::Unavailable(_)
        | Failure::Store(_) => Code::Unavailable.into(),
        Failure::Busy | Failure::Collision => Code::Busy.into(),
        Failure::Database(Error::DatabaseError(_, info)) if has_waited_in_vain(info.message()) => {
            Code::Busy.into()
        }
        Failure::StorageFull => Code::StorageFull.into(),
        Failure::Database(_) | Failure::Internal(_) => Code::Internal.into(),
    }
}

/// Whether the database gave up because somebody else held what was needed, or it took too long.
fn has_waited_in_vain(message: &str) -> bool {
    ["database is locked", "lock timeout", "statement timeout", "deadlock detected"]
        .iter()
        .any(|told| message.contains(told))
}

/// Whose words to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

/// Whether a reader would rather have English than Chinese.
pub fn prefers_english(req: &actix_web::HttpRequest) -> bool {
    let header = req.headers().get(actix_web::http::header::ACCEPT_LANGUAGE);
    matches!(Language::accepted(header.and_then(|value| value.to_str().ok())), Language::English)
}

impl Language {
    /// The one of ours that is wanted most, the first among equals; Chinese when neither is named.
    pub(super) fn accepted(header: Option<&str>) -> Self {
        let ranges = header.unwrap_or_default().split(',').filter_map(Self::range);
        let best = ranges.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.filter(|(_, weight)| *weight > 0.0).map_or(Self::Chinese, |(language, _)| language)
    }

    /// One of our languages with its weight.
    fn range(text: &str) -> Option<(Self, f32)> {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let language = match parts.next()?.split('-').next()? {
            "zh" => Self::Chinese,
            "en" => Self::English,
            _ => return None,
        };
        let weight =
            parts.find_map(|part| part.strip_prefix("q=").map(|weight| weight.parse().unwrap_or(0.0)));
        Some((language, weight.unwrap_or(1.0)))
    }

    fn of(self, (chinese, english): (&'static str, &'static str)) -> &'static str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

/// The document as JSON.
pub(super) fn problem(refusal: &Refusal, language: Language, request_id: String) -> String {
    let errors = refusal.fields.iter().map(|field| FieldProblem {
        pointer: field.pointer.clone(),
        code: field.code.as_str(),
        message: match &field.spot {
            Some(spot) => spot.reason.clone(),
            None => language.of(field.code.words()).to_owned(),
        },
        line: field.spot.as_ref().map(|spot| spot.line),
        path: field.spot.as_ref().map(|spot| spot.path.clone()),
    });
    let problem = Problem {
        r#type: "about:blank",
        title: language.of(refusal.code.titles()).to_owned(),
        status: status(refusal.code.kind()).as_u16(),
        code: refusal.code.as_str(),
        detail: refusal.detail.clone(),
        errors: errors.collect(),
        current: refusal.current.clone(),
        request_id,
    };
    serde_json::to_string(&problem).unwrap_or_default()
}

pub(super) fn response(refusal: &Refusal, language: Language, request_id: String) -> HttpResponse {
    let mut response = HttpResponse::build(status(refusal.code.kind()));
    match refusal.code.kind() {
        Kind::Unauthenticated => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        Kind::Busy | Kind::TooMany => {
            response.insert_header((header::RETRY_AFTER, refusal.retry_after.unwrap_or(2).to_string()));
        }
        _ => {}
    }
    let mut answer =
        response.content_type("application/problem+json").body(problem(refusal, language, request_id));
    // For the log line.
    answer.extensions_mut().insert(refusal.code);
    answer
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        status(told(self).code.kind())
    }

    /// A plain version; the envelope rewrites it with the request's id and language.
    fn error_response(&self) -> HttpResponse {
        response(&told(self), Language::Chinese, String::new())
    }
}
