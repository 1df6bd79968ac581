//! Self-checks over HTTP.

use super::enter::{self, SelfCheckForm};
use super::model::{SelfCheck, SelfCheckAnswer, SelfCheckKind};
use super::queries::{self, Narrowing, Place};
use super::rules::StandingIntervals;
use super::status::KindStatus;
use crate::access::{Access, EnterSelfChecks, ReadSelfChecks, ReadTx};
use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::evidence::{self, EvidenceStateKind, OwnerKind};
use crate::hazards::view::{EvidenceSummary, summary};
use crate::http::{Body, Cursor, Id, Page, Query, limit, object, page, stored};
use crate::ids::{EvidenceId, HazardId, InstitutionId, SelfCheckId, UserId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_self_check).service(get_self_check).service(list_self_checks).service(self_check_status);
}

/// An entry of an institution's own checks, with what is odd about it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000070", "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "night_patrol",
    "performed_at": "2026-03-09T15:20:00Z", "counts_for": "2026-03-09", "performed_by": "陈静", "route": "一楼大厅、厨房、二至四楼走廊",
    "answers": [{"item": "F01", "result": "pass"}], "hazards": [], "received_at": "2026-03-09T15:31:00Z",
    "received_from": "0198f000-0000-7000-8000-000000000021", "identical_to": "0198f000-0000-7000-8000-000000000069",
    "back_dated": false, "ahead_of_time": false, "evidence": {"declared": 0, "stored": 0, "complete": true, "missing": []}
}))]
pub struct SelfCheckView {
    pub id: SelfCheckId,
    pub institution_id: InstitutionId,
    pub kind: SelfCheckKind,
    pub performed_at: Instant,
    /// The local day it counts for; of a night the day on whose evening it begins. A night patrol by day counts for none.
    pub counts_for: Option<NaiveDate>,
    pub performed_by: String,
    pub route: Option<String>,
    pub answers: Vec<SelfCheckAnswer>,
    /// Hazards that it found or met with.
    pub hazards: Vec<HazardId>,
    pub remark: Option<String>,
    pub received_at: Instant,
    pub received_from: UserId,
    /// An earlier entry that says the very same.
    pub identical_to: Option<SelfCheckId>,
    /// It came long after it was done.
    pub back_dated: bool,
    /// It came before it was done.
    pub ahead_of_time: bool,
    pub evidence: EvidenceSummary,
}

fn views(tx: &mut ReadTx<'_>, found: Vec<SelfCheck>) -> Outcome<Vec<SelfCheckView>> {
    let owners = found.iter().map(|one| one.id.into()).collect();
    let photos = evidence::queries::states_of(tx.conn, OwnerKind::SelfCheck, owners)?;
    let mut states: HashMap<SelfCheckId, Vec<(EvidenceId, EvidenceStateKind)>> = HashMap::new();
    for (owner, photo, state) in photos {
        states.entry(SelfCheckId(owner.0)).or_default().push((photo, state));
    }
    let view = |of: SelfCheck| SelfCheckView {
        evidence: summary(states.get(&of.id).map_or(&[], Vec::as_slice)),
        id: of.id,
        institution_id: of.institution_id,
        kind: of.kind,
        performed_at: of.performed_at,
        counts_for: of.counts_for,
        performed_by: of.performed_by,
        route: of.content.route,
        answers: of.content.answers,
        hazards: of.content.hazards,
        remark: of.content.remark,
        received_at: of.received_at,
        received_from: of.received_from,
        identical_to: of.identical_to,
        back_dated: of.back_dated,
        ahead_of_time: of.ahead_of_time,
    };
    Ok(found.into_iter().map(view).collect())
}

fn one(tx: &mut ReadTx<'_>, found: SelfCheck) -> Outcome<SelfCheckView> {
    views(tx, vec![found])?.pop().ok_or_else(|| Code::NotFound.into())
}

/// Enters a self-check, or confirms that it was entered so. Entries are never changed; what is odd is flagged, not refused.
#[utoipa::path(tag = "self_checks", params(("id" = SelfCheckId, Path, description = "Made by the caller, UUIDv7.")), request_body = SelfCheckForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Entered.", body = SelfCheckView), (status = 200, description = "Already entered so.", body = SelfCheckView)))]
#[put("/self-checks/{id}")]
pub async fn put_self_check(
    access: Access<EnterSelfChecks>,
    id: Id<SelfCheckId>,
    form: Body<SelfCheckForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access
        .write(move |tx| {
            let (answer, entered) = enter::enter(tx, id.0, &form.0)?;
            Ok((answer, one(&mut tx.reading(), entered)?))
        })
        .await?;
    Ok(stored(answer, 1, &found))
}

/// One entry.
#[utoipa::path(tag = "self_checks", params(("id" = SelfCheckId, Path, description = "The entry.")), security(("bearer" = [])),
    responses((status = 200, description = "The entry.", body = SelfCheckView)))]
#[get("/self-checks/{id}")]
pub async fn get_self_check(access: Access<ReadSelfChecks>, id: Id<SelfCheckId>) -> Outcome<HttpResponse> {
    let found = access
        .read(move |tx| {
            let found = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            one(tx, found)
        })
        .await?;
    Ok(object(1, &found))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SelfCheckFilter {
    pub kind: Option<SelfCheckKind>,
    /// Done at this moment or later.
    pub from: Option<Instant>,
    /// Done before this moment.
    pub before: Option<Instant>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The entries of an institution, the newest first.
#[utoipa::path(tag = "self_checks", params(("id" = InstitutionId, Path, description = "The institution."), SelfCheckFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of entries.", body = Page<SelfCheckView>)))]
#[get("/institutions/{id}/self-checks")]
pub async fn list_self_checks(
    access: Access<ReadSelfChecks>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<SelfCheckFilter>,
) -> Outcome<HttpResponse> {
    let SelfCheckFilter { kind, from, before, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<Place> = Cursor::decode(cursor.as_deref())?;
    let by = Narrowing { kind, from, before, after };
    let answer = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let found = queries::list(tx.conn, id.0, &by, limit + 1)?;
            let place =
                |one: &SelfCheck| Cursor::encode(&Place { performed_at: one.performed_at, id: one.id });
            let cut = Page::cut(found, limit, place, |one| one);
            Ok(Page { items: views(tx, cut.items)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}

/// What should have been done, what was, and what is missing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "from": "2026-03-08", "to": "2026-03-09",
    "intervals": {"fire_patrols_a_day": 1, "night_patrols_a_night": 2, "checks_a_month": 1, "night_from": "22:00:00", "night_to": "06:00:00",
        "back_dated_after_hours": 24, "identical_within_days": 30},
    "kinds": [{"kind": "night_patrol", "expected": 4, "present": 3, "missing": 1, "periods": [
        {"day": "2026-03-08", "expected": 2, "present": 1, "missing": 1, "state": "missing"},
        {"day": "2026-03-09", "expected": 2, "present": 2, "missing": 0, "state": "done"}]}]
}))]
pub struct SelfCheckStatusView {
    pub institution_id: InstitutionId,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The numbers it was computed with.
    pub intervals: StandingIntervals,
    pub kinds: Vec<KindStatus>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatusFilter {
    /// The first day; 29 days before the last when absent. At most 366 days are told at once.
    pub from: Option<NaiveDate>,
    /// The last day; today when absent.
    pub to: Option<NaiveDate>,
}

/// Days asked for at once.
const MOST_DAYS: i64 = 366;

/// What an institution should have done by itself, day by day, and what is missing. Computed when asked, never entered.
#[utoipa::path(tag = "self_checks", params(("id" = InstitutionId, Path, description = "The institution."), StatusFilter), security(("bearer" = [])),
    responses((status = 200, description = "The status.", body = SelfCheckStatusView)))]
#[get("/institutions/{id}/self-check-status")]
pub async fn self_check_status(
    access: Access<ReadSelfChecks>,
    id: Id<InstitutionId>,
    filter: Query<StatusFilter>,
) -> Outcome<HttpResponse> {
    let filter = filter.0;
    let found = access
        .read(move |tx| {
            let place = institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let to = filter.to.unwrap_or_else(|| tx.office.date(tx.now));
            let month_ago = to.checked_sub_signed(TimeDelta::days(29)).unwrap_or(to);
            let from = filter.from.unwrap_or(month_ago);
            for (name, date) in [("from", from), ("to", to)] {
                // The days around must be written as well.
                if !is_written_year(date.year() - 1) {
                    return Err(invalid(name, FieldCode::TooEarly));
                }
                if !is_written_year(date.year() + 1) {
                    return Err(invalid(name, FieldCode::TooLate));
                }
            }
            if from > to || (to - from).num_days() >= MOST_DAYS {
                return Err(invalid("from", FieldCode::Mismatch));
            }
            let (intervals, kinds) = enter::status_of(tx, &place, from, to)?;
            Ok(SelfCheckStatusView { institution_id: id.0, from, to, intervals, kinds })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

fn invalid(parameter: &str, code: FieldCode) -> crate::refusal::Failure {
    Refusal::new(Code::InvalidQuery).field(parameter, code).into()
}
