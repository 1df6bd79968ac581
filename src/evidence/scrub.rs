//! Reading the originals again: does each still have its digest? What does not is an alarm, written into the audit
//! trail of every institution that relies on it, and never given out as good.

use super::queries;
use super::store::{Found, Store};
use crate::access::Origin;
use crate::audit::{self, Entry};
use crate::db::{Conn, Db, Instant};
use crate::keys::Keys;
use crate::office::Office;
use crate::refusal::Outcome;
use serde_json::json;
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
    let (page, known) = db
        .read(move |conn| Ok((queries::stored_digests(conn, &from, PAGE)?, queries::open_damage(conn)?)))
        .await?;
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

/// Writes down what is found, once: an entry for every photo that has these bytes, in its institution's chain.
fn note(conn: &mut Conn, keys: &Keys, sha256: &str, fault: Option<&str>, now: Instant) -> Outcome<()> {
    if !queries::note_damage(conn, sha256, fault, now)? {
        return Ok(());
    }
    let action = if fault.is_some() { "evidence.damaged" } else { "evidence.mended" };
    for (photo, institution) in queries::with_digest(conn, sha256)? {
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
