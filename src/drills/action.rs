//! The steps of a drill as they are sent, and parsed: a step that exists is complete. Pure.

use crate::db::Instant;
use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What can be done with a drill beside recording and evaluating it.
    pub enum DrillStep {
        /// It begins: what was sealed is told.
        Start = "start",
        /// Moves its window, with a reason.
        Postpone = "postpone",
        /// Gives it up, with a reason.
        Cancel = "cancel",
        /// Says that the department was told.
        Report = "report",
    }
}

/// A step: `kind` says which of the other fields belong to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "postpone", "expected_version": 1, "reason": "暴雨预警", "window_from": "2026-03-16T15:00:00Z", "window_to": "2026-03-16T21:00:00Z"}))]
pub struct DrillAction {
    pub kind: DrillStep,
    /// The version the caller saw; a step on something newer is refused.
    #[serde(skip_serializing)]
    pub expected_version: Option<i64>,
    /// start: when it began; now when absent.
    pub at: Option<Instant>,
    /// postpone, cancel: why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
    /// postpone: the new window.
    pub window_from: Option<Instant>,
    pub window_to: Option<Instant>,
    /// postpone: the new exact time. None when absent, and it is sealed as before.
    pub exact_at: Option<Instant>,
    /// report: the day on which the department was told.
    pub reported_on: Option<NaiveDate>,
    /// report: who was told.
    #[schema(min_length = 1, max_length = 60)]
    pub receiver: Option<String>,
}

/// A complete step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Start { at: Option<Instant> },
    Postpone { reason: String, window: (Instant, Instant), exact_at: Option<Instant> },
    Cancel { reason: String },
    Report { on: NaiveDate, receiver: String },
}

/// The fields of a form and whether a kind uses (`false`) or needs (`true`) them.
fn uses(kind: DrillStep) -> &'static [(&'static str, bool)] {
    match kind {
        DrillStep::Start => &[("at", false)],
        DrillStep::Postpone => {
            &[("reason", true), ("window_from", true), ("window_to", true), ("exact_at", false)]
        }
        DrillStep::Cancel => &[("reason", true)],
        DrillStep::Report => &[("reported_on", true), ("receiver", true)],
    }
}

impl DrillAction {
    /// A form with nothing but its kind.
    pub fn of(kind: DrillStep) -> Self {
        Self {
            kind,
            expected_version: None,
            at: None,
            reason: None,
            window_from: None,
            window_to: None,
            exact_at: None,
            reported_on: None,
            receiver: None,
        }
    }

    fn given(&self) -> [(&'static str, bool); 7] {
        [
            ("at", self.at.is_some()),
            ("reason", self.reason.is_some()),
            ("window_from", self.window_from.is_some()),
            ("window_to", self.window_to.is_some()),
            ("exact_at", self.exact_at.is_some()),
            ("reported_on", self.reported_on.is_some()),
            ("receiver", self.receiver.is_some()),
        ]
    }

    /// The complete step, or every field that is wrong, missing or does not belong to it.
    pub fn parse(&self) -> Result<Step, Refusal> {
        let mut fields = Fields::new();
        fields.belonging(uses(self.kind), &self.given());
        fields.optional_prose("/reason", self.reason.as_deref(), 500);
        fields.optional_line("/receiver", self.receiver.as_deref(), 60);
        fields.finish()?;
        // `belonging` has told what is missing.
        self.step().ok_or_else(|| crate::refusal::Code::Invalid.into())
    }

    fn step(&self) -> Option<Step> {
        Some(match self.kind {
            DrillStep::Start => Step::Start { at: self.at },
            DrillStep::Postpone => Step::Postpone {
                reason: self.reason.clone()?,
                window: (self.window_from?, self.window_to?),
                exact_at: self.exact_at,
            },
            DrillStep::Cancel => Step::Cancel { reason: self.reason.clone()? },
            DrillStep::Report => Step::Report { on: self.reported_on?, receiver: self.receiver.clone()? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::FieldCode;

    #[test]
    fn a_step_needs_its_own_fields_and_takes_no_others() {
        let mut form = DrillAction::of(DrillStep::Report);
        form.reason = Some("雨".into());
        let faults = form.parse().unwrap_err().fields;
        let found: Vec<(&str, FieldCode)> = faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect();
        assert_eq!(
            found,
            [
                ("/reason", FieldCode::NotAllowedHere),
                ("/reported_on", FieldCode::Required),
                ("/receiver", FieldCode::Required)
            ]
        );
    }

    #[test]
    fn each_kind_is_parsed_when_it_is_complete() {
        let at = Instant::from_micros(0).unwrap();
        for kind in DrillStep::ALL.iter().copied() {
            let mut form = DrillAction::of(kind);
            for (name, needed) in uses(kind) {
                match *name {
                    _ if !needed => {}
                    "reason" => form.reason = Some("暴雨".into()),
                    "window_from" => form.window_from = Some(at),
                    "window_to" => form.window_to = Some(at),
                    "reported_on" => form.reported_on = NaiveDate::from_ymd_opt(2026, 3, 9),
                    "receiver" => form.receiver = Some("民政局".into()),
                    other => panic!("{other}"),
                }
            }
            assert!(form.parse().is_ok(), "{kind}");
        }
    }
}
