//! Accounts over HTTP, as an administrator manages them.

use super::model::{Locale, ScopeForm, User};
use super::{accounts, password, queries, second_factor};
use crate::access::{Access, ManageUsers, Role};
use crate::db::{Conn, Instant};
use crate::http::{Body, Cursor, Id, Page, Query, expected_version, limit, object, page, stored};
use crate::ids::UserId;
use crate::refusal::{Code, Outcome};
use actix_web::{HttpRequest, HttpResponse, get, patch, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub use super::accounts::{create, revise};

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_users).service(get_user).service(put_user).service(patch_user);
}

/// An account as it is created.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "username": "wang.fang", "display_name": "王芳", "role": "inspector",
    "scope": {"kind": "areas", "areas": ["0198f000-0000-7000-8000-000000000002"]}, "password": "四楼东侧的消防栓在走廊尽头左转"
}))]
pub struct UserForm {
    #[schema(pattern = "^[a-z][a-z0-9._-]{2,39}$")]
    pub username: String,
    #[schema(min_length = 1, max_length = 60)]
    pub display_name: String,
    #[schema(min_length = 1, max_length = 40)]
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
    #[schema(min_length = 1, max_length = 60)]
    pub display_name: Option<String>,
    #[schema(min_length = 1, max_length = 40)]
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
    "has_password": true, "must_change_password": false, "second_factor": false, "version": 1, "created_at": "2026-01-05T01:00:00Z", "updated_at": "2026-01-05T01:00:00Z"
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
    /// Nothing but the own account is open until a new password is set.
    pub must_change_password: bool,
    /// Whether one-time codes are asked for.
    pub second_factor: bool,
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
        must_change_password: user.must_change_password,
        second_factor: user.second_factor_at.is_some(),
        version: user.version,
        created_at: user.created_at,
        updated_at: user.updated_at,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    /// 1–200, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
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
    let seen = form.clone();
    access
        .read(move |tx| {
            accounts::check(&seen)?;
            let Some(password) = &seen.password else { return Ok(()) };
            let words = accounts::words(tx.conn, &seen.username, &seen.display_name, &seen.scope)?;
            accounts::check_password(tx.office, false, "/password", password, &words)
        })
        .await?;
    let hash = match form.password.clone() {
        Some(password) => Some(password::hash_gated(password).await?),
        None => None,
    };
    let (answer, user) = access
        .write(move |tx| {
            if matches!(form.role, Role::Admin | Role::Supervisor) {
                second_factor::need_fresh_proof(tx)?;
            }
            let (answer, user) = create(tx, id.0, &form, hash.clone())?;
            Ok((answer, view(tx.conn, user)?))
        })
        .await?;
    Ok(stored(answer, user.version, &user))
}

/// Changes an account. Needs `If-Match` or `expected_version`; takes effect with the account's next request.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "The account."), ("If-Match" = Option<String>, Header, description = "The version being changed.", pattern = r#"^"[0-9]{1,18}"$"#)),
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
            let (seen, typed) = (change.display_name.clone(), new.clone());
            access
                .read(move |tx| {
                    let user = accounts::managed(tx.conn, &tx.actor.scope, id.0)?;
                    let scope = queries::scope_form(tx.conn, id.0, user.scope_kind)?;
                    let name = seen.as_deref().unwrap_or(&user.display_name);
                    let words = accounts::words(tx.conn, &user.username, name, &scope)?;
                    let beside = user.second_factor_at.is_some();
                    accounts::check_password(tx.office, beside, "/password", &typed, &words)
                })
                .await?;
            Some(password::hash_gated(new).await?)
        }
        None => None,
    };
    let user = access
        .write(move |tx| {
            if change.role.is_some() || change.password.is_some() {
                second_factor::need_fresh_proof(tx)?;
            }
            let user = revise(tx, id.0, version, &change, hash.clone())?;
            view(tx.conn, user)
        })
        .await?;
    Ok(object(user.version, &user))
}
