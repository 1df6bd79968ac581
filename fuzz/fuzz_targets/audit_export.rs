//! Exports of the audit trail: no other text than the exported one holds under the office's key.

#![no_main]

use anlao::audit::{anchor, export, known_from, record_system, verify_export};
use anlao::db::{Conn, DatabaseUrl, migrate};
use anlao_fuzz::{genuine, keys, now, seeds};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

struct World {
    public: String,
    genuine: Vec<u8>,
}

/// Whether it is whole and signed by the office.
fn holds(export: &[u8], public: &str) -> bool {
    verify_export(export, Some(public)).is_ok_and(|report| report.faults.is_empty())
}

fn made(keys: &anlao::keys::Keys) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("records.db").display());
    let mut conn = Conn::open(&DatabaseUrl::parse(&url).expect("an address")).expect("a database");
    migrate(&mut conn).expect("a schema");
    for number in 0..3 {
        let content = serde_json::json!({ "number": number, "place": "二楼东侧" });
        record_system(&mut conn, keys, now(), "system.tried", content).expect("an entry");
        if number == 1 {
            anchor(&mut conn, keys, now()).expect("an anchor");
        }
    }
    let mut export_text = Vec::new();
    export(&mut conn, keys, now(), &mut export_text).expect("an export");
    export_text
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let keys = keys();
    let public = keys.audit_public();
    let genuine = genuine("audit_export", |kept| holds(kept, &public), || made(&keys));
    assert!(holds(&genuine, &public));
    seeds([genuine.clone()]);
    World { public, genuine }
});

fuzz_target!(|data: &[u8]| {
    let world = &*WORLD;
    let _ = verify_export(data, None);
    assert!(!holds(data, &world.public) || data == world.genuine, "a changed export holds");
    let _ = known_from(data, &world.public);
});
