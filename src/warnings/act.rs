//! Ending a warning: the all-clear, or that it should not have been relayed.

use super::model::{StoredAction, Warning, WarningEnd};
use super::{queries, relay, rules};
use crate::access::WriteTx;
use crate::canonical::{canonical, digest};
use crate::ids::{ActionId, WarningId};
use crate::refusal::{Code, Outcome, Refusal};
use crate::stored::Stored;
use crate::text_enum;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

text_enum! {
    /// What can be done with a warning.
    pub enum WarningStep {
        /// 解除
        AllClear = "all_clear",
        /// 撤销, with a reason.
        Cancel = "cancel",
    }
}

/// A step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "all_clear", "reason": "气象台已解除寒潮蓝色预警", "expected_version": 1}))]
pub struct WarningAction {
    pub kind: WarningStep,
    /// Required for cancel.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
    /// The version the caller saw; a step on something newer is refused.
    #[serde(skip_serializing)]
    pub expected_version: Option<i64>,
}

/// Takes the step `form` under `action`, or confirms that it was taken so.
pub fn act(
    tx: &mut WriteTx<'_>,
    id: WarningId,
    action: ActionId,
    form: &WarningAction,
    expected: Option<i64>,
) -> Outcome<(Stored, Warning)> {
    tx.conn.lock(id.0)?;
    let mut warning = queries::find(tx.conn, tx.actor, id)?;
    let digest = digest(form);
    if let Some(taken) = queries::find_action(tx.conn, action)? {
        queries::find(tx.conn, tx.actor, taken.warning_id)?;
        return Ok((Stored::confirmed(taken.warning_id == id && taken.digest == digest)?, warning));
    }
    if expected.is_some_and(|version| version != warning.version) {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": warning.version })).into());
    }
    if !tx.actor.scope.covers_area(&warning.place) {
        return Err(Code::StepNotYours.into());
    }
    rules::may(&warning, form)?;
    let (how, name) = match form.kind {
        WarningStep::AllClear => (WarningEnd::AllClear, "warning.all_clear"),
        WarningStep::Cancel => (WarningEnd::Cancelled, "warning.cancelled"),
    };
    warning.ended_how = Some(how);
    warning.ended_at = Some(tx.now);
    warning.end_reason = form.reason.clone();
    warning.version += 1;
    relay::tell(tx, name, &warning, json!({ "action": action, "step": form, "version": warning.version }))?;
    queries::end(tx.conn, &warning)?;
    let stored = StoredAction {
        id: action,
        warning_id: id,
        step: i32::try_from(warning.version).unwrap_or(i32::MAX),
        kind: form.kind.to_string(),
        actor_id: tx.actor.id,
        at: tx.now,
        content: canonical(form),
        digest,
    };
    queries::insert_action(tx.conn, stored)?;
    Ok((Stored::Created, warning))
}
