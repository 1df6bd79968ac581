//! House rules, held by reading the source tree. Each test names the rule and everything that breaks it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

#[path = "tidy/tree.rs"]
mod tree;

use tree::{File, functions, sources, tree, writing_handlers};

/// Fails with every breach at once.
#[track_caller]
fn none(rule: &str, breaches: Vec<String>) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}

const DOMAINS: &[&str] = &[
    "areas",
    "audit",
    "campaigns",
    "checklists",
    "compliance",
    "drills",
    "evidence",
    "external_orders",
    "hazards",
    "inspections",
    "institutions",
    "jobs",
    "ledger",
    "notices",
    "plans",
    "residents",
    "rosters",
    "rules",
    "self_checks",
    "staff",
    "sessions",
    "supervision",
    "trainings",
    "users",
    "warnings",
];

/// Rules beside the `rules.rs` files: functions of their arguments and nothing else.
const PURE: &[&str] = &[
    "audit/entry.rs",
    "audit/walker.rs",
    "campaigns/action.rs",
    "campaigns/draw.rs",
    "campaigns/draw_record.rs",
    "campaigns/progress.rs",
    "canonical.rs",
    "compliance/calendar.rs",
    "compliance/choosing.rs",
    "compliance/counting.rs",
    "compliance/course.rs",
    "compliance/coverage.rs",
    "compliance/elements.rs",
    "compliance/facts.rs",
    "compliance/predictable.rs",
    "compliance/proposal.rs",
    "compliance/requirements.rs",
    "compliance/standing.rs",
    "drills/stopwatch/clocks.rs",
    "drills/stopwatch/merge.rs",
    "drills/action.rs",
    "drills/file/pages.rs",
    "drills/file/words.rs",
    "drills/record_rules.rs",
    "drills/timeline.rs",
    "fields.rs",
    "hazards/action.rs",
    "hazards/deadlines.rs",
    "hazards/lifecycle.rs",
    "institutions/credit_code.rs",
    "ledger/cells.rs",
    "ledger/columns.rs",
    "ledger/lists.rs",
    "ledger/mapping.rs",
    "ledger/rows.rs",
    "notices/content.rs",
    "notices/form.rs",
    "notices/paper/code.rs",
    "notices/paper/docx.rs",
    "notices/paper/html.rs",
    "notices/templates.rs",
    "plans/action.rs",
    "plans/check.rs",
    "plans/content.rs",
    "plans/form.rs",
    "plans/revision.rs",
    "residents/evac_class.rs",
    "residents/night.rs",
    "rosters/shifts.rs",
    "rules/compare.rs",
    "rules/document.rs",
    "rules/kinds/colours.rs",
    "rules/kinds/criteria.rs",
    "rules/kinds/drills.rs",
    "rules/kinds/elements.rs",
    "rules/kinds/evacuation.rs",
    "rules/kinds/holidays.rs",
    "rules/kinds/intervals.rs",
    "rules/kinds/plan_contents.rs",
    "rules/reader.rs",
    "rules/resolve.rs",
    "rules/terms.rs",
    "self_checks/status.rs",
    "staff/person.rs",
    "stored.rs",
    "supervision/overview.rs",
    "trainings/status.rs",
    "warnings/findings.rs",
];

fn is_pure(file: &File) -> bool {
    let name = file.path.rsplit('/').next().unwrap();
    name == "rules.rs" || PURE.iter().any(|path| file.path == format!("src/{path}"))
}

#[test]
fn the_map_names_every_domain() {
    let map = include_str!("../ARCHITECTURE.md");
    let shape = map.split("```").nth(1).unwrap();
    let named: Vec<&str> = shape.split_whitespace().collect();
    let missing = DOMAINS.iter().filter(|domain| !named.contains(domain));
    none(
        "ARCHITECTURE.md names every folder of the domain",
        missing.map(|&domain| domain.to_owned()).collect(),
    );
}

#[test]
fn rules_are_pure() {
    let mut breaches = Vec::new();
    let files = sources();
    for path in PURE {
        assert!(files.iter().any(|file| file.path == format!("src/{path}")), "{path} is gone");
    }
    for file in files.iter().filter(|file| is_pure(file)) {
        for module in ["app", "cli", "clock", "config", "db::schema", "db::Conn", "http", "office"] {
            if file.names(module) {
                breaches.push(format!("{} names crate::{module}", file.path));
            }
        }
        for word in ["diesel::", "actix_web", "tokio", "std::fs", "std::env", "Conn,", "&mut Conn"] {
            if file.code().contains(word) {
                breaches.push(format!("{} names {word}", file.path));
            }
        }
    }
    none("rules know no database, no wire, no clock and no configuration", breaches);
}

#[test]
fn queries_know_no_wire() {
    let mut breaches = Vec::new();
    let queries = |file: &&File| file.path.ends_with("/queries.rs") || file.path.ends_with("/list.rs");
    for file in sources().iter().filter(queries) {
        for module in ["app", "cli", "clock", "config", "http"] {
            if file.names(module) {
                breaches.push(format!("{} names crate::{module}", file.path));
            }
        }
        if file.code().contains("actix_web") {
            breaches.push(format!("{} names actix_web", file.path));
        }
    }
    none("queries know neither the wire nor the configuration", breaches);
}

#[test]
fn only_routes_and_the_machine_speak_http() {
    // Receiving a body is reading from the wire, piece by piece; decoding runs on the server's pool of threads. The
    // configuration says what the wire's limits are, in its own words.
    let excused =
        ["src/evidence/intake.rs", "src/evidence/derivatives.rs", "src/users/password.rs", "src/config.rs"];
    let mut breaches = Vec::new();
    for file in sources() {
        let routes = file.path.ends_with("/routes.rs") || excused.contains(&file.path.as_str());
        let machine = file.is_in(&["http/", "access/", "app.rs", "cli/"]);
        if !routes && !machine && (file.names("http") || file.code().contains("actix_web")) {
            breaches.push(file.path);
        }
    }
    none("use cases do not know that there is a wire", breaches);
}

#[test]
fn the_machine_knows_no_domain() {
    const MACHINE: [&str; 11] = [
        "access/",
        "canonical.rs",
        "clock.rs",
        "config.rs",
        "db/",
        "fields.rs",
        "http/",
        "ids.rs",
        "keys.rs",
        "refusal.rs",
        "stored.rs",
    ];
    // Who is asking is looked up in the same transaction, and what is refused is written down in it.
    let excused = [
        ("src/access/extractor.rs", "sessions"),
        ("src/access/extractor.rs", "audit"),
        // The configuration says where the store is, in the store's own words.
        ("src/config.rs", "evidence"),
    ];
    let mut breaches = Vec::new();
    for file in sources().iter().filter(|file| file.is_in(&MACHINE)) {
        for domain in DOMAINS {
            if file.names(domain) && !excused.contains(&(file.path.as_str(), domain)) {
                breaches.push(format!("{} names crate::{domain}", file.path));
            }
        }
    }
    none("the machine knows no word of the domain", breaches);
}

#[test]
fn imports_go_one_way() {
    let above: [(&str, &[&str]); 5] = [
        ("cli", &["cli/", "main.rs", "demo/"]),
        ("app", &["app.rs", "cli/", "demo/"]),
        ("demo", &["demo/", "cli/"]),
        ("supervision", &["supervision/", "app.rs", "demo/"]),
        ("config", &["config.rs", "app.rs", "cli/", "demo/"]),
    ];
    let mut breaches = Vec::new();
    for file in sources() {
        for (module, allowed) in above {
            if file.names(module) && !file.is_in(allowed) {
                breaches.push(format!("{} names crate::{module}", file.path));
            }
        }
        let trail = file.is_in(&["audit/"]) && !file.path.ends_with("/routes.rs");
        for domain in DOMAINS.iter().filter(|domain| **domain != "audit") {
            if trail && file.names(domain) {
                breaches.push(format!("{} names crate::{domain}", file.path));
            }
        }
    }
    none("main → cli → app → routes; nobody looks up", breaches);
}

#[test]
fn only_db_names_a_database() {
    // Column types must say how each database keeps them, and the ids are the column types of the domain.
    let excused = ["src/ids.rs"];
    let mut breaches = Vec::new();
    for file in
        sources().iter().filter(|file| !file.is_in(&["db/"]) && !excused.contains(&file.path.as_str()))
    {
        for word in [
            "SqliteConnection",
            "PgConnection",
            "diesel::pg",
            "diesel::sqlite",
            "Conn::Sqlite",
            "Conn::Postgres",
        ] {
            if file.code().contains(word) {
                breaches.push(format!("{} names {word}", file.path));
            }
        }
    }
    none("only src/db names a database", breaches);
}

#[test]
fn each_power_has_one_place() {
    let rules: [(&str, &[&str]); 9] = [
        ("Utc::now", &["clock.rs"]),
        ("SystemTime::now", &["clock.rs"]),
        ("Local::now", &[]),
        ("Uuid::now_v7", &["ids.rs", "http/envelope.rs"]),
        ("Uuid::new_v4", &[]),
        ("StatusCode", &["http/"]),
        ("io::stdout", &["cli/"]),
        ("env::var", &["cli/"]),
        // After a fault of the disk no other code may run on.
        ("process::exit", &["db/worker.rs"]),
    ];
    let mut breaches = Vec::new();
    for file in sources() {
        let code = file.code();
        for (word, places) in rules {
            if code.contains(word) && !file.is_in(places) {
                breaches.push(format!("{} names {word}", file.path));
            }
        }
        for word in ["println!", "eprintln!", "print!", "dbg!", "todo!", ".unwrap()", ".expect("] {
            if code.contains(word) {
                breaches.push(format!("{} has {word}", file.path));
            }
        }
    }
    none("time, ids, status codes, the terminal and the environment have one place each", breaches);
}

#[test]
fn every_module_says_what_it_is() {
    let files = tree(&["src", "tests", "crates"], &[".rs"]);
    let said = |file: &File| {
        file.text
            .lines()
            .find(|line| !line.is_empty())
            .is_some_and(|line| line.starts_with("//!") && line.len() > 10)
    };
    // Parts of a test's tools; the folder's first file says what they are.
    let part = |file: &File| {
        file.path.contains("/support/") || file.path.contains("crates/") && file.path.contains("/tests/")
    };
    let silent = files.iter().filter(|file| !said(file) && !part(file));
    none(
        "every file begins with a line that says what it is",
        silent.map(|file| file.path.clone()).collect(),
    );
}

#[test]
fn files_and_functions_are_short() {
    // Of a file and of a function. Tests hold tables of cases, which are read down and not through.
    const LONGEST: (usize, usize) = (500, 80);
    const LONGEST_OF_TESTS: (usize, usize) = (1000, 140);
    let mut breaches = Vec::new();
    let (mut worst_file, mut worst_function) = ((0, String::new()), (0, String::new()));
    for file in tree(&["src", "tests", "crates"], &[".rs"]) {
        let length = file.text.lines().count();
        worst_file = worst_file.max((length, file.path.clone()));
        // The schema is a list of tables, as the tests' tables of cases are: read down and not through.
        let schema = file.path == "src/db/schema.rs";
        let tests = file.path.starts_with("tests/");
        let (longest_file, longest_function) = if tests { LONGEST_OF_TESTS } else { LONGEST };
        let longest_file = if schema { 2 * LONGEST_OF_TESTS.0 } else { longest_file };
        if length > longest_file {
            breaches.push(format!("{} has {length} lines", file.path));
        }
        for (name, length) in functions(&file.text) {
            worst_function = worst_function.max((length, format!("{name} in {}", file.path)));
            if length > longest_function {
                breaches.push(format!("{name} in {} has {length} lines", file.path));
            }
        }
    }
    eprintln!("the longest file: {worst_file:?}; the longest function: {worst_function:?}");
    none("nothing is longer than a reader's patience", breaches);
}

#[test]
fn texts_are_clean() {
    let endings = [
        ".rs",
        ".toml",
        ".sql",
        ".md",
        ".yml",
        ".yaml",
        ".html",
        ".css",
        ".ts",
        ".tsx",
        ".svelte",
        "Makefile",
        "Dockerfile",
    ];
    let mut breaches = Vec::new();
    for file in tree(&["."], &endings) {
        for (at, line) in file.text.lines().enumerate() {
            if line.ends_with(' ') || line.ends_with('\t') {
                breaches.push(format!("{}:{} ends with a space", file.path, at + 1));
            }
        }
        if !file.text.is_empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")) {
            breaches.push(format!("{} does not end with one line end", file.path));
        }
    }
    none("no trailing spaces, one line end at the end", breaches);
}

#[test]
fn nothing_tells_where_it_was_written() {
    // Spelled in two parts, or this file would be the first breach.
    let words = [
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["/tmp/", "gen"],
        ["session ", "prompt"],
        ["worktree ", "of a helper"],
        ["mirror.", "local"],
        ["/home/", "user"],
    ];
    let words = words.map(|parts| parts.concat());
    let endings = [
        ".rs",
        ".toml",
        ".sql",
        ".md",
        ".json",
        ".yml",
        ".yaml",
        ".html",
        ".css",
        ".ts",
        ".js",
        ".svelte",
        ".lock",
        "Makefile",
        "Dockerfile",
        ".sh",
    ];
    let mut breaches = Vec::new();
    for file in tree(&["."], &endings) {
        for word in &words {
            if file.text.contains(word.as_str()) {
                breaches.push(format!("{} names {word}", file.path));
            }
        }
        let lock = file.path.ends_with("Cargo.lock");
        let strange = |line: &&str| {
            line.starts_with("source = ") && !line.contains("github.com/rust-lang/crates.io-index")
        };
        if lock && file.text.lines().any(|line| strange(&line)) {
            breaches.push(format!("{} names another registry", file.path));
        }
    }
    none("nothing in the tree depends on the machine it was written on", breaches);
}

#[test]
fn both_migration_folders_agree() {
    let names = |database: &str| -> Vec<String> {
        let files = tree(&[&format!("migrations/{database}")], &[".sql"]);
        files.iter().map(|file| file.path.replace(database, "")).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

/// Every operation that changes something, and the entry it leaves in the audit trail.
const WRITES: &[(&str, &str, &str)] = &[
    ("areas", "delete_area", "area.removed"),
    ("areas", "patch_area", "area.changed"),
    ("areas", "put_area", "area.registered"),
    ("campaigns", "patch_campaign", "campaign.changed"),
    ("campaigns", "put_campaign", "campaign.drafted"),
    ("campaigns", "put_campaign_action", "campaign.started"),
    ("drills", "put_drill", "drill.planned"),
    ("drills", "put_drill_action", "drill.started"),
    ("drills", "put_drill_evaluation", "drill.evaluated"),
    ("drills", "put_drill_observer", "drill.observer_joined"),
    ("drills", "put_drill_record", "drill.recorded"),
    ("drills", "put_drill_taps", "drill.tapped"),
    ("evidence", "put_content", "evidence.stored"),
    ("external_orders", "put_lift", "external_order.lifted"),
    ("external_orders", "put_order", "external_order.recorded"),
    ("hazards", "put_action", "hazard.accepted"),
    ("hazards", "put_hazard", "hazard.registered"),
    ("inspections", "patch_inspection", "inspection.changed"),
    ("inspections", "put_amendment", "inspection.amended"),
    ("inspections", "put_cancellation", "inspection.cancelled"),
    ("inspections", "put_inspection", "inspection.planned"),
    ("inspections", "put_record", "inspection.handed_in"),
    ("institutions", "patch_institution", "institution.changed"),
    ("institutions", "put_institution", "institution.registered"),
    ("ledger", "put_export", "export.requested"),
    ("ledger", "put_import", "import.requested"),
    ("notices", "put_notice", "notice.issued"),
    ("notices", "put_notice_step", "notice.served"),
    ("plans", "patch_plan", "plan.changed"),
    ("plans", "put_plan", "plan.drafted"),
    ("plans", "put_plan_action", "plan.approved"),
    ("rosters", "put_assignment", "command.assigned"),
    ("rosters", "put_assignment_cancellation", "command.cancelled"),
    ("rosters", "put_command_roster", "command.assigned"),
    ("rosters", "put_handover", "command.handed_over"),
    ("rosters", "put_shifts", "shifts.arranged"),
    ("rosters", "put_succession", "succession.arranged"),
    ("rosters", "", "command.replaced"),
    ("rules", "end_adoption", "rule.adoption_ended"),
    ("rules", "put_adoption", "rule.adopted"),
    ("rules", "put_rule", "rule.loaded"),
    ("rules", "retire_rule", "rule.retired"),
    ("residents", "put_night_staffing", "night_staffing.arranged"),
    ("residents", "put_departure", "resident.left"),
    ("residents", "put_resident", "resident.entered"),
    ("self_checks", "put_self_check", "self_check.entered"),
    ("sessions", "end_own_session", "session.ended"),
    ("sessions", "end_user_sessions", "session.all_ended"),
    ("sessions", "log_in", "session.started"),
    ("sessions", "log_out", "session.ended"),
    // Renewing is the session's own breathing and leaves nothing; a token shown twice does.
    ("sessions", "renew", "token.reuse"),
    ("sessions", "set_up", "setup.token_made"),
    ("staff", "put_staff", "staff.entered"),
    ("trainings", "put_training", "training.recorded"),
    ("users", "begin_second_factor", "user.second_factor_begun"),
    ("users", "change_own_password", "user.password_changed"),
    ("users", "confirm_second_factor", "user.second_factor_added"),
    ("users", "issue_password_token", "user.password_token_made"),
    ("users", "patch_user", "user.changed"),
    ("users", "prove_second_factor", "session.proved"),
    ("users", "put_user", "user.created"),
    ("users", "remove_own_second_factor", "user.second_factor_removed"),
    ("users", "remove_second_factor", "user.second_factor_removed"),
    ("users", "set_password", "user.password_set"),
    ("warnings", "put_acknowledgement", "warning.acknowledged"),
    ("warnings", "put_warning", "warning.relayed"),
    ("warnings", "put_warning_action", "warning.all_clear"),
    ("warnings", "put_warning_report", "warning.reported"),
    // Read, and yet written down.
    ("residents", "get_resident", "resident.read"),
    ("residents", "list_residents", "resident.read"),
    ("drills", "get_drill_file", "drill.file_read"),
    ("evidence", "original", "evidence.original_read"),
    ("evidence", "", "evidence.damaged"),
    ("evidence", "copy", "evidence.without_preview"),
    ("hazards", "", "hazard.imported"),
    ("jobs", "", "counts.wrong"),
    ("ledger", "get_export_file", "export.read"),
    ("ledger", "", "export.finished"),
    ("ledger", "", "export.written"),
    ("ledger", "", "import.failed"),
    ("ledger", "", "import.finished"),
    ("audit", "", "chain.opened"),
    ("audit", "", "audit.anchored"),
    ("backup", "", "database.restored"),
];

#[test]
fn every_change_has_its_audit_entry() {
    let files = sources();
    let mut breaches = Vec::new();
    for (domain, handler, entry) in WRITES {
        let own: Vec<&File> = files.iter().filter(|file| file.is_in(&[&format!("{domain}/")])).collect();
        if !own.iter().any(|file| file.code().contains(&format!("\"{entry}\""))) {
            breaches.push(format!("src/{domain} records no {entry}"));
        }
        if !handler.is_empty()
            && !own.iter().any(|file| file.code().contains(&format!("async fn {handler}(")))
        {
            breaches.push(format!("src/{domain} has no handler {handler}"));
        }
    }
    for file in files.iter().filter(|file| file.path.ends_with("/routes.rs")) {
        let domain = file.path.split('/').nth(1).unwrap();
        for handler in writing_handlers(&file.text) {
            if !WRITES.iter().any(|(known, name, _)| *known == domain && *name == handler) {
                breaches.push(format!(
                    "{}: {handler} changes something, but names no audit entry here",
                    file.path
                ));
            }
        }
    }
    none("every operation that changes something leaves an entry", breaches);
}

#[test]
fn a_panic_can_be_caught() {
    let manifest = std::fs::read_to_string("Cargo.toml").unwrap();
    let aborts = manifest.lines().any(|line| line.replace(' ', "").starts_with("panic=\"abort"));
    none(
        "decoders may panic: the process must outlive that",
        if aborts { vec!["a profile of Cargo.toml aborts on panics".to_owned()] } else { Vec::new() },
    );
}

#[test]
fn no_crate_of_ours_has_unsafe_code() {
    let top =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let lints = top.split("[workspace.lints.rust]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    assert!(lints.lines().any(|line| line == "unsafe_code = \"forbid\""), "{lints}");
    // The fuzz targets are a workspace of their own: the macro of libFuzzer exports a function by its bare name.
    let manifests = tree(&["Cargo.toml", "crates"], &["Cargo.toml"]);
    assert!(manifests.len() > 3, "{} manifests", manifests.len());
    let unheld = manifests.iter().filter(|file| !file.text.contains("\n[lints]\nworkspace = true\n"));
    let unheld: Vec<String> = unheld.map(|file| file.path.clone()).collect();
    anlao_testbed::tally("82", "crates that forbid unsafe code", manifests.len() as u64, unheld.len() as u64);
    none("every crate keeps the lints of the workspace", unheld);
}
