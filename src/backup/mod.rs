//! Backups: the records of either database and their photos in one signed file, and the way back.
//!
//! `format.rs` says what the file is, `writer.rs` and `reader.rs` are its two ends, `seal.rs` the passphrase
//! around it. `create.rs` fills one from a running office, `restore.rs` fills an office from one. What a
//! backup holds is `tables.rs`; a test compares it with both databases, so that no table is forgotten.

mod create;
mod format;
mod queries;
mod reader;
mod restore;
mod seal;
mod source;
mod swap;
pub mod tables;
mod writer;

pub use create::{BackupError, Created, Office, create};
pub use format::{Header, Manifest, TableSum};
pub use queries::{Epoch, current_epoch};
pub use reader::{Damage, Part, Reader};
pub use restore::{RestoreError, Restored, Target, restore};
pub use seal::{Opener, SealError, Sealer};
pub use source::{Checked, Source, SourceError};
pub use writer::{Ending, Writer};

/// Shows how far something has come: what, and how much of it there is.
pub type Progress<'a> = &'a dyn Fn(&str, u64) -> indicatif::ProgressBar;

/// The photos' stores are asynchronous; a backup has a thread of its own and waits.
fn runtime() -> crate::refusal::Outcome<tokio::runtime::Runtime> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| crate::refusal::Failure::Unavailable(error.to_string()))
}
