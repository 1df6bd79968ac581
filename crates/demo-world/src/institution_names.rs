//! Names of homes: by township for public ones, by a pair of kind characters for private ones.

use std::collections::HashSet;

use rand::Rng;

use crate::areas::{County, Township};
use crate::institutions::Ownership;

const FIRST: [(&str, &str); 24] = [
    ("康", "Kang"),
    ("颐", "Yi"),
    ("福", "Fu"),
    ("寿", "Shou"),
    ("安", "An"),
    ("和", "He"),
    ("瑞", "Rui"),
    ("松", "Song"),
    ("鹤", "He"),
    ("仁", "Ren"),
    ("德", "De"),
    ("孝", "Xiao"),
    ("慈", "Ci"),
    ("静", "Jing"),
    ("怡", "Yi"),
    ("恒", "Heng"),
    ("泰", "Tai"),
    ("祥", "Xiang"),
    ("金", "Jin"),
    ("益", "Yi"),
    ("春", "Chun"),
    ("夕", "Xi"),
    ("桂", "Gui"),
    ("涪", "Fu"),
];
const SECOND: [(&str, &str); 22] = [
    ("康", "kang"),
    ("颐", "yi"),
    ("园", "yuan"),
    ("年", "nian"),
    ("宁", "ning"),
    ("乐", "le"),
    ("养", "yang"),
    ("华", "hua"),
    ("馨", "xin"),
    ("源", "yuan"),
    ("居", "ju"),
    ("苑", "yuan"),
    ("庭", "ting"),
    ("堂", "tang"),
    ("泽", "ze"),
    ("晖", "hui"),
    ("恩", "en"),
    ("佑", "you"),
    ("善", "shan"),
    ("阳", "yang"),
    ("家", "jia"),
    ("江", "jiang"),
];
const PRIVATE_KINDS: [(&str, &str); 7] = [
    ("养老院", "Elder Care Home"),
    ("老年公寓", "Senior Apartments"),
    ("养老服务中心", "Elder Care Centre"),
    ("护养院", "Nursing Home"),
    ("颐养中心", "Senior Living Centre"),
    ("医养中心", "Medical Care Home"),
    ("托老所", "Respite Home"),
];
const PUBLIC_KINDS: [(&str, &str); 4] = [
    ("中心敬老院", "Central Home for the Elderly"),
    ("敬老院", "Home for the Elderly"),
    ("区域性养老服务中心", "Regional Elder Care Centre"),
    ("社会福利院", "Social Welfare Home"),
];

/// Gives every home a name no other has.
#[derive(Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// A free name in Chinese and English.
    pub(crate) fn next(
        &mut self,
        rng: &mut impl Rng,
        county: &County,
        township: &Township,
        ownership: Ownership,
    ) -> (String, String) {
        for attempt in 0..6 {
            let (zh, en) = propose(rng, county, township, ownership, attempt > 1);
            if self.taken.insert(zh.clone()) {
                return (zh, en);
            }
        }
        let (zh, en) = propose(rng, county, township, ownership, true);
        let mut branch = 2_u32;
        loop {
            let numbered = format!("{zh}（{}分院）", chinese_number(branch));
            if self.taken.insert(numbered.clone()) {
                return (numbered, format!("{en}, Branch {branch}"));
            }
            branch += 1;
        }
    }
}

/// A name that may be taken; a crowded township's public homes need a word of their own.
fn propose(
    rng: &mut impl Rng,
    county: &County,
    township: &Township,
    ownership: Ownership,
    crowded: bool,
) -> (String, String) {
    let place_zh = township.name_zh;
    let place_en = short(township.name_en);
    match ownership {
        Ownership::Public if crowded => {
            let (brand_zh, brand_en) = brand(rng);
            let (kind_zh, kind_en) = crate::pick(rng, &PUBLIC_KINDS);
            (
                format!("{}{place_zh}{brand_zh}{kind_zh}", county.name_zh),
                format!("{brand_en} {kind_en}, {place_en}"),
            )
        }
        Ownership::Public => {
            let (kind_zh, kind_en) = crate::pick(rng, &PUBLIC_KINDS);
            (format!("{}{place_zh}{kind_zh}", county.name_zh), format!("{place_en} {kind_en}"))
        }
        Ownership::PublicBuiltPrivatelyRun => {
            let (brand_zh, brand_en) = brand(rng);
            (format!("{place_zh}{brand_zh}养老服务中心"), format!("{brand_en} Elder Care Centre, {place_en}"))
        }
        Ownership::Private => {
            let (brand_zh, brand_en) = brand(rng);
            let (kind_zh, kind_en) = crate::pick(rng, &PRIVATE_KINDS);
            let place = match rng.random_range(0..3) {
                0 => format!("遂宁{}", county.name_zh),
                1 => county.name_zh.to_owned(),
                _ => "遂宁市".to_owned() + trimmed(place_zh),
            };
            (format!("{place}{brand_zh}{kind_zh}"), format!("{brand_en} {kind_en}, {place_en}"))
        }
    }
}

fn brand(rng: &mut impl Rng) -> (String, String) {
    let (first_zh, first_en) = crate::pick(rng, &FIRST);
    let mut second = crate::pick(rng, &SECOND);
    if second.0 == first_zh {
        second = ("园", "yuan");
    }
    (format!("{first_zh}{}", second.0), format!("{first_en}{}", second.1))
}

/// The township without what kind of township it is.
fn trimmed(name_zh: &str) -> &str {
    name_zh.strip_suffix("街道").or_else(|| name_zh.strip_suffix('镇')).unwrap_or(name_zh)
}

fn short(name_en: &str) -> &str {
    name_en.strip_suffix(" Subdistrict").or_else(|| name_en.strip_suffix(" Town")).unwrap_or(name_en)
}

/// 一 to 九十九 in characters, digits above.
fn chinese_number(number: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |value: u32| {
        usize::try_from(value).ok().and_then(|place| DIGITS.get(place)).copied().unwrap_or_default()
    };
    match number {
        0 | 100.. => number.to_string(),
        1..=9 => digit(number).to_owned(),
        10..=19 => format!("十{}", digit(number % 10)),
        _ => format!("{}十{}", digit(number / 10), digit(number % 10)),
    }
}
