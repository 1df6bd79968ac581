//! EXIF of an HEIC. Its size lies deep in a graph of boxes and is left unknown: nothing is decoded anyway.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use crate::exif::{self, ExifFacts};
use crate::inspect::Header;
use crate::{Refusal, bytes};

/// Phones need about 20 KiB for the boxes before the picture, and 4 KiB for EXIF.
const MAX_READ: u64 = 1024 * 1024;

/// Boxes before the one that describes the picture. Cameras write it second.
const MAX_BOXES: u32 = 64;

pub(crate) fn read_head<R: BufRead + Seek>(reader: &mut R) -> Result<Header, Refusal> {
    if !find_description(reader)? {
        return Ok(Header { size: None, exif: ExifFacts::default() });
    }
    bytes::rewind(reader)?;
    let rationed = Rationed { inner: reader, left: MAX_READ };
    let exif = exif::read_heif(&mut BufReader::with_capacity(4096, rationed));
    Ok(Header { size: None, exif })
}

/// Finds the box that describes what is inside; without one this is no picture. Tells whether EXIF may be looked for.
fn find_description<R: BufRead + Seek>(reader: &mut R) -> Result<bool, Refusal> {
    for _ in 0..MAX_BOXES {
        let size = u32::from_be_bytes(bytes::array(reader)?);
        let name = bytes::array::<4>(reader)?;
        let body = match size {
            0 => u64::MAX,
            1 => u64::from_be_bytes(bytes::array(reader)?).saturating_sub(16),
            _ => u64::from(size).saturating_sub(8),
        };
        match &name {
            b"meta" => return Ok(extents_take_room(&bytes::up_to(reader, body, MAX_READ)?)),
            b"moov" => return Ok(false), // A sequence of pictures; its EXIF is not looked for.
            _ => bytes::skip(reader, body)?,
        }
    }
    Err(Refusal::damaged("too many boxes"))
}

/// Whether each extent of an item takes bytes to describe. Where neither offset nor length is written, 65,535 extents
/// cost nothing, 70,000 times over in a megabyte, and the box reader would go through them all.
fn extents_take_room(meta: &[u8]) -> bool {
    memchr::memmem::find_iter(meta, b"iloc").all(|at| {
        let long = at >= 4 && meta.get(at - 4..at) == Some(&[0, 0, 0, 1]);
        let widths = at + 4 + if long { 8 } else { 0 } + 4;
        meta.get(widths).is_none_or(|widths| *widths != 0)
    })
}

/// A stream that ends after so many bytes were read from it, wherever they were: the box reader follows offsets
/// and lengths that the file names.
struct Rationed<'r, R> {
    inner: &'r mut R,
    left: u64,
}

impl<R: Read> Read for Rationed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.by_ref().take(self.left).read(buffer)?;
        self.left = self.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

impl<R: Seek> Seek for Rationed<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}
