//! Small reads from a hostile stream. None of them allocates by a size that the stream names.

use std::io::{BufRead, Read, Seek, SeekFrom};

use crate::Refusal;

pub(crate) const CUT_SHORT: &str = "ends too early";

pub(crate) fn array<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Refusal> {
    let mut out = [0; N];
    reader.read_exact(&mut out).map_err(|_eof| Refusal::damaged(CUT_SHORT))?;
    Ok(out)
}

/// Reads `len` bytes, or fewer when the stream ends or `cap` is reached. Memory grows with what is really there.
pub(crate) fn up_to(reader: &mut impl Read, len: u64, cap: u64) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    reader.take(len.min(cap)).read_to_end(&mut out).map_err(unreadable)?;
    Ok(out)
}

/// Jumps ahead. Jumping past the end is noticed by the next read.
pub(crate) fn skip(reader: &mut impl Seek, len: u64) -> Result<(), Refusal> {
    let step = i64::try_from(len).map_err(|_huge| Refusal::damaged(CUT_SHORT))?;
    reader.seek_relative(step).map_err(unreadable)
}

pub(crate) fn rewind(reader: &mut impl Seek) -> Result<(), Refusal> {
    reader.seek(SeekFrom::Start(0)).map(drop).map_err(unreadable)
}

pub(crate) fn length(reader: &mut impl Seek) -> Result<u64, Refusal> {
    reader.seek(SeekFrom::End(0)).map_err(unreadable)
}

/// The next byte, `None` at the end.
pub(crate) fn byte(reader: &mut impl BufRead) -> Result<Option<u8>, Refusal> {
    let next = reader.fill_buf().map_err(unreadable)?.first().copied();
    if next.is_some() {
        reader.consume(1);
    }
    Ok(next)
}

/// The system's words may hold a path, so they are not repeated.
pub(crate) fn unreadable(_error: std::io::Error) -> Refusal {
    Refusal::damaged("could not be read")
}
