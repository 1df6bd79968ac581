//! A record form on a desk, for findings that live on paper.

use std::f32::consts::TAU;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::paint::{Rgb, across, down, flat, lit, rgb};
use super::room::{Look, steel};

const ROWS: u8 = 11;
const COLUMNS: [f32; 5] = [0.0, 62.0, 150.0, 238.0, 306.0];

pub fn records(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    desk(c, look);
    c.shade((330.0, 250.0), (280.0, 270.0), 0.4);
    c.round((142.0, 6.0, 366.0, 470.0), 12.0, across(lit(look.wood, 0.72), lit(look.wood, 0.6)));
    c.rect((160.0, 30.0, 330.0, 432.0), down(rgb(0x00fd_fcf8), rgb(0x00ec_eae2)));
    c.round((266.0, -6.0, 118.0, 38.0), 8.0, steel(1.0));
    c.round((300.0, -16.0, 50.0, 22.0), 9.0, steel(0.85));
    let ink = flat(rgb(0x0040_4448));
    for bar in 0_u8..7 {
        c.rect((226.0 + f32::from(bar) * 29.0, 48.0, 21.0, 19.0), ink.alpha(0.85));
        c.rect((231.0 + f32::from(bar) * 29.0, 53.0, 11.0, 3.0), flat(rgb(0x00fd_fcf8)));
        c.rect((231.0 + f32::from(bar) * 29.0, 60.0, 11.0, 3.0), flat(rgb(0x00fd_fcf8)));
    }
    grid(c);
    let filled = if stage == Stage::After { ROWS } else { rng.random_range(2..4) };
    let pen = rgb(crate::pick(rng, &[0x0028_3c78, 0x0024_2428, 0x0030_4a90]));
    for row in 1..ROWS {
        if row <= filled {
            fill_row(c, rng, row, pen);
        }
    }
    if stage == Stage::After {
        seal(c, (420.0, 398.0));
    }
    pen_on_desk(c, (536.0, 150.0), pen);
}

fn desk(c: &mut Canvas, look: &Look) {
    let wood = lit(look.wood, 1.25);
    c.rect((-320.0, -340.0, 1280.0, 1100.0), down(lit(wood, 1.08), lit(wood, 0.88)));
    for board in 0_u8..9 {
        let y = -330.0 + f32::from(board) * 122.0;
        c.rect((-320.0, y, 1280.0, 2.6), flat(lit(wood, 0.62)).alpha(0.7));
        for grain in 0_u8..4 {
            let line = y + 18.0 + f32::from(grain) * 26.0;
            c.stroke(
                &[(-320.0, line), (100.0, line + 8.0), (420.0, line - 6.0), (960.0, line + 5.0)],
                1.8,
                flat(lit(wood, 0.8)).alpha(0.5),
            );
        }
    }
}

fn cell(row: u8, column: f32) -> Point {
    (172.0 + column, 86.0 + f32::from(row) * 30.0)
}

fn grid(c: &mut Canvas) {
    let line = flat(rgb(0x0068_6c70));
    c.rect((172.0, 86.0, 306.0, 30.0), flat(rgb(0x00d8_e2e8)));
    for row in 0..=ROWS {
        let (x, y) = cell(row, 0.0);
        c.rect((x, y, 306.0, 1.8), line);
    }
    for column in COLUMNS {
        let (x, y) = cell(0, column);
        c.rect((x, y, 1.8, 30.0 * f32::from(ROWS)), line);
    }
    for column in [14.0, 86.0, 174.0, 252.0] {
        let (x, y) = cell(0, column);
        c.rect((x, y + 9.0, 14.0, 13.0), line);
        c.rect((x + 18.0, y + 9.0, 14.0, 13.0), line);
    }
}

fn fill_row(c: &mut Canvas, rng: &mut ChaCha8Rng, row: u8, pen: Rgb) {
    let (x, y) = cell(row, 10.0);
    c.letters(&format!("12-{:02}", row + 8), (x, y + 10.0), 1.6, flat(pen));
    for (column, length) in [(72.0, 66.0), (160.0, 66.0)] {
        let (x, y) = cell(row, column);
        let marks = rng.random_range(4..6_u8);
        for mark in 0..marks {
            let left = x + f32::from(mark) * length / f32::from(marks);
            let mut jot = || (left + rng.random_range(0.0..10.0), y + rng.random_range(7.0..23.0));
            let (bend, end) = (jot(), jot());
            c.stroke(&[(left, y + 11.0), (left + 10.0, y + 10.0)], 1.7, flat(pen));
            c.stroke(&[(left + 5.0, y + 8.0), bend, (left + 2.0, y + 23.0)], 1.6, flat(pen));
            c.stroke(&[bend, end], 1.6, flat(pen));
        }
    }
    let (x, y) = cell(row, 256.0);
    c.stroke(&[(x, y + 14.0), (x + 7.0, y + 22.0), (x + 20.0, y + 6.0)], 2.6, flat(rgb(0x0020_8a48)));
}

/// The round red seal of the institution, with its star.
fn seal(c: &mut Canvas, (x, y): Point) {
    let ring = |radius: f32| {
        (0_u8..32).map(move |step| {
            let (sin, cos) = (TAU * f32::from(step) / 32.0).sin_cos();
            (x + radius * cos, y + radius * sin)
        })
    };
    let band: Vec<Point> = ring(48.0)
        .chain(ring(48.0).take(1))
        .chain(ring(43.0).take(1))
        .chain(ring(43.0).collect::<Vec<_>>().into_iter().rev())
        .collect();
    let red = flat(rgb(0x00cc_2c28)).alpha(0.75);
    c.polygon(&band, red);
    let star: Vec<Point> = (0_u8..10)
        .map(|step| {
            let reach = if step % 2 == 0 { 18.0 } else { 7.5 };
            let (sin, cos) = (TAU * f32::from(step) / 10.0 - TAU / 4.0).sin_cos();
            (x + reach * cos, y + reach * sin)
        })
        .collect();
    c.polygon(&star, red);
    for step in 0_u8..11 {
        let (sin, cos) = (TAU * (0.42 + f32::from(step) * 0.066)).sin_cos();
        c.rect((x + 33.0 * cos - 4.0, y + 33.0 * sin - 4.5, 8.0, 9.0), red);
    }
}

fn pen_on_desk(c: &mut Canvas, (x, y): Point, colour: Rgb) {
    c.shade((x + 14.0, y + 110.0), (36.0, 120.0), 0.35);
    c.stroke(&[(x, y), (x + 22.0, y + 200.0)], 13.0, across(lit(colour, 2.2), colour));
    c.stroke(&[(x + 22.0, y + 200.0), (x + 25.0, y + 226.0)], 6.0, steel(0.9));
}
