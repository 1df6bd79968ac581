//! External orders in the database.

use super::model::ExternalOrder;
use super::rules::in_force;
use crate::access::Scope;
use crate::db::schema::external_orders;
use crate::db::{Conn, Instant};
use crate::ids::{ExternalOrderId, InstitutionId, UserId};
use crate::institutions;
use crate::refusal::{Code, Outcome};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// The order, whoever asks.
pub fn find_any(conn: &mut Conn, id: ExternalOrderId) -> Outcome<Option<ExternalOrder>> {
    Ok(external_orders::table.find(id).select(ExternalOrder::as_select()).first(conn).optional()?)
}

/// The order, if its institution is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: ExternalOrderId) -> Outcome<ExternalOrder> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.institution_id)?;
    Ok(found)
}

pub fn insert(conn: &mut Conn, new: ExternalOrder) -> Outcome<()> {
    diesel::insert_into(external_orders::table).values(new).execute(conn)?;
    Ok(())
}

/// Writes down that an order no longer binds.
pub fn lift(
    conn: &mut Conn,
    order: &ExternalOrder,
    (on, reason): (NaiveDate, &str),
    (by, at): (UserId, Instant),
) -> Outcome<()> {
    let bound = external_orders::id.eq(order.id).and(external_orders::version.eq(order.version));
    let changed = diesel::update(external_orders::table.filter(bound))
        .set((
            external_orders::lifted_on.eq(on),
            external_orders::lift_reason.eq(reason),
            external_orders::lifted_by.eq(by),
            external_orders::lifted_at.eq(at),
            external_orders::version.eq(order.version + 1),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub issued_on: NaiveDate,
    pub id: ExternalOrderId,
}

/// The orders about an institution that the caller has been shown to cover, the newest first, at most `limit`.
pub fn list(
    conn: &mut Conn,
    institution: InstitutionId,
    after: Option<Place>,
    limit: i64,
) -> Outcome<Vec<ExternalOrder>> {
    let mut query = external_orders::table
        .filter(external_orders::institution_id.eq(institution))
        .order((external_orders::issued_on.desc(), external_orders::id.desc()))
        .select(ExternalOrder::as_select())
        .limit(limit)
        .into_boxed();
    if let Some(place) = after {
        let same = external_orders::issued_on.eq(place.issued_on).and(external_orders::id.lt(place.id));
        let earlier = external_orders::issued_on.lt(place.issued_on).or(same);
        query = query.filter(external_orders::issued_on.le(place.issued_on).and(earlier));
    }
    Ok(query.load(conn)?)
}

/// The orders that bind an institution on a local date.
pub fn in_force_on(
    conn: &mut Conn,
    institution: InstitutionId,
    on: NaiveDate,
) -> Outcome<Vec<ExternalOrder>> {
    let begun = external_orders::table.filter(external_orders::institution_id.eq(institution));
    let begun = begun.filter(external_orders::issued_on.le(on));
    let found: Vec<ExternalOrder> = begun
        .order((external_orders::issued_on, external_orders::id))
        .select(ExternalOrder::as_select())
        .load(conn)?;
    Ok(found.into_iter().filter(|order| in_force(order, on)).collect())
}
