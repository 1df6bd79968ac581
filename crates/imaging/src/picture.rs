//! Pixels in memory, and making fewer of them.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl Layout {
    pub(crate) fn channels(self) -> u8 {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    fn pixel_type(self) -> PixelType {
        match self {
            Self::Grey => PixelType::U8,
            Self::GreyAlpha => PixelType::U8x2,
            Self::Rgb => PixelType::U8x3,
            Self::Rgba => PixelType::U8x4,
        }
    }
}

/// 8 bits per channel, rows without gaps.
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) layout: Layout,
    pub(crate) data: Vec<u8>,
}

impl Picture {
    /// Puts the picture on white paper, in place: a second full-size copy is what a bomb hopes for.
    pub(crate) fn flatten(&mut self) {
        match self.layout {
            Layout::Grey | Layout::Rgb => {}
            Layout::GreyAlpha => {
                for [grey, alpha] in self.data.as_chunks_mut::<2>().0 {
                    *grey = on_white(*grey, *alpha);
                    *alpha = u8::MAX;
                }
            }
            Layout::Rgba => {
                for [red, green, blue, alpha] in self.data.as_chunks_mut::<4>().0 {
                    *red = on_white(*red, *alpha);
                    *green = on_white(*green, *alpha);
                    *blue = on_white(*blue, *alpha);
                    *alpha = u8::MAX;
                }
            }
        }
    }

    /// Scales down until no side is longer than `side`; never up. Keeps the layout.
    pub(crate) fn shrink(&self, side: u32) -> Result<Self, Refusal> {
        let (width, height) = fit(self.width, self.height, side);
        let pixel_type = self.layout.pixel_type();
        let source = ImageRef::new(self.width, self.height, &self.data, pixel_type)
            .map_err(|error| Refusal::decoder(&error))?;
        let mut target = Image::new(width, height, pixel_type);
        // Alpha was flattened before. The filter covers the whole footprint of each target pixel: no aliasing.
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).use_alpha(false);
        Resizer::new().resize(&source, &mut target, &options).map_err(|error| Refusal::decoder(&error))?;
        Ok(Self { width, height, layout: self.layout, data: target.into_vec() })
    }

    pub(crate) fn is_within(&self, side: u32) -> bool {
        self.width.max(self.height) <= side
    }

    pub(crate) fn into_rgb(mut self) -> Self {
        self.data = match self.layout {
            Layout::Rgb => self.data,
            Layout::Grey => self.data.iter().flat_map(|&grey| [grey; 3]).collect(),
            Layout::GreyAlpha => {
                self.data.as_chunks::<2>().0.iter().flat_map(|&[grey, _]| [grey; 3]).collect()
            }
            Layout::Rgba => self.data.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect(),
        };
        self.layout = Layout::Rgb;
        self
    }
}

/// The size after scaling down to `side`, proportions kept, no side vanishing.
pub(crate) fn fit(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= side {
        return (width, height);
    }
    let scale = |length: u32| {
        let scaled = (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    (scale(width), scale(height))
}

fn on_white(value: u8, alpha: u8) -> u8 {
    // (value × alpha + 255 × (255 − alpha)) / 255, rounded; exact for all 65,536 pairs without a division.
    let sum = u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha)) + 128;
    let [_, _, _, byte] = ((sum + (sum >> 8)) >> 8).to_be_bytes();
    byte
}
