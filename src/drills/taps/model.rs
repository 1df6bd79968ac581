//! What a phone sends about a drill, and what is kept of it.

use crate::db::Instant;
use crate::db::schema::{drill_observers, drill_syncs, drill_taps};
use crate::drills::stopwatch::{Reading, Sync, TapKind};
use crate::ids::{DrillId, ObserverId, TapId, UserId};
use crate::json_column;
use crate::residents::EvacClass;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who observes with a phone, and where.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "周涛", "post": "东侧楼梯口"}))]
pub struct ObserverForm {
    #[schema(min_length = 1, max_length = 60, pattern = r"\S")]
    pub name: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub post: Option<String>,
    /// The latest exchange with the server, if there was one. It is no part of what must be the same when sent again.
    #[serde(skip_serializing)]
    pub sync: Option<Sync>,
}

/// One tap: `kind` says which of the other fields belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "0198f000-0000-7000-8000-000000000a01", "kind": "person_out", "compartment": "二楼东", "count": 2,
    "reading": {"run": 1, "elapsed_ms": 83250, "wall": "2026-03-10T01:31:23.250Z"}}))]
pub struct TapForm {
    /// Made by the phone, UUIDv7.
    pub id: TapId,
    pub kind: TapKind,
    pub reading: Reading,
    /// compartment_clear needs it: the fire compartment or zone. person_out, last_person_out, other: where.
    #[schema(min_length = 1, max_length = 60, pattern = r"\S")]
    pub compartment: Option<String>,
    /// person_out: how many came out; one when absent.
    #[schema(minimum = 1, maximum = 1000)]
    pub count: Option<u32>,
    /// person_out: how they leave.
    pub class: Option<EvacClass>,
    /// take_back needs it: the earlier tap of the same phone.
    pub takes_back: Option<TapId>,
    /// other needs it; any may have it.
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub note: Option<String>,
}

/// Taps of one phone. An empty batch only asks for the server's time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"observer_id": "0198f000-0000-7000-8000-000000000a00", "taps": [{"id": "0198f000-0000-7000-8000-000000000a01",
    "kind": "alarm", "reading": {"run": 1, "elapsed_ms": 83250, "wall": "2026-03-10T01:31:23.250Z"}}]}))]
pub struct TapBatch {
    pub observer_id: ObserverId,
    /// The latest exchange with the server.
    pub sync: Option<Sync>,
    #[schema(max_items = 500)]
    pub taps: Vec<TapForm>,
}

/// An exchange as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct KeptSync(pub Sync);

json_column!(TapForm, KeptSync);

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = drill_observers)]
pub struct StoredObserver {
    pub id: ObserverId,
    pub drill_id: DrillId,
    pub name: String,
    pub post: Option<String>,
    pub digest: String,
    pub joined_at: Instant,
    pub joined_by: UserId,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = drill_syncs)]
pub struct StoredSync {
    pub drill_id: DrillId,
    pub observer_id: ObserverId,
    pub digest: String,
    pub content: KeptSync,
    pub received_at: Instant,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = drill_taps)]
pub struct StoredTap {
    pub id: TapId,
    pub drill_id: DrillId,
    pub observer_id: ObserverId,
    pub digest: String,
    pub content: TapForm,
    pub received_at: Instant,
    pub sent_by: UserId,
}
