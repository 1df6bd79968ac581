//! The background work over HTTP, for those who look after the machine.

use super::model::{Job, JobKind};
use super::queries;
use crate::access::{Access, ReadJobs};
use crate::db::Instant;
use crate::evidence::queries::damaged;
use crate::refusal::Outcome;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_jobs);
}

/// One job and how it went lately.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JobView {
    pub kind: JobKind,
    /// What it is about; empty for work that repeats.
    pub subject: String,
    pub due_at: Instant,
    /// Until when a node holds it; absent while it waits.
    pub held_until: Option<Instant>,
    pub runs: i64,
    pub failures: i64,
    /// More than 0: it is being tried again.
    pub failures_in_a_row: i32,
    pub last_run_at: Option<Instant>,
    pub last_error: Option<String>,
}

/// The background work, and what it found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "jobs": [{"kind": "evidence.scrub", "subject": "", "due_at": "2026-03-11T02:00:00Z", "held_until": null, "runs": 12,
        "failures": 0, "failures_in_a_row": 0, "last_run_at": "2026-03-10T02:00:00Z", "last_error": null}],
    "damaged_originals": 0
}))]
pub struct JobsView {
    pub jobs: Vec<JobView>,
    /// Originals that are missing or altered and were not mended. Anything but 0 is an alarm: `anlao verify` names them.
    pub damaged_originals: i64,
}

fn view(of: Job) -> JobView {
    JobView {
        kind: of.kind,
        subject: of.subject,
        due_at: of.due_at,
        held_until: of.lease_ends_at,
        runs: of.runs,
        failures: of.failures,
        failures_in_a_row: of.failures_in_a_row,
        last_run_at: of.last_run_at,
        last_error: of.last_error,
    }
}

/// The background work that is waiting, running or failing; at most 200 jobs.
#[utoipa::path(tag = "jobs", security(("bearer" = [])),
    responses((status = 200, description = "By kind.", body = JobsView)))]
#[get("/jobs")]
pub async fn get_jobs(access: Access<ReadJobs>) -> Outcome<HttpResponse> {
    let found = access
        .read(move |tx| {
            let jobs = queries::open(tx.conn)?.into_iter().map(view).collect();
            Ok(JobsView { jobs, damaged_originals: damaged(tx.conn)? })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}
