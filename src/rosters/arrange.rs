//! What a home arranges of its own: written whole, over the version that was seen.

use super::model::{Arrangement, Topic};
use super::queries;
use super::rules::{SuccessionStep, check_succession};
use super::shifts::{ShiftPattern, ShiftTimes};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::{canonical, digest};
use crate::ids::InstitutionId;
use crate::institutions;
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::staff::Person;
use crate::staff::check_belong;
use crate::stored::Written;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// The shifts of a day.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"shifts": [{"shift": "day", "from": "07:30:00", "to": "19:30:00"}, {"shift": "night", "from": "19:30:00", "to": "07:30:00"}]}))]
pub struct ShiftsForm {
    /// Together they cover the day once; each is named once.
    #[schema(min_items = 1, max_items = 3)]
    pub shifts: Vec<ShiftTimes>,
    /// To change what is there: the version the caller saw. `If-Match` does as well.
    pub expected_version: Option<i64>,
}

/// Who takes command where the roster names nobody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"steps": [{"post": "夜班责任护士"}, {"post": "院长", "person": {"name": "王芳"}, "phone": "0825-5550101"}]}))]
pub struct SuccessionForm {
    #[schema(min_items = 1, max_items = 10)]
    pub steps: Vec<SuccessionStep>,
    /// To change what is there: the version the caller saw. `If-Match` does as well.
    pub expected_version: Option<i64>,
}

/// Writes down what a home that the caller covers has arranged about a topic; the trail calls it `action`.
pub fn keep(
    tx: &mut WriteTx<'_>,
    home: InstitutionId,
    (topic, action): (Topic, &'static str),
    content: &impl Serialize,
    seen: Option<i64>,
) -> Outcome<(Written, i64)> {
    let there = queries::arrangement(tx.conn, home, topic)?;
    let digest = digest(content);
    let came_to = Written::over(there.as_ref().map(|one| (one.digest.as_str(), one.version)), &digest, seen)?;
    let before = there.as_ref().map_or(0, |one| one.version);
    if came_to == Written::Confirmed {
        return Ok((came_to, before));
    }
    let new = Arrangement {
        institution_id: home,
        topic,
        content: canonical(content),
        digest,
        version: before + 1,
        updated_at: tx.now,
    };
    let entry = audit::Entry {
        chain: home.into(),
        action,
        object_kind: "institution",
        object_id: Some(home.0),
        content: json!({ "arranged": content, "version": new.version }),
    };
    audit::record(tx, entry)?;
    match there {
        Some(_) => queries::update_arrangement(tx.conn, &new)?,
        None => queries::insert_arrangement(tx.conn, &new)?,
    }
    Ok((came_to, new.version))
}

pub fn shifts(
    tx: &mut WriteTx<'_>,
    home: InstitutionId,
    form: &ShiftsForm,
    seen: Option<i64>,
) -> Outcome<(Written, i64, ShiftPattern)> {
    institutions::queries::find(tx.conn, &tx.actor.scope, home)?;
    let pattern = ShiftPattern::new(form.shifts.clone());
    let pattern = pattern.ok_or_else(|| Refusal::invalid("/shifts", FieldCode::Mismatch))?;
    let (came_to, version) = keep(tx, home, (Topic::Shifts, "shifts.arranged"), &pattern, seen)?;
    Ok((came_to, version, pattern))
}

pub fn succession(
    tx: &mut WriteTx<'_>,
    home: InstitutionId,
    form: &SuccessionForm,
    seen: Option<i64>,
) -> Outcome<(Written, i64)> {
    institutions::queries::find(tx.conn, &tx.actor.scope, home)?;
    check_succession(&form.steps)?;
    let named: Vec<(String, &Person)> = form
        .steps
        .iter()
        .enumerate()
        .filter_map(|(at, step)| Some((format!("/steps/{at}/person"), step.person.as_ref()?)))
        .collect();
    check_belong(tx.conn, home, &named)?;
    keep(tx, home, (Topic::Succession, "succession.arranged"), &form.steps, seen)
}
