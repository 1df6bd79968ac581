//! The rows of institutions and their words.

use crate::access::AreaColumns;
use crate::db::Instant;
use crate::db::schema::institutions;
use crate::ids::{AreaId, InstitutionId};
use crate::text_enum;
use diesel::prelude::*;

text_enum! {
    /// Whether an institution is at work.
    pub enum OperatingStatus {
        Operating = "operating",
        /// 停业: no residents for the time being; its open hazards stay open.
        Suspended = "suspended",
        /// 注销: gone for good; nothing new can be registered.
        Closed = "closed",
    }
}

text_enum! {
    /// Who owns and who runs it (公办, 民办, 公建民营).
    pub enum Ownership {
        Public = "public",
        Private = "private",
        PublicBuiltPrivatelyRun = "public_built_privately_run",
    }
}

text_enum! {
    /// Where the meals come from (供餐方式): the food rules differ.
    pub enum MealSupply {
        OwnCanteen = "own_canteen",
        ContractedOut = "contracted_out",
        OrderedMeals = "ordered_meals",
    }
}

text_enum! {
    /// The risk grade that civil affairs assesses (国办函〔2026〕14号).
    pub enum RiskGrade {
        Low = "low",
        Medium = "medium",
        High = "high",
    }
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = institutions)]
pub struct Institution {
    pub id: InstitutionId,
    pub area_id: AreaId,
    #[diesel(select_expression = (institutions::area_1, institutions::area_2, institutions::area_3, institutions::area_4, institutions::area_5, institutions::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub name: String,
    pub credit_code: Option<String>,
    pub status: OperatingStatus,
    pub ownership: Ownership,
    pub legal_representative: Option<String>,
    pub principal: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub filing_number: Option<String>,
    pub beds: i32,
    pub residents: i32,
    pub disabled_residents: i32,
    pub meal_supply: MealSupply,
    pub key_fire_unit: bool,
    pub fire_high_risk: bool,
    pub special_equipment: bool,
    pub risk_grade: Option<RiskGrade>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub digest: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

type PlaceColumns = (
    institutions::area_1,
    institutions::area_2,
    institutions::area_3,
    institutions::area_4,
    institutions::area_5,
    institutions::area_6,
);
