//! Several phones on one drill: whatever their clocks say and however their taps arrive, the timeline is right.

use anlao::db::Instant;
use anlao::drills::stopwatch::merge::{DIFFER_MS, TimelineNote};
use anlao::drills::stopwatch::{Reading, Sync, Tap, TapKind, TimeBasis, Timeline, merge};
use anlao::ids::{ObserverId, TapId};
use anlao_testbed::{tally, tries};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// 2026-03-10T02:00:00Z, in microseconds.
const START: i64 = 1_773_108_000_000_000;

fn instant(micros: i64) -> Instant {
    Instant::from_micros(micros).unwrap()
}

fn id(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// What happens to a phone's clocks during a drill.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mishap {
    None,
    /// The clock on its face is set, by so many microseconds.
    Set(i64),
    /// Its counting clock rests for so long.
    Rest(i64),
}

/// A phone as it is; true times are microseconds since `START`.
#[derive(Debug, Clone)]
struct Phone {
    id: ObserverId,
    started: i64,
    skew: i64,
    /// In billionths.
    drift: i64,
    mishaps: Vec<(i64, Mishap)>,
}

impl Phone {
    fn reading(&self, at: i64) -> Reading {
        let (mut counted, mut face) = (at - self.started, at + self.skew);
        counted += counted / 1000 * self.drift / 1_000_000;
        face += (at - self.started) / 1000 * self.drift / 1_000_000;
        for (when, what) in self.mishaps.iter().filter(|(when, _)| *when <= at) {
            match what {
                Mishap::Set(by) => face += by,
                Mishap::Rest(long) => counted -= (*long).min(at - when),
                Mishap::None => {}
            }
        }
        Reading { run: 1, elapsed_ms: counted / 1000, wall: instant(START + face) }
    }

    fn sync(&self, at: i64, out: i64, back: i64) -> Sync {
        Sync {
            sent: self.reading(at),
            received_elapsed_ms: self.reading(at + out + back).elapsed_ms,
            server_at: instant(START + at + out),
        }
    }

    fn tap(&self, number: u128, at: i64, kind: TapKind) -> Tap {
        Tap {
            id: TapId(id(number)),
            observer: self.id,
            reading: self.reading(at),
            kind,
            compartment: None,
            count: None,
            class: None,
            takes_back: None,
            note: None,
        }
    }
}

const SECOND: i64 = 1_000_000;
const DRILL: i64 = 1500 * SECOND;

fn phone(random: &mut StdRng, number: u128) -> Phone {
    let skew = random.random_range(-90 * SECOND..=90 * SECOND);
    let by = random.random_range(SECOND..90 * SECOND);
    let what = match random.random_range(0..5) {
        0 => Mishap::Set(by),
        1 => Mishap::Set(-by),
        2 => Mishap::Rest(by.min(60 * SECOND)),
        _ => Mishap::None,
    };
    let mut mishaps = vec![(random.random_range(300 * SECOND..600 * SECOND), what)];
    if random.random_bool(0.3) {
        mishaps.push((random.random_range(800 * SECOND..1000 * SECOND), what));
    }
    Phone {
        id: ObserverId(id(1000 + number)),
        started: random.random_range(-600 * SECOND..-60 * SECOND),
        skew,
        drift: random.random_range(-60_000..=60_000),
        mishaps,
    }
}

/// The exchanges that came through: at joining and at sending at least, unless its clocks stayed well, when one is enough.
fn exchanges(random: &mut StdRng, phone: &Phone) -> Vec<Sync> {
    let well = phone.mishaps.iter().all(|(_, what)| *what == Mishap::None);
    let mut moments = vec![phone.started + SECOND, DRILL + random.random_range(0..600 * SECOND)];
    if well && random.random_bool(0.5) {
        moments.remove(usize::from(random.random_bool(0.5)));
    }
    // Within a mishap's own minutes no line held.
    let resting =
        |at: i64| phone.mishaps.iter().any(|(when, _)| (when - 5 * SECOND..when + 65 * SECOND).contains(&at));
    let more: Vec<i64> = (0..random.random_range(0..4)).map(|_| random.random_range(0..DRILL)).collect();
    moments.extend(more.into_iter().filter(|at| !resting(*at)));
    let one = |at| {
        let long = if random.random_bool(0.2) { 850_000 } else { 200_000 };
        phone.sync(at, random.random_range(10_000..long), random.random_range(10_000..long))
    };
    moments.into_iter().map(one).collect()
}

/// Taps and exchanges of all phones as they arrive: late, repeated, in any order.
fn arriving<T: Clone>(random: &mut StdRng, all: &[T]) -> Vec<T> {
    let mut arriving = all.to_vec();
    for _ in 0..all.len() / 2 {
        arriving.push(all[random.random_range(0..all.len())].clone());
    }
    arriving.shuffle(random);
    arriving
}

struct Drill {
    taps: Vec<Tap>,
    syncs: Vec<(ObserverId, Sync)>,
    truth: BTreeMap<TapId, i64>,
}

fn drill(random: &mut StdRng) -> Drill {
    let (mut taps, mut syncs, mut truth) = (Vec::new(), Vec::new(), BTreeMap::new());
    for number in 0..6 {
        let phone = phone(random, number);
        syncs.extend(exchanges(random, &phone).into_iter().map(|sync| (phone.id, sync)));
        for tap in 0..random.random_range(5..30) {
            let at = random.random_range(0..DRILL);
            // A phone that rests has nobody tapping on it.
            let asleep =
                phone.mishaps.iter().any(|(when, _)| (when - SECOND..when + 61 * SECOND).contains(&at));
            if !asleep {
                let tap = phone.tap(number * 100 + tap, at, TapKind::PersonOut);
                truth.insert(tap.id, at);
                taps.push(tap);
            }
        }
    }
    Drill { taps, syncs, truth }
}

fn wrong(drill: &Drill, timeline: &Timeline) -> Option<String> {
    let micros = |at: Instant| at.micros() - START;
    for entry in &timeline.entries {
        let error = (micros(entry.at) - drill.truth[&entry.id]).abs();
        if error > SECOND {
            return Some(format!("{error} µs off: {entry:?}"));
        }
        if error > entry.within_ms.unwrap() * 1000 + 1000 {
            return Some(format!("less sure than it says, {error} µs off: {entry:?}"));
        }
    }
    for (at, one) in timeline.entries.iter().enumerate() {
        for next in &timeline.entries[at + 1..] {
            if drill.truth[&one.id] > drill.truth[&next.id] + SECOND {
                return Some(format!("{one:?} stands before {next:?}"));
            }
        }
    }
    for pair in timeline.entries.windows(2) {
        if pair[1].order_certain && drill.truth[&pair[0].id] > drill.truth[&pair[1].id] + 2000 {
            return Some(format!("not certain at all: {pair:?}"));
        }
    }
    None
}

#[test]
fn six_phones_with_skew_drift_and_lost_links_merge_right() {
    let tried = tries(300, 20_000);
    let mut failed = Vec::new();
    for seed in 0..tried {
        let mut random = StdRng::seed_from_u64(seed);
        let drill = drill(&mut random);
        let first = merge(&arriving(&mut random, &drill.taps), &arriving(&mut random, &drill.syncs));
        assert_eq!(first.entries.len(), drill.taps.len(), "every tap stands there once");
        let second = merge(&arriving(&mut random, &drill.taps), &arriving(&mut random, &drill.syncs));
        if first != second {
            failed.push(format!("seed {seed}: the order of arrival shows"));
        } else if let Some(fault) = wrong(&drill, &first) {
            failed.push(format!("seed {seed}: {fault}"));
        }
    }
    tally("drills", "drills of six phones merged to one second", tried, failed.len() as u64);
    assert!(failed.is_empty(), "{} of {tried}: {}", failed.len(), failed[0]);
}

fn steady(number: u128, skew: i64) -> Phone {
    let id = ObserverId(id(1000 + number));
    Phone { id, started: -60 * SECOND, skew, drift: 0, mishaps: Vec::new() }
}

fn synced(phone: &Phone) -> (ObserverId, Sync) {
    (phone.id, phone.sync(-30 * SECOND, 20_000, 20_000))
}

#[test]
fn one_exchange_before_a_clock_was_set_forward_or_rested_is_said_to_be_unsure() {
    for what in [Mishap::Set(50 * SECOND), Mishap::Rest(50 * SECOND)] {
        let phone = Phone { mishaps: vec![(100 * SECOND, what)], ..steady(1, 0) };
        let told = merge(&[phone.tap(1, 200 * SECOND, TapKind::Alarm)], &[synced(&phone)]);
        let entry = &told.entries[0];
        let error = (entry.at.micros() - START - 200 * SECOND).abs();
        assert!(entry.within_ms.unwrap() * 1000 >= error && entry.within_ms.unwrap() < 26_000, "{entry:?}");
        assert_eq!(entry.basis, TimeBasis::Bridged);
        assert!(told.notes.iter().any(|one| one.note == TimelineNote::ClockChanged));
    }
    // A counting clock never leaps ahead, so a face that falls back was set.
    let phone = Phone { mishaps: vec![(100 * SECOND, Mishap::Set(-50 * SECOND))], ..steady(1, 0) };
    let told = merge(&[phone.tap(1, 200 * SECOND, TapKind::Alarm)], &[synced(&phone)]);
    assert!(told.entries[0].within_ms.unwrap() < 100, "{told:?}");
}

#[test]
fn a_stopwatch_that_was_started_again_goes_on_by_the_face() {
    let phone = steady(1, 40 * SECOND);
    let mut tap = phone.tap(1, 200 * SECOND, TapKind::Alarm);
    tap.reading = Reading { run: 2, elapsed_ms: 5000, wall: tap.reading.wall };
    let told = merge(&[tap], &[synced(&phone)]);
    assert_eq!(told.entries[0].basis, TimeBasis::OtherRun);
    assert!((told.entries[0].at.micros() - START - 200 * SECOND).abs() < SECOND / 5, "{told:?}");
}

#[test]
fn a_phone_that_never_reached_the_server_does_not_decide() {
    let (alone, one, other) = (steady(1, -80 * SECOND), steady(2, 0), steady(3, 30 * SECOND));
    let taps = [
        alone.tap(1, 10 * SECOND, TapKind::Alarm),
        one.tap(2, 11 * SECOND, TapKind::Alarm),
        other.tap(3, 13 * SECOND, TapKind::Alarm),
    ];
    let told = merge(&taps, &[synced(&one), synced(&other)]);
    let alarm = &told.milestones[0];
    assert_eq!((alarm.tap, alarm.observers), (taps[1].id, 3));
    assert_eq!(told.entries[0].within_ms, None);
    assert!(!told.entries[1].order_certain, "who knows when the first was");
    assert!(told.notes.iter().any(|n| n.note == TimelineNote::NeverSynced && n.observer == Some(alone.id)));
}

#[test]
fn several_observers_of_one_event_give_one_time_and_their_spread() {
    let phones = [steady(1, 0), steady(2, 70 * SECOND), steady(3, -70 * SECOND)];
    let syncs: Vec<_> = phones.iter().map(synced).collect();
    let spread = DIFFER_MS / 1000 + 1;
    let mut taps = Vec::new();
    for (at, phone) in (0..).zip(&phones) {
        taps.push(phone.tap(10 + at, i64::try_from(at).unwrap() * SECOND, TapKind::Alarm));
        taps.push(phone.tap(
            20 + at,
            (300 + spread * i64::try_from(at).unwrap()) * SECOND,
            TapKind::LastPersonOut,
        ));
        taps.push(phone.tap(
            30 + at,
            (400 + i64::try_from(at).unwrap()) * SECOND,
            TapKind::HeadcountComplete,
        ));
    }
    // One of them was wrong by minutes with the first action, one came back with another last person.
    taps.push(phones[0].tap(40, 20 * SECOND, TapKind::FirstAction));
    taps.push(phones[1].tap(41, 21 * SECOND, TapKind::FirstAction));
    taps.push(phones[2].tap(42, 200 * SECOND, TapKind::FirstAction));
    let told = merge(&taps, &syncs);
    let of = |kind| told.milestones.iter().find(|one| one.kind == kind).unwrap();
    let second = |kind: TapKind| (of(kind).after_alarm_ms.unwrap() + 50) / 1000;
    let kinds = [TapKind::Alarm, TapKind::FirstAction, TapKind::LastPersonOut, TapKind::HeadcountComplete];
    assert_eq!(kinds.map(second), [0, 20, 300 + 2 * spread, 401]);
    assert_eq!((of(TapKind::FirstAction).observers, of(TapKind::FirstAction).spread_ms / 100), (3, 10));
    let noted: Vec<_> = told.notes.iter().map(|one| (one.note, one.kind)).collect();
    assert_eq!(
        noted,
        [
            (TimelineNote::ObserversDiffer, Some(TapKind::LastPersonOut)),
            (TimelineNote::OutlierLeftOut, Some(TapKind::FirstAction))
        ]
    );
}

#[test]
fn the_curve_and_the_slowest_compartment_follow_from_who_came_out() {
    let (east, west) = (steady(1, 90 * SECOND), steady(2, -90 * SECOND));
    let out = |phone: &Phone, number, at: i64, place: &str, count| Tap {
        compartment: Some(place.into()),
        count,
        ..phone.tap(number, at * SECOND, TapKind::PersonOut)
    };
    let clear = |phone: &Phone, number, at: i64, place: &str| Tap {
        compartment: Some(place.into()),
        ..phone.tap(number, at * SECOND, TapKind::CompartmentClear)
    };
    let taps = [
        east.tap(1, 0, TapKind::Alarm),
        out(&east, 2, 60, "东区", None),
        out(&west, 3, 90, "西区", Some(4)),
        out(&east, 4, 120, "东区", Some(2)),
        clear(&east, 5, 150, "东区"),
        out(&west, 6, 180, "西区", Some(3)),
        clear(&west, 7, 200, "西区"),
        out(&west, 8, 210, "西区", Some(90)),
        Tap { takes_back: Some(TapId(id(8))), ..west.tap(9, 215 * SECOND, TapKind::TakeBack) },
        out(&west, 10, 240, "西区", Some(1)),
    ];
    let told = merge(&taps, &[synced(&east), synced(&west)]);
    assert_eq!(told.curve.iter().map(|point| point.out).collect::<Vec<_>>(), [1, 5, 7, 10, 11]);
    assert_eq!(told.people_per_minute, Some(3.3), "ten people in three minutes after the first");
    let parts: Vec<_> = told.compartments.iter().map(|one| (one.compartment.as_str(), one.out)).collect();
    assert_eq!(parts, [("东区", 3), ("西区", 8)]);
    assert_eq!(told.slowest_compartment.as_deref(), Some("西区"));
    let noted: Vec<_> = told.notes.iter().map(|one| (one.note, one.compartment.as_deref())).collect();
    assert_eq!(noted, [(TimelineNote::OutAfterClear, Some("西区"))]);
    assert!(told.entries.iter().filter(|one| one.taken_back).count() == 2);
}

/// Between faces that are set to the two ends of time lie years that no date can be written with.
#[test]
fn a_timeline_is_written_in_years_that_can_be_read() {
    let wall = |text: &str| serde_json::from_str::<Instant>(&format!("\"{text}\"")).unwrap();
    let (early, late) = (wall("0001-01-02T00:00:00Z"), wall("9999-12-30T00:00:00Z"));
    let phone = steady(1, 0);
    for (synced, tapped) in [(early, late), (late, early)] {
        let sent = Reading { run: 1, elapsed_ms: 1000, wall: synced };
        let exchange = Sync { sent, received_elapsed_ms: 1200, server_at: instant(START) };
        let mut alarm = phone.tap(1, 0, TapKind::Alarm);
        alarm.reading = Reading { run: 2, elapsed_ms: 5000, wall: tapped };
        let told = merge(&[alarm], &[(phone.id, exchange)]);
        let written = serde_json::to_string(&told).unwrap();
        let read: Timeline = serde_json::from_str(&written).expect(&written);
        assert_eq!((read.entries[0].at, read.entries[0].basis), (tapped, TimeBasis::WallOnly));
    }
}
