//! Adopting a version from a day on, and ending that. Past records keep the version they were made by.

use super::document::Document;
use super::load::{manage, record};
use super::model::AdoptionRow;
use super::queries;
use super::terms::{Term, check_end, check_term};
use crate::access::{AreaColumns, WriteTx};
use crate::areas;
use crate::canonical::digest;
use crate::db::sql_types::is_written_year;
use crate::fields::Fields;
use crate::ids::{AdoptionId, AreaId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::stored::Stored;
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// An adoption as it is put.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document": "deadline-default", "version": 2, "area_id": "0198f000-0000-7000-8000-000000000002", "effective_from": "2026-04-01"}))]
pub struct AdoptionForm {
    /// Whose; absent for the whole database.
    pub area_id: Option<AreaId>,
    #[schema(pattern = "^[a-z0-9][a-z0-9.-]{1,59}$")]
    pub document: String,
    #[schema(minimum = 1, maximum = 100000)]
    pub version: u32,
    /// The first day; one that has passed needs a reason, and changes no record that was made meanwhile.
    pub effective_from: NaiveDate,
    /// The last day; absent while no end is known.
    pub effective_to: Option<NaiveDate>,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
}

/// Puts an adoption, or confirms that it stands so.
pub fn adopt(tx: &mut WriteTx<'_>, id: AdoptionId, form: &AdoptionForm) -> Outcome<(Stored, AdoptionRow)> {
    queries::hold(tx.conn)?;
    let digest = digest(form);
    if let Some(existing) = queries::find_adoption(tx.conn, id)? {
        manage(tx, existing.area_id)?;
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    let place = place(tx, form.area_id)?;
    let rules = tx.rules()?;
    let document = rules.document(&form.document, form.version);
    let document = document.ok_or_else(|| Refusal::invalid("/document", FieldCode::UnknownReference))?;
    check_document(tx, document, place.as_ref())?;
    let mut fields = Fields::new();
    fields.optional_prose("/reason", form.reason.as_deref(), 500);
    for (pointer, date) in
        [("/effective_from", Some(form.effective_from)), ("/effective_to", form.effective_to)]
    {
        fields.check(date.is_none_or(|date| is_written_year(date.year())), pointer, FieldCode::OutOfRange);
    }
    let term = Term { from: form.effective_from, to: form.effective_to, explained: form.reason.is_some() };
    check_term(&mut fields, &document.head, &term, tx.office.date(tx.now));
    fields.finish()?;
    let adoption = AdoptionRow {
        id,
        area_id: form.area_id,
        kind: document.head.kind,
        document_id: form.document.clone(),
        document_version: queries::column(form.version)?,
        effective_from: form.effective_from,
        effective_to: form.effective_to,
        reason: form.reason.clone(),
        adopted_by: tx.actor.id,
        adopted_at: tx.now,
        digest,
        version: 1,
        updated_at: tx.now,
    };
    record(tx, "rule.adopted", json!({ "id": id, "adoption": form, "kind": document.head.kind }))?;
    queries::adopt(tx.conn, adoption.clone())?;
    Ok((Stored::Created, adoption))
}

/// Where the area lies, if the caller manages it; `None` for the whole database.
fn place(tx: &mut WriteTx<'_>, area: Option<AreaId>) -> Outcome<Option<AreaColumns>> {
    let Some(area) = area else { return manage(tx, None).map(|()| None) };
    let found = areas::queries::find_any(tx.conn, area)?;
    let found = found.filter(|area| tx.actor.scope.covers_area(&area.place));
    let found = found.ok_or_else(|| Refusal::invalid("/area_id", FieldCode::UnknownReference))?;
    Ok(Some(found.place))
}

/// A retired version is not adopted any more, and an area's own only there and below.
fn check_document(tx: &mut WriteTx<'_>, document: &Document, place: Option<&AreaColumns>) -> Outcome<()> {
    let Some(loaded) = queries::find(tx.conn, &document.head.id, document.head.version)? else {
        return Ok(());
    };
    if loaded.retired_at.is_some() {
        return Err(Code::RuleRetired.into());
    }
    match loaded.owner_area_id {
        Some(owner) if !place.is_some_and(|place| place.contains(owner)) => {
            Err(Refusal::invalid("/area_id", FieldCode::Mismatch).into())
        }
        _ => Ok(()),
    }
}

/// The end of an adoption.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"last_day": "2026-06-30", "reason": "改用新版", "expected_version": 1}))]
pub struct AdoptionEnd {
    /// The last day on which it holds: yesterday at the earliest.
    pub last_day: NaiveDate,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    pub expected_version: Option<i64>,
}

/// Ends an adoption; asked again for the same end, it is confirmed.
pub fn end(tx: &mut WriteTx<'_>, id: AdoptionId, version: i64, form: &AdoptionEnd) -> Outcome<AdoptionRow> {
    queries::hold(tx.conn)?;
    let mut adoption = queries::find_adoption(tx.conn, id)?.ok_or(Code::NotFound)?;
    manage(tx, adoption.area_id)?;
    if adoption.effective_to == Some(form.last_day) && adoption.version == version + 1 {
        return Ok(adoption);
    }
    if adoption.version != version {
        return Err(Refusal::new(Code::Stale).current(json!({ "version": adoption.version })).into());
    }
    let mut fields = Fields::new();
    fields.prose("/reason", &form.reason, 1..=500);
    fields.check(is_written_year(form.last_day.year()), "/last_day", FieldCode::OutOfRange);
    check_end(&mut fields, adoption.effective_to, form.last_day, tx.office.date(tx.now));
    fields.finish()?;
    adoption.effective_to = Some(form.last_day);
    adoption.version += 1;
    adoption.updated_at = tx.now;
    let content =
        json!({ "id": id, "last_day": form.last_day, "reason": form.reason, "version": adoption.version });
    record(tx, "rule.adoption_ended", content)?;
    queries::end(tx.conn, &adoption)?;
    Ok(adoption)
}
