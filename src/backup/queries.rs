//! What backup and restore ask and change in the records, beside whole tables.

use crate::db::schema::{database_epochs, sessions};
use crate::db::sql_types::RawUuid;
use crate::db::{Conn, Instant};
use crate::ids::ChainId;
use crate::refusal::Outcome;
use diesel::prelude::*;
use serde::Serialize;
use uuid::Uuid;

/// A life of the database: from its making, or from a restore, to the next restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Epoch {
    pub number: i64,
    pub id: Uuid,
    pub began_at: Instant,
}

/// The present life of the database.
pub fn current_epoch(conn: &mut Conn) -> Outcome<Option<Epoch>> {
    let found: Option<(i64, RawUuid, Instant)> = database_epochs::table
        .select((database_epochs::number, database_epochs::id, database_epochs::began_at))
        .order(database_epochs::number.desc())
        .first(conn)
        .optional()?;
    Ok(found.map(|(number, id, began_at)| Epoch { number, id: id.0, began_at }))
}

/// Begins another life, made from the archive with this digest.
pub(super) fn begin_epoch(conn: &mut Conn, archive: &str, now: Instant) -> Outcome<Epoch> {
    let number = current_epoch(conn)?.map_or(1, |epoch| epoch.number.saturating_add(1));
    let epoch = Epoch { number, id: ChainId::fresh().0, began_at: now };
    diesel::insert_into(database_epochs::table)
        .values((
            database_epochs::number.eq(number),
            database_epochs::id.eq(RawUuid(epoch.id)),
            database_epochs::began_at.eq(now),
            database_epochs::because.eq("restored"),
            database_epochs::archive.eq(archive),
        ))
        .execute(conn)?;
    Ok(epoch)
}

/// Ends every login: a refresh token spent since the backup would be good again.
pub(super) fn end_every_session(conn: &mut Conn, now: Instant) -> Outcome<usize> {
    Ok(diesel::update(sessions::table.filter(sessions::ended_at.is_null()))
        .set((sessions::ended_at.eq(now), sessions::ended_because.eq("restored")))
        .execute(conn)?)
}
