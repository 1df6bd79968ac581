//! Counted guesses in the database.

use super::rules::{FORGET_ADDRESSES, FORGET_BELOW, FORGET_NAMES, Kind, Tally};
use crate::db::schema::login_throttles::{self as throttles, table};
use crate::db::{Conn, Instant};
use crate::refusal::Outcome;
use diesel::prelude::*;

pub fn find(conn: &mut Conn, key: &str) -> Outcome<Option<Tally>> {
    let row: Option<(i64, i64, Instant, Option<Instant>)> = table
        .find(key)
        .select((
            throttles::guesses,
            throttles::window_guesses,
            throttles::window_started_at,
            throttles::unlocks_at,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(guesses, window_guesses, window_started_at, unlocks_at)| Tally {
        guesses,
        window_guesses,
        window_started_at,
        unlocks_at,
    }))
}

/// Writes a tally for a key that may be new.
pub fn store(conn: &mut Conn, key: &str, kind: Kind, tally: Tally, now: Instant) -> Outcome<()> {
    let changed = diesel::update(table.find(key))
        .set((
            throttles::guesses.eq(tally.guesses),
            throttles::window_guesses.eq(tally.window_guesses),
            throttles::window_started_at.eq(tally.window_started_at),
            throttles::unlocks_at.eq(tally.unlocks_at),
            throttles::last_at.eq(now),
        ))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(table)
            .values((
                throttles::key.eq(key),
                throttles::kind.eq(kind.as_str()),
                throttles::guesses.eq(tally.guesses),
                throttles::window_guesses.eq(tally.window_guesses),
                throttles::window_started_at.eq(tally.window_started_at),
                throttles::last_at.eq(now),
                throttles::unlocks_at.eq(tally.unlocks_at),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Corrects a tally without a guess.
pub fn replace(conn: &mut Conn, key: &str, tally: Tally) -> Outcome<()> {
    diesel::update(table.find(key))
        .set((
            throttles::guesses.eq(tally.guesses),
            throttles::window_guesses.eq(tally.window_guesses),
            throttles::unlocks_at.eq(tally.unlocks_at),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn forget(conn: &mut Conn, key: &str) -> Outcome<()> {
    diesel::delete(table.find(key)).execute(conn)?;
    Ok(())
}

/// Removes tallies that no longer decide anything; returns how many. To be run now and then, by one node.
pub fn purge(conn: &mut Conn, now: Instant) -> Outcome<usize> {
    let addresses = table.filter(
        throttles::kind.eq(Kind::Address.as_str()).and(throttles::last_at.lt(now.plus(-FORGET_ADDRESSES))),
    );
    let gone = diesel::delete(addresses).execute(conn)?;
    let few =
        table.filter(throttles::guesses.lt(FORGET_BELOW).and(throttles::last_at.lt(now.plus(-FORGET_NAMES))));
    Ok(gone + diesel::delete(few).execute(conn)?)
}
