//! What may be done with a campaign, by whom, in which state. Pure.

use super::action::CampaignStep;
use super::model::{Campaign, CampaignState};
use crate::access::Role;
use crate::checklists::Checklist;
use crate::fields::Fields;
use crate::refusal::{Code, FieldCode, Refusal};
use chrono::{Datelike, NaiveDate};
use serde_json::json;

/// More items are a checklist of their own.
pub const MOST_ITEMS: usize = 100;
/// Longer than this is not a campaign but the ordinary course of work.
pub const LONGEST_DAYS: i64 = 366;

/// Whether the words and dates of a campaign can stand.
pub fn check(campaign: &Campaign) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    fields.line("/name", &campaign.name, 2..=100);
    fields.prose("/basis", &campaign.basis, 1..=1000);
    fields.optional_prose("/note", campaign.note.as_deref(), 2000);
    let written = |date: NaiveDate| (2000..=2999).contains(&date.year());
    fields.check(written(campaign.starts_on), "/starts_on", FieldCode::OutOfRange);
    fields.check(written(campaign.ends_on), "/ends_on", FieldCode::OutOfRange);
    let days = (campaign.ends_on - campaign.starts_on).num_days();
    fields.check(days >= 0, "/ends_on", FieldCode::TooEarly);
    fields.check(days <= LONGEST_DAYS, "/ends_on", FieldCode::TooLate);
    let something = campaign.requires_inspection || campaign.requires_drill;
    fields.check(something, "/requires_inspection", FieldCode::Required);
    fields.finish()
}

/// Whether the ordered items stand in the checklist, each once.
pub fn check_items(items: &[String], checklist: &Checklist) -> Result<(), Refusal> {
    let mut fields = Fields::new();
    for (at, code) in items.iter().enumerate() {
        let pointer = format!("/items/{at}");
        fields.check(checklist.item(code).is_some(), pointer.clone(), FieldCode::UnknownReference);
        fields.check(!items.iter().take(at).any(|before| before == code), pointer, FieldCode::Duplicate);
    }
    fields.check(items.len() <= MOST_ITEMS, "/items", FieldCode::TooMany);
    fields.finish()
}

/// Whether institutions must not know of it yet: visits without notice, until it is closed.
pub fn is_secret(campaign: &Campaign) -> bool {
    campaign.inspection_kind.comes_unannounced() && campaign.state != CampaignState::Closed
}

/// Who asks, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub role: Role,
    /// Whether they cover the whole area of the campaign.
    pub covers: bool,
}

/// Whether this person may take this step now; if not, why not.
pub fn may(campaign: &Campaign, who: Who, step: CampaignStep) -> Result<(), Refusal> {
    use CampaignStep as K;
    if who.role != Role::Supervisor || !who.covers {
        return Err(Code::StepNotYours.into());
    }
    let allowed = match step {
        K::Start => campaign.state == CampaignState::Draft,
        K::Exempt | K::Close => campaign.state == CampaignState::Running,
        K::Draw | K::Assign => campaign.state == CampaignState::Running && campaign.requires_inspection,
        K::Cancel => matches!(campaign.state, CampaignState::Draft | CampaignState::Running),
    };
    if allowed {
        return Ok(());
    }
    let state = json!({ "state": campaign.state, "version": campaign.version });
    Err(Refusal::new(Code::StepNotAllowed).current(state))
}

/// The steps this person may take now.
pub fn allowed(campaign: &Campaign, who: Who) -> Vec<CampaignStep> {
    CampaignStep::ALL.iter().copied().filter(|step| may(campaign, who, *step).is_ok()).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::access::AreaColumns;
    use crate::campaigns::model::OrderedItems;
    use crate::db::Instant;
    use crate::ids::{AreaId, CampaignId, UserId};
    use crate::inspections::InspectionKind;

    pub(crate) fn campaign(state: CampaignState) -> Campaign {
        let at = Instant::from_micros(0).unwrap();
        let area = AreaId::fresh();
        Campaign {
            id: CampaignId::fresh(),
            area_id: area,
            place: AreaColumns::root(area),
            name: "岁末年初安全隐患排查".into(),
            basis: "市民政局2024年12月17日会议要求".into(),
            starts_on: "2026-12-01".parse().unwrap(),
            ends_on: "2026-12-31".parse().unwrap(),
            inspection_kind: InspectionKind::Special,
            requires_inspection: true,
            requires_drill: false,
            checklist: "checklist-2024-core".into(),
            checklist_version: 2,
            items: OrderedItems::default(),
            note: None,
            state,
            started_at: None,
            ended_at: None,
            draws: 0,
            report: None,
            created_by: UserId::fresh(),
            digest: String::new(),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn what_may_be_done_in_which_state() {
        use CampaignStep as K;
        let who = Who { role: Role::Supervisor, covers: true };
        let table: [(CampaignState, &[K]); 4] = [
            (CampaignState::Draft, &[K::Start, K::Cancel]),
            (CampaignState::Running, &[K::Exempt, K::Draw, K::Assign, K::Close, K::Cancel]),
            (CampaignState::Closed, &[]),
            (CampaignState::Cancelled, &[]),
        ];
        for (state, steps) in table {
            assert_eq!(allowed(&campaign(state), who), steps, "{state}");
        }
        let drill_only = Campaign { requires_inspection: false, ..campaign(CampaignState::Running) };
        assert_eq!(allowed(&drill_only, who), [K::Exempt, K::Close, K::Cancel]);
    }

    #[test]
    fn only_a_supervisor_of_the_whole_area_runs_it() {
        let running = campaign(CampaignState::Running);
        for role in Role::ALL.iter().copied() {
            for covers in [false, true] {
                let may = allowed(&running, Who { role, covers });
                assert_eq!(may.is_empty(), role != Role::Supervisor || !covers, "{role} {covers}");
            }
        }
    }

    #[test]
    fn a_campaign_has_words_a_period_and_something_to_do() {
        type Change = fn(&mut Campaign);
        let table: [(Change, &str); 6] = [
            (|c| c.name = "专".into(), "/name"),
            (|c| c.basis = " ".into(), "/basis"),
            (|c| c.ends_on = "2026-11-30".parse().unwrap(), "/ends_on"),
            (|c| c.ends_on = "2027-12-03".parse().unwrap(), "/ends_on"),
            (|c| c.requires_inspection = false, "/requires_inspection"),
            (|c| c.starts_on = "1999-12-31".parse().unwrap(), "/starts_on"),
        ];
        assert_eq!(check(&campaign(CampaignState::Draft)), Ok(()));
        for (change, pointer) in table {
            let mut wrong = campaign(CampaignState::Draft);
            change(&mut wrong);
            assert_eq!(check(&wrong).unwrap_err().fields[0].pointer, pointer);
        }
    }
}
