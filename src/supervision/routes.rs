//! The overview over HTTP.

use super::overview::{Totals, sum};
use super::queries;
use crate::access::{Access, ReadOverview, ReadTx, Scope};
use crate::areas::{self, model::Area};
use crate::db::Instant;
use crate::http::Query;
use crate::ids::{AreaId, InstitutionId};
use crate::institutions;
use crate::refusal::Outcome;
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(overview);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverviewFilter {
    /// In this area and all below it; everything in scope when absent.
    pub area_id: Option<AreaId>,
}

/// Institutions named in an overview, the most overdue first.
const MOST_INSTITUTIONS: usize = 50;

/// Totals as of now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "as_of": "2026-03-10T02:00:00Z", "today": "2026-03-10", "area_id": "0198f000-0000-7000-8000-000000000001",
    "totals": {"total": 6000, "open": 412, "overdue": 37, "open_major": 5},
    "by_status": {"pending": 120, "rectifying": 180, "awaiting_recheck": 96, "transferred": 16, "closed": 5540, "void": 48},
    "by_category": {"fire": {"total": 2100, "open": 160, "overdue": 14, "open_major": 3}},
    "by_severity": {"major": {"total": 60, "open": 5, "overdue": 1, "open_major": 5}},
    "overdue_by_days": {"1-3": 12, "4-7": 9, "8-15": 8, "16-30": 5, "31+": 3},
    "by_area": [{"area_id": "0198f000-0000-7000-8000-000000000002", "code": "510903", "name": "船山区", "totals": {"total": 1500, "open": 90, "overdue": 8, "open_major": 1}}],
    "by_institution": [{"institution_id": "0198f000-0000-7000-8000-000000000010", "name": "船山区夕阳红养老院", "totals": {"total": 44, "open": 9, "overdue": 4, "open_major": 0}}]
}))]
pub struct Overview {
    pub as_of: Instant,
    /// The office's local date; overdue is counted against it.
    pub today: NaiveDate,
    pub area_id: Option<AreaId>,
    pub totals: Totals,
    pub by_status: BTreeMap<String, i64>,
    pub by_category: BTreeMap<String, Totals>,
    pub by_severity: BTreeMap<String, Totals>,
    /// By days past the deadline: `1-3`, `4-7`, `8-15`, `16-30`, `31+`.
    pub overdue_by_days: BTreeMap<String, i64>,
    /// The areas just below the one asked for, by code.
    pub by_area: Vec<AreaTotals>,
    /// The 50 institutions with the most overdue.
    pub by_institution: Vec<InstitutionTotals>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AreaTotals {
    pub area_id: AreaId,
    pub code: String,
    pub name: String,
    pub totals: Totals,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InstitutionTotals {
    pub institution_id: InstitutionId,
    pub name: String,
    pub totals: Totals,
}

/// Totals by state, category, severity, days overdue, area and institution.
#[utoipa::path(tag = "overview", params(OverviewFilter), security(("bearer" = [])),
    responses((status = 200, description = "The totals.", body = Overview)))]
#[get("/overview")]
pub async fn overview(access: Access<ReadOverview>, filter: Query<OverviewFilter>) -> Outcome<HttpResponse> {
    let asked = filter.0.area_id;
    let overview = access
        .read(move |tx| {
            let area = match asked {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
                None => own_area(tx)?,
            };
            add_up(tx, asked, area.as_ref())
        })
        .await?;
    Ok(HttpResponse::Ok().json(overview))
}

/// Somebody who covers exactly one area means that area when they name none.
fn own_area(tx: &mut ReadTx<'_>) -> Outcome<Option<Area>> {
    match &tx.actor.scope {
        Scope::Areas(own) => match own.as_slice() {
            [only] => areas::queries::find_any(tx.conn, only.id),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

fn add_up(tx: &mut ReadTx<'_>, asked: Option<AreaId>, area: Option<&Area>) -> Outcome<Overview> {
    let counts = queries::counts(tx.conn, &tx.actor.scope, area)?;
    let today = tx.office.date(tx.now);
    let sums = sum(&counts, today);
    let names = areas::queries::names(tx.conn, sums.by_area.keys().copied().collect())?;
    let mut by_area: Vec<AreaTotals> = names
        .into_iter()
        .filter_map(|(area_id, code, name)| {
            sums.by_area.get(&area_id).map(|totals| AreaTotals {
                area_id,
                code,
                name,
                totals: totals.clone(),
            })
        })
        .collect();
    by_area.sort_by(|a, b| a.code.cmp(&b.code));
    let mut worst: Vec<(InstitutionId, Totals)> = sums.by_institution.into_iter().collect();
    worst.sort_by_key(|(id, totals)| (-totals.overdue, -totals.open, *id));
    worst.truncate(MOST_INSTITUTIONS);
    let names = institutions::queries::names(tx.conn, worst.iter().map(|(id, _)| *id).collect())?;
    let by_institution = worst.into_iter().map(|(institution_id, totals)| InstitutionTotals {
        institution_id,
        name: names.get(&institution_id).cloned().unwrap_or_default(),
        totals,
    });
    Ok(Overview {
        as_of: tx.now,
        today,
        area_id: area.map(|area| area.id).or(asked),
        totals: sums.totals,
        by_status: sums.by_status,
        by_category: sums.by_category,
        by_severity: sums.by_severity,
        overdue_by_days: sums.overdue_by_days,
        by_area,
        by_institution: by_institution.collect(),
    })
}
