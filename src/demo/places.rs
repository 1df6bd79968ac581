//! The city's areas and institutions, as they will be registered.

use super::calendar::{Calendar, HISTORY_DAYS};
use super::chance::{dice, id};
use super::facts::Founding;
use crate::areas::routes::AreaForm;
use crate::db::Instant;
use crate::ids::{AreaId, InstitutionId};
use crate::institutions::model::{MealSupply, OperatingStatus, Ownership, RiskGrade};
use crate::institutions::routes::InstitutionForm;
use anlao_demo_world::{AreaLevel, AreaSeed, InstitutionSeed};
use rand::Rng;
use rand::seq::SliceRandom;
use std::collections::HashMap;

/// The county that `inspector` and `manager` belong to.
pub const FIRST_COUNTY: &str = "510903";
/// There are homes in every county from this many on, in whatever order they are drawn.
const ALL_TOWNSHIPS: usize = 36;

/// Where a home stands when the story ends, and since how many days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Operating,
    Suspended { days: i64 },
    Closed { days: i64 },
}

/// An institution with what its history depends on.
pub struct Home {
    pub number: usize,
    pub id: InstitutionId,
    pub form: InstitutionForm,
    /// Its county, by position in [`Places::counties`].
    pub county: usize,
    /// One of the few that things keep going wrong at.
    pub troubled: bool,
    pub standing: Standing,
}

pub struct County {
    pub id: AreaId,
    pub code: String,
    pub name: String,
}

pub struct Places {
    /// Parents before their children.
    pub areas: Vec<(AreaId, AreaForm)>,
    pub city: AreaId,
    pub counties: Vec<County>,
    pub homes: Vec<Home>,
    /// When all of them are registered: just before the history begins.
    pub registered_at: Instant,
}

impl Places {
    pub fn plan(founding: &Founding, calendar: &Calendar) -> Self {
        let registered_at = calendar.at(calendar.days_ago(HISTORY_DAYS + 3), 9 * 60);
        let mut chance = dice(founding.seed, "areas", 0);
        let seeds = anlao_demo_world::suining_areas();
        let ids: HashMap<String, AreaId> =
            seeds.iter().map(|area| (area.code.clone(), AreaId(id(&mut chance, registered_at)))).collect();
        let id_of = |code: &str| ids.get(code).copied().unwrap_or(AreaId(uuid::Uuid::nil()));
        let counties: Vec<County> = seeds
            .iter()
            .filter(|area| area.level == AreaLevel::County)
            .map(|area| County { id: id_of(&area.code), code: area.code.clone(), name: area.name_zh.clone() })
            .collect();
        let city = seeds.first().map_or(AreaId(uuid::Uuid::nil()), |area| id_of(&area.code));
        let areas = seeds.iter().map(|area| (id_of(&area.code), area_form(area, &ids))).collect();
        let mut places = Self { areas, city, counties, homes: Vec::new(), registered_at };
        places.homes = places.homes(founding, &ids);
        places
    }

    fn homes(&self, founding: &Founding, areas: &HashMap<String, AreaId>) -> Vec<Home> {
        let mut chance = dice(founding.seed, "homes", 0);
        let seeds = chosen(founding.seed, founding.institutions);
        let mut homes: Vec<Home> = seeds
            .into_iter()
            .enumerate()
            .map(|(number, seed)| {
                let county = seed.area_code.get(..6).unwrap_or_default();
                let county = self.counties.iter().position(|one| one.code == county).unwrap_or(0);
                let area = areas.get(&seed.area_code).copied().unwrap_or(self.city);
                let troubled = chance.random_bool(0.06) || number == 4;
                let id = InstitutionId(id(&mut chance, self.registered_at));
                let form = institution_form(seed, area, troubled);
                Home { number, id, form, county, troubled, standing: Standing::Operating }
            })
            .collect();
        let own = self.managers_own(&homes);
        set_standings(&mut homes, &own, founding.seed);
        homes
    }

    /// The homes that the account `manager` answers for: three of the first county.
    pub fn managers_own(&self, homes: &[Home]) -> Vec<usize> {
        let first = self.counties.iter().position(|county| county.code == FIRST_COUNTY).unwrap_or(0);
        let own: Vec<usize> =
            homes.iter().filter(|home| home.county == first).map(|home| home.number).take(3).collect();
        if own.is_empty() { homes.iter().map(|home| home.number).take(1).collect() } else { own }
    }
}

/// The homes of the city; a small city still has some in every county, the first county's before others.
fn chosen(seed: u64, count: usize) -> Vec<InstitutionSeed> {
    if count >= ALL_TOWNSHIPS {
        return anlao_demo_world::institutions(seed, count);
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut ranked: Vec<(usize, InstitutionSeed)> = anlao_demo_world::institutions(seed, ALL_TOWNSHIPS)
        .into_iter()
        .map(|home| {
            let rank = seen.entry(home.area_code.get(..6).unwrap_or_default().to_owned()).or_default();
            *rank += 1;
            (*rank, home)
        })
        .collect();
    ranked.sort_by(|(a, x), (b, y)| (a, &x.area_code).cmp(&(b, &y.area_code)));
    ranked.into_iter().map(|(_, home)| home).take(count).collect()
}

/// One home has closed for good, a few are being rebuilt; `manager`'s own and the troubled ones stay open.
fn set_standings(homes: &mut [Home], own: &[usize], seed: u64) {
    let count = homes.len();
    let mut candidates: Vec<&mut Home> =
        homes.iter_mut().filter(|home| !home.troubled && !own.contains(&home.number)).collect();
    candidates.shuffle(&mut dice(seed, "standings", 0));
    if count < 8 {
        return;
    }
    let mut candidates = candidates.into_iter();
    if let Some(home) = candidates.next() {
        home.standing = Standing::Closed { days: 75 };
    }
    for (home, days) in candidates.take((count / 50).max(1)).zip((20..).step_by(17)) {
        home.standing = Standing::Suspended { days: 20 + days % 70 };
    }
}

fn area_form(area: &AreaSeed, ids: &HashMap<String, AreaId>) -> AreaForm {
    AreaForm {
        parent_id: area.parent.as_ref().and_then(|code| ids.get(code)).copied(),
        code: area.code.clone(),
        name: area.name_zh.clone(),
        name_en: Some(area.name_en.clone()),
    }
}

fn institution_form(seed: InstitutionSeed, area_id: AreaId, troubled: bool) -> InstitutionForm {
    use anlao_demo_world::{MealSupply as Meals, Ownership as Owner};
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    InstitutionForm {
        area_id,
        name: seed.name_zh,
        credit_code: Some(seed.credit_code),
        status: OperatingStatus::Operating,
        ownership: match seed.ownership {
            Owner::Public => Ownership::Public,
            Owner::Private => Ownership::Private,
            Owner::PublicBuiltPrivatelyRun => Ownership::PublicBuiltPrivatelyRun,
        },
        legal_representative: Some(seed.legal_representative),
        principal: Some(seed.principal),
        phone: Some(seed.phone),
        address: Some(seed.address),
        filing_number: Some(seed.filing_number),
        beds: number(seed.beds),
        residents: number(seed.residents),
        disabled_residents: number(seed.disabled_residents),
        meal_supply: match seed.meal_supply {
            Meals::OwnCanteen => MealSupply::OwnCanteen,
            Meals::ContractedOut => MealSupply::ContractedOut,
            Meals::OrderedMeals => MealSupply::OrderedMeals,
        },
        key_fire_unit: seed.key_fire_unit,
        fire_high_risk: seed.beds >= 300,
        // Three storeys and more have a lift.
        special_equipment: seed.beds >= 60,
        risk_grade: Some(match (troubled, seed.key_fire_unit) {
            (true, _) => RiskGrade::High,
            (false, true) => RiskGrade::Medium,
            (false, false) => RiskGrade::Low,
        }),
        latitude: Some(seed.latitude),
        longitude: Some(seed.longitude),
    }
}
