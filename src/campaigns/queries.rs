//! Campaigns in the database.

use super::action::{CampaignAction, CampaignStep};
use super::draw::{Lots, Visit};
use super::draw_record::DrawRecord;
use super::model::{Campaign, CampaignState, StoredAction, StoredDraw, Target};
use super::rules;
use crate::access::{Actor, AreaColumns, Role, Scope};
use crate::areas;
use crate::areas::model::Area;
use crate::canonical::canonical;
use crate::db::schema::{
    campaign_actions, campaign_draws, campaign_targets, campaign_visitors, campaigns, institutions,
};
use crate::db::{Conn, Instant};
use crate::ids::{ActionId, CampaignId, InstitutionId, UserId};
use crate::inspections::InspectionKind;
use crate::refusal::{Code, Failure, Outcome};
use crate::{in_area, in_area_scope, in_scope};
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The campaign, whoever asks: to tell "taken" from "free" before the scope is applied.
pub fn find_any(conn: &mut Conn, id: CampaignId) -> Outcome<Option<Campaign>> {
    Ok(campaigns::table.find(id).select(Campaign::as_select()).first(conn).optional()?)
}

/// The campaign, if it touches what the caller covers: it lies there, or goes on in an area above it. Institutions are
/// not told of visits without notice before they are over.
pub fn find(conn: &mut Conn, actor: &Actor, id: CampaignId) -> Outcome<Campaign> {
    let campaign = find_any(conn, id)?.ok_or(Code::NotFound)?;
    let touches = actor.scope.covers_area(&campaign.place)
        || areas::queries::above(conn, &actor.scope)?.contains(&campaign.area_id);
    let secret = actor.role == Role::Manager && rules::is_secret(&campaign);
    if touches && !secret { Ok(campaign) } else { Err(Code::NotFound.into()) }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Narrowing {
    pub state: Option<CampaignState>,
    pub area: Option<Area>,
    /// Going on on that day.
    pub on: Option<NaiveDate>,
    pub after: Option<(NaiveDate, CampaignId)>,
}

/// Campaigns that touch the scope, the newest first, at most `limit`.
pub fn list(conn: &mut Conn, actor: &Actor, by: &Narrowing, limit: i64) -> Outcome<Vec<Campaign>> {
    let above = areas::queries::above(conn, &actor.scope)?;
    let mut query = campaigns::table
        .filter(in_area_scope!(campaigns, &actor.scope).or(campaigns::area_id.eq_any(above)))
        .select(Campaign::as_select())
        .order((campaigns::starts_on.desc(), campaigns::id.desc()))
        .limit(limit)
        .into_boxed();
    if actor.role == Role::Manager {
        let announced = InspectionKind::ALL.iter().copied().filter(|kind| !kind.comes_unannounced());
        let over = campaigns::state.eq(CampaignState::Closed);
        query = query.filter(campaigns::inspection_kind.eq_any(announced.collect::<Vec<_>>()).or(over));
    }
    if let Some(area) = &by.area {
        query = query.filter(in_area!(campaigns, area.level, area.id));
    }
    if let Some(state) = by.state {
        query = query.filter(campaigns::state.eq(state));
    }
    if let Some(day) = by.on {
        query = query.filter(campaigns::starts_on.le(day).and(campaigns::ends_on.ge(day)));
    }
    if let Some((start, id)) = by.after {
        let earlier =
            campaigns::starts_on.lt(start).or(campaigns::starts_on.eq(start).and(campaigns::id.lt(id)));
        query = query.filter(campaigns::starts_on.le(start).and(earlier));
    }
    Ok(query.load(conn)?)
}

pub fn insert(conn: &mut Conn, new: Campaign) -> Outcome<()> {
    let place = new.place;
    diesel::insert_into(campaigns::table)
        .values((
            (
                campaigns::id.eq(new.id),
                campaigns::area_id.eq(new.area_id),
                campaigns::area_1.eq(place.area_1),
                campaigns::area_2.eq(place.area_2),
                campaigns::area_3.eq(place.area_3),
                campaigns::area_4.eq(place.area_4),
                campaigns::area_5.eq(place.area_5),
                campaigns::area_6.eq(place.area_6),
            ),
            (
                campaigns::name.eq(new.name),
                campaigns::basis.eq(new.basis),
                campaigns::starts_on.eq(new.starts_on),
                campaigns::ends_on.eq(new.ends_on),
                campaigns::inspection_kind.eq(new.inspection_kind),
                campaigns::requires_inspection.eq(new.requires_inspection),
                campaigns::requires_drill.eq(new.requires_drill),
                campaigns::checklist.eq(new.checklist),
                campaigns::checklist_version.eq(new.checklist_version),
                campaigns::items.eq(new.items),
                campaigns::note.eq(new.note),
                campaigns::state.eq(new.state),
            ),
            (
                campaigns::started_at.eq(new.started_at),
                campaigns::ended_at.eq(new.ended_at),
                campaigns::draws.eq(new.draws),
                campaigns::report.eq(new.report),
                campaigns::created_by.eq(new.created_by),
                campaigns::digest.eq(new.digest),
                campaigns::version.eq(new.version),
                campaigns::created_at.eq(new.created_at),
                campaigns::updated_at.eq(new.updated_at),
            ),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes what may change over version `new.version - 1`.
pub fn update(conn: &mut Conn, new: &Campaign) -> Outcome<()> {
    let before =
        campaigns::table.filter(campaigns::id.eq(new.id).and(campaigns::version.eq(new.version - 1)));
    let changed = diesel::update(before)
        .set((
            campaigns::name.eq(&new.name),
            campaigns::basis.eq(&new.basis),
            campaigns::starts_on.eq(new.starts_on),
            campaigns::ends_on.eq(new.ends_on),
            campaigns::note.eq(new.note.as_deref()),
            campaigns::state.eq(new.state),
            campaigns::started_at.eq(new.started_at),
            campaigns::ended_at.eq(new.ended_at),
            campaigns::draws.eq(new.draws),
            campaigns::report.eq(new.report.as_deref()),
            campaigns::version.eq(new.version),
            campaigns::updated_at.eq(new.updated_at),
        ))
        .execute(conn)?;
    if changed == 0 { Err(Code::Stale.into()) } else { Ok(()) }
}

pub fn find_action(conn: &mut Conn, id: ActionId) -> Outcome<Option<StoredAction>> {
    Ok(campaign_actions::table.find(id).select(StoredAction::as_select()).first(conn).optional()?)
}

pub fn insert_action(conn: &mut Conn, action: StoredAction) -> Outcome<()> {
    diesel::insert_into(campaign_actions::table).values(action).execute(conn)?;
    Ok(())
}

/// The steps taken, oldest first.
pub fn actions(conn: &mut Conn, id: CampaignId) -> Outcome<Vec<StoredAction>> {
    Ok(campaign_actions::table
        .filter(campaign_actions::campaign_id.eq(id))
        .order(campaign_actions::step)
        .select(StoredAction::as_select())
        .load(conn)?)
}

pub fn insert_target(conn: &mut Conn, target: Target) -> Outcome<()> {
    diesel::insert_into(campaign_targets::table).values(target).execute(conn)?;
    Ok(())
}

/// The whole frozen list, whoever covers it.
pub fn targets(conn: &mut Conn, id: CampaignId) -> Outcome<Vec<Target>> {
    Ok(campaign_targets::table
        .filter(campaign_targets::campaign_id.eq(id))
        .order(campaign_targets::institution_id)
        .select(Target::as_select())
        .load(conn)?)
}

/// Takes an institution out; `false` when it is not on the list or was taken out before.
pub fn exempt(
    conn: &mut Conn,
    (id, institution): (CampaignId, InstitutionId),
    reason: &str,
    by: UserId,
    at: Instant,
) -> Outcome<bool> {
    let target = campaign_targets::table.find((id, institution));
    let changed = diesel::update(target.filter(campaign_targets::exempt_reason.is_null()))
        .set((
            campaign_targets::exempt_reason.eq(reason),
            campaign_targets::exempted_by.eq(by),
            campaign_targets::exempted_at.eq(at),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Writes a draw, and who visits whom from now on. Institutions outside `drawn` are not visited.
pub fn store_draw(conn: &mut Conn, draw: StoredDraw, lots: &Lots, visits: &[Visit]) -> Outcome<()> {
    let id = draw.campaign_id;
    diesel::insert_into(campaign_draws::table).values(draw).execute(conn)?;
    let visited: BTreeSet<InstitutionId> = visits.iter().map(|visit| visit.institution_id).collect();
    for institution in &lots.institutions {
        let gone = campaign_visitors::table.filter(
            campaign_visitors::campaign_id.eq(id).and(campaign_visitors::institution_id.eq(institution)),
        );
        diesel::delete(gone).execute(conn)?;
        diesel::update(campaign_targets::table.find((id, institution)))
            .set(campaign_targets::drawn.eq(visited.contains(institution)))
            .execute(conn)?;
    }
    for visit in visits {
        assign(conn, id, visit)?;
    }
    Ok(())
}

/// Adds who visits an institution.
pub fn assign(conn: &mut Conn, id: CampaignId, visit: &Visit) -> Outcome<()> {
    for user in &visit.inspectors {
        diesel::insert_into(campaign_visitors::table)
            .values((
                campaign_visitors::campaign_id.eq(id),
                campaign_visitors::institution_id.eq(visit.institution_id),
                campaign_visitors::user_id.eq(user),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Replaces who visits an institution; a visit of somebody sent by hand is one that was drawn.
pub fn reassign(conn: &mut Conn, id: CampaignId, visit: &Visit) -> Outcome<bool> {
    let institution = visit.institution_id;
    let known = diesel::update(campaign_targets::table.find((id, institution)))
        .set(campaign_targets::drawn.eq(true))
        .execute(conn)?;
    let gone = campaign_visitors::table
        .filter(campaign_visitors::campaign_id.eq(id).and(campaign_visitors::institution_id.eq(institution)));
    diesel::delete(gone).execute(conn)?;
    assign(conn, id, visit)?;
    Ok(known == 1)
}

/// Who visits whom.
pub fn visitors(conn: &mut Conn, id: CampaignId) -> Outcome<BTreeMap<InstitutionId, Vec<UserId>>> {
    let rows: Vec<(InstitutionId, UserId)> = campaign_visitors::table
        .filter(campaign_visitors::campaign_id.eq(id))
        .order((campaign_visitors::institution_id, campaign_visitors::user_id))
        .select((campaign_visitors::institution_id, campaign_visitors::user_id))
        .load(conn)?;
    let mut by_institution: BTreeMap<InstitutionId, Vec<UserId>> = BTreeMap::new();
    for (institution, user) in rows {
        by_institution.entry(institution).or_default().push(user);
    }
    Ok(by_institution)
}

/// The institutions to which somebody was sent by hand since the last draw.
pub fn reassigned(conn: &mut Conn, id: CampaignId) -> Outcome<BTreeSet<InstitutionId>> {
    let mut by_hand = BTreeSet::new();
    for step in actions(conn, id)? {
        if step.kind == CampaignStep::Draw.as_str() {
            by_hand.clear();
        }
        let form: Result<CampaignAction, _> = serde_json::from_str(&step.content);
        let to =
            form.ok().filter(|form| form.kind == CampaignStep::Assign).and_then(|form| form.institution_id);
        by_hand.extend(to);
    }
    Ok(by_hand)
}

/// The draws held, the last one first.
pub fn draws(conn: &mut Conn, id: CampaignId) -> Outcome<Vec<DrawRecord>> {
    let rows: Vec<StoredDraw> = campaign_draws::table
        .filter(campaign_draws::campaign_id.eq(id))
        .order(campaign_draws::number.desc())
        .select(StoredDraw::as_select())
        .load(conn)?;
    rows.into_iter().map(DrawRecord::try_from).collect()
}

impl TryFrom<StoredDraw> for DrawRecord {
    type Error = Failure;

    fn try_from(of: StoredDraw) -> Outcome<Self> {
        let unreadable = |_error| Failure::Internal("a stored draw cannot be read");
        Ok(Self {
            campaign_id: of.campaign_id,
            number: of.number,
            at: of.at,
            reason: of.reason,
            lots: serde_json::from_str(&of.lots).map_err(unreadable)?,
            visits: serde_json::from_str(&of.visits).map_err(unreadable)?,
            digest: of.digest,
        })
    }
}

impl StoredDraw {
    pub fn of(record: &DrawRecord, drawn_by: UserId) -> Self {
        Self {
            campaign_id: record.campaign_id,
            number: record.number,
            at: record.at,
            drawn_by,
            reason: record.reason.clone(),
            lots: canonical(&record.lots),
            visits: canonical(&record.visits),
            digest: record.digest.clone(),
        }
    }
}

/// An institution of the list as a caller sees it.
#[derive(Debug, Clone, Queryable)]
pub struct Place {
    pub id: InstitutionId,
    pub name: String,
    pub name_key: String,
    pub place: AreaColumns,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// The institutions of the list that the caller covers.
pub fn places(conn: &mut Conn, scope: &Scope, id: CampaignId) -> Outcome<Vec<Place>> {
    use institutions::{area_1, area_2, area_3, area_4, area_5, area_6};
    let listed = campaign_targets::table
        .filter(campaign_targets::campaign_id.eq(id))
        .select(campaign_targets::institution_id);
    Ok(institutions::table
        .filter(in_scope!(institutions, id, scope))
        .filter(institutions::id.eq_any(listed))
        .select((
            institutions::id,
            institutions::name,
            institutions::name_key,
            (area_1, area_2, area_3, area_4, area_5, area_6),
            institutions::latitude,
            institutions::longitude,
        ))
        .load(conn)?)
}
