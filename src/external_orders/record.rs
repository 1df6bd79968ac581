//! Writing an order down, and that it no longer binds.

use super::model::{ExternalOrder, OrderKind};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::evidence::{self, DeclaredEvidence, Owner, OwnerKind};
use crate::ids::{ExternalOrderId, InstitutionId};
use crate::institutions;
use crate::refusal::{Code, Outcome, Refusal};
use crate::stored::Stored;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// An order as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "fire_service", "issuer": "船山区消防救援大队",
    "number": "船消限字〔2026〕第0012号", "issued_on": "2026-03-02", "valid_to": "2026-03-20",
    "text": "自动喷水灭火系统末端压力不足，责令限期改正。"
}))]
pub struct ExternalOrderForm {
    pub institution_id: InstitutionId,
    pub kind: OrderKind,
    /// The authority as it names itself.
    #[schema(min_length = 1, max_length = 100)]
    pub issuer: String,
    /// 文号
    #[schema(min_length = 1, max_length = 60)]
    pub number: Option<String>,
    pub issued_on: NaiveDate,
    /// From when it binds; from its issue when absent.
    pub valid_from: Option<NaiveDate>,
    /// The last day; open when absent.
    pub valid_to: Option<NaiveDate>,
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
    /// Photos of the paper that will follow.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// That an order no longer binds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lifted_on": "2026-03-18", "reason": "消防救援大队复查合格，解除责令改正"}))]
pub struct LiftForm {
    /// The first day on which it no longer binds.
    pub lifted_on: NaiveDate,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// Photos of the paper that will follow.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// Writes an order down under `id`, or confirms that it stands so.
pub fn record(
    tx: &mut WriteTx<'_>,
    id: ExternalOrderId,
    form: &ExternalOrderForm,
) -> Outcome<(Stored, ExternalOrder)> {
    let digest = digest(form);
    if queries::find_any(tx.conn, id)?.is_some() {
        let existing = queries::find(tx.conn, &tx.actor.scope, id)?;
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    rules::check(form, tx.office.date(tx.now))?;
    let place = institutions::named(tx, form.institution_id)?;
    let order = ExternalOrder {
        id,
        institution_id: place.id,
        kind: form.kind,
        issuer: form.issuer.clone(),
        number: form.number.clone(),
        issued_on: form.issued_on,
        valid_from: form.valid_from.unwrap_or(form.issued_on),
        valid_to: form.valid_to,
        text: form.text.clone(),
        recorded_by: tx.actor.id,
        recorded_at: tx.now,
        lifted_on: None,
        lift_reason: None,
        lifted_by: None,
        lifted_at: None,
        digest,
        version: 1,
    };
    tell(tx, &order, "external_order.recorded", json!({ "order": form }))?;
    queries::insert(tx.conn, order.clone())?;
    evidence::queries::declare(tx, &owner(&order), &form.evidence, 0)?;
    Ok((Stored::Created, order))
}

/// Writes down that an order no longer binds, or confirms that it stands so.
pub fn lift(tx: &mut WriteTx<'_>, id: ExternalOrderId, form: &LiftForm) -> Outcome<(Stored, ExternalOrder)> {
    tx.conn.lock(id.0)?;
    let before = queries::find(tx.conn, &tx.actor.scope, id)?;
    let known = evidence::queries::of_owner(tx.conn, OwnerKind::ExternalOrder, id.into())?;
    if before.lifted_on.is_some() {
        let shown = form.evidence.iter().all(|new| known.iter().any(|one| one.id == new.id));
        let same = shown
            && before.lifted_on == Some(form.lifted_on)
            && before.lift_reason.as_deref() == Some(form.reason.as_str());
        let current = json!({ "lifted_on": before.lifted_on, "version": before.version });
        return match same {
            true => Ok((Stored::Replayed, before)),
            false => Err(Refusal::new(Code::StepNotAllowed).current(current).into()),
        };
    }
    let photos = known.len();
    rules::check_lift(&before, form, tx.office.date(tx.now), photos)?;
    tell(tx, &before, "external_order.lifted", json!({ "lift": form, "version": before.version + 1 }))?;
    queries::lift(tx.conn, &before, (form.lifted_on, &form.reason), (tx.actor.id, tx.now))?;
    evidence::queries::declare(tx, &owner(&before), &form.evidence, photos)?;
    let after = queries::find(tx.conn, &tx.actor.scope, id)?;
    Ok((Stored::Created, after))
}

fn owner(of: &ExternalOrder) -> Owner<'static> {
    Owner {
        kind: OwnerKind::ExternalOrder,
        id: of.id.into(),
        institution: of.institution_id,
        action: None,
        part: None,
    }
}

fn tell(tx: &mut WriteTx<'_>, of: &ExternalOrder, action: &'static str, content: Value) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.institution_id.into(),
        action,
        object_kind: "external_order",
        object_id: Some(of.id.0),
        content,
    };
    audit::record(tx, entry)
}
