//! What kinds of picture count as evidence.

/// A kind of photograph that is accepted. Everything else, SVG above all, is refused: it can carry script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    Jpeg,
    Png,
    Webp,
    /// Stored as evidence, but not decoded: HEVC is neither pure Rust nor free of patents.
    Heic,
}

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const HEIC_BRANDS: [&[u8; 4]; 7] = [b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"];
/// `mif1` alone says "some picture in an ISO box file"; these brands say that it is AV1 inside.
const AVIF_BRANDS: [&[u8; 4]; 2] = [b"avif", b"avis"];

impl MediaType {
    /// Tells the type from the first bytes (64 are plenty). Neither name nor declared type is trusted.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if head.starts_with(PNG_SIGNATURE) {
            Some(Self::Png)
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else if is_heic(head) {
            Some(Self::Heic)
        } else {
            None
        }
    }

    /// Reads a declared type such as a `Content-Type`; parameters and case do not matter.
    pub fn parse(mime: &str) -> Option<Self> {
        let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "image/jpeg" | "image/jpg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            "image/webp" => Some(Self::Webp),
            "image/heic" | "image/heif" => Some(Self::Heic),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
        }
    }

    /// File name extension without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Heic => "heic",
        }
    }
}

/// `ftyp` box: size, "ftyp", major brand, minor version, compatible brands up to the end of the box.
fn is_heic(head: &[u8]) -> bool {
    let Some((size, rest)) = head.split_first_chunk::<4>() else { return false };
    let Some(brands) = rest.strip_prefix(b"ftyp") else { return false };
    let body = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX).saturating_sub(8);
    let brands = brands.get(..body).unwrap_or(brands);
    let (brands, _) = brands.as_chunks::<4>();
    let Some((major, others)) = brands.split_first() else { return false };
    // The first of the others is the minor version, a number: it names no brand.
    HEIC_BRANDS.contains(&major) && !others.iter().skip(1).any(|brand| AVIF_BRANDS.contains(&brand))
}
