//! Entering a self-check: once, with what it found. Nothing odd about it keeps it out.

use super::model::{Content, SelfCheck, SelfCheckAnswer, SelfCheckKind};
use super::queries;
use super::rules::{self, StandingIntervals};
use super::status::{Asked, KindStatus, days_that_count, status};
use crate::access::{ReadTx, WriteTx};
use crate::audit;
use crate::canonical::digest;
use crate::db::Instant;
use crate::evidence::{self, DeclaredEvidence, Owner, OwnerKind};
use crate::hazards::model::FoundIn;
use crate::hazards::{self, FoundHazard};
use crate::ids::{HazardId, InstitutionId, SelfCheckId};
use crate::institutions::{self, Institution, model::OperatingStatus};
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::rules::Rules;
use crate::stored::Stored;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// A self-check as it is entered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "night_patrol", "performed_at": "2026-03-09T15:20:00Z",
    "performed_by": "陈静", "route": "一楼大厅、厨房、二至四楼走廊", "answers": [{"item": "F01", "result": "pass"}]
}))]
pub struct SelfCheckForm {
    pub institution_id: InstitutionId,
    pub kind: SelfCheckKind,
    pub performed_at: Instant,
    /// Who did it, by name: not everybody has an account.
    #[schema(min_length = 1, max_length = 60)]
    pub performed_by: String,
    /// Where it went along.
    #[schema(min_length = 1, max_length = 500)]
    pub route: Option<String>,
    #[serde(default)]
    #[schema(max_items = 300)]
    pub answers: Vec<SelfCheckAnswer>,
    /// Hazards that it found and that are not known yet.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub hazards: Vec<FoundHazard>,
    /// Hazards of the institution that it met with again.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub known_hazards: Vec<HazardId>,
    #[schema(min_length = 1, max_length = 2000)]
    pub remark: Option<String>,
    /// Photos that will follow.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// The standing intervals in force for an institution on a date: the one place where they are chosen.
pub fn standing_intervals(rules: &Rules, of: &Institution, on: NaiveDate) -> Outcome<StandingIntervals> {
    Ok(StandingIntervals::of(rules.intervals(&of.place, on)?.content, of))
}

/// Enters `form` under `id`, or confirms that it was entered so.
pub fn enter(tx: &mut WriteTx<'_>, id: SelfCheckId, form: &SelfCheckForm) -> Outcome<(Stored, SelfCheck)> {
    let digest = digest(form);
    if queries::find_any(tx.conn, id)?.is_some() {
        let existing = queries::find(tx.conn, &tx.actor.scope, id)?;
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    let place = institutions::named_and_not_closed(tx, form.institution_id)?;
    let done_on = tx.office.date(form.performed_at);
    let rules_now = tx.rules()?;
    rules::check(form, rules_now.checklist(&place.place, done_on)?.content, tx.now)?;
    let check = judged(tx, id, form, &place, digest)?;
    let entry = audit::Entry {
        chain: place.id.into(),
        action: "self_check.entered",
        object_kind: "self_check",
        object_id: Some(id.0),
        content: json!({ "kind": check.kind, "performed_at": check.performed_at, "performed_by": check.performed_by,
            "content": check.content, "digest": check.digest, "identical_to": check.identical_to,
            "back_dated": check.back_dated, "ahead_of_time": check.ahead_of_time }),
    };
    audit::record(tx, entry)?;
    queries::insert(tx.conn, check.clone())?;
    hazards::found::register_all(tx, place.id, FoundIn::Nothing, &form.hazards)?;
    check_known(tx, form)?;
    let owner =
        Owner { kind: OwnerKind::SelfCheck, id: id.into(), institution: place.id, action: None, part: None };
    evidence::queries::declare(tx, &owner, &form.evidence, 0)?;
    Ok((Stored::Created, check))
}

/// The entry with what is odd about it.
fn judged(
    tx: &mut WriteTx<'_>,
    id: SelfCheckId,
    form: &SelfCheckForm,
    place: &Institution,
    digest: String,
) -> Outcome<SelfCheck> {
    let done_on = tx.office.date(form.performed_at);
    let intervals = standing_intervals(&*tx.rules()?, place, done_on)?;
    let content_digest = content_digest(form);
    let since = form.performed_at.plus(-TimeDelta::days(i64::from(intervals.identical_within_days)));
    let identical_to = queries::same_content(tx.conn, place.id, &content_digest, since, form.performed_at)?;
    let odd = rules::odd(&intervals, form.performed_at, tx.now);
    let found = form.hazards.iter().map(|one| one.id).chain(form.known_hazards.iter().copied());
    Ok(SelfCheck {
        id,
        institution_id: place.id,
        kind: form.kind,
        performed_at: form.performed_at,
        counts_for: intervals.counts_for(form.kind, tx.office.wall(form.performed_at)),
        performed_by: form.performed_by.clone(),
        content: Content {
            route: form.route.clone(),
            answers: form.answers.clone(),
            hazards: found.collect(),
            remark: form.remark.clone(),
        },
        content_digest,
        received_at: tx.now,
        received_from: tx.actor.id,
        identical_to,
        back_dated: odd.back_dated,
        ahead_of_time: odd.ahead_of_time,
        digest,
    })
}

/// What tells one entry from another beside when it was done: who, what, and the photos' own bytes.
fn content_digest(form: &SelfCheckForm) -> String {
    let photos: Vec<&str> = form.evidence.iter().map(|one| one.sha256.as_str()).collect();
    let found: Vec<HazardId> = form.hazards.iter().map(|one| one.id).collect();
    digest(&json!({ "kind": form.kind, "performed_by": form.performed_by, "route": form.route,
        "answers": form.answers, "hazards": found, "known_hazards": form.known_hazards, "remark": form.remark,
        "photos": photos }))
}

fn check_known(tx: &mut WriteTx<'_>, form: &SelfCheckForm) -> Outcome<()> {
    let found = hazards::queries::by_ids(tx.conn, form.known_hazards.clone())?;
    let known =
        |id: &HazardId| found.iter().any(|one| one.id == *id && one.institution_id == form.institution_id);
    match form.known_hazards.iter().position(|id| !known(id)) {
        Some(at) => Err(Refusal::invalid(format!("/known_hazards/{at}"), FieldCode::UnknownReference).into()),
        None => Ok(()),
    }
}

/// What an institution, which the caller has been shown to cover, should have done from `from` to `to`, and what is
/// missing.
pub fn status_of(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    from: NaiveDate,
    to: NaiveDate,
) -> Outcome<(StandingIntervals, Vec<KindStatus>)> {
    let intervals = standing_intervals(&*tx.rules()?, place, to)?;
    let (first, last) = days_that_count(from, to);
    let counted = queries::counted(tx.conn, place.id, first, last)?;
    let asked = Asked {
        from,
        to,
        registered_on: tx.office.date(place.created_at),
        operating: place.status == OperatingStatus::Operating,
        now: tx.office.wall(tx.now),
    };
    Ok((intervals, status(&intervals, &asked, &counted)))
}
