//! The form of the file: a mark, then frames of a kind (one byte), a length (four) and a content.
//!
//! ```text
//! H  header        compressed JSON: what made it, when, whose it is
//! T  table         compressed JSON: name and columns       ┐ as often
//! R  rows          compressed lines of JSON arrays, 0..n   ┘ as needed
//! P  photo         compressed JSON: digest and size        ┐ in the order
//! B  bytes         as they are, 0..n                       ┘ of digests
//! M  manifest      compressed JSON: counts and digests of all that came before
//! S  signature     hexadecimal Ed25519 by the office's audit key over the digest of everything before
//! ```

use crate::db::Instant;
use crate::db::rows::Kind;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

pub(super) const MARK: &[u8; 16] = b"anlao backup 1\r\n";

pub(super) const HEADER: u8 = b'H';
pub(super) const TABLE: u8 = b'T';
pub(super) const ROWS: u8 = b'R';
pub(super) const PHOTO: u8 = b'P';
pub(super) const BYTES: u8 = b'B';
pub(super) const MANIFEST: u8 = b'M';
pub(super) const SIGNATURE: u8 = b'S';

/// What a reader takes into memory at once: of a frame, and of what it unfolds to.
pub(super) const LONGEST_FRAME: u64 = 16 << 20;
pub(super) const LONGEST_CONTENT: u64 = 64 << 20;
/// Rows are gathered to about this size before they are compressed.
pub(super) const BLOCK: usize = 256 << 10;
/// Photos are written in pieces of at most this size.
pub(super) const PIECE: usize = 256 << 10;
pub(super) const MOST_COLUMNS: usize = 128;
pub(super) const MOST_TABLES: usize = 256;

/// What stands at the beginning of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub created_at: Instant,
    /// The version of the program that made it.
    pub program: String,
    /// The name of the newest migration of the database it was made from.
    pub schema: String,
    pub database: String,
    /// The life of the database it was made from.
    pub epoch: Option<Uuid>,
    /// The office: the public half of the key that signed it.
    pub public_key: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Photo {
    pub sha256: String,
    pub size: u64,
}

/// How much of a table is in the backup, and the digest of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    pub name: String,
    pub rows: u64,
    pub sha256: String,
}

/// What a backup says of itself at its end, under its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub header: Header,
    pub tables: Vec<TableSum>,
    pub photos: u64,
    pub photo_bytes: u64,
    /// Of the lines `digest size` of all photos.
    pub photos_sha256: String,
    /// Digests of photos that the records name, but that the store could not give.
    pub missing: Vec<String>,
    /// The heads of the audit chains: lines of `chain seq hash`, by chain.
    pub audit_heads: String,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

pub(super) fn signed_message(sha256: &str) -> Vec<u8> {
    format!("anlao backup\n{sha256}\n").into_bytes()
}

/// One value of a row; see [`crate::db::rows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar {
    Null,
    Number(i64),
    Text(String),
}

impl Scalar {
    pub fn fits(&self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Null, _) | (Self::Number(_), Kind::Number | Kind::Instant) => true,
            (Self::Number(number), Kind::Truth) => matches!(number, 0 | 1),
            (Self::Text(_), Kind::Text | Kind::Date) => true,
            (Self::Text(text), Kind::Real) => text.parse::<f64>().is_ok(),
            (Self::Text(text), Kind::Id) => {
                text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            _ => false,
        }
    }
}

/// A row: never more values than a table can have columns, and nothing nested in them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row(pub Vec<Scalar>);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut array = to.serialize_seq(Some(self.0.len()))?;
        for value in &self.0 {
            match value {
                Scalar::Null => array.serialize_element(&())?,
                Scalar::Number(number) => array.serialize_element(number)?,
                Scalar::Text(text) => array.serialize_element(text)?,
            }
        }
        array.end()
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Row;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array of scalars")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Row, A::Error> {
                let mut row = Vec::new();
                while let Some(value) = values.next_element::<Scalar>()? {
                    if row.len() == MOST_COLUMNS {
                        return Err(A::Error::custom("too many values"));
                    }
                    row.push(value);
                }
                Ok(Row(row))
            }
        }
        from.deserialize_seq(Values)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Value;
        impl Visitor<'_> for Value {
            type Value = Scalar;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("null, a whole number or a text")
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar::Null)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
                i64::try_from(number).map(Scalar::Number).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Scalar, E> {
                Ok(Scalar::Text(text))
            }
        }
        from.deserialize_any(Value)
    }
}
