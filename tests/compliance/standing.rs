//! Clause by clause, beside drills: the plan, who commands, the residents' table, training.

use crate::home::{CN, Library, at, day, home, is, of, state};
use anlao::compliance::State::{self, Due, NotApplicable, Overdue, Satisfied};
use anlao::compliance::facts::{Facts, HeldTraining, NewStaff};
use anlao::ids::{ResidentId, TrainingId};

const TODAY: &str = "2026-03-10 09:00";

/// The state of a requirement after a change to a home that has everything.
fn after(id: &str, change: impl FnOnce(&mut Facts)) -> State {
    let mut facts = home();
    change(&mut facts);
    of(&Library::with(CN).assess(&facts, TODAY), id).state
}

/// 公安部令第61号; 生产安全事故应急条例 第五至七条.
#[test]
fn the_plan_clause_by_clause() {
    for id in ["in_force", "complete", "approved", "filed", "published", "reviewed", "revised"] {
        assert_eq!(after(&format!("plan.{id}"), |_| {}), Satisfied, "{id}");
    }
    assert_eq!(after("plan.in_force", |facts| facts.plan = None), Overdue);
    assert_eq!(after("plan.filed", |facts| facts.plan = None), NotApplicable, "there is nothing to file");
    let plan = |id: &str, change: fn(&mut anlao::compliance::facts::PlanInForce)| {
        after(id, |facts| change(facts.plan.as_mut().unwrap()))
    };
    assert_eq!(plan("plan.complete", |plan| plan.missing_parts = vec!["helpers".into()]), Overdue);
    assert_eq!(plan("plan.approved", |plan| plan.approved_by = None), Overdue);
    assert_eq!(plan("plan.filed", |plan| plan.filed_on = None), Overdue);
    assert_eq!(plan("plan.filed", |plan| plan.filed_on = Some(day("2026-04-01"))), Overdue, "not yet");
    assert_eq!(plan("plan.published", |plan| plan.published_on = None), Overdue);
    let fresh = plan("plan.published", |plan| {
        (plan.published_on, plan.in_force_on) = (None, day("2026-03-10"));
    });
    assert_eq!(fresh, Due, "on the day itself there is still time");
    assert_eq!(
        plan("plan.revised", |plan| plan.revision_called_for_by = vec!["key_person_left".into()]),
        Due
    );
}

#[test]
fn a_plan_is_reviewed_within_the_months_of_the_document() {
    let rules = Library::with(CN);
    let mut facts = home();
    for (reviewed, expected) in [
        ("2025-03-09", is(Overdue, "2026-03-09")),
        ("2025-03-10", is(Due, "2026-03-10")),
        ("2025-04-09", is(Due, "2026-04-09")),
        ("2025-04-10", is(Satisfied, "2026-04-10")),
    ] {
        facts.plan.as_mut().unwrap().reviewed_on = day(reviewed);
        assert_eq!(state(&rules.assess(&facts, TODAY), "plan.reviewed"), expected, "{reviewed}");
    }
}

#[test]
fn somebody_commands_in_every_hour_of_the_coming_week() {
    assert_eq!(after("commander.week", |_| {}), Satisfied);
    let gap = |from: &str, to: &str| {
        let gap = (at(from), at(to));
        after("commander.week", |facts| facts.commanders.gaps = vec![gap])
    };
    assert_eq!(gap("2026-03-12 22:00", "2026-03-13 08:00"), Due);
    assert_eq!(gap("2026-03-10 09:00", "2026-03-10 17:00"), Overdue, "nobody commands now");
}

/// GB/T 38315-2019 7.3.2.7, and the ninety days of the colour rules.
#[test]
fn the_residents_table_is_looked_over_and_names_helpers_for_the_night() {
    let table = |id: &str, change: fn(&mut anlao::compliance::facts::ResidentTable)| {
        after(id, |facts| change(&mut facts.residents))
    };
    assert_eq!(table("residents.reviewed", |_| {}), Satisfied);
    assert_eq!(
        table("residents.reviewed", |table| table.oldest_review = Some(day("2025-12-09"))),
        Overdue,
        "91 days"
    );
    assert_eq!(
        table("residents.reviewed", |table| table.oldest_review = Some(day("2025-12-10"))),
        Due,
        "90 days"
    );
    assert_eq!(table("residents.reviewed", |table| table.oldest_review = None), Overdue);
    assert_eq!(table("residents.night_helpers", |_| {}), Satisfied);
    let without = |table: &mut anlao::compliance::facts::ResidentTable| {
        table.without_night_helper = vec![ResidentId::fresh()];
    };
    assert_eq!(table("residents.night_helpers", without), Overdue);
    assert_eq!(table("residents.night_helpers", |table| table.residents = 0), NotApplicable);
}

fn training(topic: &str, on: &str, for_staff: bool) -> HeldTraining {
    HeldTraining { id: TrainingId::fresh(), topic: topic.into(), held_on: day(on), for_staff, attended: 12 }
}

/// Every half year, and before somebody starts.
#[test]
fn staff_are_trained_in_fire_safety() {
    let rules = Library::with(CN);
    let mut facts = home();
    facts.profile.since = day("2025-07-01");
    for (held, expected) in [
        (vec![], is(Overdue, "2025-12-31")),
        (vec![training("fire-training", "2025-08-01", true)], is(Due, "2026-06-30")),
        (vec![training("fire-training", "2026-02-01", true)], is(Satisfied, "2026-12-31")),
        (vec![training("fire-training", "2026-03-11", true)], is(Overdue, "2025-12-31")),
        (vec![training("fire-training", "2026-02-01", false)], is(Overdue, "2025-12-31")),
        (vec![training("food-safety", "2026-02-01", true)], is(Overdue, "2025-12-31")),
    ] {
        facts.trainings = held;
        assert_eq!(
            state(&rules.assess(&facts, TODAY), "training.fire-training"),
            expected,
            "{:?}",
            facts.trainings
        );
    }
    // Whoever it is for, the education against carbon monoxide is held once a year.
    assert_eq!(state(&rules.assess(&facts, TODAY), "training.co-poisoning"), is(Overdue, "2025-12-31"));
    facts.trainings = vec![training("co-poisoning", "2026-01-20", false)];
    assert_eq!(state(&rules.assess(&facts, TODAY), "training.co-poisoning"), is(Satisfied, "2027-12-31"));
    facts.trainings.clear();
    assert_eq!(of(&rules.assess(&facts, TODAY), "training.new_staff").state, Satisfied);
    for (started, expected) in [("2026-03-10", Overdue), ("2026-03-11", Due)] {
        facts.untrained_new_staff = vec![NewStaff { name: "李".into(), started_on: day(started) }];
        assert_eq!(of(&rules.assess(&facts, TODAY), "training.new_staff").state, expected, "{started}");
    }
}
