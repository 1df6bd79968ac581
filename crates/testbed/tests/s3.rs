//! The store, through the client that Anlao uses.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use anlao_testbed::S3;
use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{Error, ObjectStore as _, ObjectStoreExt as _, PutMode, RetryConfig};

fn client(s3: &S3, secret_key: &str) -> AmazonS3 {
    let retry =
        RetryConfig { max_retries: 0, retry_timeout: Duration::from_secs(5), ..RetryConfig::default() };
    AmazonS3Builder::new()
        .with_endpoint(&s3.endpoint)
        .with_allow_http(true)
        .with_bucket_name(&s3.bucket)
        .with_region(&s3.region)
        .with_access_key_id(&s3.access_key)
        .with_secret_access_key(secret_key)
        .with_retry(retry)
        .build()
        .unwrap()
}

#[tokio::test]
async fn what_was_put_can_be_got_listed_and_deleted() {
    let s3 = S3::start();
    let store = client(&s3, &s3.secret_key);
    let key = Path::from("evidence/ab/abcdef");
    let photo = Bytes::from(vec![7; 300_000]);
    store.put(&key, photo.clone().into()).await.unwrap();

    assert_eq!(store.get(&key).await.unwrap().bytes().await.unwrap(), photo);
    assert_eq!(store.get_range(&key, 10..20).await.unwrap().len(), 10);
    assert_eq!(store.head(&key).await.unwrap().size, 300_000);
    assert_eq!(std::fs::read(s3.root().join(&s3.bucket).join(key.as_ref())).unwrap(), photo);
    let listed = store.list_with_delimiter(Some(&Path::from("evidence/ab"))).await.unwrap();
    assert_eq!(listed.objects.iter().map(|object| &object.location).collect::<Vec<_>>(), [&key]);

    store.delete(&key).await.unwrap();
    assert!(matches!(store.get(&key).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn an_object_is_created_once_only() {
    let s3 = S3::start();
    let store = client(&s3, &s3.secret_key);
    let key = Path::from("once");
    store.put_opts(&key, "first".into(), PutMode::Create.into()).await.unwrap();
    let second = store.put_opts(&key, "second".into(), PutMode::Create.into()).await;
    assert!(matches!(second, Err(Error::AlreadyExists { .. })), "{second:?}");
    assert_eq!(store.get(&key).await.unwrap().bytes().await.unwrap(), "first");
}

#[tokio::test]
async fn a_large_object_goes_up_in_parts() {
    let s3 = S3::start();
    let store = client(&s3, &s3.secret_key);
    let key = Path::from("parts");
    let part = Bytes::from(vec![1; 5 << 20]);
    let mut upload = store.put_multipart(&key).await.unwrap();
    upload.put_part(part.clone().into()).await.unwrap();
    upload.put_part(part.into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(store.head(&key).await.unwrap().size, 10 << 20);
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    let s3 = S3::start();
    let key = Path::from("evidence");
    client(&s3, &s3.secret_key).put(&key, "photo".into()).await.unwrap();
    let stranger = client(&s3, "a guess");
    let (read, written) = (stranger.get(&key).await, stranger.put(&key, "other".into()).await);
    assert!(matches!(read, Err(Error::PermissionDenied { .. })), "{read:?}");
    assert!(matches!(written, Err(Error::PermissionDenied { .. })), "{written:?}");
    assert_eq!(client(&s3, &s3.secret_key).get(&key).await.unwrap().bytes().await.unwrap(), "photo");
}

#[tokio::test]
async fn a_dropped_store_is_gone() {
    let s3 = S3::start();
    let store = client(&s3, &s3.secret_key);
    let key = Path::from("evidence");
    store.put(&key, "photo".into()).await.unwrap();
    let root = s3.root().to_path_buf();
    drop(s3);
    assert!(store.get(&key).await.is_err());
    assert!(!root.exists());
}
