//! The drills and trainings of a home: by day and by night, well and badly held.

use super::calendar::HISTORY_DAYS;
use super::chance::{Dice, id, one_of};
use super::deeds::{Deed, What};
use super::photos::Shot;
use super::plans::{edition_id, editions};
use super::readiness::{Habit, Home, Ready};
use crate::compliance::Span;
use crate::db::Instant;
use crate::drills::action::{DrillAction, DrillStep};
use crate::drills::forms::{
    Announcement, CommandHandover, Coordination, DrillPlan, DrillRecord, Effect, EmergencyCall,
    EquipmentUsed, EvaluationForm, GroupReport, HeadCount, InPlace, Observer, People, Problem, PublicTold,
    ResidentsOfClass, SignInSheet, StaffTold, Sufficiency, Suitability,
};
use crate::drills::timeline::Timeline;
use crate::evidence::EvidenceRole;
use crate::ids::{DrillId, DrillStepId, EvidenceId, TrainingId};
use crate::residents::EvacClass;
use crate::rules::kinds::drills::{DrillKind, Shift};
use crate::rules::kinds::intervals::Period;
use crate::staff::Person;
use crate::trainings::model::Audience;
use crate::trainings::record::TrainingForm;
use anlao_demo_world::Stage;
use chrono::{Datelike, NaiveDate, TimeDelta};
use rand::Rng;

/// A drill as the home's habit has it.
#[derive(Debug, Clone, Copy)]
struct Held {
    ago: i64,
    /// Minutes after midnight of that day; more than a day's are the night after.
    minutes: u32,
    kind: DrillKind,
    shift: Shift,
    scenario: &'static str,
}

pub fn deeds(home: &Home<'_>, chance: &mut Dice) -> Vec<Deed> {
    let mut deeds: Vec<Deed> = held(home, chance).iter().flat_map(|one| drill(home, chance, one)).collect();
    deeds.extend(trainings(home, chance));
    deeds
}

/// So many days ago a half year ended: this one has not.
fn half_years(today: NaiveDate) -> Vec<(i64, i64)> {
    let mut half = Span::of(Period::HalfYear, today);
    let mut ends = today;
    let mut halves = Vec::new();
    while (today - half.first).num_days() < HISTORY_DAYS - 40 {
        halves.push(((today - ends).num_days(), (today - half.first).num_days()));
        half = half.previous(Period::HalfYear);
        ends = half.last;
    }
    halves
}

/// What was held, the oldest last.
fn held(home: &Home<'_>, chance: &mut Dice) -> Vec<Held> {
    let mut all = Vec::new();
    for (half, (newest, oldest)) in half_years(home.source.calendar.today()).into_iter().enumerate() {
        let (newest, oldest) = (newest.max(4), oldest.min(HISTORY_DAYS - 20));
        if oldest - newest < 12 {
            continue;
        }
        let middle = newest + (oldest - newest) / 2;
        let mut ago = |from: i64, to: i64| chance.random_range(from..to.max(from + 1));
        let (early, late) = (ago(middle + 1, oldest), ago(newest, middle));
        let by_day = Held {
            ago: early,
            minutes: 9 * 60 + 40,
            kind: DrillKind::Full,
            shift: Shift::Day,
            scenario: "S2",
        };
        let at_night = Held {
            ago: late,
            minutes: 26 * 60 + 10,
            kind: DrillKind::Full,
            shift: Shift::Night,
            scenario: "S1",
        };
        match home.habit {
            Habit::Careful => {
                all.push(Held { minutes: 9 * 60 + chance.random_range(0..420), ..by_day });
                let minutes = 22 * 60 + 20 + chance.random_range(0..520);
                if half.is_multiple_of(2) {
                    all.push(Held { minutes, ..at_night });
                } else {
                    let evening =
                        Held { minutes: 18 * 60 + 30, shift: Shift::Evening, scenario: "S3", ..at_night };
                    all.push(evening);
                }
            }
            Habit::NeverAtNight => {
                all.push(Held { minutes: 9 * 60 + chance.random_range(0..420), ..by_day });
            }
            Habit::Predictable => {
                all.push(Held { minutes: 9 * 60 + 30 + chance.random_range(0..20), ..by_day });
                all.push(Held { ago: late, minutes: 9 * 60 + 35 + chance.random_range(0..20), ..by_day });
            }
            Habit::Late if half > 0 => {
                all.push(Held { minutes: 15 * 60 + chance.random_range(0..90), ..by_day });
            }
            Habit::OnPaper if half.is_multiple_of(2) => {
                all.push(Held { kind: DrillKind::Tabletop, minutes: 14 * 60, ..by_day });
            }
            Habit::Late | Habit::OnPaper => {}
        }
    }
    all
}

fn drill(home: &Home<'_>, chance: &mut Dice, held: &Held) -> Vec<Deed> {
    let calendar = &home.source.calendar;
    let alarm = calendar.at(calendar.days_ago(held.ago), 0).plus(TimeDelta::minutes(held.minutes.into()));
    let drill = DrillId(id(chance, alarm.plus(-TimeDelta::days(9))));
    let edition = editions(home).iter().enumerate().rfind(|(_, ago)| **ago > held.ago + 2);
    let plan_id = edition.map(|(_, ago)| edition_id(home, *ago));
    let plan_edition = edition.and_then(|(number, _)| u32::try_from(number + 1).ok());
    let commander = match held.shift {
        Shift::Day => home.folk.holds("护理主管", 0),
        Shift::Evening => home.folk.holds("值班组长", 0),
        Shift::Night => home.folk.holds("夜班组长", 0),
    };
    let plan = DrillPlan {
        institution_id: home.source.home.id,
        kind: held.kind,
        shift: held.shift,
        building: Some("主楼".to_owned()),
        scenario: Some(held.scenario.to_owned()),
        plan_id,
        plan_edition,
        window_from: alarm.plus(-TimeDelta::minutes(30)),
        window_to: alarm.plus(TimeDelta::minutes(30)),
        commander: Some(commander.clone()),
        goals: vec!["一分钟内有人到场处置".to_owned(), "起火区老人五分钟内到达安全区".to_owned()],
        announcement: Announcement {
            residents_public: PublicTold::Informed,
            staff: StaffTold::Window,
            exact_at: None,
        },
        note: None,
    };
    let by = |at: Instant, what: Ready, shots: Vec<Shot>| Deed {
        at,
        who: home.manager,
        what: What::Ready(what),
        shots,
    };
    let start = DrillAction { at: Some(alarm), ..DrillAction::of(DrillStep::Start) };
    let step = DrillStepId(id(chance, alarm));
    let mut deeds = vec![
        by(alarm.plus(-TimeDelta::days(8)), Ready::Drill { drill, form: Box::new(plan) }, Vec::new()),
        by(alarm, Ready::DrillStep { drill, step, form: Box::new(start) }, Vec::new()),
    ];
    let record = record(home, chance, held, alarm, commander);
    let shots = if chance.random_bool(0.3) { vec![shot(chance, alarm)] } else { Vec::new() };
    let recorded = alarm.plus(TimeDelta::hours(7));
    deeds.push(by(recorded, Ready::Record { drill, form: Box::new(record) }, shots));
    if held.kind != DrillKind::Tabletop && (home.habit == Habit::Careful || chance.random_bool(0.8)) {
        let at = recorded.plus(TimeDelta::hours(26));
        let form = evaluation(home, chance, calendar.date(at));
        deeds.push(by(at, Ready::Evaluate { drill, form: Box::new(form) }, Vec::new()));
        let at = at.plus(TimeDelta::days(3));
        let step = DrillStepId(id(chance, at));
        let form = DrillAction {
            reported_on: Some(calendar.date(at)),
            receiver: Some(format!("{}民政局", home.source.county.name)),
            ..DrillAction::of(DrillStep::Report)
        };
        deeds.push(by(at, Ready::DrillStep { drill, step, form: Box::new(form) }, Vec::new()));
    }
    deeds
}

fn shot(chance: &mut Dice, at: Instant) -> Shot {
    let at = at.plus(TimeDelta::minutes(4));
    Shot {
        id: EvidenceId(id(chance, at)),
        seed: chance.random(),
        item: "F01",
        stage: Stage::After,
        stamp: String::new(),
        role: EvidenceRole::Scene,
        taken_at: at,
        arrives: true,
    }
}

fn record(home: &Home<'_>, chance: &mut Dice, held: &Held, alarm: Instant, commander: Person) -> DrillRecord {
    let slow = if home.habit == Habit::Careful { 1 } else { 2 };
    let night = if held.shift == Shift::Night { 2 } else { 1 };
    let mut passed = TimeDelta::zero();
    let mut after = |least: i64, most: i64| {
        passed += TimeDelta::seconds(chance.random_range(least..most) * slow);
        Some(alarm.plus(passed))
    };
    let hands_on = held.kind != DrillKind::Tabletop;
    let timeline = Timeline {
        alarm_at: alarm,
        first_action_at: after(15, 50),
        emergency_call_at: after(10, 40),
        micro_station_at: after(20, 70),
        evacuation_began_at: after(10, 40),
        last_out_at: after(120 * night, 280 * night),
        head_count_at: after(40, 120),
    };
    let timeline = if hands_on { timeline } else { Timeline::beginning(alarm) };
    let residents: Vec<ResidentsOfClass> =
        home.folk.residents.iter().map(|(class, present)| moved(*class, *present)).collect();
    let there: u32 = home.folk.residents.values().sum();
    let staff = if held.shift == Shift::Night { 3 } else { 9 };
    let group = |name: &str, count: u32| GroupReport {
        group: name.to_owned(),
        people: People { count: Some(count), names: Vec::new() },
        in_place: Some(true),
        remark: None,
    };
    let problems = if hands_on && held.ago > 200 { problem(chance) } else { Vec::new() };
    DrillRecord {
        institution_id: home.source.home.id,
        kind: held.kind,
        real_event: false,
        building: None,
        scenario: None,
        plan_id: None,
        plan_edition: None,
        timeline,
        emergency_call: hands_on.then_some(EmergencyCall::Simulated),
        weather: Some(one_of(chance, &["晴", "多云", "小雨", "阴，4℃"]).to_owned()),
        course: Some(
            "按预案发出警报，值班员核实后报告，各组到位，先水平疏散到相邻防火分区，再到集合点清点人数。"
                .to_owned(),
        ),
        staff_on_duty: People { count: Some(staff), names: vec![commander.clone()] },
        staff_taking_part: People { count: Some(staff), names: Vec::new() },
        residents: if hands_on { residents } else { Vec::new() },
        commander: Some(commander),
        handovers: (held.shift == Shift::Night && hands_on)
            .then(|| CommandHandover {
                to: home.folk.holds("院长", 0),
                at: timeline.head_count_at,
                told: Some("起火区已清空，人数相符，电源已切断".to_owned()),
            })
            .into_iter()
            .collect(),
        groups: if hands_on {
            vec![group("灭火行动组", 2), group("疏散引导组", 2)]
        } else {
            Vec::new()
        },
        observers: vec![Observer {
            person: home.folk.holds("安全员", 0),
            post: Some("二楼楼梯口".to_owned()),
        }],
        equipment: vec![EquipmentUsed { name: "疏散床单".to_owned(), defect: None }],
        head_count: hands_on.then_some(HeadCount { expected: there, counted: there, missing: None }),
        injured: 0,
        injuries: None,
        problems,
        evidence: Vec::new(),
        sign_in: SignInSheet::default(),
        report: None,
        note: None,
    }
}

/// Nobody frail is carried for a drill: others stand in.
fn moved(class: EvacClass, present: u32) -> ResidentsOfClass {
    let stand_in = matches!(class, EvacClass::Carried);
    ResidentsOfClass {
        class,
        present: Some(present),
        taken_part: if stand_in { 0 } else { present },
        simulated: if stand_in { present } else { 0 },
        stayed: 0,
        stayed_because: None,
    }
}

/// What went wrong long ago led to a better plan.
fn problem(chance: &mut Dice) -> Vec<Problem> {
    let one = Problem {
        text: anlao_demo_world::drill_problem(chance),
        hazard: None,
        plan_revision_needed: true,
        revision: Some("修订预案中夜间分工和水平疏散的顺序".to_owned()),
    };
    if chance.random_bool(0.5) { vec![one] } else { Vec::new() }
}

fn evaluation(home: &Home<'_>, chance: &mut Dice, on: NaiveDate) -> EvaluationForm {
    let well = home.habit == Habit::Careful || chance.random_bool(0.5);
    EvaluationForm {
        evaluator: home.folk.holds("安全员", 0),
        evaluated_on: on,
        suitability: if well { Suitability::Executable } else { Suitability::NotSmooth },
        sufficiency: if well { Sufficiency::Full } else { Sufficiency::Mostly },
        people_in_place: InPlace::InTime,
        supplies_in_place: if well { InPlace::InTime } else { InPlace::Mostly },
        coordination: if well { Coordination::Smooth } else { Coordination::Mostly },
        effect: if well { Effect::Reached } else { Effect::Mostly },
        comments: None,
        summary: "各组到位，起火区老人全部转移到安全区，人数相符；对讲机使用、逐室清人的顺序还要多练。"
            .to_owned(),
        problems: Vec::new(),
    }
}

fn trainings(home: &Home<'_>, chance: &mut Dice) -> Vec<Deed> {
    let calendar = &home.source.calendar;
    let mut deeds = Vec::new();
    let halves = half_years(calendar.today());
    for (half, (newest, oldest)) in halves.into_iter().enumerate() {
        let skipped = match home.habit {
            Habit::Careful | Habit::NeverAtNight => false,
            Habit::Predictable => half == 2,
            Habit::Late => half == 0,
            Habit::OnPaper => half < 2,
        };
        let (newest, oldest) = (newest.max(3), oldest.min(HISTORY_DAYS - 10));
        if skipped || oldest <= newest {
            continue;
        }
        let ago = chance.random_range(newest..oldest);
        deeds.push(training(home, chance, ago, "fire-training"));
        // Before and in the cold season.
        let ago = (newest..oldest).find(|ago| matches!(calendar.days_ago(*ago).month(), 10 | 11));
        if let Some(ago) = ago {
            deeds.push(training(home, chance, ago, "co-poisoning"));
        }
    }
    deeds
}

fn training(home: &Home<'_>, chance: &mut Dice, ago: i64, topic: &str) -> Deed {
    let calendar = &home.source.calendar;
    let started_at = calendar.at(calendar.days_ago(ago), 14 * 60 + 30);
    let fire = topic == "fire-training";
    let form = TrainingForm {
        institution_id: home.source.home.id,
        topic: topic.to_owned(),
        audience: if fire { vec![Audience::Staff] } else { vec![Audience::Staff, Audience::Residents] },
        started_at,
        minutes: 60,
        place: "一楼活动室".to_owned(),
        trainer: format!("{}消防救援大队", home.source.county.name),
        attended: (!fire).then(|| home.folk.residents.values().sum::<u32>() + 8),
        attendees: home.folk.staff.iter().map(|(person, _)| person.clone()).collect(),
        material: Some(
            if fire {
                "灭火器、消火栓实操；疏散床单使用"
            } else {
                "一氧化碳中毒预防折页；取暖安全短片"
            }
            .to_owned(),
        ),
        remark: None,
        replaces: None,
        evidence: Vec::new(),
    };
    let training = TrainingId(id(chance, started_at));
    let at = started_at.plus(TimeDelta::hours(2));
    let what = What::Ready(Ready::Training { training, form: Box::new(form) });
    Deed { at, who: home.manager, what, shots: Vec::new() }
}
