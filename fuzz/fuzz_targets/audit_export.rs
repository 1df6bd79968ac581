//! Exports of the audit trail: no other text than the exported one holds under the office's key.

#![no_main]

use anlao::audit::{anchor, export, known_from, record_system, verify_export};
use anlao::db::{Conn, DatabaseUrl, migrate};
use anlao_fuzz::{keys, now, seeds};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

struct World {
    public: String,
    genuine: Vec<u8>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let keys = keys();
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("records.db").display());
    let mut conn = Conn::open(&DatabaseUrl::parse(&url).expect("an address")).expect("a database");
    migrate(&mut conn).expect("a schema");
    for number in 0..3 {
        let content = serde_json::json!({ "number": number, "place": "二楼东侧" });
        record_system(&mut conn, &keys, now(), "system.tried", content).expect("an entry");
        if number == 1 {
            anchor(&mut conn, &keys, now()).expect("an anchor");
        }
    }
    let mut genuine = Vec::new();
    export(&mut conn, &keys, now(), &mut genuine).expect("an export");
    let public = keys.audit_public();
    assert!(verify_export(&genuine[..], Some(&public)).is_ok_and(|report| report.faults.is_empty()));
    seeds([genuine.clone()]);
    World { public, genuine }
});

fuzz_target!(|data: &[u8]| {
    let world = &*WORLD;
    let _ = verify_export(data, None);
    let holds = verify_export(data, Some(&world.public)).is_ok_and(|report| report.faults.is_empty());
    assert!(!holds || data == world.genuine, "a changed export holds");
    let _ = known_from(data, &world.public);
});
