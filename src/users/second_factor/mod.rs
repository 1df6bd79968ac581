//! A second factor beside the password: one-time codes by the clock (RFC 6238), and ten recovery codes.
//!
//! The secret is derived from the office's keys and a salt, so that a copy of the database alone makes no codes.

pub mod queries;
pub mod routes;
pub mod rules;

use super::accounts;
use crate::access::{Role, Scope, SecondFactor, WriteTx};
use crate::db::{Conn, Instant};
use crate::ids::UserId;
use crate::keys::Keys;
use crate::refusal::{Code, Outcome};
use crate::sessions::{self, throttle};
use serde_json::json;

const RECOVERY_CODES: usize = 10;

fn secret(keys: &Keys, user: UserId, salt: &str) -> Outcome<Vec<u8>> {
    let derived = keys.derived("totp", format!("{user} {salt}").as_bytes())?;
    Ok(derived.into_iter().take(20).collect())
}

fn recovery_hash(keys: &Keys, user: UserId, bare: &str) -> Outcome<String> {
    keys.keyed_digest("recovery code", format!("{user} {bare}").as_bytes())
}

/// Begins: the secret for the phone. It asks for nothing until a first code has confirmed it.
pub fn begin(tx: &mut WriteTx<'_>) -> Outcome<Vec<u8>> {
    if tx.office.policy.second_factor == SecondFactor::Off {
        return Err(Code::SecondFactorOff.into());
    }
    let id = tx.actor.id;
    if queries::find(tx.conn, id)?.is_some_and(|factor| factor.confirmed) {
        return Err(Code::SecondFactorSet.into());
    }
    // The password was right, or we would not be here.
    throttle::proved(tx.conn, &throttle::Subject::own(&tx.office.keys, id)?)?;
    let salt = hex::encode(crate::keys::random(16));
    accounts::record(tx, "user.second_factor_begun", id, json!({}))?;
    queries::begin(tx.conn, id, &salt, tx.now)?;
    secret(&tx.office.keys, id, &salt)
}

/// Confirms with the first code; the recovery codes are shown this once. `None` when the code is wrong.
pub fn confirm(tx: &mut WriteTx<'_>, typed: &str) -> Outcome<Option<Vec<String>>> {
    let id = tx.actor.id;
    let factor = queries::find(tx.conn, id)?.ok_or(Code::SecondFactorAbsent)?;
    if factor.confirmed {
        return Err(Code::SecondFactorSet.into());
    }
    count(tx)?;
    let key = secret(&tx.office.keys, id, &factor.salt)?;
    let step = rules::matching_step(&key, typed, tx.now.utc().timestamp(), factor.last_step);
    let Some(step) = step else {
        accounts::record(tx, "user.second_factor_refused", id, json!({ "at": "confirm" }))?;
        return Ok(None);
    };
    queries::spend_step(tx.conn, id, step)?;
    let codes: Vec<String> =
        (0..RECOVERY_CODES).map(|_| rules::recovery_code(&crate::keys::random(10))).collect();
    let hashes = codes.iter().map(|code| recovery_hash(&tx.office.keys, id, &code.replace('-', "")));
    let hashes = hashes.collect::<Outcome<Vec<_>>>()?;
    queries::confirm(tx.conn, id, &hashes, tx.now)?;
    let mut user = super::queries::get(tx.conn, id)?;
    user.second_factor_at = Some(tx.now);
    user.version += 1;
    user.updated_at = tx.now;
    accounts::record(tx, "user.second_factor_added", id, json!({}))?;
    super::queries::update_own(tx.conn, user)?;
    proved(tx)?;
    Ok(Some(codes))
}

/// Whether this is a code of the account that was not used before; then it is used now.
pub fn accept(conn: &mut Conn, keys: &Keys, user: UserId, typed: &str, now: Instant) -> Outcome<bool> {
    let Some(factor) = queries::find(conn, user)?.filter(|factor| factor.confirmed) else { return Ok(false) };
    let key = secret(keys, user, &factor.salt)?;
    if let Some(step) = rules::matching_step(&key, typed, now.utc().timestamp(), factor.last_step) {
        return queries::spend_step(conn, user, step);
    }
    match rules::typed_recovery_code(typed) {
        Some(bare) => {
            let hash = recovery_hash(keys, user, &bare)?;
            queries::spend_recovery_code(conn, user, &hash, now)
        }
        None => Ok(false),
    }
}

/// Shows the second factor once more within a login. False when the code is wrong.
pub fn prove(tx: &mut WriteTx<'_>, typed: &str) -> Outcome<bool> {
    let id = tx.actor.id;
    if super::queries::get(tx.conn, id)?.second_factor_at.is_none() {
        return Err(Code::SecondFactorAbsent.into());
    }
    count(tx)?;
    if !accept(tx.conn, &tx.office.keys, id, typed, tx.now)? {
        accounts::record(tx, "user.second_factor_refused", id, json!({ "at": "proof" }))?;
        return Ok(false);
    }
    accounts::record(tx, "session.proved", id, json!({}))?;
    proved(tx)?;
    Ok(true)
}

fn count(tx: &mut WriteTx<'_>) -> Outcome<()> {
    let guesses = throttle::Subject::own(&tx.office.keys, tx.actor.id)?;
    throttle::count(tx.conn, tx.office.policy.passwords, &guesses, tx.now).map(|_| ())
}

fn proved(tx: &mut WriteTx<'_>) -> Outcome<()> {
    let guesses = throttle::Subject::own(&tx.office.keys, tx.actor.id)?;
    throttle::proved(tx.conn, &guesses)?;
    match tx.actor.session {
        Some(session) => sessions::queries::prove(tx.conn, session, tx.now),
        None => Ok(()),
    }
}

/// Refuses a grave step of somebody with a second factor who has not shown it lately. Whoever has none is
/// asked for nothing: whether one must have one is another setting.
pub fn need_fresh_proof(tx: &mut WriteTx<'_>) -> Outcome<()> {
    let Some(session) = tx.actor.session else { return Ok(()) };
    let has_one = super::queries::get(tx.conn, tx.actor.id)?.second_factor_at.is_some();
    if !has_one || tx.office.policy.second_factor == SecondFactor::Off {
        return Ok(());
    }
    let proved_at = sessions::queries::find(tx.conn, session)?.and_then(|session| session.proved_at);
    if super::rules::is_fresh_proof(proved_at, tx.now) { Ok(()) } else { Err(Code::ProofNeeded.into()) }
}

/// Takes the caller's own second factor away.
pub fn remove_own(tx: &mut WriteTx<'_>) -> Outcome<()> {
    remove(tx, tx.actor.id, "self")
}

/// Takes away the second factor of somebody who lost it, and ends their logins.
pub fn remove_others(tx: &mut WriteTx<'_>, id: UserId, own: &Scope) -> Outcome<()> {
    accounts::managed(tx.conn, own, id)?;
    remove(tx, id, Role::Admin.as_str())?;
    sessions::queries::end_all(tx.conn, id, "second_factor_removed", tx.now).map(|_| ())
}

/// The password was perhaps shorter because of the second factor, so it must be changed.
fn remove(tx: &mut WriteTx<'_>, id: UserId, by: &str) -> Outcome<()> {
    let mut user = super::queries::get(tx.conn, id)?;
    if user.second_factor_at.is_none() {
        return Err(Code::SecondFactorAbsent.into());
    }
    need_fresh_proof(tx)?;
    user.second_factor_at = None;
    user.must_change_password = user.password_hash.is_some();
    user.version += 1;
    user.updated_at = tx.now;
    accounts::record(tx, "user.second_factor_removed", id, json!({ "by": by }))?;
    queries::remove(tx.conn, id)?;
    super::queries::update_own(tx.conn, user)
}
