//! Suining: the city, its counties, and some townships of each.

/// How high an area stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AreaLevel {
    City,
    County,
    Township,
}

/// An administrative area. The six-digit codes are GB/T 2260; the last three digits of a township's code are made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaSeed {
    pub code: String,
    pub parent: Option<String>,
    pub level: AreaLevel,
    pub name_zh: String,
    pub name_en: String,
}

/// A county with what institutions need to know of it.
pub(crate) struct County {
    pub code: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    /// The one character that filing numbers use.
    pub letter: &'static str,
    /// Latitude and longitude of its seat.
    pub seat: (f64, f64),
    pub townships: &'static [Township],
}

/// A street or town: the end of its code, its names, and how far north and east of the county seat it lies.
pub(crate) struct Township {
    pub code: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    pub offset: (f64, f64),
}

const CITY: &str = "510900";

pub(crate) const COUNTIES: [County; 5] = [
    County {
        code: "510903",
        name_zh: "船山区",
        name_en: "Chuanshan District",
        letter: "船",
        seat: (30.525, 105.568),
        townships: CHUANSHAN,
    },
    County {
        code: "510904",
        name_zh: "安居区",
        name_en: "Anju District",
        letter: "安",
        seat: (30.355, 105.456),
        townships: ANJU,
    },
    County {
        code: "510921",
        name_zh: "蓬溪县",
        name_en: "Pengxi County",
        letter: "蓬",
        seat: (30.757, 105.708),
        townships: PENGXI,
    },
    County {
        code: "510923",
        name_zh: "大英县",
        name_en: "Daying County",
        letter: "英",
        seat: (30.594, 105.237),
        townships: DAYING,
    },
    County {
        code: "510981",
        name_zh: "射洪市",
        name_en: "Shehong City",
        letter: "射",
        seat: (30.871, 105.388),
        townships: SHEHONG,
    },
];

const fn township(
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    north: f64,
    east: f64,
) -> Township {
    Township { code, name_zh, name_en, offset: (north, east) }
}

const CHUANSHAN: &[Township] = &[
    township("510903001", "南津路街道", "Nanjin Road Subdistrict", -0.012, 0.008),
    township("510903002", "凯旋路街道", "Kaixuan Road Subdistrict", 0.004, 0.002),
    township("510903003", "高升街街道", "Gaosheng Street Subdistrict", -0.003, -0.004),
    township("510903004", "育才路街道", "Yucai Road Subdistrict", 0.014, -0.006),
    township("510903005", "灵泉街道", "Lingquan Subdistrict", -0.006, 0.034),
    township("510903100", "龙凤镇", "Longfeng Town", -0.058, 0.021),
    township("510903101", "永兴镇", "Yongxing Town", 0.071, -0.048),
    township("510903102", "桂花镇", "Guihua Town", 0.126, -0.052),
];

const ANJU: &[Township] = &[
    township("510904001", "柔刚街道", "Rougang Subdistrict", 0.004, 0.006),
    township("510904002", "凤凰街道", "Fenghuang Subdistrict", -0.005, 0.012),
    township("510904100", "东禅镇", "Dongchan Town", 0.052, -0.117),
    township("510904101", "分水镇", "Fenshui Town", -0.082, 0.034),
    township("510904102", "拦江镇", "Lanjiang Town", -0.094, -0.102),
    township("510904103", "白马镇", "Baima Town", 0.024, 0.083),
    township("510904104", "三家镇", "Sanjia Town", -0.021, 0.133),
];

const PENGXI: &[Township] = &[
    township("510921001", "普安街道", "Pu'an Subdistrict", 0.006, 0.004),
    township("510921100", "赤城镇", "Chicheng Town", -0.004, 0.002),
    township("510921101", "文井镇", "Wenjing Town", -0.051, -0.062),
    township("510921102", "明月镇", "Mingyue Town", -0.022, 0.071),
    township("510921103", "常乐镇", "Changle Town", -0.113, -0.021),
    township("510921104", "天福镇", "Tianfu Town", 0.048, -0.071),
    township("510921105", "蓬南镇", "Pengnan Town", -0.187, 0.062),
];

const DAYING: &[Township] = &[
    township("510923001", "盐井街道", "Yanjing Subdistrict", 0.003, 0.005),
    township("510923100", "蓬莱镇", "Penglai Town", -0.006, 0.012),
    township("510923101", "隆盛镇", "Longsheng Town", 0.046, -0.088),
    township("510923102", "回马镇", "Huima Town", 0.068, 0.052),
    township("510923103", "天保镇", "Tianbao Town", -0.061, -0.035),
    township("510923104", "河边镇", "Hebian Town", -0.043, 0.061),
];

const SHEHONG: &[Township] = &[
    township("510981001", "子昂街道", "Zi'ang Subdistrict", 0.006, 0.004),
    township("510981002", "平安街道", "Ping'an Subdistrict", -0.008, -0.003),
    township("510981100", "沱牌镇", "Tuopai Town", -0.146, 0.041),
    township("510981101", "金华镇", "Jinhua Town", 0.087, -0.052),
    township("510981102", "太乙镇", "Taiyi Town", -0.074, 0.028),
    township("510981103", "青岗镇", "Qinggang Town", -0.041, 0.094),
    township("510981104", "洋溪镇", "Yangxi Town", -0.112, -0.014),
    township("510981105", "复兴镇", "Fuxing Town", 0.061, -0.104),
];

/// The city first, then each county followed by its townships.
pub fn suining_areas() -> Vec<AreaSeed> {
    let mut areas = vec![area(CITY, None, AreaLevel::City, "遂宁市", "Suining City")];
    for county in &COUNTIES {
        areas.push(area(county.code, Some(CITY), AreaLevel::County, county.name_zh, county.name_en));
        for township in county.townships {
            areas.push(area(
                township.code,
                Some(county.code),
                AreaLevel::Township,
                township.name_zh,
                township.name_en,
            ));
        }
    }
    areas
}

fn area(code: &str, parent: Option<&str>, level: AreaLevel, name_zh: &str, name_en: &str) -> AreaSeed {
    AreaSeed {
        code: code.into(),
        parent: parent.map(Into::into),
        level,
        name_zh: name_zh.into(),
        name_en: name_en.into(),
    }
}
