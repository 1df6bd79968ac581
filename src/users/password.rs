//! Passwords: argon2id with the parameters of the OWASP cheat sheet, a few at a time.

use crate::refusal::{Failure, Outcome};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashing takes 19 MiB and some 20 ms each, so only as many run at once as there are cores.
static GATE: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from))));

/// A well-formed hash of nothing anyone knows: an unknown user costs as much as a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash(&hex::encode(crate::keys::random(16))).unwrap_or_default());

fn argon() -> Outcome<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|_error| Failure::Internal("the password parameters are unusable"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of a password. Takes tens of milliseconds: call it off the request threads.
pub fn hash(password: &str) -> Outcome<String> {
    let salt = SaltString::encode_b64(&crate::keys::random(16))
        .map_err(|_error| Failure::Internal("no salt could be made"))?;
    let hash = argon()?
        .hash_password(password.as_bytes(), &salt)
        .map_err(|_error| Failure::Internal("the password could not be hashed"))?;
    Ok(hash.to_string())
}

/// Whether `password` is the one behind `stored`; with `None` it does the same work and says no.
pub fn verify(password: &str, stored: Option<&str>) -> Outcome<bool> {
    let parsed = PasswordHash::new(stored.unwrap_or(&NOBODY))
        .map_err(|_error| Failure::Internal("a stored password is not readable"))?;
    let right = argon()?.verify_password(password.as_bytes(), &parsed).is_ok();
    Ok(right && stored.is_some())
}

/// Whether a stored hash has today's parameters; one that has not is replaced at the next login.
pub fn is_current(stored: &str) -> bool {
    stored.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

/// [`hash`] from a request, waiting for a free place.
pub async fn hash_gated(password: String) -> Outcome<String> {
    gated(move || hash(&password)).await
}

/// [`verify`] from a request, waiting for a free place.
pub async fn verify_gated(password: String, stored: Option<String>) -> Outcome<bool> {
    gated(move || verify(&password, stored.as_deref())).await
}

async fn gated<T: Send + 'static>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Outcome<T> {
    let _place = GATE.acquire().await.map_err(|_closed| Failure::Busy)?;
    actix_web::web::block(work).await.map_err(|_lost| Failure::Busy)?
}
