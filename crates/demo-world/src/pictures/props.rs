//! Things that turn up in several scenes.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::canvas::{Canvas, Point};
use super::paint::{Paint, Rgb, across, down, flat, lit, rgb};
use super::shapes::Box4;

/// A cardboard box with tape and a side in shadow.
pub fn carton(c: &mut Canvas, rng: &mut ChaCha8Rng, (x, y, w, h): Box4) {
    let tone = lit(rgb(0x00c0_9560), rng.random_range(0.84..1.12));
    let depth = w * 0.2;
    c.shade((x + w * 0.55, y + h), (w * 0.85, h * 0.22 + 8.0), 0.4);
    c.rect((x, y, w, h), down(tone, lit(tone, 0.86)));
    c.polygon(
        &[(x, y), (x + depth, y - depth * 0.6), (x + w + depth, y - depth * 0.6), (x + w, y)],
        flat(lit(tone, 1.14)),
    );
    let side =
        [(x + w, y), (x + w + depth, y - depth * 0.6), (x + w + depth, y + h - depth * 0.6), (x + w, y + h)];
    c.polygon(&side, down(lit(tone, 0.74), lit(tone, 0.62)));
    let tape = flat(rgb(0x00e6_d3a4)).alpha(0.8);
    c.rect((x + w * 0.43, y, w * 0.13, h * 0.26), tape);
    let shift = depth * 0.6;
    c.polygon(
        &[
            (x + w * 0.43, y),
            (x + w * 0.43 + depth, y - shift),
            (x + w * 0.56 + depth, y - shift),
            (x + w * 0.56, y),
        ],
        tape,
    );
    let ink = flat(lit(tone, 0.55)).alpha(0.7);
    c.rect((x + w * 0.08, y + h * 0.66, w * 0.26, h * 0.05), ink);
    c.rect((x + w * 0.08, y + h * 0.76, w * 0.36, h * 0.05), ink);
}

/// A care bed from the side, head to the left.
pub fn bed(c: &mut Canvas, cloth: Rgb, wood: Rgb, (x, y): Point) {
    c.shade((x + 170.0, y + 152.0), (230.0, 34.0), 0.5);
    for leg in [x + 14.0, x + 318.0] {
        c.rect((leg, y + 92.0, 11.0, 62.0), across(rgb(0x00c9_ccd0), rgb(0x0080_868c)));
    }
    c.round((x - 8.0, y - 34.0, 18.0, 160.0), 7.0, across(lit(wood, 1.15), lit(wood, 0.75)));
    c.round((x + 330.0, y + 24.0, 16.0, 104.0), 7.0, across(lit(wood, 1.1), lit(wood, 0.7)));
    c.rect((x + 6.0, y + 92.0, 328.0, 22.0), down(lit(wood, 1.0), lit(wood, 0.7)));
    c.round((x + 8.0, y + 52.0, 324.0, 44.0), 10.0, down(rgb(0x00f4_f2ec), rgb(0x00c9_c6bf)));
    c.round((x + 16.0, y + 26.0, 84.0, 36.0), 17.0, down(rgb(0x00ff_fdf8), rgb(0x00cd_cbc6)));
    let quilt = [
        (x + 92.0, y + 50.0),
        (x + 130.0, y + 34.0),
        (x + 250.0, y + 30.0),
        (x + 326.0, y + 44.0),
        (x + 333.0, y + 106.0),
        (x + 240.0, y + 112.0),
        (x + 150.0, y + 104.0),
        (x + 96.0, y + 110.0),
    ];
    c.polygon(&quilt, down(lit(cloth, 1.15), lit(cloth, 0.72)));
    for fold in [130.0, 186.0, 244.0, 290.0] {
        c.polygon(
            &[(x + fold, y + 37.0), (x + fold + 9.0, y + 37.0), (x + fold + 2.0, y + 106.0)],
            flat(lit(cloth, 0.66)).alpha(0.5),
        );
        c.polygon(
            &[(x + fold + 16.0, y + 36.0), (x + fold + 22.0, y + 36.0), (x + fold + 15.0, y + 104.0)],
            flat(lit(cloth, 1.3)).alpha(0.45),
        );
    }
    c.polygon(
        &[(x + 92.0, y + 50.0), (x + 130.0, y + 34.0), (x + 140.0, y + 44.0), (x + 104.0, y + 62.0)],
        flat(rgb(0x00f7_f4ee)),
    );
}

/// A wall socket with its two and three slots.
pub fn socket(c: &mut Canvas, (x, y): Point, shell: Rgb) {
    c.shade((x + 30.0, y + 36.0), (48.0, 44.0), 0.3);
    c.round((x, y, 58.0, 60.0), 6.0, down(lit(shell, 1.05), lit(shell, 0.86)));
    c.round((x + 5.0, y + 5.0, 48.0, 50.0), 5.0, down(lit(shell, 0.97), lit(shell, 1.03)));
    let slot = flat(rgb(0x0026_282b));
    c.rect((x + 19.0, y + 13.0, 4.0, 12.0), slot);
    c.rect((x + 35.0, y + 13.0, 4.0, 12.0), slot);
    c.rect((x + 27.0, y + 31.0, 4.0, 11.0), slot);
    c.polygon(
        &[(x + 17.0, y + 41.0), (x + 20.0, y + 38.0), (x + 26.0, y + 47.0), (x + 23.0, y + 50.0)],
        slot,
    );
    c.polygon(
        &[(x + 41.0, y + 41.0), (x + 38.0, y + 38.0), (x + 32.0, y + 47.0), (x + 35.0, y + 50.0)],
        slot,
    );
}

/// A hanging exit sign with its running figure, arrow and glow.
pub fn exit_sign(c: &mut Canvas, (x, y): Point, size: f32, bright: bool) {
    let green = if bright { rgb(0x0012_9a55) } else { rgb(0x0040_6a55) };
    let white: Paint = flat(if bright { rgb(0x00f2_fff6) } else { rgb(0x00a9_b7ae) });
    if bright {
        c.shade((x + 60.0 * size, y + 18.0 * size), (120.0 * size, 70.0 * size), -0.22);
    }
    c.rect((x - 2.0 * size, y - 2.0 * size, 124.0 * size, 44.0 * size), flat(rgb(0x00c9_cdca)));
    c.rect((x, y, 120.0 * size, 40.0 * size), down(lit(green, 1.12), lit(green, 0.9)));
    c.exit_characters((x + 40.0 * size, y + 4.0 * size), 1.7 * size, white);
    c.letters("EXIT", (x + 45.0 * size, y + 24.0 * size), 1.5 * size, white);
    c.ellipse((x + 22.0 * size, y + 8.0 * size), (4.0 * size, 4.0 * size), white);
    let limb = |points: [Point; 3]| points.map(|(px, py)| (x + px * size, y + py * size));
    c.stroke(&limb([(22.0, 13.0), (19.0, 20.0), (17.0, 25.0)]), 5.5 * size, white);
    c.stroke(&limb([(21.0, 15.0), (28.0, 18.0), (32.0, 15.0)]), 2.8 * size, white);
    c.stroke(&limb([(20.0, 15.0), (13.0, 17.0), (10.0, 22.0)]), 2.8 * size, white);
    c.stroke(&limb([(18.0, 24.0), (25.0, 28.0), (24.0, 36.0)]), 3.2 * size, white);
    c.stroke(&limb([(17.0, 24.0), (14.0, 31.0), (7.0, 34.0)]), 3.2 * size, white);
    c.polygon(&limb([(94.0, 12.0), (112.0, 20.0), (94.0, 28.0)]), white);
}

/// A small round lamp, lit.
pub fn lamp(c: &mut Canvas, at: Point, radius: f32, colour: Rgb) {
    c.shade(at, (radius * 4.0, radius * 4.0), -0.5);
    c.ellipse(at, (radius, radius), flat(colour));
    c.ellipse(
        (at.0 - radius * 0.3, at.1 - radius * 0.3),
        (radius * 0.4, radius * 0.4),
        flat(rgb(0x00ff_ffff)).alpha(0.8),
    );
}

/// A square alarm box on the wall with a grille and a lamp.
pub fn alarm(c: &mut Canvas, (x, y): Point, text: &str) {
    c.shade((x + 38.0, y + 44.0), (60.0, 52.0), 0.3);
    c.round((x, y, 76.0, 72.0), 9.0, down(rgb(0x00fb_fbfa), rgb(0x00d8_dad9)));
    for line in 0_u8..5 {
        c.rect((x + 12.0, y + 38.0 + f32::from(line) * 5.5, 52.0, 2.2), flat(rgb(0x0098_9d9f)));
    }
    c.letters(text, (x + 10.0, y + 14.0), 2.0, flat(rgb(0x0038_4a55)));
    lamp(c, (x + 65.0, y + 21.0), 4.2, rgb(0x0035_d06a));
}
