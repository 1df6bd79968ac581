use std::io::Cursor;
use std::time::{Duration, Instant};

use anlao_imaging::{Derivatives, Facts, Limits, Refusal, derive, inspect};

use crate::copies::assert_bare;
use crate::make;
use crate::tiff::Tiff;

fn look(bytes: &[u8]) -> Result<Facts, Refusal> {
    let started = Instant::now();
    let facts = inspect(Cursor::new(bytes), &Limits::default());
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    facts
}

fn copy(bytes: &[u8]) -> Result<Derivatives, Refusal> {
    derive(bytes, &Limits::default())
}

#[test]
fn declared_giants_are_refused_by_their_headers() {
    let long_side = [
        make::png_claiming(60_000, 10),
        make::png_claiming(u32::MAX, u32::MAX),
        make::jpeg_claiming(65_500, 65_500),
    ];
    for bomb in long_side {
        assert!(matches!(look(&bomb), Err(Refusal::SideTooLong { limit: 20_000, .. })));
        assert!(matches!(copy(&bomb), Err(Refusal::SideTooLong { .. })));
    }
    let inner_lie = make::webp_extended(0, 10, 10, &make::webp_claiming(16_384, 16_384), &[]);
    for bomb in [
        make::png_claiming(20_000, 20_000),
        make::jpeg_claiming(20_000, 20_000),
        make::webp_claiming(16_384, 16_384),
        inner_lie,
    ] {
        assert!(matches!(look(&bomb), Err(Refusal::TooManyPixels { limit: 120_000_000, .. })));
        assert!(matches!(copy(&bomb), Err(Refusal::TooManyPixels { .. })));
    }
}

#[test]
fn a_side_of_nothing_is_damage() {
    for bomb in [make::png_claiming(0, 10), make::jpeg_claiming(10, 0), make::jpeg_claiming(0, 10)] {
        assert!(matches!(look(&bomb), Err(Refusal::Damaged(_))));
    }
}

#[test]
fn a_file_too_long_is_refused_unread() {
    let limits = Limits { max_bytes: 100, ..Limits::default() };
    let bytes = make::jpeg(64, 64);
    let len = bytes.len() as u64;
    assert_eq!(inspect(Cursor::new(&bytes), &limits), Err(Refusal::TooManyBytes { bytes: len, limit: 100 }));
    assert_eq!(derive(&bytes, &limits).err(), Some(Refusal::TooManyBytes { bytes: len, limit: 100 }));
}

#[test]
fn a_small_file_that_unfolds_beyond_the_memory_limit_is_refused_before_it_unfolds() {
    let bomb = make::png_zeros(11_000, 10_000, png::ColorType::Rgba, png::BitDepth::Eight);
    assert!(bomb.len() < 3_000_000);
    assert!(look(&bomb).is_ok());
    let started = Instant::now();
    assert!(matches!(copy(&bomb), Err(Refusal::TooManyBytes { limit: 419_430_400, .. })));
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[test]
fn progressive_pictures_pay_for_their_coefficients() {
    let file = make::jpeg_as(800, 800, true, 80, jpeg_encoder::ColorType::Rgb);
    let baseline = make::jpeg_as(800, 800, false, 80, jpeg_encoder::ColorType::Rgb);
    // 1.92 MB of pixels and as many for scaling; the coefficients take 1.92 MB more.
    let limits = Limits { max_decode_bytes: 4_500_000, ..Limits::default() };
    assert!(derive(&baseline, &limits).is_ok());
    assert!(matches!(derive(&file, &limits), Err(Refusal::TooManyBytes { .. })));
}

#[test]
fn thousands_of_scans_are_not_worked_off() {
    assert!(copy(&make::jpeg_of_scans(64, 64, 20)).is_ok());
    let started = Instant::now();
    assert_eq!(
        copy(&make::jpeg_of_scans(64, 64, 5_000)).err(),
        Some(Refusal::Damaged("too many scans".into()))
    );
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[test]
fn absurd_segments_and_chunks_are_bounded() {
    let jpeg = make::jpeg(64, 64);
    let few = [&jpeg[..2], &b"\xFF\xE5\x00\x02".repeat(5_000), &jpeg[2..]].concat();
    assert!(look(&few).is_ok() && copy(&few).is_ok());
    let many = [&jpeg[..2], &b"\xFF\xE5\x00\x02".repeat(5_000_000), &jpeg[2..]].concat();
    assert_eq!(look(&many), Err(Refusal::Damaged("too many segments".into())));
    let png = make::png_rgb(64, 64);
    let many = [&png[..33], &make::chunk(b"abCd", b"").repeat(1_000_000), &png[33..]].concat();
    assert_eq!(look(&many).unwrap().width, Some(64));
    let webp = make::webp_extended(
        0,
        64,
        64,
        &make::webp(64, 64),
        &[make::riff_chunk(b"junk", b"").repeat(1_000_000)],
    );
    assert_eq!(look(&webp), Err(Refusal::Damaged("too many chunks".into())));
}

#[test]
fn chunks_that_claim_more_than_there_is_take_no_memory() {
    let mut claims = make::with_chunk(&make::png_rgb(64, 64), b"eXIf", &Tiff::phone(false).bytes());
    claims[33..37].copy_from_slice(&0x7FFF_FFFF_u32.to_be_bytes());
    assert_eq!(look(&claims).unwrap().orientation, 6);
    assert!(matches!(copy(&claims), Err(Refusal::Damaged(_))));
    // A profile that unfolds to 200 MB is not unfolded.
    let profile =
        [b"p\0\0", make::png_zeros(8_000, 8_000, png::ColorType::Rgb, png::BitDepth::Eight)[41..].as_ref()]
            .concat();
    assert!(copy(&make::with_chunk(&make::png_rgb(64, 64), b"iCCP", &profile)).is_ok());
    assert!(copy(&make::with_chunk(&make::png_rgb(64, 64), b"zTXt", &profile)).is_ok());
}

#[test]
fn a_wrong_checksum_is_damage() {
    let mut file = make::png_rgb(64, 64);
    file[29] ^= 1;
    assert!(matches!(copy(&file), Err(Refusal::Damaged(_))));
}

#[test]
fn a_picture_cut_short_is_damage_at_every_length() {
    for file in [
        make::jpeg(90, 70),
        make::jpeg_as(90, 70, true, 80, jpeg_encoder::ColorType::Rgb),
        make::png_rgb(90, 70),
        make::webp(90, 70),
    ] {
        for len in (0..file.len() - 16).step_by(7) {
            let _either = look(&file[..len]);
            assert!(copy(&file[..len]).is_err(), "{len} of {} bytes", file.len());
        }
    }
}

#[test]
fn what_is_glued_to_a_picture_does_not_reach_its_copies() {
    let tail = b"<html><script>alert(document.domain)</script>".as_slice();
    let jpeg = make::jpeg(64, 64);
    for polyglot in [
        [&jpeg[..], tail].concat(),
        [&jpeg[..], &make::jpeg(300, 300)].concat(),
        make::with_segment(&jpeg, 0xFE, tail),
        [&make::png_rgb(64, 64)[..], tail].concat(),
        [&make::webp(64, 64)[..], tail].concat(),
    ] {
        assert_eq!(look(&polyglot).unwrap().width, Some(64));
        let copy = copy(&polyglot).unwrap();
        assert_eq!(copy.width, 64);
        assert_bare(&copy.preview);
        assert!(!copy.preview.windows(6).any(|window| window == b"script"));
    }
}

#[test]
fn a_jpeg_too_short_for_its_claim_is_damage_not_an_acre_of_grey() {
    for (width, height) in [(12_000, 10_000), (3_000, 2_000)] {
        let file = make::jpeg_claiming(width, height);
        assert!(look(&file).is_ok());
        let started = Instant::now();
        assert!(matches!(copy(&file), Err(Refusal::Damaged(_))));
        assert!(started.elapsed() < Duration::from_millis(100));
    }
    // One colour is the shortest that a picture can be, and it is taken.
    assert!(copy(&make::jpeg_flat(4_000, 3_000)).is_ok());
    assert!(copy(&make::jpeg_flat_progressive(4_000, 3_000, 0)).is_ok());
}

#[test]
fn two_sizes_in_one_picture_are_damage() {
    let jpeg = make::jpeg(64, 64);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let twice = [&jpeg[..frame], &jpeg[frame..frame + 19], &jpeg[frame..]].concat();
    assert_eq!(look(&twice), Err(Refusal::Damaged("two sizes".into())));
    let webp = make::webp_extended(0, 65, 64, &make::webp(64, 64), &[]);
    assert_eq!(look(&webp), Err(Refusal::Damaged("two sizes".into())));
}
