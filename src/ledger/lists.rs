//! From a row of a list to an institution, or to what is wrong with it. Pure.

use super::cells::{Cell, word};
use super::columns::{InstitutionColumn as C, Table};
use super::rows::RowError;
use super::sheet::{Row, Sheet, Unreadable};
use crate::institutions::credit_code;
use crate::institutions::model::{MealSupply, OperatingStatus, Ownership, RiskGrade};
use crate::refusal::FieldCode;

/// What a row says of an institution; the area is still a name or a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub sheet: String,
    pub row: u32,
    pub name: String,
    pub credit_code: Option<String>,
    pub area_code: Option<String>,
    pub area: Option<String>,
    pub ownership: Option<Ownership>,
    pub legal_representative: Option<String>,
    pub principal: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub filing_number: Option<String>,
    pub beds: i32,
    pub residents: i32,
    pub disabled_residents: i32,
    pub meal_supply: MealSupply,
    pub key_fire_unit: bool,
    pub fire_high_risk: bool,
    pub special_equipment: bool,
    pub risk_grade: Option<RiskGrade>,
    pub status: OperatingStatus,
    /// Where the area stands, for what is found wrong with it later.
    pub area_error: RowError,
}

/// What a file's sheets list, in their order.
#[derive(Debug, Default)]
pub struct Lists {
    pub rows: usize,
    pub good: Vec<Listed>,
    pub refused: usize,
    pub errors: Vec<RowError>,
}

/// Reads every sheet that holds a list of institutions.
pub fn lists(sheets: &[Sheet]) -> Result<Lists, Unreadable> {
    let mut all = Lists::default();
    let mut found = false;
    for sheet in sheets {
        let Some(table) = Table::<C>::find(sheet).filter(|table| table.missing().is_empty()) else {
            continue;
        };
        found = true;
        for row in sheet.rows.iter().skip(table.first) {
            if table.is_header(row) || table.is_footer(row) {
                continue;
            }
            all.rows += 1;
            let mut reader = ListReader { table: &table, row, sheet, errors: Vec::new() };
            match reader.listed() {
                Some(listed) if reader.errors.is_empty() => all.good.push(listed),
                _ => {
                    all.refused += 1;
                    all.errors.append(&mut reader.errors);
                }
            }
        }
    }
    if found { Ok(all) } else { Err(Unreadable::NoTable) }
}

struct ListReader<'a> {
    table: &'a Table<C>,
    row: &'a Row,
    sheet: &'a Sheet,
    errors: Vec<RowError>,
}

impl ListReader<'_> {
    fn cell(&self, column: C) -> &Cell {
        self.table.cell(self.row, column)
    }

    fn error(&self, column: C, code: FieldCode) -> RowError {
        RowError::at(self.sheet, self.table, self.row, column, code)
    }

    fn fault(&mut self, column: C, code: FieldCode) {
        let error = self.error(column, code);
        self.errors.push(error);
    }

    fn take<T>(&mut self, column: C, read: Result<Option<T>, FieldCode>) -> Option<T> {
        read.unwrap_or_else(|code| {
            self.fault(column, code);
            None
        })
    }

    fn line(&mut self, column: C, longest: usize) -> Option<String> {
        let read = self.cell(column).line(longest);
        self.take(column, read).filter(|text| !matches!(text.as_str(), "/" | "-" | "无"))
    }

    fn count(&mut self, column: C) -> i32 {
        let read = self.cell(column).count();
        let count = self.take(column, read).unwrap_or(0);
        if !(0..=20_000).contains(&count) {
            self.fault(column, FieldCode::OutOfRange);
        }
        count
    }

    fn flag(&mut self, column: C) -> bool {
        let read = self.cell(column).yes();
        self.take(column, read).unwrap_or(false)
    }

    fn word<T>(&mut self, column: C, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = word(&self.cell(column).text());
        if text.is_empty() || text == "/" {
            return None;
        }
        let read = parse(&text).map(Some).ok_or(FieldCode::UnknownValue);
        self.take(column, read)
    }

    fn listed(&mut self) -> Option<Listed> {
        let name = self.line(C::Name, 100);
        match &name {
            None => self.fault(C::Name, FieldCode::Required),
            Some(name) if name.chars().count() < 2 => self.fault(C::Name, FieldCode::TooShort),
            Some(_) => {}
        }
        let code = word(&self.cell(C::CreditCode).text()).to_uppercase();
        let credit_code = Some(code).filter(|code| !code.is_empty() && code != "/" && code != "无");
        if credit_code.as_deref().is_some_and(|code| !credit_code::is_valid(code)) {
            self.fault(C::CreditCode, FieldCode::CheckCharacter);
        }
        let (residents, disabled_residents) = (self.count(C::Residents), self.count(C::Disabled));
        if disabled_residents > residents {
            self.fault(C::Disabled, FieldCode::Mismatch);
        }
        let area_column = if self.table.places.contains_key(&C::AreaCode) { C::AreaCode } else { C::Area };
        Some(Listed {
            sheet: self.sheet.name.clone(),
            row: self.row.number,
            credit_code,
            area_code: self.line(C::AreaCode, 20).map(|code| word(&code)),
            area: self.line(C::Area, 100),
            ownership: self.word(C::Ownership, ownership),
            legal_representative: self.line(C::Legal, 60),
            principal: self.line(C::Principal, 60),
            phone: self.line(C::Phone, 40),
            address: self.line(C::Address, 200),
            filing_number: self.line(C::Filing, 60),
            beds: self.count(C::Beds),
            residents,
            disabled_residents,
            meal_supply: self.word(C::Meals, meals).unwrap_or(MealSupply::OwnCanteen),
            key_fire_unit: self.flag(C::KeyFireUnit),
            fire_high_risk: self.flag(C::FireHighRisk),
            special_equipment: self.flag(C::SpecialEquipment),
            risk_grade: self.word(C::Risk, risk),
            status: self.word(C::Status, operating).unwrap_or(OperatingStatus::Operating),
            area_error: self.error(area_column, FieldCode::UnknownReference),
            name: name?,
        })
    }
}

fn ownership(text: &str) -> Option<Ownership> {
    match text {
        "公办" | "公立" | "国有" | "public" | "公办公营" => Some(Ownership::Public),
        "民办" | "私营" | "民营" | "private" | "民办民营" | "民办非企业" | "营利性" => {
            Some(Ownership::Private)
        }
        "公建民营" | "公办民营" | "public_built_privately_run" => {
            Some(Ownership::PublicBuiltPrivatelyRun)
        }
        _ => None,
    }
}

fn meals(text: &str) -> Option<MealSupply> {
    match text {
        "自营食堂" | "自办食堂" | "自营" | "食堂" | "自办" | "own_canteen" => {
            Some(MealSupply::OwnCanteen)
        }
        "承包" | "食堂承包" | "委托经营" | "外包" | "contracted_out" => {
            Some(MealSupply::ContractedOut)
        }
        "配餐" | "外购配餐" | "订餐" | "送餐" | "ordered_meals" => Some(MealSupply::OrderedMeals),
        _ => None,
    }
}

fn risk(text: &str) -> Option<RiskGrade> {
    match text.trim_end_matches("风险") {
        "低" | "低级" | "蓝" | "low" => Some(RiskGrade::Low),
        "中" | "一般" | "medium" => Some(RiskGrade::Medium),
        "高" | "重大" | "红" | "high" => Some(RiskGrade::High),
        _ => None,
    }
}

fn operating(text: &str) -> Option<OperatingStatus> {
    match text {
        "运营" | "正常运营" | "正常" | "在营" | "营业" | "运营中" | "operating" => {
            Some(OperatingStatus::Operating)
        }
        "停业" | "暂停" | "歇业" | "停运" | "suspended" => Some(OperatingStatus::Suspended),
        "注销" | "关停" | "撤销" | "closed" => Some(OperatingStatus::Closed),
        _ => None,
    }
}
