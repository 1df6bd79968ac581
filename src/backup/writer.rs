//! Writing a backup: frame after frame, nothing of it whole in memory.

use super::format::{
    BLOCK, BYTES, HEADER, Header, LONGEST_FRAME, MANIFEST, MARK, Manifest, PHOTO, PIECE, Photo, ROWS, Row,
    SIGNATURE, TABLE, TableSum, signed_message,
};
use crate::db::rows::Table;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// The writing end of a backup. Tables first, then photos in the order of their digests, then the end.
pub struct Writer<W> {
    out: W,
    hasher: Sha256,
    header: Header,
    open: Option<OpenTable>,
    tables: Vec<TableSum>,
    photos: Sha256,
    photo_count: u64,
    photo_bytes: u64,
}

struct OpenTable {
    name: String,
    rows: u64,
    hasher: Sha256,
    block: Vec<u8>,
}

/// What is only known at the end.
pub struct Ending {
    pub missing: Vec<String>,
    pub audit_heads: String,
}

impl<W: Write> Writer<W> {
    pub fn begin(out: W, header: Header) -> io::Result<Self> {
        let mut writer = Self {
            out,
            hasher: Sha256::new(),
            header,
            open: None,
            tables: Vec::new(),
            photos: Sha256::new(),
            photo_count: 0,
            photo_bytes: 0,
        };
        writer.put(MARK)?;
        let header = writer.header.clone();
        writer.json(HEADER, &header)?;
        Ok(writer)
    }

    pub fn table(&mut self, table: &Table) -> io::Result<()> {
        self.close_table()?;
        self.json(TABLE, table)?;
        let name = table.name.clone();
        self.open = Some(OpenTable { name, rows: 0, hasher: Sha256::new(), block: Vec::new() });
        Ok(())
    }

    /// Takes one row of the table begun last, as a JSON array.
    pub fn row(&mut self, line: &str) -> io::Result<()> {
        let row: Row = serde_json::from_str(line).map_err(io::Error::other)?;
        let Some(open) = &mut self.open else { return Err(io::Error::other("a row without a table")) };
        let start = open.block.len();
        serde_json::to_writer(&mut open.block, &row).map_err(io::Error::other)?;
        open.block.push(b'\n');
        open.hasher.update(open.block.get(start..).unwrap_or_default());
        open.rows += 1;
        if open.block.len() >= BLOCK {
            let block = std::mem::take(&mut open.block);
            self.compressed(ROWS, &block)?;
        }
        Ok(())
    }

    fn close_table(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        if !open.block.is_empty() {
            self.compressed(ROWS, &open.block)?;
        }
        let sha256 = hex::encode(open.hasher.finalize());
        self.tables.push(TableSum { name: open.name, rows: open.rows, sha256 });
        Ok(())
    }

    /// Begins a photo of so many bytes, which follow through [`Writer::bytes`].
    pub fn photo(&mut self, sha256: &str, size: u64) -> io::Result<()> {
        self.close_table()?;
        self.photos.update(format!("{sha256} {size}\n"));
        self.photo_count += 1;
        self.photo_bytes += size;
        self.json(PHOTO, &Photo { sha256: sha256.to_owned(), size })
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(PIECE).try_for_each(|piece| self.frame(BYTES, piece))
    }

    /// Writes the manifest and the signature that `sign` makes. Returns the output, the manifest and the
    /// digest that was signed.
    pub fn finish(
        mut self,
        ending: Ending,
        sign: impl FnOnce(&[u8]) -> String,
    ) -> io::Result<(W, Manifest, String)> {
        self.close_table()?;
        let manifest = Manifest {
            header: self.header.clone(),
            tables: std::mem::take(&mut self.tables),
            photos: self.photo_count,
            photo_bytes: self.photo_bytes,
            photos_sha256: hex::encode(self.photos.clone().finalize()),
            missing: ending.missing,
            audit_heads: ending.audit_heads,
        };
        self.json(MANIFEST, &manifest)?;
        let sha256 = hex::encode(self.hasher.clone().finalize());
        let signature = sign(&signed_message(&sha256));
        self.frame(SIGNATURE, signature.as_bytes())?;
        self.out.flush()?;
        Ok((self.out, manifest, sha256))
    }

    fn json(&mut self, kind: u8, content: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_vec(content).map_err(io::Error::other)?;
        self.compressed(kind, &text)
    }

    fn compressed(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content)?;
        self.frame(kind, &encoder.finish()?)
    }

    fn frame(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let length = u32::try_from(content.len()).ok().filter(|length| u64::from(*length) <= LONGEST_FRAME);
        let length = length.ok_or_else(|| io::Error::other("a row or a list is too long for a backup"))?;
        self.put(&[kind])?;
        self.put(&length.to_be_bytes())?;
        self.put(content)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }
}
