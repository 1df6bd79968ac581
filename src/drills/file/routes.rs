//! The file of a drill over HTTP.

use super::archive::{LARGEST, MEDIA_TYPE, PhotoCopy, archive};
use crate::access::{Access, ReadDrills, WriteTx};
use crate::audit;
use crate::canonical::sha256_hex;
use crate::drills::view::{self, DrillDetail};
use crate::drills::{model::Drill, queries};
use crate::evidence::derivatives::Copy;
use crate::evidence::routes::Vault;
use crate::evidence::{self, Evidence, EvidenceStateKind, OwnerKind};
use crate::http::Id;
use crate::ids::{DrillId, EvidenceId};
use crate::refusal::{Code, Failure, Outcome};
use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use chrono_tz::Tz;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_drill_file);
}

/// The file of a drill (演练档案) as a ZIP: plan, record, evaluation and summary as pages, everything as JSON, copies of the
/// photos, and the digests of all of it and of every declared original. Of drills that are recorded; each reading is
/// written into the audit trail.
#[utoipa::path(tag = "drills", params(("id" = DrillId, Path, description = "The drill.")), security(("bearer" = [])),
    responses((status = 200, description = "The file.", content((Vec<u8> = "application/zip", example = json!("(bytes)"))))))]
#[get("/drills/{id}/file")]
pub async fn get_drill_file(
    access: Access<ReadDrills>,
    id: Id<DrillId>,
    vault: web::Data<Vault>,
) -> Outcome<HttpResponse> {
    let (zone, detail, photos) = access.write(move |tx| read(tx, id.0)).await?;
    let copies = copies(&access, &vault, &photos).await?;
    let name = format!("attachment; filename=\"drill-{}-{}.zip\"", detail.drill.on_day, detail.drill.id);
    let made = web::block(move || archive(&detail, zone, &copies)).await.map_err(|_lost| Failure::Busy)??;
    Ok(HttpResponse::Ok()
        .content_type(MEDIA_TYPE)
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::ETAG, format!("\"{}\"", sha256_hex(&made))))
        .body(made))
}

fn read(tx: &mut WriteTx<'_>, id: DrillId) -> Outcome<(Tz, DrillDetail, Vec<Evidence>)> {
    let drill: Drill = queries::find(tx.conn, tx.actor, id)?;
    if !drill.state.is_held() {
        return Err(Code::FileNotReady.into());
    }
    let entry = audit::Entry {
        chain: drill.institution_id.into(),
        action: "drill.file_read",
        object_kind: "drill",
        object_id: Some(id.0),
        content: json!({ "version": drill.version }),
    };
    audit::record(tx, entry)?;
    let photos = evidence::queries::of_owner(tx.conn, OwnerKind::Drill, id.into())?;
    Ok((tx.office.zone, view::detail(&mut tx.reading(), drill)?, photos))
}

/// The copies, one after the other, as long as the file does not grow too large.
async fn copies(
    access: &Access<ReadDrills>,
    vault: &Vault,
    photos: &[Evidence],
) -> Outcome<BTreeMap<EvidenceId, PhotoCopy>> {
    let (mut copies, mut size) = (BTreeMap::new(), 0);
    for photo in photos {
        let full = size >= LARGEST && photo.state == EvidenceStateKind::Stored;
        let copy = if full { PhotoCopy::TooMuch } else { copy(access, vault, photo).await? };
        if let PhotoCopy::Made(bytes) = &copy {
            size += bytes.len();
        }
        copies.insert(photo.id, copy);
    }
    Ok(copies)
}

/// The copy of one photo, or why there is none: one photo that is lost must not withhold the rest.
async fn copy(access: &Access<ReadDrills>, vault: &Vault, photo: &Evidence) -> Outcome<PhotoCopy> {
    Ok(match evidence::routes::jpeg_of(access, vault, photo, Copy::Preview).await {
        Ok(bytes) => PhotoCopy::Made(bytes),
        Err(Failure::Refused(refusal)) if refusal.code == Code::EvidenceNotStored => PhotoCopy::NotStored,
        Err(Failure::Refused(refusal)) if refusal.code == Code::NoPreview => PhotoCopy::NoCopy,
        // A store that does not answer is no damage: it says so here once more.
        Err(Failure::Store(_)) if !vault.store.is_intact(&photo.sha256).await? => PhotoCopy::Damaged,
        Err(failure) => return Err(failure),
    })
}
