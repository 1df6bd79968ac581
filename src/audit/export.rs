//! The trail on its own: one JSON object a line, to be kept elsewhere and checked without the database.

use super::entry::anchored;
use super::model::{Anchor, StoredEntry};
use super::queries::every_entry;
use super::walker::{Report, Walker};
use crate::db::schema::{audit_anchors, audit_heads};
use crate::db::{Conn, Instant};
use crate::ids::ChainId;
use crate::keys::{Keys, signature_holds};
use crate::refusal::{Failure, Outcome};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{BufRead, Write};

const FORMAT: &str = "anlao-audit-1";

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Export {
        format: String,
        at: Instant,
        public_key: String,
    },
    Anchor(Anchor),
    Entry(Box<StoredEntry>),
    Head {
        chain: ChainId,
        seq: i64,
        hash: String,
        signature: String,
    },
    /// The last line: how many stand before it, and the signed digest of their text.
    End {
        lines: u64,
        sha256: String,
        signature: String,
    },
}

/// Lines on their way out, counted and hashed.
struct Out<'a> {
    out: &'a mut dyn Write,
    hasher: Sha256,
    lines: u64,
}

impl Out<'_> {
    fn put(&mut self, line: &Line) -> Outcome<()> {
        let mut text =
            serde_json::to_string(line).map_err(|_error| Failure::Internal("an entry cannot be written"))?;
        text.push('\n');
        self.hasher.update(&text);
        self.lines += 1;
        self.out.write_all(text.as_bytes()).map_err(|error| Failure::Store(error.to_string()))
    }
}

fn end_message(lines: u64, sha256: &str) -> Vec<u8> {
    format!("anlao audit export\n{lines}\n{sha256}").into_bytes()
}

/// Writes the whole trail with its anchors. Returns how many entries were written.
pub fn export(conn: &mut Conn, keys: &Keys, now: Instant, out: &mut dyn Write) -> Outcome<u64> {
    let mut out = Out { out, hasher: Sha256::new(), lines: 0 };
    out.put(&Line::Export { format: FORMAT.into(), at: now, public_key: keys.audit_public() })?;
    for anchor in audit_anchors::table.order(audit_anchors::at).select(Anchor::as_select()).load(conn)? {
        out.put(&Line::Anchor(anchor))?;
    }
    let mut written = 0;
    let heads: Vec<(ChainId, i64, String, String)> =
        audit_heads::table.order(audit_heads::chain).load(conn)?;
    for (chain, seq, hash, signature) in heads {
        every_entry(conn, chain, &mut |entry| {
            written += 1;
            out.put(&Line::Entry(Box::new(entry)))
        })?;
        out.put(&Line::Head { chain, seq, hash, signature })?;
    }
    let (lines, sha256) = (out.lines, hex::encode(out.hasher.clone().finalize()));
    let signature = keys.sign(&end_message(lines, &sha256));
    out.put(&Line::End { lines, sha256, signature })?;
    Ok(written)
}

/// What an export proves to have been in the trail: the signed heads of its chains and of its anchors.
#[derive(Debug, Default)]
pub struct Known {
    heads: Vec<(ChainId, i64, String)>,
}

impl Known {
    pub(super) fn heads(&self) -> impl Iterator<Item = (ChainId, i64, &str)> {
        self.heads.iter().map(|(chain, seq, hash)| (*chain, *seq, hash.as_str()))
    }

    fn learn(&mut self, line: &Line) {
        match line {
            Line::Anchor(anchor) => {
                self.heads.extend(anchored(anchor).map(|(chain, seq, hash)| (chain, seq, hash.to_owned())))
            }
            Line::Head { chain, seq, hash, .. } => self.heads.push((*chain, *seq, hash.clone())),
            Line::Export { .. } | Line::Entry(_) | Line::End { .. } => {}
        }
    }
}

/// Checks an export with nothing but the export. `trusted_key`, when given, is the public key the office
/// published; without it the key in the file is believed, which proves only that the file agrees with itself.
pub fn verify_export(input: impl BufRead, trusted_key: Option<&str>) -> Result<Report, String> {
    read(input, trusted_key, |_| {})
}

/// The heads that an export proves, if the export itself holds.
pub fn known_from(input: impl BufRead, trusted_key: &str) -> Result<Known, String> {
    let mut known = Known::default();
    let report = read(input, Some(trusted_key), |line| known.learn(line))?;
    match report.faults.first() {
        None => Ok(known),
        Some(first) => Err(format!("the export itself does not hold: {first}")),
    }
}

fn read(
    mut input: impl BufRead,
    trusted_key: Option<&str>,
    mut each: impl FnMut(&Line),
) -> Result<Report, String> {
    let mut reader = Reader { hasher: Sha256::new(), lines: 0, ended: false };
    let mut text = String::new();
    input.read_line(&mut text).map_err(|error| error.to_string())?;
    let public = reader.first(&text, trusted_key)?;
    let mut walker = Walker::new(&public);
    loop {
        text.clear();
        if input.read_line(&mut text).map_err(|error| format!("line {}: {error}", reader.lines + 1))? == 0 {
            break;
        }
        let line =
            serde_json::from_str(&text).map_err(|error| format!("line {}: {error}", reader.lines + 1))?;
        each(&line);
        reader.take(&line, &text, &public, &mut walker);
    }
    if !reader.ended {
        walker.file_fault("it is cut short: its last line is missing");
    }
    Ok(walker.finish())
}

/// How far an export was read.
struct Reader {
    hasher: Sha256,
    lines: u64,
    ended: bool,
}

impl Reader {
    /// The first line names the key that all signatures must be of.
    fn first(&mut self, text: &str, trusted_key: Option<&str>) -> Result<String, String> {
        let Ok(Line::Export { format, public_key, .. }) = serde_json::from_str(text) else {
            return Err("line 1: this is not an audit export".into());
        };
        if format != FORMAT {
            return Err(format!("line 1: the format {format} is not known here"));
        }
        if trusted_key.is_some_and(|trusted| trusted != public_key) {
            return Err("line 1: the export names another public key than the one you trust".into());
        }
        self.count(text);
        Ok(public_key)
    }

    fn count(&mut self, text: &str) {
        self.hasher.update(text);
        self.lines += 1;
    }

    fn take(&mut self, line: &Line, text: &str, public: &str, walker: &mut Walker) {
        if self.ended {
            walker.file_fault("something stands behind its last line");
        }
        match line {
            Line::Entry(entry) => walker.step(entry),
            Line::Head { chain, seq, hash, signature } => walker.head(*chain, *seq, hash, signature),
            Line::Anchor(anchor) => walker.anchor(anchor),
            Line::Export { .. } => walker.file_fault("it begins twice"),
            Line::End { lines, sha256, signature } => {
                self.ended = true;
                let whole = serde_json::to_string(line).is_ok_and(|written| text == format!("{written}\n"))
                    && *lines == self.lines
                    && *sha256 == hex::encode(self.hasher.clone().finalize())
                    && signature_holds(public, &end_message(*lines, sha256), signature);
                if !whole {
                    walker.file_fault("it is not the text that was signed");
                }
            }
        }
        self.count(text);
    }
}
