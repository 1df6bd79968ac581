//! Background work: claimed by one node at a time, each effect once; orphans swept, flipped bits found.

use crate::on_both_databases;
use crate::support::{Photo, TestApp, World, lines, stored_files};
use anlao::access::Role;
use anlao::audit;
use anlao::db::Db;
use anlao::db::schema::database_epochs;
use anlao::evidence::sweep;
use anlao::ids::EvidenceId;
use anlao::jobs::model::Next;
use anlao::jobs::{JobKind, Lease, Runner, queries, rules};
use anlao::users::model::ScopeForm;
use anlao_testbed::{tally, tries};
use chrono::TimeDelta;
use diesel::prelude::*;
use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn runner(app: &TestApp) -> Runner {
    Runner {
        db: app.parts.db.clone(),
        store: app.parts.vault.store.clone(),
        office: app.parts.office.clone(),
        clock: app.clock.clone(),
    }
}

/// What the trail says of one kind of thing, oldest first.
async fn told(app: &TestApp, action: &'static str) -> Vec<Value> {
    let asked =
        format!("SELECT content AS line FROM audit_entries WHERE action = '{action}' ORDER BY at, seq");
    let found = app.db().read(move |conn| lines(conn, &asked)).await.unwrap();
    found.iter().map(|content| serde_json::from_str(content).unwrap()).collect()
}

/// The file behind a photo's digest.
fn file_of(app: &TestApp, photo: &Photo) -> std::path::PathBuf {
    app.dir.path().join("evidence/originals").join(&photo.sha256()[..2]).join(photo.sha256())
}

/// Real files are of today, whatever the test's clock says: it is moved past them.
fn past_all_files(app: &TestApp) {
    app.clock.advance(TimeDelta::days(365 * 200));
}

async fn claim(db: &Db, app: &TestApp) -> Option<Lease> {
    let now = app.clock.now();
    db.write(move |conn| queries::claim(conn, now)).await.unwrap()
}

on_both_databases! {
    /// Many nodes, some of which die with a job in hand and some of which sleep through their lease and wake
    /// up: every job's effect is there exactly once.
    each_effect_happens_once_whatever_dies, app => {
        let jobs = tries(60, 2000);
        let now = app.clock.now();
        app.db().write(move |conn| {
            for subject in 0..jobs {
                queries::ensure(conn, JobKind::Purge, &format!("case {subject}"), now, now)?;
            }
            Ok(())
        }).await.unwrap();
        let work = async |_node: usize| {
            let mut idle = 0;
            let mut asleep: Vec<Lease> = Vec::new();
            while idle < 3 {
                let Some(lease) = claim(app.db(), app).await else {
                    idle += 1;
                    // Everybody else's time passes too: what was dropped can be taken again.
                    app.clock.advance(rules::LEASE + TimeDelta::seconds(1));
                    continue;
                };
                match rand::rng().random_range(0..4) {
                    0 => drop(lease),
                    1 => asleep.push(lease),
                    _ => {
                        let _ = conclude(app, lease).await;
                    }
                }
                if asleep.len() > 2 {
                    for lease in asleep.drain(..) {
                        let _ = conclude(app, lease).await;
                    }
                }
            }
        };
        futures_util::future::join_all((0..6).map(work)).await;
        while let Some(lease) = claim(app.db(), app).await {
            conclude(app, lease).await.unwrap();
        }
        let mut effects = BTreeMap::new();
        for content in told(app, "counts.wrong").await {
            *effects.entry(content["subject"].as_str().unwrap().to_owned()).or_insert(0_u64) += 1;
        }
        let wrong = effects.values().filter(|times| **times != 1).count() as u64 + (jobs - effects.len() as u64);
        tally("55", &format!("jobs on 6 nodes, with deaths ({:?})", app.backend), jobs, wrong);
        assert_eq!(wrong, 0, "{effects:?}");
    }

    /// A job that fails is tried again, more slowly each time, and does not stop the others.
    a_failing_job_is_given_back, app => {
        let runner = runner(app);
        runner.prepare().await.unwrap();
        let folder = app.dir.path().join("evidence/originals");
        let photo = Photo::before();
        std::fs::create_dir_all(&folder).unwrap();
        // A file where a folder must be: nothing in it can be listed.
        std::fs::write(folder.join(&photo.sha256()[..2]), "in the way").unwrap();
        let repeating = JobKind::ALL.iter().filter(|kind| kind.repeats()).count();
        assert_eq!(runner.run_due().await.unwrap(), repeating);
        let now = app.clock.now();
        let jobs = app.db().read(queries::open).await.unwrap();
        for job in jobs {
            let failed = job.kind == JobKind::Sweep;
            assert_eq!((job.failures, job.runs), if failed { (1, 0) } else { (0, 1) }, "{job:?}");
            assert_eq!(job.last_error.is_some(), failed, "{job:?}");
            assert_eq!(job.due_at == now.plus(TimeDelta::seconds(10)), failed, "{job:?}");
        }
        assert_eq!(runner.run_due().await.unwrap(), 0);
        std::fs::remove_file(folder.join(&photo.sha256()[..2])).unwrap();
        app.clock.advance(TimeDelta::seconds(10));
        assert_eq!(runner.run_due().await.unwrap(), 1);
        let mended = app.db().read(queries::open).await.unwrap().into_iter().find(|job| job.kind == JobKind::Sweep);
        assert_eq!(mended.unwrap().failures_in_a_row, 0);
    }

    /// Heads are signed every hour, by whichever node comes first.
    anchors_are_made_hourly_by_one_node, app => {
        let _world = World::build(app).await;
        let (one, other) = (runner(app), runner(app));
        one.prepare().await.unwrap();
        other.prepare().await.unwrap();
        for hour in 1..=3 {
            let (a, b) = futures_util::future::join(one.run_due(), other.run_due()).await;
            assert!(a.is_ok() && b.is_ok());
            assert_eq!(told(app, "audit.anchored").await.len(), hour);
            // Something must have happened since, or there is nothing to sign.
            app.anonymous().post("/auth/login", &json!({ "username": "nobody", "password": "x" })).await.expect(401);
            app.clock.advance(TimeDelta::hours(1));
        }
    }

    /// Bytes that no record refers to are removed once they are old; everything else stays.
    orphans_are_swept_and_nothing_else, app => {
        let world = World::build(app).await;
        let (kept, orphan) = (Photo::of("before", 3), Photo::of("before", 5));
        world.registered(&world.hazard(&[&kept, &orphan])).await;
        kept.upload(&world.inspector).await.expect(201);
        world.inspector.get(&format!("/evidence/{}/thumbnail", kept.id)).await.expect(200);
        let store = &app.parts.vault.store;
        store.put_bytes(&orphan.sha256(), orphan.bytes.clone().into()).await.unwrap();
        store.put_copy(&orphan.sha256(), "preview", orphan.bytes.clone()).await.unwrap();
        std::fs::write(file_of(app, &kept).with_extension("jpg#7"), "half of it").unwrap();
        let before = stored_files(app);

        let runner = runner(app);
        runner.prepare().await.unwrap();
        runner.run_due().await.unwrap();
        assert_eq!(stored_files(app), before, "nothing is old enough");

        past_all_files(app);
        runner.run_due().await.unwrap();
        let after = stored_files(app);
        let gone: Vec<&String> = before.keys().filter(|path| !after.contains_key(*path)).collect();
        assert_eq!(gone.len(), 3, "{gone:?}");
        assert!(gone.iter().all(|path| path.contains(&orphan.sha256()) || path.contains('#')), "{gone:?}");
        assert!(store.is_intact(&kept.sha256()).await.unwrap());
    }

    /// What was in the store before a restore may be all that is left of what the backup does not know.
    what_is_older_than_a_restore_is_not_swept, app => {
        let orphan = Photo::of("before", 5);
        let store = &app.parts.vault.store;
        store.put_bytes(&orphan.sha256(), orphan.bytes.clone().into()).await.unwrap();
        past_all_files(app);
        let restored_at = app.clock.now();
        app.db().write(move |conn| {
            let epoch = uuid::Uuid::now_v7();
            diesel::insert_into(database_epochs::table)
                .values((
                    database_epochs::number.eq(2),
                    database_epochs::id.eq(EvidenceId(epoch)),
                    database_epochs::began_at.eq(restored_at),
                    database_epochs::because.eq("restored"),
                ))
                .execute(conn)?;
            Ok(())
        }).await.unwrap();
        let runner = runner(app);
        runner.prepare().await.unwrap();
        runner.run_due().await.unwrap();
        assert!(store.is_intact(&orphan.sha256()).await.unwrap());
    }

    /// The very bytes that are being swept arrive again: whoever is told "stored" finds them stored.
    an_upload_during_a_sweep_is_never_told_a_falsehood, app => {
        let world = World::build(app).await;
        let rounds = tries(40, 1000);
        let store = app.parts.vault.store.clone();
        let (mut told_to_wait, mut false_words) = (0, 0);
        for round in 0..rounds {
            let mut bytes = Photo::of("before", 7).bytes;
            // Behind the end of the picture, where nobody looks: other bytes each time.
            bytes.extend(round.to_be_bytes());
            let photo = Photo::jpeg("before", bytes);
            world.registered(&world.hazard(&[&photo])).await;
            store.put_bytes(&photo.sha256(), photo.bytes.clone().into()).await.unwrap();
            let fan = u8::from_str_radix(&photo.sha256()[..2], 16).unwrap();
            let long_ago = -TimeDelta::days(365 * 200);
            let sweeping = async {
                for _ in 0..rand::rng().random_range(0..600) {
                    actix_web::rt::task::yield_now().await;
                }
                sweep::sweep(app.db(), &store, fan, app.clock.now(), long_ago).await.unwrap()
            };
            let (answer, _) = futures_util::future::join(photo.upload(&world.inspector), sweeping).await;
            match answer.status {
                201 => {}
                503 => {
                    told_to_wait += 1;
                    photo.upload(&world.inspector).await.expect(201);
                }
                other => panic!("{other}: {}", String::from_utf8_lossy(&answer.bytes)),
            }
            false_words += u64::from(!store.is_intact(&photo.sha256()).await.unwrap());
        }
        tally("56", &format!("uploads of bytes that are being swept ({:?})", app.backend), rounds, false_words);
        assert_eq!(false_words, 0);
        eprintln!("{told_to_wait} of {rounds} uploads were told to send again");
    }

    /// One flipped bit is found, said in the trail of the home it concerns, and shown to those who watch.
    a_flipped_bit_is_found_and_told, app => {
        let world = World::build(app).await;
        let (good, bad, lost) = (Photo::of("before", 11), Photo::of("before", 13), Photo::of("before", 17));
        world.registered(&world.hazard(&[&good, &bad, &lost])).await;
        for photo in [&good, &bad, &lost] {
            photo.upload(&world.inspector).await.expect(201);
        }
        let runner = runner(app);
        runner.prepare().await.unwrap();
        runner.run_due().await.unwrap();
        assert_eq!(told(app, "evidence.damaged").await.len(), 0);

        let path = file_of(app, &bad);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        std::fs::remove_file(file_of(app, &lost)).unwrap();
        app.clock.advance(TimeDelta::hours(24));
        runner.run_due().await.unwrap();
        let mut found = told(app, "evidence.damaged").await;
        found.sort_by_key(|content| content["fault"].as_str().unwrap().to_owned());
        assert_eq!(found, [
            json!({ "evidence": bad.id, "sha256": bad.sha256(), "fault": "altered" }),
            json!({ "evidence": lost.id, "sha256": lost.sha256(), "fault": "missing" }),
        ]);
        let admin = app.person("watcher", Role::Admin, ScopeForm::All).await;
        assert_eq!(admin.get("/jobs").await.expect(200).body["damaged_originals"], 2);

        // Said once, not daily; and the phone that still has the photo mends it.
        app.clock.advance(TimeDelta::hours(24));
        runner.run_due().await.unwrap();
        assert_eq!(told(app, "evidence.damaged").await.len(), 2);
        let inspector = app.person("inspector-2", Role::Inspector, ScopeForm::Areas { areas: vec![world.city] }).await;
        bad.upload(&inspector).await.expect(200);
        app.clock.advance(TimeDelta::hours(24));
        runner.run_due().await.unwrap();
        assert_eq!(told(app, "evidence.mended").await.len(), 1);
        tally("39", &format!("flipped bits and lost originals found by the scrub ({:?})", app.backend), 2, 0);
    }

    /// Who looks after the machine sees what runs, what fails and when.
    jobs_are_shown_to_those_who_watch, app => {
        let world = World::build(app).await;
        let runner = runner(app);
        runner.prepare().await.unwrap();
        runner.run_due().await.unwrap();
        let jobs = world.admin.get("/jobs").await.expect(200).body["jobs"].clone();
        let kinds: Vec<&str> = jobs.as_array().unwrap().iter().map(|job| job["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["audit.anchor", "evidence.scrub", "evidence.sweep", "hazards.counts", "records.purge"]);
        for job in jobs.as_array().unwrap() {
            assert_eq!((&job["runs"], &job["last_error"], &job["held_until"]), (&json!(1), &Value::Null, &Value::Null));
        }
        let refused = world.inspector.send(world.inspector.request(Method::GET, "/jobs")).await;
        assert_eq!(refused.status, 403);
    }
}

/// Ends a job for good; its effect is an entry in the trail.
async fn conclude(app: &TestApp, lease: Lease) -> anlao::refusal::Outcome<()> {
    let (office, now) = (app.office().clone(), app.clock.now());
    app.db()
        .write(move |conn| {
            queries::conclude(conn, &lease, &Next::Done, now)?;
            let content = json!({ "subject": lease.job.subject, "photo": EvidenceId::fresh() });
            audit::record_system(conn, &office.keys, now, "counts.wrong", content)
        })
        .await
}
