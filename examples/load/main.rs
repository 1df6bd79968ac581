//! `make bench`: how fast the server is, beside a static answer of the same server and the same queries
//! without HTTP, in one run on one machine. Trust the ratios and the CPU per request; rates are this machine's.
//!
//! Usage: `load [--institutions N] [--hazards N] [--seconds S] [--connections N]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a measuring program: it stops at the first thing that is not as it should be"
)]

mod client;
mod office;
mod report;

use clap::Parser;
use office::Bench;
use report::{Figure, Report};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Parser, Clone)]
pub struct Options {
    #[arg(long, default_value_t = 300)]
    institutions: usize,
    #[arg(long, default_value_t = 200_000)]
    hazards: usize,
    /// How long each measurement lasts.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Be the client of another process: requests are read from this file.
    #[arg(long, hide = true)]
    client: Option<PathBuf>,
    #[arg(long, hide = true, default_value = "")]
    address: String,
    #[arg(long, hide = true, default_value = "")]
    token: String,
}

fn main() {
    let options = Options::parse();
    match &options.client {
        Some(requests) => client::run(&options, requests),
        None => measure(&options),
    }
}

fn measure(options: &Options) {
    let bench = Bench::build(options);
    let mut report = Report::default();
    let fixed = report.add(bench.http("static answer", None, &bench.static_requests()));
    let point = report.add(bench.http("hazard by id", Some(&fixed), &bench.point_requests()));
    let list = report.add(bench.http("50 overdue of a county", Some(&fixed), &bench.list_requests()));
    report.add(bench.http("overview of the city", Some(&fixed), &bench.overview_requests()));
    report.add(bench.queries("hazard by id, queries alone", &point));
    report.add(bench.list_queries("50 overdue, queries alone", &list));
    report.add(bench.http("durable registration", Some(&fixed), &bench.registrations(options.seconds)));
    report.add(start_up(&bench));
    report.print();
    report.write("target/bench.json");
}

/// From process start to the first answer on the filled database.
fn start_up(bench: &Bench) -> Figure {
    let began = std::time::Instant::now();
    let parts = bench.reopen();
    drop(parts);
    Figure::once("opening the filled database", began.elapsed(), Duration::from_millis(100))
}
