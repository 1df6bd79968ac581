//! Memory, counted before it is taken.

use crate::derive::PREVIEW_SIDE;
use crate::picture::{Layout, fit};
use crate::{Limits, Refusal};

/// What a thin file may unfold to. A camera's file has at least half a bit for each pixel; one that has less and
/// unfolds to more is made to do so.
const MAX_OF_THIN: u64 = 256 * 1024 * 1024;

/// Refuses unless the decoded picture, the decoder's own `extra` bytes and the scaler's half-done rows fit the limit
/// together. Decoder memory and scaler memory do not really coexist; counting both keeps a margin.
pub(crate) fn reserve(
    limits: &Limits,
    size: (u32, u32),
    layout: Layout,
    extra: u64,
    file: &[u8],
) -> Result<usize, Refusal> {
    let (width, height) = size;
    let channels = u64::from(layout.channels());
    let pixels = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(channels);
    let half_done = u64::from(fit(width, height, PREVIEW_SIDE).0) * u64::from(height) * channels;
    let all = pixels.saturating_add(half_done).saturating_add(extra);
    limits.check_decode_bytes(all)?;
    let thin = u64::try_from(file.len()).unwrap_or(u64::MAX).saturating_mul(16)
        < u64::from(width).saturating_mul(u64::from(height));
    if thin && all > MAX_OF_THIN {
        return Err(Refusal::TooManyBytes { bytes: all, limit: MAX_OF_THIN });
    }
    usize::try_from(pixels)
        .map_err(|_huge| Refusal::TooManyBytes { bytes: pixels, limit: limits.max_decode_bytes })
}
