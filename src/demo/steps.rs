//! The steps of a story, as people of the field take them.

use super::chance::one_of;
use super::deeds::{Deed, What};
use super::people::CITY_SUPERVISOR;
use super::story::Story;
use crate::checklists::ItemSeverity;
use crate::db::Instant;
use crate::evidence::EvidenceRole;
use crate::hazards::action::{ActionForm, ActionKind};
use crate::hazards::model::Severity;
use crate::hazards::register::HazardForm;
use anlao_demo_world::{self as world, Stage};
use chrono::{NaiveDate, TimeDelta};
use rand::Rng;

/// Which picture of the finding never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Nothing,
    Last,
    /// One beside those that do.
    Second,
}

/// The criterion that fits what can be judged major here; what no article names is judged together with others.
fn criterion_for(item: &str) -> &'static str {
    match item {
        "F12" | "F13" => "MZ-4-3",
        "C07" => "MZ-4-4",
        "K01" => "MZ-5-2",
        "G06" => "MZ-4-2",
        _ => "MZ-8",
    }
}

impl Story<'_> {
    /// The finding is written down where it was made.
    pub fn register(&mut self, on_spot: bool, missing: Missing) {
        let found_at = self.clock;
        let at = found_at.plus(TimeDelta::seconds(self.chance.random_range(50..230)));
        let mut shots = self.before_shots(at);
        if on_spot {
            let after = self.after_shots(at.plus(TimeDelta::seconds(-30)));
            shots.extend(after);
        }
        if missing == Missing::Second {
            shots.push(self.shot(at, Stage::Before, EvidenceRole::Before, 7));
        }
        if missing != Missing::Nothing
            && let Some(last) = shots.last_mut()
        {
            last.arrives = false;
        }
        let (text, item) = (&self.finding.text, &self.finding.item);
        let form = HazardForm {
            institution_id: self.scene.home.id,
            category: item.category,
            checklist_item: Some(item.code.clone()),
            location: text.location_zh.clone(),
            description: text.description_zh.clone(),
            severity: Severity::General,
            urgent: None,
            found_at,
            deadline: None,
            fixed_on_spot: on_spot,
            measure: on_spot.then(|| text.measure_zh.clone()),
            criterion: None,
            no_criterion_because: (item.severity == ItemSeverity::CandidateMajor)
                .then(|| "现场情形尚待核实，暂未发现符合判定条款的情形。".to_owned()),
            evidence: Vec::new(),
        };
        let who = if self.self_found { self.manager } else { self.inspector };
        let what = What::Register { hazard: self.hazard, form: Box::new(form) };
        self.deeds.push(Deed { at, who, what, shots });
        self.clock = at;
    }

    /// The home takes it on, some with a word about how.
    pub fn accept(&mut self) {
        let quick = self.finding.item.days == 0;
        let at = if quick { self.soon(15..70) } else { self.soon(30..480) };
        let mut form = ActionForm::of(ActionKind::Accept);
        if self.chance.random_bool(0.4) {
            form.responsible_person = self.responsible();
            form.measure = Some(self.finding.text.measure_zh.clone());
        }
        self.step(at, self.manager, form, Vec::new());
        if self.chance.random_bool(0.1) {
            self.comment();
        }
    }

    fn responsible(&mut self) -> Option<String> {
        let principal = self.scene.home.form.principal.clone();
        if self.chance.random_bool(0.5) { principal } else { Some(world::person_name(&mut self.chance)) }
    }

    /// The same for a major hazard: with the five parts (五落实).
    pub fn accept_with_plan(&mut self) {
        let at = self.soon(60..400);
        let funds = self.chance.random_range(6..180) * 500;
        let form = ActionForm {
            measure: Some(self.finding.text.measure_zh.clone()),
            responsible_person: self.scene.home.form.principal.clone(),
            funds_yuan: Some(funds),
            contingency_plan: Some(
                "整改期间停用该部位，老人调至其他楼层，夜班增派一人每小时巡查并记录。".to_owned(),
            ),
            ..ActionForm::of(ActionKind::Accept)
        };
        self.step(at, self.manager, form, Vec::new());
    }

    pub fn comment(&mut self) {
        let who = if self.chance.random_bool(0.5) { self.manager } else { self.inspector };
        let form = ActionForm {
            note: Some(world::comment(&mut self.chance)),
            ..ActionForm::of(ActionKind::Comment)
        };
        let at = self.soon(10..45);
        self.step(at, who, form, Vec::new());
    }

    /// A day before the deadline, the later ones likelier.
    fn day_in_time(&mut self) -> NaiveDate {
        let left = (self.deadline - self.today()).num_days().max(0);
        let day = self.chance.random_range(0..=left).max(self.chance.random_range(0..=left));
        self.today() + TimeDelta::days(day)
    }

    /// The fix is handed in, mostly in time; troubled homes are late more often.
    pub fn fix(&mut self) {
        let late = self.chance.random_bool(if self.scene.home.troubled { 0.2 } else { 0.045 });
        let day = match late {
            true => self.deadline.max(self.today()) + TimeDelta::days(self.chance.random_range(1..=6)),
            false => self.day_in_time(),
        };
        self.fix_on(day, true);
    }

    /// The fix is handed in on that day.
    pub fn fix_on(&mut self, day: NaiveDate, photos_arrive: bool) {
        let same_day = day == self.today();
        let at = if same_day { self.soon(25..110) } else { self.at_home_on(day) };
        let mut shots = self.after_shots(at);
        shots.iter_mut().for_each(|shot| shot.arrives = photos_arrive);
        let mut form = ActionForm::of(ActionKind::Submit);
        form.measure = Some(self.finding.text.measure_zh.clone());
        form.responsible_person = self.responsible();
        if self.chance.random_bool(0.15) {
            form.funds_yuan = Some(self.chance.random_range(1..60) * 50);
        }
        self.step(at, self.manager, form, shots);
    }

    /// When somebody comes to look again: within the office's three days, seldom later.
    fn recheck_time(&mut self) -> Instant {
        let days = if self.chance.random_bool(0.06) { 5 } else { self.chance.random_range(1..=3) };
        self.at_office_from(self.today() + TimeDelta::days(days))
    }

    fn checker(&mut self) -> usize {
        match self.self_found {
            true => self.scene.staff.second_pair_of_eyes(&mut self.chance),
            false => self.inspector,
        }
    }

    pub fn pass(&mut self) {
        let (at, who) = (self.recheck_time(), self.checker());
        self.pass_by(at, who);
    }

    pub fn pass_by(&mut self, at: Instant, who: usize) {
        let note = self.chance.random_bool(0.7).then(|| self.finding.text.recheck_note_zh.clone());
        self.step(at, who, ActionForm { note, ..ActionForm::of(ActionKind::RecheckPass) }, Vec::new());
    }

    pub fn send_back(&mut self) {
        let at = self.recheck_time();
        let reason = world::recheck_fail_reason(&mut self.chance);
        self.reasoned(at, self.inspector, ActionKind::RecheckFail, reason);
        self.begin_again();
    }

    /// The short new deadline after a failed re-check, or a reopening.
    pub fn begin_again(&mut self) {
        if let Ok(basis) = self.scene.rules.rework_deadline(self.today()) {
            self.deadline = basis.result;
        }
    }

    /// The home asks for more time before its deadline; returns the date it asks for.
    pub fn ask_for_time(&mut self, on: Option<NaiveDate>) -> NaiveDate {
        let day = on.unwrap_or(self.deadline - TimeDelta::days(1)).max(self.today());
        let at = self.at_home_on(day);
        let wanted =
            self.deadline + TimeDelta::days(one_of(&mut self.chance, &[5, 7, 10, 15, 20, 30]).max(3));
        let form = ActionForm {
            deadline: Some(wanted),
            reason: Some(world::extension_reason(&mut self.chance)),
            ..ActionForm::of(ActionKind::RequestExtension)
        };
        self.step(at, self.manager, form, Vec::new());
        wanted
    }

    pub fn decide_time(&mut self, wanted: NaiveDate, approve: bool) {
        let at = self.at_office_from(self.today());
        let reason = if approve {
            "同意延期，请落实期间的防护措施。"
        } else {
            "工程量小，不同意延期。"
        };
        self.decide(at, ActionKind::DecideExtension, approve, reason);
        if approve {
            self.deadline = wanted;
        }
    }

    /// The county's supervisor says yes or no.
    pub fn decide(&mut self, at: Instant, kind: ActionKind, approve: bool, reason: &str) {
        let form =
            ActionForm { approve: Some(approve), reason: Some(reason.to_owned()), ..ActionForm::of(kind) };
        self.step(at, self.scene.staff.county_supervisor, form, Vec::new());
    }

    /// Judged major by the county, with a month to put it right.
    pub fn judge_major(&mut self) {
        let at = self.at_office_from(self.today());
        let deadline = self.scene.calendar.date(at) + TimeDelta::days(30);
        let form = ActionForm {
            criterion: Some(criterion_for(&self.finding.item.code).to_owned()),
            deadline: Some(deadline),
            ..ActionForm::of(ActionKind::JudgeMajor)
        };
        self.step(at, self.scene.staff.county_supervisor, form, Vec::new());
        self.deadline = deadline;
    }

    /// Listed (挂牌督办) by the county, sometimes by the city; returns who must accept it.
    pub fn list(&mut self) -> usize {
        let by_city = self.chance.random_bool(0.3);
        let (who, unit) = match by_city {
            true => (CITY_SUPERVISOR, "遂宁市民政局".to_owned()),
            false => (self.scene.staff.county_supervisor, format!("{}民政局", self.scene.county.name)),
        };
        let at = self.at_office_from(self.today());
        let form = ActionForm { unit: Some(unit), ..ActionForm::of(ActionKind::List) };
        self.step(at, who, form, Vec::new());
        who
    }
}
