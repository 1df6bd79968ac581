//! The rows of logins.

use crate::db::Instant;
use crate::db::schema::sessions;
use crate::ids::{SessionId, UserId};
use diesel::prelude::*;

/// One login on one device, and the family of refresh tokens that keeps it alive.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Instant,
    pub last_used_at: Instant,
    pub expires_at: Instant,
    pub ended_at: Option<Instant>,
    pub ended_because: Option<String>,
    pub device: Option<String>,
    pub address: Option<String>,
    /// How many refresh tokens this family has had.
    pub generation: i64,
    pub refresh_hash: String,
    pub rotated_at: Instant,
    /// When the second factor was last shown in this login.
    pub proved_at: Option<Instant>,
}
