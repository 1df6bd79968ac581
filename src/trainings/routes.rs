//! Trainings over HTTP.

use super::model::{Audience, Training};
use super::queries::{self, Narrowing, Place};
use super::record::{self, TrainingForm};
use super::status::TrainingStanding;
use crate::access::{Access, ReadTrainings, ReadTx, RecordTrainings};
use crate::db::Instant;
use crate::db::sql_types::is_written_year;
use crate::evidence::{self, OwnerKind};
use crate::hazards::view::EvidenceItem;
use crate::http::{Body, Cursor, Id, Page, Query, limit, object, page, stored};
use crate::ids::{InstitutionId, TrainingId, UserId};
use crate::institutions;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::staff::Person;
use actix_web::{HttpRequest, HttpResponse, get, put};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(put_training).service(get_training).service(list_trainings).service(training_status);
}

/// A training that was held.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000b0", "institution_id": "0198f000-0000-7000-8000-000000000010", "topic": "co-poisoning",
    "audience": ["staff", "residents"], "started_at": "2026-03-09T06:30:00Z", "held_on": "2026-03-09", "minutes": 60,
    "place": "一楼活动室", "trainer": "船山区消防救援大队 李强", "attended": 38, "attendees": [{"name": "陈静"}],
    "material": "一氧化碳中毒预防折页", "recorded_at": "2026-03-09T08:00:00Z", "recorded_by": "0198f000-0000-7000-8000-000000000021", "photos": []
}))]
pub struct TrainingView {
    pub id: TrainingId,
    pub institution_id: InstitutionId,
    /// A code of the standing intervals.
    pub topic: String,
    pub audience: Vec<Audience>,
    pub started_at: Instant,
    /// The local day.
    pub held_on: NaiveDate,
    pub minutes: u32,
    pub place: String,
    pub trainer: String,
    pub attended: i32,
    /// Who signed.
    pub attendees: Vec<Person>,
    pub material: Option<String>,
    pub remark: Option<String>,
    /// The record that it corrects.
    pub replaces: Option<TrainingId>,
    /// The record that corrects it: this one no longer counts.
    pub replaced_by: Option<TrainingId>,
    pub recorded_at: Instant,
    pub recorded_by: UserId,
    pub photos: Vec<EvidenceItem>,
}

fn views(tx: &mut ReadTx<'_>, found: Vec<Training>) -> Outcome<Vec<TrainingView>> {
    let owners = found.iter().map(|one| one.id.into()).collect();
    let photos = evidence::queries::of_owners(tx.conn, OwnerKind::Training, owners)?;
    let ids = found.iter().map(|one| one.id).collect();
    let replaced: HashMap<TrainingId, TrainingId> =
        queries::replacements(tx.conn, ids)?.into_iter().collect();
    let view = |of: Training| TrainingView {
        audience: of.audience(),
        photos: photos.iter().filter(|one| one.owner_id == of.id.into()).map(EvidenceItem::from).collect(),
        replaced_by: replaced.get(&of.id).copied(),
        id: of.id,
        institution_id: of.institution_id,
        topic: of.topic,
        started_at: of.started_at,
        held_on: of.held_on,
        minutes: of.content.minutes,
        place: of.content.place,
        trainer: of.content.trainer,
        attended: of.attended,
        attendees: of.content.attendees,
        material: of.content.material,
        remark: of.content.remark,
        replaces: of.replaces,
        recorded_at: of.recorded_at,
        recorded_by: of.recorded_by,
    };
    Ok(found.into_iter().map(view).collect())
}

fn one(tx: &mut ReadTx<'_>, found: Training) -> Outcome<TrainingView> {
    views(tx, vec![found])?.pop().ok_or_else(|| Code::NotFound.into())
}

/// Writes down that a training was held, or confirms that it stands so. Records are never changed: a later one corrects
/// this one by naming it in `replaces`.
#[utoipa::path(tag = "trainings", params(("id" = TrainingId, Path, description = "Made by the caller, UUIDv7.")), request_body = TrainingForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Written down.", body = TrainingView), (status = 200, description = "It stands so already.", body = TrainingView)))]
#[put("/trainings/{id}")]
pub async fn put_training(
    access: Access<RecordTrainings>,
    id: Id<TrainingId>,
    form: Body<TrainingForm>,
) -> Outcome<HttpResponse> {
    let (answer, found) = access
        .write(move |tx| {
            let (answer, recorded) = record::record(tx, id.0, &form.0)?;
            Ok((answer, one(&mut tx.reading(), recorded)?))
        })
        .await?;
    Ok(stored(answer, 1, &found))
}

/// One training.
#[utoipa::path(tag = "trainings", params(("id" = TrainingId, Path, description = "The training.")), security(("bearer" = [])),
    responses((status = 200, description = "The training.", body = TrainingView)))]
#[get("/trainings/{id}")]
pub async fn get_training(access: Access<ReadTrainings>, id: Id<TrainingId>) -> Outcome<HttpResponse> {
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
pub struct TrainingFilter {
    /// A code of the standing intervals.
    #[param(min_length = 1, max_length = 60)]
    pub topic: Option<String>,
    pub audience: Option<Audience>,
    /// Held on this local day or later.
    pub from: Option<NaiveDate>,
    /// Held on this local day or before.
    pub to: Option<NaiveDate>,
    /// Also those that a later record corrects.
    pub replaced: Option<bool>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

fn invalid(parameter: &str, code: FieldCode) -> crate::refusal::Failure {
    Refusal::new(Code::InvalidQuery).field(parameter, code).into()
}

/// The trainings of an institution, the newest first.
#[utoipa::path(tag = "trainings", params(("id" = InstitutionId, Path, description = "The institution."), TrainingFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of trainings.", body = Page<TrainingView>)))]
#[get("/institutions/{id}/trainings")]
pub async fn list_trainings(
    access: Access<ReadTrainings>,
    req: HttpRequest,
    id: Id<InstitutionId>,
    filter: Query<TrainingFilter>,
) -> Outcome<HttpResponse> {
    let TrainingFilter { topic, audience, from, to, replaced, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after: Option<Place> = Cursor::decode(cursor.as_deref())?;
    if after.is_some_and(|place| !is_written_year(place.held_on.year())) {
        return Err(Code::InvalidCursor.into());
    }
    for (name, date) in [("from", from), ("to", to)] {
        if date.is_some_and(|date| !is_written_year(date.year())) {
            return Err(invalid(name, FieldCode::OutOfRange));
        }
    }
    // What a text cannot hold, no topic is called.
    if topic.as_ref().is_some_and(|topic| topic.is_empty() || topic.len() > 60 || topic.contains('\0')) {
        return Err(invalid("topic", FieldCode::OutOfRange));
    }
    let by = Narrowing { topic, audience, from, to, replaced: replaced.unwrap_or(false), after };
    let answer = access
        .read(move |tx| {
            institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let found = queries::list(tx.conn, id.0, &by, limit + 1)?;
            let place = |one: &Training| Cursor::encode(&Place { held_on: one.held_on, id: one.id });
            let cut = Page::cut(found, limit, place, |one| one);
            Ok(Page { items: views(tx, cut.items)?, next_cursor: cut.next_cursor })
        })
        .await?;
    Ok(page(&req, &answer))
}

/// Which trainings an institution owes, when each was last held and when the next is due.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "on": "2026-03-10", "trainings": [{
        "topic": "fire-training", "title_zh": "消防培训", "title_en": "Fire-safety training", "basis": "消防部门养老机构安全提示（2019）",
        "verified": true, "times": 1, "period": "half_year", "from": "2026-01-01", "to": "2026-06-30", "held": 1, "state": "satisfied",
        "last_held_on": "2026-03-09", "last_training": "0198f000-0000-7000-8000-0000000000b0", "next_due": "2026-12-31"}],
    "untrained_new_staff": [{"name": "李敏", "started_on": "2026-03-02"}]
}))]
pub struct TrainingStatusView {
    pub institution_id: InstitutionId,
    pub on: NaiveDate,
    pub trainings: Vec<TrainingStanding>,
    /// Who began to work in the three calendar years before this one or since, and is named in no training that is due before.
    pub untrained_new_staff: Vec<NewStaffView>,
}

/// Somebody who began to work without the training that is due before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewStaffView {
    pub name: String,
    pub started_on: NaiveDate,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatusFilter {
    /// As of this day; today when absent.
    pub on: Option<NaiveDate>,
}

/// Which trainings are due. Computed when asked, never entered.
#[utoipa::path(tag = "trainings", params(("id" = InstitutionId, Path, description = "The institution."), StatusFilter), security(("bearer" = [])),
    responses((status = 200, description = "The status.", body = TrainingStatusView)))]
#[get("/institutions/{id}/training-status")]
pub async fn training_status(
    access: Access<ReadTrainings>,
    id: Id<InstitutionId>,
    filter: Query<StatusFilter>,
) -> Outcome<HttpResponse> {
    let asked = filter.0.on;
    // The years around must be written as well.
    if asked.is_some_and(|on| !is_written_year(on.year() - 3) || !is_written_year(on.year() + 3)) {
        return Err(invalid("on", FieldCode::OutOfRange));
    }
    let found = access
        .read(move |tx| {
            let place = institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let on = asked.unwrap_or_else(|| tx.office.date(tx.now));
            let (trainings, new) = super::standing::status(tx, &place, on)?;
            let new = new.into_iter().map(|one| NewStaffView { name: one.name, started_on: one.started_on });
            Ok(TrainingStatusView { institution_id: id.0, on, trainings, untrained_new_staff: new.collect() })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}
