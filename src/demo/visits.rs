//! What happens at a home beside the stories of its hazards: inspections with their records, visits to come, orders of
//! other authorities, and what the home checks by itself, with gaps and oddities.

use super::chance::{Dice, dice, id, one_of};
use super::deeds::{Deed, What};
use super::history::Source;
use super::photos::Shot;
use super::places::Standing;
use crate::db::Instant;
use crate::evidence::EvidenceRole;
use crate::external_orders::OrderKind;
use crate::external_orders::record::{ExternalOrderForm, LiftForm};
use crate::hazards::register::HazardForm;
use crate::ids::{EvidenceId, ExternalOrderId, HazardId, InspectionId, SelfCheckId};
use crate::inspections::InspectionKind;
use crate::inspections::forms::{Answer, InspectionPlan, InspectionRecord};
use crate::inspections::model::{AnswerResult, DepartmentPresent, InstitutionSignature, Signature};
use crate::self_checks::SelfCheckKind;
use crate::self_checks::enter::SelfCheckForm;
use crate::self_checks::model::SelfCheckAnswer;
use chrono::{NaiveDate, TimeDelta};
use rand::Rng;
use rand::seq::IndexedRandom;
use std::collections::{BTreeMap, HashSet};

/// How many of the visits on which something was found have a record.
const RECORDED: f64 = 0.3;
/// Every so many homes keep their own checks here; so does every home of `manager`.
const SELF_CHECKING: usize = 6;
/// The last nights with self-checks.
const NIGHTS: i64 = 16;

/// Everything but the hazards at this home, given what is known of those.
pub fn of_home(source: &Source<'_>, hazards: &[Deed]) -> Vec<Deed> {
    let mut chance = dice(source.seed, "visits", source.home.number);
    let mut deeds = records(source, &mut chance, hazards);
    if source.home.standing == Standing::Operating {
        deeds.extend(plans(source, &mut chance));
        deeds.extend(orders(source, &mut chance));
        if source.home.number.is_multiple_of(SELF_CHECKING) || source.staff.managers.len() > 1 {
            deeds.extend(self_checks(source, &mut chance));
        }
    }
    let end = source.calendar.now.plus(TimeDelta::minutes(-2));
    deeds.retain(|deed| deed.at <= end);
    deeds
}

/// What an inspector found on one day.
type Finds<'a> = Vec<(HazardId, &'a HazardForm, &'a Deed)>;

fn records(source: &Source<'_>, chance: &mut Dice, hazards: &[Deed]) -> Vec<Deed> {
    let mut days: BTreeMap<(NaiveDate, usize), Finds<'_>> = BTreeMap::new();
    for deed in hazards {
        if let What::Register { hazard, form } = &deed.what
            && source.staff.inspectors.contains(&deed.who)
        {
            let day = source.calendar.date(form.found_at);
            days.entry((day, deed.who)).or_default().push((*hazard, form.as_ref(), deed));
        }
    }
    let mut deeds = Vec::new();
    for ((_, who), finds) in days {
        if chance.random_bool(RECORDED) {
            deeds.extend(record(source, chance, who, &finds));
        }
    }
    deeds
}

fn record(source: &Source<'_>, chance: &mut Dice, who: usize, finds: &Finds<'_>) -> Option<Deed> {
    let (_, first, _) = finds.first()?;
    let last = finds.iter().map(|(_, _, deed)| deed.at).max()?;
    let (user, name) = source.staff.people.get(&who)?.clone();
    let started_at = first.found_at.plus(-TimeDelta::minutes(chance.random_range(15..40)));
    let ended_at = last.plus(TimeDelta::minutes(chance.random_range(8..25)));
    let kinds = [
        InspectionKind::Daily,
        InspectionKind::Daily,
        InspectionKind::Special,
        InspectionKind::Unannounced,
        InspectionKind::Joint,
        InspectionKind::LookBack,
    ];
    let kind = kinds.choose(chance).copied().unwrap_or(InspectionKind::Daily);
    let departments = match kind {
        InspectionKind::Joint => joint(source, &name),
        _ => Vec::new(),
    };
    let form = InspectionRecord {
        institution_id: source.home.id,
        kind,
        started_at,
        ended_at,
        checklist_version: None,
        inspectors: vec![user],
        departments,
        institution_people: source.home.form.principal.clone().into_iter().collect(),
        answers: answers(source, chance, finds),
        hazards: Vec::new(),
        evidence: Vec::new(),
        inspector_signatures: vec![Signature { name: name.clone(), signed_at: ended_at, picture: None }],
        institution_signature: institution_hand(source, chance, &name, ended_at),
        transfers: Vec::new(),
        external_orders: Vec::new(),
        note: None,
    };
    let at = ended_at.plus(TimeDelta::minutes(chance.random_range(1..20)));
    let visit = InspectionId(id(chance, started_at));
    let shots = if chance.random_bool(0.2) { scene(chance, finds) } else { Vec::new() };
    Some(Deed { at, who, what: What::Visit { visit, record: Box::new(form) }, shots })
}

fn joint(source: &Source<'_>, name: &str) -> Vec<DepartmentPresent> {
    let county = &source.county.name;
    let department = |office: &str, people: Vec<String>| DepartmentPresent {
        department: format!("{county}{office}"),
        people,
    };
    vec![department("民政局", vec![name.to_owned()]), department("消防救援大队", Vec::new())]
}

/// The place, seen once more.
fn scene(chance: &mut Dice, finds: &Finds<'_>) -> Vec<Shot> {
    let shot = finds.iter().find_map(|(_, _, deed)| deed.shots.first());
    let again = shot.map(|shot| Shot {
        id: EvidenceId(id(chance, shot.taken_at)),
        seed: shot.seed.wrapping_add(1),
        role: EvidenceRole::Scene,
        arrives: true,
        ..shot.clone()
    });
    again.into_iter().collect()
}

/// What failed is what was found; most of the rest was in order.
fn answers(source: &Source<'_>, chance: &mut Dice, finds: &Finds<'_>) -> Vec<Answer> {
    let mut answered = HashSet::new();
    let mut answers = Vec::new();
    for (hazard, form, _) in finds {
        let Some(item) = form.checklist_item.clone().filter(|item| answered.insert(item.clone())) else {
            continue;
        };
        let remark = Some(form.location.clone());
        answers.push(Answer {
            item,
            result: AnswerResult::Fail,
            remark,
            hazard_id: Some(*hazard),
            evidence: Vec::new(),
        });
    }
    let count = chance.random_range(12..28);
    for item in source.checklist.items().choose_multiple(chance, count) {
        if answered.insert(item.code.clone()) {
            let result = match chance.random_range(0..20) {
                0..=1 => AnswerResult::NotApplicable,
                2 => AnswerResult::NotChecked,
                _ => AnswerResult::Pass,
            };
            let item = item.code.clone();
            answers.push(Answer { item, result, remark: None, hazard_id: None, evidence: Vec::new() });
        }
    }
    answers
}

fn institution_hand(
    source: &Source<'_>,
    chance: &mut Dice,
    inspector: &str,
    at: Instant,
) -> InstitutionSignature {
    match source.home.form.principal.clone().filter(|_| chance.random_bool(0.94)) {
        Some(name) => InstitutionSignature::Signed {
            name,
            position: Some("院长".to_owned()),
            signed_at: at,
            picture: None,
        },
        None => InstitutionSignature::Refused {
            reason: "负责人对检查结果有异议，未签字".to_owned(),
            noted_by: inspector.to_owned(),
            noted_at: at,
        },
    }
}

/// Visits to come, one that is late, and one that was given up.
fn plans(source: &Source<'_>, chance: &mut Dice) -> Vec<Deed> {
    if source.home.number % 4 != 1 {
        return Vec::new();
    }
    let (today, calendar) = (source.calendar.today(), source.calendar);
    let at = calendar.at(calendar.days_ago(6), 10 * 60 + chance.random_range(0..90));
    let inspector = source.staff.inspector(source.home.number);
    let Some((user, _)) = source.staff.people.get(&inspector) else { return Vec::new() };
    let late = source.home.number % 16 == 1;
    let kinds = [InspectionKind::Daily, InspectionKind::Unannounced, InspectionKind::DoubleRandom];
    let (from, to) = if late { (-5, -1) } else { (-1, chance.random_range(2..12)) };
    let form = InspectionPlan {
        institution_id: source.home.id,
        kind: kinds.choose(chance).copied().unwrap_or(InspectionKind::Daily),
        planned_from: today + TimeDelta::days(from),
        planned_to: today + TimeDelta::days(to),
        inspectors: vec![*user],
        departments: Vec::new(),
        note: None,
    };
    let (visit, who) = (InspectionId(id(chance, at)), source.staff.county_supervisor);
    let mut deeds =
        vec![Deed { at, who, what: What::Plan { visit, plan: Box::new(form) }, shots: Vec::new() }];
    if source.home.number % 16 == 5 {
        let at = at.plus(TimeDelta::hours(26));
        let reason = "该院正在检修电路，改期另行安排".to_owned();
        deeds.push(Deed { at, who, what: What::GiveUp { visit, reason }, shots: Vec::new() });
    }
    deeds
}

/// Another authority's word, at a troubled home; half of it is lifted by now.
fn orders(source: &Source<'_>, chance: &mut Dice) -> Vec<Deed> {
    if !source.home.troubled && source.home.number != 0 {
        return Vec::new();
    }
    let (calendar, who) = (source.calendar, source.staff.county_supervisor);
    let ago = chance.random_range(20..60);
    let issued_on = calendar.days_ago(ago);
    let at = calendar.at(calendar.days_ago(ago - 1), 15 * 60 + chance.random_range(0..60));
    let order = ExternalOrderId(id(chance, at));
    let form = ExternalOrderForm {
        institution_id: source.home.id,
        kind: if chance.random_bool(0.3) { OrderKind::StopUse } else { OrderKind::FireService },
        issuer: format!("{}消防救援大队", source.county.name),
        number: Some(format!("消限字〔{}〕第{:04}号", issued_on.format("%Y"), chance.random_range(1..400))),
        issued_on,
        valid_from: None,
        valid_to: None,
        text: "自动喷水灭火系统末端压力不足，消防控制室值班人员未持证上岗，责令限期改正。".to_owned(),
        evidence: Vec::new(),
    };
    let what = What::Order { order, form: Box::new(form) };
    let mut deeds = vec![Deed { at, who, what, shots: Vec::new() }];
    if source.home.number != 0 && chance.random_bool(0.5) {
        let lifted = ago - chance.random_range(8..18);
        let lifted_on = calendar.days_ago(lifted);
        let at = calendar.at(lifted_on, 16 * 60 + chance.random_range(0..60));
        let lift = LiftForm {
            lifted_on,
            reason: "消防救援大队复查合格，解除责令改正。".to_owned(),
            evidence: Vec::new(),
        };
        deeds.push(Deed { at, who, what: What::Lift { order, form: lift }, shots: Vec::new() });
    }
    deeds
}

/// Patrols by day and by night and the checks of the last months: not all of them were done, some came late, and some
/// say the same as before.
fn self_checks(source: &Source<'_>, chance: &mut Dice) -> Vec<Deed> {
    let calendar = source.calendar;
    let careful = if source.home.troubled { 0.7 } else { 0.94 };
    let mut deeds = Vec::new();
    for ago in 0..NIGHTS {
        let day = calendar.days_ago(ago);
        let times = [
            (SelfCheckKind::FirePatrol, 9 * 60),
            (SelfCheckKind::NightPatrol, 22 * 60 + 20),
            (SelfCheckKind::NightPatrol, 26 * 60),
        ];
        for (kind, minute) in times {
            if chance.random_bool(careful) {
                let at = calendar.at(day, 0).plus(TimeDelta::minutes(minute + chance.random_range(0..80)));
                deeds.push(self_check(source, chance, kind, at));
            }
        }
    }
    for month in [70, 40, 9] {
        let at = calendar.at(calendar.days_ago(month), 9 * 60 + chance.random_range(0..120));
        deeds.push(self_check(source, chance, SelfCheckKind::MonthlyCheck, at));
    }
    deeds
}

fn self_check(source: &Source<'_>, chance: &mut Dice, kind: SelfCheckKind, performed_at: Instant) -> Deed {
    const ROUTES: [&str; 3] =
        ["一楼大厅、厨房、二至四楼走廊", "配电室、厨房、各楼层楼梯间", "全院各楼层、锅炉房、库房"];
    const PEOPLE: [&str; 4] = ["陈静", "周敏", "罗建国", "何秀英"];
    let usual = chance.random_bool(0.12);
    let seen = chance.random_range(24..96);
    let answers = match kind {
        SelfCheckKind::MonthlyCheck => {
            let items = source.checklist.items().choose_multiple(chance, 18);
            items.map(|item| item.code.clone()).collect()
        }
        _ => vec!["F01".to_owned(), "F04".to_owned()],
    };
    let answer = |item: String| SelfCheckAnswer { item, result: AnswerResult::Pass, remark: None };
    let form = SelfCheckForm {
        institution_id: source.home.id,
        kind,
        performed_at,
        performed_by: if usual { "陈静".to_owned() } else { one_of(chance, &PEOPLE).to_owned() },
        route: Some(if usual { "全院" } else { one_of(chance, &ROUTES) }.to_owned()),
        answers: answers.into_iter().map(answer).collect(),
        hazards: Vec::new(),
        known_hazards: Vec::new(),
        remark: (!usual).then(|| format!("巡视{seen}个点位，常闭门、疏散通道、电器断电情况正常")),
        evidence: Vec::new(),
    };
    // Now and then it is written up days later.
    let late = if chance.random_bool(0.04) { 30 * 60 } else { 0 };
    let at = performed_at.plus(TimeDelta::minutes(late + chance.random_range(2..30)));
    let check = SelfCheckId(id(chance, performed_at));
    let who = source.staff.managers.last().copied().unwrap_or_default();
    Deed { at, who, what: What::SelfCheck { check, form: Box::new(form) }, shots: Vec::new() }
}
