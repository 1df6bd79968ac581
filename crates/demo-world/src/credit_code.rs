//! Unified social credit codes (GB 32100-2015) with both of their check characters.

/// Which register an organisation stands in: the first two characters of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registrar {
    /// 12: a public institution.
    PublicInstitution,
    /// 52: a private non-enterprise unit registered with civil affairs.
    CivilNonEnterprise,
    /// 91: a company.
    Company,
}

impl Registrar {
    fn prefix(self) -> &'static str {
        match self {
            Self::PublicInstitution => "12",
            Self::CivilNonEnterprise => "52",
            Self::Company => "91",
        }
    }
}

/// The characters of a code in the order of their values; I, O, S, V and Z are left out.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of the first seventeen characters.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Weights of the eight characters of the organisation number (GB 11714).
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// How many different organisation numbers there are to give.
const NUMBERS: u64 = 31 * 31 * 31 * 31 * 31 * 31;

/// The code of the `serial`-th organisation of a county. Different serials (below 887 million) give different codes.
pub fn credit_code(registrar: Registrar, county: &str, serial: u64) -> String {
    let mut code = format!("{}{county}", registrar.prefix());
    let organisation = organisation_number(registrar, serial);
    code.push_str(&organisation);
    code.push(organisation_check(&organisation));
    code.push(check_character(&code).unwrap_or('0'));
    code
}

/// Whether the text is eighteen allowed characters with the right last one.
pub fn is_credit_code(text: &str) -> bool {
    let mut characters = text.chars();
    let last = characters.next_back();
    text.chars().count() == 18 && last.is_some() && check_character(characters.as_str()) == last
}

/// Two letters and six characters that look unrelated from one serial to the next.
fn organisation_number(registrar: Registrar, serial: u64) -> String {
    let lead = match registrar {
        Registrar::PublicInstitution => "45",
        Registrar::CivilNonEnterprise => "MJ",
        Registrar::Company => "MA",
    };
    let mut rest = serial.wrapping_add(1).wrapping_mul(271_828_183) % NUMBERS;
    let mut number = String::from(lead);
    for _ in 0..6 {
        number.push(letter(rest % 31));
        rest /= 31;
    }
    number
}

fn organisation_check(organisation: &str) -> char {
    let sum: u32 = organisation
        .chars()
        .zip(ORGANISATION_WEIGHTS)
        .map(|(letter, weight)| letter.to_digit(36).unwrap_or(0) * weight)
        .sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    }
}

fn check_character(first: &str) -> Option<char> {
    let mut sum = 0;
    for (character, weight) in first.chars().zip(WEIGHTS) {
        let value = ALPHABET.chars().position(|known| known == character)?;
        sum += u32::try_from(value).ok()? * weight;
    }
    Some(letter(u64::from((31 - sum % 31) % 31)))
}

fn letter(value: u64) -> char {
    usize::try_from(value).ok().and_then(|place| ALPHABET.chars().nth(place)).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_follows_the_standard() {
        // The code a well-known university publishes on its own site.
        assert!(is_credit_code("12100000400000624D"));
        assert!(!is_credit_code("12100000400000625D"));
        assert!(!is_credit_code("1210000040000062"));
    }

    #[test]
    fn one_wrong_character_is_always_noticed() {
        let code = credit_code(Registrar::CivilNonEnterprise, "510903", 7);
        assert!(is_credit_code(&code), "{code}");
        for place in 0..18 {
            let changed: String = code
                .chars()
                .enumerate()
                .map(|(at, old)| if at == place { if old == '7' { '8' } else { '7' } } else { old })
                .collect();
            assert!(!is_credit_code(&changed), "{changed}");
        }
    }
}
