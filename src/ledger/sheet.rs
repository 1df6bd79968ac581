//! Reading a file into rows of cells, whoever made it: bounded in bytes, rows and columns before anything is believed.
//! Text files may be UTF-8 or GB18030, with commas, semicolons or tabs; workbooks are .xlsx. Formulas are never evaluated.

use super::cells::{Cell, Epoch, plain};
use calamine::{DataRef, Reader, Xlsx};
use std::io::{Cursor, Read};

/// The largest file that is taken.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;
/// Rows of a file, blank ones not counted.
pub const MOST_ROWS: usize = 200_000;
/// Columns that are looked at.
pub const MOST_COLUMNS: usize = 256;
/// Characters that spreadsheet programs allow in a cell.
pub const LONGEST_CELL: usize = 32_767;
/// Bytes of all cells together, and how many there may be.
const MOST_TEXT: usize = 128 * 1024 * 1024;
const MOST_CELLS: usize = 4_000_000;
/// What a workbook may unfold to: its sheets, and everything else.
const MOST_UNFOLDED: u64 = 512 * 1024 * 1024;
const MOST_UNFOLDED_REST: u64 = 64 * 1024 * 1024;
/// Parts of a workbook.
const MOST_PARTS: usize = 2_000;

/// One row, numbered as spreadsheet programs number it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub number: u32,
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Empty for a text file.
    pub name: String,
    pub epoch: Epoch,
    pub rows: Vec<Row>,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the file is empty")]
    Empty,
    #[error("the file is larger than 20 MiB")]
    TooLarge,
    #[error("the file is no .xlsx workbook and no text")]
    UnknownType,
    #[error("the old .xls format is not read; save the file as .xlsx")]
    OldFormat,
    #[error("the file is protected by a password or in the old .xls format; save it as a plain .xlsx")]
    Protected,
    #[error("the workbook is damaged: {0}")]
    Damaged(String),
    #[error("the workbook unfolds to more than it may")]
    Bomb,
    #[error("the text is neither UTF-8 nor GB18030")]
    Encoding,
    #[error("there are more than {MOST_ROWS} rows")]
    TooManyRows,
    #[error("row {0} has more than {MOST_COLUMNS} columns")]
    TooManyColumns(u32),
    #[error("row {0} has a cell of more than {LONGEST_CELL} characters")]
    LongCell(u32),
    #[error("the cells hold more text than is read at once")]
    TooMuchText,
    #[error("no table with the expected columns was found")]
    NoTable,
    #[error("the table lacks the columns {0}")]
    MissingColumns(String),
}

/// The sheets of a file, told by its content and not by its name.
pub fn read(bytes: &[u8]) -> Result<Vec<Sheet>, Unreadable> {
    if bytes.is_empty() {
        return Err(Unreadable::Empty);
    }
    if bytes.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return read_workbook(bytes);
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(Unreadable::Protected);
    }
    Ok(vec![read_text(bytes)?])
}

/// Counts what is taken in, so that no file can fill the memory.
#[derive(Default)]
struct Measure {
    rows: usize,
    cells: usize,
    text: usize,
}

impl Measure {
    fn row(&mut self) -> Result<(), Unreadable> {
        self.rows += 1;
        if self.rows > MOST_ROWS { Err(Unreadable::TooManyRows) } else { Ok(()) }
    }

    fn cells(&mut self, more: usize) -> Result<(), Unreadable> {
        self.cells += more;
        if self.cells > MOST_CELLS { Err(Unreadable::TooMuchText) } else { Ok(()) }
    }

    fn text(&mut self, text: &str, row: u32) -> Result<(), Unreadable> {
        if text.len() > LONGEST_CELL && text.chars().count() > LONGEST_CELL {
            return Err(Unreadable::LongCell(row));
        }
        self.text += text.len();
        if self.text > MOST_TEXT { Err(Unreadable::TooMuchText) } else { Ok(()) }
    }
}

fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let (encoding, bom) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let body = bytes.get(bom..).unwrap_or_default();
    let text = match encoding.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => text,
        None if bom == 0 => encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(body)
            .ok_or(Unreadable::Encoding)?,
        None => return Err(Unreadable::Encoding),
    };
    // Programs and pictures decode as something; no text holds this.
    if text.contains('\0') { Err(Unreadable::UnknownType) } else { Ok(text.into_owned()) }
}

/// The separator that makes the most of the first lines.
fn separator(text: &str) -> u8 {
    let cells = |separator: &u8| {
        let mut reader = csv_reader(*separator, text);
        let widths = reader.records().take(20).filter_map(Result::ok).map(|record| record.len());
        widths.filter(|width| *width > 1).sum::<usize>()
    };
    // Of equal ones the first.
    b",\t;|".iter().rev().max_by_key(|separator| cells(separator)).copied().unwrap_or(b',')
}

fn csv_reader(separator: u8, text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

fn read_text(bytes: &[u8]) -> Result<Sheet, Unreadable> {
    let mut text = decode(bytes)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let mut reader = csv_reader(separator(&text), &text);
    let mut measure = Measure::default();
    let mut rows = Vec::new();
    let mut number: u32 = 0;
    // Lines within cells so far: they are none of their own to spreadsheet programs.
    let mut breaks: u64 = 0;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| Unreadable::Damaged(error.to_string()))? {
        let within: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        breaks += u64::try_from(within).unwrap_or_default();
        // The reader stands behind the record; blank lines, which it passes over, are numbered all the same.
        let line = reader.position().line().saturating_sub(1).saturating_sub(breaks);
        number = u32::try_from(line).unwrap_or(u32::MAX).max(number.saturating_add(1));
        let mut cells = Vec::with_capacity(record.len().min(MOST_COLUMNS));
        for (at, cell) in record.iter().enumerate() {
            let cell = plain(cell);
            if at >= MOST_COLUMNS && !cell.is_empty() {
                return Err(Unreadable::TooManyColumns(number));
            }
            measure.text(cell, number)?;
            if at < MOST_COLUMNS {
                cells.push(if cell.is_empty() { Cell::Empty } else { Cell::Text(cell.to_owned()) });
            }
        }
        if cells.iter().any(|cell| !cell.is_empty()) {
            measure.row()?;
            measure.cells(cells.len())?;
            rows.push(Row { number, cells });
        }
    }
    Ok(Sheet { name: String::new(), epoch: Epoch::Of1900, rows })
}

/// Unfolds every part once, throwing it away: what the directory of the archive says of sizes is not believed.
fn check_size(bytes: &[u8]) -> Result<(), Unreadable> {
    let damaged = |error: &dyn std::fmt::Display| Unreadable::Damaged(error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(Unreadable::Bomb);
    }
    let (mut sheets, mut rest) = (0_u64, 0_u64);
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| damaged(&error))?;
        let name = part.name().map_err(|error| damaged(&error))?.to_ascii_lowercase();
        let is_sheet = name.contains("worksheets/");
        let (sum, most) =
            if is_sheet { (&mut sheets, MOST_UNFOLDED) } else { (&mut rest, MOST_UNFOLDED_REST) };
        let left = most.saturating_sub(*sum).saturating_add(1);
        *sum += std::io::copy(&mut part.by_ref().take(left), &mut std::io::sink())
            .map_err(|error| damaged(&error))?;
        if *sum > most {
            return Err(Unreadable::Bomb);
        }
    }
    Ok(())
}

fn read_workbook(bytes: &[u8]) -> Result<Vec<Sheet>, Unreadable> {
    check_size(bytes)?;
    let damaged = |error: calamine::XlsxError| match error {
        calamine::XlsxError::Password => Unreadable::Protected,
        error => Unreadable::Damaged(error.to_string()),
    };
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let epoch = if workbook.has_1904_epoch() { Epoch::Of1904 } else { Epoch::Of1900 };
    let names: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == calamine::SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    let mut measure = Measure::default();
    let mut sheets = Vec::new();
    for name in names {
        let mut rows = read_sheet(&mut workbook, &name, &mut measure)?;
        let merged = workbook.merge_cells_by_sheet_name(&name).map_err(damaged)?;
        fill_merged(&mut rows, &merged, &mut measure)?;
        sheets.push(Sheet { name, epoch, rows });
    }
    Ok(sheets)
}

fn read_sheet(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    measure: &mut Measure,
) -> Result<Vec<Row>, Unreadable> {
    let damaged = |error: calamine::XlsxError| Unreadable::Damaged(error.to_string());
    let mut cells = workbook.worksheet_cells_reader(name).map_err(damaged)?;
    let mut rows: Vec<Row> = Vec::new();
    while let Some(found) = cells.next_cell().map_err(damaged)? {
        let (row, column) = found.get_position();
        let number = row.saturating_add(1);
        let cell = cell_of(found.get_value(), number, measure)?;
        if cell.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MOST_COLUMNS {
            return Err(Unreadable::TooManyColumns(number));
        }
        if rows.last().is_none_or(|last| last.number != number) {
            if rows.last().is_some_and(|last| last.number > number) {
                return Err(Unreadable::Damaged(format!("row {number} stands behind a later one")));
            }
            measure.row()?;
            rows.push(Row { number, cells: Vec::new() });
        }
        if let Some(last) = rows.last_mut() {
            if last.cells.len() <= column {
                measure.cells(column + 1 - last.cells.len())?;
                last.cells.resize(column + 1, Cell::Empty);
            }
            if let Some(place) = last.cells.get_mut(column) {
                *place = cell;
            }
        }
    }
    Ok(rows)
}

fn cell_of(value: &DataRef<'_>, row: u32, measure: &mut Measure) -> Result<Cell, Unreadable> {
    let mut text = |text: &str| {
        measure.text(text, row)?;
        Ok(Cell::Text(text.to_owned()))
    };
    match value {
        DataRef::Empty => Ok(Cell::Empty),
        DataRef::Int(number) => text(&number.to_string()),
        DataRef::Float(number) => Ok(Cell::Number(*number)),
        DataRef::Bool(yes) => text(if *yes { "是" } else { "否" }),
        DataRef::DateTime(at) if at.is_datetime() => {
            Ok(at.as_datetime().map_or(Cell::Number(at.as_f64()), Cell::Date))
        }
        DataRef::DateTime(at) => Ok(Cell::Number(at.as_f64())),
        DataRef::String(found) | DataRef::DateTimeIso(found) | DataRef::DurationIso(found) => text(found),
        DataRef::SharedString(found) => text(found),
        DataRef::Error(error) => text(&format!("#{error}")),
    }
}

/// Gives every row of a merged region what stands in its first cell. Rows without any cell of their own stay blank.
fn fill_merged(
    rows: &mut [Row],
    merged: &[calamine::Dimensions],
    measure: &mut Measure,
) -> Result<(), Unreadable> {
    for region in merged {
        let number = region.start.0.saturating_add(1);
        let (from, to) = (usize::try_from(region.start.1), usize::try_from(region.end.1));
        let (Ok(from), Ok(to)) = (from, to) else { continue };
        let first = rows.partition_point(|row| row.number < number);
        let Some(source) = rows.get(first).filter(|row| row.number == number) else { continue };
        let Some(value) = source.cells.get(from).filter(|cell| !cell.is_empty()).cloned() else { continue };
        let end = region.end.0.saturating_add(1);
        for row in rows.iter_mut().skip(first).take_while(|row| row.number <= end) {
            for at in from..=to.min(MOST_COLUMNS - 1) {
                if row.cells.len() <= at {
                    measure.cells(1)?;
                    row.cells.resize(at + 1, Cell::Empty);
                }
                let Some(place) = row.cells.get_mut(at).filter(|place| place.is_empty()) else { continue };
                if let Cell::Text(text) = &value {
                    measure.text(text, row.number)?;
                }
                *place = value.clone();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
        let sheets = read(bytes).unwrap();
        sheets[0].rows.iter().map(|row| (row.number, row.cells.iter().map(Cell::text).collect())).collect()
    }

    #[test]
    fn rows_are_numbered_as_spreadsheets_number_them() {
        let text = "a,b\n\n\"x\ny\",d\n,,\ne,f\n";
        let rows = texts(text.as_bytes());
        let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 5], "{rows:?}");
        assert_eq!(rows[1].1[0], "x\ny");
    }

    #[test]
    fn encodings_and_separators_are_told_by_the_content() {
        let text = "序号\t隐患部位\t隐患描述\r\n1\t二楼\t\"堆放，杂物\"\r\n";
        let (gb, _, _) = encoding_rs::GB18030.encode(text);
        let wide: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let expected = texts(text.as_bytes());
        assert_eq!(expected[1].1, ["1", "二楼", "堆放，杂物"]);
        assert_eq!(texts(&gb), expected);
        assert_eq!(texts(&wide), expected);
        assert_eq!(texts("\u{feff}a;b,c\n1;2\n".as_bytes())[0].1, ["a", "b,c"]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert_eq!(read(b""), Err(Unreadable::Empty));
        assert_eq!(read(b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00"), Err(Unreadable::Encoding));
        assert_eq!(read(b"a,b\0c"), Err(Unreadable::UnknownType));
        assert_eq!(read(&[0xD0, 0xCF, 0x11, 0xE0, 1, 2]), Err(Unreadable::Protected));
        assert!(matches!(read(b"PK\x03\x04garbage"), Err(Unreadable::Damaged(_))));
        let long = format!("a,{}", "长".repeat(LONGEST_CELL + 1));
        assert_eq!(read(long.as_bytes()), Err(Unreadable::LongCell(1)));
        let wide = "x,".repeat(1_000_000);
        assert_eq!(read(wide.as_bytes()), Err(Unreadable::TooManyColumns(1)));
    }
}
