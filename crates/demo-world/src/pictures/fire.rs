//! A fire extinguisher and a hydrant cabinet.

use std::f32::consts::PI;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::paint::{across, down, flat, lit, rgb};
use super::props::carton;
use super::room::{Look, room, steel, sunlight};

pub fn extinguisher(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    room(c, look, 372.0);
    sunlight(c, rng, 60.0);
    let x = rng.random_range(268.0..312.0);
    let red = lit(rgb(0x00c8_2420), if stage == Stage::Before { 0.86 } else { 1.05 });
    if stage == Stage::After {
        wall_sign(c, (x + 168.0, 86.0));
        c.polygon(
            &[(x - 74.0, 418.0), (x + 196.0, 418.0), (x + 214.0, 456.0), (x - 92.0, 456.0)],
            flat(rgb(0x00e8_bb20)).alpha(0.75),
        );
        c.polygon(
            &[(x - 62.0, 423.0), (x + 184.0, 423.0), (x + 198.0, 450.0), (x - 76.0, 450.0)],
            flat(look.floor),
        );
    }
    c.shade((x + 66.0, 436.0), (130.0, 30.0), 0.6);
    body(c, x, red);
    let needle =
        if stage == Stage::Before { rng.random_range(0.08..0.2) } else { rng.random_range(0.44..0.58) };
    gauge(c, (x + 60.0, 116.0), needle);
    if stage == Stage::Before {
        dust(c, rng, x);
        carton(c, rng, (x + 104.0, 344.0, 128.0, 104.0));
        carton(c, rng, (x - 154.0, 370.0, 108.0, 80.0));
    } else {
        tag(c, (x + 112.0, 176.0));
    }
}

fn body(c: &mut Canvas, x: f32, red: super::paint::Rgb) {
    c.round((x, 168.0, 124.0, 272.0), 42.0, across(lit(red, 0.6), lit(red, 1.2)));
    c.round((x + 30.0, 172.0, 64.0, 264.0), 30.0, across(lit(red, 1.15), lit(red, 0.95)));
    c.round((x + 30.0, 186.0, 12.0, 226.0), 6.0, flat(rgb(0x00ff_ffff)).alpha(0.4));
    c.round((x + 88.0, 180.0, 34.0, 250.0), 17.0, across(lit(red, 0.8), lit(red, 0.5)).alpha(0.7));
    c.rect((x + 2.0, 426.0, 120.0, 12.0), down(rgb(0x0030_3030), rgb(0x0014_1414)));
    c.rect((x + 44.0, 148.0, 34.0, 26.0), steel(0.95));
    let black = flat(rgb(0x0026_2627));
    c.tube(
        [(x + 34.0, 156.0), (x - 66.0, 160.0), (x - 34.0, 330.0), (x - 18.0, 376.0)],
        15.0,
        black,
        flat(rgb(0x0060_6062)),
    );
    c.polygon(&[(x - 29.0, 366.0), (x - 8.0, 366.0), (x - 2.0, 412.0), (x - 34.0, 412.0)], black);
    c.polygon(
        &[(x + 30.0, 150.0), (x + 142.0, 118.0), (x + 146.0, 130.0), (x + 60.0, 160.0)],
        down(rgb(0x0050_5153), rgb(0x0024_2425)),
    );
    c.polygon(
        &[(x + 56.0, 162.0), (x + 138.0, 152.0), (x + 138.0, 163.0), (x + 60.0, 172.0)],
        down(rgb(0x0042_4345), rgb(0x001c_1c1d)),
    );
    c.rect((x + 18.0, 232.0, 88.0, 132.0), across(rgb(0x00f3_f0e6), rgb(0x00cf_ccc2)));
    c.rect((x + 18.0, 232.0, 88.0, 26.0), flat(rgb(0x00f0_c020)));
    c.letters("FIRE", (x + 29.0, 237.0), 2.6, flat(rgb(0x0030_2010)));
    for line in 0_u8..6 {
        c.rect(
            (x + 26.0, 270.0 + f32::from(line) * 10.0, 70.0 - f32::from(line % 3) * 14.0, 3.2),
            flat(rgb(0x0060_5c54)),
        );
    }
    c.letters("4KG", (x + 40.0, 338.0), 2.4, flat(rgb(0x00a0_2020)));
}

/// The pressure gauge; `needle` runs from 0 (empty) over 0.5 (right) to 1 (over-charged).
fn gauge(c: &mut Canvas, (x, y): Point, needle: f32) {
    let radius = 41.0;
    c.shade((x + 3.0, y + 6.0), (58.0, 58.0), 0.4);
    c.ellipse((x, y), (radius + 6.0, radius + 6.0), across(rgb(0x00e8_d8a0), rgb(0x008a_7434)));
    c.ellipse((x, y), (radius, radius), flat(rgb(0x00fb_fbf6)));
    let at = |t: f32, r: f32| {
        let angle = PI * (1.15 + t * 0.7);
        (x + r * angle.cos(), y + 8.0 + r * angle.sin())
    };
    for (start, colour) in [(0.0_f32, 0x00d8_2a22), (0.34, 0x0028_a04c), (0.68, 0x00ec_bc1c)] {
        let inner = (0_u8..=6).map(|step| at(start + f32::from(step) * 0.055, 21.0));
        let outer = (0_u8..=6).rev().map(|step| at(start + f32::from(step) * 0.055, 35.0));
        let band: Vec<Point> = inner.chain(outer).collect();
        c.polygon(&band, flat(rgb(colour)));
    }
    c.stroke(&[(x, y + 8.0), at(needle, 31.0)], 3.4, flat(rgb(0x0018_1818)));
    c.ellipse((x, y + 8.0), (6.0, 6.0), flat(rgb(0x0020_2020)));
    c.letters("1.2", (x - 13.0, y + 20.0), 1.6, flat(rgb(0x0050_5050)));
}

fn dust(c: &mut Canvas, rng: &mut ChaCha8Rng, x: f32) {
    for _ in 0..26 {
        let at = (x + rng.random_range(6.0..116.0), rng.random_range(178.0..420.0));
        let size = rng.random_range(2.0..9.0);
        c.ellipse(
            at,
            (size, size * 0.6),
            flat(rgb(crate::pick(rng, &[0x00b8_a890, 0x007a_4a30]))).alpha(0.35),
        );
    }
    c.round((x + 4.0, 170.0, 116.0, 60.0), 36.0, flat(rgb(0x00b8_ac98)).alpha(0.25));
}

/// The card of monthly checks.
fn tag(c: &mut Canvas, (x, y): Point) {
    c.stroke(&[(x - 24.0, y - 12.0), (x + 18.0, y + 12.0)], 2.0, flat(rgb(0x00e8_e4d8)));
    c.polygon(
        &[(x, y + 8.0), (x + 58.0, y + 2.0), (x + 66.0, y + 96.0), (x + 6.0, y + 102.0)],
        down(rgb(0x00fd_fcf4), rgb(0x00e2_e0d4)),
    );
    for line in 0_u8..5 {
        let top = y + 26.0 + f32::from(line) * 14.0;
        c.polygon(
            &[(x + 8.0, top), (x + 38.0, top - 3.0), (x + 38.0, top), (x + 8.0, top + 3.0)],
            flat(rgb(0x008a_8a86)),
        );
        c.stroke(
            &[(x + 44.0, top - 3.0), (x + 48.0, top + 2.0), (x + 56.0, top - 8.0)],
            2.4,
            flat(rgb(0x0020_8a48)),
        );
    }
}

fn wall_sign(c: &mut Canvas, (x, y): Point) {
    c.shade((x + 46.0, y + 62.0), (80.0, 84.0), 0.25);
    c.rect((x, y, 92.0, 116.0), down(rgb(0x00d8_2c26), rgb(0x00b4_201c)));
    c.frame((x + 5.0, y + 5.0, 82.0, 106.0), 2.4, flat(rgb(0x00ff_f4f0)));
    let white = flat(rgb(0x00ff_f8f4));
    c.round((x + 32.0, y + 40.0, 28.0, 58.0), 10.0, white);
    c.rect((x + 40.0, y + 28.0, 12.0, 14.0), white);
    c.stroke(&[(x + 40.0, y + 34.0), (x + 22.0, y + 40.0), (x + 20.0, y + 70.0)], 5.0, white);
    c.stroke(&[(x + 44.0, y + 28.0), (x + 66.0, y + 20.0)], 5.0, white);
}

pub fn hydrant(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    room(c, look, 376.0);
    let x = rng.random_range(186.0..230.0);
    let red = rgb(0x00c4_2822);
    c.shade((x + 122.0, 200.0), (210.0, 220.0), 0.25);
    c.rect((x, 54.0, 244.0, 290.0), down(lit(red, 1.1), lit(red, 0.82)));
    c.rect((x + 18.0, 106.0, 208.0, 220.0), down(rgb(0x0048_4c4e), rgb(0x0070_7476)));
    c.letters("FIRE 119", (x + 40.0, 68.0), 3.5, flat(rgb(0x00ff_f6ee)));
    reel(c, (x + 86.0, 220.0), stage);
    c.rect((x + 170.0, 150.0, 20.0, 120.0), across(lit(red, 1.3), lit(red, 0.6)));
    c.ellipse((x + 180.0, 150.0), (32.0, 11.0), down(lit(red, 1.35), lit(red, 0.7)));
    c.rect((x + 150.0, 214.0, 30.0, 22.0), steel(0.95));
    if stage == Stage::After {
        c.polygon(
            &[(x + 142.0, 268.0), (x + 156.0, 268.0), (x + 166.0, 322.0), (x + 132.0, 322.0)],
            across(rgb(0x00e8_c868), rgb(0x009c_7a28)),
        );
    }
    let glare = flat(rgb(0x00ff_ffff)).alpha(0.14);
    c.polygon(
        &[(x + 30.0, 106.0), (x + 96.0, 106.0), (x + 40.0, 326.0), (x + 18.0, 326.0), (x + 18.0, 150.0)],
        glare,
    );
    c.polygon(&[(x + 130.0, 106.0), (x + 156.0, 106.0), (x + 100.0, 326.0), (x + 74.0, 326.0)], glare);
    c.round((x + 214.0, 204.0, 9.0, 44.0), 4.0, steel(1.1));
    if stage == Stage::Before {
        carton(c, rng, (x - 34.0, 328.0, 138.0, 116.0));
        carton(c, rng, (x + 118.0, 340.0, 126.0, 108.0));
        carton(c, rng, (x - 10.0, 246.0, 104.0, 82.0));
        carton(c, rng, (x + 132.0, 262.0, 96.0, 78.0));
        return;
    }
    let yellow = flat(rgb(0x00e8_bb20)).alpha(0.85);
    c.polygon(&[(x - 24.0, 396.0), (x + 268.0, 396.0), (x + 296.0, 468.0), (x - 52.0, 468.0)], yellow);
    c.polygon(
        &[(x - 12.0, 402.0), (x + 256.0, 402.0), (x + 278.0, 460.0), (x - 34.0, 460.0)],
        flat(lit(look.floor, 1.0)),
    );
    for step in 0_u8..5 {
        let left = x - 4.0 + f32::from(step) * 54.0;
        c.polygon(&[(left, 402.0), (left + 16.0, 402.0), (left - 4.0, 460.0), (left - 24.0, 460.0)], yellow);
    }
}

fn reel(c: &mut Canvas, (x, y): Point, stage: Stage) {
    let canvas_white = if stage == Stage::Before { 0.74 } else { 1.0 };
    for ring in 0_u8..6 {
        let radius = 66.0 - f32::from(ring) * 10.0;
        c.ellipse(
            (x, y),
            (radius, radius),
            across(lit(rgb(0x00f0_ead8), canvas_white), lit(rgb(0x00b8_b09a), canvas_white)),
        );
        c.ellipse((x, y), (radius - 7.0, radius - 7.0), flat(rgb(0x0066_6254)));
    }
    c.ellipse((x, y), (10.0, 10.0), flat(rgb(0x00b8_2c24)));
    c.tube(
        [(x + 60.0, y + 20.0), (x + 70.0, y + 90.0), (x + 60.0, y + 96.0), (x + 42.0, y + 98.0)],
        12.0,
        flat(lit(rgb(0x00d8_d0ba), canvas_white)),
        flat(rgb(0x00f4_f0e4)),
    );
}
