//! The hand-over log over HTTP.

use super::{Handover, HandoverFacts, HandoverForm, enter};
use crate::access::{Access, KeepCommanders, ReadCommanders};
use crate::db::Instant;
use crate::http::{Body, Cursor, Id, Page, Query, limit, object, page, stored};
use crate::ids::{DrillId, HandoverId, InstitutionId, UserId};
use crate::institutions;
use crate::refusal::Outcome;
use crate::rosters::queries;
use crate::staff::Person;
use actix_web::{HttpRequest, HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_handover).service(get_handover).service(list_handovers);
}

/// A change of command, and what was known then.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000c0", "institution_id": "0198f000-0000-7000-8000-000000000010", "real_event": false,
    "at": "2026-03-09T19:12:00Z", "from": {"name": "陈静"}, "to": {"name": "赵队长"}, "to_organisation": "船山区消防救援大队",
    "facts": {"counted": 58, "missing": 1, "gas": "off", "power": "off"}, "entered_by": "0198f000-0000-7000-8000-000000000021",
    "entered_at": "2026-03-09T20:00:00Z"
}))]
pub struct HandoverView {
    pub id: HandoverId,
    pub institution_id: InstitutionId,
    /// The drill in which it was.
    pub drill_id: Option<DrillId>,
    pub real_event: bool,
    pub at: Instant,
    pub from: Option<Person>,
    pub to: Person,
    pub to_organisation: Option<String>,
    pub facts: HandoverFacts,
    pub entered_by: UserId,
    pub entered_at: Instant,
}

impl From<Handover> for HandoverView {
    fn from(of: Handover) -> Self {
        Self {
            id: of.id,
            institution_id: of.institution_id,
            drill_id: of.drill_id,
            real_event: of.real_event,
            at: of.at,
            from: of.content.from,
            to: of.content.to,
            to_organisation: of.content.to_organisation,
            facts: of.content.facts,
            entered_by: of.entered_by,
            entered_at: of.entered_at,
        }
    }
}

/// Adds a change of command to the log, or confirms that it was added so. Entries are never changed.
#[utoipa::path(tag = "rosters", params(("id" = HandoverId, Path, description = "Made by the caller, UUIDv7.")), request_body = HandoverForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Added.", body = HandoverView), (status = 200, description = "Already added so.", body = HandoverView)))]
#[put("/handovers/{id}")]
pub async fn put_handover(
    access: Access<KeepCommanders>,
    id: Id<HandoverId>,
    form: Body<HandoverForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access.write(move |tx| enter(tx, id.0, &form.0, None)).await?;
    Ok(stored(answer, 1, &HandoverView::from(found)))
}

/// One change of command.
#[utoipa::path(tag = "rosters", params(("id" = HandoverId, Path, description = "The entry.")), security(("bearer" = [])),
    responses((status = 200, description = "The entry.", body = HandoverView)))]
#[get("/handovers/{id}")]
pub async fn get_handover(access: Access<ReadCommanders>, id: Id<HandoverId>) -> Outcome<HttpResponse> {
    let found = access.read(move |tx| queries::find_handover(tx.conn, &tx.actor.scope, id.0)).await?;
    Ok(object(1, &HandoverView::from(found)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HandoverFilter {
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The changes of command in a home, the latest first.
#[utoipa::path(tag = "rosters", params(("id" = InstitutionId, Path, description = "The institution."), HandoverFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of entries.", body = Page<HandoverView>)))]
#[get("/institutions/{id}/handovers")]
pub async fn list_handovers(
    access: Access<ReadCommanders>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<HandoverFilter>,
) -> Outcome<HttpResponse> {
    let limit = limit(filter.0.limit)?;
    let after: Option<(Instant, HandoverId)> = Cursor::decode(filter.0.cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            queries::list_handovers(tx.conn, id.0, after, limit + 1)
        })
        .await?;
    let place = |of: &Handover| Cursor::encode(&(of.at, of.id));
    Ok(page(&req, &Page::cut(found, limit, place, HandoverView::from)))
}
