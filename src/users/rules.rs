//! What an account may be. Pure.

use crate::access::{AccessPolicy, PasswordProfile, Role, ScopeKind, SecondFactor};
use crate::db::Instant;
use crate::refusal::{Code, FieldCode, Refusal};
use chrono::TimeDelta;
use std::collections::HashSet;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// NIST SP 800-63B-4 asks for 15 characters where a password is the only factor…
pub const SHORTEST_ALONE: usize = 15;
/// …and for 8 beside a second one, as do the inspectors of GB/T 22239.
pub const SHORTEST: usize = 8;
pub const LONGEST: usize = 256;
/// Anything longer is refused before a character of it is looked at.
pub const LONGEST_BYTES: usize = 1024;
/// GB/T 22239 as it is inspected: passwords are changed every quarter.
const MLPS_LIFE: TimeDelta = TimeDelta::days(90);
/// How long the second factor shown counts for a step that asks for it again.
const PROOF_LIFE: TimeDelta = TimeDelta::minutes(10);

/// The most common passwords and parts of them, in lower case.
const COMMON: &str = include_str!("../../rules/common_passwords.txt");

/// Eight characters or more that were found in stolen lists often enough (Django's list, BSD-3-Clause: see the licence
/// beside it): what a short password must not be, whatever else it looks like.
static KNOWN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("../../rules/known_passwords.txt").lines().collect());

/// What a password has to be for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRule {
    pub profile: PasswordProfile,
    /// Whether codes are asked for beside it.
    pub second_factor: bool,
}

/// The one form of what was typed (NFKC): the same password from every keyboard.
pub fn normalised(password: &str) -> String {
    password.nfkc().collect()
}

/// Checks a new password. `about` holds words it must not merely repeat: the user's name, the product, the
/// institution.
pub fn password(rule: PasswordRule, pointer: &str, password: &str, about: &[&str]) -> Result<(), Refusal> {
    let refuse = |code| Err(Refusal::new(Code::WeakPassword).field(pointer, code));
    if password.len() > LONGEST_BYTES {
        return refuse(FieldCode::TooLong);
    }
    let password = normalised(password);
    let length = password.chars().count();
    let alone = rule.profile == PasswordProfile::Nist && !rule.second_factor;
    if length < if alone { SHORTEST_ALONE } else { SHORTEST } {
        return refuse(FieldCode::TooShort);
    }
    if length > LONGEST {
        return refuse(FieldCode::TooLong);
    }
    if rule.profile == PasswordProfile::Mlps && kinds(&password) < 3 {
        return refuse(FieldCode::TooSimple);
    }
    let lower = password.to_lowercase();
    let distinct = lower.chars().collect::<HashSet<_>>().len();
    let guessable = length < SHORTEST_ALONE && is_guessable(&password, about);
    if distinct < 5
        || guessable
        || is_common(&lower)
        || KNOWN.contains(lower.as_str())
        || repeats(&lower, about)
    {
        return refuse(FieldCode::TooCommon);
    }
    Ok(())
}

/// How many of the four kinds of characters there are: capitals, small letters, digits, all else.
fn kinds(password: &str) -> usize {
    let kind = |c: char| match c {
        c if c.is_uppercase() => 0,
        c if c.is_lowercase() => 1,
        c if c.is_numeric() => 2,
        _ => 3,
    };
    password.chars().map(kind).collect::<HashSet<u8>>().len()
}

/// Whether a short password falls within so many clever guesses (words, names, dates, keyboard rows). Eight
/// characters without any sense take as many.
const CLEVER_GUESSES: u64 = 100_000_000;

fn is_guessable(password: &str, about: &[&str]) -> bool {
    zxcvbn::zxcvbn(password, about).guesses() < CLEVER_GUESSES
}

/// Why an account may do nothing but put itself in order, if so.
pub fn due(policy: &AccessPolicy, account: &Standing, now: Instant) -> Option<Code> {
    let old = |changed: Instant| now >= changed.plus(MLPS_LIFE);
    let expired = policy.passwords == PasswordProfile::Mlps && account.password_changed_at.is_some_and(old);
    let wanted = policy.second_factor == SecondFactor::Required
        && matches!(account.role, Role::Supervisor | Role::Admin)
        && !account.has_second_factor;
    if account.must_change_password || expired {
        Some(Code::PasswordExpired)
    } else if wanted {
        Some(Code::SecondFactorMissing)
    } else {
        None
    }
}

/// What of an account decides on [`due`].
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub role: Role,
    pub must_change_password: bool,
    pub password_changed_at: Option<Instant>,
    pub has_second_factor: bool,
}

/// Whether a second factor shown at `proved_at` still counts.
pub fn is_fresh_proof(proved_at: Option<Instant>, now: Instant) -> bool {
    proved_at.is_some_and(|proved| now < proved.plus(PROOF_LIFE))
}

/// Whether it is a common password, or nothing but one over and over.
fn is_common(lower: &str) -> bool {
    let bare: Vec<char> = lower.chars().filter(|c| !c.is_whitespace()).collect();
    let repeats = |common: &str| {
        let word = common.chars().filter(|c| !c.is_whitespace()).cycle();
        bare.iter().copied().eq(word.take(bare.len()))
    };
    COMMON.lines().filter(|common| common.len() <= lower.len()).any(repeats)
}

fn repeats(lower: &str, about: &[&str]) -> bool {
    let mut words: Vec<String> = about.iter().map(|word| word.to_lowercase()).collect();
    words.retain(|word| word.chars().count() >= 2);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words.iter().fold(lower.to_owned(), |rest, word| rest.replace(word.as_str(), ""));
    rest.len() < lower.len() && rest.chars().count() < 6
}

/// User names: 3–40 of lower-case letters, digits, dot, hyphen and underscore, beginning with a letter.
pub fn is_username(name: &str) -> bool {
    (3..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c))
}

/// Which kinds of scope a role may have: a manager answers for institutions, an inspector never for all.
pub fn scope_fits(role: Role, kind: ScopeKind) -> bool {
    match role {
        Role::Manager => kind == ScopeKind::Institutions,
        Role::Admin => kind != ScopeKind::Institutions,
        Role::Inspector => kind != ScopeKind::All,
        Role::Supervisor | Role::Auditor => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: [&str; 6] = ["anlao", "安老", "wang.fang", "王芳", "龙凤镇敬老院", "suining"];

    fn check(profile: PasswordProfile, second_factor: bool, text: &str) -> &'static str {
        let rule = PasswordRule { profile, second_factor };
        match password(rule, "/password", text, &ABOUT) {
            Ok(()) => "ok",
            Err(refusal) => refusal.fields.first().map_or("?", |field| field.code.as_str()),
        }
    }

    /// What is typed; what `nist` says of it alone, beside a second factor, and what `mlps` says.
    fn table() -> Vec<(String, &'static str, &'static str, &'static str)> {
        let digits = |length: usize| "8309175264".chars().cycle().take(length).collect::<String>();
        let han = |length: u32| (0..length).filter_map(|at| char::from_u32(0x4E00 + at)).collect::<String>();
        let t = |text: &str, alone, beside, mlps| (text.to_owned(), alone, beside, mlps);
        vec![
            t("", "too_short", "too_short", "too_short"),
            t("Kx7#qP2", "too_short", "too_short", "too_short"),
            t("Kx7#qP2v", "too_short", "ok", "ok"),
            t("password", "too_short", "too_common", "too_simple"),
            t("Password1", "too_short", "too_common", "too_common"),
            t("P@ssw0rd", "too_short", "too_common", "too_common"),
            t("Qwerty123!", "too_short", "too_common", "too_common"),
            t("Abcd1234", "too_short", "too_common", "too_common"),
            t("Woaini1314", "too_short", "too_common", "too_common"),
            t("20241209", "too_short", "too_common", "too_simple"),
            t("Anlao123", "too_short", "too_common", "too_common"),
            t("Wang.fang1", "too_short", "too_common", "too_common"),
            t("Suining2024", "too_short", "too_common", "too_common"),
            t("kxvqpmzt", "too_short", "ok", "too_simple"),
            t("红烧土豆配米饭八", "too_short", "ok", "too_simple"),
            t("红烧土豆Rice8", "too_short", "ok", "ok"),
            t("Lantern-over-9", "too_short", "ok", "ok"),
            t("seven lamps over the door", "ok", "ok", "too_simple"),
            t("Seven lamps over door 4", "ok", "ok", "ok"),
            t("四楼东侧的消防栓在走廊尽头左转", "ok", "ok", "too_simple"),
            t("十四个字的密码不够长哦对不对", "too_short", "ok", "too_simple"),
            t("correct horse battery staple", "too_common", "too_common", "too_simple"),
            t("passwordpassword", "too_common", "too_common", "too_simple"),
            t("Passw0rdPassw0rd", "too_common", "too_common", "too_common"),
            t("12345 67890 12345 67890", "too_common", "too_common", "too_simple"),
            t("aaaaaaaaaaaaaaaaaaaa", "too_common", "too_common", "too_simple"),
            t("wang.fang-anlao", "too_common", "too_common", "too_simple"),
            t("王芳王芳王芳王芳王芳王芳王芳王芳", "too_common", "too_common", "too_simple"),
            t("龙凤镇敬老院龙凤镇敬老院2024", "too_common", "too_common", "too_simple"),
            t("安老安老安老安老安老安老安老安老", "too_common", "too_common", "too_simple"),
            t("               ", "too_common", "too_common", "too_simple"),
            t("🏮🍵🚪🪑🧯🛏🪟🔑🧹🪣🧴🩹🧺🪜🧰", "ok", "ok", "too_simple"),
            t("Tür schließt nicht, 3. Stock", "ok", "ok", "ok"),
            // The same with its marks apart, and a full-width alphabet: one password each.
            t("Tu\u{308}r schließt nicht, 3. Stock", "ok", "ok", "ok"),
            t("ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ", "too_common", "too_common", "too_simple"),
            (han(64), "ok", "ok", "too_simple"),
            (han(128), "ok", "ok", "too_simple"),
            (han(256), "ok", "ok", "too_simple"),
            (han(257), "too_long", "too_long", "too_long"),
            (format!("Kx#{}", digits(61)), "ok", "ok", "ok"),
            (digits(1025), "too_long", "too_long", "too_long"),
        ]
    }

    #[test]
    fn passwords_by_profile() {
        let table = table();
        assert!(table.len() >= 40);
        let mut wrong = Vec::new();
        for (text, alone, beside, mlps) in &table {
            let found = (
                check(PasswordProfile::Nist, false, text),
                check(PasswordProfile::Nist, true, text),
                check(PasswordProfile::Mlps, false, text),
            );
            if found != (*alone, *beside, *mlps) {
                wrong.push(format!("{text:.40}: {found:?} instead of {:?}", (alone, beside, mlps)));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn one_password_from_every_keyboard() {
        assert_eq!(normalised("Tu\u{308}r"), normalised("T\u{fc}r"));
        assert_eq!(normalised("ａｂｃ１２３"), "abc123");
        assert_ne!(normalised("Tür"), normalised("Tur"));
    }

    #[test]
    fn what_is_due_before_anything_else() {
        use PasswordProfile::{Mlps, Nist};
        let at = |days: i64| Instant::from_micros(1_750_000_000_000_000).unwrap().plus(TimeDelta::days(days));
        let table = [
            (Nist, SecondFactor::Off, Role::Admin, false, false, 4000, None),
            (Mlps, SecondFactor::Off, Role::Inspector, false, false, 89, None),
            (Mlps, SecondFactor::Off, Role::Inspector, false, false, 90, Some(Code::PasswordExpired)),
            (Nist, SecondFactor::Off, Role::Manager, true, false, 0, Some(Code::PasswordExpired)),
            (Nist, SecondFactor::Optional, Role::Admin, false, false, 0, None),
            (Nist, SecondFactor::Required, Role::Admin, false, false, 0, Some(Code::SecondFactorMissing)),
            (
                Nist,
                SecondFactor::Required,
                Role::Supervisor,
                false,
                false,
                0,
                Some(Code::SecondFactorMissing),
            ),
            (Nist, SecondFactor::Required, Role::Supervisor, false, true, 0, None),
            (Nist, SecondFactor::Required, Role::Inspector, false, false, 0, None),
            (Mlps, SecondFactor::Required, Role::Admin, false, false, 90, Some(Code::PasswordExpired)),
        ];
        for (passwords, second_factor, role, must_change_password, has_second_factor, days, expected) in table
        {
            let policy = AccessPolicy { passwords, second_factor, ..AccessPolicy::default() };
            let account =
                Standing { role, must_change_password, password_changed_at: Some(at(0)), has_second_factor };
            assert_eq!(
                due(&policy, &account, at(days)),
                expected,
                "{passwords} {second_factor} {role} {days}"
            );
        }
    }

    #[test]
    fn user_names() {
        assert!(is_username("wang.fang-2"));
        for bad in ["wf", "Wang", "2wang", "wang fang", "王芳芳"] {
            assert!(!is_username(bad), "{bad}");
        }
    }
}
