//! What is no photograph, or is a photograph and something else as well.

use crate::{Case, DAMAGED, HEIC, JPEG, Kept, PNG, Shown, UNSUPPORTED, WEBP, make};

const HTML: &[u8] = b"<!doctype html><html><body><script>fetch('/run?SECRET')</script></body></html>";
const SVG: &[u8] =
    b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"fetch('/run?SECRET')\"><script>fetch('/run')</script></svg>";
const PHP: &[u8] = b"<?php system($_GET['SECRET']); ?>";
const PDF: &[u8] =
    b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(SECRET)>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF";
const ZIP: &[u8] = b"PK\x03\x04\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\0\0\0\x06\0\0\0\x01\0\0\0aSECRETPK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0This program cannot be run in DOS mode";
const MAGIC: &[u8] = b"\xFF\xD8\xFF";
const HEIC_FIRST_BOX: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn photo() -> Vec<u8> {
    make::jpeg(64, 48)
}

/// Files under a type that is not theirs, or with another file in them.
pub fn disguises() -> Vec<Case> {
    let mut all = strangers();
    all.extend(beginnings());
    all.extend(polyglots());
    all.extend(exchanged());
    all
}

/// No photograph at all.
fn strangers() -> Vec<Case> {
    let plain: [(&str, &'static str, &'static [u8]); 17] = [
        ("SVG with a script as PNG", PNG, SVG),
        (
            "SVG behind a byte order mark as JPEG",
            JPEG,
            b"\xEF\xBB\xBF<?xml version='1.0'?><svg onload='a()'/>",
        ),
        ("HTML as JPEG", JPEG, HTML),
        ("HTML in UTF-16 as WebP", WEBP, b"\xFF\xFE<\0h\0t\0m\0l\0>\0"),
        ("HTML behind spaces as PNG", PNG, b"      \n\t<html><script>1</script>"),
        (
            "GIF as JPEG",
            JPEG,
            b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
        ),
        ("GIF that is a script as PNG", PNG, b"GIF89a=1;fetch('/run?SECRET')//"),
        ("PDF as JPEG", JPEG, PDF),
        ("PHP as PNG", PNG, PHP),
        ("EXE as JPEG", JPEG, EXE),
        ("ELF as PNG", PNG, b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3E\0"),
        ("AVIF as HEIC", HEIC, b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf"),
        ("film as HEIC", HEIC, b"\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\0\x08moov"),
        ("sound as WebP", WEBP, b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"),
        ("TIFF as JPEG", JPEG, b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
        ("BMP as PNG", PNG, b"BM\x1E\0\0\0\0\0\0\0\x1A\0\0\0\x0C\0\0\0\x01\0\x01\0\x01\0\x18\0"),
        ("one letter as JPEG", JPEG, b"x"),
    ];
    let plain =
        plain.into_iter().map(|(name, kind, bytes)| Case::new(name, kind, UNSUPPORTED, || bytes.to_vec()));
    plain
        .chain([
            Case::new("PDF in front of a JPEG", JPEG, UNSUPPORTED, || joined(&[PDF, &photo()])),
            Case::new("ZIP in front of a JPEG", JPEG, UNSUPPORTED, || joined(&[ZIP, &photo()])),
            Case::new("GIF header in front of a JPEG", JPEG, UNSUPPORTED, || joined(&[b"GIF89a", &photo()])),
            Case::new("line end in front of a PNG", PNG, UNSUPPORTED, || {
                joined(&[b"\n", &make::png_rgb(64, 48)])
            }),
        ])
        .collect()
}

/// The beginning of a photograph with nothing behind it, or with something else.
fn beginnings() -> Vec<Case> {
    vec![
        Case::new("JPEG magic alone", JPEG, DAMAGED, || MAGIC.to_vec()),
        Case::new("PNG signature alone", PNG, DAMAGED, || b"\x89PNG\r\n\x1A\n".to_vec()),
        Case::new("WebP header alone", WEBP, DAMAGED, || b"RIFF\x04\0\0\0WEBP".to_vec()),
        Case::new("first box of a HEIC alone", HEIC, DAMAGED, || HEIC_FIRST_BOX.to_vec()),
        Case::new("HTML behind JPEG magic", JPEG, DAMAGED, || joined(&[MAGIC, HTML])),
        Case::new("EXE behind JPEG magic", JPEG, DAMAGED, || joined(&[MAGIC, EXE])),
        Case::new("HTML behind a PNG signature", PNG, DAMAGED, || joined(&[b"\x89PNG\r\n\x1A\n", HTML])),
        Case::new("HTML behind a WebP header", WEBP, DAMAGED, || joined(&[b"RIFF\x60\0\0\0WEBP", HTML])),
        Case::new("HTML behind the first box of a HEIC", HEIC, DAMAGED, || joined(&[HEIC_FIRST_BOX, HTML])),
        Case::new("JPEG cut in its headers", JPEG, DAMAGED, || photo()[..100].to_vec()),
        Case::new("JPEG cut in its pixels", JPEG, Kept, || cut(photo())),
        Case::new("PNG cut in its pixels", PNG, Kept, || cut(make::png_rgb(64, 48))),
        Case::new("WebP cut in its pixels", WEBP, Kept, || cut(make::webp(64, 48))),
        Case::new("EXE behind the headers of a PNG", PNG, Kept, || {
            joined(&[&make::png_rgb(64, 48)[..33], EXE])
        }),
    ]
}

fn cut(bytes: Vec<u8>) -> Vec<u8> {
    bytes[..bytes.len() - bytes.len() / 4].to_vec()
}

/// Photographs that are something else for another reader.
fn polyglots() -> Vec<Case> {
    vec![
        Case::new("JPEG and HTML behind it", JPEG, Shown, || joined(&[&photo(), HTML])),
        Case::new("JPEG and HTML in a comment", JPEG, Shown, || make::with_segment(&photo(), 0xFE, HTML)),
        Case::new("JPEG and ZIP", JPEG, Shown, || joined(&[&photo(), ZIP])),
        Case::new("JPEG and PDF in a segment", JPEG, Shown, || make::with_segment(&photo(), 0xEA, PDF)),
        Case::new("JPEG and PDF behind it", JPEG, Shown, || joined(&[&photo(), PDF])),
        Case::new("JPEG and GIF in a comment", JPEG, Shown, || {
            make::with_segment(&photo(), 0xFE, b"GIF89a=1;//SECRET")
        }),
        Case::new("JPEG and PHP in a comment", JPEG, Shown, || make::with_segment(&photo(), 0xFE, PHP)),
        Case::new("JPEG and JavaScript", JPEG, Shown, || {
            // The length of the segment reads "/*".
            let mut body = b"SECRET".to_vec();
            body.resize(0x2F2A - 2, 0);
            let tail = b"*/=1;fetch('/run?SECRET');/*";
            joined(&[&make::with_segment(&photo(), 0xEF, &body), tail])
        }),
        Case::new("JPEG and a second JPEG", JPEG, Shown, || joined(&[&photo(), &make::jpeg(300, 200)])),
        Case::new("PNG and PHP in a text", PNG, Shown, || {
            make::with_chunk(&make::png_rgb(64, 48), b"tEXt", &joined(&[b"Comment\0", PHP]))
        }),
        Case::new("PNG and PHP behind it", PNG, Shown, || joined(&[&make::png_rgb(64, 48), PHP])),
        Case::new("PNG and HTML in an unknown chunk", PNG, Shown, || {
            make::with_chunk(&make::png_rgb(64, 48), b"htMl", HTML)
        }),
        Case::new("PNG and ZIP", PNG, Shown, || joined(&[&make::png_rgb(64, 48), ZIP])),
        Case::new("WebP and HTML behind it", WEBP, Shown, || joined(&[&make::webp(64, 48), HTML])),
        Case::new("WebP and a script in its XMP", WEBP, Shown, || {
            make::webp_extended(4, 64, 48, &make::webp(64, 48), &[make::riff_chunk(b"XMP ", SVG)])
        }),
        Case::new("HEIC and HTML behind it", HEIC, Kept, || {
            joined(&[&make::heic(b"heic", &[b"mif1"], b""), HTML])
        }),
    ]
}

/// Photographs of another type than they say.
fn exchanged() -> Vec<Case> {
    vec![
        Case::new("JPEG as PNG", PNG, DAMAGED, photo),
        Case::new("PNG as JPEG", JPEG, DAMAGED, || make::png_rgb(64, 48)),
        Case::new("WebP as JPEG", JPEG, DAMAGED, || make::webp(64, 48)),
        Case::new("HEIC as JPEG", JPEG, DAMAGED, || make::heic(b"heic", &[b"mif1"], b"")),
        Case::new("JPEG as HEIC", HEIC, DAMAGED, photo),
    ]
}
