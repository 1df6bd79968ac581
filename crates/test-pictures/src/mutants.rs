//! Small valid files, bent: the same number always gives the same bytes.

use crate::make;
use crate::tiff::Tiff;
use jpeg_encoder::ColorType;

/// What is bent: every kind and coding, with EXIF where it fits.
pub fn seeds() -> Vec<Vec<u8>> {
    let tiff = Tiff::phone(false).bytes();
    vec![
        make::with_exif(&make::jpeg(40, 30), &tiff),
        make::jpeg_as(40, 30, false, 70, ColorType::Rgb),
        make::jpeg_as(40, 30, true, 80, ColorType::Rgb),
        make::jpeg_as(40, 30, true, 95, ColorType::Luma),
        make::jpeg_as(40, 30, false, 80, ColorType::CmykAsYcck),
        make::jpeg_in_parts(40, 30, 3, false),
        make::with_chunk(&make::png_rgb(40, 30), b"eXIf", &tiff),
        make::png(40, 30, png::ColorType::Rgba, png::BitDepth::Sixteen, &[9; 40 * 30 * 8]),
        make::png(40, 30, png::ColorType::Grayscale, png::BitDepth::One, &[0x5A; 5 * 30]),
        make::webp(40, 30),
        make::webp_extended(8, 40, 30, &make::webp(40, 30), &[make::riff_chunk(b"EXIF", &tiff)]),
        make::WEBP_LOSSY.to_vec(),
        make::webp_extended(0, 1, 1, make::WEBP_LOSSY, &[]),
        make::heic(b"heic", &[b"mif1", b"heic"], &tiff),
    ]
}

/// One of the bent files. Half of the PNGs get their checksums mended, so that more than the checksum is tried.
pub fn mutant(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut dice = Dice(number);
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(5) {
        bend(&mut bytes, seeds, &mut dice);
    }
    if bytes.starts_with(b"\x89PNG") && dice.below(2) == 0 {
        mend_checksums(&mut bytes);
    }
    bytes
}

fn bend(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    if bytes.len() < 16 {
        return;
    }
    // Headers are short and matter most.
    let within = if dice.below(3) > 0 { bytes.len().min(256) } else { bytes.len() };
    let at = dice.below(within);
    let upto = (at + 1 + dice.below(24)).min(bytes.len());
    match dice.below(9) {
        0 | 1 => bytes[at] ^= 1 << dice.below(8),
        2 | 3 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, 0xD8, 0xDA, 0xC4][dice.below(8)],
        4 => bytes[at..upto].iter_mut().take(4).for_each(|byte| *byte = [0xFF, 0][at & 1]),
        5 => drop(bytes.drain(at..upto)),
        6 => {
            let piece = bytes[at..upto].to_vec();
            let times = 1 + dice.below(40);
            bytes.splice(at..at, piece.repeat(times));
        }
        7 => bytes.truncate(at.max(16)),
        _ => {
            let other = &seeds[dice.below(seeds.len())];
            let from = dice.below(other.len());
            let piece = &other[from..(from + 32).min(other.len())];
            bytes.splice(at..upto, piece.iter().copied());
        }
    }
}

fn mend_checksums(png: &mut [u8]) {
    let mut at = 8;
    while let Some(head) = png.get(at..at + 8) {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(named) = png.get(at + 4..(at + 8).saturating_add(len)) else { return };
        let sum = make::crc32(named).to_be_bytes();
        let Some(place) = png.get_mut(at + 8 + len..at + 12 + len) else { return };
        place.copy_from_slice(&sum);
        at += 12 + len;
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}
