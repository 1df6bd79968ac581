//! Bounded reading of evidence photographs.
//!
//! An uploaded photograph is hostile until proven dull. This crate answers two questions about its bytes and
//! never more: *what is it* ([`inspect`], headers only) and *what may other people see* ([`derive()`], an
//! upright copy without any metadata). The original is evidence and is never changed here.
//!
//! What holds for every input:
//!
//! * No size found in a file decides an allocation before it was compared with [`Limits`].
//! * Work is bounded: segments, chunks, scans and scans × pixels have ceilings.
//! * Broken EXIF costs its facts, never the picture.
//! * A decoder that panics is a [`Refusal::Damaged`], not a dead worker.

mod budget;
mod bytes;
mod decode;
mod derive;
mod encode;
mod exif;
mod facts;
mod heic;
mod inspect;
mod jpeg;
mod limits;
mod media_type;
mod picture;
mod png_chunks;
mod refusal;
mod upright;
mod webp;

pub use derive::{Derivatives, PREVIEW_SIDE, THUMBNAIL_SIDE, derive};
pub use encode::encode_jpeg;
pub use facts::{CaptureTime, Facts, Gps};
pub use inspect::inspect;
pub use limits::Limits;
pub use media_type::MediaType;
pub use refusal::Refusal;
