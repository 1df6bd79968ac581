//! The copies that people look at.

use crate::picture::Picture;
use crate::upright::{Rgb, upright};
use crate::{Limits, Refusal, decode, encode_jpeg};

/// Longest side of a preview.
pub const PREVIEW_SIDE: u32 = 1600;
/// Longest side of a thumbnail.
pub const THUMBNAIL_SIDE: u32 = 320;
const PREVIEW_QUALITY: u8 = 80;
const THUMBNAIL_QUALITY: u8 = 75;

/// Upright JPEG copies with nothing in them but pixels.
pub struct Derivatives {
    /// Longest side at most [`PREVIEW_SIDE`].
    pub preview: Vec<u8>,
    /// Longest side at most [`THUMBNAIL_SIDE`].
    pub thumbnail: Vec<u8>,
    /// Size of the preview.
    pub width: u32,
    pub height: u32,
}

/// Decodes once and makes both copies: upright by EXIF, never larger than the original, transparency on white.
///
/// All metadata is left behind, the colour profile too: photographs in a wide gamut look a little paler. A picture
/// that does not come to its end or is garbled inside is refused. One gap is known: a JPEG whose data were cut out
/// and whose end marker was put back is shown with grey where they were.
pub fn derive(bytes: &[u8], limits: &Limits) -> Result<Derivatives, Refusal> {
    limits.check_bytes(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
    let (picture, facts) = decode::decode(bytes, limits)?;
    let small = shrink(picture, PREVIEW_SIDE)?.into_rgb();
    let small = Rgb { width: small.width, height: small.height, data: small.data };
    let preview = upright(small, facts.orientation);
    let Rgb { width, height, data } = preview;
    let encoded = encode_jpeg(&data, width, height, PREVIEW_QUALITY)?;
    let preview = Picture { width, height, layout: crate::picture::Layout::Rgb, data };
    let small = shrink(preview, THUMBNAIL_SIDE)?;
    let thumbnail = encode_jpeg(&small.data, small.width, small.height, THUMBNAIL_QUALITY)?;
    Ok(Derivatives { preview: encoded, thumbnail, width, height })
}

/// The big picture is let go as soon as the small one exists.
fn shrink(picture: Picture, side: u32) -> Result<Picture, Refusal> {
    if picture.is_within(side) { Ok(picture) } else { picture.shrink(side) }
}
