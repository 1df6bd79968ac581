//! Devices on which somebody has logged in before: a secret that the device keeps and shows at its next
//! login, so that strangers who guess at the name do not keep its owner out. It opens nothing by itself.

use crate::canonical::sha256_hex;
use crate::db::schema::login_devices::{self as devices, table};
use crate::db::{Conn, Instant};
use crate::ids::UserId;
use crate::refusal::Outcome;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use diesel::prelude::*;

/// Devices that an account keeps; the one unused for longest makes room.
const MOST: i64 = 20;
/// A device that did not log in for so long is a stranger again.
const UNUSED: TimeDelta = TimeDelta::days(180);

/// The stored form of a token.
pub fn hash(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

/// Whether this token belongs to a device of this user.
pub fn is_known(conn: &mut Conn, user: UserId, hash: &str, now: Instant) -> Outcome<bool> {
    let known =
        table.find(hash).filter(devices::user_id.eq(user).and(devices::last_used_at.gt(now.plus(-UNUSED))));
    Ok(known.select(devices::hash).first::<String>(conn).optional()?.is_some())
}

/// Notes another login of a known device.
pub fn touch(conn: &mut Conn, hash: &str, now: Instant) -> Outcome<()> {
    diesel::update(table.find(hash)).set(devices::last_used_at.eq(now)).execute(conn)?;
    Ok(())
}

/// A fresh token for the device that has just proved itself.
pub fn remember(conn: &mut Conn, user: UserId, now: Instant) -> Outcome<String> {
    let token = BASE64.encode(crate::keys::random(32));
    diesel::insert_into(table)
        .values((
            devices::hash.eq(hash(&token)),
            devices::user_id.eq(user),
            devices::created_at.eq(now),
            devices::last_used_at.eq(now),
        ))
        .execute(conn)?;
    let surplus: Vec<String> = table
        .filter(devices::user_id.eq(user))
        .order((devices::last_used_at.desc(), devices::hash))
        .select(devices::hash)
        .limit(1000)
        .offset(MOST)
        .load(conn)?;
    for hash in surplus {
        diesel::delete(table.find(hash)).execute(conn)?;
    }
    Ok(token)
}

/// Makes all devices of an account strangers.
pub fn forget(conn: &mut Conn, user: UserId) -> Outcome<()> {
    diesel::delete(table.filter(devices::user_id.eq(user))).execute(conn)?;
    Ok(())
}

/// Removes devices that are strangers by now; returns how many. To be run now and then, by one node.
pub fn purge(conn: &mut Conn, now: Instant) -> Outcome<usize> {
    Ok(diesel::delete(table.filter(devices::last_used_at.le(now.plus(-UNUSED)))).execute(conn)?)
}
