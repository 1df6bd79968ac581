//! What is said of a home, as it is answered: moments as the API writes them, with the clock on the wall beside.

use super::coverage::Cell;
use super::facts::Words;
use super::predictable::Predictable;
use super::proposal::{NextDrill, PlannedCover, ProposedScenario, Window};
use super::requirements::{Assessment, Requirement};
use crate::db::Instant;
use crate::ids::{DrillId, InstitutionId};
use crate::office::Office;
use crate::rules::DocumentRef;
use crate::rules::kinds::drills::{DrillKind, Shift};
use crate::rules::kinds::intervals::Period;
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When the alarm may sound; both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowView {
    pub from: Instant,
    pub to: Instant,
    /// The same by the office's clock.
    pub local_date: NaiveDate,
    pub local_from: NaiveTime,
    pub local_to: NaiveTime,
}

/// A drill that is proposed, or planned already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextDrillView {
    /// The most urgent requirement, which decided.
    pub requirement: String,
    /// The planned drill that it is, when it is planned already.
    pub planned: Option<DrillId>,
    pub window: WindowView,
    pub shift: Shift,
    pub kind: DrillKind,
    pub scenario: Option<ProposedScenario>,
    pub building: Option<String>,
    /// Requirements that are met as soon as it was held.
    pub satisfies: Vec<String>,
    /// Those that are met when it was reported as well.
    pub satisfies_once_reported: Vec<String>,
    /// Those that need more than this one.
    pub counts_towards: Vec<String>,
    pub why: Words,
}

/// A planned drill and the requirements that it will meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedView {
    pub id: DrillId,
    pub window: WindowView,
    pub requirements: Vec<String>,
}

/// Drills of one shift at nearly the same time of day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PredictableView {
    pub shift: Shift,
    pub within_minutes: u32,
    /// The earliest first.
    pub drills: Vec<AlikeView>,
    /// One of them was held in the last four months.
    pub recent: bool,
    pub why: Words,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlikeView {
    pub id: DrillId,
    pub at: Instant,
}

/// Everything that a home owes, and the drill that comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "as_of": "2026-03-10T01:00:00Z", "rules": {"id": "drills-cn", "version": 2},
    "requirements": [{
        "id": "drills.night", "title_zh": "夜间演练（产品默认）", "title_en": "Night drill, product default",
        "clause": "产品默认；所查规定未明确夜间演练频次", "source": {"id": "drills-cn", "version": 2}, "verified": false, "state": "due",
        "why": {"zh": "2026年应有演练1次，已有0次", "en": "0 of 1 drills in 2026"}, "due_on": "2026-12-31",
        "period": {"first": "2026-01-01", "last": "2026-12-31"}, "times": 1, "held": 0, "missed": [], "to_report": [], "evidence": []}],
    "coverage_period": "half_year",
    "coverage": [{"shift": "night", "period": {"first": "2026-01-01", "last": "2026-06-30"}, "building": "2号楼", "state": "open", "drills": []}],
    "too_predictable": [],
    "next_drill": {
        "requirement": "drills.night", "shift": "night", "kind": "functional", "building": "2号楼",
        "window": {"from": "2026-03-12T14:00:00Z", "to": "2026-03-12T15:40:00Z", "local_date": "2026-03-12", "local_from": "22:00:00", "local_to": "23:40:00"},
        "scenario": {"code": "bedroom-fire", "title": {"zh": "居室起火（电热毯、吸烟）", "en": "Fire in a bedroom: electric blanket, smoking"}},
        "satisfies": ["drills.hands-on", "drills.night"], "satisfies_once_reported": ["drills.reported"], "counts_towards": [],
        "why": {"zh": "夜间演练：2026年应有演练1次，已有0次", "en": "Night drill: 0 of 1 drills in 2026"}},
    "planned": [], "no_window_for": []
}))]
pub struct DrillCompliance {
    pub institution_id: InstitutionId,
    pub as_of: Instant,
    /// The drill frequencies it was judged by.
    pub rules: DocumentRef,
    pub requirements: Vec<Requirement>,
    /// The period that the table is drawn by: the shortest that any duty of the home names, not under a month.
    #[schema(inline)]
    pub coverage_period: Period,
    /// Shift × period × building, the running period and the twelve months before.
    pub coverage: Vec<Cell>,
    pub too_predictable: Vec<PredictableView>,
    pub next_drill: Option<NextDrillView>,
    /// Why there is none.
    pub no_drill: Option<Words>,
    /// Planned drills, and what they will meet.
    pub planned: Vec<PlannedView>,
    /// Requirements for which no valid time is left before they are due.
    pub no_window_for: Vec<String>,
}

/// The answer.
pub fn view(office: &Office, id: InstitutionId, rules: DocumentRef, of: Assessment) -> DrillCompliance {
    let proposal = of.proposal;
    DrillCompliance {
        institution_id: id,
        as_of: office.moment(of.as_of),
        rules,
        requirements: of.requirements,
        coverage_period: of.coverage.period,
        coverage: of.coverage.cells,
        too_predictable: of.too_predictable.into_iter().map(|one| predictable(office, one)).collect(),
        next_drill: proposal.next_drill.map(|next| next_drill(office, next)),
        no_drill: proposal.no_drill,
        planned: proposal.planned.into_iter().map(|one| planned(office, one)).collect(),
        no_window_for: proposal.no_window_for,
    }
}

fn window(office: &Office, of: Window) -> WindowView {
    WindowView {
        from: office.moment(of.from),
        to: office.moment(of.to),
        local_date: of.from.date(),
        local_from: of.from.time(),
        local_to: of.to.time(),
    }
}

fn predictable(office: &Office, of: Predictable) -> PredictableView {
    let alike = of.drills.iter().map(|one| AlikeView { id: one.id, at: office.moment(one.at) });
    PredictableView {
        shift: of.shift,
        within_minutes: of.within_minutes,
        drills: alike.collect(),
        recent: of.recent,
        why: of.why,
    }
}

fn planned(office: &Office, of: PlannedCover) -> PlannedView {
    PlannedView { id: of.id, window: window(office, of.window), requirements: of.requirements }
}

fn next_drill(office: &Office, of: NextDrill) -> NextDrillView {
    NextDrillView {
        requirement: of.requirement,
        planned: of.planned,
        window: window(office, of.window),
        shift: of.shift,
        kind: of.kind,
        scenario: of.scenario,
        building: of.building,
        satisfies: of.satisfies,
        satisfies_once_reported: of.satisfies_once_reported,
        counts_towards: of.counts_towards,
        why: of.why,
    }
}
