//! Saying what became of a notice: looked up by the step's id first, decided by the rules, stored with its entry.

use super::form::NoticeStepForm;
use super::issue::record;
use super::model::{Notice, NoticeStepKind, StoredStep};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::canonical::{canonical, digest};
use crate::ids::{NoticeId, NoticeStepId};
use crate::refusal::Outcome;
use crate::stored::Stored;
use serde_json::json;

/// Takes the step `form` under `step`, or confirms that it was taken so.
pub fn take(
    tx: &mut WriteTx<'_>,
    id: NoticeId,
    step: NoticeStepId,
    form: &NoticeStepForm,
) -> Outcome<(Stored, Notice)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, &tx.actor.scope, id)?;
    let digest = digest(form);
    if let Some(taken) = queries::find_step(tx.conn, step)? {
        // Whoever cannot see that notice is not told that the id stands for something.
        queries::find(tx.conn, &tx.actor.scope, taken.notice_id)?;
        return Ok((Stored::confirmed(taken.notice_id == id && taken.digest == digest)?, before));
    }
    form.check(before.issued_at, tx.now)?;
    let steps = queries::steps(tx.conn, id)?.len();
    let steps = i32::try_from(steps).unwrap_or(i32::MAX);
    rules::may_step(&before, steps, tx.actor, form.kind)?;
    let after = rules::follow(&before, form, tx.now);
    let content = json!({ "step": step, "form": form, "number": after.number_text, "state": after.state,
        "version": after.version });
    record(tx, &after, entry_name(form.kind), content)?;
    queries::update(tx.conn, &before, &after)?;
    let stored = StoredStep {
        id: step,
        notice_id: id,
        step: steps.saturating_add(1),
        kind: form.kind,
        actor_id: tx.actor.id,
        actor_role: tx.actor.role.to_string(),
        at: tx.now,
        state_after: after.state,
        content: canonical(form),
        digest,
    };
    queries::insert_step(tx.conn, stored)?;
    Ok((Stored::Created, after))
}

/// The name of a step in the audit trail.
fn entry_name(kind: NoticeStepKind) -> &'static str {
    match kind {
        NoticeStepKind::Serve => "notice.served",
        NoticeStepKind::Acknowledge => "notice.acknowledged",
        NoticeStepKind::Reply => "notice.answered",
        NoticeStepKind::Void => "notice.voided",
    }
}
