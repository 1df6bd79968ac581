//! Photos: what a file is, what its EXIF says, and the copies made of it.

#![no_main]

use anlao_imaging::{Limits, derive, encode_jpeg, inspect};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::sync::LazyLock;

/// Small enough for thousands of pictures a second.
const LIMITS: Limits =
    Limits { max_bytes: 64 << 10, max_pixels: 256 << 10, max_side: 2048, max_decode_bytes: 16 << 20 };

static WORLD: LazyLock<()> = LazyLock::new(|| {
    // A decoder that panics is caught and refused; only what comes out of the crate is a fault.
    let _ = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    anlao_fuzz::seeds(seeds());
});

fn seeds() -> Vec<Vec<u8>> {
    let pixels: Vec<u8> = (0..48 * 32 * 3_u32).map(|at| (at * 7 % 251) as u8).collect();
    let jpeg = encode_jpeg(&pixels, 48, 32, 90).expect("a picture");
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 48, 32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).expect("a picture");
    let exif =
        [&jpeg[..2], &[0xFF, 0xE1], &(TIFF.len() as u16 + 8).to_be_bytes(), b"Exif\0\0", TIFF, &jpeg[2..]];
    let boxes = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf\0\0\0\x08meta";
    let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";
    vec![exif.concat(), jpeg, png, boxes.to_vec(), webp.to_vec()]
}

/// Turned once to the right, taken on a day, somewhere north.
const TIFF: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x03\
    \x01\x12\0\x03\0\0\0\x01\0\x06\0\0\
    \x01\x32\0\x02\0\0\0\x14\0\0\0\x32\
    \x88\x25\0\x04\0\0\0\x01\0\0\0\x46\
    \0\0\0\0\
    2026:03:01 09:20:00\0\
    \0\x02\
    \0\x01\0\x02\0\0\0\x02N\0\0\0\
    \0\x02\0\x05\0\0\0\x03\0\0\0\x64\
    \0\0\0\0\
    \0\0\0\x1e\0\0\0\x01\0\0\0\x1f\0\0\0\x01\0\0\0\x20\0\0\0\x01";

fuzz_target!(|data: &[u8]| {
    LazyLock::force(&WORLD);
    let seen = inspect(Cursor::new(data), &LIMITS);
    let Ok(copies) = derive(data, &LIMITS) else { return };
    assert!(seen.is_ok(), "what can be copied can be described");
    for copy in [&copies.preview, &copies.thumbnail] {
        let facts = inspect(Cursor::new(copy), &Limits::default()).expect("a copy is a picture");
        assert!(
            facts.captured_at.is_none() && facts.gps.is_none() && facts.device.is_none(),
            "nothing but pixels"
        );
        assert_eq!(facts.orientation, 1);
    }
});
