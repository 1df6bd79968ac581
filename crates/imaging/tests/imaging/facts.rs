use std::io::Cursor;

use anlao_imaging::{Facts, Limits, MediaType, inspect};

use crate::make;
use crate::tiff::{Entry, MAKE, MODEL, OFFSET_ORIGINAL, ORIENTATION, ORIGINAL, Tiff, ascii};

fn facts(bytes: &[u8]) -> Facts {
    inspect(Cursor::new(bytes), &Limits::default()).unwrap()
}

fn of(tiff: &Tiff) -> Facts {
    facts(&make::with_exif(&make::jpeg(40, 30), &tiff.bytes()))
}

fn timed(time: &str, offset: &str) -> Option<(String, Option<i16>)> {
    let tiff = Tiff { exif: vec![ascii(ORIGINAL, time), ascii(OFFSET_ORIGINAL, offset)], ..Tiff::default() };
    of(&tiff).captured_at.map(|time| (time.local, time.offset_minutes))
}

#[test]
fn a_phone_is_read_alike_in_every_container_and_byte_order() {
    for big_endian in [false, true] {
        let block = Tiff::phone(big_endian).bytes();
        let with_prefix = [b"Exif\0\0", block.as_slice()].concat();
        let files = [
            make::with_exif(&make::jpeg(40, 30), &block),
            make::with_chunk(&make::png_rgb(40, 30), b"eXIf", &block),
            make::webp_extended(8, 40, 30, &make::webp(40, 30), &[make::riff_chunk(b"EXIF", &block)]),
            make::webp_extended(8, 40, 30, &make::webp(40, 30), &[make::riff_chunk(b"EXIF", &with_prefix)]),
            make::heic(b"heic", &[b"mif1", b"heic"], &block),
        ];
        for file in files {
            let facts = facts(&file);
            let size = (facts.media_type != MediaType::Heic).then_some((40, 30));
            assert_eq!(facts.width.zip(facts.height), size);
            assert_eq!(facts.orientation, 6, "{:?}", facts.media_type);
            assert_eq!(facts.device.as_deref(), Some("HUAWEI Mate 60"));
            let time = facts.captured_at.unwrap();
            assert_eq!((time.local.as_str(), time.offset_minutes), ("2026-03-01T08:15:59", Some(480)));
            let gps = facts.gps.unwrap();
            assert!(
                (gps.latitude - 31.230_416_7).abs() < 1e-6 && (gps.longitude - 121.47).abs() < 1e-6,
                "{gps:?}"
            );
        }
    }
}

#[test]
fn a_picture_without_exif_has_a_size_and_nothing_else() {
    let facts = facts(&make::png_rgb(7, 5));
    assert_eq!((facts.width, facts.height, facts.orientation), (Some(7), Some(5), 1));
    assert!(facts.captured_at.is_none() && facts.gps.is_none() && facts.device.is_none());
}

#[test]
fn only_times_that_exist_are_believed() {
    assert_eq!(timed("2024:02:29 23:59:59", "-03:30"), Some(("2024-02-29T23:59:59".into(), Some(-210))));
    assert_eq!(timed("2026-03-01 08:15:00", "Z").unwrap().1, Some(0));
    for wrong in [
        "0000:00:00 00:00:00",
        "2025:02:29 10:00:00",
        "2026:13:01 10:00:00",
        "2026:00:10 10:00:00",
        "2026:04:31 10:00:00",
        "2026:04:30 24:00:00",
        "2026:04:30 10:60:00",
        "2026:04:30 10:00:60",
        "    :  :     :  :  ",
        "2026:04:30",
        "",
        "2026:4:30 10:00:00",
        "2026:04:30 10:00:00 pm",
        "+026:04:30 10:00:00",
    ] {
        assert_eq!(timed(wrong, "+08:00"), None, "{wrong}");
    }
}

#[test]
fn a_wrong_offset_does_not_cost_the_time() {
    for wrong in ["", "08:00", "+8:00", "+14:01", "+99:99", "+08:60", "+0x:00", "Zulu", "+-8:00"] {
        assert_eq!(timed("2026:03:01 08:15:00", wrong).unwrap().1, None, "{wrong}");
    }
}

#[test]
fn places_off_the_globe_or_without_hemisphere_are_unknown() {
    let place = |latitude, longitude| {
        let mut tiff = Tiff::default();
        tiff.place(latitude, longitude);
        of(&tiff).gps
    };
    let east = ('E', [(10, 1), (0, 1), (0, 1)]);
    let southern = place(('S', [(33, 1), (30, 1), (0, 1)]), ('w', [(70, 1), (0, 1), (0, 1)])).unwrap();
    assert_eq!((southern.latitude, southern.longitude), (-33.5, -70.0));
    assert!(place(('N', [(90, 1), (0, 1), (1, 1)]), east).is_none());
    assert!(place(('N', [(1, 0), (0, 1), (0, 1)]), east).is_none());
    assert!(place(('N', [(0, 0), (0, 0), (0, 0)]), east).is_none());
    assert!(place(('X', [(1, 1), (0, 1), (0, 1)]), east).is_none());
    assert!(place(('N', [(1, 1), (0, 1), (0, 1)]), ('E', [(u32::MAX, 1), (0, 1), (0, 1)])).is_none());
}

#[test]
fn a_device_name_is_safe_to_show() {
    let device = |make: &str, model: &str| {
        let tiff = Tiff { main: vec![ascii(MAKE, make), ascii(MODEL, model)], ..Tiff::default() };
        of(&tiff).device
    };
    assert_eq!(
        device("Apple\u{1b}[31m\r\n", "iPhone\u{202E}  15\u{200B}").as_deref(),
        Some("Apple[31m iPhone 15")
    );
    assert_eq!(device("", "华为 Mate").as_deref(), Some("华为 Mate"));
    assert_eq!(device(" \t", "\u{feff}"), None);
    assert_eq!(device(&"é".repeat(500), "x").unwrap().chars().count(), 120);
}

#[test]
fn broken_exif_costs_its_facts_but_never_the_picture() {
    let good = Tiff::phone(false).bytes();
    let mut blocks: Vec<Vec<u8>> = (0..good.len()).map(|len| good[..len].to_vec()).collect();
    blocks.push(b"II*\0\xFF\xFF\xFF\xFF".to_vec()); // directory beyond the end
    blocks.push(b"II*\0\x08\0\0\0\xFF\xFF".to_vec()); // 65,535 entries that are not there
    blocks.push(b"II*\0\x08\0\0\0\0\0\x08\0\0\0".to_vec()); // directory that follows itself
    let mut huge = Tiff::phone(false);
    huge.main.push(Entry { tag: 0x010E, kind: 12, count: u32::MAX, value: vec![0xFF; 4] });
    blocks.push(huge.bytes());
    for block in blocks {
        let facts = facts(&make::with_exif(&make::jpeg(40, 30), &block));
        assert_eq!((facts.width, facts.height), (Some(40), Some(30)));
    }
}

#[test]
fn one_broken_field_costs_only_itself() {
    let mut tiff = Tiff::phone(true);
    tiff.main.insert(0, Entry { tag: 0x010E, kind: 2, count: u32::MAX, value: vec![0xFF; 4] });
    let facts = of(&tiff);
    assert_eq!((facts.orientation, facts.device.as_deref()), (6, Some("HUAWEI Mate 60")));
}

#[test]
fn nonsense_orientation_is_upright() {
    for orientation in [0, 9, 255, 65_535] {
        assert_eq!(of(&Tiff::with_orientation(orientation)).orientation, 1);
    }
    let mut text = Tiff::default();
    text.main.push(ascii(ORIENTATION, "6"));
    assert_eq!(of(&text).orientation, 1);
}
