//! Reading the maintained counts.

use super::overview::Count;
use crate::access::Scope;
use crate::areas::model::Area;
use crate::checklists::Category;
use crate::db::schema::hazard_counts;
use crate::db::{Conn, MultiBackend};
use crate::hazards::model::{Severity, Status};
use crate::ids::{AreaId, InstitutionId};
use crate::refusal::Outcome;
use crate::{in_area, in_scope};
use chrono::NaiveDate;
use diesel::dsl::{self, IntoBoxed, Select};
use diesel::prelude::*;

/// A count as it is read: its institution, the area it is added up under, and what it counts.
type Columns<Area> = (
    hazard_counts::institution_id,
    Area,
    (
        hazard_counts::status,
        hazard_counts::category,
        hazard_counts::severity,
        hazard_counts::deadline,
        hazard_counts::hazards,
    ),
);

type Query = IntoBoxed<
    'static,
    Select<hazard_counts::table, Columns<dsl::Nullable<hazard_counts::area_1>>>,
    MultiBackend,
>;

/// All counts with the column of one level of areas: thousands of rows are read, and each column costs.
fn at_level(level: i32) -> Query {
    use hazard_counts::{area_1, area_2, area_3, area_4, area_5, area_6};
    macro_rules! with {
        ($area:expr) => {
            hazard_counts::table
                .select((
                    hazard_counts::institution_id,
                    $area,
                    (
                        hazard_counts::status,
                        hazard_counts::category,
                        hazard_counts::severity,
                        hazard_counts::deadline,
                        hazard_counts::hazards,
                    ),
                ))
                .into_boxed()
        };
    }
    match level {
        1 => with!(area_1.nullable()),
        2 => with!(area_2),
        3 => with!(area_3),
        4 => with!(area_4),
        5 => with!(area_5),
        _ => with!(area_6),
    }
}

/// The counts in scope and, where given, in the area, with the areas just below it.
fn query(scope: &Scope, area: Option<&Area>) -> Query {
    let below = area.map_or(1, |area| area.level + 1);
    let query = at_level(below)
        .filter(in_scope!(hazard_counts, institution_id, scope))
        .filter(hazard_counts::hazards.ne(0));
    match area {
        Some(area) => query.filter(in_area!(hazard_counts, area.level, area.id)),
        None => query,
    }
}

type Row = (InstitutionId, Option<AreaId>, (Status, Category, Severity, NaiveDate, i64));

/// The maintained counts of every institution in scope and, where given, in the area. Their number
/// depends on the institutions and the open deadlines, never on the history.
pub fn counts(conn: &mut Conn, scope: &Scope, area: Option<&Area>) -> Outcome<Vec<Count>> {
    let deepest = area.is_some_and(|area| area.level >= 6);
    let count = |(institution, below, (status, category, severity, deadline, hazards)): Row| Count {
        institution,
        // Below the sixth level there is none.
        area: below.filter(|_| !deepest),
        status,
        category,
        severity,
        deadline,
        hazards,
    };
    Ok(query(scope, area).load_iter(conn)?.map(|row| row.map(count)).collect::<QueryResult<_>>()?)
}

/// The plan of the query behind [`counts`], for the tests.
pub fn explain(conn: &mut Conn, scope: &Scope, area: Option<&Area>) -> Outcome<String> {
    conn.explain(query(scope, area))
}
