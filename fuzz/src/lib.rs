//! What the fuzz targets share: keys, a moment, and where their seeds go.

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
