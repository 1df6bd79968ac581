//! Drafting an edition, and changing a draft.

use super::content::PlanContent;
use super::form::{self, FloorPlan, PlanChange, PlanForm};
use super::model::{Plan, PlanHead, PlanState, StoredContent};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::evidence::{self, EvidenceStateKind, Owner, OwnerKind};
use crate::ids::PlanId;
use crate::institutions::{self};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::staff;
use crate::stored::Stored;
use serde_json::{Value, json};

/// Drafts the next edition of a home's plan under `id`, or confirms that it was drafted so.
pub fn draft(tx: &mut WriteTx<'_>, id: PlanId, form: &PlanForm) -> Outcome<(Stored, Plan)> {
    let form_digest = digest(form);
    if queries::find_any(tx.conn, id)?.is_some() {
        let existing = queries::find(tx.conn, &tx.actor.scope, id)?;
        return Ok((Stored::confirmed(existing.head.digest == form_digest)?, existing));
    }
    let place = institutions::named_and_not_closed(tx, form.institution_id)?;
    queries::hold_home(tx.conn, place.id)?;
    let source = source(tx, form)?;
    let written = form.content.clone().or_else(|| source.as_ref().map(|plan| plan.content.0.clone()));
    let content = written.ok_or_else(|| Refusal::invalid("/content", FieldCode::Required))?;
    let copied_from = source.filter(|_| form.content.is_none()).map(|plan| plan.head.id);
    let going_along = match copied_from {
        Some(id) => stored_pictures(tx, id)?,
        None => 0,
    };
    form::check(&content, &form.floor_plans, going_along)?;
    staff::check_belong(tx.conn, place.id, &content.named().collect::<Vec<_>>())?;
    let head = PlanHead {
        id,
        institution_id: place.id,
        edition: queries::next_edition(tx.conn, place.id)?,
        based_on: form.based_on,
        state: PlanState::Draft,
        kind: content.kind,
        level: level(&content),
        title: content.title.clone(),
        content_digest: digest(&content),
        approval: None,
        in_force_on: None,
        snapshot: None,
        review: None,
        filing: None,
        publication: None,
        superseded_on: None,
        superseded_by: None,
        discarded_because: None,
        created_by: tx.actor.id,
        written_by: tx.actor.id,
        digest: form_digest,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    let plan = Plan { head, content: StoredContent(content) };
    queries::insert(tx.conn, plan.clone())?;
    let copied = match copied_from {
        Some(id) => {
            evidence::queries::copy_stored(tx, (OwnerKind::Plan, id.into()), &owner(&plan.head, None))?
        }
        None => Vec::new(),
    };
    declare(tx, &plan.head, &form.floor_plans, copied.len())?;
    let copied: Vec<Value> =
        copied.iter().map(|one| json!({ "id": one.id, "sha256": one.sha256, "part": one.part })).collect();
    let content = json!({ "edition": plan.head.edition, "based_on": plan.head.based_on, "kind": plan.head.kind,
        "title": plan.head.title, "content": plan.head.content_digest, "floor_plans": form.floor_plans,
        "copied": copied });
    record(tx, &plan.head, "plan.drafted", content)?;
    Ok((Stored::Created, plan))
}

/// Changes a draft over the version the caller saw.
pub fn change(tx: &mut WriteTx<'_>, id: PlanId, version: i64, change: &PlanChange) -> Outcome<Plan> {
    let before = queries::hold(tx.conn, &tx.actor.scope, id)?;
    if before.head.version != version {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": before.head.version })).into());
    }
    rules::may_change(&before.head)?;
    let content = change.content.clone().unwrap_or(before.content.0);
    let already = evidence::queries::of_owner(tx.conn, OwnerKind::Plan, id.into())?.len();
    form::check(&content, &change.floor_plans, already)?;
    let place = institutions::queries::find(tx.conn, &tx.actor.scope, before.head.institution_id)?;
    staff::check_belong(tx.conn, place.id, &content.named().collect::<Vec<_>>())?;
    let content_digest = digest(&content);
    // Whoever leaves the text as it is does not become its writer: else the one who wrote it could approve it.
    let is_as_it_was = content_digest == before.head.content_digest;
    let head = PlanHead {
        kind: content.kind,
        level: level(&content),
        title: content.title.clone(),
        content_digest,
        written_by: if is_as_it_was { before.head.written_by } else { tx.actor.id },
        version: before.head.version + 1,
        updated_at: tx.now,
        ..before.head
    };
    let after = Plan { head, content: StoredContent(content) };
    let told = json!({ "edition": after.head.edition, "kind": after.head.kind, "title": after.head.title,
        "content": after.head.content_digest, "floor_plans": change.floor_plans, "version": after.head.version });
    record(tx, &after.head, "plan.changed", told)?;
    queries::rewrite(tx.conn, &after)?;
    declare(tx, &after.head, &change.floor_plans, already)?;
    Ok(after)
}

fn level(content: &PlanContent) -> Option<i32> {
    content.level.and_then(|level| i32::try_from(level).ok())
}

/// The edition that a draft is based on: another one of the same home.
fn source(tx: &mut WriteTx<'_>, form: &PlanForm) -> Outcome<Option<Plan>> {
    let Some(id) = form.based_on else { return Ok(None) };
    let found = queries::find_any(tx.conn, id)?;
    let found = found.filter(|plan| plan.head.institution_id == form.institution_id);
    let found = found.ok_or_else(|| Refusal::invalid("/based_on", FieldCode::UnknownReference))?;
    Ok(Some(found))
}

/// How many pictures of an edition are here, and so go along into the next one.
fn stored_pictures(tx: &mut WriteTx<'_>, id: PlanId) -> Outcome<usize> {
    let all = evidence::queries::of_owner(tx.conn, OwnerKind::Plan, id.into())?;
    Ok(all.iter().filter(|one| one.state == EvidenceStateKind::Stored).count())
}

fn owner<'a>(plan: &PlanHead, part: Option<&'a str>) -> Owner<'a> {
    Owner { kind: OwnerKind::Plan, id: plan.id.into(), institution: plan.institution_id, action: None, part }
}

fn declare(tx: &mut WriteTx<'_>, plan: &PlanHead, floors: &[FloorPlan], already: usize) -> Outcome<()> {
    let mut first = already;
    for (at, floor) in floors.iter().enumerate() {
        let part = floor.part();
        let place = format!("/floor_plans/{at}");
        evidence::queries::declare_at(tx, &owner(plan, Some(&part)), &place, &floor.evidence, first)?;
        first += floor.evidence.len();
    }
    Ok(())
}

/// Adds an entry about a plan to its institution's chain. What the plan says stands in it as a digest: the content itself
/// is kept, and holds people's numbers.
pub(super) fn record(
    tx: &mut WriteTx<'_>,
    of: &PlanHead,
    action: &'static str,
    content: Value,
) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.institution_id.into(),
        action,
        object_kind: "plan",
        object_id: Some(of.id.0),
        content,
    };
    audit::record(tx, entry)
}
