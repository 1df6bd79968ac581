//! Ledgers (隐患排查治理台账) and lists from spreadsheets, and ledgers to spreadsheets.
//!
//! `cells`, `columns`, `rows` and `lists` say what a file means; all pure. `sheet` reads files that anybody may have made.
//! `plan` compares what was read with the records, `import` and `export` carry it out as jobs that any node can finish.

pub mod cells;
pub mod columns;
pub mod export;
mod export_rows;
pub mod import;
pub mod lists;
pub mod mapping;
pub mod model;
pub mod plan;
pub mod queries;
pub mod routes;
pub mod rows;
pub mod sheet;
pub mod writer;
