//! The checklist over HTTP.

use super::model::{Category, ChecklistItem};
use crate::access::{Access, ReadChecklists};
use crate::areas;
use crate::http::Query;
use crate::ids::AreaId;
use crate::refusal::{Code, Outcome};
use crate::rules::routes::asked_day;
use crate::rules::{Content, Kind};
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_items);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemFilter {
    pub category: Option<Category>,
    /// The catalogue as it was, or will be, in force on this day; today when absent.
    pub on: Option<NaiveDate>,
    /// The catalogue of this area; that of the whole database when absent.
    pub area_id: Option<AreaId>,
}

/// The catalogue with its version: short enough to come whole.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChecklistView {
    pub id: String,
    pub version: u32,
    pub items: Vec<ChecklistItem>,
}

/// What there is to check.
#[utoipa::path(tag = "checklists", params(ItemFilter), security(("bearer" = [])),
    responses((status = 200, description = "The catalogue in force.", body = ChecklistView)))]
#[get("/checklist-items")]
pub async fn list_items(access: Access<ReadChecklists>, filter: Query<ItemFilter>) -> Outcome<HttpResponse> {
    let ItemFilter { category, on, area_id } = filter.0;
    let on = asked_day(on)?;
    let view = access
        .read(move |tx| {
            let on = on.unwrap_or_else(|| tx.office.date(tx.now));
            let place = match area_id {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?.place),
                None => None,
            };
            let rules = tx.rules()?;
            let document = rules.in_force(Kind::Checklist, place.as_ref(), on)?;
            let Content::Checklist(checklist) = &document.content else {
                return Err(Code::NoRuleInForce.into());
            };
            let wanted = |item: &&ChecklistItem| category.is_none_or(|category| item.category == category);
            let items = checklist.items().iter().filter(wanted).cloned().collect();
            Ok(ChecklistView { id: document.head.id.clone(), version: document.head.version, items })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
