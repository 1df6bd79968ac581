//! The file of a drill (演练档案): plan, record, evaluation, summary, photos and their digests in one ZIP.
//!
//! `pages.rs` writes what people read, `words.rs` knows the words, `archive.rs` puts it together. The same drill, seen
//! by the same person on the same day, gives the same bytes.

pub mod archive;
mod pages;
pub mod routes;
mod words;
