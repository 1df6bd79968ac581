//! Putting a new SQLite file in the place of another, with nobody looking.

use super::create::flush_folder;
use crate::db::hold_alone;
use std::fs::{File, hard_link, rename};
use std::io;
use std::path::{Path, PathBuf};

/// Holds a database file so that no SQLite can open it. Other processes are kept out, and one that has it
/// open is noticed; the file itself is not changed by that.
pub(super) struct Claim {
    #[allow(dead_code, reason = "the lock lives as long as the file is open")]
    file: Option<File>,
}

impl Claim {
    /// Where there is no file to claim.
    pub fn none() -> Self {
        Self { file: None }
    }
}

/// Claims the file, if there is one. `None` when somebody has it open.
pub(super) fn claim(path: &Path) -> io::Result<Option<Claim>> {
    if !path.exists() {
        return Ok(Some(Claim::none()));
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

/// Puts `new` in the place of `target`. What was there is kept under the name that is returned.
pub(super) fn swap(new: &Path, target: &Path, claim: Claim, stamp: &str) -> io::Result<Option<PathBuf>> {
    File::open(new)?.sync_all()?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = beside(target, &format!(".before-restore-{stamp}"));
    let was_there = target.exists();
    // The lock of the file goes when any of this process's handles on it is closed, so the next one comes after.
    drop(claim);
    if was_there {
        match hold_alone(target) {
            // One file without a log: from one moment to the next, the name stands for the other.
            Ok(_held) if !beside(target, "-wal").exists() && hard_link(target, &aside).is_ok() => {
                rename(new, target).inspect_err(|_error| drop(std::fs::remove_file(&aside)))?;
            }
            Err(error) if error.to_string().contains("locked") => {
                return Err(io::Error::other("the database was opened meanwhile; stop the server first"));
            }
            // No database, or a disk without links.
            _ => {
                move_aside(target, &aside)?;
                rename(new, target)?;
            }
        }
    } else {
        // A log that somebody left behind would be taken for the new file's.
        move_aside(target, &aside)?;
        rename(new, target)?;
    }
    flush_folder(folder)?;
    Ok(was_there.then_some(aside))
}

/// The database before its log: a log without its database is nothing, the other way round is a loss.
fn move_aside(target: &Path, aside: &Path) -> io::Result<()> {
    for part in ["", "-wal", "-shm"] {
        let (from, to) = (beside(target, part), beside(aside, part));
        if from.exists() {
            rename(&from, &to)?;
        }
    }
    Ok(())
}

/// The path with something behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
