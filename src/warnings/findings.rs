//! What the pre-mechanism (五预) says of the warnings that went to a home: acknowledged, reported on. Pure.

use super::rules::{AckState, ReportStanding, WarningState};
use crate::compliance::State;
use crate::compliance::elements::{Finding, Link, MOST_LINKS};
use crate::compliance::facts::Words;
use crate::ids::WarningId;

/// How a home answered one warning.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    pub warning: WarningId,
    pub state: WarningState,
    pub acknowledgement: AckState,
    /// Absent where the warning asks for none.
    pub reports: Option<ReportStanding>,
}

/// What is found in the warnings of the last twelve months.
pub fn findings(all: &[Answered]) -> Vec<Finding> {
    vec![acknowledged(all), reported(all)]
}

fn finding(
    code: &str,
    what: Words,
    why: Words,
    late: &[WarningId],
    open: &[WarningId],
    any: bool,
) -> Finding {
    let state = match (late, open, any) {
        (_, _, false) => State::NotApplicable,
        ([_, ..], ..) => State::Overdue,
        ([], [_, ..], _) => State::Due,
        ([], [], true) => State::Satisfied,
    };
    let links = late.iter().chain(open).take(MOST_LINKS);
    let links = links.map(|id| Link { kind: "warning".into(), id: id.0 }).collect();
    Finding { code: code.into(), what, state, why, links }
}

/// One that was acknowledged late was acknowledged; one whose time is over stays open until it is. Nothing is expected of
/// what was over before.
fn acknowledged(all: &[Answered]) -> Finding {
    let of = |state: AckState| -> Vec<WarningId> {
        let waits = |one: &&Answered| state != AckState::Waiting || one.state == WarningState::Running;
        let fitting = all.iter().filter(|one| one.acknowledgement == state).filter(waits);
        fitting.map(|one| one.warning).collect()
    };
    let (overdue, waiting) = (of(AckState::Overdue), of(AckState::Waiting));
    let (on_time, late) = (of(AckState::OnTime).len(), of(AckState::Late).len());
    let count = overdue.len() + waiting.len() + on_time + late;
    let (missing, open) = (overdue.len(), waiting.len());
    let why = Words::new(
        format!("近12个月应签收{count}条：按时{on_time}条，迟签{late}条，逾期未签{missing}条，待签{open}条"),
        format!(
            "Of {count} in the last 12 months: {on_time} in time, {late} late, {missing} overdue, {open} waiting"
        ),
    );
    let what = Words::new("预警按时签收", "Warnings are acknowledged in time");
    finding("warnings.acknowledged", what, why, &overdue, &waiting, count > 0)
}

/// What was missed cannot be made up for: it is told, and only what is late now is overdue.
fn reported(all: &[Answered]) -> Finding {
    let asked: Vec<(WarningId, ReportStanding)> =
        all.iter().filter_map(|one| Some((one.warning, one.reports?))).collect();
    let of = |is: fn(&ReportStanding) -> bool| -> Vec<WarningId> {
        asked.iter().filter(|(_, reports)| is(reports)).map(|(id, _)| *id).collect()
    };
    let (overdue, due) = (of(|one| one.overdue), of(|one| !one.overdue && one.due_at.is_some()));
    let missed: u32 = asked.iter().map(|(_, reports)| reports.missed).sum();
    let count = asked.len();
    let why = Words::new(
        format!("近12个月{count}条要求定时报告，缺报{missed}次"),
        format!("{count} in the last 12 months ask for reports; {missed} are missing"),
    );
    let what = Words::new("预警期间定时报告", "Reports are made while a warning holds");
    finding("warnings.reported", what, why, &overdue, &due, count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Instant;

    fn answered(state: WarningState, acknowledgement: AckState, reports: Option<ReportStanding>) -> Answered {
        Answered { warning: WarningId::fresh(), state, acknowledgement, reports }
    }

    #[test]
    fn what_can_still_be_answered_is_due_or_overdue() {
        use AckState::{Late, OnTime, Overdue, Waiting};
        use WarningState::{AllClear, Expired, Running};
        let none = ReportStanding::default();
        let due = ReportStanding { due_at: Instant::from_micros(1), ..none };
        let late = ReportStanding { overdue: true, missed: 1, ..due };
        let missed = ReportStanding { missed: 3, ..none };
        let cases = [
            (vec![], State::NotApplicable, State::NotApplicable),
            (vec![(AllClear, Waiting, None)], State::NotApplicable, State::NotApplicable),
            (vec![(Running, Waiting, Some(due))], State::Due, State::Due),
            (vec![(Running, OnTime, Some(late))], State::Satisfied, State::Overdue),
            (vec![(Expired, Late, Some(missed))], State::Satisfied, State::Satisfied),
            (
                vec![(Expired, Overdue, Some(none)), (Running, Waiting, None)],
                State::Overdue,
                State::Satisfied,
            ),
        ];
        for (all, acknowledged, reported) in cases {
            let all: Vec<Answered> =
                all.into_iter().map(|(state, said, reports)| answered(state, said, reports)).collect();
            let found: Vec<State> = findings(&all).iter().map(|one| one.state).collect();
            assert_eq!(found, [acknowledged, reported], "{all:?}");
        }
    }
}
