//! How much of the machine one photograph may use.

use crate::Refusal;

/// Ceilings for one photograph. The defaults fit every phone of today and no bomb.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Length of the file.
    pub max_bytes: u64,
    /// Width × height as declared.
    pub max_pixels: u64,
    /// Width or height as declared.
    pub max_side: u32,
    /// All pixel memory that decoding and scaling hold at once, counted before anything is allocated.
    pub max_decode_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 30 * 1024 * 1024,
            max_pixels: 120_000_000,
            max_side: 20_000,
            max_decode_bytes: 400 * 1024 * 1024,
        }
    }
}

impl Limits {
    pub(crate) fn check_bytes(&self, bytes: u64) -> Result<(), Refusal> {
        if bytes > self.max_bytes {
            return Err(Refusal::TooManyBytes { bytes, limit: self.max_bytes });
        }
        Ok(())
    }

    pub(crate) fn check_size(&self, width: u32, height: u32) -> Result<(), Refusal> {
        if width == 0 || height == 0 {
            return Err(Refusal::damaged("a side of zero pixels"));
        }
        let side = width.max(height);
        if side > self.max_side {
            return Err(Refusal::SideTooLong { side, limit: self.max_side });
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.max_pixels {
            return Err(Refusal::TooManyPixels { pixels, limit: self.max_pixels });
        }
        Ok(())
    }

    pub(crate) fn check_decode_bytes(&self, bytes: u64) -> Result<(), Refusal> {
        if bytes > self.max_decode_bytes {
            return Err(Refusal::TooManyBytes { bytes, limit: self.max_decode_bytes });
        }
        Ok(())
    }
}
