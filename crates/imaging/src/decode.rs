//! Decoding within bounds. Each format knows its memory before its decoder starts.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

use crate::bytes::CUT_SHORT;
use crate::inspect::{Header, facts};
use crate::picture::{Layout, Picture};
use crate::{Facts, Limits, MediaType, Refusal, budget, jpeg, png_chunks, webp};

/// For chunks that the PNG decoder keeps aside; above [`Limits::max_bytes`] as delivered, so that an honest file
/// never meets it. Profiles and texts are not even read.
const PNG_SIDE_BYTES: usize = 64 * 1024 * 1024;

/// Decodes `bytes`, flattened on white but not turned.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<(Picture, Facts), Refusal> {
    let media_type = MediaType::sniff(bytes).ok_or(Refusal::UnknownType)?;
    let (mut picture, header) = match media_type {
        MediaType::Jpeg => decode_jpeg(bytes, limits)?,
        MediaType::Png => decode_png(bytes, limits)?,
        MediaType::Webp => decode_webp(bytes, limits)?,
        MediaType::Heic => return Err(Refusal::NoPreview),
    };
    picture.flatten();
    Ok((picture, facts(media_type, header)))
}

/// The decoders are other people's code on hostile bytes: should one panic, the picture is damaged, no more.
fn guarded<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_panic| Err(Refusal::damaged("decoder gave up")))
}

fn decode_jpeg(bytes: &[u8], limits: &Limits) -> Result<(Picture, Header), Refusal> {
    let mut cursor = Cursor::new(bytes);
    let head = jpeg::read_head(&mut cursor, limits)?;
    jpeg::check_scans(&mut cursor, &head.frame)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) < head.fewest_bytes() {
        return Err(Refusal::damaged(CUT_SHORT));
    }
    if head.is_scan_per_colour() {
        return Err(Refusal::NoPreview);
    }
    let (layout, colours) =
        if head.is_grey() { (Layout::Grey, ColorSpace::Luma) } else { (Layout::Rgb, ColorSpace::RGB) };
    let (width, height) = (head.frame.width, head.frame.height);
    let len = budget::reserve(limits, (width, height), layout, head.coefficient_bytes(), bytes)?;
    let side = usize::try_from(limits.max_side).unwrap_or(usize::MAX);
    // Strict: otherwise what is garbled would be filled with grey, and pass for a photograph of grey.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(side)
        .set_max_height(side)
        .jpeg_set_max_scans(usize::try_from(jpeg::MAX_SCANS).unwrap_or(usize::MAX))
        .jpeg_set_out_colorspace(colours);
    let data = guarded(|| {
        let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(|error| Refusal::decoder(&error))?;
        if decoder.output_buffer_size() != Some(len) {
            return Err(Refusal::damaged("two sizes"));
        }
        let mut data = vec![0; len];
        decoder.decode_into(&mut data).map_err(|error| Refusal::decoder(&error))?;
        Ok(data)
    })?;
    Ok((Picture { width, height, layout, data }, head.header()))
}

/// An animated PNG is taken as its still picture, which every reader without animation shows.
fn decode_png(bytes: &[u8], limits: &Limits) -> Result<(Picture, Header), Refusal> {
    let header = png_chunks::read_head(&mut Cursor::new(bytes), limits)?;
    let picture = guarded(|| {
        let mut decoder =
            png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: PNG_SIDE_BYTES });
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(|error| Refusal::decoder(&error))?;
        let (width, height) = reader.info().size();
        limits.check_size(width, height)?;
        let layout = match reader.output_color_type() {
            (png::ColorType::Grayscale, png::BitDepth::Eight) => Layout::Grey,
            (png::ColorType::GrayscaleAlpha, png::BitDepth::Eight) => Layout::GreyAlpha,
            (png::ColorType::Rgb, png::BitDepth::Eight) => Layout::Rgb,
            (png::ColorType::Rgba, png::BitDepth::Eight) => Layout::Rgba,
            _ => return Err(Refusal::damaged("colours")),
        };
        let len = budget::reserve(limits, (width, height), layout, 0, bytes)?;
        if reader.output_buffer_size() != Some(len) {
            return Err(Refusal::damaged("rows"));
        }
        let mut data = vec![0; len];
        let frame = reader.next_frame(&mut data).map_err(|error| Refusal::decoder(&error))?;
        if (frame.width, frame.height) != (width, height) {
            return Err(Refusal::damaged("two sizes"));
        }
        Ok(Picture { width, height, layout, data })
    })?;
    Ok((picture, header))
}

/// Of an animated WebP no preview is made: a single frame of it proves nothing, and its frames have sizes of
/// their own to lie about.
fn decode_webp(bytes: &[u8], limits: &Limits) -> Result<(Picture, Header), Refusal> {
    let head = webp::read_head(&mut Cursor::new(bytes), limits)?;
    if head.animated {
        return Err(Refusal::NoPreview);
    }
    let picture = guarded(|| {
        let mut decoder =
            image_webp::WebPDecoder::new(Cursor::new(bytes)).map_err(|error| Refusal::decoder(&error))?;
        let (width, height) = decoder.dimensions();
        limits.check_size(width, height)?;
        if decoder.is_animated() {
            return Err(Refusal::NoPreview);
        }
        let layout = if decoder.has_alpha() { Layout::Rgba } else { Layout::Rgb };
        // Worst case beside the result: planes of a lossy picture (1.5 bytes a pixel), its transparency and the
        // lossless picture that this is packed in (1 + 4).
        let extra = u64::from(width) * u64::from(height) * 13 / 2;
        let len = budget::reserve(limits, (width, height), layout, extra, bytes)?;
        let mut data = vec![0; len];
        decoder.read_image(&mut data).map_err(|error| Refusal::decoder(&error))?;
        Ok(Picture { width, height, layout, data })
    })?;
    Ok((picture, head.header()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a decoder's, planted")]

    use super::*;

    #[test]
    fn a_decoder_that_panics_is_a_damaged_picture() {
        let planted = guarded(|| -> Result<(), Refusal> { panic!("planted") });
        assert_eq!(planted, Err(Refusal::damaged("decoder gave up")));
    }
}
