//! The page of the pre-mechanism (五预): for each element of the document in force what is held, what is checked, and what is
//! missing. Pure. The names are data; what is checked goes by the element's code.

use super::facts::{Facts, Words};
use super::requirements::{Requirement, State};
use crate::rules::kinds::elements::{PreElement, PreMechanism};
use crate::self_checks::status::KindStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Something on record that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// `hazard`, `drill`, `plan`, `training`…
    pub kind: String,
    pub id: Uuid,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Stable; that of a requirement where it is one.
    pub code: String,
    pub what: Words,
    pub state: State,
    pub why: Words,
    pub links: Vec<Link>,
}

/// One element as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "code": "prevention", "label_zh": "预防", "label_en": "Prevention", "holds_zh": "隐患排查整改、培训、安全员、老年人和家属监督",
    "holds_en": "Hazard rounds, rectification, training, the safety officer, supervision by residents and families",
    "checked_zh": "逾期为零；周期内已排查", "checked_en": "Nothing overdue; the round of the period is done", "state": "overdue",
    "findings": [{"code": "hazards.overdue", "what": {"zh": "逾期隐患", "en": "Hazards past their deadline"}, "state": "overdue",
        "why": {"zh": "1项逾期", "en": "1 overdue"}, "links": [{"kind": "hazard", "id": "0198f000-0000-7000-8000-000000000101"}]}]
}))]
pub struct ElementView {
    pub code: String,
    pub label_zh: String,
    pub label_en: String,
    pub holds_zh: String,
    pub holds_en: String,
    pub checked_zh: String,
    pub checked_en: String,
    /// The worst of its findings; `not_applicable` where nothing can be checked.
    pub state: State,
    pub findings: Vec<Finding>,
}

/// What is looked at beside the requirements.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Past their deadline, the first of them.
    pub overdue_hazards: Vec<Uuid>,
    /// Of the last days.
    pub self_checks: Vec<KindStatus>,
    /// What other parts of the program found for an element, by its code.
    pub others: Vec<(&'static str, Finding)>,
}

/// So many hazards are named.
pub const MOST_LINKS: usize = 20;

/// The active elements, in the order of the document.
pub fn elements(
    document: &PreMechanism,
    requirements: &[Requirement],
    facts: &Facts,
    held: &Held,
) -> Vec<ElementView> {
    let active = document.element.iter().filter(|one| one.active);
    active.map(|one| element(one, findings(&one.code, requirements, facts, held))).collect()
}

fn element(of: &PreElement, findings: Vec<Finding>) -> ElementView {
    ElementView {
        code: of.code.clone(),
        label_zh: of.label_zh.clone(),
        label_en: of.label_en.clone(),
        holds_zh: of.holds_zh.clone(),
        holds_en: of.holds_en.clone(),
        checked_zh: of.checked_zh.clone(),
        checked_en: of.checked_en.clone(),
        state: worst(&findings),
        findings,
    }
}

fn worst(findings: &[Finding]) -> State {
    let order = |state: State| match state {
        State::Overdue => 3,
        State::Due => 2,
        State::Satisfied => 1,
        State::NotApplicable => 0,
    };
    findings.iter().map(|one| one.state).max_by_key(|state| order(*state)).unwrap_or(State::NotApplicable)
}

fn findings(code: &str, requirements: &[Requirement], facts: &Facts, held: &Held) -> Vec<Finding> {
    let of = |prefix: &'static str| {
        requirements.iter().filter(move |one| one.id.starts_with(prefix)).map(from_requirement)
    };
    let mut all: Vec<Finding> = match code {
        "prevention" => prevention(held).into_iter().chain(of("training.")).collect(),
        "plans" => of("plan.").chain(of("commander.")).chain(of("residents.")).collect(),
        "drills" => of("drills.").chain([problems(facts)]).collect(),
        _ => Vec::new(),
    };
    all.extend(held.others.iter().filter(|(of, _)| *of == code).map(|(_, finding)| finding.clone()));
    all
}

fn from_requirement(one: &Requirement) -> Finding {
    let links = one.evidence.iter().filter_map(|of| Some(Link { kind: of.kind.to_string(), id: of.id? }));
    Finding {
        code: one.id.clone(),
        what: Words::new(one.title_zh.as_str(), one.title_en.as_str()),
        state: one.state,
        why: one.why.clone(),
        links: links.collect(),
    }
}

fn prevention(held: &Held) -> Vec<Finding> {
    let overdue = held.overdue_hazards.len();
    let more = if overdue > MOST_LINKS { "≥" } else { "" };
    let shown = overdue.min(MOST_LINKS);
    let mut all = vec![Finding {
        code: "hazards.overdue".into(),
        what: Words::new("逾期隐患", "Hazards past their deadline"),
        state: if overdue == 0 { State::Satisfied } else { State::Overdue },
        why: Words::new(format!("{more}{shown}项逾期"), format!("{more}{shown} overdue")),
        links: held
            .overdue_hazards
            .iter()
            .take(MOST_LINKS)
            .map(|id| Link { kind: "hazard".into(), id: *id })
            .collect(),
    }];
    all.extend(held.self_checks.iter().map(|one| {
        let state = match (one.missing, one.expected) {
            (0, 0) => State::NotApplicable,
            (0, _) => State::Satisfied,
            _ => State::Overdue,
        };
        let (present, expected, missing) = (one.present, one.expected, one.missing);
        Finding {
            code: format!("self_checks.{}", one.kind),
            what: Words::new("近30日自查", "Self-checks of the last 30 days"),
            state,
            why: Words::new(
                format!("应{expected}次，已{present}次，缺{missing}次"),
                format!("{present} of {expected} done, {missing} missing"),
            ),
            links: Vec::new(),
        }
    }));
    all
}

/// Problems that drills found and that are still open.
fn problems(facts: &Facts) -> Finding {
    let with: Vec<_> = facts.drills.iter().filter(|drill| drill.open_problems > 0).collect();
    let open: u32 = with.iter().map(|drill| drill.open_problems).sum();
    Finding {
        code: "drills.problems_closed".into(),
        what: Words::new("演练问题已整改", "Problems found in drills are closed"),
        state: if open == 0 { State::Satisfied } else { State::Due },
        why: Words::new(format!("{open}个问题未整改"), format!("{open} open")),
        links: with
            .iter()
            .take(MOST_LINKS)
            .map(|drill| Link { kind: "drill".into(), id: drill.id.0 })
            .collect(),
    }
}
