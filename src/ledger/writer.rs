//! Writing a table row by row, so that what is held in memory does not grow with it. Texts stay texts in every program that
//! opens the file: cells of a workbook are typed, and in a CSV file what looks like a formula gets an apostrophe.

use super::cells::neutralised;
use super::model::FileFormat;
use super::sheet::LONGEST_CELL;
use crate::refusal::{Code, Failure, Outcome, Refusal};
use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use std::io::{BufWriter, Seek, Write};

/// One cell to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Empty,
    Text(String),
    Date(NaiveDate),
    Number(i64),
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::Empty, Self::Text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(Some(text.to_owned()))
    }
}

impl From<Option<NaiveDate>> for Value {
    fn from(date: Option<NaiveDate>) -> Self {
        date.map_or(Self::Empty, Self::Date)
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }
}

/// Rows that a worksheet holds below its header.
const MOST_ROWS: u32 = 1_048_575;

/// A table on its way into a file.
pub struct TableWriter<W: Write + Seek + Send> {
    inner: Inner<W>,
}

enum Inner<W: Write + Seek + Send> {
    Csv(Box<csv::Writer<BufWriter<W>>>),
    Xlsx { workbook: Box<Workbook>, out: BufWriter<W>, row: u32, date: Box<Format> },
}

fn io(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return Failure::StorageFull;
    }
    Failure::Store(error.to_string())
}

fn csv_error(error: &csv::Error) -> Failure {
    match error.kind() {
        csv::ErrorKind::Io(error) => io(error),
        _ => Failure::Store(error.to_string()),
    }
}

fn xlsx_error(error: &XlsxError) -> Failure {
    match error {
        XlsxError::IoError(error) => io(error),
        error => Failure::Store(error.to_string()),
    }
}

impl<W: Write + Seek + Send> TableWriter<W> {
    /// Begins a table with its header.
    pub fn begin(format: FileFormat, out: W, sheet: &str, header: &[&str]) -> Outcome<Self> {
        let mut out = BufWriter::with_capacity(256 * 1024, out);
        let inner = match format {
            FileFormat::Csv => {
                // Without this mark spreadsheet programs take UTF-8 for something else.
                out.write_all("\u{feff}".as_bytes()).map_err(|error| io(&error))?;
                let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
                writer.write_record(header).map_err(|error| csv_error(&error))?;
                Inner::Csv(Box::new(writer))
            }
            FileFormat::Xlsx => {
                let workbook = begin_workbook(sheet, header).map_err(|error| xlsx_error(&error))?;
                let date = Box::new(Format::new().set_num_format("yyyy-mm-dd"));
                Inner::Xlsx { workbook: Box::new(workbook), out, row: 0, date }
            }
        };
        Ok(Self { inner })
    }

    pub fn row(&mut self, values: &[Value]) -> Outcome<()> {
        match &mut self.inner {
            Inner::Csv(writer) => {
                for value in values {
                    let written = match value {
                        Value::Empty => writer.write_field(""),
                        Value::Text(text) => writer.write_field(neutralised(text).as_bytes()),
                        Value::Date(date) => writer.write_field(date.to_string()),
                        Value::Number(number) => writer.write_field(number.to_string()),
                    };
                    written.map_err(|error| csv_error(&error))?;
                }
                writer.write_record(None::<&[u8]>).map_err(|error| csv_error(&error))
            }
            Inner::Xlsx { workbook, row, date, .. } => {
                if *row >= MOST_ROWS {
                    let text = "a workbook holds 1,048,575 rows; narrow the export or ask for CSV";
                    return Err(Refusal::new(Code::PayloadTooLarge).detail(text).into());
                }
                *row += 1;
                let sheet = workbook.worksheet_from_index(0).map_err(|error| xlsx_error(&error))?;
                write_cells(sheet, *row, values, date).map_err(|error| xlsx_error(&error))
            }
        }
    }

    /// Writes the end, and gives the file back.
    pub fn finish(self) -> Outcome<W> {
        let out = match self.inner {
            Inner::Csv(writer) => writer.into_inner().map_err(|error| io(error.error()))?,
            Inner::Xlsx { mut workbook, mut out, .. } => {
                workbook.save_to_writer(&mut out).map_err(|error| xlsx_error(&error))?;
                out
            }
        };
        out.into_inner().map_err(|error| io(error.error()))
    }
}

fn begin_workbook(name: &str, header: &[&str]) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for column in 0..u16::try_from(header.len()).unwrap_or(u16::MAX) {
        sheet.set_column_width(column, 14)?;
    }
    let bold = Format::new().set_bold();
    for (column, text) in (0_u16..).zip(header) {
        sheet.write_string_with_format(0, column, *text, &bold)?;
    }
    Ok(workbook)
}

fn write_cells(sheet: &mut Worksheet, row: u32, values: &[Value], date: &Format) -> Result<(), XlsxError> {
    for (column, value) in (0_u16..).zip(values) {
        match value {
            Value::Empty => {}
            // Never `write`, which would make formulas and links of what looks like them.
            Value::Text(text) => {
                let end = text.char_indices().nth(LONGEST_CELL).map_or(text.len(), |(at, _)| at);
                sheet.write_string(row, column, text.get(..end).unwrap_or_default())?;
            }
            Value::Date(day) => match excel_date(*day) {
                Some(at) => {
                    sheet.write_datetime_with_format(row, column, &at, date)?;
                }
                None => {
                    sheet.write_string(row, column, day.to_string())?;
                }
            },
            // Money and days fit a float exactly; what does not stays text.
            Value::Number(number) => match i32::try_from(*number) {
                Ok(small) => {
                    sheet.write_number(row, column, f64::from(small))?;
                }
                Err(_large) => {
                    sheet.write_string(row, column, number.to_string())?;
                }
            },
        }
    }
    Ok(())
}

/// A day as a workbook counts it; there are none before 1900.
fn excel_date(day: NaiveDate) -> Option<ExcelDateTime> {
    let (month, date) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    ExcelDateTime::from_ymd(u16::try_from(day.year()).ok()?, month, date).ok()
}
