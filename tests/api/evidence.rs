//! Photos: declared, streamed, verified, kept as they came, never replaced.

use crate::on_both_databases;
use crate::support::{Photo, Store, TestApp, World, stored_files};
use anlao::db::Backend;
use reqwest::Method;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

/// Declares tests that run with the photos in a folder and in an S3 store.
macro_rules! in_both_stores {
    ($(#[doc = $doc:literal])* $name:ident, $app:ident => $body:block) => {
        $(#[doc = $doc])*
        mod $name {
            use super::*;

            async fn test($app: &TestApp) $body

            #[test]
            fn folder() {
                TestApp::run_with(Backend::Sqlite, Store::Folder, async |app| test(app).await);
            }

            #[test]
            fn s3() {
                TestApp::run_with(Backend::Sqlite, Store::S3, async |app| test(app).await);
            }
        }
    };
}

on_both_databases! {
    /// Until its last byte is verified, a declared photo is missing in every answer that tells of it.
    declared_is_missing_everywhere_until_stored, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let id = uuid::Uuid::now_v7().to_string();
        let registered = world.inspector.put(&format!("/hazards/{id}"), &world.hazard(&[&photo])).await.expect(201);
        let awaited = json!({ "declared": 1, "stored": 0, "complete": false, "missing": [photo.id] });
        assert_eq!(registered.body["evidence"], awaited);
        let detail = world.supervisor.get(&format!("/hazards/{id}")).await.expect(200).body;
        assert_eq!(detail["evidence"], awaited);
        assert_eq!(detail["photos"][0]["state"], "declared");
        let list = world.supervisor.get("/hazards").await.expect(200).body;
        assert_eq!(list["items"][0]["evidence"], awaited);
        let record = world.auditor.get(&format!("/evidence/{}", photo.id)).await.expect(200).body;
        assert_eq!((&record["state"], &record["preview"], &record["sha256"]), (&json!("declared"), &json!("unknown"), &json!(photo.sha256())));
        for part in ["original", "preview", "thumbnail"] {
            let early = world.inspector.get(&format!("/evidence/{}/{part}", photo.id)).await.expect(404);
            assert_eq!(early.code(), "evidence_not_stored");
        }

        let stored = photo.upload(&world.inspector).await.expect(201).body;
        assert_eq!((&stored["state"], &stored["preview"]), (&json!("stored"), &json!("available")));
        assert_eq!((&stored["width"], &stored["height"]), (&json!(64), &json!(48)));
        let whole = json!({ "declared": 1, "stored": 1, "complete": true, "missing": [] });
        assert_eq!(world.supervisor.get(&format!("/hazards/{id}")).await.body["evidence"], whole);
        assert_eq!(world.supervisor.get("/hazards").await.body["items"][0]["evidence"], whole);
    }
}

in_both_stores! {
    /// Every accepted kind is kept byte for byte; HEIC is kept and says that it cannot be shown.
    every_accepted_kind_is_kept_as_it_came, app => {
        let world = World::build(app).await;
        let photos = [Photo::before(), Photo::png(), Photo::webp(), Photo::heic()];
        world.registered(&world.hazard(&photos.each_ref())).await;
        for photo in &photos {
            let stored = photo.upload(&world.inspector).await.expect(201).body;
            let shown = photo.media_type != "image/heic";
            assert_eq!(stored["preview"], if shown { "available" } else { "none" }, "{}", photo.media_type);
            let original = world.supervisor.get(&format!("/evidence/{}/original", photo.id)).await.expect(200);
            assert_eq!(original.header("content-type"), Some(photo.media_type));
            assert!(original.bytes == photo.bytes);
            for copy in ["preview", "thumbnail"] {
                let copy = world.manager.get(&format!("/evidence/{}/{copy}", photo.id)).await;
                if shown {
                    let copy = copy.expect(200);
                    assert_eq!(copy.header("content-type"), Some("image/jpeg"));
                    assert!(copy.bytes.starts_with(b"\xFF\xD8"));
                } else {
                    assert_eq!(copy.expect(404).code(), "no_preview");
                }
            }
        }
    }
}

in_both_stores! {
    /// Bytes that are not the declared ones are refused and leave nothing, neither in the store nor in the spool.
    wrong_bytes_leave_nothing, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let id = world.registered(&world.hazard(&[&photo])).await;
        let before = stored_files(app);
        let address = format!("/evidence/{}/content", photo.id);
        let send = || world.inspector.request(Method::PUT, &address).body(photo.bytes.clone());
        let refused = [
            (send().header("content-type", "image/png"), 415, "unsupported_media_type"),
            (send(), 415, "unsupported_media_type"),
            (send().header("content-type", "text/html"), 415, "unsupported_media_type"),
            (send().header("content-type", "image/jpeg").header("content-digest", "sha-256=:AAAA:"), 422, "digest_mismatch"),
        ];
        for (request, status, code) in refused {
            assert_eq!(world.inspector.send(request).await.expect(status).code(), code);
        }
        let mut other = photo.bytes.clone();
        *other.last_mut().unwrap() ^= 1;
        let (shorter, longer) = (photo.bytes[..photo.bytes.len() - 1].to_vec(), [&photo.bytes[..], b"!"].concat());
        for bytes in [other, shorter, longer, Vec::new()] {
            let answer = photo.upload_as(&world.inspector, bytes).await.expect(422);
            assert_eq!(answer.code(), "digest_mismatch");
        }
        assert_eq!(stored_files(app), before);
        assert_eq!(world.supervisor.get(&format!("/hazards/{id}")).await.body["evidence"]["stored"], 0);
        photo.upload(&world.inspector).await.expect(201);
    }
}

/// Opens an upload by hand; the body is for the caller to write.
fn open_upload(app: &TestApp, by: &crate::support::Person, photo: &Photo, framing: &str) -> TcpStream {
    let address = app.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let (id, kind, token) = (&photo.id, photo.media_type, by.access.as_deref().unwrap());
    write!(
        stream,
        "PUT /api/v1/evidence/{id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n"
    )
    .unwrap();
    stream
}

on_both_databases! {
    /// A body that goes on past its declared length is not listened to until it ends.
    a_body_without_end_is_stopped, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        world.registered(&world.hazard(&[&photo])).await;
        let before = stored_files(app);
        let mut stream = open_upload(app, &world.inspector, &photo, "Transfer-Encoding: chunked");
        let (sent, answer) = actix_web::web::block(move || {
            let chunk = [b"10000\r\n".to_vec(), vec![7; 0x10000], b"\r\n".to_vec()].concat();
            let mut sent = 0_u64;
            let mut answer = String::new();
            stream.set_read_timeout(Some(std::time::Duration::from_millis(1))).unwrap();
            while answer.is_empty() && sent < 1_000_000_000 {
                if stream.write_all(&chunk).is_err() {
                    break;
                }
                sent += chunk.len() as u64;
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or(0);
                answer = String::from_utf8_lossy(&head[..read]).into_owned();
            }
            (sent, answer)
        })
        .await
        .unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 422"), "{answer}");
        assert!(sent < 50_000_000, "{sent} bytes were taken of a body declared as {}", photo.bytes.len());
        assert_eq!(stored_files(app), before);
    }
}

in_both_stores! {
    /// A connection cut anywhere leaves nothing behind, and the next try succeeds.
    a_cut_upload_leaves_nothing, app => {
        let world = World::build(app).await;
        let photo = Photo::scene(800, 600, &crate::support::tiff::Tiff::phone(false).bytes());
        let id = world.registered(&world.hazard(&[&photo])).await;
        let before = stored_files(app);
        let len = photo.bytes.len();
        for cut in [0, 1, len / 3, len / 2, len - 1] {
            let mut stream = open_upload(app, &world.inspector, &photo, &format!("Content-Length: {len}"));
            stream.write_all(&photo.bytes[..cut]).unwrap();
            stream.flush().unwrap();
            drop(stream);
            let seen = world.inspector.get(&format!("/hazards/{id}")).await.expect(200).body;
            assert_eq!(seen["evidence"]["missing"], json!([photo.id]), "cut at {cut}");
            assert_eq!(stored_files(app), before, "cut at {cut}");
        }
        photo.upload(&world.inspector).await.expect(201);
        assert_eq!(world.inspector.get(&format!("/hazards/{id}")).await.body["evidence"]["complete"], true);
    }
}

on_both_databases! {
    /// What is stored is confirmed when it comes again, and stands when anything else comes.
    stored_evidence_cannot_be_replaced, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        world.registered(&world.hazard(&[&photo])).await;
        photo.upload(&world.inspector).await.expect(201);
        let files = stored_files(app);
        let again = photo.upload(&world.inspector).await.expect(200);
        assert_eq!(again.header("idempotent-replay"), Some("true"));
        assert_eq!(again.body["state"], "stored");

        let other = Photo::before();
        let bare = |bytes: Vec<u8>| {
            let address = format!("/evidence/{}/content", photo.id);
            world.inspector.request(Method::PUT, &address).header("content-type", "image/jpeg").body(bytes)
        };
        let refused = [
            photo.upload_as(&world.inspector, other.bytes.clone()).await,
            world.inspector.send(bare(other.bytes.clone())).await,
            world.inspector.send(bare(photo.bytes[1..].to_vec())).await,
            world.inspector.send(bare(other.bytes.clone()).header("content-digest", other.digest_header())).await,
        ];
        for answer in refused {
            assert_eq!(answer.expect(409).code(), "evidence_stored");
        }
        let address = format!("/evidence/{}/content", photo.id);
        for method in [Method::PATCH, Method::DELETE, Method::POST] {
            world.inspector.send(world.inspector.request(method, &address)).await.expect(405);
        }
        assert_eq!(stored_files(app), files);
        let original = world.inspector.get(&format!("/evidence/{}/original", photo.id)).await.expect(200);
        assert!(original.bytes == photo.bytes, "the old bytes stand");
        let refusals = refusals(app, "evidence_stored").await;
        assert_eq!(refusals, 4, "each attempt is in the audit trail");
    }
}

async fn refusals(app: &TestApp, result: &'static str) -> i64 {
    use anlao::db::schema::audit_entries::dsl;
    use diesel::prelude::*;
    let count = app.db().read(move |conn| {
        Ok(dsl::audit_entries.filter(dsl::result.eq(result)).count().get_result::<i64>(conn)?)
    });
    count.await.unwrap()
}

in_both_stores! {
    /// One picture for two hazards of two counties is kept once, and neither county can tell.
    the_same_picture_twice_is_kept_once, app => {
        let world = World::build(app).await;
        let one = Photo::before();
        let two = one.again();
        world.registered(&world.hazard(&[&one])).await;
        let mut form = world.hazard(&[&two]);
        form["institution_id"] = json!(world.home_b1);
        let other = uuid::Uuid::now_v7().to_string();
        world.inspector_b.put(&format!("/hazards/{other}"), &form).await.expect(201);
        let first = one.upload(&world.inspector).await.expect(201);
        let awaited = world.inspector_b.get(&format!("/hazards/{other}")).await.expect(200).body;
        assert_eq!(awaited["evidence"]["missing"], json!([two.id]), "nobody learns that the bytes are here already");
        let second = two.upload(&world.inspector_b).await.expect(201);
        let same = |answer: &crate::support::Answer| {
            let mut body = answer.body.clone();
            for own in ["id", "owner_id", "hazard_id", "institution_id"] {
                body[own] = json!(null);
            }
            let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            names.sort();
            (body, names)
        };
        assert_eq!(same(&first), same(&second));
        let originals = stored_files(app).into_keys().filter(|path| path.contains(&one.sha256()) && path.contains("originals"));
        let originals: Vec<_> = originals.filter(|path| !path.ends_with(".json")).collect();
        assert_eq!(originals.len(), 1, "{originals:?}");
        world.inspector_b.get(&format!("/evidence/{}", one.id)).await.expect(404);
    }
}

on_both_databases! {
    /// The original is given as an attachment that no browser opens, and every reading is written down.
    originals_are_attachments_and_readings_are_logged, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        world.registered(&world.hazard(&[&photo])).await;
        photo.upload(&world.inspector).await.expect(201);
        let address = format!("/evidence/{}/original", photo.id);
        for reader in [&world.inspector, &world.supervisor, &world.auditor, &world.manager] {
            let original = reader.get(&address).await.expect(200);
            assert!(original.bytes == photo.bytes);
            let expected = [
                ("content-type", "image/jpeg"),
                ("x-content-type-options", "nosniff"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cache-control", "no-store"),
            ];
            for (name, value) in expected {
                assert_eq!(original.header(name), Some(value), "{name}");
            }
            assert_eq!(original.header("content-disposition"), Some(format!("attachment; filename=\"{}.jpg\"", photo.id).as_str()));
            let policy = original.header("content-security-policy").unwrap();
            assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
            assert_eq!(original.header("content-length"), Some(photo.bytes.len().to_string().as_str()));
            assert_eq!(original.header("etag"), Some(format!("\"{}\"", photo.sha256()).as_str()));
        }
        world.admin.get(&address).await.expect(403);
        world.inspector_b.get(&address).await.expect(404);
        let trail = world.auditor.get(&format!("/audit?institution_id={}&object_id={}", world.home_a1, photo.id)).await.expect(200).body;
        let readers: Vec<_> = trail["items"].as_array().unwrap().iter()
            .filter(|entry| entry["action"] == "evidence.original_read")
            .map(|entry| entry["actor_id"].as_str().unwrap().to_owned())
            .collect();
        let expected = [&world.manager, &world.auditor, &world.supervisor, &world.inspector].map(|one| one.id.to_string());
        assert_eq!(readers, expected, "the newest first");
        let copy = world.inspector.get(&format!("/evidence/{}/preview", photo.id)).await.expect(200);
        assert_eq!(copy.header("x-content-type-options"), Some("nosniff"));
        assert!(copy.header("content-security-policy").unwrap().contains("sandbox"));
    }
}

/// The stored file whose path contains this.
fn file_of(app: &TestApp, part: &str) -> PathBuf {
    let found: Vec<_> = stored_files(app)
        .into_keys()
        .filter(|path| path.contains(part) && !path.ends_with(".json"))
        .collect();
    assert_eq!(found.len(), 1, "{part}: {found:?}");
    PathBuf::from(&found[0])
}

fn flip_a_bit(path: &PathBuf) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

in_both_stores! {
    /// An original with one flipped bit, or none at all, is never given out; the phone that still has it heals it.
    a_rotten_original_is_never_served, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        world.registered(&world.hazard(&[&photo])).await;
        photo.upload(&world.inspector).await.expect(201);
        let path = file_of(app, &format!("originals/{}/{}", &photo.sha256()[..2], photo.sha256()));
        let get = async |part: &str| world.inspector.get(&format!("/evidence/{}/{part}", photo.id)).await;
        for harm in ["flipped", "lost"] {
            match harm {
                "flipped" => flip_a_bit(&path),
                _ => std::fs::remove_file(&path).unwrap(),
            }
            for part in ["original", "preview", "thumbnail"] {
                assert_eq!(get(part).await.expect(503).code(), "unavailable", "{part} of what is {harm}");
            }
            photo.upload(&world.inspector).await.expect(200);
            assert!(get("original").await.expect(200).bytes == photo.bytes, "healed after it was {harm}");
        }
        get("preview").await.expect(200);
    }
}

in_both_stores! {
    /// The same picture for a second hazard is not called stored on the word of a rotten file.
    a_rotten_file_does_not_vouch_for_a_second_upload, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let again = photo.again();
        world.registered(&world.hazard(&[&photo, &again])).await;
        photo.upload(&world.inspector).await.expect(201);
        flip_a_bit(&file_of(app, &format!("originals/{}/{}", &photo.sha256()[..2], photo.sha256())));
        again.upload(&world.inspector).await.expect(201);
        let original = world.inspector.get(&format!("/evidence/{}/original", again.id)).await.expect(200);
        assert!(original.bytes == photo.bytes);
    }
}

in_both_stores! {
    /// A copy that rotted is made anew from the verified original.
    a_rotten_copy_is_made_anew, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        world.registered(&world.hazard(&[&photo])).await;
        photo.upload(&world.inspector).await.expect(201);
        for part in ["preview", "thumbnail"] {
            let address = format!("/evidence/{}/{part}", photo.id);
            let good = world.inspector.get(&address).await.expect(200).bytes;
            let path = file_of(app, &format!("{}-{part}.jpg", photo.sha256()));
            flip_a_bit(&path);
            assert!(world.inspector.get(&address).await.expect(200).bytes == good);
            std::fs::write(&path, b"").unwrap();
            assert!(world.inspector.get(&address).await.expect(200).bytes == good);
        }
    }
}

on_both_databases! {
    /// An id stands for one photo for ever, and only what was declared can be uploaded.
    ids_stand_for_one_photo, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        world.registered(&world.hazard(&[&photo])).await;
        let second = uuid::Uuid::now_v7().to_string();
        let taken = world.inspector.put(&format!("/hazards/{second}"), &world.hazard(&[&photo])).await.expect(409);
        assert_eq!((taken.code(), taken.faults()), ("id_taken", vec![("/evidence/0/id".into(), "duplicate".into())]));
        world.inspector.get(&format!("/hazards/{second}")).await.expect(404);
        let twice = world.inspector.put(&format!("/hazards/{second}"), &world.hazard(&[&Photo::before(), &photo, &photo])).await.expect(422);
        assert_eq!(twice.faults(), [("/evidence/2/id".to_owned(), "duplicate".to_owned())]);
        let stranger = Photo::before();
        assert_eq!(stranger.upload(&world.inspector).await.expect(404).code(), "not_found");
        assert_eq!(photo.upload(&world.inspector_b).await.expect(404).code(), "not_found");
        photo.upload(&world.auditor).await.expect(403);
        photo.upload(&app.anonymous()).await.expect(401);
    }
}
