//! Warnings as the API shows them: what is late is computed when asked.

use super::model::{HomeSituation, Report, Target, Warning, WarningKind, WarningLevel};
use super::queries;
use super::rules::{self, AckState, WarningState};
use crate::access::{ReadTx, Scope};
use crate::db::Instant;
use crate::evidence::{self, OwnerKind};
use crate::hazards::view::EvidenceItem;
use crate::ids::{AreaId, InstitutionId, UserId, WarningId, WarningReportId};
use crate::refusal::{Code, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// A warning, and how far the homes that the caller covers have come with it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000c0", "area_id": "0198f000-0000-7000-8000-000000000002", "source": "遂宁市气象台",
    "kind": "cold_wave", "level": "blue", "text": "预计未来48小时日平均气温下降8℃以上，请做好防寒和取暖安全。",
    "issued_at": "2026-03-10T00:30:00Z", "valid_from": "2026-03-10T00:30:00Z", "valid_to": "2026-03-12T00:30:00Z",
    "report_every_minutes": 720, "acknowledge_by": "2026-03-10T01:30:00Z", "relayed_at": "2026-03-10T01:00:00Z",
    "relayed_by": "0198f000-0000-7000-8000-000000000020", "state": "running", "homes": 12, "acknowledged": 10,
    "unacknowledged_late": 1, "reports_overdue": 0, "version": 1
}))]
pub struct WarningView {
    pub id: WarningId,
    pub area_id: AreaId,
    pub source: String,
    pub kind: WarningKind,
    pub level: WarningLevel,
    pub text: String,
    pub issued_at: Instant,
    pub valid_from: Instant,
    pub valid_to: Instant,
    pub report_every_minutes: Option<i32>,
    /// Until when an acknowledgement is in time.
    pub acknowledge_by: Instant,
    pub relayed_at: Instant,
    pub relayed_by: UserId,
    pub state: WarningState,
    pub ended_at: Option<Instant>,
    pub end_reason: Option<String>,
    /// Of those that the caller covers.
    pub homes: usize,
    pub acknowledged: usize,
    /// Not acknowledged, and the time is over.
    pub unacknowledged_late: usize,
    pub reports_overdue: usize,
    pub version: i64,
}

/// How one home stands with a warning.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "institution_name": "船山区夕阳红养老院", "acknowledgement": "on_time",
    "acknowledged_at": "2026-03-10T01:12:00Z", "acknowledged_by": "陈静", "measures": "已通知夜班，检查取暖设备",
    "reports": 1, "last_report_at": "2026-03-10T09:00:00Z", "report_due_at": "2026-03-11T01:00:00Z", "report_overdue": false, "reports_missed": 0
}))]
pub struct WarningTargetView {
    pub institution_id: InstitutionId,
    pub institution_name: String,
    pub acknowledgement: AckState,
    pub acknowledged_at: Option<Instant>,
    pub acknowledged_by: Option<String>,
    pub measures: Option<String>,
    pub reports: usize,
    pub last_report_at: Option<Instant>,
    /// Until when the next report is in time; absent when none is expected.
    pub report_due_at: Option<Instant>,
    pub report_overdue: bool,
    /// Periods that went by without a report.
    pub reports_missed: u32,
}

/// A warning as it came to one home.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "warning": {
        "id": "0198f000-0000-7000-8000-0000000000c0", "area_id": "0198f000-0000-7000-8000-000000000002", "source": "遂宁市气象台",
        "kind": "cold_wave", "level": "blue", "text": "预计未来48小时日平均气温下降8℃以上，请做好防寒和取暖安全。",
        "issued_at": "2026-03-10T00:30:00Z", "valid_from": "2026-03-10T00:30:00Z", "valid_to": "2026-03-12T00:30:00Z",
        "acknowledge_by": "2026-03-10T01:30:00Z", "relayed_at": "2026-03-10T01:00:00Z",
        "relayed_by": "0198f000-0000-7000-8000-000000000020", "state": "running", "homes": 1, "acknowledged": 1,
        "unacknowledged_late": 0, "reports_overdue": 0, "version": 1
    },
    "standing": {
        "institution_id": "0198f000-0000-7000-8000-000000000010", "institution_name": "船山区夕阳红养老院", "acknowledgement": "on_time",
        "acknowledged_at": "2026-03-10T01:12:00Z", "acknowledged_by": "陈静", "reports": 0, "report_overdue": false, "reports_missed": 0
    }
}))]
pub struct HomeWarning {
    pub warning: WarningView,
    pub standing: WarningTargetView,
}

/// What a home reported.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-0000000000c1", "warning_id": "0198f000-0000-7000-8000-0000000000c0",
    "institution_id": "0198f000-0000-7000-8000-000000000010", "reported_at": "2026-03-10T09:00:00Z",
    "reported_by": "0198f000-0000-7000-8000-000000000021", "situation": "watching", "moved": 0, "needs": "需要一台发电机", "photos": []
}))]
pub struct WarningReportView {
    pub id: WarningReportId,
    pub warning_id: WarningId,
    pub institution_id: InstitutionId,
    pub reported_at: Instant,
    pub reported_by: UserId,
    pub situation: HomeSituation,
    pub moved: Option<u32>,
    pub needs: Option<String>,
    pub text: Option<String>,
    pub photos: Vec<EvidenceItem>,
}

/// How one home stands; `reported` are the moments of its reports, oldest first.
fn target(
    of: &Warning,
    target: Target,
    name: String,
    reported: &[Instant],
    now: Instant,
) -> WarningTargetView {
    let due = rules::reports(of, reported, now);
    let (acknowledged_by, measures) =
        target.acknowledgement.map_or((None, None), |said| (Some(said.by), said.measures));
    WarningTargetView {
        institution_id: target.institution_id,
        institution_name: name,
        acknowledgement: rules::acknowledgement(of, target.acknowledged_at, now),
        acknowledged_at: target.acknowledged_at,
        acknowledged_by,
        measures,
        reports: reported.len(),
        last_report_at: reported.last().copied(),
        report_due_at: due.due_at,
        report_overdue: due.overdue,
        reports_missed: due.missed,
    }
}

/// How the homes of a scope stand with these warnings, by name.
pub fn targets(
    tx: &mut ReadTx<'_>,
    scope: &Scope,
    of: &[Warning],
) -> Outcome<HashMap<WarningId, Vec<WarningTargetView>>> {
    let ids: Vec<WarningId> = of.iter().map(|one| one.id).collect();
    let mut reported: HashMap<(WarningId, InstitutionId), Vec<Instant>> = HashMap::new();
    for (warning, home, at) in queries::reported(tx.conn, scope, &ids)? {
        reported.entry((warning, home)).or_default().push(at);
    }
    let of: HashMap<WarningId, &Warning> = of.iter().map(|one| (one.id, one)).collect();
    let mut views: HashMap<WarningId, Vec<WarningTargetView>> = HashMap::new();
    for (line, name) in queries::targets(tx.conn, scope, &ids)? {
        let (id, home) = (line.warning_id, line.institution_id);
        let moments = reported.get(&(id, home)).map_or(&[][..], Vec::as_slice);
        if let Some(warning) = of.get(&id) {
            views.entry(id).or_default().push(target(warning, line, name, moments, tx.now));
        }
    }
    Ok(views)
}

/// How far the homes that the caller covers have come with a warning.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    homes: usize,
    acknowledged: usize,
    reports_overdue: usize,
}

/// The same for each of these warnings, counted in the database.
fn progress(tx: &mut ReadTx<'_>, of: &[Warning]) -> Outcome<HashMap<WarningId, Progress>> {
    let ids: Vec<WarningId> = of.iter().map(|one| one.id).collect();
    let size = |count: i64| usize::try_from(count).unwrap_or(0);
    let mut all = HashMap::new();
    let counts = queries::counts(tx.conn, &tx.actor.scope, &ids)?;
    for one in of {
        let (homes, acknowledged) = counts.get(&one.id).copied().unwrap_or_default();
        let reported = match rules::late_unless_after(one, tx.now) {
            Some(moment) => queries::reported_after(tx.conn, &tx.actor.scope, one.id, moment)?,
            None => homes,
        };
        let reports_overdue = size(homes - reported);
        let progress = Progress { homes: size(homes), acknowledged: size(acknowledged), reports_overdue };
        all.insert(one.id, progress);
    }
    Ok(all)
}

fn view(of: Warning, progress: Progress, now: Instant) -> WarningView {
    let late = rules::acknowledgement(&of, None, now) == AckState::Overdue;
    WarningView {
        acknowledge_by: rules::acknowledge_by(&of),
        state: rules::state(&of, now),
        homes: progress.homes,
        acknowledged: progress.acknowledged,
        unacknowledged_late: if late { progress.homes.saturating_sub(progress.acknowledged) } else { 0 },
        reports_overdue: progress.reports_overdue,
        id: of.id,
        area_id: of.area_id,
        source: of.source,
        kind: of.kind,
        level: of.level,
        text: of.text,
        issued_at: of.issued_at,
        valid_from: of.valid_from,
        valid_to: of.valid_to,
        report_every_minutes: of.report_every_minutes,
        relayed_at: of.relayed_at,
        relayed_by: of.relayed_by,
        ended_at: of.ended_at,
        end_reason: of.end_reason,
        version: of.version,
    }
}

pub fn views(tx: &mut ReadTx<'_>, found: Vec<Warning>) -> Outcome<Vec<WarningView>> {
    let mut progress = progress(tx, &found)?;
    let now = tx.now;
    let one = |of: Warning| {
        let so_far = progress.remove(&of.id).unwrap_or_default();
        view(of, so_far, now)
    };
    Ok(found.into_iter().map(one).collect())
}

pub fn one(tx: &mut ReadTx<'_>, found: Warning) -> Outcome<WarningView> {
    views(tx, vec![found])?.pop().ok_or_else(|| Code::NotFound.into())
}

/// Warnings as they came to a home that the caller has been shown to cover.
pub fn of_home(tx: &mut ReadTx<'_>, found: Vec<Warning>, home: InstitutionId) -> Outcome<Vec<HomeWarning>> {
    let mut standings = targets(tx, &Scope::Institutions(vec![home]), &found)?;
    let mut all = Vec::with_capacity(found.len());
    for warning in views(tx, found)? {
        let own = standings.remove(&warning.id).unwrap_or_default();
        all.extend(own.into_iter().map(|standing| HomeWarning { warning: warning.clone(), standing }));
    }
    Ok(all)
}

pub fn reports(tx: &mut ReadTx<'_>, found: Vec<Report>) -> Outcome<Vec<WarningReportView>> {
    let owners = found.iter().map(|one| one.id.into()).collect();
    let photos = evidence::queries::of_owners(tx.conn, OwnerKind::Warning, owners)?;
    let view = |of: Report| WarningReportView {
        photos: photos.iter().filter(|one| one.owner_id == of.id.into()).map(EvidenceItem::from).collect(),
        id: of.id,
        warning_id: of.warning_id,
        institution_id: of.institution_id,
        reported_at: of.reported_at,
        reported_by: of.reported_by,
        situation: of.content.situation,
        moved: of.content.moved,
        needs: of.content.needs,
        text: of.content.text,
    };
    Ok(found.into_iter().map(view).collect())
}
