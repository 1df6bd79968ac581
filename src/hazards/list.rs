//! Lists of hazards: by key, in an index order, whatever the history.
//!
//! A list is read per state and per place of the caller's scope, each from one index in the order wanted,
//! and merged here: so the cost is that of the page, not of what was closed in the past.

pub use super::sort::{Place, Sort, SortKey};

use super::model::{Hazard, Severity, Status};
use crate::access::Scope;
use crate::areas::model::Area;
use crate::areas::stretch::{Stretch, narrowed};
use crate::checklists::Category;
use crate::db::schema::hazards;
use crate::db::search;
use crate::db::sql_types::is_written_year;
use crate::db::{Conn, Instant, MultiBackend};
use crate::ids::{HazardId, InstitutionId};
use crate::in_area;
use crate::refusal::Outcome;
use chrono::{Datelike, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub statuses: Vec<Status>,
    /// Only what is past its deadline on this date…
    pub overdue_on: Option<NaiveDate>,
    /// …or only what is not.
    pub not_overdue_on: Option<NaiveDate>,
    pub category: Option<Category>,
    pub severity: Option<Severity>,
    pub urgent: Option<bool>,
    pub listed: Option<bool>,
    pub self_found: Option<bool>,
    pub checklist_item: Option<String>,
    pub institution: Option<InstitutionId>,
    pub area: Option<Area>,
    pub text: Option<String>,
    pub due_before: Option<NaiveDate>,
    pub found_from: Option<Instant>,
    pub found_before: Option<Instant>,
    pub after: Option<Place>,
}

/// Hazards in scope, at most `limit`, in order.
pub fn list(
    conn: &mut Conn,
    scope: &Scope,
    narrowing: &Narrowing,
    sort: Sort,
    limit: i64,
) -> Outcome<Vec<Hazard>> {
    let mut found = Vec::new();
    for (stretch, status) in pieces(conn, scope, narrowing)? {
        found.extend(query(conn, stretch, status, narrowing, sort, limit).load::<Hazard>(conn)?);
    }
    Ok(merge(found, sort, limit))
}

/// What is read one by one: each stretch that the filters leave, in each state that they leave.
fn pieces<'a>(
    conn: &mut Conn,
    scope: &'a Scope,
    narrowing: &Narrowing,
) -> Outcome<Vec<(Stretch<'a>, Status)>> {
    let wanted = |status: &Status| {
        (narrowing.statuses.is_empty() || narrowing.statuses.contains(status))
            && (narrowing.overdue_on.is_none() || status.is_running())
    };
    let statuses: Vec<Status> = Status::ALL.iter().copied().filter(wanted).collect();
    let stretches = narrowed(conn, scope, narrowing.institution, narrowing.area.as_ref())?;
    let of = |stretch: Stretch<'a>| statuses.iter().map(move |status| (stretch, *status));
    Ok(stretches.into_iter().flat_map(of).collect())
}

fn merge(mut found: Vec<Hazard>, sort: Sort, limit: i64) -> Vec<Hazard> {
    let order = |hazard: &Hazard| (value(hazard, sort.key), hazard.id);
    found.sort_by(|a, b| {
        let ascending = order(a).cmp(&order(b));
        if sort.descending { ascending.reverse() } else { ascending }
    });
    found.dedup_by_key(|hazard| hazard.id);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    found
}

/// Reads a whole list in order, page by page, each hazard once: what is held at a time does not grow with the list.
pub struct Walk<'a> {
    pieces: Vec<Piece<'a>>,
    narrowing: Narrowing,
    sort: Sort,
    last: Option<HazardId>,
}

struct Piece<'a> {
    stretch: Stretch<'a>,
    status: Status,
    read: std::collections::VecDeque<Hazard>,
    after: Option<Place>,
    ended: bool,
}

impl<'a> Walk<'a> {
    /// Hazards of each piece that are held.
    const AHEAD: i64 = 200;

    pub fn begin(conn: &mut Conn, scope: &'a Scope, narrowing: Narrowing, sort: Sort) -> Outcome<Self> {
        let piece = |(stretch, status)| Piece {
            stretch,
            status,
            read: std::collections::VecDeque::new(),
            after: None,
            ended: false,
        };
        let pieces = pieces(conn, scope, &narrowing)?.into_iter().map(piece).collect();
        Ok(Self { pieces, narrowing, sort, last: None })
    }

    /// The next hazards, at most `most`; none when the list has ended.
    pub fn next(&mut self, conn: &mut Conn, most: usize) -> Outcome<Vec<Hazard>> {
        let mut page = Vec::new();
        while page.len() < most {
            for piece in self.pieces.iter_mut().filter(|piece| piece.read.is_empty() && !piece.ended) {
                let narrowing = Narrowing { after: piece.after, ..self.narrowing.clone() };
                let query = query(conn, piece.stretch, piece.status, &narrowing, self.sort, Self::AHEAD);
                piece.read = query.load::<Hazard>(conn)?.into();
                piece.after = piece.read.back().map(|hazard| place(hazard, self.sort));
                piece.ended = piece.read.is_empty();
            }
            let order = |piece: &&mut Piece<'a>| {
                piece.read.front().map(|hazard| (value(hazard, self.sort.key), hazard.id))
            };
            let waiting = self.pieces.iter_mut().filter(|piece| !piece.read.is_empty());
            let first =
                if self.sort.descending { waiting.max_by_key(order) } else { waiting.min_by_key(order) };
            let Some(hazard) = first.and_then(|piece| piece.read.pop_front()) else { break };
            // Areas of a scope may lie within each other.
            if self.last.replace(hazard.id) != Some(hazard.id) {
                page.push(hazard);
            }
        }
        Ok(page)
    }
}

/// The place of a hazard in a sort, for the cursor.
pub fn place(hazard: &Hazard, sort: Sort) -> Place {
    Place { sort, value: value(hazard, sort.key), id: hazard.id }
}

fn value(hazard: &Hazard, key: SortKey) -> i64 {
    match key {
        SortKey::Deadline => days(hazard.deadline),
        SortKey::FoundAt => hazard.found_at.micros(),
        SortKey::Severity => hazard.severity_key(),
    }
}

fn days(date: NaiveDate) -> i64 {
    date.signed_duration_since(NaiveDate::default()).num_days()
}

fn date(days: i64) -> NaiveDate {
    chrono::TimeDelta::try_days(days)
        .and_then(|span| NaiveDate::default().checked_add_signed(span))
        .filter(|date| is_written_year(date.year()))
        .unwrap_or_default()
}

type Query<'a> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::Select<hazards::table, diesel::dsl::AsSelect<Hazard, MultiBackend>>,
    MultiBackend,
>;

fn query<'a>(
    conn: &Conn,
    stretch: Stretch<'a>,
    status: Status,
    narrowing: &'a Narrowing,
    sort: Sort,
    limit: i64,
) -> Query<'a> {
    let query = hazards::table.select(Hazard::as_select()).into_boxed().limit(limit);
    let query = within(query, stretch).filter(hazards::status.eq(status));
    let query = match narrowing.not_overdue_on {
        Some(today) if status.is_running() => query.filter(hazards::deadline.ge(today)),
        _ => query,
    };
    let query = narrow(conn, query, narrowing);
    ordered(query, sort, narrowing.after)
}

fn within<'a>(query: Query<'a>, stretch: Stretch<'a>) -> Query<'a> {
    match stretch {
        Stretch::Area(area) => query.filter(in_area!(hazards, i32::from(area.level), area.id)),
        Stretch::Institution(id) => query.filter(hazards::institution_id.eq(id)),
        Stretch::Institutions(ids) => query.filter(hazards::institution_id.eq_any(ids.to_vec())),
    }
}

fn narrow<'a>(conn: &Conn, mut query: Query<'a>, by: &'a Narrowing) -> Query<'a> {
    if let Some(area) = &by.area {
        query = query.filter(in_area!(hazards, area.level, area.id));
    }
    if let Some(today) = by.overdue_on {
        query = query.filter(hazards::deadline.lt(today));
    }
    if let Some(date) = by.due_before {
        query = query.filter(hazards::deadline.lt(date));
    }
    if let Some(category) = by.category {
        query = query.filter(hazards::category.eq(category));
    }
    if let Some(severity) = by.severity {
        query = query.filter(hazards::severity.eq(severity));
    }
    if let Some(urgent) = by.urgent {
        query = query.filter(hazards::urgent.eq(urgent));
    }
    if let Some(listed) = by.listed {
        query = query.filter(hazards::listed.eq(listed));
    }
    if let Some(self_found) = by.self_found {
        query = query.filter(hazards::self_found.eq(self_found));
    }
    if let Some(item) = &by.checklist_item {
        query = query.filter(hazards::checklist_item.assume_not_null().eq(item));
    }
    if let Some(from) = by.found_from {
        query = query.filter(hazards::found_at.ge(from));
    }
    if let Some(before) = by.found_before {
        query = query.filter(hazards::found_at.lt(before));
    }
    let backend = conn.backend();
    if let Some(words) = by.text.as_deref().and_then(|text| search::query_words(text, backend)) {
        let matches = sql::<Bool>(search::condition(backend))
            .bind::<Text, _>(words)
            .sql(search::condition_end(backend));
        query = query.filter(matches);
    }
    query
}

macro_rules! keyset {
    ($query:ident, $column:expr, $value:expr, $after:ident, $descending:expr) => {
        match ($after, $descending) {
            (None, false) => $query.order(($column.asc(), hazards::id.asc())),
            (None, true) => $query.order(($column.desc(), hazards::id.desc())),
            (Some(place), false) => {
                let later = $column.gt($value).or($column.eq($value).and(hazards::id.gt(place.id)));
                $query.filter($column.ge($value).and(later)).order(($column.asc(), hazards::id.asc()))
            }
            (Some(place), true) => {
                let earlier = $column.lt($value).or($column.eq($value).and(hazards::id.lt(place.id)));
                $query.filter($column.le($value).and(earlier)).order(($column.desc(), hazards::id.desc()))
            }
        }
    };
}

fn ordered(query: Query<'_>, sort: Sort, after: Option<Place>) -> Query<'_> {
    let value = after.map_or(0, |place| place.value);
    match sort.key {
        SortKey::Deadline => keyset!(query, hazards::deadline, date(value), after, sort.descending),
        SortKey::FoundAt => {
            let at = Instant::from_micros(value).filter(|at| is_written_year(at.utc().year()));
            let at = at.unwrap_or(Instant::new(chrono::DateTime::UNIX_EPOCH));
            keyset!(query, hazards::found_at, at, after, sort.descending)
        }
        SortKey::Severity => keyset!(query, hazards::severity_key, value, after, sort.descending),
    }
}

/// The plans the database would use for a list: for the tests that hold it to its indexes.
pub fn explain(
    conn: &mut Conn,
    scope: &Scope,
    narrowing: &Narrowing,
    sort: Sort,
    limit: i64,
) -> Outcome<Vec<String>> {
    let mut plans = Vec::new();
    for (stretch, status) in pieces(conn, scope, narrowing)? {
        let query = query(conn, stretch, status, narrowing, sort, limit);
        plans.push(conn.explain(query)?);
    }
    Ok(plans)
}
