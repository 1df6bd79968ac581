//! Durable registration on PostgreSQL beside pgbench: the same statements, as PostgreSQL itself logged them for
//! one registration, from as many clients, with nothing around them.

use super::Options;
use super::office::{Bench, Size, nth_institution};
use super::report::{Figure, Report, middle};
use anlao::ids::HazardId;
use anlao_testbed::Postgres;
use std::process::Command;

/// The institution of the registration that is looked at, and its photo's size.
const HOME: usize = 5;
const PHOTO: usize = 200_000;
/// What pgbench ran, to be looked at.
const SCRIPT: &str = "target/bench-registration.sql";

pub fn measure(options: &Options, report: &mut Report) {
    let Some(cluster) = anlao_testbed::postgres_that_flushes() else {
        return report.note("PostgreSQL was not measured: it is not installed");
    };
    let url = cluster.create_database("bench");
    // One hazard for each institution, so that its chain and its counts are there.
    let size = Size {
        institutions: options.institutions,
        hazards: options.institutions,
        open: options.institutions,
    };
    let bench = Bench::build(options, size, &url);
    let script = capture(&bench, &cluster);
    let program = bench.start("");
    program.settle();
    let name = "PostgreSQL: durable registration";
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        ours.push(bench.one_round(name, &program, &bench.registrations(), None));
        theirs.push(pgbench(options, &cluster, &script));
    }
    let ours = super::report::median(ours);
    let theirs = middle(theirs);
    let share = ours.per_second.unwrap() / theirs;
    report.add(ours.against(share, "rate of pgbench").aim(">= 0.70 of pgbench", share >= 0.7));
    let pgbench =
        Figure { per_second: Some(theirs), ..Figure::named("PostgreSQL: pgbench, the same statements") };
    report.add(pgbench.against(1.0, "itself"));
    report.note(format!(
        "PostgreSQL {} with fsync on; pgbench runs the {} statements of one registration, prepared, with random \
         ids and institutions, {} clients",
        cluster.major_version(),
        script.statements,
        options.connections
    ));
}

/// What pgbench is to run.
struct Script {
    text: String,
    /// Values of the parameters that are the same every time.
    values: Vec<String>,
    statements: usize,
}

/// A statement as the server logged it.
struct Logged {
    process: String,
    text: String,
    parameters: Vec<Option<String>>,
}

/// Has the program register two hazards, the second with everything prepared, and reads what it asked.
fn capture(bench: &Bench, cluster: &Postgres) -> Script {
    let program = bench.start("?options=-c%20log_statement%3Dall%20-c%20log_min_error_statement%3Dpanic");
    program.settle();
    let home = nth_institution(HOME);
    let mut line = super::client::Line::to(&program.address);
    let mut ids = (HazardId::fresh(), uuid::Uuid::now_v7());
    for room in 0..2 {
        ids = (HazardId::fresh(), uuid::Uuid::now_v7());
        let request = bench.registration(ids.0, home, room, ids.1, &"0".repeat(64), PHOTO);
        line.ask_well(&request, &program.inspector);
    }
    let statements = logged(&cluster.log());
    let is_ours = |one: &Logged| one.text.starts_with("INSERT INTO \"hazards\"");
    let at = statements.iter().rposition(is_ours).expect("the registration is in PostgreSQL's log");
    let process = &statements[at].process;
    let mine: Vec<&Logged> = statements.iter().filter(|one| &one.process == process).collect();
    let at = mine.iter().rposition(|one| is_ours(one)).unwrap();
    let first = mine[..at].iter().rposition(|one| one.text.starts_with("BEGIN")).unwrap();
    let last = at + mine[at..].iter().position(|one| one.text.starts_with("COMMIT")).unwrap();
    let random = |kind: &str, variable: &str| {
        format!("('{kind}-0000-7000-8000-' || lpad(to_hex(:{variable}::bigint), 12, '0'))::uuid")
    };
    let places = [
        (ids.0.to_string(), random("00000002", "hazard")),
        (ids.1.to_string(), random("00000003", "hazard")),
        (home.to_string(), random("00000001", "home")),
    ];
    written(&mine[first..=last], &places, bench.options.institutions)
}

fn written(statements: &[&Logged], places: &[(String, String)], institutions: usize) -> Script {
    let mut text =
        format!("\\set hazard random(1, 200000000000000)\n\\set home random(0, {})\n", institutions - 1);
    let mut values = Vec::new();
    for (at, one) in statements.iter().enumerate() {
        let place = |number: usize, value: &Option<String>| {
            let Some(value) = value else { return ("NULL".to_owned(), None) };
            if let Some((_, expression)) = places.iter().find(|(id, _)| id == value) {
                return (expression.clone(), None);
            }
            if one.text.starts_with("INSERT INTO \"audit_entries\"") && is_column(&one.text, "seq", number) {
                return (":head_seq".to_owned(), None);
            }
            let name = format!("s{at}_{number}");
            (format!(":{name}"), Some(format!("{name}={value}")))
        };
        let mut statement = one.text.clone();
        // From the last on, or $1 would be found in $12.
        for (number, value) in one.parameters.iter().enumerate().rev() {
            let (expression, constant) = place(number + 1, value);
            statement = statement.replace(&format!("${}", number + 1), &expression);
            values.extend(constant);
        }
        text.push_str(&statement);
        // The next number of the chain is used further down.
        let ending = if one.text.starts_with("UPDATE \"audit_heads\"") && one.text.contains("RETURNING") {
            " \\gset head_\n"
        } else {
            ";\n"
        };
        text.push_str(ending);
    }
    Script { text, values, statements: statements.len() }
}

/// Whether the parameter of this number is the value of a column.
fn is_column(insert: &str, column: &str, number: usize) -> bool {
    let lists: Vec<&str> = insert.split(['(', ')']).collect();
    let at = lists[1].split(", ").position(|name| name.trim_matches('"') == column);
    at.is_some_and(|at| lists[3].split(", ").nth(at) == Some(&format!("${number}")))
}

/// The statements in a log, with their parameters.
fn logged(log: &str) -> Vec<Logged> {
    let mut found: Vec<Logged> = Vec::new();
    for line in log.lines() {
        let Some((head, rest)) = line.split_once("]  LOG:  ").or_else(|| line.split_once("] LOG:  ")) else {
            let detail =
                line.split_once("DETAIL:  parameters: ").or_else(|| line.split_once("DETAIL:  Parameters: "));
            if let (Some((_, list)), Some(last)) = (detail, found.last_mut()) {
                last.parameters = parameters(list);
            }
            continue;
        };
        let process = head.rsplit('[').next().unwrap_or_default().to_owned();
        let text = match rest.split_once(": ") {
            Some((kind, text)) if kind == "statement" || kind.starts_with("execute ") => text,
            _ => continue,
        };
        found.push(Logged { process, text: text.to_owned(), parameters: Vec::new() });
    }
    found
}

/// Reads `$1 = 'text', $2 = NULL, …`; a quote inside a text is doubled.
fn parameters(list: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut rest = list;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            found.push(None);
            rest = value;
            continue;
        };
        let (mut text, mut characters) = (String::new(), quoted.char_indices().peekable());
        rest = "";
        while let Some((at, character)) = characters.next() {
            match (character, characters.peek()) {
                ('\'', Some((_, '\''))) => {
                    text.push('\'');
                    characters.next();
                }
                ('\'', _) => {
                    rest = &quoted[at + 1..];
                    break;
                }
                _ => text.push(character),
            }
        }
        found.push(Some(text));
    }
    found
}

/// Transactions a second.
fn pgbench(options: &Options, cluster: &Postgres, script: &Script) -> f64 {
    std::fs::write(SCRIPT, &script.text).unwrap();
    let mut command = Command::new(cluster.programs().join("pgbench"));
    command.args(["--no-vacuum", "--protocol", "prepared", "--jobs", "2", "--username", "anlao"]);
    command.args(["--host", "127.0.0.1", "--port", &cluster.port().to_string()]);
    command.args(["--client", &options.connections.to_string(), "--time", &options.seconds.to_string()]);
    if cluster.major_version() >= 15 {
        // As the program does when two changes collide.
        command.args(["--max-tries", "100"]);
    }
    for value in &script.values {
        command.args(["--define", value]);
    }
    let done = command.args(["--file", SCRIPT, "bench"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && !err.contains("aborted"), "{err}\n{out}\n{}", script.text);
    let tps = out.lines().find_map(|line| line.strip_prefix("tps = "));
    tps.and_then(|rest| rest.split(' ').next())
        .and_then(|number| number.parse().ok())
        .expect("pgbench's rate")
}
