//! Reading the maintained counts.

use super::overview::Count;
use crate::access::{AreaColumns, Scope};
use crate::areas::model::Area;
use crate::checklists::Category;
use crate::db::Conn;
use crate::db::schema::hazard_counts;
use crate::hazards::model::{Severity, Status};
use crate::ids::InstitutionId;
use crate::refusal::Outcome;
use crate::{in_area, in_scope};
use chrono::NaiveDate;
use diesel::prelude::*;

type Row = (InstitutionId, AreaColumns, (Status, Category, Severity, NaiveDate, i64));

macro_rules! query {
    ($scope:expr, $area:expr) => {{
        use hazard_counts::{area_1, area_2, area_3, area_4, area_5, area_6};
        let query = hazard_counts::table
            .filter(in_scope!(hazard_counts, institution_id, $scope))
            .filter(hazard_counts::hazards.ne(0))
            .select((
                hazard_counts::institution_id,
                (area_1, area_2, area_3, area_4, area_5, area_6),
                (
                    hazard_counts::status,
                    hazard_counts::category,
                    hazard_counts::severity,
                    hazard_counts::deadline,
                    hazard_counts::hazards,
                ),
            ))
            .into_boxed();
        match $area {
            Some(area) => query.filter(in_area!(hazard_counts, area.level, area.id)),
            None => query,
        }
    }};
}

/// The maintained counts of every institution in scope and, where given, in the area. Their number
/// depends on the institutions and the open deadlines, never on the history.
pub fn counts(conn: &mut Conn, scope: &Scope, area: Option<&Area>) -> Outcome<Vec<Count>> {
    let level = area.map_or(1, |area| u8::try_from(area.level).unwrap_or(u8::MAX).saturating_add(1));
    let count = |(institution, place, (status, category, severity, deadline, hazards)): Row| Count {
        institution,
        area: place.at_level(level),
        status,
        category,
        severity,
        deadline,
        hazards,
    };
    Ok(query!(scope, area).load(conn)?.into_iter().map(count).collect())
}

/// The plan of the query behind [`counts`], for the tests.
pub fn explain(conn: &mut Conn, scope: &Scope, area: Option<&Area>) -> Outcome<String> {
    conn.explain(query!(scope, area))
}
