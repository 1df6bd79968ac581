//! Pictures for tests, made here and always the same: honest ones, strange ones, and such as are made to do harm, each
//! with what must become of it. The tests of `anlao-imaging` and those over HTTP go through the same tables.
//!
//! * [`disguises()`]: what is no photograph, or something else as well.
//! * [`bombs()`]: little files that ask for much.
//! * [`sizes()`]: at the ceilings and one above.
//! * [`exif_traps()`]: photographs whose metadata lie, loop or speak.
//! * [`mutants`]: small valid files, bent in many ways.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "for tests only"
)]

pub mod bare;
mod bombs;
mod disguises;
mod exif_traps;
pub mod make;
pub mod mutants;
mod sizes;
pub mod tiff;

pub use bombs::bombs;
pub use disguises::disguises;
pub use exif_traps::exif_traps;
pub use sizes::sizes;

/// A word that is in many of the metadata and must be in no copy.
pub const SECRET: &str = "SECRET";

pub const JPEG: &str = "image/jpeg";
pub const PNG: &str = "image/png";
pub const WEBP: &str = "image/webp";
pub const HEIC: &str = "image/heic";

/// What must become of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Kept as evidence, and copies of it are shown.
    Shown,
    /// Kept as evidence, and no copy is made.
    Kept,
    /// Refused when it comes, with this code.
    Refused(&'static str),
}

pub(crate) use Expected::{Kept, Shown};
pub(crate) const UNSUPPORTED: Expected = Expected::Refused("unsupported_picture");
pub(crate) const DAMAGED: Expected = Expected::Refused("damaged_picture");
pub(crate) const TOO_LARGE: Expected = Expected::Refused("picture_too_large");

/// A file, under which type it comes, and what must become of it.
pub struct Case {
    pub name: String,
    /// As what it is declared.
    pub media_type: &'static str,
    pub expected: Expected,
    /// What must be read of its EXIF: the orientation, and whether a place is known.
    pub reads: Option<(u8, bool)>,
    make: Box<dyn Fn() -> Vec<u8> + Send + Sync>,
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        media_type: &'static str,
        expected: Expected,
        make: impl Fn() -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), media_type, expected, reads: None, make: Box::new(make) }
    }

    pub(crate) fn reading(self, orientation: u8, placed: bool) -> Self {
        Self { reads: Some((orientation, placed)), ..self }
    }

    /// The file. Made anew each time: some are large.
    pub fn bytes(&self) -> Vec<u8> {
        (self.make)()
    }
}
