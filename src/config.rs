//! Configuration: `anlao.toml`, overridden by the environment, overridden by flags. Secrets never print.

use crate::access::{AccessPolicy, PasswordProfile, SecondFactor};
use crate::db::DatabaseUrl;
use crate::evidence::store::StoreConfig;
use crate::http::{Limits, Rates, TrustedProxies};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One setting: its key in the file, its environment variable, its default and what it is for.
struct Setting {
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    secret: bool,
    about: &'static str,
}

const fn setting(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { key, variable, default, secret: false, about }
}

const SETTINGS: &[Setting] = &[
    setting("listen", "ANLAO_LISTEN", "127.0.0.1:8080", "address and port to serve on"),
    setting("data_dir", "ANLAO_DATA_DIR", "./data", "folder for the database, the photos and the secret"),
    setting(
        "database_url",
        "ANLAO_DATABASE_URL",
        "",
        "sqlite:PATH or postgres://…; a file in data_dir when empty",
    ),
    setting(
        "evidence_url",
        "ANLAO_EVIDENCE_URL",
        "",
        "file:PATH or s3://bucket/prefix; a folder in data_dir when empty",
    ),
    setting(
        "public_url",
        "ANLAO_PUBLIC_URL",
        "",
        "the address people use, for links; derived from listen when empty",
    ),
    setting(
        "time_zone",
        "ANLAO_TIME_ZONE",
        "Asia/Shanghai",
        "the office's zone: deadlines end at its midnight",
    ),
    setting(
        "secret_file",
        "ANLAO_SECRET_FILE",
        "",
        "the office's keys; made in data_dir on the first start with SQLite",
    ),
    setting(
        "trusted_proxies",
        "ANLAO_TRUSTED_PROXIES",
        "",
        "networks of the proxies in front, like 10.0.0.0/8,::1: only their X-Forwarded-For is believed",
    ),
    setting(
        "password_profile",
        "ANLAO_PASSWORD_PROFILE",
        "nist",
        "nist: length and a list; mlps: composition, a change every 90 days, five tries in ten minutes",
    ),
    setting(
        "second_factor",
        "ANLAO_SECOND_FACTOR",
        "off",
        "one-time codes: off, optional, or required of supervisors and administrators",
    ),
    setting("threads", "ANLAO_THREADS", "0", "worker threads for requests; the number of cores when 0"),
    setting(
        "database_threads",
        "ANLAO_DATABASE_THREADS",
        "0",
        "threads with a database connection each; chosen by the database when 0",
    ),
    setting(
        "request_deadline_seconds",
        "ANLAO_REQUEST_DEADLINE_SECONDS",
        "15",
        "a request not answered by then is refused with 503",
    ),
    setting("upload_deadline_seconds", "ANLAO_UPLOAD_DEADLINE_SECONDS", "120", "the same for uploads"),
    setting(
        "client_patience_seconds",
        "ANLAO_CLIENT_PATIENCE_SECONDS",
        "10",
        "for the head of a request, and for a silent client",
    ),
    setting(
        "slowest_client",
        "ANLAO_SLOWEST_CLIENT",
        "1024",
        "bytes a second below which a client is let go",
    ),
    setting(
        "connections",
        "ANLAO_CONNECTIONS",
        "10000",
        "connections open at once; bounded by the open files allowed",
    ),
    setting(
        "user_rates",
        "ANLAO_USER_RATES",
        "read=6000 write=3000 upload=1200 export=60",
        "requests a minute of one account, by class; 0 for none",
    ),
    setting(
        "address_rates",
        "ANLAO_ADDRESS_RATES",
        "read=120000 write=60000 upload=24000 export=600",
        "requests a minute of one address, by class; 0 for none",
    ),
    setting(
        "shutdown_delay_seconds",
        "ANLAO_SHUTDOWN_DELAY_SECONDS",
        "2",
        "from saying not ready until nobody new is let in; at most 10",
    ),
    setting(
        "metrics_listen",
        "ANLAO_METRICS_LISTEN",
        "",
        "address and port for /metrics; not served when empty",
    ),
    setting("slow_ms", "ANLAO_SLOW_MS", "250", "a database transaction longer than this is logged"),
    setting("log", "ANLAO_LOG", "info", "what to log, as a filter: error, warn, info, debug, or by module"),
    Setting {
        key: "demo_password",
        variable: "ANLAO_DEMO_PASSWORD",
        default: "",
        secret: true,
        about: "demo only: the password of all demo accounts; a random one is printed when empty",
    },
];

/// A value and where it came from.
#[derive(Debug, Clone)]
pub struct Sourced {
    pub key: &'static str,
    pub value: String,
    pub source: String,
    pub secret: bool,
    pub about: &'static str,
}

#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub database: DatabaseUrl,
    pub evidence: StoreConfig,
    pub public_url: String,
    pub policy: AccessPolicy,
    pub zone: chrono_tz::Tz,
    /// Where the keys are, when somebody said so.
    pub secret_file: Option<PathBuf>,
    pub threads: usize,
    pub database_threads: usize,
    pub limits: Limits,
    pub metrics_listen: Option<SocketAddr>,
    /// A database transaction longer than this is logged.
    pub slow: Duration,
    pub log: String,
    pub demo_password: Option<String>,
    pub sourced: Vec<Sourced>,
}

#[derive(Debug, thiserror::Error)]
#[error("{source_name}: {key}: {reason}")]
pub struct ConfigError {
    source_name: String,
    key: String,
    reason: String,
}

fn wrong(source_name: &str, key: &str, reason: impl ToString) -> ConfigError {
    ConfigError { source_name: source_name.into(), key: key.into(), reason: reason.to_string() }
}

impl Config {
    /// Reads `file` (or `anlao.toml` here, if there is one), then `environment`, then `flags` by key.
    pub fn load(
        file: Option<&Path>,
        environment: &BTreeMap<String, String>,
        flags: &BTreeMap<&'static str, String>,
    ) -> Result<Self, ConfigError> {
        let (name, table) = read_file(file)?;
        if let Some(unknown) = table.keys().find(|key| !SETTINGS.iter().any(|setting| setting.key == *key)) {
            return Err(wrong(&name, unknown, "there is no such setting"));
        }
        let mut sourced = Vec::new();
        for setting in SETTINGS {
            let (value, source) = if let Some(flag) = flags.get(setting.key) {
                (flag.clone(), format!("--{}", setting.key.replace('_', "-")))
            } else if let Some(value) = environment.get(setting.variable).filter(|value| !value.is_empty()) {
                (value.clone(), setting.variable.to_owned())
            } else if let Some(value) = table.get(setting.key) {
                (value.clone(), name.clone())
            } else {
                (setting.default.to_owned(), "default".to_owned())
            };
            let Setting { key, secret, about, .. } = setting;
            sourced.push(Sourced { key, value, source, secret: *secret, about });
        }
        Self::from_sourced(sourced, environment)
    }

    fn from_sourced(
        mut sourced: Vec<Sourced>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let data_dir = PathBuf::from(&take(&sourced, "data_dir").value);
        fill(&mut sourced, "database_url", || format!("sqlite:{}", data_dir.join("anlao.db").display()));
        fill(&mut sourced, "evidence_url", || format!("file:{}", data_dir.join("evidence").display()));
        let listen = take(&sourced, "listen").value.clone();
        fill(&mut sourced, "public_url", || format!("http://{listen}"));
        let parsed = |key: &str| {
            let of = take(&sourced, key);
            move |reason: String| wrong(&of.source, of.key, reason)
        };
        let listen = listen.parse().map_err(|_error| parsed("listen")("it must be ADDRESS:PORT".into()))?;
        let database =
            DatabaseUrl::parse(&take(&sourced, "database_url").value).map_err(parsed("database_url"))?;
        let zone = take(&sourced, "time_zone").value.parse();
        let zone =
            zone.map_err(|_error| parsed("time_zone")("it is not a zone name like Asia/Shanghai".into()))?;
        let number = |key: &str| -> Result<usize, ConfigError> {
            take(&sourced, key)
                .value
                .parse()
                .map_err(|_error| parsed(key)("it must be a whole number".into()))
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let or_default = |given: usize, default: usize| if given == 0 { default } else { given };
        let default_threads =
            if database.backend() == crate::db::Backend::Postgres { 16 } else { cores.max(2) };
        let evidence_url = take(&sourced, "evidence_url").value.clone();
        if !evidence_url.starts_with("file:") && !evidence_url.starts_with("s3://") {
            return Err(parsed("evidence_url")("it must begin with file: or s3://".into()));
        }
        let s3 = environment.iter().filter(|(name, _)| name.starts_with("AWS_"));
        let optional = |key: &str| Some(take(&sourced, key).value.clone()).filter(|value| !value.is_empty());
        let policy = policy(&sourced)?;
        Ok(Self {
            listen,
            database,
            evidence: StoreConfig {
                url: evidence_url,
                s3: s3.map(|(k, v)| (k.clone(), v.clone())).collect(),
            },
            public_url: policy.public_url.clone(),
            policy,
            zone,
            secret_file: optional("secret_file").map(PathBuf::from),
            threads: or_default(number("threads")?, cores),
            database_threads: or_default(number("database_threads")?, default_threads),
            limits: limits(&sourced)?,
            metrics_listen: metrics_listen(&sourced)?,
            slow: Duration::from_millis(within(&sourced, "slow_ms", 1..=600_000)?),
            log: take(&sourced, "log").value.clone(),
            demo_password: optional("demo_password"),
            data_dir,
            sourced,
        })
    }
}

fn policy(sourced: &[Sourced]) -> Result<AccessPolicy, ConfigError> {
    let refuse = |key: &str, reason: &str| {
        let of = take(sourced, key);
        wrong(&of.source, of.key, reason)
    };
    let value = |key: &str| take(sourced, key).value.as_str();
    let passwords = PasswordProfile::parse(value("password_profile"))
        .ok_or_else(|| refuse("password_profile", "it must be nist or mlps"))?;
    let second_factor = SecondFactor::parse(value("second_factor"))
        .ok_or_else(|| refuse("second_factor", "it must be off, optional or required"))?;
    let proxies = TrustedProxies::parse(value("trusted_proxies"))
        .map_err(|reason| refuse("trusted_proxies", &reason))?;
    let public_url = value("public_url").trim_end_matches('/').to_owned();
    Ok(AccessPolicy { passwords, second_factor, proxies, public_url })
}

fn take<'a>(sourced: &'a [Sourced], key: &str) -> &'a Sourced {
    const MISSING: &Sourced =
        &Sourced { key: "", value: String::new(), source: String::new(), secret: false, about: "" };
    sourced.iter().find(|one| one.key == key).unwrap_or(MISSING)
}

/// A whole number within bounds.
fn within(sourced: &[Sourced], key: &str, bounds: RangeInclusive<u64>) -> Result<u64, ConfigError> {
    let of = take(sourced, key);
    of.value.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
        let reason = format!("it must be a whole number from {} to {}", bounds.start(), bounds.end());
        wrong(&of.source, of.key, reason)
    })
}

fn limits(sourced: &[Sourced]) -> Result<Limits, ConfigError> {
    let seconds = |key: &str, bounds| within(sourced, key, bounds).map(Duration::from_secs);
    let rates = |key: &str| {
        let of = take(sourced, key);
        let reason = "it must be like `read=6000 write=3000 upload=1200 export=60`, or 0";
        Rates::parse(&of.value).ok_or_else(|| wrong(&of.source, of.key, reason))
    };
    Ok(Limits {
        request_deadline: seconds("request_deadline_seconds", 1..=20)?,
        upload_deadline: seconds("upload_deadline_seconds", 1..=3600)?,
        patience: seconds("client_patience_seconds", 1..=120)?,
        slowest: within(sourced, "slowest_client", 0..=1_000_000)?,
        connections: usize::try_from(within(sourced, "connections", 10..=1_000_000)?).unwrap_or(usize::MAX),
        user_rates: rates("user_rates")?,
        address_rates: rates("address_rates")?,
        shutdown_delay: seconds("shutdown_delay_seconds", 0..=10)?,
    })
}

fn metrics_listen(sourced: &[Sourced]) -> Result<Option<SocketAddr>, ConfigError> {
    let of = take(sourced, "metrics_listen");
    if of.value.is_empty() {
        return Ok(None);
    }
    let parsed = of.value.parse().map(Some);
    parsed.map_err(|_error| wrong(&of.source, of.key, "it must be ADDRESS:PORT"))
}

fn fill(sourced: &mut [Sourced], key: &str, value: impl FnOnce() -> String) {
    if let Some(one) = sourced.iter_mut().find(|one| one.key == key && one.value.is_empty()) {
        one.value = value();
    }
}

fn read_file(file: Option<&Path>) -> Result<(String, BTreeMap<String, String>), ConfigError> {
    let path = file.unwrap_or(Path::new("anlao.toml"));
    let name = path.display().to_string();
    if file.is_none() && !path.exists() {
        return Ok((name, BTreeMap::new()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&name, "file", error))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| wrong(&name, "file", error.message()))?;
    let plain = |(key, value): (String, toml::Value)| match value {
        toml::Value::String(text) => Ok((key, text)),
        toml::Value::Integer(number) => Ok((key, number.to_string())),
        _ => Err(wrong(&name, &key, "it must be a text or a whole number")),
    };
    Ok((name.clone(), table.into_iter().map(plain).collect::<Result<_, _>>()?))
}

/// A value as it may be shown: secrets and passwords inside URLs are not.
pub fn shown(of: &Sourced) -> String {
    if of.secret {
        return if of.value.is_empty() { "(not set)".into() } else { "(hidden)".into() };
    }
    match url::Url::parse(&of.value) {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("hidden"));
            url.to_string()
        }
        _ => of.value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let flags = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        Config::load(None, &environment, &flags)
    }

    #[test]
    fn flags_win_over_the_environment() {
        let config = load(&[("ANLAO_LISTEN", "0.0.0.0:1")], &[("listen", "127.0.0.1:2")]).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(take(&config.sourced, "listen").source, "--listen");
    }

    #[test]
    fn an_unknown_database_is_refused() {
        let error = load(&[("ANLAO_DATABASE_URL", "mysql://x")], &[]).unwrap_err().to_string();
        assert!(error.contains("ANLAO_DATABASE_URL") && error.contains("mysql"), "{error}");
    }

    #[test]
    fn passwords_do_not_print() {
        let config = load(
            &[("ANLAO_DATABASE_URL", "postgres://a:geheim@h/d"), ("ANLAO_DEMO_PASSWORD", "geheim")],
            &[],
        );
        let all: String = config.unwrap().sourced.iter().map(shown).collect();
        assert!(!all.contains("geheim"), "{all}");
    }
}
