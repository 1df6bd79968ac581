//! Damaged, foreign, newer and hostile backups, and disks that fill up: refused with a reason, the target untouched.

use crate::support::Place;
use anlao::backup::tables::kept;
use anlao::backup::{Ending, Header, Opener, Part, Reader, Sealer, Writer};
use anlao::db::rows::{Column, Kind, Table};
use anlao::db::{Backend, migration_names};
use anlao::keys::Keys;
use anlao_testbed::{tally, tries};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::process::Stdio;

/// Tries to restore these bytes over what is there; says what is wrong with how that was refused.
fn refusal(place: &Place, args: &[&str], bytes: &[u8]) -> Result<String, String> {
    let file = place.path("damaged.anlao");
    std::fs::write(&file, bytes).unwrap();
    let before = place.files();
    let ran = place.run(&[&["restore", file.as_str(), "--replace", "--yes"], args].concat());
    if ran.code != 1 || !ran.err.starts_with("anlao: nothing was restored: ") || ran.err.lines().count() != 1
    {
        return Err(format!("{ran:?}"));
    }
    if place.files() == before { Ok(ran.err) } else { Err(format!("the target was touched: {ran:?}")) }
}

/// A place with records and a backup of them, plain or sealed, and how to open it.
fn with_backup(backend: Backend, sealed: bool) -> (Place, Vec<u8>, Vec<String>) {
    let place = Place::demo(backend, 1, 2);
    let (file, word) = (place.path("b.anlao"), place.path("word"));
    std::fs::write(&word, "四楼的灭火器").unwrap();
    let args = if sealed { vec!["--passphrase-file".to_owned(), word] } else { vec![] };
    let mut command = vec!["backup", file.as_str()];
    command.extend(args.iter().map(String::as_str));
    place.run(&command).expect(0);
    let bytes = std::fs::read(&file).unwrap();
    (place, bytes, args)
}

fn damaged(backend: Backend, sealed: bool, cuts: u64, flips: u64) {
    let (place, bytes, args) = with_backup(backend, sealed);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let epoch = place.run(&["verify", "--json"]).expect(0).json()["epoch"].clone();
    let what = format!("{}{}", if sealed { "sealed, " } else { "" }, format!("{backend:?}").to_lowercase());
    let mut random = rand::rngs::StdRng::seed_from_u64(68);
    let mut wrong = Vec::new();
    for cut in 0..cuts {
        let length = bytes.len() as u64 * cut / cuts + u64::from(cut > 0) * random.random_range(0..30);
        let length = (length as usize).min(bytes.len() - 1);
        wrong.extend(refusal(&place, &args, &bytes[..length]).err());
    }
    tally("68", &format!("truncated backup refused, target untouched ({what})"), cuts, wrong.len() as u64);
    assert_eq!(wrong, Vec::<String>::new());
    for _ in 0..flips {
        let mut flipped = bytes.clone();
        let at = random.random_range(0..flipped.len());
        flipped[at] ^= 1 << random.random_range(0..8);
        wrong.extend(refusal(&place, &args, &flipped).err().map(|error| format!("byte {at}: {error}")));
    }
    tally("68", &format!("flipped bit refused, target untouched ({what})"), flips, wrong.len() as u64);
    assert_eq!(wrong, Vec::<String>::new());
    let longer = [&bytes[..], b"x"].concat();
    refusal(&place, &args, &longer).unwrap();
    assert_eq!(place.run(&["verify", "--json"]).expect(0).json()["epoch"], epoch);
    // The undamaged one is taken.
    let file = place.path("b.anlao");
    place.run(&[&["restore", file.as_str(), "--replace", "--yes"], &args[..]].concat()).expect(0);
}

#[test]
fn a_damaged_backup_is_refused_and_sqlite_untouched() {
    damaged(Backend::Sqlite, false, 50, tries(60, 1000));
}

#[test]
fn a_damaged_sealed_backup_is_refused() {
    damaged(Backend::Sqlite, true, tries(10, 50), tries(10, 200));
}

#[test]
fn a_damaged_backup_is_refused_and_postgres_untouched() {
    damaged(Backend::Postgres, false, tries(10, 50), tries(20, 1000));
}

fn header(keys: &Keys, schema: &str) -> Header {
    Header {
        created_at: "2026-03-10T02:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into(),
        program: "9.9.9".into(),
        schema: schema.into(),
        database: "sqlite".into(),
        epoch: None,
        public_key: keys.audit_public(),
    }
}

/// A small backup with rows and photos, made without any database.
fn small(keys: &Keys, schema: &str) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), header(keys, schema)).unwrap();
    let column = |name: &str, kind| Column { name: name.into(), kind };
    let columns = vec![column("name", Kind::Text), column("value", Kind::Text)];
    writer.table(&Table { name: "database_facts".into(), columns }).unwrap();
    for at in 0..40 {
        writer.row(&format!("[\"fact {at}\", \"插排\"]")).unwrap();
    }
    let mut photos: Vec<Vec<u8>> = (0..3_u8).map(|at| vec![at; 5000]).collect();
    photos.sort_by_key(|photo| hex::encode(Sha256::digest(photo)));
    for photo in photos {
        writer.photo(&hex::encode(Sha256::digest(&photo)), photo.len() as u64).unwrap();
        writer.bytes(&photo).unwrap();
    }
    let ending = Ending { missing: vec![], audit_heads: String::new() };
    writer.finish(ending, |message| keys.sign(message)).unwrap().0
}

/// Reads to the end, or to the first fault.
fn read(input: impl Read, trusted: Option<&str>) -> Result<String, String> {
    let mut reader = Reader::new(input, trusted);
    loop {
        match reader.next() {
            Ok(Some(Part::End { sha256, .. })) => return Ok(sha256),
            Ok(Some(_)) => {}
            Ok(None) => return Err("no end".into()),
            Err(damage) => return Err(damage.to_string()),
        }
    }
}

#[test]
fn a_backup_of_a_newer_program_is_refused() {
    let place = Place::demo(Backend::Sqlite, 1, 2);
    let keys = Keys::read(&place.secret()).unwrap();
    let newer = small(&keys, "2099-01-01-000000_later");
    let told = refusal(&place, &[], &newer).unwrap();
    assert!(told.contains("2099-01-01-000000_later") && told.contains("9.9.9"), "{told}");
    let mut later = newer.clone();
    later[13] = b'2';
    assert!(refusal(&place, &[], &later).unwrap().contains("later form"));
    // Signed by the office, but it does not hold together: its rows refer to an audit trail that is not in it.
    let empty = small(&keys, &migration_names().pop().unwrap());
    assert!(read(&empty[..], None).is_ok());
}

/// What was backed up under the first schema comes out under the newest.
#[test]
fn a_backup_of_an_older_schema_is_migrated_up() {
    for (from, into) in [(Backend::Sqlite, Backend::Postgres), (Backend::Postgres, Backend::Sqlite)] {
        let old = crate::releases::released(from, "0.1.0");
        let keys = Keys::read(&old.secret()).unwrap();
        let mut conn = old.open();
        let mut writer = Writer::begin(Vec::new(), header(&keys, &migration_names()[0])).unwrap();
        let present = |name: &str| crate::releases::tables(&mut old.open()).iter().any(|table| table == name);
        let mut kept: Vec<_> = kept().into_iter().filter(|one| present(&one.table.name)).collect();
        // As the first release would have written them: without the columns that came later.
        for one in &mut kept {
            let known = crate::releases::columns(&mut conn, &one.table.name);
            one.table.columns.retain(|column| known.contains(&column.name));
            // What evidence belonged to had a column of its own then.
            if one.table.name == "evidence" {
                one.table.columns.push(Column { name: "hazard_id".into(), kind: Kind::Id });
            }
        }
        assert!(kept.len() > 10);
        for one in &kept {
            writer.table(&one.table).unwrap();
            conn.each_row(&one.table, one.order, &mut |row| {
                writer.row(row).unwrap();
                Ok(())
            })
            .unwrap();
        }
        let query = "SELECT DISTINCT sha256 AS line FROM evidence WHERE state = 'stored'";
        let missing = crate::support::lines(&mut conn, query).unwrap();
        let heads = if from == Backend::Sqlite {
            "SELECT lower(substr(hex(chain),1,8)||'-'||substr(hex(chain),9,4)||'-'||substr(hex(chain),13,4)||'-'||substr(hex(chain),17,4)||'-'||substr(hex(chain),21)) || ' ' || seq || ' ' || hash AS line FROM audit_heads ORDER BY chain"
        } else {
            "SELECT chain || ' ' || seq || ' ' || hash AS line FROM audit_heads ORDER BY chain"
        };
        let audit_heads = crate::support::lines(&mut conn, heads).unwrap().join("\n");
        let bytes = writer.finish(Ending { missing, audit_heads }, |message| keys.sign(message)).unwrap().0;
        let target = Place::of_office(into, &old);
        std::fs::write(target.path("old.anlao"), bytes).unwrap();
        let restored = target.run(&["restore", &target.path("old.anlao"), "--json"]).expect(0).json();
        assert_eq!(restored["faults"], serde_json::json!([]));
        let found = target.run(&["verify", "--no-evidence", "--json"]).expect(0).json();
        assert_eq!(found["epoch"]["number"], 2, "{found}");
        let mut conn = target.open();
        assert!(!anlao::db::migrations_pending(&mut conn).unwrap());
        assert_eq!(conn.row_count("hazards").unwrap(), 60);
        assert_eq!(conn.row_count("hazard_search").unwrap(), 60);
    }
}

/// A disk that is full in the middle: while the photos are stored, and while the database is written.
#[test]
fn a_full_disk_leaves_the_target_as_it_was() {
    let source = Place::demo(Backend::Sqlite, 3, 20);
    source.run(&["backup", &source.path("b.anlao")]).expect(0);
    let sizes = |place: &Place| {
        let files = place.files().into_keys().filter(|path| path.display().to_string().contains("originals"));
        files.map(|path| std::fs::metadata(path).unwrap().len()).max().unwrap()
    };
    let largest = sizes(&source);
    let database = source.open().row_count("audit_entries").unwrap();
    assert!(database > 50);
    let target = Place::of_office(Backend::Sqlite, &source);
    std::fs::write(target.data().join("anlao.db"), b"not even a database").unwrap();
    let before = target.files();
    // In kilobytes: too small for the largest photo, and large enough for it but too small for the database.
    for limit in [largest / 1024 - 4, largest / 1024 + 8] {
        let command = target.program.command(&["restore", &source.path("b.anlao"), "--replace", "--yes"]);
        let mut shell = std::process::Command::new("bash");
        shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\"; exit 99"), "limited"]);
        shell
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(command.get_current_dir().unwrap());
        let ran = shell.stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{limit}: {told}");
        assert!(told.contains("nothing was restored"), "{limit}: {told}");
        assert_eq!(target.files(), before, "{limit}: {told}");
    }
    tally("68", "disk full in mid-restore, target untouched (sqlite)", 2, 0);
    target.run(&["restore", &source.path("b.anlao"), "--replace", "--yes"]).expect(0);
    target.run(&["verify"]).expect(0);
}

/// Killed at any moment, the records are the old ones or the new ones, whole; and the next try succeeds.
#[test]
fn a_restore_killed_at_any_moment_leaves_whole_records() {
    let tried = tries(8, 200);
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (place, _, _) = with_backup(backend, false);
        let args = ["restore", &place.path("b.anlao"), "--replace", "--yes"];
        let start = std::time::Instant::now();
        place.run(&args).expect(0);
        let whole = start.elapsed();
        let (mut failed, mut cut) = (0, 0);
        for round in 0..tried {
            let mut restoring = place.program.command(&args);
            let restoring = restoring.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut restoring = restoring.spawn().unwrap();
            // The moment is what is tried.
            std::thread::sleep(whole * (round as u32 + 1) / (tried as u32 + 1));
            restoring.kill().unwrap();
            cut += u64::from(!restoring.wait().unwrap().success());
            let found = place.run(&["verify", "--json"]);
            failed += u64::from(found.code != 0 || found.json()["faults"] != serde_json::json!([]));
        }
        assert!(cut > 0, "none was killed before its end");
        let what = format!("killed in mid-restore: old or new records, whole ({backend:?})").to_lowercase();
        tally("67", &what, tried, failed);
        assert_eq!(failed, 0, "{backend:?}");
        let deadline = start + std::time::Duration::from_secs(120);
        while place.run(&args).code != 0 {
            assert!(std::time::Instant::now() < deadline, "{backend:?}: it can no longer be restored");
        }
        place.run(&["verify"]).expect(0);
        assert!(!place.data().join("anlao.db.restoring").exists());
    }
}

fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind][..], &(content.len() as u32).to_be_bytes(), content].concat()
}

fn folded(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn hostile_lengths_cost_no_memory() {
    let keys = Keys::generate();
    let whole = small(&keys, "x");
    // The mark of 16 bytes, and the first frame with its own length.
    let length = u32::from_be_bytes(whole[17..21].try_into().unwrap()) as usize;
    let head = whole[..21 + length].to_vec();
    // A frame that says it is long, and is not there.
    let promised = [&head[..], b"T", &(16_u32 << 20).to_be_bytes(), b"abc"].concat();
    assert!(read(&promised[..], None).unwrap_err().contains("cut short"));
    let huge = [&head[..], b"T", &u32::MAX.to_be_bytes()].concat();
    assert!(read(&huge[..], None).unwrap_err().contains("too long"));
    // A frame that unfolds to more than anybody keeps.
    let bomb = [&head[..], &frame(b'T', &folded(&vec![b' '; 65 << 20]))].concat();
    assert!(bomb.len() < 1 << 20);
    assert!(read(&bomb[..], None).unwrap_err().contains("unfolds to too much"));
    // A row with more values than a table has columns; one that nests without end.
    let table = frame(b'T', &folded(br#"{"name":"areas","columns":[{"name":"id","kind":"text"}]}"#));
    for row in [format!("[{}]", vec!["null"; 200_000].join(",")), "[".repeat(200_000)] {
        let rows = [&head[..], &table, &frame(b'R', &folded(row.as_bytes()))].concat();
        assert!(read(&rows[..], None).unwrap_err().contains("a row cannot be read"));
    }
    for name in ["areas; DROP TABLE users", "Areas", "", "a\\\"b"] {
        let table = format!(r#"{{"name":"{name}","columns":[{{"name":"id","kind":"text"}}]}}"#);
        let named = [&head[..], &frame(b'T', &folded(table.as_bytes()))].concat();
        assert!(read(&named[..], None).unwrap_err().contains("proper names"), "{name}");
    }
}

#[test]
fn only_the_office_can_sign() {
    let (keys, other) = (Keys::generate(), Keys::generate());
    let whole = small(&keys, "x");
    read(&whole[..], Some(&keys.audit_public())).unwrap();
    assert!(read(&whole[..], Some(&other.audit_public())).unwrap_err().contains("another office"));
    let mut writer = Writer::begin(Vec::new(), header(&keys, "x")).unwrap();
    writer.photo(&hex::encode(Sha256::digest(b"abc")), 3).unwrap();
    writer.bytes(b"abc").unwrap();
    let forged =
        writer.finish(Ending { missing: vec![], audit_heads: String::new() }, |message| other.sign(message));
    assert!(read(&forged.unwrap().0[..], None).unwrap_err().contains("signature"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: tries(300, 20_000) as u32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes: no panic, and only what was written is taken.
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000), marked in any::<bool>()) {
        let input = if marked { [b"anlao backup 1\r\n", &bytes[..]].concat() } else { bytes };
        prop_assert!(read(&input[..], None).is_err());
        if let Ok(opener) = Opener::open(&input[..], None) {
            prop_assert!(read(opener, None).is_err());
        }
    }

    /// A backup with some bytes changed, cut out or doubled is no backup.
    #[test]
    fn a_changed_backup_is_not_taken(at in 0_usize..60_000, count in 0_usize..40, with in proptest::collection::vec(any::<u8>(), 0..40)) {
        static WHOLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| small(&Keys::generate(), "x"));
        let start = at % WHOLE.len();
        let end = (start + count).min(WHOLE.len());
        let changed = [&WHOLE[..start], &with[..], &WHOLE[end..]].concat();
        let outcome = read(&changed[..], None);
        if changed == *WHOLE { prop_assert!(outcome.is_ok()) } else { prop_assert!(outcome.is_err()) }
    }
}

#[test]
fn sealing_keeps_every_length_and_notices_every_cut() {
    let lengths = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_001];
    for length in lengths {
        let plain: Vec<u8> = (0..length).map(|at: usize| at as u8).collect();
        let mut sealer = Sealer::begin(Vec::new(), "四楼的灭火器").unwrap();
        sealer.write_all(&plain).unwrap();
        let sealed = sealer.finish().unwrap();
        let open = |bytes: &[u8]| {
            let mut read = Vec::new();
            let opened = Opener::open(bytes, Some("四楼的灭火器")).ok()?.read_to_end(&mut read);
            opened.ok().map(|_| read)
        };
        assert!(open(&sealed).unwrap() == plain, "{length}");
        for cut in [1, 16, 17, 65_552] {
            if let Some(shorter) = sealed.len().checked_sub(cut) {
                assert!(open(&sealed[..shorter]).is_none(), "{length}, {cut} bytes cut off");
            }
        }
        assert!(open(&[&sealed[..], b"x"].concat()).is_none());
    }
}
