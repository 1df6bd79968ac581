//! `make bench`: how fast the real program is, beside a static answer of the same server, the same queries
//! without HTTP, and other programs, in one run on one machine. Trust the ratios and the processor time for each
//! request; rates are this machine's.
//!
//! Usage: `load [--only PART] [--institutions N] [--hazards N] [--open N] [--middle N] [--largest N] [--seconds S]
//! [--rounds N] [--connections N]`; `target/release/anlao` must have been built.

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
mod history;
mod office;
mod photos;
mod postgres;
mod program;
mod report;

use clap::{Parser, ValueEnum};
use office::{Bench, Size};
use program::Program;
use report::{Figure, Report};
use sha2::Digest;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Parser, Clone)]
pub struct Options {
    /// Measure only one part.
    #[arg(long)]
    only: Option<Part>,
    #[arg(long, default_value_t = 300)]
    institutions: usize,
    /// Hazards registered by the rules at the beginning.
    #[arg(long, default_value_t = 20_000)]
    hazards: usize,
    /// How many of them are still open; it stays at that however long the history.
    #[arg(long, default_value_t = 10_000)]
    open: usize,
    /// With how many hazards most things are measured.
    #[arg(long, default_value_t = 200_000)]
    middle: usize,
    /// With how many the overview must still be as quick.
    #[arg(long, default_value_t = 2_000_000)]
    largest: usize,
    /// How long each round of a measurement lasts.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds of each measurement; the middle one counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Be the client of another process: requests are read from this file.
    #[arg(long, hide = true)]
    client: Option<PathBuf>,
    #[arg(long, hide = true, default_value = "")]
    address: String,
    #[arg(long, hide = true, default_value = "")]
    token: String,
    #[arg(long, hide = true)]
    photo: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Reads, writes, the process itself, and how they fare as history grows.
    Records,
    Photos,
    Postgres,
}

/// Photos sent at the same time, and their size.
const UPLOADS: usize = 200;
const UPLOAD_SIZE: usize = 5_000_000;

fn main() {
    let options = Options::parse();
    match &options.client {
        Some(requests) => client::run(&options, requests),
        None => measure(&options),
    }
}

fn measure(options: &Options) {
    println!("{}", report::machine());
    let mut report = Report::default();
    let wanted = |part| options.only.is_none_or(|only| only == part);
    if wanted(Part::Photos) {
        photos::measure(&mut report);
    }
    if wanted(Part::Postgres) {
        postgres::measure(options, &mut report);
    }
    if wanted(Part::Records) {
        records(options, &mut report);
    }
    report.print();
    report.write("target/bench.json");
}

/// What is measured again as history grows.
struct Reads {
    overview: Figure,
    list: Figure,
    point: Figure,
}

fn records(options: &Options, report: &mut Report) {
    let size = Size { institutions: options.institutions, hazards: options.hazards, open: options.open };
    let bench = Bench::build(options, size, "");
    // The first start of all runs every job once; nobody measured is to do that.
    bench.start("").settle();
    report.add(start_up(&bench, options.hazards));
    let program = bench.start("");
    idle(&bench, &program, report);
    let first = reads(&bench, &program, report, options.hazards, None, None);
    drop(program);
    if options.middle > options.hazards {
        history::grow(&bench, options.middle);
    }
    let program = bench.start("");
    program.settle();
    let fixed = report.add(bench.http("static answer", &program, None, || bench.static_requests()));
    let read = reads(&bench, &program, report, options.middle, Some(&first), Some(&fixed));
    drop(program);
    report.add(bench.queries("hazard by id, queries alone", &read.point));
    report.add(bench.list_queries("50 overdue of a county, queries alone", &read.list));
    writes(&bench, report, &fixed);
    if options.largest > options.middle {
        history::grow(&bench, options.largest);
        report.add(start_up(&bench, options.largest));
        let program = bench.start("");
        program.settle();
        reads(&bench, &program, report, options.largest, Some(&first), None);
    }
}

/// Overview, list and a read by id; beside the first of them, or beside the static answer.
fn reads(
    bench: &Bench,
    program: &Program,
    report: &mut Report,
    hazards: usize,
    first: Option<&Reads>,
    fixed: Option<&Figure>,
) -> Reads {
    let mut one = |name: &str, before: Option<&Figure>, requests: Vec<String>| {
        let measured = bench.http(&format!("{name}, {hazards} hazards"), program, None, || requests.clone());
        if let (Some(fixed), Some(rate)) = (fixed, measured.per_second) {
            let beside = Figure { name: name.into(), ..measured.clone() };
            report.add(beside.against(rate / fixed.per_second.unwrap(), "rate of static answer"));
        }
        let figure = match before {
            // Processor time, because rates tell more of what else the machine does.
            Some(before) => {
                let growth = measured.cpu_us() / before.cpu_us();
                measured.against(growth, &format!("CPU of {}", before.name)).aim("<= 1.25", growth <= 1.25)
            }
            None => measured.against(1.0, "itself"),
        };
        report.add(figure)
    };
    Reads {
        overview: one("overview of the city", first.map(|all| &all.overview), bench.overview_requests()),
        list: one("50 overdue of a county", first.map(|all| &all.list), bench.list_requests()),
        point: one("hazard by id", first.map(|all| &all.point), bench.point_requests()),
    }
}

/// From the start of the process to the answer to somebody logged in; the middle of five.
fn start_up(bench: &Bench, hazards: usize) -> Figure {
    let request = bench.one_read();
    let mut taken: Vec<Duration> = (0..5).map(|_| bench.start("").first_answer(&request)).collect();
    taken.sort_unstable();
    let name = format!("start to first answer, {hazards} hazards");
    Figure::once(&name, taken[taken.len() / 2], Duration::from_millis(100))
}

fn idle(bench: &Bench, program: &Program, report: &mut Report) {
    program.first_answer(&bench.one_read());
    program.settle();
    report.add(Figure::memory("resident, idle", program.memory("VmRSS"), 40.0));
    let own =
        Figure { mebibytes: Some(program.memory("RssAnon")), ..Figure::named("resident, idle, its own") };
    report.add(
        own.against(program.memory("RssAnon") / program.memory("VmRSS"), "all; the rest is mapped files"),
    );
}

/// Registrations and uploads, on a copy: the history that grows must have as many open hazards as before.
fn writes(bench: &Bench, report: &mut Report, fixed: &Figure) {
    let folder = bench.folder_beside();
    let program = bench.start_on_copy(folder.path());
    program.settle();
    report.add(bench.http("durable registration", &program, Some(fixed), || bench.registrations()));
    drop((program, folder));
    let folder = bench.folder_beside();
    let program = bench.start_on_copy(folder.path());
    program.settle();
    let (requests, photo) = declare(bench, &program, folder.path());
    let before = program.memory("VmRSS");
    let name = format!("{UPLOADS} uploads of {} MB at once", UPLOAD_SIZE / 1_000_000);
    let (uploads, own) = program.own_peak(|| bench.one_round(&name, &program, &requests, Some(&photo)));
    let (peak, limit) = (program.memory("VmHWM"), 300e6 / 1_048_576.0);
    report.note(format!(
        "no upload failed; {before:.0} MiB were resident before, {own:.0} MiB of the peak were the program's own \
         (the rest is mapped files); {:.0} MB/s came in",
        uploads.per_second.unwrap() * UPLOAD_SIZE as f64 / 1e6
    ));
    let uploads = Figure { mebibytes: Some(peak), ..uploads };
    report.add(uploads.against(peak / limit, "300 MB, at its peak").aim("< 300 MB", peak < limit));
}

/// Registers hazards whose photos are to come: a small picture each, and padding that tells them apart.
fn declare(bench: &Bench, program: &Program, folder: &std::path::Path) -> (Vec<String>, PathBuf) {
    let mut photo = photos::small();
    photo.resize(UPLOAD_SIZE, 0);
    let path = folder.join("photo.jpg");
    std::fs::write(&path, &photo).unwrap();
    let mut line = client::Line::to(&program.address);
    let one = |at: usize| {
        client::number(&mut photo, at as u64);
        let digest = format!("{:x}", sha2::Sha256::digest(&photo));
        let id = uuid::Uuid::now_v7();
        let home = office::nth_institution(at % bench.options.institutions);
        let request = bench.registration(anlao::ids::HazardId::fresh(), home, at, id, &digest, UPLOAD_SIZE);
        line.ask_well(&request, &program.inspector);
        format!("PUT /api/v1/evidence/{id}/content {at}")
    };
    ((0..UPLOADS).map(one).collect(), path)
}
