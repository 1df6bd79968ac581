//! What is told of a home's roster: who commands at a moment, and the days to come.

use super::model::{Assignment, CommandAuthority, Deputy, Topic};
use super::queries;
use super::rules::{self, Candidate, CommandSource, Gap, SuccessionStep, Watch};
use super::shifts::ShiftPattern;
use crate::access::ReadTx;
use crate::db::{Conn, Instant};
use crate::ids::{CommandAssignmentId, InstitutionId, StaffId, UserId};
use crate::institutions::Institution;
use crate::office::Office;
use crate::refusal::Outcome;
use crate::rules::kinds::drills::Shift;
use crate::staff::{self, Person};
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Who commands in one stretch of time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000b0", "institution_id": "0198f000-0000-7000-8000-000000000010",
    "begins_at": "2026-03-10T14:00:00Z", "ends_at": "2026-03-11T00:00:00Z", "day": "2026-03-10", "shift": "night",
    "person": {"name": "陈静"}, "phone": "13900000001", "deputies": [{"person": {"name": "李梅"}, "phone": "13900000002"}],
    "authority": {"order_evacuation": true, "cut_gas_and_power": true, "call_119": true, "refuse_re_entry": true, "spend_yuan": 0, "authorised_by": "王芳"},
    "entered_by": "0198f000-0000-7000-8000-000000000021", "entered_at": "2026-03-09T01:00:00Z", "version": 1
}))]
pub struct AssignmentView {
    pub id: CommandAssignmentId,
    pub institution_id: InstitutionId,
    pub begins_at: Instant,
    pub ends_at: Instant,
    pub day: Option<NaiveDate>,
    pub shift: Option<Shift>,
    pub person: Person,
    pub phone: String,
    pub deputies: Vec<Deputy>,
    pub trained_on: Option<NaiveDate>,
    pub authority: CommandAuthority,
    pub entered_by: UserId,
    pub entered_at: Instant,
    pub cancelled_at: Option<Instant>,
    pub cancel_reason: Option<String>,
    pub replaced_by: Option<CommandAssignmentId>,
    pub version: i64,
}

impl From<Assignment> for AssignmentView {
    fn from(of: Assignment) -> Self {
        Self {
            id: of.id,
            institution_id: of.institution_id,
            begins_at: of.begins_at,
            ends_at: of.ends_at,
            day: of.day,
            shift: of.shift,
            person: of.person.0,
            phone: of.phone,
            deputies: of.deputies.0,
            trained_on: of.trained_on,
            authority: of.authority,
            entered_by: of.entered_by,
            entered_at: of.entered_at,
            cancelled_at: of.cancelled_at,
            cancel_reason: of.cancel_reason,
            replaced_by: of.replaced_by,
            version: of.version,
        }
    }
}

/// The shift that a moment falls into.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"shift": "night", "day": "2026-03-10", "begins_at": "2026-03-10T14:00:00Z", "ends_at": "2026-03-11T00:00:00Z"}))]
pub struct ShiftView {
    pub shift: Shift,
    /// On which it began.
    pub day: NaiveDate,
    pub begins_at: Instant,
    pub ends_at: Instant,
}

/// Whom to look to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"by": "assignment", "assignment_id": "0198f000-0000-7000-8000-0000000000b0", "name": "陈静", "phone": "13900000001"}))]
pub struct CommanderNow {
    pub by: CommandSource,
    pub assignment_id: Option<CommandAssignmentId>,
    /// Of the succession: whoever holds it, where no name is known.
    pub post: Option<String>,
    pub staff_id: Option<StaffId>,
    pub name: Option<String>,
    pub phone: Option<String>,
}

/// Who commands, and everything a phone needs to say so for the seven days to come without a network: it picks the entry
/// of `roster` that covers the moment, else goes down `succession`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010",
    "shift": {"shift": "night", "day": "2026-03-10", "begins_at": "2026-03-10T14:00:00Z", "ends_at": "2026-03-11T00:00:00Z"},
    "commander": {"by": "succession", "post": "夜班责任护士"}, "deputies": [], "succession": [{"post": "夜班责任护士"}, {"post": "院长"}],
    "succession_is_standard": true, "fire_brigade_takes_over": true, "from": "2026-03-10T14:00:00Z", "to": "2026-03-18T00:00:00Z", "roster": [],
    "gaps": [{"from": "2026-03-10T14:00:00Z", "to": "2026-03-18T00:00:00Z", "why": "nobody_assigned"}]
}))]
pub struct CommanderView {
    pub institution_id: InstitutionId,
    pub shift: Option<ShiftView>,
    pub commander: CommanderNow,
    /// Who follows, in this order.
    pub deputies: Vec<Deputy>,
    /// What the commander of the roster may do without asking.
    pub authority: Option<CommandAuthority>,
    pub succession: Vec<SuccessionStep>,
    /// The home has not said who follows; this is what holds then.
    pub succession_is_standard: bool,
    /// From its arrival on the commander of the fire brigade commands.
    pub fire_brigade_takes_over: bool,
    /// The beginning of the shift at work, and the end of the same shift seven days later.
    pub from: Instant,
    pub to: Instant,
    pub roster: Vec<AssignmentView>,
    pub gaps: Vec<Gap>,
}

/// The roster between two days.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"institution_id": "0198f000-0000-7000-8000-000000000010", "from": "2026-03-10", "to": "2026-03-16", "assignments": [],
    "gaps": [{"from": "2026-03-09T16:00:00Z", "to": "2026-03-16T16:00:00Z", "why": "nobody_assigned"}]}))]
pub struct RosterView {
    pub institution_id: InstitutionId,
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    pub assignments: Vec<AssignmentView>,
    pub gaps: Vec<Gap>,
}

/// From when on people do not work here any more.
pub struct Departures(HashMap<StaffId, Instant>);

impl Departures {
    /// Of everybody named on these assignments and steps.
    pub fn read(
        conn: &mut Conn,
        office: &Office,
        roster: &[Assignment],
        steps: &[SuccessionStep],
    ) -> Outcome<Self> {
        let on_roster = roster.iter().flat_map(|one| {
            std::iter::once(&one.person.0).chain(one.deputies.0.iter().map(|deputy| &deputy.person))
        });
        let named = on_roster.chain(steps.iter().filter_map(|step| step.person.as_ref()));
        let ids: Vec<StaffId> = named.filter_map(|person| person.staff_id).collect();
        let days = staff::queries::last_days(conn, &ids)?;
        let gone = |last: NaiveDate| office.midnight(last.succ_opt().unwrap_or(last));
        Ok(Self(days.into_iter().map(|(id, last)| (id, gone(last))).collect()))
    }

    fn of(&self, person: &Person) -> Option<Instant> {
        self.0.get(&person.staff_id?).copied()
    }

    fn candidate(&self, person: &Person, phone: &str) -> Candidate {
        Candidate { person: person.clone(), phone: Some(phone.to_owned()), gone_from: self.of(person) }
    }

    /// A roster as it is judged.
    pub fn watches<'a>(&self, roster: impl IntoIterator<Item = &'a Assignment>) -> Vec<Watch> {
        let watch = |one: &Assignment| Watch {
            id: one.id,
            begins: one.begins_at,
            ends: one.ends_at,
            commander: self.candidate(&one.person.0, &one.phone),
            deputies: one
                .deputies
                .0
                .iter()
                .map(|deputy| self.candidate(&deputy.person, &deputy.phone))
                .collect(),
        };
        roster.into_iter().map(watch).collect()
    }

    /// The steps with when their people are gone.
    pub fn rungs(&self, steps: &[SuccessionStep]) -> Vec<(SuccessionStep, Option<Instant>)> {
        let gone = |step: &SuccessionStep| step.person.as_ref().and_then(|person| self.of(person));
        steps.iter().map(|step| (step.clone(), gone(step))).collect()
    }
}

/// The shift at work at a moment.
pub fn shift_at(office: &Office, pattern: &ShiftPattern, at: Instant) -> Option<ShiftView> {
    let (times, day) = pattern.at(office.wall(at))?;
    let (begins, ends) = times.on(day);
    Some(ShiftView {
        shift: times.shift,
        day,
        begins_at: office.moment(begins),
        ends_at: office.moment(ends),
    })
}

/// Who commands at `at` in a home that the caller has been shown to cover, and in the days to come.
pub fn commander(tx: &mut ReadTx<'_>, place: &Institution, at: Instant) -> Outcome<CommanderView> {
    let pattern = queries::pattern(queries::arrangement(tx.conn, place.id, Topic::Shifts)?)?.0;
    let (steps, version) = queries::succession(tx.conn, place.id)?;
    let shift = shift_at(tx.office, &pattern, at);
    let from = shift.as_ref().map_or(at, |shift| shift.begins_at.min(at));
    let to = shift.as_ref().map_or(at, |shift| shift.ends_at).plus(TimeDelta::days(7));
    let roster = queries::within(tx.conn, place.id, from, to)?;
    let departures = Departures::read(tx.conn, tx.office, &roster, &steps)?;
    let (watches, rungs) = (departures.watches(&roster), departures.rungs(&steps));
    let command = rules::commander(&watches, &rungs, at);
    let on = roster.iter().find(|one| command.assignment == Some(one.id));
    let is_commander = |one: &&Deputy| command.person.as_ref() != Some(&one.person);
    let deputies = on.map(|one| one.deputies.0.iter().filter(is_commander).cloned().collect());
    Ok(CommanderView {
        institution_id: place.id,
        commander: CommanderNow {
            by: command.by,
            assignment_id: command.assignment,
            post: command.post,
            staff_id: command.person.as_ref().and_then(|person| person.staff_id),
            name: command.person.as_ref().map(|person| person.name.clone()),
            phone: command.phone,
        },
        shift,
        deputies: deputies.unwrap_or_default(),
        authority: on.map(|one| one.authority.clone()),
        succession: steps,
        succession_is_standard: version == 0,
        fire_brigade_takes_over: true,
        from,
        to,
        gaps: rules::gaps(&watches, from, to),
        roster: roster.into_iter().map(AssignmentView::from).collect(),
    })
}

/// The roster of whole local days.
pub fn roster(
    tx: &mut ReadTx<'_>,
    place: &Institution,
    from: NaiveDate,
    to: NaiveDate,
) -> Outcome<RosterView> {
    let (begins, ends) = (tx.office.midnight(from), tx.office.midnight(to.succ_opt().unwrap_or(to)));
    let found = queries::within(tx.conn, place.id, begins, ends)?;
    let departures = Departures::read(tx.conn, tx.office, &found, &[])?;
    let gaps = rules::gaps(&departures.watches(&found), begins, ends);
    let assignments = found.into_iter().map(AssignmentView::from).collect();
    Ok(RosterView { institution_id: place.id, from, to, assignments, gaps })
}
