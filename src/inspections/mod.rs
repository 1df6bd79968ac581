//! STUB until the inspections branch is merged.
use crate::access::WriteTx;
use crate::ids::{CampaignId, InstitutionId, UserId};
use crate::refusal::Outcome;
use crate::text_enum;
use chrono::NaiveDate;
text_enum! { pub enum InspectionKind { Special = "special", } }
pub struct PlannedVisit {
    pub campaign_id: CampaignId,
    pub number: i32,
    pub institution_id: InstitutionId,
    pub kind: InspectionKind,
    pub inspectors: Vec<UserId>,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
}
pub fn plan_for_campaign(_: &mut WriteTx<'_>, _: &PlannedVisit) -> Outcome<()> {
    Ok(())
}
pub mod queries {
    use crate::campaigns::progress::Found;
    use crate::db::{Conn, Instant};
    use crate::ids::{CampaignId, InspectionId, InstitutionId, UserId};
    use crate::refusal::Outcome;
    use chrono::NaiveDate;
    use std::collections::BTreeMap;
    pub fn handed_in_for(_: &mut Conn, _: CampaignId) -> Outcome<Vec<(InstitutionId, InspectionId)>> {
        Ok(Vec::new())
    }
    pub fn found_in(_: &mut Conn, _: CampaignId, _: NaiveDate) -> Outcome<BTreeMap<InstitutionId, Found>> {
        Ok(BTreeMap::new())
    }
    pub fn cancel_planned_for(
        _: &mut Conn,
        _: CampaignId,
        _: Option<InstitutionId>,
        _: Instant,
    ) -> Outcome<()> {
        Ok(())
    }
    pub fn last_visitors(_: &mut Conn, _: Vec<InstitutionId>) -> Outcome<Vec<(InstitutionId, UserId)>> {
        Ok(Vec::new())
    }
}
