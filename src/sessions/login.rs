//! The steps of logging in and staying logged in, as transactions.

use super::model::Session;
use super::rules::{LONGEST, Refresh, RefreshToken, refresh};
use super::throttle::{self, Subject};
use super::{devices, queries};
use crate::access::{Actor, Origin, SecondFactor};
use crate::audit::{self, Entry};
use crate::canonical::sha256_hex;
use crate::db::{Conn, Instant};
use crate::ids::{ChainId, SessionId, UserId};
use crate::keys::Keys;
use crate::office::Office;
use crate::refusal::{Code, Outcome};
use crate::users::model::User;
use crate::users::{queries as accounts, second_factor};
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

/// What the database knows about a login that is being tried.
#[derive(Debug, Clone)]
pub struct Candidate {
    user: Option<User>,
    /// The hash to check against; none for unknown names and disabled accounts.
    pub stored: Option<String>,
    /// The hash of the device's token, when the account has been used there before.
    device: Option<String>,
    /// What the guess is counted by.
    guesses: Vec<Subject>,
    /// For how many seconds none follows, once it is counted.
    waits: Option<i64>,
}

/// Looks a name up; refuses when its guesses are used up, known or unknown alike.
pub fn look_up(
    conn: &mut Conn,
    office: &Office,
    name: &str,
    device: Option<&str>,
    origin: &Origin,
    now: Instant,
) -> Outcome<Candidate> {
    let user = accounts::find_by_username(conn, name)?;
    let device = device.map(devices::hash);
    let known = match (&user, device) {
        (Some(user), Some(hash)) if devices::is_known(conn, user.id, &hash, now)? => Some(hash),
        _ => None,
    };
    let guesses = match &known {
        Some(hash) => Subject::device(&office.keys, hash)?,
        None => Subject::stranger(&office.keys, name, origin)?,
    };
    throttle::look(conn, office.policy.passwords, &guesses, now)?;
    let stored = user.as_ref().filter(|user| !user.disabled).and_then(|user| user.password_hash.clone());
    Ok(Candidate { user, stored, device: known, guesses, waits: None })
}

impl Candidate {
    /// Counts the guess before it is checked.
    pub fn count(&mut self, conn: &mut Conn, office: &Office, now: Instant) -> Outcome<()> {
        self.waits = throttle::count(conn, office.policy.passwords, &self.guesses, now)?;
        Ok(())
    }
}

/// What was shown at the door, and whether the password was right.
pub struct Shown<'a> {
    pub username: &'a str,
    pub right: bool,
    /// Replaces a hash with old parameters.
    pub rehashed: Option<String>,
    pub code: Option<&'a str>,
    pub device: Option<&'a str>,
}

/// How a login ended.
pub enum Ended {
    In { tokens: Box<Tokens>, device: String },
    Refused(Code),
}

/// Lets in whoever showed what is needed; writes down whoever did not.
pub fn finish(
    conn: &mut Conn,
    office: &Office,
    candidate: &Candidate,
    shown: &Shown<'_>,
    origin: &Origin,
    now: Instant,
) -> Outcome<Ended> {
    let refuse = |conn: &mut Conn, code: Code| {
        refused(conn, &office.keys, shown.username, code, candidate.waits, origin, now)?;
        Ok(Ended::Refused(code))
    };
    let Some(known) = candidate.user.as_ref().filter(|_| shown.right) else {
        return refuse(conn, Code::BadCredentials);
    };
    let mut user = accounts::get(conn, known.id)?;
    // Hashing takes a while: the account may have changed meanwhile.
    if user.disabled || user.password_hash != candidate.stored {
        return refuse(conn, Code::BadCredentials);
    }
    let asked = user.second_factor_at.is_some() && office.policy.second_factor != SecondFactor::Off;
    match shown.code {
        None if asked => return refuse(conn, Code::SecondFactorNeeded),
        Some(code) if asked && !second_factor::accept(conn, &office.keys, user.id, code, now)? => {
            return refuse(conn, Code::SecondFactorWrong);
        }
        _ => {}
    }
    throttle::proved(conn, &candidate.guesses)?;
    throttle::clear(conn, &office.keys, &user.username, user.id)?;
    if let Some(hash) = &shown.rehashed {
        accounts::rehash(conn, user.id, hash)?;
        user.password_hash = Some(hash.clone());
    }
    let device = match (&candidate.device, shown.device) {
        (Some(hash), Some(token)) => {
            devices::touch(conn, hash, now)?;
            token.to_owned()
        }
        _ => devices::remember(conn, user.id, now)?,
    };
    let tokens = begin(conn, &office.keys, user, asked.then_some(now), origin, now)?;
    Ok(Ended::In { tokens: Box::new(tokens), device })
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
    if let Some(hash) = rehashed {
        accounts::rehash(conn, user.id, &hash)?;
    }
    begin(conn, keys, user, None, origin, now)
}

fn begin(
    conn: &mut Conn,
    keys: &Keys,
    user: User,
    proved_at: Option<Instant>,
    origin: &Origin,
    now: Instant,
) -> Outcome<Tokens> {
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
        proved_at,
    };
    let actor = author(conn, &user, id)?;
    record(conn, keys, Some(&actor), origin, now, "session.started", json!({ "session": id }))?;
    queries::insert(conn, session)?;
    Ok(Tokens { access: keys.issue_access(user.id, id, now)?, refresh: first.encode(), user })
}

/// Writes down a login that was refused. The name that was tried is kept only as a digest: people type
/// passwords into the wrong field. Guesses that are not even checked leave nothing but a log line, or anyone
/// could fill the trail.
fn refused(
    conn: &mut Conn,
    keys: &Keys,
    username: &str,
    because: Code,
    waits: Option<i64>,
    origin: &Origin,
    now: Instant,
) -> Outcome<()> {
    let content = json!({ "username_sha256": sha256_hex(username.as_bytes()), "because": because.as_str(),
        "next_after_seconds": waits });
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
    match refresh(&session, user.role, shown.generation, now) {
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
