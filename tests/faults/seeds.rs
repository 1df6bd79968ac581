//! Chance that can be had again.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The seeds to try: the one that `ANLAO_SEED` names, or so many from 1 on.
pub fn seeds(commit: u64, release: u64) -> Vec<u64> {
    match std::env::var("ANLAO_SEED") {
        Ok(seed) => vec![seed.parse().expect("ANLAO_SEED is a number")],
        Err(_) => (1..=anlao_testbed::tries(commit, release)).collect(),
    }
}

pub fn chance(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// What went wrong, each with its seed; a test asserts at its end that there is nothing.
#[derive(Debug, Default)]
pub struct Wrongs(Vec<String>);

impl Wrongs {
    pub fn add(&mut self, seed: u64, found: impl IntoIterator<Item = String>) {
        self.0.extend(found.into_iter().map(|what| format!("ANLAO_SEED={seed}: {what}")));
    }

    /// Writes the line of the acceptance table, then fails if anything went wrong.
    #[track_caller]
    pub fn settle(self, row: &str, what: &str, tried: u64) {
        anlao_testbed::tally(row, what, tried, self.0.len() as u64);
        eprintln!("row {row}: {what}: {tried} tried, {} wrong", self.0.len());
        let first: Vec<&str> = self.0.iter().take(12).map(String::as_str).collect();
        assert!(
            self.0.is_empty(),
            "row {row}: {what}: {} wrong of {tried}\n  {}",
            self.0.len(),
            first.join("\n  ")
        );
    }
}
