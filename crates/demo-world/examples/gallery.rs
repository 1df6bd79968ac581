//! Writes a contact sheet of scenes, before and after, and says what they cost:
//! `cargo run --release -p anlao-demo-world --example gallery -- sheet.png [seeds] [first seed] [first scene] [scenes]`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "an example for the eye")]

use std::time::Instant;

use anlao_demo_world::{Picture, Scene, Stage, draw_scene};
use image::{RgbImage, imageops};

const WIDE: u32 = 320;
const HIGH: u32 = 240;

fn number(place: usize, otherwise: u32) -> u32 {
    std::env::args().nth(place).map_or(otherwise, |word| word.parse().expect("a number"))
}

fn main() {
    let path = std::env::args()
        .nth(1)
        .expect("usage: gallery <sheet.png> [seeds] [first seed] [first scene] [scenes]");
    let (seeds, first) = (number(2, 3), number(3, 1));
    let (skip, take) = (number(4, 0), number(5, 15).min(15));
    let mut sheet = RgbImage::new(WIDE * seeds * 2, HIGH * take);
    let (mut spent, mut bytes) = (Vec::new(), Vec::new());
    for (row, (_, scene)) in (0..take).zip((0_u32..).zip(Scene::ALL).filter(|(place, _)| *place >= skip)) {
        for column in 0..seeds {
            for (side, stage) in (0..).zip([Stage::Before, Stage::After]) {
                let start = Instant::now();
                let picture = draw_scene(u64::from(first + column), scene, stage);
                spent.push(start.elapsed());
                bytes.push(picture.jpeg.len());
                place(&mut sheet, &picture, (column * 2 + side) * WIDE, row * HIGH);
            }
        }
    }
    sheet.save(&path).expect("the sheet can be written");
    spent.sort_unstable();
    bytes.sort_unstable();
    let (fastest, median) = (spent.first(), spent.get(spent.len() / 2));
    println!(
        "{} pictures; fastest {fastest:?}, median {median:?}; {:?}..{:?} bytes",
        spent.len(),
        bytes.first(),
        bytes.last()
    );
}

fn place(sheet: &mut RgbImage, picture: &Picture, x: u32, y: u32) {
    let decoded = image::load_from_memory(&picture.jpeg).expect("a readable picture").to_rgb8();
    let width = picture.width * HIGH / picture.height;
    let small = imageops::thumbnail(&decoded, width, HIGH);
    imageops::overlay(sheet, &small, i64::from(x) + i64::from((WIDE - width) / 2), i64::from(y));
}
