//! The trail on its own: one JSON object a line, to be kept elsewhere and checked without the database.

use super::model::{Anchor, StoredEntry};
use super::verify::{Report, Walker};
use crate::db::schema::{audit_anchors, audit_entries, audit_heads};
use crate::db::{Conn, Instant};
use crate::ids::ChainId;
use crate::keys::Keys;
use crate::refusal::{Failure, Outcome};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io::{BufRead, Write};

const FORMAT: &str = "anlao-audit-1";

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Export { format: String, at: Instant, public_key: String },
    Anchor(Anchor),
    Entry(Box<StoredEntry>),
    Head { chain: ChainId, seq: i64, hash: String, signature: String },
}

/// Anchors the trail and writes all of it. Returns how many entries were written.
pub fn export(conn: &mut Conn, keys: &Keys, now: Instant, out: &mut dyn Write) -> Outcome<u64> {
    let mut put = |line: Line| -> Outcome<()> {
        let text =
            serde_json::to_string(&line).map_err(|_error| Failure::Internal("an entry cannot be written"))?;
        writeln!(out, "{text}").map_err(|error| Failure::Store(error.to_string()))
    };
    put(Line::Export { format: FORMAT.into(), at: now, public_key: keys.audit_public() })?;
    for anchor in audit_anchors::table.order(audit_anchors::at).select(Anchor::as_select()).load(conn)? {
        put(Line::Anchor(anchor))?;
    }
    let mut written = 0;
    let heads: Vec<(ChainId, i64, String, String)> =
        audit_heads::table.order(audit_heads::chain).load(conn)?;
    for (chain, seq, hash, signature) in heads {
        let entries = audit_entries::table.filter(audit_entries::chain.eq(chain)).order(audit_entries::seq);
        for entry in entries.select(StoredEntry::as_select()).load::<StoredEntry>(conn)? {
            written += 1;
            put(Line::Entry(Box::new(entry)))?;
        }
        put(Line::Head { chain, seq, hash, signature })?;
    }
    Ok(written)
}

/// Checks an export with nothing but the export. `trusted_key`, when given, is the public key the office
/// published; without it the key in the file is believed, which proves only that the file agrees with itself.
pub fn verify_export(input: impl BufRead, trusted_key: Option<&str>) -> Result<Report, String> {
    let mut lines = input.lines();
    let first = lines.next().ok_or("the file is empty")?.map_err(|error| error.to_string())?;
    let Ok(Line::Export { format, public_key, .. }) = serde_json::from_str(&first) else {
        return Err("line 1: this is not an audit export".into());
    };
    if format != FORMAT {
        return Err(format!("line 1: the format {format} is not known here"));
    }
    if trusted_key.is_some_and(|trusted| trusted != public_key) {
        return Err("line 1: the export names another public key than the one you trust".into());
    }
    let mut anchors = Vec::new();
    let mut rest = Vec::new();
    for (at, line) in lines.enumerate() {
        let text = line.map_err(|error| error.to_string())?;
        match serde_json::from_str(&text).map_err(|error| format!("line {}: {error}", at + 2))? {
            Line::Anchor(anchor) => anchors.push(anchor),
            other => rest.push(other),
        }
    }
    Ok(walk(&public_key, &anchors, rest))
}

fn walk(public: &str, anchors: &[Anchor], lines: Vec<Line>) -> Report {
    let mut walker = Walker::new(public, anchors);
    let mut heads = HashSet::new();
    for line in lines {
        match line {
            Line::Entry(entry) => walker.step(&entry),
            Line::Head { chain, seq, hash, signature } => {
                heads.insert(chain);
                walker.head(public, chain, seq, &hash, &signature);
            }
            Line::Export { .. } | Line::Anchor(_) => {}
        }
    }
    walker.finish(&heads)
}
