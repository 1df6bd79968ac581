//! Plans in the database.

use super::model::{Plan, PlanHead, PlanState, StoredStep};
use crate::access::Scope;
use crate::db::schema::{plan_steps, plans};
use crate::db::{Conn, one_of};
use crate::ids::{InstitutionId, PlanId, PlanStepId};
use crate::institutions;
use crate::refusal::{Code, Outcome};
use chrono::NaiveDate;
use diesel::dsl::max;
use diesel::prelude::*;

/// The edition, whoever asks.
pub fn find_any(conn: &mut Conn, id: PlanId) -> Outcome<Option<Plan>> {
    Ok(plans::table.find(id).select(Plan::as_select()).first(conn).optional()?)
}

/// The edition, if its institution is within the caller's scope.
pub fn find(conn: &mut Conn, scope: &Scope, id: PlanId) -> Outcome<Plan> {
    let found = find_any(conn, id)?.ok_or(Code::NotFound)?;
    institutions::queries::find(conn, scope, found.head.institution_id)?;
    Ok(found)
}

/// The edition, kept from changing together with all others of its home until the transaction ends.
pub fn hold(conn: &mut Conn, scope: &Scope, id: PlanId) -> Outcome<Plan> {
    let seen = find(conn, scope, id)?;
    hold_home(conn, seen.head.institution_id)?;
    find(conn, scope, id)
}

/// Keeps all editions of a home still: which one is in force is a question about all of them.
pub fn hold_home(conn: &mut Conn, institution: InstitutionId) -> Outcome<()> {
    conn.lock(institution.0)
}

/// The edition that an institution, which the caller has been shown to cover, went by on a day.
pub fn in_force(conn: &mut Conn, institution: InstitutionId, on: NaiveDate) -> Outcome<Option<Plan>> {
    let not_over = plans::superseded_on.is_null().or(plans::superseded_on.gt(on));
    Ok(plans::table
        .filter(plans::institution_id.eq(institution))
        .filter(plans::in_force_on.le(on))
        .filter(not_over)
        .order(plans::in_force_on.desc())
        .select(Plan::as_select())
        .first(conn)
        .optional()?)
}

/// The edition that an institution goes by until another one takes its place.
pub fn current(conn: &mut Conn, institution: InstitutionId) -> Outcome<Option<PlanHead>> {
    Ok(plans::table
        .filter(plans::institution_id.eq(institution).and(plans::state.eq(PlanState::InForce)))
        .select(PlanHead::as_select())
        .first(conn)
        .optional()?)
}

/// The same for each of these institutions that has one.
pub fn current_of(conn: &mut Conn, institutions: Vec<InstitutionId>) -> Outcome<Vec<PlanHead>> {
    Ok(plans::table
        .filter(one_of(plans::institution_id, institutions).and(plans::state.eq(PlanState::InForce)))
        .select(PlanHead::as_select())
        .load(conn)?)
}

/// The number of the next edition of a home that is held still.
pub fn next_edition(conn: &mut Conn, institution: InstitutionId) -> Outcome<i32> {
    let of_home = plans::table.filter(plans::institution_id.eq(institution));
    let last: Option<i32> = of_home.select(max(plans::edition)).first(conn)?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// The editions of an institution that the caller has been shown to cover, the newest first, at most `limit`.
pub fn list(
    conn: &mut Conn,
    institution: InstitutionId,
    state: Option<PlanState>,
    before: Option<i32>,
    limit: i64,
) -> Outcome<Vec<PlanHead>> {
    let mut query = plans::table
        .select(PlanHead::as_select())
        .into_boxed()
        .filter(plans::institution_id.eq(institution))
        .order(plans::edition.desc())
        .limit(limit);
    if let Some(state) = state {
        query = query.filter(plans::state.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(plans::edition.lt(before));
    }
    Ok(query.load(conn)?)
}

pub fn insert(conn: &mut Conn, new: Plan) -> Outcome<()> {
    diesel::insert_into(plans::table).values(new).execute(conn)?;
    Ok(())
}

/// Writes what a draft says over version `new.version - 1`.
pub fn rewrite(conn: &mut Conn, new: &Plan) -> Outcome<()> {
    let head = &new.head;
    let before = plans::table.filter(plans::id.eq(head.id).and(plans::version.eq(head.version - 1)));
    let changed = diesel::update(before)
        .set((
            plans::kind.eq(head.kind),
            plans::level.eq(head.level),
            plans::title.eq(&head.title),
            plans::content.eq(&new.content),
            plans::content_digest.eq(&head.content_digest),
            plans::written_by.eq(head.written_by),
            plans::version.eq(head.version),
            plans::updated_at.eq(head.updated_at),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// Writes what a step changed over version `new.version - 1`; what the plan says is not touched.
pub fn update(conn: &mut Conn, new: &PlanHead) -> Outcome<()> {
    let before = plans::table.filter(plans::id.eq(new.id).and(plans::version.eq(new.version - 1)));
    let changed = diesel::update(before)
        .set((
            plans::state.eq(new.state),
            plans::approval.eq(new.approval.as_ref()),
            plans::in_force_on.eq(new.in_force_on),
            plans::snapshot.eq(new.snapshot.as_ref()),
            plans::review.eq(new.review.as_ref()),
            plans::filing.eq(new.filing.as_ref()),
            plans::publication.eq(new.publication.as_ref()),
            plans::superseded_on.eq(new.superseded_on),
            plans::superseded_by.eq(new.superseded_by),
            plans::discarded_because.eq(new.discarded_because.as_deref()),
            plans::version.eq(new.version),
            plans::updated_at.eq(new.updated_at),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

/// The step with this id, of whichever plan.
pub fn find_step(conn: &mut Conn, id: PlanStepId) -> Outcome<Option<StoredStep>> {
    Ok(plan_steps::table.find(id).select(StoredStep::as_select()).first(conn).optional()?)
}

pub fn insert_step(conn: &mut Conn, step: StoredStep) -> Outcome<()> {
    diesel::insert_into(plan_steps::table).values(step).execute(conn)?;
    Ok(())
}

/// Every step of a plan, first to last.
pub fn steps(conn: &mut Conn, id: PlanId) -> Outcome<Vec<StoredStep>> {
    Ok(plan_steps::table
        .filter(plan_steps::plan_id.eq(id))
        .order(plan_steps::step)
        .select(StoredStep::as_select())
        .load(conn)?)
}
