//! Declared and stored photos, and the words for their states.

use crate::db::Instant;
use crate::db::schema::{evidence, evidence_sweeps};
use crate::hazards::model::Hazard;
use crate::ids::{ActionId, EvidenceId, InstitutionId, OwnerId, UserId};
use crate::text_enum;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What a photo shows.
    pub enum EvidenceRole {
        Before = "before",
        After = "after",
        Document = "document",
        /// What was seen, where nothing was put right.
        Scene = "scene",
        /// Somebody's hand, on paper or on a screen.
        Signature = "signature",
    }
}

text_enum! {
    /// Which kind of record evidence belongs to.
    pub enum OwnerKind {
        Hazard = "hazard",
        Inspection = "inspection",
        ExternalOrder = "external_order",
        SelfCheck = "self_check",
        Plan = "plan",
        Drill = "drill",
        Training = "training",
        Warning = "warning",
    }
}

/// What declared photos belong to.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub kind: OwnerKind,
    pub id: OwnerId,
    /// Whose it is: it decides who may see the photos, and whose chain tells of them.
    pub institution: InstitutionId,
    /// The step they came with.
    pub action: Option<ActionId>,
    /// The part of the record they show, such as an item of the checklist.
    pub part: Option<&'a str>,
}

impl Owner<'_> {
    pub fn hazard(hazard: &Hazard, action: Option<ActionId>) -> Self {
        Self {
            kind: OwnerKind::Hazard,
            id: hazard.id.into(),
            institution: hazard.institution_id,
            action,
            part: None,
        }
    }
}

text_enum! {
    /// How far a declared photo has come.
    pub enum EvidenceStateKind {
        /// Announced; its bytes are still awaited.
        Declared = "declared",
        /// On disk, every byte verified.
        Stored = "stored",
        /// Given up by a supervisor, with a reason.
        Waived = "waived",
    }
}

text_enum! {
    /// Whether copies for looking at can be made.
    pub enum PreviewState {
        Unknown = "unknown",
        Available = "available",
        None = "none",
    }
}

/// A photo announced with a record, before its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000e1", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "role": "before", "media_type": "image/jpeg", "size": 203511, "captured_at": "2026-03-01T01:20:00Z"
}))]
pub struct DeclaredEvidence {
    pub id: EvidenceId,
    /// Of the original bytes, in lower-case hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    pub role: EvidenceRole,
    /// `image/jpeg`, `image/png`, `image/webp` or `image/heic`.
    #[schema(pattern = "^image/(jpeg|png|webp|heic)$")]
    pub media_type: String,
    /// Bytes.
    #[schema(minimum = 1, maximum = 31457280)]
    pub size: i64,
    /// What the phone's clock said.
    pub captured_at: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = evidence)]
pub struct Evidence {
    pub id: EvidenceId,
    pub owner_kind: OwnerKind,
    pub owner_id: OwnerId,
    pub part: Option<String>,
    pub institution_id: InstitutionId,
    pub action_id: Option<ActionId>,
    pub position: i32,
    pub role: EvidenceRole,
    pub sha256: String,
    pub media_type: String,
    pub size: i64,
    pub captured_at: Option<Instant>,
    pub declared_by: UserId,
    pub declared_at: Instant,
    pub state: EvidenceStateKind,
    pub stored_at: Option<Instant>,
    pub stored_by: Option<UserId>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub exif_captured_at: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub device: Option<String>,
    pub preview: PreviewState,
}

/// What was read from a photo while it was stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PhotoFacts {
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub exif_captured_at: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub device: Option<String>,
}

/// What the sweep has done to the bytes of one digest: marked them, removed them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = evidence_sweeps)]
pub struct SweepMark {
    pub marked_at: Instant,
    pub removed_at: Option<Instant>,
}
