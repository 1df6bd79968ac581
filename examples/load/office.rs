//! A full office to measure: areas, institutions, hazards, and what is asked of it.

use super::program::{Program, cpu};
use super::report::{Figure, median};
use super::{Options, client};
use anlao::access::{Actor, Origin, Role, Scope, WriteTx};
use anlao::app::Parts;
use anlao::areas::routes::{AreaForm, register as register_area};
use anlao::clock::Clock;
use anlao::config::Config;
use anlao::db::Instant;
use anlao::hazards::list::{self, Narrowing, Sort};
use anlao::hazards::queries;
use anlao::hazards::register::{HazardForm, register};
use anlao::ids::{AreaId, HazardId, InstitutionId, UserId};
use anlao::institutions::routes::{InstitutionForm, register as register_institution};
use anlao::keys::Keys;
use anlao::office::Office;
use anlao::refusal::Outcome;
use anlao::rules::Library;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How an office is filled.
#[derive(Clone, Copy)]
pub struct Size {
    pub institutions: usize,
    /// Registered one by one, by the rules.
    pub hazards: usize,
    /// How many of them are still open.
    pub open: usize,
}

pub struct Bench {
    pub options: Options,
    pub parts: Parts,
    pub config: Config,
    size: Size,
    dir: tempfile::TempDir,
    county: AreaId,
    supervisor: UserId,
    inspector: UserId,
    hazards: Vec<HazardId>,
}

/// Hazards written in one transaction while filling.
const BATCH: usize = 500;

impl Bench {
    /// Fills a new folder; the records go into `database_url`, or into the folder when it is empty.
    pub fn build(options: &Options, size: Size, database_url: &str) -> Self {
        // Beside the build: a temporary folder may be in memory, where a flush costs nothing.
        std::fs::create_dir_all("target").unwrap();
        let here = std::env::current_dir().unwrap().join("target");
        let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(here).unwrap();
        let flags = BTreeMap::from([
            ("data_dir", dir.path().display().to_string()),
            ("database_url", database_url.to_owned()),
            ("log", "error".to_owned()),
        ]);
        let config = Config::load(None, &BTreeMap::new(), &flags).unwrap();
        let parts = open(&config);
        let mut bench = Self {
            options: options.clone(),
            parts,
            config,
            size,
            dir,
            county: AreaId::fresh(),
            supervisor: UserId::fresh(),
            inspector: UserId::fresh(),
            hazards: Vec::new(),
        };
        bench.fill();
        bench
    }

    /// Hazards that were registered by the rules: the first in the table.
    pub fn registered(&self) -> usize {
        self.size.hazards
    }

    fn as_somebody<T: Send + 'static>(
        &self,
        id: UserId,
        now: Instant,
        mut change: impl FnMut(&mut WriteTx<'_>) -> Outcome<T> + Send + 'static,
    ) -> T {
        let office = self.parts.office.clone();
        let write = move |conn: &mut anlao::db::Conn| {
            let role = Role::Supervisor;
            let actor = Actor { id, role, scope: Scope::All, session: None };
            change(&mut WriteTx { conn, actor: &actor, office: &office, origin: &Origin::default(), now })
        };
        self.parts.db.write_blocking(write).unwrap()
    }

    fn fill(&mut self) {
        let now = self.parts.clock.now();
        let (county, institutions) = (self.county, self.size.institutions);
        let people = [
            (self.supervisor, "supervisor", Role::Supervisor),
            (self.inspector, "inspector", Role::Inspector),
        ];
        self.as_somebody(UserId::fresh(), now, move |tx| {
            let city = AreaId::fresh();
            let area = |parent_id, code: &str| AreaForm { parent_id, code: code.into(), name: code.into(), name_en: None };
            register_area(tx, city, &area(None, "510900"))?;
            register_area(tx, county, &area(Some(city), "510903"))?;
            let others: Vec<AreaId> = (0..4).map(|_| AreaId::fresh()).collect();
            for (at, other) in others.iter().enumerate() {
                register_area(tx, *other, &area(Some(city), &format!("51090{}", at + 4)))?;
            }
            for (id, name, role) in people {
                let form = json!({ "username": name, "display_name": name, "role": role, "scope": { "kind": "areas", "areas": [city] } });
                let form = serde_json::from_value(form).unwrap();
                anlao::users::routes::create(tx, id, &form, None)?;
            }
            for at in 0..institutions {
                let id = nth_institution(at);
                let place = if at.is_multiple_of(5) { county } else { others[at % 5 - 1] };
                let form = json!({ "area_id": place, "name": format!("养老院{at}"), "ownership": "public", "beds": 60 });
                let form: InstitutionForm = serde_json::from_value(form).unwrap();
                register_institution(tx, id, &form)?;
            }
            Ok(())
        });
        self.fill_hazards(now);
    }

    fn fill_hazards(&mut self, now: Instant) {
        let size = self.size;
        let began = std::time::Instant::now();
        for first in (0..size.hazards).step_by(BATCH) {
            let batch: Vec<usize> = (first..(first + BATCH).min(size.hazards)).collect();
            let ids = self.as_somebody(self.inspector, now, move |tx| {
                batch.iter().map(|at| one_hazard(tx, size, *at, now)).collect::<Outcome<Vec<_>>>()
            });
            self.hazards.extend(ids);
        }
        let seconds = began.elapsed().as_secs_f64();
        eprintln!("filled with {} hazards, {} of them open, in {seconds:.1} s", size.hazards, size.open);
    }

    /// The real program on these records. `options` are added to the database's URL.
    pub fn start(&self, options: &str) -> Program {
        let url = self.config.sourced.iter().find(|one| one.key == "database_url").unwrap();
        let (supervisor, inspector) = (self.token(self.supervisor), self.token(self.inspector));
        Program::start(self.dir.path(), &format!("{}{options}", url.value), supervisor, inspector)
    }

    /// The real program on a copy of these records, in SQLite. Nobody may be writing.
    pub fn start_on_copy(&self, folder: &Path) -> Program {
        let (supervisor, inspector) = (self.token(self.supervisor), self.token(self.inspector));
        for name in ["anlao.db", "anlao.db-wal", "secret.toml"] {
            std::fs::copy(self.dir.path().join(name), folder.join(name)).unwrap();
        }
        let url = format!("sqlite:{}", folder.join("anlao.db").display());
        Program::start(folder, &url, supervisor, inspector)
    }

    /// A folder on the same disk.
    pub fn folder_beside(&self) -> tempfile::TempDir {
        tempfile::Builder::new().prefix("copy-").tempdir_in(self.dir.path()).unwrap()
    }

    fn token(&self, id: UserId) -> String {
        let now = self.parts.clock.now();
        let start = move |tx: &mut WriteTx<'_>| {
            anlao::sessions::login::start(tx.conn, &tx.office.keys, id, None, tx.origin, now)
        };
        self.as_somebody(id, now, start).access
    }

    /// The middle of some rounds: a client process sends these requests while the program is measured.
    pub fn http(
        &self,
        name: &str,
        program: &Program,
        against: Option<&Figure>,
        requests: impl Fn() -> Vec<String>,
    ) -> Figure {
        let rounds = (0..self.options.rounds).map(|_| self.one_round(name, program, &requests(), None));
        let figure = median(rounds.collect());
        match against {
            Some(other) => {
                let ratio = figure.per_second.unwrap() / other.per_second.unwrap();
                figure.against(ratio, &format!("rate of {}", other.name))
            }
            None => figure,
        }
    }

    pub fn one_round(
        &self,
        name: &str,
        program: &Program,
        requests: &[String],
        photo: Option<&Path>,
    ) -> Figure {
        let file = self.dir.path().join("requests.txt");
        std::fs::write(&file, requests.join("\n")).unwrap();
        let token = if requests[0].starts_with("PUT") { &program.inspector } else { &program.supervisor };
        let mut client = Command::new(std::env::current_exe().unwrap());
        client
            .args(["--client", &file.display().to_string(), "--address", &program.address, "--token", token])
            .args(["--seconds", &self.options.seconds.to_string()])
            .args(["--connections", &self.options.connections.to_string()]);
        if let Some(photo) = photo {
            client.arg("--photo").arg(photo);
        }
        let before = program.cpu();
        let client = client.output().unwrap();
        let used = program.cpu() - before;
        let said = String::from_utf8_lossy(&client.stderr);
        assert!(client.status.success(), "{said}");
        let outcome = client::parse(&String::from_utf8(client.stdout).unwrap());
        assert!(outcome.failures == 0, "{} failures\n{said}", outcome.failures);
        Figure {
            per_second: Some(outcome.requests as f64 / outcome.seconds),
            p50: Some(outcome.p50),
            p99: Some(outcome.p99),
            cpu: Some(used / outcome.requests as u32),
            ..Figure::named(name)
        }
    }

    pub fn static_requests(&self) -> Vec<String> {
        vec!["GET /healthz".into(); self.options.connections]
    }

    pub fn point_requests(&self) -> Vec<String> {
        let step = (self.hazards.len() / 4096).max(1);
        self.hazards.iter().step_by(step).map(|id| format!("GET /api/v1/hazards/{id}")).collect()
    }

    pub fn list_requests(&self) -> Vec<String> {
        let path = format!("GET /api/v1/hazards?overdue=true&sort=deadline&limit=50&area_id={}", self.county);
        vec![path; self.options.connections]
    }

    pub fn overview_requests(&self) -> Vec<String> {
        vec!["GET /api/v1/overview".into(); self.options.connections]
    }

    /// One hazard that is there.
    pub fn one_read(&self) -> String {
        format!("GET /api/v1/hazards/{}", self.hazards[self.hazards.len() / 2])
    }

    /// More registrations than can be done in the time, at institutions as they come.
    pub fn registrations(&self) -> Vec<String> {
        let homes = self.size.institutions;
        let one = |at: usize| {
            let home = nth_institution(at.wrapping_mul(2_654_435_761) / 128 % homes);
            self.registration(HazardId::fresh(), home, at, uuid::Uuid::now_v7(), &"0".repeat(64), 200_000)
        };
        (0..20_000 * self.options.seconds as usize).map(one).collect()
    }

    /// A hazard with one photo to follow.
    pub fn registration(
        &self,
        id: HazardId,
        home: InstitutionId,
        room: usize,
        photo: uuid::Uuid,
        sha256: &str,
        size: usize,
    ) -> String {
        let form = json!({ "institution_id": home, "category": "electricity", "checklist_item": "E03",
            "location": format!("{room}室床头"), "description": "移动插排串接，给气垫床供电", "severity": "general",
            "found_at": self.parts.clock.now(),
            "evidence": [{ "id": photo, "sha256": sha256, "role": "before", "media_type": "image/jpeg", "size": size }] });
        format!("PUT /api/v1/hazards/{id} {form}")
    }

    /// The same reads as over HTTP, straight on the database threads.
    pub fn queries(&self, name: &str, http: &Figure) -> Figure {
        let ids = self.hazards.clone();
        let office = self.parts.office.clone();
        let (actor, now) = (self.reader(), self.parts.clock.now());
        self.in_process(name, http, move |conn, at| {
            let id = ids[at * 7919 % ids.len()];
            let hazard = queries::find(conn, &actor.scope, id)?;
            let mut tx = anlao::access::ReadTx { conn, actor: &actor, office: &office, now };
            anlao::hazards::view::detail(&mut tx, hazard).map(|_| ())
        })
    }

    pub fn list_queries(&self, name: &str, http: &Figure) -> Figure {
        let office = self.parts.office.clone();
        let (actor, now, county) = (self.reader(), self.parts.clock.now(), self.county);
        self.in_process(name, http, move |conn, _| {
            let area = anlao::areas::queries::find(conn, &actor.scope, county)?;
            let narrowing =
                Narrowing { area: Some(area), overdue_on: Some(office.date(now)), ..Narrowing::default() };
            let found = list::list(conn, &actor.scope, &narrowing, Sort::parse("deadline").unwrap(), 51)?;
            let mut tx = anlao::access::ReadTx { conn, actor: &actor, office: &office, now };
            anlao::hazards::view::many(&mut tx, found).map(|_| ())
        })
    }

    fn reader(&self) -> Actor {
        Actor { id: self.supervisor, role: Role::Supervisor, scope: Scope::All, session: None }
    }

    fn in_process(
        &self,
        name: &str,
        http: &Figure,
        work: impl Fn(&mut anlao::db::Conn, usize) -> Outcome<()> + Send + Sync + Clone + 'static,
    ) -> Figure {
        let length = Duration::from_secs(self.options.seconds);
        let (began, [before, _]) = (std::time::Instant::now(), cpu("self"));
        let done: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.config.database_threads)
                .map(|thread| {
                    let work = work.clone();
                    scope.spawn(move || {
                        let mut done = 0;
                        while began.elapsed() < length {
                            let (work, at) = (work.clone(), thread * 31 + done);
                            let round = move |conn: &mut anlao::db::Conn| {
                                (0..50).try_for_each(|i| work(conn, at + i))
                            };
                            self.parts.db.read_blocking(round).unwrap();
                            done += 50;
                        }
                        done
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        let per_second = done as f64 / began.elapsed().as_secs_f64();
        let [after, _] = cpu("self");
        let figure = Figure {
            per_second: Some(per_second),
            cpu: Some((after - before) / done as u32),
            ..Figure::named(name)
        };
        figure.against(http.per_second.unwrap() / per_second, "rate over HTTP / this")
    }
}

fn open(config: &Config) -> Parts {
    let office = Office {
        zone: config.zone,
        keys: Keys::create(&config.data_dir.join("secret.toml")).unwrap(),
        policy: config.policy.clone(),
        rules: Library::embedded().unwrap(),
    };
    Parts::open(config, office, Clock::System, true).unwrap()
}

/// Institutions have ids that can be computed, so that other clients can name them too.
pub fn nth_institution(at: usize) -> InstitutionId {
    InstitutionId(format!("00000001-0000-7000-8000-{at:012x}").parse().unwrap())
}

/// Hazards of a year. Closed and open ones alternate evenly; of the open ones nine in ten were found within the
/// last 45 days, the tenth within the last 300, so that there are deadlines to come, missed ones and long missed
/// ones at every institution.
fn one_hazard(tx: &mut WriteTx<'_>, size: Size, at: usize, now: Instant) -> Outcome<HazardId> {
    let id = HazardId::fresh();
    let (before, after) = (at * size.open / size.hazards, (at + 1) * size.open / size.hazards);
    let closed = before == after;
    let minutes = if closed {
        (size.hazards - at) * 500_000 / size.hazards
    } else {
        let days = if before.is_multiple_of(10) { 300 } else { 45 };
        before * 7919 % (days * 1440)
    };
    let age = TimeDelta::minutes(minutes as i64);
    let form = json!({ "institution_id": nth_institution(at * 31 % size.institutions),
        "category": (["electricity", "fire", "gas", "food", "other"])[at / 2 % 5],
        "location": format!("{}室", at % 977), "description": "移动插排串接，给气垫床供电", "severity": "general",
        "found_at": now.plus(-age), "fixed_on_spot": closed, "measure": if closed { Some("已拆除") } else { None } });
    let form: HazardForm = serde_json::from_value(form).unwrap();
    let hazard = register(tx, id, &form)?.hazard;
    if closed {
        let mut after = hazard.clone();
        anlao::hazards::lifecycle::close(&mut after, tx.actor.id, tx.now);
        after.version += 1;
        queries::update(tx.conn, &hazard, &after)?;
    }
    Ok(id)
}
