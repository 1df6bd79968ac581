//! Backups, plain and sealed: only the bytes that were signed reach their end.

#![no_main]

use anlao::backup::{Ending, Header, Opener, Part, Reader, Sealer, Writer};
use anlao::db::rows::{Column, Kind, Table};
use anlao_fuzz::{genuine, keys, now, seeds};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::sync::LazyLock;

const PASSPHRASE: &str = "四楼的灭火器";

struct World {
    public: String,
    genuine: Vec<u8>,
    sealed: Vec<u8>,
}

fn made(keys: &anlao::keys::Keys) -> Vec<u8> {
    let header = Header {
        created_at: now(),
        program: "9.9.9".into(),
        schema: "2026-11-24-000000_foundation".into(),
        database: "sqlite".into(),
        epoch: None,
        public_key: keys.audit_public(),
    };
    let mut writer = Writer::begin(Vec::new(), header).expect("a backup");
    let column = |name: &str, kind| Column { name: name.into(), kind };
    let columns = vec![column("name", Kind::Text), column("value", Kind::Text)];
    writer.table(&Table { name: "database_facts".into(), columns }).expect("a table");
    for at in 0..3 {
        writer.row(&format!("[\"fact {at}\", \"插排\"]")).expect("a row");
    }
    let photo = [7; 50];
    writer.photo(&hex(&Sha256::digest(photo)), photo.len() as u64).expect("a photo");
    writer.bytes(&photo).expect("its bytes");
    let ending = Ending { missing: vec![], audit_heads: String::new() };
    writer.finish(ending, |message| keys.sign(message)).expect("its end").0
}

fn seal(genuine: &[u8]) -> Vec<u8> {
    let mut sealer = Sealer::begin(Vec::new(), PASSPHRASE).expect("a seal");
    sealer.write_all(genuine).expect("sealed");
    sealer.finish().expect("sealed")
}

fn opened_holds(sealed: &[u8], public: &str) -> bool {
    Opener::open(sealed, Some(PASSPHRASE)).is_ok_and(|opened| holds(opened, Some(public)))
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let keys = keys();
    let public = keys.audit_public();
    let plain = genuine("backup", |kept| holds(kept, Some(&public)), || made(&keys));
    let sealed = genuine("backup.sealed", |kept| opened_holds(kept, &public), || seal(&plain));
    assert!(holds(&plain[..], Some(&public)) && opened_holds(&sealed, &public));
    seeds([plain.clone(), sealed.clone()]);
    World { public, genuine: plain, sealed }
});

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether it can be read to its end.
fn holds(input: impl Read, trusted: Option<&str>) -> bool {
    let mut reader = Reader::new(input, trusted);
    while let Ok(Some(part)) = reader.next() {
        if matches!(part, Part::End { .. }) {
            return true;
        }
    }
    false
}

fuzz_target!(|data: &[u8]| {
    let world = &*WORLD;
    holds(data, None);
    assert!(!holds(data, Some(&world.public)) || data == world.genuine, "a changed backup holds");
    if let Ok(opened) = Opener::open(data, Some(PASSPHRASE)) {
        let changed = data != world.genuine && data != world.sealed;
        assert!(!holds(opened, Some(&world.public)) || !changed, "a changed sealed backup holds");
    }
});
