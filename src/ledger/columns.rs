//! The columns of ledgers and lists: how they are called, in which order they are written, how a header is found. Pure.

use super::cells::{Cell, narrow};
use super::sheet::{Row, Sheet};
use std::collections::HashMap;

/// A column of some table, known by its names.
pub trait Named: Copy + Eq + std::hash::Hash + 'static {
    const ALL: &'static [Self];
    /// The name it is written with in Chinese and English, and what else it is called.
    fn names(self) -> (&'static str, &'static str, &'static [&'static str]);
    /// Without these a table is not what it should be.
    const REQUIRED: &'static [Self];
}

macro_rules! columns {
    ($(#[$doc:meta])* $name:ident requires [$($required:ident),*] { $($column:ident = $zh:literal, $en:literal, [$($other:literal),*];)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($column,)* }

        impl Named for $name {
            const ALL: &'static [Self] = &[$(Self::$column,)*];
            const REQUIRED: &'static [Self] = &[$(Self::$required,)*];
            fn names(self) -> (&'static str, &'static str, &'static [&'static str]) {
                match self { $(Self::$column => ($zh, $en, &[$($other,)*]),)* }
            }
        }
    };
}

columns! {
    /// The columns of a hazard ledger in the order of the export; the usual 13 are among them.
    LedgerColumn requires [FoundOn, FoundBy, Location, Description, Severity] {
        Position = "序号", "No.", ["编号", "no", "项次"];
        Institution = "机构名称", "Institution", ["机构", "养老机构", "养老机构名称", "单位名称", "受检单位", "被检查单位"];
        County = "区县", "County", ["所属区县", "区（县）", "县区", "辖区", "属地"];
        FoundOn = "检查日期", "Found on", ["排查时间", "排查日期", "检查时间", "发现时间", "发现日期"];
        Kind = "检查类型", "Kind of inspection", ["检查方式", "检查类别", "检查形式"];
        Unit = "检查单位", "Inspecting body", ["检查部门", "排查单位"];
        FoundBy = "检查人", "Found by", ["排查人", "排查人员", "检查人员", "发现人"];
        Number = "隐患编号", "Hazard number", ["隐患号"];
        Category = "隐患类别", "Category", ["隐患类型", "类别", "隐患分类"];
        Location = "隐患部位", "Place", ["部位", "隐患位置", "隐患地点", "位置", "隐患所在部位"];
        Description = "隐患描述", "Description", ["隐患名称", "隐患名称/描述", "存在问题", "存在隐患", "隐患内容", "问题描述", "隐患情况", "问题隐患", "存在的问题"];
        Basis = "判定依据", "Basis", ["依据", "检查依据"];
        Severity = "隐患等级", "Level", ["隐患级别", "等级", "级别"];
        Criterion = "重大隐患判定条款", "Criterion of the major hazard", ["判定条款", "重大隐患判定依据"];
        Measure = "整改措施", "Measures", ["治理措施", "治理(整改)措施", "整改治理措施", "整改要求", "防范措施"];
        Department = "责任部门", "Department in charge", ["整改责任部门", "责任科室", "责任单位", "整改部门"];
        Responsible = "责任人", "Person in charge", ["整改责任人", "负责人"];
        Phone = "联系电话", "Phone", ["电话", "联系方式", "手机"];
        Funds = "整改资金(元)", "Funds (yuan)", ["整改资金", "治理资金", "资金"];
        Deadline = "整改期限", "Deadline", ["完成时限", "整改时限", "完成期限", "治理时限", "限期", "整改截止日期", "计划完成时间"];
        Extended = "是否延期", "Extended", ["延期"];
        Interim = "应急/临时措施", "Interim measures", ["应急措施", "临时措施", "应急预案", "应急措施/预案", "应急措施预案"];
        RectifiedOn = "实际完成日期", "Rectified on", ["完成时间", "完成日期", "整改完成时间", "实际完成时间", "整改完成日期"];
        Rectified = "整改情况", "What was done", ["完成情况", "整改完成情况", "整改结果"];
        Before = "整改前照片", "Photos before", ["整改前"];
        After = "整改后照片", "Photos after", ["整改后"];
        RecheckOn = "复查日期", "Re-checked on", ["复查时间", "验收时间", "验收日期"];
        RecheckBy = "复查人", "Re-checked by", ["复查人员", "验收人", "验收人员"];
        RecheckResult = "复查结果", "Result of the re-check", ["复查情况", "验收结果", "复查意见", "是否闭环"];
        Listed = "是否挂牌督办", "Under listed supervision", ["挂牌督办"];
        ListingUnit = "督办单位", "Listing body", ["挂牌督办单位"];
        ClosedOn = "销号日期", "Closed on", ["销号时间"];
        OverdueDays = "逾期天数", "Days overdue", ["逾期"];
        Status = "状态", "State", ["隐患状态", "当前状态"];
        Remarks = "备注", "Remarks", ["说明"];
    }
}

columns! {
    /// The columns of a list of institutions.
    InstitutionColumn requires [Name] {
        Position = "序号", "No.", ["编号", "no"];
        Name = "机构名称", "Name", ["名称", "养老机构名称", "机构", "单位名称"];
        CreditCode = "统一社会信用代码", "Credit code", ["信用代码", "社会信用代码", "统一信用代码", "组织机构代码"];
        AreaCode = "区划代码", "Area code", ["行政区划代码", "地区代码"];
        Area = "区县", "Area", ["所属区县", "区划", "行政区划", "所在区划", "乡镇", "所属乡镇", "街道", "所属街道", "所在区县", "辖区", "镇街"];
        Ownership = "机构性质", "Ownership", ["性质", "所有制", "公办民办", "公办/民办", "机构类型", "经营性质"];
        Legal = "法定代表人", "Legal representative", ["法人", "法人代表"];
        Principal = "主要负责人", "Principal", ["负责人", "院长", "机构负责人"];
        Phone = "联系电话", "Phone", ["电话", "联系方式", "手机"];
        Address = "地址", "Address", ["机构地址", "详细地址", "住所"];
        Filing = "备案号", "Filing number", ["备案编号", "备案回执编号"];
        Beds = "床位数", "Beds", ["床位", "核定床位", "床位总数", "总床位数"];
        Residents = "在住人数", "Residents", ["入住人数", "在院人数", "在住老人数", "入住老人数", "在住"];
        Disabled = "失能人数", "Disabled residents", ["失能老人数", "失能半失能人数", "失能"];
        Meals = "供餐方式", "Meals", ["供餐"];
        KeyFireUnit = "消防安全重点单位", "Key fire unit", ["消防重点单位", "重点单位", "是否消防安全重点单位"];
        FireHighRisk = "火灾高危单位", "High fire risk", ["是否火灾高危单位"];
        SpecialEquipment = "特种设备", "Special equipment", ["有无特种设备", "是否有特种设备"];
        Risk = "风险等级", "Risk grade", ["安全风险等级"];
        Status = "运营状态", "State", ["状态", "机构状态"];
        Remarks = "备注", "Remarks", ["说明"];
    }
}

/// How a header is compared: narrow, without blanks, without what stands in brackets behind it.
fn heading(text: &str) -> String {
    let text: String = narrow(text)
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '*')
        .flat_map(char::to_lowercase)
        .collect();
    match text.find(['(', '[']) {
        Some(at) if at > 0 && text.ends_with([')', ']']) => text.get(..at).unwrap_or_default().to_owned(),
        _ => text,
    }
}

fn recognise<C: Named>(cell: &Cell) -> Option<C> {
    let Cell::Text(text) = cell else { return None };
    if text.chars().count() > 40 {
        return None;
    }
    let own = heading(text);
    C::ALL.iter().copied().find(|column| {
        let (zh, en, others) = column.names();
        own == heading(zh) || own == heading(en) || others.iter().any(|other| own == heading(other))
    })
}

/// A table found in a sheet: which column stands where, under which name, and where its rows begin.
pub struct Table<C> {
    pub places: HashMap<C, usize>,
    pub names: HashMap<C, String>,
    /// The position of the first row below the header among the sheet's rows.
    pub first: usize,
    /// The texts above the header.
    pub title: Vec<String>,
}

/// The header is looked for in so many rows that are not blank.
const DEEPEST_HEADER: usize = 30;

impl<C: Named> Table<C> {
    /// The table of a sheet: its header is the row with the most known names, at least three of them.
    pub fn find(sheet: &Sheet) -> Option<Self> {
        let known = |row: &Row| {
            let mut places = HashMap::new();
            for (at, cell) in row.cells.iter().enumerate() {
                if let Some(column) = recognise::<C>(cell) {
                    places.entry(column).or_insert(at);
                }
            }
            places
        };
        let rows = sheet.rows.iter().take(DEEPEST_HEADER).enumerate();
        let candidates = rows.map(|(at, row)| (at, known(row)));
        // Of equal ones the first: a header printed again on each page is no data.
        let (header, places) = candidates.rev().max_by_key(|(_, places)| places.len())?;
        if places.len() < 3 {
            return None;
        }
        let row = sheet.rows.get(header)?;
        let names = places.iter().filter_map(|(column, at)| Some((*column, row.cells.get(*at)?.text())));
        let mut title: Vec<String> = Vec::new();
        for cell in sheet.rows.iter().take(header).flat_map(|row| &row.cells) {
            let text = cell.text();
            if !text.is_empty() && !title.contains(&text) {
                title.push(text);
            }
        }
        Some(Self { names: names.collect(), places, first: header + 1, title })
    }

    /// The names that a table must have and this has not.
    pub fn missing(&self) -> Vec<&'static str> {
        C::REQUIRED
            .iter()
            .filter(|column| !self.places.contains_key(column))
            .map(|column| column.names().0)
            .collect()
    }

    pub fn cell<'a>(&self, row: &'a Row, column: C) -> &'a Cell {
        self.places.get(&column).and_then(|at| row.cells.get(*at)).unwrap_or(&Cell::Empty)
    }

    /// The name a column has in this file.
    pub fn name(&self, column: C) -> String {
        self.names.get(&column).cloned().unwrap_or_else(|| column.names().0.to_owned())
    }

    /// `B10`
    pub fn address(&self, row: &Row, column: C) -> String {
        let at = self.places.get(&column).copied().unwrap_or_default();
        format!("{}{}", letters(at), row.number)
    }

    /// Whether a row is the header printed once more.
    pub fn is_header(&self, row: &Row) -> bool {
        let again = |(column, at): (&C, &usize)| match (self.names.get(column), row.cells.get(*at)) {
            (Some(name), Some(Cell::Text(text))) => text.trim() == name,
            _ => false,
        };
        self.places.iter().filter(|place| again(*place)).count() >= 3
    }

    /// Whether a row is a sum, a note or a signature rather than a record: nothing but its first cells is filled.
    pub fn is_footer(&self, row: &Row) -> bool {
        const FOOTERS: [&str; 12] = [
            "合计",
            "总计",
            "小计",
            "共计",
            "总数",
            "填表人",
            "审核人",
            "制表",
            "填报",
            "备注:",
            "注:",
            "说明:",
        ];
        let first =
            row.cells.iter().find(|cell| !cell.is_empty()).map(|cell| super::cells::word(&cell.text()));
        let first = first.unwrap_or_default();
        FOOTERS.iter().any(|word| first.starts_with(word))
            && C::REQUIRED.iter().filter(|column| !self.cell(row, **column).is_empty()).count() < 2
    }
}

/// The letters of a column, as spreadsheet programs show them.
fn letters(mut at: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(at % 26).unwrap_or_default()));
        if at < 26 {
            break;
        }
        at = at / 26 - 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }

    #[test]
    fn no_two_columns_share_a_name() {
        fn check<C: Named + std::fmt::Debug>() {
            let mut seen: HashMap<String, C> = HashMap::new();
            for column in C::ALL {
                let (zh, en, others) = column.names();
                let mut own: Vec<String> = [zh, en].iter().chain(others).map(|name| heading(name)).collect();
                own.sort();
                own.dedup();
                for name in own {
                    let other = seen.insert(name.clone(), *column);
                    assert!(other.is_none(), "{name} is {column:?} and {other:?}");
                }
            }
        }
        check::<LedgerColumn>();
        check::<InstitutionColumn>();
        assert_eq!(LedgerColumn::ALL.len(), 35);
    }
}
