//! External orders over HTTP.

use super::model::{ExternalOrder, OrderKind};
use super::queries::{self, Place};
use super::record::{self, ExternalOrderForm, LiftForm};
use super::rules;
use crate::access::{Access, ReadExternalOrders, ReadTx, RecordExternalOrders};
use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::evidence::{self, OwnerKind};
use crate::hazards::view::EvidenceItem;
use crate::http::{Body, Cursor, Id, Page, Query, limit, object, page, stored};
use crate::ids::{ExternalOrderId, InstitutionId, UserId};
use crate::institutions;
use crate::refusal::{Code, Outcome};
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_orders).service(get_order).service(put_order).service(put_lift);
}

/// An order of another authority.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000060", "institution_id": "0198f000-0000-7000-8000-000000000010", "kind": "fire_service",
    "issuer": "船山区消防救援大队", "number": "船消限字〔2026〕第0012号", "issued_on": "2026-03-02", "valid_from": "2026-03-02",
    "valid_to": "2026-03-20", "text": "自动喷水灭火系统末端压力不足，责令限期改正。", "in_force": true,
    "recorded_by": "0198f000-0000-7000-8000-000000000020", "recorded_at": "2026-03-03T01:00:00Z", "photos": [], "version": 1
}))]
pub struct ExternalOrderView {
    pub id: ExternalOrderId,
    pub institution_id: InstitutionId,
    pub kind: OrderKind,
    pub issuer: String,
    pub number: Option<String>,
    pub issued_on: NaiveDate,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub text: String,
    /// Whether it binds today; computed when asked.
    pub in_force: bool,
    pub recorded_by: UserId,
    pub recorded_at: Instant,
    /// The first day on which it no longer binds.
    pub lifted_on: Option<NaiveDate>,
    pub lift_reason: Option<String>,
    pub lifted_by: Option<UserId>,
    pub lifted_at: Option<Instant>,
    pub photos: Vec<EvidenceItem>,
    pub version: i64,
}

fn views(tx: &mut ReadTx<'_>, found: Vec<ExternalOrder>) -> Outcome<Vec<ExternalOrderView>> {
    let owners = found.iter().map(|one| one.id.into()).collect();
    let photos = evidence::queries::of_owners(tx.conn, OwnerKind::ExternalOrder, owners)?;
    let today = tx.office.date(tx.now);
    let view = |of: ExternalOrder| ExternalOrderView {
        in_force: rules::in_force(&of, today),
        photos: photos.iter().filter(|one| one.owner_id == of.id.into()).map(EvidenceItem::from).collect(),
        id: of.id,
        institution_id: of.institution_id,
        kind: of.kind,
        issuer: of.issuer,
        number: of.number,
        issued_on: of.issued_on,
        valid_from: of.valid_from,
        valid_to: of.valid_to,
        text: of.text,
        recorded_by: of.recorded_by,
        recorded_at: of.recorded_at,
        lifted_on: of.lifted_on,
        lift_reason: of.lift_reason,
        lifted_by: of.lifted_by,
        lifted_at: of.lifted_at,
        version: of.version,
    };
    Ok(found.into_iter().map(view).collect())
}

fn view(tx: &mut ReadTx<'_>, of: ExternalOrder) -> Outcome<ExternalOrderView> {
    views(tx, vec![of])?.pop().ok_or_else(|| Code::NotFound.into())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderFilter {
    pub institution_id: InstitutionId,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The orders about one institution, the newest first.
#[utoipa::path(tag = "external_orders", params(OrderFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of orders.", body = Page<ExternalOrderView>)))]
#[get("/external-orders")]
pub async fn list_orders(
    access: Access<ReadExternalOrders>,
    req: HttpRequest,
    filter: Query<OrderFilter>,
) -> Outcome<HttpResponse> {
    let OrderFilter { institution_id, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<Place> = Cursor::decode(cursor.as_deref())?;
    if after.is_some_and(|place| !is_written_year(place.issued_on.year())) {
        return Err(Code::InvalidCursor.into());
    }
    let answer = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, institution_id)?;
            let found = queries::list(tx.conn, institution_id, after, limit + 1)?;
            let place = |one: &ExternalOrder| Cursor::encode(&Place { issued_on: one.issued_on, id: one.id });
            let cut = Page::cut(found, limit, place, |one| one);
            Ok(Page { items: views(tx, cut.items)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}

/// One order.
#[utoipa::path(tag = "external_orders", params(("id" = ExternalOrderId, Path, description = "The order.")), security(("bearer" = [])),
    responses((status = 200, description = "The order.", body = ExternalOrderView)))]
#[get("/external-orders/{id}")]
pub async fn get_order(access: Access<ReadExternalOrders>, id: Id<ExternalOrderId>) -> Outcome<HttpResponse> {
    let found = access
        .read(move |tx| {
            let order = queries::find(tx.conn, &tx.actor.scope, id.0)?;
            view(tx, order)
        })
        .await?;
    Ok(object(found.version, &found))
}

/// Writes an order of another authority down, or confirms that it stands so.
#[utoipa::path(tag = "external_orders", params(("id" = ExternalOrderId, Path, description = "Made by the caller, UUIDv7.")), request_body = ExternalOrderForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Written down.", body = ExternalOrderView), (status = 200, description = "It stands so already.", body = ExternalOrderView)))]
#[put("/external-orders/{id}")]
pub async fn put_order(
    access: Access<RecordExternalOrders>,
    id: Id<ExternalOrderId>,
    form: Body<ExternalOrderForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access
        .write(move |tx| {
            let (answer, order) = record::record(tx, id.0, &form.0)?;
            Ok((answer, view(&mut tx.reading(), order)?))
        })
        .await?;
    Ok(stored(answer, found.version, &found))
}

/// Writes down that an order no longer binds.
#[utoipa::path(tag = "external_orders", params(("id" = ExternalOrderId, Path, description = "The order.")), request_body = LiftForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Written down.", body = ExternalOrderView), (status = 200, description = "It stands so already.", body = ExternalOrderView)))]
#[put("/external-orders/{id}/lift")]
pub async fn put_lift(
    access: Access<RecordExternalOrders>,
    id: Id<ExternalOrderId>,
    form: Body<LiftForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access
        .write(move |tx| {
            let (answer, order) = record::lift(tx, id.0, &form.0)?;
            Ok((answer, view(&mut tx.reading(), order)?))
        })
        .await?;
    Ok(stored(answer, found.version, &found))
}
