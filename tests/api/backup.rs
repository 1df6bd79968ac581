//! Backups: what is in them, what comes out of them again, on either database, and who is told what.

use crate::support::{DEMO_PASSWORD, Place, Program, lines};
use anlao::backup::tables::{LEFT_OUT, kept};
use anlao::db::rows::{Column, Kind, Table};
use anlao::db::{Backend, Conn};
use anlao::keys::Keys;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

/// Every table and column of a database, as it describes itself.
fn tables_of(conn: &mut Conn) -> BTreeMap<String, BTreeSet<String>> {
    let query = match conn.backend() {
        Backend::Sqlite => {
            "SELECT t.name || '|' || c.name AS line FROM sqlite_master t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND t.name NOT LIKE 'hazard\\_search\\_%' ESCAPE '\\'"
        }
        Backend::Postgres => {
            "SELECT table_name || '|' || column_name AS line FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%'"
        }
    };
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines(conn, query).unwrap() {
        let (table, column) = line.split_once('|').unwrap();
        tables.entry(table.to_owned()).or_default().insert(column.to_owned());
    }
    tables
}

/// A migration that adds a table fails here until `backup/tables.rs` says whether a backup holds it.
#[test]
fn every_table_is_kept_or_left_out_for_a_reason() {
    for backend in BOTH {
        let place = Place::new(backend);
        let mut conn = place.open();
        anlao::db::migrate(&mut conn).unwrap();
        let mut actual = tables_of(&mut conn);
        for (table, reason) in LEFT_OUT {
            assert!(actual.remove(table).is_some(), "{table} is left out, but is not there on {backend:?}");
            assert!(reason.len() > 20, "{table}: {reason}");
        }
        let listed = kept().into_iter().map(|kept| {
            let columns = kept.table.columns.into_iter().map(|column| column.name).collect();
            (kept.table.name, columns)
        });
        assert_eq!(actual, listed.collect(), "{backend:?}: see LEFT_OUT and kept() in src/backup/tables.rs");
    }
}

/// Values of every kind, with those that other databases would round.
#[test]
fn values_come_back_to_the_last_bit_on_either_database() {
    let kinds = [
        ("number", Kind::Number, "bigint", "bigint"),
        ("real", Kind::Real, "double", "double precision"),
        ("text", Kind::Text, "text", "text"),
        ("truth", Kind::Truth, "boolean", "boolean"),
        ("day", Kind::Date, "date", "date"),
        ("id", Kind::Id, "blob", "uuid"),
        ("at", Kind::Instant, "bigint", "timestamptz"),
    ];
    let columns = kinds.iter().map(|(name, kind, ..)| Column { name: (*name).to_owned(), kind: *kind });
    let table = Table { name: "scratch".to_owned(), columns: columns.collect() };
    let rows = sample_rows();
    for (first, second) in [(0, 1), (1, 0)] {
        let places = [Place::new(BOTH[first]), Place::new(BOTH[second])];
        let mut text = format!("[{}]", rows.join(","));
        for place in &places {
            let mut conn = place.open();
            let of = |(name, _, sqlite, postgres): &(&str, Kind, &str, &str)| match conn.backend() {
                Backend::Sqlite => format!("\"{name}\" {sqlite}"),
                Backend::Postgres => format!("\"{name}\" {postgres}"),
            };
            let columns: Vec<String> = kinds.iter().map(of).collect();
            conn.batch_execute(&format!("CREATE TABLE scratch ({})", columns.join(", "))).unwrap();
            conn.insert_rows(&table, &text).unwrap();
            let mut read = Vec::new();
            conn.each_row(&table, "number", &mut |row| {
                read.push(serde_json::from_str::<Value>(row).unwrap());
                Ok(())
            })
            .unwrap();
            for (row, read) in rows.iter().zip(&read) {
                let mut row: Value = serde_json::from_str(row).unwrap();
                let mut read = read.clone();
                let real = |value: &mut Value| {
                    value.take().as_str().map(|text| text.parse::<f64>().unwrap().to_bits())
                };
                assert_eq!(real(&mut row[1]), real(&mut read[1]), "{row}");
                assert_eq!(row, read, "{:?}", conn.backend());
            }
            assert_eq!(read.len(), rows.len());
            text = json!(read).to_string();
        }
    }
}

fn sample_rows() -> Vec<String> {
    use rand::{Rng, SeedableRng};
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let year = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros();
    let mut rows = vec![
        json!([0, null, null, null, null, null, null]),
        json!([
            i64::MAX,
            "0.1",
            "\"插排\"\\\n\u{1F9EF}",
            1,
            "9999-12-31",
            "f".repeat(32),
            year("9999-12-31T23:59:59.999999Z")
        ]),
        json!([i64::MIN, "5e-324", "", 0, "0001-01-01", "0".repeat(32), year("0001-01-01T00:00:00.000001Z")]),
    ];
    for number in 1..400 {
        let real = match number % 2 {
            0 => random.random_range(-180.0..180.0),
            _ => f64::from_bits(random.random::<u64>() & !(1 << 62)),
        };
        let at = random.random_range(year("1900-01-01T00:00:00Z")..year("2300-01-01T00:00:00Z"));
        rows.push(json!([
            number,
            format!("{real:?}"),
            "x",
            1,
            "2026-03-10",
            "0123456789abcdef".repeat(2),
            at
        ]));
    }
    rows.sort_by_key(|row| row[0].as_i64());
    rows.iter().map(Value::to_string).collect()
}

fn sums(manifest: &Value) -> BTreeMap<String, (u64, String)> {
    let tables = manifest["tables"].as_array().unwrap().iter();
    tables
        .map(|table| {
            let text = |key: &str| table[key].as_str().unwrap().to_owned();
            (text("name"), (table["rows"].as_u64().unwrap(), text("sha256")))
        })
        .collect()
}

fn backed_up(place: &Place, name: &str) -> Value {
    place.run(&["backup", &place.path(name), "--json"]).expect(0).json()
}

fn verified(place: &Place) -> Value {
    let found = place.run(&["verify", "--json"]).expect(0).json();
    assert_eq!(found["faults"], json!([]));
    found
}

/// SQLite to PostgreSQL and back again, each with itself too: the same records to the last byte.
#[test]
fn a_backup_of_one_database_restores_into_the_other() {
    for from in BOTH {
        let source = Place::demo(from, 3, 20);
        let made = backed_up(&source, "first.anlao");
        assert_eq!(made["manifest"]["header"]["database"], format!("{from:?}").to_lowercase());
        assert!(made["manifest"]["photos"].as_u64().unwrap() > 10, "{made}");
        let before = verified(&source);
        for into in BOTH {
            let target = Place::of_office(into, &source);
            let restored = target.run(&["restore", &source.path("first.anlao"), "--json"]).expect(0).json();
            assert_eq!(restored["sha256"], made["sha256"]);
            let after = verified(&target);
            for same in ["chains", "photos"] {
                assert_eq!(before[same], after[same], "{same}");
            }
            assert_eq!(after["entries"].as_u64().unwrap(), before["entries"].as_u64().unwrap() + 1);
            assert_eq!(after["epoch"]["number"], 2);
            assert_eq!(after["epoch"]["id"], restored["epoch"]["id"]);
            assert_ne!(after["epoch"]["id"], before["epoch"]["id"], "another life of the database");
            let again = backed_up(&target, "second.anlao");
            let (one, two) = (sums(&made["manifest"]), sums(&again["manifest"]));
            // Restoring is written down in the system's chain, and an anchor follows.
            let grown = ["audit_heads", "audit_entries", "audit_anchors", "database_epochs"];
            for (table, sum) in &one {
                if grown.contains(&table.as_str()) {
                    assert!(two[table].0 >= sum.0, "{table}");
                } else {
                    assert_eq!(&two[table], sum, "{table}: {from:?} to {into:?}");
                }
            }
            assert_eq!(again["manifest"]["photos_sha256"], made["manifest"]["photos_sha256"]);
            assert_eq!(again["manifest"]["header"]["epoch"], after["epoch"]["id"]);
            let entry = lines(
                &mut target.open(),
                "SELECT content AS line FROM audit_entries WHERE action = 'database.restored'",
            );
            assert!(entry.unwrap()[0].contains(made["sha256"].as_str().unwrap()));
            // Whoever kept the backup can tell that the restored records are not those of before.
            assert_ne!(before["epoch"], after["epoch"]);
        }
    }
}

async fn log_in(base: &str) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let login = json!({ "username": "inspector", "password": DEMO_PASSWORD });
    let answer = http.post(format!("{base}/api/v1/auth/login")).json(&login).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Logging in, lists, search, photos: and the logins of before have ended.
#[test]
fn a_restored_server_works_and_the_logins_of_before_have_ended() {
    for (from, into) in [(Backend::Sqlite, Backend::Postgres), (Backend::Postgres, Backend::Sqlite)] {
        let source = Place::demo(from, 3, 20);
        let serving = source.serve();
        let old = block_on(log_in(&serving.base));
        backed_up(&source, "live.anlao");
        drop(serving);
        let target = Place::of_office(into, &source);
        let restored = target.run(&["restore", &source.path("live.anlao"), "--json"]).expect(0).json();
        assert_eq!(restored["sessions_ended"], 1);
        let serving = target.serve();
        block_on(async {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let api = format!("{}/api/v1", serving.base);
            let refresh = json!({ "refresh_token": old["refresh_token"] });
            let renewed = http.post(format!("{api}/auth/refresh")).json(&refresh).send().await.unwrap();
            assert_eq!(renewed.status(), 401, "a token of before the restore renews nothing");
            let token = old["access_token"].as_str().unwrap();
            let me = http.get(format!("{api}/me")).bearer_auth(token).send().await.unwrap();
            assert_eq!(me.status(), 401, "nor does it open anything");
            let fresh = log_in(&serving.base).await;
            let token = fresh["access_token"].as_str().unwrap().to_owned();
            let get = async |path: &str| {
                let answer = http.get(format!("{api}{path}")).bearer_auth(&token).send().await.unwrap();
                assert_eq!(answer.status(), 200, "{path}");
                answer.bytes().await.unwrap()
            };
            let json = |bytes: bytes::Bytes| serde_json::from_slice::<Value>(&bytes).unwrap();
            let list = json(get("/hazards?limit=200").await);
            let found = list["items"].as_array().unwrap();
            assert!(!found.is_empty(), "{list}");
            let word: String = found[0]["description"].as_str().unwrap().chars().take(2).collect();
            let searched = json(get(&format!("/hazards?q={word}")).await);
            assert!(
                !searched["items"].as_array().unwrap().is_empty(),
                "the search index was made anew: {word}"
            );
            let mut shown = 0;
            for hazard in found {
                let hazard = json(get(&format!("/hazards/{}", hazard["id"].as_str().unwrap())).await);
                for photo in hazard["photos"].as_array().unwrap() {
                    if photo["state"] == "stored" && shown < 5 {
                        get(&format!("/evidence/{}/thumbnail", photo["id"].as_str().unwrap())).await;
                        shown += 1;
                    }
                }
            }
            assert!(shown > 0);
        });
        drop(serving);
        verified(&target);
    }
}

#[test]
fn a_running_server_is_not_restored_over() {
    for backend in BOTH {
        let source = Place::demo(backend, 2, 6);
        backed_up(&source, "live.anlao");
        let before = verified(&source);
        let serving = source.serve();
        let args = ["restore", &source.path("live.anlao"), "--replace", "--yes"];
        let refused = source.run(&args).expect(1);
        assert!(refused.err.contains("stop the server"), "{refused:?}");
        drop(serving);
        assert_eq!(verified(&source)["epoch"], before["epoch"]);
        // PostgreSQL notices that a client is gone when it next looks; only then is nobody connected.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while source.run(&args).code != 0 {
            assert!(std::time::Instant::now() < deadline, "{backend:?}: the server is gone");
        }
        assert_eq!(verified(&source)["epoch"]["number"], 2);
        if backend == Backend::Sqlite {
            let aside = source
                .files()
                .into_keys()
                .filter(|path| path.display().to_string().contains(".before-restore-"));
            assert!(aside.count() >= 1, "the replaced database is kept aside");
        }
    }
}

#[test]
fn records_are_replaced_only_when_it_is_said_twice() {
    for backend in BOTH {
        let source = Place::demo(backend, 2, 6);
        let file = source.path("b.anlao");
        backed_up(&source, "b.anlao");
        let before = (source.files(), verified(&source));
        let refused = source.run(&["restore", &file]).expect(1);
        assert!(refused.err.contains("--replace"), "{refused:?}");
        let refused = source.run(&["restore", &file, "--replace"]).expect(1);
        assert!(refused.err.contains("--yes"), "{refused:?}");
        assert_eq!(before.1["epoch"], verified(&source)["epoch"]);
        let again = source.run(&["backup", &file]).expect(1);
        assert!(again.err.contains("exists already"), "{again:?}");
        // Verifying needs no place at all.
        let elsewhere = Program::new();
        let told = elsewhere.run(&["restore", &file, "--verify"]).expect(0);
        assert!(told.out.contains("is whole"), "{told:?}");
        assert_eq!(std::fs::read_dir(elsewhere.dir.path()).unwrap().count(), 0, "nothing was made");
    }
}

/// Yesterday's records in the place of today's: an export that was kept elsewhere tells.
#[test]
fn an_older_backup_in_place_of_newer_records_is_noticed() {
    for backend in BOTH {
        let source = Place::demo(backend, 1, 2);
        backed_up(&source, "yesterday.anlao");
        let (password, name) = ("四楼东侧的消防栓在走廊尽头左转", "newcomer");
        source.program.run_with(&["user", "add", name, "--role", "auditor"], &[], password).expect(0);
        source.run(&["export", "audit", &source.path("today.jsonl")]).expect(0);
        source.run(&["verify", "--against", &source.path("today.jsonl")]).expect(0);
        source.run(&["restore", &source.path("yesterday.anlao"), "--replace", "--yes"]).expect(0);
        verified(&source);
        let flagged = source.run(&["verify", "--against", &source.path("today.jsonl")]);
        anlao_testbed::tally(
            "75",
            &format!("older backup flagged against an export ({backend:?})").to_lowercase(),
            1,
            u64::from(flagged.code != 1),
        );
        assert_eq!(flagged.code, 1, "{flagged:?}");
    }
}

#[test]
fn passphrases_and_offices_are_told_apart() {
    let source = Place::demo(Backend::Sqlite, 2, 6);
    let (plain, sealed) = (source.path("plain.anlao"), source.path("sealed.anlao"));
    let [right, wrong] = ["right", "wrong"].map(|name| source.path(name));
    std::fs::write(&right, "四楼的灭火器\n").unwrap();
    std::fs::write(&wrong, "五楼的灭火器\n").unwrap();
    source.run(&["backup", &plain]).expect(0);
    source.run(&["backup", &sealed, "--passphrase-file", &right]).expect(0);
    let bytes = std::fs::read(&sealed).unwrap();
    for word in ["areas", "anlao backup"] {
        assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} can be read");
    }
    let secret = std::fs::read_to_string(source.secret()).unwrap();
    let keys = secret.split('"').filter(|part| part.len() > 30);
    let plain_bytes = std::fs::read(&plain).unwrap();
    assert!(keys.count() >= 3 && !plain_bytes.windows(9).any(|window| window == b"audit_key"));

    let target = Place::of_office(Backend::Sqlite, &source);
    let before = target.files();
    let refused = |args: &[&str], reason: &str| {
        let ran = target.run(args).expect(1);
        assert!(ran.err.contains(reason), "{ran:?}");
        assert_eq!(target.files(), before, "{args:?}");
    };
    refused(&["restore", &sealed], "passphrase");
    refused(&["restore", &sealed, "--passphrase-file", &wrong], "the passphrase is wrong");
    refused(&["restore", &plain, "--passphrase-file", &right], "not protected");
    refused(&["restore", &plain, "--public-key", &"0".repeat(64)], "another office");
    refused(&["restore", &target.path("anlao.toml")], "not a backup");
    refused(&["restore", &target.path("nothing")], "No such file");
    target.run(&["restore", &sealed, "--passphrase-file", &right]).expect(0);
    verified(&target);

    let stranger = Place::new(Backend::Sqlite);
    assert!(stranger.run(&["restore", &plain]).expect(1).err.contains("secret file"));
    Keys::create(&stranger.secret()).unwrap();
    let before = stranger.files();
    assert!(stranger.run(&["restore", &plain]).expect(1).err.contains("another office"));
    let public = Keys::read(&source.secret()).unwrap().audit_public();
    stranger.run(&["restore", &plain, "--verify", "--public-key", &public]).expect(0);
    assert!(
        stranger.run(&["restore", &plain, "--public-key", &public]).expect(1).err.contains("secret.toml")
    );
    assert_eq!(stranger.files(), before);
}

#[test]
fn lost_photos_are_named_and_the_rest_is_saved() {
    let source = Place::demo(Backend::Sqlite, 2, 6);
    let originals: Vec<_> = source
        .files()
        .into_keys()
        .filter(|path| path.components().any(|part| part.as_os_str() == "originals"))
        .collect();
    let name = |at: usize| originals[at].file_name().unwrap().to_str().unwrap().to_owned();
    std::fs::remove_file(&originals[0]).unwrap();
    std::fs::write(&originals[1], b"rotten").unwrap();
    let ran = source.run(&["backup", &source.path("b.anlao")]).expect(1);
    assert!(ran.out.contains(&name(0)) && ran.out.contains(&name(1)), "{ran:?}");
    let target = Place::of_office(Backend::Sqlite, &source);
    let restored = target.run(&["restore", &source.path("b.anlao"), "--json"]).expect(0).json();
    assert_eq!(restored["manifest"]["missing"].as_array().unwrap().len(), 2);
    assert_eq!(restored["manifest"]["photos"].as_u64().unwrap() as usize, originals.len() - 2);
    let found = target.run(&["verify", "--json"]).expect(1).json();
    assert_eq!(found["faults"].as_array().unwrap().len(), 2, "{found}");
}

#[test]
fn photos_come_from_and_go_to_an_object_store() {
    let s3 = anlao_testbed::S3::start();
    let url = format!("s3://{}/evidence", s3.bucket);
    let variables = [
        ("ANLAO_EVIDENCE_URL", url.as_str()),
        ("AWS_ENDPOINT_URL", &s3.endpoint),
        ("AWS_ACCESS_KEY_ID", &s3.access_key),
        ("AWS_SECRET_ACCESS_KEY", &s3.secret_key),
        ("AWS_REGION", &s3.region),
    ];
    let source = Place::demo_with(Backend::Sqlite, 2, 6, &variables);
    let file = source.path("b.anlao");
    let made = source.program.run_with(&["backup", &file, "--json"], &variables, "").expect(0).json();
    let photos = made["manifest"]["photos"].as_u64().unwrap();
    assert!(photos > 3, "{made}");
    let folder = Place::of_office(Backend::Sqlite, &source);
    folder.run(&["restore", &file]).expect(0);
    assert_eq!(verified(&folder)["photos"].as_u64().unwrap(), photos);
    let empty = anlao_testbed::S3::start();
    let mut variables = variables;
    variables[1].1 = &empty.endpoint;
    let other = Place::of_office(Backend::Sqlite, &source);
    other.program.run_with(&["restore", &file], &variables, "").expect(0);
    let found = other.program.run_with(&["verify", "--json"], &variables, "").expect(0).json();
    assert_eq!(found["photos"].as_u64().unwrap(), photos);
    assert!(!other.data().join("evidence").exists());
}
