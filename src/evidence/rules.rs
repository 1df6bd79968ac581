//! What may be declared as evidence. Pure.

use super::model::{DeclaredEvidence, Evidence, EvidenceRole, EvidenceStateKind};
use crate::fields::Fields;
use crate::hazards::model::EvidenceState;
use crate::refusal::FieldCode;
use anlao_imaging::{Limits, MediaType};
use std::collections::HashSet;

/// Photos and documents one hazard can hold.
pub const MOST_PER_HAZARD: usize = 30;

/// Checks the photos declared in a body; `already` is how many the hazard has.
pub fn check_declared(fields: &mut Fields, declared: &[DeclaredEvidence], already: usize) {
    fields.check(already + declared.len() <= MOST_PER_HAZARD, "/evidence", FieldCode::TooMany);
    check_each(fields, "/evidence", declared);
}

/// Checks the photos declared in the list at `list`.
pub fn check_each(fields: &mut Fields, list: &str, declared: &[DeclaredEvidence]) {
    let largest = i64::try_from(Limits::default().max_bytes).unwrap_or(i64::MAX);
    let mut ids = HashSet::new();
    for (at, one) in declared.iter().enumerate() {
        let pointer = |name: &str| format!("{list}/{at}/{name}");
        fields.check(ids.insert(one.id), pointer("id"), FieldCode::Duplicate);
        fields.check(is_sha256(&one.sha256), pointer("sha256"), FieldCode::BadFormat);
        let known = MediaType::parse(&one.media_type).is_some_and(|kind| kind.as_str() == one.media_type);
        fields.check(known, pointer("media_type"), FieldCode::UnknownValue);
        fields.number(&pointer("size"), &one.size, 1..=largest);
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// What the hazard's rules need to know of its evidence.
pub fn state(evidence: &[Evidence]) -> EvidenceState {
    let mut state = EvidenceState::default();
    for one in evidence {
        match (one.state, one.role) {
            (EvidenceStateKind::Declared, _) => state.missing.push(one.id),
            // The moment before the fix does not come back: a supervisor's waiver stands in for its picture.
            (EvidenceStateKind::Waived, EvidenceRole::Before) => state.before += 1,
            (EvidenceStateKind::Waived, _) => {}
            (EvidenceStateKind::Stored, EvidenceRole::Before) => state.before += 1,
            (EvidenceStateKind::Stored, EvidenceRole::After) => state.after += 1,
            (EvidenceStateKind::Stored, EvidenceRole::Document) => state.documents += 1,
            // They show something else than what was wrong and what became of it.
            (EvidenceStateKind::Stored, EvidenceRole::Scene | EvidenceRole::Signature) => {}
        }
    }
    state
}
