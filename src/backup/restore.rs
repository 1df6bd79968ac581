//! Filling an office from a backup: everything is proven before the target is touched, and whatever fails
//! after that leaves the target as it was.

use super::create::all_digests;
use super::format::Manifest;
use super::queries;
use super::reader::{Damage, Part};
use super::source::{Checked, Source, SourceError};
use super::swap::{Claim, beside, claim, swap};
use super::{Epoch, Progress};
use crate::access::Origin;
use crate::audit;
use crate::db::rows::Table;
use crate::db::{Conn, DatabaseUrl, Instant, SchemaError, migrate_within, revert_within};
use crate::evidence::store::{Store, StoreConfig};
use crate::ids::ChainId;
use crate::office::Office;
use crate::refusal::{Failure, Outcome};
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{path}: {error}")]
    Source { path: PathBuf, error: SourceError },
    #[error(
        "{path}: it is of another office: it is signed with the key {signed}, and the office's keys here are {own}; \
         put the secret.toml of its office in place first"
    )]
    OtherOffice { path: PathBuf, signed: String, own: String },
    #[error("there are records already; say --replace to put the backup in their place")]
    NotEmpty,
    #[error("the database is in use; stop the server (on every node) first")]
    InUse,
    #[error("{0}")]
    Schema(#[from] SchemaError),
    #[error("{0}")]
    Open(#[from] crate::db::OpenError),
    #[error("{0}")]
    Failure(#[from] Failure),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Evidence(String),
    #[error("what was restored does not hold: {0}")]
    NotProven(String),
}

impl From<diesel::result::Error> for RestoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failure(error.into())
    }
}

/// Where a backup goes.
pub struct Target<'a> {
    pub database: &'a DatabaseUrl,
    pub evidence: &'a StoreConfig,
    /// For what is needed in between; on the disk of the photos if these are in a folder.
    pub folder: &'a Path,
    pub office: &'a Office,
    pub replace: bool,
    pub now: Instant,
}

/// What was done.
#[derive(Debug, Serialize)]
pub struct Restored {
    pub manifest: Manifest,
    pub sha256: String,
    pub epoch: Epoch,
    /// Logins that were ended.
    pub sessions_ended: usize,
    /// Where the database that was replaced is kept, if it is a file.
    pub kept_aside: Option<PathBuf>,
    /// Faults of the audit trail, which it had when it was backed up.
    pub faults: Vec<String>,
}

/// Restores `source` into the target.
pub fn restore(
    source: &Source,
    target: &Target<'_>,
    progress: Progress<'_>,
) -> Result<Restored, RestoreError> {
    let at = |error| RestoreError::Source { path: source.path.clone(), error };
    let checked = source.check(progress).map_err(at)?;
    let (signed, own) = (&checked.manifest.header.public_key, target.office.keys.audit_public());
    if *signed != own {
        return Err(RestoreError::OtherOffice { path: source.path.clone(), signed: signed.clone(), own });
    }
    let claim = must_be_free(target)?;
    let store = Store::open(target.evidence).map_err(RestoreError::Evidence)?;
    let photos = Photos { store: &store, runtime: super::runtime()?, added: Vec::new() };
    photos.with(|photos| {
        std::fs::create_dir_all(target.folder)?;
        photos.fill(source, target.folder, progress)?;
        let filling = Filling { source, target, checked: &checked, photos, progress };
        match target.database {
            DatabaseUrl::Sqlite(path) => filling.sqlite(path, claim),
            DatabaseUrl::Postgres(_) => filling.postgres(),
        }
    })
}

/// Nobody may be at the records, and there may be none unless they are to be replaced.
fn must_be_free(target: &Target<'_>) -> Result<Claim, RestoreError> {
    match target.database {
        DatabaseUrl::Sqlite(path) => {
            if path.exists() && !target.replace {
                return Err(RestoreError::NotEmpty);
            }
            claim(path)?.ok_or(RestoreError::InUse)
        }
        DatabaseUrl::Postgres(_) => {
            let mut conn = Conn::open(target.database)?;
            if conn.has_tables()? && !target.replace {
                return Err(RestoreError::NotEmpty);
            }
            if conn.other_connections()? > 0 {
                return Err(RestoreError::InUse);
            }
            Ok(Claim::none())
        }
    }
}

/// The photos that were added, to be taken back if the rest fails.
struct Photos<'a> {
    store: &'a Store,
    runtime: tokio::runtime::Runtime,
    added: Vec<String>,
}

impl Photos<'_> {
    fn with<T>(mut self, work: impl FnOnce(&mut Self) -> Result<T, RestoreError>) -> Result<T, RestoreError> {
        let outcome = work(&mut self);
        if outcome.is_err() {
            for sha256 in &self.added {
                if let Err(failure) = self.runtime.block_on(self.store.remove_original(sha256)) {
                    tracing::warn!(sha256, %failure, "a photo that no record names stays in the store");
                }
            }
        }
        outcome
    }

    /// Puts every photo of the backup into the store, where it is not there yet.
    fn fill(&mut self, source: &Source, folder: &Path, progress: Progress<'_>) -> Result<(), RestoreError> {
        let at = |error| RestoreError::Source { path: source.path.clone(), error };
        let size = std::fs::metadata(&source.path)?.len();
        let bar = progress("photos", size);
        let mut reader = source.open().map_err(at)?;
        let mut open: Option<(String, std::fs::File)> = None;
        while let Some(part) = reader.next().map_err(|damage| at(damage.into()))? {
            bar.set_position(reader.position());
            match part {
                Part::Bytes(bytes) => {
                    if let Some((_, file)) = &mut open {
                        file.write_all(&bytes)?;
                    }
                }
                // Asking for this part has checked the digest of the photo before.
                Part::Photo { sha256, .. } => {
                    self.put(open.take())?;
                    open = Some((sha256, tempfile::tempfile_in(folder)?));
                }
                Part::End { .. } => self.put(open.take())?,
                Part::Header(_) | Part::Table(_) | Part::Rows(_) => {}
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn put(&mut self, photo: Option<(String, std::fs::File)>) -> Outcome<()> {
        let Some((sha256, file)) = photo else { return Ok(()) };
        let is_new = !self.runtime.block_on(self.store.has_original(&sha256))?;
        if is_new {
            self.added.push(sha256.clone());
        }
        self.runtime.block_on(self.store.put_original(&sha256, file))
    }
}

struct Filling<'a> {
    source: &'a Source,
    target: &'a Target<'a>,
    checked: &'a Checked,
    photos: &'a Photos<'a>,
    progress: Progress<'a>,
}

impl Filling<'_> {
    /// A new file beside the old one, proven, and then put in its place.
    fn sqlite(&self, path: &Path, claim: Claim) -> Result<Restored, RestoreError> {
        let stamp = self.target.now.utc().format("%Y%m%dT%H%M%S%6fZ").to_string();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = beside(path, ".restoring");
        let scrap = Scrap(&new);
        scrap.remove();
        let mut conn = Conn::open(&DatabaseUrl::Sqlite(new.clone()))?;
        conn.fill_without_log()?;
        let mut restored = diesel::Connection::transaction(&mut conn, |conn| self.fill(conn))?;
        drop(conn);
        restored.kept_aside = swap(&new, path, claim, &stamp)?;
        Ok(restored)
    }

    /// In one transaction: what was there is there until all of the new is.
    fn postgres(&self) -> Result<Restored, RestoreError> {
        let mut conn = Conn::open(self.target.database)?;
        diesel::Connection::transaction(&mut conn, |conn| {
            conn.unhurried()?;
            if conn.has_tables()? {
                revert_within(conn)?;
            }
            self.fill(conn)
        })
    }

    fn fill(&self, conn: &mut Conn) -> Result<Restored, RestoreError> {
        let manifest = &self.checked.manifest;
        migrate_within(conn, Some(&manifest.header.schema))?;
        self.load(conn)?;
        migrate_within(conn, None)?;
        conn.renumber()?;
        let faults = self.prove(conn)?;
        self.index(conn)?;
        let now = self.target.now;
        let sessions_ended = queries::end_every_session(conn, now)?;
        let epoch = self.begin_epoch(conn)?;
        Ok(Restored {
            manifest: manifest.clone(),
            sha256: self.checked.sha256.clone(),
            epoch,
            sessions_ended,
            kept_aside: None,
            faults,
        })
    }

    /// Loads the tables and compares them with what was checked: the file may have changed since.
    fn load(&self, conn: &mut Conn) -> Result<(), RestoreError> {
        let at = |error| RestoreError::Source { path: self.source.path.clone(), error };
        let bar = (self.progress)("records", self.checked.manifest.rows());
        let mut reader = self.source.open().map_err(at)?;
        let mut table: Option<Table> = None;
        while let Some(part) = reader.next().map_err(|damage| at(damage.into()))? {
            match part {
                Part::Table(next) => {
                    conn.clear_table(&next.name)?;
                    table = Some(next);
                }
                Part::Rows(lines) => {
                    let table = table.as_ref().ok_or_else(|| at(Damage::NotABackup.into()))?;
                    let rows: Vec<&str> = lines.lines().collect();
                    conn.insert_rows(table, &format!("[{}]", rows.join(",")))?;
                    bar.inc(rows.len() as u64);
                }
                Part::Header(_) => {}
                Part::Photo { .. } | Part::Bytes(_) | Part::End { .. } => break,
            }
        }
        bar.finish_and_clear();
        if reader.tables() == self.checked.manifest.tables.as_slice() {
            return Ok(());
        }
        Err(RestoreError::NotProven("the backup changed while it was read".into()))
    }

    /// Nothing is put in place that does not hold. Returns the faults that the trail had before.
    fn prove(&self, conn: &mut Conn) -> Result<Vec<String>, RestoreError> {
        let manifest = &self.checked.manifest;
        let wrong = |what: String| Err(RestoreError::NotProven(what));
        for table in &manifest.tables {
            let rows = conn.row_count(&table.name)?.unsigned_abs();
            // A later migration may add rows of its own, but never takes any away.
            if rows < table.rows {
                return wrong(format!("{} has {rows} rows, not {}", table.name, table.rows));
            }
        }
        if let Some(fault) = conn.integrity_faults()?.first() {
            return wrong(fault.clone());
        }
        if audit::head_lines(conn)? != manifest.audit_heads {
            return wrong("the audit chains do not end where they ended".into());
        }
        let missing: HashSet<&str> = manifest.missing.iter().map(String::as_str).collect();
        let photos = all_digests(conn)?;
        let bar = (self.progress)("photos again", photos.len() as u64);
        for (sha256, _) in &photos {
            let there = self.photos.runtime.block_on(self.photos.store.is_intact(sha256))?;
            if !there && !missing.contains(sha256.as_str()) {
                return wrong(format!("the photo {sha256} is not in the store"));
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        let bar = (self.progress)("audit entries", 0);
        let report = audit::verify(conn, &manifest.header.public_key, |entries| {
            bar.set_length(entries);
            bar.set_position(entries);
        })?;
        bar.finish_and_clear();
        Ok(report.faults)
    }

    fn index(&self, conn: &mut Conn) -> Outcome<()> {
        let bar = (self.progress)("search index", conn.row_count("hazards")?.unsigned_abs());
        let titles = self.target.office.rules.current(conn)?.item_titles();
        let title = |code: &str| titles.get(code).cloned().unwrap_or_default();
        crate::hazards::queries::index_anew(conn, &title, &|hazards| bar.inc(hazards))?;
        bar.finish_and_clear();
        Ok(())
    }

    /// Another life of the database begins, and the trail says from what.
    fn begin_epoch(&self, conn: &mut Conn) -> Outcome<Epoch> {
        let Checked { manifest, sha256 } = self.checked;
        let now = self.target.now;
        let epoch = queries::begin_epoch(conn, sha256, now)?;
        let origin = Origin { device: Some("command line".into()), ..Origin::default() };
        let entry = audit::Entry {
            chain: ChainId::SYSTEM,
            action: "database.restored",
            object_kind: "database",
            object_id: Some(epoch.id),
            content: json!({ "archive": sha256, "created_at": manifest.header.created_at,
                "schema": manifest.header.schema, "from_epoch": manifest.header.epoch, "epoch": epoch.id }),
        };
        audit::record_as(conn, &self.target.office.keys, None, &origin, now, entry)?;
        Ok(epoch)
    }
}

/// A file in the making, gone with whatever belongs to it unless it was renamed.
struct Scrap<'a>(&'a Path);

impl Scrap<'_> {
    fn remove(&self) {
        for part in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(beside(self.0, part));
        }
    }
}

impl Drop for Scrap<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}
