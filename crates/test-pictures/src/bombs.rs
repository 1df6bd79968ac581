//! Little files that ask for much memory or much work.

use crate::tiff::{Entry, MAKE, Tiff};
use crate::{Case, DAMAGED, HEIC, JPEG, Kept, PNG, SECRET, Shown, TOO_LARGE, WEBP, make};
use png::{BitDepth, ColorType};

/// Files that ask for more than they are worth.
pub fn bombs() -> Vec<Case> {
    let mut all = of_png();
    all.extend(of_jpeg());
    all.extend(of_webp_and_heic());
    all
}

fn of_png() -> Vec<Case> {
    let zeros = make::png_zeros;
    vec![
        Case::new("PNG claims 60,000 x 10", PNG, TOO_LARGE, || make::png_claiming(60_000, 10)),
        Case::new("PNG claims 4 billion x 4 billion", PNG, TOO_LARGE, || {
            make::png_claiming(u32::MAX, u32::MAX)
        }),
        Case::new("PNG claims 20,000 x 20,000", PNG, TOO_LARGE, || make::png_claiming(20_000, 20_000)),
        Case::new("PNG unfolds to 440 MB", PNG, Kept, move || {
            zeros(11_000, 10_000, ColorType::Rgba, BitDepth::Eight)
        }),
        Case::new("PNG unfolds to 360 MB", PNG, Kept, move || {
            zeros(12_000, 10_000, ColorType::Rgb, BitDepth::Eight)
        }),
        Case::new("PNG of 16 bits unfolds to 540 MB", PNG, Kept, move || {
            zeros(10_000, 9_000, ColorType::Rgb, BitDepth::Sixteen)
        }),
        Case::new("PNG with a colour profile of 190 MB", PNG, Shown, || bloated(b"iCCP")),
        Case::new("PNG with a text of 190 MB", PNG, Shown, || bloated(b"zTXt")),
        Case::new("PNG with a million chunks", PNG, Shown, || {
            let png = make::png_rgb(64, 48);
            [&png[..33], &make::chunk(b"abCd", b"").repeat(1_000_000), &png[33..]].concat()
        }),
        Case::new("PNG with EXIF that claims 2 GB", PNG, Kept, || {
            let mut png = make::with_chunk(&make::png_rgb(64, 48), b"eXIf", &Tiff::phone(false).bytes());
            png[33..37].copy_from_slice(&0x7FFF_FFFF_u32.to_be_bytes());
            png
        }),
        Case::new("PNG whose EXIF is one text 20,000 times", PNG, Shown, || {
            make::with_chunk(&make::png_rgb(64, 48), b"eXIf", &overlapping())
        }),
    ]
}

fn of_jpeg() -> Vec<Case> {
    vec![
        Case::new("JPEG claims 65,500 x 65,500", JPEG, TOO_LARGE, || make::jpeg_claiming(65_500, 65_500)),
        Case::new("JPEG claims 20,000 x 20,000", JPEG, TOO_LARGE, || make::jpeg_claiming(20_000, 20_000)),
        Case::new("JPEG claims 120 megapixels and is empty", JPEG, Kept, || {
            make::jpeg_claiming(12_000, 10_000)
        }),
        Case::new("JPEG of one colour unfolds to 300 MB", JPEG, Kept, || make::jpeg_flat(11_000, 9_000)),
        Case::new("JPEG of 20 scans over 48 megapixels", JPEG, Shown, || {
            make::jpeg_flat_progressive(8_000, 6_000, 14)
        }),
        Case::new("JPEG of 5,000 scans", JPEG, Kept, || make::jpeg_of_scans(64, 48, 5_000)),
        Case::new("JPEG of 200 scans over 12 megapixels", JPEG, Kept, || {
            make::jpeg_flat_progressive(4_000, 3_000, 190)
        }),
        Case::new("JPEG with 5 million segments", JPEG, DAMAGED, || {
            let jpeg = make::jpeg(64, 48);
            [&jpeg[..2], &b"\xFF\xE5\x00\x02".repeat(5_000_000), &jpeg[2..]].concat()
        }),
        Case::new("JPEG with 5,000 segments", JPEG, Shown, || {
            let jpeg = make::jpeg(64, 48);
            [&jpeg[..2], &b"\xFF\xE5\x00\x02".repeat(5_000), &jpeg[2..]].concat()
        }),
        Case::new("JPEG with 29 MB of segments", JPEG, Shown, || {
            let jpeg = make::jpeg(64, 48);
            let one = [&b"\xFF\xE2\xFF\xFF"[..], &SECRET.repeat(10_923).as_bytes()[..65_533]].concat();
            [&jpeg[..2], &one.repeat(440), &jpeg[2..]].concat()
        }),
        Case::new("JPEG with 1,000 blocks of EXIF", JPEG, Shown, || {
            let jpeg = make::jpeg(64, 48);
            let one = make::with_exif(&jpeg, &Tiff::phone(true).bytes());
            [&jpeg[..2], &one[2..one.len() - (jpeg.len() - 2)].repeat(1_000), &jpeg[2..]].concat()
        }),
    ]
}

fn of_webp_and_heic() -> Vec<Case> {
    vec![
        Case::new("WebP claims 16,384 x 16,384", WEBP, TOO_LARGE, || make::webp_claiming(16_384, 16_384)),
        Case::new("WebP claims 16,384 x 16,384 within 10 x 10", WEBP, TOO_LARGE, || {
            make::webp_extended(0, 10, 10, &make::webp_claiming(16_384, 16_384), &[])
        }),
        Case::new("WebP claims 120 megapixels and is empty", WEBP, Kept, || {
            make::webp_claiming(12_000, 10_000)
        }),
        Case::new("WebP of few bytes and 20 megapixels", WEBP, Shown, || make::webp(5_000, 4_000)),
        Case::new("WebP of few bytes and 42 megapixels", WEBP, Kept, || make::webp(7_000, 6_000)),
        Case::new("WebP with a million chunks", WEBP, DAMAGED, || {
            let junk = make::riff_chunk(b"junk", b"").repeat(1_000_000);
            make::webp_extended(0, 64, 48, &make::webp(64, 48), &[junk])
        }),
        Case::new("WebP whose EXIF is one text 20,000 times", WEBP, Shown, || {
            make::webp_extended(8, 64, 48, &make::webp(64, 48), &[make::riff_chunk(b"EXIF", &overlapping())])
        }),
        Case::new("HEIC whose items have billions of empty extents", HEIC, Kept, || heic_of_extents(70_000)),
        Case::new("HEIC with a million boxes", HEIC, DAMAGED, || {
            let heic = make::heic(b"heic", &[b"mif1"], b"");
            let first = usize::from(heic[3]);
            [&heic[..first], &make::iso_box(b"free", b"").repeat(1_000_000), &heic[first..]].concat()
        }),
        Case::new("HEIC whose box claims 9 exabytes", HEIC, Kept, || {
            let heic = make::heic(b"heic", &[b"mif1"], b"");
            [&heic[..], b"\0\0\0\x01mdat\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"].concat()
        }),
    ]
}

/// A profile or a text that unfolds to 190 MB.
fn bloated(name: &[u8; 4]) -> Vec<u8> {
    let zeros = make::png_zeros(8_000, 8_000, ColorType::Rgb, BitDepth::Eight);
    make::with_chunk(&make::png_rgb(64, 48), name, &[b"p\0\0", &zeros[41..]].concat())
}

/// A directory of 20,000 texts, each of which is the whole block: 5 GB for whoever reads them all.
fn overlapping() -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0".to_vec();
    block.extend(20_000_u16.to_le_bytes());
    for _ in 0..20_000 {
        block.extend(MAKE.to_le_bytes());
        block.extend([2, 0]);
        block.extend(240_000_u32.to_le_bytes());
        block.extend([0; 4]);
    }
    block.extend([0; 4]);
    block
}

/// Its item is described this often, each time with 65,535 extents that take no byte to write.
fn heic_of_extents(times: usize) -> Vec<u8> {
    let infe = make::iso_box(b"infe", b"\x02\0\0\0\0\x01\0\0Exif\0");
    let iinf = make::iso_box(b"iinf", &[&[0, 0, 0, 0, 0, 1], &infe[..]].concat());
    let item = b"\0\0\0\x01\0\x01\0\0\xFF\xFF";
    let head = [&b"\x02\0\0\0\0\0"[..], &(times as u32).to_be_bytes()].concat();
    let iloc = make::iso_box(b"iloc", &[head, item.repeat(times)].concat());
    let meta = [vec![0; 4], iinf, iloc, make::iso_box(b"idat", b"")].concat();
    [make::iso_box(b"ftyp", b"heic\0\0\0\0mif1heic"), make::iso_box(b"meta", &meta)].concat()
}

/// An entry that claims as many values as can be said.
pub(crate) fn countless(tag: u16, kind: u16) -> Entry {
    Entry { tag, kind, count: u32::MAX, value: vec![0xFF; 4] }
}
