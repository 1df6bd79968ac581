//! The stopwatch of a drill over HTTP.

use super::model::{ObserverForm, StoredObserver, TapBatch};
use super::{queries, rules, take};
use crate::access::{Access, ReadDrills, ReadTx, RecordDrills};
use crate::canonical::digest;
use crate::db::Instant;
use crate::drills::queries as drills;
use crate::drills::stopwatch::{Sync, Tap, Timeline as Merged, merge};
use crate::drills::timeline::{Milestone, Timeline};
use crate::http::{Body, Id, kept_at_home, path_id, stored};
use crate::ids::{DrillId, ObserverId};
use crate::refusal::{Code, Outcome};
use actix_web::{HttpRequest, HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_drill_observer).service(put_drill_taps).service(get_drill_timeline);
}

/// A phone at a drill.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": "0198f000-0000-7000-8000-000000000a00", "name": "周涛", "post": "东侧楼梯口", "joined_at": "2026-03-10T01:29:11.462Z"}))]
pub struct ObserverView {
    pub id: ObserverId,
    pub name: String,
    pub post: Option<String>,
    pub joined_at: Instant,
}

impl From<StoredObserver> for ObserverView {
    fn from(of: StoredObserver) -> Self {
        Self { id: of.id, name: of.name, post: of.post, joined_at: of.joined_at }
    }
}

/// That a phone is known, and the server's time for its next sync.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"observer": {"id": "0198f000-0000-7000-8000-000000000a00", "name": "周涛", "post": "东侧楼梯口",
    "joined_at": "2026-03-10T01:29:11.462Z"}, "server_at": "2026-03-10T01:29:11.462Z"}))]
pub struct Joined {
    pub observer: ObserverView,
    /// When the server answered: `server_at` of the next sync.
    pub server_at: Instant,
}

/// What became of a batch, and the server's time for the next sync.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"received": 12, "known": 3, "server_at": "2026-03-10T01:31:40.118Z"}))]
pub struct TapsTaken {
    /// How many taps are new.
    pub received: usize,
    /// How many were there already.
    pub known: usize,
    /// When the server answered: `server_at` of the next sync.
    pub server_at: Instant,
}

/// What all phones say together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "observers": [{"id": "0198f000-0000-7000-8000-000000000a00", "name": "周涛", "post": "东侧楼梯口", "joined_at": "2026-03-10T01:29:11.462Z"}],
    "merged": {"entries": [{"id": "0198f000-0000-7000-8000-000000000a01", "observer": "0198f000-0000-7000-8000-000000000a00", "kind": "alarm",
        "compartment": null, "count": null, "class": null, "note": null, "at": "2026-03-10T01:30:34.312Z", "within_ms": 61, "basis": "synced",
        "order_certain": true, "taken_back": false}],
        "milestones": [{"kind": "alarm", "compartment": null, "at": "2026-03-10T01:30:34.312Z", "within_ms": 61,
            "tap": "0198f000-0000-7000-8000-000000000a01", "observers": 1, "spread_ms": 0, "after_alarm_ms": 0}],
        "curve": [], "compartments": [], "slowest_compartment": null, "people_per_minute": null, "within_ms": 61, "notes": []},
    "proposed": {"alarm_at": "2026-03-10T01:30:34Z", "first_action_at": null, "emergency_call_at": null, "micro_station_at": null,
        "evacuation_began_at": null, "last_out_at": null, "head_count_at": null},
    "moved": []
}))]
pub struct DrillTimeline {
    pub observers: Vec<ObserverView>,
    pub merged: Merged,
    /// The timeline that the record may hold, in whole seconds and in order; absent without an alarm.
    pub proposed: Option<Timeline>,
    /// The moments of `proposed` that phones saw earlier than what comes before them: they stand where that stands.
    pub moved: Vec<Milestone>,
}

/// Lets a phone join as an observer, or confirms that it did. From the plan on, unless the drill was cancelled. Safe to repeat.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "The drill."), ("observer" = ObserverId, Path, description = "Made by the phone, UUIDv7.")),
    request_body = ObserverForm, security(("bearer" = [])),
    responses((status = 201, description = "Joined.", body = Joined), (status = 200, description = "It joined so before.", body = Joined)))]
#[put("/drills/{id}/observers/{observer}")]
pub async fn put_drill_observer(
    access: Access<RecordDrills>,
    req: HttpRequest,
    id: Id<DrillId>,
    form: Body<ObserverForm>,
) -> Outcome<HttpResponse> {
    let observer = path_id(&req, "observer").map(ObserverId).ok_or(Code::NotFound)?;
    let (answer, version, body) = access
        .write(move |tx| {
            let (answer, drill, joined) = take::join(tx, id.0, observer, &form.0)?;
            Ok((answer, drill.version, Joined { observer: joined.into(), server_at: tx.now }))
        })
        .await?;
    Ok(stored(answer, version, &body))
}

/// Takes in what was tapped on a phone: at most 500 taps at once, in any order, as often as needed, from the start of the
/// drill on and also after its record. A tap that is known is not taken twice; an id with other content refuses the batch.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "The drill.")), request_body = TapBatch, security(("bearer" = [])),
    responses((status = 201, description = "Something was new.", body = TapsTaken), (status = 200, description = "All of it was known.", body = TapsTaken)))]
#[put("/drills/{id}/taps")]
pub async fn put_drill_taps(
    access: Access<RecordDrills>,
    id: Id<DrillId>,
    form: Body<TapBatch>,
) -> Outcome<HttpResponse> {
    let (answer, version, body) = access
        .write(move |tx| {
            let (answer, drill, taken) = take::take(tx, id.0, &form.0)?;
            let body = TapsTaken { received: taken.received, known: taken.known, server_at: tx.now };
            Ok((answer, drill.version, body))
        })
        .await?;
    Ok(stored(answer, version, &body))
}

/// What all phones of a drill tapped as one timeline, in the server's time, and what of it the record may hold.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "The drill.")), security(("bearer" = [])),
    responses((status = 200, description = "The timeline.", body = DrillTimeline)))]
#[get("/drills/{id}/timeline")]
pub async fn get_drill_timeline(
    access: Access<ReadDrills>,
    req: HttpRequest,
    id: Id<DrillId>,
) -> Outcome<HttpResponse> {
    let body = access.read(move |tx| timeline(tx, id.0)).await?;
    Ok(kept_at_home(&req, &digest(&body), &body))
}

fn timeline(tx: &mut ReadTx<'_>, id: DrillId) -> Outcome<DrillTimeline> {
    drills::find(tx.conn, tx.actor, id)?;
    let observers = queries::observers(tx.conn, id)?.into_iter().map(ObserverView::from).collect();
    let syncs: Vec<(ObserverId, Sync)> =
        queries::syncs(tx.conn, id)?.into_iter().map(|one| (one.observer_id, one.content.0)).collect();
    let taps: Vec<Tap> =
        queries::taps(tx.conn, id)?.into_iter().map(|one| rules::tap(one.observer_id, one.content)).collect();
    let merged = merge(&taps, &syncs);
    let (proposed, moved) = rules::proposed(&merged, tx.now).unzip();
    Ok(DrillTimeline { observers, merged, proposed, moved: moved.unwrap_or_default() })
}
