//! The steps of logging in and staying logged in, as transactions.

use super::model::Session;
use super::queries;
use super::rules::{LONGEST, Refresh, RefreshToken, refresh};
use crate::access::{Actor, Origin};
use crate::audit::{self, Entry};
use crate::canonical::sha256_hex;
use crate::db::{Conn, Instant};
use crate::ids::{ChainId, SessionId, UserId};
use crate::keys::Keys;
use crate::refusal::{Code, Outcome};
use crate::users::model::User;
use crate::users::queries as accounts;
use diesel::prelude::*;
use serde_json::{Value, json};

/// What a successful login or refresh hands out.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub user: User,
}

fn token(keys: &Keys, session: SessionId, generation: i64) -> Outcome<RefreshToken> {
    Ok(RefreshToken { session, generation, secret: keys.refresh_secret(session, generation)? })
}

fn record(
    conn: &mut Conn,
    keys: &Keys,
    actor: Option<&Actor>,
    origin: &Origin,
    now: Instant,
    action: &'static str,
    content: Value,
) -> Outcome<()> {
    let object_id = actor.map(|actor| actor.id.0);
    let entry = Entry { chain: ChainId::SYSTEM, action, object_kind: "session", object_id, content };
    audit::record_as(conn, keys, actor, origin, now, entry)
}

fn author(conn: &mut Conn, user: &User, session: SessionId) -> Outcome<Actor> {
    let scope = accounts::scope(conn, user.id, user.scope_kind)?;
    Ok(Actor { id: user.id, role: user.role, scope, session: Some(session) })
}

/// Starts a session for a user whose password was right. `rehashed` replaces a hash with old parameters.
pub fn start(
    conn: &mut Conn,
    keys: &Keys,
    user: UserId,
    rehashed: Option<String>,
    origin: &Origin,
    now: Instant,
) -> Outcome<Tokens> {
    let user = accounts::get(conn, user)?;
    if user.disabled {
        return Err(Code::BadCredentials.into());
    }
    if rehashed.is_some() {
        use crate::db::schema::users;
        diesel::update(users::table.find(user.id)).set(users::password_hash.eq(rehashed)).execute(conn)?;
    }
    let id = SessionId::fresh();
    let first = token(keys, id, 1)?;
    let session = Session {
        id,
        user_id: user.id,
        created_at: now,
        last_used_at: now,
        expires_at: now.plus(LONGEST),
        ended_at: None,
        ended_because: None,
        device: origin.device.clone(),
        address: origin.address.clone(),
        generation: 1,
        refresh_hash: first.hash(),
        rotated_at: now,
    };
    let actor = author(conn, &user, id)?;
    record(conn, keys, Some(&actor), origin, now, "session.started", json!({ "session": id }))?;
    queries::insert(conn, session)?;
    Ok(Tokens { access: keys.issue_access(user.id, id, now)?, refresh: first.encode(), user })
}

/// Writes down a login that was refused. The name that was tried is kept only as a digest: people type
/// passwords into the wrong field.
pub fn refused(conn: &mut Conn, keys: &Keys, username: &str, origin: &Origin, now: Instant) -> Outcome<()> {
    let content = json!({ "username_sha256": sha256_hex(username.as_bytes()) });
    record(conn, keys, None, origin, now, "session.refused", content)
}

/// Spends a refresh token. `Ok(None)` means refused, after whatever had to be written down.
pub fn renew(
    conn: &mut Conn,
    keys: &Keys,
    shown: &RefreshToken,
    origin: &Origin,
    now: Instant,
) -> Outcome<Option<Tokens>> {
    let genuine = token(keys, shown.session, shown.generation)? == *shown;
    let Some(session) = queries::find(conn, shown.session)?.filter(|_| genuine) else { return Ok(None) };
    let user = accounts::get(conn, session.user_id)?;
    if user.disabled {
        return Ok(None);
    }
    match refresh(&session, shown.generation, now) {
        Refresh::Over => Ok(None),
        Refresh::Reuse => {
            let actor = author(conn, &user, session.id)?;
            let content = json!({ "session": session.id, "generation": shown.generation });
            record(conn, keys, Some(&actor), origin, now, "token.reuse", content)?;
            queries::end(conn, session.id, "token_reuse", now)?;
            Ok(None)
        }
        Refresh::Repeat => grant(keys, user, session.id, session.generation, now).map(Some),
        Refresh::Rotate => {
            let next = token(keys, session.id, session.generation + 1)?;
            if !queries::rotate(conn, session.id, session.generation, &next.hash(), now)? {
                return Err(crate::refusal::Failure::Collision);
            }
            grant(keys, user, session.id, next.generation, now).map(Some)
        }
    }
}

fn grant(keys: &Keys, user: User, session: SessionId, generation: i64, now: Instant) -> Outcome<Tokens> {
    let refresh = token(keys, session, generation)?.encode();
    Ok(Tokens { access: keys.issue_access(user.id, session, now)?, refresh, user })
}
