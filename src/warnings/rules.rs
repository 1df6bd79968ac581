//! What makes a warning sound, and what is late: acknowledgements and periodic reports. Pure.

use super::act::{WarningAction, WarningStep};
use super::model::{Warning, WarningAcknowledgement, WarningEnd};
use super::relay::WarningForm;
use super::report::WarningReportForm;
use crate::db::Instant;
use crate::evidence::rules::check_each;
use crate::fields::Fields;
use crate::refusal::{Code, FieldCode, Refusal};
use crate::text_enum;
use chrono::{Datelike, TimeDelta};
use serde_json::json;

/// Longer than this no warning holds.
pub const LONGEST_DAYS: i64 = 30;
const MINUTE: i64 = 60_000_000;

text_enum! {
    /// Whether a warning still holds.
    pub enum WarningState {
        /// Relayed, and not over.
        Running = "running",
        /// Its time went by without an all-clear.
        Expired = "expired",
        /// 解除
        AllClear = "all_clear",
        /// 撤销
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// How a home stands with acknowledging a warning.
    pub enum AckState {
        /// There is still time.
        Waiting = "waiting",
        /// The time is over, and it has not acknowledged it.
        Overdue = "overdue",
        OnTime = "on_time",
        Late = "late",
    }
}

/// Checks a warning that is to be relayed now.
pub fn check(form: &WarningForm, now: Instant) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.line("/source", &form.source, 1..=100);
    fields.prose("/text", &form.text, 1..=4000);
    fields.check(form.issued_at <= now, "/issued_at", FieldCode::InFuture);
    fields.check(form.issued_at.utc().year() >= 2000, "/issued_at", FieldCode::TooEarly);
    let from = form.valid_from.unwrap_or(form.issued_at);
    fields.check(
        form.valid_from.is_none_or(|from| from >= form.issued_at),
        "/valid_from",
        FieldCode::TooEarly,
    );
    // What is over need not be told.
    fields.check(form.valid_to > from.max(now), "/valid_to", FieldCode::TooEarly);
    let longest = TimeDelta::days(LONGEST_DAYS);
    fields.check(form.valid_to <= from.plus(longest), "/valid_to", FieldCode::TooLate);
    fields.check(form.valid_to <= now.plus(longest + longest), "/valid_to", FieldCode::TooLate);
    fields.number("/report_every_minutes", &form.report_every_minutes.unwrap_or(60), 10..=1440);
    fields.finish()
}

pub fn check_acknowledgement(form: &WarningAcknowledgement) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.line("/by", &form.by, 1..=60);
    fields.optional_prose("/measures", form.measures.as_deref(), 1000);
    fields.finish()
}

pub fn check_report(form: &WarningReportForm) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.number("/moved", &form.moved.unwrap_or(0), 0..=100_000);
    fields.optional_prose("/needs", form.needs.as_deref(), 1000);
    fields.optional_prose("/text", form.text.as_deref(), 2000);
    fields.check(form.evidence.len() <= 20, "/evidence", FieldCode::TooMany);
    check_each(&mut fields, "/evidence", &form.evidence);
    fields.finish()
}

pub fn state(of: &Warning, now: Instant) -> WarningState {
    match of.ended_how {
        Some(WarningEnd::AllClear) => WarningState::AllClear,
        Some(WarningEnd::Cancelled) => WarningState::Cancelled,
        None if now > of.valid_to => WarningState::Expired,
        None => WarningState::Running,
    }
}

/// Whether this step may be taken now: by whom is decided before.
pub fn may(of: &Warning, form: &WarningAction) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.optional_prose("/reason", form.reason.as_deref(), 500);
    let told = form.kind == WarningStep::AllClear || form.reason.is_some();
    fields.check(told, "/reason", FieldCode::Required);
    fields.finish()?;
    match of.ended_how {
        None => Ok(()),
        Some(how) => {
            let current = json!({ "ended_how": how, "version": of.version });
            Err(Refusal::new(Code::StepNotAllowed).current(current))
        }
    }
}

fn minutes(count: i32) -> i64 {
    i64::from(count).saturating_mul(MINUTE)
}

fn after(at: Instant, micros: i64) -> Instant {
    at.plus(TimeDelta::microseconds(micros))
}

/// Until when an acknowledgement is in time.
pub fn acknowledge_by(of: &Warning) -> Instant {
    after(of.relayed_at, minutes(of.acknowledge_within_minutes))
}

/// When it ended, or will end if nobody ends it before.
fn end(of: &Warning) -> Instant {
    of.valid_to.min(of.ended_at.unwrap_or(of.valid_to))
}

/// How a home stands that acknowledged it `at`. Nothing is expected of what was over before the time was, nor of what
/// should not have been relayed.
pub fn acknowledgement(of: &Warning, at: Option<Instant>, now: Instant) -> AckState {
    let by = acknowledge_by(of);
    match at {
        Some(at) if at <= by => AckState::OnTime,
        Some(_) => AckState::Late,
        None if of.ended_how == Some(WarningEnd::Cancelled) || now.min(end(of)) <= by => AckState::Waiting,
        None => AckState::Overdue,
    }
}

/// How a home stands with its periodic reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportStanding {
    /// Until when the next one is in time; none is expected when absent.
    pub due_at: Option<Instant>,
    /// The one that is due is late.
    pub overdue: bool,
    /// Periods that went by without one.
    pub missed: u32,
}

/// The periods in which reports are expected: `every` so many microseconds from `start` on, `whole` of them.
struct Periods {
    every: i64,
    start: i64,
    end: i64,
    whole: i64,
}

impl Periods {
    fn of(warning: &Warning) -> Option<Self> {
        let every = warning.report_every_minutes.map(minutes).filter(|every| *every > 0)?;
        if warning.ended_how == Some(WarningEnd::Cancelled) {
            return None;
        }
        let start = warning.relayed_at.max(warning.valid_from).micros();
        let end = end(warning).micros();
        Some(Self { every, start, end, whole: (end - start).max(0) / every })
    }

    /// Whoever reports exactly when it is due reports for the period that ends then.
    fn of_moment(&self, at: i64) -> i64 {
        (at - self.start).max(1).saturating_sub(1) / self.every
    }

    /// So many are over.
    fn gone(&self, now: Instant) -> i64 {
        ((now.micros() - self.start - 1).max(0) / self.every).min(self.whole)
    }
}

/// The moment after which a home must have reported not to be late now; `None` while nobody can be late.
pub fn late_unless_after(of: &Warning, now: Instant) -> Option<Instant> {
    let periods = Periods::of(of)?;
    let gone = periods.gone(now);
    if gone == 0 || now.micros() > periods.end {
        return None;
    }
    // What was told before the first period began counts for it.
    let begin =
        if gone == 1 { of.relayed_at.micros() - 1 } else { periods.start + (gone - 1) * periods.every };
    Instant::from_micros(begin)
}

/// One report is expected in each period, from when the warning is relayed and holds until it is over. A period that
/// the end cuts short expects none.
pub fn reports(of: &Warning, reported: &[Instant], now: Instant) -> ReportStanding {
    let Some(periods) = Periods::of(of) else { return ReportStanding::default() };
    let Periods { every, start, end, whole } = periods;
    let reported: std::collections::BTreeSet<i64> =
        reported.iter().map(|at| periods.of_moment(at.micros())).collect();
    let gone = periods.gone(now);
    let filled = reported.iter().filter(|of| **of < gone).count();
    let missed =
        u32::try_from(gone).unwrap_or(u32::MAX).saturating_sub(u32::try_from(filled).unwrap_or(u32::MAX));
    let last_is_missing = gone > 0 && !reported.contains(&(gone - 1));
    let over = now.micros() > end;
    let since = reported.iter().next_back().copied();
    // Late until anything is told again.
    let overdue = last_is_missing && !over && since.is_none_or(|last| last < gone);
    let next = if overdue { gone - 1 } else { since.map_or(gone, |last| gone.max(last + 1)) };
    let due = (!over && next < whole).then(|| Instant::from_micros(start + (next + 1) * every)).flatten();
    ReportStanding { due_at: due, overdue, missed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AreaColumns;
    use crate::ids::{AreaId, UserId, WarningId};
    use crate::warnings::model::{WarningKind, WarningLevel};

    fn at(minute: i64) -> Instant {
        Instant::from_micros(minute * MINUTE).unwrap()
    }

    fn warning() -> Warning {
        let area = AreaId::fresh();
        Warning {
            id: WarningId::fresh(),
            area_id: area,
            place: AreaColumns::root(area),
            source: "市气象台".into(),
            kind: WarningKind::Rainstorm,
            level: WarningLevel::Orange,
            text: "暴雨橙色预警".into(),
            issued_at: at(0),
            valid_from: at(0),
            valid_to: at(330),
            report_every_minutes: Some(60),
            acknowledge_within_minutes: 30,
            relayed_at: at(0),
            relayed_by: UserId::fresh(),
            ended_how: None,
            ended_at: None,
            end_reason: None,
            digest: String::new(),
            version: 1,
        }
    }

    #[test]
    fn thirty_minutes_are_in_time_and_a_moment_more_is_late() {
        let of = warning();
        let late = after(at(30), 1);
        assert_eq!(acknowledgement(&of, Some(at(30)), at(99)), AckState::OnTime);
        assert_eq!(acknowledgement(&of, Some(late), at(99)), AckState::Late);
        assert_eq!(acknowledgement(&of, None, at(30)), AckState::Waiting);
        assert_eq!(acknowledgement(&of, None, late), AckState::Overdue);
        let over = Warning { ended_how: Some(WarningEnd::AllClear), ended_at: Some(at(20)), ..of };
        assert_eq!(
            acknowledgement(&over, None, at(99)),
            AckState::Waiting,
            "it was over before the time was"
        );
        let expired = Warning { valid_to: at(20), ..warning() };
        assert_eq!(acknowledgement(&expired, None, at(99)), AckState::Waiting, "nobody had to end it");
        let both = Warning { valid_to: at(30), ..warning() };
        assert_eq!(acknowledgement(&both, None, at(99)), AckState::Waiting, "both at once");
        let longer = Warning { valid_to: late, ..warning() };
        assert_eq!(acknowledgement(&longer, None, at(99)), AckState::Overdue);
        assert_eq!(acknowledgement(&expired, Some(late), at(99)), AckState::Late, "what was said stays late");
        let cancelled =
            Warning { ended_how: Some(WarningEnd::Cancelled), ended_at: Some(at(60)), ..warning() };
        assert_eq!(acknowledgement(&cancelled, None, at(99)), AckState::Waiting, "it should not have come");
    }

    #[test]
    fn one_report_is_expected_in_each_whole_period() {
        let of = warning();
        let stands = |reported: &[i64], now: Instant| {
            let reported: Vec<Instant> = reported.iter().map(|minute| at(*minute)).collect();
            let told = reports(&of, &reported, now);
            (told.due_at.map(|at| at.micros() / MINUTE), told.overdue, told.missed)
        };
        assert_eq!(stands(&[], at(0)), (Some(60), false, 0));
        assert_eq!(stands(&[], at(60)), (Some(60), false, 0), "exactly then is in time");
        assert_eq!(stands(&[], after(at(60), 1)), (Some(60), true, 1));
        assert_eq!(stands(&[60], after(at(60), 1)), (Some(120), false, 0));
        assert_eq!(stands(&[61], at(61)), (Some(180), false, 1), "late, and then the next");
        assert_eq!(stands(&[10, 20, 50], at(55)), (Some(120), false, 0));
        assert_eq!(stands(&[10], at(200)), (Some(180), true, 2));
        assert_eq!(
            stands(&[10, 70, 130, 190, 250], at(301)),
            (None, false, 0),
            "the last half hour is cut short"
        );
        assert_eq!(stands(&[], at(331)), (None, false, 5), "over: nothing is due, and what was missed stays");
        let cancelled =
            Warning { ended_how: Some(WarningEnd::Cancelled), ended_at: Some(at(70)), ..warning() };
        assert_eq!(reports(&cancelled, &[], at(100)), ReportStanding::default());
        let without = Warning { report_every_minutes: None, ..warning() };
        assert_eq!(reports(&without, &[], at(100)), ReportStanding::default());
    }
    /// Lists count by one moment what a home's own page finds from all its reports.
    #[test]
    fn a_home_is_late_exactly_when_it_reported_nothing_after_one_moment() {
        let later = Warning { relayed_at: at(-45), valid_from: at(5), valid_to: at(250), ..warning() };
        let cleared = Warning { ended_how: Some(WarningEnd::AllClear), ended_at: Some(at(130)), ..warning() };
        let mut late = 0;
        for of in [warning(), later, cleared] {
            for now in (0..=340).step_by(5).flat_map(|minute| [at(minute), after(at(minute), 1)]) {
                for reported in
                    (-45..=330).step_by(15).map(at).filter(|told| *told <= now && *told >= of.relayed_at)
                {
                    for told in [vec![], vec![reported], vec![of.relayed_at, reported]] {
                        let counted = late_unless_after(&of, now)
                            .is_some_and(|moment| told.iter().all(|one| *one <= moment));
                        assert_eq!(reports(&of, &told, now).overdue, counted, "{told:?} at {now:?}");
                        late += u32::from(counted);
                    }
                }
            }
        }
        assert!(late > 100, "{late}");
    }
}
