//! The homes of the city.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::areas::{COUNTIES, County, Township};
use crate::credit_code::{Registrar, credit_code};
use crate::institution_names::Names;
use crate::people::{landline, person_name, phone};

/// Who owns and who runs a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    Public,
    Private,
    PublicBuiltPrivatelyRun,
}

/// Where the meals come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MealSupply {
    OwnCanteen,
    ContractedOut,
    OrderedMeals,
}

/// An elder-care institution.
#[derive(Clone, Debug, PartialEq)]
pub struct InstitutionSeed {
    pub name_zh: String,
    pub name_en: String,
    /// The nine-digit code of its township.
    pub area_code: String,
    pub credit_code: String,
    pub address: String,
    pub legal_representative: String,
    pub principal: String,
    pub phone: String,
    pub beds: u32,
    pub residents: u32,
    pub disabled_residents: u32,
    pub ownership: Ownership,
    pub filing_number: String,
    pub meal_supply: MealSupply,
    pub key_fire_unit: bool,
    pub latitude: f64,
    pub longitude: f64,
}

const STREETS: [&str; 20] = [
    "遂州南路",
    "滨江北路",
    "明月路",
    "和平东路",
    "香林路",
    "凯旋下路",
    "银河北路",
    "德胜西路",
    "文化路",
    "建设街",
    "迎宾大道",
    "府前街",
    "玉龙路",
    "柳林巷",
    "兴隆街",
    "新华街",
    "文昌路",
    "长乐街",
    "桃花山路",
    "莲花路",
];
const VILLAGES: [&str; 14] = [
    "双桥村",
    "金鱼村",
    "凉水井村",
    "高家坝村",
    "石马村",
    "青龙村",
    "黄桷村",
    "三清村",
    "柏树村",
    "白塔村",
    "七里村",
    "天星村",
    "仁和村",
    "桂花社区",
];

/// `n` homes spread over all townships; the first ones are the same however many are asked for.
pub fn institutions(seed: u64, n: usize) -> Vec<InstitutionSeed> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let places: Vec<(&County, &Township)> = COUNTIES
        .iter()
        .flat_map(|county| county.townships.iter().map(move |township| (county, township)))
        .collect();
    let mut names = Names::default();
    let offset = rng.random_range(0..places.len().max(1));
    (0_u64..)
        .zip(places.iter().cycle().skip(offset))
        .take(n)
        .map(|(serial, (county, township))| institution(&mut rng, &mut names, serial, county, township))
        .collect()
}

fn institution(
    rng: &mut ChaCha8Rng,
    names: &mut Names,
    serial: u64,
    county: &County,
    township: &Township,
) -> InstitutionSeed {
    let ownership = ownership(rng, township);
    let (name_zh, name_en) = names.next(rng, county, township, ownership);
    let (beds, residents, disabled_residents) = people_in(rng, ownership);
    let legal_representative = person_name(rng);
    let principal = if rng.random_bool(0.55) { legal_representative.clone() } else { person_name(rng) };
    InstitutionSeed {
        name_zh,
        name_en,
        area_code: township.code.to_owned(),
        credit_code: credit_code(registrar(rng, ownership), county.code, serial),
        address: address(rng, county, township),
        legal_representative,
        principal,
        phone: if rng.random_bool(0.35) { landline(rng) } else { phone(rng) },
        beds,
        residents,
        disabled_residents,
        ownership,
        filing_number: format!(
            "遂{}民养备〔{}〕{:05}号",
            county.letter,
            rng.random_range(2019..=2024),
            serial + 1
        ),
        meal_supply: meal_supply(rng, beds),
        key_fire_unit: beds >= 100 || (beds >= 60 && rng.random_bool(0.3)),
        latitude: rounded(county.seat.0 + township.offset.0 + rng.random_range(-0.012..0.012)),
        longitude: rounded(county.seat.1 + township.offset.1 + rng.random_range(-0.014..0.014)),
    }
}

/// Towns mostly have public homes, streets mostly private ones.
fn ownership(rng: &mut ChaCha8Rng, township: &Township) -> Ownership {
    let public = if is_street(township) { 0.14 } else { 0.5 };
    match rng.random_range(0.0..1.0) {
        draw if draw < public => Ownership::Public,
        draw if draw < public + 0.18 => Ownership::PublicBuiltPrivatelyRun,
        _ => Ownership::Private,
    }
}

fn is_street(township: &Township) -> bool {
    township.name_zh.ends_with("街道")
}

fn registrar(rng: &mut ChaCha8Rng, ownership: Ownership) -> Registrar {
    match ownership {
        Ownership::Public => Registrar::PublicInstitution,
        Ownership::PublicBuiltPrivatelyRun => Registrar::CivilNonEnterprise,
        Ownership::Private if rng.random_bool(0.3) => Registrar::Company,
        Ownership::Private => Registrar::CivilNonEnterprise,
    }
}

/// Beds, residents and how many of them are disabled.
fn people_in(rng: &mut ChaCha8Rng, ownership: Ownership) -> (u32, u32, u32) {
    let tens = match rng.random_range(0..10) {
        0..=4 => rng.random_range(2..=6),
        5..=7 => rng.random_range(6..=14),
        8 => rng.random_range(14..=24),
        _ => rng.random_range(24..=42),
    };
    let beds = tens * 10 + crate::pick(rng, &[0, 0, 0, 5, 6, 8]);
    let full = if ownership == Ownership::Public { 38..=78_u32 } else { 45..=96 };
    let residents = beds * rng.random_range(full) / 100;
    (beds, residents, residents * rng.random_range(18..=64_u32) / 100)
}

fn meal_supply(rng: &mut ChaCha8Rng, beds: u32) -> MealSupply {
    let own = if beds < 40 { 6 } else { 8 };
    match rng.random_range(0..10) {
        draw if draw < own => MealSupply::OwnCanteen,
        8 | 9 => MealSupply::ContractedOut,
        _ => MealSupply::OrderedMeals,
    }
}

fn address(rng: &mut ChaCha8Rng, county: &County, township: &Township) -> String {
    let place = format!("四川省遂宁市{}{}", county.name_zh, township.name_zh);
    if is_street(township) || rng.random_bool(0.35) {
        return format!("{place}{}{}号", crate::pick(rng, &STREETS), rng.random_range(1..=388));
    }
    format!(
        "{place}{}{}组{}号",
        crate::pick(rng, &VILLAGES),
        rng.random_range(1..=9),
        rng.random_range(1..=96)
    )
}

/// Six decimals, about ten centimetres.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}
