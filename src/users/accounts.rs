//! Making and changing accounts: one transaction each.

use super::model::{ScopeForm, User};
use super::routes::{UserChange, UserForm};
use super::{password_tokens, queries, rules};
use crate::access::{Role, Scope, SecondFactor, WriteTx};
use crate::audit;
use crate::canonical::digest;
use crate::db::Conn;
use crate::fields::Fields;
use crate::ids::{ChainId, UserId};
use crate::office::Office;
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::sessions;
use crate::stored::Stored;
use serde_json::json;

/// Words that a password of this account must not merely repeat.
pub fn words(conn: &mut Conn, username: &str, display_name: &str, scope: &ScopeForm) -> Outcome<Vec<String>> {
    let mut words: Vec<String> = ["anlao", "安老"].map(str::to_owned).into();
    words.extend([username.to_owned(), display_name.to_owned()]);
    if let ScopeForm::Institutions { institutions } = scope {
        words.extend(queries::institution_names(conn, institutions)?);
    }
    Ok(words)
}

/// The words of an account that exists.
pub fn words_of(conn: &mut Conn, user: &User) -> Outcome<Vec<String>> {
    let scope = queries::scope_form(conn, user.id, user.scope_kind)?;
    words(conn, &user.username, &user.display_name, &scope)
}

/// Checks a new password by the office's rules. `beside` says whether the account has a second factor.
pub fn check_password(
    office: &Office,
    beside: bool,
    pointer: &str,
    password: &str,
    words: &[String],
) -> Outcome<()> {
    let asked = beside && office.policy.second_factor != SecondFactor::Off;
    let rule = rules::PasswordRule { profile: office.policy.passwords, second_factor: asked };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(rules::password(rule, pointer, password, &words)?)
}

/// Whether the form holds together; the password is another matter.
pub fn check(form: &UserForm) -> Outcome<()> {
    let mut fields = Fields::new();
    fields.check(rules::is_username(&form.username), "/username", FieldCode::BadFormat);
    fields.line("/display_name", &form.display_name, 1..=60);
    fields.optional_line("/phone", form.phone.as_deref(), 40);
    fields.check(rules::scope_fits(form.role, form.scope.kind()), "/scope/kind", FieldCode::Mismatch);
    check_size(&mut fields, &form.scope);
    fields.finish()?;
    Ok(())
}

fn check_size(fields: &mut Fields, scope: &ScopeForm) {
    let (pointer, ids): (_, Vec<uuid::Uuid>) = match scope {
        ScopeForm::All => return,
        ScopeForm::Areas { areas } => ("/scope/areas", areas.iter().map(|id| id.0).collect()),
        ScopeForm::Institutions { institutions } => {
            ("/scope/institutions", institutions.iter().map(|id| id.0).collect())
        }
    };
    let distinct = ids.iter().collect::<std::collections::HashSet<_>>().len();
    fields.check(!ids.is_empty(), pointer, FieldCode::Required);
    fields.check(ids.len() <= 500, pointer, FieldCode::TooMany);
    fields.check(distinct == ids.len(), pointer, FieldCode::Duplicate);
}

/// Creates an account whose scope lies within the caller's. `hash` is the hash of its first password.
pub fn create(
    tx: &mut WriteTx<'_>,
    id: UserId,
    form: &UserForm,
    hash: Option<String>,
) -> Outcome<(Stored, User)> {
    check(form)?;
    let digest = digest(form);
    if let Some(existing) = queries::get(tx.conn, id).map(Some).or_else(absent)? {
        let scope = queries::scope_form(tx.conn, id, existing.scope_kind)?;
        if !queries::within(tx.conn, &tx.actor.scope, &scope)? {
            return Err(Code::NotFound.into());
        }
        return Ok((Stored::confirmed(existing.digest == digest)?, existing));
    }
    queries::check_scope(tx.conn, &tx.actor.scope, &form.scope)?;
    if queries::find_by_username(tx.conn, &form.username)?.is_some_and(|other| other.id != id) {
        return Err(Refusal::new(Code::UsernameTaken).field("/username", FieldCode::Duplicate).into());
    }
    let user = User {
        id,
        username: form.username.clone(),
        display_name: form.display_name.clone(),
        phone: form.phone.clone(),
        role: form.role,
        scope_kind: form.scope.kind(),
        disabled: false,
        password_changed_at: hash.as_ref().map(|_| tx.now),
        password_hash: hash,
        locale: form.locale,
        must_change_password: false,
        second_factor_at: None,
        digest,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    record(tx, "user.created", id, json!({ "user": form }))?;
    queries::insert(tx.conn, user.clone(), &form.scope)?;
    Ok((Stored::Created, user))
}

fn absent<T>(failure: crate::refusal::Failure) -> Outcome<Option<T>> {
    match failure {
        crate::refusal::Failure::Refused(refusal) if refusal.code == Code::NotFound => Ok(None),
        other => Err(other),
    }
}

/// Writes down what was done to an account.
pub fn record(
    tx: &mut WriteTx<'_>,
    action: &'static str,
    id: UserId,
    content: serde_json::Value,
) -> Outcome<()> {
    let entry =
        audit::Entry { chain: ChainId::SYSTEM, action, object_kind: "user", object_id: Some(id.0), content };
    audit::record(tx, entry)
}

/// The account, if it lies within the administrator's own scope.
pub fn managed(conn: &mut Conn, own: &Scope, id: UserId) -> Outcome<User> {
    let user = queries::get(conn, id)?;
    let scope = queries::scope_form(conn, id, user.scope_kind)?;
    if queries::within(conn, own, &scope)? { Ok(user) } else { Err(Code::NotFound.into()) }
}

/// Carries out a change of an account within the caller's scope, over the version they saw. `hash` is that
/// of the new password, if there is one.
pub fn revise(
    tx: &mut WriteTx<'_>,
    id: UserId,
    version: i64,
    change: &UserChange,
    hash: Option<String>,
) -> Outcome<User> {
    let mut user = managed(tx.conn, &tx.actor.scope, id)?;
    if user.version != version {
        return Err(Code::Stale.into());
    }
    let new_password = hash.is_some();
    let ends =
        change.role.is_some_and(|role| role != user.role) || change.disabled == Some(true) || new_password;
    let was_admin = user.role == Role::Admin && !user.disabled;
    user.display_name = change.display_name.clone().unwrap_or(user.display_name);
    user.phone = change.phone.clone().or(user.phone);
    user.role = change.role.unwrap_or(user.role);
    user.locale = change.locale.unwrap_or(user.locale);
    user.disabled = change.disabled.unwrap_or(user.disabled);
    user.scope_kind = change.scope.as_ref().map_or(user.scope_kind, ScopeForm::kind);
    if let Some(hash) = hash {
        user.take_password(hash, tx.now);
    }
    let mut fields = Fields::new();
    fields.line("/display_name", &user.display_name, 1..=60);
    fields.optional_line("/phone", change.phone.as_deref(), 40);
    fields.check(rules::scope_fits(user.role, user.scope_kind), "/scope/kind", FieldCode::Mismatch);
    if let Some(scope) = &change.scope {
        check_size(&mut fields, scope);
    }
    fields.finish()?;
    if let Some(scope) = &change.scope {
        queries::check_scope(tx.conn, &tx.actor.scope, scope)?;
    }
    user.version += 1;
    user.updated_at = tx.now;
    let now_admin = user.role == Role::Admin && !user.disabled;
    let content = json!({ "change": change, "password_changed": new_password });
    record(tx, "user.changed", id, content)?;
    queries::update(tx.conn, user.clone(), change.scope.as_ref())?;
    if was_admin && !now_admin && queries::active_admins(tx.conn)? == 0 {
        return Err(Code::LastAdmin.into());
    }
    if ends {
        sessions::queries::end_all(tx.conn, id, "account_changed", tx.now)?;
    }
    if change.disabled == Some(true) || new_password {
        sessions::devices::forget(tx.conn, id)?;
        password_tokens::forget(tx.conn, id)?;
        sessions::throttle::clear(tx.conn, &tx.office.keys, &user.username, id)?;
    }
    Ok(user)
}
