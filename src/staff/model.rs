//! The rows of staff.

use crate::db::Instant;
use crate::db::schema::staff;
use crate::ids::{InstitutionId, StaffId, UserId};
use crate::json_column;
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that somebody was taught, or may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "现场指挥官培训", "obtained_on": "2026-01-12", "valid_to": "2027-01-11"}))]
pub struct Qualification {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    pub obtained_on: NaiveDate,
    /// The last day; for good when absent.
    pub valid_to: Option<NaiveDate>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct Qualifications(pub Vec<Qualification>);

json_column!(Qualifications);

/// Somebody who works, or worked, in an institution.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = staff, treat_none_as_null = true)]
pub struct StaffMember {
    pub id: StaffId,
    pub institution_id: InstitutionId,
    pub name: String,
    pub post: String,
    pub phone: Option<String>,
    pub user_id: Option<UserId>,
    pub started_on: NaiveDate,
    /// The last day of work.
    pub left_on: Option<NaiveDate>,
    pub qualifications: Qualifications,
    pub digest: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}
