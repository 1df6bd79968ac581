//! One-time codes by the clock (RFC 6238). Pure.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

const STEP_SECONDS: i64 = 30;
const DIGITS: u32 = 6;
/// Phones' clocks are off by some seconds: one step to either side is accepted.
const SKEW: i64 = 1;

/// The code of one step, as the generators on phones compute it: HMAC-SHA-1, truncated (RFC 4226).
pub fn code(secret: &[u8], step: i64, digits: u32) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last()? & 0x0f);
    let word: [u8; 4] = digest.get(offset..offset + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(word) & 0x7fff_ffff) % 10_u32.checked_pow(digits)?)
}

/// The step whose code was typed, if it is near now and later than the last one used: each code is good once.
pub fn matching_step(secret: &[u8], typed: &str, unix_seconds: i64, last_step: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != 6 || !typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let typed: u32 = typed.parse().ok()?;
    let now = unix_seconds.div_euclid(STEP_SECONDS);
    let mut steps = (now - SKEW..=now + SKEW).filter(|step| *step > last_step);
    steps.find(|step| code(secret, *step, DIGITS) == Some(typed))
}

/// The secret as people type it.
pub fn written(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// What the QR code for a phone says.
pub fn otpauth_uri(username: &str, secret: &[u8]) -> String {
    format!(
        "otpauth://totp/Anlao:{username}?secret={}&issuer=Anlao&algorithm=SHA1&digits=6&period=30",
        written(secret)
    )
}

/// A recovery code as it is shown: four groups of four.
pub fn recovery_code(random: &[u8]) -> String {
    let text = BASE32_NOPAD.encode(random);
    let groups: Vec<&str> = [0, 4, 8, 12].iter().filter_map(|at| text.get(*at..at + 4)).collect();
    groups.join("-")
}

/// A recovery code however it was typed: capitals without hyphens and blanks; none if it cannot be one.
pub fn typed_recovery_code(typed: &str) -> Option<String> {
    let bare: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let bare = bare.to_ascii_uppercase();
    (bare.len() == 16 && bare.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// Appendix B of RFC 6238, the rows of SHA-1.
    #[test]
    fn vectors_of_rfc_6238() {
        let vectors = [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ];
        for (seconds, expected) in vectors {
            assert_eq!(code(SECRET, seconds / STEP_SECONDS, 8), Some(expected), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_near_its_time_and_once() {
        let now = 1_750_000_000;
        let step = now / STEP_SECONDS;
        let at = |step: i64| format!("{:06}", code(SECRET, step, DIGITS).unwrap());
        for (off, expected) in
            [(-2, None), (-1, Some(step - 1)), (0, Some(step)), (1, Some(step + 1)), (2, None)]
        {
            assert_eq!(matching_step(SECRET, &at(step + off), now, 0), expected, "{off}");
        }
        assert_eq!(matching_step(SECRET, &at(step), now, step), None, "used");
        assert_eq!(matching_step(SECRET, &at(step - 1), now, step), None, "older than the one used");
        assert_eq!(matching_step(SECRET, &at(step + 1), now, step), Some(step + 1));
        let spaced = format!(" {} {}", &at(step)[..3], &at(step)[3..]);
        assert_eq!(matching_step(SECRET, &spaced, now, 0), Some(step));
        for wrong in ["", "12345", "1234567", "+12345", "１２３４５６", "abcdef"] {
            assert_eq!(matching_step(SECRET, wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn recovery_codes_are_read_as_they_are_typed() {
        let code = recovery_code(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(code.len(), 19);
        let bare = code.replace('-', "");
        assert_eq!(typed_recovery_code(&code.to_lowercase().replace('-', " ")), Some(bare));
        assert_eq!(typed_recovery_code("123456"), None);
    }
}
