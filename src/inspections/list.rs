//! Lists of inspections: by key, in an index order, whatever was done in the past.
//!
//! A list is read per state and per place of the caller's scope, each from one index in the order wanted, and merged
//! here. What is one's own and what is a campaign's have indexes of their own.

use super::model::{Inspection, InspectionKind, InspectionState};
use crate::access::Scope;
use crate::areas::model::Area;
use crate::areas::stretch::{Stretch, narrowed};
use crate::db::schema::{inspection_people, inspections};
use crate::db::{Conn, MultiBackend, one_of};
use crate::ids::{CampaignId, InspectionId, InstitutionId, UserId};
use crate::refusal::Outcome;
use crate::{in_area, in_order_of_days, in_scope};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub states: Vec<InspectionState>,
    pub kind: Option<InspectionKind>,
    pub institution: Option<InstitutionId>,
    pub area: Option<Area>,
    pub campaign: Option<CampaignId>,
    /// Only what this person goes to, or was at.
    pub assignee: Option<UserId>,
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
    pub id: InspectionId,
}

impl Place {
    pub fn of(inspection: &Inspection, ascending: bool) -> Self {
        Self { ascending, day: inspection.on_day, id: inspection.id }
    }
}

/// One stretch of an index.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Place(Stretch<'a>),
    Campaign,
    Person(UserId),
}

/// Inspections in scope, at most `limit`, in order.
pub fn list(conn: &mut Conn, scope: &Scope, by: &Narrowing, limit: i64) -> Outcome<Vec<Inspection>> {
    let mut found = Vec::new();
    for (source, state) in pieces(conn, scope, by)? {
        match source {
            Source::Person(user) => found.extend(own(conn, user, scope, state, by, limit)?),
            source => found.extend(query(source, scope, state, by, limit).load::<Inspection>(conn)?),
        }
    }
    found.sort_by(|a, b| {
        let order = (a.on_day, a.id).cmp(&(b.on_day, b.id));
        if by.ascending { order } else { order.reverse() }
    });
    found.dedup_by_key(|one| one.id);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// The plans the database would use for a list: for the tests that hold it to its indexes.
pub fn explain(conn: &mut Conn, scope: &Scope, by: &Narrowing, limit: i64) -> Outcome<Vec<String>> {
    let mut plans = Vec::new();
    for (source, state) in pieces(conn, scope, by)? {
        plans.push(match source {
            Source::Person(user) => conn.explain(own_places(user, state, by))?,
            source => conn.explain(query(source, scope, state, by, limit))?,
        });
    }
    Ok(plans)
}

/// What is read one by one: each stretch that the filters leave, in each state that they leave.
fn pieces<'a>(
    conn: &mut Conn,
    scope: &'a Scope,
    by: &Narrowing,
) -> Outcome<Vec<(Source<'a>, InspectionState)>> {
    let wanted = |state: &InspectionState| by.states.is_empty() || by.states.contains(state);
    let states: Vec<InspectionState> = InspectionState::ALL.iter().copied().filter(wanted).collect();
    let sources = match (by.assignee, by.campaign) {
        (Some(user), _) => vec![Source::Person(user)],
        (None, Some(_)) => vec![Source::Campaign],
        (None, None) => {
            let stretches = narrowed(conn, scope, by.institution, by.area.as_ref())?;
            stretches.into_iter().map(Source::Place).collect()
        }
    };
    let of = |source: Source<'a>| states.iter().map(move |state| (source, *state));
    Ok(sources.into_iter().flat_map(of).collect())
}

type Query<'a> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::Select<inspections::table, diesel::dsl::AsSelect<Inspection, MultiBackend>>,
    MultiBackend,
>;

/// The filters that any source may be narrowed by.
macro_rules! narrow {
    ($query:ident, $by:ident) => {{
        let mut query = $query;
        if let Some(area) = &$by.area {
            query = query.filter(in_area!(inspections, area.level, area.id));
        }
        if let Some(institution) = $by.institution {
            query = query.filter(inspections::institution_id.eq(institution));
        }
        if let Some(campaign) = $by.campaign {
            query = query.filter(inspections::campaign_id.assume_not_null().eq(campaign));
        }
        if let Some(kind) = $by.kind {
            query = query.filter(inspections::kind.eq(kind));
        }
        query
    }};
}

fn query<'a>(
    source: Source<'a>,
    scope: &Scope,
    state: InspectionState,
    by: &'a Narrowing,
    limit: i64,
) -> Query<'a> {
    let query = inspections::table.select(Inspection::as_select()).into_boxed().limit(limit);
    let query = match source {
        Source::Place(Stretch::Area(area)) => {
            query.filter(in_area!(inspections, i32::from(area.level), area.id))
        }
        Source::Place(Stretch::Institution(id)) => query.filter(inspections::institution_id.eq(id)),
        Source::Place(Stretch::Institutions(ids)) => {
            query.filter(inspections::institution_id.eq_any(ids.to_vec()))
        }
        // Neither is a place: what is out of sight is left out of what they hold.
        Source::Campaign | Source::Person(_) => query.filter(in_scope!(inspections, institution_id, scope)),
    };
    let query = query.filter(inspections::state.eq(state));
    let query = narrow!(query, by);
    let query = match by.without_secrets && state != InspectionState::HandedIn {
        true => query.filter(
            inspections::kind
                .ne(InspectionKind::Unannounced)
                .and(inspections::kind.ne(InspectionKind::DoubleRandom)),
        ),
        false => query,
    };
    in_order_of_days!(query, inspections::on_day, inspections::id, by)
}

/// So many of somebody's own are looked through at a time.
const CHUNK: usize = 256;

type OwnQuery = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<
        inspection_people::table,
        (inspection_people::on_day, inspection_people::inspection_id),
    >,
    MultiBackend,
>;

fn own_places(user: UserId, state: InspectionState, by: &Narrowing) -> OwnQuery {
    let query = inspection_people::table
        .select((inspection_people::on_day, inspection_people::inspection_id))
        .into_boxed()
        .filter(inspection_people::user_id.eq(user).and(inspection_people::state.eq(state)))
        .limit(i64::try_from(CHUNK).unwrap_or(i64::MAX));
    in_order_of_days!(query, inspection_people::on_day, inspection_people::inspection_id, by)
}

/// What somebody goes to, or was at, as far as they still cover it.
fn own(
    conn: &mut Conn,
    user: UserId,
    scope: &Scope,
    state: InspectionState,
    by: &Narrowing,
    limit: i64,
) -> Outcome<Vec<Inspection>> {
    let enough = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut found, mut by) = (Vec::new(), by.clone());
    loop {
        let places: Vec<(NaiveDate, InspectionId)> = own_places(user, state, &by).load(conn)?;
        let ids = places.iter().map(|(_, id)| *id);
        let query = inspections::table.select(Inspection::as_select()).into_boxed();
        let query = query.filter(one_of(inspections::id, ids));
        let query = query.filter(in_scope!(inspections, institution_id, scope));
        let query = narrow!(query, by);
        found.extend(query.load::<Inspection>(conn)?);
        let Some((day, id)) = places.last().copied().filter(|_| places.len() == CHUNK) else {
            return Ok(found);
        };
        if found.len() >= enough {
            return Ok(found);
        }
        by.after = Some(Place { ascending: by.ascending, day, id });
    }
}
