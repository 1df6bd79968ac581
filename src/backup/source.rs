//! A backup on disk, read as often as needed.

use super::Progress;
use super::format::{Header, Manifest};
use super::reader::{Damage, Part, Reader};
use super::seal::{Opener, SealError};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// A file that should be a backup, the passphrase it may need, and the key it must be signed with.
pub struct Source {
    pub path: PathBuf,
    pub passphrase: Option<String>,
    pub trusted: Option<String>,
}

/// What a backup proved to be when it was read to its end.
#[derive(Debug, serde::Serialize)]
pub struct Checked {
    pub manifest: Manifest,
    /// The digest that its signature covers.
    pub sha256: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Damage(#[from] Damage),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("its schema is {schema} of program {program}, which is newer than this program")]
    Newer { schema: String, program: String },
}

impl Source {
    pub(super) fn open(&self) -> Result<Reader<Opener<BufReader<File>>>, SourceError> {
        let file = File::open(&self.path).map_err(SealError::Io)?;
        let opener = Opener::open(BufReader::with_capacity(1 << 20, file), self.passphrase.as_deref())?;
        Ok(Reader::new(opener, self.trusted.as_deref()))
    }

    /// Reads the whole file once and checks everything in it. Touches nothing.
    pub fn check(&self, progress: Progress<'_>) -> Result<Checked, SourceError> {
        let size = std::fs::metadata(&self.path).map_or(0, |meta| meta.len());
        let bar = progress("checking", size);
        let mut reader = self.open()?;
        while let Some(part) = reader.next()? {
            bar.set_position(reader.position());
            match part {
                Part::Header(header) => refuse_newer(&header)?,
                Part::End { manifest, sha256 } => {
                    bar.finish_and_clear();
                    return Ok(Checked { manifest: *manifest, sha256 });
                }
                _ => {}
            }
        }
        Err(Damage::Cut(reader.position()).into())
    }
}

fn refuse_newer(header: &Header) -> Result<(), SourceError> {
    if crate::db::migration_names().contains(&header.schema) {
        return Ok(());
    }
    Err(SourceError::Newer { schema: header.schema.clone(), program: header.program.clone() })
}
