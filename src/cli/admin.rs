//! What an administrator does at the shell.

use super::console::Console;
use super::{CommandError, office_keys};
use crate::access::{Actor, Origin, Role, Scope, WriteTx};
use crate::app::Parts;
use crate::audit;
use crate::clock::Clock;
use crate::config::{Config, shown};
use crate::db::{Conn, Instant};
use crate::ids::{AreaId, InstitutionId, UserId};
use crate::keys::Keys;
use crate::office::Office;
use crate::rules::Library;
use crate::users::model::{Locale, ScopeForm};
use crate::users::password_tokens::{self, Handover, Reason};
use crate::users::routes::{UserForm, create};
use crate::users::{accounts, password, queries};
use clap::Args;
use serde_json::json;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// The office with the rules that come with the program.
pub fn office(config: &Config, keys: Keys) -> Result<Office, CommandError> {
    Ok(Office {
        zone: config.zone,
        keys,
        policy: config.policy.clone(),
        rules: Library::embedded().map_err(CommandError::Other)?,
    })
}

/// Whether nothing was ever kept here: only then may keys be made.
pub fn is_first_start(config: &Config) -> bool {
    match &config.database {
        crate::db::DatabaseUrl::Sqlite(path) => !path.exists(),
        crate::db::DatabaseUrl::Postgres(_) => false,
    }
}

pub fn open(config: &Config, may_migrate: bool) -> Result<Parts, CommandError> {
    let keys = office_keys(config, is_first_start(config))?;
    Ok(Parts::open(config, office(config, keys)?, Clock::System, may_migrate)?)
}

#[derive(Args)]
pub struct UserAddArgs {
    username: String,
    #[arg(long, value_parser = parse_role)]
    role: Role,
    /// The name people are shown; the user name when absent.
    #[arg(long)]
    name: Option<String>,
    /// An area the account covers, by GB/T 2260 code; may stand several times.
    #[arg(long)]
    area: Vec<String>,
    /// An institution the account covers, by id; may stand several times.
    #[arg(long)]
    institution: Vec<uuid::Uuid>,
    /// Ask for no password; print a one-time link with which the owner sets it.
    #[arg(long, conflicts_with = "password_file")]
    invite: bool,
    /// Read the password from this file instead of standard input.
    #[arg(long)]
    password_file: Option<PathBuf>,
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "one of inspector, manager, supervisor, auditor, admin".into())
}

/// Creates an account; without `--area` and `--institution` it covers everything.
pub fn add_user(config: &Config, console: &Console, args: &UserAddArgs) -> Result<(), CommandError> {
    let parts = open(config, true)?;
    let hash = if args.invite { None } else { Some(first_password(&parts, args)?) };
    let (codes, homes) = (args.area.clone(), args.institution.clone());
    let base = UserForm {
        username: args.username.clone(),
        display_name: args.name.clone().unwrap_or_else(|| args.username.clone()),
        phone: None,
        role: args.role,
        scope: ScopeForm::All,
        locale: Locale::Chinese,
        password: None,
    };
    let (office, clock) = (parts.office.clone(), parts.clock.clone());
    let id = UserId::fresh();
    let invite = args.invite;
    let invitation = parts.db.write_blocking(move |conn| {
        let form = UserForm { scope: scope(conn, &codes, &homes)?, ..base.clone() };
        let (actor, origin) = command_line();
        let mut tx = WriteTx { conn, actor: &actor, office: &office, origin: &origin, now: clock.now() };
        create(&mut tx, id, &form, hash.clone())?;
        if invite { password_tokens::issue(&mut tx, id).map(Some) } else { Ok(None) }
    })?;
    let created = format!("created {} ({})", args.username, args.role);
    match invitation {
        Some(made) => {
            console.say(&created);
            tell(console, &args.username, &made);
        }
        None => console.answer(&created, &json!({ "id": id, "username": args.username })),
    }
    Ok(())
}

/// Whoever sits at the shell of the server may do everything.
pub fn command_line() -> (Actor, Origin) {
    let id = UserId(uuid::Uuid::nil());
    let actor = Actor { id, role: Role::Admin, scope: Scope::All, session: None };
    (actor, Origin { device: Some("command line".into()), ..Origin::default() })
}

fn first_password(parts: &Parts, args: &UserAddArgs) -> Result<String, CommandError> {
    let password = read_password(args)?;
    let words = ["anlao", "安老", &args.username].map(str::to_owned);
    accounts::check_password(&parts.office, false, "/password", &password, &words)?;
    Ok(password::hash(&password)?)
}

/// Prints a one-time link with which the account's owner sets a password.
pub fn hand_over(
    config: &Config,
    console: &Console,
    username: &str,
    reason: Reason,
) -> Result<(), CommandError> {
    let parts = open(config, true)?;
    let (office, now, name) = (parts.office.clone(), parts.clock.now(), username.to_owned());
    let made = parts.db.write_blocking(move |conn| {
        let user = queries::find_by_username(conn, &name)?.ok_or(crate::refusal::Code::NotFound)?;
        let fitting = password_tokens::reason(&user);
        if fitting != reason {
            return Ok(Err(fitting));
        }
        let (actor, origin) = command_line();
        let mut tx = WriteTx { conn, actor: &actor, office: &office, origin: &origin, now };
        password_tokens::issue(&mut tx, user.id).map(Ok)
    })?;
    match made {
        Ok(made) => {
            tell(console, username, &made);
            Ok(())
        }
        Err(Reason::Reset) => {
            Err(CommandError::Other(format!("{username} has a password; use anlao user reset")))
        }
        Err(Reason::Invite) => {
            Err(CommandError::Other(format!("{username} has no password yet; use anlao user invite")))
        }
    }
}

fn tell(console: &Console, username: &str, made: &Handover) {
    console.answer(
        &format!("{username} sets the password at {} until {}", made.link, made.expires_at),
        &json!({ "username": username, "token": made.token, "link": made.link, "reason": made.reason,
            "expires_at": made.expires_at }),
    );
}

fn scope(conn: &mut Conn, codes: &[String], homes: &[uuid::Uuid]) -> crate::refusal::Outcome<ScopeForm> {
    if !homes.is_empty() {
        return Ok(ScopeForm::Institutions {
            institutions: homes.iter().copied().map(InstitutionId).collect(),
        });
    }
    if codes.is_empty() {
        return Ok(ScopeForm::All);
    }
    let areas: Vec<AreaId> = crate::areas::queries::by_codes(conn, codes)?;
    if areas.len() != codes.len() {
        return Err(
            crate::refusal::Refusal::invalid("--area", crate::refusal::FieldCode::UnknownReference).into()
        );
    }
    Ok(ScopeForm::Areas { areas })
}

fn read_password(args: &UserAddArgs) -> Result<String, CommandError> {
    let text = match &args.password_file {
        Some(path) => std::fs::read_to_string(path)?,
        None => {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            line
        }
    };
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

pub fn migrate_database(config: &Config, console: &Console) -> Result<(), CommandError> {
    std::fs::create_dir_all(&config.data_dir)?;
    if is_first_start(config) {
        office_keys(config, true)?;
    }
    let ran = crate::app::migrate_database(&config.database)?;
    let text = if ran.is_empty() {
        "nothing to migrate".to_owned()
    } else {
        format!("migrated: {}", ran.join(", "))
    };
    console.answer(&text, &json!({ "migrated": ran }));
    Ok(())
}

pub fn show_config(config: &Config, console: &Console) {
    let lines: Vec<String> = config
        .sourced
        .iter()
        .map(|one| format!("{:<18} {:<44} # {} — {}", one.key, shown(one), one.source, one.about))
        .collect();
    let json: Vec<_> = config
        .sourced
        .iter()
        .map(|one| json!({ "key": one.key, "value": shown(one), "source": one.source, "about": one.about }))
        .collect();
    console.answer(&lines.join("\n"), &json);
}

/// Anchors the trail, then writes it out.
pub fn export_audit(config: &Config, console: &Console, file: &Path) -> Result<(), CommandError> {
    let parts = open(config, false)?;
    let office = parts.office.clone();
    let now = parts.clock.now();
    let anchoring = office.clone();
    parts.db.write_blocking(move |conn| audit::anchor(conn, &anchoring.keys, now))?;
    let to_stdout = file == Path::new("-");
    let mut out: Box<dyn Write + Send> = match to_stdout {
        true => Box::new(std::io::stdout()),
        false => Box::new(std::io::BufWriter::new(std::fs::File::create(file)?)),
    };
    let written = parts.db.read_blocking(move |conn| {
        let written = audit::export(conn, &office.keys, now, &mut out)?;
        out.flush().map_err(|error| crate::refusal::Failure::Store(error.to_string()))?;
        Ok(written)
    })?;
    if !to_stdout {
        let public = parts.office.keys.audit_public();
        let text = format!("{written} entries written; public key {public}");
        console.answer(&text, &json!({ "entries": written, "public_key": public }));
    }
    Ok(())
}

/// The time of now, for commands.
pub fn now(parts: &Parts) -> Instant {
    parts.clock.now()
}

/// Whether there is any account.
pub fn has_users(parts: &Parts) -> Result<bool, CommandError> {
    Ok(parts.db.read_blocking(queries::any)?)
}
