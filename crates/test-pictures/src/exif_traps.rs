//! Photographs whose metadata lie, loop, overflow or speak. All of them are photographs and must be shown.

use crate::bombs::countless;
use crate::tiff::{Entry, MAKE, MODEL, ORIENTATION, ORIGINAL, Tiff, ascii};
use crate::{Case, JPEG, PNG, SECRET, Shown, WEBP, make};

/// Photographs with traps in their EXIF, XMP, IPTC and profiles.
pub fn exif_traps() -> Vec<Case> {
    let mut all = loops();
    all.extend(counts());
    all.extend(orientations());
    all.extend(places());
    all.extend(texts());
    all.extend(other_metadata());
    all
}

/// A photograph of 40 x 30 with this block.
fn with(name: impl Into<String>, block: Vec<u8>) -> Case {
    Case::new(name, JPEG, Shown, move || make::with_exif(&make::jpeg(40, 30), &block))
}

/// A directory at `at` with these entries (tag, kind, count, value), that names the next one.
fn directory(entries: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut out = (entries.len() as u16).to_le_bytes().to_vec();
    for (tag, kind, count, value) in entries {
        out.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        out.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    out.extend(next.to_le_bytes());
    out
}

fn block(directories: &[Vec<u8>]) -> Vec<u8> {
    [b"II*\0\x08\0\0\0".to_vec(), directories.concat()].concat()
}

const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const INTEROP: u16 = 0xA005;

fn loops() -> Vec<Case> {
    let six = (ORIENTATION, 3, 1, 6);
    let chain: Vec<Vec<u8>> = (1..=1_000).map(|next| directory(&[six], 8 + next * 18)).collect();
    vec![
        with("a directory that follows itself", block(&[directory(&[six], 8)])).reading(6, false),
        with("two directories that follow each other", block(&[directory(&[six], 26), directory(&[six], 8)]))
            .reading(6, false),
        with("a chain of 1,000 directories", block(&chain)).reading(6, false),
        with("EXIF that is its own directory", block(&[directory(&[six, (EXIF, 4, 1, 8)], 0)]))
            .reading(6, false),
        with("GPS that is the main directory", block(&[directory(&[six, (GPS, 4, 1, 8)], 0)]))
            .reading(6, false),
        with(
            "EXIF, GPS and interoperability in a ring",
            block(&[
                directory(&[(EXIF, 4, 1, 26)], 0),
                directory(&[(INTEROP, 4, 1, 44)], 8),
                directory(&[(EXIF, 4, 1, 26)], 26),
            ]),
        )
        .reading(1, false),
        with("a directory beyond the end", b"II*\0\xFF\xFF\xFF\xFF".to_vec()).reading(1, false),
        with("a directory in the header", b"II*\0\0\0\0\0".to_vec()).reading(1, false),
        with("a directory in the header's middle", b"II*\0\x02\0\0\0\0\0\0\0".to_vec()).reading(1, false),
        with("65,535 entries that are not there", b"II*\0\x08\0\0\0\xFF\xFF".to_vec()).reading(1, false),
    ]
}

fn counts() -> Vec<Case> {
    let mut all: Vec<Case> = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255, 65_535]
        .into_iter()
        .map(|kind| {
            let mut tiff = Tiff::phone(false);
            tiff.main.insert(0, countless(0x010E, kind));
            tiff.exif.insert(0, countless(ORIGINAL, kind));
            with(format!("4 billion values of kind {kind}"), tiff.bytes()).reading(6, true)
        })
        .collect();
    for (name, kind, count) in
        [("no orientation in its entry", 3, 0), ("two orientations in one entry", 3, 2)]
    {
        let entry = (ORIENTATION, kind, count, 0x0003_0006);
        let seen = if count == 0 { 1 } else { 6 };
        all.push(with(name, block(&[directory(&[entry], 0)])).reading(seen, false));
    }
    let twice = block(&[directory(&[(ORIENTATION, 3, 1, 6), (ORIENTATION, 3, 1, 3)], 0)]);
    all.push(with("two orientations", twice).reading(3, false));
    all.push(
        with("a value that lies over its own directory", block(&[directory(&[(MAKE, 2, 40, 0)], 0)]))
            .reading(1, false),
    );
    all.push(with("a value that ends one byte too late", {
        let whole = Tiff::phone(false).bytes();
        whole[..whole.len() - 1].to_vec()
    }));
    all
}

fn orientations() -> Vec<Case> {
    let mut all: Vec<Case> = (0..=9)
        .chain([255, 256, 32_768, 65_535])
        .map(|number: u16| {
            let seen = if (1..=8).contains(&number) { number as u8 } else { 1 };
            with(format!("orientation {number}"), Tiff::with_orientation(number).bytes()).reading(seen, false)
        })
        .collect();
    // A long number is taken where a short one is meant; a signed or broken one is not.
    for (name, kind, value, seen) in
        [("long", 4, 6, 6), ("a letter", 2, 0x36, 1), ("signed", 8, 0xFFFF, 1), ("undefined", 7, 6, 1)]
    {
        all.push(
            with(
                format!("an orientation that is {name}"),
                block(&[directory(&[(ORIENTATION, kind, 1, value)], 0)]),
            )
            .reading(seen, false),
        );
    }
    all
}

fn places() -> Vec<Case> {
    let good = ('N', [(31, 1), (13, 1), (4950, 100)]);
    let east = ('E', [(121, 1), (28, 1), (1200, 100)]);
    let wrong = [
        ("no denominators", ('N', [(31, 0), (13, 0), (0, 0)]), east),
        ("beyond the pole", ('N', [(90, 1), (0, 1), (1, 1)]), east),
        ("beyond the date line", good, ('E', [(180, 1), (0, 1), (1, 1)])),
        ("4 billion degrees", ('N', [(u32::MAX, 1), (0, 1), (0, 1)]), east),
        ("no such hemisphere", ('Q', good.1), east),
        ("a hemisphere of the other axis", ('E', good.1), ('N', east.1)),
        ("a hemisphere that is a control character", ('\u{1}', good.1), east),
    ];
    let mut all = Vec::new();
    for (name, latitude, longitude) in wrong {
        let mut tiff = Tiff::default();
        tiff.place(latitude, longitude);
        all.push(with(format!("a place with {name}"), tiff.bytes()).reading(1, false));
    }
    let mut tiff = Tiff::default();
    tiff.place(good, east);
    all.push(with("a place", tiff.bytes()).reading(1, true));
    let changed = |change: &dyn Fn(&mut Tiff)| {
        let mut tiff = tiff.clone();
        change(&mut tiff);
        tiff.bytes()
    };
    all.push(with("a place of negative fractions", changed(&|tiff| tiff.gps[1].kind = 10)).reading(1, false));
    all.push(with("a place of two numbers", changed(&|tiff| tiff.gps[1].count = 2)).reading(1, false));
    all.push(with("a place of texts", changed(&|tiff| tiff.gps[1].kind = 2)).reading(1, false));
    all.push(with("a place without hemisphere", changed(&|tiff| drop(tiff.gps.remove(0)))).reading(1, false));
    all.push(with("a place without longitude", changed(&|tiff| tiff.gps.truncate(2))).reading(1, false));
    all
}

fn texts() -> Vec<Case> {
    let strange = [
        ("NUL within", "HUA\0WEI\0SECRET".to_owned()),
        ("control characters", "\u{1b}[31mHUAWEI\r\n\u{7}\u{8}\u{7f}SECRET".to_owned()),
        ("right-to-left turns", "HUAWEI\u{202E}TERCES\u{2066}\u{200F}".to_owned()),
        ("markup", "<script>alert('SECRET')</script>".to_owned()),
        ("a query", "'; DROP TABLE evidence; --SECRET".to_owned()),
        ("a formula", "=cmd|'/C calc'!A0 SECRET".to_owned()),
        ("60,000 letters", SECRET.repeat(10_000)),
        ("joined emoji", "👩‍👩‍👧‍👦 SECRET 🏴‍☠️".repeat(40)),
        ("nothing", String::new()),
        ("spaces", " \t ".to_owned()),
    ];
    let mut all = Vec::new();
    for (name, text) in strange {
        let tiff = Tiff { main: vec![ascii(MAKE, &text), ascii(MODEL, "P60")], ..Tiff::default() };
        all.push(with(format!("a maker's name of {name}"), tiff.bytes()).reading(1, false));
    }
    let bytes = Entry { tag: MODEL, kind: 2, count: 8, value: b"\xC3\x28\xA0\xFF\xFE\x80\0\xED".to_vec() };
    all.push(
        with("a model that is no UTF-8", Tiff { main: vec![bytes], ..Tiff::default() }.bytes())
            .reading(1, false),
    );
    for (name, time) in [
        ("zeros", "0000:00:00 00:00:00"),
        ("the year 9999", "9999:12:31 23:59:59"),
        ("SQL", "2026:03:01' OR 1=1"),
        ("29 February", "2025:02:29 08:00:00"),
    ] {
        let tiff = Tiff { exif: vec![ascii(ORIGINAL, time)], ..Tiff::default() };
        all.push(with(format!("a time that is {name}"), tiff.bytes()).reading(1, false));
    }
    all
}

fn other_metadata() -> Vec<Case> {
    const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><script>SECRET</script></x:xmpmeta>";
    let mut owner = Tiff::phone(false);
    owner.main.extend([
        ascii(0x013B, "SECRET artist"),
        ascii(0x8298, "SECRET copyright"),
        ascii(0x010E, "SECRET description"),
    ]);
    owner.exif.extend([ascii(0x927C, "SECRET maker note"), ascii(0x9286, "SECRET comment")]);
    owner.exif.extend([
        ascii(0xA420, "SECRET id"),
        ascii(0xA430, "SECRET owner"),
        ascii(0xA431, "SECRET serial"),
    ]);
    owner.exif.push(ascii(0xA435, "SECRET lens"));
    let owner = owner.bytes();
    let thumbnail = with_thumbnail();
    let segment = |name: &str, marker: u8, body: Vec<u8>| {
        Case::new(name, JPEG, Shown, move || make::with_segment(&make::jpeg(40, 30), marker, &body))
            .reading(1, false)
    };
    let (in_png, in_webp) = (owner.clone(), owner.clone());
    let second = Tiff::with_orientation(3).bytes();
    vec![
        with("owner, serial number, maker note", owner).reading(6, true),
        Case::new("the same in a PNG", PNG, Shown, move || {
            make::with_chunk(&make::png_rgb(40, 30), b"eXIf", &in_png)
        })
        .reading(6, true),
        Case::new("the same in a WebP", WEBP, Shown, move || {
            make::webp_extended(8, 40, 30, &make::webp(40, 30), &[make::riff_chunk(b"EXIF", &in_webp)])
        })
        .reading(6, true),
        with("a thumbnail inside", thumbnail).reading(6, false),
        Case::new("two blocks that disagree", JPEG, Shown, move || {
            let inner = make::with_exif(&make::jpeg(40, 30), &second);
            make::with_exif(&inner, &Tiff::phone(true).bytes())
        })
        .reading(6, true),
        with("the byte order of neither", b"IM*\0\x08\0\0\0".to_vec()).reading(1, false),
        with("the wrong byte order", [b"MM", &Tiff::phone(false).bytes()[2..]].concat()).reading(1, false),
        with("nothing", Vec::new()).reading(1, false),
        segment("XMP with a script", 0xE1, XMP.to_vec()),
        segment("XMP of 60 KB", 0xE1, [XMP, SECRET.repeat(10_000).as_bytes()].concat()),
        segment(
            "extended XMP of 4 GB",
            0xE1,
            [&b"http://ns.adobe.com/xmp/extension/\0"[..], &[b'A'; 32], &[0xFF; 8], b"SECRET"].concat(),
        ),
        segment(
            "IPTC",
            0xED,
            b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0B\x1C\x02\x50\0\x06SECRET\0".to_vec(),
        ),
        segment("a colour profile that is none", 0xE2, b"ICC_PROFILE\0\xFF\xFFSECRET".to_vec()),
        segment("many pictures in one", 0xE2, b"MPF\0II*\0\x08\0\0\0SECRET".to_vec()),
        segment(
            "JFIF with a thumbnail",
            0xE0,
            [&b"JFIF\0\x01\x02\0\0\x01\0\x01\x02\x02"[..], b"SECRETSECRET"].concat(),
        ),
        segment("a comment that is markup", 0xFE, b"<img src=x onerror=alert('SECRET')>".to_vec()),
    ]
}

/// A second directory that holds a whole picture, as cameras write it.
fn with_thumbnail() -> Vec<u8> {
    let picture = make::with_segment(&make::jpeg(32, 24), 0xFE, b"SECRET");
    let second = 26;
    let data = second + 2 + 3 * 12 + 4;
    block(&[
        directory(&[(ORIENTATION, 3, 1, 6)], second),
        directory(&[(0x0103, 3, 1, 6), (0x0201, 4, 1, data), (0x0202, 4, 1, picture.len() as u32)], 0),
        picture,
    ])
}
