//! The application as a value: built from its configuration, bound to its address, run until told to stop.

use crate::access::Gate;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Conn, DatabaseUrl, Db, SchemaError, migrate, migrations_pending};
use crate::draining::Draining;
use crate::evidence::derivatives::Derivatives;
use crate::evidence::routes::Vault;
use crate::evidence::store::{Store, StoreConfig};
use crate::health::Readiness;
use crate::http::{Connection, Connections, Limits, Serving, TrustedProxies};
use crate::http::{asset, docs_redirect, envelope, fallback, openapi};
use crate::metrics;
use crate::office::Office;
use crate::{
    areas, audit, campaigns, checklists, compliance, drills, evidence, external_orders, hazards, inspections,
    institutions, jobs, ledger, notices, plans, residents, rosters, rules, self_checks, sessions, staff,
    supervision, trainings, users, warnings,
};
use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService, Request};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpResponse, HttpServer, middleware, web};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use utoipa::openapi::OpenApi as OpenApiDocument;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

/// Every operation of the API, domain by domain: the one place where routes are mounted.
fn api(api: &mut ServiceConfig<'_>) {
    api.configure(sessions::routes::routes)
        .configure(users::routes::routes)
        .configure(users::own::routes::routes)
        .configure(users::password_tokens::routes::routes)
        .configure(users::second_factor::routes::routes)
        .configure(areas::routes::routes)
        .configure(institutions::routes::routes)
        .configure(checklists::routes::routes)
        .configure(rules::routes::routes)
        .configure(hazards::routes::routes)
        .configure(evidence::routes::routes)
        .configure(inspections::routes::routes)
        .configure(external_orders::routes::routes)
        .configure(self_checks::routes::routes)
        .configure(staff::routes::routes)
        .configure(rosters::routes::routes)
        .configure(residents::routes::routes)
        .configure(trainings::routes::routes)
        .configure(warnings::routes::routes)
        .configure(compliance::routes::routes)
        .configure(campaigns::routes::routes)
        .configure(drills::routes::routes)
        .configure(notices::routes::routes)
        .configure(plans::routes::routes)
        .configure(supervision::routes::routes)
        .configure(ledger::routes::routes)
        .configure(audit::routes::routes)
        .configure(jobs::routes::routes);
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Anlao API", description = include_str!("../openapi/introduction.md"), license(name = "Apache-2.0", identifier = "Apache-2.0")),
    components(schemas(crate::http::Problem, crate::http::FieldProblem)),
    tags(
        (name = "auth", description = "Logging in and staying logged in."),
        (name = "users", description = "Accounts: who may log in, in which role, over which places."),
        (name = "areas", description = "Areas (行政区划)."),
        (name = "campaigns", description = "Campaigns (专项行动): rounds of inspection, draws, coverage."),
        (name = "institutions", description = "Elder-care institutions (养老机构)."),
        (name = "checklists", description = "What there is to check (检查事项)."),
        (name = "rules", description = "The rule library (规则库): what is in force where, and since when."),
        (name = "hazards", description = "Hazards (隐患) from finding to closing."),
        (name = "evidence", description = "Photos and documents that stand up after an accident."),
        (name = "inspections", description = "Inspections (检查): planned, handed in once, amended, never rewritten."),
        (name = "external_orders", description = "Orders of other authorities (外部指令)."),
        (name = "self_checks", description = "What institutions check by themselves (自查), and what is missing of it."),
        (name = "staff", description = "The people who work in a home (工作人员)."),
        (name = "rosters", description = "Who commands in the first minutes (现场指挥官): shifts, assignments, succession, hand-overs."),
        (name = "residents", description = "The residents' evacuation table (帮扶对应表) and whether the night is enough for it."),
        (name = "trainings", description = "Trainings and safety education (培训、宣传教育): what was held, what is due."),
        (name = "warnings", description = "Warnings (预警): relayed to the homes of an area, acknowledged, reported on until the all-clear."),
        (name = "drills", description = "Drills (演练) and real events: planned, recorded once, evaluated; every problem is followed up."),
        (name = "compliance", description = "What institutions owe of plans, drills, rosters and training, and the next valid drill."),
        (name = "notices", description = "Notices to institutions (责令限期整改通知书) and their companion papers."),
        (name = "plans", description = "Plans for fire-fighting and evacuation (灭火和应急疏散预案), edition by edition."),
        (name = "ledger", description = "Ledgers (台账) and lists from spreadsheets, and ledgers to spreadsheets."),
        (name = "overview", description = "Totals for supervisors."),
        (name = "audit", description = "The audit trail."),
        (name = "jobs", description = "Background work."),
    )
)]
struct Described;

/// The OpenAPI 3.1 document of exactly the routes that are served.
pub fn document() -> &'static OpenApiDocument {
    static DONE: OnceLock<&'static OpenApiDocument> = OnceLock::new();
    DONE.get_or_init(|| {
        let described = <Described as utoipa::OpenApi>::openapi();
        let (_, collected) = App::new()
            .into_utoipa_app()
            .openapi(described)
            .service(scope("/api/v1").configure(api))
            .split_for_parts();
        openapi::publish(openapi::complete(collected))
    })
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Open(#[from] crate::db::OpenError),
    #[error("{0}")]
    Migrate(#[from] SchemaError),
    #[error("the database is older than this program; run `anlao migrate`, or start without --no-migrate")]
    NotMigrated,
    #[error("{0}")]
    Evidence(String),
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
    #[error("cannot use {path}: {error}")]
    Folder { path: PathBuf, error: std::io::Error },
}

/// What a running application is made of; tests and the command line use the parts directly.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub office: Arc<Office>,
    pub clock: Clock,
    pub vault: Vault,
    pub limits: Arc<Limits>,
    pub draining: Draining,
}

impl Parts {
    /// Opens the records and the evidence store. With `may_migrate` the schema is brought up to date first.
    pub fn open(
        config: &Config,
        office: Office,
        clock: Clock,
        may_migrate: bool,
    ) -> Result<Self, StartError> {
        make_folder(&config.data_dir)?;
        prepare_database(&config.database, may_migrate)?;
        let db = Db::open(&config.database, config.database_threads)?;
        db.log_longer_than(config.slow);
        let spool = config.data_dir.join("spool");
        make_folder(&spool)?;
        let store = open_store(&config.evidence)?;
        let derivatives = Derivatives::new(store.clone());
        let vault = Vault { store, derivatives, spool: Arc::new(spool) };
        let limits = Arc::new(config.limits.clone());
        Ok(Self { db, office: Arc::new(office), clock, vault, limits, draining: Draining::default() })
    }
}

fn make_folder(path: &std::path::Path) -> Result<(), StartError> {
    std::fs::create_dir_all(path).map_err(|error| StartError::Folder { path: path.to_owned(), error })
}

fn prepare_database(url: &DatabaseUrl, may_migrate: bool) -> Result<(), StartError> {
    if may_migrate {
        let ran = migrate_database(url)?;
        if !ran.is_empty() {
            tracing::info!(migrations = ?ran, "the database was migrated");
        }
        return Ok(());
    }
    let mut conn = open_database(url)?;
    if migrations_pending(&mut conn)? { Err(StartError::NotMigrated) } else { Ok(()) }
}

/// Brings the database to this program's schema and returns the names of what ran.
pub fn migrate_database(url: &DatabaseUrl) -> Result<Vec<String>, StartError> {
    let mut conn = open_database(url)?;
    Ok(migrate(&mut conn)?)
}

fn open_database(url: &DatabaseUrl) -> Result<Conn, StartError> {
    if let DatabaseUrl::Sqlite(path) = url
        && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
    {
        make_folder(folder)?;
    }
    Ok(Conn::open(url)?)
}

fn open_store(config: &StoreConfig) -> Result<Store, StartError> {
    Store::open(config).map_err(StartError::Evidence)
}

/// A server bound to its address but not yet running.
pub struct Server {
    listener: TcpListener,
    parts: Parts,
    workers: usize,
}

/// After nobody new is let in: so long may what is in flight take to end.
const LONGEST_SHUTDOWN: u64 = 28;
/// A connection that is not used is closed after this.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

impl Server {
    /// Binds the address; port 0 takes any free one.
    pub fn bind(address: SocketAddr, parts: Parts, workers: usize) -> Result<Self, StartError> {
        let listener = TcpListener::bind(address).map_err(|error| StartError::Listen { address, error })?;
        Ok(Self { listener, parts, workers })
    }

    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until the handle stops it.
    pub fn run(self) -> std::io::Result<actix_web::dev::Server> {
        let text = document().to_json().map_err(std::io::Error::other)?;
        let Parts { db, office, clock, vault, limits, draining } = self.parts;
        let site = Site {
            proxies: office.policy.proxies.clone(),
            gate: Gate::new(db, office, clock),
            readiness: web::Data::new(Readiness::new(vault.store.clone(), draining.clone())),
            serving: Serving::start(Arc::clone(&limits), draining),
            vault: web::Data::new(vault),
            description: text.into(),
        };
        let builder = actix_server::Server::build();
        let ending = builder.graceful_shutdown_signal();
        let connections = Connections::up_to(most_connections(&limits));
        let delay = limits.shutdown_delay.as_secs();
        // As `HttpServer` does it, but over connections of ours, which slow clients cannot hold.
        let builder = builder.listen("http", self.listener, move || {
            let (limits, connections, ending) = (Arc::clone(&limits), connections.clone(), ending.clone());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let ending = ending.clone();
                    async move { ending.notified().await }
                })
                .keep_alive(KEEP_ALIVE)
                // The connection does so itself, and for every head.
                .client_request_timeout(Duration::ZERO)
                .client_disconnect_timeout(Duration::from_secs(1))
                .h1_allow_half_closed(false)
                .on_connect_ext(|connection: &Connection, data: &mut Extensions| {
                    data.insert(connection.line());
                })
                .h1(map_config(site.clone().application(), |()| AppConfig::default()));
            fn_service(move |io: TcpStream| {
                let peer = io.peer_addr().ok();
                let taken = Connection::accept(io, &connections, &limits);
                std::future::ready(taken.map(|io| (io, peer)).map_err(DispatchError::Io))
            })
            .and_then(http)
        })?;
        let builder = builder.workers(self.workers).disable_signals();
        Ok(builder.shutdown_timeout(LONGEST_SHUTDOWN.saturating_sub(delay)).run())
    }
}

/// As many as configured, as long as files and database connections find room beside them.
fn most_connections(limits: &Limits) -> usize {
    const FOR_THE_REST: u64 = 200;
    let wanted = u64::try_from(limits.connections).unwrap_or(u64::MAX).saturating_add(FOR_THE_REST);
    let allowed = rlimit::increase_nofile_limit(wanted).unwrap_or(wanted).saturating_sub(FOR_THE_REST);
    let most = limits.connections.min(usize::try_from(allowed.max(FOR_THE_REST)).unwrap_or(usize::MAX));
    if most < limits.connections {
        tracing::warn!(most, "fewer connections than configured: this process may not open more files");
    }
    most
}

/// What every worker builds its copy of the application from.
#[derive(Clone)]
struct Site {
    proxies: TrustedProxies,
    gate: Gate,
    serving: web::Data<Serving>,
    readiness: web::Data<Readiness>,
    vault: web::Data<Vault>,
    description: web::Bytes,
}

impl Site {
    fn application(
        self,
    ) -> impl ServiceFactory<
        Request,
        Config = AppConfig,
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
        Service = impl Service<
            Request,
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            Future: 'static,
        > + 'static,
    > {
        let app = App::new()
            .app_data(self.proxies)
            .app_data(self.gate)
            .app_data(self.serving)
            .app_data(self.readiness)
            .app_data(self.vault)
            .wrap(middleware::from_fn(envelope))
            .route("/api/v1/openapi.json", web::get().to(openapi_json(self.description)))
            .into_utoipa_app()
            .service(scope("/api/v1").configure(api))
            .into_app()
            .route("/healthz", web::get().to(healthy))
            .route("/readyz", web::get().to(ready))
            .route("/n/{id}", web::get().to(notices::live::routes::live))
            .route("/docs", web::get().to(docs_redirect))
            .service(docs(document().clone()))
            .default_service(web::to(page_or_fallback));
        app.into_factory()
    }
}

/// Serves `/metrics`, apart from everything else: who may see it is decided by the address it listens on.
pub fn serve_metrics(listener: TcpListener) -> std::io::Result<actix_web::dev::Server> {
    let app = || {
        App::new().route("/metrics", web::get().to(metrics_text)).route("/healthz", web::get().to(healthy))
    };
    Ok(HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

async fn metrics_text() -> HttpResponse {
    match metrics::text() {
        Ok(text) => HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn openapi_json(text: web::Bytes) -> impl Fn() -> std::future::Ready<HttpResponse> + Clone {
    move || std::future::ready(HttpResponse::Ok().content_type("application/json").body(text.clone()))
}

/// The readable pages, from files inside the binary.
fn docs(document: OpenApiDocument) -> utoipa_swagger_ui::SwaggerUi {
    let config = utoipa_swagger_ui::Config::new(["/api/v1/openapi.json"]).try_it_out_enabled(true);
    utoipa_swagger_ui::SwaggerUi::new("/docs/{_:.*}").url("/docs/openapi.json", document).config(config)
}

/// The process is alive.
async fn healthy() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// The records answer, the store takes bytes, and the end is not announced.
async fn ready(
    public: crate::access::Public,
    readiness: web::Data<Readiness>,
) -> Result<HttpResponse, crate::refusal::Failure> {
    readiness.check(public.read(|conn| users::queries::any(conn).map(|_| ()))).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })))
}

async fn page_or_fallback(req: actix_web::HttpRequest) -> Result<HttpResponse, crate::refusal::Failure> {
    use actix_web::http::Method;
    if req.path().starts_with("/api/") || !matches!(*req.method(), Method::GET | Method::HEAD) {
        return fallback(req).await;
    }
    asset(req).await
}
