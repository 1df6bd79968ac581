//! A draw as it is published: everything it depended on, what came out, and a digest over both. Pure.

use super::draw::{Lots, NoDraw, Visit, draw};
use crate::canonical::digest;
use crate::db::Instant;
use crate::ids::CampaignId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Anybody who has this can hold the draw again and compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "campaign_id": "0198f000-0000-7000-8000-000000000060", "number": 1, "at": "2026-03-01T01:20:00Z",
    "lots": {"procedure": "anlao-draw-1", "seed": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "institutions": ["0198f000-0000-7000-8000-000000000010"], "inspectors": ["0198f000-0000-7000-8000-000000000020"], "per_visit": 1, "avoid": []},
    "visits": [{"institution_id": "0198f000-0000-7000-8000-000000000010", "inspectors": ["0198f000-0000-7000-8000-000000000020"]}],
    "digest": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
}))]
pub struct DrawRecord {
    pub campaign_id: CampaignId,
    /// 1 is the first draw; only the last counts.
    pub number: i32,
    pub at: Instant,
    /// Why lots were drawn again.
    pub reason: Option<String>,
    pub lots: Lots,
    pub visits: Vec<Visit>,
    /// SHA-256 of the canonical JSON of `{"lots": …, "visits": …}`.
    pub digest: String,
}

/// What is wrong with a published draw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawFault {
    #[error("it was drawn by a procedure that this program does not know")]
    UnknownProcedure,
    #[error("no draw comes about from these lots")]
    Impossible,
    #[error("the digest is not that of its content")]
    Digest,
    #[error("visit {0} is not what the seed gives")]
    Visit(usize),
    #[error("the seed gives {expected} visits, {found} are written")]
    Number { expected: usize, found: usize },
}

/// The digest of a draw.
pub fn digest_of(lots: &Lots, visits: &[Visit]) -> String {
    digest(&serde_json::json!({ "lots": lots, "visits": visits }))
}

impl DrawRecord {
    /// Holds the draw again.
    pub fn verify(&self) -> Result<(), DrawFault> {
        if self.digest != digest_of(&self.lots, &self.visits) {
            return Err(DrawFault::Digest);
        }
        let again = draw(&self.lots).map_err(|no| match no {
            NoDraw::UnknownProcedure => DrawFault::UnknownProcedure,
            NoDraw::TooFew { .. } => DrawFault::Impossible,
        })?;
        if again.len() != self.visits.len() {
            return Err(DrawFault::Number { expected: again.len(), found: self.visits.len() });
        }
        match again.iter().zip(&self.visits).position(|(expected, found)| expected != found) {
            Some(at) => Err(DrawFault::Visit(at + 1)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::PROCEDURE;
    use super::*;
    use crate::ids::{InstitutionId, UserId};

    fn record() -> DrawRecord {
        let lots = Lots {
            procedure: PROCEDURE.into(),
            seed: "ab".repeat(32),
            institutions: (0..8).map(|_| InstitutionId::fresh()).collect(),
            sample: Some(6),
            inspectors: (0..3).map(|_| UserId::fresh()).collect(),
            per_visit: 2,
            avoid: Vec::new(),
        };
        let visits = draw(&lots).unwrap();
        let digest = digest_of(&lots, &visits);
        let at = Instant::from_micros(0).unwrap();
        DrawRecord { campaign_id: CampaignId::fresh(), number: 1, at, reason: None, lots, visits, digest }
    }

    #[test]
    fn anybody_can_hold_it_again() {
        let text = serde_json::to_string(&record()).unwrap();
        let read: DrawRecord = serde_json::from_str(&text).unwrap();
        assert_eq!(read.verify(), Ok(()));
    }

    #[test]
    fn whatever_was_changed_is_found() {
        let genuine = record();
        let seal = |mut changed: DrawRecord| {
            changed.digest = digest_of(&changed.lots, &changed.visits);
            changed.verify()
        };
        let mut other_seed = genuine.clone();
        other_seed.lots.seed = "cd".repeat(32);
        assert_eq!(other_seed.verify(), Err(DrawFault::Digest));
        assert!(matches!(seal(other_seed), Err(DrawFault::Visit(_))));
        let mut swapped = genuine.clone();
        swapped.visits.swap(0, 1);
        assert_eq!(seal(swapped), Err(DrawFault::Visit(1)));
        let mut shorter = genuine.clone();
        shorter.visits.pop();
        assert_eq!(seal(shorter), Err(DrawFault::Number { expected: 6, found: 5 }));
        let mut added = genuine;
        added.lots.inspectors.truncate(1);
        assert_eq!(seal(added), Err(DrawFault::Impossible));
    }
}
