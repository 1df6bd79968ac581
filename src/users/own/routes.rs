//! The caller's own account over HTTP.

use super::{confirm_password, set_password};
use crate::access::{Access, UseOwnAccount};
use crate::http::{Body, no_content, object};
use crate::refusal::{FieldCode, Outcome, Refusal};
use crate::users::password::Place;
use crate::users::routes::{UserView, view};
use crate::users::{accounts, queries, rules};
use actix_web::{HttpResponse, get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(me).service(change_own_password);
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
    let typed = new_password.clone();
    access
        .read(move |tx| {
            let user = queries::get(tx.conn, tx.actor.id)?;
            let words = accounts::words_of(tx.conn, &user)?;
            let beside = user.second_factor_at.is_some();
            accounts::check_password(tx.office, beside, "/new_password", &typed, &words)
        })
        .await?;
    if rules::normalised(&current_password) == rules::normalised(&new_password) {
        return Err(Refusal::invalid("/new_password", FieldCode::Duplicate).into());
    }
    let place = Place::take()?;
    let confirmed = confirm_password(&access, &place, "/current_password", current_password).await?;
    let hash = place.hash(new_password).await?;
    access.write(move |tx| set_password(tx, &confirmed, &hash)).await?;
    Ok(no_content())
}
