//! Where the bytes lie: a local folder or an S3-compatible store, behind one interface. Bytes are named by
//! their SHA-256, so the same picture is stored once, whoever sends it.

use super::intake::full_or;
use crate::refusal::{Failure, Outcome};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::Semaphore;

/// Sent to a folder in pieces of this size, so that no photo is ever whole in memory…
const PIECE: usize = 256 * 1024;
/// …and to S3 in the smallest pieces it takes, from few uploads at once.
const S3_PIECE: usize = 5 * 1024 * 1024;
const S3_UPLOADS: usize = 12;

/// Where evidence is kept, from `ANLAO_EVIDENCE_URL` and the S3 tools' own variables.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `file:PATH` or `s3://bucket/prefix`.
    pub url: String,
    /// Endpoint, region and keys as the S3 tools name them; used for `s3:` only.
    pub s3: BTreeMap<String, String>,
}

fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(S3_UPLOADS))
}

#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    prefix: String,
    /// Room for sending: each upload holds up to three pieces.
    places: Arc<Semaphore>,
    /// The folder, where there is one: half-written files lie in it under names of their own.
    folder: Option<PathBuf>,
}

/// What reading an original through showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Intact,
    Missing,
    Altered,
}

/// Something the store holds.
#[derive(Debug, Clone)]
pub struct Kept {
    pub key: Key,
    /// The digest its name begins with.
    pub sha256: String,
    pub since: DateTime<Utc>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.inner)
    }
}

impl Store {
    pub fn open(config: &StoreConfig) -> Result<Self, String> {
        if let Some(path) = config.url.strip_prefix("file:") {
            return Self::open_folder(Path::new(path.strip_prefix("//").unwrap_or(path)));
        }
        if let Some(rest) = config.url.strip_prefix("s3://") {
            return Self::open_s3(rest, &config.s3);
        }
        Err("the evidence URL must begin with `file:` or `s3://`".into())
    }

    /// Files are flushed to disk, and their folder after them, before a write is done.
    fn open_folder(path: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(path).map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        let folder = object_store::local::LocalFileSystem::new_with_prefix(path)
            .map_err(|error| error.to_string())?
            .with_fsync(true);
        // A folder made by a process that was killed before it could flush the name of it.
        flush(path)
            .and_then(|()| flush_if_there(&path.join("originals")))
            .map_err(|error| error.to_string())?;
        Ok(Self {
            inner: Arc::new(folder),
            prefix: String::new(),
            places: places(),
            folder: Some(path.to_owned()),
        })
    }

    fn open_s3(bucket_and_prefix: &str, options: &BTreeMap<String, String>) -> Result<Self, String> {
        use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
        let (bucket, prefix) = bucket_and_prefix.split_once('/').unwrap_or((bucket_and_prefix, ""));
        let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
        for (name, value) in options {
            if let Ok(key) = name.to_lowercase().parse::<AmazonS3ConfigKey>() {
                builder = builder.with_config(key, value);
            }
            if name == "AWS_ENDPOINT_URL" {
                builder = builder.with_endpoint(value).with_allow_http(value.starts_with("http://"));
            }
        }
        let store = builder.build().map_err(|error| error.to_string())?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { inner: Arc::new(store), prefix, places: places(), folder: None })
    }

    /// Writes a few bytes and takes them away again: whether the store can be used now.
    pub async fn probe(&self) -> Outcome<()> {
        // Nodes may share a store, and may ask at the same time.
        let key = Key::from(format!("{}probes/{}", self.prefix, std::process::id()));
        let put = self.inner.put(&key, PutPayload::from_static(b"anlao")).await;
        put.map_err(|error| failed(&error))?;
        self.inner.delete(&key).await.map_err(|error| failed(&error))
    }

    fn original(&self, sha256: &str) -> Key {
        let fan = sha256.get(..2).unwrap_or("00");
        Key::from(format!("{}originals/{fan}/{sha256}", self.prefix))
    }

    fn copy(&self, sha256: &str, name: &str) -> Key {
        let fan = sha256.get(..2).unwrap_or("00");
        Key::from(format!("{}copies/{fan}/{sha256}-{name}.jpg", self.prefix))
    }

    /// Stores the verified file as the original of its digest. Durable when it returns. What is there
    /// already is read again first: bytes that rotted are replaced by the good ones that just came.
    pub async fn put_original(&self, sha256: &str, file: File) -> Outcome<()> {
        if self.is_intact(sha256).await? {
            return self.flush_original(sha256).await;
        }
        let _place = match self.folder {
            Some(_) => None,
            None => Some(self.places.acquire().await.map_err(|_closed| Failure::Busy)?),
        };
        let piece = if self.folder.is_some() { PIECE } else { S3_PIECE };
        let upload =
            self.inner.put_multipart(&self.original(sha256)).await.map_err(|error| failed(&error))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, piece);
        match send(file, &mut writer).await {
            Ok(()) => writer.finish().await.map(|_done| ()).map_err(|error| failed(&error)),
            Err(failure) => {
                let _ = writer.abort().await;
                Err(failure)
            }
        }
    }

    /// [`Store::put_original`] for a small picture that is in memory anyway.
    pub async fn put_bytes(&self, sha256: &str, bytes: Bytes) -> Outcome<()> {
        if self.is_intact(sha256).await? {
            return self.flush_original(sha256).await;
        }
        let put = self.inner.put(&self.original(sha256), PutPayload::from(bytes)).await;
        put.map(|_done| ()).map_err(|error| failed(&error))
    }

    /// What is there already may have been left by a process that was killed, or by a write whose last flush failed:
    /// it can be read, and a power failure could still lose it.
    async fn flush_original(&self, sha256: &str) -> Outcome<()> {
        let Some(root) = &self.folder else { return Ok(()) };
        let file = root.join(self.original(sha256).as_ref());
        let flushed = tokio::task::spawn_blocking(move || {
            flush(&file)?;
            file.parent().map_or(Ok(()), flush)
        });
        flushed.await.map_err(|_lost| Failure::Busy)?.map_err(|error| full_or(&error))
    }

    /// Reads an original through once and says whether it is there and still has its digest.
    pub async fn is_intact(&self, sha256: &str) -> Outcome<bool> {
        Ok(self.look_at(sha256).await? == Found::Intact)
    }

    /// Reads an original through once.
    pub async fn look_at(&self, sha256: &str) -> Outcome<Found> {
        let mut stream = match self.inner.get(&self.original(sha256)).await {
            Ok(found) => found.into_stream(),
            Err(object_store::Error::NotFound { .. }) => return Ok(Found::Missing),
            Err(error) => return Err(failed(&error)),
        };
        let mut hasher = Sha256::new();
        while let Some(chunk) = stream.next().await {
            hasher.update(&chunk.map_err(|error| failed(&error))?);
        }
        let intact = hex::encode(hasher.finalize()) == sha256;
        Ok(if intact { Found::Intact } else { Found::Altered })
    }

    /// Whether there are any bytes for this digest, good or not.
    pub async fn has_original(&self, sha256: &str) -> Outcome<bool> {
        match self.inner.head(&self.original(sha256)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The original's bytes, piece by piece.
    pub async fn stream(&self, sha256: &str) -> Outcome<BoxStream<'static, object_store::Result<Bytes>>> {
        let found = self.inner.get(&self.original(sha256)).await.map_err(|error| failed(&error))?;
        Ok(found.into_stream())
    }

    /// The whole original, verified: for making copies of it.
    pub async fn original_bytes(&self, sha256: &str) -> Outcome<Bytes> {
        let found = self.inner.get(&self.original(sha256)).await.map_err(|error| failed(&error))?;
        let bytes = found.bytes().await.map_err(|error| failed(&error))?;
        if crate::canonical::sha256_hex(&bytes) == sha256 { Ok(bytes) } else { Err(altered(sha256)) }
    }

    /// A copy for looking at, if it was made before and is still as it was made.
    pub async fn get_copy(&self, sha256: &str, name: &str) -> Outcome<Option<Bytes>> {
        let found = match self.inner.get(&self.copy(sha256, name)).await {
            Ok(found) => found.bytes().await.map_err(|error| failed(&error))?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let jpeg = found.slice(..found.len().saturating_sub(SEAL));
        let intact = found.get(jpeg.len()..) == Some(seal(&jpeg).as_slice());
        Ok(intact.then_some(jpeg))
    }

    /// Keeps a copy with its own digest behind it, where readers of JPEG no longer look.
    pub async fn put_copy(&self, sha256: &str, name: &str, mut jpeg: Vec<u8>) -> Outcome<()> {
        let seal = seal(&jpeg);
        jpeg.extend_from_slice(&seal);
        let payload = PutPayload::from(jpeg);
        self.inner
            .put(&self.copy(sha256, name), payload)
            .await
            .map(|_done| ())
            .map_err(|error| failed(&error))
    }
}

/// Files that are no evidence and are kept for a while: ledgers on their way in or out.
impl Store {
    fn file(&self, name: &str) -> Key {
        Key::from(format!("{}ledgers/{name}", self.prefix))
    }

    /// Keeps a file under a name, in the place of what was there.
    pub async fn put_file(&self, name: &str, file: File) -> Outcome<()> {
        let piece = if self.folder.is_some() { PIECE } else { S3_PIECE };
        let upload = self.inner.put_multipart(&self.file(name)).await.map_err(|error| failed(&error))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, piece);
        match send(file, &mut writer).await {
            Ok(()) => writer.finish().await.map(|_done| ()).map_err(|error| failed(&error)),
            Err(failure) => {
                let _ = writer.abort().await;
                Err(failure)
            }
        }
    }

    /// The bytes of a kept file, piece by piece; `None` when it is gone.
    pub async fn get_file(
        &self,
        name: &str,
    ) -> Outcome<Option<BoxStream<'static, object_store::Result<Bytes>>>> {
        match self.inner.get(&self.file(name)).await {
            Ok(found) => Ok(Some(found.into_stream())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    pub async fn remove_file(&self, name: &str) -> Outcome<()> {
        self.remove(&self.file(name)).await
    }

    /// The kept files whose names begin with `folder/`, and since when each is there.
    pub async fn files(&self, folder: &str) -> Outcome<Vec<(String, DateTime<Utc>)>> {
        let mut found = Vec::new();
        let mut stream = self.inner.list(Some(&self.file(folder)));
        while let Some(one) = stream.next().await {
            let one = one.map_err(|error| failed(&error))?;
            if let Some(name) = one.location.filename() {
                found.push((format!("{folder}/{name}"), one.last_modified));
            }
        }
        Ok(found)
    }
}

/// What the sweep needs: what is there, since when, and how to take it away.
impl Store {
    /// The originals whose digests begin with this byte.
    pub async fn originals(&self, fan: u8) -> Outcome<Vec<Kept>> {
        self.list("originals", fan).await
    }

    /// The copies of originals whose digests begin with this byte.
    pub async fn copies(&self, fan: u8) -> Outcome<Vec<Kept>> {
        self.list("copies", fan).await
    }

    async fn list(&self, what: &str, fan: u8) -> Outcome<Vec<Kept>> {
        let folder = Key::from(format!("{}{what}/{fan:02x}", self.prefix));
        let mut found = Vec::new();
        let mut stream = self.inner.list(Some(&folder));
        while let Some(one) = stream.next().await {
            let one = one.map_err(|error| failed(&error))?;
            let digest = one.location.filename().and_then(|name| name.get(..64));
            let digest = digest.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
            if let Some(sha256) = digest.map(ToOwned::to_owned) {
                found.push(Kept { key: one.location, sha256, since: one.last_modified });
            }
        }
        Ok(found)
    }

    pub async fn remove_original(&self, sha256: &str) -> Outcome<()> {
        self.remove(&self.original(sha256)).await
    }

    /// Removes something; that it is gone already is as good.
    pub async fn remove(&self, key: &Key) -> Outcome<()> {
        match self.inner.delete(key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Removes files that were begun before `before` and never got their name. An S3-compatible store has none in
    /// sight: it drops unfinished uploads by a rule of the bucket. Returns how many were removed.
    pub fn remove_unfinished(&self, fan: u8, before: DateTime<Utc>) -> Outcome<usize> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let mut removed = 0;
        for what in ["originals", "copies"] {
            let entries = match std::fs::read_dir(folder.join(what).join(format!("{fan:02x}"))) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(full_or(&error)),
            };
            for entry in entries.filter_map(Result::ok) {
                let unfinished = entry.file_name().to_string_lossy().contains('#');
                let since = entry.metadata().and_then(|meta| meta.modified()).map(DateTime::<Utc>::from);
                if unfinished
                    && since.is_ok_and(|since| since < before)
                    && std::fs::remove_file(entry.path()).is_ok()
                {
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }
}

/// Makes sure that a file's bytes, or a folder's names, are on the disk.
fn flush(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

fn flush_if_there(path: &Path) -> std::io::Result<()> {
    if path.exists() { flush(path) } else { Ok(()) }
}

/// Bytes of a SHA-256.
const SEAL: usize = 32;

fn seal(jpeg: &[u8]) -> [u8; SEAL] {
    Sha256::digest(jpeg).into()
}

/// The worst that can happen to evidence: it is said aloud, and the bytes are not given out.
pub(super) fn altered(sha256: &str) -> Failure {
    tracing::error!(sha256, "ALARM: an original is lost or no longer has its digest");
    Failure::Store("an original is lost or no longer has its digest".into())
}

async fn send(file: File, writer: &mut WriteMultipart) -> Outcome<()> {
    let mut file = tokio::fs::File::from_std(file);
    file.rewind().await.map_err(|error| full_or(&error))?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece).await.map_err(|error| full_or(&error))?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        writer.wait_for_capacity(2).await.map_err(|error| failed(&error))?;
        writer.write(bytes);
    }
}

fn failed(error: &object_store::Error) -> Failure {
    let text = error.to_string();
    if text.contains("No space left on device") { Failure::StorageFull } else { Failure::Store(text) }
}
