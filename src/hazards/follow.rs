//! What a hazard is after a step. Pure; [`may`] has the first word.

use super::action::{ActionKind, Plan, Step};
use super::deadlines::Timetable;
use super::lifecycle::{Chosen, Moment, Situation, Who, five_parts, may};
use super::model::{
    DeadlineBasis, ExtensionRequest, GrantedExtension, Hazard, Listing, MajorJudgement, Severity, Status,
    Transfer, VoidRequest,
};
use crate::db::Instant;
use crate::ids::UserId;
use crate::refusal::{FieldCode, Refusal};
use chrono::NaiveDate;

/// The hazard after `step`, or why the step may not be taken. The version is one higher.
pub fn follow(situation: &Situation<'_>, kind: ActionKind, step: &Step) -> Result<Hazard, Refusal> {
    may(situation, kind)?;
    let mut after = situation.hazard.clone();
    let Situation { who, moment, .. } = situation;
    let rules = &situation.rules.timetable;
    match step {
        Step::Accept(plan) => accept(&mut after, plan)?,
        Step::Submit(plan) => submit(&mut after, plan, who, moment, rules)?,
        Step::RecheckPass => close(&mut after, who.user, moment.now),
        Step::RecheckFail { deadline } => fail(&mut after, *deadline, moment, rules)?,
        Step::RequestExtension { deadline, reason } => {
            request_extension(&mut after, *deadline, reason, who, moment, rules)?;
        }
        Step::DecideExtension { approve } => decide_extension(&mut after, *approve, who, moment),
        Step::JudgeMajor { criterion, deadline } => {
            let chosen = situation.rules.choose(criterion, "/criterion")?;
            judge_major(&mut after, &chosen, *deadline, who, moment, rules)?;
        }
        Step::List { unit } => list(&mut after, unit, who, moment),
        Step::Delist => after.listed = false,
        Step::Transfer { department, reason } => transfer(&mut after, department, reason, moment),
        Step::Return => give_back(&mut after),
        Step::Comment | Step::WaiveEvidence { .. } => {}
        Step::RequestVoid { reason } => request_void(&mut after, reason, who, moment),
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
    if hazard.severity == Severity::Major { five_parts(stated) } else { Ok(()) }
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
    rules: &Timetable<'_>,
) -> Result<(), Refusal> {
    state_plan(hazard, plan)?;
    if hazard.details.rectification.measure.is_none() {
        return Err(Refusal::invalid("/measure", FieldCode::Required));
    }
    hazard.details.rectification.submitted_at = Some(moment.now);
    hazard.details.extension_request = None;
    hazard.submitted_by = Some(who.user);
    await_recheck(hazard, rules.recheck_due(hazard.severity, moment.today));
    hazard.status = Status::AwaitingRecheck;
    Ok(())
}

/// The office has until then to look at it again.
fn await_recheck(hazard: &mut Hazard, basis: DeadlineBasis) {
    hazard.recheck_due = Some(basis.result);
    hazard.details.recheck_explained = Some(basis);
}

/// Closes it; a listed hazard is accepted and delisted in one (验收摘牌销号).
pub fn close(hazard: &mut Hazard, by: UserId, now: Instant) {
    hazard.status = Status::Closed;
    hazard.listed = false;
    hazard.recheck_due = None;
    hazard.details.recheck_explained = None;
    hazard.closed_by = Some(by);
    hazard.closed_at = Some(now);
    hazard.details.extension_request = None;
    hazard.details.void_request = None;
}

/// Starts the institution's clock anew, by the date given or the short one for rework; the next fix has a
/// rectifier of its own.
fn begin_again(
    hazard: &mut Hazard,
    deadline: Option<NaiveDate>,
    moment: &Moment,
    rules: &Timetable<'_>,
) -> Result<(), Refusal> {
    hazard.deadline_basis = match deadline {
        Some(given) => rules.given_deadline(given, hazard.severity, moment.today)?,
        None => rules.rework_deadline(moment.today)?,
    };
    hazard.deadline = hazard.deadline_basis.result;
    hazard.submitted_by = None;
    Ok(())
}

fn fail(
    hazard: &mut Hazard,
    deadline: Option<NaiveDate>,
    moment: &Moment,
    rules: &Timetable<'_>,
) -> Result<(), Refusal> {
    begin_again(hazard, deadline, moment, rules)?;
    hazard.rework_count += 1;
    hazard.recheck_due = None;
    hazard.details.recheck_explained = None;
    hazard.status = Status::Rectifying;
    Ok(())
}

fn request_extension(
    hazard: &mut Hazard,
    deadline: NaiveDate,
    reason: &str,
    who: &Who,
    moment: &Moment,
    rules: &Timetable<'_>,
) -> Result<(), Refusal> {
    rules.check_extension(&hazard.deadline_basis, hazard.deadline, deadline)?;
    let (requested_by, requested_at) = (who.user, moment.now);
    hazard.details.extension_request =
        Some(ExtensionRequest { deadline, reason: reason.to_owned(), requested_by, requested_at });
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

/// A judgement by a criterion that is in force.
pub fn judgement(criterion: &Chosen<'_>, by: UserId, at: Instant) -> MajorJudgement {
    MajorJudgement {
        criterion: criterion.criterion.code.clone(),
        document: Some(criterion.head.reference()),
        judged_by: by,
        judged_at: at,
    }
}

fn judge_major(
    hazard: &mut Hazard,
    criterion: &Chosen<'_>,
    deadline: Option<NaiveDate>,
    who: &Who,
    moment: &Moment,
    rules: &Timetable<'_>,
) -> Result<(), Refusal> {
    if let Some(given) = deadline {
        hazard.deadline_basis = rules.given_deadline(given, Severity::Major, moment.today)?;
        hazard.deadline = given;
        // What was asked for counted from the old date.
        hazard.details.extension_request = None;
    }
    hazard.severity = Severity::Major;
    hazard.details.no_criterion_because = None;
    hazard.details.major = Some(judgement(criterion, who.user, moment.now));
    if let Some(due) = hazard.recheck_due {
        let basis = rules.recheck_due(Severity::Major, moment.today);
        if basis.result > due {
            await_recheck(hazard, basis);
        }
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

fn request_void(hazard: &mut Hazard, reason: &str, who: &Who, moment: &Moment) {
    let (requested_by, requested_at) = (who.user, moment.now);
    hazard.details.void_request = Some(VoidRequest { reason: reason.to_owned(), requested_by, requested_at });
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
    rules: &Timetable<'_>,
) -> Result<(), Refusal> {
    begin_again(hazard, deadline, moment, rules)?;
    hazard.fixed_on_spot = false;
    hazard.closed_by = None;
    hazard.closed_at = None;
    hazard.status = Status::Pending;
    Ok(())
}
