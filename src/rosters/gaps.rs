//! Which homes of an area nobody commands, tonight or in the days to come: read in blocks of homes, never home by home.

use super::model::{Assignment, Topic};
use super::rules::{self, Gap};
use super::standing::tonight;
use super::view::Departures;
use super::{queries, shifts::ShiftPattern};
use crate::access::ReadTx;
use crate::areas::model::Area;
use crate::db::Instant;
use crate::db::search::normalise;
use crate::ids::InstitutionId;
use crate::institutions::model::OperatingStatus;
use crate::institutions::{self, Institution, queries::Narrowing};
use crate::refusal::Outcome;
use crate::text_enum;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

text_enum! {
    /// How far ahead gaps are looked for.
    pub enum Horizon {
        /// The night that is, or the next.
        Tonight = "tonight",
        /// The coming seven days.
        Week = "week",
    }
}

/// A home that nobody commands for some time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"institution_id": "0198f000-0000-7000-8000-000000000010", "name": "船山区夕阳红养老院", "phone": "0825-5550101",
    "gaps": [{"from": "2026-03-12T14:00:00Z", "to": "2026-03-13T00:00:00Z", "why": "nobody_assigned"}]}))]
pub struct HomeWithGaps {
    pub institution_id: InstitutionId,
    pub name: String,
    /// Of the home.
    pub phone: Option<String>,
    pub gaps: Vec<Gap>,
}

/// Homes are looked at in blocks of so many…
const BLOCK: i64 = 200;
/// … and at most so many for one page, however few of them have gaps: the next page goes on from there.
const BLOCKS: usize = 10;

/// Where a page of homes ended.
pub type Place = (String, InstitutionId);

/// Operating homes with gaps by name, at most `limit`, and where the search stopped if it is not over.
pub fn search(
    tx: &mut ReadTx<'_>,
    area: Option<Area>,
    horizon: Horizon,
    after: Option<Place>,
    limit: usize,
) -> Outcome<(Vec<HomeWithGaps>, Option<Place>)> {
    let (mut found, mut after) = (Vec::new(), after);
    for _ in 0..BLOCKS {
        let status = Some(OperatingStatus::Operating);
        let by = Narrowing { area: area.clone(), status, text: None, after: after.clone() };
        let homes = institutions::queries::list(tx.conn, &tx.actor.scope, by, BLOCK)?;
        let is_last = i64::try_from(homes.len()).unwrap_or(BLOCK) < BLOCK;
        let block = Block::read(tx, &homes)?;
        for home in homes {
            let gaps = block.gaps(tx, &home, horizon);
            after = Some((normalise(&home.name), home.id));
            if gaps.is_empty() {
                continue;
            }
            found.push(HomeWithGaps { institution_id: home.id, name: home.name, phone: home.phone, gaps });
            if found.len() == limit {
                return Ok((found, after));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, after))
}

/// What is needed of a block of homes, in four questions.
struct Block {
    until: Instant,
    rosters: HashMap<InstitutionId, Vec<Assignment>>,
    patterns: HashMap<InstitutionId, ShiftPattern>,
    departures: Departures,
}

impl Block {
    fn read(tx: &mut ReadTx<'_>, homes: &[Institution]) -> Outcome<Self> {
        let ids: Vec<InstitutionId> = homes.iter().map(|home| home.id).collect();
        // A night may begin within the seven days and end after them.
        let until = tx.now.plus(TimeDelta::days(8));
        let all = queries::within_all(tx.conn, &ids, tx.now, until)?;
        let departures = Departures::read(tx.conn, tx.office, &all, &[])?;
        let mut patterns = HashMap::new();
        for own in queries::arrangements(tx.conn, &ids, Topic::Shifts)? {
            patterns.insert(own.institution_id, queries::pattern(Some(own))?.0);
        }
        let mut rosters: HashMap<InstitutionId, Vec<Assignment>> = HashMap::new();
        for one in all {
            rosters.entry(one.institution_id).or_default().push(one);
        }
        Ok(Self { until, rosters, patterns, departures })
    }

    fn gaps(&self, tx: &ReadTx<'_>, home: &Institution, horizon: Horizon) -> Vec<Gap> {
        let standard = ShiftPattern::standard();
        let pattern = self.patterns.get(&home.id).unwrap_or(&standard);
        let watches = self.departures.watches(self.rosters.get(&home.id).into_iter().flatten());
        let (from, to) = match horizon {
            Horizon::Week => (tx.now, tx.now.plus(TimeDelta::days(7))),
            Horizon::Tonight => {
                let begins = tonight(pattern, tx.office.wall(tx.now));
                let ends = pattern.at(begins).map(|(times, day)| tx.office.moment(times.on(day).1));
                (tx.office.moment(begins), ends.unwrap_or(self.until).min(self.until))
            }
        };
        rules::gaps(&watches, from, to)
    }
}
