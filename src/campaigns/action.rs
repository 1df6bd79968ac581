//! The steps of a campaign as they are sent, and parsed: a step that exists is complete.

use crate::fields::Fields;
use crate::ids::{InstitutionId, UserId};
use crate::refusal::{FieldCode, Refusal};
use crate::text_enum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

text_enum! {
    /// What can be done with a campaign.
    pub enum CampaignStep {
        /// Fixes who is to be visited.
        Start = "start",
        /// Takes one institution out, with a reason; it stays on the list.
        Exempt = "exempt",
        /// Draws who visits whom.
        Draw = "draw",
        /// Sends other inspectors to one institution than were drawn, with a reason.
        Assign = "assign",
        /// Ends it with a closing report.
        Close = "close",
        Cancel = "cancel",
    }
}

/// An institution that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exemption {
    pub institution_id: InstitutionId,
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// Somebody who must not visit an institution, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredAvoidance {
    pub inspector_id: UserId,
    pub institution_id: InstitutionId,
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// A step: `kind` says which of the other fields belong to it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "draw", "expected_version": 2, "inspectors": ["0198f000-0000-7000-8000-000000000020", "0198f000-0000-7000-8000-000000000021"],
    "per_visit": 1, "avoid": [{"inspector_id": "0198f000-0000-7000-8000-000000000020", "institution_id": "0198f000-0000-7000-8000-000000000010", "reason": "亲属任职"}]
}))]
pub struct CampaignAction {
    pub kind: CampaignStep,
    /// The version the caller saw; a step on something newer is refused.
    #[serde(skip_serializing)]
    pub expected_version: Option<i64>,
    /// start: who is to be visited; every institution of the area that is not closed when absent.
    #[schema(min_items = 1, max_items = 2000)]
    pub institutions: Option<Vec<InstitutionId>>,
    /// start: who of them is left out, and why.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub exemptions: Vec<Exemption>,
    /// exempt, assign: which one.
    pub institution_id: Option<InstitutionId>,
    /// draw: among whom lots are drawn. assign: who goes.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub inspectors: Vec<UserId>,
    /// draw: how many go together; 2 when absent.
    #[schema(minimum = 1, maximum = 5)]
    pub per_visit: Option<u32>,
    /// draw: only so many institutions are visited, drawn too.
    #[schema(minimum = 1, maximum = 100000)]
    pub sample: Option<u32>,
    /// draw: who must not visit whom (回避).
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub avoid: Vec<DeclaredAvoidance>,
    /// draw: nobody goes where they made the last inspection.
    pub avoid_last_visitor: Option<bool>,
    /// draw: 64 hexadecimal digits that were made in public; drawn by the server when absent.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub seed: Option<String>,
    /// Why: required for exempt, assign, cancel, and for drawing again.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: Option<String>,
}

/// What a draw is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawWish {
    pub inspectors: Vec<UserId>,
    pub per_visit: u32,
    pub sample: Option<u32>,
    pub avoid: Vec<DeclaredAvoidance>,
    pub avoid_last_visitor: bool,
    pub seed: Option<String>,
    pub reason: Option<String>,
}

/// A complete step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Start { institutions: Option<Vec<InstitutionId>>, exemptions: Vec<Exemption> },
    Exempt(Exemption),
    Draw(DrawWish),
    Assign { institution: InstitutionId, inspectors: Vec<UserId>, reason: String },
    Close { reason: Option<String> },
    Cancel { reason: String },
}

/// The fields of a form and whether a kind uses (`false`) or needs (`true`) them.
fn uses(kind: CampaignStep) -> &'static [(&'static str, bool)] {
    use CampaignStep as K;
    match kind {
        K::Start => &[("institutions", false), ("exemptions", false)],
        K::Exempt => &[("institution_id", true), ("reason", true)],
        K::Draw => &[
            ("inspectors", true),
            ("per_visit", false),
            ("sample", false),
            ("avoid", false),
            ("avoid_last_visitor", false),
            ("seed", false),
            ("reason", false),
        ],
        K::Assign => &[("institution_id", true), ("inspectors", true), ("reason", true)],
        K::Close => &[("reason", false)],
        K::Cancel => &[("reason", true)],
    }
}

fn has_twice<T: Ord>(all: impl IntoIterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    !all.into_iter().all(|one| seen.insert(one))
}

impl CampaignAction {
    /// A form with nothing but its kind.
    pub fn of(kind: CampaignStep) -> Self {
        Self {
            kind,
            expected_version: None,
            institutions: None,
            exemptions: Vec::new(),
            institution_id: None,
            inspectors: Vec::new(),
            per_visit: None,
            sample: None,
            avoid: Vec::new(),
            avoid_last_visitor: None,
            seed: None,
            reason: None,
        }
    }

    fn given(&self) -> [(&'static str, bool); 10] {
        [
            ("institutions", self.institutions.is_some()),
            ("exemptions", !self.exemptions.is_empty()),
            ("institution_id", self.institution_id.is_some()),
            ("inspectors", !self.inspectors.is_empty()),
            ("per_visit", self.per_visit.is_some()),
            ("sample", self.sample.is_some()),
            ("avoid", !self.avoid.is_empty()),
            ("avoid_last_visitor", self.avoid_last_visitor.is_some()),
            ("seed", self.seed.is_some()),
            ("reason", self.reason.is_some()),
        ]
    }

    /// The complete step, or every field that is wrong, missing or does not belong to it.
    pub fn parse(&self) -> Result<Step, Refusal> {
        let mut fields = Fields::new();
        fields.belonging(uses(self.kind), &self.given());
        self.check_values(&mut fields);
        fields.finish()?;
        Ok(self.step())
    }

    fn check_values(&self, fields: &mut Fields) {
        fields.optional_prose("/reason", self.reason.as_deref(), 500);
        if let Some(institutions) = &self.institutions {
            fields.number("/institutions", &institutions.len(), 1..=2000);
            fields.check(!has_twice(institutions), "/institutions", FieldCode::Duplicate);
        }
        fields.check(self.exemptions.len() <= 500, "/exemptions", FieldCode::TooMany);
        for (at, one) in self.exemptions.iter().enumerate() {
            fields.prose(&format!("/exemptions/{at}/reason"), &one.reason, 1..=500);
        }
        let exempt = self.exemptions.iter().map(|one| one.institution_id);
        fields.check(!has_twice(exempt), "/exemptions", FieldCode::Duplicate);
        fields.check(self.inspectors.len() <= 500, "/inspectors", FieldCode::TooMany);
        fields.check(!has_twice(&self.inspectors), "/inspectors", FieldCode::Duplicate);
        fields.number("/per_visit", &self.per_visit.unwrap_or(1), 1..=5);
        fields.number("/sample", &self.sample.unwrap_or(1), 1..=100_000);
        fields.check(self.avoid.len() <= 2000, "/avoid", FieldCode::TooMany);
        for (at, one) in self.avoid.iter().enumerate() {
            fields.line(&format!("/avoid/{at}/reason"), &one.reason, 1..=200);
        }
        let pairs = self.avoid.iter().map(|one| (one.inspector_id, one.institution_id));
        fields.check(!has_twice(pairs), "/avoid", FieldCode::Duplicate);
        let is_seed = |text: &String| {
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        fields.check(self.seed.as_ref().is_none_or(is_seed), "/seed", FieldCode::BadFormat);
    }

    /// Builds the step; `parse` has made sure that what it needs is there.
    fn step(&self) -> Step {
        use CampaignStep as K;
        let institution = self.institution_id.unwrap_or(InstitutionId(uuid::Uuid::nil()));
        let reason = self.reason.clone().unwrap_or_default();
        match self.kind {
            K::Start => {
                Step::Start { institutions: self.institutions.clone(), exemptions: self.exemptions.clone() }
            }
            K::Exempt => Step::Exempt(Exemption { institution_id: institution, reason }),
            K::Draw => Step::Draw(DrawWish {
                inspectors: self.inspectors.clone(),
                // Two go together unless the office says otherwise.
                per_visit: self.per_visit.unwrap_or(2),
                sample: self.sample,
                avoid: self.avoid.clone(),
                avoid_last_visitor: self.avoid_last_visitor.unwrap_or(false),
                seed: self.seed.clone(),
                reason: self.reason.clone(),
            }),
            K::Assign => Step::Assign { institution, inspectors: self.inspectors.clone(), reason },
            K::Close => Step::Close { reason: self.reason.clone() },
            K::Cancel => Step::Cancel { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_needs_its_own_fields_and_takes_no_others() {
        let mut form = CampaignAction::of(CampaignStep::Exempt);
        form.sample = Some(3);
        let faults = form.parse().unwrap_err().fields;
        let found: Vec<(&str, FieldCode)> = faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect();
        assert_eq!(
            found,
            [
                ("/institution_id", FieldCode::Required),
                ("/sample", FieldCode::NotAllowedHere),
                ("/reason", FieldCode::Required)
            ]
        );
    }

    #[test]
    fn nobody_is_named_twice() {
        let mut form = CampaignAction::of(CampaignStep::Draw);
        let id = UserId::fresh();
        form.inspectors = vec![id, id];
        form.seed = Some("A".repeat(64));
        let faults = form.parse().unwrap_err().fields;
        let found: Vec<(&str, FieldCode)> = faults.iter().map(|f| (f.pointer.as_str(), f.code)).collect();
        assert_eq!(found, [("/inspectors", FieldCode::Duplicate), ("/seed", FieldCode::BadFormat)]);
    }
}
