//! Whoever owns the whole database but not the signing key can change the trail, but not unseen.

use crate::on_both_databases;
use crate::support::{TestApp, World};
use anlao::audit::{self, Report};
use anlao::canonical::{canonical, sha256_hex};
use anlao::db::schema::{audit_anchors, audit_entries, audit_heads};
use anlao::db::{Backend, Conn, Instant};
use anlao::ids::{ChainId, UserId};
use anlao::keys::Keys;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

/// How many on each database: what is verified is the same, so most are tried where that is cheap.
fn tampers(app: &TestApp) -> usize {
    match app.backend {
        Backend::Sqlite => 1000,
        Backend::Postgres => 250,
    }
}

type Text = Option<String>;
/// Changes something and says what the first fault must begin with.
type Tamper = fn(&mut Trail) -> String;
/// An entry, column by column.
type Row = (
    ChainId,
    i64,
    Instant,
    Option<UserId>,
    Text,
    String,
    String,
    Option<ChainId>,
    String,
    String,
    Text,
    Text,
    String,
    String,
    String,
);

/// A trail with several chains and anchors, on a connection that nothing protects.
struct Trail {
    conn: Conn,
    public: String,
    rows: Vec<Row>,
    anchors: Vec<ChainId>,
    random: StdRng,
}

async fn anchor(app: &TestApp) {
    let (office, now) = (app.office().clone(), app.clock.now());
    app.db().write(move |conn| audit::anchor(conn, &office.keys, now)).await.unwrap().unwrap();
}

impl Trail {
    async fn of(app: &TestApp) -> Self {
        let world = World::build(app).await;
        world.fixed().await;
        anchor(app).await;
        app.clock.advance(chrono::TimeDelta::minutes(5));
        let id = world.fixed().await;
        anchor(app).await;
        world.inspector.act(&id, &json!({ "kind": "recheck_pass" })).await.expect(201);
        let mut conn = Conn::open(&app.config.database).unwrap();
        unprotect(&mut conn);
        let rows =
            audit_entries::table.order((audit_entries::chain, audit_entries::seq)).load(&mut conn).unwrap();
        let anchors = audit_anchors::table.select(audit_anchors::id).load(&mut conn).unwrap();
        let public = app.office().keys.audit_public();
        Self { conn, public, rows, anchors, random: StdRng::seed_from_u64(20_260_310) }
    }

    fn verify(&mut self) -> Report {
        audit::verify(&mut self.conn, &self.public, |_| {}).unwrap()
    }

    fn sql(&mut self, statement: &str) {
        self.conn.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    fn id(&self, id: uuid::Uuid) -> String {
        match self.conn.backend() {
            Backend::Sqlite => format!("x'{}'", id.simple()),
            Backend::Postgres => format!("'{id}'::uuid"),
        }
    }

    fn is_at(&self, chain: ChainId, seq: i64) -> String {
        format!("chain = {} AND seq = {seq}", self.id(chain.0))
    }

    fn any_row(&mut self) -> (ChainId, i64) {
        let row = self.rows.choose(&mut self.random).unwrap();
        (row.0, row.1)
    }

    fn length(&self, chain: ChainId) -> i64 {
        self.rows.iter().filter(|row| row.0 == chain).map(|row| row.1).max().unwrap()
    }

    fn chains(&self) -> Vec<ChainId> {
        let mut chains: Vec<_> = self.rows.iter().map(|row| row.0).collect();
        chains.dedup();
        chains
    }
}

/// What an owner of the database would do first.
fn unprotect(conn: &mut Conn) {
    match conn.backend() {
        Backend::Sqlite => conn
            .batch_execute(
                "DROP TRIGGER audit_entries_keep; DROP TRIGGER audit_entries_stay; DROP TRIGGER audit_anchors_keep; \
                 DROP TRIGGER audit_anchors_stay; DROP TRIGGER audit_heads_stay",
            )
            .unwrap(),
        Backend::Postgres => conn.batch_execute("SET session_replication_role = replica").unwrap(),
    }
}

/// The hash as the documentation says it is made, without a word of the program's own code for it.
fn hash_of(row: &Row) -> String {
    let (
        chain,
        seq,
        at,
        actor_id,
        actor_role,
        action,
        object_kind,
        object_id,
        result,
        request_id,
        address,
        device,
        content,
        previous,
        _,
    ) = row.clone();
    let sealed = json!({ "chain": chain, "seq": seq, "at": at.to_string(), "actor_id": actor_id, "actor_role": actor_role, "action": action,
        "object_kind": object_kind, "object_id": object_id, "result": result, "request_id": request_id, "address": address,
        "device": device, "content": content, "previous": previous });
    sha256_hex(canonical(&sealed).as_bytes())
}

impl Trail {
    /// One column of one entry. The fault must name that very entry.
    fn edit(&mut self) -> String {
        let (chain, seq) = self.any_row();
        let texts = [
            "actor_role",
            "action",
            "object_kind",
            "result",
            "request_id",
            "address",
            "device",
            "content",
            "previous",
            "hash",
        ];
        let micro = match self.conn.backend() {
            Backend::Sqlite => "at = at + 1",
            Backend::Postgres => "at = at + interval '1 microsecond'",
        };
        let change = match self.random.random_range(0..13) {
            0 => micro.to_owned(),
            1 => format!("actor_id = {}", self.id(uuid::Uuid::now_v7())),
            2 => format!("object_id = {}", self.id(uuid::Uuid::now_v7())),
            column => {
                let column = texts[column - 3];
                format!(
                    "{column} = coalesce({column}, '') || '{}'",
                    ['x', ' ', '0'][self.random.random_range(0..3)]
                )
            }
        };
        let at = self.is_at(chain, seq);
        self.sql(&format!("UPDATE audit_entries SET {change} WHERE {at}"));
        format!("chain {chain} entry {seq}:")
    }

    /// The entry behind a removed one, or the end of the chain, must be named.
    fn delete(&mut self) -> String {
        let (chain, seq) = self.any_row();
        let at = self.is_at(chain, seq);
        self.sql(&format!("DELETE FROM audit_entries WHERE {at}"));
        let named = if seq < self.length(chain) { seq + 1 } else { seq };
        format!("chain {chain} entry {named}:")
    }

    fn insert(&mut self) -> String {
        let (chain, seq) = self.any_row();
        let (target, at) = match self.random.random_range(0..3) {
            0 => (chain, self.length(chain) + 1),
            1 => (chain, -self.random.random_range(0..5)),
            _ => (ChainId(uuid::Uuid::now_v7()), 1),
        };
        let (target, from) = (self.id(target.0), self.is_at(chain, seq));
        self.sql(&format!(
            "INSERT INTO audit_entries SELECT {target}, {at}, at, actor_id, actor_role, action, object_kind, object_id, result, \
             request_id, address, device, content, previous, hash FROM audit_entries WHERE {from}"
        ));
        "chain ".into()
    }

    fn swap(&mut self) -> String {
        let (chain, one) = loop {
            let (chain, seq) = self.any_row();
            if self.length(chain) > 1 {
                break (chain, seq);
            }
        };
        let other = if one == self.length(chain) { one - 1 } else { one + 1 };
        for (from, to) in [(one, 1_000_000), (other, one), (1_000_000, other)] {
            let at = self.is_at(chain, from);
            self.sql(&format!("UPDATE audit_entries SET seq = {to} WHERE {at}"));
        }
        format!("chain {chain} entry {}:", one.min(other))
    }

    /// The tail cut off, and the head made to agree as far as that goes without the key.
    fn truncate(&mut self) -> String {
        let (chain, seq) = self.any_row();
        let id = self.id(chain.0);
        self.sql(&format!("DELETE FROM audit_entries WHERE chain = {id} AND seq >= {seq}"));
        if seq > 1 && self.random.random() {
            let hash = self.rows.iter().find(|row| row.0 == chain && row.1 == seq - 1).unwrap().14.clone();
            self.sql(&format!(
                "UPDATE audit_heads SET seq = {}, hash = '{hash}' WHERE chain = {id}",
                seq - 1
            ));
            return format!("chain {chain}");
        }
        "chain ".into()
    }

    /// Everything from one entry on told differently, every hash made anew, the head signed with another key.
    fn rewrite_tail(&mut self) -> String {
        let (chain, seq) = self.any_row();
        let tail = self.rows.iter().filter(|row| row.0 == chain && row.1 >= seq);
        let mut tail: Vec<Row> = tail.cloned().collect();
        tail[0].12 = json!({ "told": "differently" }).to_string();
        let mut previous = tail[0].13.clone();
        for row in &mut tail {
            row.13 = previous;
            row.14 = hash_of(row);
            previous = row.14.clone();
        }
        let statements: Vec<String> = tail
            .iter()
            .map(|row| {
                let at = self.is_at(chain, row.1);
                format!(
                    "UPDATE audit_entries SET content = '{}', previous = '{}', hash = '{}' WHERE {at}",
                    row.12.replace('\'', "''"),
                    row.13,
                    row.14
                )
            })
            .collect();
        self.sql(&statements.join(";"));
        let signature = match self.random.random() {
            true => format!(
                ", signature = '{}'",
                Keys::generate().sign(
                    format!("anlao audit head\n{chain}\n{}\n{previous}", self.length(chain)).as_bytes()
                )
            ),
            false => String::new(),
        };
        let id = self.id(chain.0);
        self.sql(&format!("UPDATE audit_heads SET hash = '{previous}'{signature} WHERE chain = {id}"));
        format!("chain {chain}")
    }

    fn drop_a_chain(&mut self) -> String {
        let chain = *self.chains().choose(&mut self.random).unwrap();
        let id = self.id(chain.0);
        self.sql(&format!(
            "DELETE FROM audit_entries WHERE chain = {id}; DELETE FROM audit_heads WHERE chain = {id}"
        ));
        format!("chain {chain} entry 1:")
    }

    fn change_a_head(&mut self) -> String {
        let chain = *self.chains().choose(&mut self.random).unwrap();
        let id = self.id(chain.0);
        let change = [
            "UPDATE audit_heads SET seq = seq + 1",
            "UPDATE audit_heads SET seq = seq - 1",
            "UPDATE audit_heads SET hash = signature",
            "UPDATE audit_heads SET signature = hash",
            "DELETE FROM audit_heads",
        ];
        let change = change.choose(&mut self.random).unwrap();
        self.sql(&format!("{change} WHERE chain = {id}"));
        format!("chain {chain}")
    }

    fn harm_an_anchor(&mut self) -> String {
        let anchor = *self.anchors.choose(&mut self.random).unwrap();
        let (id, other) = (self.id(anchor.0), self.id(uuid::Uuid::now_v7()));
        let change = [
            format!("DELETE FROM audit_anchors WHERE id = {id}"),
            "DELETE FROM audit_anchors".to_owned(),
            format!("UPDATE audit_anchors SET entries = entries - 1 WHERE id = {id}"),
            format!("UPDATE audit_anchors SET chains = chains + 1 WHERE id = {id}"),
            format!("UPDATE audit_anchors SET content = content || ' ' WHERE id = {id}"),
            format!("UPDATE audit_anchors SET signature = '' WHERE id = {id}"),
            format!("UPDATE audit_anchors SET id = {other} WHERE id = {id}"),
            format!(
                "INSERT INTO audit_anchors SELECT {other}, at, chains, entries, content, signature FROM audit_anchors WHERE id = {id}"
            ),
        ];
        let change = change.choose(&mut self.random).unwrap().clone();
        self.sql(&change);
        "anchor ".into()
    }
}

on_both_databases! {
    /// A thousand random tampers, each by the owner of the database, each found, the first bad entry named.
    every_tamper_is_found, app => {
        let mut trail = Trail::of(app).await;
        assert!(trail.chains().len() >= 5 && trail.rows.len() > 40, "{} entries", trail.rows.len());
        for (at, row) in trail.rows.iter().enumerate() {
            assert_eq!(row.14, hash_of(row), "row {at}: the hash is not made as documented");
        }
        let clean = trail.verify();
        assert_eq!(clean.faults, Vec::<String>::new());
        assert_eq!((clean.entries, clean.anchors), (trail.rows.len() as u64, 2));
        let kinds: [(&str, Tamper); 9] = [
            ("edit", Trail::edit), ("delete", Trail::delete), ("insert", Trail::insert), ("swap", Trail::swap), ("truncate", Trail::truncate),
            ("rewrite", Trail::rewrite_tail), ("drop a chain", Trail::drop_a_chain), ("head", Trail::change_a_head), ("anchor", Trail::harm_an_anchor),
        ];
        for at in 0..tampers(app) {
            let (kind, tamper) = if at % 2 == 0 { kinds[0] } else { kinds[at / 2 % kinds.len()] };
            trail.sql("BEGIN");
            let named = tamper(&mut trail);
            let found = trail.verify();
            trail.sql("ROLLBACK");
            let first = found.faults.first().unwrap_or_else(|| panic!("tamper {at} ({kind}, {named}) was not found"));
            assert!(first.starts_with(&named), "tamper {at} ({kind}): {first:?} does not name {named:?}");
        }
        assert_eq!(trail.verify().faults, Vec::<String>::new(), "all of it was undone");
    }
}

async fn exported(app: &TestApp) -> String {
    let (office, now) = (app.office().clone(), app.clock.now());
    let text = app.db().read(move |conn| {
        let mut out = Vec::new();
        audit::export(conn, &office.keys, now, &mut out)?;
        Ok(out)
    });
    String::from_utf8(text.await.unwrap()).unwrap()
}

/// Changes one thing in a text: a character, or whole lines.
fn disturb(text: &str, random: &mut StdRng) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (one, other) = (random.random_range(0..lines.len()), random.random_range(0..lines.len()));
    let mut changed: Vec<String> = lines.iter().map(ToString::to_string).collect();
    match random.random_range(0..8) {
        0 => drop(changed.remove(one)),
        1 => changed.insert(other, lines[one].to_owned()),
        2 => changed.swap(one, other),
        3 => changed.truncate(one.max(1)),
        _ => {
            let mut chars: Vec<char> = changed[one].chars().collect();
            let at = random.random_range(0..chars.len());
            match random.random_range(0..3) {
                0 => drop(chars.remove(at)),
                1 => chars.insert(at, ['0', 'a', ' ', '"', '养'][random.random_range(0..5)]),
                _ => chars[at] = ['1', 'b', ' ', '}', '老'][random.random_range(0..5)],
            }
            changed[one] = chars.into_iter().collect();
        }
    }
    changed.join("\n") + "\n"
}

on_both_databases! {
    /// The same for an export, with nothing but the file and the published key.
    every_edit_of_an_export_is_found, app => {
        let trail = Trail::of(app).await;
        let text = exported(app).await;
        let clean = audit::verify_export(text.as_bytes(), Some(&trail.public)).unwrap();
        assert_eq!((clean.faults, clean.entries), (Vec::new(), trail.rows.len() as u64));
        let mut random = StdRng::seed_from_u64(7);
        let mut tried = 0;
        while tried < tampers(app) {
            let changed = disturb(&text, &mut random);
            if changed == text {
                continue;
            }
            tried += 1;
            let found = audit::verify_export(changed.as_bytes(), Some(&trail.public));
            assert!(found.is_err() || found.is_ok_and(|report| !report.faults.is_empty()), "edit {tried} was not found");
        }
        // An edit inside an entry that leaves the form whole names the entry.
        let edited = text.replacen("hazard.fix_submitted", "hazard.fix_withdrawn", 1);
        let row = trail.rows.iter().find(|row| row.5 == "hazard.fix_submitted").unwrap();
        let found = audit::verify_export(edited.as_bytes(), Some(&trail.public)).unwrap();
        assert!(found.faults[0].starts_with(&format!("chain {} entry {}:", row.0, row.1)), "{:?}", found.faults);
        // The whole file made anew under another key agrees with itself, but not with the published key.
        let forged = Keys::generate();
        assert!(audit::verify_export(text.replace(&trail.public, &forged.audit_public()).as_bytes(), Some(&trail.public)).is_err());
    }
}

on_both_databases! {
    /// No false alarm: the trail and its export hold after every single step of its growth.
    a_growing_trail_always_holds, app => {
        let world = World::build(app).await;
        let public = app.office().keys.audit_public();
        for round in 0..40 {
            match round % 4 {
                0 => drop(world.found().await),
                1 => anchor(app).await,
                2 => drop(world.auditor.put(&format!("/hazards/{}", uuid::Uuid::now_v7()), &json!({})).await),
                _ => drop(world.manager.get("/me").await),
            }
            let key = public.clone();
            let report = app.db().read(move |conn| audit::verify(conn, &key, |_| {})).await.unwrap();
            assert_eq!(report.faults, Vec::<String>::new(), "round {round}");
            let text = exported(app).await;
            let report = audit::verify_export(text.as_bytes(), Some(&public)).unwrap();
            assert_eq!(report.faults, Vec::<String>::new(), "round {round}");
        }
        world.found().await;
        anchor(app).await;
        let (office, now) = (app.office().clone(), app.clock.now());
        let again = app.db().write(move |conn| audit::anchor(conn, &office.keys, now)).await.unwrap();
        assert!(again.is_none(), "an anchor is not made for its own announcement");
    }
}

/// How fast a long trail is verified; the figure is printed, not asserted.
#[test]
fn a_long_trail_is_verified_quickly() {
    const ENTRIES: usize = 20_000;
    TestApp::run(Backend::Sqlite, async |app| {
        let (office, now) = (app.office().clone(), app.clock.now());
        for chunk in 0..20 {
            let office = office.clone();
            app.db().write(move |conn| {
            for at in chunk * ENTRIES / 20..(chunk + 1) * ENTRIES / 20 {
                let entry = audit::Entry {
                    chain: ChainId::SYSTEM, action: "hazard.commented", object_kind: "hazard", object_id: Some(uuid::Uuid::now_v7()),
                    content: json!({ "action": at, "step": { "kind": "comment", "note": "已电话催办，机构答复本周内更换" }, "version": at }),
                };
                audit::record_as(conn, &office.keys, None, &anlao::access::Origin::default(), now, entry)?;
            }
            Ok(())
        }).await.unwrap();
        }
        let public = app.office().keys.audit_public();
        let started = std::time::Instant::now();
        let report =
            app.db().read_at_leisure(move |conn| audit::verify(conn, &public, |_| {})).await.unwrap();
        let rate = ENTRIES as f64 / started.elapsed().as_secs_f64();
        eprintln!("{ENTRIES} entries verified in {:?}: {rate:.0} a second", started.elapsed());
        assert_eq!((report.faults, report.entries), (Vec::new(), ENTRIES as u64));
        let heads =
            app.db().read(|conn| Ok(audit_heads::table.count().get_result::<i64>(conn)?)).await.unwrap();
        assert_eq!(heads, 1);
    });
}
