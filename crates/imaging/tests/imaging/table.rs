//! The tables of hostile pictures: each becomes what is said of it.

use std::io::Cursor;
use std::time::Instant;

use anlao_imaging::{Facts, Limits, Refusal, derive, inspect};
use anlao_test_pictures::{Case, Expected, SECRET, bare, bombs, disguises, exif_traps, sizes};
use anlao_testbed::{tally, tries};

/// The API's words for a refusal; a type other than the declared one is refused as damage there.
fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownType => "unsupported_picture",
        Refusal::TooManyPixels { .. } | Refusal::SideTooLong { .. } | Refusal::TooManyBytes { .. } => {
            "picture_too_large"
        }
        Refusal::Damaged(_) | Refusal::NoPreview => "damaged_picture",
    }
}

/// What became of a case, and what is wrong with that.
fn judge(case: &Case, bytes: &[u8]) -> Result<(), String> {
    let seen = match inspect(Cursor::new(bytes), &Limits::default()) {
        Ok(facts) if facts.media_type.as_str() != case.media_type => Err("damaged_picture"),
        Ok(facts) => Ok(facts),
        Err(refusal) => Err(code(&refusal)),
    };
    let made = derive(bytes, &Limits::default());
    match (&seen, &made, case.expected) {
        (Err(code), _, Expected::Refused(wanted)) if *code == wanted => Ok(()),
        (Ok(facts), Err(_), Expected::Kept) => safe(facts),
        (Ok(facts), Ok(copies), Expected::Shown) => {
            read_as_said(case, facts)?;
            safe(facts)?;
            for copy in [&copies.preview, &copies.thumbnail] {
                bare::check(copy)?;
                if copy.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
                    return Err("the secret is in a copy".into());
                }
            }
            Ok(())
        }
        _ => Err(format!("seen as {seen:?}, copies: {:?}", made.err())),
    }
}

fn read_as_said(case: &Case, facts: &Facts) -> Result<(), String> {
    let read = (facts.orientation, facts.gps.is_some());
    if case.reads.is_some_and(|wanted| wanted != read) { Err(format!("read as {read:?}")) } else { Ok(()) }
}

/// Whatever a file says of itself, what is kept of it can be shown and stored.
fn safe(facts: &Facts) -> Result<(), String> {
    let device = facts.device.as_deref().unwrap_or_default();
    let turned = |c: char| {
        c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    let on_globe = facts.gps.is_none_or(|gps| gps.latitude.abs() <= 90.0 && gps.longitude.abs() <= 180.0);
    let good = !device.contains(turned)
        && device.chars().count() <= 120
        && on_globe
        && (1..=8).contains(&facts.orientation);
    if good { Ok(()) } else { Err(format!("unsafe facts: {facts:?}")) }
}

#[track_caller]
fn all(row: &str, what: &str, cases: &[Case], times: u64) {
    let mut wrong = Vec::new();
    let mut slowest = (0, "");
    for case in cases {
        let bytes = case.bytes();
        for _ in 0..times {
            let started = Instant::now();
            if let Err(why) = judge(case, &bytes) {
                wrong.push(format!("{}: expected {:?}; {why}", case.name, case.expected));
            }
            slowest = slowest.max((started.elapsed().as_millis(), &case.name));
        }
    }
    println!("{what}: {} cases, {times} times; the slowest: {slowest:?} ms", cases.len());
    tally(row, what, cases.len() as u64 * times, wrong.len() as u64);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_disguise_is_seen_through() {
    let cases = disguises();
    assert!(cases.len() >= 29, "{}", cases.len());
    all("33", "disguises and polyglots, read", &cases, 1);
}

#[test]
fn every_bomb_is_defused() {
    all("34", "bombs, read and unfolded", &bombs(), tries(1, 5));
}

#[test]
fn the_ceilings_are_where_they_are_said_to_be() {
    all("35", "sizes at the ceilings and one above, read", &sizes(), 1);
}

#[test]
fn every_trap_in_metadata_costs_its_facts_only_and_reaches_no_copy() {
    all("38", "traps in metadata, copies read", &exif_traps(), 1);
}

/// The strict reader of copies finds what it is there for.
#[test]
fn the_reader_of_copies_finds_everything_that_is_no_pixel() {
    let copy = derive(&crate::make::jpeg(40, 30), &Limits::default()).unwrap().preview;
    assert_eq!(bare::check(&copy), Ok(()));
    let marked = |marker| crate::make::with_segment(&copy, marker, b"SECRET");
    for marker in (0xE0..=0xEF).chain([0xFE, 0xF0, 0xDD]) {
        assert!(bare::check(&marked(marker)).is_err(), "{marker:#X}");
    }
    let thumbnail = crate::make::with_segment(&copy, 0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01abc");
    for broken in
        [thumbnail, [&copy[..], b"x"].concat(), copy[..copy.len() - 2].to_vec(), [&copy[..], &copy].concat()]
    {
        assert!(bare::check(&broken).is_err());
    }
}

/// A phone of 108 megapixels fits; the same picture in a file too thin for it does not.
#[test]
fn a_phone_of_108_megapixels_passes() {
    let flat = crate::make::jpeg_flat(12_000, 9_000);
    assert!(matches!(derive(&flat, &Limits::default()).err(), Some(Refusal::TooManyBytes { .. })));
    let note = [&b"\xFF\xE7\xFF\xFF"[..], &[7; 65_533]].concat();
    let phone = [&flat[..2], &note.repeat(110), &flat[2..]].concat();
    assert_eq!(inspect(Cursor::new(&phone), &Limits::default()).unwrap().width, Some(12_000));
    assert_eq!(derive(&phone, &Limits::default()).unwrap().width, 1600);
}
