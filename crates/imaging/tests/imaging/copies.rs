use anlao_imaging::{Limits, Refusal, derive, encode_jpeg};
use jpeg_encoder::ColorType;

use crate::make;
use crate::tiff::Tiff;
use crate::upright::{difference, pixels};

/// Markers of all segments before the picture data.
pub fn markers(jpeg: &[u8]) -> Vec<u8> {
    assert_eq!(jpeg[..2], [0xFF, 0xD8]);
    assert_eq!(jpeg[jpeg.len() - 2..], [0xFF, 0xD9]);
    let (mut at, mut found) = (2, vec![]);
    loop {
        assert_eq!(jpeg[at], 0xFF);
        found.push(jpeg[at + 1]);
        if jpeg[at + 1] == 0xDA {
            return found;
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
}

/// APP0 (JFIF, the pixel's shape), tables, frame, scan. No EXIF, XMP, ICC, IPTC, Adobe, comment.
pub fn assert_bare(jpeg: &[u8]) {
    for marker in markers(jpeg) {
        assert!(matches!(marker, 0xE0 | 0xDB | 0xC0 | 0xC4 | 0xDA), "marker {marker:#X}");
    }
}

#[test]
fn copies_hold_pixels_only() {
    let tiff = Tiff::phone(false).bytes();
    let mut jpeg = make::with_exif(&make::jpeg(400, 300), &tiff);
    for (marker, body) in [
        (0xE1, &b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET"[..]),
        (0xED, b"Photoshop 3.0\08BIM SECRET"),
        (0xE2, b"ICC_PROFILE\0\x01\x01SECRET"),
        (0xFE, b"SECRET"),
    ] {
        jpeg = make::with_segment(&jpeg, marker, body);
    }
    let png = make::with_chunk(
        &make::with_chunk(&make::png_rgb(400, 300), b"eXIf", &tiff),
        b"tEXt",
        b"Comment\0SECRET",
    );
    for file in [jpeg, png] {
        let copy = derive(&file, &Limits::default()).unwrap();
        for made in [copy.preview, copy.thumbnail] {
            assert_bare(&made);
            for word in [&b"SECRET"[..], b"HUAWEI", b"Exif", b"2026"] {
                assert!(!made.windows(word.len()).any(|window| window == word));
            }
        }
    }
}

#[test]
fn copies_are_never_larger_than_the_original() {
    for (size, preview, thumbnail) in [
        ((3200, 1000), (1600, 500), (320, 100)),
        ((1600, 1600), (1600, 1600), (320, 320)),
        ((100, 60), (100, 60), (100, 60)),
        ((1, 1), (1, 1), (1, 1)),
        ((5000, 1), (1600, 1), (320, 1)),
    ] {
        let copy = derive(&make::png_rgb(size.0, size.1), &Limits::default()).unwrap();
        assert_eq!((copy.width, copy.height), preview);
        assert_eq!(pixels(&copy.preview).dimensions(), preview);
        assert_eq!(pixels(&copy.thumbnail).dimensions(), thumbnail);
    }
}

#[test]
fn transparency_lies_on_white() {
    use png::{BitDepth, ColorType};
    for (colour, pixel) in [(ColorType::Rgba, &[0, 0, 0, 0][..]), (ColorType::GrayscaleAlpha, &[0, 0])] {
        let file = make::png(2000, 100, colour, BitDepth::Eight, &pixel.repeat(200_000));
        let copy = derive(&file, &Limits::default()).unwrap();
        assert!(pixels(&copy.preview).as_raw().iter().all(|value| *value > 252));
    }
    let half = make::png(8, 8, ColorType::Rgba, BitDepth::Eight, &[0, 0, 0, 128].repeat(64));
    let copy = derive(&half, &Limits::default()).unwrap();
    assert!(pixels(&copy.preview).as_raw().iter().all(|value| value.abs_diff(127) < 3));
}

#[test]
fn every_depth_and_colour_of_png_is_read() {
    use png::{BitDepth, ColorType};
    for colour in [ColorType::Grayscale, ColorType::GrayscaleAlpha, ColorType::Rgb, ColorType::Rgba] {
        let samples = 64 * 64 * colour.samples();
        for (depth, data) in
            [(BitDepth::Eight, vec![200; samples]), (BitDepth::Sixteen, [200, 17].repeat(samples))]
        {
            let copy = derive(&make::png(64, 64, colour, depth, &data), &Limits::default()).unwrap();
            assert_eq!((copy.width, copy.height), (64, 64));
            assert!(copy.preview.len() > 100);
        }
    }
    for depth in [BitDepth::One, BitDepth::Two, BitDepth::Four] {
        let row = (64 * depth as usize).div_ceil(8);
        derive(&make::png(64, 64, ColorType::Grayscale, depth, &vec![0x5A; row * 64]), &Limits::default())
            .unwrap();
    }
}

#[test]
fn every_kind_of_jpeg_is_read() {
    for colours in [ColorType::Luma, ColorType::Rgb, ColorType::Cmyk, ColorType::CmykAsYcck] {
        for (progressive, quality) in [(false, 80), (false, 95), (true, 80), (true, 95)] {
            let file = make::jpeg_as(70, 50, progressive, quality, colours);
            let copy = derive(&file, &Limits::default());
            // Known gap of the decoder (zune-jpeg 0.5.15): progressive CMYK, not YCCK, with subsampled colours.
            if (colours, progressive, quality) == (ColorType::Cmyk, true, 80) {
                assert!(matches!(copy.err(), Some(Refusal::Damaged(_))));
                continue;
            }
            let copy = copy.unwrap();
            assert_eq!((copy.width, copy.height), (70, 50));
        }
    }
}

#[test]
fn webp_is_read_in_both_codings() {
    let copy = derive(&make::webp(90, 60), &Limits::default()).unwrap();
    let scene = image::RgbImage::from_raw(90, 60, make::scene(90, 60)).unwrap();
    assert!(difference(&pixels(&copy.preview), &scene) < 6.0);
    assert_eq!(derive(make::WEBP_LOSSY, &Limits::default()).unwrap().width, 1);
}

#[test]
fn kinds_that_are_kept_but_not_shown() {
    let heic = make::heic(b"heic", &[b"mif1"], b"");
    assert_eq!(derive(&heic, &Limits::default()).err(), Some(Refusal::NoPreview));
    let frames = [make::riff_chunk(b"ANIM", &[0; 6]), make::riff_chunk(b"ANMF", &[0; 40])];
    let animated = make::webp_extended(2, 20, 20, &make::webp(20, 20), &frames);
    assert_eq!(derive(&animated, &Limits::default()).err(), Some(Refusal::NoPreview));
}

#[test]
fn a_jpeg_that_the_decoder_would_get_wrong_is_not_shown() {
    let file = make::jpeg_in_parts(90, 60, 0, true);
    assert_eq!(derive(&file, &Limits::default()).err(), Some(Refusal::NoPreview));
}

#[test]
fn restart_markers_do_not_change_the_picture() {
    let scene = image::RgbImage::from_raw(333, 257, make::scene(333, 257)).unwrap();
    for restart in [0, 1, 2, 7, 21, 500] {
        let file = make::jpeg_in_parts(333, 257, restart, false);
        let copy = derive(&file, &Limits::default()).unwrap();
        assert!(difference(&pixels(&copy.preview), &scene) < 6.0, "every {restart}");
    }
}

#[test]
fn of_an_animated_png_the_still_picture_is_shown() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 30, 20);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&make::scene(30, 20)).unwrap();
    writer.write_image_data(&[0; 30 * 20 * 3]).unwrap();
    writer.finish().unwrap();
    let copy = derive(&file, &Limits::default()).unwrap();
    let scene = image::RgbImage::from_raw(30, 20, make::scene(30, 20)).unwrap();
    assert!(difference(&pixels(&copy.preview), &scene) < 8.0);
}

#[test]
fn an_encoder_call_that_makes_no_sense_is_refused() {
    assert!(encode_jpeg(&[0; 12], 2, 2, 0).is_ok());
    assert!(encode_jpeg(&[0; 12], 2, 2, 255).is_ok());
    assert!(encode_jpeg(&[0; 11], 2, 2, 80).is_err());
    assert!(encode_jpeg(&[0; 13], 2, 2, 80).is_err());
    assert!(encode_jpeg(&[], 0, 0, 80).is_err());
    assert!(matches!(encode_jpeg(&[], 70_000, 1, 80), Err(Refusal::SideTooLong { .. })));
}
