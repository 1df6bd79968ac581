//! The program at the shell: what it prints, what it answers with, what it keeps to itself.

use crate::support::Program;
use serde_json::Value;

const PASSWORD: &str = "四楼东侧的消防栓在走廊尽头左转";

fn add_admin(program: &Program) {
    program.run_with(&["user", "add", "admin", "--role", "admin"], &[], PASSWORD).expect(0);
}

#[test]
fn config_says_what_is_in_force_and_why() {
    let program = Program::new();
    std::fs::write(program.dir.path().join("anlao.toml"), "time_zone = \"Asia/Urumqi\"\nlog = \"warn\"\n").unwrap();
    let variables = [
        ("ANLAO_LOG", "debug"),
        ("ANLAO_DEMO_PASSWORD", "geheim-demo"),
        ("ANLAO_DATABASE_URL", "postgres://anlao:geheim-db@127.0.0.1/anlao"),
        ("AWS_SECRET_ACCESS_KEY", "geheim-s3"),
    ];
    let ran = program.run_with(&["config", "--listen", "127.0.0.1:1", "--json"], &variables, "").expect(0);
    let all = ran.json();
    let of = |key: &str| all.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
    let is = |key: &str, value: &str, source: &str| {
        let one = of(key);
        assert_eq!((one["value"].as_str().unwrap(), one["source"].as_str().unwrap()), (value, source), "{key}");
    };
    is("listen", "127.0.0.1:1", "--listen");
    is("log", "debug", "ANLAO_LOG");
    is("time_zone", "Asia/Urumqi", "anlao.toml");
    is("data_dir", "./data", "default");
    is("demo_password", "(hidden)", "ANLAO_DEMO_PASSWORD");
    let plain = program.run_with(&["config"], &variables, "").expect(0);
    for text in [&ran.out, &ran.err, &plain.out, &plain.err] {
        assert!(!text.contains("geheim"), "{text}");
    }
    assert!(plain.out.contains("time_zone") && plain.out.contains("anlao.toml"));
}

#[test]
fn what_is_wrongly_configured_is_refused_with_its_name() {
    let program = Program::new();
    let wrong = [
        ("ANLAO_DATABASE_URL", "mysql://x", "mysql"),
        ("ANLAO_DATABASE_URL", "anlao.db", "sqlite:"),
        ("ANLAO_EVIDENCE_URL", "ftp://x", "s3://"),
        ("ANLAO_LISTEN", "8080", "ADDRESS:PORT"),
        ("ANLAO_TIME_ZONE", "Beijing", "Asia/Shanghai"),
    ];
    for (name, value, hint) in wrong {
        let ran = program.run_with(&["migrate"], &[(name, value)], "").expect(2);
        assert!(ran.err.contains(name) && ran.err.contains(hint), "{ran:?}");
    }
    std::fs::write(program.dir.path().join("anlao.toml"), "databse_url = \"sqlite:x\"\n").unwrap();
    assert!(program.run(&["config"]).expect(2).err.contains("databse_url"));
    program.run(&["no-such-command"]).expect(2);
    assert!(!program.dir.path().join("data").exists(), "nothing was made by mistake");
}

#[test]
fn migrate_runs_once_and_leaves_a_place_that_can_be_used() {
    let program = Program::new();
    let first = program.run(&["migrate", "--json"]).expect(0).json();
    assert!(!first["migrated"].as_array().unwrap().is_empty(), "{first}");
    assert_eq!(program.run(&["migrate"]).expect(0).out, "nothing to migrate\n");
    add_admin(&program);
    program.run(&["verify"]).expect(0);
}

#[test]
fn accounts_are_added_with_a_good_password_only() {
    let program = Program::new();
    for weak in ["", "geheim", "password123456", "anlao-anlao-anlao"] {
        let ran = program.run_with(&["user", "add", "admin", "--role", "admin"], &[], weak).expect(1);
        assert!(ran.err.contains("weak_password"), "{weak}: {ran:?}");
        assert!(weak.is_empty() || !ran.err.contains(weak), "a password is never printed");
    }
    let added = program.run_with(&["user", "add", "admin", "--role", "admin", "--json"], &[], PASSWORD).expect(0).json();
    assert_eq!(added["username"], "admin");
    let again = program.run_with(&["user", "add", "admin", "--role", "admin", "--json"], &[], PASSWORD).expect(1);
    let said: Value = serde_json::from_str(&again.err).unwrap();
    assert!(said["error"].as_str().unwrap().contains("username_taken"), "{said}");
    assert!(again.out.is_empty(), "{again:?}");
    program.run_with(&["user", "add", "x", "--role", "emperor"], &[], PASSWORD).expect(2);
    program.run_with(&["user", "add", "nobody.s", "--role", "supervisor", "--area", "999999"], &[], PASSWORD).expect(1);
    let file = program.dir.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    program.run(&["user", "add", "second", "--role", "auditor", "--password-file", file.to_str().unwrap()]).expect(0);
}

#[test]
fn openapi_is_printed_as_committed() {
    let printed = Program::new().run(&["openapi"]).expect(0).out;
    assert_eq!(printed.trim_end(), anlao::cli::openapi().unwrap().trim_end());
}

#[test]
fn an_export_is_verified_without_the_database_and_any_edit_is_found() {
    let program = Program::new();
    add_admin(&program);
    let told = program.run(&["export", "audit", "trail.jsonl", "--json"]).expect(0).json();
    let key = told["public_key"].as_str().unwrap();
    assert!(told["entries"].as_u64().unwrap() >= 2, "{told}");
    let found = program.run(&["verify", "--export", "trail.jsonl", "--public-key", key, "--json"]).expect(0).json();
    assert_eq!((&found["entries"], &found["faults"]), (&told["entries"], &serde_json::json!([])));
    let plain = program.run(&["verify", "--export", "trail.jsonl"]).expect(0);
    assert!(plain.out.starts_with("all holds"), "{plain:?}");
    program.run(&["verify", "--export", "trail.jsonl", "--public-key", &"0".repeat(64)]).expect(1);
    program.run(&["verify", "--export", "no-such-file"]).expect(1);

    let path = program.dir.path().join("trail.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, whole.replacen("user.created", "user.vanished", 1)).unwrap();
    let edited = program.run(&["verify", "--export", "trail.jsonl", "--public-key", key]).expect(1);
    assert!(edited.out.contains("entry 1: it was altered"), "{edited:?}");
    let edited = program.run(&["verify", "--export", "trail.jsonl", "--json"]).expect(1).json();
    assert!(edited["faults"][0].as_str().unwrap().contains("entry 1"), "{edited}");
    std::fs::write(&path, whole.lines().next().unwrap()).unwrap();
    program.run(&["verify", "--export", "trail.jsonl", "--public-key", key]).expect(1);
    assert_eq!(program.run(&["export", "audit", "-"]).expect(0).out.lines().next().unwrap().matches("public_key").count(), 1);
}

#[test]
fn verify_names_what_was_changed_in_the_database() {
    use anlao::db::{Conn, DatabaseUrl};
    use diesel::connection::SimpleConnection;
    let program = Program::new();
    add_admin(&program);
    assert!(program.run(&["verify", "--json"]).expect(0).json()["faults"].as_array().unwrap().is_empty());
    let url = format!("sqlite:{}", program.dir.path().join("data/anlao.db").display());
    let mut conn = Conn::open(&DatabaseUrl::parse(&url).unwrap()).unwrap();
    conn.batch_execute("DROP TRIGGER audit_entries_keep; UPDATE audit_entries SET actor_role = 'auditor' WHERE seq = 1").unwrap();
    let found = program.run(&["verify"]).expect(1);
    assert!(found.out.contains("entry 1: it was altered"), "{found:?}");
}

#[test]
fn a_database_put_back_to_an_older_state_is_found_against_an_export() {
    let program = Program::new();
    add_admin(&program);
    let data = program.dir.path().join("data");
    // Each command closes the database, so that one file is the whole of it.
    std::fs::copy(data.join("anlao.db"), program.dir.path().join("older.db")).unwrap();
    program.run_with(&["user", "add", "auditor", "--role", "auditor"], &[], PASSWORD).expect(0);
    program.run(&["export", "audit", "kept.jsonl"]).expect(0);
    let held = program.run(&["verify", "--against", "kept.jsonl"]).expect(0);
    assert!(held.out.starts_with("all holds"), "{held:?}");

    for name in ["anlao.db", "anlao.db-wal", "anlao.db-shm"] {
        let _ = std::fs::remove_file(data.join(name));
    }
    std::fs::copy(program.dir.path().join("older.db"), data.join("anlao.db")).unwrap();
    program.run(&["verify"]).expect(0);
    let found = program.run(&["verify", "--against", "kept.jsonl"]).expect(1);
    assert!(found.out.contains("it was anchored, but is gone"), "{found:?}");
    // A fresh start in the same place does not hide it either.
    program.run_with(&["user", "add", "another", "--role", "auditor"], &[], PASSWORD).expect(0);
    let found = program.run(&["verify", "--against", "kept.jsonl", "--json"]).expect(1).json();
    assert!(found["faults"][0].as_str().unwrap().contains("anchored"), "{found}");

    let text = std::fs::read_to_string(program.dir.path().join("kept.jsonl")).unwrap();
    std::fs::write(program.dir.path().join("kept.jsonl"), text.replacen("\"seq\":1", "\"seq\":2", 1)).unwrap();
    assert!(program.run(&["verify", "--against", "kept.jsonl"]).expect(1).err.contains("does not hold"));
}

#[test]
fn a_place_whose_keys_are_gone_is_not_given_new_ones() {
    let program = Program::new();
    add_admin(&program);
    let secret = program.dir.path().join("data/secret.toml");
    std::fs::remove_file(&secret).unwrap();
    let ran = program.run(&["verify"]).expect(1);
    assert!(ran.err.contains("ANLAO_SECRET_FILE"), "{ran:?}");
    assert!(!secret.exists());
}
