//! The audit trail: every change and every refusal has its entry, in the right chain, and nobody edits one.

use crate::on_both_databases;
use crate::support::{Person, Photo, TestApp, World};
use anlao::db::{Backend, Conn};
use anlao::ids::InstitutionId;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PASSWORD: &str = "厨房的燃气总阀每晚十点由值班员关闭";

/// A new entry as the tests read it: its chain (nil for the system's), action, result and all the rest.
#[derive(Debug, QueryableByName)]
struct Entry {
    #[diesel(sql_type = Text)]
    chain: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    object: String,
    #[diesel(sql_type = Text)]
    result: String,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    request_id: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    content: String,
}

fn id_text(conn: &Conn, column: &str) -> String {
    match conn.backend() {
        Backend::Sqlite => format!("lower(hex(coalesce({column}, x'')))"),
        Backend::Postgres => format!("replace(coalesce({column}::text, ''), '-', '')"),
    }
}

fn all_entries(conn: &mut Conn) -> Vec<Entry> {
    let query = format!(
        "SELECT {} AS chain, seq, action, {} AS object, result, {} AS actor, coalesce(actor_role, '') AS role, request_id, \
         coalesce(address, '') AS address, content FROM audit_entries ORDER BY 1, seq",
        id_text(conn, "chain"),
        id_text(conn, "object_id"),
        id_text(conn, "actor_id"),
    );
    match conn {
        Conn::Sqlite(conn) => diesel::sql_query(query).load(conn).unwrap(),
        Conn::Postgres(conn) => diesel::sql_query(query).load(conn).unwrap(),
    }
}

/// Tells what entries came since it last looked.
struct Watch {
    conn: Conn,
    seen: BTreeMap<String, i64>,
}

impl Watch {
    fn begin(app: &TestApp) -> Self {
        let mut watch = Self { conn: Conn::open(&app.config.database).unwrap(), seen: BTreeMap::new() };
        watch.news();
        watch
    }

    fn news(&mut self) -> Vec<Entry> {
        let all = all_entries(&mut self.conn);
        let new: Vec<Entry> =
            all.into_iter().filter(|one| one.seq > self.seen.get(&one.chain).copied().unwrap_or(0)).collect();
        for one in &new {
            self.seen.insert(one.chain.clone(), one.seq);
        }
        new
    }

    /// The one entry that came, with all that an entry must tell.
    #[track_caller]
    fn one(&mut self, chain: &str, action: &str, by: Option<&Person>) -> Entry {
        let mut news = self.news();
        // A new institution's chain opens with a line in the system's.
        news.retain(|one| one.action != "chain.opened" || action == "chain.opened");
        assert_eq!(news.len(), 1, "{action}: {news:?}");
        let entry = news.remove(0);
        assert_eq!((entry.chain.as_str(), entry.action.as_str()), (chain, action), "{entry:?}");
        let actor = by.map(|by| by.id.0.simple().to_string()).unwrap_or_default();
        assert_eq!(entry.actor, actor, "{entry:?}");
        assert_eq!(entry.role.is_empty(), by.is_none(), "{entry:?}");
        assert_eq!(entry.address, "127.0.0.1");
        assert!(uuid::Uuid::parse_str(&entry.request_id).is_ok(), "{entry:?}");
        assert!(serde_json::from_str::<Value>(&entry.content).unwrap().is_object(), "{entry:?}");
        entry
    }

    #[track_caller]
    fn none(&mut self, why: &str) {
        let news = self.news();
        assert!(news.is_empty(), "{why}: {news:?}");
    }
}

const SYSTEM: &str = "00000000000000000000000000000000";

fn chain_of(institution: InstitutionId) -> String {
    institution.0.simple().to_string()
}

fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

on_both_databases! {
    /// Administration: one entry for each change, in the system's chain or the institution's own.
    every_change_of_accounts_and_places_has_one_entry, app => {
        let world = World::build(app).await;
        let admin = &world.admin;
        let mut watch = Watch::begin(app);

        let area = format!("/areas/{}", fresh());
        let form = json!({ "parent_id": world.county_a, "code": "510903103", "name": "永兴镇" });
        admin.put(&area, &form).await.expect(201);
        let entry = watch.one(SYSTEM, "area.registered", Some(admin));
        assert_eq!((entry.result.as_str(), entry.object.as_str()), ("done", area.rsplit('/').next().unwrap().replace('-', "").as_str()));
        admin.put(&area, &form).await.expect(200);
        watch.none("the same again changes nothing");
        admin.patch(&area, &json!({ "name": "永兴街道", "expected_version": 1 })).await.expect(200);
        watch.one(SYSTEM, "area.changed", Some(admin));
        admin.delete(&area).await.expect(204);
        watch.one(SYSTEM, "area.removed", Some(admin));

        let home = InstitutionId::fresh();
        let form = json!({ "area_id": world.town_a1, "name": "新院", "ownership": "private", "beds": 20 });
        admin.put(&format!("/institutions/{home}"), &form).await.expect(201);
        watch.one(&chain_of(home), "institution.registered", Some(admin));
        admin.patch(&format!("/institutions/{home}"), &json!({ "beds": 30, "expected_version": 1 })).await.expect(200);
        watch.one(&chain_of(home), "institution.changed", Some(admin));

        let user = format!("/users/{}", fresh());
        let form = json!({ "username": "zhao.lei", "display_name": "赵磊", "role": "inspector",
            "scope": { "kind": "areas", "areas": [world.county_a] }, "password": PASSWORD });
        admin.put(&user, &form).await.expect(201);
        let entry = watch.one(SYSTEM, "user.created", Some(admin));
        assert!(!entry.content.contains(PASSWORD), "{entry:?}");
        admin.patch(&user, &json!({ "display_name": "赵雷", "expected_version": 1 })).await.expect(200);
        watch.one(SYSTEM, "user.changed", Some(admin));
        admin.patch(&user, &json!({ "password": PASSWORD, "expected_version": 2 })).await.expect(200);
        let entry = watch.one(SYSTEM, "user.changed", Some(admin));
        assert!(!entry.content.contains(PASSWORD), "{entry:?}");
        admin.delete(&format!("{user}/sessions")).await.expect(204);
        watch.one(SYSTEM, "session.all_ended", Some(admin));
    }
}

on_both_databases! {
    /// Logging in and out, rightly and wrongly.
    every_login_has_one_entry, app => {
        let world = World::build(app).await;
        let mut watch = Watch::begin(app);
        let anonymous = app.anonymous();
        let form = json!({ "username": "inspector", "password": "四楼东侧的消防栓在走廊尽头左转" });
        let tokens = anonymous.post("/auth/login", &form).await.expect(200).body;
        watch.one(SYSTEM, "session.started", Some(&world.inspector));
        anonymous.post("/auth/login", &json!({ "username": "inspector", "password": "falsch-geheim" })).await.expect(401);
        let entry = watch.one(SYSTEM, "session.refused", None);
        assert!(!entry.content.contains("falsch-geheim"));
        // Renewing a token is the session's own breathing, not a change of the records: it has no entry…
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        anonymous.post("/auth/refresh", &refresh).await.expect(200);
        watch.none("a token was renewed");
        // …but a token shown again, when it is too late for a lost answer, has.
        app.clock.advance(chrono::TimeDelta::seconds(30));
        anonymous.post("/auth/refresh", &refresh).await.expect(401);
        watch.one(SYSTEM, "token.reuse", Some(&world.inspector));
        let sessions = world.manager.get("/me/sessions").await.expect(200).body;
        let own = sessions["items"][0]["id"].as_str().unwrap();
        world.manager.delete(&format!("/me/sessions/{own}")).await.expect(204);
        watch.one(SYSTEM, "session.ended", Some(&world.manager));
        world.supervisor.post("/auth/logout", &json!({})).await.expect(204);
        watch.one(SYSTEM, "session.ended", Some(&world.supervisor));
        let change = json!({ "current_password": "四楼东侧的消防栓在走廊尽头左转", "new_password": PASSWORD });
        world.auditor.post("/me/password", &change).await.expect(204);
        let entry = watch.one(SYSTEM, "user.password_changed", Some(&world.auditor));
        assert!(!entry.content.contains(PASSWORD));
    }
}

on_both_databases! {
    /// The case itself: each step in the institution's chain, under its own name, told in full.
    every_step_of_a_case_has_one_entry, app => {
        let world = World::build(app).await;
        let home = chain_of(world.home_a1);
        let mut watch = Watch::begin(app);
        let (before, after) = (Photo::before(), Photo::after());
        let id = world.registered(&world.hazard(&[&before])).await;
        let entry = watch.one(&home, "hazard.registered", Some(&world.inspector));
        assert_eq!(entry.object, id.replace('-', ""));
        assert!(entry.content.contains(&before.sha256()) && entry.content.contains("移动插排"));
        world.inspector.put(&format!("/hazards/{id}"), &world.hazard(&[&before])).await.expect(200);
        watch.none("the same registration again");
        before.upload(&world.inspector).await.expect(201);
        let entry = watch.one(&home, "evidence.stored", Some(&world.inspector));
        assert!(entry.content.contains(&before.sha256()));
        before.upload(&world.inspector).await.expect(200);
        watch.none("the same photo again");
        world.supervisor.get(&format!("/evidence/{}/original", before.id)).await.expect(200);
        watch.one(&home, "evidence.original_read", Some(&world.supervisor));
        world.supervisor.get(&format!("/evidence/{}/preview", before.id)).await.expect(200);
        world.supervisor.get(&format!("/hazards/{id}")).await.expect(200);
        watch.none("looking at a copy and at the case");

        let due = json!({ "kind": "request_extension", "deadline": "2026-03-20", "reason": "等待配件" });
        let steps = [
            (&world.manager, json!({ "kind": "accept" }), "hazard.accepted"),
            (&world.manager, due, "hazard.extension_requested"),
            (&world.supervisor, json!({ "kind": "decide_extension", "approve": true }), "hazard.extension_decided"),
            (&world.inspector, json!({ "kind": "comment", "note": "已电话催办" }), "hazard.commented"),
            (&world.manager, json!({ "kind": "submit", "measure": "改由固定插座供电", "evidence": [after.declared()] }), "hazard.fix_submitted"),
            (&world.inspector, json!({ "kind": "recheck_fail", "reason": "仍有串接" }), "hazard.sent_back"),
            (&world.manager, json!({ "kind": "submit", "measure": "全部拆除" }), "hazard.fix_submitted"),
            (&world.supervisor, json!({ "kind": "waive_evidence", "evidence_id": after.id, "reason": "手机损坏" }), "hazard.evidence_waived"),
            (&world.inspector, json!({ "kind": "recheck_fail", "reason": "照片缺失" }), "hazard.sent_back"),
        ];
        for (person, step, action) in steps {
            let address = format!("/hazards/{id}/actions/{}", fresh());
            person.put(&address, &step).await.expect(201);
            let entry = watch.one(&home, action, Some(person));
            assert_eq!((entry.result.as_str(), entry.object.as_str()), ("done", id.replace('-', "").as_str()));
            person.put(&address, &step).await.expect(200);
            watch.none("the same step again");
        }
    }
}

on_both_databases! {
    /// What is refused to somebody known is written down as well, and changes nothing else.
    every_refusal_has_one_entry, app => {
        let world = World::build(app).await;
        let photo = Photo::before();
        let id = world.registered(&world.hazard(&[&photo])).await;
        photo.upload(&world.inspector).await.expect(201);
        let mut watch = Watch::begin(app);
        let denied = [
            (&world.auditor, Method::PUT, format!("/hazards/{}", fresh()), world.hazard(&[])),
            (&world.admin, Method::PUT, format!("/hazards/{id}/actions/{}", fresh()), json!({ "kind": "accept" })),
            (&world.manager, Method::PUT, format!("/areas/{}", fresh()), json!({ "code": "1", "name": "x" })),
            (&world.inspector, Method::GET, "/users".to_owned(), json!({})),
            (&world.admin, Method::GET, format!("/evidence/{}/original", photo.id), json!({})),
        ];
        for (person, method, path, body) in denied {
            person.send(person.request(method, &path).json(&body)).await.expect(403);
            let entry = watch.one(SYSTEM, "permission.denied", Some(person));
            assert_eq!(entry.result, "forbidden");
        }
        let too_soon = json!({ "kind": "recheck_pass" });
        world.inspector.act(&id, &too_soon).await.expect(409);
        assert_eq!(watch.one(SYSTEM, "step.refused", Some(&world.inspector)).result, "step_not_allowed");
        world.inspector.put(&format!("/hazards/{id}"), &world.hazard(&[])).await.expect(409);
        assert_eq!(watch.one(SYSTEM, "step.refused", Some(&world.inspector)).result, "id_taken");
        photo.upload_as(&world.inspector, b"other".to_vec()).await.expect(409);
        assert_eq!(watch.one(SYSTEM, "step.refused", Some(&world.inspector)).result, "evidence_stored");
        world.admin.delete(&format!("/areas/{}", world.county_a)).await.expect(409);
        assert_eq!(watch.one(SYSTEM, "step.refused", Some(&world.admin)).result, "area_in_use");
        world.inspector.put(&format!("/hazards/{}", fresh()), &json!({})).await.expect(422);
        world.inspector.get(&format!("/hazards/{}", fresh())).await.expect(404);
        app.anonymous().get("/hazards").await.expect(401);
        watch.none("what is malformed, unknown or anonymous");
    }
}

on_both_databases! {
    /// Changes of records and entries about them are as many, after a day's work.
    as_many_entries_as_changes, app => {
        let world = World::build(app).await;
        for _ in 0..3 {
            let id = world.fixed().await;
            world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
            world.manager.act(&id, &json!({ "kind": "accept" })).await.expect(409);
        }
        let mut conn = Conn::open(&app.config.database).unwrap();
        let counted = |table: &str| {
            let mut conn = Conn::open(&app.config.database).unwrap();
            count(&mut conn, table)
        };
        let of = |entries: &[Entry], action: &str| entries.iter().filter(|one| one.action == action).count() as i64;
        let entries = all_entries(&mut conn);
        assert_eq!(of(&entries, "hazard.registered"), counted("hazards"));
        assert_eq!(of(&entries, "evidence.stored"), counted("evidence WHERE state = 'stored'"));
        assert_eq!(of(&entries, "user.created"), counted("users"));
        assert_eq!(of(&entries, "area.registered"), counted("areas"));
        assert_eq!(of(&entries, "institution.registered"), counted("institutions"));
        assert_eq!(of(&entries, "session.started"), counted("sessions"));
        let steps = of(&entries, "hazard.fix_submitted") + of(&entries, "hazard.closed");
        assert_eq!(steps, counted("hazard_actions"));
    }
}

fn count(conn: &mut Conn, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let query = format!("SELECT count(*) AS number FROM {table}");
    let found: Count = match conn {
        Conn::Sqlite(conn) => diesel::sql_query(query).get_result(conn).unwrap(),
        Conn::Postgres(conn) => diesel::sql_query(query).get_result(conn).unwrap(),
    };
    found.number
}

on_both_databases! {
    /// There is no operation that edits the trail, and the database refuses to.
    nobody_edits_the_trail, app => {
        let world = World::build(app).await;
        world.found().await;
        for method in [Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
            for path in ["/audit".to_owned(), format!("/audit/{}", fresh())] {
                let answer = world.auditor.send(world.auditor.request(method.clone(), &path).json(&json!({}))).await;
                assert!(matches!(answer.status, 404 | 405), "{method} {path}: {}", answer.status);
            }
        }
        let (office, now) = (app.office().clone(), app.clock.now());
        app.db().write(move |conn| anlao::audit::anchor(conn, &office.keys, now)).await.unwrap();
        let mut conn = Conn::open(&app.config.database).unwrap();
        let mut statements = vec![
            "UPDATE audit_entries SET action = 'x'",
            "UPDATE audit_entries SET hash = hash WHERE seq = 1",
            "DELETE FROM audit_entries",
            "DELETE FROM audit_entries WHERE seq = 1",
            "UPDATE audit_anchors SET entries = 0",
            "DELETE FROM audit_anchors",
            "DELETE FROM audit_heads",
        ];
        if conn.backend() == Backend::Postgres {
            statements.extend(["TRUNCATE audit_entries", "TRUNCATE audit_anchors", "TRUNCATE audit_heads"]);
        } else {
            statements.push("INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries WHERE seq = 1");
        }
        let before = (count(&mut conn, "audit_entries"), count(&mut conn, "audit_anchors"), count(&mut conn, "audit_heads"));
        for statement in statements {
            assert!(conn.batch_execute(statement).is_err(), "{statement} was carried out");
        }
        let after = (count(&mut conn, "audit_entries"), count(&mut conn, "audit_anchors"), count(&mut conn, "audit_heads"));
        assert_eq!(before, after);
        let public = app.office().keys.audit_public();
        let report = app.db().read(move |conn| anlao::audit::verify(conn, &public, |_| {})).await.unwrap();
        assert_eq!(report.faults, Vec::<String>::new());
    }
}
