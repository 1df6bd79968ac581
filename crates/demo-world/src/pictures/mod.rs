//! Drawn photographs: a scene per kind of finding, before and after it is put right.

mod canvas;
mod corridor;
mod e_bike;
mod electricity;
mod finish;
mod fire;
mod food;
mod fridge;
mod gas;
mod letters;
mod other;
mod paint;
mod props;
mod room;
mod scene;
mod shapes;
mod table;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use canvas::{Canvas, View};
use finish::Light;
use room::Look;
pub use scene::Scene;

/// A finished photograph.
pub struct Picture {
    pub jpeg: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// Whether the finding is still there or has been put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Before,
    After,
}

/// Draws a scene of the category (`electricity`, `fire`, `gas`, `food`, `other`), or of the checklist item (`E03`) if one
/// is named. The same seed gives the same place in both stages, seen from a slightly different spot.
pub fn draw(seed: u64, category: &str, stage: Stage) -> Picture {
    draw_stamped(seed, category, stage, "")
}

/// As [`draw`], with a line such as `2024-12-09 10:22` printed in the corner; letters the stamp does not know stay blank.
pub fn draw_stamped(seed: u64, category: &str, stage: Stage, text: &str) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5ce7_e5ee_d000_0001);
    photograph(seed, Scene::choose(category, &mut rng), stage, text)
}

/// Draws one named scene.
pub fn draw_scene(seed: u64, scene: Scene, stage: Stage) -> Picture {
    photograph(seed, scene, stage, "")
}

fn photograph(seed: u64, scene: Scene, stage: Stage, stamp: &str) -> Picture {
    let mut place = ChaCha8Rng::seed_from_u64(seed);
    let look = Look::new(&mut place);
    let mirrored = place.random_bool(0.4) && scene != Scene::Records;
    let portrait = place.random_bool(0.22);
    let mut hand = ChaCha8Rng::seed_from_u64(seed.rotate_left(17) ^ u64::from(stage == Stage::After));
    let view = camera(&mut hand, mirrored, portrait);
    let (width, height) = if portrait { (480, 640) } else { (640, 480) };
    let mut canvas = Canvas::new(width, height, view);
    scene.paint(&mut canvas, &look, &mut place, stage);
    finish::stamp(&mut canvas, stamp);
    finish::encode(&canvas, &Light::new(&mut hand))
}

/// How the phone was held.
fn camera(hand: &mut ChaCha8Rng, mirrored: bool, portrait: bool) -> View {
    let (scale, shift) = if portrait { (0.94, (240.0, 330.0)) } else { (1.07, (320.0, 240.0)) };
    View {
        scale: scale * hand.random_range(0.97..1.05),
        turn: hand.random_range(-0.035..0.035),
        shift: (shift.0 + hand.random_range(-10.0..10.0), shift.1 + hand.random_range(-9.0..9.0)),
        keystone: (hand.random_range(-0.00028..0.00028), hand.random_range(-0.0002..0.0003)),
        mirrored,
    }
}
