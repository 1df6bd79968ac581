//! The rows of rosters and their words.

use crate::db::Instant;
use crate::db::schema::{command_assignments, home_arrangements};
use crate::ids::{CommandAssignmentId, InstitutionId, UserId};
use crate::rules::kinds::drills::Shift;
use crate::staff::Person;
use crate::{json_column, text_enum};
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What a home has arranged of its own.
    pub enum Topic {
        Shifts = "shifts",
        Succession = "succession",
        NightStaffing = "night_staffing",
    }
}

/// One arrangement, its content as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = home_arrangements, primary_key(institution_id, topic))]
pub struct Arrangement {
    pub institution_id: InstitutionId,
    pub topic: Topic,
    pub content: String,
    pub digest: String,
    pub version: i64,
    pub updated_at: Instant,
}

/// Somebody who may have to command, and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"person": {"name": "李梅"}, "phone": "13900000002"}))]
pub struct Deputy {
    pub person: Person,
    #[schema(min_length = 1, max_length = 40)]
    pub phone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct Commander(pub Person);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct Deputies(pub Vec<Deputy>);

/// What a commander may do without asking anybody (授权范围).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"order_evacuation": true, "cut_gas_and_power": true, "call_119": true, "refuse_re_entry": true,
    "spend_yuan": 5000, "authorised_by": "王芳"}))]
pub struct CommandAuthority {
    #[serde(default = "yes")]
    pub order_evacuation: bool,
    #[serde(default = "yes")]
    pub cut_gas_and_power: bool,
    #[serde(default = "yes")]
    pub call_119: bool,
    /// Nobody goes back in before they say so.
    #[serde(default = "yes")]
    pub refuse_re_entry: bool,
    /// Up to so much at once.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10000000)]
    pub spend_yuan: i64,
    /// Who gave it to them.
    #[schema(min_length = 1, max_length = 60)]
    pub authorised_by: String,
}

fn yes() -> bool {
    true
}

json_column!(Commander, Deputies, CommandAuthority);

/// Who commands in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = command_assignments)]
pub struct Assignment {
    pub id: CommandAssignmentId,
    pub institution_id: InstitutionId,
    pub begins_at: Instant,
    pub ends_at: Instant,
    pub day: Option<NaiveDate>,
    pub shift: Option<Shift>,
    pub person: Commander,
    pub deputies: Deputies,
    pub phone: String,
    pub trained_on: Option<NaiveDate>,
    pub authority: CommandAuthority,
    pub entered_by: UserId,
    pub entered_at: Instant,
    pub cancelled_at: Option<Instant>,
    pub cancel_reason: Option<String>,
    pub replaced_by: Option<CommandAssignmentId>,
    pub digest: String,
    pub version: i64,
}
