//! Reading a backup, whoever made it: every claim in it is checked, nothing panics, and no more than a few
//! frames are ever in memory. A pure function of its input.

use super::format::{
    BYTES, HEADER, Header, LONGEST_CONTENT, LONGEST_FRAME, MANIFEST, MARK, MOST_COLUMNS, MOST_TABLES,
    Manifest, PHOTO, Photo, ROWS, Row, SIGNATURE, TABLE, TableSum, signed_message,
};
use crate::db::rows::Table;
use crate::keys::signature_holds;
use flate2::read::DeflateDecoder;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// What is wrong with a file that should be a backup.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    #[error("it is not a backup of this program")]
    NotABackup,
    #[error("it is a backup of a later form, which this program cannot read")]
    LaterForm,
    #[error("it is cut short after {0} bytes")]
    Cut(u64),
    #[error("it is damaged before byte {at}: {what}")]
    Broken { at: u64, what: &'static str },
    #[error("it is of another office: it is signed with the key {0}")]
    Foreign(String),
    #[error("its signature does not hold: it was changed after it was made")]
    Signature,
    #[error("something stands behind its end")]
    Longer,
    #[error("it cannot be read: {0}")]
    Read(io::Error),
}

/// What a reader hands over, piece by piece.
#[derive(Debug)]
pub enum Part {
    Header(Header),
    Table(Table),
    /// Checked rows of the table begun last, each a JSON array on a line of its own.
    Rows(String),
    Photo {
        sha256: String,
        size: u64,
    },
    /// Bytes of the photo begun last; their digest is checked when the next part is asked for.
    Bytes(Vec<u8>),
    /// All that was read is what was signed; nothing follows.
    End {
        manifest: Box<Manifest>,
        sha256: String,
    },
}

/// The reading end of a backup.
pub struct Reader<R> {
    input: R,
    trusted: Option<String>,
    at: u64,
    hasher: Sha256,
    header: Option<Header>,
    table: Option<OpenTable>,
    tables: Vec<TableSum>,
    photo: Option<OpenPhoto>,
    last_photo: String,
    photos: Sha256,
    photo_count: u64,
    photo_bytes: u64,
    manifest: Option<Manifest>,
    ended: bool,
}

struct OpenTable {
    table: Table,
    rows: u64,
    hasher: Sha256,
}

struct OpenPhoto {
    sha256: String,
    left: u64,
    hasher: Sha256,
}

impl<R: Read> Reader<R> {
    /// Reads `input`. With a trusted key, only a backup signed with it is taken; without one the key in the
    /// file is believed, which proves only that the file agrees with itself.
    pub fn new(input: R, trusted: Option<&str>) -> Self {
        Self {
            input,
            trusted: trusted.map(str::to_owned),
            at: 0,
            hasher: Sha256::new(),
            header: None,
            table: None,
            tables: Vec::new(),
            photo: None,
            last_photo: String::new(),
            photos: Sha256::new(),
            photo_count: 0,
            photo_bytes: 0,
            manifest: None,
            ended: false,
        }
    }

    /// How many bytes were read.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The tables read to their end: all of them once a photo, or the end, was handed over.
    pub fn tables(&self) -> &[TableSum] {
        &self.tables
    }

    /// The next part; `None` after [`Part::End`]. Nothing is to be asked after an error.
    #[allow(clippy::should_implement_trait, reason = "a reader that failed must not be asked again")]
    pub fn next(&mut self) -> Result<Option<Part>, Damage> {
        if self.ended {
            return Ok(None);
        }
        if self.header.is_none() {
            self.mark()?;
        }
        let digest_before = self.hasher.clone();
        let mut start = [0; 5];
        self.fill(&mut start)?;
        let [kind, length @ ..] = start;
        let length = u64::from(u32::from_be_bytes(length));
        if length > LONGEST_FRAME {
            return Err(self.broken("a frame is too long"));
        }
        let content = self.content(length)?;
        let part = match kind {
            HEADER => self.take_header(&content)?,
            TABLE => self.take_table(&content)?,
            ROWS => self.take_rows(&content)?,
            PHOTO => self.take_photo(&content)?,
            BYTES => self.take_bytes(content)?,
            MANIFEST => {
                self.take_manifest(&content)?;
                return self.next();
            }
            SIGNATURE => self.take_signature(&content, digest_before)?,
            _ => return Err(self.broken("a frame of no known kind")),
        };
        Ok(Some(part))
    }

    fn broken(&self, what: &'static str) -> Damage {
        Damage::Broken { at: self.at, what }
    }

    fn mark(&mut self) -> Result<(), Damage> {
        let mut mark = [0; MARK.len()];
        self.fill(&mut mark).map_err(|damage| match damage {
            Damage::Cut(_) => Damage::NotABackup,
            other => other,
        })?;
        if mark == *MARK {
            return Ok(());
        }
        let of_ours = mark.starts_with(b"anlao backup ") && mark.ends_with(b"\r\n");
        Err(if of_ours { Damage::LaterForm } else { Damage::NotABackup })
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Damage> {
        self.input.read_exact(bytes).map_err(|error| self.failed(error))?;
        self.hasher.update(&bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn failed(&self, error: io::Error) -> Damage {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::Cut(self.at),
            _ => Damage::Read(error),
        }
    }

    /// Grows with what is really there, whatever the length says.
    fn content(&mut self, length: u64) -> Result<Vec<u8>, Damage> {
        let mut content = Vec::new();
        let read = (&mut self.input).take(length).read_to_end(&mut content);
        read.map_err(|error| self.failed(error))?;
        self.hasher.update(&content);
        self.at += content.len() as u64;
        if content.len() as u64 == length { Ok(content) } else { Err(Damage::Cut(self.at)) }
    }

    fn unfold(&self, content: &[u8]) -> Result<Vec<u8>, Damage> {
        let mut unfolded = Vec::new();
        let mut decoder = DeflateDecoder::new(content).take(LONGEST_CONTENT + 1);
        decoder.read_to_end(&mut unfolded).map_err(|_error| self.broken("a frame does not unfold"))?;
        if unfolded.len() as u64 > LONGEST_CONTENT {
            return Err(self.broken("a frame unfolds to too much"));
        }
        Ok(unfolded)
    }

    fn json<T: DeserializeOwned>(&self, content: &[u8]) -> Result<T, Damage> {
        serde_json::from_slice(&self.unfold(content)?)
            .map_err(|_error| self.broken("a frame is not what it says"))
    }

    fn take_header(&mut self, content: &[u8]) -> Result<Part, Damage> {
        if self.header.is_some() {
            return Err(self.broken("it begins twice"));
        }
        let header: Header = self.json(content)?;
        if self.trusted.as_ref().is_some_and(|trusted| *trusted != header.public_key) {
            return Err(Damage::Foreign(header.public_key));
        }
        self.header = Some(header.clone());
        Ok(Part::Header(header))
    }

    fn begun(&self) -> Result<(), Damage> {
        let open = self.header.is_some() && self.manifest.is_none();
        if open { Ok(()) } else { Err(self.broken("a frame is out of place")) }
    }

    fn take_table(&mut self, content: &[u8]) -> Result<Part, Damage> {
        self.begun()?;
        self.close_table();
        let table: Table = self.json(content)?;
        let names = table.columns.iter().map(|column| &column.name).chain([&table.name]);
        if !names.into_iter().all(|name| is_plain(name)) || table.columns.len() > MOST_COLUMNS {
            return Err(self.broken("a table has no proper names"));
        }
        let again = self.tables.iter().any(|before| before.name == table.name);
        if again || self.photo_count > 0 || table.columns.is_empty() || self.tables.len() >= MOST_TABLES {
            return Err(self.broken("a table is out of place"));
        }
        self.table = Some(OpenTable { table: table.clone(), rows: 0, hasher: Sha256::new() });
        Ok(Part::Table(table))
    }

    fn close_table(&mut self) {
        if let Some(OpenTable { table, rows, hasher }) = self.table.take() {
            self.tables.push(TableSum { name: table.name, rows, sha256: hex::encode(hasher.finalize()) });
        }
    }

    fn take_rows(&mut self, content: &[u8]) -> Result<Part, Damage> {
        let lines = String::from_utf8(self.unfold(content)?);
        let lines = lines.map_err(|_error| self.broken("rows are not text"))?;
        let at = self.at;
        let broken = |what| Damage::Broken { at, what };
        let open = self.table.as_mut().ok_or_else(|| broken("rows are out of place"))?;
        open.hasher.update(&lines);
        for line in lines.lines() {
            let row: Row = serde_json::from_str(line).map_err(|_error| broken("a row cannot be read"))?;
            let fits = row.0.iter().zip(&open.table.columns).all(|(value, column)| value.fits(column.kind));
            if row.0.len() != open.table.columns.len() || !fits {
                return Err(broken("a row does not fit its table"));
            }
            open.rows += 1;
        }
        Ok(Part::Rows(lines))
    }

    fn take_photo(&mut self, content: &[u8]) -> Result<Part, Damage> {
        self.begun()?;
        self.close_table();
        self.close_photo()?;
        let Photo { sha256, size } = self.json(content)?;
        let proper =
            sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !proper || sha256 <= self.last_photo {
            return Err(self.broken("a photo is out of place"));
        }
        self.photos.update(format!("{sha256} {size}\n"));
        self.photo_count += 1;
        self.photo_bytes = self.photo_bytes.saturating_add(size);
        self.last_photo.clone_from(&sha256);
        self.photo = Some(OpenPhoto { sha256: sha256.clone(), left: size, hasher: Sha256::new() });
        Ok(Part::Photo { sha256, size })
    }

    fn take_bytes(&mut self, content: Vec<u8>) -> Result<Part, Damage> {
        let at = self.at;
        let broken = |what| Damage::Broken { at, what };
        let photo = self.photo.as_mut().ok_or_else(|| broken("bytes of no photo"))?;
        let left = photo.left.checked_sub(content.len() as u64);
        photo.left = left.ok_or_else(|| broken("a photo is longer than it says"))?;
        photo.hasher.update(&content);
        Ok(Part::Bytes(content))
    }

    fn close_photo(&mut self) -> Result<(), Damage> {
        let Some(photo) = self.photo.take() else { return Ok(()) };
        if photo.left == 0 && hex::encode(photo.hasher.finalize()) == photo.sha256 {
            return Ok(());
        }
        Err(self.broken("a photo does not have its digest"))
    }

    fn take_manifest(&mut self, content: &[u8]) -> Result<(), Damage> {
        self.begun()?;
        self.close_table();
        self.close_photo()?;
        let manifest: Manifest = self.json(content)?;
        let agrees = Some(&manifest.header) == self.header.as_ref()
            && manifest.tables == self.tables
            && manifest.photos == self.photo_count
            && manifest.photo_bytes == self.photo_bytes
            && manifest.photos_sha256 == hex::encode(self.photos.clone().finalize());
        if !agrees {
            return Err(self.broken("it does not hold what its manifest says"));
        }
        self.manifest = Some(manifest);
        Ok(())
    }

    fn take_signature(&mut self, content: &[u8], digest: Sha256) -> Result<Part, Damage> {
        let manifest = self.manifest.take().ok_or_else(|| self.broken("a signature is out of place"))?;
        let sha256 = hex::encode(digest.finalize());
        let signature = std::str::from_utf8(content).unwrap_or_default();
        if !signature_holds(&manifest.header.public_key, &signed_message(&sha256), signature) {
            return Err(Damage::Signature);
        }
        let mut behind = [0];
        match self.input.read(&mut behind) {
            Ok(0) => {}
            Ok(_) => return Err(Damage::Longer),
            Err(error) => return Err(Damage::Read(error)),
        }
        self.ended = true;
        Ok(Part::End { manifest: Box::new(manifest), sha256 })
    }
}

/// Whether a name can stand in a statement as it is.
fn is_plain(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    first && name.len() <= 63 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}
