//! A folder, a database and a few people: what a server is started on, and what outlives it.

use crate::support::Photo;
use anlao::access::{Actor, Origin, Role, Scope, WriteTx};
use anlao::areas::routes::{AreaForm, register as register_area};
use anlao::clock::Clock;
use anlao::config::Config;
use anlao::db::{Backend, Conn, DatabaseUrl, Db};
use anlao::ids::{AreaId, InstitutionId, UserId};
use anlao::institutions::routes::{InstitutionForm, register as register_institution};
use anlao::keys::Keys;
use anlao::office::Office;
use anlao::refusal::Outcome;
use anlao::rules::Library;
use anlao::users::model::ScopeForm;
use anlao::users::routes::UserForm;
use anlao_testbed::Postgres;
use diesel::prelude::*;
use rand::RngCore;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// One institution, and those who act on its hazards.
pub struct Town {
    pub dir: TempDir,
    pub backend: Backend,
    pub database_url: String,
    /// Where the records and the photos are: a folder in `dir`, unless a test wants it elsewhere.
    pub data: PathBuf,
    pub home: InstitutionId,
    pub inspector: UserId,
    pub manager: UserId,
    pub admin: UserId,
    /// What servers on this town are told besides.
    pub variables: Vec<(String, String)>,
    office: Arc<Office>,
    pub database: Option<(&'static Postgres, String)>,
}

/// Access tokens of a fresh login each.
#[derive(Clone)]
pub struct Logins {
    pub inspector: String,
    pub manager: String,
}

pub const PASSWORD: &str = "四楼东侧的消防栓在走廊尽头左转";
/// Hashing is slow on purpose: once for all.
static HASH: LazyLock<String> = LazyLock::new(|| anlao::users::password::hash(PASSWORD).unwrap());

impl Town {
    /// `None`, said loudly, where PostgreSQL is wanted and not installed.
    pub fn build(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Sqlite => Some(Self::build_in(None, None)),
            Backend::Postgres => Some(Self::build_in(None, Some(anlao_testbed::postgres_or_skip()?))),
        }
    }

    /// A town whose data lie in this folder, or in one of its own, and whose records lie in this cluster, or in SQLite.
    pub fn build_in(data: Option<&Path>, cluster: Option<&'static Postgres>) -> Self {
        let dir = tempfile::Builder::new().prefix("anlao-faults-").tempdir().unwrap();
        let data = data.map_or_else(|| dir.path().join("data"), Path::to_owned);
        std::fs::create_dir_all(&data).unwrap();
        let database = cluster.map(|cluster| (cluster, format!("anlao_{}", uuid::Uuid::now_v7().simple())));
        let (backend, database_url) = match &database {
            None => (Backend::Sqlite, format!("sqlite:{}", data.join("anlao.db").display())),
            Some((cluster, name)) => (Backend::Postgres, cluster.create_database(name)),
        };
        let office = Arc::new(Office {
            zone: Config::load(None, &BTreeMap::new(), &BTreeMap::new()).unwrap().zone,
            keys: Keys::create(&dir.path().join("secret.toml")).unwrap(),
            rules: Library::embedded().unwrap(),
            policy: anlao::access::AccessPolicy::default(),
        });
        anlao::app::migrate_database(&DatabaseUrl::parse(&database_url).unwrap()).unwrap();
        let (home, inspector, manager) = (InstitutionId::fresh(), UserId::fresh(), UserId::fresh());
        let admin = UserId::fresh();
        let variables = Vec::new();
        let town = Self {
            dir,
            backend,
            database_url,
            data,
            home,
            inspector,
            manager,
            admin,
            variables,
            office,
            database,
        };
        town.settle();
        town
    }

    fn settle(&self) {
        let area_id = AreaId::fresh();
        let area =
            AreaForm { parent_id: None, code: "510900".into(), name: "遂宁市".into(), name_en: None };
        let institution: InstitutionForm = serde_json::from_value(serde_json::json!({
            "area_id": area_id, "name": "龙凤镇敬老院", "status": "operating", "ownership": "public",
            "beds": 80, "residents": 61, "disabled_residents": 22, "meal_supply": "own_canteen",
            "key_fire_unit": true
        }))
        .unwrap();
        let homes = ScopeForm::Institutions { institutions: vec![self.home] };
        let city = ScopeForm::Areas { areas: vec![area_id] };
        let all = [
            (self.inspector, "inspector", Role::Inspector, city),
            (self.manager, "manager", Role::Manager, homes),
            (self.admin, "admin", Role::Admin, ScopeForm::All),
        ];
        let home = self.home;
        self.write(move |tx| {
            register_area(tx, area_id, &area)?;
            register_institution(tx, home, &institution)?;
            for (id, name, role, scope) in &all {
                let form = UserForm {
                    username: (*name).to_owned(),
                    display_name: format!("{name} 同志"),
                    phone: None,
                    role: *role,
                    scope: scope.clone(),
                    locale: anlao::users::model::Locale::Chinese,
                    password: None,
                };
                anlao::users::routes::create(tx, *id, &form, Some(HASH.clone()))?;
            }
            Ok(())
        });
    }

    fn write<T: Send + 'static>(
        &self,
        mut change: impl FnMut(&mut WriteTx<'_>) -> Outcome<T> + Send + 'static,
    ) -> T {
        let db = Db::open(&self.url(), 1).unwrap();
        let (office, now) = (self.office.clone(), Clock::System.now());
        let change = move |conn: &mut Conn| {
            let system = UserId(uuid::Uuid::nil());
            let actor = Actor { id: system, role: Role::Admin, scope: Scope::All, session: None };
            change(&mut WriteTx { conn, actor: &actor, office: &office, origin: &Origin::default(), now })
        };
        // On a thread of its own: this one may be driving the phones.
        std::thread::scope(|scope| scope.spawn(|| db.write_blocking(change)).join()).unwrap().unwrap()
    }

    /// Logs everybody in without the cost of their passwords. Access tokens live for minutes: once per start.
    pub fn logins(&self) -> Logins {
        let people = [self.inspector, self.manager];
        let tokens: Vec<String> = self.write(move |tx| {
            let login = |id: &UserId| {
                let tokens =
                    anlao::sessions::login::start(tx.conn, &tx.office.keys, *id, None, tx.origin, tx.now)?;
                Ok(tokens.access)
            };
            people.iter().map(login).collect()
        });
        let [inspector, manager] = tokens.try_into().unwrap();
        Logins { inspector, manager }
    }

    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.database_url).unwrap()
    }

    /// What a server on this town must be told.
    pub fn environment(&self) -> Vec<(String, String)> {
        let secret = self.dir.path().join("secret.toml").display().to_string();
        let told = [
            ("ANLAO_DATA_DIR", self.data.display().to_string()),
            ("ANLAO_DATABASE_URL", self.database_url.clone()),
            ("ANLAO_SECRET_FILE", secret),
            ("ANLAO_LOG", "error".to_owned()),
            ("ANLAO_USER_RATES", "0".to_owned()),
        ];
        let told = told.map(|(name, value)| (name.to_owned(), value));
        told.into_iter().chain(self.variables.clone()).collect()
    }

    /// The first column of a query's rows, by a connection of the test's own.
    pub fn ask(&self, query: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = diesel::sql_types::Text)]
            line: String,
        }
        let mut conn = Conn::open(&self.url()).unwrap();
        let lines: Vec<Line> = diesel::sql_query(query).load(&mut conn).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some((cluster, name)) = &self.database {
            cluster.drop_database(name);
        }
    }
}

/// A photo that is nobody else's: a drawing with so many bytes of chance in its comments.
pub fn photo(role: &'static str, size: usize, chance: &mut impl RngCore) -> Photo {
    static DRAWING: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let pixels: Vec<u8> = (0..64 * 48 * 3_u32).map(|at| at as u8).collect();
        anlao_imaging::encode_jpeg(&pixels, 64, 48, 80).unwrap()
    });
    let mut bytes = DRAWING[..2].to_vec();
    let mut left = size.max(16);
    while left > 0 {
        let mut comment = vec![0; left.min(60_000)];
        chance.fill_bytes(&mut comment);
        left -= comment.len();
        bytes.extend([0xFF, 0xFE]);
        bytes.extend(u16::try_from(comment.len() + 2).unwrap().to_be_bytes());
        bytes.extend(comment);
    }
    bytes.extend(&DRAWING[2..]);
    Photo::jpeg(role, bytes)
}
