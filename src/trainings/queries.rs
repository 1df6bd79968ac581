//! Trainings in the database.

use super::model::{Audience, Training};
use crate::access::Scope;
use crate::db::Conn;
use crate::db::schema::trainings;
use crate::ids::{InstitutionId, TrainingId};
use crate::institutions;
use crate::refusal::{Code, Outcome};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// The record, whoever asks.
pub fn find_any(conn: &mut Conn, id: TrainingId) -> Outcome<Option<Training>> {
    Ok(trainings::table.find(id).select(Training::as_select()).first(conn).optional()?)
}

/// The record, if its institution is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: TrainingId) -> Outcome<Training> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.institution_id)?;
    Ok(found)
}

pub fn insert(conn: &mut Conn, new: Training) -> Outcome<()> {
    diesel::insert_into(trainings::table).values(new).execute(conn)?;
    Ok(())
}

/// Which of these are corrected by which.
pub fn replacements(conn: &mut Conn, ids: Vec<TrainingId>) -> Outcome<Vec<(TrainingId, TrainingId)>> {
    let replaced = trainings::replaces.assume_not_null();
    Ok(trainings::table
        .filter(replaced.eq_any(ids))
        .select((trainings::replaces.assume_not_null(), trainings::id))
        .load(conn)?)
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub held_on: NaiveDate,
    pub id: TrainingId,
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub topic: Option<String>,
    pub audience: Option<Audience>,
    /// The first and the last local day.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Also those that a later record corrects.
    pub replaced: bool,
    pub after: Option<Place>,
}

type Query = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<trainings::table, diesel::dsl::AsSelect<Training, crate::db::MultiBackend>>,
    crate::db::MultiBackend,
>;

fn query(institution: InstitutionId, by: &Narrowing) -> Query {
    let mut query = trainings::table
        .select(Training::as_select())
        .into_boxed()
        .filter(trainings::institution_id.eq(institution))
        .order((trainings::held_on.desc(), trainings::id.desc()));
    if !by.replaced {
        let later = diesel::alias!(trainings as later);
        let here = later.field(trainings::institution_id).eq(institution);
        let corrected = later
            .filter(here.and(later.field(trainings::replaces).is_not_null()))
            .select(later.field(trainings::replaces).assume_not_null());
        query = query.filter(trainings::id.ne_all(corrected));
    }
    if let Some(topic) = by.topic.clone() {
        query = query.filter(trainings::topic.eq(topic));
    }
    match by.audience {
        Some(Audience::Staff) => query = query.filter(trainings::for_staff.eq(true)),
        Some(Audience::Residents) => query = query.filter(trainings::for_residents.eq(true)),
        Some(Audience::Families) => query = query.filter(trainings::for_families.eq(true)),
        None => {}
    }
    if let Some(from) = by.from {
        query = query.filter(trainings::held_on.ge(from));
    }
    if let Some(to) = by.to {
        query = query.filter(trainings::held_on.le(to));
    }
    if let Some(place) = by.after {
        let same = trainings::held_on.eq(place.held_on).and(trainings::id.lt(place.id));
        let earlier = trainings::held_on.lt(place.held_on).or(same);
        query = query.filter(trainings::held_on.le(place.held_on).and(earlier));
    }
    query
}

/// The trainings of an institution that the caller has been shown to cover, the newest first, at most `limit`.
pub fn list(
    conn: &mut Conn,
    institution: InstitutionId,
    by: &Narrowing,
    limit: i64,
) -> Outcome<Vec<Training>> {
    Ok(query(institution, by).limit(limit).load(conn)?)
}

/// All that count from the first to the last day, the newest first.
pub fn held(
    conn: &mut Conn,
    institution: InstitutionId,
    from: NaiveDate,
    to: NaiveDate,
) -> Outcome<Vec<Training>> {
    let by = Narrowing { from: Some(from), to: Some(to), ..Narrowing::default() };
    Ok(query(institution, &by).load(conn)?)
}
