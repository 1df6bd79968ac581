//! What may be done with a plan, by whom, in which state, and on which day. Pure.

use super::action::{PlanStep, Step};
use super::check::ContentCheck;
use super::model::{PlanHead, PlanState};
use crate::access::Role;
use crate::fields::Fields;
use crate::ids::UserId;
use crate::refusal::{Code, FieldCode, Refusal};
use chrono::{Datelike, NaiveDate};
use serde_json::json;

/// So many steps one plan can have.
pub const MOST_STEPS: i64 = 500;

/// Whether this role may take this step now; if not, why not. A home's plan is its own; the office only writes down the
/// receipt that it gave.
pub fn may(plan: &PlanHead, role: Role, step: PlanStep) -> Result<(), Refusal> {
    use PlanState as S;
    use PlanStep as K;
    let theirs = role == Role::Manager || (role == Role::Supervisor && step == K::File);
    if !theirs {
        return Err(Code::StepNotYours.into());
    }
    let fits = match step {
        K::Approve => plan.state == S::Draft,
        K::PutInForce => plan.state == S::Approved,
        K::File | K::Publish => matches!(plan.state, S::Approved | S::InForce),
        K::Review => plan.state == S::InForce,
        K::Discard => matches!(plan.state, S::Draft | S::Approved),
    };
    if fits && plan.version < MOST_STEPS { Ok(()) } else { Err(not_allowed(plan)) }
}

/// The steps this role may take now.
pub fn allowed(plan: &PlanHead, role: Role) -> Vec<PlanStep> {
    PlanStep::ALL.iter().copied().filter(|step| may(plan, role, *step).is_ok()).collect()
}

/// Whether its words may change.
pub fn may_change(plan: &PlanHead) -> Result<(), Refusal> {
    let open = plan.state == PlanState::Draft && plan.version < MOST_STEPS;
    if open { Ok(()) } else { Err(not_allowed(plan)) }
}

fn not_allowed(plan: &PlanHead) -> Refusal {
    let state = json!({ "state": plan.state, "version": plan.version });
    Refusal::new(Code::StepNotAllowed).current(state)
}

/// Whether whoever wrote the plan may enter its approval: only where nobody else of the home could.
pub fn may_approve(plan: &PlanHead, by: UserId, others: bool) -> Result<(), Refusal> {
    if plan.written_by == by && others { Err(Code::SamePerson.into()) } else { Ok(()) }
}

/// Whether a plan has everything that is required.
pub fn must_be_complete(check: &ContentCheck) -> Result<(), Refusal> {
    if check.complete {
        return Ok(());
    }
    let state = json!({ "missing": check.required(), "document": check.document });
    Err(Refusal::new(Code::PlanPartsMissing).current(state))
}

/// Whether the day of a step can be: not to come, and not before what must have been done before. `earlier` is the day on
/// which the plan in force until now began.
pub fn check_day(
    plan: &PlanHead,
    step: &Step,
    today: NaiveDate,
    earlier: Option<NaiveDate>,
) -> Result<(), Refusal> {
    let Some(on) = step.on() else { return Ok(()) };
    let approved = plan.approval.as_ref().map(|approval| approval.on);
    let not_before = match step {
        Step::Approve { .. } | Step::Discard { .. } => None,
        // Two do not begin on one day: the first would never have been in force.
        Step::PutInForce { .. } => approved.max(earlier.and_then(|day| day.succ_opt())),
        Step::File { .. } | Step::Publish { .. } => approved,
        Step::Review { .. } => plan.reviewed_on(NaiveDate::MAX),
    };
    let mut fields = Fields::new();
    fields.check(on <= today, "/on", FieldCode::InFuture);
    let written = on.year() >= 2000 && not_before.is_none_or(|day| on >= day);
    fields.check(written, "/on", FieldCode::TooEarly);
    fields.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Instant;
    use crate::ids::{InstitutionId, PlanId};
    use crate::plans::action::PlanAction;
    use crate::plans::content::PlanKind;
    use crate::plans::model::{Approval, Review};
    use crate::staff::Person;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn person() -> Person {
        Person { staff_id: None, name: "李强".into() }
    }

    fn plan(state: PlanState) -> PlanHead {
        let at = Instant::from_micros(0).unwrap();
        let who = UserId::fresh();
        let on = day("2026-02-01");
        let approved = state != PlanState::Draft;
        let approval =
            Approval { on, by: person(), post: "院长".into(), note: None, entered_by_writer: false };
        PlanHead {
            id: PlanId::fresh(),
            institution_id: InstitutionId::fresh(),
            edition: 1,
            based_on: None,
            state,
            kind: PlanKind::General,
            level: Some(3),
            title: "灭火和应急疏散预案".into(),
            content_digest: String::new(),
            approval: approved.then_some(approval),
            in_force_on: (state == PlanState::InForce).then_some(day("2026-02-03")),
            snapshot: None,
            review: None,
            filing: None,
            publication: None,
            superseded_on: None,
            superseded_by: None,
            discarded_because: None,
            created_by: who,
            written_by: who,
            digest: String::new(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    /// Every state and every role: these steps and no others.
    #[test]
    fn what_may_be_done_in_which_state_by_whom() {
        use PlanState as S;
        use PlanStep as K;
        let table: [(S, &[K]); 5] = [
            (S::Draft, &[K::Approve, K::Discard]),
            (S::Approved, &[K::PutInForce, K::File, K::Publish, K::Discard]),
            (S::InForce, &[K::File, K::Publish, K::Review]),
            (S::Superseded, &[]),
            (S::Discarded, &[]),
        ];
        assert_eq!(table.map(|(state, _)| state).as_slice(), S::ALL);
        for (state, steps) in table {
            for role in Role::ALL.iter().copied() {
                let theirs: Vec<K> = match role {
                    Role::Manager => steps.to_vec(),
                    Role::Supervisor => steps.iter().copied().filter(|step| *step == K::File).collect(),
                    Role::Inspector | Role::Auditor | Role::Admin => Vec::new(),
                };
                assert_eq!(allowed(&plan(state), role), theirs, "{state} {role}");
                for step in K::ALL.iter().copied().filter(|step| !theirs.contains(step)) {
                    let refusal = may(&plan(state), role, step).unwrap_err();
                    let yours = role == Role::Manager || (role == Role::Supervisor && step == K::File);
                    let code = if yours { Code::StepNotAllowed } else { Code::StepNotYours };
                    assert_eq!(refusal.code, code, "{state} {role} {step}");
                }
            }
            assert_eq!(may_change(&plan(state)).is_ok(), state == S::Draft, "{state}");
        }
    }

    #[test]
    fn the_story_of_one_plan_has_an_end() {
        let told = PlanHead { version: MOST_STEPS, ..plan(PlanState::InForce) };
        assert_eq!(allowed(&told, Role::Manager), []);
        let rewritten = PlanHead { version: MOST_STEPS, ..plan(PlanState::Draft) };
        assert_eq!(may_change(&rewritten).unwrap_err().code, Code::StepNotAllowed);
    }

    #[test]
    fn whoever_wrote_it_approves_it_only_where_nobody_else_can() {
        let draft = plan(PlanState::Draft);
        let table =
            [(draft.written_by, true, false), (draft.written_by, false, true), (UserId::fresh(), true, true)];
        for (by, others, may) in table {
            let answer = may_approve(&draft, by, others);
            assert_eq!(answer.is_ok(), may, "{others}");
            assert!(may || answer.unwrap_err().code == Code::SamePerson);
        }
    }

    fn step(kind: PlanStep, on: &str) -> Step {
        let text = |wanted: &[PlanStep]| wanted.contains(&kind).then(|| "一".to_owned());
        let form = PlanAction {
            on: Some(day(on)),
            by: matches!(kind, PlanStep::Approve | PlanStep::Review).then(person),
            post: text(&[PlanStep::Approve]),
            department: text(&[PlanStep::File]),
            how: text(&[PlanStep::Publish]),
            ..PlanAction::of(kind)
        };
        form.parse().unwrap()
    }

    /// Approved on 1 February, in force since the 3rd or to follow one of the 2nd; today is 10 March.
    #[test]
    fn no_step_comes_before_what_it_rests_on() {
        use FieldCode as F;
        use PlanStep as K;
        let table = [
            (K::Approve, "2026-03-10", None),
            (K::Approve, "2026-03-11", Some(F::InFuture)),
            (K::Approve, "1999-12-31", Some(F::TooEarly)),
            (K::PutInForce, "2026-02-03", None),
            (K::PutInForce, "2026-02-02", Some(F::TooEarly)),
            (K::PutInForce, "2026-03-11", Some(F::InFuture)),
            (K::File, "2026-02-01", None),
            (K::File, "2026-01-31", Some(F::TooEarly)),
            (K::Publish, "2026-02-01", None),
            (K::Publish, "2026-01-31", Some(F::TooEarly)),
            (K::Review, "2026-02-20", None),
            (K::Review, "2026-02-19", Some(F::TooEarly)),
            (K::Review, "2026-03-11", Some(F::InFuture)),
        ];
        for (kind, on, fault) in table {
            let mut plan = plan(match kind {
                K::Approve | K::Discard => PlanState::Draft,
                K::PutInForce => PlanState::Approved,
                K::File | K::Publish | K::Review => PlanState::InForce,
            });
            plan.review =
                (kind == K::Review).then(|| Review { on: day("2026-02-20"), by: person(), note: None });
            let answer = check_day(&plan, &step(kind, on), day("2026-03-10"), Some(day("2026-02-02")));
            let found = answer.err().map(|refusal| refusal.fields[0].code);
            assert_eq!(found, fault, "{kind} {on}");
        }
    }
}
