//! The life of a hazard: what may happen, to whom, by whom, and what follows. Pure.
//!
//! [`may`] is asked by the API before a step, for `allowed_actions` in every answer and by the offline
//! app for its buttons; [`follow`] says what the hazard is afterwards.

use super::action::{ActionKind, Plan, Step};
use super::deadlines::DeadlineRules;
use super::model::{
    EvidenceState, ExtensionRequest, GrantedExtension, Hazard, Listing, MajorJudgement, Severity, Status,
    Transfer, VoidRequest,
};
use crate::access::{Actor, Role};
use crate::checklists::PhotoRule;
use crate::db::Instant;
use crate::ids::UserId;
use crate::refusal::{Code, FieldCode, Refusal};
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
    pub rules: &'a DeadlineRules,
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
        K::JudgeMajor => here && hazard.severity == Severity::General,
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
        K::Reopen if !moment.closed_on.is_some_and(|closed| rules.may_reopen(closed, moment.today)) => {
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
        // A smaller level is a higher office.
        K::RecheckPass | K::Delist
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
    if hazard.details.rectification.measure.is_none() {
        return Err(Code::MeasureMissing.into());
    }
    Ok(())
}

/// Whether something put right on the spot (立行立改) can now be closed by itself: all its photos are there.
pub fn closes_on_spot(hazard: &Hazard, evidence: &EvidenceState) -> bool {
    hazard.fixed_on_spot
        && hazard.status == Status::AwaitingRecheck
        && hazard.submitted_by.is_none()
        && hazard.rework_count == 0
        && may_close(hazard, evidence).is_ok()
}

/// The hazard after `step`, or why the step may not be taken. The version is one higher.
pub fn follow(situation: &Situation<'_>, kind: ActionKind, step: &Step) -> Result<Hazard, Refusal> {
    may(situation, kind)?;
    let mut after = situation.hazard.clone();
    let Situation { who, moment, rules, .. } = situation;
    match step {
        Step::Accept(plan) => accept(&mut after, plan)?,
        Step::Submit(plan) => submit(&mut after, plan, who, moment, rules)?,
        Step::RecheckPass => close(&mut after, who.user, moment.now),
        Step::RecheckFail { deadline } => fail(&mut after, *deadline, moment, rules)?,
        Step::RequestExtension { deadline, reason } => {
            rules.check_extension(after.deadline, *deadline)?;
            after.details.extension_request = Some(ExtensionRequest {
                deadline: *deadline,
                reason: reason.clone(),
                requested_by: who.user,
                requested_at: moment.now,
            });
        }
        Step::DecideExtension { approve } => decide_extension(&mut after, *approve, who, moment),
        Step::JudgeMajor { criterion, deadline } => {
            judge_major(&mut after, criterion, *deadline, who, moment, rules)?;
        }
        Step::List { unit } => list(&mut after, unit, who, moment),
        Step::Delist => after.listed = false,
        Step::Transfer { department, reason } => transfer(&mut after, department, reason, moment),
        Step::Return => give_back(&mut after),
        Step::Comment | Step::WaiveEvidence { .. } => {}
        Step::RequestVoid { reason } => {
            let (requested_by, requested_at) = (who.user, moment.now);
            after.details.void_request =
                Some(VoidRequest { reason: reason.clone(), requested_by, requested_at });
        }
        Step::DecideVoid { approve } => decide_void(&mut after, *approve, who, moment),
        Step::Reopen { deadline } => reopen(&mut after, *deadline, moment, rules)?,
    }
    after.version += 1;
    after.updated_at = moment.now;
    Ok(after)
}

/// Takes over what was stated; a major hazard needs all five parts before it leaves `pending`.
fn state_plan(hazard: &mut Hazard, plan: &Plan) -> Result<(), Refusal> {
    let stated = &mut hazard.details.rectification;
    stated.measure = plan.measure.clone().or(stated.measure.take());
    stated.responsible_person = plan.responsible_person.clone().or(stated.responsible_person.take());
    stated.funds_yuan = plan.funds_yuan.or(stated.funds_yuan);
    stated.contingency_plan = plan.contingency_plan.clone().or(stated.contingency_plan.take());
    if hazard.severity != Severity::Major {
        return Ok(());
    }
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

fn accept(hazard: &mut Hazard, plan: &Plan) -> Result<(), Refusal> {
    state_plan(hazard, plan)?;
    hazard.status = Status::Rectifying;
    Ok(())
}

fn submit(
    hazard: &mut Hazard,
    plan: &Plan,
    who: &Who,
    moment: &Moment,
    rules: &DeadlineRules,
) -> Result<(), Refusal> {
    state_plan(hazard, plan)?;
    if hazard.details.rectification.measure.is_none() {
        return Err(Refusal::invalid("/measure", FieldCode::Required));
    }
    hazard.details.rectification.submitted_at = Some(moment.now);
    hazard.details.extension_request = None;
    hazard.submitted_by = Some(who.user);
    hazard.recheck_due = Some(rules.recheck_due(hazard.severity, moment.today));
    hazard.status = Status::AwaitingRecheck;
    Ok(())
}

/// Closes it; a listed hazard is accepted and delisted in one (验收摘牌销号).
pub fn close(hazard: &mut Hazard, by: UserId, now: Instant) {
    hazard.status = Status::Closed;
    hazard.listed = false;
    hazard.recheck_due = None;
    hazard.closed_by = Some(by);
    hazard.closed_at = Some(now);
    hazard.details.extension_request = None;
    hazard.details.void_request = None;
}

fn fail(
    hazard: &mut Hazard,
    deadline: Option<NaiveDate>,
    moment: &Moment,
    rules: &DeadlineRules,
) -> Result<(), Refusal> {
    hazard.deadline_basis = match deadline {
        Some(given) => rules.given_deadline(given, hazard.severity, moment.today)?,
        None => rules.rework_deadline(moment.today),
    };
    hazard.deadline = hazard.deadline_basis.result;
    hazard.rework_count += 1;
    hazard.recheck_due = None;
    hazard.submitted_by = None;
    hazard.status = Status::Rectifying;
    Ok(())
}

fn decide_extension(hazard: &mut Hazard, approve: bool, who: &Who, moment: &Moment) {
    let Some(request) = hazard.details.extension_request.take() else { return };
    if approve {
        hazard.deadline_basis.extensions.push(GrantedExtension {
            from: hazard.deadline,
            to: request.deadline,
            reason: request.reason,
            decided_by: who.user,
            decided_at: moment.now,
        });
        hazard.deadline = request.deadline;
    }
}

fn judge_major(
    hazard: &mut Hazard,
    criterion: &str,
    deadline: Option<NaiveDate>,
    who: &Who,
    moment: &Moment,
    rules: &DeadlineRules,
) -> Result<(), Refusal> {
    if let Some(given) = deadline {
        hazard.deadline_basis = rules.given_deadline(given, Severity::Major, moment.today)?;
        hazard.deadline = given;
    }
    hazard.severity = Severity::Major;
    hazard.details.major =
        Some(MajorJudgement { criterion: criterion.to_owned(), judged_by: who.user, judged_at: moment.now });
    if let Some(due) = hazard.recheck_due {
        hazard.recheck_due = Some(due.max(rules.recheck_due(Severity::Major, moment.today)));
    }
    Ok(())
}

fn list(hazard: &mut Hazard, unit: &str, who: &Who, moment: &Moment) {
    hazard.listed = true;
    hazard.details.listing = Some(Listing {
        unit: unit.to_owned(),
        level: who.level.unwrap_or_default(),
        listed_by: who.user,
        listed_at: moment.now,
    });
}

fn transfer(hazard: &mut Hazard, department: &str, reason: &str, moment: &Moment) {
    hazard.details.transfer = Some(Transfer {
        department: department.to_owned(),
        reason: reason.to_owned(),
        status_before: hazard.status,
        transferred_at: moment.now,
    });
    hazard.status = Status::Transferred;
}

fn give_back(hazard: &mut Hazard) {
    let before = hazard.details.transfer.take().map(|transfer| transfer.status_before);
    hazard.status = before.unwrap_or(Status::Pending);
}

fn decide_void(hazard: &mut Hazard, approve: bool, who: &Who, moment: &Moment) {
    if approve {
        let request = hazard.details.void_request.clone();
        close(hazard, who.user, moment.now);
        hazard.status = Status::Void;
        hazard.details.void_request = request;
    } else {
        hazard.details.void_request = None;
    }
}

fn reopen(
    hazard: &mut Hazard,
    deadline: Option<NaiveDate>,
    moment: &Moment,
    rules: &DeadlineRules,
) -> Result<(), Refusal> {
    hazard.deadline_basis = match deadline {
        Some(given) => rules.given_deadline(given, hazard.severity, moment.today)?,
        None => rules.rework_deadline(moment.today),
    };
    hazard.deadline = hazard.deadline_basis.result;
    hazard.fixed_on_spot = false;
    hazard.submitted_by = None;
    hazard.closed_by = None;
    hazard.closed_at = None;
    hazard.status = Status::Pending;
    Ok(())
}
