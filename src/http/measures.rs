//! What is counted of requests.

use crate::metrics::{Counter, Family, Gauge, Histogram, family, gauge, registered, seconds};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

/// Method, route and status.
type Line = (&'static str, String, u16);
type ByRoute = Family<[(&'static str, String); 3], Counter>;
type Durations = Family<[(&'static str, String); 1], Histogram, fn() -> Histogram>;

static REQUESTS: LazyLock<ByRoute> =
    LazyLock::new(|| family("http_requests", "Requests answered, by method, route and status"));
static DURATIONS: LazyLock<Durations> = LazyLock::new(|| {
    registered(
        "http_request_duration_seconds",
        "From a request's head to its answer, by route",
        Family::new_with_constructor(seconds as fn() -> Histogram),
    )
});
static IN_FLIGHT: LazyLock<Gauge> =
    LazyLock::new(|| gauge("http_requests_in_flight", "Requests being worked on"));
static OVERDUE: LazyLock<Family<[(&'static str, &'static str); 1], Counter>> = LazyLock::new(|| {
    family("http_requests_given_up", "Requests that were not waited for any longer, by what they were told")
});

thread_local! {
    /// The same few lines again and again: each thread keeps them at hand.
    static KNOWN: RefCell<HashMap<Line, (Counter, Histogram)>> = RefCell::default();
}

/// The method as a label: anybody can make up others.
fn method_label(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// Counts an answer. What no route took is counted as `none`, or every scanner would make its own lines.
pub(super) fn answered(method: &str, route: Option<String>, status: u16, took: Duration) {
    let key = (method_label(method), route.unwrap_or_else(|| "none".to_owned()), status);
    KNOWN.with_borrow_mut(|known| {
        if let Some((count, durations)) = known.get(&key) {
            count.inc();
            durations.observe(took.as_secs_f64());
            return;
        }
        let (method, route, status) = &key;
        let labels =
            [("method", (*method).to_owned()), ("route", route.clone()), ("status", status.to_string())];
        let count = REQUESTS.get_or_create_owned(&labels);
        let durations = DURATIONS.get_or_create_owned(&[("route", route.clone())]);
        count.inc();
        durations.observe(took.as_secs_f64());
        known.insert(key, (count, durations));
    });
}

pub(super) fn given_up(code: &'static str) {
    OVERDUE.get_or_create(&[("code", code)]).inc();
}

/// A request being worked on, for as long as this lives.
pub(super) struct InFlight;

impl InFlight {
    pub(super) fn enter() -> Self {
        IN_FLIGHT.inc();
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.dec();
    }
}
