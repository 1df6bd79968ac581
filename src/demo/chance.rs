//! Chance that can be repeated: every draw comes from the seed and a name, never from the machine, so the
//! same seed gives the same city and an interrupted filling can be gone on with.

use crate::db::Instant;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub type Dice = ChaCha8Rng;

/// The dice for one thing: what is drawn for one home never depends on how much was drawn for another.
pub fn dice(seed: u64, what: &str, number: usize) -> Dice {
    ChaCha8Rng::from_seed(Sha256::digest(format!("{seed} {what} {number}")).into())
}

/// A UUIDv7 as a phone would have made it at that moment, so ids sort by time here too.
pub fn id(dice: &mut Dice, at: Instant) -> Uuid {
    let millis = u64::try_from(at.utc().timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &dice.random()).into_uuid()
}

/// One of them; the first type's default where there is none.
pub fn one_of<T: Copy + Default>(dice: &mut Dice, choices: &[T]) -> T {
    choices.choose(dice).copied().unwrap_or_default()
}
