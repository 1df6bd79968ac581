//! Adding to the chains; nothing here changes what is there.

use super::entry::{anchor_message, genesis, hash, head_message};
use super::model::{Anchor, Entry, StoredEntry};
use crate::access::{Actor, Origin, WriteTx};
use crate::canonical::canonical;
use crate::db::schema::{audit_anchors, audit_entries, audit_heads};
use crate::db::sql_types::UuidSql;
use crate::db::{Conn, Instant, MultiBackend, Statement};
use crate::ids::ChainId;
use crate::keys::Keys;
use crate::metrics::{Counter, counter};
use crate::refusal::{Outcome, Refusal};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// What the system's chain says when another chain begins…
pub(super) const CHAIN_OPENED: &str = "chain.opened";
/// …and when an anchor is made.
pub(super) const ANCHORED: &str = "audit.anchored";

/// Counted when written: one whose change is undone afterwards counts too.
static ENTRIES: LazyLock<Counter> =
    LazyLock::new(|| counter("audit_entries", "Entries written to the audit trail"));

/// Who is written down as the author of an entry.
struct Author<'a> {
    actor: Option<&'a Actor>,
    origin: &'a Origin,
    at: Instant,
    result: &'a str,
}

/// Adds an entry to its chain, in the transaction of the change it tells of.
pub fn record(tx: &mut WriteTx<'_>, entry: Entry) -> Outcome<()> {
    let author = Author { actor: Some(tx.actor), origin: tx.origin, at: tx.now, result: "done" };
    append(tx.conn, &tx.office.keys, author, entry)
}

/// The same for changes made before anyone is logged in: set-up, login, refresh.
pub fn record_as(
    conn: &mut Conn,
    keys: &Keys,
    actor: Option<&Actor>,
    origin: &Origin,
    at: Instant,
    entry: Entry,
) -> Outcome<()> {
    append(conn, keys, Author { actor, origin, at, result: "done" }, entry)
}

/// Writes down what the program itself found out or did, in the system's chain.
pub fn record_system(
    conn: &mut Conn,
    keys: &Keys,
    at: Instant,
    action: &'static str,
    content: Value,
) -> Outcome<()> {
    let entry = Entry { chain: ChainId::SYSTEM, action, object_kind: "system", object_id: None, content };
    append(conn, keys, Author { actor: None, origin: &Origin::default(), at, result: "done" }, entry)
}

/// Writes down that somebody's role did not allow what they asked.
pub fn record_denied(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    origin: &Origin,
    permission: &'static str,
    at: Instant,
) -> Outcome<()> {
    let content = json!({ "permission": permission, "asked": origin.asked });
    let entry = system("permission.denied", actor, content);
    append(conn, keys, Author { actor: Some(actor), origin, at, result: "forbidden" }, entry)
}

/// Writes down a step that the rules refused.
pub fn record_refused(
    conn: &mut Conn,
    keys: &Keys,
    actor: &Actor,
    origin: &Origin,
    permission: &'static str,
    refusal: &Refusal,
    at: Instant,
) -> Outcome<()> {
    let content = json!({ "permission": permission, "asked": origin.asked, "current": refusal.current,
        "detail": refusal.detail });
    let entry = system("step.refused", actor, content);
    append(conn, keys, Author { actor: Some(actor), origin, at, result: refusal.code.as_str() }, entry)
}

fn system(action: &'static str, actor: &Actor, content: Value) -> Entry {
    Entry { chain: ChainId::SYSTEM, action, object_kind: "user", object_id: Some(actor.id.0), content }
}

fn append(conn: &mut Conn, keys: &Keys, author: Author<'_>, entry: Entry) -> Outcome<()> {
    ENTRIES.inc();
    let (seq, previous) = match take_next(conn, entry.chain)? {
        Some(next) => next,
        None => open(conn, keys, &author, entry.chain)?,
    };
    let mut stored = StoredEntry {
        chain: entry.chain,
        seq,
        at: author.at,
        actor_id: author.actor.map(|actor| actor.id),
        actor_role: author.actor.map(|actor| actor.role.to_string()),
        action: entry.action.to_owned(),
        object_kind: entry.object_kind.to_owned(),
        object_id: entry.object_id.map(ChainId),
        result: author.result.to_owned(),
        request_id: author.origin.request_id.clone(),
        address: author.origin.address.clone(),
        device: author.origin.device.clone(),
        content: canonical(&entry.content),
        previous,
        hash: String::new(),
    };
    stored.hash = hash(&stored);
    let signature = keys.sign(&head_message(stored.chain, seq, &stored.hash));
    Statement::<()>::new("UPDATE audit_heads SET hash = ?, signature = ? WHERE chain = ?")
        .with::<Text, _>(&stored.hash)
        .with::<Text, _>(signature)
        .with::<UuidSql, _>(stored.chain)
        .execute(conn)?;
    diesel::insert_into(audit_entries::table).values(stored).execute(conn)?;
    Ok(())
}

/// Takes the next number of a chain. The row stays ours until the transaction ends, so entries of one
/// chain queue here and nowhere else.
fn take_next(conn: &mut Conn, chain: ChainId) -> Outcome<Option<(i64, String)>> {
    let next = Statement::<(BigInt, Text)>::new(
        "UPDATE audit_heads SET seq = seq + 1 WHERE chain = ? RETURNING seq, hash",
    );
    Ok(next.with::<UuidSql, _>(chain).get_result(conn).optional()?)
}

/// Begins a chain; the system's chain says so, which is how a vanished chain is noticed.
fn open(conn: &mut Conn, keys: &Keys, author: &Author<'_>, chain: ChainId) -> Outcome<(i64, String)> {
    let first = genesis(chain);
    if chain != ChainId::SYSTEM {
        let opened = Entry {
            chain: ChainId::SYSTEM,
            action: CHAIN_OPENED,
            object_kind: "chain",
            object_id: Some(chain.0),
            content: json!({ "genesis": first }),
        };
        let author = Author { actor: author.actor, origin: author.origin, at: author.at, result: "done" };
        append(conn, keys, author, opened)?;
    }
    diesel::insert_into(audit_heads::table)
        .values((
            audit_heads::chain.eq(chain),
            audit_heads::seq.eq(1_i64),
            audit_heads::hash.eq(&first),
            audit_heads::signature.eq(""),
        ))
        .execute(conn)?;
    Ok((1, first))
}

/// Signs all heads as they are now and keeps the result; `None` while nothing was added since the last.
/// The trail says itself that the anchor was made, so that one taken away is missed.
pub fn anchor(conn: &mut Conn, keys: &Keys, now: Instant) -> Outcome<Option<Anchor>> {
    let before = entry_count(&heads(conn)?);
    let last: Option<i64> = audit_anchors::table
        .select(audit_anchors::entries)
        .order((audit_anchors::at.desc(), audit_anchors::id.desc()))
        .first(conn)
        .optional()?;
    if before == 0 || last == Some(before) {
        return Ok(None);
    }
    let id = ChainId::fresh();
    announce(conn, keys, id, now)?;
    let heads = heads(conn)?;
    let mut anchor = Anchor {
        id,
        at: now,
        chains: i64::try_from(heads.len()).unwrap_or(i64::MAX),
        entries: entry_count(&heads),
        content: lines(&heads),
        signature: String::new(),
    };
    anchor.signature = keys.sign(&anchor_message(&anchor));
    diesel::insert_into(audit_anchors::table).values(anchor.clone()).execute(conn)?;
    Ok(Some(anchor))
}

type Head = (ChainId, i64, String);

fn heads(conn: &mut Conn) -> Outcome<Vec<Head>> {
    Ok(audit_heads::table
        .select((audit_heads::chain, audit_heads::seq, audit_heads::hash))
        .order(audit_heads::chain)
        .load(conn)?)
}

/// The heads of all chains as an anchor and a backup name them: lines of `chain seq hash`, by chain.
pub fn head_lines(conn: &mut Conn) -> Outcome<String> {
    Ok(lines(&heads(conn)?))
}

fn lines(heads: &[Head]) -> String {
    let lines: Vec<String> = heads.iter().map(|(chain, seq, hash)| format!("{chain} {seq} {hash}")).collect();
    lines.join("\n")
}

fn entry_count(heads: &[Head]) -> i64 {
    heads.iter().map(|(_, seq, _)| seq).sum()
}

fn announce(conn: &mut Conn, keys: &Keys, anchor: ChainId, at: Instant) -> Outcome<()> {
    let entry = Entry {
        chain: ChainId::SYSTEM,
        action: ANCHORED,
        object_kind: "anchor",
        object_id: Some(anchor.0),
        content: json!({}),
    };
    append(conn, keys, Author { actor: None, origin: &Origin::default(), at, result: "done" }, entry)
}

/// Entries of a chain are read in pages of this size.
const PAGE: i64 = 2000;

/// Hands over every entry of a chain in order.
pub(super) fn every_entry(
    conn: &mut Conn,
    chain: ChainId,
    each: &mut dyn FnMut(StoredEntry) -> Outcome<()>,
) -> Outcome<()> {
    let mut after = None;
    loop {
        let mut query = audit_entries::table
            .filter(audit_entries::chain.eq(chain))
            .order(audit_entries::seq)
            .limit(PAGE)
            .select(StoredEntry::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(audit_entries::seq.gt(after));
        }
        let page: Vec<StoredEntry> = query.load(conn)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.seq);
        page.into_iter().try_for_each(&mut *each)?;
    }
}

/// Entries of a chain, the newest first, before number `before`.
pub fn entries(
    conn: &mut Conn,
    chain: ChainId,
    object: Option<ChainId>,
    before: Option<i64>,
    limit: i64,
) -> Outcome<Vec<StoredEntry>> {
    Ok(entries_query(chain, object, before, limit).load(conn)?)
}

/// The plan of a page of entries, for the tests.
pub fn explain_entries(
    conn: &mut Conn,
    chain: ChainId,
    object: Option<ChainId>,
    before: Option<i64>,
    limit: i64,
) -> Outcome<String> {
    conn.explain(entries_query(chain, object, before, limit))
}

type EntriesQuery = diesel::dsl::IntoBoxed<
    'static,
    diesel::dsl::Select<audit_entries::table, diesel::dsl::AsSelect<StoredEntry, MultiBackend>>,
    MultiBackend,
>;

fn entries_query(chain: ChainId, object: Option<ChainId>, before: Option<i64>, limit: i64) -> EntriesQuery {
    let mut query = audit_entries::table
        .select(StoredEntry::as_select())
        .into_boxed()
        .filter(audit_entries::chain.eq(chain))
        .order(audit_entries::seq.desc())
        .limit(limit);
    if let Some(object) = object {
        query = query.filter(audit_entries::object_id.assume_not_null().eq(object));
    }
    if let Some(before) = before {
        query = query.filter(audit_entries::seq.lt(before));
    }
    query
}
