//! The table and the file.

use std::collections::BTreeMap;
use std::time::Duration;

/// One measurement.
#[derive(Clone)]
pub struct Figure {
    pub name: String,
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    /// Processor time of the server for each request.
    pub cpu: Duration,
    /// Rate against another figure of the same run.
    pub ratio: f64,
    pub against: String,
}

impl Figure {
    /// Something that happens once, beside its limit.
    pub fn once(name: &str, took: Duration, limit: Duration) -> Self {
        Self {
            name: name.into(),
            per_second: 0.0,
            p50: took,
            p99: took,
            cpu: took,
            ratio: limit.as_secs_f64() / took.as_secs_f64(),
            against: format!("limit {} ms", limit.as_millis()),
        }
    }
}

#[derive(Default)]
pub struct Report {
    figures: Vec<Figure>,
}

impl Report {
    pub fn add(&mut self, figure: Figure) -> Figure {
        eprintln!("{}: done", figure.name);
        self.figures.push(figure.clone());
        figure
    }

    pub fn print(&self) {
        println!(
            "{:<30} {:>10} {:>9} {:>9} {:>9} {:>7}  against",
            "", "per second", "p50 ms", "p99 ms", "CPU us", "ratio"
        );
        for one in &self.figures {
            println!(
                "{:<30} {:>10.0} {:>9.2} {:>9.2} {:>9.0} {:>7.2}  {}",
                one.name,
                one.per_second,
                one.p50.as_secs_f64() * 1e3,
                one.p99.as_secs_f64() * 1e3,
                one.cpu.as_secs_f64() * 1e6,
                one.ratio,
                one.against
            );
        }
    }

    pub fn write(&self, path: &str) {
        let all: BTreeMap<&str, serde_json::Value> = self
            .figures
            .iter()
            .map(|one| {
                let figure = serde_json::json!({
                    "rps": one.per_second, "p99_ms": one.p99.as_secs_f64() * 1e3, "cpu_us": one.cpu.as_secs_f64() * 1e6,
                    "ratio": one.ratio, "against": one.against,
                });
                (one.name.as_str(), figure)
            })
            .collect();
        std::fs::create_dir_all("target").unwrap();
        std::fs::write(path, serde_json::to_string_pretty(&all).unwrap()).unwrap();
        println!("written to {path}");
    }
}
