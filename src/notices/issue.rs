//! Issuing a notice: looked up by its id first, decided by the rules, numbered, frozen, stored with its entry.

use super::content::{Listed, Sources, compose};
use super::form::NoticeForm;
use super::model::{Notice, NoticeState};
use super::templates::Template;
use super::{queries, rules as decide};
use crate::access::WriteTx;
use crate::areas::{self, model::Area};
use crate::audit;
use crate::canonical::{canonical, digest, sha256_hex};
use crate::evidence;
use crate::hazards;
use crate::ids::{HazardId, NoticeId};
use crate::institutions::{self, Institution};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::rules::Rules;
use crate::stored::Stored;
use chrono::Datelike;
use serde_json::json;

/// Issues `form` under `id`, or confirms that it was issued so.
pub fn issue(tx: &mut WriteTx<'_>, id: NoticeId, form: &NoticeForm) -> Outcome<(Stored, Notice)> {
    let form_digest = digest(form);
    if let Some(existing) = queries::find_any(tx.conn, id)? {
        return confirm(tx, existing, &form_digest);
    }
    let today = tx.office.date(tx.now);
    form.check(today)?;
    decide::may_issue(tx.actor.role, form.kind)?;
    let institution = institutions::named(tx, form.institution_id)?;
    let area = office_area(tx, form, &institution)?;
    let (office, rules) = (tx.office, tx.rules()?);
    let templates = rules.notice_templates(&institution.place, today)?;
    let template = template(templates.content, form)?;
    let listed = listed(tx, &rules, form)?;
    // The number is taken in the transaction of the notice: whatever is refused from here on gives it back.
    let year = today.year();
    let number = queries::take_number(tx.conn, area.id, form.kind, year)?;
    let named = templates.office(&area.code, &area.name);
    let number_text = decide::number_text(&named.word, &template.word, year, number);
    let content = compose(Sources {
        form,
        templates,
        template,
        office: &named,
        institution: &institution,
        listed,
        number: number_text.clone(),
        issued_at: tx.now,
        live_address: format!("{}/n/{id}", office.policy.public_url.trim_end_matches('/')),
        date: &|at| office.date(at),
    })?;
    let content = canonical(&content);
    let notice = Notice {
        id,
        institution_id: institution.id,
        place: institution.place,
        office_area_id: area.id,
        office_level: area.level,
        kind: form.kind,
        year,
        number,
        number_text,
        state: NoticeState::Issued,
        digest: sha256_hex(content.as_bytes()),
        content,
        issued_at: tx.now,
        issued_by: tx.actor.id,
        served_at: None,
        acknowledged_at: None,
        answered_at: None,
        voided_at: None,
        form_digest,
        version: 1,
        updated_at: tx.now,
    };
    let entry = json!({ "notice": form, "number": notice.number_text, "digest": notice.digest });
    record(tx, &notice, "notice.issued", entry)?;
    queries::insert(tx.conn, &notice, form.hazards.iter().map(|listed| listed.hazard_id))?;
    Ok((Stored::Created, notice))
}

/// The same id again: the same content is confirmed, other content refused, another's id unknown.
fn confirm(tx: &WriteTx<'_>, existing: Notice, form_digest: &str) -> Outcome<(Stored, Notice)> {
    if !tx.actor.scope.covers(existing.institution_id, &existing.place) {
        return Err(Code::NotFound.into());
    }
    if existing.form_digest != form_digest {
        return Err(Code::IdTaken.into());
    }
    Ok((Stored::Replayed, existing))
}

/// The area of the issuing office. One that the caller does not speak for is as if it did not exist.
fn office_area(tx: &mut WriteTx<'_>, form: &NoticeForm, institution: &Institution) -> Outcome<Area> {
    let pointer = "/office_area_id";
    let found = areas::queries::find_any(tx.conn, form.office_area_id)?;
    let found = found.filter(|area| decide::speaks_for(&tx.actor.scope, area.id));
    let area = found.ok_or_else(|| Refusal::invalid(pointer, FieldCode::UnknownReference))?;
    if !decide::is_in_charge(area.id, &institution.place) {
        return Err(Refusal::invalid(pointer, FieldCode::Mismatch).into());
    }
    Ok(area)
}

fn template<'a>(templates: &'a super::NoticeTemplates, form: &NoticeForm) -> Outcome<&'a Template> {
    let found = match &form.template {
        Some(id) => templates.find(id, form.kind),
        None => templates.of_kind(form.kind),
    };
    found.ok_or_else(|| Refusal::invalid("/template", FieldCode::UnknownReference).into())
}

/// The hazards with what is printed of them. Each is held until the transaction ends: what is printed is what stands.
fn listed<'a>(tx: &mut WriteTx<'_>, rules: &'a Rules, form: &'a NoticeForm) -> Outcome<Vec<Listed<'a>>> {
    if form.hazards.is_empty() && decide::needs_hazards(form.kind) {
        return Err(Refusal::invalid("/hazards", FieldCode::Required).into());
    }
    let mut ids: Vec<HazardId> = form.hazards.iter().map(|listed| listed.hazard_id).collect();
    // Always in one order, or two papers could wait for each other.
    ids.sort_unstable();
    for id in ids {
        tx.conn.lock(id.0)?;
    }
    let mut found = Vec::with_capacity(form.hazards.len());
    for (at, listed) in form.hazards.iter().enumerate() {
        let pointer = format!("/hazards/{at}/hazard_id");
        let hazard = hazards::queries::find_any(tx.conn, listed.hazard_id)?;
        let own = |hazard: &hazards::model::Hazard| hazard.institution_id == form.institution_id;
        let hazard = hazard.filter(own);
        let hazard = hazard.ok_or_else(|| Refusal::invalid(&pointer, FieldCode::UnknownReference))?;
        if !decide::may_list(form.kind, hazard.status) {
            let state = json!({ "hazard_id": hazard.id, "status": hazard.status, "version": hazard.version });
            let refusal = Refusal::new(Code::StepNotAllowed).field(pointer, FieldCode::NotAllowedHere);
            return Err(refusal.current(state).into());
        }
        let evidence = evidence::queries::of_hazard(tx.conn, hazard.id)?;
        found.push(Listed::of(listed, hazard, evidence, rules));
    }
    Ok(found)
}

/// Adds an entry about a notice to its institution's chain.
pub fn record(
    tx: &mut WriteTx<'_>,
    notice: &Notice,
    action: &'static str,
    content: serde_json::Value,
) -> Outcome<()> {
    let entry = audit::Entry {
        chain: notice.institution_id.into(),
        action,
        object_kind: "notice",
        object_id: Some(notice.id.0),
        content,
    };
    audit::record(tx, entry)
}
