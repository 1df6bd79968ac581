//! What a phone adds to a scene: uneven light, a dark rim, grain, a date stamp and JPEG.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Picture;
use super::canvas::{Canvas, ROUNDING, View};
use super::paint::{Rgb, flat, rgb};

const QUALITY: u8 = 80;

/// The light of one shot.
pub struct Light {
    warmth: f32,
    exposure: f32,
    contrast: f32,
    /// Where the light is, as a share of the picture.
    lamp: (f32, f32),
    rim: f32,
    grain: f32,
    noise_seed: u32,
}

impl Light {
    pub fn new(rng: &mut ChaCha8Rng) -> Self {
        Self {
            warmth: rng.random_range(-0.035..0.06),
            exposure: rng.random_range(0.93..1.06),
            contrast: rng.random_range(1.0..1.12),
            lamp: (rng.random_range(0.2..0.8), rng.random_range(0.0..0.35)),
            rim: rng.random_range(0.22..0.42),
            grain: rng.random_range(7.5..11.0),
            noise_seed: rng.random::<u32>() | 1,
        }
    }

    fn balance(&self) -> Rgb {
        [1.0 + self.warmth, 1.0, 1.0 - self.warmth]
    }
}

/// The pixels as a phone would have seen them, eight bits a channel.
fn develop(canvas: &Canvas, light: &Light) -> Vec<u8> {
    let grain = grain(light, canvas.width);
    let columns: Vec<(f32, f32)> =
        shares(canvas.width).map(|x| (square(x - light.lamp.0), square(x - 0.5))).collect();
    let mut bytes = vec![0; canvas.pixels.len() * 3];
    let mut noise = light.noise_seed;
    let lines = canvas.pixels.chunks_exact(canvas.width).zip(bytes.chunks_exact_mut(canvas.width * 3));
    for (y, (line, out)) in shares(canvas.height).zip(lines) {
        noise = next(noise);
        let start = usize::try_from(noise >> 22).unwrap_or(0);
        let row = (square(y - light.lamp.1), square(y - 0.5));
        let grain = grain.get(start..).unwrap_or_default();
        develop_line(line, out, grain, &columns, row, light);
    }
    bytes
}

fn develop_line(
    line: &[Rgb],
    out: &mut [u8],
    grain: &[f32],
    columns: &[(f32, f32)],
    row: (f32, f32),
    light: &Light,
) {
    let [red, green, blue] = light.balance();
    let bright = light.exposure * light.contrast;
    let base = 128.0 - 128.0 * light.contrast;
    let pixels = line.iter().zip(columns).zip(grain).zip(out.chunks_exact_mut(3));
    for ((([r, g, b], (lamp, rim)), grain), out) in pixels {
        let gain = bright * (1.08 - 0.16 * (lamp + row.0)) * (1.0 - light.rim * 3.0 * square(rim + row.1));
        let lift = grain + base;
        for (byte, channel) in out.iter_mut().zip([r * red, g * green, b * blue]) {
            *byte = level(channel * gain + lift);
        }
    }
}

/// A strip of film grain, long enough for any row to start anywhere in its first thousand.
fn grain(light: &Light, width: usize) -> Vec<f32> {
    let mut noise = light.noise_seed;
    let mut coarse = 0.0;
    (0..width + 1024)
        .map(|_| {
            noise = next(noise);
            let fine = f32::from_bits(0x3f80_0000 | noise >> 9) - 1.5;
            coarse = coarse * 0.55 + fine * 0.45;
            (coarse + fine * 0.35) * light.grain
        })
        .collect()
}

/// One step of xorshift.
fn next(mut noise: u32) -> u32 {
    noise ^= noise << 13;
    noise ^= noise >> 17;
    noise ^ noise << 5
}

/// The places along a side, from nought to one.
fn shares(length: usize) -> impl Iterator<Item = f32> {
    (0..length).map(move |place| place as f32 / length as f32)
}

fn square(value: f32) -> f32 {
    value * value
}

/// The nearest of 256 levels, without a lossy cast.
fn level(value: f32) -> u8 {
    let [low, ..] = (value.clamp(0.0, 255.0) + ROUNDING).to_bits().to_le_bytes();
    low
}

/// Prints a line in the lower right corner, as many cameras are set to print the date.
pub fn stamp(canvas: &mut Canvas, text: &str) {
    canvas.set_view(View::plain());
    let dot = 2.0;
    let width = text.chars().count() as f32 * 6.0 * dot;
    let (x, y) = (canvas.width as f32 - width - 14.0, canvas.height as f32 - 30.0);
    canvas.letters(text, (x + 1.4, y + 1.4), dot, flat(rgb(0x0014_0e06)).alpha(0.8));
    canvas.letters(text, (x, y), dot, flat(rgb(0x00ff_b347)));
}

/// The finished picture. Writing to memory does not fail; if it ever did the bytes would be empty.
pub fn encode(canvas: &Canvas, light: &Light) -> Picture {
    let bytes = develop(canvas, light);
    let width = u16::try_from(canvas.width).unwrap_or(0);
    let height = u16::try_from(canvas.height).unwrap_or(0);
    let mut jpeg = Vec::with_capacity(72 * 1024);
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    if encoder.encode(&bytes, width, height, ColorType::Rgb).is_err() {
        jpeg.clear();
    }
    Picture { jpeg, width: width.into(), height: height.into() }
}
