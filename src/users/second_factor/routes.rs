//! Second factors over HTTP.

use super::rules;
use crate::access::{Access, ManageUsers, UseOwnAccount};
use crate::http::{Body, Id, no_content};
use crate::ids::UserId;
use crate::refusal::{Code, Outcome};
use crate::users::own::confirm_password;
use crate::users::password::Place;
use actix_web::{HttpResponse, delete, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(begin_second_factor)
        .service(confirm_second_factor)
        .service(prove_second_factor)
        .service(remove_own_second_factor)
        .service(remove_second_factor);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "四楼东侧的消防栓在走廊尽头左转"}))]
pub struct SecondFactorStart {
    pub current_password: String,
}

/// What a phone needs to make codes. It is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "otpauth_uri": "otpauth://totp/Anlao:wang.fang?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Anlao&algorithm=SHA1&digits=6&period=30"
}))]
pub struct SecondFactorSecret {
    /// Base32, for typing.
    pub secret: String,
    /// For a QR code.
    pub otpauth_uri: String,
}

/// Begins to set up one-time codes for the caller; `POST /me/second-factor/confirmation` completes it.
#[utoipa::path(tag = "users", request_body = SecondFactorStart, security(("bearer" = [])),
    responses((status = 201, description = "Enter it into a code generator, then confirm.", body = SecondFactorSecret)))]
#[post("/me/second-factor")]
pub async fn begin_second_factor(
    access: Access<UseOwnAccount>,
    form: Body<SecondFactorStart>,
) -> Outcome<HttpResponse> {
    let place = Place::take()?;
    let user = confirm_password(&access, &place, "/current_password", form.0.current_password).await?;
    let secret = access.write(super::begin).await?;
    let otpauth_uri = rules::otpauth_uri(&user.username, &secret);
    Ok(HttpResponse::Created().json(SecondFactorSecret { secret: rules::written(&secret), otpauth_uri }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"totp": "492039"}))]
pub struct CodeForm {
    /// Six digits; where a second factor is set up, a recovery code will do.
    pub totp: String,
}

/// For the day the phone is lost: each works once. They are shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"recovery_codes": ["ABCD-2345-EFGH-6723"]}))]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

/// Confirms with a first code. From now on each login asks for one.
#[utoipa::path(tag = "users", request_body = CodeForm, security(("bearer" = [])),
    responses((status = 201, description = "Set up; keep the recovery codes.", body = RecoveryCodes)))]
#[post("/me/second-factor/confirmation")]
pub async fn confirm_second_factor(
    access: Access<UseOwnAccount>,
    form: Body<CodeForm>,
) -> Outcome<HttpResponse> {
    let typed = form.0.totp;
    let codes = access.write(move |tx| super::confirm(tx, &typed)).await?;
    let recovery_codes = codes.ok_or(Code::SecondFactorWrong)?;
    Ok(HttpResponse::Created().json(RecoveryCodes { recovery_codes }))
}

/// Shows the second factor again: role changes and the like ask for one shown within ten minutes.
#[utoipa::path(tag = "users", request_body = CodeForm, security(("bearer" = [])),
    responses((status = 204, description = "It counts for ten minutes.")))]
#[post("/me/second-factor/proof")]
pub async fn prove_second_factor(
    access: Access<UseOwnAccount>,
    form: Body<CodeForm>,
) -> Outcome<HttpResponse> {
    let typed = form.0.totp;
    match access.write(move |tx| super::prove(tx, &typed)).await? {
        true => Ok(no_content()),
        false => Err(Code::SecondFactorWrong.into()),
    }
}

/// Removes the caller's second factor; it must have been shown within ten minutes. The password must be
/// changed then, because a shorter one was allowed beside it.
#[utoipa::path(tag = "users", security(("bearer" = [])), responses((status = 204, description = "Removed.")))]
#[delete("/me/second-factor")]
pub async fn remove_own_second_factor(access: Access<UseOwnAccount>) -> Outcome<HttpResponse> {
    access.write(super::remove_own).await?;
    Ok(no_content())
}

/// Removes the second factor of somebody who lost it, and ends all their logins.
#[utoipa::path(tag = "users", params(("id" = UserId, Path, description = "The account.")), security(("bearer" = [])),
    responses((status = 204, description = "Removed.")))]
#[delete("/users/{id}/second-factor")]
pub async fn remove_second_factor(access: Access<ManageUsers>, id: Id<UserId>) -> Outcome<HttpResponse> {
    access
        .write(move |tx| {
            let own = tx.actor.scope.clone();
            super::remove_others(tx, id.0, &own)
        })
        .await?;
    Ok(no_content())
}
