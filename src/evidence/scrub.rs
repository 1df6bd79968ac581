//! Reading the originals again: does each still have its digest? What does not is an alarm, written into the audit
//! trail of every institution that relies on it, and never given out as good.

use super::queries::stored_digests;
use super::store::{Found, Store};
use crate::access::Origin;
use crate::audit::{self, Entry};
use crate::db::schema::{evidence, evidence_damage};
use crate::db::{Conn, Db, Instant};
use crate::ids::{EvidenceId, InstitutionId};
use crate::keys::Keys;
use crate::office::Office;
use crate::refusal::Outcome;
use diesel::prelude::*;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;

/// Originals read between two looks at the clock.
const PAGE: i64 = 16;

/// How far one step of a pass came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scrubbed {
    /// Everything up to this digest was read; there may be more.
    UpTo(String),
    /// There is nothing after.
    All,
}

/// Reads the next few originals after the digest `after` and writes down what it finds.
pub async fn scrub(
    db: &Db,
    store: &Store,
    office: &Arc<Office>,
    after: &str,
    now: Instant,
) -> Outcome<Scrubbed> {
    let from = after.to_owned();
    let (page, known) =
        db.read(move |conn| Ok((stored_digests(conn, &from, PAGE)?, open_damage(conn)?))).await?;
    let Some((last, _)) = page.last() else { return Ok(Scrubbed::All) };
    for (sha256, _) in &page {
        let fault = match store.look_at(sha256).await? {
            Found::Intact => None,
            Found::Missing => Some("missing"),
            Found::Altered => Some("altered"),
        };
        if let Some(fault) = fault {
            tracing::error!(sha256, fault, "ALARM: an original is lost or no longer has its digest");
        }
        if fault.is_some() != known.contains(sha256) {
            let (digest, office) = (sha256.clone(), Arc::clone(office));
            db.write(move |conn| note(conn, &office.keys, &digest, fault, now)).await?;
        }
    }
    Ok(Scrubbed::UpTo(last.clone()))
}

/// The digests of originals that are known to be missing or altered: few, or the alarm is long overdue.
fn open_damage(conn: &mut Conn) -> Outcome<HashSet<String>> {
    let open = evidence_damage::table.filter(evidence_damage::mended_at.is_null());
    Ok(open.select(evidence_damage::sha256).load(conn)?.into_iter().collect())
}

/// Writes down a fault that is new, or that one known is mended; nothing otherwise.
fn note(conn: &mut Conn, keys: &Keys, sha256: &str, fault: Option<&str>, now: Instant) -> Outcome<()> {
    let known: Option<Option<Instant>> =
        evidence_damage::table.find(sha256).select(evidence_damage::mended_at).first(conn).optional()?;
    let open = matches!(known, Some(None));
    match fault {
        Some(fault) if !open => {
            diesel::delete(evidence_damage::table.find(sha256)).execute(conn)?;
            diesel::insert_into(evidence_damage::table)
                .values((
                    evidence_damage::sha256.eq(sha256),
                    evidence_damage::fault.eq(fault),
                    evidence_damage::found_at.eq(now),
                    evidence_damage::mended_at.eq(None::<Instant>),
                ))
                .execute(conn)?;
            tell(conn, keys, sha256, "evidence.damaged", Some(fault), now)
        }
        None if open => {
            diesel::update(evidence_damage::table.find(sha256))
                .set(evidence_damage::mended_at.eq(Some(now)))
                .execute(conn)?;
            tell(conn, keys, sha256, "evidence.mended", None, now)
        }
        _ => Ok(()),
    }
}

/// An entry for every photo that has these bytes, in its institution's chain.
fn tell(
    conn: &mut Conn,
    keys: &Keys,
    sha256: &str,
    action: &'static str,
    fault: Option<&str>,
    now: Instant,
) -> Outcome<()> {
    let photos: Vec<(EvidenceId, InstitutionId)> = evidence::table
        .filter(evidence::sha256.eq(sha256))
        .order(evidence::id)
        .select((evidence::id, evidence::institution_id))
        .load(conn)?;
    for (photo, institution) in photos {
        let content = json!({ "evidence": photo, "sha256": sha256, "fault": fault });
        let entry = Entry {
            chain: institution.into(),
            action,
            object_kind: "evidence",
            object_id: Some(photo.0),
            content,
        };
        audit::record_as(conn, keys, None, &Origin::default(), now, entry)?;
    }
    Ok(())
}

/// How many originals are missing or altered and were not mended.
pub fn damaged(conn: &mut Conn) -> Outcome<i64> {
    Ok(evidence_damage::table.filter(evidence_damage::mended_at.is_null()).count().get_result(conn)?)
}
