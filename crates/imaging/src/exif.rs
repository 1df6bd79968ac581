//! Facts from EXIF. Each is taken alone: one broken field costs that field only.

use std::io::{BufRead, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use exif::{Context, Exif, In, Rational, Reader, Tag, Value};

use crate::{CaptureTime, Gps};

/// Longer blocks are cut: entries point into the block, so those that lie early still read well.
pub(crate) const MAX_BLOCK: u64 = 256 * 1024;
/// What comes before the block in a JPEG, and by mistake in some WebP.
pub(crate) const PREFIX: &[u8] = b"Exif\0\0";
pub(crate) const UPRIGHT: u8 = 1;
const MAX_DEVICE: usize = 120;
const OFFSET_TIME_ORIGINAL: Tag = Tag(Context::Exif, 0x9011);
const OFFSET_TIME_DIGITIZED: Tag = Tag(Context::Exif, 0x9012);

#[derive(Debug, Default)]
pub(crate) struct ExifFacts {
    pub(crate) orientation: Option<u8>,
    pub(crate) captured_at: Option<CaptureTime>,
    pub(crate) gps: Option<Gps>,
    pub(crate) device: Option<String>,
}

/// Reads a block that starts with the TIFF header.
pub(crate) fn read(block: &[u8]) -> ExifFacts {
    guarded(|| facts(Reader::new().continue_on_error(true).read_raw(block.to_vec())))
}

pub(crate) fn read_heif<R: BufRead + Seek>(reader: &mut R) -> ExifFacts {
    guarded(|| facts(Reader::new().continue_on_error(true).read_from_container(reader)))
}

/// A parser that panics on hostile bytes found no facts.
fn guarded(work: impl FnOnce() -> ExifFacts) -> ExifFacts {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_default()
}

fn facts(read: Result<Exif, exif::Error>) -> ExifFacts {
    let Ok(exif) = read.or_else(|error| error.distill_partial_result(drop)) else {
        return ExifFacts::default();
    };
    ExifFacts {
        orientation: orientation(&exif),
        captured_at: captured_at(&exif, Tag::DateTimeOriginal, OFFSET_TIME_ORIGINAL)
            .or_else(|| captured_at(&exif, Tag::DateTimeDigitized, OFFSET_TIME_DIGITIZED)),
        gps: gps(&exif),
        device: device(&exif),
    }
}

fn value(exif: &Exif, tag: Tag) -> Option<&Value> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match value(exif, tag)? {
        Value::Ascii(parts) => parts.first().map(Vec::as_slice),
        _ => None,
    }
}

fn orientation(exif: &Exif) -> Option<u8> {
    let number = value(exif, Tag::Orientation)?.get_uint(0)?;
    u8::try_from(number).ok().filter(|number| (1..=8).contains(number))
}

fn captured_at(exif: &Exif, time: Tag, offset: Tag) -> Option<CaptureTime> {
    let local = local_time(ascii(exif, time)?)?;
    Some(CaptureTime { local, offset_minutes: ascii(exif, offset).and_then(offset_minutes) })
}

/// "2026:03:01 08:15:00", also with dashes as some editors write it.
fn local_time(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (date, time) = text.split_once([' ', 'T'])?;
    let [year, month, day] = numbers(date, [':', '-'], [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, [':', ':'], [2, 2, 2])?;
    let day_exists = year >= 1900 && day >= 1 && day <= days_in(year, month)?;
    let time_exists = hour < 24 && minute < 60 && second < 60;
    (day_exists && time_exists)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"))
}

/// Exactly three runs of digits of the given lengths.
fn numbers(text: &str, separators: [char; 2], lengths: [usize; 3]) -> Option<[u32; 3]> {
    let mut parts = text.split(separators);
    let mut out = [0; 3];
    for (slot, length) in out.iter_mut().zip(lengths) {
        let part = parts.next()?;
        if part.len() != length || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

fn days_in(year: u32, month: u32) -> Option<u32> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => Some(29),
        2 => Some(28),
        _ => None,
    }
}

/// "+08:00", "-03:30" or "Z". No place on earth is further than 14 hours from UTC.
fn offset_minutes(text: &[u8]) -> Option<i16> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 14 * 60).then_some(sign * total)
}

fn gps(exif: &Exif) -> Option<Gps> {
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, *b"NS", 90.0)?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, *b"EW", 180.0)?;
    Some(Gps { latitude, longitude })
}

/// Degrees, minutes, seconds. Without the hemisphere the place is unknown, not "north".
fn degrees(exif: &Exif, tag: Tag, reference: Tag, hemispheres: [u8; 2], most: f64) -> Option<f64> {
    let Value::Rational(parts) = value(exif, tag)? else { return None };
    let [degrees, minutes, seconds] = parts.first_chunk::<3>()?;
    let total = fraction(degrees)? + fraction(minutes)? / 60.0 + fraction(seconds)? / 3600.0;
    let [positive, negative] = hemispheres;
    let signed = match ascii(exif, reference)?.first()?.to_ascii_uppercase() {
        letter if letter == positive => total,
        letter if letter == negative => -total,
        _ => return None,
    };
    (signed.is_finite() && signed.abs() <= most).then_some(signed)
}

fn fraction(part: &Rational) -> Option<f64> {
    (part.denom != 0).then(|| f64::from(part.num) / f64::from(part.denom))
}

fn device(exif: &Exif) -> Option<String> {
    let words = [Tag::Make, Tag::Model].into_iter().filter_map(|tag| ascii(exif, tag)).map(plain);
    let text = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(MAX_DEVICE).collect();
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Text that may be shown next to other text: nothing that controls, hides or turns it around.
fn plain(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let shown: String = text.chars().filter(|&c| !c.is_control() && !is_invisible(c)).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}' | '\u{E0000}'..='\u{E007F}')
}
