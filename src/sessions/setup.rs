//! The first administrator: made with a token that is shown once, on the console of the machine.

use crate::access::{Actor, Origin, Role, Scope, WriteTx};
use crate::audit::{self, Entry};
use crate::canonical::sha256_hex;
use crate::db::schema::setup_tokens;
use crate::db::{Conn, Instant};
use crate::ids::{ChainId, UserId};
use crate::keys::Keys;
use crate::office::Office;
use crate::refusal::{Code, Outcome};
use crate::users::model::{Locale, ScopeForm, User};
use crate::users::queries as accounts;
use crate::users::routes::{UserForm, create};
use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::json;

const VALID: TimeDelta = TimeDelta::hours(24);

/// A fresh set-up token, while there is no account at all. Older ones stop working.
pub fn token(conn: &mut Conn, keys: &Keys, now: Instant) -> Outcome<Option<String>> {
    if accounts::any(conn)? {
        return Ok(None);
    }
    let token = hex::encode(crate::keys::random(20));
    diesel::delete(setup_tokens::table).execute(conn)?;
    diesel::insert_into(setup_tokens::table)
        .values((
            setup_tokens::hash.eq(sha256_hex(token.as_bytes())),
            setup_tokens::created_at.eq(now),
            setup_tokens::expires_at.eq(now.plus(VALID)),
        ))
        .execute(conn)?;
    let entry = Entry {
        chain: ChainId::SYSTEM,
        action: "setup.token_made",
        object_kind: "setup",
        object_id: None,
        content: json!({ "expires_at": now.plus(VALID) }),
    };
    audit::record_as(conn, keys, None, &Origin::default(), now, entry)?;
    Ok(Some(token))
}

/// Refuses a token that is wrong, used or too old.
pub fn check(conn: &mut Conn, token: &str, now: Instant) -> Outcome<()> {
    let fresh = setup_tokens::used_at.is_null().and(setup_tokens::expires_at.gt(now));
    let usable = setup_tokens::table.filter(setup_tokens::hash.eq(sha256_hex(token.as_bytes())).and(fresh));
    let found: Option<String> = usable.select(setup_tokens::hash).first(conn).optional()?;
    found.map(|_| ()).ok_or_else(|| Code::SetupTokenRefused.into())
}

/// The first account's data.
pub struct FirstAdmin<'a> {
    pub id: UserId,
    pub username: &'a str,
    pub display_name: &'a str,
    pub password_hash: &'a str,
}

/// Spends the token and makes the administrator.
pub fn first_admin(
    conn: &mut Conn,
    office: &Office,
    token: &str,
    admin: &FirstAdmin<'_>,
    origin: &Origin,
    now: Instant,
) -> Outcome<User> {
    let hash = sha256_hex(token.as_bytes());
    let usable = setup_tokens::table.filter(
        setup_tokens::hash
            .eq(hash)
            .and(setup_tokens::used_at.is_null())
            .and(setup_tokens::expires_at.gt(now)),
    );
    if diesel::update(usable).set(setup_tokens::used_at.eq(now)).execute(conn)? == 0 {
        return Err(Code::SetupTokenRefused.into());
    }
    if accounts::any(conn)? {
        return Err(Code::SetupDone.into());
    }
    let actor = Actor { id: admin.id, role: Role::Admin, scope: Scope::All, session: None };
    let form = UserForm {
        username: admin.username.to_owned(),
        display_name: admin.display_name.to_owned(),
        phone: None,
        role: Role::Admin,
        scope: ScopeForm::All,
        locale: Locale::Chinese,
        password: None,
    };
    let mut tx = WriteTx { conn, actor: &actor, office, origin, now };
    create(&mut tx, admin.id, &form, Some(admin.password_hash.to_owned())).map(|(_, user)| user)
}
