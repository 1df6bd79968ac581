//! Writing JPEG.

use jpeg_encoder::{ColorType, Encoder};

use crate::Refusal;

/// Encodes RGB8 as baseline JPEG, with no segment beyond what a decoder needs. `quality` is held to 1..=100.
pub fn encode_jpeg(rgb: &[u8], width: u32, height: u32, quality: u8) -> Result<Vec<u8>, Refusal> {
    let side = |length: u32| {
        u16::try_from(length)
            .map_err(|_long| Refusal::SideTooLong { side: length, limit: u32::from(u16::MAX) })
    };
    let (width, height) = (side(width)?, side(height)?);
    let expected = u64::from(width) * u64::from(height) * 3;
    if u64::try_from(rgb.len()) != Ok(expected) {
        return Err(Refusal::damaged("pixels do not match the size"));
    }
    // Rather too much than growing five times; a preview of quality 80 takes about 1 bit per channel.
    let mut out = Vec::with_capacity(rgb.len() / 8 + 1024);
    let encoder = Encoder::new(&mut out, quality.clamp(1, 100));
    encoder.encode(rgb, width, height, ColorType::Rgb).map_err(|error| Refusal::decoder(&error))?;
    Ok(out)
}
