//! Walking the chunks of a PNG.

use std::io::{BufRead, Seek};

use crate::inspect::Header;
use crate::{Limits, Refusal, bytes, exif};

/// Looking for EXIF ends here; a picture of so many chunks simply has no facts. 30 MiB in chunks of 8 KiB are 3,840.
const MAX_CHUNKS: u32 = 20_000;
const SIGNATURE: u64 = 8;
const CRC: u64 = 4;

/// Reads IHDR, then looks for eXIf, which may stand before or after the picture data.
pub(crate) fn read_head<R: BufRead + Seek>(reader: &mut R, limits: &Limits) -> Result<Header, Refusal> {
    bytes::skip(reader, SIGNATURE)?;
    if bytes::array(reader)? != *b"\0\0\0\x0DIHDR" {
        return Err(Refusal::damaged("no header chunk"));
    }
    let width = u32::from_be_bytes(bytes::array(reader)?);
    let height = u32::from_be_bytes(bytes::array(reader)?);
    limits.check_size(width, height)?;
    bytes::skip(reader, 5 + CRC)?;
    let exif = find_exif(reader).map(|block| exif::read(&block)).unwrap_or_default();
    Ok(Header { size: Some((width, height)), exif })
}

/// A missing end is not this function's concern: no facts then.
fn find_exif<R: BufRead + Seek>(reader: &mut R) -> Option<Vec<u8>> {
    for _ in 0..MAX_CHUNKS {
        let len = u64::from(u32::from_be_bytes(bytes::array(reader).ok()?));
        match &bytes::array::<4>(reader).ok()? {
            b"eXIf" => return bytes::up_to(reader, len, exif::MAX_BLOCK).ok(),
            b"IEND" => return None,
            _ => bytes::skip(reader, len + CRC).ok()?,
        }
    }
    None
}
