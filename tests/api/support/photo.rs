use super::people::{Answer, Person};
use base64::Engine;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A photo on a phone: an id, its bytes, and what the phone declares of them.
#[derive(Debug, Clone)]
pub struct Photo {
    pub id: String,
    pub bytes: Vec<u8>,
    pub media_type: &'static str,
    pub role: &'static str,
}

impl Photo {
    /// A small drawn JPEG; different seeds give different bytes.
    pub fn of(role: &'static str, seed: u8) -> Self {
        let pixels: Vec<u8> = (0..64 * 48 * 3_u32).map(|at| (at as u8).wrapping_mul(seed | 1)).collect();
        Self::jpeg(role, anlao_imaging::encode_jpeg(&pixels, 64, 48, 80).unwrap())
    }

    pub fn before() -> Self {
        Self::of("before", rand::random())
    }

    pub fn after() -> Self {
        Self::of("after", rand::random())
    }

    pub fn jpeg(role: &'static str, bytes: Vec<u8>) -> Self {
        Self { id: uuid::Uuid::now_v7().to_string(), bytes, media_type: "image/jpeg", role }
    }

    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }

    pub fn declared(&self) -> Value {
        json!({ "id": self.id, "sha256": self.sha256(), "role": self.role, "media_type": self.media_type,
            "size": self.bytes.len(), "captured_at": "2026-03-10T01:59:00Z" })
    }

    pub fn digest_header(&self) -> String {
        format!("sha-256=:{}:", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&self.bytes)))
    }

    pub async fn upload(&self, by: &Person) -> Answer {
        self.upload_as(by, self.bytes.clone()).await
    }

    /// Uploads other bytes under this photo's id and digest.
    pub async fn upload_as(&self, by: &Person, bytes: Vec<u8>) -> Answer {
        let request = by
            .request(Method::PUT, &format!("/evidence/{}/content", self.id))
            .header("content-type", self.media_type)
            .header("content-digest", self.digest_header())
            .body(bytes);
        by.send(request).await
    }
}
