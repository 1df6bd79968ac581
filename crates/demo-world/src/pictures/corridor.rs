//! An escape corridor, blocked and cleared.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::paint::{down, flat, lit, rgb};
use super::props::{carton, exit_sign};
use super::room::{Look, steel};

/// Where the far wall stands on the picture.
const FAR: (f32, f32, f32, f32) = (236.0, 118.0, 168.0, 150.0);

pub fn corridor(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    shell(c, look);
    for (number, depth) in [0.16_f32, 0.42].into_iter().enumerate() {
        side_door(c, look, depth, number == 0);
    }
    far_door(c, stage);
    let size = rng.random_range(0.92..1.06);
    exit_sign(c, (262.0, 66.0), size, true);
    if stage == Stage::Before {
        clutter(c, look, rng);
    } else {
        floor_arrows(c);
    }
}

/// A little behind the viewer, so that floor and walls run out of every picture.
const HERE: f32 = -0.06;

/// A point on the floor, wall or ceiling: `across` and `up` from -1 to 1, `depth` from 0 (here) to 1 (the far wall).
fn place(across: f32, up: f32, depth: f32) -> Point {
    let reach = 1.0 / (0.22 + depth * 0.78);
    (320.0 + across * 84.0 * reach, 193.0 - up * 75.0 * reach)
}

fn shell(c: &mut Canvas, look: &Look) {
    let quad = |a: (f32, f32), b: (f32, f32)| {
        [place(a.0, a.1, HERE), place(a.0, a.1, 1.0), place(b.0, b.1, 1.0), place(b.0, b.1, HERE)]
    };
    c.rect((-320.0, -340.0, 1280.0, 1100.0), flat(lit(look.wall, 0.8)));
    c.polygon(&quad((-1.0, 1.0), (1.0, 1.0)), down(rgb(0x00f4_f3ee), rgb(0x00c8_c6c0)));
    c.polygon(&quad((-1.0, -1.0), (1.0, -1.0)), down(lit(look.floor, 0.78), lit(look.floor, 1.12)));
    c.polygon(&quad((-1.0, 1.0), (-1.0, -1.0)), down(lit(look.wall, 1.0), lit(look.wall, 0.86)));
    c.polygon(&quad((1.0, 1.0), (1.0, -1.0)), down(lit(look.wall, 0.93), lit(look.wall, 0.8)));
    for side in [-1.0, 1.0] {
        c.polygon(&quad((side, -0.42), (side, -1.0)), flat(lit(look.accent, 0.95)).alpha(0.85));
        c.polygon(&quad((side, -0.22), (side, -0.3)), flat(lit(look.wood, 1.05)));
        c.polygon(&quad((side, -0.94), (side, -1.0)), flat(lit(look.floor, 0.6)));
    }
    for depth in [0.04_f32, 0.1, 0.18, 0.28, 0.4, 0.56, 0.76] {
        let (left, right) = (place(-1.0, -1.0, depth), place(1.0, -1.0, depth));
        c.stroke(&[left, right], 2.2 - depth * 1.6, flat(lit(look.floor, 0.62)).alpha(0.6));
    }
    for across in [-0.5, 0.0, 0.5] {
        c.stroke(
            &[place(across, -1.0, 0.0), place(across, -1.0, 1.0)],
            1.3,
            flat(lit(look.floor, 0.62)).alpha(0.5),
        );
    }
    for depth in [0.08, 0.3, 0.62] {
        let light = [
            place(-0.22, 1.0, depth),
            place(0.22, 1.0, depth),
            place(0.22, 1.0, depth + 0.09),
            place(-0.22, 1.0, depth + 0.09),
        ];
        c.polygon(&light, flat(rgb(0x00ff_fdf2)));
    }
    c.rect(FAR, down(lit(look.wall, 0.92), lit(look.wall, 0.84)));
}

fn side_door(c: &mut Canvas, look: &Look, depth: f32, left: bool) {
    for side in if left { [-1.0, 1.0] } else { [1.0, -1.0] } {
        let panel = |lower: f32, upper: f32, margin: f32| {
            [
                place(side, lower, depth + margin),
                place(side, lower, depth + 0.15 - margin),
                place(side, upper, depth + 0.15 - margin),
                place(side, upper, depth + margin),
            ]
        };
        c.polygon(&panel(-1.0, 0.52, 0.0), flat(lit(look.wood, 0.66)));
        c.polygon(&panel(-1.0, 0.47, 0.009), down(lit(look.wood, 1.12), lit(look.wood, 0.92)));
        c.polygon(&panel(0.02, 0.34, 0.045), flat(rgb(0x00b9_d0d6)));
    }
}

fn far_door(c: &mut Canvas, stage: Stage) {
    let green = rgb(0x004f_8f74);
    c.rect((268.0, 128.0, 104.0, 140.0), flat(lit(green, 0.6)));
    for x in [272.0, 322.0] {
        c.rect((x, 132.0, 46.0, 136.0), down(lit(green, 1.15), lit(green, 0.85)));
        c.rect((x + 12.0, 148.0, 22.0, 40.0), down(rgb(0x00e8_f4f4), rgb(0x009f_bcc0)));
        c.rect((x + 4.0, 206.0, 38.0, 6.0), steel(1.1));
    }
    if stage == Stage::Before {
        c.stroke(&[(306.0, 204.0), (320.0, 218.0), (334.0, 204.0)], 5.0, flat(rgb(0x0040_4244)));
        c.round((313.0, 214.0, 14.0, 17.0), 3.0, down(rgb(0x00d8_b24a), rgb(0x0094_7424)));
    }
}

fn clutter(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng) {
    let mut sway = |range: f32| rng.random_range(-range..range);
    let (a, b, d) = (sway(12.0), sway(14.0), sway(10.0));
    carton(c, rng, (352.0 + a, 226.0, 52.0, 44.0));
    carton(c, rng, (244.0 + b, 216.0, 56.0, 66.0));
    carton(c, rng, (300.0 + d, 254.0, 66.0, 52.0));
    bed_frame(c, look, (180.0 + b, 262.0));
    carton(c, rng, (372.0 + d, 276.0, 118.0, 96.0));
    carton(c, rng, (384.0 + a, 206.0, 88.0, 70.0));
    carton(c, rng, (138.0 + a, 330.0, 142.0, 108.0));
    carton(c, rng, (168.0 + b, 262.0, 96.0, 66.0));
    chair(c, look, (300.0 + b, 306.0));
}

/// A folded bed leaning on the wall.
fn bed_frame(c: &mut Canvas, look: &Look, (x, y): Point) {
    c.polygon(
        &[(x - 52.0, y - 84.0), (x - 8.0, y - 74.0), (x - 4.0, y + 74.0), (x - 52.0, y + 108.0)],
        down(lit(look.cloth, 1.1), lit(look.cloth, 0.7)),
    );
    c.stroke(&[(x - 56.0, y - 90.0), (x - 4.0, y - 78.0), (x, y + 76.0)], 6.0, steel(1.0));
}

fn chair(c: &mut Canvas, look: &Look, (x, y): Point) {
    let wood = lit(look.wood, 0.9);
    c.shade((x + 40.0, y + 122.0), (72.0, 20.0), 0.5);
    for leg in [(x + 4.0, y + 64.0), (x + 74.0, y + 64.0), (x + 20.0, y + 48.0), (x + 62.0, y + 48.0)] {
        c.rect((leg.0, leg.1, 7.0, 56.0), flat(lit(wood, 0.7)));
    }
    c.polygon(
        &[(x + 14.0, y + 44.0), (x + 70.0, y + 44.0), (x + 86.0, y + 70.0), (x, y + 70.0)],
        down(lit(wood, 1.25), wood),
    );
    c.round((x + 12.0, y - 36.0, 60.0, 26.0), 6.0, down(lit(wood, 1.2), wood));
    c.rect((x + 14.0, y - 30.0, 7.0, 78.0), flat(wood));
    c.rect((x + 63.0, y - 30.0, 7.0, 78.0), flat(wood));
}

/// The glowing arrows of a free route.
fn floor_arrows(c: &mut Canvas) {
    for depth in [0.07_f32, 0.22, 0.5] {
        let tip = place(0.0, -1.0, depth + 0.07);
        let arrow = [
            place(-0.22, -1.0, depth),
            tip,
            place(0.22, -1.0, depth),
            place(0.22, -1.0, depth + 0.025),
            place(0.0, -1.0, depth + 0.1),
            place(-0.22, -1.0, depth + 0.025),
        ];
        c.polygon(&arrow, flat(rgb(0x002f_b36e)).alpha(0.85));
    }
    c.shade((320.0, 300.0), (150.0, 90.0), -0.12);
}
