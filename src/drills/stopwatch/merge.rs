//! What several observers tapped, as one timeline. Pure: the same taps give the same timeline, in whatever order and
//! how often they came.

use super::clocks::{Clocks, Placed, Reading, Sync, TimeBasis};
use crate::db::Instant;
use crate::ids::{ObserverId, TapId};
use crate::residents::EvacClass;
use crate::text_enum;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

text_enum! {
    /// What an observer saw.
    pub enum TapKind {
        /// t0
        Alarm = "alarm",
        /// t1
        FirstAction = "first_action",
        /// t2
        Call119 = "call_119",
        /// t3 微型消防站到场
        MicroStationOnSpot = "micro_station_on_spot",
        /// t4
        EvacuationBegan = "evacuation_began",
        /// A fire compartment or zone is empty.
        CompartmentClear = "compartment_clear",
        /// People came out at the observer's post.
        PersonOut = "person_out",
        /// t5: out, or at the refuge.
        LastPersonOut = "last_person_out",
        /// t6
        HeadcountComplete = "headcount_complete",
        /// Told by its note.
        Other = "other",
        /// An earlier tap of the same phone was a slip.
        TakeBack = "take_back",
    }
}

impl TapKind {
    /// How the times of several observers become one; `None` for what may happen many times.
    fn choice(self) -> Option<Choice> {
        match self {
            // Nobody sees a thing before it happens: who saw it first is nearest.
            Self::Alarm
            | Self::FirstAction
            | Self::Call119
            | Self::MicroStationOnSpot
            | Self::EvacuationBegan => Some(Choice::Earliest),
            // Each observer sees the last one of their own exit.
            Self::LastPersonOut => Some(Choice::Latest),
            Self::HeadcountComplete | Self::CompartmentClear => Some(Choice::Middle),
            Self::PersonOut | Self::Other | Self::TakeBack => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Earliest,
    Middle,
    Latest,
}

/// One tap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tap {
    pub id: TapId,
    pub observer: ObserverId,
    pub reading: Reading,
    pub kind: TapKind,
    /// The fire compartment or zone.
    pub compartment: Option<String>,
    /// How many came out; one when nothing is said.
    pub count: Option<u32>,
    pub class: Option<EvacClass>,
    pub takes_back: Option<TapId>,
    pub note: Option<String>,
}

/// A tap in the common order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = TapEntry)]
pub struct Entry {
    pub id: TapId,
    pub observer: ObserverId,
    pub kind: TapKind,
    pub compartment: Option<String>,
    pub count: Option<u32>,
    pub class: Option<EvacClass>,
    pub note: Option<String>,
    pub at: Instant,
    /// The truth is at most so far from `at`; absent when nothing is known.
    pub within_ms: Option<i64>,
    pub basis: TimeBasis,
    /// Whether it is certain that it came after the entry before.
    pub order_certain: bool,
    /// The observer took it back: it is shown and does not count.
    pub taken_back: bool,
}

/// What happens once, from all who saw it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = MergedMilestone)]
pub struct Milestone {
    pub kind: TapKind,
    pub compartment: Option<String>,
    pub at: Instant,
    pub within_ms: Option<i64>,
    /// The tap whose time it is.
    pub tap: TapId,
    /// How many observers saw it.
    pub observers: u32,
    /// Between the first and the last of them.
    pub spread_ms: i64,
    /// Since the alarm.
    pub after_alarm_ms: Option<i64>,
}

/// How many were out when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CurvePoint {
    pub at: Instant,
    pub after_alarm_ms: Option<i64>,
    pub out: u64,
}

/// How one fire compartment was emptied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompartmentTimes {
    pub compartment: String,
    pub out: u64,
    pub first_out_at: Option<Instant>,
    pub last_out_at: Option<Instant>,
    /// When it was said to be empty.
    pub clear_at: Option<Instant>,
    /// Until it was said to be empty; until the last came out, if nobody said so.
    pub after_alarm_ms: Option<i64>,
}

text_enum! {
    /// What a reader of the timeline should know.
    pub enum TimelineNote {
        /// Observers' times of one event lie far apart.
        ObserversDiffer = "observers_differ",
        /// A time far from the others' was not believed.
        OutlierLeftOut = "outlier_left_out",
        /// A phone never reached the server with its clocks: its times may be wrong by minutes.
        NeverSynced = "never_synced",
        /// A phone's clock was set, or rested, while it was used.
        ClockChanged = "clock_changed",
        /// A phone's exchanges with the server contradict each other.
        ClockContradicted = "clock_contradicted",
        /// Somebody came out after the last one was said to be out.
        OutAfterLast = "out_after_last",
        /// Somebody came out of a compartment that was said to be empty.
        OutAfterClear = "out_after_clear",
        /// Several observers counted people of one compartment: perhaps the same people.
        CountedBySeveral = "counted_by_several",
    }
}

/// A note, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = TimelineNoted)]
pub struct Noted {
    pub note: TimelineNote,
    pub observer: Option<ObserverId>,
    pub kind: Option<TapKind>,
    pub compartment: Option<String>,
}

/// Everything that the taps say together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = MergedTimeline)]
pub struct Timeline {
    pub entries: Vec<Entry>,
    pub milestones: Vec<Milestone>,
    pub curve: Vec<CurvePoint>,
    pub compartments: Vec<CompartmentTimes>,
    pub slowest_compartment: Option<String>,
    /// From the first to the last person out.
    pub people_per_minute: Option<f64>,
    /// The least sure of the times that are known, in milliseconds.
    pub within_ms: Option<i64>,
    pub notes: Vec<Noted>,
}

/// Observers whose times of one event lie further apart are noted.
pub const DIFFER_MS: i64 = 10_000;
/// With three observers or more, who is further than this from their middle is not believed.
pub const OUTLIER_MS: i64 = 60_000;

/// Merges what came from all phones.
pub fn merge(taps: &[Tap], syncs: &[(ObserverId, Sync)]) -> Timeline {
    let mut notes = BTreeSet::new();
    let entries = entries(taps, syncs, &mut notes);
    let counted: Vec<&Entry> = entries.iter().filter(|one| !one.taken_back).collect();
    let mut milestones = milestones(&counted, &mut notes);
    let alarm = milestones.iter().find(|one| one.kind == TapKind::Alarm).map(|one| one.at);
    for one in &mut milestones {
        one.after_alarm_ms = since(alarm, one.at);
    }
    let curve = curve(&counted, alarm);
    let compartments = compartments(&counted, &milestones, alarm);
    contradictions(&counted, &milestones, &mut notes);
    let ended = |one: &&CompartmentTimes| one.clear_at.or(one.last_out_at);
    let slowest = compartments.iter().filter(|one| ended(one).is_some()).max_by_key(ended);
    Timeline {
        slowest_compartment: slowest.map(|one| one.compartment.clone()),
        people_per_minute: per_minute(&curve),
        within_ms: entries.iter().filter_map(|one| one.within_ms).max(),
        notes: notes.into_iter().collect(),
        entries,
        milestones,
        curve,
        compartments,
    }
}

fn since(alarm: Option<Instant>, at: Instant) -> Option<i64> {
    alarm.map(|alarm| (at.micros() - alarm.micros()) / 1000)
}

fn about(note: TimelineNote) -> Noted {
    Noted { note, observer: None, kind: None, compartment: None }
}

/// All taps once, in the common order.
fn entries(taps: &[Tap], syncs: &[(ObserverId, Sync)], notes: &mut BTreeSet<Noted>) -> Vec<Entry> {
    let mut once: BTreeMap<TapId, &Tap> = BTreeMap::new();
    for tap in taps {
        let kept = once.entry(tap.id).or_insert(tap);
        *kept = (*kept).min(tap);
    }
    let mut phones: BTreeMap<ObserverId, Vec<&Tap>> = BTreeMap::new();
    for tap in once.values() {
        phones.entry(tap.observer).or_default().push(tap);
    }
    let mut placed: Vec<(Placed, &Tap, bool)> = Vec::new();
    for (observer, mut own) in phones {
        let exchanges: Vec<Sync> = syncs.iter().filter(|(of, _)| *of == observer).map(|(_, s)| *s).collect();
        let clocks = Clocks::of(own.iter().map(|tap| tap.reading), &exchanges);
        let note = |note| Noted { observer: Some(observer), ..about(note) };
        notes.extend(clocks.changed.then(|| note(TimelineNote::ClockChanged)));
        notes.extend(clocks.contradicted.then(|| note(TimelineNote::ClockContradicted)));
        notes.extend(exchanges.is_empty().then(|| note(TimelineNote::NeverSynced)));
        let back: BTreeSet<TapId> = own.iter().filter_map(|tap| tap.takes_back).collect();
        own.sort_by_key(|tap| (tap.reading, tap.id));
        let mut latest: Option<(u32, Instant)> = None;
        for tap in own {
            let mut at = clocks.place(&tap.reading);
            // The counting clock says surely which of two taps of a run came first.
            if let Some((run, before)) = latest
                && run == tap.reading.run
            {
                at.at = at.at.max(before);
            }
            latest = Some((tap.reading.run, at.at));
            placed.push((at, tap, back.contains(&tap.id) || tap.kind == TapKind::TakeBack));
        }
    }
    placed.sort_by_key(|(at, tap, _)| (at.at, tap.observer, tap.reading, tap.id));
    let mut entries = Vec::with_capacity(placed.len());
    let mut before: Option<(Placed, &Tap)> = None;
    for (at, tap, taken_back) in placed {
        let certain = before.is_none_or(|(other, of)| is_certain((&other, of), (&at, tap)));
        entries.push(entry(at, tap, taken_back, certain));
        before = Some((at, tap));
    }
    entries
}

fn entry(at: Placed, tap: &Tap, taken_back: bool, order_certain: bool) -> Entry {
    Entry {
        id: tap.id,
        observer: tap.observer,
        kind: tap.kind,
        compartment: tap.compartment.clone(),
        count: tap.count,
        class: tap.class,
        note: tap.note.clone(),
        at: at.at,
        within_ms: at.within_ms,
        basis: at.basis,
        order_certain,
        taken_back,
    }
}

fn is_certain(before: (&Placed, &Tap), after: (&Placed, &Tap)) -> bool {
    if before.1.observer == after.1.observer && before.1.reading.run == after.1.reading.run {
        return true;
    }
    match (before.0.within_ms, after.0.within_ms) {
        (Some(one), Some(other)) => after.0.at.micros() - before.0.at.micros() > (one + other) * 1000,
        _ => false,
    }
}

/// What happens once: for each such event the observers' times, and the one that counts.
fn milestones(counted: &[&Entry], notes: &mut BTreeSet<Noted>) -> Vec<Milestone> {
    let mut seen: BTreeMap<(TapKind, Option<&str>), BTreeMap<ObserverId, &Entry>> = BTreeMap::new();
    for one in counted {
        let Some(choice) = one.kind.choice() else { continue };
        let part = if one.kind == TapKind::CompartmentClear { one.compartment.as_deref() } else { None };
        let by = seen.entry((one.kind, part)).or_default();
        // Who taps an end again found that it had not been the end.
        match by.entry(one.observer) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(one);
            }
            std::collections::btree_map::Entry::Occupied(mut known) if choice != Choice::Earliest => {
                known.insert(one);
            }
            std::collections::btree_map::Entry::Occupied(_) => {}
        }
    }
    let mut found: Vec<Milestone> = seen
        .into_iter()
        .filter_map(|((kind, part), by)| milestone(kind, part, by.into_values().collect(), notes))
        .collect();
    found.sort_by_key(|one| (one.at, one.kind, one.tap));
    found
}

fn milestone(
    kind: TapKind,
    part: Option<&str>,
    mut seen: Vec<&Entry>,
    notes: &mut BTreeSet<Noted>,
) -> Option<Milestone> {
    let note = |note| Noted { kind: Some(kind), compartment: part.map(str::to_owned), ..about(note) };
    let observers = u32::try_from(seen.len()).unwrap_or(u32::MAX);
    // Times of phones without any exchange count only when there are no others.
    if seen.iter().any(|one| one.basis != TimeBasis::WallOnly) {
        seen.retain(|one| one.basis != TimeBasis::WallOnly);
    }
    seen.sort_by_key(|one| (one.at, one.id));
    let middle = seen.get(seen.len().saturating_sub(1) / 2)?.at;
    let far = |one: &Entry| (one.at.micros() - middle.micros()).abs() > OUTLIER_MS * 1000;
    if seen.len() >= 3 && seen.iter().any(|one| far(one)) {
        seen.retain(|one| !far(one));
        notes.insert(note(TimelineNote::OutlierLeftOut));
    }
    let chosen = match kind.choice()? {
        Choice::Earliest => seen.first(),
        Choice::Middle => seen.get(seen.len().saturating_sub(1) / 2),
        Choice::Latest => seen.last(),
    }?;
    let spread_ms = (seen.last()?.at.micros() - seen.first()?.at.micros()) / 1000;
    if spread_ms > DIFFER_MS {
        notes.insert(note(TimelineNote::ObserversDiffer));
    }
    Some(Milestone {
        kind,
        compartment: part.map(str::to_owned),
        at: chosen.at,
        within_ms: chosen.within_ms,
        tap: chosen.id,
        observers,
        spread_ms,
        after_alarm_ms: None,
    })
}

fn people(of: &Entry) -> u64 {
    if of.kind == TapKind::PersonOut { of.count.unwrap_or(1).into() } else { 0 }
}

fn curve(counted: &[&Entry], alarm: Option<Instant>) -> Vec<CurvePoint> {
    let mut out = 0;
    let mut point = |one: &&&Entry| {
        out += people(one);
        CurvePoint { at: one.at, after_alarm_ms: since(alarm, one.at), out }
    };
    counted.iter().filter(|one| one.kind == TapKind::PersonOut).map(|one| point(&one)).collect()
}

/// Between the first and the last who came out; who came first is where the counting begins.
fn per_minute(curve: &[CurvePoint]) -> Option<f64> {
    let (first, last) = (curve.first()?, curve.last()?);
    let ms = (last.at.micros() - first.at.micros()) / 1000;
    let (ms, people) = (u32::try_from(ms).ok()?, u32::try_from(last.out - first.out).ok()?);
    // One decimal: more would be pretended.
    let tenths = (f64::from(people) * 600_000.0 / f64::from(ms)).round() / 10.0;
    (ms > 0).then_some(tenths)
}

fn compartments(
    counted: &[&Entry],
    milestones: &[Milestone],
    alarm: Option<Instant>,
) -> Vec<CompartmentTimes> {
    let named: BTreeSet<&str> = counted.iter().filter_map(|one| one.compartment.as_deref()).collect();
    let times = |name: &str| {
        let of = || {
            let here = |one: &&&&Entry| one.compartment.as_deref() == Some(name);
            counted.iter().filter(|one| one.kind == TapKind::PersonOut).filter(move |one| here(&one))
        };
        let last_out_at = of().next_back().map(|one| one.at);
        let clear = milestones
            .iter()
            .find(|one| one.kind == TapKind::CompartmentClear && one.compartment.as_deref() == Some(name));
        let clear_at = clear.map(|one| one.at);
        CompartmentTimes {
            compartment: name.to_owned(),
            out: of().map(|one| people(one)).sum(),
            first_out_at: of().next().map(|one| one.at),
            last_out_at,
            clear_at,
            after_alarm_ms: clear_at.or(last_out_at).and_then(|at| since(alarm, at)),
        }
    };
    named.into_iter().map(times).collect()
}

/// What the taps say against each other.
fn contradictions(counted: &[&Entry], milestones: &[Milestone], notes: &mut BTreeSet<Noted>) {
    // Times as sure as they are may be so much apart and yet in the other order.
    let after = |one: &Entry, end: &Milestone| {
        let unsure = one.within_ms.unwrap_or(0) + end.within_ms.unwrap_or(0);
        one.at.micros() - end.at.micros() > unsure * 1000
    };
    let mut counting: BTreeMap<&str, BTreeSet<ObserverId>> = BTreeMap::new();
    for one in counted.iter().filter(|one| one.kind == TapKind::PersonOut) {
        let part = one.compartment.as_deref();
        if let Some(part) = part {
            counting.entry(part).or_default().insert(one.observer);
        }
        for end in milestones {
            let said = Noted { kind: Some(end.kind), ..about(TimelineNote::OutAfterLast) };
            if end.kind == TapKind::LastPersonOut && after(one, end) {
                notes.insert(said);
            } else if end.kind == TapKind::CompartmentClear
                && part.is_some()
                && end.compartment.as_deref() == part
                && after(one, end)
            {
                let compartment = end.compartment.clone();
                notes.insert(Noted { note: TimelineNote::OutAfterClear, compartment, ..said });
            }
        }
    }
    for (part, observers) in counting {
        if observers.len() > 1 {
            let compartment = Some(part.to_owned());
            notes.insert(Noted { compartment, ..about(TimelineNote::CountedBySeveral) });
        }
    }
}
