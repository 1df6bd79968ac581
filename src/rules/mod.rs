//! Rules as data (规则库): versioned documents with their source, what an area has adopted, and which version is in
//! force at a place on a day.
//!
//! `reader.rs` reads a text and finds every fault at once; `document.rs` is what all documents say of themselves,
//! `kinds/` what each kind holds; `resolve.rs` says what is in force. All of it is pure. A kind is a line in
//! `kinds/mod.rs` and a struct that can be read. A record keeps the id and version it was made by, and a version
//! never changes, so changing a rule never changes a past record.

pub mod adopt;
pub mod compare;
pub mod document;
pub mod kinds;
mod library;
pub mod load;
mod model;
pub mod queries;
mod reader;
pub mod resolve;
pub mod routes;
mod terms;

pub use document::{Document, DocumentRef, Head, Level};
pub use kinds::criteria::{Criteria, Criterion};
pub use kinds::holidays::{Counted, Counting, Holidays, SkippedDay};
pub use kinds::{Content, Kind};
pub use library::Library;
pub use reader::{Noted, Problem, Read, Section};
pub use resolve::{Adoption, InForce, Rules};
