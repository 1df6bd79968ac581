//! Notices in the database, and their numbers.

use super::model::{Notice, NoticeKind, NoticeState, StoredStep};
use crate::access::Scope;
use crate::areas::model::Area;
use crate::db::schema::{hazards, notice_hazards, notice_steps, notices};
use crate::db::sql_types::UuidSql;
use crate::db::{Conn, Instant, Statement};
use crate::hazards::model::Status;
use crate::ids::{AreaId, HazardId, InstitutionId, NoticeId, NoticeStepId};
use crate::refusal::{Code, Outcome};
use crate::{in_area, in_scope};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

/// The notice, whoever asks: to tell "taken" from "free" before the scope is applied.
pub fn find_any(conn: &mut Conn, id: NoticeId) -> Outcome<Option<Notice>> {
    Ok(notices::table.find(id).select(Notice::as_select()).first(conn).optional()?)
}

/// The notice within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: NoticeId) -> Outcome<Notice> {
    let found = find_any(conn, id)?.filter(|notice| scope.covers(notice.institution_id, &notice.place));
    found.ok_or_else(|| Code::NotFound.into())
}

/// Takes the next number of an office, a kind and a year. The row stays ours until the transaction ends: whoever else
/// wants one waits, and gets this one if we are undone.
pub fn take_number(conn: &mut Conn, office: AreaId, kind: NoticeKind, year: i32) -> Outcome<i32> {
    let next = Statement::<Integer>::new(
        "INSERT INTO notice_numbers (area_id, kind, year, last) VALUES (?, ?, ?, 1) \
         ON CONFLICT (area_id, kind, year) DO UPDATE SET last = notice_numbers.last + 1 RETURNING last",
    );
    let next = next.with::<UuidSql, _>(office).with::<Text, _>(kind).with::<Integer, _>(year);
    Ok(next.get_result(conn)?)
}

pub fn insert(conn: &mut Conn, notice: &Notice, listed: impl Iterator<Item = HazardId>) -> Outcome<()> {
    let place = notice.place;
    diesel::insert_into(notices::table)
        .values((
            (
                notices::id.eq(notice.id),
                notices::institution_id.eq(notice.institution_id),
                notices::area_1.eq(place.area_1),
                notices::area_2.eq(place.area_2),
                notices::area_3.eq(place.area_3),
                notices::area_4.eq(place.area_4),
                notices::area_5.eq(place.area_5),
                notices::area_6.eq(place.area_6),
                notices::office_area_id.eq(notice.office_area_id),
                notices::office_level.eq(notice.office_level),
            ),
            (
                notices::kind.eq(notice.kind),
                notices::year.eq(notice.year),
                notices::number.eq(notice.number),
                notices::number_text.eq(&notice.number_text),
                notices::state.eq(notice.state),
                notices::content.eq(&notice.content),
                notices::digest.eq(&notice.digest),
            ),
            (
                notices::issued_at.eq(notice.issued_at),
                notices::issued_by.eq(notice.issued_by),
                notices::form_digest.eq(&notice.form_digest),
                notices::version.eq(notice.version),
                notices::updated_at.eq(notice.updated_at),
            ),
        ))
        .execute(conn)?;
    for (position, hazard) in (0_i32..).zip(listed) {
        diesel::insert_into(notice_hazards::table)
            .values((
                notice_hazards::notice_id.eq(notice.id),
                notice_hazards::position.eq(position),
                notice_hazards::hazard_id.eq(hazard),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Writes what a step changed over version `before.version`; what was printed is not touched.
pub fn update(conn: &mut Conn, before: &Notice, after: &Notice) -> Outcome<()> {
    let same = notices::table.filter(notices::id.eq(after.id).and(notices::version.eq(before.version)));
    let changed = diesel::update(same)
        .set((
            notices::state.eq(after.state),
            notices::served_at.eq(after.served_at),
            notices::acknowledged_at.eq(after.acknowledged_at),
            notices::answered_at.eq(after.answered_at),
            notices::voided_at.eq(after.voided_at),
            notices::version.eq(after.version),
            notices::updated_at.eq(after.updated_at),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// What a list of notices may be narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub kind: Option<NoticeKind>,
    pub state: Option<NoticeState>,
    pub year: Option<i32>,
    pub institution: Option<InstitutionId>,
    pub hazard: Option<HazardId>,
    pub area: Option<Area>,
    pub after: Option<(Instant, NoticeId)>,
}

/// Notices in scope, the newest first, at most `limit`.
pub fn list(conn: &mut Conn, scope: &Scope, narrowing: Narrowing, limit: i64) -> Outcome<Vec<Notice>> {
    let mut query = notices::table
        .select(Notice::as_select())
        .into_boxed()
        .filter(in_scope!(notices, institution_id, scope))
        .order((notices::issued_at.desc(), notices::id.desc()))
        .limit(limit);
    if let Some(kind) = narrowing.kind {
        query = query.filter(notices::kind.eq(kind));
    }
    if let Some(state) = narrowing.state {
        query = query.filter(notices::state.eq(state));
    }
    if let Some(year) = narrowing.year {
        query = query.filter(notices::year.eq(year));
    }
    if let Some(institution) = narrowing.institution {
        query = query.filter(notices::institution_id.eq(institution));
    }
    if let Some(hazard) = narrowing.hazard {
        let on = notice_hazards::table.filter(notice_hazards::hazard_id.eq(hazard));
        query = query.filter(notices::id.eq_any(on.select(notice_hazards::notice_id)));
    }
    if let Some(area) = narrowing.area {
        query = query.filter(in_area!(notices, area.level, area.id));
    }
    if let Some((at, id)) = narrowing.after {
        let earlier = notices::issued_at.lt(at);
        let same = notices::issued_at.eq(at).and(notices::id.lt(id));
        query = query.filter(notices::issued_at.le(at).and(earlier.or(same)));
    }
    Ok(query.load(conn)?)
}

/// How the hazards on a notice stand now, in its order.
pub fn hazards_of(conn: &mut Conn, id: NoticeId) -> Outcome<Vec<(HazardId, Status, NaiveDate)>> {
    Ok(notice_hazards::table
        .inner_join(hazards::table)
        .filter(notice_hazards::notice_id.eq(id))
        .order(notice_hazards::position)
        .select((hazards::id, hazards::status, hazards::deadline))
        .load(conn)?)
}

/// The step with this id, on whichever notice.
pub fn find_step(conn: &mut Conn, id: NoticeStepId) -> Outcome<Option<StoredStep>> {
    Ok(notice_steps::table.find(id).select(StoredStep::as_select()).first(conn).optional()?)
}

pub fn insert_step(conn: &mut Conn, step: StoredStep) -> Outcome<()> {
    diesel::insert_into(notice_steps::table).values(step).execute(conn)?;
    Ok(())
}

/// Every step of a notice, first to last.
pub fn steps(conn: &mut Conn, id: NoticeId) -> Outcome<Vec<StoredStep>> {
    Ok(notice_steps::table
        .filter(notice_steps::notice_id.eq(id))
        .order(notice_steps::step)
        .select(StoredStep::as_select())
        .load(conn)?)
}
