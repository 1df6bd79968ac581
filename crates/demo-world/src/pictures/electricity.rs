//! Power strips by a bed, and a distribution board.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::paint::{Rgb, across, down, flat, lit, rgb};
use super::props::{bed, carton, socket};
use super::room::{Look, room, steel, sunlight};

/// A power strip lying on the floor at an angle, with its plugs in.
fn strip(c: &mut Canvas, at: Point, turn: f32, outlets: u8, shell: Rgb) {
    let (sin, cos) = turn.sin_cos();
    let place = |x: f32, y: f32| (at.0 + x * cos - y * sin, at.1 + x * sin + y * cos);
    let length = f32::from(outlets) * 40.0 + 34.0;
    let quad =
        |x: f32, y: f32, w: f32, h: f32| [place(x, y), place(x + w, y), place(x + w, y + h), place(x, y + h)];
    c.shade(place(length * 0.5, 34.0), (length * 0.6, 30.0), 0.55);
    c.polygon(&quad(0.0, 6.0, length, 38.0), flat(lit(shell, 0.66)));
    c.polygon(&quad(0.0, 0.0, length, 36.0), down(lit(shell, 1.06), lit(shell, 0.94)));
    c.polygon(&quad(8.0, 11.0, 15.0, 13.0), flat(rgb(0x00d2_2f27)));
    for outlet in 0..outlets {
        let x = 34.0 + f32::from(outlet) * 40.0;
        c.polygon(&quad(x, 5.0, 30.0, 26.0), flat(lit(shell, 0.88)));
        for (dx, dy) in [(8.0, 9.0), (19.0, 9.0), (13.0, 20.0)] {
            c.polygon(&quad(x + dx, dy, 3.6, 7.0), flat(rgb(0x0022_2222)));
        }
    }
}

pub fn plug(c: &mut Canvas, (x, y): Point, colour: Rgb) {
    c.shade((x + 3.0, y + 10.0), (24.0, 18.0), 0.45);
    c.round((x - 13.0, y - 13.0, 26.0, 24.0), 6.0, down(lit(colour, 1.5), colour));
    c.round((x - 9.0, y - 11.0, 18.0, 7.0), 3.0, flat(lit(colour, 2.0)).alpha(0.5));
}

pub fn cord(c: &mut Canvas, path: [Point; 4], colour: Rgb) {
    let shadow = path.map(|(x, y)| (x + 4.0, y + 5.0));
    c.tube(shadow, 9.0, flat([0.0; 3]).alpha(0.22), flat([0.0; 3]).alpha(0.0));
    c.tube(path, 7.5, flat(colour), flat(lit(colour, 1.8)));
}

pub fn power_strip(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    let bed_x = rng.random_range(34.0..54.0);
    let shell = rgb(crate::pick(rng, &[0x00f1_efe8, 0x00e9_e6da, 0x00df_e5e8]));
    let black = rgb(0x0026_2627);
    room(c, look, 318.0);
    sunlight(c, rng, 40.0);
    bed(c, look.cloth, look.wood, (bed_x, 206.0));
    cabinet(c, look);
    socket(c, (538.0, 146.0), rgb(0x00f6_f5f1));
    if stage == Stage::After {
        socket(c, (474.0, 146.0), rgb(0x00f6_f5f1));
        c.rect((408.0, 212.0, 96.0, 10.0), down(rgb(0x00fa_faf8), rgb(0x00d0_d0cc)));
        plug(c, (503.0, 166.0), black);
        cord(c, [(503.0, 176.0), (506.0, 232.0), (440.0, 206.0), (386.0, 262.0)], rgb(0x00e8_e6e0));
        return;
    }
    plug(c, (567.0, 166.0), rgb(0x00d0_cec8));
    let tilt = rng.random_range(-0.12..0.06);
    let second = (332.0 + rng.random_range(-12.0..24.0), 418.0);
    let first = (150.0 + rng.random_range(-18.0..18.0), 372.0);
    cord(c, [(567.0, 176.0), (590.0, 420.0), (490.0, 330.0), (330.0, 388.0)], shell);
    strip(c, first, tilt, 4, shell);
    cord(
        c,
        [(first.0 + 48.0, 388.0), (140.0, 486.0), (250.0, 470.0), (second.0 + 6.0, 438.0)],
        rgb(0x00e4_e0d4),
    );
    strip(c, second, -tilt - 0.08, 5, lit(shell, 0.96));
    plug(c, (first.0 + 48.0, 385.0 + tilt * 40.0), rgb(0x00c8_c4b8));
    cord(c, [(first.0 + 130.0, 388.0), (300.0, 330.0), (270.0, 330.0), (bed_x + 250.0, 312.0)], black);
    plug(c, (first.0 + 130.0, 385.0 + tilt * 110.0), black);
    for (outlet, end) in [(0.0, (420.0, 500.0)), (2.0, (606.0, 520.0)), (3.0, (660.0, 380.0))] {
        let from = (second.0 + 52.0 + outlet * 40.0, 428.0 - outlet * 4.0);
        cord(
            c,
            [from, (from.0 + 20.0, 380.0), (end.0 - 20.0, end.1 - 60.0), end],
            lit(black, 1.0 + outlet * 0.4),
        );
        plug(c, from, lit(black, 1.0 + outlet * 0.4));
    }
    c.shade((second.0 + 132.0, 432.0), (26.0, 20.0), 0.9);
}

/// A bedside cabinet with a lamp.
fn cabinet(c: &mut Canvas, look: &Look) {
    let wood = lit(look.wood, 1.12);
    c.shade((482.0, 352.0), (92.0, 22.0), 0.45);
    c.rect((414.0, 248.0, 122.0, 100.0), down(wood, lit(wood, 0.8)));
    c.rect((408.0, 240.0, 134.0, 11.0), down(lit(wood, 1.25), lit(wood, 0.9)));
    for y in [258.0, 304.0] {
        c.frame((422.0, y, 106.0, 40.0), 2.4, flat(lit(wood, 0.62)));
        c.ellipse((475.0, y + 20.0), (6.0, 4.0), flat(rgb(0x00d8_d2c2)));
    }
    c.rect((444.0, 196.0, 5.0, 46.0), flat(rgb(0x0086_7a66)));
    c.polygon(
        &[(424.0, 200.0), (434.0, 160.0), (460.0, 160.0), (470.0, 200.0)],
        down(rgb(0x00ff_f4d4), rgb(0x00e6_cf96)),
    );
    c.round((488.0, 214.0, 22.0, 28.0), 4.0, across(rgb(0x0080_b8d8), rgb(0x004c_88b0)));
}

pub fn switch_board(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    room(c, look, 400.0);
    let box_tone = rgb(crate::pick(rng, &[0x00c9_cdcb, 0x00b8_c0c6, 0x00d6_d2c4]));
    c.shade((330.0, 230.0), (230.0, 230.0), 0.28);
    c.polygon(
        &[(196.0, 60.0), (92.0, 40.0), (92.0, 372.0), (196.0, 346.0)],
        across(lit(box_tone, 1.05), lit(box_tone, 0.8)),
    );
    c.rect((192.0, 56.0, 282.0, 292.0), down(lit(box_tone, 1.08), lit(box_tone, 0.84)));
    c.rect((206.0, 70.0, 254.0, 264.0), down(rgb(0x0054_5a5e), rgb(0x0072_7a7e)));
    if stage == Stage::After {
        warning_triangle(c, (144.0, 190.0));
    }
    for row in [112.0, 222.0] {
        c.rect((212.0, row + 18.0, 242.0, 8.0), steel(1.0));
        for number in 0_u8..7 {
            breaker(
                c,
                (218.0 + f32::from(number) * 34.0, row),
                number == 0,
                stage == Stage::After || rng.random_bool(0.7),
            );
            if stage == Stage::After {
                c.rect((219.0 + f32::from(number) * 34.0, row + 60.0, 28.0, 13.0), flat(rgb(0x00fd_f6d0)));
                c.letters(
                    &format!("K{}", number + 1),
                    (224.0 + f32::from(number) * 34.0, row + 62.0),
                    1.4,
                    flat(rgb(0x0030_3030)),
                );
            }
        }
    }
    wires(c, rng, stage);
    if stage == Stage::Before {
        carton(c, rng, (214.0, 366.0, 122.0, 96.0));
        carton(c, rng, (356.0, 378.0, 104.0, 86.0));
        carton(c, rng, (232.0, 300.0, 98.0, 66.0));
    }
}

fn breaker(c: &mut Canvas, (x, y): Point, main: bool, up: bool) {
    c.rect((x, y, 30.0, 56.0), across(rgb(0x00f4_f4f2), rgb(0x00c9_ccce)));
    c.rect((x + 8.0, y + 14.0, 14.0, 26.0), flat(rgb(0x00d5_d8da)));
    let handle = if up { y + 15.0 } else { y + 27.0 };
    let colour = if main { rgb(0x00c8_3a2c) } else { rgb(0x002b_3035) };
    c.rect((x + 9.0, handle, 12.0, 12.0), down(lit(colour, 1.3), colour));
    c.rect((x + 29.0, y, 1.6, 56.0), flat(rgb(0x0088_8e92)));
}

/// Before: a tangle that leaves the box where it likes. After: straight runs.
fn wires(c: &mut Canvas, rng: &mut ChaCha8Rng, stage: Stage) {
    let colours = [0x00c9_3b30, 0x002f_6fb4, 0x00d8_b82e, 0x002c_8a4e, 0x0030_3030];
    for number in 0_u8..7 {
        let x = 233.0 + f32::from(number) * 34.0;
        let colour = rgb(crate::pick(rng, &colours));
        if stage == Stage::After {
            c.stroke(&[(x, 74.0), (x, 112.0)], 4.0, flat(colour));
            c.stroke(&[(x, 298.0), (x, 332.0)], 4.0, flat(colour));
            continue;
        }
        let sway = rng.random_range(-70.0..70.0);
        let end = (rng.random_range(200.0..470.0), rng.random_range(330.0..392.0));
        c.tube(
            [(x, 166.0), (x + sway, 250.0), (x - sway, 200.0), end],
            5.0,
            flat(colour),
            flat(lit(colour, 1.5)),
        );
        let top = (rng.random_range(210.0..456.0), 222.0);
        c.tube(
            [(x, 112.0), (x + sway, 70.0), (top.0 - sway, 260.0), top],
            4.4,
            flat(colour),
            flat(lit(colour, 1.5)),
        );
    }
    if stage == Stage::Before {
        cord(c, [(440.0, 280.0), (560.0, 300.0), (520.0, 420.0), (640.0, 470.0)], rgb(0x00e8_e4da));
    }
}

fn warning_triangle(c: &mut Canvas, (x, y): Point) {
    c.polygon(&[(x, y - 44.0), (x + 40.0, y + 32.0), (x - 40.0, y + 28.0)], flat(rgb(0x0020_2020)));
    c.polygon(&[(x, y - 34.0), (x + 32.0, y + 26.0), (x - 32.0, y + 23.0)], flat(rgb(0x00f6_c916)));
    let bolt = [
        (x + 4.0, y - 18.0),
        (x - 10.0, y + 4.0),
        (x - 1.0, y + 4.0),
        (x - 6.0, y + 21.0),
        (x + 10.0, y - 3.0),
        (x + 1.0, y - 3.0),
    ];
    c.polygon(&bolt, flat(rgb(0x0020_2020)));
}
