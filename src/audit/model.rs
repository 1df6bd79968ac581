//! Entries before and after they are sealed, and anchors.

use crate::db::Instant;
use crate::db::schema::{audit_anchors, audit_entries};
use crate::ids::{ChainId, UserId};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Something that happened, before it is sealed into its chain.
#[derive(Debug, Clone)]
pub struct Entry {
    pub chain: ChainId,
    /// What was done, as `object.verb`: `hazard.registered`, `session.started`.
    pub action: &'static str,
    pub object_kind: &'static str,
    pub object_id: Option<Uuid>,
    /// What changed, in full: the trail must stand without the tables.
    pub content: Value,
}

/// An entry as it is stored and exported.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = audit_entries)]
pub struct StoredEntry {
    pub chain: ChainId,
    pub seq: i64,
    pub at: Instant,
    pub actor_id: Option<UserId>,
    pub actor_role: Option<String>,
    pub action: String,
    pub object_kind: String,
    pub object_id: Option<ObjectId>,
    pub result: String,
    pub request_id: String,
    pub address: Option<String>,
    pub device: Option<String>,
    pub content: String,
    pub previous: String,
    pub hash: String,
}

pub type ObjectId = ChainId;

/// All heads at one moment, signed: kept outside, it shows any later change of the past.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = audit_anchors)]
pub struct Anchor {
    pub id: ChainId,
    pub at: Instant,
    pub chains: i64,
    pub entries: i64,
    /// Lines of `chain seq hash`, by chain.
    pub content: String,
    pub signature: String,
}
