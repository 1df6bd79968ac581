//! What a home owes as of a moment: each requirement with its state, why, and the evidence. Pure.
//!
//! * A drill counts once it was held (and reported, where it must be); one in the future never does.
//! * A period that is not over is `due` until enough counts; a period that is over with too little stays `overdue` until
//!   a drill that counts is held after it. Periods are looked back on for two years, as far as the home was on the books.
//! * Of a period in which the home, or the document, was there for less than half of the days, nothing is owed.
//! * A home that is suspended owes nothing meanwhile.

use super::calendar::Span;
use super::counting::Duty;
use super::course::Course;
use super::coverage::{Coverage, coverage};
use super::facts::{Facts, HeldDrill, Words};
use super::predictable::{Predictable, predictable};
use super::proposal::{Proposal, propose};
use super::standing::standing;
use crate::institutions::rules::applies;
use crate::rules::kinds::colours::ColourRules;
use crate::rules::kinds::drills::{DrillFrequencies, Shift};
use crate::rules::kinds::intervals::{Intervals, Period};
use crate::rules::kinds::plan_contents::PlanContents;
use crate::rules::{DocumentRef, Head, InForce};
use crate::text_enum;
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// How a requirement stands.
    pub enum State {
        Satisfied = "satisfied",
        /// Not met yet, and there is time.
        Due = "due",
        Overdue = "overdue",
        NotApplicable = "not_applicable",
    }
}

text_enum! {
    /// What an object of evidence is.
    pub enum EvidenceKind {
        Drill = "drill",
        Plan = "plan",
        Training = "training",
        Roster = "roster",
        Residents = "residents",
    }
}

/// Something on record that bears a requirement out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceOf {
    pub kind: EvidenceKind,
    /// Absent where it is the roster or the table as a whole.
    pub id: Option<Uuid>,
    pub what: Words,
    pub on: Option<NaiveDate>,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "drills.night", "title_zh": "夜间演练（产品默认）", "title_en": "Night drill, product default",
    "clause": "产品默认；所查规定未明确夜间演练频次", "source": {"id": "drills-cn", "version": 1}, "verified": false, "state": "due",
    "why": {"zh": "2026年应演练1次，已演练0次", "en": "0 of 1 drills in 2026"}, "due_on": "2026-12-31",
    "period": {"first": "2026-01-01", "last": "2026-12-31"}, "times": 1, "held": 0, "shift": null, "missed": [], "to_report": [], "evidence": []
}))]
pub struct Requirement {
    /// Stable: `drills.` and the code in the document, and the shift where it is owed for each; `plan.filed` and the like.
    pub id: String,
    pub title_zh: String,
    pub title_en: String,
    /// The law or standard, and its clause.
    pub clause: String,
    /// The rule document it was read from; absent for what the product proposes by itself.
    pub source: Option<DocumentRef>,
    /// Whether the clause was read in its source.
    pub verified: bool,
    pub state: State,
    pub why: Words,
    /// By when it must be met, or must be met again; for what is overdue, since when.
    pub due_on: Option<NaiveDate>,
    /// The period that runs now.
    pub period: Option<Span>,
    /// So often in each period…
    pub times: Option<u32>,
    /// …and so often in this one.
    pub held: Option<u32>,
    pub shift: Option<Shift>,
    /// The periods that passed without, the earliest first.
    pub missed: Vec<Span>,
    /// Drills that will count as soon as they are reported.
    pub to_report: Vec<crate::ids::DrillId>,
    pub evidence: Vec<EvidenceOf>,
}

impl Default for Requirement {
    fn default() -> Self {
        Self {
            id: String::new(),
            title_zh: String::new(),
            title_en: String::new(),
            clause: String::new(),
            source: None,
            verified: false,
            state: State::NotApplicable,
            why: Words::new("", ""),
            due_on: None,
            period: None,
            times: None,
            held: None,
            shift: None,
            missed: Vec::new(),
            to_report: Vec::new(),
            evidence: Vec::new(),
        }
    }
}

/// The documents in force, and since when they were.
#[derive(Debug, Clone, Copy)]
pub struct Documents<'a> {
    pub drills: InForce<'a, DrillFrequencies>,
    /// Nothing is missed of the time before.
    pub drills_since: NaiveDate,
    pub plan_contents: Option<InForce<'a, PlanContents>>,
    pub intervals: Option<InForce<'a, Intervals>>,
    pub intervals_since: NaiveDate,
    /// How old the residents' table may be.
    pub colours: Option<InForce<'a, ColourRules>>,
}

/// Everything that is said of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    pub as_of: NaiveDateTime,
    pub requirements: Vec<Requirement>,
    pub coverage: Coverage,
    pub too_predictable: Vec<Predictable>,
    pub proposal: Proposal,
}

/// How everything stands as of a moment of the office's local time.
pub fn assess(rules: &Documents<'_>, facts: &Facts, as_of: NaiveDateTime) -> Assessment {
    let duties = drill_duties(rules, facts, as_of);
    let proposal = propose(rules, facts, as_of, &duties);
    let mut requirements: Vec<Requirement> = duties.into_iter().map(|(_, one)| one).collect();
    requirements.extend(standing(rules, facts, as_of));
    Assessment {
        as_of,
        requirements,
        coverage: coverage(rules.drills.content, facts, as_of),
        too_predictable: predictable(&facts.drills, rules.drills.predictable_within_minutes, as_of),
        proposal,
    }
}

/// The requirements alone: for lists that show nothing else.
pub fn requirements(rules: &Documents<'_>, facts: &Facts, as_of: NaiveDateTime) -> Vec<Requirement> {
    let drills = drill_duties(rules, facts, as_of).into_iter().map(|(_, one)| one);
    drills.chain(standing(rules, facts, as_of)).collect()
}

/// The duties to drill, each as it stands.
pub fn drill_duties<'a>(
    rules: &Documents<'a>,
    facts: &Facts,
    as_of: NaiveDateTime,
) -> Vec<(Duty<'a>, Requirement)> {
    let all = Duty::all(rules.drills.content);
    all.into_iter().map(|duty| (duty, judge(rules, &duty, &facts.drills, facts, as_of))).collect()
}

/// How one duty stands if these drills were held: the proposal asks what another one would change.
pub fn judge(
    rules: &Documents<'_>,
    duty: &Duty<'_>,
    drills: &[HeldDrill],
    facts: &Facts,
    as_of: NaiveDateTime,
) -> Requirement {
    let mut one = blank(duty, rules.drills.head);
    if let Some(why) = not_owed(duty, facts, as_of) {
        one.why = why;
        return one;
    }
    let (today, rule) = (as_of.date(), duty.rule);
    let counting = duty.counting(drills, as_of);
    let since = facts.profile.since.max(rules.drills_since);
    let last = counting.last().map(|drill| drill.alarm_at.date());
    let course = Course::of(rule.period, rule.times, since, today, last, |span| {
        u32::try_from(duty.in_span(&counting, span).len()).unwrap_or(u32::MAX)
    });
    let held = duty.in_span(&counting, course.current);
    one.evidence = held.iter().rev().map(|drill| evidence_of(drill)).collect();
    if one.evidence.is_empty() {
        one.evidence.extend(counting.last().map(|drill| evidence_of(drill)));
    }
    // Reporting one of a period that was missed clears it as well.
    let open = course.missed.iter().chain([&course.current]);
    let to_report = open.flat_map(|span| duty.unreported(drills, *span, as_of));
    one.to_report = to_report.map(|drill| drill.id).collect();
    course.enter(&mut one, Words::new("演练", "drills"));
    if !one.to_report.is_empty() && one.state != State::Satisfied {
        one.why.zh.push_str("；已有演练，报告后即计入");
        one.why.en.push_str("; one was held and will count as soon as it is reported");
    }
    one
}

fn blank(duty: &Duty<'_>, head: &Head) -> Requirement {
    let rule = duty.rule;
    let (zh, en) = duty
        .shift
        .map(shift_name)
        .map_or_else(Default::default, |name| (format!("（{}）", name.zh), format!(", {}", name.en)));
    Requirement {
        id: duty.id(),
        title_zh: format!("{}{zh}", rule.title_zh),
        title_en: format!("{}{en}", rule.title_en),
        clause: rule
            .clause
            .as_ref()
            .map_or_else(|| rule.basis.clone(), |clause| format!("{} {clause}", rule.basis)),
        source: Some(head.reference()),
        verified: rule.verified,
        times: Some(rule.times),
        shift: duty.shift,
        ..Requirement::default()
    }
}

fn not_owed(duty: &Duty<'_>, facts: &Facts, as_of: NaiveDateTime) -> Option<Words> {
    if let Some(why) = home_owes_nothing(facts, as_of) {
        return Some(why);
    }
    if !applies(&duty.rule.applies_to, facts.profile.traits()) {
        return Some(Words::new("不适用于此类机构", "Does not hold for this kind of home"));
    }
    let none = duty.shifts(&facts.profile.shifts).is_empty();
    none.then(|| Words::new("机构没有该班次", "The home has no such shift"))
}

/// Why nothing at all is owed, if so.
pub fn home_owes_nothing(facts: &Facts, as_of: NaiveDateTime) -> Option<Words> {
    if facts.profile.since > as_of.date() {
        return Some(Words::new("当时尚未登记", "Not on the books at that time"));
    }
    (!facts.profile.operating).then(|| Words::new("机构停业或注销", "The home is suspended or closed"))
}

/// A drill as evidence.
pub fn evidence_of(drill: &HeldDrill) -> EvidenceOf {
    let shift = shift_name(drill.shift);
    let at = drill.alarm_at.format("%H:%M");
    let what = match drill.real_event {
        true => {
            Words::new(format!("{}真实事件（{at}）", shift.zh), format!("Real event, {} ({at})", shift.en))
        }
        false => Words::new(format!("{}演练（{at}）", shift.zh), format!("Drill, {} ({at})", shift.en)),
    };
    EvidenceOf { kind: EvidenceKind::Drill, id: Some(drill.id.0), what, on: Some(drill.alarm_at.date()) }
}

/// What a shift is called.
pub fn shift_name(shift: Shift) -> Words {
    match shift {
        Shift::Day => Words::new("白班", "day shift"),
        Shift::Evening => Words::new("晚班", "evening shift"),
        Shift::Night => Words::new("夜班", "night shift"),
    }
}

/// The period that a coverage table is drawn by: the shortest that any hands-on duty of the home names, not under a month.
pub fn strictest_period(document: &DrillFrequencies, facts: &Facts) -> Period {
    let holds = |rule: &&crate::rules::kinds::drills::DrillRequirement| {
        applies(&rule.applies_to, facts.profile.traits())
    };
    let periods = document.requirement.iter().filter(holds).map(|rule| rule.period);
    let strictest = periods.min_by_key(|period| super::calendar::longest_days(*period));
    match strictest.unwrap_or(Period::Year) {
        Period::Day | Period::Night | Period::Week => Period::Month,
        other => other,
    }
}
