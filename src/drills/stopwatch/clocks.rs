//! When it was on the server's clock that a phone read so much on its own. Pure.
//!
//! A phone has two clocks: the one on its face, which may be wrong by minutes and may be set at any moment, and the one
//! that counts since the stopwatch was started, which is never set but may rest while the phone sleeps. While both go
//! alike (a *stretch*), the counting one is enough. An exchange with the server bounds its distance to the server's
//! clock: the server's stamp was made between sending and receiving. Bounds of several exchanges are carried to the
//! moment asked for, wider by what a clock may drift, and cut with each other (Marzullo); so the answer is as sure as it
//! says, whatever the way of the messages was.

use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::text_enum;
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What both clocks of a phone said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockReading, example = json!({"run": 1, "elapsed_ms": 83250, "wall": "2026-03-10T01:31:23.250Z"}))]
pub struct Reading {
    /// How often the stopwatch was started on this phone: the counting clock begins anew with each start.
    #[schema(minimum = 1, maximum = 1000)]
    pub run: u32,
    /// The counting clock: milliseconds since that start.
    #[schema(minimum = 0, maximum = 604_800_000)]
    pub elapsed_ms: i64,
    /// The clock on its face, right or wrong.
    pub wall: Instant,
}

impl Reading {
    /// The clock on its face less the counting one.
    fn face(&self) -> i64 {
        self.wall.micros() - micros(self.elapsed_ms)
    }
}

/// One exchange with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClockSync, example = json!({"sent": {"run": 1, "elapsed_ms": 400, "wall": "2026-03-10T01:30:00.400Z"}, "received_elapsed_ms": 520, "server_at": "2026-03-10T01:29:11.462Z"}))]
pub struct Sync {
    /// When the request went out.
    pub sent: Reading,
    /// When the answer was there, by the counting clock of the same run.
    #[schema(minimum = 0, maximum = 604_800_000)]
    pub received_elapsed_ms: i64,
    /// `server_at` of that answer.
    pub server_at: Instant,
}

impl Sync {
    /// Whether another exchange tells nothing that this one does not: within `near_ms` of it in the same run, and both
    /// clocks went alike between them.
    pub fn stands_for(&self, other: &Self, near_ms: i64) -> bool {
        let apart = (self.sent.elapsed_ms - other.sent.elapsed_ms).abs();
        self.sent.run == other.sent.run
            && apart <= near_ms
            && alike(self.sent.face() - other.sent.face(), micros(apart))
    }
}

text_enum! {
    /// What the time of a tap rests on.
    pub enum TimeBasis {
        /// Exchanges with the server in the same stretch.
        Synced = "synced",
        /// Exchanges before or after one of its clocks changed.
        Bridged = "bridged",
        /// Exchanges in another run of the stopwatch, over the clock on its face.
        OtherRun = "other_run",
        /// The clock on its face alone: no exchange came through.
        WallOnly = "wall_only",
    }
}

/// A moment on the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    pub at: Instant,
    /// The truth is at most so far from it, to either side; `None` when nothing is known.
    pub within_ms: Option<i64>,
    pub basis: TimeBasis,
}

/// A phone's clocks, from all that it read.
#[derive(Debug, Clone)]
pub struct Clocks {
    stretches: Vec<Stretch>,
    /// A clock was set, or rested, during a run.
    pub changed: bool,
    /// Exchanges contradict each other more than drift explains.
    pub contradicted: bool,
}

/// Readings of one run between which both clocks went alike.
#[derive(Debug, Clone)]
struct Stretch {
    run: u32,
    /// First and last reading of the counting clock.
    from: i64,
    to: i64,
    /// The clock on its face less the counting one, at `from` and at `to`.
    face_first: i64,
    face_last: i64,
    marks: Vec<Mark>,
    rate: (i64, i64),
}

/// An exchange: at about `x` of the counting clock, the server's clock was `lo` to `hi` ahead of it.
#[derive(Debug, Clone, Copy)]
struct Mark {
    x: i64,
    lo: i64,
    hi: i64,
}

/// How much a counting clock may run fast or slow, in billionths. Quartz in phones is five times better.
const DRIFT: i64 = 200_000;
/// Both clocks of a phone differ from each other by more than this: one was set, or rested. In microseconds.
const CHANGE: i64 = 250_000;
/// Exchanges further apart than this tell how fast a clock runs.
const APART: i64 = 60_000_000;

fn micros(elapsed_ms: i64) -> i64 {
    elapsed_ms.saturating_mul(1000)
}

/// Whether the clock on the face and the counting one went alike for so long, when their distance changed by this.
fn alike(change: i64, apart: i64) -> bool {
    change.abs() <= CHANGE + drifted(apart, 2 * DRIFT)
}

fn drifted(distance: i64, rate: i64) -> i64 {
    distance.saturating_mul(rate) / 1_000_000_000
}

impl Mark {
    fn of(sync: &Sync) -> Self {
        let sent = micros(sync.sent.elapsed_ms);
        let received = micros(sync.received_elapsed_ms).max(sent);
        let server = sync.server_at.micros();
        Self { x: sent.midpoint(received), lo: server - received, hi: server - sent }
    }

    /// The bounds at `x`, for a clock whose rate lies within `rate`.
    fn at(&self, x: i64, rate: (i64, i64)) -> (i64, i64) {
        let (slow, fast) = (drifted(x - self.x, rate.0), drifted(x - self.x, rate.1));
        (self.lo + slow.min(fast), self.hi + slow.max(fast))
    }
}

/// What most of the bounds agree on, the tightest if there are several, and how many agree.
fn agreed(bounds: &[(i64, i64)]) -> Option<(i64, i64, usize)> {
    let region = |start: i64| {
        let over = bounds.iter().filter(|(lo, hi)| *lo <= start && start <= *hi);
        let (count, end) = over.fold((0_usize, i64::MAX), |(count, end), (_, hi)| (count + 1, end.min(*hi)));
        (start, end, count)
    };
    let regions = bounds.iter().map(|(lo, _)| region(*lo));
    regions.max_by_key(|(start, end, count)| (*count, start.saturating_sub(*end), -start))
}

/// How fast the clock runs against the server's, as far as the exchanges tell.
fn rate(marks: &[Mark]) -> (i64, i64) {
    let (mut slow, mut fast) = (-DRIFT, DRIFT);
    for (at, one) in marks.iter().enumerate() {
        for other in marks.iter().skip(at + 1) {
            let (first, last) = if one.x <= other.x { (one, other) } else { (other, one) };
            let apart = last.x - first.x;
            if apart >= APART {
                // Beyond a thousandth it is no drift, and the numbers stay small.
                let most = apart / 1000;
                let per = |change: i64| change.clamp(-most, most) * 1_000_000_000 / apart;
                slow = slow.max(per(last.lo - first.hi));
                fast = fast.min(per(last.hi - first.lo));
            }
        }
    }
    if slow <= fast { (slow, fast) } else { (-DRIFT, DRIFT) }
}

impl Stretch {
    fn starting(reading: &Reading) -> Self {
        let x = micros(reading.elapsed_ms);
        let face = reading.face();
        let (run, rate) = (reading.run, (-DRIFT, DRIFT));
        Self { run, from: x, to: x, face_first: face, face_last: face, marks: Vec::new(), rate }
    }

    fn holds(&self, reading: &Reading) -> bool {
        let x = micros(reading.elapsed_ms);
        self.run == reading.run && alike(reading.face() - self.face_last, (x - self.to).abs())
    }

    fn extend(&mut self, reading: &Reading) {
        self.to = micros(reading.elapsed_ms);
        self.face_last = reading.face();
    }

    /// The bounds of the server's clock less the counting one at `x`.
    fn bounds(&self, x: i64) -> Option<(i64, i64)> {
        let bounds: Vec<_> = self.marks.iter().map(|mark| mark.at(x, self.rate)).collect();
        agreed(&bounds).map(|(lo, hi, _)| (lo, hi))
    }

    fn contradicts(&self) -> bool {
        let bounds: Vec<_> = self.marks.iter().map(|mark| mark.at(self.from, self.rate)).collect();
        agreed(&bounds).is_some_and(|(_, _, count)| count < bounds.len())
    }

    /// What its bounds say at `x` of another stretch, if the clock on the phone's face went on between them.
    fn by_face(&self, other: &Self, x: i64, later: bool) -> Option<(i64, i64)> {
        let edge = if later { self.to } else { self.from };
        let (own, others) =
            if later { (self.face_last, other.face_first) } else { (self.face_first, other.face_last) };
        let (lo, hi) = self.bounds(edge)?;
        let (lo, hi) = (lo + others - own, hi + others - own);
        let between = drifted((x - edge).abs(), DRIFT);
        Some((lo - between, hi + between))
    }
}

fn overlap(one: (i64, i64), other: (i64, i64)) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

impl Clocks {
    /// From everything that the phone read, in any order and with repetitions.
    pub fn of(readings: impl IntoIterator<Item = Reading>, syncs: &[Sync]) -> Self {
        let mut all: Vec<Reading> = readings.into_iter().chain(syncs.iter().map(|sync| sync.sent)).collect();
        all.sort_unstable();
        all.dedup();
        let mut stretches: Vec<Stretch> = Vec::new();
        for reading in &all {
            match stretches.last_mut() {
                Some(last) if last.holds(reading) => last.extend(reading),
                _ => stretches.push(Stretch::starting(reading)),
            }
        }
        let mut once = syncs.to_vec();
        once.sort_unstable();
        once.dedup();
        for sync in &once {
            if let Some(at) = Self::find(&stretches, &sync.sent)
                && let Some(own) = stretches.get_mut(at)
            {
                own.marks.push(Mark::of(sync));
            }
        }
        for stretch in &mut stretches {
            stretch.rate = rate(&stretch.marks);
        }
        let changed = stretches.iter().zip(stretches.iter().skip(1)).any(|(one, next)| one.run == next.run);
        let contradicted = stretches.iter().any(Stretch::contradicts);
        Self { stretches, changed, contradicted }
    }

    /// The stretch that a reading belongs to. Where the clock was set twice within a millisecond it may be any of them.
    fn find(stretches: &[Stretch], reading: &Reading) -> Option<usize> {
        let x = micros(reading.elapsed_ms);
        let face = reading.face();
        let of = stretches.iter().enumerate().filter(|(_, one)| one.run == reading.run);
        let around = of.filter(|(_, one)| one.from <= x && x <= one.to);
        around.min_by_key(|(_, one)| (one.face_first - face).abs()).map(|(at, _)| at)
    }

    /// When a reading was on the server's clock.
    pub fn place(&self, reading: &Reading) -> Placed {
        let x = micros(reading.elapsed_ms);
        let alone = Placed { at: reading.wall, within_ms: None, basis: TimeBasis::WallOnly };
        let Some(at) = Self::find(&self.stretches, reading) else { return alone };
        let Some(own) = self.stretches.get(at) else { return alone };
        let found = own.bounds(x).map(|bounds| (bounds, TimeBasis::Synced));
        let found = found.or_else(|| self.bridged(at, x).map(|bounds| (bounds, TimeBasis::Bridged)));
        let found = found.or_else(|| self.other_run(at, x).map(|bounds| (bounds, TimeBasis::OtherRun)));
        let Some(((lo, hi), basis)) = found else { return alone };
        // Half a millisecond is lost when clocks are read in whole ones.
        let within_ms = Some((hi - lo).max(0) / 2000 + 1);
        // Between clocks that are set to the ends of time lie years that cannot be written.
        let at = Instant::from_micros(x.saturating_add(lo.midpoint(hi)));
        let at = at.filter(|at| is_written_year(at.utc().year()));
        at.map_or(alone, |at| Placed { at, within_ms, basis })
    }

    /// The last stretch before `at` and the first after it that exchanged with the server.
    fn beside(&self, at: usize, same_run: bool) -> (Option<&Stretch>, Option<&Stretch>) {
        let run = self.stretches.get(at).map(|own| own.run);
        let fits = |one: &&Stretch| !one.marks.is_empty() && (Some(one.run) == run) == same_run;
        let before = self.stretches.iter().take(at).rfind(fits);
        (before, self.stretches.iter().skip(at + 1).find(fits))
    }

    /// The bounds in a stretch without exchanges, from those of the same run around it.
    fn bridged(&self, at: usize, x: i64) -> Option<(i64, i64)> {
        let own = self.stretches.get(at)?;
        let (before, after) = self.beside(at, true);
        if let (Some(before), Some(after)) = (before, after) {
            // What both sides agree on went on through everything between them: the counting clocks, or the faces.
            let counting = (before.bounds(x)?, after.bounds(x)?);
            if overlap(counting.0, counting.1) {
                return agreed(&[counting.0, counting.1]).map(|(lo, hi, _)| (lo, hi));
            }
            let face = (before.by_face(own, x, true)?, after.by_face(own, x, false)?);
            if overlap(face.0, face.1) {
                return agreed(&[face.0, face.1]).map(|(lo, hi, _)| (lo, hi));
            }
        }
        let (near, later) = before.map(|one| (one, true)).or(after.map(|one| (one, false)))?;
        let (counting, face) = (near.bounds(x)?, near.by_face(own, x, later)?);
        // A counting clock never leaps ahead: where the face fell back, it was set.
        let (first, next) = if later { (near, own) } else { (own, near) };
        if next.face_first < first.face_last {
            return Some(counting);
        }
        // Either may be true: the face was set forward, or the counting clock rested.
        Some((counting.0.min(face.0), counting.1.max(face.1)))
    }

    /// The bounds from another run of the stopwatch: only the clock on the face goes on from one to the next.
    fn other_run(&self, at: usize, x: i64) -> Option<(i64, i64)> {
        let own = self.stretches.get(at)?;
        let (before, after) = self.beside(at, false);
        let (near, later) = before.map(|one| (one, true)).or(after.map(|one| (one, false)))?;
        let edge = if later { near.to } else { near.from };
        let face = if later { near.face_last } else { near.face_first };
        let (lo, hi) = near.bounds(edge)?;
        let ahead = own.face_first - face;
        let between = drifted((x + ahead - edge).abs(), DRIFT);
        Some((lo + ahead - between, hi + ahead + between))
    }
}
