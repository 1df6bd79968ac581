//! Walking the chains in the database and saying where the first fault is.

use super::entry::{Sealed, anchor_message, anchored, check, genesis, head_message};
use super::model::{Anchor, StoredEntry};
use crate::db::Conn;
use crate::db::schema::{audit_anchors, audit_entries, audit_heads, institutions};
use crate::ids::{ChainId, InstitutionId};
use crate::keys::signature_holds;
use crate::refusal::Outcome;
use diesel::prelude::*;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

const PAGE: i64 = 2000;

/// What a verification found. It holds only if `faults` is empty.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub chains: u64,
    pub entries: u64,
    pub anchors: u64,
    pub faults: Vec<String>,
}

/// One chain as the verifier saw it: how long it is and the hashes that anchors name.
#[derive(Debug, Default)]
pub(super) struct Walk {
    seq: i64,
    hash: String,
}

/// Follows chains entry by entry, from the database or from an export alike.
#[derive(Default)]
pub(super) struct Walker {
    walks: HashMap<ChainId, Walk>,
    /// Entries that some anchor names, with the hash it names.
    expected: HashMap<(ChainId, i64), String>,
    opened: HashSet<ChainId>,
    pub(super) report: Report,
}

impl Walker {
    pub(super) fn new(public: &str, anchors: &[Anchor]) -> Self {
        let mut walker = Self::default();
        for anchor in anchors {
            walker.report.anchors += 1;
            if !signature_holds(public, &anchor_message(anchor), &anchor.signature) {
                walker.fault(format!("anchor {}: its signature does not hold", anchor.id));
            }
            for (chain, seq, hash) in anchored(anchor) {
                walker.expected.insert((chain, seq), hash.to_owned());
            }
        }
        walker
    }

    fn fault(&mut self, text: String) {
        if self.report.faults.len() < 100 {
            self.report.faults.push(text);
        }
    }

    /// Takes the next entry of its chain.
    pub(super) fn step(&mut self, entry: &StoredEntry) {
        self.report.entries += 1;
        let walk =
            self.walks.entry(entry.chain).or_insert_with(|| Walk { seq: 0, hash: genesis(entry.chain) });
        let found = check(entry, walk.seq + 1, &walk.hash);
        *walk = Walk { seq: entry.seq, hash: entry.hash.clone() };
        if found != Sealed::Intact {
            let what =
                if found == Sealed::Altered { "was altered" } else { "does not follow the one before" };
            self.fault(format!("chain {} entry {}: it {what}", entry.chain, entry.seq));
        }
        if let Some(hash) = self.expected.remove(&(entry.chain, entry.seq))
            && hash != entry.hash
        {
            self.fault(format!(
                "chain {} entry {}: it is not the one that was anchored",
                entry.chain, entry.seq
            ));
        }
        if entry.action == "chain.opened"
            && let Some(chain) = entry.object_id
        {
            self.opened.insert(chain);
        }
    }

    /// Compares a chain's end with its signed head.
    pub(super) fn head(&mut self, public: &str, chain: ChainId, seq: i64, hash: &str, signature: &str) {
        if !signature_holds(public, &head_message(chain, seq, hash), signature) {
            self.fault(format!("chain {chain}: the signature of its head does not hold"));
        }
        let end = self.walks.get(&chain).map_or((0, String::new()), |walk| (walk.seq, walk.hash.clone()));
        if end != (seq, hash.to_owned()) {
            self.fault(format!("chain {chain} entry {}: the chain ends here but its head says {seq}", end.0));
        }
    }

    /// What must be there at the end: every opened chain, every anchored entry, a head for every chain.
    pub(super) fn finish(mut self, heads: &HashSet<ChainId>) -> Report {
        let missing: Vec<String> = self
            .opened
            .iter()
            .filter(|chain| !self.walks.contains_key(chain))
            .map(|chain| format!("chain {chain} entry 1: the chain was opened but is gone"))
            .chain(
                self.expected
                    .keys()
                    .map(|(chain, seq)| format!("chain {chain} entry {seq}: anchored but missing")),
            )
            .chain(
                self.walks
                    .keys()
                    .filter(|c| !heads.contains(c))
                    .map(|c| format!("chain {c}: it has no head")),
            )
            .collect();
        self.report.chains = u64::try_from(self.walks.len()).unwrap_or(u64::MAX);
        for fault in missing {
            self.fault(fault);
        }
        self.report.faults.sort();
        self.report
    }
}

/// Checks every chain in the database against its head, its signatures and the anchors kept with it.
pub fn verify(conn: &mut Conn, public: &str, mut progress: impl FnMut(u64)) -> Outcome<Report> {
    let anchors: Vec<Anchor> = audit_anchors::table.select(Anchor::as_select()).load(conn)?;
    let mut walker = Walker::new(public, &anchors);
    let heads: Vec<(ChainId, i64, String, String)> =
        audit_heads::table.order(audit_heads::chain).load(conn)?;
    let chains: Vec<ChainId> = audit_entries::table
        .select(audit_entries::chain)
        .distinct()
        .order(audit_entries::chain)
        .load(conn)?;
    for chain in chains {
        walk_chain(conn, chain, &mut walker)?;
        progress(walker.report.entries);
    }
    for (chain, seq, hash, signature) in &heads {
        walker.head(public, *chain, *seq, hash, signature);
    }
    let named: HashSet<ChainId> = heads.iter().map(|(chain, ..)| *chain).collect();
    let institutions: Vec<InstitutionId> = institutions::table.select(institutions::id).load(conn)?;
    for institution in institutions {
        if !named.contains(&institution.into()) {
            walker.fault(format!("chain {institution}: the institution has no chain"));
        }
    }
    Ok(walker.finish(&named))
}

fn walk_chain(conn: &mut Conn, chain: ChainId, walker: &mut Walker) -> Outcome<()> {
    let mut after = i64::MIN;
    loop {
        let page: Vec<StoredEntry> = audit_entries::table
            .filter(audit_entries::chain.eq(chain).and(audit_entries::seq.gt(after)))
            .order(audit_entries::seq)
            .limit(PAGE)
            .select(StoredEntry::as_select())
            .load(conn)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        page.iter().for_each(|entry| walker.step(entry));
    }
}
