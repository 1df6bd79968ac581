//! The records of every release, brought to the schema of now: nothing is lost, whatever happens on the way.

use crate::migrations::description;
use crate::support::{DEMO_PASSWORD, Place, lines};
use anlao::db::{Backend, Conn, SchemaError, migrate, migration_names, migrations_pending};
use anlao::keys::Keys;
use anlao_testbed::{tally, tries};
use diesel::connection::SimpleConnection;
use flate2::read::GzDecoder;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];
/// The seed of every release's city, from which its audit key follows.
const SEED: u64 = 7;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn releases() -> Vec<String> {
    let entries = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.filter_map(|name| name.to_str()?.strip_prefix("release-").map(str::to_owned));
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert!(names.contains(&"0.1.0".to_owned()));
    names
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A place with the records of a release, as that release left them.
pub fn released(backend: Backend, release: &str) -> Place {
    let place = Place::new(backend);
    Keys::create_for_demo(&place.secret(), SEED).unwrap();
    let folder = fixtures().join(format!("release-{release}"));
    match backend {
        Backend::Sqlite => {
            std::fs::write(place.data().join("anlao.db"), unpacked(&folder.join("sqlite.db.gz"))).unwrap();
        }
        Backend::Postgres => {
            let dump = String::from_utf8(unpacked(&folder.join("postgres.sql.gz"))).unwrap();
            place.open().batch_execute(&dump).unwrap();
        }
    }
    place
}

/// The names of all tables but the migrations' own and the search index's parts.
pub fn tables(conn: &mut Conn) -> Vec<String> {
    let query = match conn.backend() {
        Backend::Sqlite => {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'hazard\\_search\\_%' ESCAPE '\\' ORDER BY name"
        }
        Backend::Postgres => {
            "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_%' ORDER BY tablename"
        }
    };
    lines(conn, query).unwrap()
}

/// The columns of a table as the database itself knows them.
pub fn columns(conn: &mut Conn, table: &str) -> Vec<String> {
    let query = match conn.backend() {
        Backend::Sqlite => format!("SELECT name AS line FROM pragma_table_info('{table}')"),
        Backend::Postgres => format!(
            "SELECT column_name::text AS line FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
    };
    lines(conn, &query).unwrap()
}

fn counts(place: &Place) -> BTreeMap<String, i64> {
    let mut conn = place.open();
    let names = tables(&mut conn);
    names.into_iter().map(|name| (name.clone(), conn.row_count(&name).unwrap())).collect()
}

fn fresh_schema(backend: Backend) -> Vec<String> {
    let fresh = Place::new(backend);
    let mut conn = fresh.open();
    migrate(&mut conn).unwrap();
    description(&mut conn)
}

/// Everything of before is there, under the schema of a fresh start, and the trail holds.
fn assert_upgraded(place: &Place, before: &BTreeMap<String, i64>, what: &str) {
    let after = counts(place);
    for (table, rows) in before {
        assert_eq!(after.get(table), Some(rows), "{what}: {table}");
    }
    let mut conn = place.open();
    assert_eq!(description(&mut conn), fresh_schema(conn.backend()), "{what}");
    let found = place.run(&["verify", "--no-evidence", "--json"]).expect(0).json();
    assert_eq!(found["faults"], json!([]), "{what}");
    assert_eq!(found["epoch"]["number"], 1, "{what}");
}

#[test]
fn records_of_every_release_are_brought_up_and_served() {
    for (backend, release) in
        BOTH.into_iter().flat_map(|one| releases().into_iter().map(move |name| (one, name)))
    {
        let what = format!("{release} on {backend:?}");
        let place = released(backend, &release);
        let before = counts(&place);
        assert_eq!(before["hazards"], 60, "{what}");
        assert!(migrations_pending(&mut place.open()).unwrap(), "{what} is older than this program");
        let told = place.run(&["serve", "--no-migrate"]).expect(1).err;
        assert!(told.contains("anlao migrate"), "{told}");
        assert!(place.run(&["backup", &place.path("b.anlao")]).expect(1).err.contains("older"));
        // Two programs at once: one migrates, the other waits and finds nothing to do.
        let nodes: Vec<_> = (0..2)
            .map(|_| {
                let mut node = place.program.command(&["migrate", "--json"]);
                node.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let mut ran = 0;
        for node in nodes {
            let done = node.wait_with_output().unwrap();
            assert!(done.status.success(), "{what}: {done:?}");
            let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
            ran += told["migrated"].as_array().unwrap().len();
        }
        assert_eq!(ran, migration_names().len() - applied_by(&release), "{what}");
        assert_upgraded(&place, &before, &what);
        assert_eq!(place.run(&["migrate"]).expect(0).out, "nothing to migrate\n");
        let serving = place.serve();
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let api = format!("{}/api/v1", serving.base);
            let login = json!({ "username": "supervisor", "password": DEMO_PASSWORD });
            let session = http.post(format!("{api}/auth/login")).json(&login).send().await.unwrap();
            assert_eq!(session.status(), 200, "{what}");
            let session: serde_json::Value = session.json().await.unwrap();
            let token = session["access_token"].as_str().unwrap();
            let list = http.get(format!("{api}/hazards?limit=200")).bearer_auth(token).send().await.unwrap();
            let list: serde_json::Value = list.json().await.unwrap();
            assert!(!list["items"].as_array().unwrap().is_empty(), "{what}: {list}");
        });
    }
}

/// How many migrations a release had.
fn applied_by(release: &str) -> usize {
    let folder = released(Backend::Sqlite, release);
    let applied = lines(&mut folder.open(), "SELECT version AS line FROM __diesel_schema_migrations");
    applied.unwrap().len()
}

#[test]
fn a_migration_killed_at_any_moment_is_taken_up_again() {
    let tried = tries(6, 100);
    for backend in BOTH {
        let schema = fresh_schema(backend);
        let (mut failed, mut cut) = (0, 0);
        for round in 0..tried {
            let place = released(backend, "0.1.0");
            let before = counts(&place);
            let mut node = place.program.command(&["migrate"]);
            let mut node =
                node.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // The moment is what is tried, so it is chosen by time: spread over what a migration takes.
            std::thread::sleep(Duration::from_micros(3000 * round * 20 / tried));
            node.kill().unwrap();
            cut += u64::from(!node.wait().unwrap().success());
            let again = place.run(&["migrate"]);
            let mut conn = place.open();
            let whole = again.code == 0 && description(&mut conn) == schema;
            failed += u64::from(
                !whole || before.iter().any(|(table, rows)| conn.row_count(table).unwrap() != *rows),
            );
        }
        assert!(cut > 0, "none was killed before its end");
        let what = format!("killed while migrating, taken up again ({backend:?})").to_lowercase();
        tally("69", &what, tried, failed);
        assert_eq!(failed, 0, "{backend:?}");
    }
}

/// Killed at the very step between the change and its being written down: the change is undone with it.
#[test]
fn a_migration_killed_before_it_is_written_down_leaves_nothing() {
    let place = released(Backend::Postgres, "0.1.0");
    let (before, old) = (counts(&place), description(&mut place.open()));
    let mut holder = place.open();
    holder.batch_execute("BEGIN; LOCK TABLE __diesel_schema_migrations IN EXCLUSIVE MODE").unwrap();
    let mut node = place.program.command(&["migrate"]);
    let mut node = node.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let waiting = "SELECT pid::text AS line FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND datname = current_database()";
    let mut watcher = place.open();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while lines(&mut watcher, waiting).unwrap().is_empty() {
        assert!(std::time::Instant::now() < deadline, "the migration never came to its last step");
    }
    node.kill().unwrap();
    node.wait().unwrap();
    holder.batch_execute("ROLLBACK").unwrap();
    drop((holder, watcher));
    // The node's own connection ends when PostgreSQL finds nobody at its other end.
    let others = "SELECT pid::text AS line FROM pg_stat_activity WHERE datname = current_database() \
                  AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    while !lines(&mut place.open(), others).unwrap().is_empty() {
        assert!(std::time::Instant::now() < deadline, "the killed node's connection stays");
    }
    assert_eq!(description(&mut place.open()), old, "the half-run migration left nothing behind");
    place.run(&["migrate"]).expect(0);
    assert_upgraded(&place, &before, "after the kill");
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    for backend in BOTH {
        let place = released(backend, "0.1.0");
        let before = counts(&place);
        place
            .open()
            .batch_execute("CREATE TABLE database_epochs (stands INTEGER, in_the_way INTEGER)")
            .unwrap();
        let told = place.run(&["migrate"]).expect(1).err;
        assert!(told.contains("cannot migrate the database"), "{told}");
        place.open().batch_execute("DROP TABLE database_epochs").unwrap();
        place.run(&["migrate"]).expect(0);
        assert_upgraded(&place, &before, "after the failure");
    }
}

/// An older program on a newer database refuses to start, whatever it is asked to do, in one line.
#[test]
fn a_database_of_a_newer_program_is_refused() {
    for backend in BOTH {
        let place = Place::demo(backend, 1, 2);
        place
            .open()
            .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')")
            .unwrap();
        assert!(matches!(migrate(&mut place.open()), Err(SchemaError::Newer(_))));
        let before = counts(&place);
        for args in
            [&["serve"][..], &["serve", "--no-migrate"], &["migrate"], &["verify"], &["backup", "b.anlao"]]
        {
            let told = place.run(args).expect(1).err;
            assert!(
                told.contains("newer than this program") && told.contains("20990101000000"),
                "{args:?}: {told}"
            );
            assert_eq!(told.lines().filter(|line| line.starts_with("anlao: ")).count(), 1, "{told}");
        }
        assert_eq!(counts(&place), before);
        assert!(!Path::new(&place.path("b.anlao")).exists());
    }
}

/// `make fixture`: keeps the records of this release for the tests of all later ones.
#[test]
#[ignore = "writes tests/fixtures/release-VERSION; once for every release"]
fn the_records_of_this_release_are_kept() {
    let folder = fixtures().join(concat!("release-", env!("CARGO_PKG_VERSION")));
    assert!(!folder.exists(), "{} is kept for ever", folder.display());
    std::fs::create_dir_all(&folder).unwrap();
    let packed = |name: &str, bytes: &[u8]| {
        let file = std::fs::File::create(folder.join(name)).unwrap();
        let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::best());
        std::io::Write::write_all(&mut out, bytes).unwrap();
        out.finish().unwrap();
    };
    let sqlite = Place::demo(Backend::Sqlite, 10, 60);
    let compact = sqlite.path("compact.db");
    sqlite.open().batch_execute(&format!("VACUUM INTO '{compact}'")).unwrap();
    packed("sqlite.db.gz", &std::fs::read(compact).unwrap());
    let postgres = Place::demo(Backend::Postgres, 10, 60);
    let mut dump = std::process::Command::new("pg_dump");
    dump.args(["--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges", &postgres.url]);
    let dump = dump.output().unwrap();
    assert!(dump.status.success(), "{dump:?}");
    // Its lines with a backslash are for psql alone.
    let text = String::from_utf8(dump.stdout).unwrap();
    let statements: Vec<&str> = text.lines().filter(|line| !line.starts_with('\\')).collect();
    packed("postgres.sql.gz", (statements.join("\n") + "\n").as_bytes());
}
