//! A full office to measure: areas, institutions, hazards, a running server.

use super::report::Figure;
use super::{Options, client};
use anlao::access::{Actor, Origin, Role, Scope, WriteTx};
use anlao::app::{Parts, Server};
use anlao::areas::routes::{AreaForm, register as register_area};
use anlao::checklists::Checklist;
use anlao::clock::Clock;
use anlao::config::Config;
use anlao::db::Instant;
use anlao::hazards::list::{self, Narrowing, Sort};
use anlao::hazards::register::{HazardForm, register};
use anlao::hazards::{DeadlineRules, queries};
use anlao::ids::{AreaId, HazardId, InstitutionId, UserId};
use anlao::institutions::routes::{InstitutionForm, register as register_institution};
use anlao::keys::Keys;
use anlao::office::Office;
use anlao::refusal::Outcome;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

pub struct Bench {
    options: Options,
    parts: Parts,
    config: Config,
    dir: tempfile::TempDir,
    address: String,
    county: AreaId,
    supervisor: UserId,
    inspector: UserId,
    homes: Vec<InstitutionId>,
    hazards: Vec<HazardId>,
}

/// Hazards written in one transaction while filling.
const BATCH: usize = 500;

impl Bench {
    pub fn build(options: &Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // One account asks all there is to ask: what it may ask in a minute is not what is measured.
        let flags = BTreeMap::from([
            ("data_dir", dir.path().display().to_string()),
            ("log", "error".to_owned()),
            ("user_rates", "0".to_owned()),
        ]);
        let config = Config::load(None, &BTreeMap::new(), &flags).unwrap();
        let parts = open(&config);
        let mut bench = Self {
            options: options.clone(),
            parts,
            config,
            dir,
            address: String::new(),
            county: AreaId::fresh(),
            supervisor: UserId::fresh(),
            inspector: UserId::fresh(),
            homes: Vec::new(),
            hazards: Vec::new(),
        };
        bench.fill();
        bench.serve();
        bench
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
        let (county, institutions) = (self.county, self.options.institutions);
        let people = [
            (self.supervisor, "supervisor", Role::Supervisor),
            (self.inspector, "inspector", Role::Inspector),
        ];
        self.homes = self.as_somebody(UserId::fresh(), now, move |tx| {
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
            let mut homes = Vec::new();
            for at in 0..institutions {
                let id = InstitutionId::fresh();
                let place = if at.is_multiple_of(5) { county } else { others[at % 5 - 1] };
                let form = json!({ "area_id": place, "name": format!("养老院{at}"), "ownership": "public", "beds": 60 });
                let form: InstitutionForm = serde_json::from_value(form).unwrap();
                register_institution(tx, id, &form)?;
                homes.push(id);
            }
            Ok(homes)
        });
        self.fill_hazards(now);
    }

    /// Registers hazards over the past year; all but the newest few per cent are closed at once.
    fn fill_hazards(&mut self, now: Instant) {
        let total = self.options.hazards;
        let began = std::time::Instant::now();
        for first in (0..total).step_by(BATCH) {
            let homes = self.homes.clone();
            let batch: Vec<usize> = (first..(first + BATCH).min(total)).collect();
            let ids = self.as_somebody(self.inspector, now, move |tx| {
                batch.iter().map(|at| one_hazard(tx, &homes, *at, total, now)).collect::<Outcome<Vec<_>>>()
            });
            self.hazards.extend(ids);
        }
        eprintln!("filled with {total} hazards in {:.1} s", began.elapsed().as_secs_f64());
    }

    fn serve(&mut self) {
        let server =
            Server::bind("127.0.0.1:0".parse().unwrap(), self.parts.clone(), self.config.threads).unwrap();
        self.address = server.address().unwrap().to_string();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move { server.run().unwrap().await }).unwrap();
        });
    }

    fn token(&self, id: UserId) -> String {
        let now = self.parts.clock.now();
        let start = move |tx: &mut WriteTx<'_>| {
            anlao::sessions::login::start(tx.conn, &tx.office.keys, id, None, tx.origin, now)
        };
        self.as_somebody(id, now, start).access
    }

    /// Lets a client process send these requests and measures this process meanwhile.
    pub fn http(&self, name: &str, against: Option<&Figure>, requests: &[String]) -> Figure {
        let file = self.dir.path().join("requests.txt");
        std::fs::write(&file, requests.join("\n")).unwrap();
        let token = self.token(if requests[0].starts_with("PUT") { self.inspector } else { self.supervisor });
        let before = cpu();
        let client = Command::new(std::env::current_exe().unwrap())
            .args(["--client", &file.display().to_string(), "--address", &self.address, "--token", &token])
            .args(["--seconds", &self.options.seconds.to_string()])
            .args(["--connections", &self.options.connections.to_string()])
            .output()
            .unwrap();
        let used = cpu() - before;
        assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
        let outcome = client::parse(&String::from_utf8(client.stdout).unwrap());
        let per_second = outcome.requests as f64 / outcome.seconds;
        Figure {
            name: name.into(),
            per_second,
            p50: outcome.p50,
            p99: outcome.p99,
            cpu: used / outcome.requests as u32,
            ratio: against.map_or(1.0, |other| per_second / other.per_second),
            against: against.map_or_else(String::new, |other| other.name.clone()),
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

    /// More registrations than can be done in the time.
    pub fn registrations(&self, seconds: u64) -> Vec<String> {
        let now = self.parts.clock.now();
        let one = |at: usize| {
            let form = json!({ "institution_id": self.homes[at % self.homes.len()], "category": "electricity", "checklist_item": "E03",
                "location": format!("{at}室床头"), "description": "移动插排串接，给气垫床供电", "severity": "general", "found_at": now,
                "evidence": [{ "id": uuid::Uuid::now_v7(), "sha256": "0".repeat(64), "role": "before", "media_type": "image/jpeg", "size": 200_000 }] });
            format!("PUT /api/v1/hazards/{} {form}", HazardId::fresh())
        };
        (0..20_000 * seconds as usize).map(one).collect()
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
        let (began, before) = (std::time::Instant::now(), cpu());
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
        Figure {
            name: name.into(),
            per_second,
            p50: Duration::ZERO,
            p99: Duration::ZERO,
            cpu: (cpu() - before) / done as u32,
            ratio: http.per_second / per_second,
            against: "HTTP rate / this".into(),
        }
    }

    /// Opens the same database again, as a start does.
    pub fn reopen(&self) -> Parts {
        open(&self.config)
    }
}

fn open(config: &Config) -> Parts {
    let office = Office {
        zone: config.zone,
        keys: Keys::generate(),
        policy: config.policy.clone(),
        checklist: Checklist::embedded().unwrap(),
        deadlines: DeadlineRules::embedded().unwrap(),
    };
    Parts::open(config, office, Clock::System, true).unwrap()
}

fn one_hazard(
    tx: &mut WriteTx<'_>,
    homes: &[InstitutionId],
    at: usize,
    total: usize,
    now: Instant,
) -> Outcome<HazardId> {
    let id = HazardId::fresh();
    let age = TimeDelta::minutes((total - at) as i64 * 500_000 / total as i64);
    let closed = !at.is_multiple_of(20);
    let form = json!({ "institution_id": homes[at * 31 % homes.len()], "category": (["electricity", "fire", "gas", "food", "other"])[at % 5],
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

/// Processor time of this process so far.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let words: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}
