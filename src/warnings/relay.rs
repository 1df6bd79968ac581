//! Relaying a warning, and a home's word that it has seen it.

use super::model::{Target, Warning, WarningAcknowledgement, WarningKind, WarningLevel};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::areas;
use crate::audit;
use crate::canonical::digest;
use crate::db::Instant;
use crate::ids::{AreaId, ChainId, InstitutionId, WarningId};
use crate::institutions::{self, model::OperatingStatus};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A warning as it was received, for an area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "area_id": "0198f000-0000-7000-8000-000000000002", "source": "遂宁市气象台", "kind": "cold_wave", "level": "blue",
    "text": "预计未来48小时日平均气温下降8℃以上，请做好防寒和取暖安全。", "issued_at": "2026-03-10T00:30:00Z",
    "valid_to": "2026-03-12T00:30:00Z", "report_every_minutes": 720
}))]
pub struct WarningForm {
    pub area_id: AreaId,
    /// Who issued it.
    #[schema(min_length = 1, max_length = 100)]
    pub source: String,
    pub kind: WarningKind,
    pub level: WarningLevel,
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
    pub issued_at: Instant,
    /// From when it holds; from its issue when absent.
    pub valid_from: Option<Instant>,
    /// At most 30 days later.
    pub valid_to: Instant,
    /// How often each home reports until it is over; never when absent.
    #[schema(minimum = 10, maximum = 1440)]
    pub report_every_minutes: Option<i32>,
}

/// Relays a warning under `id` to the homes of the area, or confirms that it was relayed so. The list is fixed with it:
/// homes that are suspended or closed at that moment are left out.
pub fn relay(tx: &mut WriteTx<'_>, id: WarningId, form: &WarningForm) -> Outcome<(Stored, Warning)> {
    tx.conn.lock(id.0)?;
    let digest = digest(form);
    if queries::find_any(tx.conn, id)?.is_some() {
        let existing = queries::find(tx.conn, tx.actor, id)?;
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    rules::check(form, tx.now)?;
    areas::queries::hold_still(tx.conn)?;
    let area = areas::queries::find_any(tx.conn, form.area_id)?;
    let area = area.filter(|area| tx.actor.scope.covers_area(&area.place));
    let area = area.ok_or_else(|| Refusal::invalid("/area_id", FieldCode::UnknownReference))?;
    let today = tx.office.date(tx.now);
    let within = tx.rules()?.elements(&area.place, today)?.content.acknowledge_within_minutes;
    let homes = institutions::queries::to_visit(tx.conn, &area)?;
    let mut homes: Vec<InstitutionId> = homes
        .into_iter()
        .filter(|home| home.status == OperatingStatus::Operating)
        .map(|home| home.id)
        .collect();
    // The trail keeps the digest of the list: it must be found again after somebody was renamed.
    homes.sort_unstable();
    if homes.is_empty() {
        return Err(Refusal::invalid("/area_id", FieldCode::Mismatch).into());
    }
    let warning = Warning {
        id,
        area_id: area.id,
        place: area.place,
        source: form.source.clone(),
        kind: form.kind,
        level: form.level,
        text: form.text.clone(),
        issued_at: form.issued_at,
        valid_from: form.valid_from.unwrap_or(form.issued_at),
        valid_to: form.valid_to,
        report_every_minutes: form.report_every_minutes,
        acknowledge_within_minutes: i32::try_from(within).unwrap_or(i32::MAX),
        relayed_at: tx.now,
        relayed_by: tx.actor.id,
        ended_how: None,
        ended_at: None,
        end_reason: None,
        digest,
        version: 1,
    };
    queries::insert(tx.conn, warning.clone())?;
    queries::insert_targets(tx.conn, &warning, &homes)?;
    // Last, because everybody who adds to the system's chain waits from here on.
    let told = json!({ "warning": form, "homes": homes.len(), "list": crate::canonical::digest(&homes) });
    tell(tx, "warning.relayed", &warning, told)?;
    Ok((Stored::Created, warning))
}

/// Adds an entry about a warning to the system's chain: it belongs to no institution alone.
pub fn tell(tx: &mut WriteTx<'_>, action: &'static str, of: &Warning, content: Value) -> Outcome<()> {
    let (object_kind, object_id) = ("warning", Some(of.id.0));
    audit::record(tx, audit::Entry { chain: ChainId::SYSTEM, action, object_kind, object_id, content })
}

/// The warning and a home of its list that the caller covers.
pub fn target(tx: &mut WriteTx<'_>, id: WarningId, home: InstitutionId) -> Outcome<(Warning, Target)> {
    let warning = queries::find(tx.conn, tx.actor, id)?;
    institutions::queries::find(tx.conn, &tx.actor.scope, home)?;
    let target = queries::target(tx.conn, id, home)?.ok_or(Code::NotFound)?;
    Ok((warning, target))
}

/// Writes down that a home has seen a warning, or confirms that it stands so. Late is late, and never refused.
pub fn acknowledge(
    tx: &mut WriteTx<'_>,
    id: WarningId,
    home: InstitutionId,
    form: &WarningAcknowledgement,
) -> Outcome<(Stored, Warning, Target)> {
    tx.conn.lock(home.0)?;
    let digest = digest(form);
    let (warning, mut target) = target(tx, id, home)?;
    if let Some(known) = &target.digest {
        return Ok((Stored::confirmed(*known == digest)?, warning, target));
    }
    rules::check_acknowledgement(form)?;
    target.acknowledged_at = Some(tx.now);
    target.acknowledged_by = Some(tx.actor.id);
    target.acknowledgement = Some(form.clone());
    target.digest = Some(digest);
    let entry = audit::Entry {
        chain: home.into(),
        action: "warning.acknowledged",
        object_kind: "warning",
        object_id: Some(id.0),
        content: json!({ "acknowledgement": form, "relayed_at": warning.relayed_at }),
    };
    audit::record(tx, entry)?;
    queries::acknowledge(tx.conn, &target)?;
    Ok((Stored::Created, warning, target))
}
