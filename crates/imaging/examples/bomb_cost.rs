//! Time and peak memory of hostile pictures. Linux only. `cargo run --release -p anlao-imaging --example bomb_cost`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement, run by hand"
)]

use std::io::Cursor;
use std::time::Instant;

use anlao_imaging::{Limits, derive, inspect};
use anlao_test_pictures::make;
use png::{BitDepth, ColorType};

type Bomb = (&'static str, fn() -> Vec<u8>);

const BOMBS: [Bomb; 16] = [
    ("PNG claims 60000 x 60000", || make::png_claiming(60_000, 60_000)),
    ("PNG 11000 x 10900 RGBA zeros", || make::png_zeros(11_000, 10_900, ColorType::Rgba, BitDepth::Eight)),
    ("PNG 10000 x 9000 RGB16 zeros", || make::png_zeros(10_000, 9_000, ColorType::Rgb, BitDepth::Sixteen)),
    ("PNG 12000 x 10000 RGB zeros (fits)", || {
        make::png_zeros(12_000, 10_000, ColorType::Rgb, BitDepth::Eight)
    }),
    ("PNG with ICC of 190 MB", || bloated(b"iCCP")),
    ("PNG with text of 190 MB", || bloated(b"zTXt")),
    ("PNG with 2 million chunks", || {
        let png = make::png_rgb(64, 64);
        [&png[..33], &make::chunk(b"abCd", b"").repeat(2_000_000), &png[33..]].concat()
    }),
    ("JPEG claims 65500 x 65500", || make::jpeg_claiming(65_500, 65_500)),
    ("JPEG claims 12000 x 10000, is empty", || make::jpeg_claiming(12_000, 10_000)),
    ("JPEG 12000 x 10000 flat (fits)", || make::jpeg_flat(12_000, 10_000)),
    ("JPEG 12000 x 10000, 10 scans grey", || make::jpeg_flat_progressive(12_000, 10_000, 5)),
    ("JPEG 4800 x 4800, 100 scans grey", || make::jpeg_flat_progressive(4_800, 4_800, 95)),
    ("JPEG 64 x 64, 5000 scans", || make::jpeg_of_scans(64, 64, 5_000)),
    ("JPEG with 5 million segments", || {
        let jpeg = make::jpeg(64, 64);
        [&jpeg[..2], &b"\xFF\xE5\x00\x02".repeat(5_000_000), &jpeg[2..]].concat()
    }),
    ("WebP claims 16384 x 16384", || make::webp_claiming(16_384, 16_384)),
    ("WebP 7000 x 6000 lossless", || make::webp(7_000, 6_000)),
];

fn main() {
    println!("{:<36} {:>9} {:>22} {:>24}", "bomb", "file KB", "inspect ms / MB more", "derive ms / MB more");
    for (name, make) in BOMBS {
        let bytes = make();
        let (ms, mb, seen) = measure(|| inspect(Cursor::new(&bytes), &Limits::default()).err());
        let (derive_ms, derive_mb, made) = measure(|| derive(&bytes, &Limits::default()).err());
        let outcome = |refusal: Option<anlao_imaging::Refusal>| {
            refusal.map_or("taken".to_owned(), |why| why.to_string())
        };
        println!(
            "{name:<36} {:>9} {ms:>12.1} / {mb:>7.1} {derive_ms:>14.1} / {derive_mb:>7.1}   {} | {}",
            bytes.len() / 1000,
            outcome(seen),
            outcome(made)
        );
    }
}

fn bloated(name: &[u8; 4]) -> Vec<u8> {
    let zeros = make::png_zeros(8_000, 8_000, ColorType::Rgb, BitDepth::Eight);
    make::with_chunk(&make::png_rgb(64, 64), name, &[b"p\0\0", &zeros[41..]].concat())
}

/// Milliseconds, and how far the peak of resident memory rose above where it stood.
fn measure<T>(work: impl FnOnce() -> T) -> (f64, f64, T) {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, started) = (resident("VmRSS"), Instant::now());
    let out = work();
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    (ms, (resident("VmHWM") - before) / 1000.0, out)
}

fn resident(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
