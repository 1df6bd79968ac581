//! Who works in a home, and who of its residents is helped by whom.

use super::calendar::HISTORY_DAYS;
use super::chance::{Dice, id};
use super::deeds::Deed;
use super::history::Source;
use super::readiness::{Habit, Home, Ready};
use crate::ids::{CommandAssignmentId, ResidentId, StaffId};
use crate::residents::EvacClass;
use crate::residents::keep::ResidentForm;
use crate::residents::model::ResidentFlag;
use crate::rosters::assign::{RosterForm, RosterLine};
use crate::rosters::model::{CommandAuthority, Deputy};
use crate::rules::kinds::drills::Shift;
use crate::staff::Person;
use crate::staff::keep::StaffForm;
use crate::staff::model::Qualification;
use chrono::TimeDelta;
use rand::Rng;
use std::collections::BTreeMap;

/// The posts of a home, in the order in which they are filled.
const POSTS: [&str; 12] = [
    "院长",
    "护理主管",
    "夜班组长",
    "夜班护理员",
    "夜班护理员",
    "护理员",
    "护理员",
    "值班组长",
    "安全员",
    "厨师",
    "门卫",
    "护理员",
];
/// So many rows a home has in the table at most; the three homes of `manager` have all of theirs.
const ROWS: i32 = 24;

/// The people of a home.
pub struct Folk {
    pub staff: Vec<(Person, &'static str)>,
    pub residents: BTreeMap<EvacClass, u32>,
    rows: Vec<EvacClass>,
}

impl Folk {
    pub fn of(source: &Source<'_>, chance: &mut Dice) -> Self {
        let began = source.calendar.at(source.calendar.days_ago(HISTORY_DAYS - 1), 10 * 60);
        let staff = POSTS.iter().map(|post| {
            let name = match (*post, &source.home.form.principal) {
                ("院长", Some(principal)) => principal.clone(),
                _ => anlao_demo_world::person_name(chance),
            };
            (Person { staff_id: Some(StaffId(id(chance, began))), name }, *post)
        });
        let staff = staff.collect();
        let form = &source.home.form;
        let most = if source.staff.managers.len() > 1 { 200 } else { ROWS };
        let rows: Vec<EvacClass> = (0..form.residents.clamp(4, most))
            .map(|_| {
                // Of those who are disabled half sit in a wheelchair, and a quarter lies.
                let disabled = f64::from(form.disabled_residents) / f64::from(form.residents.max(1));
                match (chance.random_bool(disabled.clamp(0.0, 1.0)), chance.random_range(0..4)) {
                    (true, 0) => EvacClass::Carried,
                    (true, 1 | 2) => EvacClass::Wheeled,
                    (true, _) => EvacClass::Assisted,
                    (false, 0) => EvacClass::Guided,
                    (false, _) => EvacClass::SelfReliant,
                }
            })
            .collect();
        let mut residents = BTreeMap::new();
        for class in &rows {
            *residents.entry(*class).or_insert(0) += 1;
        }
        Self { staff, residents, rows }
    }

    /// Somebody who holds this post: the first, the second, and so on.
    pub fn holds(&self, post: &str, which: usize) -> Person {
        let mut holders =
            self.staff.iter().filter(|(_, held)| *held == post).map(|(person, _)| person).cycle();
        holders.nth(which).cloned().unwrap_or_else(|| Person { staff_id: None, name: "值班员".to_owned() })
    }
}

pub fn deeds(home: &Home<'_>, chance: &mut Dice) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let calendar = &home.source.calendar;
    for (person, post) in &home.folk.staff {
        let Some(staff) = person.staff_id else { continue };
        let started_on = calendar.days_ago(HISTORY_DAYS + chance.random_range(100..1800));
        let trained = matches!(*post, "院长" | "护理主管" | "夜班组长" | "值班组长");
        let obtained_on = calendar.days_ago(HISTORY_DAYS + 60);
        let form = StaffForm {
            institution_id: home.source.home.id,
            name: person.name.clone(),
            post: (*post).to_owned(),
            phone: Some(anlao_demo_world::phone(chance)),
            user_id: None,
            started_on,
            left_on: None,
            qualifications: trained
                .then(|| Qualification {
                    name: "现场指挥官培训".to_owned(), obtained_on, valid_to: None
                })
                .into_iter()
                .collect(),
            expected_version: None,
        };
        deeds.push(home.deed(HISTORY_DAYS - 1, 10 * 60, Ready::Staff { staff, form: Box::new(form) }));
    }
    // The table is looked over every two months by those who care.
    let reviewed = match home.habit {
        Habit::Careful | Habit::NeverAtNight => chance.random_range(5..60),
        Habit::Predictable => chance.random_range(40..100),
        Habit::Late | Habit::OnPaper => chance.random_range(120..300),
    };
    for (number, class) in home.folk.rows.iter().enumerate() {
        let form = resident(home, chance, number, *class, reviewed);
        let at = calendar.at(calendar.days_ago(reviewed), 14 * 60);
        let resident = ResidentId(id(chance, at.plus(TimeDelta::seconds(1))));
        deeds.push(home.deed(reviewed, 14 * 60, Ready::Resident { resident, form: Box::new(form) }));
    }
    deeds.extend(roster(home, chance));
    deeds
}

/// Who commands, from a week ago until eight days ahead; those who do less leave nights out.
fn roster(home: &Home<'_>, chance: &mut Dice) -> Vec<Deed> {
    let calendar = &home.source.calendar;
    let mut assignments = Vec::new();
    for ago in (-9..=7).rev() {
        for (shift, post) in
            [(Shift::Day, "护理主管"), (Shift::Evening, "值班组长"), (Shift::Night, "夜班组长")]
        {
            let left_out = match home.habit {
                Habit::Careful | Habit::NeverAtNight | Habit::Predictable => false,
                Habit::Late => shift == Shift::Night && chance.random_bool(0.3),
                Habit::OnPaper => shift == Shift::Night || ago < -2,
            };
            if left_out {
                continue;
            }
            let at = calendar.at(calendar.days_ago(8), 9 * 60);
            assignments.push(RosterLine {
                id: CommandAssignmentId(id(chance, at)),
                day: Some(calendar.days_ago(ago)),
                shift: Some(shift),
                begins_at: None,
                ends_at: None,
                person: home.folk.holds(post, 0),
                phone: anlao_demo_world::phone(chance),
                deputies: vec![Deputy {
                    person: home.folk.holds("护理员", 0),
                    phone: anlao_demo_world::phone(chance),
                }],
                trained_on: Some(calendar.days_ago(HISTORY_DAYS + 60)),
                replaces: Vec::new(),
            });
        }
    }
    if assignments.is_empty() {
        return Vec::new();
    }
    let authority = CommandAuthority {
        order_evacuation: true,
        cut_gas_and_power: true,
        call_119: true,
        refuse_re_entry: true,
        spend_yuan: 5000,
        authorised_by: home.folk.holds("院长", 0).name,
    };
    let form = RosterForm { authority, assignments };
    vec![home.deed(8, 9 * 60 + 30, Ready::Roster { home: home.source.home.id, form: Box::new(form) })]
}

fn resident(
    home: &Home<'_>,
    chance: &mut Dice,
    number: usize,
    class: EvacClass,
    reviewed: i64,
) -> ResidentForm {
    // Two to a room, ten rooms to a floor; those who are carried live downstairs.
    let floor = match class {
        EvacClass::Carried => 1,
        EvacClass::Wheeled => 1 + i32::from(chance.random_bool(0.4)),
        _ => 1 + i32::try_from(number % 3).unwrap_or(0),
    };
    let letter = |chance: &mut Dice| char::from(b'A' + chance.random_range(0..26_u8));
    let needs_help = class != EvacClass::SelfReliant;
    let forgotten = matches!(home.habit, Habit::OnPaper | Habit::Late) && chance.random_bool(0.35);
    let mut flags = Vec::new();
    if class == EvacClass::Guided {
        flags.push(ResidentFlag::CognitiveImpairment);
    }
    if class == EvacClass::Carried && chance.random_bool(0.3) {
        flags.push(ResidentFlag::OxygenDependent);
    }
    ResidentForm {
        institution_id: home.source.home.id,
        label: format!("{}.{}.", letter(chance), letter(chance)),
        room: format!("{floor}{:02}", number / 2 % 10 + 1),
        bed: Some(format!("{}", number % 2 + 1)),
        building: "主楼".to_owned(),
        floor,
        fire_compartment: ["一层", "二层", "三层"]
            .get(usize::try_from(floor - 1).unwrap_or(0))
            .unwrap_or(&"一层")
            .to_string(),
        evac_class: class,
        flags,
        device: match class {
            EvacClass::Wheeled => Some("轮椅".to_owned()),
            EvacClass::Carried => Some("疏散床单".to_owned()),
            _ => None,
        },
        day_helper: needs_help.then(|| home.folk.holds("护理员", number)),
        night_helper: (needs_help && !forgotten).then(|| home.folk.holds("夜班护理员", number)),
        deputy: (class == EvacClass::Carried).then(|| home.folk.holds("夜班组长", 0)),
        route: Some(if number.is_multiple_of(2) { "东侧楼梯" } else { "西侧楼梯" }.to_owned()),
        refuge: Some(if floor == 1 { "南门外广场" } else { "二层避难间" }.to_owned()),
        reviewed_on: home.source.calendar.days_ago(reviewed),
        expected_version: None,
    }
}
