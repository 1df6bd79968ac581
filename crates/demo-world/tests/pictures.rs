//! Pictures are the same for the same seed, readable, and of a phone's size.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use anlao_demo_world::{Scene, Stage, draw, draw_scene, draw_stamped};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for category in ["electricity", "fire", "gas", "food", "other", "E03"] {
        assert_eq!(
            draw(4, category, Stage::Before).jpeg,
            draw(4, category, Stage::Before).jpeg,
            "{category}"
        );
    }
    assert_ne!(draw(4, "fire", Stage::Before).jpeg, draw(5, "fire", Stage::Before).jpeg);
    assert_ne!(draw(4, "fire", Stage::Before).jpeg, draw(4, "fire", Stage::After).jpeg);
}

#[test]
fn an_item_gets_the_scene_that_shows_it() {
    assert_eq!(draw(8, "K07", Stage::After).jpeg, draw_scene(8, Scene::Samples, Stage::After).jpeg);
    assert_eq!(draw(8, "F17", Stage::After).jpeg, draw_scene(8, Scene::Records, Stage::After).jpeg);
    assert!(!draw(8, "something else", Stage::After).jpeg.is_empty());
}

#[test]
fn a_stamp_changes_the_picture_and_nothing_breaks_it() {
    let plain = draw(8, "gas", Stage::Before).jpeg;
    assert_eq!(draw_stamped(8, "gas", Stage::Before, "").jpeg, plain);
    assert_ne!(draw_stamped(8, "gas", Stage::Before, "2024-12-09 10:22").jpeg, plain);
    assert!(!draw_stamped(8, "gas", Stage::Before, &"9".repeat(500)).jpeg.is_empty());
}

#[test]
fn every_scene_is_a_readable_jpeg_of_moderate_size() {
    for (seed, scene) in (20..).zip(Scene::ALL) {
        for stage in [Stage::Before, Stage::After] {
            let picture = draw_scene(seed, scene, stage);
            assert!(
                (25_000..75_000).contains(&picture.jpeg.len()),
                "{scene:?} {stage:?}: {} bytes",
                picture.jpeg.len()
            );
            let decoded = image::load_from_memory(&picture.jpeg).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (picture.width, picture.height));
            assert!([(640, 480), (480, 640)].contains(&(picture.width, picture.height)));
        }
    }
}
