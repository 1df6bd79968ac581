//! Lists are read place by place: each place of somebody's sight is one stretch of an index, already in order.

use super::model::Area;
use super::queries;
use crate::access::{Scope, ScopeArea};
use crate::db::Conn;
use crate::ids::InstitutionId;
use crate::refusal::Outcome;

/// One stretch of an index: a place of the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch<'a> {
    Area(ScopeArea),
    Institution(InstitutionId),
    Institutions(&'a [InstitutionId]),
}

/// More institutions than this are read as one condition instead of one stretch each.
const MOST_STRETCHES: usize = 8;

fn stretches<'a>(conn: &mut Conn, scope: &'a Scope) -> Outcome<Vec<Stretch<'a>>> {
    Ok(match scope {
        // Every place lies below a root.
        Scope::All => {
            queries::roots(conn)?.into_iter().map(|id| Stretch::Area(ScopeArea { id, level: 1 })).collect()
        }
        Scope::Areas(areas) => areas.iter().copied().map(Stretch::Area).collect(),
        Scope::Institutions(own) if own.len() > MOST_STRETCHES => vec![Stretch::Institutions(own)],
        Scope::Institutions(own) => own.iter().copied().map(Stretch::Institution).collect(),
    })
}

/// The stretches that the filters leave: an institution or area within sight replaces the whole scope.
pub fn narrowed<'a>(
    conn: &mut Conn,
    scope: &'a Scope,
    institution: Option<InstitutionId>,
    area: Option<&Area>,
) -> Outcome<Vec<Stretch<'a>>> {
    if let Some(institution) = institution {
        return Ok(vec![Stretch::Institution(institution)]);
    }
    match area {
        Some(area) if scope.covers_area(&area.place) => {
            let level = u8::try_from(area.level).unwrap_or(u8::MAX);
            Ok(vec![Stretch::Area(ScopeArea { id: area.id, level })])
        }
        _ => stretches(conn, scope),
    }
}
