pub use anlao_test_pictures::make::with_exif;

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

    /// A drawn scene of this size without symmetry, as a JPEG with this EXIF block.
    pub fn scene(width: u32, height: u32, tiff: &[u8]) -> Self {
        let jpeg = anlao_imaging::encode_jpeg(&scene(width, height), width, height, 92).unwrap();
        Self::jpeg("before", with_exif(&jpeg, tiff))
    }

    /// The same bytes as another photo.
    pub fn again(&self) -> Self {
        Self { id: uuid::Uuid::now_v7().to_string(), ..self.clone() }
    }

    pub fn of_type(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self { media_type, ..Self::jpeg("before", bytes) }
    }

    pub fn png() -> Self {
        Self::of_type("image/png", encoded(image::ImageFormat::Png))
    }

    pub fn webp() -> Self {
        Self::of_type("image/webp", encoded(image::ImageFormat::WebP))
    }

    /// What a phone's HEIC begins with; nobody here decodes the rest.
    pub fn heic() -> Self {
        let seed: [u8; 32] = rand::random();
        let heic = anlao_test_pictures::make::heic(b"heic", &[b"mif1", b"heic"], b"");
        Self::of_type("image/heic", [&heic[..], &seed].concat())
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

/// Colours that differ in the four quarters: every turn and mirroring shows.
pub fn scene(width: u32, height: u32) -> Vec<u8> {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            rgb.extend(match (x * 2 < width, y * 2 < height) {
                (true, true) => [220, 30, 30],
                (false, true) => [30, 200, 30],
                (true, false) => [30, 30, 220],
                (false, false) => [240, 240, 40],
            });
        }
    }
    rgb
}

fn encoded(format: image::ImageFormat) -> Vec<u8> {
    let mut picture = image::RgbImage::from_raw(90, 60, scene(90, 60)).unwrap();
    picture.put_pixel(0, 0, image::Rgb([rand::random(), rand::random(), rand::random()]));
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// Every file of the evidence store and of the spool, with its size.
pub fn stored_files(app: &super::TestApp) -> std::collections::BTreeMap<String, u64> {
    let store = match &app.s3 {
        Some(s3) => s3.root().to_owned(),
        None => app.dir.path().join("evidence"),
    };
    let mut found = std::collections::BTreeMap::new();
    collect(&store, &mut found);
    collect(&app.dir.path().join("spool"), &mut found);
    found
}

fn collect(folder: &std::path::Path, found: &mut std::collections::BTreeMap<String, u64>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), found);
        } else {
            found.insert(entry.path().display().to_string(), entry.metadata().unwrap().len());
        }
    }
}
