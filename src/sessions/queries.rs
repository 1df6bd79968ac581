//! Logins in the database, and who is behind a token.

use super::model::Session;
use super::rules;
use crate::access::{AccessPolicy, Actor, Role, ScopeKind};
use crate::db::schema::{sessions, users};
use crate::db::{Conn, Instant};
use crate::ids::{SessionId, UserId};
use crate::keys::TokenClaims;
use crate::refusal::{Code, Outcome};
use crate::users::rules::Standing;
use crate::users::{queries as accounts, rules as account_rules};
use diesel::prelude::*;

/// The person behind a token as they are now: still employed, still in this role, still logged in.
/// With it comes what they must do before anything else, if there is such a thing.
pub fn actor(
    conn: &mut Conn,
    policy: &AccessPolicy,
    claims: &TokenClaims,
    now: Instant,
) -> Outcome<(Actor, Option<Code>)> {
    // Asked with every request: only what decides.
    let found: Option<(Seen, Account)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(claims.session))
        .select((
            (sessions::user_id, sessions::ended_at, sessions::expires_at),
            (
                users::role,
                users::scope_kind,
                users::disabled,
                users::must_change_password,
                users::password_changed_at,
                users::second_factor_at,
            ),
        ))
        .first(conn)
        .optional()?;
    let ((user, ended_at, expires_at), account) = found.ok_or(Code::Unauthenticated)?;
    let (role, scope_kind, disabled, must_change_password, password_changed_at, second_factor_at) = account;
    if disabled || user != claims.user || !rules::is_alive(ended_at, expires_at, now) {
        return Err(Code::Unauthenticated.into());
    }
    let scope = accounts::scope(conn, user, scope_kind)?;
    let has_second_factor = second_factor_at.is_some();
    let standing = Standing { role, must_change_password, password_changed_at, has_second_factor };
    let due = account_rules::due(policy, &standing, now);
    Ok((Actor { id: user, role, scope, session: Some(claims.session) }, due))
}

/// Of a login: whose, and whether it is over.
type Seen = (UserId, Option<Instant>, Instant);
/// Of an account: what it may do, and what it must do first.
type Account = (Role, ScopeKind, bool, bool, Option<Instant>, Option<Instant>);

pub fn insert(conn: &mut Conn, session: Session) -> Outcome<()> {
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: SessionId) -> Outcome<Option<Session>> {
    Ok(sessions::table.find(id).select(Session::as_select()).first(conn).optional()?)
}

/// Spends the token of `generation` and makes `hash` the next; false if somebody was quicker.
pub fn rotate(conn: &mut Conn, id: SessionId, generation: i64, hash: &str, now: Instant) -> Outcome<bool> {
    let rotated =
        diesel::update(sessions::table.filter(sessions::id.eq(id).and(sessions::generation.eq(generation))))
            .set((
                sessions::generation.eq(generation + 1),
                sessions::refresh_hash.eq(hash),
                sessions::rotated_at.eq(now),
                sessions::last_used_at.eq(now),
            ))
            .execute(conn)?;
    Ok(rotated == 1)
}

/// Notes that the second factor was shown in this login.
pub fn prove(conn: &mut Conn, id: SessionId, now: Instant) -> Outcome<()> {
    diesel::update(sessions::table.find(id)).set(sessions::proved_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Removes what a login no longer needs: counted guesses, devices that are strangers by now, one-time tokens.
/// Returns how many rows. To be run now and then, by one node; running it twice or late harms nothing.
pub fn purge(conn: &mut Conn, now: Instant) -> Outcome<usize> {
    let guesses = super::throttle::queries::purge(conn, now)?;
    let devices = super::devices::purge(conn, now)?;
    Ok(guesses + devices + crate::users::password_tokens::purge(conn, now)?)
}

pub fn end(conn: &mut Conn, id: SessionId, because: &str, now: Instant) -> Outcome<bool> {
    let ended = diesel::update(sessions::table.filter(sessions::id.eq(id).and(sessions::ended_at.is_null())))
        .set((sessions::ended_at.eq(now), sessions::ended_because.eq(because)))
        .execute(conn)?;
    Ok(ended == 1)
}

/// Ends every login of a user; returns how many there were.
pub fn end_all(conn: &mut Conn, user: UserId, because: &str, now: Instant) -> Outcome<usize> {
    Ok(diesel::update(sessions::table.filter(sessions::user_id.eq(user).and(sessions::ended_at.is_null())))
        .set((sessions::ended_at.eq(now), sessions::ended_because.eq(because)))
        .execute(conn)?)
}

/// The logins of a user that are still alive, newest use first.
pub fn alive(conn: &mut Conn, user: UserId, now: Instant) -> Outcome<Vec<Session>> {
    Ok(sessions::table
        .filter(
            sessions::user_id.eq(user).and(sessions::ended_at.is_null()).and(sessions::expires_at.gt(now)),
        )
        .order(sessions::last_used_at.desc())
        .select(Session::as_select())
        .limit(200)
        .load(conn)?)
}
