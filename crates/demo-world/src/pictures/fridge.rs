//! A refrigerator, jumbled and sorted.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::paint::{Rgb, across, down, flat, lit, rgb};
use super::room::{Look, room};
use super::shapes::Box4;

const SHELVES: [f32; 4] = [128.0, 222.0, 316.0, 412.0];

pub fn fridge(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    room(c, look, 430.0);
    let shell = rgb(crate::pick(rng, &[0x00e8_eaec, 0x00d0_d6da, 0x00f0_eee6]));
    c.shade((300.0, 452.0), (300.0, 26.0), 0.5);
    c.round((138.0, -4.0, 300.0, 456.0), 12.0, across(lit(shell, 1.0), lit(shell, 0.84)));
    c.rect((156.0, 18.0, 264.0, 416.0), down(rgb(0x00fa_fdff), rgb(0x00c6_d4da)));
    c.polygon(
        &[(438.0, -2.0), (566.0, -30.0), (566.0, 478.0), (438.0, 450.0)],
        across(lit(shell, 1.04), lit(shell, 0.8)),
    );
    c.polygon(
        &[(446.0, 16.0), (552.0, -6.0), (552.0, 456.0), (446.0, 434.0)],
        across(rgb(0x00f4_f8fa), rgb(0x00cc_d6da)),
    );
    for y in [120.0, 250.0, 380.0] {
        c.polygon(
            &[(446.0, y), (552.0, y + 8.0), (552.0, y + 38.0), (446.0, y + 28.0)],
            down(rgb(0x00dd_e8ec), rgb(0x00b4_c4ca)),
        );
        bottles(c, rng, y);
    }
    c.shade((288.0, 30.0), (160.0, 90.0), -0.16);
    for (number, y) in SHELVES.into_iter().enumerate() {
        if stage == Stage::Before {
            jumble(c, rng, y);
        } else {
            tidy(c, y, number);
        }
        c.rect((156.0, y, 264.0, 7.0), down(rgb(0x00e6_f2f6), rgb(0x0098_b0b8)));
        c.rect((156.0, y + 7.0, 264.0, 9.0), flat([40.0, 60.0, 70.0]).alpha(0.16));
    }
    if stage == Stage::After {
        c.round((330.0, 24.0, 78.0, 28.0), 5.0, flat(rgb(0x0022_2c30)));
        c.letters("4.0C", (340.0, 30.0), 2.4, flat(rgb(0x0060_f0b0)));
    }
}

fn bottles(c: &mut Canvas, rng: &mut ChaCha8Rng, y: f32) {
    for number in 0_u8..3 {
        let x = 456.0 + f32::from(number) * 31.0;
        let tone = rgb(crate::pick(rng, &[0x00d8_a030, 0x00a8_3428, 0x0048_8a58, 0x00e8_e0d0, 0x005a_3a24]));
        let lean = f32::from(number) * 3.0;
        c.round((x, y - 54.0 + lean, 22.0, 56.0), 6.0, across(lit(tone, 1.2), lit(tone, 0.7)));
        c.rect((x + 6.0, y - 70.0 + lean, 10.0, 18.0), flat(lit(tone, 0.6)));
    }
}

/// Raw meat, greens, bowls and boxes as they came.
fn jumble(c: &mut Canvas, rng: &mut ChaCha8Rng, y: f32) {
    for slot in 0_u8..4 {
        let x = 164.0 + f32::from(slot) * 62.0 + rng.random_range(-5.0..5.0);
        match rng.random_range(0..5) {
            0 => meat(c, (x, y - 36.0), 58.0),
            1 => greens(c, rng, (x, y - 40.0)),
            2 => bowl(c, rng, (x, y - 40.0)),
            3 => carton_box(c, (x, y - 56.0, 54.0, 56.0), rgb(0x00b8_8a54)),
            _ => {
                let tone = rgb(crate::pick(rng, &[0x00e8_d8b0, 0x00c8_e0e8, 0x00f0_b8a8]));
                c.polygon(
                    &[(x, y), (x + 8.0, y - 40.0), (x + 26.0, y - 58.0), (x + 44.0, y - 42.0), (x + 56.0, y)],
                    down(tone, lit(tone, 0.8)).alpha(0.85),
                );
                c.stroke(
                    &[(x + 20.0, y - 50.0), (x + 30.0, y - 62.0), (x + 36.0, y - 50.0)],
                    3.0,
                    flat(rgb(0x00c8_3838)),
                );
            }
        }
    }
    let drip = rng.random_range(180.0..390.0);
    c.polygon(
        &[(drip - 4.0, y + 4.0), (drip + 4.0, y + 4.0), (drip + 1.0, y + 40.0)],
        flat(rgb(0x00a8_2820)).alpha(0.7),
    );
}

pub fn meat(c: &mut Canvas, (x, y): Point, w: f32) {
    let red = rgb(0x00c0_3c38);
    c.polygon(
        &[(x, y + 36.0), (x + 4.0, y + 12.0), (x + w * 0.4, y), (x + w * 0.9, y + 8.0), (x + w, y + 36.0)],
        down(lit(red, 1.2), lit(red, 0.8)),
    );
    c.stroke(
        &[(x + 8.0, y + 16.0), (x + w * 0.45, y + 7.0), (x + w * 0.85, y + 14.0)],
        5.0,
        flat(rgb(0x00f8_dcd0)),
    );
    c.stroke(
        &[(x + 12.0, y + 27.0), (x + w * 0.5, y + 20.0), (x + w * 0.9, y + 26.0)],
        3.4,
        flat(rgb(0x00f0_c8bc)),
    );
}

fn greens(c: &mut Canvas, rng: &mut ChaCha8Rng, (x, y): Point) {
    for _ in 0..7 {
        let at = (x + rng.random_range(8.0..48.0), y + rng.random_range(8.0..30.0));
        let tone = rgb(crate::pick(rng, &[0x0058_9c3c, 0x0078_b850, 0x003c_7a30, 0x00a0_a840]));
        c.ellipse(at, (15.0, 11.0), down(lit(tone, 1.15), lit(tone, 0.8)));
    }
    c.rect((x + 20.0, y + 30.0, 16.0, 10.0), flat(rgb(0x00e8_f0d8)));
}

fn bowl(c: &mut Canvas, rng: &mut ChaCha8Rng, (x, y): Point) {
    let filling = rgb(crate::pick(rng, &[0x00c8_7828, 0x00e8_d090, 0x0098_5030]));
    c.ellipse((x + 28.0, y + 10.0), (29.0, 11.0), down(lit(filling, 1.1), filling));
    c.polygon(
        &[(x - 2.0, y + 8.0), (x + 58.0, y + 8.0), (x + 44.0, y + 40.0), (x + 12.0, y + 40.0)],
        across(rgb(0x00fa_fafa), rgb(0x00c0_c8cc)),
    );
    c.ellipse((x + 28.0, y + 9.0), (25.0, 7.0), down(lit(filling, 1.15), filling));
}

fn carton_box(c: &mut Canvas, (x, y, w, h): Box4, tone: Rgb) {
    c.rect((x, y, w, h), across(tone, lit(tone, 0.8)));
    c.rect((x + w * 0.4, y, w * 0.16, h * 0.3), flat(rgb(0x00e6_d3a4)));
}

/// Clear boxes with lids, one kind of food and one colour of label a shelf.
fn tidy(c: &mut Canvas, y: f32, shelf: usize) {
    let kinds = [
        (0x00c8_7828, 0x0028_78c0),
        (0x00e8_d090, 0x00d8_a820),
        (0x0060_a040, 0x0030_a050),
        (0x00c0_3c38, 0x00cc_3028),
    ];
    let (filling, label) = kinds.get(shelf).copied().unwrap_or_default();
    for slot in 0_u8..3 {
        let x = 166.0 + f32::from(slot) * 84.0;
        sample_box(c, (x, y - 62.0, 74.0, 62.0), rgb(filling), rgb(label));
    }
}

pub fn sample_box(c: &mut Canvas, (x, y, w, h): Box4, filling: Rgb, label: Rgb) {
    c.round((x + 2.0, y + h * 0.16, w - 4.0, h * 0.84), 7.0, down(rgb(0x00f0_f8fa), rgb(0x00c8_d8de)));
    c.round((x + 6.0, y + h * 0.42, w - 12.0, h * 0.54), 6.0, down(lit(filling, 1.1), lit(filling, 0.85)));
    c.round((x, y, w, h * 0.2), 5.0, down(lit(label, 1.2), lit(label, 0.85)));
    c.rect((x + w * 0.2, y + h * 0.46, w * 0.6, h * 0.32), flat(rgb(0x00fd_fcf6)));
    c.rect((x + w * 0.2, y + h * 0.46, w * 0.6, h * 0.09), flat(label));
    c.rect((x + w * 0.26, y + h * 0.62, w * 0.4, h * 0.04), flat(rgb(0x0060_6060)));
    c.rect((x + w * 0.26, y + h * 0.7, w * 0.3, h * 0.04), flat(rgb(0x0060_6060)));
}
