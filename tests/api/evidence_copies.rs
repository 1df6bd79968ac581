//! What people see of a photo: upright, small, without a word the camera wrote.

use crate::on_both_databases;
use crate::support::tiff::Tiff;
use crate::support::{Answer, Person, Photo, TestApp, World, scene};
use anlao::db::Backend;

async fn copy(of: &str, which: &str, by: &Person) -> Answer {
    by.get(&format!("/evidence/{of}/{which}")).await.expect(200)
}

/// The markers of all segments before the pixels.
fn markers(jpeg: &[u8]) -> Vec<u8> {
    let (mut at, mut found) = (2, vec![]);
    loop {
        assert_eq!(jpeg[at], 0xFF);
        found.push(jpeg[at + 1]);
        if jpeg[at + 1] == 0xDA {
            return found;
        }
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
}

/// No EXIF, XMP, ICC, IPTC or comment: APP0, tables, frame and scan only, and it ends with its end marker.
fn assert_bare(jpeg: &[u8], what: &str) {
    for marker in markers(jpeg) {
        assert!(matches!(marker, 0xE0 | 0xDB | 0xC0 | 0xC4 | 0xDA), "{what}: marker {marker:#X}");
    }
    assert!(jpeg.ends_with(b"\xFF\xD9"), "{what}: something stands behind the picture");
}

fn pixels(jpeg: &[u8]) -> image::RgbImage {
    image::load_from_memory(jpeg).unwrap().to_rgb8()
}

fn difference(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: f64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / a.as_raw().len() as f64
}

/// A photo of one and the same scene, stored as a camera held in this orientation stores it.
fn held(orientation: u16, width: u32, height: u32) -> Photo {
    let seen = image::RgbImage::from_raw(width, height, scene(width, height)).unwrap();
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    let stored = match orientation {
        2 => flip_horizontal(&seen),
        3 => rotate180(&seen),
        4 => flip_vertical(&seen),
        5 => flip_horizontal(&rotate90(&seen)),
        6 => rotate270(&seen),
        7 => flip_horizontal(&rotate270(&seen)),
        8 => rotate90(&seen),
        _ => seen,
    };
    let jpeg = anlao_imaging::encode_jpeg(stored.as_raw(), stored.width(), stored.height(), 92).unwrap();
    let tiff = Tiff::with_orientation(orientation).bytes();
    Photo::jpeg("before", crate::support::with_exif(&jpeg, &tiff))
}

#[test]
fn eight_ways_to_hold_a_camera_give_one_upright_picture() {
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let photos: Vec<Photo> = (1..=8).map(|orientation| held(orientation, 2000, 1100)).collect();
        world.registered(&world.hazard(&photos.iter().collect::<Vec<_>>())).await;
        let seen = image::RgbImage::from_raw(2000, 1100, scene(2000, 1100)).unwrap();
        for (photo, orientation) in photos.iter().zip(1..) {
            photo.upload(&world.inspector).await.expect(201);
            for (which, size) in [("preview", (1600, 880)), ("thumbnail", (320, 176))] {
                let jpeg = copy(&photo.id, which, &world.inspector).await.bytes;
                assert_bare(&jpeg, which);
                let expected = image::imageops::thumbnail(&seen, size.0, size.1);
                let off = difference(&pixels(&jpeg), &expected);
                assert!(off < 3.0, "orientation {orientation}: the {which} is off by {off}");
            }
        }
    });
}

#[test]
fn copies_are_never_larger_than_asked_nor_than_the_original() {
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let sizes = [((3000, 200), (1600, 107), (320, 21)), ((200, 3000), (107, 1600), (21, 320)), ((100, 60), (100, 60), (100, 60))];
        let photos: Vec<Photo> = sizes.iter().map(|((w, h), ..)| Photo::scene(*w, *h, &[])).collect();
        world.registered(&world.hazard(&photos.iter().collect::<Vec<_>>())).await;
        for (photo, (_, preview, thumbnail)) in photos.iter().zip(sizes) {
            photo.upload(&world.inspector).await.expect(201);
            for (which, expected) in [("preview", preview), ("thumbnail", thumbnail)] {
                let made = pixels(&copy(&photo.id, which, &world.inspector).await.bytes).dimensions();
                let near = made.0.abs_diff(expected.0) <= 1 && made.1.abs_diff(expected.1) <= 1;
                assert!(near && made.0.max(made.1) <= 1600, "{which}: {made:?}, not {expected:?}");
            }
        }
    });
}

on_both_databases! {
    /// What the camera wrote is read into the record, shown by role, and is in no copy.
    facts_are_read_and_places_are_shown_by_role, app => {
        let world = World::build(app).await;
        let photo = Photo::scene(640, 480, &Tiff::phone(true).bytes());
        world.registered(&world.hazard(&[&photo])).await;
        let stored = photo.upload(&world.inspector).await.expect(201).body;
        assert_eq!(stored["exif_captured_at"], "2026-03-01T08:15:59+08:00");
        assert_eq!(stored["device"], "HUAWEI Mate 60");
        let near = |value: &serde_json::Value, degrees: f64| (value.as_f64().unwrap() - degrees).abs() < 0.0001;
        for reader in [&world.inspector, &world.supervisor, &world.auditor] {
            let seen = reader.get(&format!("/evidence/{}", photo.id)).await.expect(200).body;
            assert!(near(&seen["latitude"], 31.0 + 13.0 / 60.0 + 49.5 / 3600.0), "{seen}");
            assert!(near(&seen["longitude"], 121.0 + 28.0 / 60.0 + 12.0 / 3600.0), "{seen}");
        }
        for reader in [&world.manager, &world.admin] {
            let seen = reader.get(&format!("/evidence/{}", photo.id)).await.expect(200).body;
            for hidden in ["latitude", "longitude", "device"] {
                assert!(seen[hidden].is_null(), "{hidden} for {}", reader.username);
            }
            assert_eq!(seen["exif_captured_at"], "2026-03-01T08:15:59+08:00");
        }
        for which in ["preview", "thumbnail"] {
            let jpeg = copy(&photo.id, which, &world.manager).await.bytes;
            assert_bare(&jpeg, which);
            for word in [&b"HUAWEI"[..], b"Exif", b"2026"] {
                assert!(!jpeg.windows(word.len()).any(|window| window == word), "{which}");
            }
        }
    }
}

#[test]
fn broken_exif_costs_its_facts_and_nothing_else() {
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let whole = Tiff::phone(false).bytes();
        for cut in [0, 7, 20, whole.len() / 2] {
            let photo = Photo::scene(64 + cut as u32, 48, &whole[..cut]);
            world.registered(&world.hazard(&[&photo])).await;
            photo.upload(&world.inspector).await.expect(201);
            copy(&photo.id, "preview", &world.inspector).await;
        }
    });
}

/// Photographs of real cameras, where the corpora are: all are taken, all are shown upright and bare.
#[test]
fn real_photographs() {
    let Some(corpora) = std::env::var_os("ANLAO_CORPORA") else {
        eprintln!("ANLAO_CORPORA is not set: no real photographs were tried");
        return;
    };
    let folder = std::path::Path::new(&corpora).join("photos");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "jpg")).collect();
    files.sort();
    assert!(!files.is_empty());
    TestApp::run(Backend::Sqlite, async |app| {
        let world = World::build(app).await;
        let photos: Vec<Photo> = files.iter().map(|path| Photo::jpeg("before", std::fs::read(path).unwrap())).collect();
        world.registered(&world.hazard(&photos.iter().collect::<Vec<_>>())).await;
        for (photo, path) in photos.iter().zip(&files) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            photo.upload(&world.inspector).await.expect(201);
            let (preview, thumbnail) =
                (copy(&photo.id, "preview", &world.inspector).await.bytes, copy(&photo.id, "thumbnail", &world.inspector).await.bytes);
            assert_bare(&preview, &name);
            assert_bare(&thumbnail, &name);
            let (width, height) = pixels(&preview).dimensions();
            // Landscape_0 to Landscape_8 are one scene held in nine ways; so is Portrait.
            assert_eq!(width > height, name.starts_with("Landscape"), "{name} is {width} x {height}");
            assert!(width.max(height) <= 1600 && pixels(&thumbnail).dimensions().0.max(pixels(&thumbnail).dimensions().1) <= 320);
            let original = world.auditor.get(&format!("/evidence/{}/original", photo.id)).await.expect(200);
            assert!(original.bytes == photo.bytes);
        }
    });
}
