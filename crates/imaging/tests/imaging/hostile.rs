//! Nothing panics, nothing escapes the limits, whatever the bytes.
//!
//! Panics in the output of these tests come from inside decoders (zune-jpeg 0.5.15 has some) and were caught.

use std::io::Cursor;
use std::sync::LazyLock;

use anlao_imaging::{Limits, derive, inspect};
use proptest::prelude::*;

use crate::copies::assert_bare;
use crate::make;
use crate::tiff::Tiff;

/// Small, so that a flipped bit in a size does not make a case slow.
const LIMITS: Limits =
    Limits { max_bytes: 1 << 20, max_pixels: 1 << 20, max_side: 4_000, max_decode_bytes: 16 << 20 };

static REAL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    use jpeg_encoder::ColorType;
    let tiff = Tiff::phone(false).bytes();
    let mut real = vec![
        make::with_exif(&make::jpeg(60, 40), &tiff),
        make::with_chunk(&make::png_rgb(60, 40), b"eXIf", &tiff),
        make::png(60, 40, png::ColorType::Rgba, png::BitDepth::Sixteen, &[9; 60 * 40 * 8]),
        make::webp(60, 40),
        make::webp_extended(8, 60, 40, &make::webp(60, 40), &[make::riff_chunk(b"EXIF", &tiff)]),
        make::WEBP_LOSSY.to_vec(),
        make::heic(b"heic", &[b"mif1"], &tiff),
    ];
    for progressive in [false, true] {
        real.extend(
            [ColorType::Luma, ColorType::Rgb, ColorType::Cmyk]
                .map(|colours| make::jpeg_as(60, 40, progressive, 80, colours)),
        );
    }
    real
});

fn try_all(bytes: &[u8]) {
    if let Ok(facts) = inspect(Cursor::new(bytes), &LIMITS) {
        assert!((1..=8).contains(&facts.orientation));
        if let Some(gps) = facts.gps {
            assert!(gps.latitude.abs() <= 90.0 && gps.longitude.abs() <= 180.0);
        }
        assert!(facts.device.is_none_or(|device| device.chars().count() <= 120));
    }
    if let Ok(copy) = derive(bytes, &LIMITS) {
        assert!(copy.width.max(copy.height) <= 1600);
        assert_bare(&copy.preview);
        assert_bare(&copy.thumbnail);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(start in 0_usize..6, body in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let starts: [&[u8]; 6] = [
            b"", b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\0\x20\0\0\0\x20", b"RIFF\x24\0\0\0WEBPVP8X",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"RIFF\x24\0\0\0WEBPVP8L\xFF\0\0\0\x2F",
        ];
        try_all(&[starts[start], &body].concat());
    }

    #[test]
    fn flipped_bits_never_panic(which in 0_usize..13, flips in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..12)) {
        let mut bytes = REAL[which].clone();
        for (at, bits) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= bits;
        }
        try_all(&bytes);
    }

    #[test]
    fn pieces_moved_about_never_panic(which in 0_usize..13, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), other in 0_usize..13) {
        let (left, right) = (&REAL[which], &REAL[other]);
        try_all(&[&left[..a.index(left.len())], &right[b.index(right.len())..]].concat());
    }

    #[test]
    fn arbitrary_exif_never_refuses_a_picture(block in prop::collection::vec(any::<u8>(), 0..600), good_start in any::<bool>()) {
        let start: &[u8] = if good_start { b"II*\0\x08\0\0\0" } else { b"" };
        let file = make::with_exif(&REAL[0], &[start, &block].concat());
        prop_assert!(inspect(Cursor::new(&file), &LIMITS).is_ok());
        prop_assert!(derive(&file, &LIMITS).is_ok());
    }

    #[test]
    fn damaged_exif_never_refuses_a_picture(flips in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..12)) {
        let mut block = Tiff::phone(true).bytes();
        for (at, bits) in flips {
            let at = at.index(block.len());
            block[at] ^= bits;
        }
        prop_assert!(inspect(Cursor::new(&make::with_exif(&REAL[7], &block)), &LIMITS).is_ok());
    }
}
