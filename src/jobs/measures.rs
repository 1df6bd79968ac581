//! What is counted of background work.

use super::JobKind;
use crate::metrics::{Counter, Family, Gauge, family, gauge};
use std::sync::LazyLock;

type Runs = Family<[(&'static str, &'static str); 2], Counter>;

static RUNS: LazyLock<Runs> =
    LazyLock::new(|| family("job_runs", "Background runs of this node, by kind and outcome"));
static DAMAGED: LazyLock<Gauge> = LazyLock::new(|| {
    gauge(
        "evidence_damaged_originals",
        "Originals known to be missing or altered; anything but 0 is an alarm",
    )
});
static ANCHORED: LazyLock<Gauge> = LazyLock::new(|| {
    gauge("audit_anchored_entries", "Entries of all audit chains when this node last signed their heads")
});
static WRONG: LazyLock<Gauge> = LazyLock::new(|| {
    gauge("wrong_counts", "Counts that did not fit the hazards when this node last compared them")
});

pub(super) fn ended(kind: JobKind, done: bool) {
    RUNS.get_or_create(&[("kind", kind.as_str()), ("outcome", if done { "done" } else { "failed" })]).inc();
}

pub(super) fn damaged(originals: i64) {
    DAMAGED.set(originals);
}

pub(super) fn anchored(entries: i64) {
    ANCHORED.set(entries);
}

pub(super) fn wrong_counts(counts: usize) {
    WRONG.set(i64::try_from(counts).unwrap_or(i64::MAX));
}
