//! The closing report: what a campaign came to, as of the moment it was closed.

use super::model::Campaign;
use super::progress::{Progress, TargetFacts, TargetState, sum};
use super::view::{self, AreaProgress};
use crate::access::ReadTx;
use crate::db::Instant;
use crate::ids::{InstitutionId, UserId};
use crate::inspections::Found;
use crate::refusal::Outcome;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Frozen when the campaign is closed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClosingReport {
    pub as_of: Instant,
    pub closed_by: UserId,
    pub remark: Option<String>,
    pub progress: Progress,
    pub coverage_percent: Option<i64>,
    pub by_area: Vec<AreaProgress>,
    /// 未检查机构
    pub not_visited: Vec<Named>,
    /// 豁免机构 and why.
    pub exempt: Vec<Named>,
    /// 未演练机构, where a drill was required; the exempt are not among them.
    #[serde(default)]
    pub not_drilled: Vec<Named>,
    /// What was found in each institution that was visited.
    pub visited: Vec<Named>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Named {
    pub institution_id: InstitutionId,
    pub institution_name: String,
    pub reason: Option<String>,
    pub found: Found,
}

pub fn closing(tx: &mut ReadTx<'_>, campaign: &Campaign, remark: Option<&str>) -> Outcome<ClosingReport> {
    let listed = view::listed(tx, campaign)?;
    let facts: Vec<_> = listed.iter().map(|one| one.facts.clone()).collect();
    let sums = sum(&facts);
    let named = |wanted: &dyn Fn(&TargetFacts) -> bool| -> Vec<Named> {
        let wanted = listed.iter().filter(|one| wanted(&one.facts));
        let named = wanted.map(|one| Named {
            institution_id: one.place.id,
            institution_name: one.place.name.clone(),
            reason: one.target.exempt_reason.clone(),
            found: one.facts.found,
        });
        named.collect()
    };
    let of = |state: TargetState| named(&|facts| facts.state() == state);
    Ok(ClosingReport {
        as_of: tx.now,
        closed_by: tx.actor.id,
        remark: remark.map(Into::into),
        coverage_percent: sums.all.coverage_percent(),
        not_visited: of(TargetState::NotVisited),
        exempt: of(TargetState::Exempt),
        not_drilled: named(&|facts| facts.drilled == Some(false) && !facts.exempt),
        visited: of(TargetState::Visited),
        by_area: view::by_area(tx, sums.by_area)?,
        progress: sums.all,
    })
}
