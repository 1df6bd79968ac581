//! Walking the chains in the database and saying where the first fault is.

use super::export::Known;
use super::model::Anchor;
use super::queries::every_entry;
use super::walker::{Report, Walker};
use crate::db::Conn;
use crate::db::schema::{audit_anchors, audit_entries, audit_heads, institutions, users};
use crate::ids::{ChainId, InstitutionId};
use crate::refusal::Outcome;
use diesel::prelude::*;
use std::collections::HashSet;

/// Checks every chain in the database against its head, its signatures and the anchors kept with it.
pub fn verify(conn: &mut Conn, public: &str, progress: impl FnMut(u64)) -> Outcome<Report> {
    verify_against(conn, public, &Known::default(), progress)
}

/// The same, and that the database still holds what an export kept elsewhere says it held: the one thing
/// that shows when a whole database was put back to an older state.
pub fn verify_against(
    conn: &mut Conn,
    public: &str,
    known: &Known,
    mut progress: impl FnMut(u64),
) -> Outcome<Report> {
    let mut walker = Walker::new(public);
    for anchor in audit_anchors::table.select(Anchor::as_select()).load::<Anchor>(conn)? {
        walker.anchor(&anchor);
    }
    for (chain, seq, hash) in known.heads() {
        walker.expect(chain, seq, hash);
    }
    let chains: Vec<ChainId> = audit_entries::table
        .select(audit_entries::chain)
        .distinct()
        .order(audit_entries::chain)
        .load(conn)?;
    for chain in chains {
        every_entry(conn, chain, &mut |entry| {
            walker.step(&entry);
            Ok(())
        })?;
        progress(walker.entries());
    }
    let heads: Vec<(ChainId, i64, String, String)> = audit_heads::table.load(conn)?;
    for (chain, seq, hash, signature) in heads {
        walker.head(chain, seq, &hash, &signature);
    }
    need_chains(conn, &mut walker)?;
    Ok(walker.finish())
}

/// Who is known to the records must be known to the trail.
fn need_chains(conn: &mut Conn, walker: &mut Walker) -> Outcome<()> {
    let institutions: Vec<InstitutionId> = institutions::table.select(institutions::id).load(conn)?;
    let mut needed: HashSet<ChainId> = institutions.into_iter().map(ChainId::from).collect();
    if users::table.count().get_result::<i64>(conn)? > 0 {
        needed.insert(ChainId::SYSTEM);
    }
    for chain in needed {
        walker.need(chain);
    }
    Ok(())
}
