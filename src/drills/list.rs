//! Lists of drills: by key, in an index order, whatever was held in the past.
//!
//! A list is read per state and per place of the caller's scope, each from one index in the order wanted, and merged
//! here: first only where each drill stands, then those of the page.

use super::model::{Drill, DrillState};
use super::queries;
use crate::access::Scope;
use crate::areas::model::Area;
use crate::areas::stretch::{Stretch, narrowed};
use crate::db::schema::drills;
use crate::db::{Conn, MultiBackend};
use crate::ids::{DrillId, InstitutionId};
use crate::refusal::Outcome;
use crate::rules::kinds::drills::{DrillKind, Shift};
use crate::{in_area, in_order_of_days};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub states: Vec<DrillState>,
    pub kind: Option<DrillKind>,
    pub shift: Option<Shift>,
    pub institution: Option<InstitutionId>,
    pub area: Option<Area>,
    pub real_event: Option<bool>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Leave out what the institution must not know yet.
    pub without_secrets: bool,
    /// The earliest day first.
    pub ascending: bool,
    pub after: Option<Place>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub ascending: bool,
    pub day: NaiveDate,
    pub id: DrillId,
}

impl Place {
    pub fn of(drill: &Drill, ascending: bool) -> Self {
        Self { ascending, day: drill.on_day, id: drill.id }
    }
}

/// Drills in scope, at most `limit`, in order.
pub fn list(conn: &mut Conn, scope: &Scope, by: &Narrowing, limit: i64) -> Outcome<Vec<Drill>> {
    let mut places: Vec<(NaiveDate, DrillId)> = Vec::new();
    for (stretch, state) in pieces(conn, scope, by)? {
        places.extend(query(stretch, state, by, limit).load::<(NaiveDate, DrillId)>(conn)?);
    }
    places.sort_unstable();
    places.dedup();
    if !by.ascending {
        places.reverse();
    }
    places.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids: Vec<DrillId> = places.into_iter().map(|(_, id)| id).collect();
    let mut found = queries::by_ids(conn, &ids)?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The plans the database would use for a list: for the tests that hold it to its indexes.
pub fn explain(conn: &mut Conn, scope: &Scope, by: &Narrowing, limit: i64) -> Outcome<Vec<String>> {
    let mut plans = Vec::new();
    for (stretch, state) in pieces(conn, scope, by)? {
        plans.push(conn.explain(query(stretch, state, by, limit))?);
    }
    Ok(plans)
}

/// What is read one by one: each stretch that the filters leave, in each state that they leave.
fn pieces<'a>(conn: &mut Conn, scope: &'a Scope, by: &Narrowing) -> Outcome<Vec<(Stretch<'a>, DrillState)>> {
    let wanted = |state: &DrillState| by.states.is_empty() || by.states.contains(state);
    let states: Vec<DrillState> = DrillState::ALL.iter().copied().filter(wanted).collect();
    let stretches = narrowed(conn, scope, by.institution, by.area.as_ref())?;
    let of = |stretch: Stretch<'a>| states.iter().map(move |state| (stretch, *state));
    Ok(stretches.into_iter().flat_map(of).collect())
}

type Query<'a> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::Select<drills::table, (drills::on_day, drills::id)>,
    MultiBackend,
>;

fn query<'a>(stretch: Stretch<'a>, state: DrillState, by: &'a Narrowing, limit: i64) -> Query<'a> {
    let query = drills::table.select((drills::on_day, drills::id)).into_boxed().limit(limit);
    let mut query = match stretch {
        Stretch::Area(area) => query.filter(in_area!(drills, i32::from(area.level), area.id)),
        Stretch::Institution(id) => query.filter(drills::institution_id.eq(id)),
        Stretch::Institutions(ids) => query.filter(drills::institution_id.eq_any(ids.to_vec())),
    };
    query = query.filter(drills::state.eq(state));
    if let Some(area) = &by.area {
        query = query.filter(in_area!(drills, area.level, area.id));
    }
    if let Some(institution) = by.institution {
        query = query.filter(drills::institution_id.eq(institution));
    }
    if let Some(kind) = by.kind {
        query = query.filter(drills::kind.eq(kind));
    }
    if let Some(shift) = by.shift {
        query = query.filter(drills::shift.eq(shift));
    }
    if let Some(real) = by.real_event {
        query = query.filter(drills::real_event.eq(real));
    }
    if by.without_secrets {
        query = query.filter(drills::hidden.eq(false).or(drills::started_at.is_not_null()));
    }
    in_order_of_days!(query, drills::on_day, drills::id, by)
}
