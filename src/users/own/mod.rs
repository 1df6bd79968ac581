//! One's own account: what anyone who is logged in may do with it.

pub mod routes;

use super::model::User;
use super::password::Place;
use super::{accounts, password_tokens, queries};
use crate::access::{Access, UseOwnAccount, WriteTx};
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::sessions::{self, throttle};
use serde_json::json;

/// Asks somebody who is logged in for their password once more. Wrong ones are counted and written down.
pub async fn confirm_password(
    access: &Access<UseOwnAccount>,
    place: &Place,
    pointer: &str,
    typed: String,
) -> Outcome<User> {
    let wrong = || Refusal::invalid(pointer, FieldCode::Mismatch).into();
    if typed.len() > super::rules::LONGEST_BYTES {
        return Err(wrong());
    }
    let user = access
        .write(|tx| {
            let guesses = throttle::Subject::own(&tx.office.keys, tx.actor.id)?;
            throttle::count(tx.conn, tx.office.policy.passwords, &guesses, tx.now)?;
            queries::get(tx.conn, tx.actor.id)
        })
        .await?;
    if place.verify(typed, user.password_hash.clone()).await? {
        return Ok(user);
    }
    access
        .write(|tx| {
            let id = tx.actor.id;
            accounts::record(tx, "user.password_refused", id, json!({ "by": "self" }))
        })
        .await?;
    Err(wrong())
}

/// Gives the caller a new password and ends all their logins. The devices stay known.
pub fn set_password(tx: &mut WriteTx<'_>, confirmed: &User, hash: &str) -> Outcome<()> {
    let mut user = queries::get(tx.conn, tx.actor.id)?;
    if user.password_hash != confirmed.password_hash {
        return Err(Refusal::invalid("/current_password", FieldCode::Mismatch).into());
    }
    user.take_password(hash.to_owned(), tx.now);
    user.version += 1;
    user.updated_at = tx.now;
    accounts::record(tx, "user.password_changed", user.id, json!({ "by": "self" }))?;
    sessions::queries::end_all(tx.conn, user.id, "password_changed", tx.now)?;
    password_tokens::forget(tx.conn, user.id)?;
    throttle::clear(tx.conn, &tx.office.keys, &user.username, user.id)?;
    queries::update_own(tx.conn, user)
}
