//! What homes owe, over HTTP.

use super::elements::{self, ElementView, Held, MOST_LINKS};
use super::facts::Words;
use super::gather;
use super::requirements::{Requirement, State, assess, requirements};
use super::view::{self, DrillCompliance};
use crate::access::{Access, ReadCompliance, ReadTx};
use crate::areas;
use crate::db::Instant;
use crate::db::search::normalise;
use crate::db::sql_types::is_written_year;
use crate::hazards::list::{self, Sort, SortKey};
use crate::http::{Cursor, Id, Page, Query, page};
use crate::ids::{AreaId, InstitutionId};
use crate::institutions::{self, Institution, model::OperatingStatus};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use crate::rules::DocumentRef;
use crate::self_checks::enter::status_of;
use crate::warnings;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_drill_compliance).service(get_elements).service(list_compliance);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ComplianceQuery {
    /// As of the end of this day; now when absent or today. What is on record now is looked at, up to that day.
    pub as_of: Option<NaiveDate>,
    /// Look through this drill frequency document in its newest version, without adopting it.
    #[param(min_length = 1, max_length = 60)]
    pub rules: Option<String>,
}

/// What a home owes of drills, plan, roster, residents' table and training, with the evidence; and the next valid drill.
#[utoipa::path(tag = "compliance", params(("id" = InstitutionId, Path, description = "The institution."), ComplianceQuery), security(("bearer" = [])),
    responses((status = 200, description = "As it stands.", body = DrillCompliance)))]
#[get("/institutions/{id}/drill-compliance")]
pub async fn get_drill_compliance(
    access: Access<ReadCompliance>,
    id: Id<InstitutionId>,
    asked: Query<ComplianceQuery>,
) -> Outcome<HttpResponse> {
    let ComplianceQuery { as_of, rules: named } = asked.0;
    let found = access
        .read(move |tx| {
            let place = institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let as_of = moment(tx, as_of)?;
            let rules = tx.rules()?;
            let documents = gather::documents(tx, &rules, &place, as_of.date(), named.as_deref())?;
            let facts = gather::facts(tx, &place, as_of)?;
            let assessment = assess(&documents, &facts, as_of);
            Ok(view::view(tx.office, place.id, documents.drills.head.reference(), assessment))
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// The moment that is meant by a day.
fn moment(tx: &ReadTx<'_>, day: Option<NaiveDate>) -> Outcome<NaiveDateTime> {
    let now = tx.office.wall(tx.now);
    let Some(day) = day.filter(|day| *day != now.date()) else { return Ok(now) };
    // The years around must be written as well: three back, and the next period.
    let refused = |code| Refusal::new(Code::InvalidQuery).field("as_of", code);
    if !is_written_year(day.year() - 5) {
        return Err(refused(FieldCode::TooEarly).into());
    }
    if !is_written_year(day.year() + 2) {
        return Err(refused(FieldCode::TooLate).into());
    }
    Ok(day.and_hms_opt(23, 59, 59).unwrap_or(day.and_time(NaiveTime::MIN)))
}

/// The elements of the pre-mechanism at a home.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "as_of": "2026-03-10T01:00:00Z", "rules": {"id": "pre-mechanism-default", "version": 1},
    "elements": [{"code": "foresight", "label_zh": "预判", "label_en": "Foresight", "holds_zh": "每月风险研判", "holds_en": "A monthly judgement of risk",
        "checked_zh": "本月已研判；措施已落实", "checked_en": "Done this month; its measures closed", "state": "not_applicable", "findings": []}]
}))]
pub struct ElementsView {
    pub institution_id: InstitutionId,
    pub as_of: Instant,
    /// The document that names the elements.
    pub rules: DocumentRef,
    /// The active ones in their order.
    pub elements: Vec<ElementView>,
}

/// The elements of the pre-mechanism (五预) at a home: what is held, what is checked, what is missing.
#[utoipa::path(tag = "compliance", params(("id" = InstitutionId, Path, description = "The institution.")), security(("bearer" = [])),
    responses((status = 200, description = "As they stand.", body = ElementsView)))]
#[get("/institutions/{id}/elements")]
pub async fn get_elements(access: Access<ReadCompliance>, id: Id<InstitutionId>) -> Outcome<HttpResponse> {
    let found = access
        .read(move |tx| {
            let place = institutions::queries::find(tx.conn, &tx.actor.scope, id.0)?;
            let as_of = moment(tx, None)?;
            let rules = tx.rules()?;
            let document = rules.elements(&place.place, as_of.date())?;
            let documents = gather::documents(tx, &rules, &place, as_of.date(), None)?;
            let facts = gather::facts(tx, &place, as_of)?;
            let requirements = requirements(&documents, &facts, as_of);
            let held = held(tx, &place, as_of.date())?;
            Ok(ElementsView {
                institution_id: place.id,
                as_of: tx.now,
                rules: document.head.reference(),
                elements: elements::elements(document.content, &requirements, &facts, &held),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

fn held(tx: &mut ReadTx<'_>, place: &Institution, today: NaiveDate) -> Outcome<Held> {
    let overdue = list::Narrowing {
        overdue_on: Some(today),
        institution: Some(place.id),
        ..list::Narrowing::default()
    };
    let most = i64::try_from(MOST_LINKS).unwrap_or(i64::MAX).saturating_add(1);
    let sort = Sort { key: SortKey::Deadline, descending: false };
    let found = list::list(tx.conn, &tx.actor.scope, &overdue, sort, most)?;
    let from = today.checked_sub_days(Days::new(29)).unwrap_or(today);
    let (_, self_checks) = status_of(tx, place, from, today)?;
    let warned = warnings::standing::of_home(tx, place)?;
    Ok(Held {
        overdue_hazards: found.iter().map(|hazard| hazard.id.0).collect(),
        self_checks,
        others: warned.into_iter().map(|finding| ("warning", finding)).collect(),
    })
}

/// Homes that one page looks at, at most and by default.
const LARGEST_PAGE: i64 = 50;
const PAGE: i64 = 20;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ComplianceFilter {
    /// In this area and all below it.
    pub area_id: Option<AreaId>,
    /// Only requirements that stand so; what is due and overdue when absent.
    pub state: Option<State>,
    /// Only this requirement, by its id.
    #[param(min_length = 1, max_length = 100)]
    pub requirement: Option<String>,
    /// Homes to look at, within 1–50. A page names those of them that have something to tell, so it may be shorter: go
    /// on while there is a `next_cursor`.
    #[param(minimum = 1, maximum = 50)]
    pub limit: Option<i64>,
    pub cursor: Option<String>,
}

/// One home with what it owes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "institution_id": "0198f000-0000-7000-8000-000000000010", "name": "船山区夕阳红养老院", "overdue": 1, "due": 3,
    "requirements": [{"id": "drills.night", "title_zh": "夜间演练（产品默认）", "title_en": "Night drill, product default", "state": "overdue",
        "due_on": "2025-12-31", "why": {"zh": "2025年演练不足，之后也未补做", "en": "Too few drills in 2025, and none since"}}]
}))]
pub struct HomeStanding {
    pub institution_id: InstitutionId,
    pub name: String,
    /// Of all its requirements.
    pub overdue: usize,
    pub due: usize,
    /// Those asked for.
    pub requirements: Vec<RequirementBrief>,
}

/// A requirement in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RequirementBrief {
    pub id: String,
    pub title_zh: String,
    pub title_en: String,
    pub state: State,
    pub due_on: Option<NaiveDate>,
    pub why: Words,
}

/// Homes in the caller's scope by name, with what they owe. Computed when asked: a page costs what its homes cost.
#[utoipa::path(tag = "compliance", params(ComplianceFilter), security(("bearer" = [])),
    responses((status = 200, description = "A page.", body = Page<HomeStanding>)))]
#[get("/compliance")]
pub async fn list_compliance(
    access: Access<ReadCompliance>,
    req: HttpRequest,
    filter: Query<ComplianceFilter>,
) -> Outcome<HttpResponse> {
    let ComplianceFilter { area_id, state, requirement, limit, cursor } = filter.0;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Refusal::new(Code::InvalidQuery).field("limit", FieldCode::OutOfRange).into());
    }
    let after = Cursor::decode(cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            let area = match area_id {
                Some(id) => Some(areas::queries::find(tx.conn, &tx.actor.scope, id)?),
                None => None,
            };
            let narrowing = institutions::queries::Narrowing { area, after, ..Default::default() };
            let homes = institutions::queries::list(tx.conn, &tx.actor.scope, narrowing, limit + 1)?;
            let place = |of: &Institution| Cursor::encode(&(normalise(&of.name), of.id));
            let homes = Page::cut(homes, limit, place, |home| home);
            let mut items = Vec::new();
            for home in &homes.items {
                items.extend(standing(tx, home, state, requirement.as_deref())?);
            }
            Ok::<_, Failure>(Page { items, next_cursor: homes.next_cursor })
        })
        .await?;
    Ok(page(&req, &found))
}

fn standing(
    tx: &mut ReadTx<'_>,
    home: &Institution,
    state: Option<State>,
    id: Option<&str>,
) -> Outcome<Option<HomeStanding>> {
    // One that is not at work owes nothing, whatever is on record.
    if home.status != OperatingStatus::Operating && state != Some(State::NotApplicable) {
        return Ok(None);
    }
    let as_of = moment(tx, None)?;
    let rules = tx.rules()?;
    let documents = gather::documents(tx, &rules, home, as_of.date(), None)?;
    let facts = gather::facts(tx, home, as_of)?;
    let all = requirements(&documents, &facts, as_of);
    let count = |state| all.iter().filter(|one| one.state == state).count();
    let (overdue, due) = (count(State::Overdue), count(State::Due));
    let wanted = |one: &Requirement| {
        let open = matches!(one.state, State::Due | State::Overdue);
        state.map_or(open, |state| one.state == state) && id.is_none_or(|id| one.id == id)
    };
    let requirements: Vec<RequirementBrief> = all
        .into_iter()
        .filter(wanted)
        .map(|one| RequirementBrief {
            id: one.id,
            title_zh: one.title_zh,
            title_en: one.title_en,
            state: one.state,
            due_on: one.due_on,
            why: one.why,
        })
        .collect();
    let told = !requirements.is_empty();
    Ok(told.then(|| HomeStanding {
        institution_id: home.id,
        name: home.name.clone(),
        overdue,
        due,
        requirements,
    }))
}
