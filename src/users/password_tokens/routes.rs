//! Setting a password with a one-time token, over HTTP.

use super::Reason;
use crate::access::{Access, ManageUsers, Public};
use crate::db::Instant;
use crate::http::{Body, Id};
use crate::ids::UserId;
use crate::refusal::{Code, Failure, Outcome};
use crate::sessions::throttle;
use crate::users::password::Place;
use crate::users::{accounts, second_factor};
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(issue_password_token).service(set_password);
}

/// A one-time token to hand over to the account's owner. It is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "token": "p3Xk…", "link": "https://anlao.example/set-password#p3Xk…", "reason": "invite", "expires_at": "2026-01-05T02:00:00Z"
}))]
pub struct PasswordTokenView {
    pub token: String,
    /// The token as a link of the web app.
    pub link: String,
    pub reason: Reason,
    pub expires_at: Instant,
}

/// Makes a one-time token with which the account's owner sets a password: the way to invite somebody, and to
/// help somebody who forgot theirs. Earlier tokens of the account stop working; the old password works until
/// the token is used.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "The account.")), security(("bearer" = [])),
    responses((status = 201, description = "Good once, for an hour.", body = PasswordTokenView)))]
#[post("/users/{id}/password-token")]
pub async fn issue_password_token(access: Access<ManageUsers>, id: Id<UserId>) -> Outcome<HttpResponse> {
    let made = access
        .write(move |tx| {
            second_factor::need_fresh_proof(tx)?;
            super::issue(tx, id.0)
        })
        .await?;
    let super::Handover { token, link, reason, expires_at } = made;
    Ok(HttpResponse::Created().json(PasswordTokenView { token, link, reason, expires_at }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "p3Xk…", "new_password": "厨房的燃气总阀每晚十点由值班员关闭"}))]
pub struct PasswordSetting {
    pub token: String,
    pub new_password: String,
}

/// What the device that set the password keeps for its logins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"username": "wang.fang", "device_token": "q8Lm…"}))]
pub struct PasswordSet {
    pub username: String,
    pub device_token: String,
}

/// Sets a password with a one-time token and ends all logins of the account. Log in with it then.
#[utoipa::path(tag = "auth", request_body = PasswordSetting, responses((status = 200, description = "Set.", body = PasswordSet)))]
#[post("/auth/password")]
pub async fn set_password(public: Public, form: Body<PasswordSetting>) -> Outcome<HttpResponse> {
    let PasswordSetting { token, new_password } = form.0;
    let (office, origin, now) = (public.office().clone(), public.origin.clone(), public.now());
    let guesses = throttle::Subject::address(&office.keys, &origin)?;
    let (shown, typed, counted, looking) =
        (token.clone(), new_password.clone(), guesses.clone(), office.clone());
    let profile = office.policy.passwords;
    let looked = public
        .read(move |conn| {
            throttle::look(conn, profile, &counted, now)?;
            let (user, _) = super::owner(conn, &shown, now)?;
            let words = accounts::words_of(conn, &user)?;
            let beside = user.second_factor_at.is_some();
            accounts::check_password(&looking, beside, "/new_password", &typed, &words)?;
            Ok(user.username)
        })
        .await;
    if matches!(&looked, Err(Failure::Refused(refusal)) if refusal.code == Code::PasswordTokenRefused) {
        public.write(move |conn| throttle::count(conn, profile, &guesses, now)).await?;
    }
    let username = looked?;
    let hash = Place::take()?.hash(new_password).await?;
    let device_token =
        public.write(move |conn| super::spend(conn, &office, &token, &hash, &origin, now)).await?;
    Ok(HttpResponse::Ok().json(PasswordSet { username, device_token }))
}
