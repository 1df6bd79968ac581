//! Who commands at a moment, and when nobody does. Pure.

use super::assign::CommandForm;
use super::model::Deputy;
use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::fields::Fields;
use crate::ids::CommandAssignmentId;
use crate::refusal::{FieldCode, Refusal};
use crate::staff::Person;
use crate::staff::rules::check_person;
use crate::text_enum;
use chrono::{Datelike, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody who may have to command, and from when on they do not work here any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub person: Person,
    pub phone: Option<String>,
    pub gone_from: Option<Instant>,
}

impl Candidate {
    fn is_here(&self, at: Instant) -> bool {
        self.gone_from.is_none_or(|gone| at < gone)
    }
}

/// An assignment as it is judged: of one home, not cancelled; its beginning is in it, its end is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    pub id: CommandAssignmentId,
    pub begins: Instant,
    pub ends: Instant,
    pub commander: Candidate,
    pub deputies: Vec<Candidate>,
}

impl Watch {
    fn covers(&self, at: Instant) -> bool {
        self.begins <= at && at < self.ends
    }

    /// The one of its people who is still here, the commander first.
    fn stands(&self, at: Instant) -> Option<&Candidate> {
        std::iter::once(&self.commander).chain(&self.deputies).find(|one| one.is_here(at))
    }
}

/// One rung of the succession: whoever holds the post, and who that is where it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"post": "夜班责任护士"}))]
pub struct SuccessionStep {
    #[schema(min_length = 1, max_length = 60)]
    pub post: String,
    pub person: Option<Person>,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: Option<String>,
}

/// Who follows where a home has not said otherwise (product default): the nurse in charge of the night, the leader on
/// duty, the director.
pub fn standard_succession() -> Vec<SuccessionStep> {
    ["夜班责任护士", "带班领导", "院长"]
        .map(|post| SuccessionStep { post: post.to_owned(), person: None, phone: None })
        .to_vec()
}

text_enum! {
    /// What makes somebody the commander.
    pub enum CommandSource {
        /// The roster names them.
        Assignment = "assignment",
        /// The one whom the roster names does not work here any more; this is their deputy.
        Deputy = "deputy",
        /// The roster names nobody: the first of the succession, by post or by name.
        Succession = "succession",
    }
}

text_enum! {
    /// Why nobody commands.
    pub enum GapReason {
        NobodyAssigned = "nobody_assigned",
        /// Who is assigned does not work here any more.
        PersonLeft = "person_left",
    }
}

/// Who commands at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub by: CommandSource,
    pub assignment: Option<CommandAssignmentId>,
    /// Of the succession.
    pub post: Option<String>,
    pub person: Option<Person>,
    pub phone: Option<String>,
}

/// The roster first, then the deputies, then the succession. `rungs` holds for each step of it when its person is gone.
pub fn commander(watches: &[Watch], rungs: &[(SuccessionStep, Option<Instant>)], at: Instant) -> Command {
    let mut on: Vec<&Watch> = watches.iter().filter(|watch| watch.covers(at)).collect();
    on.sort_by_key(|watch| (!watch.commander.is_here(at), watch.id));
    for watch in on {
        if let Some(one) = watch.stands(at) {
            let own = watch.commander.is_here(at);
            return Command {
                by: if own { CommandSource::Assignment } else { CommandSource::Deputy },
                assignment: Some(watch.id),
                post: None,
                person: Some(one.person.clone()),
                phone: one.phone.clone(),
            };
        }
    }
    let here = |gone: &Option<Instant>| gone.is_none_or(|gone| at < gone);
    let step = rungs.iter().find(|(step, gone)| step.person.is_none() || here(gone));
    Command {
        by: CommandSource::Succession,
        assignment: None,
        post: step.map(|(step, _)| step.post.clone()),
        person: step.and_then(|(step, _)| step.person.clone()),
        phone: step.and_then(|(step, _)| step.phone.clone()),
    }
}

/// A stretch in which nobody commands by the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2026-03-12T14:00:00Z", "to": "2026-03-13T00:00:00Z", "why": "person_left",
    "assignment_id": "0198f000-0000-7000-8000-0000000000b0", "assigned": {"name": "陈静"}, "stands_in": {"name": "李梅"}}))]
pub struct Gap {
    pub from: Instant,
    pub to: Instant,
    pub why: GapReason,
    /// The assignment that holds no longer.
    pub assignment_id: Option<CommandAssignmentId>,
    pub assigned: Option<Person>,
    /// The deputy who is still here.
    pub stands_in: Option<Person>,
}

/// Every stretch between `from` and `to` without a commander, the earliest first, each as long as it can be.
pub fn gaps(watches: &[Watch], from: Instant, to: Instant) -> Vec<Gap> {
    let mut turns = vec![from, to];
    for watch in watches {
        turns.extend([watch.begins, watch.ends]);
        let people = std::iter::once(&watch.commander).chain(&watch.deputies);
        turns.extend(people.filter_map(|one| one.gone_from));
    }
    turns.retain(|turn| (from..=to).contains(turn));
    turns.sort_unstable();
    turns.dedup();
    let mut found: Vec<Gap> = Vec::new();
    for (begins, ends) in turns.iter().zip(turns.iter().skip(1)) {
        let Some(gap) = gap(watches, *begins, *ends) else { continue };
        match found.last_mut() {
            Some(last) if last.to == gap.from && is_same(last, &gap) => last.to = gap.to,
            _ => found.push(gap),
        }
    }
    found
}

fn is_same(one: &Gap, other: &Gap) -> bool {
    (one.why, one.assignment_id, &one.stands_in) == (other.why, other.assignment_id, &other.stands_in)
}

/// What is missing in a stretch within which nothing changes.
fn gap(watches: &[Watch], from: Instant, to: Instant) -> Option<Gap> {
    let mut on: Vec<&Watch> = watches.iter().filter(|watch| watch.covers(from)).collect();
    if on.iter().any(|watch| watch.commander.is_here(from)) {
        return None;
    }
    on.sort_by_key(|watch| watch.id);
    let watch = on.first();
    Some(Gap {
        from,
        to,
        why: if watch.is_some() { GapReason::PersonLeft } else { GapReason::NobodyAssigned },
        assignment_id: watch.map(|watch| watch.id),
        assigned: watch.map(|watch| watch.commander.person.clone()),
        stands_in: watch.and_then(|watch| watch.stands(from)).map(|one| one.person.clone()),
    })
}

/// The shortest stretch that is given by its moments; a roster of shorter ones is no roster, and dear to look through.
const SHORTEST: TimeDelta = TimeDelta::minutes(15);
/// The longest stretch of one assignment.
const LONGEST: TimeDelta = TimeDelta::days(31);
/// Rosters are of these times.
const AROUND: TimeDelta = TimeDelta::days(400);

pub fn check(form: &CommandForm) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    let by_shift = form.day.is_some() || form.shift.is_some();
    let by_time = form.begins_at.is_some() || form.ends_at.is_some();
    if by_shift || !by_time {
        fields.belonging(
            &[("day", true), ("shift", true)],
            &[
                ("day", form.day.is_some()),
                ("shift", form.shift.is_some()),
                ("begins_at", form.begins_at.is_some()),
                ("ends_at", form.ends_at.is_some()),
            ],
        );
    } else {
        fields.check(form.begins_at.is_some(), "/begins_at", FieldCode::Required);
        fields.check(form.ends_at.is_some(), "/ends_at", FieldCode::Required);
    }
    check_person(&mut fields, "/person", &form.person);
    fields.line("/phone", &form.phone, 1..=40);
    fields.check(form.deputies.len() <= 2, "/deputies", FieldCode::TooMany);
    for (at, one) in form.deputies.iter().enumerate() {
        check_deputy(&mut fields, &format!("/deputies/{at}"), one);
    }
    let written = form.trained_on.is_none_or(|day| is_written_year(day.year()));
    fields.check(written, "/trained_on", FieldCode::OutOfRange);
    fields.number("/authority/spend_yuan", &form.authority.spend_yuan, 0..=10_000_000);
    fields.line("/authority/authorised_by", &form.authority.authorised_by, 1..=60);
    fields.check(form.replaces.len() <= 100, "/replaces", FieldCode::TooMany);
    fields.finish()
}

fn check_deputy(fields: &mut Fields, pointer: &str, one: &Deputy) {
    check_person(fields, &format!("{pointer}/person"), &one.person);
    fields.line(&format!("{pointer}/phone"), &one.phone, 1..=40);
}

/// Whether a stretch is one that a roster can be about.
pub fn check_stretch(
    form: &CommandForm,
    begins: Instant,
    ends: Instant,
    now: Instant,
) -> Result<(), Refusal> {
    let (first, last) = if form.day.is_some() { ("/day", "/day") } else { ("/begins_at", "/ends_at") };
    let mut fields = Fields::new();
    fields.check(begins >= now.plus(-AROUND), first, FieldCode::TooEarly);
    fields.check(begins <= now.plus(AROUND), first, FieldCode::TooLate);
    let shortest = if form.day.is_some() { TimeDelta::zero() } else { SHORTEST };
    fields.check(begins < ends && begins.plus(shortest) <= ends, last, FieldCode::TooEarly);
    fields.check(ends <= begins.plus(LONGEST), last, FieldCode::TooLate);
    fields.finish()
}

/// Steps of a succession: at least one, each with a name for the post.
pub fn check_succession(steps: &[SuccessionStep]) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.check(!steps.is_empty(), "/steps", FieldCode::Required);
    fields.check(steps.len() <= 10, "/steps", FieldCode::TooMany);
    for (at, step) in steps.iter().enumerate() {
        fields.line(&format!("/steps/{at}/post"), &step.post, 1..=60);
        fields.optional_line(&format!("/steps/{at}/phone"), step.phone.as_deref(), 40);
        if let Some(person) = &step.person {
            check_person(&mut fields, &format!("/steps/{at}/person"), person);
        }
    }
    fields.finish()
}
