//! Which shifts and buildings have been drilled in which period: the empty cells are where the next drill belongs. Pure.

use super::calendar::{Span, months_before};
use super::facts::{Facts, HeldDrill};
use super::requirements::strictest_period;
use crate::ids::DrillId;
use crate::rules::kinds::drills::{DrillFrequencies, DrillKind, Shift};
use crate::rules::kinds::intervals::Period;
use crate::text_enum;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// How a cell stands.
    pub enum CellState {
        Filled = "filled",
        /// Nothing yet, and the period is not over.
        Open = "open",
        /// The period passed without.
        Empty = "empty",
        /// The home was not on the books for half of the period.
        NotOwed = "not_owed",
    }
}

/// One shift in one period and building.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cell {
    pub shift: Shift,
    pub period: Span,
    /// Absent for a home whose plan names no buildings.
    pub building: Option<String>,
    pub state: CellState,
    /// What fills it. A drill that names no building was held in all of them.
    pub drills: Vec<DrillId>,
}

/// The table of the running period and those of the twelve months before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    pub period: Period,
    /// By period, the earliest first, then shift, then building.
    pub cells: Vec<Cell>,
}

/// Whether people moved: neither a table-top exercise, nor a call-out, nor a real event covers a cell.
pub fn covers(drill: &HeldDrill) -> bool {
    !drill.real_event && !matches!(drill.kind, DrillKind::Tabletop | DrillKind::CallOut)
}

/// The table as of a moment.
pub fn coverage(document: &DrillFrequencies, facts: &Facts, as_of: NaiveDateTime) -> Coverage {
    let period = strictest_period(document, facts);
    let today = as_of.date();
    let mut span = Span::of(period, months_before(today, 12));
    let mut cells = Vec::new();
    let buildings: Vec<Option<String>> = match facts.profile.buildings.as_slice() {
        [] => vec![None],
        some => some.iter().cloned().map(Some).collect(),
    };
    while span.first <= today {
        for shift in facts.profile.shifts.shifts() {
            for building in &buildings {
                cells.push(cell(facts, span, shift.shift, building.as_deref(), as_of));
            }
        }
        span = span.next(period);
    }
    Coverage { period, cells }
}

fn cell(facts: &Facts, period: Span, shift: Shift, building: Option<&str>, as_of: NaiveDateTime) -> Cell {
    let here = |drill: &&HeldDrill| {
        building.is_none() || drill.building.is_none() || drill.building.as_deref() == building
    };
    let mut held: Vec<&HeldDrill> = facts
        .drills
        .iter()
        .filter(|drill| drill.shift == shift && drill.alarm_at <= as_of)
        .filter(|drill| covers(drill) && period.contains(drill.alarm_at.date()))
        .filter(here)
        .collect();
    held.sort_by_key(|drill| (drill.alarm_at, drill.id));
    let state = match (held.is_empty(), period.last < as_of.date()) {
        (false, _) => CellState::Filled,
        (true, _) if !period.is_owed_since(facts.profile.since) => CellState::NotOwed,
        (true, true) => CellState::Empty,
        (true, false) => CellState::Open,
    };
    Cell {
        shift,
        period,
        building: building.map(str::to_owned),
        state,
        drills: held.iter().map(|drill| drill.id).collect(),
    }
}
