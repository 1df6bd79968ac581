//! Copies for looking at: upright, small, without metadata. Made when first asked for, then kept.

use super::measures;
use super::store::Store;
use crate::refusal::{Code, Failure, Outcome};
use anlao_imaging::{Limits, derive};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The two sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// At most 1600 px.
    Preview,
    /// At most 320 px.
    Thumbnail,
}

impl Copy {
    fn name(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Thumbnail => "thumbnail",
        }
    }
}

/// Pictures above this size are decoded one at a time: each may take some 400 MB. Below it the hungriest kind, a WebP,
/// takes 10 bytes a pixel, so that two together stay below 300 MB. Most phones write 12 megapixels.
const HEAVY_PIXELS: i64 = 13_000_000;
const PLACES: u32 = 2;

/// Makes copies, few at a time, so that decoding never takes the machine's memory.
#[derive(Clone)]
pub struct Derivatives {
    store: Store,
    places: Arc<Semaphore>,
}

impl Derivatives {
    pub fn new(store: Store) -> Self {
        Self { store, places: Arc::new(Semaphore::new(2)) }
    }

    /// The JPEG of one size. Refuses with `no_preview` what cannot be decoded; the original stays as it is.
    pub async fn get(&self, sha256: &str, pixels: i64, copy: Copy) -> Outcome<Bytes> {
        if let Some(made) = self.store.get_copy(sha256, copy.name()).await? {
            return Ok(made);
        }
        let wanted = if pixels > HEAVY_PIXELS { PLACES } else { 1 };
        let places = Arc::clone(&self.places);
        let place = places.acquire_many_owned(wanted).await.map_err(|_closed| Failure::Busy)?;
        if let Some(made) = self.store.get_copy(sha256, copy.name()).await? {
            return Ok(made);
        }
        let original = self.store.original_bytes(sha256).await?;
        // The place goes along: a decoder cannot be stopped, and runs on when nobody waits for it any more.
        let (made, _place) = actix_web::web::block(move || (derive(&original, &Limits::default()), place))
            .await
            .map_err(|_lost| Failure::Busy)?;
        let made = made.map_err(|_refusal| {
            measures::copies("failed");
            Code::NoPreview
        })?;
        let (preview, thumbnail) = (made.preview, made.thumbnail);
        let answer = match copy {
            Copy::Preview => Bytes::from(preview.clone()),
            Copy::Thumbnail => Bytes::from(thumbnail.clone()),
        };
        for (name, jpeg) in [(Copy::Thumbnail.name(), thumbnail), (Copy::Preview.name(), preview)] {
            // Looking at a photo must not depend on room for its copies.
            if let Err(failure) = self.store.put_copy(sha256, name, jpeg).await {
                tracing::warn!(%failure, sha256, "a copy could not be kept");
            }
        }
        measures::copies("made");
        Ok(answer)
    }
}
