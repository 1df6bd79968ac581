//! Reading the trail over HTTP.

use super::model::StoredEntry;
use super::queries;
use crate::access::{Access, ReadAudit, Scope};
use crate::db::Instant;
use crate::http::{Cursor, Page, Query, limit, page};
use crate::ids::{ChainId, InstitutionId, UserId};
use crate::institutions;
use crate::refusal::{Code, Outcome};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_audit);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Whose chain; the system's own when absent, for callers who cover everything.
    pub institution_id: Option<InstitutionId>,
    /// Only entries about this object.
    pub object_id: Option<uuid::Uuid>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One sealed entry of a chain.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "chain": "0198f000-0000-7000-8000-000000000010", "seq": 17, "at": "2026-03-01T01:21:00Z", "actor_id": "0198f000-0000-7000-8000-000000000020",
    "actor_role": "inspector", "action": "hazard.registered", "object_kind": "hazard", "object_id": "0198f000-0000-7000-8000-000000000040",
    "result": "done", "request_id": "0198f2a0-5e11-7c3a-9b77-1f0d5d6a7b21", "address": "10.1.2.3", "device": "Mozilla/5.0",
    "content": {"number": "YH20260301-0000000A"}, "previous": "5c1f…", "hash": "a77e…"
}))]
pub struct AuditEntryView {
    pub chain: ChainId,
    pub seq: i64,
    pub at: Instant,
    pub actor_id: Option<UserId>,
    pub actor_role: Option<String>,
    pub action: String,
    pub object_kind: String,
    pub object_id: Option<uuid::Uuid>,
    /// `done`, or the code of the refusal.
    pub result: String,
    pub request_id: String,
    pub address: Option<String>,
    pub device: Option<String>,
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
    pub previous: String,
    pub hash: String,
}

impl From<StoredEntry> for AuditEntryView {
    fn from(of: StoredEntry) -> Self {
        Self {
            chain: of.chain,
            seq: of.seq,
            at: of.at,
            actor_id: of.actor_id,
            actor_role: of.actor_role,
            action: of.action,
            object_kind: of.object_kind,
            object_id: of.object_id.map(|id| id.0),
            result: of.result,
            request_id: of.request_id,
            address: of.address,
            device: of.device,
            content: serde_json::from_str(&of.content).unwrap_or_default(),
            previous: of.previous,
            hash: of.hash,
        }
    }
}

/// The audit trail of one institution, or of the system; the newest entry first.
#[utoipa::path(tag = "audit", params(AuditFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of entries.", body = Page<AuditEntryView>)))]
#[get("/audit")]
pub async fn list_audit(
    access: Access<ReadAudit>,
    req: HttpRequest,
    filter: Query<AuditFilter>,
) -> Outcome<HttpResponse> {
    let AuditFilter { institution_id, object_id, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let before: Option<i64> = Cursor::decode(cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            let chain = match institution_id {
                Some(id) => institutions::queries::find(tx.conn, &tx.actor.scope, id)?.id.into(),
                None if tx.actor.scope == Scope::All => ChainId::SYSTEM,
                None => return Err(Code::NotFound.into()),
            };
            queries::entries(tx.conn, chain, object_id.map(ChainId), before, limit + 1)
        })
        .await?;
    Ok(page(&req, &Page::cut(found, limit, |entry| Cursor::encode(&entry.seq), AuditEntryView::from)))
}
