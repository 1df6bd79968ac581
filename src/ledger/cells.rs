//! What stands in a cell, and what people mean by it: dates in every shape, full-width digits, money, words. Pure.
//!
//! What can be read in two ways is not guessed: it is a fault, and whoever wrote it decides.

use crate::checklists::Category;
use crate::hazards::model::{Severity, Status};
use crate::refusal::FieldCode;
use chrono::{Days, NaiveDate, NaiveDateTime};

/// One cell as the file holds it. A formula is only ever its last value or its text; nothing is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Date(NaiveDateTime),
}

/// From which day a workbook counts its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    Of1900,
    Of1904,
}

/// Blanks of every width, and marks that nobody sees.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}')
}

/// Full-width forms made narrow.
pub fn narrow(text: &str) -> String {
    let narrow = |c: char| match u32::from(c) {
        0x3000 | 0xA0 => ' ',
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(narrow).collect()
}

/// A word to compare with: narrow, small, and without any blank.
pub fn word(text: &str) -> String {
    narrow(text).chars().filter(|c| !is_blank(*c)).flat_map(char::to_lowercase).collect()
}

impl Cell {
    /// What a reader sees, without the blanks around it.
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.replace("\r\n", "\n").trim_matches(is_blank).to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Date(at) => at.date().to_string(),
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.chars().all(is_blank),
            Self::Number(_) | Self::Date(_) => false,
        }
    }

    /// One line of at most so many characters; `None` when blank.
    pub fn line(&self, longest: usize) -> Result<Option<String>, FieldCode> {
        let text = self.text().replace(['\n', '\r', '\t'], " ");
        checked(text, longest)
    }

    /// Text of several lines.
    pub fn prose(&self, longest: usize) -> Result<Option<String>, FieldCode> {
        checked(self.text(), longest)
    }

    /// A day. Serial numbers of 2000 to 2099, dotted, dashed, slashed and Chinese dates, with or without a time behind.
    pub fn date(&self, epoch: Epoch) -> Result<Option<NaiveDate>, FieldCode> {
        match self {
            Self::Empty => Ok(None),
            Self::Date(at) => Ok(Some(at.date())),
            Self::Number(number) => date_of_number(*number, epoch).map(Some),
            Self::Text(text) => {
                let text = narrow(text);
                let text = text.trim_matches(is_blank);
                if text.is_empty() { Ok(None) } else { date_of_text(text, epoch).map(Some) }
            }
        }
    }

    /// Whole yuan: `1,200元`, `1.5万`, `￥300`.
    pub fn yuan(&self) -> Result<Option<i64>, FieldCode> {
        let text = word(&self.text());
        let text = text.trim_start_matches(['¥', '￥']).replace([',', '，'], "");
        if text.is_empty() || matches!(text.as_str(), "/" | "-" | "无") {
            return Ok(None);
        }
        let (digits, times) = match text.trim_end_matches('元') {
            rest if rest.ends_with('万') => (rest.trim_end_matches('万'), 10_000.0),
            rest => (rest, 1.0),
        };
        if !digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(FieldCode::BadFormat);
        }
        let yuan = digits.parse::<f64>().map_err(|_error| FieldCode::BadFormat)? * times;
        whole(yuan).filter(|yuan| *yuan <= 1_000_000_000_000).map(Some).ok_or(FieldCode::OutOfRange)
    }

    /// A number of people or beds.
    pub fn count(&self) -> Result<Option<i32>, FieldCode> {
        let text = word(&self.text());
        let text = text.trim_end_matches(['张', '人', '床']);
        if text.is_empty() || text == "/" {
            return Ok(None);
        }
        let number = text.parse::<f64>().map_err(|_error| FieldCode::BadFormat)?;
        let counts = number.is_finite() && number.fract() == 0.0;
        let number = if counts { whole(number) } else { None }.ok_or(FieldCode::BadFormat)?;
        i32::try_from(number).map(Some).map_err(|_error| FieldCode::OutOfRange)
    }

    /// Yes or no; `None` when blank.
    pub fn yes(&self) -> Result<Option<bool>, FieldCode> {
        match word(&self.text()).as_str() {
            "" | "/" | "-" => Ok(None),
            "是" | "有" | "√" | "✓" | "y" | "yes" | "true" | "1" => Ok(Some(true)),
            "否" | "无" | "×" | "n" | "no" | "false" | "0" => Ok(Some(false)),
            _ => Err(FieldCode::UnknownValue),
        }
    }
}

fn checked(text: String, longest: usize) -> Result<Option<String>, FieldCode> {
    if text.is_empty() {
        Ok(None)
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Err(FieldCode::Control)
    } else if text.chars().count() > longest {
        Err(FieldCode::TooLong)
    } else {
        Ok(Some(text))
    }
}

/// The whole number nearest to one that a record can hold.
fn whole(number: f64) -> Option<i64> {
    // Beyond this a float no longer counts by ones.
    (0.0..9.0e15).contains(&number).then(|| format!("{:.0}", number.round()).parse().ok()).flatten()
}

/// The days that a bare number can mean: 2000-01-01 to 2099-12-31.
fn of_this_century(date: NaiveDate) -> Option<NaiveDate> {
    use chrono::Datelike;
    (2000..2100).contains(&date.year()).then_some(date)
}

fn date_of_number(number: f64, epoch: Epoch) -> Result<NaiveDate, FieldCode> {
    let Some(number) = whole(number.floor()) else { return Err(FieldCode::BadFormat) };
    if (20_000_101..=20_991_231).contains(&number) {
        return date_of_digits(&number.to_string());
    }
    let days = u64::try_from(number).unwrap_or_default();
    let first = match epoch {
        // Excel counts 29 February 1900, which never was: this holds from March 1900 on.
        Epoch::Of1900 => NaiveDate::from_ymd_opt(1899, 12, 30),
        Epoch::Of1904 => NaiveDate::from_ymd_opt(1904, 1, 1),
    };
    let date = first.and_then(|first| first.checked_add_days(Days::new(days)));
    date.and_then(of_this_century).ok_or(FieldCode::BadFormat)
}

/// `20241210`
fn date_of_digits(digits: &str) -> Result<NaiveDate, FieldCode> {
    NaiveDate::parse_from_str(digits, "%Y%m%d").map_err(|_error| FieldCode::OutOfRange)
}

fn date_of_text(text: &str, epoch: Epoch) -> Result<NaiveDate, FieldCode> {
    let text = if text.contains('年') { western(text) } else { text.to_owned() };
    if text.chars().all(|c| c.is_ascii_digit()) {
        return match text.len() {
            8 => date_of_digits(&text),
            5 => date_of_number(text.parse().unwrap_or(f64::NAN), epoch),
            _ => Err(FieldCode::BadFormat),
        };
    }
    let split = text.find([' ', 'T', '\n', '(']).unwrap_or(text.len());
    // `2024 - 12 - 9` has blanks inside its date.
    let (day, rest) = match text.split_at(split) {
        (day, rest) if day.chars().filter(char::is_ascii_digit).count() >= 6 => (day.to_owned(), rest),
        _ => (text.replace(' ', ""), ""),
    };
    if !is_time(rest) {
        return Err(FieldCode::BadFormat);
    }
    date_of_parts(&day)
}

/// What may stand behind a date: a time of day, a weekday.
fn is_time(rest: &str) -> bool {
    let rest = rest.trim_matches(|c: char| is_blank(c) || matches!(c, '(' | ')' | 'T' | 'Z'));
    let weekday =
        ["星期", "周", "礼拜"].iter().any(|start| rest.starts_with(start)) && rest.chars().count() <= 3;
    let clock = rest.trim_start_matches("上午").trim_start_matches("下午");
    weekday
        || clock
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '时' | '分' | '秒' | '-'))
}

fn date_of_parts(day: &str) -> Result<NaiveDate, FieldCode> {
    let day = day.trim_end_matches(['日', '号', '.', '。']);
    let parts: Vec<&str> =
        day.split(['-', '.', '/', '年', '月', '—', '–', '－', '、', '·', '_', '\\']).collect();
    if !parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit())) {
        return Err(FieldCode::BadFormat);
    }
    let number = |text: &str| text.parse::<u32>().map_err(|_error| FieldCode::BadFormat);
    let date = |year: &str, month: u32, day: u32| {
        let year = year.parse::<i32>().map_err(|_error| FieldCode::BadFormat)?;
        NaiveDate::from_ymd_opt(year, month, day).ok_or(FieldCode::OutOfRange)
    };
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
            date(year, number(month)?, number(day)?)
        }
        // Day or month first: only where it cannot be the other.
        [first, second, year] if year.len() == 4 && first.len() <= 2 && second.len() <= 2 => {
            match (number(first)?, number(second)?) {
                (day @ 13.., month) => date(year, month, day),
                (month, day @ 13..) => date(year, month, day),
                (same, day) if same == day => date(year, same, day),
                _ => Err(FieldCode::Ambiguous),
            }
        }
        // A year of two digits, or none.
        [a, b, c] if [a, b, c].iter().all(|part| part.len() <= 2) => Err(FieldCode::Ambiguous),
        [a, b] if a.len() <= 2 && b.len() <= 2 => Err(FieldCode::Ambiguous),
        _ => Err(FieldCode::BadFormat),
    }
}

/// `二〇二四年十二月九日` in digits.
fn western(text: &str) -> String {
    const DIGITS: &str = "〇一二三四五六七八九";
    let digit = |c: char| match c {
        '零' | '○' | 'Ｏ' => Some(0),
        '元' => Some(1),
        c => DIGITS.chars().position(|one| one == c),
    };
    let mut western = String::new();
    let mut characters = text.chars().peekable();
    let mut last = None;
    while let Some(c) = characters.next() {
        let next = characters.peek().copied();
        match (c, digit(c)) {
            ('十', _) => {
                if last.is_none_or(|last: char| digit(last).is_none()) {
                    western.push('1');
                }
                if next.is_none_or(|next| digit(next).is_none()) {
                    western.push('0');
                }
            }
            (_, Some(value)) => western.push_str(&value.to_string()),
            _ => western.push(c),
        }
        last = Some(c);
    }
    western
}

/// 一般 or 重大; nothing else is a level.
pub fn severity(text: &str) -> Option<Severity> {
    match word(text).trim_end_matches("隐患").trim_end_matches("事故").trim_end_matches("火灾") {
        "一般" | "general" => Some(Severity::General),
        "重大" | "major" => Some(Severity::Major),
        _ => None,
    }
}

/// How a re-check went.
pub fn recheck_result(text: &str) -> Option<bool> {
    match word(text).as_str() {
        "合格" | "通过" | "已整改" | "整改到位" | "已完成" | "完成" | "整改完成" | "复查合格"
        | "验收合格" | "复查通过" | "符合" | "已销号" | "销号" | "闭环" | "已闭环" | "是" | "√" | "✓"
        | "passed" => Some(true),
        "不合格" | "未通过" | "不通过" | "未整改" | "整改不到位" | "未完成" | "复查不合格" | "验收不合格"
        | "不符合" | "否" | "×" | "failed" => Some(false),
        _ => None,
    }
}

pub fn category(text: &str) -> Option<Category> {
    let text = word(text);
    let text = text.trim_end_matches("安全").trim_end_matches("隐患").trim_end_matches("类");
    match text {
        "用电" | "电气" | "电力" | "electricity" => Some(Category::Electricity),
        "用火" | "消防" | "用火与消防" | "火灾" | "用火消防" | "fire" => Some(Category::Fire),
        "用气" | "燃气" | "用气与一氧化碳" | "gas" => Some(Category::Gas),
        "食品" | "食堂" | "food" => Some(Category::Food),
        "其他" | "其它" | "other" => Some(Category::Other),
        _ => None,
    }
}

pub fn category_word(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Electricity => ("用电", "electricity"),
        Category::Fire => ("用火", "fire"),
        Category::Gas => ("用气", "gas"),
        Category::Food => ("食品", "food"),
        Category::Other => ("其他", "other"),
    }
}

pub fn severity_word(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::General => ("一般", "general"),
        Severity::Major => ("重大", "major"),
    }
}

pub fn status(text: &str) -> Option<Status> {
    match word(text).as_str() {
        "已闭环" | "闭环" | "已整改" | "已完成" => Some(Status::Closed),
        "未整改" => Some(Status::Pending),
        text => Status::ALL.iter().copied().find(|one| {
            let (zh, en) = status_word(*one);
            text == zh || text == en || text == one.as_str()
        }),
    }
}

pub fn status_word(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Pending => ("待整改", "pending"),
        Status::Rectifying => ("整改中", "rectifying"),
        Status::AwaitingRecheck => ("待复查", "awaiting re-check"),
        Status::Closed => ("已销号", "closed"),
        Status::Transferred => ("已移送", "transferred"),
        Status::Void => ("误报撤销", "void"),
    }
}

/// Whether a spreadsheet program would take a text for a formula, behind any apostrophes.
fn is_dangerous(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A text for a CSV file that no spreadsheet program takes for a formula: an apostrophe is put before it.
pub fn neutralised(text: &str) -> std::borrow::Cow<'_, str> {
    if is_dangerous(text) { format!("'{text}").into() } else { text.into() }
}

/// What [`neutralised`] made of a text, back again.
pub fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_dangerous(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> Result<Option<String>, FieldCode> {
        Cell::Text(text.to_owned()).date(Epoch::Of1900).map(|date| date.map(|date| date.to_string()))
    }

    #[test]
    fn dates_in_every_shape() {
        let shapes = [
            "2024-12-09",
            "2024-12-9",
            "2024.12.9",
            "2024.12.09.",
            "2024/12/9",
            "2024年12月9日",
            "2024年12月9号",
            "２０２４．１２．９",
            " 2024-12-09 ",
            "20241209",
            "45635",
            "2024-12-09 14:30",
            "2024-12-09T14:30:00",
            "2024年12月9日（星期一）",
            "2024、12、9",
            "2024 - 12 - 9",
            "2024 年 12 月 9 日",
            "二〇二四年十二月九日",
            "2024—12—9",
            "2024.12.9 下午",
        ];
        for shape in shapes {
            assert_eq!(date(shape), Ok(Some("2024-12-09".into())), "{shape}");
        }
        assert_eq!(date("二〇二五年十月二十三日"), Ok(Some("2025-10-23".into())));
        assert_eq!(date("二零二五年一月二十日"), Ok(Some("2025-01-20".into())));
        assert_eq!(date("12/31/2024"), Ok(Some("2024-12-31".into())));
        assert_eq!(date("　"), Ok(None));
    }

    #[test]
    fn what_is_no_date_or_more_than_one_is_refused() {
        for text in [
            "昨天",
            "2024",
            "2024年12月",
            "12",
            "2024-12-10至2024-12-12",
            "1234567",
            "2024-12-1x",
            "99999",
            "-",
            "/",
        ] {
            assert_eq!(date(text), Err(FieldCode::BadFormat), "{text}");
        }
        for text in ["2024-13-01", "2024.2.30", "2023年2月29日", "20241301"] {
            assert_eq!(date(text), Err(FieldCode::OutOfRange), "{text}");
        }
        for text in ["24.12.9", "03/04/2024", "12月9日", "12-9"] {
            assert_eq!(date(text), Err(FieldCode::Ambiguous), "{text}");
        }
    }

    #[test]
    fn both_epochs_of_spreadsheets() {
        let of = |number, epoch| Cell::Number(number).date(epoch).ok().flatten().map(|date| date.to_string());
        assert_eq!(of(45636.0, Epoch::Of1900).as_deref(), Some("2024-12-10"));
        assert_eq!(of(45636.75, Epoch::Of1900).as_deref(), Some("2024-12-10"));
        assert_eq!(of(44174.0, Epoch::Of1904).as_deref(), Some("2024-12-10"));
        assert_eq!(of(20_241_210.0, Epoch::Of1900).as_deref(), Some("2024-12-10"));
        assert_eq!(of(f64::NAN, Epoch::Of1900), None);
        assert_eq!(of(1.0, Epoch::Of1900), None);
    }

    #[test]
    fn money_and_counts() {
        let yuan = |text: &str| Cell::Text(text.into()).yuan();
        assert_eq!(yuan("１，２００元"), Ok(Some(1200)));
        assert_eq!(yuan("1.5万元"), Ok(Some(15_000)));
        assert_eq!(yuan("￥300.40"), Ok(Some(300)));
        assert_eq!(yuan("无"), Ok(None));
        assert_eq!(yuan("约三百"), Err(FieldCode::BadFormat));
        assert_eq!(yuan("99999999999999999999"), Err(FieldCode::OutOfRange));
        assert_eq!(Cell::Text("８０张".into()).count(), Ok(Some(80)));
        assert_eq!(Cell::Number(80.5).count(), Err(FieldCode::BadFormat));
    }

    #[test]
    fn words_of_levels_and_results() {
        assert_eq!(severity("一　般"), Some(Severity::General));
        assert_eq!(severity("重大事故隐患"), Some(Severity::Major));
        assert_eq!(severity("特大"), None);
        assert_eq!(recheck_result(" 不合格 "), Some(false));
        assert_eq!(recheck_result("基本合格"), None);
        for one in Status::ALL {
            assert_eq!((status(status_word(*one).0), status(one.as_str())), (Some(*one), Some(*one)));
        }
        for one in Category::ALL {
            assert_eq!(category(category_word(*one).0), Some(*one));
        }
    }

    proptest! {
        #[test]
        fn every_day_is_read_back_from_every_shape(days in 0_u64..36_500) {
            let day = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + Days::new(days);
            for format in ["%Y-%m-%d", "%Y.%-m.%-d", "%Y/%-m/%-d", "%Y年%-m月%-d日", "%Y%m%d", "%Y-%m-%d %H:%M:%S"] {
                let text = day.and_hms_opt(9, 5, 0).unwrap().format(format).to_string();
                let wide: String = text.chars().map(|c| if c.is_ascii_digit() { char::from_u32(u32::from(c) + 0xFEE0).unwrap() } else { c }).collect();
                prop_assert_eq!(Cell::Text(text).date(Epoch::Of1900), Ok(Some(day)));
                prop_assert_eq!(Cell::Text(wide).date(Epoch::Of1900), Ok(Some(day)));
            }
            let serial = (day - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap()).num_days();
            let serial = f64::from(i32::try_from(serial).unwrap());
            prop_assert_eq!(Cell::Number(serial + 0.3).date(Epoch::Of1900), Ok(Some(day)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*", number in any::<f64>()) {
            for cell in [Cell::Text(text), Cell::Number(number)] {
                let _ = (cell.date(Epoch::Of1904), cell.yuan(), cell.count(), cell.yes(), cell.line(100), cell.prose(2000));
            }
        }

        #[test]
        fn any_text_is_neutral_and_comes_back(text in "['=+@\\-\\t\\rA一＝]{0,6}") {
            let neutral = neutralised(&text);
            prop_assert!(!neutral.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']));
            prop_assert_eq!(plain(&neutral), text.as_str());
        }
    }
}
