//! How each script goes: when it begins, what must be found, and the steps that follow.

use super::calendar::{Calendar, office_day_until};
use super::chance::{Dice, one_of};
use super::findings::Wanted;
use super::scripts::Script;
use super::steps::Missing;
use super::story::Story;
use crate::checklists::Category;
use crate::hazards::action::{ActionForm, ActionKind};
use anlao_demo_world as world;
use chrono::{NaiveDate, TimeDelta};
use rand::Rng;

/// How many days ago a script that is over by now can have begun, at least and at most.
pub fn ages(script: Script) -> (i64, i64) {
    use Script as S;
    match script {
        S::OnSpot => (1, 547),
        S::SentBack | S::Waived => (18, 547),
        S::Extended | S::Reopened | S::MajorClosed => (75, 547),
        S::ExtensionRefused | S::Returned | S::VoidRefused => (35, 547),
        S::Void => (8, 547),
        S::ReopenedOpen => (30, 150),
        S::Transferred => (8, 240),
        _ => (3, 547),
    }
}

/// What a script needs of the item, for something found so many days ago.
pub fn wanted(script: Script, age: i64) -> Wanted {
    use Script as S;
    let upto = |days: i64| u32::try_from(days.max(0)).unwrap_or_default();
    match script {
        S::OpenPending | S::OpenRectifying | S::ExtensionAsked | S::VoidAsked => Wanted::days(7, 30),
        S::OpenAwaiting | S::AfterMissing => Wanted { both_pictures: true, ..Wanted::days(3, 15) },
        S::BeforeMissing => Wanted { both_pictures: true, ..Wanted::days(7, 15) },
        S::OverduePending | S::OverdueRectifying => Wanted::days(0, 15),
        S::RecheckLate => Wanted::days(0, 7),
        S::MajorOpen | S::MajorClosed | S::MajorJudged => Wanted { candidate: true, ..Wanted::days(0, 365) },
        S::Extended | S::ExtensionRefused => Wanted::days(3, 30),
        S::Waived => Wanted { both_pictures: true, ..Wanted::days(0, upto(age - 8)) },
        S::SentBack | S::ReopenedOpen => Wanted::days(0, upto(age - 14)),
        _ => Wanted::days(0, upto(age - 5)),
    }
}

/// When something that is still running was found, given the days its item has.
pub fn begins(script: Script, chance: &mut Dice, calendar: &Calendar, days: i64) -> NaiveDate {
    use Script as S;
    let mut within = |range: std::ops::RangeInclusive<i64>| chance.random_range(range);
    let age = match script {
        S::OpenPending | S::BeforeMissing | S::VoidAsked => within(1..=4),
        S::OpenRectifying => within(1..=(days - 1).clamp(1, 18)),
        S::OpenAwaiting | S::AfterMissing => within(1..=days.clamp(1, 9)),
        S::RecheckLate => days + within(6..=12),
        S::OverduePending => days + within(1..=9),
        S::OverdueRectifying => days + within(1..=40).min(within(1..=40)),
        S::MajorOpen => within(5..=22),
        S::MajorJudged => within(3..=5),
        S::ExtensionAsked => within(2..=(days - 1).clamp(2, 14)),
        _ => within(1..=5),
    };
    office_day_until(calendar.days_ago(age))
}

impl Story<'_> {
    /// Tells the whole of it.
    pub fn tell(&mut self, script: Script) {
        use Script as S;
        let missing = match script {
            S::BeforeMissing => Missing::Last,
            S::Waived => Missing::Second,
            _ => Missing::Nothing,
        };
        self.register(script == S::OnSpot, missing);
        match script {
            // Closed by its own photos before anybody could say a word.
            S::OnSpot => {}
            S::OverduePending | S::OpenPending | S::BeforeMissing => self.left_waiting(),
            S::Ordinary => self.ordinary(),
            S::SentBack => self.sent_back(),
            S::Extended | S::ExtensionRefused | S::ExtensionAsked => self.more_time(script),
            S::MajorClosed | S::MajorOpen | S::MajorJudged => self.major(script),
            S::Transferred | S::Returned => self.transferred(script == S::Returned),
            S::Void | S::VoidRefused | S::VoidAsked => self.taken_back(script),
            S::Reopened | S::ReopenedOpen => self.reopened(script == S::Reopened),
            S::Waived => self.waived(),
            S::OpenRectifying | S::OverdueRectifying => self.accept(),
            S::OpenAwaiting | S::AfterMissing => {
                self.accept();
                let day = self.scene.calendar.days_ago(self.chance.random_range(1..=3)).max(self.today());
                self.fix_on(day.min(self.deadline.max(self.today())), script == S::OpenAwaiting);
            }
            S::RecheckLate => {
                self.accept();
                let day = self.deadline.max(self.today());
                self.fix_on(day, true);
            }
        }
    }

    fn left_waiting(&mut self) {
        if self.chance.random_bool(0.08) && self.finding.item.days > 0 {
            self.comment();
        }
    }

    fn ordinary(&mut self) {
        // What is due the same day is often handed in without being taken on first.
        if self.finding.item.days > 0 || self.chance.random_bool(0.35) {
            self.accept();
        }
        self.fix();
        self.pass();
    }

    fn sent_back(&mut self) {
        self.accept();
        self.fix();
        let again = 1 + u32::from(self.chance.random_bool(0.12));
        for _ in 0..again {
            self.send_back();
            self.fix();
        }
        self.pass();
    }

    fn more_time(&mut self, script: Script) {
        self.accept();
        // What is still undecided was asked for in the last days.
        let lately = (script == Script::ExtensionAsked).then(|| self.scene.calendar.days_ago(1));
        let wanted = self.ask_for_time(lately.map(|day| day.min(self.deadline)));
        if script == Script::ExtensionAsked {
            return;
        }
        self.decide_time(wanted, script == Script::Extended);
        self.fix();
        self.pass();
    }

    fn major(&mut self, script: Script) {
        self.judge_major();
        if script == Script::MajorJudged {
            return;
        }
        let lister = self.list();
        self.accept_with_plan();
        self.comment();
        if script == Script::MajorOpen {
            return;
        }
        let day = self.today() + TimeDelta::days(self.chance.random_range(9..=26));
        self.fix_on(day, true);
        let at = self.at_office_after(2..=8);
        self.pass_by(at, lister);
    }

    fn transferred(&mut self, comes_back: bool) {
        let accepted = self.chance.random_bool(0.5);
        if accepted {
            self.accept();
        }
        let (department, reason) = match self.finding.item.category {
            Category::Fire => ("消防救援大队", "涉及消防设施和建筑防火，移送消防救援机构依法处理。"),
            Category::Gas => ("住房和城乡建设局", "涉及燃气经营企业和户内设施，移送燃气主管部门处理。"),
            Category::Food => ("市场监督管理局", "涉及食品经营许可和加工过程，移送市场监管部门处理。"),
            Category::Electricity => ("经济和信息化局", "涉及供电设施和用电检查，移送电力主管部门处理。"),
            Category::Other => ("应急管理局", "不属民政部门职责范围，移送主管部门处理。"),
        };
        let form = ActionForm {
            department: Some(format!("{}{department}", self.scene.county.name)),
            reason: Some(reason.to_owned()),
            ..ActionForm::of(ActionKind::Transfer)
        };
        let at = self.at_office_from(self.today() + TimeDelta::days(1));
        self.step(at, self.scene.staff.county_supervisor, form, Vec::new());
        if !comes_back {
            return;
        }
        let at = self.at_office_after(4..=11);
        let reason = "经核查不属本部门职责，退回民政部门督促整改。".to_owned();
        self.reasoned(at, self.scene.staff.county_supervisor, ActionKind::Return, reason);
        if !accepted {
            self.accept();
        }
        let day = self.today() + TimeDelta::days(self.chance.random_range(1..=3));
        self.fix_on(day, true);
        self.pass();
    }

    fn taken_back(&mut self, script: Script) {
        let at = self.at_office_from(self.today());
        let reason = world::void_reason(&mut self.chance);
        self.reasoned(at, self.inspector, ActionKind::RequestVoid, reason);
        if script == Script::VoidAsked {
            return;
        }
        let at = self.at_office_from(self.today() + TimeDelta::days(1));
        let approve = script == Script::Void;
        let answer = if approve {
            "情况属实，同意撤销。"
        } else {
            "现场照片清楚，隐患成立，不予撤销。"
        };
        self.decide(at, ActionKind::DecideVoid, approve, answer);
        if !approve {
            self.ordinary();
        }
    }

    fn reopened(&mut self, put_right: bool) {
        self.ordinary();
        let day = match put_right {
            true => self.today() + TimeDelta::days(one_of(&mut self.chance, &[9, 14, 20, 26]).max(7)),
            false => office_day_until(self.scene.calendar.days_ago(1)),
        };
        let at = self.at_office_from(day);
        let reason = "回头看发现整改未保持，同一问题再次出现。".to_owned();
        self.reasoned(at, self.inspector, ActionKind::Reopen, reason);
        self.begin_again();
        if put_right {
            self.accept();
            self.fix();
            self.pass();
        }
    }

    /// A second picture was announced and lost with the phone; a supervisor gives it up.
    fn waived(&mut self) {
        let lost = self.deeds.first().and_then(|deed| deed.shots.iter().find(|shot| !shot.arrives));
        let evidence_id = lost.map(|shot| shot.id);
        self.accept();
        self.fix();
        let form = ActionForm {
            evidence_id,
            reason: Some("检查人手机损坏，照片无法找回；另有整改前照片可证。".to_owned()),
            ..ActionForm::of(ActionKind::WaiveEvidence)
        };
        let at = self.at_office_from(self.today() + TimeDelta::days(1));
        self.step(at, self.scene.staff.county_supervisor, form, Vec::new());
        self.pass();
    }
}
