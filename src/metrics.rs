//! What the process counts and measures, in the text form that Prometheus reads.
//!
//! Any module adds its own: a `static` made with [`counter`], [`gauge`], [`histogram`] or [`family`] is known
//! from its first use on. Names get the prefix `anlao_`; counters end in `_total` by themselves.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Metric, Registry};
use std::hash::Hash;
use std::sync::{LazyLock, Mutex, PoisonError};

pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::family::Family;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::Histogram;

/// The media type of [`text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds, from half a millisecond to the longest upload.
const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 120.0];

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(|| {
    let mut registry = Registry::with_prefix("anlao");
    let version = vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    let build: Family<Vec<(String, String)>, Gauge> = Family::default();
    build.get_or_create(&version).set(1);
    registry.register("build_info", "The program's version", build);
    registry.register_collector(Box::new(Process));
    Mutex::new(registry)
});

/// Adds a metric under `anlao_NAME`.
pub fn registered<M: Metric + Clone>(name: &str, help: &str, metric: M) -> M {
    let mut registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    registry.register(name, help, metric.clone());
    metric
}

pub fn counter(name: &str, help: &str) -> Counter {
    registered(name, help, Counter::default())
}

pub fn gauge(name: &str, help: &str) -> Gauge {
    registered(name, help, Gauge::default())
}

/// A histogram of seconds.
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

pub fn histogram(name: &str, help: &str) -> Histogram {
    registered(name, help, seconds())
}

/// One metric for each set of labels.
pub fn family<L, M>(name: &str, help: &str) -> Family<L, M>
where
    L: Clone + Hash + Eq + EncodeLabelSet + std::fmt::Debug + Send + Sync + 'static,
    M: Default
        + EncodeMetric
        + prometheus_client::metrics::TypedMetric
        + std::fmt::Debug
        + Send
        + Sync
        + 'static,
{
    registered(name, help, Family::default())
}

/// Everything as it is now.
pub fn text() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

/// What the kernel knows of this process; nothing where there is no `/proc`.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let facts = [
            ("process_resident_memory_bytes", "Memory in use", resident_bytes()),
            ("process_open_fds", "Open files and connections", open_files()),
            (
                "process_max_fds",
                "How many files and connections may be open",
                rlimit::getrlimit(rlimit::Resource::NOFILE).ok().map(|(soft, _)| soft),
            ),
        ];
        for (name, help, value) in facts {
            if let Some(value) = value.and_then(|value| i64::try_from(value).ok()) {
                let gauge = ConstGauge::new(value);
                let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
                gauge.encode(metric)?;
            }
        }
        Ok(())
    }
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn open_files() -> Option<u64> {
    u64::try_from(std::fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}
