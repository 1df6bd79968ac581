//! The editions of a home's plan for fire-fighting and evacuation.

use super::chance::{Dice, id};
use super::deeds::Deed;
use super::readiness::{Habit, Home, Ready};
use crate::ids::{PlanId, PlanStepId};
use crate::plans::action::{PlanAction, PlanStep};
use crate::plans::content::{Member, PlanContent};
use crate::plans::form::PlanForm;
use crate::rules::kinds::plan_contents::GroupKind;
use chrono::NaiveDate;

/// A plan that lacks nothing but its people.
const WHOLE: &str = include_str!("plan.json");

/// When its editions came in force, as days ago; the last one is in force.
pub fn editions(home: &Home<'_>) -> &'static [i64] {
    match home.habit {
        Habit::Careful => &[530, 210],
        Habit::NeverAtNight => &[535, 190],
        Habit::Predictable => &[540, 300],
        Habit::Late | Habit::OnPaper => &[520],
    }
}

/// Under which id the edition is kept that came in force so many days ago.
pub fn edition_id(home: &Home<'_>, ago: i64) -> PlanId {
    let calendar = &home.source.calendar;
    let mut dice = super::chance::dice(home.source.seed, "plan", home.source.home.number);
    PlanId(id(&mut dice, calendar.at(calendar.days_ago(ago + 6), 9 * 60)))
}

pub fn deeds(home: &Home<'_>, chance: &mut Dice) -> Vec<Deed> {
    editions(home).iter().flat_map(|ago| edition(home, chance, *ago)).collect()
}

fn edition(home: &Home<'_>, chance: &mut Dice, ago: i64) -> Vec<Deed> {
    let Some(content) = content(home) else { return Vec::new() };
    let plan = edition_id(home, ago);
    let form = PlanForm {
        institution_id: home.source.home.id,
        based_on: None,
        content: Some(content),
        floor_plans: Vec::new(),
    };
    let calendar = &home.source.calendar;
    let mut deeds = vec![home.deed(ago + 6, 10 * 60, Ready::Draft { plan, form: Box::new(form) })];
    let mut step = |days: i64, minutes: u32, form: PlanAction| {
        let at = calendar.at(calendar.days_ago(days), minutes);
        let step = PlanStepId(id(chance, at));
        // Where there are two, whoever wrote it does not approve it.
        let who = if form.kind == PlanStep::Approve { home.source.staff.manager() } else { home.manager };
        let deed = home.deed(days, minutes, Ready::Plan { plan, step, form: Box::new(form) });
        deeds.push(Deed { who, ..deed });
    };
    let on =
        |days: i64, kind: PlanStep| PlanAction { on: Some(calendar.days_ago(days)), ..PlanAction::of(kind) };
    let by = Some(home.folk.holds("院长", 0));
    let approval = PlanAction { by, post: Some("院长".to_owned()), ..on(ago + 2, PlanStep::Approve) };
    step(ago + 2, 16 * 60, approval);
    step(ago, 9 * 60, on(ago, PlanStep::PutInForce));
    if home.habit != Habit::OnPaper {
        let how = Some("全体职工会议宣读，张贴于各楼层护理站".to_owned());
        step(ago - 3, 15 * 60, PlanAction { how, ..on(ago - 3, PlanStep::Publish) });
        let number =
            Some(format!("预备〔{}〕{:03}号", year(calendar.days_ago(ago)), home.source.home.number + 1));
        let department = Some(format!("{}民政局", home.source.county.name));
        step(ago - 9, 11 * 60, PlanAction { department, number, ..on(ago - 9, PlanStep::File) });
    }
    deeds
}

fn year(date: NaiveDate) -> i32 {
    chrono::Datelike::year(&date)
}

/// The plan with the home's own people and numbers in it. The careless leave out how those are moved who cannot walk.
fn content(home: &Home<'_>) -> Option<PlanContent> {
    let mut content: PlanContent = serde_json::from_str(WHOLE).ok()?;
    content.title = format!("{}{}", home.source.home.form.name, content.title).chars().take(100).collect();
    for group in &mut content.groups {
        let (person, duty) = match group.kind {
            GroupKind::Command => (home.folk.holds("院长", 0), "总指挥"),
            GroupKind::FireFighting => (home.folk.holds("安全员", 0), "灭火器扑救，切断电源和燃气"),
            GroupKind::Communications => (home.folk.holds("值班组长", 0), "拨打119，逐级报告"),
            GroupKind::EvacuationGuide => (home.folk.holds("护理主管", 0), "逐层清人"),
            GroupKind::ProtectionFirstAid => (home.folk.holds("护理员", 0), "救护、吸氧、转交伤员"),
            GroupKind::Guard => (home.folk.holds("门卫", 0), "开门、清空消防车通道"),
            _ => (home.folk.holds("厨师", 0), "保障车辆和供水"),
        };
        group.members.push(Member { person, duty: Some(duty.to_owned()), phone: None });
    }
    for (number, duty) in content.roster.iter_mut().enumerate() {
        let known = home.folk.staff.iter().any(|(_, post)| *post == duty.post);
        duty.person = known.then(|| home.folk.holds(&duty.post, number));
    }
    for building in &mut content.buildings {
        building.beds = u32::try_from(home.source.home.form.beds).unwrap_or(0);
    }
    Some(content)
}
