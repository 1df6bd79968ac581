//! Observers, their exchanges and their taps in the database.

use super::model::{KeptSync, StoredObserver, StoredSync, StoredTap};
use crate::db::schema::{drill_observers, drill_syncs, drill_taps};
use crate::db::{Conn, one_of};
use crate::drills::stopwatch::Sync;
use crate::ids::{DrillId, ObserverId, TapId};
use crate::refusal::Outcome;
use diesel::prelude::*;

/// The observer with this id, of whichever drill.
pub fn find_observer(conn: &mut Conn, id: ObserverId) -> Outcome<Option<StoredObserver>> {
    Ok(drill_observers::table.find(id).select(StoredObserver::as_select()).first(conn).optional()?)
}

pub fn observers(conn: &mut Conn, drill: DrillId) -> Outcome<Vec<StoredObserver>> {
    let own = drill_observers::table.filter(drill_observers::drill_id.eq(drill));
    Ok(own.order(drill_observers::id).select(StoredObserver::as_select()).load(conn)?)
}

pub fn insert_observer(conn: &mut Conn, new: StoredObserver) -> Outcome<()> {
    diesel::insert_into(drill_observers::table).values(new).execute(conn)?;
    Ok(())
}

/// The exchanges of all phones of a drill.
pub fn syncs(conn: &mut Conn, drill: DrillId) -> Outcome<Vec<StoredSync>> {
    let own = drill_syncs::table.filter(drill_syncs::drill_id.eq(drill));
    let ordered = own.order((drill_syncs::observer_id, drill_syncs::digest));
    Ok(ordered.select(StoredSync::as_select()).load(conn)?)
}

/// The exchanges of one phone.
pub fn syncs_of(conn: &mut Conn, drill: DrillId, observer: ObserverId) -> Outcome<Vec<Sync>> {
    let own = drill_syncs::table.filter(drill_syncs::drill_id.eq(drill));
    let own = own.filter(drill_syncs::observer_id.eq(observer)).select(drill_syncs::content);
    Ok(own.load::<KeptSync>(conn)?.into_iter().map(|kept| kept.0).collect())
}

pub fn insert_sync(conn: &mut Conn, new: StoredSync) -> Outcome<()> {
    diesel::insert_into(drill_syncs::table).values(new).execute(conn)?;
    Ok(())
}

/// All taps of a drill.
pub fn taps(conn: &mut Conn, drill: DrillId) -> Outcome<Vec<StoredTap>> {
    let own = drill_taps::table.filter(drill_taps::drill_id.eq(drill));
    Ok(own.order(drill_taps::id).select(StoredTap::as_select()).load(conn)?)
}

pub fn count_taps(conn: &mut Conn, drill: DrillId) -> Outcome<i64> {
    Ok(drill_taps::table.filter(drill_taps::drill_id.eq(drill)).count().get_result(conn)?)
}

/// The ids of these that are taken, of whichever drill, and the digests of what they stand for.
pub fn taken(conn: &mut Conn, ids: &[TapId]) -> Outcome<Vec<(TapId, String)>> {
    let mut found = Vec::new();
    for some in ids.chunks(256) {
        let these = drill_taps::table.filter(one_of(drill_taps::id, some.iter().copied()));
        found.extend(these.select((drill_taps::id, drill_taps::digest)).load::<(TapId, String)>(conn)?);
    }
    Ok(found)
}

pub fn insert_tap(conn: &mut Conn, new: StoredTap) -> Outcome<()> {
    diesel::insert_into(drill_taps::table).values(new).execute(conn)?;
    Ok(())
}
