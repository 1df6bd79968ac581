//! What is counted of photos.

use crate::metrics::{Counter, Family, counter, family};
use std::sync::LazyLock;

/// Bytes of photos that came in whole and verified…
pub(super) static RECEIVED: LazyLock<Counter> =
    LazyLock::new(|| counter("evidence_received_bytes", "Bytes of photos received whole"));
/// …and of those whose record was kept.
pub(super) static STORED: LazyLock<Counter> =
    LazyLock::new(|| counter("evidence_stored_bytes", "Bytes of photos stored for the first time"));
static COPIES: LazyLock<Family<[(&'static str, &'static str); 1], Counter>> =
    LazyLock::new(|| family("evidence_copies", "Copies for looking at, made or not"));

pub(super) fn copies(outcome: &'static str) {
    COPIES.get_or_create(&[("outcome", outcome)]).inc();
}
