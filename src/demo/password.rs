//! The one password of all demonstration accounts: given, or made once and kept where only its owner reads it.

use super::deeds::origin;
use super::facts;
use super::people::Cast;
use crate::access::{Actor, Role, Scope, WriteTx};
use crate::app::Parts;
use crate::cli::CommandError;
use crate::db::Conn;
use crate::ids::UserId;
use crate::refusal::Outcome;
use crate::users::password::{hash, verify};
use crate::users::queries;
use crate::users::routes::{UserChange, revise};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

const FILE: &str = "demo-password.txt";

/// The given password; or the folder's own, made the first time.
pub fn of_folder(folder: &Path, given: Option<&str>) -> Result<String, CommandError> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let path = folder.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Ok(_) => make(&path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path),
        Err(error) => Err(error.into()),
    }
}

fn make(path: &Path) -> Result<String, CommandError> {
    let password = hex::encode(crate::keys::random(10));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(format!("{password}\n").as_bytes())?;
    file.sync_all()?;
    Ok(password)
}

/// The hash that stands for `password` in these records: hashing is slow on purpose, so all accounts share one.
pub fn shared_hash(parts: &Parts, password: &str) -> Outcome<String> {
    if let Some(kept) = parts.db.read_blocking(facts::password_hash)?
        && verify(password, Some(&kept))?
    {
        return Ok(kept);
    }
    let fresh = hash(password)?;
    let noted = fresh.clone();
    parts.db.write_blocking(move |conn| facts::note_password_hash(conn, &noted))?;
    Ok(fresh)
}

/// Gives every demonstration account this password where it has another, and ends its logins.
pub fn follow(parts: &Parts, cast: &Arc<Cast>, hash: &str) -> Outcome<()> {
    let (office, cast, hash, now) = (parts.office.clone(), cast.clone(), hash.to_owned(), parts.clock.now());
    let seen = hash.clone();
    let known = cast.clone();
    let strays = parts.db.read_blocking(move |conn| strays(conn, &known, &seen))?;
    for round in strays.chunks(200) {
        let (office, hash, round) = (office.clone(), hash.clone(), round.to_vec());
        parts.db.write_blocking(move |conn| {
            let system = UserId(uuid::Uuid::nil());
            let actor = Actor { id: system, role: Role::Admin, scope: Scope::All, session: None };
            let origin = origin();
            let mut tx = WriteTx { conn, actor: &actor, office: &office, origin: &origin, now };
            for (id, version) in &round {
                let change = UserChange::default();
                revise(&mut tx, *id, *version, &change, Some(hash.clone()))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The demonstration accounts with another password, with their versions.
fn strays(conn: &mut Conn, cast: &Cast, hash: &str) -> Outcome<Vec<(UserId, i64)>> {
    let mut strays = Vec::new();
    for (id, _) in &cast.accounts {
        let user = queries::get(conn, *id)?;
        if user.password_hash.as_deref() != Some(hash) {
            strays.push((*id, user.version));
        }
    }
    Ok(strays)
}
