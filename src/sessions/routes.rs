//! Logging in and out over HTTP.

use super::login::{self, Ended, Shown, Tokens};
use super::model::Session;
use super::rules::RefreshToken;
use super::{queries, setup};
use crate::access::{Access, ManageUsers, Public, UseOwnAccount, WriteTx};
use crate::audit;
use crate::db::Instant;
use crate::fields::Fields;
use crate::http::{Body, Id, Page, no_content};
use crate::ids::{ChainId, SessionId, UserId};
use crate::keys::ACCESS_SECONDS;
use crate::office::Office;
use crate::refusal::{Code, FieldCode, Outcome};
use crate::users::password::{self, Place};
use crate::users::routes::{UserView, view};
use crate::users::{accounts as managing, rules as account_rules};
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(log_in)
        .service(renew)
        .service(log_out)
        .service(set_up)
        .service(own_sessions)
        .service(end_own_session)
        .service(user_sessions)
        .service(end_user_sessions);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "inspector", "password": "the password that the demonstration printed"}))]
pub struct LoginForm {
    pub username: String,
    pub password: String,
    /// The one-time code, or a recovery code, where the account has a second factor.
    pub totp: Option<String>,
    /// What this device was given at its last login.
    pub device_token: Option<String>,
}

/// The tokens of a login. Send `access_token` as `Authorization: Bearer …`; spend `refresh_token` once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ…", "refresh_token": "AZjw…", "token_type": "Bearer", "expires_in": 900,
    "user": {"id": "0198f000-0000-7000-8000-000000000020", "username": "inspector", "display_name": "王芳", "role": "inspector",
        "scope": {"kind": "areas", "areas": ["0198f000-0000-7000-8000-000000000002"]}, "locale": "zh-CN", "disabled": false,
        "has_password": true, "must_change_password": false,
        "second_factor": false, "version": 1, "created_at": "2026-01-05T01:00:00Z", "updated_at": "2026-01-05T01:00:00Z"},
    "device_token": "p3Xk…"
}))]
pub struct TokenView {
    pub access_token: String,
    pub refresh_token: String,
    pub token_type: String,
    /// Seconds until the access token is refused.
    pub expires_in: i64,
    pub user: UserView,
    /// Keep it on this device and show it at the next login: then nobody who guesses at the name can keep
    /// its owner out. Only in the answer to a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_token: Option<String>,
    /// The code of what must be done first, while nothing else is open: `password_expired` or
    /// `second_factor_missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

/// Starts a session. Unknown names, wrong passwords and disabled accounts get the same answer, and so does
/// whoever has to wait (`login_throttled`), even with the right password.
#[utoipa::path(tag = "auth", request_body = LoginForm, responses((status = 200, description = "Logged in.", body = TokenView)))]
#[post("/auth/login")]
pub async fn log_in(public: Public, form: Body<LoginForm>) -> Outcome<HttpResponse> {
    let LoginForm { username, password, totp, device_token } = form.0;
    if password.len() > account_rules::LONGEST_BYTES || username.len() > 200 || username.contains('\0') {
        return Err(Code::BadCredentials.into());
    }
    let place = Place::take()?;
    let name = username.trim().to_lowercase();
    let (office, origin, now) = (public.office().clone(), public.origin.clone(), public.now());
    let (shown, from) = (device_token.clone(), origin.clone());
    let looking = office.clone();
    let mut candidate =
        public.read(move |conn| login::look_up(conn, &looking, &name, shown.as_deref(), &from, now)).await?;
    let counting = office.clone();
    let candidate = public
        .write(move |conn| {
            candidate.count(conn, &counting, now)?;
            Ok(candidate.clone())
        })
        .await?;
    let stored = candidate.stored.clone();
    let outdated = stored.as_deref().is_some_and(|hash| !password::is_current(hash));
    let right = place.verify(password.clone(), stored).await?;
    let rehashed = if right && outdated { Some(place.hash(password).await?) } else { None };
    let ended = public
        .write(move |conn| {
            let (code, device) = (totp.as_deref(), device_token.as_deref());
            let shown = Shown { username: &username, right, rehashed: rehashed.clone(), code, device };
            Ok(match login::finish(conn, &office, &candidate, &shown, &origin, now)? {
                Ended::In { tokens, device } => Ok(token_view(conn, &office, *tokens, Some(device), now)?),
                Ended::Refused(code) => Err(code),
            })
        })
        .await?;
    Ok(HttpResponse::Ok().json(ended?))
}

fn token_view(
    conn: &mut crate::db::Conn,
    office: &Office,
    tokens: Tokens,
    device_token: Option<String>,
    now: Instant,
) -> Outcome<TokenView> {
    let due = account_rules::due(&office.policy, &tokens.user.standing(), now);
    Ok(TokenView {
        access_token: tokens.access,
        refresh_token: tokens.refresh,
        token_type: "Bearer".into(),
        expires_in: ACCESS_SECONDS,
        user: view(conn, tokens.user)?,
        device_token,
        due: due.map(|code| code.as_str().to_owned()),
    })
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"refresh_token": "AZjw…"}))]
pub struct RefreshForm {
    pub refresh_token: String,
}

/// Spends a refresh token for the next pair. A token shown twice ends the session, except within ten
/// seconds: then the lost answer is given again.
#[utoipa::path(tag = "auth", request_body = RefreshForm, responses((status = 200, description = "The next pair.", body = TokenView)))]
#[post("/auth/refresh")]
pub async fn renew(public: Public, form: Body<RefreshForm>) -> Outcome<HttpResponse> {
    let shown = RefreshToken::parse(&form.0.refresh_token).ok_or(Code::RefreshRefused)?;
    let (office, origin, now) = (public.office().clone(), public.origin.clone(), public.now());
    let answer = public
        .write(move |conn| match login::renew(conn, &office.keys, &shown, &origin, now)? {
            Some(tokens) => token_view(conn, &office, tokens, None, now).map(Some),
            None => Ok(None),
        })
        .await?;
    Ok(HttpResponse::Ok().json(answer.ok_or(Code::RefreshRefused)?))
}

/// Ends the session of the access token.
#[utoipa::path(tag = "auth", security(("bearer" = [])), responses((status = 204, description = "Logged out.")))]
#[post("/auth/logout")]
pub async fn log_out(access: Access<UseOwnAccount>) -> Outcome<HttpResponse> {
    access
        .write(|tx| {
            let Some(session) = tx.actor.session else { return Ok(()) };
            end(tx, session, "logout")
        })
        .await?;
    Ok(no_content())
}

fn end(tx: &mut WriteTx<'_>, session: SessionId, because: &str) -> Outcome<()> {
    let entry = audit::Entry {
        chain: ChainId::SYSTEM,
        action: "session.ended",
        object_kind: "session",
        object_id: Some(session.0),
        content: json!({ "because": because }),
    };
    audit::record(tx, entry)?;
    queries::end(tx.conn, session, because, tx.now)?;
    Ok(())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "token": "3f9c…", "username": "admin", "display_name": "系统管理员", "password": "四楼东侧的消防栓在走廊尽头左转"
}))]
pub struct SetupForm {
    /// The token that the server printed when it first started.
    pub token: String,
    #[schema(pattern = "^[a-z][a-z0-9._-]{2,39}$")]
    pub username: String,
    #[schema(min_length = 1, max_length = 60)]
    pub display_name: String,
    pub password: String,
}

/// Makes the first administrator with the one-time token from the server's console.
#[utoipa::path(tag = "auth", request_body = SetupForm, responses((status = 201, description = "The administrator was made; log in.", body = UserView)))]
#[post("/auth/setup")]
pub async fn set_up(public: Public, form: Body<SetupForm>) -> Outcome<HttpResponse> {
    let SetupForm { token, username, display_name, password } = form.0;
    let mut fields = Fields::new();
    fields.check(account_rules::is_username(&username), "/username", FieldCode::BadFormat);
    fields.line("/display_name", &display_name, 1..=60);
    fields.finish()?;
    let words = ["anlao", "安老", &username, &display_name].map(str::to_owned);
    managing::check_password(public.office(), false, "/password", &password, &words)?;
    let (office, origin, now) = (public.office().clone(), public.origin.clone(), public.now());
    let shown = token.clone();
    // Nobody makes the server hash passwords without a good token.
    public.read(move |conn| setup::check(conn, &shown, now)).await?;
    let hash = password::hash_gated(password).await?;
    let id = UserId::fresh();
    let user = public
        .write(move |conn| {
            let admin = setup::FirstAdmin {
                id,
                username: &username,
                display_name: &display_name,
                password_hash: &hash,
            };
            let user = setup::first_admin(conn, &office, &token, &admin, &origin, now)?;
            view(conn, user)
        })
        .await?;
    Ok(HttpResponse::Created().json(user))
}

/// A login that is still alive.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "0198f000-0000-7000-8000-000000000030", "created_at": "2026-01-05T01:00:00Z", "last_used_at": "2026-01-06T01:00:00Z",
    "expires_at": "2026-04-05T01:00:00Z", "device": "Mozilla/5.0 (Linux; Android 13)", "address": "10.1.2.3", "current": true
}))]
pub struct SessionView {
    pub id: SessionId,
    pub created_at: Instant,
    pub last_used_at: Instant,
    pub expires_at: Instant,
    pub device: Option<String>,
    pub address: Option<String>,
    /// Whether this very request came through it.
    pub current: bool,
}

fn session_view(session: Session, current: Option<SessionId>) -> SessionView {
    SessionView {
        current: Some(session.id) == current,
        id: session.id,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        device: session.device,
        address: session.address,
    }
}

fn session_page(sessions: Vec<Session>, current: Option<SessionId>) -> Page<SessionView> {
    Page { items: sessions.into_iter().map(|one| session_view(one, current)).collect(), next_cursor: None }
}

/// Where the caller is logged in.
#[utoipa::path(tag = "auth", security(("bearer" = [])), responses((status = 200, description = "The caller's sessions.", body = Page<SessionView>)))]
#[get("/me/sessions")]
pub async fn own_sessions(access: Access<UseOwnAccount>) -> Outcome<HttpResponse> {
    let page = access
        .read(|tx| Ok(session_page(queries::alive(tx.conn, tx.actor.id, tx.now)?, tx.actor.session)))
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Ends one of the caller's sessions.
#[utoipa::path(tag = "auth", params(("id" = SessionId, Path, description = "The session.")), security(("bearer" = [])),
    responses((status = 204, description = "Ended.")))]
#[delete("/me/sessions/{id}")]
pub async fn end_own_session(access: Access<UseOwnAccount>, id: Id<SessionId>) -> Outcome<HttpResponse> {
    access
        .write(move |tx| {
            let mine = queries::find(tx.conn, id.0)?.filter(|session| session.user_id == tx.actor.id);
            let session = mine.ok_or(Code::NotFound)?;
            end(tx, session.id, "ended_by_user")
        })
        .await?;
    Ok(no_content())
}

/// Where an account is logged in.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "The account.")), security(("bearer" = [])),
    responses((status = 200, description = "Its sessions.", body = Page<SessionView>)))]
#[get("/users/{id}/sessions")]
pub async fn user_sessions(access: Access<ManageUsers>, id: Id<UserId>) -> Outcome<HttpResponse> {
    let page = access
        .read(move |tx| {
            managing::managed(tx.conn, &tx.actor.scope, id.0)?;
            Ok(session_page(queries::alive(tx.conn, id.0, tx.now)?, tx.actor.session))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Ends every session of an account.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "The account.")), security(("bearer" = [])),
    responses((status = 204, description = "Ended.")))]
#[delete("/users/{id}/sessions")]
pub async fn end_user_sessions(access: Access<ManageUsers>, id: Id<UserId>) -> Outcome<HttpResponse> {
    access
        .write(move |tx| {
            managing::managed(tx.conn, &tx.actor.scope, id.0)?;
            let entry = audit::Entry {
                chain: ChainId::SYSTEM,
                action: "session.all_ended",
                object_kind: "user",
                object_id: Some(id.0.0),
                content: json!({ "because": "ended_by_admin" }),
            };
            audit::record(tx, entry)?;
            queries::end_all(tx.conn, id.0, "ended_by_admin", tx.now)
        })
        .await?;
    Ok(no_content())
}
