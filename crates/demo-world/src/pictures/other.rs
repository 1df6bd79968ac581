//! An icy ramp and a wet bathroom.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::paint::{across, down, flat, lit, mix, rgb};
use super::room::{Look, floor, steel, tiles};

pub fn icy_ramp(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    c.rect((-320.0, -340.0, 1280.0, 700.0), down(lit(look.wall, 0.98), lit(look.wall, 0.8)));
    for row in 0_u8..11 {
        c.rect((-320.0, f32::from(row) * 34.0 - 60.0, 1280.0, 1.6), flat(lit(look.wall, 0.68)).alpha(0.6));
    }
    entrance(c, look);
    c.rect((-320.0, 330.0, 1280.0, 430.0), down(rgb(0x00a4_a6a6), rgb(0x00c8_caca)));
    let concrete = rgb(0x00b4_b0a8);
    c.polygon(&[(330.0, 282.0), (600.0, 282.0), (640.0, 336.0), (306.0, 336.0)], flat(lit(concrete, 1.1)));
    for step in 0_u8..3 {
        let (inset, y) = (f32::from(step) * 16.0, 336.0 + f32::from(step) * 38.0);
        c.rect((306.0 - inset, y, 334.0 + inset * 2.0, 20.0), down(lit(concrete, 0.74), lit(concrete, 0.66)));
        c.polygon(
            &[
                (306.0 - inset, y + 20.0),
                (640.0 + inset, y + 20.0),
                (656.0 + inset, y + 38.0),
                (290.0 - inset, y + 38.0),
            ],
            flat(lit(concrete, 1.08)),
        );
        if stage == Stage::After {
            c.rect((306.0 - inset, y - 5.0, 334.0 + inset * 2.0, 8.0), flat(rgb(0x00e8_bb20)));
        }
    }
    c.polygon(
        &[(330.0, 282.0), (306.0, 336.0), (40.0, 470.0), (-110.0, 440.0), (180.0, 320.0)],
        down(lit(concrete, 1.12), lit(concrete, 0.98)),
    );
    rails(c);
    if stage == Stage::Before {
        ice(c, rng);
        return;
    }
    c.polygon(&[(280.0, 316.0), (300.0, 330.0), (60.0, 452.0), (-10.0, 436.0)], flat(rgb(0x0058_7a58)));
    for step in 0_u8..7 {
        let (x, y) = (262.0 - f32::from(step) * 40.0, 330.0 + f32::from(step) * 18.5);
        c.polygon(
            &[(x, y), (x + 8.0, y - 3.0), (x + 34.0, y + 16.0), (x + 24.0, y + 20.0)],
            flat(rgb(0x00e8_bb20)).alpha(0.8),
        );
    }
}

fn entrance(c: &mut Canvas, look: &Look) {
    c.rect((352.0, 56.0, 220.0, 228.0), flat(lit(look.wood, 0.6)));
    for x in [362.0, 466.0] {
        c.rect((x, 66.0, 96.0, 216.0), down(rgb(0x0098_b4c0), rgb(0x0058_707a)));
        c.frame((x, 66.0, 96.0, 216.0), 7.0, steel(0.95));
        c.polygon(
            &[(x + 14.0, 80.0), (x + 40.0, 80.0), (x + 20.0, 270.0), (x + 10.0, 270.0)],
            flat(rgb(0x00ff_ffff)).alpha(0.16),
        );
    }
    c.rect((452.0, 150.0, 5.0, 60.0), steel(1.2));
    c.rect((469.0, 150.0, 5.0, 60.0), steel(1.2));
    c.rect((330.0, 36.0, 264.0, 20.0), down(rgb(0x00b8_3028), rgb(0x0090_241c)));
}

fn rails(c: &mut Canvas) {
    for (x, y) in [(178.0, 318.0), (86.0, 356.0), (-8.0, 396.0), (268.0, 282.0)] {
        c.rect((x, y - 88.0, 7.0, 92.0), across(rgb(0x00dd_e0e2), rgb(0x0084_8a8e)));
    }
    c.stroke(&[(326.0, 172.0), (272.0, 194.0), (-40.0, 322.0)], 9.0, steel(1.05));
    c.stroke(&[(326.0, 208.0), (272.0, 230.0), (-40.0, 360.0)], 5.0, steel(0.9));
}

fn ice(c: &mut Canvas, rng: &mut ChaCha8Rng) {
    for (at, size) in [
        ((200.0, 374.0), (100.0, 26.0)),
        ((80.0, 424.0), (112.0, 26.0)),
        ((410.0, 308.0), (84.0, 15.0)),
        ((420.0, 428.0), (120.0, 22.0)),
        ((470.0, 366.0), (90.0, 12.0)),
    ] {
        blob(c, rng, at, size, 0x00d4_e8f2, 0.8);
        blob(c, rng, (at.0 - 8.0, at.1 - 4.0), (size.0 * 0.7, size.1 * 0.6), 0x00f4_fbff, 0.8);
        c.stroke(
            &[
                (at.0 - size.0 * 0.5, at.1 - 5.0),
                (at.0 - 10.0, at.1 - size.1 * 0.5),
                (at.0 + size.0 * 0.3, at.1 - 6.0),
            ],
            3.0,
            flat([255.0; 3]).alpha(0.9),
        );
    }
    for number in 0_u8..12 {
        let x = 336.0 + f32::from(number) * 22.0;
        let length = rng.random_range(14.0..52.0);
        c.polygon(
            &[(x - 5.0, 55.0), (x + 5.0, 55.0), (x, 55.0 + length)],
            across(rgb(0x00f6_fcff), rgb(0x00a8_c8d8)).alpha(0.92),
        );
    }
    c.rect((324.0, 24.0, 276.0, 15.0), down(rgb(0x00ff_ffff), rgb(0x00dd_e6ec)));
    for _ in 0..60 {
        let at = (rng.random_range(-40.0..680.0), rng.random_range(-40.0..500.0));
        let size = rng.random_range(1.2..3.4);
        c.ellipse(at, (size, size), flat([255.0; 3]).alpha(0.85));
    }
}

/// An uneven patch.
fn blob(c: &mut Canvas, rng: &mut ChaCha8Rng, (x, y): Point, (rx, ry): Point, colour: u32, alpha: f32) {
    let outline: Vec<Point> = (0_u8..16)
        .map(|step| {
            let (sin, cos) = (f32::from(step) * std::f32::consts::TAU / 16.0).sin_cos();
            let reach = rng.random_range(0.8..1.1);
            (x + rx * cos * reach, y + ry * sin * reach)
        })
        .collect();
    c.polygon(&outline, down(lit(rgb(colour), 1.02), lit(rgb(colour), 0.92)).alpha(alpha));
}

pub fn bathroom(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    tiles(c, mix(look.accent, [255.0; 3], 0.5), 48.0, 330.0);
    let tiled = Look { planks: false, ..*look };
    floor(c, &tiled, 330.0);
    c.rect((-320.0, 326.0, 1280.0, 6.0), flat(lit(look.accent, 0.7)));
    toilet(c, (210.0, 186.0));
    basin(c, (452.0, 190.0));
    c.rect((462.0, 40.0, 108.0, 116.0), steel(0.9));
    c.rect((468.0, 46.0, 96.0, 104.0), down(rgb(0x00d4_e4ea), rgb(0x00a8_bec8)));
    c.polygon(
        &[(480.0, 46.0), (504.0, 46.0), (478.0, 150.0), (468.0, 150.0), (468.0, 100.0)],
        flat([255.0; 3]).alpha(0.35),
    );
    if stage == Stage::Before {
        for (at, size) in
            [((330.0, 424.0), (170.0, 34.0)), ((170.0, 452.0), (110.0, 24.0)), ((500.0, 392.0), (84.0, 16.0))]
        {
            blob(c, rng, at, size, 0x00a0_bac4, 0.5);
            blob(c, rng, (at.0 - 20.0, at.1 - 6.0), (size.0 * 0.5, size.1 * 0.35), 0x00f4_fafc, 0.6);
        }
        for hole in [(366.0, 166.0), (366.0, 262.0)] {
            c.ellipse(hole, (13.0, 13.0), flat(rgb(0x00c8_c4bc)));
            c.ellipse(hole, (5.0, 5.0), flat(rgb(0x0038_3430)));
        }
        c.stroke(&[(366.0, 262.0), (360.0, 292.0), (368.0, 314.0)], 2.4, flat(rgb(0x0098_5828)).alpha(0.6));
        return;
    }
    c.shade((370.0, 226.0), (50.0, 90.0), 0.2);
    c.tube(
        [(366.0, 150.0), (398.0, 150.0), (398.0, 278.0), (366.0, 278.0)],
        14.0,
        flat(rgb(0x0098_9ea2)),
        flat(rgb(0x00fa_fcfc)),
    );
    c.tube(
        [(120.0, 224.0), (120.0, 208.0), (190.0, 208.0), (190.0, 224.0)],
        13.0,
        flat(rgb(0x0098_9ea2)),
        flat(rgb(0x00fa_fcfc)),
    );
    let mat = rgb(0x003a_86a8);
    c.polygon(
        &[(200.0, 396.0), (452.0, 396.0), (496.0, 462.0), (168.0, 462.0)],
        down(lit(mat, 0.95), lit(mat, 1.15)),
    );
    for row in 0_u8..4 {
        let (y, inset) = (405.0 + f32::from(row) * 15.0, f32::from(row) * 7.0);
        for dot in 0_u8..11 {
            c.ellipse(
                (216.0 - inset + f32::from(dot) * (22.4 + inset * 0.12), y),
                (6.0, 3.4),
                flat(lit(mat, 0.75)),
            );
        }
    }
}

fn toilet(c: &mut Canvas, (x, y): Point) {
    c.shade((x + 54.0, y + 176.0), (110.0, 24.0), 0.5);
    c.round((x - 8.0, y, 116.0, 76.0), 9.0, down(rgb(0x00fd_fdfb), rgb(0x00d6_d8d6)));
    c.round((x - 13.0, y - 9.0, 126.0, 16.0), 6.0, down(rgb(0x00ff_ffff), rgb(0x00dd_dedc)));
    c.round((x + 40.0, y - 14.0, 22.0, 8.0), 4.0, steel(1.1));
    c.polygon(
        &[(x + 8.0, y + 92.0), (x + 92.0, y + 92.0), (x + 78.0, y + 174.0), (x + 24.0, y + 174.0)],
        across(rgb(0x00fa_faf8), rgb(0x00c4_c8c8)),
    );
    c.ellipse((x + 50.0, y + 94.0), (64.0, 28.0), down(rgb(0x00ff_ffff), rgb(0x00d0_d4d4)));
    c.ellipse((x + 50.0, y + 92.0), (46.0, 17.0), down(rgb(0x00a8_b4b8), rgb(0x00dd_e4e6)));
}

fn basin(c: &mut Canvas, (x, y): Point) {
    c.polygon(
        &[(x + 40.0, y + 44.0), (x + 88.0, y + 44.0), (x + 78.0, y + 166.0), (x + 50.0, y + 166.0)],
        across(rgb(0x00f6_f6f4), rgb(0x00bc_c0c0)),
    );
    c.polygon(
        &[(x - 8.0, y + 10.0), (x + 136.0, y + 10.0), (x + 104.0, y + 62.0), (x + 24.0, y + 62.0)],
        down(rgb(0x00ff_ffff), rgb(0x00c8_cccc)),
    );
    c.ellipse((x + 64.0, y + 12.0), (74.0, 15.0), down(rgb(0x00e4_e8e8), rgb(0x00ff_ffff)));
    c.ellipse((x + 64.0, y + 13.0), (56.0, 9.0), flat(rgb(0x00b0_bcc0)));
    c.tube(
        [(x + 64.0, y + 4.0), (x + 60.0, y - 44.0), (x + 96.0, y - 40.0), (x + 86.0, y - 14.0)],
        9.0,
        flat(rgb(0x0098_9ea2)),
        flat(rgb(0x00fa_fcfc)),
    );
}
