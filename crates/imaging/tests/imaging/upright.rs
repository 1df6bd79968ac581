use anlao_imaging::{Limits, derive};

use crate::make;
use crate::tiff::Tiff;

/// Where EXIF says that the pixel seen at (x, y) is stored.
fn stored_at(orientation: u16, (width, height): (u32, u32), (x, y): (u32, u32)) -> (u32, u32) {
    let (right, bottom) = (width - 1 - x, height - 1 - y);
    match orientation {
        2 => (right, y),
        3 => (right, bottom),
        4 => (x, bottom),
        5 => (y, x),
        6 => (y, right),
        7 => (bottom, right),
        8 => (bottom, x),
        _ => (x, y),
    }
}

fn stored(orientation: u16, width: u32, height: u32) -> Vec<u8> {
    let seen = make::scene(width, height);
    let (stored_width, stored_height) = if orientation >= 5 { (height, width) } else { (width, height) };
    let mut data = vec![0; seen.len()];
    for y in 0..height {
        for x in 0..width {
            let (sx, sy) = stored_at(orientation, (width, height), (x, y));
            let (from, to) = ((y * width + x) as usize * 3, (sy * stored_width + sx) as usize * 3);
            data[to..to + 3].copy_from_slice(&seen[from..from + 3]);
        }
    }
    let png = make::png(stored_width, stored_height, png::ColorType::Rgb, png::BitDepth::Eight, &data);
    make::with_chunk(&png, b"eXIf", &Tiff::with_orientation(orientation).bytes())
}

pub fn pixels(jpeg: &[u8]) -> image::RgbImage {
    image::load_from_memory(jpeg).unwrap().to_rgb8()
}

pub fn difference(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: f64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / a.as_raw().len() as f64
}

/// Structural similarity of the brightness, in windows of 8 x 8; 1 is the same picture.
pub fn similarity(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let (a, b) = (image::imageops::grayscale(a), image::imageops::grayscale(b));
    let (mut sum, mut windows) = (0.0, 0.0);
    for y in (0..a.height().saturating_sub(7)).step_by(4) {
        for x in (0..a.width().saturating_sub(7)).step_by(4) {
            let at = |of: &image::GrayImage, i: u32| f64::from(of.get_pixel(x + i % 8, y + i / 8).0[0]);
            let (mut ma, mut mb, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for i in 0..64 {
                let (va, vb) = (at(&a, i), at(&b, i));
                (ma, mb) = (ma + va / 64.0, mb + vb / 64.0);
                (aa, bb, ab) = (aa + va * va / 64.0, bb + vb * vb / 64.0, ab + va * vb / 64.0);
            }
            let (c1, c2) = (6.5025, 58.5225);
            sum += (2.0 * ma * mb + c1) * (2.0 * (ab - ma * mb) + c2)
                / ((ma * ma + mb * mb + c1) * (aa - ma * ma + bb - mb * mb + c2));
            windows += 1.0;
        }
    }
    sum / windows
}

#[test]
fn eight_orientations_are_one_upright_picture() {
    // Odd sides; one that is scaled and one that is not.
    for (width, height) in [(83, 51), (1801, 907)] {
        let reference = derive(&stored(1, width, height), &Limits::default()).unwrap();
        if width < 1600 {
            let scene = image::RgbImage::from_raw(width, height, make::scene(width, height)).unwrap();
            assert!(difference(&scene, &pixels(&reference.preview)) < 6.0);
        }
        for orientation in 2..=8 {
            let copy = derive(&stored(orientation, width, height), &Limits::default()).unwrap();
            assert_eq!((copy.width, copy.height), (reference.width, reference.height));
            let off = difference(&pixels(&copy.preview), &pixels(&reference.preview));
            let alike = similarity(&pixels(&copy.preview), &pixels(&reference.preview));
            anlao_testbed::tally(
                "37",
                "orientations of a drawn scene below 0.98 SSIM",
                1,
                u64::from(alike < 0.98),
            );
            assert!(alike >= 0.98, "orientation {orientation}: {alike}");
            assert!(off < 2.0, "orientation {orientation} at {width} x {height} is off by {off}");
            assert!(difference(&pixels(&copy.thumbnail), &pixels(&reference.thumbnail)) < 2.0);
        }
    }
}
