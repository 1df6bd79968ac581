//! Inspections in the database.

use super::model::{Found, Inspection, InspectionState, StoredAmendment, StoredAnswer};
use super::rules::is_visible;
use crate::access::{Actor, AreaColumns};
use crate::db::schema::{hazards, inspection_amendments, inspection_answers, inspection_people, inspections};
use crate::db::{Conn, one_of};
use crate::hazards::model::{Severity, Status};
use crate::ids::{ActionId, CampaignId, InspectionId, InstitutionId, UserId};
use crate::refusal::{Code, Outcome};
use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// The inspection, whoever asks: to tell "taken" from "free" before the scope is applied.
pub fn find_any(conn: &mut Conn, id: InspectionId) -> Outcome<Option<Inspection>> {
    Ok(inspections::table.find(id).select(Inspection::as_select()).first(conn).optional()?)
}

/// Whether the caller may know of it.
pub fn sees(actor: &Actor, inspection: &Inspection) -> bool {
    actor.scope.covers(inspection.institution_id, &inspection.place) && is_visible(inspection, actor.role)
}

/// The inspection, if the caller may know of it.
pub fn find(conn: &mut Conn, actor: &Actor, id: InspectionId) -> Outcome<Inspection> {
    let found = find_any(conn, id)?.filter(|inspection| sees(actor, inspection));
    found.ok_or_else(|| Code::NotFound.into())
}

/// Stores a new inspection with its people.
pub fn insert(conn: &mut Conn, new: &Inspection, people: &[UserId]) -> Outcome<()> {
    let place: &AreaColumns = &new.place;
    diesel::insert_into(inspections::table)
        .values((
            (
                inspections::id.eq(new.id),
                inspections::institution_id.eq(new.institution_id),
                inspections::area_1.eq(place.area_1),
                inspections::area_2.eq(place.area_2),
                inspections::area_3.eq(place.area_3),
                inspections::area_4.eq(place.area_4),
                inspections::area_5.eq(place.area_5),
                inspections::area_6.eq(place.area_6),
                inspections::kind.eq(new.kind),
                inspections::campaign_id.eq(new.campaign_id),
            ),
            (
                inspections::state.eq(new.state),
                inspections::on_day.eq(new.on_day),
                inspections::plan.eq(new.plan.clone()),
                inspections::plan_digest.eq(new.plan_digest.as_deref()),
                inspections::record.eq(new.record.clone()),
                inspections::record_digest.eq(new.record_digest.as_deref()),
                inspections::cancelled.eq(new.cancelled.clone()),
                inspections::checklist.eq(new.checklist.as_deref()),
                inspections::checklist_version.eq(new.checklist_version),
            ),
            (
                inspections::passed.eq(new.passed),
                inspections::failed.eq(new.failed),
                inspections::not_applicable.eq(new.not_applicable),
                inspections::not_checked.eq(new.not_checked),
                inspections::handed_in_at.eq(new.handed_in_at),
                inspections::handed_in_by.eq(new.handed_in_by),
                inspections::version.eq(new.version),
                inspections::created_at.eq(new.created_at),
                inspections::updated_at.eq(new.updated_at),
            ),
        ))
        .execute(conn)?;
    insert_people(conn, new, people)
}

/// Writes everything but place and kind over version `new.version - 1`; `people` when they are others now.
pub fn update(conn: &mut Conn, new: &Inspection, people: Option<&[UserId]>) -> Outcome<()> {
    let before =
        inspections::table.filter(inspections::id.eq(new.id).and(inspections::version.eq(new.version - 1)));
    let changed = diesel::update(before)
        .set((
            (
                inspections::state.eq(new.state),
                inspections::on_day.eq(new.on_day),
                inspections::plan.eq(new.plan.clone()),
                inspections::record.eq(new.record.clone()),
                inspections::record_digest.eq(new.record_digest.as_deref()),
                inspections::cancelled.eq(new.cancelled.clone()),
                inspections::checklist.eq(new.checklist.as_deref()),
                inspections::checklist_version.eq(new.checklist_version),
            ),
            (
                inspections::passed.eq(new.passed),
                inspections::failed.eq(new.failed),
                inspections::not_applicable.eq(new.not_applicable),
                inspections::not_checked.eq(new.not_checked),
                inspections::handed_in_at.eq(new.handed_in_at),
                inspections::handed_in_by.eq(new.handed_in_by),
                inspections::version.eq(new.version),
                inspections::updated_at.eq(new.updated_at),
            ),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(Code::Stale.into());
    }
    let own = inspection_people::table.filter(inspection_people::inspection_id.eq(new.id));
    match people {
        Some(people) => {
            diesel::delete(own).execute(conn)?;
            insert_people(conn, new, people)?;
        }
        None => {
            diesel::update(own)
                .set((inspection_people::state.eq(new.state), inspection_people::on_day.eq(new.on_day)))
                .execute(conn)?;
        }
    }
    Ok(())
}

fn insert_people(conn: &mut Conn, of: &Inspection, people: &[UserId]) -> Outcome<()> {
    for (position, one) in (0_i32..).zip(people) {
        diesel::insert_into(inspection_people::table)
            .values((
                inspection_people::inspection_id.eq(of.id),
                inspection_people::user_id.eq(*one),
                inspection_people::position.eq(position),
                inspection_people::state.eq(of.state),
                inspection_people::on_day.eq(of.on_day),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Who is to go, or was there, for each inspection of a page.
pub fn people_of(conn: &mut Conn, ids: Vec<InspectionId>) -> Outcome<Vec<(InspectionId, UserId)>> {
    Ok(inspection_people::table
        .filter(one_of(inspection_people::inspection_id, ids))
        .order((inspection_people::inspection_id, inspection_people::position))
        .select((inspection_people::inspection_id, inspection_people::user_id))
        .load(conn)?)
}

pub fn insert_answer(conn: &mut Conn, answer: StoredAnswer) -> Outcome<()> {
    diesel::insert_into(inspection_answers::table).values(answer).execute(conn)?;
    Ok(())
}

/// The answers of a record as they were handed in.
pub fn answers(conn: &mut Conn, id: InspectionId) -> Outcome<Vec<StoredAnswer>> {
    let own = inspection_answers::table.filter(inspection_answers::inspection_id.eq(id));
    Ok(own.order(inspection_answers::position).select(StoredAnswer::as_select()).load(conn)?)
}

/// Which items these records answer; what was not checked is not answered.
pub fn answered(conn: &mut Conn, ids: Vec<InspectionId>) -> Outcome<Vec<(InspectionId, String)>> {
    let mut found = Vec::new();
    for some in ids.chunks(256) {
        let rows = inspection_answers::table
            .filter(one_of(inspection_answers::inspection_id, some.iter().copied()))
            .filter(inspection_answers::result.ne(super::model::AnswerResult::NotChecked))
            .select((inspection_answers::inspection_id, inspection_answers::item))
            .load(conn)?;
        found.extend::<Vec<(InspectionId, String)>>(rows);
    }
    Ok(found)
}

/// The amendment with this id, of whichever inspection.
pub fn find_amendment(conn: &mut Conn, id: ActionId) -> Outcome<Option<StoredAmendment>> {
    Ok(inspection_amendments::table.find(id).select(StoredAmendment::as_select()).first(conn).optional()?)
}

pub fn insert_amendment(conn: &mut Conn, amendment: StoredAmendment) -> Outcome<()> {
    diesel::insert_into(inspection_amendments::table).values(amendment).execute(conn)?;
    Ok(())
}

/// What was said of a record later, first to last.
pub fn amendments(conn: &mut Conn, id: InspectionId) -> Outcome<Vec<StoredAmendment>> {
    let own = inspection_amendments::table.filter(inspection_amendments::inspection_id.eq(id));
    Ok(own.order(inspection_amendments::step).select(StoredAmendment::as_select()).load(conn)?)
}

/// The inspections of a campaign that were handed in.
pub fn handed_in_for(conn: &mut Conn, campaign: CampaignId) -> Outcome<Vec<(InstitutionId, InspectionId)>> {
    let done = of_campaign(campaign, InspectionState::HandedIn);
    let ordered = done.order((inspections::on_day, inspections::id));
    Ok(ordered.select((inspections::institution_id, inspections::id)).load(conn)?)
}

/// The inspections of a campaign that are planned, all or those at one institution.
pub fn planned_for(
    conn: &mut Conn,
    campaign: CampaignId,
    at: Option<InstitutionId>,
) -> Outcome<Vec<Inspection>> {
    let mut planned = of_campaign(campaign, InspectionState::Planned);
    if let Some(institution) = at {
        planned = planned.filter(inspections::institution_id.eq(institution));
    }
    Ok(planned.order((inspections::on_day, inspections::id)).select(Inspection::as_select()).load(conn)?)
}

type OfCampaign = inspections::BoxedQuery<'static, crate::db::MultiBackend>;

fn of_campaign(campaign: CampaignId, state: InspectionState) -> OfCampaign {
    let own = inspections::campaign_id.assume_not_null().eq(campaign);
    inspections::table.filter(own.and(inspections::state.eq(state))).into_boxed()
}

/// What the inspections of a campaign found at each institution, and what of it is still open today.
pub fn found_in(
    conn: &mut Conn,
    campaign: CampaignId,
    today: NaiveDate,
) -> Outcome<BTreeMap<InstitutionId, Found>> {
    let rows: Vec<(InstitutionId, Severity, Status, NaiveDate, i64)> = inspections::table
        .inner_join(hazards::table.on(hazards::inspection_id.assume_not_null().eq(inspections::id)))
        .filter(inspections::campaign_id.assume_not_null().eq(campaign))
        .filter(inspections::state.eq(InspectionState::HandedIn).and(hazards::status.ne(Status::Void)))
        .group_by((hazards::institution_id, hazards::severity, hazards::status, hazards::deadline))
        .select((
            hazards::institution_id,
            hazards::severity,
            hazards::status,
            hazards::deadline,
            count_star(),
        ))
        .load(conn)?;
    let mut found: BTreeMap<InstitutionId, Found> = BTreeMap::new();
    for (institution, severity, status, deadline, count) in rows {
        let sum = found.entry(institution).or_default();
        let when = |holds: bool| if holds { count } else { 0 };
        sum.hazards += count;
        sum.major += when(severity == Severity::Major);
        sum.open += when(status.is_open());
        sum.overdue += when(status.is_running() && deadline < today);
    }
    Ok(found)
}

/// Who was there when each of these institutions was last inspected.
pub fn last_visitors(
    conn: &mut Conn,
    institutions: Vec<InstitutionId>,
) -> Outcome<Vec<(InstitutionId, UserId)>> {
    let mut visitors = Vec::new();
    for institution in institutions {
        let last: Option<InspectionId> = inspections::table
            .filter(inspections::institution_id.eq(institution))
            .filter(inspections::state.eq(InspectionState::HandedIn))
            .order((inspections::on_day.desc(), inspections::id.desc()))
            .select(inspections::id)
            .first(conn)
            .optional()?;
        let people = people_of(conn, last.into_iter().collect())?;
        visitors.extend(people.into_iter().map(|(_, user)| (institution, user)));
    }
    Ok(visitors)
}

/// The last day on which an institution was inspected by one of these kinds of visits.
pub fn last_visit(
    conn: &mut Conn,
    institution: InstitutionId,
    kinds: &[super::InspectionKind],
) -> Outcome<Option<NaiveDate>> {
    Ok(inspections::table
        .filter(inspections::institution_id.eq(institution))
        .filter(inspections::state.eq(InspectionState::HandedIn))
        .filter(inspections::kind.eq_any(kinds.to_vec()))
        .order((inspections::on_day.desc(), inspections::id.desc()))
        .select(inspections::on_day)
        .first(conn)
        .optional()?)
}
