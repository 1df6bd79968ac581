//! The course of a drill, from the alarm to the head count: in order, and how long each stretch took. Pure.

use crate::db::Instant;
use crate::fields::Fields;
use crate::refusal::FieldCode;
use crate::text_enum;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// The moments that are timed, in the order in which they come.
    pub enum Milestone {
        /// t0 报警
        Alarm = "alarm",
        /// t1 首次处置: somebody does something about it.
        FirstAction = "first_action",
        /// t2 拨打119
        EmergencyCall = "emergency_call",
        /// t3 微型消防站到场
        MicroStation = "micro_station",
        /// t4 开始疏散
        EvacuationBegan = "evacuation_began",
        /// t5 最后一人到达安全区
        LastOut = "last_out",
        /// t6 清点完毕
        HeadCount = "head_count",
    }
}

/// No drill and no event is timed for longer.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);

/// When what happened. The alarm begins it; of the rest, what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "alarm_at": "2026-03-09T18:10:00Z", "first_action_at": "2026-03-09T18:10:40Z", "emergency_call_at": "2026-03-09T18:11:05Z",
    "micro_station_at": "2026-03-09T18:12:10Z", "evacuation_began_at": "2026-03-09T18:12:30Z", "last_out_at": "2026-03-09T18:21:00Z",
    "head_count_at": "2026-03-09T18:23:20Z"
}))]
pub struct Timeline {
    /// t0
    pub alarm_at: Instant,
    /// t1: the first that somebody did.
    #[serde(default)]
    pub first_action_at: Option<Instant>,
    /// t2: 119 called, or the call was simulated.
    #[serde(default)]
    pub emergency_call_at: Option<Instant>,
    /// t3: the micro fire station (微型消防站) on the spot.
    #[serde(default)]
    pub micro_station_at: Option<Instant>,
    /// t4
    #[serde(default)]
    pub evacuation_began_at: Option<Instant>,
    /// t5: the last person out, or at the refuge.
    #[serde(default)]
    pub last_out_at: Option<Instant>,
    /// t6
    #[serde(default)]
    pub head_count_at: Option<Instant>,
}

impl Timeline {
    /// Nothing but the alarm.
    pub fn beginning(alarm_at: Instant) -> Self {
        Self {
            alarm_at,
            first_action_at: None,
            emergency_call_at: None,
            micro_station_at: None,
            evacuation_began_at: None,
            last_out_at: None,
            head_count_at: None,
        }
    }

    /// When it came to this.
    pub fn at(&self, milestone: Milestone) -> Option<Instant> {
        match milestone {
            Milestone::Alarm => Some(self.alarm_at),
            Milestone::FirstAction => self.first_action_at,
            Milestone::EmergencyCall => self.emergency_call_at,
            Milestone::MicroStation => self.micro_station_at,
            Milestone::EvacuationBegan => self.evacuation_began_at,
            Milestone::LastOut => self.last_out_at,
            Milestone::HeadCount => self.head_count_at,
        }
    }

    /// Each of what is known is not before what comes before it, and none is later than `latest`.
    pub fn check(&self, fields: &mut Fields, place: &str, latest: Instant) {
        let mut before = self.alarm_at;
        for milestone in Milestone::ALL.iter().copied() {
            let Some(at) = self.at(milestone) else { continue };
            let pointer = format!("{place}/{milestone}_at");
            if at < before {
                fields.fault(pointer, FieldCode::TooEarly);
            } else if at > latest {
                fields.fault(pointer, FieldCode::InFuture);
            } else if at > self.alarm_at.plus(LONGEST) {
                fields.fault(pointer, FieldCode::TooLate);
            } else {
                before = at;
            }
        }
    }

    pub fn durations(&self) -> Durations {
        let seconds = |from: Option<Instant>, to: Option<Instant>| {
            Some(to?.utc().signed_duration_since(from?.utc()).num_seconds())
        };
        let alarm = Some(self.alarm_at);
        Durations {
            alarm_to_first_action: seconds(alarm, self.first_action_at),
            alarm_to_emergency_call: seconds(alarm, self.emergency_call_at),
            alarm_to_micro_station: seconds(alarm, self.micro_station_at),
            evacuation: seconds(self.evacuation_began_at, self.last_out_at),
            total_evacuation: seconds(alarm, self.last_out_at),
            alarm_to_head_count: seconds(alarm, self.head_count_at),
        }
    }
}

/// How long it took, in whole seconds; what was not seen is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Durations {
    /// The first reaction: what Longhua lacked.
    pub alarm_to_first_action: Option<i64>,
    pub alarm_to_emergency_call: Option<i64>,
    /// Held against the "3 minutes to the scene" of the micro fire station.
    pub alarm_to_micro_station: Option<i64>,
    /// From its beginning to the last person out.
    pub evacuation: Option<i64>,
    /// From the alarm to the last person out.
    pub total_evacuation: Option<i64>,
    pub alarm_to_head_count: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(1_772_000_000_000_000 + seconds * 1_000_000).unwrap()
    }

    fn of(seconds: [Option<i64>; 6]) -> Timeline {
        let [first, call, station, began, out, count] = seconds.map(|one| one.map(at));
        Timeline {
            first_action_at: first,
            emergency_call_at: call,
            micro_station_at: station,
            evacuation_began_at: began,
            last_out_at: out,
            head_count_at: count,
            ..Timeline::beginning(at(0))
        }
    }

    fn faults(timeline: &Timeline, latest: i64) -> Vec<(String, FieldCode)> {
        let mut fields = Fields::new();
        timeline.check(&mut fields, "/timeline", at(latest));
        let refused = fields.finish().err().map(|refusal| refusal.fields).unwrap_or_default();
        refused.into_iter().map(|one| (one.pointer, one.code)).collect()
    }

    /// The six moments after the alarm, in seconds, and what is wrong with them.
    type Case<'a> = ([Option<i64>; 6], &'a [(&'a str, FieldCode)]);

    #[test]
    fn what_comes_later_is_not_earlier() {
        use FieldCode::{InFuture, TooEarly, TooLate};
        let day = 24 * 3600;
        let table: [Case<'_>; 8] = [
            ([None; 6], &[]),
            ([Some(40), Some(65), Some(130), Some(150), Some(660), Some(800)], &[]),
            ([Some(0); 6], &[]),
            ([Some(-1), None, None, None, None, None], &[("first_action_at", TooEarly)]),
            // Each is held against the last good one, so that one slip is told once.
            (
                [Some(60), Some(30), None, Some(45), Some(70), None],
                &[("emergency_call_at", TooEarly), ("evacuation_began_at", TooEarly)],
            ),
            (
                [None, None, None, Some(100), Some(90), Some(95)],
                &[("last_out_at", TooEarly), ("head_count_at", TooEarly)],
            ),
            ([None, None, None, None, None, Some(day + 1)], &[("head_count_at", TooLate)]),
            ([None, None, None, None, None, Some(2 * day + 1)], &[("head_count_at", InFuture)]),
        ];
        for (seconds, expected) in table {
            let expected: Vec<(String, FieldCode)> =
                expected.iter().map(|(name, code)| (format!("/timeline/{name}"), *code)).collect();
            assert_eq!(faults(&of(seconds), 2 * day), expected, "{seconds:?}");
        }
        assert_eq!(faults(&of([None; 6]), -1), [("/timeline/alarm_at".to_owned(), InFuture)]);
    }

    #[test]
    fn how_long_it_took() {
        let whole = of([Some(40), Some(65), Some(130), Some(150), Some(660), Some(800)]).durations();
        let expected = Durations {
            alarm_to_first_action: Some(40),
            alarm_to_emergency_call: Some(65),
            alarm_to_micro_station: Some(130),
            evacuation: Some(510),
            total_evacuation: Some(660),
            alarm_to_head_count: Some(800),
        };
        assert_eq!(whole, expected);
        let little = of([None, None, None, None, Some(660), None]).durations();
        assert_eq!((little.evacuation, little.total_evacuation), (None, Some(660)));
    }

    proptest! {
        /// A timeline is taken exactly when what is known of it is sorted.
        #[test]
        fn taken_exactly_when_sorted(seconds in proptest::array::uniform6(proptest::option::of(-5_i64..5))) {
            let known: Vec<i64> = std::iter::once(0).chain(seconds.into_iter().flatten()).collect();
            prop_assert_eq!(faults(&of(seconds), 100).is_empty(), known.is_sorted());
        }
    }
}
