use std::io::Cursor;

use anlao_imaging::{Limits, MediaType, Refusal, derive, inspect};

use crate::make;

const ALL: [MediaType; 4] = [MediaType::Jpeg, MediaType::Png, MediaType::Webp, MediaType::Heic];

#[test]
fn a_type_is_told_by_content() {
    assert_eq!(MediaType::sniff(&make::jpeg(8, 8)), Some(MediaType::Jpeg));
    assert_eq!(MediaType::sniff(&make::png_rgb(8, 8)), Some(MediaType::Png));
    assert_eq!(MediaType::sniff(&make::webp(8, 8)), Some(MediaType::Webp));
    for brand in [b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"] {
        assert_eq!(MediaType::sniff(&make::heic(brand, &[b"mif1", b"heic"], b"")), Some(MediaType::Heic));
    }
}

#[test]
fn avif_is_not_heic_even_under_the_common_brand() {
    assert_eq!(MediaType::sniff(&make::heic(b"avif", &[b"mif1"], b"")), None);
    assert_eq!(MediaType::sniff(&make::heic(b"mif1", &[b"avif", b"miaf"], b"")), None);
    assert_eq!(MediaType::sniff(&make::heic(b"mp42", &[b"isom"], b"")), None);
}

#[test]
fn everything_else_is_refused() {
    let strangers: [&[u8]; 9] = [
        b"",
        b"\xFF\xD8",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a\x01\0\x01\0",
        b"%PDF-1.7",
        b"<!doctype html><script>alert(1)</script>",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"II*\0\x08\0\0\0",
        b"BM\x46\0\0\0",
    ];
    for bytes in strangers {
        assert_eq!(inspect(Cursor::new(bytes), &Limits::default()), Err(Refusal::UnknownType));
        assert_eq!(derive(bytes, &Limits::default()).err(), Some(Refusal::UnknownType));
    }
}

#[test]
fn declared_types_are_read_leniently_and_written_strictly() {
    for media_type in ALL {
        assert_eq!(MediaType::parse(media_type.as_str()), Some(media_type));
        assert!(!media_type.extension().contains('.'));
    }
    assert_eq!(MediaType::parse("Image/JPEG; q=1"), Some(MediaType::Jpeg));
    assert_eq!(MediaType::parse("image/heif"), Some(MediaType::Heic));
    for other in ["image/svg+xml", "image/gif", "image/avif", "text/html", "", "jpeg", "image/*"] {
        assert_eq!(MediaType::parse(other), None, "{other}");
    }
}
