//! What institutions check by themselves: entered once, flagged and never blocked; what is missing is computed.

use crate::on_both_databases;
use crate::support::{Photo, World, again};
use anlao::self_checks::status::{Asked, Counted, PeriodState, days_that_count, status};
use anlao::self_checks::{SelfCheckKind, StandingIntervals};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

fn unknown() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn patrol(world: &World, kind: &str, at: &str) -> Value {
    json!({ "institution_id": world.home_a1, "kind": kind, "performed_at": at, "performed_by": "陈静", "route": "一楼大厅、厨房、二至四楼走廊",
        "answers": [{ "item": "F01", "result": "pass" }] })
}

fn flags(of: &Value) -> (bool, bool, bool) {
    (!of["identical_to"].is_null(), of["back_dated"] == true, of["ahead_of_time"] == true)
}

on_both_databases! {
    /// What looks odd is flagged, and taken in all the same.
    odd_entries_are_flagged_and_never_blocked, app => {
        let world = World::build(app).await;
        let enter = async |form: &Value| world.manager.put(&format!("/self-checks/{}", unknown()), form).await.expect(201).body;
        let first = enter(&patrol(&world, "fire_patrol", "2026-03-10T01:30:00Z")).await;
        assert_eq!(flags(&first), (false, false, false));
        assert_eq!(first["counts_for"], "2026-03-10");
        let again = enter(&patrol(&world, "fire_patrol", "2026-03-10T01:40:00Z")).await;
        assert_eq!(again["identical_to"], first["id"]);
        let mut told = patrol(&world, "fire_patrol", "2026-03-10T01:45:00Z");
        told["remark"] = json!("三楼常闭门未关，已关好");
        assert_eq!(flags(&enter(&told).await), (false, false, false));
        let mut shown = patrol(&world, "fire_patrol", "2026-03-10T01:50:00Z");
        shown["evidence"] = json!([Photo::of("scene", 7).declared()]);
        assert_eq!(flags(&enter(&shown).await), (false, false, false), "a photo of its own tells it from the others");
        let late = enter(&patrol(&world, "night_patrol", "2026-03-08T15:30:00Z")).await;
        assert_eq!((flags(&late), &late["counts_for"]), ((false, true, false), &json!("2026-03-08")));
        let early = enter(&patrol(&world, "night_patrol", "2026-03-10T15:30:00Z")).await;
        assert_eq!((flags(&early), &early["counts_for"]), ((true, false, true), &json!("2026-03-10")));
        let by_day = enter(&patrol(&world, "night_patrol", "2026-03-10T01:00:00Z")).await;
        assert_eq!(by_day["counts_for"], json!(null), "nine in the morning is no night");
        let month_before = enter(&patrol(&world, "fire_patrol", "2026-02-01T01:00:00Z")).await;
        assert_eq!(flags(&month_before), (false, true, false), "later entries are not earlier ones");
        let list = world.supervisor.get(&format!("/institutions/{}/self-checks?kind=night_patrol", world.home_a1)).await.expect(200);
        assert_eq!(list.item_ids(), [&early, &by_day, &late].map(|one| one["id"].as_str().unwrap().to_owned()));
    }
}

on_both_databases! {
    /// Entered once, with what it found; nobody but the institution's own people enters it.
    entered_once_with_its_findings, app => {
        let world = World::build(app).await;
        let known = world.registered(&world.hazard(&[])).await;
        let (id, found) = (unknown(), unknown());
        let mut form = patrol(&world, "monthly_check", "2026-03-10T01:30:00Z");
        form["hazards"] = json!([{ "id": found, "category": "fire", "checklist_item": "F01", "location": "三楼楼梯口",
            "description": "楼梯口堆放轮椅", "severity": "general", "found_at": "2026-03-10T01:00:00Z" }]);
        form["known_hazards"] = json!([known]);
        let path = format!("/self-checks/{id}");
        let answers = futures_util::future::join_all((0..20).map(|_| world.manager.put(&path, &form))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201)));
        let told = world.inspector.get(&path).await.expect(200).body;
        assert_eq!(told["hazards"], json!([found, known]));
        let hazard = world.inspector.get(&format!("/hazards/{found}")).await.expect(200).body;
        assert_eq!(hazard["self_found"], true);
        form["remark"] = json!("改");
        assert_eq!(world.manager.put(&path, &form).await.expect(409).code(), "id_taken");
        world.inspector.put(&format!("/self-checks/{}", unknown()), &form).await.expect(403);
        form["known_hazards"] = json!([unknown()]);
        form["hazards"] = json!([]);
        let answer = world.manager.put(&format!("/self-checks/{}", unknown()), &form).await.expect(422);
        assert_eq!(answer.faults(), [("/known_hazards/0".to_owned(), "unknown_reference".to_owned())]);
    }
}

on_both_databases! {
    /// How much is expected is what the documents in force say.
    the_intervals_are_those_of_the_rules, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/self-check-status", world.home_a1);
        let intervals = world.manager.get(&path).await.expect(200).body["intervals"].clone();
        let numbers = ["fire_patrols_a_day", "night_patrols_a_night", "checks_a_month"].map(|name| intervals[name].as_u64().unwrap());
        assert_eq!(numbers, [1, 2, 1]);
    }
}

on_both_databases! {
    /// The institution was registered today: nothing is expected of the days before, and the gaps show afterwards.
    what_is_missing_is_computed, app => {
        let world = World::build(app).await;
        let path = format!("/institutions/{}/self-check-status", world.home_a1);
        let kind = |body: &Value, kind: &str| body["kinds"].as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap().clone();
        let today = world.manager.get(&path).await.expect(200).body;
        assert_eq!((&today["from"], &today["to"]), (&json!("2026-02-09"), &json!("2026-03-10")));
        for name in ["fire_patrol", "night_patrol", "monthly_check"] {
            assert_eq!(kind(&today, name)["missing"], 0, "{name}");
        }
        // Two patrols on the night of the tenth, one on that of the eleventh; four days on.
        for at in ["2026-03-10T15:00:00Z", "2026-03-10T21:00:00Z", "2026-03-11T19:00:00Z"] {
            world.manager.put(&format!("/self-checks/{}", unknown()), &patrol(&world, "night_patrol", at)).await.expect(201);
        }
        app.clock.advance(TimeDelta::days(4));
        let supervisor = again(app, &world.supervisor).await;
        let status = supervisor.get(&format!("{path}?from=2026-03-09&to=2026-03-14")).await.expect(200).body;
        let nights = kind(&status, "night_patrol");
        let states: Vec<_> = nights["periods"].as_array().unwrap().iter().map(|one| (one["day"].clone(), one["missing"].clone(), one["state"].clone())).collect();
        let row = |day: &str, missing: u32, state: &str| (json!(day), json!(missing), json!(state));
        assert_eq!(states, [row("2026-03-09", 0, "not_expected"), row("2026-03-10", 0, "done"), row("2026-03-11", 1, "missing"),
            row("2026-03-12", 2, "missing"), row("2026-03-13", 2, "missing"), row("2026-03-14", 0, "running")]);
        assert_eq!((&nights["expected"], &nights["present"], &nights["missing"]), (&json!(8), &json!(3), &json!(5)));
        assert_eq!(kind(&status, "fire_patrol")["missing"], 4, "the tenth to the thirteenth");
        supervisor.get(&format!("{path}?from=2026-03-15&to=2026-03-14")).await.expect(400);
        supervisor.get(&format!("{path}?from=2024-03-15&to=2026-03-14")).await.expect(400);
        supervisor.get(&format!("{path}?to=0001-01-01")).await.expect(400);
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The night of a moment, by going back minute by minute to the minute in which it began.
fn night_by_minutes(intervals: &StandingIntervals, at: NaiveDateTime) -> Option<NaiveDate> {
    let minute = |time: NaiveTime| time.hour() * 60 + time.minute();
    let (from, to) = (minute(intervals.night_from), minute(intervals.night_to));
    let mut now = at.with_second(0).unwrap();
    for back in 0..24 * 60 {
        let clock = minute(now.time());
        if clock == from {
            return Some(now.date());
        }
        if clock == to && (back > 0 || from != to) {
            return None;
        }
        now -= TimeDelta::minutes(1);
    }
    None
}

#[test]
fn a_night_is_what_the_minutes_say() {
    let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    let start = day("2026-02-27").and_time(NaiveTime::MIN);
    for (from, to) in [
        (time(22, 0), time(6, 0)),
        (time(23, 30), time(4, 15)),
        (time(0, 0), time(5, 0)),
        (time(1, 0), time(23, 59)),
    ] {
        let intervals =
            StandingIntervals { night_from: from, night_to: to, ..StandingIntervals::new(1, 2, 1) };
        for minute in 0..4 * 24 * 60 {
            let at = start + TimeDelta::minutes(minute) + TimeDelta::seconds(minute % 60);
            let said = intervals.counts_for(SelfCheckKind::NightPatrol, at);
            assert_eq!(said, night_by_minutes(&intervals, at), "{at} between {from} and {to}");
            assert_eq!(intervals.counts_for(SelfCheckKind::FirePatrol, at), Some(at.date()));
        }
    }
}

/// The same by brute force: for each period every minute of it is looked at for entries, and for its end.
fn by_minutes(
    intervals: &StandingIntervals,
    kind: SelfCheckKind,
    asked: &Asked,
    done: &[NaiveDateTime],
) -> Vec<(NaiveDate, u32, u32, bool)> {
    let label = |at: NaiveDateTime| match kind {
        SelfCheckKind::FirePatrol => Some(at.date()),
        SelfCheckKind::NightPatrol => night_by_minutes(intervals, at),
        SelfCheckKind::MonthlyCheck => at.date().with_day(1),
    };
    let mut periods: Vec<(NaiveDate, u32, u32, bool)> = Vec::new();
    let first =
        if kind == SelfCheckKind::MonthlyCheck { asked.from.with_day(1).unwrap() } else { asked.from };
    let last = asked.to;
    let mut at = first.and_time(NaiveTime::MIN);
    while at.date() <= last + TimeDelta::days(32) {
        if let Some(day) = label(at).filter(|day| (first..=last).contains(day)) {
            if periods.last().is_none_or(|period| period.0 != day) {
                periods.push((day, 0, 0, true));
            }
            let period = periods.last_mut().unwrap();
            period.1 += done.iter().filter(|one| one.with_second(0).unwrap() == at).count() as u32;
            // Over when no minute of it is still to come.
            period.3 &= at < asked.now;
        }
        at += TimeDelta::minutes(1);
    }
    for period in &mut periods {
        let due = period.0 >= asked.registered_on && asked.operating;
        let least = if due { intervals.least(kind) } else { 0 };
        period.2 = if period.3 { least.saturating_sub(period.1) } else { 0 };
    }
    periods
}

#[test]
fn the_status_is_what_the_minutes_say() {
    let rounds = anlao_testbed::tries(12, 200);
    let mut wrong = 0;
    for seed in 0..rounds {
        let mut chance = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let intervals = StandingIntervals::new(
            chance.random_range(0..3),
            chance.random_range(0..4),
            chance.random_range(0..3),
        );
        let from = day("2026-01-20") + TimeDelta::days(chance.random_range(0..40));
        let to = from + TimeDelta::days(chance.random_range(0..12));
        let now = from.and_time(NaiveTime::MIN) + TimeDelta::minutes(chance.random_range(0..20 * 24 * 60));
        let asked = Asked {
            from,
            to,
            now,
            registered_on: from + TimeDelta::days(chance.random_range(-40..6)),
            operating: chance.random_bool(0.9),
        };
        let kinds = SelfCheckKind::ALL;
        let done: Vec<(SelfCheckKind, NaiveDateTime)> = (0..chance.random_range(0..60))
            .map(|_| {
                let at = (from - TimeDelta::days(32)).and_time(NaiveTime::MIN)
                    + TimeDelta::minutes(chance.random_range(0..80 * 24 * 60));
                (kinds[chance.random_range(0..kinds.len())], at)
            })
            .collect();
        let (first, last) = days_that_count(from, to);
        let mut counted = Counted::new();
        for (kind, at) in &done {
            if let Some(day) = intervals.counts_for(*kind, *at).filter(|day| (first..=last).contains(day)) {
                *counted.entry((*kind, day)).or_default() += 1;
            }
        }
        for told in status(&intervals, &asked, &counted) {
            let own: Vec<NaiveDateTime> =
                done.iter().filter(|(kind, _)| *kind == told.kind).map(|(_, at)| *at).collect();
            let wanted = by_minutes(&intervals, told.kind, &asked, &own);
            let said: Vec<(NaiveDate, u32, u32)> =
                told.periods.iter().map(|one| (one.day, one.present, one.missing)).collect();
            let wanted: Vec<(NaiveDate, u32, u32)> =
                wanted.into_iter().map(|(day, present, missing, _)| (day, present, missing)).collect();
            if said != wanted {
                wrong += 1;
                eprintln!("seed {seed} {:?} {asked:?}\n{said:?}\n{wanted:?}", told.kind);
            }
            for one in &told.periods {
                assert_eq!(one.state == PeriodState::Missing, one.missing > 0, "{one:?}");
            }
            assert_eq!(told.missing, told.periods.iter().map(|one| one.missing).sum::<u32>());
        }
    }
    assert_eq!(wrong, 0);
}
