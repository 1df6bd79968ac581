//! What is around every request: an id, a deadline, limits, a log line, the fixed headers, and problems in one form.

use super::answer::ForPeople;
use super::client::client_of;
use super::connection::Line;
use super::deadline::{Progress, passed, watch_body};
use super::limits::Class;
use super::measures::{InFlight, answered, given_up};
use super::problem::{Language, code_for_status, response, status, told};
use super::rates::Standing;
use super::serving::{Caller, Serving, note};
use crate::refusal::{Code, Failure, Refusal};
use crate::request_id::RequestId;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Instant;

/// The longest address and the largest head that are read; enough for every query and token of ours.
const LONGEST_ADDRESS: usize = 8 * 1024;
const LARGEST_HEAD: usize = 32 * 1024;

/// What is known of a request from its head on, whatever becomes of it.
#[derive(Debug)]
struct Exchange {
    id: RequestId,
    began: Instant,
    method: String,
    path: String,
    language: Language,
    class: Class,
    /// Whether the connection is not to be used again.
    last: bool,
}

impl Exchange {
    fn begin(req: &ServiceRequest) -> Self {
        let accepted = req.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            id: fresh_id(),
            began: Instant::now(),
            method: req.method().to_string(),
            path: req.path().to_owned(),
            language: Language::accepted(accepted),
            class: Class::of(req),
            last: false,
        }
    }

    fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// Counts the answer and writes the request's one line.
    fn log(&self, route: Option<String>, status: StatusCode, caller: Option<Caller>, code: Option<Code>) {
        let took = self.began.elapsed();
        tracing::info!(
            request_id = %self.id,
            method = self.method,
            path = self.path,
            route,
            status = status.as_u16(),
            code = code.map(Code::as_str),
            caller = caller.map(|caller| caller.0.to_string()),
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "request"
        );
        answered(&self.method, route, status.as_u16(), took);
    }
}

pub(super) fn fresh_id() -> RequestId {
    RequestId(uuid::Uuid::now_v7())
}

/// A request on its connection, for as long as it is worked on.
struct OnLine {
    line: Option<Rc<Line>>,
    body: Option<Rc<Progress>>,
}

impl OnLine {
    fn begin(req: &ServiceRequest, body: Option<Rc<Progress>>) -> Self {
        let line = req.conn_data::<Rc<Line>>().cloned();
        line.iter().for_each(|line| line.begin());
        Self { line, body }
    }

    fn has_unread_body(&self) -> bool {
        self.body.iter().for_each(|body| body.take_the_rest());
        self.body.as_ref().is_some_and(|body| !body.is_whole())
    }
}

impl Drop for OnLine {
    fn drop(&mut self) {
        self.line.iter().for_each(|line| line.end(!self.has_unread_body()));
    }
}

/// Wraps the whole application.
pub async fn envelope(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut exchange = Exchange::begin(&req);
    let _in_flight = InFlight::enter();
    let body = watch_body(&mut req);
    let on_line = OnLine::begin(&req, body.clone());
    let serving = req.app_data::<web::Data<Serving>>().cloned();
    req.extensions_mut().insert(exchange.id);
    req.extensions_mut().insert(exchange.class);
    let answered = match refused_by_its_head(&req, &exchange, serving.as_deref().map(AsRef::as_ref)) {
        Some(code) => {
            Ok(Ok(req.into_response(response(&code.into(), exchange.language, exchange.id.to_string()))))
        }
        None => {
            let call = exchange.id.scope(AssertUnwindSafe(next.call(req)).catch_unwind());
            let call = call
                .map(|answered| answered.map(|answered| answered.map(ServiceResponse::map_into_boxed_body)));
            match &serving {
                None => call.await.map_err(|_panic| Code::Internal),
                Some(serving) => tokio::select! {
                    biased;
                    answered = call => answered.map_err(|_panic| Code::Internal),
                    code = passed(&serving.limits, exchange.class, body, &serving.draining) => Err(code),
                },
            }
        }
    };
    exchange.last = on_line.has_unread_body() || serving.is_some_and(|serving| serving.draining.is_begun());
    let mut res = match answered {
        Ok(Ok(res)) => restate(res, exchange.language, exchange.id),
        Ok(Err(error)) => {
            tracing::warn!(request_id = %exchange.id, %error, "a request failed before it was routed");
            let code = code_for_status(error.as_response_error().status_code());
            return Err(Unrouted::new(code, exchange).into());
        }
        Err(code) => {
            if code == Code::Internal {
                let Exchange { id, method, path, .. } = &exchange;
                tracing::error!(request_id = %id, method, path, "a handler panicked");
            } else {
                given_up(code.as_str());
            }
            return Err(Unrouted::new(code, exchange).into());
        }
    };
    finish(res.response_mut(), &exchange);
    let request = res.request().clone();
    if let Some(standing) = request.extensions().get::<Standing>() {
        tell_standing(res.response_mut(), standing);
    }
    let code = res.response().extensions().get::<Code>().copied();
    let caller = request.extensions().get::<Caller>().copied();
    exchange.log(request.match_pattern(), res.status(), caller, code);
    Ok(res)
}

/// What is too large to be read on, or comes from an address that asks too often.
fn refused_by_its_head(req: &ServiceRequest, exchange: &Exchange, serving: Option<&Serving>) -> Option<Code> {
    if req.uri().path_and_query().is_some_and(|asked| asked.as_str().len() > LONGEST_ADDRESS) {
        return Some(Code::AddressTooLong);
    }
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    if req.headers().iter().map(size).sum::<usize>() > LARGEST_HEAD {
        return Some(Code::HeadersTooLarge);
    }
    let address = client_of(req.request())?;
    match serving?.rates.of_address(address, exchange.class) {
        Ok(standing) => {
            note(req, standing);
            None
        }
        Err(standing) => {
            note(req, Some(standing));
            Some(Code::TooManyRequests)
        }
    }
}

/// What every answer gets, however it came about.
fn finish(answer: &mut HttpResponse<BoxBody>, exchange: &Exchange) {
    if exchange.last {
        answer.head_mut().set_connection_type(ConnectionType::Close);
    }
    add_headers(answer.headers_mut(), exchange.is_api(), exchange.id);
}

fn tell_standing(answer: &mut HttpResponse<BoxBody>, standing: &Standing) {
    for (name, value) in standing.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(standing.seconds()));
    }
}

/// What is left of a request that ended without an answer: enough to answer it in the one form.
#[derive(Debug)]
struct Unrouted {
    code: Code,
    exchange: Exchange,
}

impl Unrouted {
    fn new(code: Code, exchange: Exchange) -> Self {
        exchange.log(None, status(code.kind()), None, Some(code));
        Self { code, exchange }
    }
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
        let mut answer = response(&self.code.into(), self.exchange.language, self.exchange.id.to_string());
        finish(&mut answer, &self.exchange);
        answer
    }
}

/// Gives every error answer the one form, in the reader's language, and logs our own faults once.
fn restate(res: ServiceResponse<BoxBody>, language: Language, id: RequestId) -> ServiceResponse<BoxBody> {
    if res.status().as_u16() < 400 || res.response().extensions().get::<ForPeople>().is_some() {
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

fn log_fault(failure: &Failure, id: RequestId) {
    if !matches!(failure, Failure::Refused(_)) {
        tracing::error!(request_id = %id, error = %failure, "a request failed");
    }
}

fn add_headers(headers: &mut HeaderMap, api: bool, id: RequestId) {
    let mut set = |name: &'static str, value: &str| {
        let name = HeaderName::from_static(name);
        if let Ok(value) = HeaderValue::from_str(value)
            && !headers.contains_key(&name)
        {
            headers.insert(name, value);
        }
    };
    set("anlao-api", "1");
    set("x-request-id", id.0.as_hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
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
    let mut methods = super::openapi::methods_at(req.path());
    if req.method() == actix_web::http::Method::CONNECT {
        // It names no path of ours: nobody is led elsewhere from here.
        methods = vec!["GET"];
    }
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
