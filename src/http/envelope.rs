//! What is around every request: an id, a log line, the fixed headers, and problems in one form.

use super::problem::{Language, code_for_status, response, status, told};
use crate::refusal::{Code, Failure, Refusal};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

/// The id that stands in the answer, the log and the audit trail.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who a token in the request speaks for, once an extractor has read it: for the log line.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub crate::ids::UserId);

/// Wraps the whole application.
pub async fn envelope(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let id = RequestId(uuid::Uuid::now_v7().to_string());
    req.extensions_mut().insert(id.clone());
    let (method, path) = (req.method().to_string(), req.path().to_owned());
    let language =
        Language::accepted(req.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()));
    let api = path.starts_with("/api/");
    let answered = AssertUnwindSafe(next.call(req)).catch_unwind().await;
    let mut res = match answered {
        Ok(Ok(res)) => restate(res.map_into_boxed_body(), language, &id),
        Ok(Err(error)) => {
            tracing::warn!(request_id = %id, %error, "a request failed before it was routed");
            let code = code_for_status(error.as_response_error().status_code());
            return Err(Unrouted { code, language, id, api }.into());
        }
        Err(_panic) => {
            tracing::error!(request_id = %id, method, path, "a handler panicked");
            return Err(Unrouted { code: Code::Internal, language, id, api }.into());
        }
    };
    add_headers(res.headers_mut(), api, &id);
    let caller = res.request().extensions().get::<Caller>().map(|caller| caller.0.to_string());
    tracing::info!(
        request_id = %id,
        method,
        path,
        route = res.request().match_pattern(),
        status = res.status().as_u16(),
        caller,
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    Ok(res)
}

/// What is left of a request that ended without an answer: enough to answer it in the one form.
#[derive(Debug)]
struct Unrouted {
    code: Code,
    language: Language,
    id: RequestId,
    api: bool,
}

impl std::fmt::Display for Unrouted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl ResponseError for Unrouted {
    fn status_code(&self) -> StatusCode {
        status(self.code.kind())
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = response(&self.code.into(), self.language, self.id.to_string());
        add_headers(answer.headers_mut(), self.api, &self.id);
        answer
    }
}

/// Gives every error answer the one form, in the reader's language, and logs our own faults once.
fn restate(res: ServiceResponse<BoxBody>, language: Language, id: &RequestId) -> ServiceResponse<BoxBody> {
    if res.status().as_u16() < 400 {
        return res;
    }
    let refusal = match res.response().error() {
        Some(error) => match error.as_error::<Failure>() {
            Some(failure) => {
                log_fault(failure, id);
                told(failure)
            }
            None => Refusal::new(code_for_status(res.status())),
        },
        None if is_problem(&res) => return res,
        None => Refusal::new(code_for_status(res.status())),
    };
    let allow = res.headers().get(header::ALLOW).cloned();
    let (request, _) = res.into_parts();
    let mut answer = response(&refusal, language, id.to_string());
    // Only the API has other methods, and it says which; everything beside it is for reading.
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().insert(header::ALLOW, allow.unwrap_or(HeaderValue::from_static("GET")));
    }
    ServiceResponse::new(request, answer)
}

fn is_problem(res: &ServiceResponse<BoxBody>) -> bool {
    let kind = res.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/problem+json"))
}

fn log_fault(failure: &Failure, id: &RequestId) {
    if !matches!(failure, Failure::Refused(_)) {
        tracing::error!(request_id = %id, error = %failure, "a request failed");
    }
}

fn add_headers(headers: &mut HeaderMap, api: bool, id: &RequestId) {
    let mut set = |name: &'static str, value: &str| {
        let name = HeaderName::from_static(name);
        if let Ok(value) = HeaderValue::from_str(value)
            && !headers.contains_key(&name)
        {
            headers.insert(name, value);
        }
    };
    set("anlao-api", "1");
    set("x-request-id", &id.0);
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("x-frame-options", "DENY");
    if api {
        set("cache-control", "no-store");
        set("content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
    } else {
        set(
            "content-security-policy",
            "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; object-src 'none'; \
             base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        );
    }
}

/// Answers what no route took: 405 with the methods there are, or 404.
pub async fn fallback(req: HttpRequest) -> Result<HttpResponse, Failure> {
    let methods = super::openapi::methods_at(req.path());
    if methods.is_empty() {
        return Err(Code::NotFound.into());
    }
    let mut answer = response(&Code::MethodNotAllowed.into(), Language::Chinese, String::new());
    let allow = HeaderValue::from_str(&methods.join(", "))
        .map_err(|_error| Failure::Internal("a bad method name"))?;
    answer.headers_mut().insert(header::ALLOW, allow);
    // Without the type, the envelope restates it in the reader's language and keeps `Allow`.
    answer.headers_mut().remove(header::CONTENT_TYPE);
    Ok(answer)
}
