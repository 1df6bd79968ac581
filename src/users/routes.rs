//! Accounts over HTTP.

use super::model::{Locale, ScopeForm, User};
use super::{password, queries, rules};
use crate::access::{Access, ManageUsers, Role, Scope, UseOwnAccount, WriteTx};
use crate::audit;
use crate::canonical::digest;
use crate::db::{Conn, Instant};
use crate::fields::Fields;
use crate::http::{
    Body, Cursor, Id, Page, Query, Stored, expected_version, limit, no_content, object, page, stored,
};
use crate::ids::{ChainId, UserId};
use crate::refusal::{Code, FieldCode, Outcome, Refusal};
use crate::sessions;
use actix_web::{HttpRequest, HttpResponse, get, patch, post, put};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(me)
        .service(change_own_password)
        .service(list_users)
        .service(get_user)
        .service(put_user)
        .service(patch_user);
}

/// An account as it is created.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "username": "wang.fang", "display_name": "王芳", "role": "inspector",
    "scope": {"kind": "areas", "areas": ["0198f000-0000-7000-8000-000000000002"]}, "password": "四楼东侧的消防栓在走廊尽头左转"
}))]
pub struct UserForm {
    pub username: String,
    pub display_name: String,
    pub phone: Option<String>,
    pub role: Role,
    pub scope: ScopeForm,
    #[serde(default = "chinese")]
    pub locale: Locale,
    /// The first password; without one nobody can log in yet.
    #[serde(skip_serializing)]
    pub password: Option<String>,
}

fn chinese() -> Locale {
    Locale::Chinese
}

/// What to change of an account. A new role, a new password or `disabled` ends all its logins.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"disabled": true, "expected_version": 1}))]
pub struct UserChange {
    pub display_name: Option<String>,
    pub phone: Option<String>,
    pub role: Option<Role>,
    pub scope: Option<ScopeForm>,
    pub locale: Option<Locale>,
    pub disabled: Option<bool>,
    #[serde(skip_serializing)]
    pub password: Option<String>,
    pub expected_version: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000020", "username": "wang.fang", "display_name": "王芳", "role": "inspector",
    "scope": {"kind": "areas", "areas": ["0198f000-0000-7000-8000-000000000002"]}, "locale": "zh-CN", "disabled": false,
    "has_password": true, "version": 1, "created_at": "2026-01-05T01:00:00Z", "updated_at": "2026-01-05T01:00:00Z"
}))]
pub struct UserView {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub phone: Option<String>,
    pub role: Role,
    pub scope: ScopeForm,
    pub locale: Locale,
    pub disabled: bool,
    pub has_password: bool,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// The account as others may see it.
pub fn view(conn: &mut Conn, user: User) -> Outcome<UserView> {
    let scope = queries::scope_form(conn, user.id, user.scope_kind)?;
    Ok(UserView {
        id: user.id,
        username: user.username,
        display_name: user.display_name,
        phone: user.phone,
        role: user.role,
        scope,
        locale: user.locale,
        disabled: user.disabled,
        has_password: user.password_hash.is_some(),
        version: user.version,
        created_at: user.created_at,
        updated_at: user.updated_at,
    })
}

/// The caller's own account.
#[utoipa::path(tag = "users", security(("bearer" = [])), responses((status = 200, description = "The caller.", body = UserView)))]
#[get("/me")]
pub async fn me(access: Access<UseOwnAccount>) -> Outcome<HttpResponse> {
    let user = access
        .read(|tx| {
            let user = queries::get(tx.conn, tx.actor.id)?;
            view(tx.conn, user)
        })
        .await?;
    Ok(object(user.version, &user))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "四楼东侧的消防栓在走廊尽头左转", "new_password": "厨房的燃气总阀每晚十点由值班员关闭"}))]
pub struct PasswordChange {
    pub current_password: String,
    pub new_password: String,
}

/// Changes the caller's password and ends all their logins, this one included.
#[utoipa::path(tag = "users", request_body = PasswordChange, security(("bearer" = [])),
    responses((status = 204, description = "Changed; log in again.")))]
#[post("/me/password")]
pub async fn change_own_password(
    access: Access<UseOwnAccount>,
    form: Body<PasswordChange>,
) -> Outcome<HttpResponse> {
    let PasswordChange { current_password, new_password } = form.0;
    let user = access.read(|tx| queries::get(tx.conn, tx.actor.id)).await?;
    rules::password("/new_password", &new_password, &[&user.username, &user.display_name, "anlao", "安老"])?;
    if !password::verify_gated(current_password, user.password_hash).await? {
        return Err(Refusal::invalid("/current_password", FieldCode::Mismatch).into());
    }
    let hash = password::hash_gated(new_password).await?;
    access
        .write(move |tx| {
            let mut user = queries::get(tx.conn, tx.actor.id)?;
            user.password_hash = Some(hash.clone());
            user.password_changed_at = Some(tx.now);
            user.version += 1;
            user.updated_at = tx.now;
            record(tx, "user.password_changed", user.id, json!({ "by": "self" }))?;
            sessions::queries::end_all(tx.conn, user.id, "password_changed", tx.now)?;
            queries::update(tx.conn, user, None)
        })
        .await?;
    Ok(no_content())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    /// 1–200, 50 when absent.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The accounts an administrator manages, by user name.
#[utoipa::path(tag = "users", params(UserFilter), security(("bearer" = [])),
    responses((status = 200, description = "One page of accounts.", body = Page<UserView>)))]
#[get("/users")]
pub async fn list_users(
    access: Access<ManageUsers>,
    req: HttpRequest,
    filter: Query<UserFilter>,
) -> Outcome<HttpResponse> {
    let UserFilter { role, disabled, limit: asked, cursor } = filter.0;
    let limit = limit(asked)?;
    let after = Cursor::decode(cursor.as_deref())?;
    let found = access
        .read(move |tx| {
            let mut seen = Vec::new();
            let mut after = after;
            // Accounts outside the administrator's own scope are passed over, so pages are filled in rounds.
            while seen.len() <= usize::try_from(limit).unwrap_or(usize::MAX) {
                let round = queries::list(tx.conn, role, disabled, after, limit + 1)?;
                after = round.last().map(|user| user.username.clone());
                for user in round {
                    let user = view(tx.conn, user)?;
                    if queries::within(tx.conn, &tx.actor.scope, &user.scope)? {
                        seen.push(user);
                    }
                }
                if after.is_none() {
                    break;
                }
            }
            Ok(seen)
        })
        .await?;
    Ok(page(&req, &Page::cut(found, limit, |user| Cursor::encode(&user.username), |user| user)))
}

/// One account.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "The account.")), security(("bearer" = [])),
    responses((status = 200, description = "The account.", body = UserView)))]
#[get("/users/{id}")]
pub async fn get_user(access: Access<ManageUsers>, id: Id<UserId>) -> Outcome<HttpResponse> {
    let user = access
        .read(move |tx| {
            let user = queries::get(tx.conn, id.0)?;
            let user = view(tx.conn, user)?;
            if queries::within(tx.conn, &tx.actor.scope, &user.scope)? {
                Ok(user)
            } else {
                Err(Code::NotFound.into())
            }
        })
        .await?;
    Ok(object(user.version, &user))
}

/// Creates an account, or confirms that it was created so. The password takes no part in the comparison.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "Made by the caller.")), request_body = UserForm,
    security(("bearer" = [])),
    responses((status = 201, description = "Created.", body = UserView), (status = 200, description = "Already created so.", body = UserView)))]
#[put("/users/{id}")]
pub async fn put_user(
    access: Access<ManageUsers>,
    id: Id<UserId>,
    form: Body<UserForm>,
) -> Outcome<HttpResponse> {
    let form = form.0;
    // Hashing is dear: first whether the caller may do this at all.
    access.read(|_| Ok(())).await?;
    check(&form)?;
    let hash = match form.password.clone() {
        Some(password) => Some(password::hash_gated(password).await?),
        None => None,
    };
    let (answer, user) = access
        .write(move |tx| {
            let (answer, user) = create(tx, id.0, &form, hash.clone())?;
            Ok((answer, view(tx.conn, user)?))
        })
        .await?;
    Ok(stored(answer, user.version, &user))
}

fn check(form: &UserForm) -> Outcome<()> {
    let mut fields = Fields::new();
    fields.check(rules::is_username(&form.username), "/username", FieldCode::BadFormat);
    fields.line("/display_name", &form.display_name, 1..=60);
    fields.optional_line("/phone", form.phone.as_deref(), 40);
    fields.check(rules::scope_fits(form.role, form.scope.kind()), "/scope/kind", FieldCode::Mismatch);
    check_size(&mut fields, &form.scope);
    fields.finish()?;
    if let Some(password) = &form.password {
        rules::password("/password", password, &[&form.username, &form.display_name, "anlao", "安老"])?;
    }
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
        return if existing.digest == digest {
            Ok((Stored::Replayed, existing))
        } else {
            Err(Code::IdTaken.into())
        };
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

fn record(tx: &mut WriteTx<'_>, action: &'static str, id: UserId, content: serde_json::Value) -> Outcome<()> {
    let entry =
        audit::Entry { chain: ChainId::SYSTEM, action, object_kind: "user", object_id: Some(id.0), content };
    audit::record(tx, entry)
}

/// Changes an account. Needs `If-Match` or `expected_version`; takes effect with the account's next request.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "The account."), ("If-Match" = Option<String>, Header, description = "The version being changed.")),
    request_body = UserChange, security(("bearer" = [])),
    responses((status = 200, description = "Changed.", body = UserView)))]
#[patch("/users/{id}")]
pub async fn patch_user(
    access: Access<ManageUsers>,
    req: HttpRequest,
    id: Id<UserId>,
    change: Body<UserChange>,
) -> Outcome<HttpResponse> {
    let change = change.0;
    let version = expected_version(&req, change.expected_version)?.ok_or(Code::PreconditionRequired)?;
    let hash = match change.password.clone() {
        Some(new) => {
            let user = access.read(move |tx| managed(tx.conn, &tx.actor.scope, id.0)).await?;
            let name = change.display_name.as_deref().unwrap_or(&user.display_name);
            rules::password("/password", &new, &[&user.username, name, "anlao", "安老"])?;
            Some(password::hash_gated(new).await?)
        }
        None => None,
    };
    let user = access
        .write(move |tx| {
            let user = revise(tx, id.0, version, &change, hash.clone())?;
            view(tx.conn, user)
        })
        .await?;
    Ok(object(user.version, &user))
}

/// The account, if it lies within the administrator's own scope.
fn managed(conn: &mut Conn, own: &Scope, id: UserId) -> Outcome<User> {
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
    let ends =
        change.role.is_some_and(|role| role != user.role) || change.disabled == Some(true) || hash.is_some();
    let was_admin = user.role == Role::Admin && !user.disabled;
    user.display_name = change.display_name.clone().unwrap_or(user.display_name);
    user.phone = change.phone.clone().or(user.phone);
    user.role = change.role.unwrap_or(user.role);
    user.locale = change.locale.unwrap_or(user.locale);
    user.disabled = change.disabled.unwrap_or(user.disabled);
    user.scope_kind = change.scope.as_ref().map_or(user.scope_kind, ScopeForm::kind);
    if hash.is_some() {
        user.password_hash = hash;
        user.password_changed_at = Some(tx.now);
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
    let content = json!({ "change": change, "password_changed": user.password_changed_at == Some(tx.now) });
    record(tx, "user.changed", id, content)?;
    queries::update(tx.conn, user.clone(), change.scope.as_ref())?;
    if was_admin && !now_admin && queries::active_admins(tx.conn)? == 0 {
        return Err(Code::LastAdmin.into());
    }
    if ends {
        sessions::queries::end_all(tx.conn, id, "account_changed", tx.now)?;
    }
    Ok(user)
}
