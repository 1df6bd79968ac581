//! What a home reports while a warning holds.

use super::model::{HomeSituation, Report, ReportContent};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::evidence::{self, DeclaredEvidence, Owner, OwnerKind};
use crate::ids::{InstitutionId, WarningId, WarningReportId};
use crate::institutions;
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// A report as it is sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "warning_id": "0198f000-0000-7000-8000-0000000000c0", "institution_id": "0198f000-0000-7000-8000-000000000010",
    "situation": "watching", "moved": 0, "needs": "需要一台发电机", "text": "夜班增加一人，取暖设备已逐间检查"
}))]
pub struct WarningReportForm {
    pub warning_id: WarningId,
    pub institution_id: InstitutionId,
    pub situation: HomeSituation,
    /// How many residents were moved, in all.
    #[schema(minimum = 0, maximum = 100000)]
    pub moved: Option<u32>,
    #[schema(min_length = 1, max_length = 1000)]
    pub needs: Option<String>,
    #[schema(min_length = 1, max_length = 2000)]
    pub text: Option<String>,
    /// Photos that will follow.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// The report, if the caller covers its home.
pub fn find(tx: &mut WriteTx<'_>, id: WarningReportId) -> Outcome<Option<Report>> {
    let Some(found) = queries::find_report(tx.conn, id)? else { return Ok(None) };
    institutions::queries::find(tx.conn, &tx.actor.scope, found.institution_id)?;
    Ok(Some(found))
}

/// Writes a report down under `id`, or confirms that it stands so. One that comes after the end is kept all the same.
pub fn report(
    tx: &mut WriteTx<'_>,
    id: WarningReportId,
    form: &WarningReportForm,
) -> Outcome<(Stored, Report)> {
    tx.conn.lock(id.0)?;
    let digest = digest(form);
    if let Some(existing) = find(tx, id)? {
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    rules::check_report(form)?;
    let home = institutions::named(tx, form.institution_id)?;
    if queries::target(tx.conn, form.warning_id, home.id)?.is_none() {
        return Err(Refusal::invalid("/warning_id", FieldCode::UnknownReference).into());
    }
    let new = Report {
        id,
        warning_id: form.warning_id,
        institution_id: home.id,
        reported_at: tx.now,
        reported_by: tx.actor.id,
        content: ReportContent {
            situation: form.situation,
            moved: form.moved,
            needs: form.needs.clone(),
            text: form.text.clone(),
        },
        digest,
    };
    let entry = audit::Entry {
        chain: home.id.into(),
        action: "warning.reported",
        object_kind: "warning_report",
        object_id: Some(id.0),
        content: json!({ "report": form }),
    };
    audit::record(tx, entry)?;
    queries::insert_report(tx.conn, new.clone())?;
    let owner =
        Owner { kind: OwnerKind::Warning, id: id.into(), institution: home.id, action: None, part: None };
    evidence::queries::declare(tx, &owner, &form.evidence, 0)?;
    Ok((Stored::Created, new))
}
