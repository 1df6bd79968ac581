//! Taking a step: looked up by its id first, decided by the rules, stored with its entry.

use super::action::{CampaignAction, DrawWish, Exemption, Step};
use super::draw::{Avoidance, Ground, Lots, NoDraw, PROCEDURE, Visit, draw};
use super::draw_record::{DrawRecord, digest_of};
use super::model::{Campaign, CampaignState, StoredAction, StoredDraw, Target};
use super::{queries, report, rules, view};
use crate::access::{Role, Scope, WriteTx};
use crate::areas;
use crate::audit;
use crate::canonical::{canonical, digest};
use crate::ids::{ActionId, CampaignId, ChainId, InstitutionId, UserId};
use crate::inspections::{self, PlannedVisit};
use crate::institutions::{self, Institution, model::OperatingStatus};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use crate::users;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// More pairs of inspector and institution than this are not drawn at once.
const MOST_PAIRS: usize = 2_000_000;
/// Why a suspended institution is left out by itself.
const SUSPENDED: &str = "停业（suspended）";
/// Why planned visits are taken back when nothing else is said.
const CLOSED: &str = "专项行动已结束（campaign closed）";
const DRAWN: &str = "重新抽取（drawn again）";

/// Takes the step `form` under `action`, or confirms that it was taken so.
pub fn act(
    tx: &mut WriteTx<'_>,
    id: CampaignId,
    action: ActionId,
    form: &CampaignAction,
    expected: Option<i64>,
) -> Outcome<(Stored, Campaign)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, tx.actor, id)?;
    let step = form.parse()?;
    let digest = digest(form);
    if let Some(taken) = queries::find_action(tx.conn, action)? {
        queries::find(tx.conn, tx.actor, taken.campaign_id)?;
        return Ok((Stored::confirmed(taken.campaign_id == id && taken.digest == digest)?, before));
    }
    if expected.is_some_and(|version| version != before.version) {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": before.version })).into());
    }
    rules::may(&before, view::who(tx.actor, &before), form.kind)?;
    let mut after = before.clone();
    after.version += 1;
    after.updated_at = tx.now;
    let (name, told) = match step {
        Step::Start { institutions, exemptions } => start(tx, &mut after, institutions, &exemptions)?,
        Step::Exempt(exemption) => exempt(tx, &after, &exemption)?,
        Step::Draw(wish) => draw_lots(tx, &mut after, wish)?,
        Step::Assign { institution, inspectors, reason } => {
            assign(tx, &after, institution, inspectors, &reason)?
        }
        Step::Close { reason } => close(tx, &mut after, reason.as_deref())?,
        Step::Cancel { reason } => cancel(tx, &mut after, &reason)?,
    };
    record(
        tx,
        name,
        &after,
        json!({ "action": action, "step": form, "told": told, "version": after.version }),
    )?;
    queries::update(tx.conn, &after)?;
    let stored = StoredAction {
        id: action,
        campaign_id: id,
        step: i32::try_from(after.version).unwrap_or(i32::MAX),
        kind: form.kind.to_string(),
        actor_id: tx.actor.id,
        at: tx.now,
        content: canonical(form),
        digest,
    };
    queries::insert_action(tx.conn, stored)?;
    Ok((Stored::Created, after))
}

/// Adds an entry about a campaign to the system's chain: it belongs to no institution alone.
pub fn record(tx: &mut WriteTx<'_>, action: &'static str, of: &Campaign, content: Value) -> Outcome<()> {
    let (object_kind, object_id) = ("campaign", Some(of.id.0));
    audit::record(tx, audit::Entry { chain: ChainId::SYSTEM, action, object_kind, object_id, content })
}

type Told = (&'static str, Value);

/// Fixes the list: what is on it now is on it for good, with every exemption and its reason.
fn start(
    tx: &mut WriteTx<'_>,
    campaign: &mut Campaign,
    wanted: Option<Vec<InstitutionId>>,
    exemptions: &[Exemption],
) -> Outcome<Told> {
    let area = areas::queries::find(tx.conn, &tx.actor.scope, campaign.area_id)?;
    let all = institutions::queries::to_visit(tx.conn, &area)?;
    let listed: Vec<Institution> = match wanted {
        None => all,
        Some(wanted) => {
            let mut by_id: BTreeMap<InstitutionId, Institution> =
                all.into_iter().map(|institution| (institution.id, institution)).collect();
            let pick = |(at, id)| {
                let unknown = || Refusal::invalid(format!("/institutions/{at}"), FieldCode::UnknownReference);
                by_id.remove(&id).ok_or_else(unknown)
            };
            wanted.into_iter().enumerate().map(pick).collect::<Result<_, _>>()?
        }
    };
    if listed.is_empty() {
        return Err(Refusal::invalid("/institutions", FieldCode::Required).into());
    }
    let mut reasons: BTreeMap<InstitutionId, &str> =
        exemptions.iter().map(|one| (one.institution_id, one.reason.as_str())).collect();
    let suspended = listed.iter().filter(|one| one.status == OperatingStatus::Suspended);
    let suspended: Vec<InstitutionId> = suspended.map(|one| one.id).collect();
    for id in suspended {
        reasons.entry(id).or_insert(SUSPENDED);
    }
    let known: BTreeSet<InstitutionId> = listed.iter().map(|one| one.id).collect();
    if let Some(at) = exemptions.iter().position(|one| !known.contains(&one.institution_id)) {
        let pointer = format!("/exemptions/{at}/institution_id");
        return Err(Refusal::invalid(pointer, FieldCode::UnknownReference).into());
    }
    for one in &listed {
        let reason = reasons.get(&one.id).map(ToString::to_string);
        let exempt = reason.is_some();
        let target = Target {
            campaign_id: campaign.id,
            institution_id: one.id,
            drawn: true,
            exempt_reason: reason,
            exempted_by: exempt.then_some(tx.actor.id),
            exempted_at: exempt.then_some(tx.now),
        };
        queries::insert_target(tx.conn, target)?;
    }
    campaign.state = CampaignState::Running;
    campaign.started_at = Some(tx.now);
    let list: Vec<InstitutionId> = known.into_iter().collect();
    let told = json!({ "targets": list.len(), "list": digest(&list), "exempt": reasons });
    Ok(("campaign.started", told))
}

fn exempt(tx: &mut WriteTx<'_>, campaign: &Campaign, one: &Exemption) -> Outcome<Told> {
    let Exemption { institution_id, reason } = one;
    let target = (campaign.id, *institution_id);
    if !queries::exempt(tx.conn, target, reason, tx.actor.id, tx.now)? {
        return Err(Refusal::invalid("/institution_id", FieldCode::UnknownReference).into());
    }
    inspections::cancel_for_campaign(tx, campaign.id, Some(*institution_id), reason)?;
    Ok(("campaign.exempted", json!({ "institution_id": institution_id, "reason": reason })))
}

/// Draws who visits whom among those who still have to be visited, and plans the visits.
fn draw_lots(tx: &mut WriteTx<'_>, campaign: &mut Campaign, wish: DrawWish) -> Outcome<Told> {
    if campaign.draws > 0 && wish.reason.is_none() {
        return Err(Refusal::invalid("/reason", FieldCode::Required).into());
    }
    let visited: BTreeSet<InstitutionId> = inspections::queries::handed_in_for(tx.conn, campaign.id)?
        .into_iter()
        .map(|(institution, _)| institution)
        .collect();
    let waiting: Vec<InstitutionId> = queries::targets(tx.conn, campaign.id)?
        .into_iter()
        .filter(|target| target.exempt_reason.is_none() && !visited.contains(&target.institution_id))
        .map(|target| target.institution_id)
        .collect();
    if waiting.is_empty() {
        return Err(Code::NobodyToVisit.into());
    }
    let lots = lots(tx, wish.clone(), waiting)?;
    let visits = draw(&lots).map_err(no_draw)?;
    campaign.draws += 1;
    let record = DrawRecord {
        campaign_id: campaign.id,
        number: campaign.draws,
        at: tx.now,
        reason: wish.reason,
        digest: digest_of(&lots, &visits),
        lots,
        visits,
    };
    queries::store_draw(tx.conn, StoredDraw::of(&record, tx.actor.id), &record.lots, &record.visits)?;
    let why = record.reason.as_deref().unwrap_or(DRAWN);
    inspections::cancel_for_campaign(tx, campaign.id, None, why)?;
    for visit in &record.visits {
        plan(tx, campaign, visit)?;
    }
    Ok((
        "campaign.drawn",
        json!({ "number": record.number, "seed": record.lots.seed, "digest": record.digest }),
    ))
}

fn no_draw(no: NoDraw) -> Refusal {
    match no {
        NoDraw::TooFew { institution, inspectors } => Refusal::new(Code::TooFewInspectors)
            .current(json!({ "institution_id": institution, "inspectors": inspectors })),
        NoDraw::UnknownProcedure => Code::TooFewInspectors.into(),
    }
}

/// Everything the draw depends on: what was asked, and what follows from people's charges and from earlier visits.
fn lots(tx: &mut WriteTx<'_>, wish: DrawWish, institutions: Vec<InstitutionId>) -> Outcome<Lots> {
    if institutions.len().saturating_mul(wish.inspectors.len()) > MOST_PAIRS {
        return Err(Refusal::invalid("/inspectors", FieldCode::TooMany).into());
    }
    let scopes = scopes(tx, &wish.inspectors)?;
    let places = institutions::queries::places(tx.conn, institutions.clone())?;
    let listed: BTreeSet<InstitutionId> = institutions.iter().copied().collect();
    let mut avoid: BTreeMap<(UserId, InstitutionId), Ground> = BTreeMap::new();
    for (user, scope) in &scopes {
        for (institution, place) in &places {
            if !scope.covers(*institution, place) {
                avoid.insert((*user, *institution), Ground::OutOfScope);
            }
        }
    }
    if wish.avoid_last_visitor {
        for (institution, user) in inspections::queries::last_visitors(tx.conn, institutions.clone())? {
            if scopes.contains_key(&user) {
                avoid.entry((user, institution)).or_insert(Ground::VisitedLastTime);
            }
        }
    }
    for (at, one) in wish.avoid.iter().enumerate() {
        if !scopes.contains_key(&one.inspector_id) {
            return Err(unknown(format!("/avoid/{at}/inspector_id")));
        }
        // Somebody may declare it of an institution that was visited or exempted meanwhile.
        if listed.contains(&one.institution_id) {
            avoid.entry((one.inspector_id, one.institution_id)).or_insert(Ground::Declared);
        }
    }
    let avoid = avoid.into_iter().map(|((inspector_id, institution_id), ground)| Avoidance {
        inspector_id,
        institution_id,
        ground,
    });
    Ok(Lots {
        procedure: PROCEDURE.into(),
        seed: wish.seed.unwrap_or_else(fresh_seed),
        institutions,
        sample: wish.sample,
        inspectors: scopes.keys().copied().collect(),
        per_visit: wish.per_visit,
        avoid: avoid.collect(),
    })
}

fn fresh_seed() -> String {
    let mut seed = [0_u8; 32];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut seed);
    hex::encode(seed)
}

fn unknown(pointer: String) -> crate::refusal::Failure {
    Refusal::invalid(pointer, FieldCode::UnknownReference).into()
}

/// The inspectors with what they cover, or the first that is none.
fn scopes(tx: &mut WriteTx<'_>, inspectors: &[UserId]) -> Outcome<BTreeMap<UserId, Scope>> {
    let mut scopes = BTreeMap::new();
    for (at, id) in inspectors.iter().enumerate() {
        let found = users::queries::find_any(tx.conn, *id)?;
        let found = found.filter(|user| user.role == Role::Inspector && !user.disabled);
        let user = found.ok_or_else(|| unknown(format!("/inspectors/{at}")))?;
        scopes.insert(*id, users::queries::scope(tx.conn, *id, user.scope_kind)?);
    }
    Ok(scopes)
}

fn plan(tx: &mut WriteTx<'_>, campaign: &Campaign, visit: &Visit) -> Outcome<()> {
    let planned = PlannedVisit {
        campaign_id: campaign.id,
        number: campaign.draws,
        institution_id: visit.institution_id,
        kind: campaign.inspection_kind,
        inspectors: visit.inspectors.clone(),
        starts_on: campaign.starts_on,
        ends_on: campaign.ends_on,
    };
    inspections::plan_for_campaign(tx, &planned).map(|_| ())
}

/// Sends others than were drawn to one institution: somebody fell ill, somebody must avoid it after all.
fn assign(
    tx: &mut WriteTx<'_>,
    campaign: &Campaign,
    institution: InstitutionId,
    inspectors: Vec<UserId>,
    reason: &str,
) -> Outcome<Told> {
    let scopes = scopes(tx, &inspectors)?;
    let places = institutions::queries::places(tx.conn, vec![institution])?;
    let place = places.get(&institution).ok_or_else(|| unknown("/institution_id".into()))?;
    if let Some(at) =
        inspectors.iter().position(|id| !scopes.get(id).is_some_and(|s| s.covers(institution, place)))
    {
        return Err(Refusal::invalid(format!("/inspectors/{at}"), FieldCode::Mismatch).into());
    }
    let visit = Visit { institution_id: institution, inspectors };
    if !queries::reassign(tx.conn, campaign.id, &visit)? {
        return Err(unknown("/institution_id".into()));
    }
    inspections::cancel_for_campaign(tx, campaign.id, Some(institution), reason)?;
    plan(tx, campaign, &visit)?;
    Ok(("campaign.assigned", json!({ "visit": visit, "reason": reason })))
}

/// Ends it. What is not visited stays so in the report; visits that are still planned are taken back.
fn close(tx: &mut WriteTx<'_>, campaign: &mut Campaign, reason: Option<&str>) -> Outcome<Told> {
    campaign.state = CampaignState::Closed;
    campaign.ended_at = Some(tx.now);
    let report = report::closing(&mut tx.reading(), campaign, reason)?;
    inspections::cancel_for_campaign(tx, campaign.id, None, reason.unwrap_or(CLOSED))?;
    let told = json!({ "report": digest(&report) });
    campaign.report = Some(canonical(&report));
    Ok(("campaign.closed", told))
}

fn cancel(tx: &mut WriteTx<'_>, campaign: &mut Campaign, reason: &str) -> Outcome<Told> {
    campaign.state = CampaignState::Cancelled;
    campaign.ended_at = Some(tx.now);
    inspections::cancel_for_campaign(tx, campaign.id, None, reason)?;
    Ok(("campaign.cancelled", json!({ "reason": reason })))
}
