//! The rows of areas.

use crate::access::AreaColumns;
use crate::db::Instant;
use crate::db::schema::areas;
use crate::ids::AreaId;
use diesel::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = areas)]
pub struct Area {
    pub id: AreaId,
    pub parent_id: Option<AreaId>,
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    pub level: i32,
    #[diesel(select_expression = (areas::area_1, areas::area_2, areas::area_3, areas::area_4, areas::area_5, areas::area_6))]
    #[diesel(select_expression_type = PlaceColumns)]
    pub place: AreaColumns,
    pub digest: String,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

type PlaceColumns =
    (areas::area_1, areas::area_2, areas::area_3, areas::area_4, areas::area_5, areas::area_6);
