//! Memory, counted before it is taken.

use crate::derive::PREVIEW_SIDE;
use crate::picture::{Layout, fit};
use crate::{Limits, Refusal};

/// Refuses unless the decoded picture, the decoder's own `extra` bytes and the scaler's half-done rows fit the limit
/// together. Decoder memory and scaler memory do not really coexist; counting both keeps a margin.
pub(crate) fn reserve(
    limits: &Limits,
    size: (u32, u32),
    layout: Layout,
    extra: u64,
) -> Result<usize, Refusal> {
    let (width, height) = size;
    let channels = u64::from(layout.channels());
    let pixels = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(channels);
    let half_done = u64::from(fit(width, height, PREVIEW_SIDE).0) * u64::from(height) * channels;
    limits.check_decode_bytes(pixels.saturating_add(half_done).saturating_add(extra))?;
    usize::try_from(pixels)
        .map_err(|_huge| Refusal::TooManyBytes { bytes: pixels, limit: limits.max_decode_bytes })
}
