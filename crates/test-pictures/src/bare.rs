//! A strict reader of copies: nothing but what pixels need.

/// What a copy holds beside its pixels, or how it is broken; `Ok` when there is nothing.
///
/// Allowed are JFIF without a thumbnail, tables, one frame, scans and the end, and nothing behind it. So there is no
/// place for EXIF, XMP, ICC, IPTC, maker notes, comments or a second picture.
pub fn check(jpeg: &[u8]) -> Result<(), String> {
    let mut at = 2;
    if !jpeg.starts_with(b"\xFF\xD8") {
        return Err("no start".into());
    }
    loop {
        let Some([0xFF, marker]) = jpeg.get(at..at + 2) else { return Err(format!("no marker at {at}")) };
        if *marker == 0xD9 {
            let behind = jpeg.len() - at - 2;
            return if behind == 0 { Ok(()) } else { Err(format!("{behind} bytes behind the end")) };
        }
        let Some([high, low]) = jpeg.get(at + 2..at + 4) else { return Err("cut short".into()) };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(body) = jpeg.get(at + 4..at + 2 + len) else { return Err("cut short".into()) };
        match marker {
            0xE0 if body.len() == 14 && body.starts_with(b"JFIF\0") && body[12..] == [0, 0] => {}
            0xDB | 0xC0 | 0xC4 | 0xDA => {}
            other => return Err(format!("segment {other:#04X}")),
        }
        at += 2 + len;
        if *marker == 0xDA {
            at = end_of_scan(jpeg, at);
        }
    }
}

/// Where the next marker is that is neither a stuffed byte nor a restart.
fn end_of_scan(jpeg: &[u8], from: usize) -> usize {
    let ends = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7);
    jpeg[from..].windows(2).position(ends).map_or(jpeg.len(), |found| from + found)
}
