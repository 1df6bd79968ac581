//! Walking the segments of a JPEG.
//!
//! The decoder walks them too, but starts allocating and computing as it goes. This walk comes first and knows
//! size, memory and amount of work beforehand.

use std::io::{BufRead, Seek};

use crate::exif::{self, ExifFacts};
use crate::inspect::Header;
use crate::{Limits, Refusal, bytes};

/// Cameras write about 10 segments, panoramas with depth maps some hundred.
const MAX_SEGMENTS: u32 = 20_000;
/// Scans of a progressive picture. Encoders write 3 to 16; each costs a pass over the whole picture.
pub(crate) const MAX_SCANS: u32 = 100;
/// Scans × pixels: 120 megapixels in 20 scans, or 24 megapixels in 100.
const MAX_SCAN_PIXELS: u64 = 2_400_000_000;
/// Stray bytes between segments are tolerated, as browsers do, up to this many at a time.
const MAX_STRAY: u64 = 64 * 1024;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP1: u8 = 0xE1;
const STANDALONE: u8 = 0x01;
/// Start-of-frame markers; C4, C8 and CC between them mean tables.
const SOF: [u8; 13] = [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF];
const PROGRESSIVE: u8 = 0xC2;

/// Size and composition, from the start-of-frame segment.
pub(crate) struct Frame {
    pub(crate) width: u32,
    pub(crate) height: u32,
    progressive: bool,
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u8, u8)>,
}

/// Everything up to and including the first start-of-scan.
pub(crate) struct Head {
    pub(crate) frame: Frame,
    pub(crate) exif: ExifFacts,
    components_in_first_scan: u8,
}

impl Head {
    pub(crate) fn header(self) -> Header {
        Header { size: Some((self.frame.width, self.frame.height)), exif: self.exif }
    }

    /// Baseline with a scan for each colour. No camera writes it, and zune-jpeg 0.5.15 turns it into wrong colours
    /// without a word when colours are subsampled (mended in 0.5.16-rc3): no preview is better than a wrong one.
    pub(crate) fn is_scan_per_colour(&self) -> bool {
        !self.frame.progressive && usize::from(self.components_in_first_scan) < self.frame.sampling.len()
    }

    /// Memory for coefficients: the decoder keeps a progressive picture as 16-bit coefficients until its last scan.
    pub(crate) fn coefficient_bytes(&self) -> u64 {
        let frame = &self.frame;
        if !frame.progressive {
            return 0;
        }
        let across = frame.sampling.iter().map(|s| s.0).max().unwrap_or(1);
        let down = frame.sampling.iter().map(|s| s.1).max().unwrap_or(1);
        let blocks_across = u64::from(frame.width.div_ceil(8 * u32::from(across)));
        let blocks_down = u64::from(frame.height.div_ceil(8 * u32::from(down)));
        let per_unit: u64 = frame.sampling.iter().map(|s| u64::from(s.0) * u64::from(s.1)).sum();
        blocks_across * blocks_down * per_unit * 64 * 2
    }

    /// No file shorter than this can hold the picture: each block takes a bit for its brightness and, in baseline,
    /// one for its end. Of a file that claims more the decoder would make grey, at the price of the claim.
    pub(crate) fn fewest_bytes(&self) -> u64 {
        let frame = &self.frame;
        let across = frame.sampling.iter().map(|s| s.0).max().unwrap_or(1);
        let down = frame.sampling.iter().map(|s| s.1).max().unwrap_or(1);
        let blocks =
            |side: u32, factor: u8, most: u8| u64::from(side) * u64::from(factor) / (8 * u64::from(most));
        let all: u64 = frame
            .sampling
            .iter()
            .map(|s| blocks(frame.width, s.0, across) * blocks(frame.height, s.1, down))
            .sum();
        let bits = if frame.progressive { 1 } else { 2 };
        all * bits / 8
    }

    pub(crate) fn is_grey(&self) -> bool {
        self.frame.sampling.len() == 1
    }
}

/// Reads up to the first scan.
pub(crate) fn read_head<R: BufRead + Seek>(reader: &mut R, limits: &Limits) -> Result<Head, Refusal> {
    let (mut frame, mut exif) = (None, None);
    bytes::array::<2>(reader)?;
    for _ in 0..MAX_SEGMENTS {
        let marker = next_marker(reader, MAX_STRAY)?.ok_or_else(|| Refusal::damaged(bytes::CUT_SHORT))?;
        match marker {
            SOI | STANDALONE => {}
            EOI => return Err(Refusal::damaged("no picture inside")),
            SOS => {
                let frame = frame.ok_or_else(|| Refusal::damaged("no size before the picture"))?;
                let components_in_first_scan = read_scan_header(reader)?;
                return Ok(Head { frame, exif: exif.unwrap_or_default(), components_in_first_scan });
            }
            _ if SOF.contains(&marker) => {
                if frame.replace(read_frame(reader, marker, limits)?).is_some() {
                    return Err(Refusal::damaged("two sizes"));
                }
            }
            APP1 if exif.is_none() => exif = read_app1(reader)?,
            _ => skip_segment(reader)?,
        }
    }
    Err(Refusal::damaged("too many segments"))
}

/// Makes sure that the picture comes to its end, after [`read_head`], and that its scans can be worked off.
///
/// What follows the end marker (a film, HTML, a second picture) is nobody's business: it is not copied.
pub(crate) fn check_scans<R: BufRead + Seek>(reader: &mut R, frame: &Frame) -> Result<(), Refusal> {
    let mut scans = 1;
    for _ in 0..MAX_SEGMENTS {
        match next_marker(reader, u64::MAX)? {
            None => return Err(Refusal::damaged(bytes::CUT_SHORT)),
            Some(EOI) => return Ok(()),
            Some(SOI | STANDALONE) => {}
            Some(SOS) => {
                scans += 1;
                let work = u64::from(scans) * u64::from(frame.width) * u64::from(frame.height);
                if scans > MAX_SCANS || work > MAX_SCAN_PIXELS {
                    return Err(Refusal::damaged("too many scans"));
                }
                skip_segment(reader)?;
            }
            Some(_) => skip_segment(reader)?,
        }
    }
    Err(Refusal::damaged("too many segments"))
}

/// Finds the next marker that is not a restart or a stuffed byte.
fn next_marker(reader: &mut impl BufRead, max_stray: u64) -> Result<Option<u8>, Refusal> {
    let mut stray = 0_u64;
    loop {
        let buffer = reader.fill_buf().map_err(bytes::unreadable)?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let found = memchr::memchr(0xFF, buffer);
        let used = found.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        stray = stray.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        if stray > max_stray {
            return Err(Refusal::damaged("stray bytes"));
        }
        if found.is_some() {
            match after_fill(reader)? {
                Some(0x00 | 0xD0..=0xD7) => {}
                code => return Ok(code),
            }
        }
    }
}

/// Any number of FF may come before the code of a marker.
fn after_fill(reader: &mut impl BufRead) -> Result<Option<u8>, Refusal> {
    loop {
        match bytes::byte(reader)? {
            Some(0xFF) => {}
            other => return Ok(other),
        }
    }
}

fn body_len(reader: &mut impl BufRead) -> Result<u16, Refusal> {
    u16::from_be_bytes(bytes::array(reader)?)
        .checked_sub(2)
        .ok_or_else(|| Refusal::damaged("segment of no length"))
}

fn skip_segment<R: BufRead + Seek>(reader: &mut R) -> Result<(), Refusal> {
    let len = body_len(reader)?;
    bytes::skip(reader, u64::from(len))
}

fn read_frame<R: BufRead + Seek>(reader: &mut R, marker: u8, limits: &Limits) -> Result<Frame, Refusal> {
    let len = body_len(reader)?;
    let [_precision, h1, h0, w1, w0, components] = bytes::array(reader)?;
    let (width, height) = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
    limits.check_size(width, height)?;
    if !(1..=4).contains(&components) || len != 6 + 3 * u16::from(components) {
        return Err(Refusal::damaged("components"));
    }
    let mut sampling = Vec::with_capacity(4);
    for _ in 0..components {
        let [_id, factors, _table] = bytes::array(reader)?;
        let (across, down) = (factors >> 4, factors & 0x0F);
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(Refusal::damaged("sampling factors"));
        }
        sampling.push((across, down));
    }
    Ok(Frame { width, height, progressive: marker == PROGRESSIVE, sampling })
}

fn read_scan_header<R: BufRead + Seek>(reader: &mut R) -> Result<u8, Refusal> {
    let rest = body_len(reader)?.checked_sub(1).ok_or_else(|| Refusal::damaged("empty scan"))?;
    let [components] = bytes::array(reader)?;
    bytes::skip(reader, u64::from(rest))?;
    Ok(components)
}

/// APP1 holds EXIF or XMP; only the first EXIF counts.
fn read_app1<R: BufRead + Seek>(reader: &mut R) -> Result<Option<ExifFacts>, Refusal> {
    let len = u64::from(body_len(reader)?);
    let body = bytes::up_to(reader, len, len)?;
    Ok(body.strip_prefix(exif::PREFIX).map(exif::read))
}
