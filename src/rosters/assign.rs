//! Who commands when: entered one by one or a week at once, replaced only by name, cancelled with a reason.

use super::model::{Assignment, CommandAuthority, Commander, Deputies, Deputy};
use super::{queries, rules, shifts::ShiftPattern};
use crate::access::WriteTx;
use crate::audit;
use crate::canonical::digest;
use crate::db::Instant;
use crate::fields::Fields;
use crate::ids::{CommandAssignmentId, InstitutionId};
use crate::institutions;
use crate::office::Office;
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use crate::rules::kinds::drills::Shift;
use crate::staff::Person;
use crate::staff::check_belong;
use crate::stored::Stored;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Who commands in one stretch of time: a shift of a day, or from one moment until another.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "day": "2026-03-10", "shift": "night",
    "person": {"staff_id": "0198f000-0000-7000-8000-000000000090", "name": "陈静"}, "phone": "13900000001",
    "deputies": [{"person": {"name": "李梅"}, "phone": "13900000002"}], "trained_on": "2026-01-12", "authority": {"authorised_by": "王芳"}
}))]
pub struct CommandForm {
    pub institution_id: InstitutionId,
    /// With `shift`: the day on which it begins. What is entered by shift keeps its hours when the home changes its shifts.
    pub day: Option<NaiveDate>,
    pub shift: Option<Shift>,
    /// Instead of a shift: the first moment…
    pub begins_at: Option<Instant>,
    /// … and the one after the last, at least 15 minutes and at most 31 days later.
    pub ends_at: Option<Instant>,
    pub person: Person,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: String,
    /// In the order in which they follow.
    #[serde(default)]
    #[schema(max_items = 2)]
    pub deputies: Vec<Deputy>,
    /// When the commander was last trained for it.
    pub trained_on: Option<NaiveDate>,
    pub authority: CommandAuthority,
    /// Every assignment that overlaps with this must be named; they are cancelled.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub replaces: Vec<CommandAssignmentId>,
}

/// One line of a roster that is entered at once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "0198f000-0000-7000-8000-0000000000b0", "day": "2026-03-10", "shift": "night",
    "person": {"name": "陈静"}, "phone": "13900000001"}))]
pub struct RosterLine {
    /// Made by the caller, UUIDv7.
    pub id: CommandAssignmentId,
    pub day: Option<NaiveDate>,
    pub shift: Option<Shift>,
    pub begins_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub person: Person,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: String,
    #[serde(default)]
    #[schema(max_items = 2)]
    pub deputies: Vec<Deputy>,
    pub trained_on: Option<NaiveDate>,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub replaces: Vec<CommandAssignmentId>,
}

/// Many assignments of one home: all of them, or none.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"authority": {"authorised_by": "王芳"}, "assignments": [
    {"id": "0198f000-0000-7000-8000-0000000000b0", "day": "2026-03-10", "shift": "night", "person": {"name": "陈静"}, "phone": "13900000001"}]}))]
pub struct RosterForm {
    /// Of everybody on it.
    pub authority: CommandAuthority,
    #[schema(min_items = 1, max_items = 100)]
    pub assignments: Vec<RosterLine>,
}

/// Why an assignment no longer holds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "临时调班"}))]
pub struct AssignmentCancellation {
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// Assigns the command of a stretch, or confirms that it was assigned so.
pub fn assign(
    tx: &mut WriteTx<'_>,
    id: CommandAssignmentId,
    form: &CommandForm,
) -> Outcome<(Stored, Assignment)> {
    tx.conn.lock(form.institution_id.0)?;
    if let Some(there) = confirmed(tx, id, form)? {
        return Ok((Stored::Replayed, there));
    }
    let pattern = open(tx, form.institution_id)?;
    Ok((Stored::Created, enter(tx, &pattern, id, form)?))
}

/// The assignment, where it was entered so before. Asked while the home's roster is held still: who sends the same at the same
/// moment would else be in their own way.
fn confirmed(
    tx: &mut WriteTx<'_>,
    id: CommandAssignmentId,
    form: &CommandForm,
) -> Outcome<Option<Assignment>> {
    if queries::find_any(tx.conn, id)?.is_none() {
        return Ok(None);
    }
    let there = queries::find(tx.conn, &tx.actor.scope, id)?;
    Stored::confirmed(there.digest == digest(form))?;
    Ok(Some(there))
}

/// The shifts of a home that takes new assignments.
fn open(tx: &mut WriteTx<'_>, home: InstitutionId) -> Outcome<ShiftPattern> {
    let home = institutions::named_and_not_closed(tx, home)?;
    queries::shift_pattern(tx.conn, home.id)
}

/// Enters what is new.
fn enter(
    tx: &mut WriteTx<'_>,
    pattern: &ShiftPattern,
    id: CommandAssignmentId,
    form: &CommandForm,
) -> Outcome<Assignment> {
    rules::check(form)?;
    let (begins_at, ends_at) = stretch(tx.office, pattern, form)?;
    rules::check_stretch(form, begins_at, ends_at, tx.now)?;
    let mut named = vec![("/person".to_owned(), &form.person)];
    let deputies = form.deputies.iter().enumerate();
    named.extend(deputies.map(|(at, one)| (format!("/deputies/{at}/person"), &one.person)));
    check_belong(tx.conn, form.institution_id, &named)?;
    replace(tx, id, form, begins_at, ends_at)?;
    let digest = digest(form);
    let form = form.clone();
    let new = Assignment {
        id,
        institution_id: form.institution_id,
        begins_at,
        ends_at,
        day: form.day,
        shift: form.shift,
        person: Commander(form.person),
        deputies: Deputies(form.deputies),
        phone: form.phone,
        trained_on: form.trained_on,
        authority: form.authority,
        entered_by: tx.actor.id,
        entered_at: tx.now,
        cancelled_at: None,
        cancel_reason: None,
        replaced_by: None,
        digest,
        version: 1,
    };
    let content = json!({ "begins_at": new.begins_at, "ends_at": new.ends_at, "person": new.person, "phone": new.phone,
        "deputies": new.deputies, "trained_on": new.trained_on, "authority": new.authority, "replaces": form.replaces });
    record(tx, "command.assigned", &new, content)?;
    queries::insert(tx.conn, new.clone())?;
    Ok(new)
}

/// From when to when: what is said, or the hours of the home's shift on that day.
fn stretch(
    office: &Office,
    pattern: &ShiftPattern,
    form: &CommandForm,
) -> Result<(Instant, Instant), Refusal> {
    if let (Some(begins), Some(ends)) = (form.begins_at, form.ends_at) {
        return Ok((begins, ends));
    }
    let (Some(day), Some(shift)) = (form.day, form.shift) else {
        return Err(Refusal::invalid("/day", FieldCode::Required));
    };
    let times = pattern.times(shift);
    let times = times.ok_or_else(|| Refusal::invalid("/shift", FieldCode::UnknownReference))?;
    let (begins, ends) = times.on(day);
    Ok((office.moment(begins), office.moment(ends)))
}

/// Cancels what overlaps, if all of it is named.
fn replace(
    tx: &mut WriteTx<'_>,
    id: CommandAssignmentId,
    form: &CommandForm,
    begins: Instant,
    ends: Instant,
) -> Outcome<()> {
    let there = queries::within(tx.conn, form.institution_id, begins, ends)?;
    let in_the_way: Vec<_> = there.iter().filter(|one| !form.replaces.contains(&one.id)).collect();
    if !in_the_way.is_empty() {
        let told: Vec<_> = in_the_way
            .iter()
            .map(|one| json!({ "id": one.id, "begins_at": one.begins_at, "ends_at": one.ends_at, "person": one.person }))
            .collect();
        return Err(Refusal::new(Code::CommandOverlap).current(json!({ "assignments": told })).into());
    }
    if let Some(at) = form.replaces.iter().position(|named| !there.iter().any(|one| one.id == *named)) {
        return Err(Refusal::invalid(format!("/replaces/{at}"), FieldCode::UnknownReference).into());
    }
    for before in there {
        let over = Assignment {
            cancelled_at: Some(tx.now),
            replaced_by: Some(id),
            version: before.version + 1,
            ..before
        };
        record(tx, "command.replaced", &over, json!({ "replaced_by": id }))?;
        queries::cancel(tx.conn, &over)?;
    }
    Ok(())
}

/// Enters a roster as a whole. Faults are told with the line they stand in.
pub fn assign_all(
    tx: &mut WriteTx<'_>,
    home: InstitutionId,
    form: &RosterForm,
) -> Outcome<(Stored, Vec<Assignment>)> {
    institutions::queries::find(tx.conn, &tx.actor.scope, home)?;
    let mut fields = Fields::new();
    fields.check(!form.assignments.is_empty(), "/assignments", FieldCode::Required);
    fields.check(form.assignments.len() <= 100, "/assignments", FieldCode::TooMany);
    fields.finish()?;
    tx.conn.lock(home.0)?;
    let (mut all, mut shifts) = (Vec::new(), None);
    for (at, line) in form.assignments.iter().enumerate() {
        let one = of_line(home, &form.authority, line.clone());
        let there = confirmed(tx, line.id, &one).map_err(|failure| placed(failure, at))?;
        if let Some(there) = there {
            all.push(there);
            continue;
        }
        let pattern = match shifts.take() {
            Some(pattern) => pattern,
            None => open(tx, home)?,
        };
        all.push(enter(tx, &pattern, line.id, &one).map_err(|failure| placed(failure, at))?);
        shifts = Some(pattern);
    }
    Ok((if shifts.is_some() { Stored::Created } else { Stored::Replayed }, all))
}

fn of_line(home: InstitutionId, authority: &CommandAuthority, line: RosterLine) -> CommandForm {
    CommandForm {
        institution_id: home,
        day: line.day,
        shift: line.shift,
        begins_at: line.begins_at,
        ends_at: line.ends_at,
        person: line.person,
        phone: line.phone,
        deputies: line.deputies,
        trained_on: line.trained_on,
        authority: authority.clone(),
        replaces: line.replaces,
    }
}

fn placed(failure: Failure, at: usize) -> Failure {
    let Failure::Refused(mut refusal) = failure else { return failure };
    for field in &mut refusal.fields {
        if !field.pointer.starts_with("/authority/") {
            field.pointer = format!("/assignments/{at}{}", field.pointer);
        }
    }
    refusal.into()
}

/// Takes an assignment back; what it covered becomes a gap.
pub fn cancel(
    tx: &mut WriteTx<'_>,
    id: CommandAssignmentId,
    form: &AssignmentCancellation,
) -> Outcome<(Stored, Assignment)> {
    let there = queries::find(tx.conn, &tx.actor.scope, id)?;
    if there.cancelled_at.is_some() {
        return Ok((Stored::confirmed(there.cancel_reason.as_deref() == Some(&form.reason))?, there));
    }
    let mut fields = Fields::new();
    fields.prose("/reason", &form.reason, 1..=500);
    fields.finish()?;
    let over = Assignment {
        cancelled_at: Some(tx.now),
        cancel_reason: Some(form.reason.clone()),
        version: there.version + 1,
        ..there
    };
    record(tx, "command.cancelled", &over, json!({ "reason": form.reason }))?;
    queries::cancel(tx.conn, &over)?;
    Ok((Stored::Created, over))
}

fn record(
    tx: &mut WriteTx<'_>,
    action: &'static str,
    of: &Assignment,
    content: serde_json::Value,
) -> Outcome<()> {
    let entry = audit::Entry {
        chain: of.institution_id.into(),
        action,
        object_kind: "command_assignment",
        object_id: Some(of.id.0),
        content,
    };
    audit::record(tx, entry)
}
