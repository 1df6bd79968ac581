//! The papers of one home: what a visit found is put on paper, served, acknowledged and answered; what is late brings a
//! letter, what was put right an opinion.

use super::chance::{Dice, dice, id};
use super::deeds::{Deed, What};
use super::history::Source;
use crate::db::Instant;
use crate::hazards::action::ActionKind;
use crate::ids::{HazardId, NoticeId, NoticeStepId};
use crate::notices::form::{ListedHazard, NoticeForm, NoticeStepForm};
use crate::notices::model::{NoticeKind, NoticeStepKind, ServiceMethod};
use chrono::{NaiveDate, TimeDelta};
use rand::Rng;
use std::collections::BTreeMap;

/// One visit in so many leads to papers.
const VISITS: f64 = 0.3;
/// One successful re-check in so many is put on paper.
const OPINIONS: f64 = 0.06;
/// Nothing gets an office's letter before so many days.
const LATE: TimeDelta = TimeDelta::days(20);
/// Hazards on one paper.
const MOST: usize = 10;

/// A hazard as the home's story tells it.
struct Told {
    hazard: HazardId,
    found_at: Instant,
    by: usize,
    on_spot: bool,
    steps: Vec<(Instant, ActionKind)>,
}

impl Told {
    /// Whether it is still the home's turn then, whatever happens around that moment.
    fn is_running(&self, at: Instant) -> bool {
        let soon = at.plus(TimeDelta::minutes(15));
        use ActionKind as K;
        !self.on_spot
            && self.steps.iter().filter(|(when, _)| *when <= soon).all(|(_, kind)| {
                matches!(kind, K::Accept | K::Comment | K::JudgeMajor | K::List | K::RequestVoid)
            })
    }
}

/// The papers that belong to these deeds; nothing after `end`.
pub fn of_home(source: &Source<'_>, deeds: &[Deed], end: Instant) -> Vec<Deed> {
    let told = told(deeds);
    let mut desk =
        Desk { source, chance: dice(source.seed, "papers", source.home.number), deeds: Vec::new() };
    let inspectors = &source.staff.inspectors;
    let mut visits: BTreeMap<(NaiveDate, usize), Vec<&Told>> = BTreeMap::new();
    for one in told.iter().filter(|one| inspectors.contains(&one.by)) {
        visits.entry((source.calendar.date(one.found_at), one.by)).or_default().push(one);
    }
    for ((_, inspector), found) in visits {
        if desk.chance.random_bool(VISITS) {
            desk.visit(inspector, &found);
        }
    }
    for one in &told {
        desk.letter(one);
        desk.opinion(one, inspectors);
    }
    desk.deeds.retain(|deed| deed.at <= end);
    desk.deeds
}

fn told(deeds: &[Deed]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    for deed in deeds {
        match &deed.what {
            What::Register { hazard, form } => told.push(Told {
                hazard: *hazard,
                found_at: deed.at,
                by: deed.who,
                on_spot: form.fixed_on_spot,
                steps: Vec::new(),
            }),
            What::Step { hazard, form, .. } => {
                if let Some(one) = told.iter_mut().find(|one| one.hazard == *hazard) {
                    one.steps.push((deed.at, form.kind));
                }
            }
            _ => {}
        }
    }
    told
}

/// Where the papers are written.
struct Desk<'a> {
    source: &'a Source<'a>,
    chance: Dice,
    deeds: Vec<Deed>,
}

impl Desk<'_> {
    /// After a visit: the record of it, and a notice of what must be put right.
    fn visit(&mut self, inspector: usize, found: &[&Told]) {
        let Some(last) = found.iter().map(|one| one.found_at).max() else { return };
        let after = |minutes: i64| last.plus(TimeDelta::minutes(minutes));
        if self.source.calendar.date(after(60)) != self.source.calendar.date(last) {
            return;
        }
        let all: Vec<HazardId> = found.iter().take(MOST).map(|one| one.hazard).collect();
        self.issue(after(20), inspector, NoticeKind::InspectionRecord, &all);
        let running = found.iter().filter(|one| one.is_running(after(60)));
        let running: Vec<HazardId> = running.take(MOST).map(|one| one.hazard).collect();
        if running.is_empty() {
            return;
        }
        if self.chance.random_bool(0.06) {
            // Issued in error, declared void, and issued again: the number is not given twice.
            let wrong = self.issue(after(24), inspector, NoticeKind::RectificationNotice, &running);
            let words = words(NoticeStepKind::Void, "检查人员信息填写有误，重新出具。");
            self.step(after(27), self.source.staff.county_supervisor, wrong, words);
        }
        let notice = self.issue(after(30), inspector, NoticeKind::RectificationNotice, &running);
        self.aftermath(notice, inspector, after(30));
    }

    /// Most are served the same day, acknowledged, and answered within days.
    fn aftermath(&mut self, notice: NoticeId, inspector: usize, issued: Instant) {
        let manager = self.source.staff.manager();
        if self.chance.random_bool(0.1) {
            return;
        }
        let refused = self.chance.random_bool(0.08);
        let served = self.served(issued.plus(TimeDelta::minutes(12)), refused);
        self.step(issued.plus(TimeDelta::minutes(15)), inspector, notice, served);
        if self.chance.random_bool(0.2) {
            return;
        }
        let known = issued.plus(TimeDelta::minutes(self.chance.random_range(25..180)));
        self.step(known, manager, notice, words(NoticeStepKind::Acknowledge, "已收到，将按期整改。"));
        if self.chance.random_bool(0.3) {
            return;
        }
        let day = self.source.calendar.date(known) + TimeDelta::days(self.chance.random_range(1..4));
        let at = self.source.calendar.at(day, self.chance.random_range(540..1020));
        let answer = "已采取临时防护措施，整改措施、责任人和完成时间已逐项明确，整改后照片将在期限内上传。";
        self.step(at, manager, notice, words(NoticeStepKind::Reply, answer));
    }

    /// What nobody has put right for weeks brings a letter of the county.
    fn letter(&mut self, one: &Told) {
        let calendar = self.source.calendar;
        let at = calendar.at(calendar.date(one.found_at.plus(LATE)), 15 * 60 + 20);
        if one.is_running(at) && self.chance.random_bool(0.5) {
            let supervisor = self.source.staff.county_supervisor;
            self.issue(at, supervisor, NoticeKind::SupervisionLetter, &[one.hazard]);
        }
    }

    /// A re-check that was passed, in writing.
    fn opinion(&mut self, one: &Told, inspectors: &[usize]) {
        let Some((at, kind)) = one.steps.last().copied() else { return };
        let inspector = inspectors.contains(&one.by);
        if kind == ActionKind::RecheckPass && inspector && self.chance.random_bool(OPINIONS) {
            self.issue(at.plus(TimeDelta::minutes(20)), one.by, NoticeKind::RecheckOpinion, &[one.hazard]);
        }
    }

    fn issue(&mut self, at: Instant, who: usize, kind: NoticeKind, hazards: &[HazardId]) -> NoticeId {
        let notice = NoticeId(id(&mut self.chance, at));
        let form = Box::new(self.form(at, kind, hazards));
        self.deeds.push(Deed { at, who, what: What::Issue { notice, form }, shots: Vec::new() });
        notice
    }

    fn step(&mut self, at: Instant, who: usize, notice: NoticeId, form: NoticeStepForm) {
        let step = NoticeStepId(id(&mut self.chance, at));
        let what = What::Notice { notice, step, form: Box::new(form) };
        self.deeds.push(Deed { at, who, what, shots: Vec::new() });
    }

    fn served(&self, at: Instant, refused: bool) -> NoticeStepForm {
        let principal = self.source.home.form.principal.clone();
        NoticeStepForm {
            kind: NoticeStepKind::Serve,
            how: Some(if refused { ServiceMethod::Left } else { ServiceMethod::InPerson }),
            served_at: Some(at),
            recipient: Some(principal.unwrap_or_else(|| "值班负责人".to_owned())),
            refused: Some(refused),
            text: refused.then(|| "负责人外出，值班人员拒绝签收，留置送达并拍照。".to_owned()),
        }
    }

    /// The facts that the sample templates ask for.
    fn form(&self, at: Instant, kind: NoticeKind, hazards: &[HazardId]) -> NoticeForm {
        use NoticeKind as K;
        let Source { home, county, calendar, .. } = self.source;
        let own = |text: &str| Some(text.to_owned());
        let inspects = matches!(kind, K::RectificationNotice | K::InspectionRecord | K::RecheckOpinion);
        let record = kind == K::InspectionRecord;
        let answered = matches!(kind, K::RectificationNotice | K::SupervisionLetter);
        let listed =
            hazards.iter().map(|hazard| ListedHazard { hazard_id: *hazard, requirement: None, basis: None });
        NoticeForm {
            kind,
            office_area_id: county.id,
            institution_id: home.id,
            hazards: listed.collect(),
            template: None,
            recipient: None,
            inspected_on: inspects.then(|| calendar.date(at)),
            place: own("居室、走廊、厨房、配电间").filter(|_| record),
            inspectors: Some(format!("{}民政局检查人员", county.name)).filter(|_| inspects),
            present: home.form.principal.clone().or_else(|| own("值班负责人")).filter(|_| record),
            facts: own("检查了居室、走廊、厨房、配电间和消防设施，查阅了值班和巡查记录。").filter(|_| record),
            handling: match kind {
                K::InspectionRecord => own("能立即整改的当场整改；其余责令限期整改，另行送达通知书。"),
                K::RecheckOpinion => {
                    own("经现场复查，上列隐患已完成整改，同意销号。请保持日常巡查，防止反弹。")
                }
                K::SupervisionLetter => {
                    own("请主要负责人亲自督促整改；不能立即完成的，停用有关部位并安排专人值守。")
                }
                _ => None,
            },
            reply_to: Some(format!("{}民政局养老服务科", county.name)).filter(|_| answered),
            paragraphs: Vec::new(),
        }
    }
}

/// A step that consists of words.
fn words(kind: NoticeStepKind, text: &str) -> NoticeStepForm {
    NoticeStepForm {
        kind,
        how: None,
        served_at: None,
        recipient: None,
        refused: None,
        text: Some(text.to_owned()),
    }
}
