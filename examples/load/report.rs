//! The table and the file.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// One measurement. What was not measured stays empty.
#[derive(Clone, Default)]
pub struct Figure {
    pub name: String,
    pub per_second: Option<f64>,
    pub p50: Option<Duration>,
    pub p99: Option<Duration>,
    /// Processor time of what is measured, for each request.
    pub cpu: Option<Duration>,
    pub mebibytes: Option<f64>,
    /// This beside what `against` says.
    pub ratio: Option<f64>,
    pub against: String,
    /// What the project wants of it, and whether this run shows it.
    pub aim: Option<(String, bool)>,
}

impl Figure {
    pub fn named(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub fn against(mut self, ratio: f64, what: &str) -> Self {
        self.ratio = Some(ratio);
        self.against = what.into();
        self
    }

    pub fn aim(mut self, text: &str, met: bool) -> Self {
        self.aim = Some((text.into(), met));
        self
    }

    pub fn cpu_us(&self) -> f64 {
        self.cpu.unwrap_or_default().as_secs_f64() * 1e6
    }

    /// Something that happens once and should be done within a limit.
    pub fn once(name: &str, took: Duration, limit: Duration) -> Self {
        let figure = Self { p50: Some(took), p99: Some(took), ..Self::named(name) };
        let share = took.as_secs_f64() / limit.as_secs_f64();
        figure
            .against(share, &format!("limit {} ms", limit.as_millis()))
            .aim(&format!("< {} ms", limit.as_millis()), took < limit)
    }

    /// Memory that should stay below a limit.
    pub fn memory(name: &str, mebibytes: f64, limit: f64) -> Self {
        let figure = Self { mebibytes: Some(mebibytes), ..Self::named(name) };
        let limit_text = format!("limit {limit:.0} MiB");
        figure.against(mebibytes / limit, &limit_text).aim(&format!("< {limit:.0} MiB"), mebibytes < limit)
    }
}

/// The middle one by rate.
pub fn median(mut rounds: Vec<Figure>) -> Figure {
    rounds.sort_by(|a, b| a.per_second.unwrap_or(0.0).total_cmp(&b.per_second.unwrap_or(0.0)));
    let middle = rounds.len() / 2;
    rounds.swap_remove(middle)
}

pub fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

#[derive(Default)]
pub struct Report {
    figures: Vec<Figure>,
    notes: Vec<String>,
}

impl Report {
    pub fn add(&mut self, figure: Figure) -> Figure {
        eprintln!("{}", line(&figure));
        self.figures.push(figure.clone());
        figure
    }

    /// Something the reader must know: what was left out, what stood in for what.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        eprintln!("* {text}");
        self.notes.push(text);
    }

    pub fn print(&self) {
        println!(
            "\n{:<44} {:>10} {:>9} {:>9} {:>9} {:>8} {:>7}  {:<24} against",
            "", "per second", "p50 ms", "p99 ms", "CPU us", "MiB", "ratio", "aim"
        );
        self.figures.iter().for_each(|one| println!("{}", line(one)));
        self.notes.iter().for_each(|note| println!("* {note}"));
        println!(
            "* CPU us is the processor time of what is measured for one request, photo or upload; clients \
             are other processes.\n* {}",
            machine()
        );
    }

    pub fn write(&self, path: &str) {
        let ms = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1e3);
        let value = |one: &Figure| {
            let mut figure = json!({
                "rps": one.per_second, "p99_ms": ms(one.p99), "cpu_us": one.cpu.map(|_| one.cpu_us()),
                "ratio": one.ratio, "against": one.against,
            });
            if let (Some(mebibytes), Value::Object(members)) = (one.mebibytes, &mut figure) {
                members.insert("mib".into(), json!(mebibytes));
            }
            if let (Some((aim, met)), Value::Object(members)) = (&one.aim, &mut figure) {
                members.insert("aim".into(), json!(aim));
                members.insert("met".into(), json!(met));
            }
            figure
        };
        let all: BTreeMap<&str, Value> =
            self.figures.iter().map(|one| (one.name.as_str(), value(one))).collect();
        std::fs::create_dir_all("target").unwrap();
        std::fs::write(path, serde_json::to_string_pretty(&all).unwrap()).unwrap();
        println!("written to {path}");
    }
}

fn line(one: &Figure) -> String {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(String::new, |value| format!("{value:.digits$}"))
    };
    let ms = |time: Option<Duration>| number(time.map(|time| time.as_secs_f64() * 1e3), 2);
    let aim = one.aim.as_ref().map(|(aim, met)| format!("{aim}: {}", if *met { "met" } else { "MISSED" }));
    format!(
        "{:<44} {:>10} {:>9} {:>9} {:>9} {:>8} {:>7}  {:<24} {}",
        one.name,
        number(one.per_second, 0),
        ms(one.p50),
        ms(one.p99),
        number(one.cpu.map(|_| one.cpu_us()), 0),
        number(one.mebibytes, 1),
        number(one.ratio, 3),
        aim.unwrap_or_default(),
        one.against
    )
}

/// How busy the machine is by itself.
pub fn machine() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores, load average {}", load.join(" "))
}
