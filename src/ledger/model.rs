//! The rows of imports and exports.

use crate::db::Instant;
use crate::db::schema::{exports, import_errors, imports};
use crate::ids::{ExportId, ImportId, InstitutionId, UserId};
use crate::text_enum;
use diesel::prelude::*;

text_enum! {
    /// What a file brings in.
    pub enum ImportKind {
        /// A ledger of hazards in the usual columns.
        Hazards = "hazards",
        /// A list of institutions.
        Institutions = "institutions",
    }
}

text_enum! {
    /// How far an import is.
    pub enum ImportState {
        Waiting = "waiting",
        /// The rows are read and compared; nothing is written yet.
        Reading = "reading",
        /// The good rows are being written. Whatever dies now, they will be written to the last.
        Writing = "writing",
        /// Everything that was to be written is.
        Done = "done",
        /// Rows have errors and all or nothing was asked for: nothing was written.
        Refused = "refused",
        /// The file could not be read, or the requester may not do this any more; `fault` says why.
        Failed = "failed",
    }
}

impl ImportState {
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::Failed)
    }
}

text_enum! {
    /// How far an export is.
    pub enum ExportState {
        Waiting = "waiting",
        Writing = "writing",
        Done = "done",
        Failed = "failed",
        /// The file is no longer kept.
        Expired = "expired",
    }
}

text_enum! {
    /// What kind of file.
    pub enum FileFormat {
        Csv = "csv",
        Xlsx = "xlsx",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = imports)]
pub struct Import {
    pub id: ImportId,
    pub kind: ImportKind,
    pub file_name: Option<String>,
    pub sha256: String,
    pub size: i64,
    pub dry_run: bool,
    pub only_good: bool,
    pub institution_id: Option<InstitutionId>,
    pub requested_by: UserId,
    pub requested_at: Instant,
    pub state: ImportState,
    pub rows_total: i64,
    pub rows_done: i64,
    pub good: i64,
    pub duplicates: i64,
    pub changed: i64,
    pub refused: i64,
    pub fault: Option<String>,
    pub finished_at: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = import_errors)]
pub struct ImportError {
    pub import_id: ImportId,
    pub position: i64,
    pub level: super::rows::Level,
    pub sheet: String,
    pub row_number: i64,
    pub cell: String,
    pub column_name: String,
    pub code: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = exports)]
pub struct Export {
    pub id: ExportId,
    pub format: FileFormat,
    /// The filter as it was sent, canonical JSON.
    pub filter: String,
    pub requested_by: UserId,
    pub requested_at: Instant,
    pub state: ExportState,
    pub rows_done: i64,
    pub size: Option<i64>,
    pub sha256: Option<String>,
    pub fault: Option<String>,
    pub finished_at: Option<Instant>,
    pub expires_at: Option<Instant>,
}
