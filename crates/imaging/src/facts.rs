//! What headers tell about a photograph.

use crate::MediaType;

/// What is known without decoding. Everything here was claimed by the file: none of it is proof.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub media_type: MediaType,
    /// As stored, before turning upright; `None` for HEIC.
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// EXIF orientation, 1 to 8; 1 when absent or nonsense.
    pub orientation: u8,
    pub captured_at: Option<CaptureTime>,
    pub gps: Option<Gps>,
    /// "Make Model", safe to show: no control or direction characters, at most 120 characters.
    pub device: Option<String>,
}

/// When the camera says the photograph was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureTime {
    /// Wall clock of the camera, `YYYY-MM-DDTHH:MM:SS`, a day that exists.
    pub local: String,
    /// East of UTC; many cameras do not say.
    pub offset_minutes: Option<i16>,
}

/// Where the camera says it was, in degrees; finite and within the globe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gps {
    pub latitude: f64,
    pub longitude: f64,
}
