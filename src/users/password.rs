//! Passwords: argon2id with the parameters of the OWASP cheat sheet, a few at a time.

use super::rules::normalised;
use crate::refusal::{Failure, Outcome};
use argon2::password_hash::{Output, ParamsString, PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Requests that may wait for a free place; whoever comes then is told to come back.
const WAITING: usize = 64;

/// Hashing takes 19 MiB and some 20 ms each, so only as many run at once as there are cores.
static GATE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(cores())));
static QUEUE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(cores() + WAITING)));

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// A well-formed hash of nothing anyone knows: an unknown user costs as much as a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash(&hex::encode(crate::keys::random(16))).unwrap_or_default());

/// Memory that hashing works in, used again: allocated anew for each password, an allocator spreads it over
/// the threads and gives it back late, and a flood of logins takes a gigabyte.
static ROOMS: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

fn params() -> Outcome<Params> {
    Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|_error| Failure::Internal("the password parameters are unusable"))
}

/// The raw argon2id output for a password, computed in a room that is used again.
fn compute(params: Params, password: &str, salt: &[u8], length: usize) -> Outcome<Vec<u8>> {
    let blocks = params.block_count();
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let rooms = || ROOMS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut room = rooms().pop().unwrap_or_default();
    room.resize(blocks, Block::default());
    let mut out = vec![0; length];
    let done = argon.hash_password_into_with_memory(password.as_bytes(), salt, &mut out, &mut room);
    let mut kept = rooms();
    if kept.len() < cores() {
        kept.push(room);
    }
    done.map_err(|_error| Failure::Internal("the password could not be hashed"))?;
    Ok(out)
}

/// The PHC string of a password. Takes tens of milliseconds: call it off the request threads.
pub fn hash(password: &str) -> Outcome<String> {
    let failed = || Failure::Internal("the password could not be hashed");
    let (params, random) = (params()?, crate::keys::random(16));
    let out = compute(params.clone(), &normalised(password), &random, Params::DEFAULT_OUTPUT_LEN)?;
    let salt = SaltString::encode_b64(&random).map_err(|_error| failed())?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_error| failed())?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&out).map_err(|_error| failed())?),
    };
    Ok(hash.to_string())
}

/// Whether `password` is the one behind `stored`; with `None` it does the same work and says no.
pub fn verify(password: &str, stored: Option<&str>) -> Outcome<bool> {
    let unreadable = || Failure::Internal("a stored password is not readable");
    let parsed = PasswordHash::new(stored.unwrap_or(&NOBODY)).map_err(|_error| unreadable())?;
    if parsed.algorithm != Algorithm::Argon2id.ident() || parsed.version != Some(Version::V0x13.into()) {
        return Err(unreadable());
    }
    let params = Params::try_from(&parsed).map_err(|_error| unreadable())?;
    let (salt, expected) = parsed.salt.zip(parsed.hash).ok_or_else(unreadable)?;
    let mut buffer = [0; 64];
    let salt = salt.decode_b64(&mut buffer).map_err(|_error| unreadable())?;
    let is = |text: &str| -> Outcome<bool> {
        let out = compute(params.clone(), text, salt, expected.len())?;
        // The comparison takes the same time wherever they differ.
        Ok(Output::new(&out).map_err(|_error| unreadable())? == expected)
    };
    let normal = normalised(password);
    // Hashes of the first release were of what was typed, not of its normal form.
    let right = is(&normal)? || (normal != password && is(password)?);
    Ok(right && stored.is_some())
}

/// Whether a stored hash has today's parameters; one that has not is replaced at the next login.
pub fn is_current(stored: &str) -> bool {
    stored.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

/// A place in the queue for hashing. Take it before anything is counted or looked up.
#[derive(Debug)]
pub struct Place(#[allow(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Place {
    /// Refuses as busy when too many are waiting already.
    pub fn take() -> Outcome<Self> {
        Arc::clone(&QUEUE).try_acquire_owned().map(Self).map_err(|_full| Failure::Busy)
    }

    /// [`hash`], when it is our turn.
    pub async fn hash(&self, password: String) -> Outcome<String> {
        gated(move || hash(&password)).await
    }

    /// [`verify`], when it is our turn.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Outcome<bool> {
        gated(move || verify(&password, stored.as_deref())).await
    }
}

/// [`hash`] from a request, waiting for a free place.
pub async fn hash_gated(password: String) -> Outcome<String> {
    Place::take()?.hash(password).await
}

async fn gated<T: Send + 'static>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Outcome<T> {
    let turn = Arc::clone(&GATE).acquire_owned().await.map_err(|_closed| Failure::Busy)?;
    let work = move || {
        // Kept until the work is done, also when whoever asked has gone away meanwhile.
        let _turn = turn;
        work()
    };
    actix_web::web::block(work).await.map_err(|_lost| Failure::Busy)?
}
