//! An e-bike charging indoors, and the free floor where it stood.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::Stage;
use super::canvas::{Canvas, Point};
use super::electricity::{cord, plug};
use super::paint::{Rgb, across, down, flat, lit, rgb};
use super::props::{lamp, socket};
use super::room::{Look, room, steel};

pub fn e_bike(c: &mut Canvas, look: &Look, rng: &mut ChaCha8Rng, stage: Stage) {
    room(c, look, 330.0);
    door(c, look, (26.0, 88.0));
    socket(c, (520.0, 226.0), rgb(0x00f6_f5f1));
    let body = rgb(crate::pick(rng, &[0x00c8_3c34, 0x002f_6ea8, 0x0031_3438, 0x00e6_e3da, 0x004c_9a78]));
    if stage == Stage::Before {
        bike(c, body, (330.0 + rng.random_range(-14.0..14.0), 318.0));
        cord(c, [(548.0, 246.0), (600.0, 420.0), (480.0, 330.0), (322.0, 322.0)], rgb(0x0022_2224));
        plug(c, (549.0, 246.0), rgb(0x0026_2628));
        lamp(c, (452.0, 364.0), 3.0, rgb(0x00ff_4030));
        return;
    }
    no_parking(c, (372.0, 158.0));
    let yellow = flat(rgb(0x00e8_bb20)).alpha(0.85);
    c.polygon(&[(150.0, 364.0), (560.0, 364.0), (564.0, 372.0), (146.0, 372.0)], yellow);
    c.polygon(&[(96.0, 452.0), (618.0, 452.0), (624.0, 464.0), (88.0, 464.0)], yellow);
    for x in [190.0, 290.0, 390.0, 490.0] {
        c.polygon(&[(x, 372.0), (x + 18.0, 372.0), (x - 20.0, 452.0), (x - 48.0, 452.0)], yellow);
    }
}

fn door(c: &mut Canvas, look: &Look, (x, y): Point) {
    c.rect((x - 10.0, y - 10.0, 128.0, 252.0), flat(lit(look.wood, 0.72)));
    c.rect((x, y, 108.0, 242.0), down(lit(look.wood, 1.2), lit(look.wood, 0.95)));
    c.frame((x + 16.0, y + 18.0, 76.0, 84.0), 3.0, flat(lit(look.wood, 0.8)));
    c.frame((x + 16.0, y + 124.0, 76.0, 96.0), 3.0, flat(lit(look.wood, 0.8)));
    c.ellipse((x + 95.0, y + 122.0), (6.0, 6.0), steel(1.1));
}

fn bike(c: &mut Canvas, body: Rgb, (x, y): Point) {
    c.shade((x, y + 74.0), (230.0, 26.0), 0.55);
    for wheel in [x - 130.0, x + 130.0] {
        c.ellipse((wheel, y + 10.0), (62.0, 62.0), flat(rgb(0x0024_2425)));
        c.ellipse((wheel, y + 10.0), (48.0, 48.0), flat(rgb(0x00b4_b2ac)));
        c.ellipse((wheel, y + 10.0), (41.0, 41.0), flat(rgb(0x006b_6a66)));
        c.ellipse((wheel, y + 10.0), (14.0, 14.0), steel(1.0));
    }
    let dark = flat(rgb(0x0038_3a3d));
    c.stroke(&[(x + 130.0, y + 10.0), (x + 96.0, y - 104.0), (x + 84.0, y - 150.0)], 12.0, dark);
    c.polygon(
        &[
            (x - 176.0, y - 42.0),
            (x - 92.0, y - 64.0),
            (x - 20.0, y - 40.0),
            (x - 10.0, y + 18.0),
            (x - 90.0, y + 20.0),
        ],
        down(lit(body, 1.2), lit(body, 0.75)),
    );
    c.polygon(
        &[
            (x - 20.0, y + 2.0),
            (x + 62.0, y + 2.0),
            (x + 86.0, y - 84.0),
            (x + 104.0, y - 84.0),
            (x + 82.0, y + 24.0),
            (x - 24.0, y + 24.0),
        ],
        down(lit(body, 1.15), lit(body, 0.8)),
    );
    c.round((x - 160.0, y - 84.0, 150.0, 27.0), 13.0, down(rgb(0x004a_4a4c), rgb(0x0020_2021)));
    c.stroke(&[(x + 104.0, y - 146.0), (x + 84.0, y - 150.0), (x + 52.0, y - 158.0)], 9.0, dark);
    c.ellipse((x + 104.0, y - 112.0), (15.0, 17.0), across(lit(body, 0.9), rgb(0x00f8_f0c8)));
    c.stroke(&[(x + 84.0, y - 140.0), (x + 62.0, y - 190.0)], 3.0, dark);
    c.ellipse((x + 60.0, y - 198.0), (13.0, 11.0), dark);
    c.polygon(
        &[(x + 74.0, y - 50.0), (x + 178.0, y - 60.0), (x + 196.0, y - 30.0), (x + 160.0, y - 50.0)],
        flat(lit(body, 0.85)),
    );
    c.frame((x + 94.0, y - 96.0, 62.0, 46.0), 3.0, dark);
    c.rect((x + 94.0, y - 74.0, 62.0, 24.0), flat(rgb(0x0060_6266)));
    c.round((x - 20.0, y - 4.0, 60.0, 22.0), 4.0, flat(rgb(0x0022_2527)));
}

fn no_parking(c: &mut Canvas, (x, y): Point) {
    c.shade((x + 2.0, y + 5.0), (88.0, 88.0), 0.3);
    c.ellipse((x, y), (72.0, 72.0), flat(rgb(0x00d0_2a24)));
    c.ellipse((x, y), (58.0, 58.0), flat(rgb(0x00f8_f7f4)));
    let ink = flat(rgb(0x0024_2424));
    for wheel in [x - 24.0, x + 24.0] {
        c.ellipse((wheel, y + 14.0), (15.0, 15.0), ink);
        c.ellipse((wheel, y + 14.0), (10.0, 10.0), flat(rgb(0x00f8_f7f4)));
    }
    c.stroke(
        &[(x - 24.0, y + 14.0), (x - 6.0, y - 12.0), (x + 14.0, y - 12.0), (x + 24.0, y + 14.0)],
        5.0,
        ink,
    );
    c.stroke(&[(x + 14.0, y - 12.0), (x + 12.0, y - 28.0)], 5.0, ink);
    c.stroke(&[(x - 43.0, y - 43.0), (x + 43.0, y + 43.0)], 13.0, flat(rgb(0x00d0_2a24)));
}
