//! One spelling for every value: JSON without white space, keys in order. Digests, idempotency and the
//! audit chain are computed over it, so that two phones that mean the same also say the same.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The canonical text of a value; `null` for what cannot be written as JSON.
pub fn canonical(value: &impl Serialize) -> String {
    let mut text = String::new();
    write(&serde_json::to_value(value).unwrap_or(Value::Null), &mut text);
    text
}

/// SHA-256 of the canonical text, in lower-case hexadecimal.
pub fn digest(value: &impl Serialize) -> String {
    sha256_hex(canonical(value).as_bytes())
}

pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(sha256(bytes))
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                separate(at, text);
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, text);
                write(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn separate(at: usize, text: &mut String) {
    if at > 0 {
        text.push(',');
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn key_order_does_not_matter() {
        let one = serde_json::json!({"b": [1, {"d": null, "c": "插排"}], "a": true});
        assert_eq!(super::canonical(&one), r#"{"a":true,"b":[1,{"c":"插排","d":null}]}"#);
    }
}
