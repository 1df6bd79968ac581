//! What a demonstration folder remembers of its own filling, in `database_facts`.

use crate::db::schema::database_facts as facts;
use crate::db::{Conn, Instant};
use crate::refusal::{Failure, Outcome};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// The plan of this program version. A half-filled folder can only be gone on with by the same plan.
const PLAN: u32 = 4;

const CITY: &str = "demo.city";
const PROGRESS: &str = "demo.batches_done";
const READY: &str = "demo.ready";
const PASSWORD_HASH: &str = "demo.password_hash";

/// What a city is made from. The moment is kept, so that a filling that goes on tomorrow makes today's city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founding {
    plan: u32,
    pub seed: u64,
    pub institutions: usize,
    pub hazards: usize,
    pub now: Instant,
}

impl Founding {
    pub fn new(seed: u64, institutions: usize, hazards: usize, now: Instant) -> Self {
        Self { plan: PLAN, seed, institutions, hazards, now }
    }

    /// Whether this program would plan the same city.
    pub fn is_of_this_program(&self) -> bool {
        self.plan == PLAN
    }
}

fn get(conn: &mut Conn, name: &str) -> Outcome<Option<String>> {
    Ok(facts::table.find(name).select(facts::value).first(conn).optional()?)
}

fn set(conn: &mut Conn, name: &str, value: &str) -> Outcome<()> {
    let changed = diesel::update(facts::table.find(name)).set(facts::value.eq(value)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(facts::table)
            .values((facts::name.eq(name), facts::value.eq(value)))
            .execute(conn)?;
    }
    Ok(())
}

/// The city of these records, if they are a demonstration.
pub fn founding(conn: &mut Conn) -> Outcome<Option<Founding>> {
    let Some(text) = get(conn, CITY)? else { return Ok(None) };
    let read = serde_json::from_str(&text);
    read.map(Some).map_err(|_error| Failure::Internal("the demonstration's own note is unreadable"))
}

pub fn found(conn: &mut Conn, founding: &Founding) -> Outcome<()> {
    let text = serde_json::to_string(founding)
        .map_err(|_error| Failure::Internal("the demonstration's own note cannot be written"))?;
    set(conn, CITY, &text)
}

/// How many batches of history are in the records.
pub fn batches_done(conn: &mut Conn) -> Outcome<usize> {
    Ok(get(conn, PROGRESS)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Commits with the batch it counts: a cut at any moment neither loses nor doubles one.
pub fn note_batches(conn: &mut Conn, done: usize) -> Outcome<()> {
    set(conn, PROGRESS, &done.to_string())
}

/// Whether the city is whole. Written last.
pub fn is_ready(conn: &mut Conn) -> Outcome<bool> {
    Ok(get(conn, READY)?.is_some())
}

pub fn note_ready(conn: &mut Conn) -> Outcome<()> {
    set(conn, READY, "yes")
}

/// The hash that all demonstration accounts share.
pub fn password_hash(conn: &mut Conn) -> Outcome<Option<String>> {
    get(conn, PASSWORD_HASH)
}

pub fn note_password_hash(conn: &mut Conn, hash: &str) -> Outcome<()> {
    set(conn, PASSWORD_HASH, hash)
}
