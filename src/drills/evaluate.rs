//! Evaluating a drill: by somebody who did not command it, in one body and one transaction.

use super::forms::EvaluationForm;
use super::model::{Drill, DrillState, Evaluated, FoundIn};
use super::plan::record;
use super::record::hazard_ids;
use super::record_rules::{Held, check_evaluation};
use super::{problems, queries, rules};
use crate::access::WriteTx;
use crate::canonical::digest;
use crate::ids::DrillId;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::staff;
use crate::stored::Stored;
use serde_json::json;

/// Evaluates a drill as `form` says, or confirms that it was evaluated so.
pub fn evaluate(tx: &mut WriteTx<'_>, id: DrillId, form: &EvaluationForm) -> Outcome<(Stored, Drill)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, tx.actor, id)?;
    let digest = digest(form);
    if before.evaluation_digest.is_some() {
        let same = before.evaluation_digest.as_deref() == Some(digest.as_str());
        return Ok((Stored::confirmed(same)?, before));
    }
    rules::may_evaluate(&before)?;
    let told = problems::record_of(&before)?;
    let held = Held { record: told, on_day: before.on_day, today: tx.office.date(tx.now) };
    check_evaluation(form, &held)?;
    staff::check_belong(tx.conn, before.institution_id, &[("/evaluator".to_owned(), &form.evaluator)])?;
    // What the record tells of is not told again.
    let known = hazard_ids(&told.problems);
    if let Some(at) =
        form.problems.iter().position(|one| one.hazard.as_ref().is_some_and(|h| known.contains(&h.id)))
    {
        let refusal = Refusal::new(Code::Invalid);
        return Err(refusal.field(format!("/problems/{at}/hazard/id"), FieldCode::Duplicate).into());
    }
    let after = Drill {
        state: DrillState::Evaluated,
        evaluation: Some(Evaluated(form.clone())),
        evaluation_digest: Some(digest),
        evaluated_at: Some(tx.now),
        evaluated_by: Some(tx.actor.id),
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    let mut told = json!(form);
    if let Some(list) = told.get_mut("problems") {
        *list = problems::told(&form.problems);
    }
    let content = json!({ "evaluation": told, "digest": after.evaluation_digest, "version": after.version });
    record(tx, &after, "drill.evaluated", content)?;
    queries::update(tx.conn, &after)?;
    problems::follow_up(tx, &after, FoundIn::Evaluation, &form.problems)?;
    Ok((Stored::Created, after))
}
