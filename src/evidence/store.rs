//! Where the bytes lie: a local folder or an S3-compatible store, behind one interface. Bytes are named by
//! their SHA-256, so the same picture is stored once, whoever sends it.

use crate::refusal::{Code, Failure, Outcome};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// Sent to the store in pieces of this size, so that no photo is ever whole in memory.
const PIECE: usize = 5 * 1024 * 1024;

/// Where evidence is kept, from `ANLAO_EVIDENCE_URL` and the S3 tools' own variables.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `file:PATH` or `s3://bucket/prefix`.
    pub url: String,
    /// Endpoint, region and keys as the S3 tools name them; used for `s3:` only.
    pub s3: BTreeMap<String, String>,
}

#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    prefix: String,
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
        Ok(Self { inner: Arc::new(folder), prefix: String::new() })
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
        Ok(Self { inner: Arc::new(store), prefix })
    }

    fn original(&self, sha256: &str) -> Key {
        let fan = sha256.get(..2).unwrap_or("00");
        Key::from(format!("{}originals/{fan}/{sha256}", self.prefix))
    }

    fn copy(&self, sha256: &str, name: &str) -> Key {
        let fan = sha256.get(..2).unwrap_or("00");
        Key::from(format!("{}copies/{fan}/{sha256}-{name}.jpg", self.prefix))
    }

    /// Whether an original of this digest and size is there.
    pub async fn has(&self, sha256: &str, size: u64) -> Outcome<bool> {
        match self.inner.head(&self.original(sha256)).await {
            Ok(meta) => Ok(meta.size == size),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Stores the verified file as the original of its digest. Durable when it returns.
    pub async fn put_original(&self, sha256: &str, size: u64, file: &Path) -> Outcome<()> {
        if self.has(sha256, size).await? {
            return Ok(());
        }
        let upload =
            self.inner.put_multipart(&self.original(sha256)).await.map_err(|error| failed(&error))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PIECE);
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
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.has(sha256, size).await? {
            return Ok(());
        }
        let put = self.inner.put(&self.original(sha256), PutPayload::from(bytes)).await;
        put.map(|_done| ()).map_err(|error| failed(&error))
    }

    /// Reads an original through once and says whether it still has its digest.
    pub async fn is_intact(&self, sha256: &str) -> Outcome<bool> {
        let mut stream = self.stream(sha256).await?;
        let mut hasher = Sha256::new();
        while let Some(chunk) = stream.next().await {
            hasher.update(&chunk.map_err(|error| failed(&error))?);
        }
        Ok(hex::encode(hasher.finalize()) == sha256)
    }

    /// The original's bytes, piece by piece.
    pub async fn stream(&self, sha256: &str) -> Outcome<BoxStream<'static, object_store::Result<Bytes>>> {
        match self.inner.get(&self.original(sha256)).await {
            Ok(found) => Ok(found.into_stream()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The whole original, verified: for making copies of it.
    pub async fn original_bytes(&self, sha256: &str) -> Outcome<Bytes> {
        let found = self.inner.get(&self.original(sha256)).await.map_err(|error| failed(&error))?;
        let bytes = found.bytes().await.map_err(|error| failed(&error))?;
        if crate::canonical::sha256_hex(&bytes) == sha256 {
            return Ok(bytes);
        }
        tracing::error!(sha256, "ALARM: an original no longer has its digest");
        Err(Failure::Store("an original no longer has its digest".into()))
    }

    /// A copy for looking at, if it was made before.
    pub async fn get_copy(&self, sha256: &str, name: &str) -> Outcome<Option<Bytes>> {
        match self.inner.get(&self.copy(sha256, name)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|error| failed(&error)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    pub async fn put_copy(&self, sha256: &str, name: &str, jpeg: Vec<u8>) -> Outcome<()> {
        let payload = PutPayload::from(jpeg);
        self.inner
            .put(&self.copy(sha256, name), payload)
            .await
            .map(|_done| ())
            .map_err(|error| failed(&error))
    }
}

async fn send(file: &Path, writer: &mut WriteMultipart) -> Outcome<()> {
    let mut file = tokio::fs::File::open(file).await.map_err(|error| Failure::Store(error.to_string()))?;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut piece).await.map_err(|error| Failure::Store(error.to_string()))?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        writer.wait_for_capacity(2).await.map_err(|error| failed(&error))?;
        writer.write(bytes);
    }
}

fn failed(error: &object_store::Error) -> Failure {
    let text = error.to_string();
    match error {
        object_store::Error::NotFound { .. } => Code::EvidenceNotStored.into(),
        _ if text.contains("No space left on device") => Failure::StorageFull,
        _ => Failure::Store(text),
    }
}
