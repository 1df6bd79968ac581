//! What may be issued, by whom, from which hazards; what may happen to a notice then. Pure.

use super::form::NoticeStepForm;
use super::model::{Notice, NoticeKind, NoticeState, NoticeStepKind};
use crate::access::{Actor, AreaColumns, Role, Scope};
use crate::db::Instant;
use crate::hazards::model::Status;
use crate::ids::AreaId;
use crate::refusal::{Code, Refusal};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// So many steps one notice can have.
pub const MOST_STEPS: i32 = 100;

/// Whether this role issues this kind: what puts pressure on an institution is the supervisor's.
pub fn may_issue(role: Role, kind: NoticeKind) -> Result<(), Refusal> {
    use NoticeKind as K;
    let theirs = match kind {
        K::RectificationNotice | K::InspectionRecord | K::RecheckOpinion | K::TransferLetter => {
            matches!(role, Role::Inspector | Role::Supervisor)
        }
        K::SupervisionLetter | K::InterviewNotice => role == Role::Supervisor,
    };
    if theirs { Ok(()) } else { Err(Code::StepNotYours.into()) }
}

/// Whether somebody speaks for the office of an area: one of their own areas, not one below or above it. Whoever
/// covers everything speaks for every office.
pub fn speaks_for(scope: &Scope, office: AreaId) -> bool {
    match scope {
        Scope::All => true,
        Scope::Areas(own) => own.iter().any(|area| area.id == office),
        Scope::Institutions(_) => false,
    }
}

/// Whether a hazard in this state can stand on a paper of this kind.
pub fn may_list(kind: NoticeKind, status: Status) -> bool {
    use NoticeKind as K;
    match kind {
        K::RectificationNotice => status.is_running(),
        // What was put right while the inspector stood there was found all the same.
        K::InspectionRecord => status != Status::Void,
        // It has been looked at again: closed, or sent back.
        K::RecheckOpinion => matches!(status, Status::Closed | Status::Rectifying),
        K::TransferLetter => status.is_open(),
        K::SupervisionLetter | K::InterviewNotice => status.is_open() && status != Status::Transferred,
    }
}

/// Whether a paper of this kind means something without any hazard.
pub fn needs_hazards(kind: NoticeKind) -> bool {
    kind != NoticeKind::InspectionRecord
}

/// Whose answer it is that a kind waits for.
fn answers(kind: NoticeKind, role: Role) -> bool {
    match kind {
        // The other department has no account here: the office writes down what came back.
        NoticeKind::TransferLetter => matches!(role, Role::Inspector | Role::Supervisor),
        _ => role == Role::Manager,
    }
}

/// The steps this person may take now.
pub fn allowed(notice: &Notice, steps: i32, actor: &Actor) -> Vec<NoticeStepKind> {
    let may = |kind: &NoticeStepKind| may_step(notice, steps, actor, *kind).is_ok();
    NoticeStepKind::ALL.iter().copied().filter(may).collect()
}

/// Whether this person may take this kind of step now; if not, why not.
pub fn may_step(notice: &Notice, steps: i32, actor: &Actor, kind: NoticeStepKind) -> Result<(), Refusal> {
    use NoticeStepKind as K;
    let office = matches!(actor.role, Role::Inspector | Role::Supervisor);
    let theirs = match kind {
        K::Serve => office,
        K::Acknowledge | K::Reply => answers(notice.kind, actor.role),
        // The issuing office, or a higher one. A smaller level is a higher office.
        K::Void => {
            let level = actor.scope.level_over(&notice.place);
            actor.role == Role::Supervisor && level.is_some_and(|own| i32::from(own) <= notice.office_level)
        }
    };
    if !theirs {
        return Err(Code::StepNotYours.into());
    }
    let open = notice.state != NoticeState::Void && steps < MOST_STEPS;
    let fits = match kind {
        K::Serve | K::Reply => open,
        K::Acknowledge => open && notice.acknowledged_at.is_none(),
        // However many steps there were.
        K::Void => notice.state != NoticeState::Void,
    };
    if fits {
        return Ok(());
    }
    let state = json!({ "state": notice.state, "version": notice.version, "steps": steps });
    Err(Refusal::new(Code::StepNotAllowed).current(state))
}

/// The notice after a step that [`may_step`] allows.
pub fn follow(before: &Notice, form: &NoticeStepForm, now: Instant) -> Notice {
    let mut after = before.clone();
    match form.kind {
        NoticeStepKind::Serve if form.is_served() => {
            after.served_at = before.served_at.or(form.served_at);
        }
        NoticeStepKind::Serve => {}
        NoticeStepKind::Acknowledge => after.acknowledged_at = Some(now),
        NoticeStepKind::Reply => after.answered_at = Some(now),
        NoticeStepKind::Void => after.voided_at = Some(now),
    }
    after.state = state(&after);
    after.version += 1;
    after.updated_at = now;
    after
}

/// Where a notice stands, by what has happened to it: the furthest thing counts.
fn state(notice: &Notice) -> NoticeState {
    if notice.voided_at.is_some() {
        NoticeState::Void
    } else if notice.answered_at.is_some() {
        NoticeState::Answered
    } else if notice.acknowledged_at.is_some() {
        NoticeState::Acknowledged
    } else if notice.served_at.is_some() {
        NoticeState::Served
    } else {
        NoticeState::Issued
    }
}

/// How its hazards stand at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemCounts {
    pub items: usize,
    pub closed: usize,
    /// Not at an end, overdue ones among them.
    pub open: usize,
    pub overdue: usize,
    /// Judged a mistake since.
    pub void: usize,
}

/// Counts hazards by their status and deadline on this local day.
pub fn count(hazards: &[(Status, NaiveDate)], today: NaiveDate) -> ItemCounts {
    let mut counts = ItemCounts { items: hazards.len(), ..ItemCounts::default() };
    for (status, deadline) in hazards {
        match status {
            Status::Closed => counts.closed += 1,
            Status::Void => counts.void += 1,
            _ => counts.open += 1,
        }
        if status.is_running() && *deadline < today {
            counts.overdue += 1;
        }
    }
    counts
}

/// Hexadecimal digits of a digest that a printed code carries: 128 bits, so that nobody makes another paper to fit.
pub const PRINTED_DIGITS: usize = 32;

/// Whether what a code carries is this digest: its printed beginning, or all of it.
pub fn is_digest(carried: &str, digest: &str) -> bool {
    (carried.len() == PRINTED_DIGITS || carried.len() == digest.len()) && digest.starts_with(carried)
}

/// The number people say: `遂民安责改〔2026〕12号`.
pub fn number_text(office_word: &str, kind_word: &str, year: i32, number: i32) -> String {
    format!("{office_word}{kind_word}〔{year}〕{number}号")
}

/// Whether the office is responsible for a place.
pub fn is_in_charge(office: AreaId, place: &AreaColumns) -> bool {
    place.contains(office)
}
