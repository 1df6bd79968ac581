//! Somebody named in a record. Pure.

use crate::ids::StaffId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person by name, and by the list of staff where they are on it: the name stays as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"staff_id": "0198f000-0000-7000-8000-000000000090", "name": "陈静"}))]
pub struct Person {
    /// Of the same institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<StaffId>,
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
}
