//! Taking bytes in: streamed to a spool file, hashed on the way, looked at, and only then kept.

use super::model::{Evidence, PhotoFacts};
use crate::refusal::{Code, Failure, FieldCode, Outcome, Refusal};
use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Payload;
use anlao_imaging::{Facts, Limits, MediaType, inspect};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::Path;
use tokio::io::AsyncWriteExt;

/// A whole, verified upload in the spool. The file has no name: it is gone with this value, and with the
/// process however that ends.
pub struct Received {
    pub file: File,
    pub facts: PhotoFacts,
}

/// Checks what the headers promise before a byte is read.
pub fn check_headers(req: &HttpRequest, declared: &Evidence) -> Outcome<()> {
    let header = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let kind = header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
    if kind != Some(declared.media_type.as_str()) {
        return Err(Refusal::new(Code::UnsupportedMediaType).detail(declared.media_type.clone()).into());
    }
    if let Some(length) = header(header::CONTENT_LENGTH.as_str()) {
        let length: u64 = length.parse().map_err(|_error| Code::MalformedRequest)?;
        if length > Limits::default().max_bytes {
            return Err(Code::PayloadTooLarge.into());
        }
        if i64::try_from(length) != Ok(declared.size) {
            return Err(mismatch().into());
        }
    }
    match header("content-digest") {
        Some(digest) if !names_digest(digest, &declared.sha256) => Err(mismatch().into()),
        _ => Ok(()),
    }
}

fn mismatch() -> Refusal {
    Refusal::new(Code::DigestMismatch).field("sha256", FieldCode::Mismatch)
}

/// Whether a `Content-Digest` (RFC 9530) gives this SHA-256; other algorithms are not judged.
fn names_digest(header: &str, sha256: &str) -> bool {
    let ours = header.split(',').filter_map(|member| member.trim().strip_prefix("sha-256="));
    let mut values = ours.map(|value| value.split(';').next().unwrap_or_default().trim().trim_matches(':'));
    values.all(|value| BASE64.decode(value).is_ok_and(|bytes| hex::encode(bytes) == sha256))
}

/// Streams the body into the spool. It is refused as soon as it is longer than declared.
pub async fn receive(mut body: Payload, declared: &Evidence, spool: &Path) -> Outcome<Received> {
    let folder = spool.to_owned();
    let file = actix_web::web::block(move || tempfile::tempfile_in(folder))
        .await
        .map_err(|_lost| Failure::Busy)?
        .map_err(|error| full_or(&error))?;
    let handle = file.try_clone().map_err(|error| full_or(&error))?;
    let mut out = tokio::io::BufWriter::with_capacity(256 * 1024, tokio::fs::File::from_std(handle));
    let mut hasher = Sha256::new();
    let mut size = 0_i64;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_cut| Code::MalformedRequest)?;
        size += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        if size > declared.size {
            return Err(mismatch().into());
        }
        hasher.update(&chunk);
        out.write_all(&chunk).await.map_err(|error| full_or(&error))?;
    }
    out.flush().await.map_err(|error| full_or(&error))?;
    if size != declared.size || hex::encode(hasher.finalize()) != declared.sha256 {
        return Err(mismatch().into());
    }
    let facts = look(&file, &declared.media_type).await?;
    Ok(Received { file, facts })
}

pub(super) fn full_or(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return Failure::StorageFull;
    }
    Failure::Store(error.to_string())
}

/// Reads the headers of the picture: its type must be what was declared, its size within bounds.
async fn look(file: &File, media_type: &str) -> Outcome<PhotoFacts> {
    let handle = file.try_clone().map_err(|error| full_or(&error))?;
    let looked = actix_web::web::block(move || inspect(std::io::BufReader::new(handle), &Limits::default()));
    let facts = looked.await.map_err(|_lost| Failure::Busy)?.map_err(|refusal| refuse(&refusal))?;
    if facts.media_type.as_str() != media_type {
        return Err(Refusal::new(Code::DamagedPicture).detail(facts.media_type.as_str()).into());
    }
    Ok(photo_facts(&facts))
}

fn refuse(refusal: &anlao_imaging::Refusal) -> Failure {
    use anlao_imaging::Refusal as R;
    let code = match refusal {
        R::UnknownType => Code::UnsupportedPicture,
        R::TooManyPixels { .. } | R::SideTooLong { .. } | R::TooManyBytes { .. } => Code::PictureTooLarge,
        R::Damaged(_) | R::NoPreview => Code::DamagedPicture,
    };
    Refusal::new(code).detail(refusal.to_string()).into()
}

/// What is kept of the headers of a picture.
pub fn photo_facts(facts: &Facts) -> PhotoFacts {
    let side = |side: Option<u32>| side.and_then(|side| i32::try_from(side).ok());
    PhotoFacts {
        width: side(facts.width),
        height: side(facts.height),
        exif_captured_at: facts.captured_at.as_ref().map(captured),
        latitude: facts.gps.map(|gps| gps.latitude),
        longitude: facts.gps.map(|gps| gps.longitude),
        device: facts.device.clone(),
    }
}

/// The camera's own time, with its offset where the camera wrote one.
fn captured(time: &anlao_imaging::CaptureTime) -> String {
    let offset = time.offset_minutes.map(|minutes| {
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    });
    format!("{}{}", time.local, offset.unwrap_or_default())
}

/// Whether pictures of this kind can be shown at all.
pub fn has_preview(media_type: &str) -> bool {
    MediaType::parse(media_type).is_some_and(|kind| kind != MediaType::Heic)
}
