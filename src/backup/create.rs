//! Making a backup of a running office: one snapshot of the records, then the photos it names.

use super::format::{Header, Manifest};
use super::writer::{Ending, Writer};
use super::{Progress, SealError, Sealer, queries, tables};
use crate::audit;
use crate::db::{Conn, DatabaseUrl, Instant};
use crate::evidence::queries::stored_digests;
use crate::evidence::store::Store;
use crate::keys::Keys;
use crate::refusal::{Failure, Outcome};
use futures_util::StreamExt;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0} exists already; a backup never replaces another file")]
    Exists(PathBuf),
    #[error("cannot write {path}: {error}")]
    Write { path: PathBuf, error: io::Error },
    #[error("{0}")]
    Seal(#[from] SealError),
    #[error("{0}")]
    Failure(#[from] Failure),
    #[error("{0}")]
    Open(#[from] crate::db::OpenError),
}

/// What was made.
#[derive(Debug, Serialize)]
pub struct Created {
    pub manifest: Manifest,
    /// The digest that the signature covers.
    pub sha256: String,
    /// The size of the file.
    pub bytes: u64,
}

/// The records and the store of the office that is backed up.
pub struct Office<'a> {
    pub database: &'a DatabaseUrl,
    pub store: &'a Store,
    pub keys: &'a Keys,
    pub now: Instant,
}

/// Writes a backup of the office to `path`, which has its name only when it is whole and on disk.
pub fn create(
    office: &Office<'_>,
    path: &Path,
    passphrase: Option<&str>,
    progress: Progress<'_>,
) -> Result<Created, BackupError> {
    let failed = |error| BackupError::Write { path: path.to_owned(), error };
    if path.exists() {
        return Err(BackupError::Exists(path.to_owned()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".anlao-backup-").tempfile_in(folder).map_err(failed)?;
    let out = BufWriter::with_capacity(1 << 20, file.reopen().map_err(failed)?);
    let (manifest, sha256) = match passphrase {
        None => {
            let (out, manifest, sha256) = fill(office, out, progress, path)?;
            finish(out).map_err(failed)?;
            (manifest, sha256)
        }
        Some(passphrase) => {
            let sealer = Sealer::begin(out, passphrase)?;
            let (sealer, manifest, sha256) = fill(office, sealer, progress, path)?;
            finish(sealer.finish().map_err(failed)?).map_err(failed)?;
            (manifest, sha256)
        }
    };
    let bytes = file.as_file().metadata().map_err(failed)?.len();
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    flush_folder(folder).map_err(failed)?;
    Ok(Created { manifest, sha256, bytes })
}

fn finish(out: BufWriter<File>) -> io::Result<()> {
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// A file's name is on disk when its folder is.
pub(super) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn fill<W: Write>(
    office: &Office<'_>,
    out: W,
    progress: Progress<'_>,
    path: &Path,
) -> Result<(W, Manifest, String), BackupError> {
    let failed = |error| BackupError::Write { path: path.to_owned(), error };
    let mut conn = Conn::open(office.database)?;
    let (mut writer, photos, audit_heads) = conn.snapshot(|conn| {
        conn.unhurried()?;
        let mut writer = Writer::begin(out, header(conn, office)?).map_err(|error| unwritten(&error))?;
        write_tables(conn, &mut writer, progress)?;
        Ok((writer, all_digests(conn)?, audit::head_lines(conn)?))
    })?;
    // Originals are never changed, so they need not be read while the snapshot is held.
    let missing = write_photos(office.store, &mut writer, &photos, progress)?;
    let ending = Ending { missing, audit_heads };
    writer.finish(ending, |message| office.keys.sign(message)).map_err(failed)
}

/// A write that failed, as the failure of a transaction.
fn unwritten(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::StorageFull => Failure::StorageFull,
        _ => Failure::Store(format!("the backup cannot be written: {error}")),
    }
}

fn header(conn: &mut Conn, office: &Office<'_>) -> Outcome<Header> {
    Ok(Header {
        created_at: office.now,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema: crate::db::migration_names().pop().unwrap_or_default(),
        database: format!("{:?}", conn.backend()).to_lowercase(),
        epoch: queries::current_epoch(conn)?.map(|epoch| epoch.id),
        public_key: office.keys.audit_public(),
    })
}

fn write_tables<W: Write>(conn: &mut Conn, writer: &mut Writer<W>, progress: Progress<'_>) -> Outcome<()> {
    let kept = tables::kept();
    let mut total = 0;
    for one in &kept {
        total += conn.row_count(&one.table.name)?.unsigned_abs();
    }
    let bar = progress("records", total);
    for one in &kept {
        writer.table(&one.table).map_err(|error| unwritten(&error))?;
        conn.each_row(&one.table, one.order, &mut |row| {
            bar.inc(1);
            writer.row(row).map_err(|error| unwritten(&error))
        })?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// The digests and sizes of all stored photos, in order, each once.
pub(super) fn all_digests(conn: &mut Conn) -> Outcome<Vec<(String, u64)>> {
    const PAGE: i64 = 5000;
    let mut all: Vec<(String, u64)> = Vec::new();
    let mut after = String::new();
    loop {
        let page = stored_digests(conn, &after, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        all.extend(page.into_iter().map(|(sha256, size)| (sha256, size.unsigned_abs())));
    }
    all.dedup_by(|one, before| one.0 == before.0);
    Ok(all)
}

/// Writes every photo that the store can give in full; returns the digests of the others.
fn write_photos<W: Write>(
    store: &Store,
    writer: &mut Writer<W>,
    photos: &[(String, u64)],
    progress: Progress<'_>,
) -> Outcome<Vec<String>> {
    let runtime = super::runtime()?;
    let bar = progress("photos", photos.len() as u64);
    let mut missing = Vec::new();
    for (sha256, size) in photos {
        // Read through first: a photo that rotted must not make the backup as a whole unreadable.
        if runtime.block_on(store.is_intact(sha256))? {
            writer.photo(sha256, *size).map_err(|error| unwritten(&error))?;
            runtime.block_on(copy(store, sha256, *size, writer))?;
        } else {
            missing.push(sha256.clone());
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(missing)
}

async fn copy<W: Write>(store: &Store, sha256: &str, size: u64, writer: &mut Writer<W>) -> Outcome<()> {
    let mut stream = store.stream(sha256).await?;
    let mut left = size;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| Failure::Store(error.to_string()))?;
        left = left.checked_sub(piece.len() as u64).ok_or_else(|| altered(sha256))?;
        writer.bytes(&piece).map_err(|error| unwritten(&error))?;
    }
    if left == 0 { Ok(()) } else { Err(altered(sha256)) }
}

fn altered(sha256: &str) -> Failure {
    Failure::Store(format!(
        "the photo {sha256} does not have the size that was recorded, or changed meanwhile"
    ))
}
