//! Loading a document, and retiring one: a version never changes.

use super::document::{Document, Head, Level};
use super::model::LoadedDocument;
use super::queries;
use super::reader::Problem;
use crate::access::{Scope, WriteTx};
use crate::areas;
use crate::audit;
use crate::fields::Fields;
use crate::ids::{AreaId, ChainId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal, Spot};
use crate::stored::Stored;
use serde_json::json;

/// Every fault of a text, at its line.
pub fn refusal(pointer: &str, problems: Vec<Problem>) -> Refusal {
    let more = problems.len().saturating_sub(MOST_TOLD);
    let refusal = match more {
        0 => Refusal::new(Code::Invalid),
        more => Refusal::new(Code::Invalid).detail(format!("{more} more faults are not told")),
    };
    problems.into_iter().take(MOST_TOLD).fold(refusal, |refusal, problem| {
        let Problem { line, path, code, reason } = problem;
        refusal.field_at(pointer, code, Spot { line, path, reason })
    })
}

/// Nobody mends more at once, and an answer has its limits.
const MOST_TOLD: usize = 200;

/// Loads the text, or confirms that it is loaded so. Below the nation a document is an area's.
pub fn load(
    tx: &mut WriteTx<'_>,
    text: &str,
    owner: Option<AreaId>,
    document: &Document,
) -> Outcome<(Stored, Option<LoadedDocument>)> {
    let head = &document.head;
    check_owner(tx, head, owner)?;
    queries::hold(tx.conn)?;
    if tx.office.rules.embeds(&head.id, head.version) {
        let same =
            tx.office.rules.base().document(&head.id, head.version).is_some_and(|own| own.text == text);
        return Ok((Stored::confirmed(same && owner.is_none())?, None));
    }
    if let Some(loaded) = queries::find(tx.conn, &head.id, head.version)? {
        let same = loaded.sha256 == document.sha256 && loaded.owner_area_id == owner;
        return Ok((Stored::confirmed(same)?, Some(loaded)));
    }
    if let Some(other) = tx.rules()?.kind_of(&head.id).filter(|kind| *kind != head.kind) {
        let refusal = Refusal::new(Code::IdTaken).current(json!({ "kind": other }));
        return Err(refusal.into());
    }
    let loaded = LoadedDocument {
        id: head.id.clone(),
        version: queries::column(head.version)?,
        kind: head.kind,
        level: head.level,
        owner_area_id: owner,
        effective_from: head.effective_from,
        effective_to: head.effective_to,
        verified: head.verified,
        content: text.to_owned(),
        sha256: document.sha256.clone(),
        loaded_by: tx.actor.id,
        loaded_at: tx.now,
        retired_by: None,
        retired_at: None,
        retired_because: None,
    };
    let content = json!({ "document": head, "owner_area_id": owner, "sha256": document.sha256 });
    record(tx, "rule.loaded", content)?;
    queries::insert(tx.conn, loaded.clone())?;
    Ok((Stored::Created, Some(loaded)))
}

/// National documents are for whoever manages everything; the others belong to an area that the caller manages.
fn check_owner(tx: &mut WriteTx<'_>, head: &Head, owner: Option<AreaId>) -> Outcome<()> {
    let Some(owner) = owner else {
        if head.level != Level::National {
            return Err(Refusal::invalid("/owner_area_id", FieldCode::Required).into());
        }
        return if tx.actor.scope == Scope::All { Ok(()) } else { Err(Code::Forbidden.into()) };
    };
    let area = areas::queries::find_any(tx.conn, owner)?;
    if !area.is_some_and(|area| tx.actor.scope.covers_area(&area.place)) {
        return Err(Refusal::invalid("/owner_area_id", FieldCode::UnknownReference).into());
    }
    match head.level {
        Level::National => Err(Refusal::invalid("/owner_area_id", FieldCode::NotAllowedHere).into()),
        Level::Provincial | Level::Office => Ok(()),
    }
}

/// Retires a version: what goes by it goes on, but nobody new adopts it.
pub fn retire(tx: &mut WriteTx<'_>, id: &str, version: u32, reason: &str) -> Outcome<LoadedDocument> {
    let mut fields = Fields::new();
    fields.prose("/reason", reason, 1..=500);
    fields.finish()?;
    queries::hold(tx.conn)?;
    if tx.office.rules.embeds(id, version) {
        return Err(Code::RuleInUse.into());
    }
    let mut loaded = queries::find(tx.conn, id, version)?.ok_or(Code::NotFound)?;
    manage(tx, loaded.owner_area_id)?;
    if loaded.retired_at.is_some() {
        return Ok(loaded);
    }
    if queries::is_adopted(tx.conn, id, version, tx.office.date(tx.now))? {
        return Err(Code::RuleInUse.into());
    }
    record(tx, "rule.retired", json!({ "id": id, "version": version, "reason": reason }))?;
    queries::retire(tx.conn, id, version, tx.actor.id, reason, tx.now)?;
    loaded.retired_by = Some(tx.actor.id);
    loaded.retired_at = Some(tx.now);
    loaded.retired_because = Some(reason.to_owned());
    Ok(loaded)
}

/// Whether the caller manages what belongs to that area, or to everybody.
pub fn manage(tx: &mut WriteTx<'_>, area: Option<AreaId>) -> Outcome<()> {
    let Some(area) = area else {
        return if tx.actor.scope == Scope::All { Ok(()) } else { Err(Code::Forbidden.into()) };
    };
    let area = areas::queries::find_any(tx.conn, area)?.ok_or(Code::NotFound)?;
    if tx.actor.scope.covers_area(&area.place) { Ok(()) } else { Err(Code::NotFound.into()) }
}

/// Adds an entry to the system's chain.
pub fn record(tx: &mut WriteTx<'_>, action: &'static str, content: serde_json::Value) -> Outcome<()> {
    let entry =
        audit::Entry { chain: ChainId::SYSTEM, action, object_kind: "rule", object_id: None, content };
    audit::record(tx, entry)
}
