//! The orders of a list, and a place in one.

use crate::ids::HazardId;
use serde::{Deserialize, Serialize};

/// What the list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    Deadline,
    FoundAt,
    /// Major before urgent before the rest, the newest first among equals.
    Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Sort {
    /// `deadline`, `found_at` or `severity`, with a hyphen before it for the other direction.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = match name {
            "deadline" => SortKey::Deadline,
            "found_at" => SortKey::FoundAt,
            "severity" => SortKey::Severity,
            _ => return None,
        };
        Some(Self { key, descending })
    }
}

/// Where a page ended: the sort it belongs to, the value and the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub sort: Sort,
    /// Days, microseconds or the severity key, by the sort.
    pub value: i64,
    pub id: HazardId,
}
