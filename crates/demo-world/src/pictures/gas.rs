//! A gas cylinder and its hose, a coal brazier in a bedroom, a kitchen hood.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::paint::{Rgb, across, down, flat, lit, rgb};
use super::props::{alarm, bed, lamp};
use super::room::{Look, floor, room, steel, tiles};

pub fn hose(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    tiles(c, lit(look.wall, 1.03), 56.0, 380.0);
    floor(c, look, 380.0);
    counter(c, look);
    let metal = rgb(crate::pick(rng, &[0x009a_a4ac, 0x007d_98a8, 0x00a8_a49a, 0x008a_9a86]));
    cylinder(c, (104.0 + rng.random_range(-10.0..16.0), 214.0), metal);
    stove(c, (330.0, 196.0), stage);
    let (start, end) = ((176.0, 166.0), (356.0, 222.0));
    if stage == Stage::After {
        alarm(c, (214.0, 44.0), "GAS");
        c.tube(
            [start, (240.0, 120.0), (270.0, 300.0), end],
            13.0,
            flat(rgb(0x00b8_962c)),
            flat(rgb(0x00f6_e08a)),
        );
        for (x, y) in [(188.0, 162.0), (344.0, 226.0)] {
            c.round((x - 8.0, y - 10.0, 15.0, 20.0), 3.0, steel(1.15));
        }
        return;
    }
    let old = rgb(crate::pick(rng, &[0x00b8_5a28, 0x009c_4a26, 0x00a8_6a3c]));
    let low = rng.random_range(420.0..500.0);
    c.tube([start, (232.0, 96.0), (226.0, low), end], 15.0, flat(lit(old, 0.72)), flat(lit(old, 1.25)));
    for t in [0.2_f32, 0.34, 0.48, 0.6, 0.72, 0.84] {
        crack(c, along([start, (232.0, 96.0), (226.0, low), end], t));
    }
    let joint = along([start, (232.0, 96.0), (226.0, low), end], 0.54);
    c.round((joint.0 - 15.0, joint.1 - 12.0, 32.0, 24.0), 5.0, down(rgb(0x0038_3838), rgb(0x0018_1818)));
    c.rect((joint.0 - 6.0, joint.1 - 12.0, 4.0, 24.0), flat(rgb(0x0068_6868)));
}

fn along([p0, p1, p2, p3]: [Point; 4], t: f32) -> Point {
    let u = 1.0 - t;
    let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
    [p0, p1, p2, p3].iter().zip(weights).fold((0.0, 0.0), |sum, (p, w)| (sum.0 + p.0 * w, sum.1 + p.1 * w))
}

fn crack(c: &mut Canvas, (x, y): Point) {
    let dark = flat(rgb(0x0028_1208));
    c.stroke(&[(x - 7.0, y - 6.0), (x - 1.0, y - 1.0), (x + 7.0, y - 4.0)], 2.0, dark);
    c.stroke(&[(x - 6.0, y + 4.0), (x + 2.0, y + 2.0), (x + 7.0, y + 6.0)], 1.8, dark);
}

fn counter(c: &mut Canvas, look: &Look) {
    c.rect((290.0, 268.0, 480.0, 150.0), down(lit(look.wood, 1.1), lit(look.wood, 0.8)));
    for x in [300.0, 462.0, 624.0] {
        c.frame((x, 290.0, 152.0, 122.0), 3.0, flat(lit(look.wood, 0.62)));
        c.round((x + 62.0, 304.0, 30.0, 7.0), 3.0, steel(1.0));
    }
    c.rect((278.0, 250.0, 500.0, 22.0), down(rgb(0x00dc_d8d0), rgb(0x0098_948c)));
    c.rect((290.0, 272.0, 480.0, 10.0), flat([0.0; 3]).alpha(0.25));
}

fn cylinder(c: &mut Canvas, (x, y): Point, metal: Rgb) {
    c.shade((x + 70.0, y + 222.0), (130.0, 30.0), 0.6);
    c.round((x + 10.0, y + 192.0, 120.0, 30.0), 8.0, across(lit(metal, 0.5), lit(metal, 0.85)));
    c.round((x - 4.0, y, 148.0, 212.0), 58.0, across(lit(metal, 0.62), lit(metal, 1.2)));
    c.round((x + 26.0, y + 4.0, 76.0, 204.0), 38.0, across(lit(metal, 1.18), lit(metal, 1.0)));
    c.round((x + 104.0, y + 12.0, 38.0, 190.0), 19.0, across(lit(metal, 0.95), lit(metal, 0.55)).alpha(0.75));
    c.round((x + 32.0, y + 26.0, 13.0, 156.0), 6.0, flat(rgb(0x00ff_ffff)).alpha(0.42));
    c.rect((x + 40.0, y + 86.0, 66.0, 48.0), flat(rgb(0x00c8_3028)).alpha(0.9));
    c.letters("LPG", (x + 47.0, y + 99.0), 3.0, flat(rgb(0x00ff_f4e8)));
    c.polygon(
        &[(x + 28.0, y - 34.0), (x + 112.0, y - 34.0), (x + 122.0, y + 14.0), (x + 18.0, y + 14.0)],
        across(lit(metal, 0.7), lit(metal, 1.1)),
    );
    c.ellipse((x + 70.0, y - 34.0), (42.0, 9.0), flat(lit(metal, 0.5)));
    c.round((x + 46.0, y - 26.0, 48.0, 26.0), 12.0, flat(lit(metal, 0.32)));
    c.rect((x + 62.0, y - 56.0, 17.0, 44.0), across(rgb(0x00e4_c468), rgb(0x0090_701e)));
    c.round((x + 48.0, y - 74.0, 46.0, 20.0), 6.0, down(rgb(0x0050_5458), rgb(0x002a_2c2e)));
    c.ellipse((x + 92.0, y - 44.0), (21.0, 18.0), down(rgb(0x00c8_ccd0), rgb(0x0084_888c)));
    c.ellipse((x + 92.0, y - 44.0), (10.0, 9.0), flat(rgb(0x0070_7478)));
}

fn stove(c: &mut Canvas, (x, y): Point, stage: Stage) {
    let worn = if stage == Stage::Before { 0.78 } else { 1.05 };
    c.round((x, y, 256.0, 58.0), 6.0, down(lit(rgb(0x0060_6468), worn), lit(rgb(0x0030_3234), worn)));
    c.rect((x + 4.0, y - 6.0, 248.0, 12.0), steel(worn));
    for burner in [x + 66.0, x + 190.0] {
        c.rect((burner - 40.0, y - 16.0, 80.0, 6.0), flat(rgb(0x0028_2828)));
        for foot in [burner - 38.0, burner - 3.0, burner + 32.0] {
            c.rect((foot, y - 16.0, 6.0, 12.0), flat(rgb(0x0028_2828)));
        }
        c.ellipse((burner, y + 30.0), (15.0, 15.0), down(rgb(0x00d8_dadc), rgb(0x0086_8a8c)));
        c.rect((burner - 2.5, y + 18.0, 5.0, 24.0), flat(rgb(0x0040_4244)));
    }
    c.rect(
        (x + 12.0, y - 92.0, 108.0, 76.0),
        across(lit(rgb(0x00e0_e4e6), worn), lit(rgb(0x0090_969a), worn)),
    );
    c.ellipse((x + 66.0, y - 92.0), (54.0, 9.0), steel(1.1));
    c.round((x + 46.0, y - 108.0, 40.0, 12.0), 5.0, flat(rgb(0x0038_3838)));
    if stage == Stage::Before {
        for tongue in [x + 162.0, x + 180.0, x + 198.0, x + 214.0] {
            c.polygon(
                &[(tongue - 6.0, y - 14.0), (tongue, y - 42.0), (tongue + 6.0, y - 14.0)],
                down(rgb(0x00f4_c040), rgb(0x0060_90f0)).alpha(0.8),
            );
        }
    }
}

pub fn brazier(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    room(c, look, 300.0);
    window(c, (396.0, 40.0), stage);
    bed(c, look.cloth, look.wood, (-30.0, 194.0));
    let x = rng.random_range(400.0..440.0);
    if stage == Stage::After {
        alarm(c, (272.0, 72.0), "CO 0");
        radiator(c, (x - 14.0, 248.0));
        return;
    }
    c.shade((x + 58.0, 426.0), (130.0, 32.0), 0.65);
    c.shade((x + 58.0, 290.0), (150.0, 120.0), -0.13);
    let iron = rgb(0x005a_4c42);
    c.polygon(
        &[(x - 6.0, 300.0), (x + 122.0, 300.0), (x + 106.0, 424.0), (x + 10.0, 424.0)],
        across(lit(iron, 0.6), lit(iron, 1.3)),
    );
    c.ellipse((x + 58.0, 300.0), (66.0, 24.0), flat(lit(iron, 1.4)));
    c.ellipse((x + 58.0, 301.0), (54.0, 18.0), flat(rgb(0x0030_1408)));
    for _ in 0..24 {
        let at = (x + 58.0 + rng.random_range(-42.0..42.0), 298.0 + rng.random_range(-9.0..9.0));
        let glow = rgb(crate::pick(rng, &[0x00ff_7a1c, 0x00f0_3c10, 0x00ff_c040, 0x0040_2018, 0x0030_2c2a]));
        c.ellipse(at, (11.0, 7.0), down(lit(glow, 1.1), lit(glow, 0.7)));
    }
    c.round((x + 32.0, 384.0, 50.0, 26.0), 4.0, flat(rgb(0x0024_1a14)));
    c.round((x + 38.0, 390.0, 38.0, 14.0), 3.0, down(rgb(0x00ff_9030), rgb(0x00c0_3010)));
    for wisp in 0_u8..3 {
        let left = x + 30.0 + f32::from(wisp) * 26.0;
        let sway = rng.random_range(-40.0..40.0);
        let smoke = flat(rgb(0x00f4_f2ee)).alpha(0.16);
        c.tube(
            [(left, 290.0), (left + sway, 220.0), (left - sway, 150.0), (left + sway * 0.6, 60.0)],
            20.0,
            smoke,
            smoke,
        );
    }
    kettle(c, (x - 118.0, 372.0));
}

/// Before, the gap of the window is sealed with tape for warmth.
fn window(c: &mut Canvas, (x, y): Point, stage: Stage) {
    c.rect((x - 10.0, y - 10.0, 200.0, 160.0), flat(rgb(0x00f2_f0ea)));
    c.rect((x, y, 180.0, 140.0), down(rgb(0x00b4_c8d8), rgb(0x00dd_e4e6)));
    c.polygon(
        &[
            (x, y + 96.0),
            (x + 60.0, y + 70.0),
            (x + 120.0, y + 92.0),
            (x + 180.0, y + 64.0),
            (x + 180.0, y + 140.0),
            (x, y + 140.0),
        ],
        flat(rgb(0x009a_ac9c)),
    );
    c.rect((x + 86.0, y, 9.0, 140.0), flat(rgb(0x00ec_eae4)));
    if stage == Stage::Before {
        let tape = flat(rgb(0x00c0_a060)).alpha(0.9);
        c.frame((x - 4.0, y - 4.0, 188.0, 148.0), 12.0, tape);
        c.rect((x + 82.0, y, 16.0, 140.0), tape);
    }
}

fn radiator(c: &mut Canvas, (x, y): Point) {
    c.shade((x + 74.0, y + 150.0), (120.0, 24.0), 0.5);
    for fin in 0_u8..7 {
        c.round((x + f32::from(fin) * 21.0, y, 18.0, 138.0), 7.0, across(rgb(0x00fb_fbf8), rgb(0x00c4_c6c6)));
    }
    c.rect((x - 4.0, y + 120.0, 156.0, 12.0), down(rgb(0x00e6_e6e4), rgb(0x00a8_aaaa)));
    c.round((x + 146.0, y + 20.0, 24.0, 96.0), 6.0, down(rgb(0x0060_6468), rgb(0x0034_3638)));
    lamp(c, (x + 158.0, y + 40.0), 5.0, rgb(0x0038_d468));
    for foot in [x + 8.0, x + 124.0] {
        c.ellipse((foot, y + 148.0), (10.0, 9.0), flat(rgb(0x0030_3030)));
    }
}

fn kettle(c: &mut Canvas, (x, y): Point) {
    c.shade((x + 30.0, y + 54.0), (60.0, 16.0), 0.5);
    c.round((x, y, 64.0, 52.0), 22.0, across(rgb(0x00d8_dcde), rgb(0x0080_8688)));
    c.polygon(
        &[(x + 56.0, y + 26.0), (x + 84.0, y + 4.0), (x + 88.0, y + 10.0), (x + 62.0, y + 40.0)],
        steel(0.95),
    );
    c.stroke(&[(x + 8.0, y + 8.0), (x + 32.0, y - 24.0), (x + 56.0, y + 8.0)], 6.0, flat(rgb(0x0030_3030)));
}

pub fn hood(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    let dirty = stage == Stage::Before;
    tiles(c, lit(look.wall, if dirty { 0.94 } else { 1.04 }), 50.0, 400.0);
    let shine = if dirty { 0.74 } else { 1.08 };
    c.rect((232.0, -340.0, 176.0, 400.0), across(lit(rgb(0x00a8_aeb2), shine), lit(rgb(0x00d8_dcde), shine)));
    c.polygon(
        &[(170.0, 56.0), (470.0, 56.0), (620.0, 168.0), (20.0, 168.0)],
        down(lit(rgb(0x00d4_d8da), shine), lit(rgb(0x0090_969a), shine)),
    );
    c.rect((14.0, 166.0, 612.0, 34.0), down(lit(rgb(0x00e4_e8ea), shine), lit(rgb(0x009a_a0a4), shine)));
    c.polygon(&[(34.0, 200.0), (606.0, 200.0), (570.0, 232.0), (70.0, 232.0)], flat(rgb(0x0034_3230)));
    for slot in 0_u8..13 {
        let x = 84.0 + f32::from(slot) * 38.0;
        let tone = if dirty { rgb(0x0070_5a34) } else { rgb(0x00c4_c8ca) };
        c.polygon(
            &[(x - 6.0, 202.0), (x + 18.0, 202.0), (x + 18.0, 230.0), (x, 230.0)],
            down(lit(tone, 1.15), lit(tone, 0.75)),
        );
    }
    c.shade((320.0, 260.0), (320.0, 70.0), 0.3);
    range(c, look);
    if dirty {
        grease(c, rng);
    } else {
        let glare = flat(rgb(0x00ff_ffff)).alpha(0.35);
        c.polygon(&[(232.0, 60.0), (262.0, 60.0), (196.0, 166.0), (150.0, 166.0)], glare);
        c.polygon(&[(420.0, 60.0), (432.0, 60.0), (540.0, 166.0), (516.0, 166.0)], glare);
        lamp(c, (320.0, 183.0), 6.0, rgb(0x0040_c8f0));
    }
}

fn range(c: &mut Canvas, look: &Look) {
    c.rect((-320.0, 372.0, 1280.0, 380.0), down(rgb(0x00c4_c8ca), rgb(0x0080_8688)));
    c.rect((-320.0, 364.0, 1280.0, 14.0), steel(1.1));
    for x in [170.0, 420.0] {
        c.ellipse((x, 372.0), (92.0, 18.0), flat(rgb(0x0028_2828)));
        c.polygon(
            &[(x - 96.0, 330.0), (x + 96.0, 330.0), (x + 44.0, 376.0), (x - 44.0, 376.0)],
            across(rgb(0x0038_3838), rgb(0x0068_6866)),
        );
        c.ellipse((x, 330.0), (96.0, 15.0), flat(rgb(0x0070_7270)));
        c.ellipse((x, 332.0), (82.0, 11.0), flat(rgb(0x0030_302e)));
        c.stroke(&[(x + 90.0, 326.0), (x + 168.0, 296.0)], 13.0, flat(lit(look.wood, 0.9)));
        c.ellipse((x - 40.0, 430.0), (15.0, 15.0), flat(rgb(0x0030_3234)));
        c.ellipse((x + 20.0, 430.0), (15.0, 15.0), flat(rgb(0x00b0_2c24)));
    }
}

/// Drips under the rim, stains on the wall and on the hood.
fn grease(c: &mut Canvas, rng: &mut ChaCha8Rng) {
    for _ in 0..26 {
        let (x, length) = (rng.random_range(30.0..610.0), rng.random_range(10.0..72.0));
        let tone = rgb(crate::pick(rng, &[0x006a_4816, 0x0080_5c20, 0x004c_3414]));
        let width = rng.random_range(3.0..8.0);
        c.polygon(
            &[(x - width, 196.0), (x + width, 196.0), (x + 2.0, 196.0 + length), (x - 2.0, 196.0 + length)],
            flat(tone).alpha(0.8),
        );
        c.ellipse((x, 196.0 + length), (width * 0.7, width), flat(tone).alpha(0.85));
    }
    for _ in 0..34 {
        let at = (rng.random_range(20.0..620.0), rng.random_range(80.0..320.0));
        let size = rng.random_range(3.0..22.0);
        c.ellipse(at, (size, size * 0.7), flat(rgb(0x007a_5a24)).alpha(rng.random_range(0.08..0.3)));
    }
}
