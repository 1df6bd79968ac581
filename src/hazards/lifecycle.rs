//! The life of a hazard: what may happen, to whom, by whom, and what follows. Pure.
//!
//! [`may`] is asked by the API before a step, for `allowed_actions` in every answer and by the offline
//! app for its buttons; [`follow`] says what the hazard is afterwards.

pub use super::follow::{close, follow};

use super::action::ActionKind;
use super::deadlines::Timetable;
use super::model::{EvidenceState, Hazard, Rectification, Severity, Status};
use crate::access::{Actor, AreaColumns, Role};
use crate::checklists::PhotoRule;
use crate::db::Instant;
use crate::ids::UserId;
use crate::refusal::{Code, FieldCode, Refusal};
use crate::rules::{Criteria, Criterion, Head, InForce, Rules};
use chrono::NaiveDate;
use serde_json::json;

/// Who wants to act, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub user: UserId,
    pub role: Role,
    /// The level of the office they speak for over this place; `None` for an institution's own people.
    pub level: Option<u8>,
}

impl Who {
    pub fn of(actor: &Actor, hazard: &Hazard) -> Self {
        Self { user: actor.id, role: actor.role, level: actor.scope.level_over(&hazard.place) }
    }
}

/// The moment of a step.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub now: Instant,
    /// The local date of the office.
    pub today: NaiveDate,
    /// The local date it was closed on, if it was.
    pub closed_on: Option<NaiveDate>,
}

/// Everything a decision rests on.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    pub hazard: &'a Hazard,
    pub evidence: &'a EvidenceState,
    pub who: Who,
    pub moment: Moment,
    pub rules: RulesHere<'a>,
}

/// The rules that are in force at the hazard's place on the day of the step.
#[derive(Clone, Copy)]
pub struct RulesHere<'a> {
    pub timetable: Timetable<'a>,
    /// For major accident hazards (重大事故隐患), and…
    pub accident: Option<InForce<'a, Criteria>>,
    /// …for major fire hazards (重大火灾隐患).
    pub fire: Option<InForce<'a, Criteria>>,
}

/// A criterion with the document it is of.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    pub head: &'a Head,
    pub criterion: &'a Criterion,
}

impl<'a> RulesHere<'a> {
    /// What holds at that place on that day.
    pub fn of(rules: &'a Rules, place: &AreaColumns, on: NaiveDate) -> Result<Self, Refusal> {
        Ok(Self {
            timetable: rules.timetable(place, on)?,
            accident: rules.major_accident_criteria(place, on).ok(),
            fire: rules.major_fire_criteria(place, on).ok(),
        })
    }

    /// The criterion of that code; a person chooses it, and it must be one that is in force.
    pub fn choose(&self, code: &str, pointer: &str) -> Result<Chosen<'a>, Refusal> {
        let documents = [self.accident, self.fire];
        let found = documents.into_iter().flatten().find_map(|document| {
            let criterion = document.content.find(code)?;
            Some(Chosen { head: document.head, criterion })
        });
        found.ok_or_else(|| Refusal::invalid(pointer, FieldCode::UnknownReference))
    }
}

/// The steps this person may take now.
pub fn allowed(situation: &Situation<'_>) -> Vec<ActionKind> {
    ActionKind::ALL.iter().copied().filter(|kind| may(situation, *kind).is_ok()).collect()
}

/// Whether this person may take this kind of step now; if not, why not.
pub fn may(situation: &Situation<'_>, kind: ActionKind) -> Result<(), Refusal> {
    role_may(situation.hazard, situation.who.role, kind)?;
    state_allows(situation, kind)?;
    person_may(situation, kind)
}

/// Which roles take which steps. Auditors and administrators take none.
fn role_may(hazard: &Hazard, role: Role, kind: ActionKind) -> Result<(), Refusal> {
    use ActionKind as K;
    let theirs = match kind {
        K::Accept | K::Submit | K::RequestExtension => role == Role::Manager,
        K::RecheckPass | K::RecheckFail => match role {
            Role::Supervisor => true,
            Role::Inspector => hazard.severity == Severity::General,
            // An institution may close its own general findings, never major ones.
            Role::Manager => hazard.self_found && hazard.severity == Severity::General,
            Role::Auditor | Role::Admin => false,
        },
        K::DecideExtension | K::List | K::Delist | K::DecideVoid | K::WaiveEvidence => {
            role == Role::Supervisor
        }
        K::JudgeMajor | K::Transfer | K::Return | K::RequestVoid | K::Reopen => {
            matches!(role, Role::Inspector | Role::Supervisor)
        }
        K::Comment => matches!(role, Role::Inspector | Role::Manager | Role::Supervisor),
    };
    if theirs { Ok(()) } else { Err(Code::StepNotYours.into()) }
}

/// Major by a criterion; what a ledger calls major without one still needs somebody's decision.
fn is_judged(hazard: &Hazard) -> bool {
    let details = &hazard.details;
    hazard.severity == Severity::Major && (details.major.is_some() || details.imported.is_none())
}

/// Which states allow which steps.
fn state_allows(situation: &Situation<'_>, kind: ActionKind) -> Result<(), Refusal> {
    use ActionKind as K;
    let hazard = situation.hazard;
    let (open, status) = (hazard.status.is_open(), hazard.status);
    let here = open && status != Status::Transferred;
    let allows = match kind {
        K::Accept => status == Status::Pending,
        K::Submit | K::RequestExtension => status.is_running(),
        K::RecheckPass | K::RecheckFail => status == Status::AwaitingRecheck,
        K::DecideExtension | K::DecideVoid | K::Comment | K::WaiveEvidence => open,
        K::JudgeMajor => here && !is_judged(hazard),
        K::List => here && hazard.severity == Severity::Major && !hazard.listed,
        K::Delist => open && hazard.listed,
        K::Transfer => here,
        K::Return => status == Status::Transferred,
        K::RequestVoid => open && hazard.details.void_request.is_none(),
        K::Reopen => status == Status::Closed,
    };
    if !allows {
        let state = json!({ "status": status, "severity": hazard.severity, "listed": hazard.listed, "version": hazard.version });
        return Err(Refusal::new(Code::StepNotAllowed).current(state));
    }
    particulars(situation, kind)
}

/// What a step needs beyond the state.
fn particulars(situation: &Situation<'_>, kind: ActionKind) -> Result<(), Refusal> {
    use ActionKind as K;
    let Situation { hazard, evidence, moment, rules, .. } = situation;
    let details = &hazard.details;
    match kind {
        K::RecheckPass => may_close(hazard, evidence),
        K::RequestExtension if details.extension_request.is_some() => Err(Code::ExtensionPending.into()),
        K::RequestExtension if hazard.is_overdue(moment.today) => Err(Code::ExtensionLate.into()),
        K::DecideExtension if details.extension_request.is_none() => Err(Code::NothingPending.into()),
        K::DecideVoid if details.void_request.is_none() => Err(Code::NothingPending.into()),
        K::WaiveEvidence if evidence.missing.is_empty() => Err(Code::NothingPending.into()),
        K::Reopen
            if !moment.closed_on.is_some_and(|closed| rules.timetable.may_reopen(closed, moment.today)) =>
        {
            Err(Code::ReopenLate.into())
        }
        _ => Ok(()),
    }
}

/// Who exactly may take it: the second pair of eyes, and the office that listed it.
fn person_may(situation: &Situation<'_>, kind: ActionKind) -> Result<(), Refusal> {
    use ActionKind as K;
    let (hazard, who) = (situation.hazard, situation.who);
    let asked_by = match kind {
        K::RecheckPass | K::RecheckFail => hazard.submitted_by,
        K::DecideExtension => hazard.details.extension_request.as_ref().map(|request| request.requested_by),
        K::DecideVoid => hazard.details.void_request.as_ref().map(|request| request.requested_by),
        _ => None,
    };
    if asked_by == Some(who.user) {
        return Err(Code::SamePerson.into());
    }
    let listing_level =
        hazard.details.listing.as_ref().filter(|_| hazard.listed).map(|listing| listing.level);
    match kind {
        // A smaller level is a higher office. What was listed also ends as a false report only there.
        K::RecheckPass | K::Delist | K::DecideVoid
            if listing_level.is_some_and(|level| who.level.is_none_or(|own| own > level)) =>
        {
            Err(Code::AcceptanceByLister.into())
        }
        K::List if who.level.is_none() => Err(Code::StepNotYours.into()),
        _ => Ok(()),
    }
}

/// Closing needs every declared photo, the pictures its item asks for, and a measure.
fn may_close(hazard: &Hazard, evidence: &EvidenceState) -> Result<(), Refusal> {
    if !evidence.missing.is_empty() {
        return Err(Refusal::new(Code::EvidenceMissing).current(json!({ "missing": evidence.missing })));
    }
    let shown = match hazard.photo_rule {
        PhotoRule::BeforeAfter => evidence.before > 0 && evidence.after > 0,
        PhotoRule::One => evidence.after + evidence.documents > 0,
        PhotoRule::Document => evidence.documents + evidence.after > 0,
        PhotoRule::None => true,
    };
    if !shown {
        let rule =
            json!({ "photo_rule": hazard.photo_rule, "before": evidence.before, "after": evidence.after });
        return Err(Refusal::new(Code::EvidenceMissing).current(rule));
    }
    if hazard.details.also_document && evidence.documents == 0 {
        let rule = json!({ "photo_rule": hazard.photo_rule, "also_document": true, "documents": 0 });
        return Err(Refusal::new(Code::EvidenceMissing).current(rule));
    }
    if hazard.details.rectification.measure.is_none() {
        return Err(Code::MeasureMissing.into());
    }
    // It may have become major after it was handed in.
    if hazard.severity == Severity::Major { five_parts(&hazard.details.rectification) } else { Ok(()) }
}

/// A major hazard is put right with measures, funds, somebody responsible and a contingency plan; the
/// deadline, the fifth part, it always has.
pub(super) fn five_parts(stated: &Rectification) -> Result<(), Refusal> {
    let parts = [
        ("/measure", stated.measure.is_some()),
        ("/funds_yuan", stated.funds_yuan.is_some()),
        ("/responsible_person", stated.responsible_person.is_some()),
        ("/contingency_plan", stated.contingency_plan.is_some()),
    ];
    let missing = parts.iter().filter(|(_, stated)| !stated);
    let refusal = missing.fold(Refusal::new(Code::FivePartsMissing), |refusal, (pointer, _)| {
        refusal.field(*pointer, FieldCode::Required)
    });
    if refusal.fields.is_empty() { Ok(()) } else { Err(refusal) }
}

/// Whether something put right on the spot (立行立改) can now be closed by itself: all its photos are there.
pub fn closes_on_spot(hazard: &Hazard, evidence: &EvidenceState) -> bool {
    hazard.fixed_on_spot
        && hazard.severity == Severity::General
        && hazard.status == Status::AwaitingRecheck
        && hazard.submitted_by.is_none()
        && hazard.rework_count == 0
        && may_close(hazard, evidence).is_ok()
}
