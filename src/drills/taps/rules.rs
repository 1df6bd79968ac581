//! What a phone may send, when, and what its taps propose for the record. Pure.

use super::model::{ObserverForm, TapBatch, TapForm};
use crate::db::Instant;
use crate::drills::model::{Drill, DrillState};
use crate::drills::rules::{CLOCK_TOLERANCE, not_now};
use crate::drills::stopwatch::{self, Reading, Sync, Tap, TapKind};
use crate::drills::timeline::{LONGEST, Milestone, Timeline};
use crate::fields::Fields;
use crate::ids::ObserverId;
use crate::refusal::{FieldCode, Refusal};

/// Taps in one batch.
pub const MOST_AT_ONCE: usize = 500;
/// Taps of one drill.
pub const MOST_TAPS: usize = 5000;
/// Phones at one drill.
pub const MOST_OBSERVERS: usize = 40;
/// Exchanges that are kept of one phone.
pub const MOST_SYNCS: usize = 64;
/// So many of them are kept as they come.
const KEPT_FREELY: usize = 16;
/// A week: no stopwatch runs longer.
const LONGEST_RUN_MS: i64 = 604_800_000;

/// A phone joins before it starts, while it lasts, or after: not what was given up.
pub fn may_join(drill: &Drill) -> Result<(), Refusal> {
    if drill.state == DrillState::Cancelled { Err(not_now(drill)) } else { Ok(()) }
}

/// Taps are taken from the start on, and for as long as phones bring them: also after the record.
pub fn may_tap(drill: &Drill) -> Result<(), Refusal> {
    let begun = matches!(drill.state, DrillState::Started | DrillState::Recorded | DrillState::Evaluated);
    if begun { Ok(()) } else { Err(not_now(drill)) }
}

/// Whether an exchange is worth its room beside those that are kept of the same phone.
///
/// More of them at one time make its clocks no surer, but an exchange after a clock was set tells what nothing before it
/// can. So the first are kept as they come, and of the others what no neighbour of its run stands for: none near it whose
/// clocks went alike. What is near grows with what is kept, from a minute to half an hour, so that the room lasts for some
/// eight hours of a phone whose clocks are left alone.
pub fn is_worth_keeping(kept: &[Sync], new: &Sync) -> bool {
    if kept.contains(new) || kept.len() >= MOST_SYNCS {
        return false;
    }
    let Some(over) = kept.len().checked_sub(KEPT_FREELY) else { return true };
    let near_ms = 60_000_i64 << (over / 8).min(5);
    !kept.iter().any(|one| one.stands_for(new, near_ms))
}

pub fn check_observer(form: &ObserverForm, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.line("/name", &form.name, 1..=60);
    fields.optional_line("/post", form.post.as_deref(), 100);
    check_sync(&mut fields, form.sync.as_ref(), now);
    fields.finish()
}

pub fn check_batch(batch: &TapBatch, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    check_sync(&mut fields, batch.sync.as_ref(), now);
    if batch.taps.len() > MOST_AT_ONCE {
        fields.fault("/taps", FieldCode::TooMany);
        return fields.finish();
    }
    for (at, tap) in batch.taps.iter().enumerate() {
        check_tap(&mut fields, &format!("/taps/{at}"), tap);
    }
    fields.finish()
}

fn check_sync(fields: &mut Fields, sync: Option<&Sync>, now: Instant) {
    let Some(sync) = sync else { return };
    check_reading(fields, "/sync/sent", &sync.sent);
    let received = "/sync/received_elapsed_ms";
    fields.number(received, &sync.received_elapsed_ms, 0..=LONGEST_RUN_MS);
    fields.check(sync.received_elapsed_ms >= sync.sent.elapsed_ms, received, FieldCode::TooEarly);
    let told = sync.server_at <= now.plus(CLOCK_TOLERANCE);
    fields.check(told, "/sync/server_at", FieldCode::InFuture);
}

fn check_reading(fields: &mut Fields, place: &str, reading: &Reading) {
    fields.number(&format!("{place}/run"), &reading.run, 1..=1000);
    fields.number(&format!("{place}/elapsed_ms"), &reading.elapsed_ms, 0..=LONGEST_RUN_MS);
}

/// The fields of a tap and whether a kind uses (`false`) or needs (`true`) them.
fn uses(kind: TapKind) -> &'static [(&'static str, bool)] {
    match kind {
        TapKind::CompartmentClear => &[("compartment", true), ("note", false)],
        TapKind::PersonOut => &[("compartment", false), ("count", false), ("class", false), ("note", false)],
        TapKind::LastPersonOut => &[("compartment", false), ("note", false)],
        TapKind::Other => &[("note", true), ("compartment", false)],
        TapKind::TakeBack => &[("takes_back", true), ("note", false)],
        TapKind::Alarm
        | TapKind::FirstAction
        | TapKind::Call119
        | TapKind::MicroStationOnSpot
        | TapKind::EvacuationBegan
        | TapKind::HeadcountComplete => &[("note", false)],
    }
}

fn check_tap(fields: &mut Fields, place: &str, tap: &TapForm) {
    let given = [
        ("compartment", tap.compartment.is_some()),
        ("count", tap.count.is_some()),
        ("class", tap.class.is_some()),
        ("takes_back", tap.takes_back.is_some()),
        ("note", tap.note.is_some()),
    ];
    for (name, given) in given {
        let needed = uses(tap.kind).iter().find(|(used, _)| *used == name).map(|(_, needed)| *needed);
        fields.check(needed.is_some() || !given, format!("{place}/{name}"), FieldCode::NotAllowedHere);
        fields.check(given || needed != Some(true), format!("{place}/{name}"), FieldCode::Required);
    }
    check_reading(fields, &format!("{place}/reading"), &tap.reading);
    fields.optional_line(&format!("{place}/compartment"), tap.compartment.as_deref(), 60);
    fields.number(&format!("{place}/count"), &tap.count.unwrap_or(1), 1..=1000);
    fields.optional_prose(&format!("{place}/note"), tap.note.as_deref(), 500);
}

/// The tap as the stopwatch knows it.
pub fn tap(observer: ObserverId, form: TapForm) -> Tap {
    let TapForm { id, kind, reading, compartment, count, class, takes_back, note } = form;
    Tap { id, observer, reading, kind, compartment, count, class, takes_back, note }
}

fn tapped(milestone: Milestone) -> TapKind {
    match milestone {
        Milestone::Alarm => TapKind::Alarm,
        Milestone::FirstAction => TapKind::FirstAction,
        Milestone::EmergencyCall => TapKind::Call119,
        Milestone::MicroStation => TapKind::MicroStationOnSpot,
        Milestone::EvacuationBegan => TapKind::EvacuationBegan,
        Milestone::LastOut => TapKind::LastPersonOut,
        Milestone::HeadCount => TapKind::HeadcountComplete,
    }
}

/// The whole second in which it was, as people write it down.
fn second(at: Instant) -> Option<Instant> {
    Instant::from_micros(at.micros().div_euclid(1_000_000).saturating_mul(1_000_000))
}

/// What the record may say, and which of its times were moved to where the one before them stands, because a record
/// holds them in order. Nothing without an alarm; a time that cannot be is left out.
pub fn proposed(merged: &stopwatch::Timeline, now: Instant) -> Option<(Timeline, Vec<Milestone>)> {
    let found = |milestone: Milestone| {
        let kind = tapped(milestone);
        let at = merged.milestones.iter().find(|one| one.kind == kind).and_then(|one| second(one.at));
        at.filter(|at| *at <= now)
    };
    let alarm_at = found(Milestone::Alarm)?;
    let (mut before, mut moved) = (alarm_at, Vec::new());
    let mut next = |milestone: Milestone| {
        let at = found(milestone).filter(|at| *at <= alarm_at.plus(LONGEST))?;
        if at < before {
            moved.push(milestone);
        }
        before = before.max(at);
        Some(before)
    };
    let timeline = Timeline {
        alarm_at,
        first_action_at: next(Milestone::FirstAction),
        emergency_call_at: next(Milestone::EmergencyCall),
        micro_station_at: next(Milestone::MicroStation),
        evacuation_began_at: next(Milestone::EvacuationBegan),
        last_out_at: next(Milestone::LastOut),
        head_count_at: next(Milestone::HeadCount),
    };
    Some((timeline, moved))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a phone exchanges at so many seconds of its second run, with its face wrong by `skew` seconds.
    fn sync(second: i64, skew: i64) -> Sync {
        let at = |second: i64| Instant::from_micros((1_773_104_400 + second) * 1_000_000).unwrap();
        let sent = Reading { run: 2, elapsed_ms: second * 1000, wall: at(second + skew) };
        Sync { sent, received_elapsed_ms: second * 1000 + 200, server_at: at(second) }
    }

    /// An exchange every ten seconds, from the first hour to the eighth, and how many seconds lie between those kept.
    #[test]
    fn exchanges_are_kept_for_as_long_as_a_phone_sends_them() {
        let set_at = 3 * 3600;
        let mut kept = Vec::new();
        for second in (0..8 * 3600).step_by(10) {
            let new = sync(second, if second < set_at { -40 } else { 90 });
            if is_worth_keeping(&kept, &new) {
                kept.push(new);
            }
            assert!(!is_worth_keeping(&kept, &new), "not twice");
        }
        let seconds: Vec<i64> = kept.iter().map(|one| one.sent.elapsed_ms / 1000).collect();
        assert!(seconds.len() <= MOST_SYNCS, "{seconds:?}");
        assert!(seconds.contains(&set_at), "the first after its face was set: {seconds:?}");
        let widest = seconds.windows(2).map(|two| two[1] - two[0]).max();
        assert!(widest.is_some_and(|widest| widest <= 1930), "{seconds:?}");
        assert!(seconds.last().is_some_and(|last| 8 * 3600 - last <= 1930), "{seconds:?}");
        let first = Sync { sent: Reading { run: 3, ..sync(5, 90).sent }, ..sync(5, 90) };
        assert!(is_worth_keeping(&kept, &first), "a run begins of which nothing is known");
    }
}
