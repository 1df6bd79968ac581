//! What documents and adoptions may be. Pure.

/// Whether it can stand in a path and a record: small letters, digits, dots and hyphens.
pub fn is_document_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    (2..=60).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fits)
}
