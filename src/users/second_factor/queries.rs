//! Second factors and recovery codes in the database.

use crate::db::schema::{recovery_codes, second_factors};
use crate::db::{Conn, Instant};
use crate::ids::UserId;
use crate::refusal::Outcome;
use diesel::prelude::*;

/// A second factor without its secret, which is derived.
pub struct Factor {
    pub salt: String,
    pub last_step: i64,
    pub confirmed: bool,
}

pub fn find(conn: &mut Conn, user: UserId) -> Outcome<Option<Factor>> {
    let row: Option<(String, i64, Option<Instant>)> = second_factors::table
        .find(user)
        .select((second_factors::salt, second_factors::last_step, second_factors::confirmed_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(salt, last_step, at)| Factor { salt, last_step, confirmed: at.is_some() }))
}

/// Begins anew, whatever was begun before.
pub fn begin(conn: &mut Conn, user: UserId, salt: &str, now: Instant) -> Outcome<()> {
    remove(conn, user)?;
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(user),
            second_factors::salt.eq(salt),
            second_factors::last_step.eq(0_i64),
            second_factors::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Uses the code of a step up; false if somebody was quicker with it or with a later one.
pub fn spend_step(conn: &mut Conn, user: UserId, step: i64) -> Outcome<bool> {
    let unspent = second_factors::table.find(user).filter(second_factors::last_step.lt(step));
    Ok(diesel::update(unspent).set(second_factors::last_step.eq(step)).execute(conn)? == 1)
}

pub fn confirm(conn: &mut Conn, user: UserId, recovery: &[String], now: Instant) -> Outcome<()> {
    diesel::update(second_factors::table.find(user))
        .set(second_factors::confirmed_at.eq(now))
        .execute(conn)?;
    for hash in recovery {
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::hash.eq(hash), recovery_codes::user_id.eq(user)))
            .execute(conn)?;
    }
    Ok(())
}

/// Uses a recovery code up; false if there is none such, or no more.
pub fn spend_recovery_code(conn: &mut Conn, user: UserId, hash: &str, now: Instant) -> Outcome<bool> {
    let unspent = recovery_codes::table
        .find(hash)
        .filter(recovery_codes::user_id.eq(user).and(recovery_codes::used_at.is_null()));
    Ok(diesel::update(unspent).set(recovery_codes::used_at.eq(now)).execute(conn)? == 1)
}

pub fn remove(conn: &mut Conn, user: UserId) -> Outcome<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    diesel::delete(second_factors::table.find(user)).execute(conn)?;
    Ok(())
}
