//! What an account may be. Pure.

use crate::access::{Role, ScopeKind};
use crate::refusal::{FieldCode, Refusal};

/// NIST SP 800-63B-4 asks for 15 characters where a password is the only factor.
pub const PASSWORD_SHORTEST: usize = 15;
pub const PASSWORD_LONGEST: usize = 256;

/// The most common passwords and parts of them, in lower case.
const COMMON: &str = include_str!("../../rules/common_passwords.txt");

/// Checks a new password. `about` holds words it must not merely repeat: the user name, the product.
pub fn password(pointer: &str, password: &str, about: &[&str]) -> Result<(), Refusal> {
    let refuse = |code| Err(Refusal::new(crate::refusal::Code::WeakPassword).field(pointer, code));
    let length = password.chars().count();
    if length < PASSWORD_SHORTEST {
        return refuse(FieldCode::TooShort);
    }
    if length > PASSWORD_LONGEST {
        return refuse(FieldCode::TooLong);
    }
    let lower = password.to_lowercase();
    let distinct = lower.chars().collect::<std::collections::HashSet<_>>().len();
    if distinct < 5 || is_common(&lower) || repeats(&lower, about) {
        return refuse(FieldCode::TooCommon);
    }
    Ok(())
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

    #[test]
    fn passwords() {
        let weak = |text| password("/password", text, &["anlao", "wang.fang"]).is_err();
        assert!(weak("short"));
        assert!(weak("aaaaaaaaaaaaaaaaaaaa"));
        assert!(weak("passwordpassword"));
        assert!(weak("wang.fang-anlao"));
        assert!(!weak("四楼东侧的消防栓在走廊尽头左转"));
        assert!(!weak("correct horse battery staple"));
    }

    #[test]
    fn user_names() {
        assert!(is_username("wang.fang-2"));
        for bad in ["wf", "Wang", "2wang", "wang fang", "王芳芳"] {
            assert!(!is_username(bad), "{bad}");
        }
    }
}
