//! Warnings in the database.

use super::model::{Report, StoredAction, Target, Warning};
use crate::access::{Actor, Scope};
use crate::areas;
use crate::areas::model::Area;
use crate::db::schema::{institutions, warning_actions, warning_reports, warning_targets, warnings};
use crate::db::{Conn, Instant, found_by, one_of};
use crate::ids::{ActionId, InstitutionId, WarningId, WarningReportId};
use crate::refusal::{Code, Outcome};
use crate::{in_area, in_area_scope, in_scope};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

type Homes = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<institutions::table, institutions::id>,
    crate::db::MultiBackend,
>;

/// The homes of a scope. No list of a warning and no report is read beyond them.
fn covered(scope: &Scope) -> Homes {
    institutions::table.select(institutions::id).into_boxed().filter(in_scope!(institutions, id, scope))
}

/// The warning, whoever asks.
pub fn find_any(conn: &mut Conn, id: WarningId) -> Outcome<Option<Warning>> {
    Ok(warnings::table.find(id).select(Warning::as_select()).first(conn).optional()?)
}

/// The warning, if it concerns what the caller covers: it is of an area there or above, or went to a home there.
pub fn find(conn: &mut Conn, actor: &Actor, id: WarningId) -> Outcome<Warning> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    let concerns = match &actor.scope {
        Scope::Institutions(own) => !targets_of(conn, id, own)?.is_empty(),
        scope => {
            scope.covers_area(&found.place) || areas::queries::above(conn, scope)?.contains(&found.area_id)
        }
    };
    if concerns { Ok(found) } else { Err(Code::NotFound.into()) }
}

fn targets_of(conn: &mut Conn, id: WarningId, homes: &[InstitutionId]) -> Outcome<Vec<InstitutionId>> {
    let of = warning_targets::table.filter(warning_targets::warning_id.eq(id));
    let own = of.filter(one_of(warning_targets::institution_id, homes.iter().copied()));
    Ok(own.select(warning_targets::institution_id).load(conn)?)
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub relayed_at: Instant,
    pub id: WarningId,
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub area: Option<Area>,
    pub kind: Option<super::model::WarningKind>,
    pub level: Option<super::model::WarningLevel>,
    /// Those that hold at this moment (`true`), or no more (`false`).
    pub running_at: Option<(bool, Instant)>,
    pub after: Option<Place>,
}

/// Warnings that concern the scope, the newest first, at most `limit`.
pub fn list(conn: &mut Conn, actor: &Actor, by: &Narrowing, limit: i64) -> Outcome<Vec<Warning>> {
    let mut query = warnings::table
        .select(Warning::as_select())
        .order((warnings::relayed_at.desc(), warnings::id.desc()))
        .limit(limit)
        .into_boxed();
    query = match &actor.scope {
        Scope::Institutions(own) => {
            let went = warning_targets::table
                .filter(one_of(warning_targets::institution_id, own.iter().copied()))
                .select(warning_targets::warning_id);
            query.filter(found_by(warnings::id, went))
        }
        scope => {
            let above = areas::queries::above(conn, scope)?;
            query.filter(in_area_scope!(warnings, scope).or(one_of(warnings::area_id, above)))
        }
    };
    if let Some(area) = &by.area {
        query = query.filter(in_area!(warnings, area.level, area.id));
    }
    if let Some(kind) = by.kind {
        query = query.filter(warnings::kind.eq(kind));
    }
    if let Some(level) = by.level {
        query = query.filter(warnings::level.eq(level));
    }
    match by.running_at {
        Some((true, now)) => {
            query = query.filter(warnings::ended_how.is_null().and(warnings::ends_at.ge(now)));
        }
        Some((false, now)) => {
            query = query.filter(warnings::ended_how.is_not_null().or(warnings::ends_at.lt(now)));
        }
        None => {}
    }
    if let Some(place) = by.after {
        let same = warnings::relayed_at.eq(place.relayed_at).and(warnings::id.lt(place.id));
        let earlier = warnings::relayed_at.lt(place.relayed_at).or(same);
        query = query.filter(warnings::relayed_at.le(place.relayed_at).and(earlier));
    }
    Ok(query.load(conn)?)
}

pub fn insert(conn: &mut Conn, new: Warning) -> Outcome<()> {
    let place = new.place;
    diesel::insert_into(warnings::table)
        .values((
            (
                warnings::id.eq(new.id),
                warnings::area_id.eq(new.area_id),
                warnings::area_1.eq(place.area_1),
                warnings::area_2.eq(place.area_2),
                warnings::area_3.eq(place.area_3),
                warnings::area_4.eq(place.area_4),
                warnings::area_5.eq(place.area_5),
                warnings::area_6.eq(place.area_6),
            ),
            (
                warnings::source.eq(new.source),
                warnings::kind.eq(new.kind),
                warnings::level.eq(new.level),
                warnings::text.eq(new.text),
                warnings::issued_at.eq(new.issued_at),
                warnings::begins_at.eq(new.valid_from),
                warnings::ends_at.eq(new.valid_to),
                warnings::report_every_minutes.eq(new.report_every_minutes),
                warnings::acknowledge_within_minutes.eq(new.acknowledge_within_minutes),
                warnings::relayed_at.eq(new.relayed_at),
                warnings::relayed_by.eq(new.relayed_by),
            ),
            (warnings::digest.eq(new.digest), warnings::version.eq(new.version)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes how it ended over version `new.version - 1`.
pub fn end(conn: &mut Conn, new: &Warning) -> Outcome<()> {
    let before = warnings::table.filter(warnings::id.eq(new.id).and(warnings::version.eq(new.version - 1)));
    let changed = diesel::update(before)
        .set((
            warnings::ended_how.eq(new.ended_how),
            warnings::ended_at.eq(new.ended_at),
            warnings::end_reason.eq(new.end_reason.as_deref()),
            warnings::version.eq(new.version),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// Writes the list: whom it went to. diesel writes several rows at once for either database, not for both.
pub fn insert_targets(conn: &mut Conn, of: &Warning, homes: &[InstitutionId]) -> Outcome<()> {
    for home in homes {
        let target = Target {
            warning_id: of.id,
            institution_id: *home,
            relayed_at: of.relayed_at,
            acknowledged_at: None,
            acknowledged_by: None,
            acknowledgement: None,
            digest: None,
        };
        diesel::insert_into(warning_targets::table).values(target).execute(conn)?;
    }
    Ok(())
}

/// The line of one institution on the list, whoever asks.
pub fn target(conn: &mut Conn, id: WarningId, home: InstitutionId) -> Outcome<Option<Target>> {
    Ok(warning_targets::table.find((id, home)).select(Target::as_select()).first(conn).optional()?)
}

pub fn acknowledge(conn: &mut Conn, of: &Target) -> Outcome<()> {
    let target = warning_targets::table.find((of.warning_id, of.institution_id));
    let changed = diesel::update(target.filter(warning_targets::acknowledged_at.is_null()))
        .set((
            warning_targets::acknowledged_at.eq(of.acknowledged_at),
            warning_targets::acknowledged_by.eq(of.acknowledged_by),
            warning_targets::acknowledgement.eq(of.acknowledgement.clone()),
            warning_targets::digest.eq(of.digest.as_deref()),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// The homes of a scope that are on the lists of these warnings, with their names, by name.
pub fn targets(conn: &mut Conn, scope: &Scope, ids: &[WarningId]) -> Outcome<Vec<(Target, String)>> {
    Ok(warning_targets::table
        .inner_join(institutions::table.on(institutions::id.eq(warning_targets::institution_id)))
        .filter(one_of(warning_targets::warning_id, ids.iter().copied()))
        .filter(found_by(warning_targets::institution_id, covered(scope)))
        .order((institutions::name_key, institutions::id))
        .select((Target::as_select(), institutions::name))
        .load(conn)?)
}

/// What went to one institution that the caller has been shown to cover, the newest first, at most `limit`.
pub fn of_home(
    conn: &mut Conn,
    home: InstitutionId,
    after: Option<Place>,
    limit: i64,
) -> Outcome<Vec<Warning>> {
    let mut query = warning_targets::table
        .inner_join(warnings::table.on(warnings::id.eq(warning_targets::warning_id)))
        .filter(warning_targets::institution_id.eq(home))
        .select(Warning::as_select())
        .order((warning_targets::relayed_at.desc(), warning_targets::warning_id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(place) = after {
        let same = warning_targets::relayed_at.eq(place.relayed_at);
        let earlier = warning_targets::relayed_at
            .lt(place.relayed_at)
            .or(same.and(warning_targets::warning_id.lt(place.id)));
        query = query.filter(warning_targets::relayed_at.le(place.relayed_at).and(earlier));
    }
    Ok(query.load(conn)?)
}

/// What went to one institution since a moment, the newest first.
pub fn of_home_since(conn: &mut Conn, home: InstitutionId, since: Instant) -> Outcome<Vec<Warning>> {
    Ok(warning_targets::table
        .inner_join(warnings::table.on(warnings::id.eq(warning_targets::warning_id)))
        .filter(warning_targets::institution_id.eq(home).and(warning_targets::relayed_at.ge(since)))
        .select(Warning::as_select())
        .order((warning_targets::relayed_at.desc(), warning_targets::warning_id.desc()))
        .load(conn)?)
}

pub fn find_report(conn: &mut Conn, id: WarningReportId) -> Outcome<Option<Report>> {
    Ok(warning_reports::table.find(id).select(Report::as_select()).first(conn).optional()?)
}

pub fn insert_report(conn: &mut Conn, new: Report) -> Outcome<()> {
    diesel::insert_into(warning_reports::table).values(new).execute(conn)?;
    Ok(())
}

/// The reports of one home on one warning, the oldest first.
pub fn reports(conn: &mut Conn, id: WarningId, home: InstitutionId) -> Outcome<Vec<Report>> {
    Ok(warning_reports::table
        .filter(warning_reports::warning_id.eq(id).and(warning_reports::institution_id.eq(home)))
        .order((warning_reports::reported_at, warning_reports::id))
        .select(Report::as_select())
        .load(conn)?)
}

/// When each home of a scope reported on each of these warnings, the earliest first.
pub fn reported(
    conn: &mut Conn,
    scope: &Scope,
    ids: &[WarningId],
) -> Outcome<Vec<(WarningId, InstitutionId, Instant)>> {
    Ok(warning_reports::table
        .filter(one_of(warning_reports::warning_id, ids.iter().copied()))
        .filter(found_by(warning_reports::institution_id, covered(scope)))
        .order((warning_reports::warning_id, warning_reports::institution_id, warning_reports::reported_at))
        .select((warning_reports::warning_id, warning_reports::institution_id, warning_reports::reported_at))
        .load(conn)?)
}

/// How many homes of a scope each of these warnings went to, and how many of them have acknowledged it.
pub fn counts(conn: &mut Conn, scope: &Scope, ids: &[WarningId]) -> Outcome<HashMap<WarningId, (i64, i64)>> {
    let rows: Vec<(WarningId, i64, i64)> = warning_targets::table
        .filter(one_of(warning_targets::warning_id, ids.iter().copied()))
        .filter(found_by(warning_targets::institution_id, covered(scope)))
        .group_by(warning_targets::warning_id)
        .select((warning_targets::warning_id, count_star(), count(warning_targets::acknowledged_at)))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, homes, acknowledged)| (id, (homes, acknowledged))).collect())
}

/// How many homes of a scope reported on a warning after a moment.
pub fn reported_after(conn: &mut Conn, scope: &Scope, id: WarningId, moment: Instant) -> Outcome<i64> {
    Ok(warning_reports::table
        .filter(warning_reports::warning_id.eq(id).and(warning_reports::reported_at.gt(moment)))
        .filter(found_by(warning_reports::institution_id, covered(scope)))
        .select(count(warning_reports::institution_id).aggregate_distinct())
        .first(conn)?)
}

pub fn find_action(conn: &mut Conn, id: ActionId) -> Outcome<Option<StoredAction>> {
    Ok(warning_actions::table.find(id).select(StoredAction::as_select()).first(conn).optional()?)
}

pub fn insert_action(conn: &mut Conn, action: StoredAction) -> Outcome<()> {
    diesel::insert_into(warning_actions::table).values(action).execute(conn)?;
    Ok(())
}
