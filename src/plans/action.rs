//! The steps of a plan as they are sent, and parsed: a step that exists is complete. Pure.

use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::staff::Person;
use crate::staff::rules::check_person;
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What can be done with a plan.
    pub enum PlanStep {
        /// 批准: what it says is fixed from now on.
        Approve = "approve",
        /// 实施: from a day on; the one before ends with it.
        PutInForce = "put_in_force",
        /// 备案 with the county's department.
        File = "file",
        /// 公布 to the staff.
        Publish = "publish",
        /// 复审: found right without a change.
        Review = "review",
        /// 废弃 of what has never been in force.
        Discard = "discard",
    }
}

/// A step: `kind` says which of the other fields belong to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "approve", "expected_version": 2, "on": "2026-03-02", "by": {"name": "李强"}, "post": "院长"}))]
pub struct PlanAction {
    pub kind: PlanStep,
    /// The version the caller saw; a step on something newer is refused.
    #[serde(skip_serializing)]
    pub expected_version: Option<i64>,
    /// The day it was done on, today or earlier; needed for all but discard.
    pub on: Option<NaiveDate>,
    /// approve, review: who did it.
    pub by: Option<Person>,
    /// approve: what they are.
    #[schema(min_length = 1, max_length = 60)]
    pub post: Option<String>,
    /// file: with which department.
    #[schema(min_length = 1, max_length = 100)]
    pub department: Option<String>,
    /// file: the number of the receipt.
    #[schema(min_length = 1, max_length = 60)]
    pub number: Option<String>,
    /// publish: in which way.
    #[schema(min_length = 1, max_length = 200)]
    pub how: Option<String>,
    /// approve, review: what there is to say.
    #[schema(min_length = 1, max_length = 500)]
    pub note: Option<String>,
    /// discard: why.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
}

/// A complete step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Approve { on: NaiveDate, by: Person, post: String, note: Option<String> },
    PutInForce { on: NaiveDate },
    File { on: NaiveDate, department: String, number: Option<String> },
    Publish { on: NaiveDate, how: String },
    Review { on: NaiveDate, by: Person, note: Option<String> },
    Discard { reason: String },
}

impl Step {
    /// The day it was done on.
    pub fn on(&self) -> Option<NaiveDate> {
        match self {
            Self::Approve { on, .. }
            | Self::PutInForce { on }
            | Self::File { on, .. }
            | Self::Publish { on, .. }
            | Self::Review { on, .. } => Some(*on),
            Self::Discard { .. } => None,
        }
    }
}

/// The fields of a form and whether a kind uses (`false`) or needs (`true`) them.
fn uses(kind: PlanStep) -> &'static [(&'static str, bool)] {
    use PlanStep as K;
    match kind {
        K::Approve => &[("on", true), ("by", true), ("post", true), ("note", false)],
        K::PutInForce => &[("on", true)],
        K::File => &[("on", true), ("department", true), ("number", false)],
        K::Publish => &[("on", true), ("how", true)],
        K::Review => &[("on", true), ("by", true), ("note", false)],
        K::Discard => &[("reason", true)],
    }
}

impl PlanAction {
    /// A form with nothing but its kind.
    pub fn of(kind: PlanStep) -> Self {
        Self {
            kind,
            expected_version: None,
            on: None,
            by: None,
            post: None,
            department: None,
            number: None,
            how: None,
            note: None,
            reason: None,
        }
    }

    fn given(&self) -> [(&'static str, bool); 8] {
        [
            ("on", self.on.is_some()),
            ("by", self.by.is_some()),
            ("post", self.post.is_some()),
            ("department", self.department.is_some()),
            ("number", self.number.is_some()),
            ("how", self.how.is_some()),
            ("note", self.note.is_some()),
            ("reason", self.reason.is_some()),
        ]
    }

    /// The complete step, or every field that is wrong, missing or does not belong to it.
    pub fn parse(&self) -> Result<Step, Refusal> {
        let mut fields = Fields::new();
        fields.belonging(uses(self.kind), &self.given());
        if let Some(by) = &self.by {
            check_person(&mut fields, "/by", by);
        }
        fields.optional_line("/post", self.post.as_deref(), 60);
        fields.optional_line("/department", self.department.as_deref(), 100);
        fields.optional_line("/number", self.number.as_deref(), 60);
        fields.optional_line("/how", self.how.as_deref(), 200);
        fields.optional_prose("/note", self.note.as_deref(), 500);
        fields.optional_prose("/reason", self.reason.as_deref(), 500);
        fields.finish()?;
        Ok(self.step())
    }

    /// Builds the step; `parse` has made sure that what it needs is there.
    fn step(&self) -> Step {
        use PlanStep as K;
        let form = self.clone();
        let on = form.on.unwrap_or_default();
        let by = form.by.unwrap_or(Person { staff_id: None, name: String::new() });
        match form.kind {
            K::Approve => Step::Approve { on, by, post: form.post.unwrap_or_default(), note: form.note },
            K::PutInForce => Step::PutInForce { on },
            K::File => {
                Step::File { on, department: form.department.unwrap_or_default(), number: form.number }
            }
            K::Publish => Step::Publish { on, how: form.how.unwrap_or_default() },
            K::Review => Step::Review { on, by, note: form.note },
            K::Discard => Step::Discard { reason: form.reason.unwrap_or_default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::FieldCode;

    /// For each kind: what it needs when nothing is given, and what is too much when everything is.
    #[test]
    fn a_step_needs_its_own_fields_and_takes_no_others() {
        use PlanStep as K;
        let table: [(K, &[&str], &[&str]); 6] = [
            (K::Approve, &["/on", "/by", "/post"], &["/department", "/number", "/how", "/reason"]),
            (
                K::PutInForce,
                &["/on"],
                &["/by", "/post", "/department", "/number", "/how", "/note", "/reason"],
            ),
            (K::File, &["/on", "/department"], &["/by", "/post", "/how", "/note", "/reason"]),
            (K::Publish, &["/on", "/how"], &["/by", "/post", "/department", "/number", "/note", "/reason"]),
            (K::Review, &["/on", "/by"], &["/post", "/department", "/number", "/how", "/reason"]),
            (K::Discard, &["/reason"], &["/on", "/by", "/post", "/department", "/number", "/how", "/note"]),
        ];
        let faults = |form: &PlanAction, code| -> Vec<String> {
            let faults = form.parse().unwrap_err().fields.into_iter();
            faults.filter(|fault| fault.code == code).map(|fault| fault.pointer).collect()
        };
        let text = || Some("一".to_owned());
        for (kind, needed, foreign) in table {
            assert_eq!(faults(&PlanAction::of(kind), FieldCode::Required), needed, "{kind}");
            let all = PlanAction {
                kind,
                expected_version: None,
                on: Some(NaiveDate::default()),
                by: Some(Person { staff_id: None, name: "李强".into() }),
                post: text(),
                department: text(),
                number: text(),
                how: text(),
                note: text(),
                reason: text(),
            };
            assert_eq!(faults(&all, FieldCode::NotAllowedHere), foreign, "{kind}");
        }
    }
}
