//! Printing what was frozen: the same words as HTML for a browser and as DOCX for a word processor. Pure: content and
//! pictures in, bytes out, the same bytes every time.

pub mod code;
pub mod docx;
pub mod html;
mod words;

use super::content::Content;
use super::rules::PRINTED_DIGITS;
use bytes::Bytes;
use std::collections::HashMap;

/// The small copies of the printed photos by the digests of their originals; what cannot be shown is missing.
pub type Pictures = HashMap<String, Bytes>;

/// Everything a print is made from.
pub struct Paper<'a> {
    pub content: &'a Content,
    /// SHA-256 of the content.
    pub digest: &'a str,
    pub pictures: &'a Pictures,
    /// Declared void since: every print says so.
    pub void: bool,
}

/// What the QR code opens.
pub fn live_address(content: &Content, digest: &str) -> String {
    let digits = digest.get(..PRINTED_DIGITS).unwrap_or(digest);
    format!("{}?d={digits}", content.live_address)
}

/// A text as it may be printed: in the order in which it is stored, with what can be seen and nothing else. Marks that
/// turn the direction of writing could make a paper say something else than its digest covers.
pub fn plain(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\t' => Some(c),
            c if c.is_control() => None,
            '\u{061c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => None,
            // XML has no place for them.
            '\u{fffe}' | '\u{ffff}' => Some('\u{fffd}'),
            '\u{2028}' | '\u{2029}' => Some('\n'),
            c => Some(c),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_is_printed_can_be_seen_and_stands_in_order() {
        assert_eq!(plain("甲\u{202e}乙\u{2066}丙\u{200f}丁"), "甲乙丙丁");
        assert_eq!(plain("一\r\n二\t三\u{0}\u{7}\u{85}"), "一\n二\t三");
        assert_eq!(plain("a\u{2028}b\u{ffff}<&>"), "a\nb\u{fffd}<&>");
    }
}
