//! One-time tokens with which people set their own password: invited, or after they forgot it. Whoever makes
//! one never learns the password, and it ends with its use, after an hour, or with the next one.

pub mod routes;

use super::model::User;
use super::{accounts, queries};
use crate::access::{Actor, Origin, WriteTx};
use crate::canonical::sha256_hex;
use crate::db::schema::password_tokens::{self as tokens, table};
use crate::db::{Conn, Instant};
use crate::ids::UserId;
use crate::office::Office;
use crate::refusal::{Code, Outcome};
use crate::sessions::{self, devices, throttle};
use crate::text_enum;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::json;

const VALID: TimeDelta = TimeDelta::minutes(60);
/// Used and expired tokens are kept for a while, for whoever asks what became of a link.
const KEPT: TimeDelta = TimeDelta::days(7);

text_enum! {
    /// Why somebody sets a password with a token.
    pub enum Reason {
        /// The account had none yet.
        Invite = "invite",
        Reset = "reset",
    }
}

/// A token to hand over.
pub struct Handover {
    pub token: String,
    pub link: String,
    pub reason: Reason,
    pub expires_at: Instant,
}

/// What a token for this account would be.
pub fn reason(user: &User) -> Reason {
    if user.password_hash.is_some() { Reason::Reset } else { Reason::Invite }
}

/// Makes a token for an account within the caller's scope; earlier ones of that account stop working.
pub fn issue(tx: &mut WriteTx<'_>, id: UserId) -> Outcome<Handover> {
    let user = accounts::managed(tx.conn, &tx.actor.scope, id)?;
    let reason = reason(&user);
    let token = BASE64.encode(crate::keys::random(32));
    let expires_at = tx.now.plus(VALID);
    let content = json!({ "reason": reason, "expires_at": expires_at });
    accounts::record(tx, "user.password_token_made", id, content)?;
    forget(tx.conn, id)?;
    diesel::insert_into(table)
        .values((
            tokens::hash.eq(sha256_hex(token.as_bytes())),
            tokens::user_id.eq(id),
            tokens::kind.eq(reason),
            tokens::created_at.eq(tx.now),
            tokens::expires_at.eq(expires_at),
        ))
        .execute(tx.conn)?;
    // After the hash sign: browsers keep it to themselves, so it stands in no server's log.
    let link = format!("{}/set-password#{token}", tx.office.policy.public_url);
    Ok(Handover { token, link, reason, expires_at })
}

/// Unused tokens of an account stop working.
pub fn forget(conn: &mut Conn, user: UserId) -> Outcome<()> {
    diesel::delete(table.filter(tokens::user_id.eq(user).and(tokens::used_at.is_null()))).execute(conn)?;
    Ok(())
}

/// The account behind a token that is still good.
pub fn owner(conn: &mut Conn, token: &str, now: Instant) -> Outcome<(User, Reason)> {
    let good = table
        .find(sha256_hex(token.as_bytes()))
        .filter(tokens::used_at.is_null().and(tokens::expires_at.gt(now)));
    let found: Option<(UserId, Reason)> =
        good.select((tokens::user_id, tokens::kind)).first(conn).optional()?;
    let (id, reason) = found.ok_or(Code::PasswordTokenRefused)?;
    let user = queries::get(conn, id)?;
    if user.disabled { Err(Code::PasswordTokenRefused.into()) } else { Ok((user, reason)) }
}

/// Spends a token: the account has this password, all its logins and devices end, and the device that showed
/// the token is known from now on. Returns that device's token.
pub fn spend(
    conn: &mut Conn,
    office: &Office,
    token: &str,
    hash: &str,
    origin: &Origin,
    now: Instant,
) -> Outcome<String> {
    let (mut user, reason) = owner(conn, token, now)?;
    let unused = table.find(sha256_hex(token.as_bytes())).filter(tokens::used_at.is_null());
    if diesel::update(unused).set(tokens::used_at.eq(now)).execute(conn)? == 0 {
        return Err(Code::PasswordTokenRefused.into());
    }
    user.take_password(hash.to_owned(), now);
    user.version += 1;
    user.updated_at = now;
    let scope = queries::scope(conn, user.id, user.scope_kind)?;
    let actor = Actor { id: user.id, role: user.role, scope, session: None };
    let mut tx = WriteTx { conn, actor: &actor, office, origin, now };
    accounts::record(&mut tx, "user.password_set", user.id, json!({ "reason": reason }))?;
    sessions::queries::end_all(conn, user.id, "password_set", now)?;
    devices::forget(conn, user.id)?;
    throttle::clear(conn, &office.keys, &user.username, user.id)?;
    let id = user.id;
    queries::update_own(conn, user)?;
    devices::remember(conn, id, now)
}

/// Removes tokens that ended some days ago; returns how many.
pub fn purge(conn: &mut Conn, now: Instant) -> Outcome<usize> {
    Ok(diesel::delete(table.filter(tokens::expires_at.lt(now.plus(-KEPT)))).execute(conn)?)
}
