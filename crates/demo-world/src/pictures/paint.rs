//! Colours, and how a shape is filled.

/// Red, green and blue from 0 to 255, kept as floats so that light can be laid over them without banding.
pub type Rgb = [f32; 3];

/// The colour written as `0xRRGGBB`.
pub fn rgb(hex: u32) -> Rgb {
    let [_, red, green, blue] = hex.to_be_bytes();
    [f32::from(red), f32::from(green), f32::from(blue)]
}

/// `t` of the way from one colour to another.
pub fn mix([r0, g0, b0]: Rgb, [r1, g1, b1]: Rgb, t: f32) -> Rgb {
    [r0 + (r1 - r0) * t, g0 + (g1 - g0) * t, b0 + (b1 - b0) * t]
}

/// Lighter with a factor above one, darker below.
pub fn lit([r, g, b]: Rgb, factor: f32) -> Rgb {
    [(r * factor).min(255.0), (g * factor).min(255.0), (b * factor).min(255.0)]
}

/// A fill: one colour, or a ramp over the shape's own box.
#[derive(Clone, Copy)]
pub struct Paint {
    pub from: Rgb,
    pub to: Rgb,
    /// The ramp runs left to right instead of top to bottom.
    pub across: bool,
    pub alpha: f32,
}

impl Paint {
    /// The same fill, let through by `alpha`.
    pub fn alpha(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }
}

/// One colour all over.
pub fn flat(colour: Rgb) -> Paint {
    down(colour, colour)
}

/// A ramp from top to bottom.
pub fn down(from: Rgb, to: Rgb) -> Paint {
    Paint { from, to, across: false, alpha: 1.0 }
}

/// A ramp from left to right.
pub fn across(from: Rgb, to: Rgb) -> Paint {
    Paint { from, to, across: true, alpha: 1.0 }
}
