//! The rooms scenes stand in.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::canvas::Canvas;
use super::paint::{Paint, Rgb, down, flat, lit, rgb};

/// The colours and habits of one institution.
pub struct Look {
    pub wall: Rgb,
    pub floor: Rgb,
    pub cloth: Rgb,
    pub wood: Rgb,
    pub accent: Rgb,
    pub planks: bool,
    pub dado: bool,
}

impl Look {
    pub fn new(rng: &mut ChaCha8Rng) -> Self {
        let walls = [0x00e9_e4d8, 0x00dd_e6e4, 0x00e8_dfc8, 0x00e3_e3e6, 0x00d9_e2d2, 0x00ee_e0d6];
        let floors = [0x00b9_a78c, 0x00a9_b0b3, 0x00c4_b49a, 0x0094_8a7c, 0x00b4_bcb2];
        let cloths = [0x0078_9cc4, 0x00c9_7f86, 0x0084_ad8c, 0x00b8_a2c8, 0x00d0_b070, 0x006f_8fa0];
        let woods = [0x00a0_6f3e, 0x007c_5533, 0x00c0_945c, 0x008d_6a52];
        let accents = [0x0086_b59a, 0x008a_a9c9, 0x00c8_a57c, 0x00b9_c08c];
        Self {
            wall: rgb(crate::pick(rng, &walls)),
            floor: rgb(crate::pick(rng, &floors)),
            cloth: rgb(crate::pick(rng, &cloths)),
            wood: rgb(crate::pick(rng, &woods)),
            accent: rgb(crate::pick(rng, &accents)),
            planks: rng.random_bool(0.4),
            dado: rng.random_bool(0.5),
        }
    }
}

/// A wall seen from the front and the floor before it, meeting at `edge`.
pub fn room(c: &mut Canvas, look: &Look, edge: f32) {
    c.rect((-320.0, -340.0, 1280.0, edge + 342.0), down(lit(look.wall, 1.02), lit(look.wall, 0.9)));
    if look.dado {
        c.rect((-320.0, edge - 112.0, 1280.0, 112.0), down(lit(look.accent, 1.02), lit(look.accent, 0.9)));
        c.rect((-320.0, edge - 117.0, 1280.0, 6.0), flat(lit(look.accent, 0.72)));
    }
    floor(c, look, edge);
    c.rect((-320.0, edge - 15.0, 1280.0, 15.0), down(lit(look.wood, 0.95), lit(look.wood, 0.7)));
    c.rect((-320.0, edge - 1.0, 1280.0, 9.0), down([20.0; 3], [40.0; 3]).alpha(0.24));
}

/// The floor from its far edge to beyond the picture, in tiles or planks that run away from the viewer.
pub fn floor(c: &mut Canvas, look: &Look, edge: f32) {
    c.rect((-320.0, edge, 1280.0, 760.0 - edge), down(lit(look.floor, 0.82), lit(look.floor, 1.12)));
    let joint = flat(lit(look.floor, 0.66)).alpha(0.6);
    let step = if look.planks { 46.0 } else { 74.0 };
    for number in -9_i8..=9 {
        let x = f32::from(number) * step;
        c.polygon(
            &[(320.0 + x, edge), (321.3 + x, edge), (323.0 + x * 3.4, 760.0), (319.0 + x * 3.4, 760.0)],
            joint,
        );
    }
    if look.planks {
        return;
    }
    let mut y = edge + 16.0;
    let mut gap = 20.0;
    while y < 700.0 {
        c.rect((-320.0, y, 1280.0, 0.6 + gap * 0.028), joint);
        y += gap;
        gap *= 1.36;
    }
}

/// Light falling through a window onto a wall.
pub fn sunlight(c: &mut Canvas, rng: &mut ChaCha8Rng, top: f32) {
    let x = rng.random_range(60.0..420.0);
    let glow = flat(rgb(0x00ff_f3d0)).alpha(rng.random_range(0.16..0.42));
    for pane in 0_u8..2 {
        let left = x + f32::from(pane) * 84.0;
        c.polygon(
            &[
                (left, top),
                (left + 74.0, top - 10.0),
                (left + 116.0, top + 150.0),
                (left + 42.0, top + 160.0),
            ],
            glow,
        );
    }
}

/// A wall of glazed tiles over the whole picture, for kitchens and bathrooms.
pub fn tiles(c: &mut Canvas, colour: Rgb, size: f32, bottom: f32) {
    c.rect((-320.0, -340.0, 1280.0, bottom + 340.0), down(lit(colour, 1.03), lit(colour, 0.88)));
    let joint = flat(lit(colour, 0.76)).alpha(0.7);
    let mut x = -320.0;
    while x < 960.0 {
        c.rect((x, -340.0, 1.8, bottom + 340.0), joint);
        x += size;
    }
    let mut y = bottom - size;
    while y > -340.0 {
        c.rect((-320.0, y, 1280.0, 1.8), joint);
        y -= size;
    }
}

/// Brushed steel.
pub fn steel(light: f32) -> Paint {
    down(lit(rgb(0x00d3_d7da), light), lit(rgb(0x0090_979c), light))
}
