//! Keeping the evacuation table: rows written whole, changed over a version, emptied when somebody leaves.

use super::EvacClass;
use super::model::{Details, Resident, ResidentFlag};
use super::{queries, rules};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::ids::{InstitutionId, ResidentId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::staff::{self, Person};
use crate::stored::{Stored, Written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// A resident's row: how they leave, and who helps.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "label": "W.F.", "room": "305", "bed": "2", "building": "1号楼", "floor": 3,
    "fire_compartment": "3东", "evac_class": "wheeled", "flags": ["hearing_loss"], "device": "轮椅",
    "day_helper": {"name": "陈静"}, "night_helper": {"name": "李梅"}, "route": "东侧楼梯", "refuge": "3层避难间", "reviewed_on": "2026-03-01"
}))]
pub struct ResidentForm {
    pub institution_id: InstitutionId,
    /// Initials, or what the home calls them; no full name is needed, and no identity number is taken.
    #[schema(min_length = 1, max_length = 20)]
    pub label: String,
    #[schema(min_length = 1, max_length = 20)]
    pub room: String,
    #[schema(min_length = 1, max_length = 20)]
    pub bed: Option<String>,
    #[schema(min_length = 1, max_length = 40)]
    pub building: String,
    #[schema(minimum = -5, maximum = 100)]
    pub floor: i32,
    /// 防火分区
    #[schema(min_length = 1, max_length = 40)]
    pub fire_compartment: String,
    pub evac_class: EvacClass,
    #[serde(default)]
    #[schema(max_items = 5)]
    pub flags: Vec<ResidentFlag>,
    /// 轮椅、疏散床单、担架…
    #[schema(min_length = 1, max_length = 40)]
    pub device: Option<String>,
    pub day_helper: Option<Person>,
    pub night_helper: Option<Person>,
    /// Who helps when the other cannot, and the second pair of hands for whoever is carried.
    pub deputy: Option<Person>,
    #[schema(min_length = 1, max_length = 200)]
    pub route: Option<String>,
    /// 避难间、安全区
    #[schema(min_length = 1, max_length = 100)]
    pub refuge: Option<String>,
    /// When the row was last found to be right; not in the future.
    pub reviewed_on: NaiveDate,
    /// To change what is there: the version the caller saw. `If-Match` does as well.
    pub expected_version: Option<i64>,
}

impl ResidentForm {
    /// Everybody who is named, with the pointer to where.
    pub fn helpers(&self) -> Vec<(String, &Person)> {
        let named = [
            ("/day_helper", &self.day_helper),
            ("/night_helper", &self.night_helper),
            ("/deputy", &self.deputy),
        ];
        named
            .into_iter()
            .filter_map(|(pointer, person)| Some((pointer.to_owned(), person.as_ref()?)))
            .collect()
    }
}

/// That somebody does not live here any more.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"left_on": "2026-03-09"}))]
pub struct DepartureForm {
    /// Not in the future: the row is emptied at once.
    pub left_on: NaiveDate,
}

/// Writes a row, over the version `seen` where it is there already.
pub fn keep(
    tx: &mut WriteTx<'_>,
    id: ResidentId,
    form: &ResidentForm,
    seen: Option<i64>,
) -> Outcome<(Written, Resident)> {
    let content = ResidentForm { expected_version: None, ..form.clone() };
    let digest = digest(&content);
    let there = match queries::find_any(tx.conn, id)? {
        Some(_) => Some(queries::find(tx.conn, &tx.actor.scope, id)?),
        None => None,
    };
    if there.as_ref().is_some_and(|one| one.left_on.is_some()) {
        return Err(Code::ResidentLeft.into());
    }
    let came_to = Written::over(there.as_ref().map(|one| (one.digest.as_str(), one.version)), &digest, seen)?;
    if let (Written::Confirmed, Some(there)) = (came_to, &there) {
        return Ok((came_to, there.clone()));
    }
    let home = match there {
        Some(_) => institutions::named(tx, form.institution_id)?,
        None => institutions::named_and_not_closed(tx, form.institution_id)?,
    };
    if there.as_ref().is_some_and(|one| one.institution_id != home.id) {
        return Err(Refusal::invalid("/institution_id", FieldCode::Mismatch).into());
    }
    rules::check(form, tx.office.date(tx.now))?;
    staff::check_belong(tx.conn, home.id, &form.helpers())?;
    let new = row(tx, id, content, digest, there.as_ref());
    record(tx, if there.is_some() { "resident.changed" } else { "resident.entered" }, &new)?;
    match there {
        Some(_) => queries::update(tx.conn, &new)?,
        None => queries::insert(tx.conn, new.clone())?,
    }
    Ok((came_to, new))
}

fn row(
    tx: &WriteTx<'_>,
    id: ResidentId,
    form: ResidentForm,
    digest: String,
    there: Option<&Resident>,
) -> Resident {
    Resident {
        id,
        institution_id: form.institution_id,
        label: form.label,
        room: form.room,
        bed: form.bed,
        building: form.building,
        floor: form.floor,
        fire_compartment: form.fire_compartment,
        evac_class: form.evac_class,
        without_night_helper: rules::is_without_night_helper(form.evac_class, form.night_helper.as_ref()),
        details: Details {
            flags: form.flags,
            device: form.device,
            day_helper: form.day_helper,
            night_helper: form.night_helper,
            deputy: form.deputy,
            route: form.route,
            refuge: form.refuge,
        },
        reviewed_on: form.reviewed_on,
        left_on: None,
        digest,
        version: there.map_or(1, |one| one.version + 1),
        created_at: there.map_or(tx.now, |one| one.created_at),
        updated_at: tx.now,
    }
}

/// Notes that somebody has left, and empties the row.
pub fn depart(tx: &mut WriteTx<'_>, id: ResidentId, form: &DepartureForm) -> Outcome<(Stored, Resident)> {
    let there = queries::find(tx.conn, &tx.actor.scope, id)?;
    let digest = digest(form);
    if there.left_on.is_some() {
        return Ok((Stored::confirmed(there.digest == digest)?, there));
    }
    rules::check_departure(form, tx.office.date(tx.now))?;
    let gone = Resident { digest, updated_at: tx.now, ..rules::emptied(there, form.left_on) };
    record(tx, "resident.left", &gone)?;
    queries::update(tx.conn, &gone)?;
    Ok((Stored::Created, gone))
}

/// The trail is for ever, so it says what happened to which row, and nothing of the person.
fn record(tx: &mut WriteTx<'_>, action: &'static str, of: &Resident) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.institution_id.into(),
        action,
        object_kind: "resident",
        object_id: Some(of.id.0),
        content: json!({ "evac_class": of.evac_class, "without_night_helper": of.without_night_helper,
            "reviewed_on": of.reviewed_on, "left_on": of.left_on, "version": of.version }),
    };
    audit::record(tx, entry)
}

/// That rows were read: which, or how many by which filter.
pub fn record_reading(
    tx: &mut WriteTx<'_>,
    institution: InstitutionId,
    row: Option<ResidentId>,
    content: serde_json::Value,
) -> Outcome<()> {
    let entry = audit::Entry {
        chain: institution.into(),
        action: "resident.read",
        object_kind: "resident",
        object_id: row.map(|id| id.0),
        content,
    };
    audit::record(tx, entry)
}
