//! Cutting boards and food samples on a steel counter.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::fridge::{meat, sample_box};
use super::paint::{Rgb, across, down, flat, lit, rgb};
use super::room::{Look, steel, tiles};

pub fn boards(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    tiles(c, lit(look.wall, 1.02), 60.0, 236.0);
    c.rect((-320.0, 236.0, 1280.0, 524.0), down(rgb(0x00ae_b4b8), rgb(0x00d4_d8da)));
    c.rect((-320.0, 230.0, 1280.0, 14.0), steel(1.05));
    if stage == Stage::After {
        rack(c);
        return;
    }
    let wood = rgb(crate::pick(rng, &[0x00c8_9c60, 0x00b8_8850, 0x00d4_b078]));
    c.shade((316.0, 442.0), (300.0, 50.0), 0.45);
    c.polygon(
        &[(116.0, 278.0), (514.0, 278.0), (586.0, 446.0), (44.0, 446.0)],
        down(lit(wood, 1.08), lit(wood, 0.94)),
    );
    c.polygon(&[(44.0, 446.0), (586.0, 446.0), (584.0, 466.0), (48.0, 466.0)], flat(lit(wood, 0.62)));
    for _ in 0..30 {
        let at = (rng.random_range(130.0..480.0), rng.random_range(312.0..436.0));
        let end = (at.0 + rng.random_range(20.0..70.0), at.1 + rng.random_range(-12.0..12.0));
        c.stroke(&[at, end], 1.6, flat(lit(wood, 0.66)).alpha(0.6));
    }
    c.ellipse((200.0, 392.0), (92.0, 30.0), flat(rgb(0x00a8_2c24)).alpha(0.4));
    meat(c, (122.0, 316.0), 150.0);
    meat(c, (160.0, 378.0), 130.0);
    for number in 0_u8..6 {
        let at = (306.0 + f32::from(number) * 30.0, 318.0 + f32::from(number % 2) * 12.0);
        c.ellipse(at, (26.0, 16.0), flat(rgb(0x003c_7a30)));
        c.ellipse((at.0 - 1.0, at.1 - 2.0), (21.0, 12.0), flat(rgb(0x00cc_e6a4)));
    }
    buns(c, (404.0, 388.0));
    knife(c, (276.0, 322.0), (0.62, 1.0), rgb(0x0030_2a26));
    c.ellipse((322.0, 384.0), (18.0, 6.0), flat(rgb(0x00a8_2c24)).alpha(0.65));
    dirty_cloth(c, look, rng);
}

fn buns(c: &mut Canvas, (x, y): Point) {
    for (dx, dy) in [(0.0, 8.0), (58.0, 12.0), (30.0, -8.0)] {
        c.shade((x + dx + 6.0, y + dy + 18.0), (40.0, 16.0), 0.4);
        c.ellipse((x + dx, y + dy), (35.0, 25.0), down(rgb(0x00ff_fbf0), rgb(0x00d0_c6ae)));
    }
}

fn knife(c: &mut Canvas, (x, y): Point, (turn, size): (f32, f32), handle: Rgb) {
    let (sin, cos) = turn.sin_cos();
    let at = |px: f32, py: f32| (x + (px * cos - py * sin) * size, y + (px * sin + py * cos) * size);
    c.shade(at(100.0, 40.0), (130.0 * size, 44.0 * size), 0.3);
    c.polygon(
        &[at(0.0, 0.0), at(130.0, 0.0), at(130.0, 46.0), at(10.0, 46.0)],
        down(rgb(0x00f0_f4f6), rgb(0x0098_a0a6)),
    );
    c.polygon(
        &[at(4.0, 36.0), at(130.0, 36.0), at(130.0, 46.0), at(10.0, 46.0)],
        flat(rgb(0x00ff_ffff)).alpha(0.6),
    );
    c.polygon(
        &[at(130.0, 2.0), at(214.0, 6.0), at(214.0, 26.0), at(130.0, 24.0)],
        down(lit(handle, 1.6), handle),
    );
}

fn dirty_cloth(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng) {
    let x = rng.random_range(470.0..500.0);
    c.polygon(
        &[(x, 258.0), (x + 70.0, 250.0), (x + 112.0, 276.0), (x + 92.0, 304.0), (x + 30.0, 298.0)],
        down(lit(look.cloth, 0.95), lit(look.cloth, 0.6)),
    );
    c.polygon(
        &[(x + 20.0, 264.0), (x + 60.0, 258.0), (x + 50.0, 292.0)],
        flat(lit(look.cloth, 1.15)).alpha(0.5),
    );
}

/// Three boards and three knives, each colour for one kind of food.
fn rack(c: &mut Canvas) {
    c.rect((84.0, 36.0, 472.0, 14.0), steel(1.1));
    c.shade((320.0, 402.0), (300.0, 36.0), 0.4);
    c.polygon(
        &[(84.0, 322.0), (556.0, 322.0), (600.0, 392.0), (40.0, 392.0)],
        down(rgb(0x00e8_eaea), rgb(0x00fa_fbfb)),
    );
    c.rect((40.0, 392.0, 560.0, 14.0), down(rgb(0x00c4_c8ca), rgb(0x0094_9a9c)));
    let colours = [(0x00d0_3a30, 0.0), (0x0038_a058, 1.0), (0x0034_78c8, 2.0)];
    for (colour, place) in colours {
        let (x, tone) = (100.0 + place * 152.0, rgb(colour));
        c.shade((x + 66.0, 156.0), (100.0, 130.0), 0.28);
        c.rect((x + 58.0, 40.0, 6.0, 34.0), steel(0.8));
        c.round((x, 64.0, 124.0, 164.0), 12.0, across(lit(tone, 1.12), lit(tone, 0.84)));
        c.ellipse((x + 62.0, 78.0), (9.0, 7.0), flat(rgb(0x00d8_d8d4)));
        c.round((x + 26.0, 144.0, 72.0, 40.0), 5.0, flat(rgb(0x00fb_faf6)));
        pictogram(c, (x + 62.0, 164.0), colour);
        knife(c, (x - 2.0, 342.0), (0.0, 0.64), tone);
    }
}

fn pictogram(c: &mut Canvas, (x, y): Point, colour: u32) {
    match colour {
        0x00d0_3a30 => meat(c, (x - 24.0, y - 20.0), 48.0),
        0x0038_a058 => {
            c.ellipse((x - 8.0, y), (13.0, 9.0), flat(rgb(0x0058_9c3c)));
            c.ellipse((x + 9.0, y - 3.0), (13.0, 10.0), flat(rgb(0x0078_b850)));
        }
        _ => {
            c.ellipse((x, y), (24.0, 9.0), flat(rgb(0x0078_98b0)));
            c.polygon(&[(x + 18.0, y), (x + 32.0, y - 9.0), (x + 32.0, y + 9.0)], flat(rgb(0x0078_98b0)));
        }
    }
}

pub fn samples(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    tiles(c, lit(look.wall, 1.02), 60.0, 210.0);
    c.rect((-320.0, 210.0, 1280.0, 550.0), down(rgb(0x00a8_aeb2), rgb(0x00d6_dadc)));
    c.rect((-320.0, 204.0, 1280.0, 14.0), steel(1.05));
    let fillings = [0x00c8_7828, 0x0060_a040, 0x00e8_d8b0, 0x00b0_4030, 0x00e8_c060, 0x0090_6a48];
    if stage == Stage::After {
        for (number, filling) in fillings.into_iter().enumerate() {
            let (column, row) = ((number % 3) as f32, (number / 3) as f32);
            let at = (84.0 + column * 164.0 - row * 10.0, 112.0 + row * 164.0);
            labelled(c, at, rgb(filling), number);
        }
        return;
    }
    let missing = rng.random_range(0..3_u8);
    for number in 0_u8..3 {
        let at = (86.0 + f32::from(number) * 162.0, 232.0 + f32::from(number % 2) * 46.0);
        c.shade((at.0 + 70.0, at.1 + 112.0), (100.0, 26.0), 0.5);
        c.round((at.0, at.1, 138.0, 112.0), 12.0, down(rgb(0x00c4_dce6), rgb(0x008c_aab8)).alpha(0.9));
        c.round((at.0 - 4.0, at.1 - 6.0, 146.0, 22.0), 8.0, flat(rgb(0x00e4_eef2)));
        c.round((at.0 + 4.0, at.1 - 2.0, 130.0, 14.0), 6.0, flat(rgb(0x006c_8490)));
        c.round((at.0 + 10.0, at.1 + 22.0, 12.0, 76.0), 5.0, flat([255.0; 3]).alpha(0.4));
        if number != missing {
            let filling = rgb(crate::pick(rng, &fillings));
            c.round((at.0 + 8.0, at.1 + 84.0, 122.0, 22.0), 8.0, down(filling, lit(filling, 0.8)));
        }
    }
    c.polygon(
        &[(396.0, 400.0), (532.0, 388.0), (544.0, 412.0), (404.0, 428.0)],
        down(rgb(0x00d8_e4ea), rgb(0x00a8_b8c0)),
    );
}

fn labelled(c: &mut Canvas, (x, y): Point, filling: Rgb, number: usize) {
    c.shade((x + 72.0, y + 130.0), (104.0, 26.0), 0.45);
    sample_box(c, (x, y, 144.0, 132.0), filling, rgb(0x0030_8a60));
    c.rect((x + 22.0, y + 60.0, 100.0, 46.0), flat(rgb(0x00fd_fcf6)));
    c.rect((x + 22.0, y + 60.0, 100.0, 10.0), flat(rgb(0x0030_8a60)));
    c.letters(&format!("12-{:02}", 10 + number), (x + 30.0, y + 75.0), 1.9, flat(rgb(0x0030_3030)));
    c.letters("150G 4C", (x + 30.0, y + 92.0), 1.5, flat(rgb(0x0060_3030)));
}
