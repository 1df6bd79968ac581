//! Taking a step: looked up by its id first, decided by the rules, stored with its evidence and its entry.

use super::action::{ActionForm, ActionKind, Step};
use super::lifecycle::{Moment, RulesHere, Situation, Who, follow};
use super::model::{EvidenceState, Hazard, StoredAction};
use super::queries;
use super::register::record;
use crate::access::{Actor, WriteTx};
use crate::canonical::{canonical, digest};
use crate::db::Instant;
use crate::evidence::{self, Owner};
use crate::fields::Fields;
use crate::ids::{ActionId, HazardId};
use crate::office::Office;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::rules::Rules;
use crate::stored::Stored;
use serde_json::json;

/// Takes the step `form` under `action`, or confirms that it was taken so.
pub fn act(
    tx: &mut WriteTx<'_>,
    id: HazardId,
    action: ActionId,
    form: &ActionForm,
    expected: Option<i64>,
) -> Outcome<(Stored, Hazard)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, &tx.actor.scope, id)?;
    let step = form.parse()?;
    let digest = digest(form);
    if let Some(taken) = queries::find_action(tx.conn, action)? {
        // Whoever cannot see that hazard is not told that the id stands for something.
        queries::find(tx.conn, &tx.actor.scope, taken.hazard_id)?;
        return Ok((Stored::confirmed(taken.hazard_id == id && taken.digest == digest)?, before));
    }
    if expected.is_some_and(|version| version != before.version) {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": before.version })).into());
    }
    let known = evidence::queries::of_hazard(tx.conn, id)?;
    let mut fields = Fields::new();
    evidence::rules::check_declared(&mut fields, &form.evidence, known.len());
    fields.finish()?;
    let state = evidence::rules::state(&known);
    let rules = tx.rules()?;
    let after = follow(&situation(tx.office, &rules, tx.actor, &before, &state, tx.now)?, form.kind, &step)?;
    if let Step::WaiveEvidence { evidence } = &step
        && !evidence::queries::waive(tx.conn, id, *evidence)?
    {
        return Err(Refusal::invalid("/evidence_id", FieldCode::UnknownReference).into());
    }
    store(tx, &before, &after, action, form, digest)?;
    evidence::queries::declare(tx, &Owner::hazard(&after, Some(action)), &form.evidence, known.len())?;
    let after = match form.kind {
        // A waived photo may have been the last one that something fixed on the spot was waiting for.
        ActionKind::WaiveEvidence => super::register::settle(tx, after)?,
        _ => after,
    };
    Ok((Stored::Created, after))
}

/// What the rules look at: those in force at the hazard's place today.
pub fn situation<'a>(
    office: &Office,
    rules: &'a Rules,
    actor: &Actor,
    hazard: &'a Hazard,
    evidence: &'a EvidenceState,
    now: Instant,
) -> Result<Situation<'a>, Refusal> {
    let closed_on = hazard.closed_at.map(|at| office.date(at));
    let today = office.date(now);
    let moment = Moment { now, today, closed_on };
    let rules = RulesHere::of(rules, &hazard.place, today)?;
    Ok(Situation { hazard, evidence, who: Who::of(actor, hazard), moment, rules })
}

fn store(
    tx: &mut WriteTx<'_>,
    before: &Hazard,
    after: &Hazard,
    action: ActionId,
    form: &ActionForm,
    digest: String,
) -> Outcome<()> {
    let content = json!({
        "action": action, "step": form, "status_before": before.status, "status": after.status,
        "severity": after.severity, "deadline": after.deadline, "version": after.version,
    });
    record(tx, after, entry_name(form.kind), content)?;
    queries::update(tx.conn, before, after)?;
    let stored = StoredAction {
        id: action,
        hazard_id: after.id,
        step: i32::try_from(after.version).unwrap_or(i32::MAX),
        kind: form.kind.to_string(),
        actor_id: tx.actor.id,
        actor_role: tx.actor.role.to_string(),
        at: tx.now,
        status_before: before.status.to_string(),
        status_after: after.status.to_string(),
        content: canonical(form),
        digest,
    };
    queries::insert_action(tx.conn, stored)
}

/// The name of a step in the audit trail.
fn entry_name(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Accept => "hazard.accepted",
        ActionKind::Submit => "hazard.fix_submitted",
        ActionKind::RecheckPass => "hazard.closed",
        ActionKind::RecheckFail => "hazard.sent_back",
        ActionKind::RequestExtension => "hazard.extension_requested",
        ActionKind::DecideExtension => "hazard.extension_decided",
        ActionKind::JudgeMajor => "hazard.judged_major",
        ActionKind::List => "hazard.listed",
        ActionKind::Delist => "hazard.delisted",
        ActionKind::Transfer => "hazard.transferred",
        ActionKind::Return => "hazard.returned",
        ActionKind::Comment => "hazard.commented",
        ActionKind::RequestVoid => "hazard.void_requested",
        ActionKind::DecideVoid => "hazard.void_decided",
        ActionKind::Reopen => "hazard.reopened",
        ActionKind::WaiveEvidence => "hazard.evidence_waived",
    }
}
