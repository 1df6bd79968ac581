//! How an entry is sealed: pure functions, the same for writing and for verifying.

use super::model::{Anchor, StoredEntry};
use crate::canonical::{canonical, sha256_hex};
use crate::ids::ChainId;
use serde_json::json;

/// What a verifier finds when it recomputes an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    Intact,
    /// Its hash is not that of its content.
    Altered,
    /// It does not follow the entry before it.
    Detached,
}

/// The hash that the first entry of a chain follows.
pub fn genesis(chain: ChainId) -> String {
    sha256_hex(format!("anlao audit chain {chain}").as_bytes())
}

/// The hash of an entry: SHA-256 over the canonical JSON of everything in it but the hash itself.
pub(super) fn hash(entry: &StoredEntry) -> String {
    let sealed = json!({
        "chain": entry.chain,
        "seq": entry.seq,
        "at": entry.at.to_string(),
        "actor_id": entry.actor_id,
        "actor_role": entry.actor_role,
        "action": entry.action,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "result": entry.result,
        "request_id": entry.request_id,
        "address": entry.address,
        "device": entry.device,
        "content": entry.content,
        "previous": entry.previous,
    });
    sha256_hex(canonical(&sealed).as_bytes())
}

/// Whether `entry` is whole and follows the entry that ended with `previous` and number `seq - 1`.
pub(super) fn check(entry: &StoredEntry, seq: i64, previous: &str) -> Sealed {
    if entry.hash != hash(entry) {
        Sealed::Altered
    } else if entry.seq != seq || entry.previous != previous {
        Sealed::Detached
    } else {
        Sealed::Intact
    }
}

/// What the signature of a chain's newest entry covers.
pub(super) fn head_message(chain: ChainId, seq: i64, hash: &str) -> Vec<u8> {
    format!("anlao audit head\n{chain}\n{seq}\n{hash}").into_bytes()
}

/// What the signature of an anchor covers.
pub(super) fn anchor_message(anchor: &Anchor) -> Vec<u8> {
    let Anchor { id, at, chains, entries, content, .. } = anchor;
    format!("anlao audit anchor\n{id}\n{at}\n{chains}\n{entries}\n{content}").into_bytes()
}

/// The heads an anchor names: chain, number, hash.
pub(super) fn anchored(anchor: &Anchor) -> impl Iterator<Item = (ChainId, i64, &str)> {
    anchor.content.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let chain = words.next()?.parse().ok().map(ChainId)?;
        Some((chain, words.next()?.parse().ok()?, words.next()?))
    })
}
