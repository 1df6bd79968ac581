//! Walking the chunks of a WebP.
//!
//! A WebP names its size twice: on the canvas (VP8X) and in the picture itself. Decoders allocate by the second
//! before comparing it with the first, so every size that occurs is checked here.

use std::io::{BufRead, Seek};

use crate::exif::{self, ExifFacts};
use crate::inspect::Header;
use crate::{Limits, Refusal, bytes};

/// A still picture has at most 8; long animations some thousand.
const MAX_CHUNKS: u32 = 20_000;
const RIFF_HEADER: u64 = 12;
const ANIMATION_FLAG: u8 = 0b10;

#[derive(Default)]
pub(crate) struct Head {
    canvas: Option<(u32, u32)>,
    picture: Option<(u32, u32)>,
    pub(crate) animated: bool,
    exif: Option<ExifFacts>,
}

impl Head {
    pub(crate) fn header(self) -> Header {
        Header { size: self.canvas.or(self.picture), exif: self.exif.unwrap_or_default() }
    }

    fn check(&self) -> Result<(), Refusal> {
        let complete = if self.animated { self.canvas.is_some() } else { self.picture.is_some() };
        if complete { Ok(()) } else { Err(Refusal::damaged("no picture inside")) }
    }
}

pub(crate) fn read_head<R: BufRead + Seek>(reader: &mut R, limits: &Limits) -> Result<Head, Refusal> {
    bytes::skip(reader, RIFF_HEADER)?;
    let mut head = Head::default();
    for _ in 0..MAX_CHUNKS {
        // Whatever stands in place of a chunk header after the last chunk is no chunk.
        let Ok(name) = bytes::array::<4>(reader) else { return head.check().map(|()| head) };
        let Ok(len) = bytes::array(reader).map(u32::from_le_bytes) else {
            return head.check().map(|()| head);
        };
        let len = u64::from(len);
        let read = read_chunk(reader, name, len, &mut head, limits)?;
        if head.picture.is_some() && head.canvas.is_none() {
            return Ok(head); // The simple form: one chunk and nothing else.
        }
        bytes::skip(reader, (len + (len & 1)).saturating_sub(read))?;
    }
    Err(Refusal::damaged("too many chunks"))
}

/// Takes from a chunk what matters; tells how many bytes of it were read.
fn read_chunk<R: BufRead + Seek>(
    reader: &mut R,
    name: [u8; 4],
    len: u64,
    head: &mut Head,
    limits: &Limits,
) -> Result<u64, Refusal> {
    match &name {
        b"VP8X" if len >= 10 && head.canvas.is_none() => {
            let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = bytes::array(reader)?;
            head.animated |= flags & ANIMATION_FLAG != 0;
            let (width, height) =
                (u32::from_le_bytes([w0, w1, w2, 0]) + 1, u32::from_le_bytes([h0, h1, h2, 0]) + 1);
            limits.check_size(width, height)?;
            head.canvas = Some((width, height));
            Ok(10)
        }
        b"VP8 " if len >= 10 => {
            let [_, _, _, _, _, _, w0, w1, h0, h1] = bytes::array(reader)?;
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
            picture(head, side(w0, w1), side(h0, h1), limits)?;
            Ok(10)
        }
        b"VP8L" if len >= 5 => {
            let [_, a, b, c, d] = bytes::array(reader)?;
            let bits = u32::from_le_bytes([a, b, c, d]);
            picture(head, (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1, limits)?;
            Ok(5)
        }
        b"VP8X" | b"VP8 " | b"VP8L" => Err(Refusal::damaged("picture header")),
        b"EXIF" if head.exif.is_none() => {
            let block = bytes::up_to(reader, len, exif::MAX_BLOCK)?;
            head.exif = Some(exif::read(block.strip_prefix(exif::PREFIX).unwrap_or(&block)));
            Ok(u64::try_from(block.len()).unwrap_or(u64::MAX))
        }
        b"ANIM" | b"ANMF" => {
            head.animated = true;
            Ok(0)
        }
        _ => Ok(0),
    }
}

fn picture(head: &mut Head, width: u32, height: u32, limits: &Limits) -> Result<(), Refusal> {
    limits.check_size(width, height)?;
    if head.canvas.is_some_and(|canvas| canvas != (width, height)) && !head.animated {
        return Err(Refusal::damaged("two sizes"));
    }
    head.picture = Some((width, height));
    Ok(())
}
