//! What the fuzz targets share: keys, a moment, where their seeds go, and what stays the same from run to run.

use anlao::db::Instant;
use anlao::keys::Keys;

/// Keys whose signatures are the same in every run.
pub fn keys() -> Keys {
    let folder = tempfile::tempdir().expect("a folder");
    Keys::create_for_demo(&folder.path().join("secret.toml"), 1).expect("keys")
}

pub fn now() -> Instant {
    Instant::from_micros(1_750_000_000_000_000).expect("a moment")
}

/// Writes honest inputs for the fuzzer to begin with into the folder that `ANLAO_SEEDS` names.
pub fn seeds(seeds: impl IntoIterator<Item = Vec<u8>>) {
    let Some(folder) = std::env::var_os("ANLAO_SEEDS") else { return };
    for (number, seed) in seeds.into_iter().enumerate() {
        let path = std::path::Path::new(&folder).join(format!("seed-{number:03}"));
        std::fs::write(path, seed).expect("a seed can be written");
    }
}

/// What `make` once made in the folder that `ANLAO_GENUINE` names, as long as it still `holds`. What an earlier process of
/// the fuzzer signed is genuine too and may come back from its corpus, so all processes must mean the same bytes.
pub fn genuine(name: &str, holds: impl Fn(&[u8]) -> bool, make: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    let Some(folder) = std::env::var_os("ANLAO_GENUINE") else { return make() };
    let path = std::path::Path::new(&folder).join(name);
    match std::fs::read(&path) {
        Ok(kept) if holds(&kept) => kept,
        _ => {
            let made = make();
            std::fs::write(path, &made).expect("what is genuine can be written");
            made
        }
    }
}
