//! The demonstration city.

use crate::on_both_databases;
use crate::support::TestApp;
use anlao::db::schema::{audit_heads, evidence, hazards, notices};
use anlao::demo::{Ready, Size, prepare};
use anlao::hazards::model::{Hazard, Status};
use anlao::hazards::queries::wrong_counts;
use anlao::notices::model::{NoticeKind, NoticeState};
use anlao::{audit, db};
use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const SMALL: Size = Size { institutions: Some(12), hazards: Some(150), seed: Some(7) };
pub const DEMO_PASSWORD: &str = "遂宁市的演示口令请勿用于真实系统";

pub async fn fill(app: &TestApp, size: Size, password: &'static str) -> Ready {
    let parts = app.parts.clone();
    let filled = tokio::task::spawn_blocking(move || {
        prepare(&parts, &size, password, &|_, _| indicatif::ProgressBar::hidden())
    });
    filled.await.unwrap().unwrap_or_else(|error| panic!("{error}"))
}

async fn hazards_of(app: &TestApp) -> Vec<Hazard> {
    app.db()
        .read(|conn| Ok(hazards::table.order(hazards::id).select(Hazard::as_select()).load(conn)?))
        .await
        .unwrap()
}

async fn notices_of(app: &TestApp) -> Vec<(NoticeKind, NoticeState)> {
    app.db()
        .read(|conn| Ok(notices::table.select((notices::kind, notices::state)).load(conn)?))
        .await
        .unwrap()
}

async fn heads_of(app: &TestApp) -> Vec<(anlao::ids::ChainId, i64, String)> {
    app.db()
        .read(|conn| {
            // The system's own chain also tells of anchors, whose ids are made afresh.
            let heads = audit_heads::table.filter(audit_heads::chain.ne(anlao::ids::ChainId::SYSTEM));
            let heads = heads.order(audit_heads::chain);
            Ok(heads.select((audit_heads::chain, audit_heads::seq, audit_heads::hash)).load(conn)?)
        })
        .await
        .unwrap()
}

/// What every institution's chain tells, in order.
async fn told_in(app: &TestApp) -> Vec<(anlao::ids::ChainId, i64, String, String)> {
    use anlao::db::schema::audit_entries::dsl as entry;
    let own = entry::audit_entries.filter(entry::chain.ne(anlao::ids::ChainId::SYSTEM));
    let told = own.order((entry::chain, entry::seq)).select((
        entry::chain,
        entry::seq,
        entry::action,
        entry::content,
    ));
    app.db().read(move |conn| Ok(told.load(conn)?)).await.unwrap()
}

fn by_status(hazards: &[Hazard]) -> BTreeMap<Status, usize> {
    let mut counts = BTreeMap::new();
    hazards.iter().for_each(|hazard| *counts.entry(hazard.status).or_default() += 1);
    counts
}

/// Logs in and asks who they are.
async fn me(app: &TestApp, username: &str, password: &str) -> Result<Value, u16> {
    let anyone = app.anonymous();
    let login = json!({ "username": username, "password": password });
    let answer = anyone.post("/auth/login", &login).await;
    if answer.status != 200 {
        return Err(answer.status);
    }
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    let mut person = anyone;
    person.access = Some(token);
    Ok(person.get("/me").await.expect(200).body)
}

on_both_databases! {
    /// Everything the rules guard holds in the city, because it was made under the rules.
    a_filled_city_holds, app => {
        let ready = fill(app, SMALL, DEMO_PASSWORD).await;
        assert_eq!(ready.refused, 0, "the plan fits the rules");
        let all = hazards_of(app).await;
        assert_eq!(all.len(), 150);
        let statuses = by_status(&all);
        for status in Status::ALL {
            assert!(statuses.contains_key(status), "{status}: {statuses:?}");
        }
        let today = app.office().date(app.clock.now());
        assert!(all.iter().any(|one| one.status == Status::Pending && one.is_overdue(today)));
        assert!(all.iter().any(|one| one.status == Status::Rectifying && one.is_overdue(today)));
        assert!(all.iter().any(|one| one.listed) && all.iter().any(|one| one.self_found));
        assert!(all.iter().any(|one| one.fixed_on_spot && one.status == Status::Closed));
        assert!(all.iter().any(|one| one.recurrence_of.is_some()));
        let papers = notices_of(app).await;
        for state in NoticeState::ALL {
            assert!(papers.iter().any(|(_, found)| found == state), "no notice is {state}: {papers:?}");
        }
        for kind in [NoticeKind::RectificationNotice, NoticeKind::InspectionRecord, NoticeKind::SupervisionLetter, NoticeKind::RecheckOpinion] {
            assert!(papers.iter().any(|(found, _)| *found == kind), "no notice is a {kind}");
        }
        let public = app.office().keys.audit_public();
        let (report, wrong) = app.db().read(move |conn| Ok((audit::verify(conn, &public, |_| ())?, wrong_counts(conn)?))).await.unwrap();
        assert_eq!(report.faults, Vec::<String>::new());
        assert_eq!(wrong, Vec::<String>::new());
    }
}

on_both_databases! {
    /// The accounts people are told of exist, in their roles and places, with the password they are told.
    the_five_accounts, app => {
        fill(app, SMALL, DEMO_PASSWORD).await;
        let areas = |n: usize| json!({ "kind": "areas", "count": n });
        let expected = [
            ("admin", "admin", json!({ "kind": "all" })),
            ("supervisor", "supervisor", areas(1)),
            ("auditor", "auditor", areas(1)),
            ("inspector", "inspector", areas(1)),
            ("manager", "manager", json!({ "kind": "institutions", "count": 3 })),
        ];
        for (username, role, scope) in expected {
            let me = me(app, username, DEMO_PASSWORD).await.unwrap();
            assert_eq!(me["role"], role);
            assert_eq!(me["scope"]["kind"], scope["kind"]);
            if let Some(count) = scope["count"].as_u64() {
                let kind = scope["kind"].as_str().unwrap();
                assert_eq!(me["scope"][kind].as_array().unwrap().len() as u64, count, "{username}");
            }
        }
        assert!(me(app, "supervisor-510904", DEMO_PASSWORD).await.is_ok());
        assert!(me(app, "inspector-510903-2", DEMO_PASSWORD).await.is_ok());
        // Another password at the next start: everybody follows, nobody keeps the old one.
        let ready = fill(app, Size::default(), "另一个演示口令也请勿用于真实系统").await;
        assert!(ready.was_there);
        assert!(me(app, "manager-001", "另一个演示口令也请勿用于真实系统").await.is_ok());
        assert_eq!(me(app, "manager", DEMO_PASSWORD).await.unwrap_err(), 401);
    }
}

#[test]
fn the_same_seed_gives_the_same_city() {
    let make = |seed| {
        let mut made = None;
        TestApp::run(db::Backend::Sqlite, async |app| {
            fill(app, Size { seed: Some(seed), ..SMALL }, DEMO_PASSWORD).await;
            made = Some((hazards_of(app).await, heads_of(app).await));
        });
        made.unwrap()
    };
    let first = make(7);
    assert_eq!(first, make(7));
    assert_ne!(first.0, make(8).0);
}

#[test]
fn a_second_start_changes_nothing() {
    TestApp::run(db::Backend::Sqlite, async |app| {
        fill(app, SMALL, DEMO_PASSWORD).await;
        let before = (hazards_of(app).await, heads_of(app).await);
        app.clock.advance(chrono::TimeDelta::days(3));
        let again = fill(app, Size::default(), DEMO_PASSWORD).await;
        assert!(again.was_there);
        assert_eq!(before, (hazards_of(app).await, heads_of(app).await));
        let parts = app.parts.clone();
        let other = Size { seed: Some(8), ..Size::default() };
        let refused = tokio::task::spawn_blocking(move || {
            prepare(&parts, &other, DEMO_PASSWORD, &|_, _| indicatif::ProgressBar::hidden()).map(|_| ())
        });
        assert!(refused.await.unwrap().unwrap_err().to_string().contains("another city"));
    });
}

#[test]
fn real_records_are_left_alone() {
    TestApp::run(db::Backend::Sqlite, async |app| {
        crate::support::World::build(app).await;
        let parts = app.parts.clone();
        let refused = tokio::task::spawn_blocking(move || {
            prepare(&parts, &SMALL, DEMO_PASSWORD, &|_, _| indicatif::ProgressBar::hidden()).map(|_| ())
        });
        assert!(refused.await.unwrap().unwrap_err().to_string().contains("not a demonstration"));
        assert!(hazards_of(app).await.is_empty());
    });
}

/// A start that was cut off is gone on with another day and gives the city it would have given.
#[test]
fn an_interrupted_filling_is_finished() {
    let mut whole = None;
    TestApp::run(db::Backend::Sqlite, async |app| {
        fill(app, SMALL, DEMO_PASSWORD).await;
        whole = Some((hazards_of(app).await, told_in(app).await, heads_of(app).await));
    });
    TestApp::run(db::Backend::Sqlite, async |app| {
        let (parts, started) = (app.parts.clone(), std::sync::atomic::AtomicUsize::new(0));
        let cut = tokio::task::spawn_blocking(move || {
            prepare(&parts, &SMALL, DEMO_PASSWORD, &|what, _| {
                started.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                assert_ne!(what, "hazards", "the power is cut");
                indicatif::ProgressBar::hidden()
            })
            .map(|_| ())
        });
        assert!(cut.await.is_err());
        assert!(anlao_half_filled(app).await);
        app.clock.advance(chrono::TimeDelta::days(1));
        fill(app, Size::default(), DEMO_PASSWORD).await;
        assert!(!anlao_half_filled(app).await);
        let (hazards, told, heads) = whole.unwrap();
        assert_eq!(hazards, hazards_of(app).await);
        let mended = told_in(app).await;
        let other = told.iter().zip(&mended).find(|(one, other)| one != other);
        assert_eq!((other, told.len()), (None, mended.len()), "the first entry that is another one");
        assert_eq!(heads, heads_of(app).await);
    });
}

async fn anlao_half_filled(app: &TestApp) -> bool {
    let parts = app.parts.clone();
    tokio::task::spawn_blocking(move || anlao::demo::is_half_filled(&parts)).await.unwrap().unwrap()
}

/// Photos are real pictures, each its own, and what was announced but never sent is missing.
#[test]
fn the_photos_are_there() {
    TestApp::run(db::Backend::Sqlite, async |app| {
        fill(app, SMALL, DEMO_PASSWORD).await;
        let rows: Vec<(anlao::ids::EvidenceId, String, anlao::evidence::EvidenceStateKind)> = app
            .db()
            .read(|conn| {
                Ok(evidence::table.select((evidence::id, evidence::sha256, evidence::state)).load(conn)?)
            })
            .await
            .unwrap();
        let digests: std::collections::HashSet<&String> = rows.iter().map(|row| &row.1).collect();
        assert_eq!(digests.len(), rows.len(), "no two photos are the same");
        for kind in anlao::evidence::EvidenceStateKind::ALL {
            assert!(rows.iter().any(|row| row.2 == *kind), "{kind}");
        }
        let (id, sha256, _) =
            rows.iter().find(|row| row.2 == anlao::evidence::EvidenceStateKind::Stored).unwrap();
        assert!(app.parts.vault.store.is_intact(sha256).await.unwrap());
        let login = json!({ "username": "supervisor", "password": DEMO_PASSWORD });
        let mut person = app.anonymous();
        let token = person.post("/auth/login", &login).await.expect(200).body["access_token"].clone();
        person.access = token.as_str().map(str::to_owned);
        let preview =
            person.send(person.request(Method::GET, &format!("/evidence/{id}/preview"))).await.expect(200);
        assert!(image::load_from_memory(&preview.bytes).is_ok());
    });
}

on_both_databases! {
    /// Inspections, orders and self-checks are there to be looked at, with their gaps and oddities.
    every_list_of_visits_shows_something, app => {
        let ready = fill(app, SMALL, DEMO_PASSWORD).await;
        assert_eq!(ready.refused, 0);
        let login = json!({ "username": "supervisor", "password": DEMO_PASSWORD });
        let answer = app.anonymous().post("/auth/login", &login).await.expect(200);
        let mut supervisor = app.anonymous();
        supervisor.access = Some(answer.body["access_token"].as_str().unwrap().to_owned());
        for query in ["state=handed_in", "state=planned", "kind=daily"] {
            let list = supervisor.get(&format!("/inspections?{query}")).await.expect(200);
            assert!(!list.item_ids().is_empty(), "{query}");
        }
        let done = supervisor.get("/inspections?state=handed_in&limit=1").await.expect(200).item_ids().remove(0);
        let detail = supervisor.get(&format!("/inspections/{done}")).await.expect(200).body;
        assert_eq!(detail["hazards"][0]["inspection_id"], json!(done));
        assert!(detail["record"]["answers"].as_array().unwrap().len() > 5);
        let homes = supervisor.get("/institutions?limit=200").await.expect(200).item_ids();
        let (mut orders, mut missing, mut entries) = (0, 0, 0);
        for home in homes {
            orders += supervisor.get(&format!("/external-orders?institution_id={home}")).await.expect(200).item_ids().len();
            entries += supervisor.get(&format!("/institutions/{home}/self-checks?limit=200")).await.expect(200).item_ids().len();
            let status = supervisor.get(&format!("/institutions/{home}/self-check-status")).await.expect(200).body;
            missing += status["kinds"][1]["missing"].as_u64().unwrap();
        }
        assert!(orders > 0 && missing > 0 && entries > 50, "{orders} {missing} {entries}");
    }
}
