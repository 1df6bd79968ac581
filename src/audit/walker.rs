//! Following chains entry by entry, from the database or from an export alike. Pure.

use super::entry::{Sealed, anchor_message, anchored, check, genesis, head_message};
use super::model::{Anchor, StoredEntry};
use crate::ids::ChainId;
use crate::keys::signature_holds;
use serde::Serialize;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Faults are kept up to this number, the first ones.
const MOST_FAULTS: usize = 100;

/// What a verification found. It holds only if `faults` is empty; the first fault is the first bad entry.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub chains: u64,
    pub entries: u64,
    pub anchors: u64,
    pub faults: Vec<String>,
}

/// In the order in which they are told: bad entries by chain and number, then heads, anchors, the file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Entry(ChainId, i64, &'static str),
    Missing(ChainId, i64, &'static str),
    Chain(ChainId, &'static str),
    Anchor(ChainId, &'static str),
    File(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entry(chain, seq, what) | Self::Missing(chain, seq, what) => {
                write!(f, "chain {chain} entry {seq}: {what}")
            }
            Self::Chain(chain, what) => write!(f, "chain {chain}: {what}"),
            Self::Anchor(id, what) => write!(f, "anchor {id}: {what}"),
            Self::File(what) => write!(f, "file: {what}"),
        }
    }
}

/// How far one chain was followed.
struct Walk {
    seq: i64,
    hash: String,
}

pub(super) struct Walker {
    public: String,
    walks: HashMap<ChainId, Walk>,
    heads: HashSet<ChainId>,
    /// Entries that something signed names, with the hash it names.
    expected: HashMap<(ChainId, i64), String>,
    opened: HashSet<ChainId>,
    anchors: HashSet<ChainId>,
    announced: HashSet<ChainId>,
    entries: u64,
    faults: BTreeSet<Fault>,
}

impl Walker {
    /// `public` is the key that heads and anchors must be signed with.
    pub(super) fn new(public: &str) -> Self {
        Self {
            public: public.to_owned(),
            walks: HashMap::new(),
            heads: HashSet::new(),
            expected: HashMap::new(),
            opened: HashSet::new(),
            anchors: HashSet::new(),
            announced: HashSet::new(),
            entries: 0,
            faults: BTreeSet::new(),
        }
    }

    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.insert(fault);
        if self.faults.len() > MOST_FAULTS {
            self.faults.pop_last();
        }
    }

    pub(super) fn file_fault(&mut self, what: &'static str) {
        self.fault(Fault::File(what));
    }

    /// Takes an anchor; all of them come before the entries they name.
    pub(super) fn anchor(&mut self, anchor: &Anchor) {
        if !self.anchors.insert(anchor.id) {
            self.fault(Fault::Anchor(anchor.id, "it is there twice"));
        }
        if !signature_holds(&self.public, &anchor_message(anchor), &anchor.signature) {
            self.fault(Fault::Anchor(anchor.id, "its signature does not hold"));
            return;
        }
        for (chain, seq, hash) in anchored(anchor) {
            self.expect(chain, seq, hash);
        }
    }

    /// Asks for this very entry to be met on the way.
    pub(super) fn expect(&mut self, chain: ChainId, seq: i64, hash: &str) {
        match self.expected.entry((chain, seq)) {
            Entry::Vacant(free) => {
                free.insert(hash.to_owned());
            }
            Entry::Occupied(taken) if taken.get() == hash => {}
            Entry::Occupied(_) => self.fault(Fault::Missing(chain, seq, "two signed heads name two entries")),
        }
    }

    /// Asks for this chain to be there.
    pub(super) fn need(&mut self, chain: ChainId) {
        if !self.walks.contains_key(&chain) {
            self.fault(Fault::Missing(chain, 1, "the records need this chain, but it is gone"));
        }
    }

    /// Takes the next entry of its chain.
    pub(super) fn step(&mut self, entry: &StoredEntry) {
        self.entries += 1;
        let start = || Walk { seq: 0, hash: genesis(entry.chain) };
        let walk = self.walks.entry(entry.chain).or_insert_with(start);
        let found = check(entry, walk.seq.saturating_add(1), &walk.hash);
        *walk = Walk { seq: entry.seq, hash: entry.hash.clone() };
        match found {
            Sealed::Intact => {}
            Sealed::Altered => self.fault(Fault::Entry(entry.chain, entry.seq, "it was altered")),
            Sealed::Detached => {
                self.fault(Fault::Entry(entry.chain, entry.seq, "it does not follow the one before"));
            }
        }
        if self.expected.remove(&(entry.chain, entry.seq)).is_some_and(|hash| hash != entry.hash) {
            self.fault(Fault::Entry(entry.chain, entry.seq, "it is not the one that was anchored"));
        }
        if entry.chain == ChainId::SYSTEM {
            self.note(entry);
        }
    }

    /// What the system's own chain says there must be elsewhere.
    fn note(&mut self, entry: &StoredEntry) {
        let Some(object) = entry.object_id else { return };
        match entry.action.as_str() {
            super::queries::CHAIN_OPENED => self.opened.insert(object),
            super::queries::ANCHORED => self.announced.insert(object),
            _ => false,
        };
    }

    /// Compares a chain's end with its signed head; all heads come after the entries.
    pub(super) fn head(&mut self, chain: ChainId, seq: i64, hash: &str, signature: &str) {
        if !self.heads.insert(chain) {
            self.fault(Fault::Chain(chain, "it has two heads"));
        }
        if !signature_holds(&self.public, &head_message(chain, seq, hash), signature) {
            self.fault(Fault::Chain(chain, "the signature of its head does not hold"));
        }
        match self.walks.get(&chain) {
            Some(walk) if walk.seq == seq && walk.hash == hash => {}
            Some(walk) => {
                let end = walk.seq.saturating_add(1).min(seq);
                self.fault(Fault::Missing(chain, end, "the chain does not end as its signed head says"));
            }
            None => self.fault(Fault::Missing(chain, 1, "the chain is gone, but its head is there")),
        }
    }

    /// What must be there at the end: every opened chain, every anchored entry, a head for every chain.
    pub(super) fn finish(mut self) -> Report {
        let chains: HashSet<ChainId> = self.walks.keys().copied().collect();
        let gone = self.opened.difference(&chains);
        let gone = gone.map(|chain| Fault::Missing(*chain, 1, "the chain was opened, but is gone"));
        let unopened = chains.iter().filter(|chain| **chain != ChainId::SYSTEM);
        let unopened = unopened.filter(|chain| !self.opened.contains(chain));
        let unopened = unopened.map(|chain| Fault::Chain(*chain, "it was never opened"));
        let headless = chains.difference(&self.heads);
        let headless = headless.map(|chain| Fault::Chain(*chain, "it has no head"));
        let missing = self.expected.keys();
        let missing = missing.map(|(chain, seq)| Fault::Missing(*chain, *seq, "it was anchored, but is gone"));
        let lost = self.announced.difference(&self.anchors);
        let lost = lost.map(|id| Fault::Anchor(*id, "it was made, but is gone"));
        let strange = self.anchors.difference(&self.announced);
        let strange = strange.map(|id| Fault::Anchor(*id, "the trail does not know it"));
        let found: Vec<Fault> =
            gone.chain(unopened).chain(headless).chain(missing).chain(lost).chain(strange).collect();
        for fault in found {
            self.fault(fault);
        }
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Report {
            chains: count(chains.len()),
            entries: self.entries,
            anchors: count(self.anchors.len()),
            faults: self.faults.iter().map(ToString::to_string).collect(),
        }
    }
}
