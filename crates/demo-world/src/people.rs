//! Names and telephone numbers of nobody.

use rand::Rng;

const SURNAMES: [&str; 48] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓",
    "许", "傅", "沈", "曾", "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛",
];
const GIVEN: [&str; 64] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "霞", "平", "刚", "桂英", "建国", "建华", "志强", "秀兰", "晓燕", "晓东", "海燕", "文博", "雪梅", "红梅",
    "春梅", "玉兰", "俊杰", "子涵", "雨欣", "国庆", "德明", "光华", "永红", "小琴", "佳怡", "思源", "天福",
    "仕林", "开容", "世芬", "朝阳", "克勤", "怀玉", "素华", "大勇", "泽民", "正清", "洪波", "立新", "友谊",
    "长春", "明月", "书琴", "云飞", "昌明", "先富", "兴旺",
];

/// A common name.
pub fn person_name(rng: &mut impl Rng) -> String {
    // The surnames stand in order of how many bear them; the lower of two draws follows that roughly.
    let place = rng.random_range(0..SURNAMES.len()).min(rng.random_range(0..SURNAMES.len()));
    let surname = SURNAMES.get(place).copied().unwrap_or("王");
    format!("{surname}{}", crate::pick(rng, &GIVEN))
}

/// A mobile number of the right shape in a range nobody has been given: 154, then three noughts.
pub fn phone(rng: &mut impl Rng) -> String {
    format!("154000{:05}", rng.random_range(0..100_000))
}

/// A number at a desk in Suining; no real one begins with a nought after the area code.
pub fn landline(rng: &mut impl Rng) -> String {
    format!("0825-0{:06}", rng.random_range(0..1_000_000))
}
