//! The API equals a model of the life cycle, for every state, step and role.
//! The model stands here as a table and knows nothing of `hazards::lifecycle`. Three things are held to
//! it: the rules themselves, the buttons (`allowed_actions`), and what really happens over HTTP.

use crate::on_both_databases;
use crate::support::{Answer, Person, Photo, Step as Form, TestApp, World};
use anlao::access::{AreaColumns, Role};
use anlao::checklists::{Category, PhotoRule};
use anlao::db::Instant;
use anlao::hazards::action::{ActionKind, Plan, Step};
use anlao::hazards::lifecycle::{Moment, RulesHere, Situation, Who, allowed, follow, may};
use anlao::hazards::model::{DeadlineBasis, Details, EvidenceState, Hazard, Rectification, Severity, Status};
use anlao::ids::{AreaId, EvidenceId, HazardId, InstitutionId, UserId};
use anlao::refusal::{Kind, Refusal};
use anlao::rules::Library;
use chrono::{NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use std::collections::HashSet;

// ── The model ───────────────────────────────────────────────────────────────────────────────────────────

/// What a step needs beyond the state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    General,
    Major,
    Listed,
    Unlisted,
    /// Every photo there, a measure stated, and all five parts if it is major.
    Complete,
    MissingPhoto,
    NoExtension,
    Extension,
    NoVoid,
    VoidAsked,
    /// The deadline has not passed.
    InTime,
    /// Closed no longer than 180 days ago.
    ClosedLately,
}

struct Line {
    kind: ActionKind,
    /// P pending, R rectifying, W awaiting re-check, C closed, T transferred, V void.
    states: &'static str,
    /// Who takes it, by what it is: I inspector, M manager, S supervisor.
    general: &'static str,
    self_found: &'static str,
    major: &'static str,
    needs: &'static [Need],
}

const fn line(
    kind: ActionKind,
    states: &'static str,
    [general, self_found, major]: [&'static str; 3],
    needs: &'static [Need],
) -> Line {
    Line { kind, states, general, self_found, major, needs }
}

#[rustfmt::skip]
const TABLE: &[Line] = &[
    //   step                          states   general self   major
    line(ActionKind::Accept,           "P",     ["M",   "M",   "M"],   &[]),
    line(ActionKind::Submit,           "PR",    ["M",   "M",   "M"],   &[]),
    line(ActionKind::RecheckPass,      "W",     ["IS",  "IMS", "S"],   &[Need::Complete]),
    line(ActionKind::RecheckFail,      "W",     ["IS",  "IMS", "S"],   &[]),
    line(ActionKind::RequestExtension, "PR",    ["M",   "M",   "M"],   &[Need::NoExtension, Need::InTime]),
    line(ActionKind::DecideExtension,  "PRWT",  ["S",   "S",   "S"],   &[Need::Extension]),
    line(ActionKind::JudgeMajor,       "PRW",   ["IS",  "IS",  "IS"],  &[Need::General]),
    line(ActionKind::List,             "PRW",   ["S",   "S",   "S"],   &[Need::Major, Need::Unlisted]),
    line(ActionKind::Delist,           "PRWT",  ["S",   "S",   "S"],   &[Need::Listed]),
    line(ActionKind::Transfer,         "PRW",   ["IS",  "IS",  "IS"],  &[]),
    line(ActionKind::Return,           "T",     ["IS",  "IS",  "IS"],  &[]),
    line(ActionKind::Comment,          "PRWT",  ["IMS", "IMS", "IMS"], &[]),
    line(ActionKind::RequestVoid,      "PRWT",  ["IS",  "IS",  "IS"],  &[Need::NoVoid]),
    line(ActionKind::DecideVoid,       "PRWT",  ["S",   "S",   "S"],   &[Need::VoidAsked]),
    line(ActionKind::Reopen,           "C",     ["IS",  "IS",  "IS"],  &[Need::ClosedLately]),
    line(ActionKind::WaiveEvidence,    "PRWT",  ["S",   "S",   "S"],   &[Need::MissingPhoto]),
];

/// What only the office that listed it, or a higher one, may do.
const LISTERS_ALONE: &[ActionKind] = &[ActionKind::RecheckPass, ActionKind::Delist, ActionKind::DecideVoid];

/// The cast: role, and the level of the office they speak for.
const PEOPLE: &[(&str, Role, Option<u8>)] = &[
    ("inspector", Role::Inspector, Some(2)),
    ("second inspector", Role::Inspector, Some(2)),
    ("manager", Role::Manager, None),
    ("second manager", Role::Manager, None),
    ("supervisor", Role::Supervisor, Some(2)),
    ("second supervisor", Role::Supervisor, Some(2)),
    ("city supervisor", Role::Supervisor, Some(1)),
    ("auditor", Role::Auditor, Some(2)),
    ("admin", Role::Admin, Some(0)),
];

const LETTERS: &[(Role, char)] = &[
    (Role::Inspector, 'I'),
    (Role::Manager, 'M'),
    (Role::Supervisor, 'S'),
    (Role::Auditor, 'A'),
    (Role::Admin, 'D'),
];

fn letter(role: Role) -> char {
    LETTERS.iter().find(|(of, _)| *of == role).unwrap().1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Yes,
    /// 403
    NotYours,
    /// 409
    NotNow,
    /// 422
    Never,
}

/// One attempt at a step with the choices that matter.
#[derive(Debug, Clone, Copy)]
struct Act {
    who: usize,
    kind: ActionKind,
    /// accept, submit: states all five parts.
    full: bool,
    /// submit, comment: announces a photo.
    photo: bool,
    approve: bool,
    /// request_extension: days after the deadline; elsewhere a deadline by hand, in days from today.
    days: Option<i64>,
}

impl Act {
    fn of(who: usize, kind: ActionKind) -> Self {
        let days = (kind == ActionKind::RequestExtension).then_some(5);
        Self { who, kind, full: true, photo: false, approve: true, days }
    }
}

/// A hazard as the model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Model {
    status: char,
    before_transfer: char,
    major: bool,
    self_found: bool,
    /// The level of the office that listed it.
    listed: Option<u8>,
    extension: Option<(usize, NaiveDate)>,
    void: Option<usize>,
    rectifier: Option<usize>,
    measure: bool,
    five_parts: bool,
    missing: usize,
    deadline: NaiveDate,
    /// The deadline that extensions are counted from.
    base: NaiveDate,
    rework: i32,
    closed_on: Option<NaiveDate>,
    version: i64,
}

fn plus(date: NaiveDate, days: i64) -> NaiveDate {
    date + TimeDelta::days(days)
}

impl Model {
    fn new(major: bool, self_found: bool, missing: usize, deadline: NaiveDate) -> Self {
        Self {
            status: 'P',
            before_transfer: 'P',
            major,
            self_found,
            listed: None,
            extension: None,
            void: None,
            rectifier: None,
            measure: false,
            five_parts: false,
            missing,
            deadline,
            base: deadline,
            rework: 0,
            closed_on: None,
            version: 1,
        }
    }

    fn holds(&self, need: Need, today: NaiveDate) -> bool {
        match need {
            Need::General => !self.major,
            Need::Major => self.major,
            Need::Listed => self.listed.is_some(),
            Need::Unlisted => self.listed.is_none(),
            Need::Complete => self.missing == 0 && self.measure && (!self.major || self.five_parts),
            Need::MissingPhoto => self.missing > 0,
            Need::NoExtension => self.extension.is_none(),
            Need::Extension => self.extension.is_some(),
            Need::NoVoid => self.void.is_none(),
            Need::VoidAsked => self.void.is_some(),
            Need::InTime => today <= self.deadline,
            Need::ClosedLately => self.closed_on.is_some_and(|closed| (today - closed).num_days() <= 180),
        }
    }

    fn verdict(&self, who: usize, kind: ActionKind, today: NaiveDate) -> Verdict {
        let line = TABLE.iter().find(|line| line.kind == kind).unwrap();
        let theirs = match (self.major, self.self_found) {
            (true, _) => line.major,
            (false, true) => line.self_found,
            (false, false) => line.general,
        };
        let (_, role, level) = PEOPLE[who];
        if !theirs.contains(letter(role)) {
            return Verdict::NotYours;
        }
        if !line.states.contains(self.status) || !line.needs.iter().all(|need| self.holds(*need, today)) {
            return Verdict::NotNow;
        }
        let first = match kind {
            ActionKind::RecheckPass | ActionKind::RecheckFail => self.rectifier,
            ActionKind::DecideExtension => self.extension.map(|(who, _)| who),
            ActionKind::DecideVoid => self.void,
            _ => None,
        };
        if first == Some(who) {
            return Verdict::NotNow;
        }
        let higher = self.listed.is_none_or(|lister| level.is_some_and(|own| own <= lister));
        if LISTERS_ALONE.contains(&kind) && !higher { Verdict::NotYours } else { Verdict::Yes }
    }

    fn allowed(&self, who: usize, today: NaiveDate) -> HashSet<ActionKind> {
        let kinds = ActionKind::ALL.iter().copied();
        kinds.filter(|kind| self.verdict(who, *kind, today) == Verdict::Yes).collect()
    }

    /// A date by hand, or the short one; `None` when the date is out of bounds.
    fn new_deadline(&mut self, by_hand: Option<i64>, today: NaiveDate, major: bool) -> Option<()> {
        let longest = if major { 365 } else { 30 };
        let days = by_hand.unwrap_or(3);
        if by_hand.is_some() && !(0..=longest).contains(&days) {
            return None;
        }
        self.deadline = plus(today, days);
        self.base = self.deadline;
        Some(())
    }

    /// Takes the step if it may be taken; a step that is refused leaves no trace.
    fn take(&mut self, act: &Act, today: NaiveDate) -> Verdict {
        let verdict = self.verdict(act.who, act.kind, today);
        if verdict != Verdict::Yes {
            return verdict;
        }
        let mut after = self.clone();
        let verdict = after.effect(act, today);
        if verdict == Verdict::Yes {
            after.version += 1;
            *self = after;
        }
        verdict
    }

    fn effect(&mut self, act: &Act, today: NaiveDate) -> Verdict {
        let done = match act.kind {
            ActionKind::Accept | ActionKind::Submit => {
                self.five_parts |= act.full;
                self.measure |= act.full || act.kind == ActionKind::Submit;
                if self.major && !self.five_parts {
                    return Verdict::NotNow;
                }
                if act.kind == ActionKind::Accept {
                    self.status = 'R';
                } else {
                    (self.status, self.rectifier, self.extension) = ('W', Some(act.who), None);
                    self.missing += usize::from(act.photo);
                }
                Some(())
            }
            ActionKind::RecheckPass => {
                self.end('C', today);
                Some(())
            }
            ActionKind::RecheckFail => {
                (self.status, self.rectifier) = ('R', None);
                self.rework += 1;
                self.new_deadline(act.days, today, self.major)
            }
            ActionKind::RequestExtension => {
                let to = plus(self.deadline, act.days.unwrap());
                self.extension = Some((act.who, to));
                (to > self.deadline && to <= plus(self.base, 90)).then_some(())
            }
            ActionKind::DecideExtension => {
                let (_, to) = self.extension.take().unwrap();
                self.deadline = if act.approve { to } else { self.deadline };
                Some(())
            }
            ActionKind::JudgeMajor => {
                self.major = true;
                if act.days.is_some() {
                    self.extension = None
                };
                act.days.map_or(Some(()), |days| self.new_deadline(Some(days), today, true))
            }
            ActionKind::WaiveEvidence => {
                self.missing -= 1;
                Some(())
            }
            ActionKind::Comment => {
                self.missing += usize::from(act.photo);
                Some(())
            }
            ActionKind::Reopen => {
                (self.status, self.rectifier, self.closed_on) = ('P', None, None);
                self.new_deadline(act.days, today, self.major)
            }
            _ => {
                self.hand_over(act, today);
                Some(())
            }
        };
        if done.is_some() { Verdict::Yes } else { Verdict::Never }
    }

    fn hand_over(&mut self, act: &Act, today: NaiveDate) {
        match act.kind {
            ActionKind::List => self.listed = PEOPLE[act.who].2,
            ActionKind::Delist => self.listed = None,
            ActionKind::Transfer => (self.before_transfer, self.status) = (self.status, 'T'),
            ActionKind::Return => self.status = self.before_transfer,
            ActionKind::RequestVoid => self.void = Some(act.who),
            ActionKind::DecideVoid if act.approve => self.end('V', today),
            ActionKind::DecideVoid => self.void = None,
            _ => unreachable!(),
        }
    }

    fn end(&mut self, status: char, today: NaiveDate) {
        self.status = status;
        (self.listed, self.extension, self.void) = (None, None, None);
        self.closed_on = Some(today);
    }
}

const STATES: &[(char, Status)] = &[
    ('P', Status::Pending),
    ('R', Status::Rectifying),
    ('W', Status::AwaitingRecheck),
    ('C', Status::Closed),
    ('T', Status::Transferred),
    ('V', Status::Void),
];

fn status(letter: char) -> Status {
    STATES.iter().find(|(of, _)| *of == letter).unwrap().1
}

// ── The rules themselves ────────────────────────────────────────────────────────────────────────────────

fn person(who: usize) -> Who {
    let (_, role, level) = PEOPLE[who];
    Who { user: UserId(uuid::Uuid::from_u128(who as u128 + 1)), role, level }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn noon(date: NaiveDate) -> Instant {
    Instant::new(date.and_hms_opt(4, 0, 0).unwrap().and_utc())
}

/// A pending hazard as the rules see it, without photos that must be there.
fn hazard(major: bool, self_found: bool, deadline: NaiveDate, rules: &RulesHere<'_>) -> Hazard {
    let found = noon(plus(deadline, -7));
    let deadline_basis: DeadlineBasis =
        rules.timetable.given_deadline(deadline, Severity::Major, plus(deadline, -7)).unwrap();
    Hazard {
        id: HazardId::fresh(),
        institution_id: InstitutionId::fresh(),
        place: AreaColumns::root(AreaId::fresh()),
        number: "YH20260310-00000001".into(),
        category: Category::Fire,
        checklist_item: Some("F25".into()),
        location: "二楼".into(),
        description: "不会使用灭火器".into(),
        severity: if major { Severity::Major } else { Severity::General },
        urgent: false,
        status: Status::Pending,
        self_found,
        fixed_on_spot: false,
        found_at: found,
        registered_at: found,
        registered_by: person(0).user,
        deadline,
        original_deadline: deadline,
        deadline_basis,
        recheck_due: None,
        rework_count: 0,
        recurrence_of: None,
        listed: false,
        submitted_by: None,
        closed_at: None,
        closed_by: None,
        photo_rule: PhotoRule::None,
        inspection_id: None,
        drill_id: None,
        details: Details::default(),
        digest: String::new(),
        version: 1,
        updated_at: found,
    }
}

fn verdict_of<T>(outcome: &Result<T, Refusal>) -> Verdict {
    match outcome.as_ref().map_err(|refusal| refusal.code.kind()) {
        Ok(_) => Verdict::Yes,
        Err(Kind::Forbidden) => Verdict::NotYours,
        Err(Kind::Conflict) => Verdict::NotNow,
        Err(Kind::Invalid) => Verdict::Never,
        Err(other) => panic!("{other:?}"),
    }
}

/// The rules that come with the program.
fn rules(library: &Library) -> RulesHere<'_> {
    RulesHere::of(library.base(), &AreaColumns::root(AreaId::fresh()), day("2026-03-10")).unwrap()
}

/// The model and the rules, side by side.
struct Pair<'a> {
    rules: RulesHere<'a>,
    model: Model,
    hazard: Hazard,
    evidence: EvidenceState,
    today: NaiveDate,
}

impl<'a> Pair<'a> {
    fn new(rules: RulesHere<'a>, major: bool, self_found: bool, missing: usize) -> Self {
        let (today, deadline) = (day("2026-03-10"), day("2026-03-17"));
        let missing_ids = (0..missing).map(|_| EvidenceId::fresh()).collect();
        Self {
            rules,
            model: Model::new(major, self_found, missing, deadline),
            hazard: hazard(major, self_found, deadline, &rules),
            evidence: EvidenceState { missing: missing_ids, ..EvidenceState::default() },
            today,
        }
    }

    fn situation(&self, who: usize) -> Situation<'_> {
        let closed_on = self.hazard.closed_at.map(|at| at.utc().date_naive());
        let moment = Moment { now: noon(self.today), today: self.today, closed_on };
        Situation {
            hazard: &self.hazard,
            evidence: &self.evidence,
            who: person(who),
            moment,
            rules: self.rules,
        }
    }

    /// Takes the step in both worlds and returns what the hazard was before, if it was taken.
    fn take(&mut self, act: &Act) -> Option<Hazard> {
        let step = step(act, self.hazard.deadline, self.today);
        let outcome = follow(&self.situation(act.who), act.kind, &step);
        let expected = self.model.take(act, self.today);
        assert_eq!(verdict_of(&outcome), expected, "{act:?} on {:?}: {outcome:?}", self.model);
        let after = outcome.ok()?;
        match act.kind {
            ActionKind::WaiveEvidence => drop(self.evidence.missing.pop()),
            ActionKind::Submit | ActionKind::Comment if act.photo => {
                self.evidence.missing.push(EvidenceId::fresh());
            }
            _ => {}
        }
        let before = std::mem::replace(&mut self.hazard, after);
        self.agree(act);
        Some(before)
    }

    /// Both worlds say the same of the hazard.
    fn agree(&self, act: &Act) {
        let (hazard, model) = (&self.hazard, &self.model);
        let level = hazard.details.listing.as_ref().filter(|_| hazard.listed).map(|listing| listing.level);
        assert_eq!(
            (hazard.status, hazard.severity == Severity::Major, level, hazard.deadline, hazard.version),
            (status(model.status), model.major, model.listed, model.deadline, model.version),
            "after {act:?}"
        );
        assert_eq!((hazard.rework_count, hazard.listed), (model.rework, model.listed.is_some()));
        let extension = hazard.details.extension_request.as_ref().map(|asked| asked.deadline);
        assert_eq!(extension, model.extension.map(|(_, to)| to), "after {act:?}");
        assert_eq!(hazard.details.void_request.is_some() && hazard.status.is_open(), model.void.is_some());
        assert_eq!(self.evidence.missing.len(), model.missing);
    }
}

fn step(act: &Act, deadline: NaiveDate, today: NaiveDate) -> Step {
    let by_hand = act.days.map(|days| plus(today, days));
    let text = String::from;
    let plan = |measure: bool| Plan {
        measure: (act.full || measure).then(|| text("更换")),
        responsible_person: act.full.then(|| text("李强")),
        funds_yuan: act.full.then_some(2000),
        contingency_plan: act.full.then(|| text("停用")),
    };
    match act.kind {
        ActionKind::Accept => Step::Accept(plan(false)),
        ActionKind::Submit => Step::Submit(plan(true)),
        ActionKind::RecheckPass => Step::RecheckPass,
        ActionKind::RecheckFail => Step::RecheckFail { deadline: by_hand },
        ActionKind::RequestExtension => {
            Step::RequestExtension { deadline: plus(deadline, act.days.unwrap()), reason: text("缺件") }
        }
        ActionKind::DecideExtension => Step::DecideExtension { approve: act.approve },
        ActionKind::JudgeMajor => Step::JudgeMajor { criterion: text("MZ-4-3"), deadline: by_hand },
        ActionKind::List => Step::List { unit: text("民政局") },
        ActionKind::Delist => Step::Delist,
        ActionKind::Transfer => Step::Transfer { department: text("消防"), reason: text("职责") },
        ActionKind::Return => Step::Return,
        ActionKind::Comment => Step::Comment,
        ActionKind::RequestVoid => Step::RequestVoid { reason: text("误报") },
        ActionKind::DecideVoid => Step::DecideVoid { approve: act.approve },
        ActionKind::Reopen => Step::Reopen { deadline: by_hand },
        ActionKind::WaiveEvidence => Step::WaiveEvidence { evidence: EvidenceId::fresh() },
    }
}

/// Every combination of what the rules look at, reachable or not, against every step and person.
#[test]
fn every_state_step_and_person_is_decided_as_the_table_says() {
    let library = Library::embedded().unwrap();
    let rules = rules(&library);
    let bits = [false, true];
    let mut decided = 0;
    for (letter, status) in STATES {
        for (major, self_found, parts) in
            bits.iter().flat_map(|a| bits.iter().flat_map(move |b| bits.map(|c| (*a, *b, c))))
        {
            for (extension, void, missing, late) in
                (0..16).map(|n| (n & 1 > 0, n & 2 > 0, usize::from(n & 4 > 0), n & 8 > 0))
            {
                for listed in [None, Some(2), Some(1)] {
                    let mut pair = Pair::new(rules, major, self_found, missing);
                    if late {
                        pair.today = day("2026-03-18");
                    }
                    let model = &mut pair.model;
                    (model.status, model.listed, model.rectifier) = (*letter, listed, Some(2));
                    (model.measure, model.five_parts) = (true, parts);
                    model.extension = extension.then(|| (2, plus(model.deadline, 5)));
                    model.void = void.then_some(4);
                    let closed = plus(pair.today, if late { -181 } else { -180 });
                    model.closed_on = (*letter == 'C').then_some(closed);
                    pair.hazard = dressed(&pair, *status, closed);
                    decided += compare_all(&pair);
                }
            }
        }
    }
    assert_eq!(decided, 6 * 8 * 16 * 3 * 16 * 9);
}

/// The hazard that the model describes.
fn dressed(pair: &Pair<'_>, status: Status, closed: NaiveDate) -> Hazard {
    use anlao::hazards::model::{ExtensionRequest, Listing, VoidRequest};
    let (model, mut hazard, at) = (&pair.model, pair.hazard.clone(), noon(pair.today));
    let user = |who: usize| person(who).user;
    let text = |text: &str| model.five_parts.then(|| text.to_owned());
    hazard.status = status;
    hazard.listed = model.listed.is_some();
    hazard.submitted_by = model.rectifier.map(user);
    hazard.closed_at = (status == Status::Closed).then(|| noon(closed));
    hazard.details.rectification = Rectification {
        measure: Some("更换".into()),
        responsible_person: text("李强"),
        funds_yuan: model.five_parts.then_some(1),
        contingency_plan: text("停用"),
        submitted_at: None,
    };
    hazard.details.listing =
        model
            .listed
            .map(|level| Listing { unit: "民政局".into(), level, listed_by: user(4), listed_at: at });
    hazard.details.extension_request = model.extension.map(|(who, deadline)| ExtensionRequest {
        deadline,
        reason: "缺件".into(),
        requested_by: user(who),
        requested_at: at,
    });
    hazard.details.void_request = model.void.map(|who| VoidRequest {
        reason: "误报".into(),
        requested_by: user(who),
        requested_at: at,
    });
    hazard
}

fn compare_all(pair: &Pair<'_>) -> usize {
    for (who, (name, ..)) in PEOPLE.iter().enumerate() {
        let situation = pair.situation(who);
        let mut buttons = Vec::new();
        for kind in ActionKind::ALL {
            let expected = pair.model.verdict(who, *kind, pair.today);
            assert_eq!(
                verdict_of(&may(&situation, *kind)),
                expected,
                "{kind} by {} on {:?}",
                name,
                pair.model
            );
            if expected == Verdict::Yes {
                buttons.push(*kind);
            }
        }
        assert_eq!(allowed(&situation), buttons);
    }
    PEOPLE.len() * ActionKind::ALL.len()
}

// ── Random walks ────────────────────────────────────────────────────────────────────────────────────────

/// A step somebody might try: mostly one that is open to them.
fn random_act(rng: &mut StdRng, model: &Model, today: NaiveDate) -> Act {
    let mut who = rng.random_range(0..PEOPLE.len());
    let mut kind = ActionKind::ALL[rng.random_range(0..ActionKind::ALL.len())];
    for _ in 0..6 {
        if model.verdict(who, kind, today) == Verdict::Yes || rng.random_ratio(1, 8) {
            break;
        }
        who = rng.random_range(0..PEOPLE.len());
        kind = ActionKind::ALL[rng.random_range(0..ActionKind::ALL.len())];
    }
    let days = match kind {
        ActionKind::RequestExtension => Some(rng.random_range(-2..95)),
        ActionKind::RecheckFail | ActionKind::JudgeMajor | ActionKind::Reopen if rng.random_ratio(1, 3) => {
            Some([-1, 0, 7, 30, 31, 365, 366][rng.random_range(0..7)])
        }
        _ => None,
    };
    let photo = matches!(kind, ActionKind::Submit | ActionKind::Comment) && rng.random_ratio(1, 4);
    Act { who, kind, full: rng.random_ratio(2, 3), photo, approve: rng.random_ratio(2, 3), days }
}

/// What may follow what, whoever acts.
const SUCCESSORS: &[(char, &str)] =
    &[('P', "PRWTV"), ('R', "RWTV"), ('W', "WRCTV"), ('T', "TPRWV"), ('C', "P"), ('V', "")];

/// The steps that may move a deadline.
const MOVERS: &[ActionKind] =
    &[ActionKind::DecideExtension, ActionKind::RecheckFail, ActionKind::Reopen, ActionKind::JudgeMajor];

fn letter_of(status: Status) -> char {
    STATES.iter().find(|(_, of)| *of == status).unwrap().0
}

/// What must hold of every step that was taken, whatever the model says.
fn check_step(before: &Hazard, after: &Hazard, missing: usize, act: &Act) {
    let (from, to) = (letter_of(before.status), letter_of(after.status));
    let successors = SUCCESSORS.iter().find(|(of, _)| *of == from).unwrap().1;
    assert!(successors.contains(to), "{from} to {to} by {act:?}");
    assert_eq!(after.version, before.version + 1);
    assert!(before.status.is_open() || act.kind == ActionKind::Reopen, "{act:?} on {from}");
    if after.deadline != before.deadline {
        assert!(MOVERS.contains(&act.kind), "{act:?} moved the deadline");
        let later = after.deadline > before.deadline;
        assert!(later || act.kind != ActionKind::DecideExtension, "an extension that shortens");
    }
    if to == 'C' {
        assert_eq!(missing, 0, "closed without its photos");
        assert!(after.closed_by.is_some() && after.closed_by != before.submitted_by, "closed alone");
        let stated = &after.details.rectification;
        assert!(stated.measure.is_some());
        assert!(after.severity == Severity::General || stated.contingency_plan.is_some());
        assert!(!after.listed, "closed and still listed");
    }
    if to == 'V' {
        let asked = before.details.void_request.as_ref().unwrap().requested_by;
        assert!(after.closed_by.is_some_and(|by| by != asked), "voided alone");
    }
}

/// Ten thousand lives, each the same on every run.
#[test]
fn ten_thousand_random_lives_keep_the_rules() {
    let library = Library::embedded().unwrap();
    let rules = rules(&library);
    let mut rng = StdRng::seed_from_u64(20_260_310);
    let (mut taken, mut ends) = (0, HashSet::new());
    for walk in 0..10_000 {
        let missing = rng.random_range(0..2);
        let mut pair = Pair::new(rules, rng.random_ratio(1, 4), rng.random_ratio(1, 4), missing);
        for _ in 0..12 {
            let act = random_act(&mut rng, &pair.model, pair.today);
            if let Some(before) = pair.take(&act) {
                check_step(&before, &pair.hazard, pair.evidence.missing.len(), &act);
                taken += 1;
            }
            if pair.hazard.is_overdue(pair.today) {
                assert!(matches!(pair.hazard.status, Status::Pending | Status::Rectifying));
            }
            match rng.random_range(0..40) {
                0..4 => pair.today = plus(pair.today, rng.random_range(1..6)),
                4 => pair.today = plus(pair.today, 100),
                // A photo arrives, which is no step.
                5..12 if pair.model.missing > 0 => {
                    pair.evidence.missing.pop();
                    pair.model.missing -= 1;
                }
                _ => {}
            }
        }
        if walk % 10 == 0 {
            let open = |who| allowed(&pair.situation(who)).into_iter().collect::<HashSet<_>>();
            (0..PEOPLE.len()).for_each(|who| assert_eq!(open(who), pair.model.allowed(who, pair.today)));
        }
        ends.insert(pair.hazard.status);
    }
    assert_eq!(ends.len(), STATES.len(), "the lives end everywhere");
    assert!(taken > 50_000, "only {taken} steps were taken");
}

// ── Over HTTP ───────────────────────────────────────────────────────────────────────────────────────────

/// A hazard on a server beside its model.
struct Case<'a> {
    cast: &'a [Person],
    id: String,
    model: Model,
    missing: Vec<Photo>,
    today: NaiveDate,
}

fn cast(world: &World) -> Vec<Person> {
    let world = [
        &world.inspector,
        &world.second_inspector,
        &world.manager,
        &world.second_manager,
        &world.supervisor,
        &world.second_supervisor,
        &world.city_supervisor,
        &world.auditor,
        &world.admin,
    ];
    world.into_iter().cloned().collect()
}

/// How a hazard comes into the world.
#[derive(Debug, Clone, Copy, Default)]
struct Start {
    major: bool,
    self_found: bool,
    photo: bool,
    /// Found so long ago that its deadline has passed.
    late: bool,
}

impl<'a> Case<'a> {
    async fn register(world: &World, cast: &'a [Person], start: Start) -> Self {
        let today = day("2026-03-10");
        let found = if start.late { plus(today, -8) } else { today };
        let photo = start.photo.then(Photo::before);
        let mut form = world.hazard(&photo.iter().collect::<Vec<_>>());
        form["category"] = json!("fire");
        form["checklist_item"] = json!("F25");
        form["severity"] = json!(if start.major { "major" } else { "general" });
        start.major.then(|| form["criterion"] = json!("MZ-8"));
        form["found_at"] = json!(format!("{found}T01:58:00Z"));
        let id = uuid::Uuid::now_v7().to_string();
        let by = &cast[if start.self_found { 2 } else { 0 }];
        let answer = by.put(&format!("/hazards/{id}"), &form).await.expect(201);
        let deadline = plus(found, 7);
        assert_eq!(answer.body["deadline"], deadline.to_string());
        let missing: Vec<Photo> = photo.into_iter().collect();
        let model = Model::new(start.major, start.self_found, missing.len(), deadline);
        Self { cast, id, model, missing, today }
    }

    /// Sends the step and returns what came back with what should have.
    async fn take(&mut self, act: &Act) -> (Answer, Verdict) {
        let photo = act.photo.then(Photo::after);
        let form = self.form(act, photo.as_ref());
        let answer = self.cast[act.who].act(&self.id, &form).await;
        let expected = self.model.take(act, self.today);
        let status = match expected {
            Verdict::Yes => 201,
            Verdict::NotYours => 403,
            Verdict::NotNow => 409,
            Verdict::Never => 422,
        };
        assert_eq!(
            answer.status, status,
            "{act:?} by {}: {} {:?}",
            PEOPLE[act.who].0, answer.body, self.model
        );
        if expected == Verdict::Yes {
            if act.kind == ActionKind::WaiveEvidence {
                self.missing.remove(0);
            }
            self.missing.extend(photo);
            self.agree(&answer, act.who);
        }
        (answer, expected)
    }

    fn agree(&self, answer: &Answer, who: usize) {
        let (body, model) = (&answer.body, &self.model);
        let seen = (&body["status"], &body["version"], &body["deadline"], &body["listed"]);
        let (state, deadline) = (status(model.status).to_string(), model.deadline.to_string());
        let expected =
            (&json!(state), &json!(model.version), &json!(deadline), &json!(model.listed.is_some()));
        assert_eq!(seen, expected);
        assert_eq!(body["rework_count"], model.rework);
        assert_eq!(body["evidence"]["missing"].as_array().unwrap().len(), model.missing);
        let late = matches!(model.status, 'P' | 'R') && self.today > model.deadline;
        assert_eq!(body["overdue"], late);
        self.same_buttons(answer, who);
    }

    fn same_buttons(&self, answer: &Answer, who: usize) {
        let shown = answer.body["allowed_actions"].as_array().unwrap().iter();
        let shown: HashSet<String> = shown.map(|kind| kind.as_str().unwrap().to_owned()).collect();
        let expected = self.model.allowed(who, self.today);
        let expected: HashSet<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(shown, expected, "buttons of {} on {:?}", PEOPLE[who].0, self.model);
    }

    fn form(&self, act: &Act, photo: Option<&Photo>) -> serde_json::Value {
        let kind = act.kind.as_str();
        let mut form = match act.kind {
            ActionKind::Accept if !act.full => json!({ "kind": kind }),
            ActionKind::Submit if !act.full => Form::submit(),
            ActionKind::Accept | ActionKind::Submit => Form::plan(kind),
            ActionKind::RequestExtension => {
                let deadline = plus(self.model.deadline, act.days.unwrap()).to_string();
                return Form::request_extension(&deadline);
            }
            ActionKind::DecideExtension | ActionKind::DecideVoid => Form::decide(kind, act.approve),
            ActionKind::JudgeMajor => Form::judge_major(),
            ActionKind::List => Form::list(),
            ActionKind::Transfer => Form::transfer(),
            ActionKind::Comment => json!({ "kind": kind, "note": "已电话告知负责人" }),
            ActionKind::RecheckPass => json!({ "kind": kind }),
            ActionKind::WaiveEvidence => {
                let photo =
                    self.missing.first().map_or_else(|| uuid::Uuid::now_v7().to_string(), |p| p.id.clone());
                json!({ "kind": kind, "evidence_id": photo, "reason": "手机损坏，照片无法找回" })
            }
            _ => Form::because(kind),
        };
        if let Some(days) = act.days {
            form["deadline"] = json!(plus(self.today, days).to_string());
        }
        if let Some(photo) = photo {
            form["evidence"] = json!([photo.declared()]);
        }
        form
    }
}

const GENERAL: Start = Start { major: false, self_found: false, photo: false, late: false };
const MAJOR: Start = Start { major: true, ..GENERAL };
const OWN: Start = Start { self_found: true, ..GENERAL };

/// Every base state there is, and who did what to come there. The numbers are those of [`PEOPLE`].
#[rustfmt::skip]
const BASES: &[(Start, &[(usize, ActionKind)])] = {
    use ActionKind::{Accept, JudgeMajor, List, RecheckPass, RequestExtension, RequestVoid, DecideVoid, Submit, Transfer};
    &[
        (GENERAL, &[]),
        (Start { late: true, ..GENERAL }, &[]),
        (GENERAL, &[(2, Accept)]),
        (GENERAL, &[(2, Submit)]),
        (Start { photo: true, ..GENERAL }, &[(2, Submit)]),
        (GENERAL, &[(2, Submit), (0, RecheckPass)]),
        (GENERAL, &[(0, Transfer)]),
        (GENERAL, &[(0, RequestVoid), (4, DecideVoid)]),
        (MAJOR, &[]),
        (MAJOR, &[(2, Accept)]),
        (MAJOR, &[(2, Submit)]),
        (MAJOR, &[(2, Submit), (4, RecheckPass)]),
        (MAJOR, &[(0, Transfer)]),
        (MAJOR, &[(0, RequestVoid), (4, DecideVoid)]),
        (MAJOR, &[(4, List)]),
        (MAJOR, &[(4, List), (2, Submit)]),
        (MAJOR, &[(6, List), (2, Submit)]),
        (MAJOR, &[(6, List), (4, Transfer)]),
        (MAJOR, &[(6, List), (2, Submit), (4, RequestVoid)]),
        (GENERAL, &[(2, RequestExtension)]),
        (MAJOR, &[(2, Accept), (2, RequestExtension)]),
        (GENERAL, &[(2, RequestExtension), (0, Transfer)]),
        (GENERAL, &[(4, RequestVoid)]),
        (GENERAL, &[(2, Submit), (0, RequestVoid)]),
        (OWN, &[]),
        (OWN, &[(2, Submit)]),
        (OWN, &[(2, Submit), (3, RecheckPass)]),
        (OWN, &[(2, Submit), (0, JudgeMajor)]),
    ]
};

/// The people whose answer differs from others of their role.
fn speakers(kind: ActionKind) -> Vec<usize> {
    let others: &[usize] = match kind {
        ActionKind::RecheckPass => &[3, 5, 6],
        ActionKind::RecheckFail => &[3],
        ActionKind::DecideVoid | ActionKind::Delist => &[5, 6],
        _ => &[],
    };
    [0, 2, 4, 7, 8].iter().chain(others).copied().collect()
}

async fn come_there<'a>(
    world: &World,
    cast: &'a [Person],
    base: &(Start, &[(usize, ActionKind)]),
) -> Case<'a> {
    let mut case = Case::register(world, cast, base.0).await;
    for (who, kind) in base.1 {
        let (answer, verdict) = case.take(&Act::of(*who, *kind)).await;
        assert_eq!(verdict, Verdict::Yes, "{}", answer.body);
    }
    case
}

/// From one base state: what each sees, and what happens when they try.
async fn try_everything(world: &World, cast: &[Person], base: &(Start, &[(usize, ActionKind)])) {
    let mut case = come_there(world, cast, base).await;
    for (who, person) in cast.iter().enumerate() {
        let seen = person.get(&format!("/hazards/{}", case.id)).await.expect(200);
        case.agree(&seen, who);
    }
    for kind in ActionKind::ALL {
        for who in speakers(*kind) {
            if case.take(&Act::of(who, *kind)).await.1 == Verdict::Yes {
                case = come_there(world, cast, base).await;
            }
        }
    }
}

on_both_databases! {
    /// The buttons and the answers, for every state a hazard can be driven into, every step and every role.
    the_api_decides_as_the_table_says, app => {
        let world = World::build(app).await;
        let cast = cast(&world);
        for some in BASES.chunks(4) {
            let tries = some.iter().map(|base| try_everything(&world, &cast, base));
            futures_util::future::join_all(tries).await;
        }
        no_wrong_counts(app).await;
    }
}

on_both_databases! {
    /// A hundred random lives on each database, two hundred in all, go exactly as the model goes, and the
    /// totals stay right.
    random_lives_over_http, app => {
        let world = World::build(app).await;
        let cast = cast(&world);
        let first = if app.backend == anlao::db::Backend::Sqlite { 0 } else { 100 };
        let lives = (first..first + 100).map(async |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            let start = Start {
                major: rng.random_ratio(1, 4),
                self_found: rng.random_ratio(1, 4),
                photo: rng.random_ratio(1, 3),
                late: rng.random_ratio(1, 6),
            };
            let mut case = Case::register(&world, &cast, start).await;
            for _ in 0..8 {
                let act = random_act(&mut rng, &case.model, case.today);
                case.take(&act).await;
                if rng.random_ratio(1, 4) && let Some(photo) = case.missing.pop() {
                    photo.upload(&cast[0]).await.expect(201);
                    case.model.missing -= 1;
                }
            }
        });
        let mut lives: Vec<_> = lives.collect();
        while !lives.is_empty() {
            futures_util::future::join_all(lives.drain(..lives.len().min(8))).await;
        }
        no_wrong_counts(app).await;
    }
}

async fn no_wrong_counts(app: &TestApp) {
    let wrong = app.db().read(anlao::hazards::queries::wrong_counts).await.unwrap();
    assert_eq!(wrong, Vec::<String>::new());
}
