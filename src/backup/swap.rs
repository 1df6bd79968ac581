//! Putting a new SQLite file in the place of another, with nobody looking.

use super::create::flush_folder;
use std::fs::{File, rename};
use std::io;
use std::path::{Path, PathBuf};

/// Holds a database file so that no SQLite can open it. Other processes are kept out, and one that has it
/// open is noticed; the file itself is not changed by that.
pub(super) struct Claim {
    #[allow(dead_code, reason = "the lock lives as long as the file is open")]
    file: Option<File>,
}

/// Claims the file, if there is one. `None` when somebody has it open.
pub(super) fn claim(path: &Path) -> io::Result<Option<Claim>> {
    if !path.exists() {
        return Ok(Some(Claim { file: None }));
    }
    let file = File::options().read(true).write(true).open(path)?;
    Ok(is_free(&file)?.then_some(Claim { file: Some(file) }))
}

/// SQLite's connections hold a lock on a range of the file for as long as they are open.
#[cfg(unix)]
fn is_free(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::ACCESS | rustix::io::Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn is_free(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Puts `new` in the place of `target`. What was there is kept under the name that is returned, with its log.
pub(super) fn swap(new: &Path, target: &Path, stamp: &str) -> io::Result<Option<PathBuf>> {
    File::open(new)?.sync_all()?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = beside(target, &format!(".before-restore-{stamp}"));
    let was_there = target.exists();
    if was_there {
        // The database before its log: a log without its database is nothing, the other way round is a loss.
        for part in ["", "-wal", "-shm"] {
            let (from, to) = (beside(target, part), beside(&aside, part));
            if from.exists() {
                rename(&from, &to)?;
            }
        }
    }
    rename(new, target)?;
    flush_folder(folder)?;
    Ok(was_there.then_some(aside))
}

/// The path with something behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
