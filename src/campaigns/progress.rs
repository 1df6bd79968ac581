//! How far a campaign has come: who was visited, who was not, what was found. Pure.

use crate::ids::{AreaId, InstitutionId};
use crate::inspections::Found;
use crate::text_enum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

text_enum! {
    /// Where an institution of the list stands.
    pub enum TargetState {
        /// 未检查
        NotVisited = "not_visited",
        /// 已检查
        Visited = "visited",
        /// 豁免, with its reason.
        Exempt = "exempt",
        /// 未抽中: a sample was drawn without it.
        NotDrawn = "not_drawn",
    }
}

/// What is known of one institution of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    pub institution: InstitutionId,
    /// The area just below the one it is added up for.
    pub area: Option<AreaId>,
    pub exempt: bool,
    pub drawn: bool,
    /// Inspections of this campaign that were handed in.
    pub inspections: i64,
    /// Whether it held a drill that counts on the campaign's days; `None` where none is required.
    pub drilled: Option<bool>,
    /// Hazards that they found, and what became of those.
    pub found: Found,
}

impl TargetFacts {
    /// A visit counts even where none was due: it was made.
    pub fn state(&self) -> TargetState {
        if self.inspections > 0 {
            TargetState::Visited
        } else if self.exempt {
            TargetState::Exempt
        } else if self.drawn {
            TargetState::NotVisited
        } else {
            TargetState::NotDrawn
        }
    }
}

/// Sums over institutions. `targets` is the frozen list; the four states add up to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    pub targets: i64,
    pub visited: i64,
    pub not_visited: i64,
    pub exempt: i64,
    pub not_drawn: i64,
    /// Held a drill that counts on the campaign's days, where the campaign requires one.
    #[serde(default)]
    pub drilled: i64,
    /// Neither held one nor is exempt.
    #[serde(default)]
    pub not_drilled: i64,
    pub found: Found,
}

impl Progress {
    pub fn add(&mut self, facts: &TargetFacts) {
        self.targets += 1;
        match facts.state() {
            TargetState::Visited => self.visited += 1,
            TargetState::NotVisited => self.not_visited += 1,
            TargetState::Exempt => self.exempt += 1,
            TargetState::NotDrawn => self.not_drawn += 1,
        }
        match facts.drilled {
            Some(true) => self.drilled += 1,
            Some(false) if !facts.exempt => self.not_drilled += 1,
            _ => {}
        }
        self.found.join(&facts.found);
    }

    /// Visited of those that had to be, in whole per cent, rounded down so that 100 means all; `None` when nobody had to be.
    pub fn coverage_percent(&self) -> Option<i64> {
        (self.visited * 100).checked_div(self.visited + self.not_visited)
    }
}

/// The whole and each area below.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    pub all: Progress,
    pub by_area: BTreeMap<AreaId, Progress>,
}

pub fn sum(targets: &[TargetFacts]) -> Sums {
    let mut sums = Sums::default();
    for facts in targets {
        sums.all.add(facts);
        if let Some(area) = facts.area {
            sums.by_area.entry(area).or_default().add(facts);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn facts(n: u128, exempt: bool, drawn: bool, inspections: i64) -> TargetFacts {
        TargetFacts {
            institution: InstitutionId(Uuid::from_u128(n)),
            area: Some(AreaId(Uuid::from_u128(n % 3))),
            exempt,
            drawn,
            inspections,
            drilled: None,
            found: Found { hazards: inspections, ..Found::default() },
        }
    }

    #[test]
    fn where_an_institution_stands() {
        let table = [
            (facts(1, false, true, 0), TargetState::NotVisited),
            (facts(1, false, true, 2), TargetState::Visited),
            (facts(1, true, true, 0), TargetState::Exempt),
            (facts(1, true, true, 1), TargetState::Visited),
            (facts(1, false, false, 0), TargetState::NotDrawn),
        ];
        for (facts, state) in table {
            assert_eq!(facts.state(), state);
        }
    }

    #[test]
    fn full_coverage_is_only_said_when_nobody_is_missing() {
        let of = |visited, not_visited| {
            Progress { visited, not_visited, ..Progress::default() }.coverage_percent()
        };
        assert_eq!((of(199, 1), of(200, 0), of(0, 3), of(0, 0)), (Some(99), Some(100), Some(0), None));
    }

    #[test]
    fn a_drill_is_owed_by_all_but_the_exempt_and_only_where_one_is_required() {
        let of = |drilled, exempt, drawn| TargetFacts { drilled, ..facts(1, exempt, drawn, 0) };
        let all = [
            of(Some(true), false, true),
            of(Some(true), true, true),
            of(Some(false), false, true),
            // Lots are drawn for visits; a drill is everybody's.
            of(Some(false), false, false),
            of(Some(false), true, true),
            of(None, false, true),
        ];
        let sums = sum(&all);
        assert_eq!((sums.all.targets, sums.all.drilled, sums.all.not_drilled), (6, 2, 2));
    }

    proptest! {
        /// Who was not visited is a difference of sets: the list, less the exempt, less those not drawn, less the visited.
        #[test]
        fn what_is_missing_is_what_is_left_over(each in proptest::collection::vec((any::<bool>(), any::<bool>(), 0_i64..3), 0..60)) {
            let all: Vec<TargetFacts> = (0_u128..).zip(&each).map(|(n, (exempt, drawn, visits))| facts(n, *exempt, *drawn, *visits)).collect();
            let set = |wanted: &dyn Fn(&TargetFacts) -> bool| -> BTreeSet<InstitutionId> {
                all.iter().filter(|one| wanted(one)).map(|one| one.institution).collect()
            };
            let visited = set(&|one| one.inspections > 0);
            let excused = &set(&|one| one.exempt) | &set(&|one| !one.drawn);
            let missing: BTreeSet<InstitutionId> = &(&set(&|_| true) - &excused) - &visited;
            prop_assert_eq!(&set(&|one| one.state() == TargetState::NotVisited), &missing);
            let sums = sum(&all);
            prop_assert_eq!(usize::try_from(sums.all.not_visited).unwrap(), missing.len());
            prop_assert_eq!(sums.all.visited + sums.all.not_visited + sums.all.exempt + sums.all.not_drawn, sums.all.targets);
            prop_assert_eq!(sums.by_area.values().map(|area| area.visited).sum::<i64>(), sums.all.visited);
            prop_assert_eq!(sums.by_area.values().map(|area| area.found.hazards).sum::<i64>(), sums.all.found.hazards);
        }
    }
}
