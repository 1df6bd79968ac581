use super::people::Person;
use anlao::access::{Actor, Origin, Role, Scope, WriteTx};
use anlao::app::{Parts, Server};
use anlao::clock::Clock;
use anlao::config::Config;
use anlao::db::{Backend, DatabaseUrl, Db, Instant};
use anlao::ids::UserId;
use anlao::keys::Keys;
use anlao::office::Office;
use anlao::refusal::Outcome;
use anlao::rules::Library;
use anlao::users::model::ScopeForm;
use anlao::users::routes::UserForm;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// Where a test's photos go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Folder,
    S3,
}

/// A server of one test's own, on a free port, with a clock that stands still.
pub struct TestApp {
    pub base: String,
    pub http: reqwest::Client,
    pub clock: Clock,
    pub parts: Parts,
    pub backend: Backend,
    pub config: Config,
    pub dir: TempDir,
    pub s3: Option<anlao_testbed::S3>,
    database: Option<String>,
}

/// Ten in the morning of Tuesday 10 March 2026 in Shanghai.
pub fn start_of_tests() -> Instant {
    "2026-03-10T02:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
}

/// The password of everybody in the tests, hashed once: hashing is slow on purpose.
pub const PASSWORD: &str = "四楼东侧的消防栓在走廊尽头左转";
static HASH: LazyLock<String> = LazyLock::new(|| anlao::users::password::hash(PASSWORD).unwrap());

/// A migrated PostgreSQL database that each test's own is a copy of.
static TEMPLATE: LazyLock<()> = LazyLock::new(|| {
    let url = postgres().create_database("anlao_template");
    let mut conn = anlao::db::Conn::open(&DatabaseUrl::parse(&url).unwrap()).unwrap();
    anlao::db::migrate(&mut conn).unwrap();
});

fn postgres() -> &'static anlao_testbed::Postgres {
    anlao_testbed::postgres()
        .unwrap_or_else(|missing| panic!("PostgreSQL is needed for this test: {}", missing.0))
}

impl TestApp {
    /// Runs one test on a fresh server and takes everything down afterwards.
    pub fn run(backend: Backend, test: impl AsyncFnOnce(&Self)) {
        Self::run_with(backend, Store::Folder, test);
    }

    pub fn run_with(backend: Backend, store: Store, test: impl AsyncFnOnce(&Self)) {
        Self::run_under(backend, store, &[], test);
    }

    /// The same under settings of the test's own, by their keys.
    pub fn run_under(
        backend: Backend,
        store: Store,
        settings: &[(&'static str, &str)],
        test: impl AsyncFnOnce(&Self),
    ) {
        // Says loudly what is not tried where PostgreSQL is missing; under CI that is a failure.
        if backend == Backend::Postgres && anlao_testbed::postgres_or_skip().is_none() {
            return;
        }
        let app = Self::open(backend, store, settings);
        actix_web::rt::System::new().block_on(async move {
            let mut app = app;
            let server = Server::bind("127.0.0.1:0".parse().unwrap(), app.parts.clone(), 2).unwrap();
            app.base = format!("http://{}", server.address().unwrap());
            let running = server.run().unwrap();
            let handle = running.handle();
            let serving = actix_web::rt::spawn(running);
            test(&app).await;
            handle.stop(false).await;
            serving.await.unwrap().unwrap();
            let database = app.database.clone();
            drop(app);
            if let Some(name) = database {
                postgres().drop_database(&name);
            }
        });
    }

    fn open(backend: Backend, store: Store, settings: &[(&'static str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (url, database) = match backend {
            Backend::Sqlite => (format!("sqlite:{}", dir.path().join("anlao.db").display()), None),
            Backend::Postgres => {
                LazyLock::force(&TEMPLATE);
                let name = format!("anlao_{}", uuid::Uuid::now_v7().simple());
                (postgres().create_from_template("anlao_template", &name), Some(name))
            }
        };
        let (s3, evidence, environment) = match store {
            Store::Folder => {
                (None, format!("file:{}", dir.path().join("evidence").display()), BTreeMap::new())
            }
            Store::S3 => {
                let s3 = anlao_testbed::S3::start();
                let environment = BTreeMap::from([
                    ("AWS_ENDPOINT_URL".to_owned(), s3.endpoint.clone()),
                    ("AWS_ACCESS_KEY_ID".to_owned(), s3.access_key.clone()),
                    ("AWS_SECRET_ACCESS_KEY".to_owned(), s3.secret_key.clone()),
                    ("AWS_REGION".to_owned(), s3.region.clone()),
                ]);
                let url = format!("s3://{}/evidence", s3.bucket);
                (Some(s3), url, environment)
            }
        };
        let mut flags = BTreeMap::from([
            ("data_dir", dir.path().display().to_string()),
            ("database_url", url),
            ("evidence_url", evidence),
            ("database_threads", "4".to_owned()),
            ("user_rates", "0".to_owned()),
        ]);
        flags.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
        let config = Config::load(None, &environment, &flags).unwrap();
        let clock = Clock::fixed(start_of_tests());
        let office = Office {
            zone: config.zone,
            keys: Keys::generate(),
            policy: config.policy.clone(),
            rules: Library::embedded().unwrap(),
        };
        let parts = Parts::open(&config, office, clock.clone(), true).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base: String::new(), http, clock, parts, backend, config, dir, s3, database }
    }

    pub fn db(&self) -> &Db {
        &self.parts.db
    }

    pub fn office(&self) -> &Arc<Office> {
        &self.parts.office
    }

    /// Changes records as an administrator of everything, without HTTP.
    pub async fn as_system<T: Send + 'static>(
        &self,
        mut change: impl FnMut(&mut WriteTx<'_>) -> Outcome<T> + Send + 'static,
    ) -> T {
        let (office, now) = (self.office().clone(), self.clock.now());
        let system = UserId(uuid::Uuid::nil());
        self.db()
            .write(move |conn| {
                let actor = Actor { id: system, role: Role::Admin, scope: Scope::All, session: None };
                change(&mut WriteTx { conn, actor: &actor, office: &office, origin: &Origin::default(), now })
            })
            .await
            .unwrap()
    }

    /// Somebody with this role and scope, logged in.
    pub async fn person(&self, username: &str, role: Role, scope: ScopeForm) -> Person {
        let form = UserForm {
            username: username.to_owned(),
            display_name: format!("{username} 同志"),
            phone: None,
            role,
            scope,
            locale: anlao::users::model::Locale::Chinese,
            password: None,
        };
        let id = UserId::fresh();
        let tokens = self
            .as_system(move |tx| {
                anlao::users::routes::create(tx, id, &form, Some(HASH.clone()))?;
                anlao::sessions::login::start(tx.conn, &tx.office.keys, id, None, tx.origin, tx.now)
            })
            .await;
        Person::new(self, id, username, Some(tokens.access), Some(tokens.refresh))
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Person {
        Person::new(self, UserId(uuid::Uuid::nil()), "anonymous", None, None)
    }
}
