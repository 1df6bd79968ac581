//! Reading headers.

use std::io::{BufRead, Seek};

use crate::exif::{self, ExifFacts};
use crate::{Facts, Limits, MediaType, Refusal, bytes, heic, jpeg, png_chunks, webp};

/// Enough for every signature and for the brands of an ISO box file.
const HEAD: u64 = 64;

/// Size and raw EXIF block of a file, as one of the format readers found them.
pub(crate) struct Header {
    pub(crate) size: Option<(u32, u32)>,
    pub(crate) exif: ExifFacts,
}

/// Reads only headers, from the start of `reader`: no pixel is decoded, nothing is allocated by a size read from
/// the file, and the number of segments or chunks looked at is bounded.
///
/// A picture that passes may still be cut short further down; only [`crate::derive()`] finds that.
pub fn inspect<R: BufRead + Seek>(mut reader: R, limits: &Limits) -> Result<Facts, Refusal> {
    limits.check_bytes(bytes::length(&mut reader)?)?;
    bytes::rewind(&mut reader)?;
    let head = bytes::up_to(&mut reader, HEAD, HEAD)?;
    let media_type = MediaType::sniff(&head).ok_or(Refusal::UnknownType)?;
    bytes::rewind(&mut reader)?;
    let header = match media_type {
        MediaType::Jpeg => jpeg::read_head(&mut reader, limits)?.header(),
        MediaType::Png => png_chunks::read_head(&mut reader, limits)?,
        MediaType::Webp => webp::read_head(&mut reader, limits)?.header(),
        MediaType::Heic => heic::read_head(&mut reader)?,
    };
    Ok(facts(media_type, header))
}

pub(crate) fn facts(media_type: MediaType, header: Header) -> Facts {
    let Header { size, exif } = header;
    Facts {
        media_type,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        orientation: exif.orientation.unwrap_or(exif::UPRIGHT),
        captured_at: exif.captured_at,
        gps: exif.gps,
        device: exif.device,
    }
}
