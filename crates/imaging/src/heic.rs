//! EXIF of an HEIC. Its size lies deep in a graph of boxes and is left unknown: nothing is decoded anyway.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use crate::exif;
use crate::inspect::Header;

/// Phones need about 20 KiB for the boxes before the picture, and 4 KiB for EXIF.
const MAX_READ: u64 = 1024 * 1024;

pub(crate) fn read_head<R: BufRead + Seek>(reader: &mut R) -> Header {
    let rationed = Rationed { inner: reader, left: MAX_READ };
    Header { size: None, exif: exif::read_heif(&mut BufReader::with_capacity(4096, rationed)) }
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
