//! Writing down that a training was held.

use super::model::{Audience, Content, Training};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::db::Instant;
use crate::evidence::{self, DeclaredEvidence, Owner, OwnerKind};
use crate::ids::{InstitutionId, TrainingId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::staff::{self, Person};
use crate::stored::Stored;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// A training as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "topic": "co-poisoning", "audience": ["staff", "residents"],
    "started_at": "2026-03-09T06:30:00Z", "minutes": 60, "place": "一楼活动室", "trainer": "船山区消防救援大队 李强",
    "attended": 38, "attendees": [{"name": "陈静"}], "material": "一氧化碳中毒预防折页"
}))]
pub struct TrainingForm {
    pub institution_id: InstitutionId,
    /// A topic of the standing intervals in force there on that day.
    #[schema(min_length = 1, max_length = 60)]
    pub topic: String,
    #[schema(min_items = 1, max_items = 3)]
    pub audience: Vec<Audience>,
    pub started_at: Instant,
    #[schema(minimum = 1, maximum = 2160)]
    pub minutes: u32,
    #[schema(min_length = 1, max_length = 100)]
    pub place: String,
    #[schema(min_length = 1, max_length = 60)]
    pub trainer: String,
    /// How many attended; as many as are named when absent.
    #[schema(minimum = 1, maximum = 10000)]
    pub attended: Option<u32>,
    /// Who signed.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub attendees: Vec<Person>,
    /// What was used.
    #[schema(min_length = 1, max_length = 500)]
    pub material: Option<String>,
    #[schema(min_length = 1, max_length = 2000)]
    pub remark: Option<String>,
    /// The record that this one corrects: it stays, and no longer counts.
    pub replaces: Option<TrainingId>,
    /// Photos and the sign-in sheet that will follow.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// Writes a training down under `id`, or confirms that it stands so.
pub fn record(tx: &mut WriteTx<'_>, id: TrainingId, form: &TrainingForm) -> Outcome<(Stored, Training)> {
    let digest = digest(form);
    if queries::find_any(tx.conn, id)?.is_some() {
        let existing = queries::find(tx.conn, &tx.actor.scope, id)?;
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    let place = institutions::named_and_not_closed(tx, form.institution_id)?;
    let held_on = tx.office.date(form.started_at);
    rules::check(form, tx.rules()?.intervals(&place.place, held_on)?.content, tx.now)?;
    let named = |(at, one)| (format!("/attendees/{at}"), one);
    let named: Vec<_> = form.attendees.iter().enumerate().map(named).collect();
    staff::check_belong(tx.conn, place.id, &named)?;
    check_replaced(tx, form)?;
    let named = u32::try_from(form.attendees.len()).unwrap_or(u32::MAX);
    let is = |audience| form.audience.contains(&audience);
    let new = Training {
        id,
        institution_id: place.id,
        topic: form.topic.clone(),
        started_at: form.started_at,
        held_on,
        for_staff: is(Audience::Staff),
        for_residents: is(Audience::Residents),
        for_families: is(Audience::Families),
        attended: i32::try_from(form.attended.unwrap_or(named)).unwrap_or(i32::MAX),
        content: Content {
            place: form.place.clone(),
            trainer: form.trainer.clone(),
            minutes: form.minutes,
            attendees: form.attendees.clone(),
            material: form.material.clone(),
            remark: form.remark.clone(),
        },
        replaces: form.replaces,
        recorded_at: tx.now,
        recorded_by: tx.actor.id,
        digest,
    };
    let entry = audit::Entry {
        chain: place.id.into(),
        action: "training.recorded",
        object_kind: "training",
        object_id: Some(id.0),
        content: json!({ "training": form }),
    };
    audit::record(tx, entry)?;
    queries::insert(tx.conn, new.clone())?;
    let owner =
        Owner { kind: OwnerKind::Training, id: id.into(), institution: place.id, action: None, part: None };
    evidence::queries::declare(tx, &owner, &form.evidence, 0)?;
    Ok((Stored::Created, new))
}

/// A record is corrected once, by one of the same institution; a further correction names the last one.
fn check_replaced(tx: &mut WriteTx<'_>, form: &TrainingForm) -> Outcome<()> {
    let Some(replaced) = form.replaces else { return Ok(()) };
    let found = queries::find_any(tx.conn, replaced)?;
    if found.is_none_or(|one| one.institution_id != form.institution_id) {
        return Err(Refusal::invalid("/replaces", FieldCode::UnknownReference).into());
    }
    match queries::replacements(tx.conn, vec![replaced])?.first() {
        Some((_, by)) => Err(Refusal::new(Code::StepNotAllowed).current(json!({ "replaced_by": by })).into()),
        None => Ok(()),
    }
}
