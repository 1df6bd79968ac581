//! What a home owes beside drills: its plan, who commands, the residents' table, training. Pure.

use super::calendar::months_before;
use super::course::Course;
use super::facts::{Facts, PlanInForce, Words};
use super::requirements::{Documents, EvidenceKind, EvidenceOf, Requirement, State, home_owes_nothing};
use crate::institutions::rules::applies;
use crate::plans::revision::review_by;
use crate::rules::DocumentRef;
use crate::rules::kinds::intervals::Interval;
use chrono::{Days, NaiveDate, NaiveDateTime};

/// What is due within so many days is shown as due.
const SOON_DAYS: u64 = 30;
/// Without a document that says so, a plan is reviewed after so many months.
const REVIEW_MONTHS: u32 = 12;

/// All of them, each as it stands.
pub fn standing(rules: &Documents<'_>, facts: &Facts, as_of: NaiveDateTime) -> Vec<Requirement> {
    let mut all = plan(rules, facts, as_of.date());
    all.push(commander(facts, as_of));
    all.extend(residents(rules, facts, as_of.date()));
    all.extend(training(rules, facts, as_of.date()));
    if let Some(why) = home_owes_nothing(facts, as_of) {
        for one in &mut all {
            let kept = Requirement { why: why.clone(), ..Requirement::default() };
            let told = std::mem::replace(one, kept);
            (one.id, one.title_zh, one.title_en) = (told.id, told.title_zh, told.title_en);
            (one.clause, one.source, one.verified) = (told.clause, told.source, told.verified);
        }
    }
    all
}

/// A requirement, not judged yet.
fn one(
    id: &str,
    title: (&str, &str),
    clause: &str,
    source: Option<DocumentRef>,
    verified: bool,
) -> Requirement {
    Requirement {
        id: id.to_owned(),
        title_zh: title.0.to_owned(),
        title_en: title.1.to_owned(),
        clause: clause.to_owned(),
        source,
        verified,
        ..Requirement::default()
    }
}

impl Requirement {
    fn stands(mut self, state: State, due_on: Option<NaiveDate>, why: Words) -> Self {
        (self.state, self.due_on, self.why) = (state, due_on, why);
        self
    }

    /// Met, or owed since a day: due on that day, overdue after it.
    fn met_or_owed(self, met: bool, since: NaiveDate, today: NaiveDate, yes: Words, no: Words) -> Self {
        match met {
            true => self.stands(State::Satisfied, None, yes),
            false if today <= since => self.stands(State::Due, Some(since), no),
            false => self.stands(State::Overdue, Some(since), no),
        }
    }

    /// Good until a day; due in the last weeks before it, overdue after it.
    fn until(self, last: NaiveDate, today: NaiveDate, why: Words) -> Self {
        let soon = today.checked_add_days(Days::new(SOON_DAYS)).unwrap_or(today);
        let state = match (last < today, last <= soon) {
            (true, _) => State::Overdue,
            (false, true) => State::Due,
            (false, false) => State::Satisfied,
        };
        self.stands(state, Some(last), why)
    }
}

fn plan(rules: &Documents<'_>, facts: &Facts, today: NaiveDate) -> Vec<Requirement> {
    let source = rules.plan_contents.map(|document| document.head.reference());
    let months = rules.plan_contents.map_or(REVIEW_MONTHS, |document| document.review_months);
    let order = "公安部令第61号；GB/T 38315-2019";
    let regulation = "生产安全事故应急条例";
    let blank = [
        one("plan.in_force", ("预案现行有效", "A plan is in force"), order, source.clone(), true),
        one("plan.complete", ("预案内容齐全", "The plan is complete"), order, source.clone(), true),
        one("plan.approved", ("预案已批准", "The plan is approved"), "产品建议", None, false),
        one(
            "plan.filed",
            ("预案已备案", "The plan is filed with the county"),
            &format!("{regulation} 第七条"),
            None,
            true,
        ),
        one(
            "plan.published",
            ("预案已向从业人员公布", "The plan is published to staff"),
            &format!("{regulation} 第五条"),
            None,
            true,
        ),
        one(
            "plan.reviewed",
            ("预案按期复审", "The plan is reviewed in time"),
            "产品建议（复审周期）",
            source,
            false,
        ),
        one(
            "plan.revised",
            ("无须修订预案的情形", "Nothing calls for a revision"),
            &format!("{regulation} 第六条"),
            None,
            true,
        ),
    ];
    let Some(plan) = &facts.plan else {
        let since = facts.profile.since;
        let no = Words::new("没有现行有效的预案", "No plan is in force");
        let first = |at: usize, one: Requirement| match at {
            0 => one.stands(State::Overdue, Some(since), no.clone()),
            _ => one.stands(State::NotApplicable, None, no.clone()),
        };
        return blank.into_iter().enumerate().map(|(at, one)| first(at, one)).collect();
    };
    let evidence = EvidenceOf {
        kind: EvidenceKind::Plan,
        id: Some(plan.id.0),
        what: Words::new(format!("预案第{}版", plan.edition), format!("Plan, edition {}", plan.edition)),
        on: Some(plan.in_force_on),
    };
    let mut all = judged_plan(blank, plan, months, today);
    for one in &mut all {
        one.evidence.push(evidence.clone());
    }
    all
}

fn judged_plan(
    blank: [Requirement; 7],
    plan: &PlanInForce,
    months: u32,
    today: NaiveDate,
) -> Vec<Requirement> {
    let [in_force, complete, approved, filed, published, reviewed, revised] = blank;
    let since = plan.in_force_on;
    let done = |day: Option<NaiveDate>| day.is_some_and(|day| day <= today);
    let on = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let missing = plan.missing_parts.join("、");
    let triggers = plan.revision_called_for_by.join("、");
    let due = review_by(plan.reviewed_on, months);
    let reviewed_on = plan.reviewed_on;
    vec![
        in_force.stands(
            State::Satisfied,
            None,
            Words::new(
                format!("第{}版自{since}起有效", plan.edition),
                format!("Edition {} since {since}", plan.edition),
            ),
        ),
        complete.met_or_owed(
            plan.missing_parts.is_empty(),
            since,
            today,
            Words::new("必备内容齐全", "Every required part is there"),
            Words::new(format!("缺少：{missing}"), format!("Missing: {missing}")),
        ),
        approved.met_or_owed(
            plan.approved_by.is_some(),
            since,
            today,
            Words::new("已批准", "Approved"),
            Words::new("尚未批准", "Nobody has approved it"),
        ),
        filed.met_or_owed(
            done(plan.filed_on),
            since,
            today,
            Words::new(format!("{}备案", on(plan.filed_on)), format!("Filed on {}", on(plan.filed_on))),
            Words::new("尚未备案", "Not filed yet"),
        ),
        published.met_or_owed(
            done(plan.published_on),
            since,
            today,
            Words::new(
                format!("{}公布", on(plan.published_on)),
                format!("Published on {}", on(plan.published_on)),
            ),
            Words::new("尚未公布", "Not published yet"),
        ),
        reviewed.until(
            due,
            today,
            Words::new(
                format!("上次复审{reviewed_on}，每{months}个月至少一次"),
                format!("Last reviewed on {reviewed_on}, at least every {months} months"),
            ),
        ),
        match triggers.is_empty() {
            true => {
                revised.stands(State::Satisfied, None, Words::new("没有修订情形", "Nothing calls for one"))
            }
            // No source names a limit: it stays due until it is revised.
            false => revised.stands(
                State::Due,
                None,
                Words::new(format!("应修订：{triggers}"), format!("Called for by {triggers}")),
            ),
        },
    ]
}

fn commander(facts: &Facts, as_of: NaiveDateTime) -> Requirement {
    let title = ("未来七天每小时都有现场指挥官", "A commander for every hour of the coming seven days");
    let mut found = one("commander.week", title, "突发事件初期处置现场指挥官制度（产品建议）", None, false);
    if let Some(tonight) = &facts.commanders.tonight {
        let what = Words::new(format!("今夜：{tonight}"), format!("Tonight: {tonight}"));
        found.evidence.push(EvidenceOf {
            kind: EvidenceKind::Roster,
            id: None,
            what,
            on: Some(as_of.date()),
        });
    }
    let gaps = &facts.commanders.gaps;
    let Some(first) = gaps.iter().min() else {
        return found.stands(State::Satisfied, None, Words::new("无空档", "No gap"));
    };
    let (from, to) = (first.0.format("%m-%d %H:%M"), first.1.format("%m-%d %H:%M"));
    let why = Words::new(
        format!("{}处空档，最早{from}至{to}", gaps.len()),
        format!("{} gaps, the first from {from} to {to}", gaps.len()),
    );
    let state = if first.0 <= as_of { State::Overdue } else { State::Due };
    found.stands(state, Some(first.0.date()), why)
}

fn residents(rules: &Documents<'_>, facts: &Facts, today: NaiveDate) -> Vec<Requirement> {
    let table = &facts.residents;
    let source = rules.colours.map(|document| document.head.reference());
    let reviewed = one(
        "residents.reviewed",
        ("帮扶对应表按期核对", "The residents' table is looked over in time"),
        "产品建议（核对周期）",
        source,
        false,
    );
    let helpers = one(
        "residents.night_helpers",
        ("夜间帮扶人已落实到人", "Everybody who needs help at night has a helper named"),
        "GB/T 38315-2019 第7.3.2.7条",
        None,
        true,
    );
    if table.residents == 0 {
        let none = Words::new("帮扶对应表中没有老年人", "No resident in the table");
        return [reviewed, helpers].map(|one| one.stands(State::NotApplicable, None, none.clone())).into();
    }
    let count = table.residents;
    let evidence = EvidenceOf {
        kind: EvidenceKind::Residents,
        id: None,
        what: Words::new(format!("{count}人"), format!("{count} residents")),
        on: table.oldest_review,
    };
    let without = table.without_night_helper.len();
    let helpers = helpers.met_or_owed(
        without == 0,
        facts.profile.since,
        today,
        Words::new("均已落实", "All named"),
        Words::new(format!("{without}人未落实"), format!("Nobody named for {without}")),
    );
    let days = rules.colours.map(|document| document.yellow.helper_table_days);
    let reviewed = match (days, table.oldest_review) {
        (None, _) => reviewed.stands(
            State::NotApplicable,
            None,
            Words::new("现行规则未规定核对周期", "No document in force says how often"),
        ),
        (Some(_), None) => reviewed.stands(
            State::Overdue,
            Some(facts.profile.since),
            Words::new("从未核对", "Never looked over"),
        ),
        (Some(days), Some(oldest)) => reviewed.until(
            oldest.checked_add_days(Days::new(u64::from(days))).unwrap_or(oldest),
            today,
            Words::new(
                format!("最早一次核对为{oldest}，每{days}天至少一次"),
                format!("The oldest review is of {oldest}; at least every {days} days"),
            ),
        ),
    };
    let mut all = vec![reviewed, helpers];
    for one in &mut all {
        one.evidence.push(evidence.clone());
    }
    all
}

fn training(rules: &Documents<'_>, facts: &Facts, today: NaiveDate) -> Vec<Requirement> {
    let Some(document) = rules.intervals else { return Vec::new() };
    let mut all = Vec::new();
    for interval in document.trainings() {
        let title = (interval.title_zh.as_str(), interval.title_en.as_str());
        let id = format!("training.{}", interval.code);
        let mut found = one(&id, title, &interval.basis, Some(document.head.reference()), interval.verified);
        if applies(&interval.applies_to, facts.profile.traits()) {
            let since = facts.profile.since.max(rules.intervals_since);
            held_trainings(&mut found, interval, facts, since, today);
        } else {
            found.why = Words::new("不适用于此类机构", "Does not hold for this kind of home");
        }
        all.push(found);
    }
    if let Some(interval) = document.trainings().find(|interval| interval.before_work) {
        let title = ("新上岗人员岗前培训", "New staff are trained before they start");
        let source = Some(document.head.reference());
        let found = one("training.new_staff", title, &interval.basis, source, interval.verified);
        all.push(new_staff(found, facts, today));
    }
    all
}

fn held_trainings(
    found: &mut Requirement,
    interval: &Interval,
    facts: &Facts,
    since: NaiveDate,
    today: NaiveDate,
) {
    let (course, held) = Course::of_training(interval, &facts.trainings, since, today);
    let recent = held.iter().rev().filter(|one| one.held_on >= months_before(today, 12)).take(5);
    found.evidence = recent
        .map(|one| EvidenceOf {
            kind: EvidenceKind::Training,
            id: Some(one.id.0),
            what: Words::new(format!("{}人参加", one.attended), format!("{} attended", one.attended)),
            on: Some(one.held_on),
        })
        .collect();
    course.enter(found, Words::new("培训", "sessions"));
}

fn new_staff(found: Requirement, facts: &Facts, today: NaiveDate) -> Requirement {
    let started = facts.untrained_new_staff.iter().map(|one| one.started_on).min();
    let Some(first) = started else {
        return found.stands(State::Satisfied, None, Words::new("均已培训", "All trained"));
    };
    let count = facts.untrained_new_staff.len();
    let why = Words::new(
        format!("{count}人未经岗前培训，最早{first}上岗"),
        format!("{count} not trained before they start, the first on {first}"),
    );
    // Before the day itself there is still time.
    let state = if first <= today { State::Overdue } else { State::Due };
    found.stands(state, Some(first), why)
}
