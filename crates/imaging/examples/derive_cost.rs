//! CPU time of [`anlao_imaging::derive`] beside the plain way with `image`, in one run on one core.
//!
//! `cargo run --release -p anlao-imaging --example derive_cost [photo ...]`; without photographs, or with
//! `ANLAO_CORPORA`, it makes one of 12 megapixels.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement, run by hand"
)]

use std::io::Cursor;

use anlao_imaging::{Limits, derive, encode_jpeg, inspect};
use anlao_test_pictures::make::snapshot;

const ROUNDS: usize = 9;

fn main() {
    let mut photos: Vec<(String, Vec<u8>)> =
        std::env::args().skip(1).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    if photos.is_empty() {
        photos.push(("12 MP, made up, soft".into(), made_up(4000, 3000, 89)));
        photos.push(("12 MP, made up, sharp".into(), made_up(4000, 3000, 94)));
    }
    println!(
        "{:>24} {:>6} {:>6} {:>10} {:>10} {:>6} {:>10}",
        "photo", "MP", "MB", "derive ms", "plain ms", "ratio", "inspect us"
    );
    for (name, bytes) in photos {
        let facts = inspect(Cursor::new(&bytes), &Limits::default()).unwrap();
        let pixels = f64::from(facts.width.unwrap_or(0)) * f64::from(facts.height.unwrap_or(0));
        // Taken in turns, so that a slow spell of a shared machine hits both.
        let (mut ours, mut plain, mut heads) = (vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            ours.push(cost(5, || drop(derive(&bytes, &Limits::default()).unwrap())));
            plain.push(cost(2, || plainly(&bytes)));
            heads.push(cost(100_000, || drop(inspect(Cursor::new(&bytes), &Limits::default()).unwrap())));
        }
        let (ours, plain, heads) = (median(ours), median(plain), median(heads) * 1000.0);
        let name: String = name.chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect();
        let megabytes = f64::from(u32::try_from(bytes.len()).unwrap()) / 1e6;
        println!(
            "{name:>24} {:>6.1} {megabytes:>6.2} {ours:>10.1} {plain:>10.1} {:>6.2} {heads:>10.2}",
            pixels / 1e6,
            ours / plain
        );
    }
}

/// The obvious way: `image` decodes, scales and encodes.
fn plainly(bytes: &[u8]) {
    let picture = image::load_from_memory(bytes).unwrap();
    let preview = picture.resize(1600, 1600, image::imageops::FilterType::Triangle).to_rgb8();
    let thumbnail =
        image::DynamicImage::from(preview.clone()).resize(320, 320, image::imageops::FilterType::Triangle);
    for (picture, quality) in [(preview, 80), (thumbnail.to_rgb8(), 75)] {
        let mut out = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, quality).encode_image(&picture).unwrap();
    }
}

fn made_up(width: u32, height: u32, quality: u8) -> Vec<u8> {
    encode_jpeg(&snapshot(width, height), width, height, quality).unwrap()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Milliseconds on the processor of this thread; waiting for a busy machine does not count. The kernel brings its
/// account up to date every few milliseconds, hence the repeats.
fn cost(times: u32, work: impl Fn()) -> f64 {
    let before = on_cpu();
    (0..times).for_each(|_| work());
    (on_cpu() - before) / 1e6 / f64::from(times)
}

fn on_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}
