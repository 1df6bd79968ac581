//! The checklist over HTTP.

use super::model::{Category, ChecklistItem};
use crate::access::{Access, ReadChecklists};
use crate::http::Query;
use crate::refusal::Outcome;
use actix_web::{HttpResponse, get};
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
    let category = filter.0.category;
    let view = access
        .read(move |tx| {
            let checklist = &tx.office.checklist;
            let wanted = |item: &&ChecklistItem| category.is_none_or(|category| item.category == category);
            let items = checklist.items().iter().filter(wanted).cloned().collect();
            Ok(ChecklistView { id: checklist.id.clone(), version: checklist.version, items })
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
