//! Who may know of a drill, who may do what with it and when, and what its plan must be. Pure.

use super::action::DrillStep;
use super::forms::{Announcement, DrillPlan, PublicTold, StaffTold};
use super::model::{Drill, DrillState, Planned};
use crate::access::Role;
use crate::db::Instant;
use crate::fields::Fields;
use crate::ids::UserId;
use crate::refusal::{Code, FieldCode, Refusal};
use crate::rules::kinds::drills::DrillKind;
use crate::staff::rules::check_person;
use chrono::TimeDelta;
use serde_json::json;

/// The widest window: somebody must still know roughly when.
const WIDEST: TimeDelta = TimeDelta::days(31);
/// Nobody plans further ahead.
const FURTHEST: TimeDelta = TimeDelta::days(800);
/// A phone's clock may run ahead by this much.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(10);

/// Whether a kind of drill comes without a word beforehand.
pub fn comes_unannounced(kind: DrillKind) -> bool {
    matches!(kind, DrillKind::Unannounced | DrillKind::CallOut)
}

/// Whether the home must not know of what is planned: the office planned it, and it is to come as a surprise.
pub fn is_hidden(kind: DrillKind, staff: StaffTold, planner: Role) -> bool {
    planner == Role::Supervisor && (comes_unannounced(kind) || staff == StaffTold::None)
}

/// Whether somebody who covers the home may know of the drill. Lists narrow by the same two columns.
pub fn is_visible(drill: &Drill, role: Role) -> bool {
    role != Role::Manager || !drill.hidden || drill.started_at.is_some()
}

/// Whether this person may see the exact time that was planned.
pub fn sees_exact_time(drill: &Drill, user: UserId) -> bool {
    let sealed = drill.plan.as_ref().is_some_and(Planned::is_sealed);
    !sealed || is_in_the_know(drill, user)
}

/// Whether this person may be told that the drill was planned with this announcement: also a sealed time that was given
/// up since is nobody else's to find out.
pub fn may_confirm(drill: &Drill, announcement: &Announcement, user: UserId) -> bool {
    sees_exact_time(drill, user) && (!announcement.is_sealed() || is_in_the_know(drill, user))
}

fn is_in_the_know(drill: &Drill, user: UserId) -> bool {
    drill.started_at.is_some() || drill.planned_by == Some(user)
}

/// Who asks, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub role: Role,
    /// Whether an office planned it: the home does not move or drop what it did not plan.
    pub planned_by_office: bool,
}

impl Who {
    pub fn of(role: Role, drill: &Drill) -> Self {
        Self { role, planned_by_office: drill.plan.as_ref().is_some_and(|plan| plan.by_office) }
    }
}

/// Whether this person may take this step now; if not, why not.
pub fn may(drill: &Drill, who: Who, step: DrillStep) -> Result<(), Refusal> {
    let theirs = match (step, who.role) {
        (DrillStep::Start, Role::Inspector | Role::Manager | Role::Supervisor)
        | (DrillStep::Report, Role::Manager | Role::Supervisor)
        | (_, Role::Supervisor) => true,
        (DrillStep::Postpone | DrillStep::Cancel, Role::Manager) => !who.planned_by_office,
        _ => false,
    };
    if !theirs {
        return Err(Code::StepNotYours.into());
    }
    let allowed = match step {
        DrillStep::Start | DrillStep::Postpone => drill.state == DrillState::Planned,
        DrillStep::Cancel => matches!(drill.state, DrillState::Planned | DrillState::Started),
        DrillStep::Report => drill.state.is_held() && drill.reported_on.is_none(),
    };
    if allowed { Ok(()) } else { Err(not_now(drill)) }
}

/// The steps this person may take now.
pub fn allowed(drill: &Drill, who: Who) -> Vec<DrillStep> {
    DrillStep::ALL.iter().copied().filter(|step| may(drill, who, *step).is_ok()).collect()
}

/// Whether it can be recorded: planned, started or not known before.
pub fn may_record(drill: &Drill) -> Result<(), Refusal> {
    let open = matches!(drill.state, DrillState::Planned | DrillState::Started);
    if open { Ok(()) } else { Err(not_now(drill)) }
}

pub fn may_evaluate(drill: &Drill) -> Result<(), Refusal> {
    if drill.state == DrillState::Recorded { Ok(()) } else { Err(not_now(drill)) }
}

/// That the state of the drill is in the way.
pub fn not_now(drill: &Drill) -> Refusal {
    Refusal::new(Code::StepNotAllowed).current(json!({ "state": drill.state, "version": drill.version }))
}

/// Checks a plan as it is sent.
pub fn check_plan(form: &DrillPlan, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.optional_line("/building", form.building.as_deref(), 60);
    fields.optional_line("/scenario", form.scenario.as_deref(), 200);
    fields.number("/plan_edition", &form.plan_edition.unwrap_or(1), 1..=100_000);
    let named = form.plan_edition.is_none() || form.plan_id.is_some();
    fields.check(named, "/plan_edition", FieldCode::NotAllowedHere);
    if let Some(commander) = &form.commander {
        check_person(&mut fields, "/commander", commander);
    }
    fields.check(form.goals.len() <= 10, "/goals", FieldCode::TooMany);
    for (at, goal) in form.goals.iter().enumerate() {
        fields.line(&format!("/goals/{at}"), goal, 1..=200);
    }
    fields.optional_prose("/note", form.note.as_deref(), 1000);
    let told = &form.announcement;
    let surprise = comes_unannounced(form.kind);
    let public = told.residents_public == PublicTold::Informed || surprise;
    fields.check(public, "/announcement/residents_public", FieldCode::Mismatch);
    let exact = told.staff == StaffTold::Exact;
    fields.check(!(exact && surprise), "/announcement/staff", FieldCode::Mismatch);
    fields.check(!exact || told.exact_at.is_some(), "/announcement/exact_at", FieldCode::Required);
    let exact_at = told.exact_at.map(|at| ("/announcement/exact_at", at));
    check_window(&mut fields, (form.window_from, form.window_to), exact_at, now);
    fields.finish()
}

/// Whether a drill can be held within this window from now on.
pub fn check_window(
    fields: &mut Fields,
    (from, to): (Instant, Instant),
    exact_at: Option<(&str, Instant)>,
    now: Instant,
) {
    fields.check(to >= now, "/window_to", FieldCode::TooEarly);
    fields.check(from <= now.plus(FURTHEST), "/window_from", FieldCode::TooLate);
    fields.check(to >= from, "/window_to", FieldCode::Mismatch);
    fields.check(to <= from.plus(WIDEST), "/window_to", FieldCode::TooLate);
    if let Some((pointer, at)) = exact_at {
        fields.check((from..=to).contains(&at), pointer, FieldCode::OutOfRange);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::access::AreaColumns;
    use crate::ids::{AreaId, DrillId, InstitutionId};
    use crate::rules::kinds::drills::Shift;
    use crate::staff::Person;

    fn at(minutes: i64) -> Instant {
        Instant::from_micros(1_772_000_000_000_000).unwrap().plus(TimeDelta::minutes(minutes))
    }

    fn told(staff: StaffTold, exact: Option<i64>) -> Announcement {
        Announcement { residents_public: PublicTold::Informed, staff, exact_at: exact.map(at) }
    }

    pub(crate) fn drill(state: DrillState) -> Drill {
        let planned = Planned {
            shift: Shift::Night,
            window_from: at(0),
            window_to: at(360),
            commander: None,
            goals: Vec::new(),
            announcement: told(StaffTold::Window, Some(90)),
            note: None,
            planned_at: at(-9000),
            by_office: false,
        };
        let begun = !matches!(state, DrillState::Planned | DrillState::Cancelled);
        Drill {
            id: DrillId::fresh(),
            institution_id: InstitutionId::fresh(),
            place: AreaColumns::root(AreaId::fresh()),
            kind: DrillKind::Full,
            shift: Shift::Night,
            state,
            real_event: false,
            hidden: false,
            on_day: at(0).utc().date_naive(),
            building: None,
            scenario: None,
            plan_id: None,
            plan_edition: None,
            plan: Some(planned),
            plan_digest: None,
            planned_by: Some(UserId::fresh()),
            started_at: begun.then(|| at(95)),
            started_by: None,
            alarm_at: None,
            record: None,
            record_digest: None,
            recorded_at: None,
            recorded_by: None,
            evaluation: None,
            evaluation_digest: None,
            evaluated_at: None,
            evaluated_by: None,
            reported_on: None,
            reported_to: None,
            cancelled: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    #[test]
    fn what_may_be_done_by_whom_in_which_state() {
        use DrillState as S;
        use DrillStep::{Cancel, Postpone, Report, Start};
        let table: [(S, Role, bool, &[DrillStep]); 12] = [
            (S::Planned, Role::Supervisor, true, &[Start, Postpone, Cancel]),
            (S::Planned, Role::Supervisor, false, &[Start, Postpone, Cancel]),
            (S::Planned, Role::Manager, false, &[Start, Postpone, Cancel]),
            (S::Planned, Role::Manager, true, &[Start]),
            (S::Planned, Role::Inspector, true, &[Start]),
            (S::Started, Role::Supervisor, true, &[Cancel]),
            (S::Started, Role::Manager, true, &[]),
            (S::Started, Role::Manager, false, &[Cancel]),
            (S::Recorded, Role::Manager, true, &[Report]),
            (S::Evaluated, Role::Supervisor, false, &[Report]),
            (S::Evaluated, Role::Inspector, false, &[]),
            (S::Cancelled, Role::Supervisor, false, &[]),
        ];
        for (state, role, planned_by_office, steps) in table {
            assert_eq!(
                allowed(&drill(state), Who { role, planned_by_office }),
                steps,
                "{state} {role} {planned_by_office}"
            );
        }
        for state in S::ALL.iter().copied() {
            for role in [Role::Auditor, Role::Admin] {
                assert!(
                    allowed(&drill(state), Who { role, planned_by_office: false }).is_empty(),
                    "{state} {role}"
                );
            }
            assert_eq!(
                may_record(&drill(state)).is_ok(),
                matches!(state, S::Planned | S::Started),
                "{state}"
            );
            assert_eq!(may_evaluate(&drill(state)).is_ok(), state == S::Recorded, "{state}");
        }
        let reported = Drill { reported_on: Some(at(0).utc().date_naive()), ..drill(S::Evaluated) };
        assert!(allowed(&reported, Who { role: Role::Supervisor, planned_by_office: true }).is_empty());
    }

    #[test]
    fn a_surprise_of_the_office_is_hidden_from_the_home_until_it_starts() {
        for kind in DrillKind::ALL.iter().copied() {
            for staff in StaffTold::ALL.iter().copied() {
                let surprise = comes_unannounced(kind) || staff == StaffTold::None;
                assert_eq!(is_hidden(kind, staff, Role::Supervisor), surprise, "{kind} {staff}");
                assert!(!is_hidden(kind, staff, Role::Manager), "a home hides nothing from itself");
            }
        }
        for state in DrillState::ALL.iter().copied() {
            let hidden = Drill { hidden: true, ..drill(state) };
            for role in Role::ALL.iter().copied() {
                let secret = hidden.started_at.is_none() && role == Role::Manager;
                assert_eq!(is_visible(&hidden, role), !secret, "{state} {role}");
                assert!(is_visible(&drill(state), role));
            }
        }
    }

    #[test]
    fn a_sealed_time_is_for_its_planner_until_it_starts() {
        let planned = drill(DrillState::Planned);
        let planner = planned.planned_by.unwrap();
        let open = |staff, exact| {
            let plan = Planned { announcement: told(staff, exact), ..planned.plan.clone().unwrap() };
            sees_exact_time(&Drill { plan: Some(plan), ..planned.clone() }, UserId::fresh())
        };
        assert!(sees_exact_time(&planned, planner));
        assert!(!open(StaffTold::Window, Some(90)) && !open(StaffTold::None, Some(90)));
        assert!(open(StaffTold::Exact, Some(90)), "told to everybody");
        assert!(open(StaffTold::Window, None), "nothing to hide");
        assert!(sees_exact_time(&drill(DrillState::Started), UserId::fresh()));
        assert!(
            !sees_exact_time(&drill(DrillState::Cancelled), UserId::fresh()),
            "it may be planned so again"
        );
    }

    #[test]
    fn what_a_plan_must_be() {
        let form = DrillPlan {
            institution_id: InstitutionId::fresh(),
            kind: DrillKind::Full,
            shift: Shift::Night,
            building: Some("1号楼".into()),
            scenario: Some("二楼床头起火".into()),
            plan_id: None,
            plan_edition: None,
            window_from: at(0),
            window_to: at(360),
            commander: None,
            goals: vec!["3分钟内到场".into()],
            announcement: told(StaffTold::Window, Some(90)),
            note: None,
        };
        assert_eq!(check_plan(&form, at(-60)), Ok(()));
        type Change = fn(&mut DrillPlan);
        let table: [(Change, &str, FieldCode); 10] = [
            (|f| f.window_to = at(-1), "/window_to", FieldCode::Mismatch),
            (|f| f.window_to = at(32 * 1440), "/window_to", FieldCode::TooLate),
            (|f| f.announcement.exact_at = Some(at(361)), "/announcement/exact_at", FieldCode::OutOfRange),
            (
                |f| f.announcement = told(StaffTold::Exact, None),
                "/announcement/exact_at",
                FieldCode::Required,
            ),
            (
                |f| f.announcement.residents_public = PublicTold::AtTheStart,
                "/announcement/residents_public",
                FieldCode::Mismatch,
            ),
            (|f| f.goals = vec!["x".into(); 11], "/goals", FieldCode::TooMany),
            (|f| f.plan_edition = Some(2), "/plan_edition", FieldCode::NotAllowedHere),
            (|f| f.building = Some(" ".into()), "/building", FieldCode::Required),
            (
                |f| {
                    f.kind = DrillKind::Unannounced;
                    f.announcement = told(StaffTold::Exact, Some(90));
                },
                "/announcement/staff",
                FieldCode::Mismatch,
            ),
            (
                |f| f.commander = Some(Person { staff_id: None, name: String::new() }),
                "/commander/name",
                FieldCode::Required,
            ),
        ];
        for (change, pointer, code) in table {
            let mut wrong = form.clone();
            change(&mut wrong);
            let mut refused = check_plan(&wrong, at(-60)).unwrap_err().fields;
            refused.retain(|fault| (fault.pointer.as_str(), fault.code) == (pointer, code));
            assert_eq!(refused.len(), 1, "{pointer} {code:?}");
        }
        let past = check_plan(&form, at(361)).unwrap_err().fields;
        assert_eq!((past[0].pointer.as_str(), past[0].code), ("/window_to", FieldCode::TooEarly));
    }
}
