//! The steps a person can take, parsed: a step that exists is complete.

use crate::evidence::DeclaredEvidence;
use crate::fields::Fields;
use crate::ids::EvidenceId;
use crate::refusal::{FieldCode, Refusal};
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What can be done with a hazard.
    pub enum ActionKind {
        /// The institution takes it on.
        Accept = "accept",
        /// The institution hands in the fix.
        Submit = "submit",
        RecheckPass = "recheck_pass",
        RecheckFail = "recheck_fail",
        RequestExtension = "request_extension",
        DecideExtension = "decide_extension",
        JudgeMajor = "judge_major",
        /// 挂牌督办
        List = "list",
        /// 摘牌
        Delist = "delist",
        /// 移送
        Transfer = "transfer",
        Return = "return",
        Comment = "comment",
        /// 误报: asked by one person…
        RequestVoid = "request_void",
        /// …decided by another.
        DecideVoid = "decide_void",
        Reopen = "reopen",
        /// Gives up on a declared photo that can no longer arrive.
        WaiveEvidence = "waive_evidence",
    }
}

/// A step as it is sent: `kind` says which of the other fields belong to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "submit", "expected_version": 2, "measure": "拆除串接插排，改由墙面固定插座供电", "responsible_person": "李强",
    "evidence": [{"id": "0198f000-0000-7000-8000-0000000000e2", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "role": "after", "media_type": "image/jpeg", "size": 182044, "captured_at": "2026-03-02T08:10:00Z"}]
}))]
pub struct ActionForm {
    pub kind: ActionKind,
    /// The version the caller saw; a step on something newer is refused.
    #[serde(skip_serializing)]
    pub expected_version: Option<i64>,
    /// accept, submit: 整改措施.
    #[schema(min_length = 1, max_length = 2000)]
    pub measure: Option<String>,
    /// accept, submit: 责任人.
    #[schema(min_length = 1, max_length = 60)]
    pub responsible_person: Option<String>,
    /// accept, submit: whole yuan.
    #[schema(minimum = 0, maximum = 1000000000)]
    pub funds_yuan: Option<i64>,
    /// accept, submit: 应急预案.
    #[schema(min_length = 1, max_length = 2000)]
    pub contingency_plan: Option<String>,
    /// request_extension: the new date. recheck_fail, judge_major, reopen: a date by hand.
    pub deadline: Option<NaiveDate>,
    /// Why: required for recheck_fail, request_extension, transfer, return, delist, request_void, reopen, waive_evidence.
    #[schema(min_length = 1, max_length = 1000)]
    pub reason: Option<String>,
    /// Free words; the text of a comment.
    #[schema(min_length = 1, max_length = 2000)]
    pub note: Option<String>,
    /// judge_major: the criterion of the rule document in force.
    #[schema(min_length = 1, max_length = 200)]
    pub criterion: Option<String>,
    /// list: the listing body.
    #[schema(min_length = 1, max_length = 100)]
    pub unit: Option<String>,
    /// transfer: who owns it.
    #[schema(min_length = 1, max_length = 100)]
    pub department: Option<String>,
    /// decide_extension, decide_void.
    pub approve: Option<bool>,
    /// waive_evidence: which photo.
    pub evidence_id: Option<EvidenceId>,
    /// Photos that come with the step: accept, submit, recheck_fail, comment, reopen.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub evidence: Vec<DeclaredEvidence>,
}

/// The four of the five parts (五落实) that people state; the fifth is the deadline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub measure: Option<String>,
    pub responsible_person: Option<String>,
    pub funds_yuan: Option<i64>,
    pub contingency_plan: Option<String>,
}

/// A complete step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Accept(Plan),
    Submit(Plan),
    RecheckPass,
    RecheckFail { deadline: Option<NaiveDate> },
    RequestExtension { deadline: NaiveDate, reason: String },
    DecideExtension { approve: bool },
    JudgeMajor { criterion: String, deadline: Option<NaiveDate> },
    List { unit: String },
    Delist,
    Transfer { department: String, reason: String },
    Return,
    Comment,
    RequestVoid { reason: String },
    DecideVoid { approve: bool },
    Reopen { deadline: Option<NaiveDate> },
    WaiveEvidence { evidence: EvidenceId },
}

/// The fields of a form and whether a kind uses (`?`) or needs (`!`) them.
fn uses(kind: ActionKind) -> &'static [(&'static str, bool)] {
    use ActionKind as K;
    match kind {
        K::Accept | K::Submit => &[
            ("measure", false),
            ("responsible_person", false),
            ("funds_yuan", false),
            ("contingency_plan", false),
            ("note", false),
            ("evidence", false),
        ],
        // No photos: what is still on its way would be missing from something closed.
        K::RecheckPass => &[("note", false)],
        K::RecheckFail => &[("reason", true), ("deadline", false), ("note", false), ("evidence", false)],
        K::RequestExtension => &[("deadline", true), ("reason", true), ("note", false)],
        K::DecideExtension | K::DecideVoid => &[("approve", true), ("reason", false), ("note", false)],
        K::JudgeMajor => &[("criterion", true), ("deadline", false), ("note", false)],
        K::List => &[("unit", true), ("note", false)],
        K::Delist | K::Return | K::RequestVoid => &[("reason", true), ("note", false)],
        K::Transfer => &[("department", true), ("reason", true), ("note", false)],
        K::Comment => &[("note", true), ("evidence", false)],
        K::Reopen => &[("reason", true), ("deadline", false), ("note", false), ("evidence", false)],
        K::WaiveEvidence => &[("evidence_id", true), ("reason", true), ("note", false)],
    }
}

impl ActionForm {
    /// A form with nothing but its kind.
    pub fn of(kind: ActionKind) -> Self {
        Self {
            kind,
            expected_version: None,
            measure: None,
            responsible_person: None,
            funds_yuan: None,
            contingency_plan: None,
            deadline: None,
            reason: None,
            note: None,
            criterion: None,
            unit: None,
            department: None,
            approve: None,
            evidence_id: None,
            evidence: Vec::new(),
        }
    }

    fn given(&self) -> [(&'static str, bool); 12] {
        [
            ("measure", self.measure.is_some()),
            ("responsible_person", self.responsible_person.is_some()),
            ("funds_yuan", self.funds_yuan.is_some()),
            ("contingency_plan", self.contingency_plan.is_some()),
            ("deadline", self.deadline.is_some()),
            ("reason", self.reason.is_some()),
            ("note", self.note.is_some()),
            ("criterion", self.criterion.is_some()),
            ("unit", self.unit.is_some()),
            ("department", self.department.is_some()),
            ("approve", self.approve.is_some()),
            ("evidence_id", self.evidence_id.is_some()),
        ]
    }

    /// The complete step, or every field that is wrong, missing or does not belong to it.
    pub fn parse(&self) -> Result<Step, Refusal> {
        let mut fields = Fields::new();
        let uses = uses(self.kind);
        fields.belonging(uses, &self.given());
        let takes_evidence = uses.iter().any(|(used, _)| *used == "evidence");
        fields.check(takes_evidence || self.evidence.is_empty(), "/evidence", FieldCode::NotAllowedHere);
        self.check_texts(&mut fields);
        fields.finish()?;
        Ok(self.step())
    }

    fn check_texts(&self, fields: &mut Fields) {
        fields.optional_prose("/measure", self.measure.as_deref(), 2000);
        fields.optional_line("/responsible_person", self.responsible_person.as_deref(), 60);
        fields.optional_prose("/contingency_plan", self.contingency_plan.as_deref(), 2000);
        fields.optional_prose("/reason", self.reason.as_deref(), 1000);
        fields.optional_prose("/note", self.note.as_deref(), 2000);
        fields.optional_line("/criterion", self.criterion.as_deref(), 200);
        fields.optional_line("/unit", self.unit.as_deref(), 100);
        fields.optional_line("/department", self.department.as_deref(), 100);
        fields.number("/funds_yuan", &self.funds_yuan.unwrap_or(0), 0..=1_000_000_000);
    }

    /// Builds the step; `parse` has made sure that what it needs is there.
    fn step(&self) -> Step {
        use ActionKind as K;
        let plan = || Plan {
            measure: self.measure.clone(),
            responsible_person: self.responsible_person.clone(),
            funds_yuan: self.funds_yuan,
            contingency_plan: self.contingency_plan.clone(),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let approve = self.approve.unwrap_or(false);
        let deadline = self.deadline;
        match self.kind {
            K::Accept => Step::Accept(plan()),
            K::Submit => Step::Submit(plan()),
            K::RecheckPass => Step::RecheckPass,
            K::RecheckFail => Step::RecheckFail { deadline },
            K::RequestExtension => {
                Step::RequestExtension { deadline: deadline.unwrap_or_default(), reason: text(&self.reason) }
            }
            K::DecideExtension => Step::DecideExtension { approve },
            K::JudgeMajor => Step::JudgeMajor { criterion: text(&self.criterion), deadline },
            K::List => Step::List { unit: text(&self.unit) },
            K::Delist => Step::Delist,
            K::Transfer => Step::Transfer { department: text(&self.department), reason: text(&self.reason) },
            K::Return => Step::Return,
            K::Comment => Step::Comment,
            K::RequestVoid => Step::RequestVoid { reason: text(&self.reason) },
            K::DecideVoid => Step::DecideVoid { approve },
            K::Reopen => Step::Reopen { deadline },
            K::WaiveEvidence => {
                Step::WaiveEvidence { evidence: self.evidence_id.unwrap_or(EvidenceId(uuid::Uuid::nil())) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_needs_its_own_fields_and_takes_no_others() {
        let mut form = ActionForm::of(ActionKind::RequestExtension);
        form.approve = Some(true);
        let faults = form.parse().unwrap_err().fields;
        let found: Vec<(&str, FieldCode)> = faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect();
        assert_eq!(
            found,
            [
                ("/deadline", FieldCode::Required),
                ("/reason", FieldCode::Required),
                ("/approve", FieldCode::NotAllowedHere)
            ]
        );
    }

    #[test]
    fn every_kind_can_be_written() {
        for kind in ActionKind::ALL {
            assert!(!uses(*kind).is_empty(), "{kind}");
        }
    }
}
