//! Photos: planned with the story, drawn and stored before the record that announces them is written.

use crate::canonical::sha256_hex;
use crate::db::Instant;
use crate::evidence::intake::photo_facts;
use crate::evidence::model::PhotoFacts;
use crate::evidence::{DeclaredEvidence, EvidenceRole, Store};
use crate::ids::EvidenceId;
use crate::refusal::{Failure, Outcome};
use anlao_demo_world::{Stage, draw_stamped};
use anlao_imaging::{Limits, inspect};
use futures_util::{StreamExt, TryStreamExt};

/// Files written at once: each is flushed to disk, and flushes that wait together cost little more than one.
const WRITES_AT_ONCE: usize = 16;

/// A photo that somebody takes.
#[derive(Debug, Clone)]
pub struct Shot {
    pub id: EvidenceId,
    /// The same seed shows the same place.
    pub seed: u64,
    /// The checklist item it shows.
    pub item: &'static str,
    pub stage: Stage,
    /// The date some phones print into the corner; empty for the others.
    pub stamp: String,
    pub role: EvidenceRole,
    pub taken_at: Instant,
    /// Whether its bytes ever come.
    pub arrives: bool,
}

/// The same photo, drawn.
pub struct Painted {
    pub declared: DeclaredEvidence,
    pub facts: PhotoFacts,
    pub arrives: bool,
}

/// Draws the photos and stores those that arrive; they are on disk when this returns.
pub async fn paint(store: &Store, shots: &[Shot]) -> Outcome<Vec<Painted>> {
    let drawn = shots.iter().map(draw).collect::<Outcome<Vec<_>>>()?;
    futures_util::stream::iter(drawn)
        .map(async |(painted, jpeg)| {
            if painted.arrives {
                store.put_bytes(&painted.declared.sha256, jpeg.into()).await?;
            }
            Ok(painted)
        })
        .buffered(WRITES_AT_ONCE)
        .try_collect()
        .await
}

fn draw(shot: &Shot) -> Outcome<(Painted, Vec<u8>)> {
    let jpeg = draw_stamped(shot.seed, shot.item, shot.stage, &shot.stamp).jpeg;
    let facts = inspect(std::io::Cursor::new(&jpeg), &Limits::default())
        .map_err(|_refusal| Failure::Internal("a drawn photo cannot be read"))?;
    let declared = DeclaredEvidence {
        id: shot.id,
        sha256: sha256_hex(&jpeg),
        role: shot.role,
        media_type: facts.media_type.as_str().to_owned(),
        size: i64::try_from(jpeg.len()).unwrap_or(i64::MAX),
        captured_at: Some(shot.taken_at),
    };
    Ok((Painted { declared, facts: photo_facts(&facts), arrives: shot.arrives }, jpeg))
}
