//! The rows of the rule library.

use super::document::Level;
use super::kinds::Kind;
use crate::db::Instant;
use crate::db::schema::{rule_adoptions, rule_documents};
use crate::ids::{AdoptionId, AreaId, UserId};
use chrono::NaiveDate;
use diesel::prelude::*;

/// A version of a document that was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rule_documents)]
pub struct LoadedDocument {
    pub id: String,
    pub version: i32,
    pub kind: Kind,
    pub level: Level,
    /// Whose it is, below the nation.
    pub owner_area_id: Option<AreaId>,
    pub effective_from: NaiveDate,
    pub effective_to: Option<NaiveDate>,
    pub verified: bool,
    /// Exactly as it was loaded.
    pub content: String,
    pub sha256: String,
    pub loaded_by: UserId,
    pub loaded_at: Instant,
    pub retired_by: Option<UserId>,
    pub retired_at: Option<Instant>,
    pub retired_because: Option<String>,
}

/// An adoption as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rule_adoptions)]
pub struct AdoptionRow {
    pub id: AdoptionId,
    pub area_id: Option<AreaId>,
    pub kind: Kind,
    pub document_id: String,
    pub document_version: i32,
    pub effective_from: NaiveDate,
    pub effective_to: Option<NaiveDate>,
    pub reason: Option<String>,
    pub adopted_by: UserId,
    pub adopted_at: Instant,
    pub digest: String,
    pub version: i64,
    pub updated_at: Instant,
}
