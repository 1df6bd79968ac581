//! Putting the file of a drill together.
//!
//! Copies of at most 40 photos, each of 1600 px at most, are held in memory; what would take the whole beyond
//! [`LARGEST`] is left out and named in the manifest. Originals are not in it: whoever may read them reads them one by
//! one, and each reading is in the trail.

use super::pages;
use crate::canonical::sha256_hex;
use crate::drills::view::DrillDetail;
use crate::evidence::EvidenceStateKind;
use crate::hazards::view::EvidenceItem;
use crate::refusal::{Failure, Outcome};
use bytes::Bytes;
use chrono_tz::Tz;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

pub const MEDIA_TYPE: &str = "application/zip";
/// Copies beyond this many bytes are left out.
pub const LARGEST: usize = 48 * 1024 * 1024;

/// What became of the copy of a photo.
#[derive(Debug, Clone)]
pub enum PhotoCopy {
    Made(Bytes),
    /// It has not arrived, or was given up.
    NotStored,
    /// It is kept, and no copy can be made of it.
    NoCopy,
    /// Its original is lost or altered.
    Damaged,
    /// The file would grow too large.
    TooMuch,
}

#[derive(Debug, Serialize)]
struct Manifest<'a> {
    drill: String,
    /// The version of the drill that this file tells of.
    version: i64,
    files: Vec<Listed>,
    photos: Vec<ListedPhoto<'a>>,
}

#[derive(Debug, Serialize)]
struct Listed {
    path: String,
    size: usize,
    sha256: String,
}

/// A declared photo: the digest is of the original, arrived or not.
#[derive(Debug, Serialize)]
struct ListedPhoto<'a> {
    id: String,
    role: &'static str,
    part: Option<&'a str>,
    media_type: &'a str,
    size: i64,
    sha256: &'a str,
    state: &'static str,
    /// The copy in this file, or why there is none.
    copy: Option<String>,
    without_copy: Option<&'static str>,
}

/// The ZIP: pages and `drill.json`, copies, `manifest.json`, and `digests.txt` for `sha256sum -c`.
pub fn archive(
    detail: &DrillDetail,
    zone: Tz,
    copies: &BTreeMap<crate::ids::EvidenceId, PhotoCopy>,
) -> Outcome<Vec<u8>> {
    let mut files: Vec<(String, Bytes)> = Vec::new();
    for (name, page) in pages::pages(detail, zone) {
        files.push((name.to_owned(), Bytes::from(page)));
    }
    files.push(("drill.json".into(), json(detail)?));
    let mut photos = Vec::with_capacity(detail.photos.len());
    for (at, photo) in detail.photos.iter().enumerate() {
        let copy = copies.get(&photo.id).unwrap_or(&PhotoCopy::NotStored);
        let path = format!("photos/{:02}-{}.jpg", at + 1, photo.id);
        if let PhotoCopy::Made(bytes) = copy {
            files.push((path.clone(), bytes.clone()));
        }
        photos.push(listed(photo, copy, path));
    }
    let list = |files: &[(String, Bytes)]| -> Vec<Listed> {
        let one = |(path, bytes): &(String, Bytes)| Listed {
            path: path.clone(),
            size: bytes.len(),
            sha256: sha256_hex(bytes),
        };
        files.iter().map(one).collect()
    };
    let manifest = Manifest {
        drill: detail.drill.id.to_string(),
        version: detail.drill.version,
        files: list(&files),
        photos,
    };
    let manifest_bytes = json(&manifest)?;
    let mut digests = String::new();
    for one in &manifest.files {
        digests.push_str(&format!("{}  {}\n", one.sha256, one.path));
    }
    digests.push_str(&format!("{}  manifest.json\n", sha256_hex(&manifest_bytes)));
    // `sha256sum -c` passes over what begins with #.
    for one in &manifest.photos {
        digests.push_str(&format!("# original {} {} {}\n", one.sha256, one.state, one.id));
    }
    files.push(("manifest.json".into(), manifest_bytes));
    files.push(("digests.txt".into(), Bytes::from(digests)));
    pack(&files).map_err(|error| Failure::Store(error.to_string()))
}

fn listed<'a>(photo: &'a EvidenceItem, copy: &PhotoCopy, path: String) -> ListedPhoto<'a> {
    let (path, without_copy) = match copy {
        PhotoCopy::Made(_) => (Some(path), None),
        PhotoCopy::NotStored if photo.state == EvidenceStateKind::Waived => (None, Some("waived")),
        PhotoCopy::NotStored => (None, Some("not_arrived")),
        PhotoCopy::NoCopy => (None, Some("no_copy_possible")),
        PhotoCopy::Damaged => (None, Some("damaged")),
        PhotoCopy::TooMuch => (None, Some("file_too_large")),
    };
    ListedPhoto {
        id: photo.id.to_string(),
        role: photo.role.as_str(),
        part: photo.part.as_deref(),
        media_type: &photo.media_type,
        size: photo.size,
        sha256: &photo.sha256,
        state: photo.state.as_str(),
        copy: path,
        without_copy,
    }
}

fn json(value: &impl Serialize) -> Outcome<Bytes> {
    let text = serde_json::to_vec_pretty(value);
    text.map(Bytes::from).map_err(|_unwritable| Failure::Internal("a drill cannot be written as JSON"))
}

/// The same parts always give the same bytes: no time, no machine.
fn pack(files: &[(String, Bytes)]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        // Copies are JPEG: they do not get smaller.
        let method =
            if name.ends_with(".jpg") { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        archive.start_file(name.as_str(), options.compression_method(method))?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
