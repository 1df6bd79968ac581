//! The life of one hazard, told step by step: each step finds its own believable moment after the last.

use super::calendar::{Calendar, office_day_from};
use super::chance::{Dice, id};
use super::deeds::{Deed, What};
use super::findings::Finding;
use super::people::Staff;
use super::photos::Shot;
use super::places::{County, Home};
use crate::checklists::PhotoRule;
use crate::db::Instant;
use crate::evidence::EvidenceRole;
use crate::hazards::action::{ActionForm, ActionKind};
use crate::hazards::deadlines::Timetable;
use crate::ids::{ActionId, EvidenceId, HazardId};
use anlao_demo_world::Stage;
use chrono::{NaiveDate, TimeDelta};
use rand::Rng;

/// The evening, in minutes: nothing more is handed in after it.
const EVENING: i64 = 21 * 60 + 40;

/// What every story at one home has in common.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub calendar: Calendar,
    pub rules: Timetable<'a>,
    pub home: &'a Home,
    pub county: &'a County,
    pub staff: &'a Staff,
}

pub struct Story<'a> {
    pub scene: Scene<'a>,
    pub chance: Dice,
    pub finding: Finding,
    pub hazard: HazardId,
    /// When the last step was taken.
    pub clock: Instant,
    /// The deadline as the rules have set it so far.
    pub deadline: NaiveDate,
    pub inspector: usize,
    pub manager: usize,
    pub self_found: bool,
    pub deeds: Vec<Deed>,
    picture: u64,
    fixes: u32,
}

impl<'a> Story<'a> {
    /// A hazard found at this moment by the inspector of that visit, or by the home itself.
    pub fn begin(
        scene: Scene<'a>,
        mut chance: Dice,
        finding: Finding,
        found_at: Instant,
        visit: usize,
    ) -> Self {
        let hazard = HazardId(id(&mut chance, found_at));
        let found_on = scene.calendar.date(found_at);
        let deadline = found_on + TimeDelta::days(finding.item.days.into());
        Self {
            inspector: scene.staff.inspector(visit),
            manager: scene.staff.manager(),
            picture: chance.random(),
            scene,
            chance,
            finding,
            hazard,
            clock: found_at,
            deadline,
            self_found: false,
            deeds: Vec::new(),
            fixes: 0,
        }
    }

    pub fn today(&self) -> NaiveDate {
        self.scene.calendar.date(self.clock)
    }

    /// A while later the same day; after the evening, early the next day.
    pub fn soon(&mut self, minutes: std::ops::Range<i64>) -> Instant {
        let calendar = self.scene.calendar;
        let later = self
            .clock
            .plus(TimeDelta::seconds(self.chance.random_range(minutes.start * 60..minutes.end * 60)));
        let same_day = calendar.date(later) == self.today() && calendar.minutes(later) < EVENING;
        if same_day || self.is_late_already() {
            return later;
        }
        calendar
            .at(self.today() + TimeDelta::days(1), 450)
            .plus(TimeDelta::seconds(self.chance.random_range(0..5400)))
    }

    /// Late steps of a late evening simply follow each other.
    fn is_late_already(&self) -> bool {
        self.scene.calendar.minutes(self.clock) >= EVENING
    }

    /// Some time of that day at the home, which works every day.
    pub fn at_home_on(&mut self, day: NaiveDate) -> Instant {
        let start = self.scene.calendar.at(day, 8 * 60);
        let time = start.plus(TimeDelta::seconds(self.chance.random_range(0..41_000)));
        if time > self.clock { time } else { self.soon(20..70) }
    }

    /// Some time at the office, that day or the next working day.
    pub fn at_office_from(&mut self, day: NaiveDate) -> Instant {
        let wanted = day.max(self.today());
        let open = office_day_from(wanted);
        // What waited over a weekend is spread over the days after it.
        let spread = if open > wanted { self.chance.random_range(0..=2) } else { 0 };
        let open = office_day_from(open + TimeDelta::days(spread));
        let morning = self.chance.random_bool(0.6);
        let (start, length) = if morning { (9 * 60, 9_600) } else { (14 * 60, 11_400) };
        let seconds = TimeDelta::seconds(self.chance.random_range(0..length));
        let time = self.scene.calendar.at(open, start).plus(seconds);
        if time > self.clock {
            return time;
        }
        let next = office_day_from(open + TimeDelta::days(1));
        self.scene.calendar.at(next, start).plus(seconds)
    }

    /// Some time at the office, so many days later.
    pub fn at_office_after(&mut self, days: std::ops::RangeInclusive<i64>) -> Instant {
        let days = TimeDelta::days(self.chance.random_range(days));
        self.at_office_from(self.today() + days)
    }

    /// Adds a step that somebody takes at that moment.
    pub fn step(&mut self, at: Instant, who: usize, form: ActionForm, shots: Vec<Shot>) {
        let action = ActionId(id(&mut self.chance, at));
        let what = What::Step { hazard: self.hazard, action, form: Box::new(form) };
        self.deeds.push(Deed { at, who, what, shots });
        self.clock = at;
    }

    /// A step with a reason.
    pub fn reasoned(&mut self, at: Instant, who: usize, kind: ActionKind, reason: String) {
        let form = ActionForm { reason: Some(reason), ..ActionForm::of(kind) };
        self.step(at, who, form, Vec::new());
    }

    /// A picture taken shortly before `at`. Pictures of one hazard show one place, seen again.
    pub fn shot(&mut self, at: Instant, stage: Stage, role: EvidenceRole, place: u64) -> Shot {
        let taken_at = at.plus(-TimeDelta::seconds(self.chance.random_range(40..240)));
        let local = taken_at.utc().with_timezone(&self.scene.calendar.zone);
        // A second picture of the same stage differs by its stamp.
        let stamped = self.fixes > 1 || self.chance.random_bool(0.6);
        let stamp = if stamped { local.format("%Y-%m-%d %H:%M").to_string() } else { String::new() };
        Shot {
            id: EvidenceId(id(&mut self.chance, taken_at)),
            seed: self.picture.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            item: self.finding.text.checklist_item,
            stage,
            stamp,
            role,
            taken_at,
            arrives: true,
        }
    }

    /// The pictures of the finding itself.
    pub fn before_shots(&mut self, at: Instant) -> Vec<Shot> {
        let count = match self.finding.item.photo {
            PhotoRule::BeforeAfter => 1 + u64::from(self.chance.random_bool(0.06)),
            PhotoRule::One | PhotoRule::Document => u64::from(self.chance.random_bool(0.2)),
            PhotoRule::None => 0,
        };
        (0..count).map(|place| self.shot(at, Stage::Before, EvidenceRole::Before, place)).collect()
    }

    /// The pictures that show that it was put right.
    pub fn after_shots(&mut self, at: Instant) -> Vec<Shot> {
        self.fixes += 1;
        let mut shots = match self.finding.item.photo {
            PhotoRule::BeforeAfter | PhotoRule::One => {
                vec![self.shot(at, Stage::After, EvidenceRole::After, 0)]
            }
            PhotoRule::Document => vec![self.shot(at, Stage::After, EvidenceRole::Document, 0)],
            PhotoRule::None => Vec::new(),
        };
        if self.finding.item.also_document {
            shots.push(self.shot(at, Stage::After, EvidenceRole::Document, 3));
        }
        shots
    }
}
