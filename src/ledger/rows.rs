//! From a row to what it says of a hazard, or to what is wrong with it, cell by cell. Pure.

use super::cells::{self, Cell, Epoch};
use super::columns::{LedgerColumn as C, Named, Table};
use super::sheet::{Row, Sheet, Unreadable};
use crate::checklists::Category;
use crate::hazards::model::{Severity, Status};
use crate::refusal::FieldCode;
use crate::text_enum;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What is to be said of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    pub level: Level,
    /// The sheet of a workbook; empty for a text file.
    pub sheet: String,
    /// As spreadsheet programs number it.
    pub row: u32,
    /// `B10`
    pub cell: String,
    /// What the column is called in the file.
    pub column: String,
    pub code: &'static str,
    /// What stands in the cell, shortened.
    pub value: String,
}

impl RowError {
    /// An error in one cell of a table.
    pub fn at<C: Named>(sheet: &Sheet, table: &Table<C>, row: &Row, column: C, code: FieldCode) -> Self {
        Self {
            level: Level::Error,
            sheet: sheet.name.clone(),
            row: row.number,
            cell: table.address(row, column),
            column: table.name(column),
            code: code.as_str(),
            value: table.cell(row, column).text().chars().take(40).collect(),
        }
    }

    /// A stored code as the program has it.
    pub fn known_code(code: &str) -> &'static str {
        let field = FieldCode::ALL.iter().map(|one| one.as_str()).find(|one| *one == code);
        field.or_else(|| NOTES.iter().map(|(one, ..)| *one).find(|one| *one == code)).unwrap_or("unknown")
    }

    /// What the code means in Chinese and in English.
    pub fn words(code: &str) -> (&'static str, &'static str) {
        let field = FieldCode::ALL.iter().find(|one| one.as_str() == code).map(|one| one.words());
        let note = NOTES.iter().find(|(one, ..)| *one == code).map(|(_, zh, en)| (*zh, *en));
        note.or(field).unwrap_or(("有误", "is wrong"))
    }
}

/// What is told of rows that nothing is wrong with.
pub const ALREADY_THERE: &str = "already_there";
pub const CHANGED: &str = "changed";
pub const GUESSED: &str = "guessed";
pub const CRITERION_MISSING: &str = "criterion_missing";
const NOTES: [(&str, &str, &str); 4] = [
    (
        ALREADY_THERE,
        "与已有记录或前面的行重复，未再导入",
        "is there already, or stands above in the file; not taken again",
    ),
    (
        CHANGED,
        "与已有记录为同一条但内容不同，未改动已有记录",
        "is a record that is there with other content; what is there was left alone",
    ),
    (GUESSED, "隐患类别按文字推测，请核对", "was guessed from the words; please check"),
    (
        CRITERION_MISSING,
        "重大隐患未写明判定条款，须由人判定",
        "names no criterion for a major hazard: a person must judge it",
    ),
];

text_enum! {
    /// Whether something stands in the way of its row.
    pub enum Level {
        Error = "error",
        Note = "note",
    }
}

/// How a re-check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recheck {
    pub on: NaiveDate,
    pub by: String,
    pub passed: bool,
}

/// What a row says. The names are texts: they are nobody's accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    #[serde(skip)]
    pub sheet: String,
    #[serde(skip)]
    pub row: u32,
    pub institution: Option<String>,
    /// A number that this program gave (隐患编号); other numbers mean nothing here.
    pub number: Option<String>,
    pub found_on: NaiveDate,
    pub found_by: String,
    pub kind: Option<String>,
    pub unit: Option<String>,
    pub category: Category,
    /// The category was guessed from the words of the finding.
    pub category_guessed: bool,
    pub item: Option<String>,
    pub basis: Option<String>,
    pub location: String,
    pub description: String,
    pub severity: Severity,
    pub criterion: Option<String>,
    pub measure: Option<String>,
    pub department: Option<String>,
    pub responsible: Option<String>,
    pub phone: Option<String>,
    pub funds_yuan: Option<i64>,
    pub deadline: Option<NaiveDate>,
    pub interim: Option<String>,
    pub rectified_on: Option<NaiveDate>,
    pub rectified: Option<String>,
    pub recheck: Option<Recheck>,
    pub listed: bool,
    pub listing_unit: Option<String>,
    pub closed_on: Option<NaiveDate>,
    pub status: Status,
    pub remarks: Option<String>,
}

/// What the reading of rows depends on.
pub struct Reading<'a> {
    pub today: NaiveDate,
    pub guess: &'a dyn Fn(&str) -> Option<Category>,
    /// The category of a code of the checklist.
    pub item: &'a dyn Fn(&str) -> Option<Category>,
}

/// What a file's sheets say, in their order.
#[derive(Debug, Default)]
pub struct Drafts {
    /// Rows that hold a record, good or not.
    pub rows: usize,
    pub good: Vec<Draft>,
    pub refused: usize,
    pub errors: Vec<RowError>,
    /// The texts above each table's header, by sheet.
    pub titles: Vec<(String, Vec<String>)>,
    /// What the column of institutions is called in each sheet that has one.
    pub institution_columns: Vec<(String, String)>,
}

/// The oldest finding that is taken over.
const OLDEST: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};
/// A deadline further away than this is a slip of the pen.
const LATEST: NaiveDate = match NaiveDate::from_ymd_opt(2099, 12, 31) {
    Some(date) => date,
    None => NaiveDate::MAX,
};

/// Reads every sheet that holds a ledger; a workbook may have others beside it.
pub fn drafts(sheets: &[Sheet], reading: &Reading<'_>) -> Result<Drafts, Unreadable> {
    let mut all = Drafts::default();
    let mut lacking: Option<String> = None;
    let mut found = false;
    for sheet in sheets {
        let Some(table) = Table::<C>::find(sheet) else { continue };
        let missing = table.missing();
        if !missing.is_empty() {
            lacking.get_or_insert_with(|| missing.join("、"));
            continue;
        }
        found = true;
        all.titles.push((sheet.name.clone(), table.title.clone()));
        if table.places.contains_key(&C::Institution) {
            all.institution_columns.push((sheet.name.clone(), table.name(C::Institution)));
        }
        for row in sheet.rows.iter().skip(table.first) {
            if table.is_header(row) || table.is_footer(row) || is_only_numbered(&table, row) {
                continue;
            }
            all.rows += 1;
            let mut reader = RowReader { table: &table, row, sheet, errors: Vec::new() };
            match reader.draft(reading) {
                Some(draft) if reader.errors.is_empty() => all.good.push(draft),
                _ => {
                    all.refused += 1;
                    all.errors.append(&mut reader.errors);
                }
            }
        }
    }
    match lacking {
        Some(columns) if !found => Err(Unreadable::MissingColumns(columns)),
        None if !found => Err(Unreadable::NoTable),
        _ => Ok(all),
    }
}

/// Forms are printed with numbered lines that nobody filled in.
fn is_only_numbered(table: &Table<C>, row: &Row) -> bool {
    let position = table.places.get(&C::Position).copied();
    row.cells.iter().enumerate().all(|(at, cell)| cell.is_empty() || Some(at) == position)
}

struct RowReader<'a> {
    table: &'a Table<C>,
    row: &'a Row,
    sheet: &'a Sheet,
    errors: Vec<RowError>,
}

impl RowReader<'_> {
    fn cell(&self, column: C) -> &Cell {
        self.table.cell(self.row, column)
    }

    fn epoch(&self) -> Epoch {
        self.sheet.epoch
    }

    fn fault(&mut self, column: C, code: FieldCode) {
        self.errors.push(RowError::at(self.sheet, self.table, self.row, column, code));
    }

    /// The value, or a fault noted and nothing.
    fn take<T>(&mut self, column: C, read: Result<Option<T>, FieldCode>) -> Option<T> {
        read.unwrap_or_else(|code| {
            self.fault(column, code);
            None
        })
    }

    fn line(&mut self, column: C, longest: usize) -> Option<String> {
        let read = self.cell(column).line(longest);
        self.take(column, read)
    }

    fn prose(&mut self, column: C, longest: usize) -> Option<String> {
        let read = self.cell(column).prose(longest);
        self.take(column, read)
    }

    fn date(&mut self, column: C) -> Option<NaiveDate> {
        let read = self.cell(column).date(self.epoch());
        self.take(column, read)
    }

    /// A word of a fixed list; `None` when blank or wrong.
    fn word<T>(&mut self, column: C, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.cell(column).text();
        if text.is_empty() {
            return None;
        }
        let read = parse(&text).map(Some).ok_or(FieldCode::UnknownValue);
        self.take(column, read)
    }

    /// Notes a fault when there is neither a value nor a fault of this column yet.
    fn required<T>(&mut self, column: C, value: Option<T>) -> Option<T> {
        if value.is_none() && self.cell(column).is_empty() {
            self.fault(column, FieldCode::Required);
        }
        value
    }

    fn draft(&mut self, reading: &Reading<'_>) -> Option<Draft> {
        let found_on = self.date(C::FoundOn);
        let found_on = self.required(C::FoundOn, found_on);
        let found_by = self.line(C::FoundBy, 100);
        let found_by = self.required(C::FoundBy, found_by);
        let location = self.line(C::Location, 100);
        let location = self.required(C::Location, location);
        let description = self.prose(C::Description, 2000);
        let description = self.required(C::Description, description);
        let severity = self.word(C::Severity, cells::severity);
        let severity = self.required(C::Severity, severity);
        let deadline = self.date(C::Deadline);
        if let Some(found_on) = found_on {
            self.bounds(C::FoundOn, Some(found_on), OLDEST, reading.today);
            self.bounds(C::Deadline, deadline, found_on, LATEST);
        }
        let history = self.history(found_on, reading.today);
        let (basis, item) = self.basis(reading);
        let text = format!(
            "{} {}",
            description.as_deref().unwrap_or_default(),
            location.as_deref().unwrap_or_default()
        );
        let (category, category_guessed) = self.category(item.as_deref(), &text, reading);
        let listed = self.cell(C::Listed).yes();
        let funds = self.cell(C::Funds).yuan();
        let draft = Draft {
            sheet: self.sheet.name.clone(),
            row: self.row.number,
            institution: self.line(C::Institution, 100),
            number: self.line(C::Number, 100).filter(|number| is_own_number(number)),
            kind: self.line(C::Kind, 60),
            unit: self.line(C::Unit, 100),
            category,
            category_guessed,
            item,
            basis,
            criterion: self.line(C::Criterion, 500),
            measure: self.prose(C::Measure, 2000),
            department: self.line(C::Department, 100),
            responsible: self.line(C::Responsible, 60),
            phone: self.line(C::Phone, 60),
            funds_yuan: self.take(C::Funds, funds),
            deadline,
            interim: self.prose(C::Interim, 2000),
            rectified: self.prose(C::Rectified, 2000),
            listed: self.take(C::Listed, listed).unwrap_or(false),
            listing_unit: self.line(C::ListingUnit, 100),
            remarks: self.prose(C::Remarks, 2000),
            rectified_on: history.rectified_on,
            recheck: history.recheck,
            closed_on: history.closed_on,
            status: history.status,
            found_on: found_on?,
            found_by: found_by?,
            location: location?,
            description: description?,
            severity: severity?,
        };
        Some(draft)
    }

    fn bounds(&mut self, column: C, date: Option<NaiveDate>, first: NaiveDate, last: NaiveDate) {
        match date {
            Some(date) if date < first => self.fault(column, FieldCode::TooEarly),
            Some(date) if date > last && last == LATEST => self.fault(column, FieldCode::TooLate),
            Some(date) if date > last => self.fault(column, FieldCode::InFuture),
            _ => {}
        }
    }

    /// What became of it: from the state where the ledger has one, else from the re-check.
    fn history(&mut self, found_on: Option<NaiveDate>, today: NaiveDate) -> History {
        let rectified_on = self.date(C::RectifiedOn);
        let recheck_on = self.date(C::RecheckOn);
        let closed_on = self.date(C::ClosedOn);
        let recheck_by = self.line(C::RecheckBy, 100);
        let passed = self.word(C::RecheckResult, cells::recheck_result);
        let said = self.word(C::Status, cells::status);
        let first = found_on.unwrap_or(OLDEST);
        for (column, date) in
            [(C::RectifiedOn, rectified_on), (C::RecheckOn, recheck_on), (C::ClosedOn, closed_on)]
        {
            self.bounds(column, date, first, today);
        }
        let was_rechecked = !self.cell(C::RecheckOn).is_empty() || !self.cell(C::RecheckResult).is_empty();
        let mut recheck = None;
        if was_rechecked {
            let on = self.required(C::RecheckOn, recheck_on.or(closed_on));
            let passed = self.required(C::RecheckResult, passed);
            let by = self.required(C::RecheckBy, recheck_by);
            if let (Some(on), Some(by), Some(passed)) = (on, by, passed) {
                recheck = Some(Recheck { on, by, passed });
            }
        }
        let status = match (said, &recheck) {
            (Some(said), _) => said,
            (None, Some(recheck)) if recheck.passed => Status::Closed,
            (None, Some(_)) => Status::Rectifying,
            (None, None) => Status::Pending,
        };
        let closed_on = (status == Status::Closed)
            .then(|| closed_on.or(recheck.as_ref().map(|recheck| recheck.on)))
            .flatten();
        if status == Status::Closed && closed_on.is_none() && self.errors.is_empty() {
            self.fault(C::RecheckOn, FieldCode::Required);
        }
        if status == Status::Closed && recheck.as_ref().is_some_and(|recheck| !recheck.passed) {
            self.fault(C::RecheckResult, FieldCode::Mismatch);
        }
        History { rectified_on, recheck, closed_on, status }
    }

    /// `[E03] 消防法第二十七条`: the code of a checklist item before the words of the law.
    fn basis(&mut self, reading: &Reading<'_>) -> (Option<String>, Option<String>) {
        let Some(text) = self.line(C::Basis, 500) else { return (None, None) };
        let coded = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        match coded.filter(|(code, _)| (reading.item)(code).is_some()) {
            Some((code, rest)) => {
                let rest = rest.trim();
                ((!rest.is_empty()).then(|| rest.to_owned()), Some(code.to_owned()))
            }
            None => (Some(text), None),
        }
    }

    fn category(&mut self, item: Option<&str>, text: &str, reading: &Reading<'_>) -> (Category, bool) {
        let said = self.word(C::Category, cells::category);
        match (said, item.and_then(reading.item)) {
            (Some(said), Some(of_item)) if said != of_item => {
                self.fault(C::Category, FieldCode::Mismatch);
                (said, false)
            }
            (Some(known), _) | (None, Some(known)) => (known, false),
            (None, None) => ((reading.guess)(text).unwrap_or(Category::Other), true),
        }
    }
}

struct History {
    rectified_on: Option<NaiveDate>,
    recheck: Option<Recheck>,
    closed_on: Option<NaiveDate>,
    status: Status,
}

/// `YH20260310-0000000A`: a number of this program.
fn is_own_number(text: &str) -> bool {
    let Some((day, tail)) = text.strip_prefix("YH").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let upper_hex = |c: u8| c.is_ascii_digit() || (b'A'..=b'F').contains(&c);
    day.len() == 8
        && day.bytes().all(|c| c.is_ascii_digit())
        && tail.len() == 8
        && tail.bytes().all(upper_hex)
}
