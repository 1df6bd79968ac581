//! A training that was held.

use crate::db::Instant;
use crate::db::schema::trainings;
use crate::ids::{InstitutionId, TrainingId, UserId};
use crate::staff::Person;
use crate::{json_column, text_enum};
use chrono::NaiveDate;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Whom a training is for.
    pub enum Audience {
        /// 工作人员
        Staff = "staff",
        /// 老年人
        Residents = "residents",
        /// 家属
        Families = "families",
    }
}

/// What is shown of it and never searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Content {
    pub place: String,
    pub trainer: String,
    pub minutes: u32,
    /// Who signed, where names were taken.
    pub attendees: Vec<Person>,
    /// What was used: leaflets, films, the plan.
    pub material: Option<String>,
    pub remark: Option<String>,
}

json_column!(Content);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = trainings)]
pub struct Training {
    pub id: TrainingId,
    pub institution_id: InstitutionId,
    /// A code of the standing intervals.
    pub topic: String,
    pub started_at: Instant,
    /// The local day.
    pub held_on: NaiveDate,
    pub for_staff: bool,
    pub for_residents: bool,
    pub for_families: bool,
    pub attended: i32,
    pub content: Content,
    /// The record that it corrects: that one no longer counts.
    pub replaces: Option<TrainingId>,
    pub recorded_at: Instant,
    pub recorded_by: UserId,
    pub digest: String,
}

impl Training {
    pub fn audience(&self) -> Vec<Audience> {
        let all = [self.for_staff, self.for_residents, self.for_families];
        Audience::ALL.iter().zip(all).filter_map(|(one, is)| is.then_some(*one)).collect()
    }
}
